package check

import (
	"maps"
	"slices"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// facts are what the environments say of the callers' own keys.
type facts struct {
	names  []string // of keys
	values [][]fact // of each side, by name
	differ map[string]bool
}

type fact struct {
	state  simulate.KeyState
	values []string
	begins string // the value, where it is not known
}

func (f fact) equal(g fact) bool {
	return f.state == g.state && slices.Equal(f.values, g.values) && f.begins == g.begins
}

// facts are those of keys that the policies of all sides, and further documents, speak of.
func (s *stackQuestion) facts(standings []simulate.Standing, listed *listedResource, more ...*policy.Document) *facts {
	f := &facts{differ: map[string]bool{}}
	for _, name := range s.keys(standings, more) {
		if s.isFederated && isFederatedOwn(name) {
			continue
		}
		if isCallersOwn(fold(name)) || listed != nil && isResourcesOwn(fold(name)) {
			f.names = append(f.names, name)
		}
	}
	// Not a condition key, but a part of the caller all the same.
	if !s.isFederated {
		f.names = append(f.names, keyID)
	}
	f.names = append(f.names, keyCanonical)
	for i := range s.subjects {
		sub, at := &s.subjects[i], &standings[i]
		var list []fact
		for _, name := range f.names {
			switch name {
			case keyID:
				list = append(list, given(at.PrincipalID))
			case keyCanonical:
				list = append(list, given(at.Layers.CanonicalID))
			default:
				request := sub.request("s3:ListAllMyBuckets", policy.ARN{})
				if listed != nil && isResourcesOwn(fold(name)) {
					request = sub.request(listed.action(), listed.arn)
				}
				if s.isFederated {
					request.Principal = sub.federatedSession()
				}
				values, state := sub.env.KeyRange(request, name)
				one := fact{state: state, values: values}
				if state == simulate.KeyPresent && fold(name) == "AWS:USERID" && sub.principal.Kind() == policy.Role && at.PrincipalID != "" {
					one.begins = at.PrincipalID + ":" // and the name of the session (IAM User Guide, principal key values)
				}
				list = append(list, one)
			}
		}
		f.values = append(f.values, list)
	}
	for n, name := range f.names {
		for i := range s.subjects {
			if !f.values[i][n].equal(f.values[0][n]) {
				f.differ[problemName(name)] = true
			}
		}
	}
	if !s.alike {
		f.differ[keyID] = true
	}
	return f
}

// within reports whether all that a key may be by one fact it may be by another.
func (f fact) within(g fact) bool {
	return f.equal(g) || g.state == simulate.KeyUnknown || g.state == simulate.KeyPresent && f.state == simulate.KeyKnown
}

// difference is what AWS may say of one principal in the environment in which it holds and not in the
// other, "" if nothing: any policy may ask for it.
func (s *stackQuestion) difference() string {
	if !s.alike || len(s.subjects) != 2 {
		return ""
	}
	one, other := &s.subjects[0], &s.subjects[1]
	switch {
	case one.base.PrincipalID != other.base.PrincipalID:
		return "the unique ID"
	case one.base.Role != other.base.Role:
		return "the role"
	case one.base.Layers.CanonicalID != other.base.Layers.CanonicalID:
		return "the canonical user ID"
	case s.moved:
		return "the place in the organization"
	}
	for _, name := range with(with([]string{"aws:PrincipalTag/" + unusedTag}, s.tagKeys()...), "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid", "aws:SourceIdentity",
		"aws:FederatedProvider", "aws:MultiFactorAuthPresent", "aws:TokenIssueTime", "aws:PrincipalType") {
		var list []fact
		for _, sub := range s.subjects {
			values, state := sub.env.KeyRange(sub.request("s3:ListAllMyBuckets", policy.ARN{}), name)
			list = append(list, fact{state: state, values: values})
		}
		switch {
		case list[0].within(list[1]):
		case name == "aws:PrincipalTag/"+unusedTag:
			return "the range of session tags"
		default:
			return name
		}
	}
	return ""
}

// unusedTag stands for all tags that a principal does not have.
const unusedTag = "tag of nobody"

// tagKeys are the condition keys of all tags that the users and roles of the subjects have.
func (s *stackQuestion) tagKeys() (out []string) {
	add := func(tags map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(tags)) {
			out = with(out, "aws:PrincipalTag/"+name)
		}
	}
	for _, sub := range s.subjects {
		for a := range sub.env.Organization().Accounts() {
			if a.ID != sub.principal.AccountID() {
				continue
			}
			for _, u := range a.Users {
				if u.ARN == sub.principal.ARN() {
					add(u.Tags)
				}
			}
			for _, r := range a.Roles {
				if r.ARN == sub.principal.ARN() || r.ARN == sub.base.Role {
					add(r.Tags)
				}
			}
		}
	}
	return out
}

// given is a fact that is known if there is a text.
func given(s string) fact {
	if s == "" {
		return fact{state: simulate.KeyUnknown}
	}
	return fact{state: simulate.KeyKnown, values: []string{s}}
}

func problemName(name string) string {
	if name == keyID || name == keyCanonical {
		return name
	}
	return fold(name)
}

// holds is the formula of the facts of one side. Single values are bound, so that variables
// stand for them.
func (f *facts) holds(c *compiler, side int) *symbolic.Formula {
	var all []*symbolic.Formula
	for n, name := range f.names {
		var key symbolic.Key
		if problemName(name) == name {
			key = c.inner(c.owned(name))
		} else {
			key = c.key(name)
		}
		own := c.owned(problemName(name))
		switch fact := f.values[side][n]; fact.state {
		case simulate.KeyKnown:
			all = append(all, key.Only(texts(fact.values...)))
			for _, v := range fact.values {
				all = append(all, key.Some(texts(v)))
			}
			c.facts[own] = nil // R-VAR-3: a key of many values is null
			if info, _ := serviceref.Embedded().Key(name); !info.Multivalued && len(fact.values) == 1 {
				c.facts[own] = text(fact.values[0])
			}
		case simulate.KeyAbsent:
			all = append(all, key.Absent())
			c.facts[own] = nil
		case simulate.KeyPresent:
			all = append(all, key.Present())
			if fact.begins != "" {
				all = append(all, key.Only(&symbolic.Values{Patterns: []symbolic.Pattern{append(symbolic.Text(fact.begins), symbolic.Token{Kind: symbolic.Run})}}))
			}
		}
	}
	return symbolic.And(all...)
}

// context are the keys of one side whose values are known.
func (f *facts) context(side int) (keys map[string][]string, many []string) {
	keys = map[string][]string{}
	for n, name := range f.names {
		fact := f.values[side][n]
		if fact.state != simulate.KeyKnown || problemName(name) == name && fold(name) != name {
			continue
		}
		keys[name] = fact.values
		if info, _ := serviceref.Embedded().Key(name); info.Multivalued {
			many = append(many, name)
		}
	}
	return keys, many
}

// keys are the condition keys that facts are about: those of [stackQuestion.spokenKeys], and the
// caller's ARN.
func (s *stackQuestion) keys(standings []simulate.Standing, more []*policy.Document) []string {
	out := s.spokenKeys(standings, more...)
	if !slices.ContainsFunc(out, func(name string) bool { return fold(name) == fold("aws:PrincipalArn") }) {
		out = append(out, "aws:PrincipalArn")
	}
	return out
}

// spokenKeys are the condition keys that the policies of all sides, and further documents, speak
// of, first spellings.
func (s *stackQuestion) spokenKeys(standings []simulate.Standing, more ...*policy.Document) []string {
	list := append(s.documents(), more...)
	for i := range standings {
		if d := standings[i].Layers.Resource; d != nil {
			list = append(list, d)
		}
		for _, level := range standings[i].Layers.ResourceControl {
			list = append(list, level...)
		}
	}
	list = append(list, s.rcpsElsewhere()...)
	return keysOf(list)
}

// keysOf are the condition keys that documents speak of, first spellings.
func keysOf(list []*policy.Document) []string {
	seen := map[string]bool{}
	var out []string
	add := func(name string) {
		if f := fold(name); !seen[f] {
			seen[f] = true
			out = append(out, name)
		}
	}
	for _, d := range list {
		variables := func(values policy.Patterns) {
			for value := range values.All() {
				p := glob.Compile(value, mode(d.Version()))
				for _, v := range p.Variables() {
					add(v.Key)
				}
			}
		}
		for _, statement := range d.Statements() {
			variables(statement.Resource)
			variables(statement.NotResource)
			for condition := range statement.Condition.All() {
				add(condition.Key)
				variables(condition.Values)
			}
		}
	}
	return out
}
