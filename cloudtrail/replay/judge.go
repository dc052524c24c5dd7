package replay

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A Verdict is what policies say of a call: of all its requests together. The zero Verdict
// is not decided.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota // it depends on what the event does not tell
	Denied                   // refused, whatever is unknown
	Allowed                  // allowed, whatever is unknown
)

// String is "undecided", "denied" or "allowed".
func (v Verdict) String() string {
	switch v {
	case Denied:
		return "denied"
	case Allowed:
		return "allowed"
	}
	return "undecided"
}

// both is the verdict on a call that needs both.
func (v Verdict) both(w Verdict) Verdict {
	switch {
	case v == Denied || w == Denied:
		return Denied
	case v == Allowed && w == Allowed:
		return Allowed
	}
	return Undecided
}

// either is the verdict on a call that needs one of both.
func (v Verdict) either(w Verdict) Verdict {
	switch {
	case v == Allowed || w == Allowed:
		return Allowed
	case v == Denied && w == Denied:
		return Denied
	}
	return Undecided
}

// one is the verdict on one request, whether or not the call needed it.
func one(env *simulate.Environment, r *Request) (Verdict, simulate.Decision) {
	d := env.Can(r.Request)
	if r.Open {
		if s, ok := env.Statement(d); ok && d.Outcome == simulate.ExplicitDeny && isAboutAll(s) || nowhereAllowed(env, r, d) {
			return Denied, d
		}
		return Undecided, d
	}
	switch {
	case d.Allowed():
		return Allowed, d
	case d.Denied() && r.shared && !(d.Outcome == simulate.ExplicitDeny && env.Can(r.elsewhere()).Outcome == simulate.ExplicitDeny):
		return Undecided, d
	case d.Denied():
		return Denied, d
	}
	return Undecided, d
}

// elsewhere is the request for a resource of another account.
func (r *Request) elsewhere() simulate.Request {
	other := r.Request
	account := "000000000000"
	if other.Resource.Service() == "ssm" {
		account = "" // AWS's own
	}
	if a, err := policy.ParseARN(inAccount(other.Resource, account)); err == nil {
		other.Resource = a
	}
	return other
}

// inAccount is an ARN with another account.
func inAccount(a policy.ARN, account string) string {
	return "arn:" + a.Partition() + ":" + a.Service() + ":" + a.Region() + ":" + account + ":" + a.Resource()
}

// nowhereAllowed reports whether no SCP of the level that lacks an Allow allows the action on
// some resources alone: then it is denied on every resource.
func nowhereAllowed(env *simulate.Environment, r *Request, d simulate.Decision) bool {
	if d.Outcome != simulate.ImplicitDeny || d.Stage != simulate.StageServiceControl {
		return false
	}
	for _, level := range env.Standing(r.Request).Layers.ServiceControl {
		for _, doc := range level {
			for _, s := range doc.Statements() {
				if s.Effect == policy.Allow && namesResources(s) && concerns(s, r.Action) {
					return false
				}
			}
		}
	}
	return true
}

// isAboutAll reports whether a statement says the same about every resource, so that it
// holds for one that is not known.
func isAboutAll(ref simulate.StatementRef) bool {
	if ref.Policy.Document == nil || ref.Policy.Kind == policy.ResourceControl || ref.Policy.Kind == policy.ResourceBased {
		return false
	}
	s := ref.Policy.Document.Statement(ref.Index)
	if namesResources(s) {
		return false
	}
	for c := range s.Condition.All() {
		if isResourceKey(c.Key) {
			return false
		}
		for v := range c.Values.All() {
			if strings.Contains(strings.ToLower(v), "${aws:resource") {
				return false
			}
		}
	}
	return true
}

func isResourceKey(key string) bool {
	key = strings.ToLower(key)
	service, rest, _ := strings.Cut(key, ":")
	return strings.HasPrefix(rest, "resource") || service != "aws"
}

// namesResources reports whether a statement is about some resources and not about others.
func namesResources(s policy.Statement) bool {
	if !s.NotResource.IsZero() {
		return true
	}
	for p := range s.Resource.All() {
		if strings.Trim(p, "*") != "" {
			return true
		}
	}
	return false
}

// judge is the verdict of an environment on a call.
func judge(env *simulate.Environment, list []Request) Verdict {
	v, sure := Allowed, false
	type alternative struct {
		action policy.Action
		v      Verdict
	}
	var any []alternative
	for i := range list {
		r := &list[i]
		w, _ := one(env, r)
		if r.oneOf && w == Denied {
			w = Undecided
		}
		switch r.Certainty {
		case serviceref.Certain:
			v, sure = v.both(w), true
		case serviceref.AnyOf:
			at := slices.IndexFunc(any, func(a alternative) bool { return a.action == r.Action })
			if at < 0 {
				any = append(any, alternative{r.Action, w})
			} else {
				any[at].v = any[at].v.both(w)
			}
		default:
			if w != Allowed || r.Certainty == serviceref.Unknown {
				v = v.both(Undecided)
			}
		}
	}
	if len(any) > 0 {
		best := any[0].v
		for _, a := range any[1:] {
			best = best.either(a.v)
		}
		v, sure = v.both(best), true
	}
	if !sure {
		return Undecided
	}
	return v
}
