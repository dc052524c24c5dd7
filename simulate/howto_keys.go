package simulate

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// key returns the values of a key of the request, nil if they are not known.
func (w *world) key(name string) []string {
	ref := engine.NewKeyRef(name)
	if val := w.view.Key(&ref); val.State == engine.Known {
		return val.Values
	}
	return nil
}

// ofIdentity are keys that say who the principal or which the resource is, by how their
// names begin.
var ofIdentity = []string{
	"aws:principal", "aws:userid", "aws:username", "aws:resource", "aws:federatedprovider",
	"s3:buckettag/", "s3:existingobjecttag/", "s3:resourceaccount", "kms:calleraccount", "kms:resourcealiases",
}

// A keyRange is what a key of the request may be.
type keyRange struct {
	has, lacks bool // the request may have it, may be without it
	fixed      bool // it says who the principal or which the resource is
}

// keyRange says what AWS may send, whether or not the environment is strict.
func (t *turn) keyRange(name string) keyRange {
	open := *t.env
	open.strict = false
	r := t.request
	r.Keys = Keys{}
	var w world
	w.resolve(&open, &r)
	ref := engine.NewKeyRef(name)
	val := w.view.Key(&ref)
	folded := strings.ToLower(name)
	out := keyRange{has: val.State != engine.Absent, lacks: val.State == engine.Unknown}
	given, ok := t.search.request.Keys.k.Value(&ref)
	if !open.derive {
		out.lacks = true // nobody says what such a request always has
	} else if ok && given.State != engine.Absent {
		out.has = true
	}
	out.fixed = slices.ContainsFunc(ofIdentity, func(p string) bool { return strings.HasPrefix(folded, p) }) ||
		strings.Contains(folded, ":resourcetag/")
	switch folded {
	case "aws:securetransport", "aws:viaawsservice":
		out.has, out.lacks = true, false
	default:
		out.fixed = out.fixed || val.State == engine.Known
	}
	return out
}

// changeable reports whether steps may set the key, and have not yet.
func (t *turn) changeable(name string) (keyRange, bool) {
	r := t.keyRange(name)
	again := slices.ContainsFunc(t.steps, func(s RemedyStep) bool { return s.Kind == SetKey && strings.EqualFold(s.Key, name) })
	return r, !again && (t.search.fixed || !r.fixed)
}

// keyStep is the step that makes a condition of a statement come out as wanted: of all
// values that do, one that gets furthest.
func (t *turn) keyStep(x *Explanation, ref StatementRef, c policy.Condition, want bool) (RemedyStep, bool) {
	may, ok := t.changeable(c.Key)
	if !ok {
		return RemedyStep{}, false
	}
	best, bestScore := RemedyStep{}, -1
	for _, values := range t.values(c.Key, may, slices.Collect(c.Values.All())) {
		r := t.request
		r.Keys = r.Keys.set(c.Key, values)
		after := t.env.Explain(r)
		trial := after.trial(x.Request.Action, ref)
		if trial == nil {
			continue
		}
		missed := trial.Miss.Element == "Condition" && strings.EqualFold(trial.Miss.Key, c.Key) && strings.EqualFold(string(trial.Miss.Operator), string(c.Operator))
		if want && (missed || trial.Match == NoMatch && trial.Miss.Element != "Condition") || !want && trial.Match != NoMatch {
			continue
		}
		if score := after.score(); bestScore < 0 || score < bestScore {
			bestScore = score
			best = RemedyStep{Kind: SetKey, Key: keyName(c.Key), Values: values, Fixed: may.fixed, Tests: []Test{{Condition: c, Holds: want}}}
		}
	}
	return best, bestScore >= 0
}

// score is smaller the nearer the request is to being allowed.
func (x *Explanation) score() int {
	n := map[Outcome]int{Indeterminate: 1000, ImplicitDeny: 2000, ExplicitDeny: 2000}[x.Decision.Outcome]
	for _, o := range slices.Concat([]*Explanation{x}, x.Also) {
		n += 10 * len(o.barriers())
		for i := range o.Steps {
			if o.Steps[i].Outcome != Allowed {
				n++
			}
		}
	}
	return n
}

// trial finds a statement again.
func (x *Explanation) trial(a policy.Action, ref StatementRef) *Trial {
	for _, o := range slices.Concat([]*Explanation{x}, x.Also) {
		if o.Request.Action != a {
			continue
		}
		for i := range o.Steps {
			trials := o.Steps[i].Trials()
			for j := range trials {
				if t := &trials[j]; t.Statement == ref {
					return t
				}
			}
		}
	}
	return nil
}

// unknownKeys are values for keys that the decision depends on, one list for each way in
// which the request is allowed.
func (t *turn) unknownKeys() [][]RemedyStep {
	var out [][]RemedyStep
	for _, a := range t.env.Requires(t.request).Allowed {
		var steps []RemedyStep
		ok := true
		for _, test := range a {
			i := slices.IndexFunc(steps, func(s RemedyStep) bool { return strings.EqualFold(s.Key, test.Condition.Key) })
			if i < 0 {
				may, can := t.changeable(test.Condition.Key)
				ok = ok && can
				i, steps = len(steps), append(steps, RemedyStep{Kind: SetKey, Key: keyName(test.Condition.Key), Fixed: may.fixed})
			}
			steps[i].Tests = append(steps[i].Tests, test)
		}
		tries := mostKeyTries
		if ok && len(steps) > 0 && t.assign(t.request, steps, 0, &tries) {
			out = append(out, steps)
		}
	}
	return out
}

// mostKeyTries bounds the combinations of values that are tried for one alternative.
const mostKeyTries = 500

// assign finds values with which the request is allowed.
func (t *turn) assign(r Request, steps []RemedyStep, i int, tries *int) bool {
	if i == len(steps) {
		return t.env.Can(r).Allowed()
	}
	s := &steps[i]
	var own []string
	for _, test := range s.Tests {
		own = append(own, slices.Collect(test.Condition.Values.All())...)
	}
	may := t.keyRange(s.Key)
	for _, values := range t.values(s.Key, may, own) {
		if *tries--; *tries < 0 {
			return false
		}
		next := r
		next.Keys = next.Keys.set(s.Key, values)
		s.Values = values
		if !t.env.Can(next).Denied() && t.assign(next, steps, i+1, tries) {
			return true
		}
	}
	return false
}

// values are values that a key may have, those of policies first: instances of the given
// texts, then of whatever statements about the action compare the key with, then others,
// and none where the key may be absent.
func (t *turn) values(name string, may keyRange, own []string) [][]string {
	var out [][]string
	add := func(values ...string) {
		if !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, values) }) {
			out = append(out, values)
		}
	}
	if may.has {
		texts := slices.Clone(own)
		for _, x := range slices.Concat([]*Explanation{t.x}, t.x.Also) {
			texts = append(texts, x.compared(name)...)
		}
		var w world
		w.resolve(t.env, &t.request)
		for _, text := range texts {
			if v, ok := w.instance(text); ok {
				for _, near := range nearby(v) {
					add(near)
				}
			}
		}
		if info, _ := serviceref.Embedded().Key(name); info.Multivalued && len(own) > 1 {
			add(own...)
		}
		for _, v := range otherValues(name) {
			add(v)
		}
	}
	if may.lacks {
		out = append(out, nil)
	}
	return out
}

// compared are the texts that statements about the action compare a key with.
func (x *Explanation) compared(name string) []string {
	var out []string
	for i := range x.Steps {
		trials := x.Steps[i].Trials()
		for j := range trials {
			t := &trials[j]
			if t.Miss.Element == "Action" || t.Miss.Element == "NotAction" {
				continue
			}
			for c := range t.Statement.Policy.Document.Statement(t.Statement.Index).Condition.All() {
				if strings.EqualFold(c.Key, name) {
					out = append(out, slices.Collect(c.Values.All())...)
				}
			}
		}
	}
	return out
}

// instance is a text that the pattern of a policy matches.
func (w *world) instance(pattern string) (string, bool) {
	var b strings.Builder
	for pattern != "" {
		switch {
		case strings.HasPrefix(pattern, "${"):
			name, rest, ok := strings.Cut(pattern[2:], "}")
			if !ok {
				return "", false
			}
			name, fallback, _ := strings.Cut(name, ",")
			switch name = strings.TrimSpace(name); name {
			case "*", "?", "$":
				b.WriteString(name)
			default:
				values := w.key(name)
				if text := strings.Trim(strings.TrimSpace(fallback), "'"); len(values) == 0 && text != "" {
					values = []string{text}
				}
				if len(values) != 1 {
					return "", false
				}
				b.WriteString(values[0])
			}
			pattern = rest
		case pattern[0] == '*':
			b.WriteString("example")
			pattern = strings.TrimLeft(pattern, "*")
		case pattern[0] == '?':
			b.WriteByte('x')
			pattern = pattern[1:]
		default:
			b.WriteByte(pattern[0])
			pattern = pattern[1:]
		}
	}
	return b.String(), true
}

// nearby are a value of a policy and, where an operator may ask for less or more, one on
// each side of it: an address of a network, the number before, the day after.
func nearby(v string) []string {
	if p, err := netip.ParsePrefix(v); err == nil {
		a := p.Masked().Addr()
		if next := a.Next(); p.Contains(next) {
			a = next
		}
		return []string{a.String()}
	}
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return []string{v, strconv.FormatInt(n-1, 10), strconv.FormatInt(n+1, 10)}
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil && f-1 < f && f < f+1 {
		return []string{v, strconv.FormatFloat(f-1, 'f', -1, 64), strconv.FormatFloat(f+1, 'f', -1, 64)}
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if d, err := time.Parse(layout, v); err == nil {
			return []string{v, d.AddDate(0, 0, -1).UTC().Format(time.RFC3339), d.AddDate(0, 0, 1).UTC().Format(time.RFC3339)}
		}
	}
	return []string{v}
}

// otherValues are values for a key that has to be different from those of the policies.
// The addresses are for documentation (RFC 5737).
func otherValues(name string) []string {
	switch strings.ToLower(name) {
	case "aws:sourceip", "aws:vpcsourceip":
		return []string{"192.0.2.1", "198.51.100.1"}
	case "aws:sourcevpce", "aws:sourcevpc":
		return nil // nobody may have another one
	}
	info, _ := serviceref.Embedded().Key(name)
	switch info.Type {
	case serviceref.Bool:
		return []string{"true", "false"}
	case serviceref.Numeric, serviceref.Date, serviceref.ARN, serviceref.IPAddress:
		return nil
	}
	return []string{"other"}
}

// keyName is the key as AWS spells it.
func keyName(name string) string {
	if info, ok := serviceref.Embedded().Key(name); ok && strings.EqualFold(info.Name, name) {
		return info.Name
	}
	return name
}
