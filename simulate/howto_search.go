package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A remedySearch looks for the smallest sets of steps. It goes from what denies the request
// to the steps that get it out of the way, sets of fewer steps first: each smallest set
// holds one of them, so within the bounds none is missed for lack of looking, only for lack
// of a value of a key.
type remedySearch struct {
	env     *Environment
	request Request
	caller  caller
	fixed   bool // also keys that say who the principal and which the resource is

	tries     int
	found     [][]RemedyStep
	unknown   []Dependency
	truncated bool
}

// A caller is what steps need to know of the principal.
type caller struct {
	role     policy.ARN // a role, or the role of a session; zero for others
	holder   policy.ARN // user or role that has the identity policies; zero: none in the model
	boundary policy.ARN // its boundary, in an organization
	// key and value tell the principal from all others in a condition; "" if nothing does.
	operator   policy.Operator
	key, value string
}

func (w *world) identify() caller {
	r := &w.view.Caller
	out := caller{}
	if arn, err := policy.ParseARN(r.Role); err == nil {
		out.role = arn
	}
	if w.who != nil && w.env.org != nil {
		out.holder = policy.MustParseARN(w.who.arn)
	}
	if o := w.env.org; o != nil {
		if role, ok := o.Role(out.holder); ok {
			out.boundary = role.Boundary
		} else if user, ok := o.User(out.holder); ok {
			out.boundary = user.Boundary
		}
	}
	for _, try := range []struct {
		op  policy.Operator
		key string
	}{{"ArnNotEquals", "aws:PrincipalArn"}, {"StringNotEquals", "aws:PrincipalServiceName"}, {"StringNotEquals", "aws:PrincipalType"}} {
		if val := w.key(try.key); len(val) == 1 && (try.key != "aws:PrincipalType" || val[0] == "Anonymous") {
			out.operator, out.key, out.value = try.op, try.key, val[0]
			break
		}
	}
	return out
}

// run collects the smallest sets within the bounds.
func (s *remedySearch) run() {
	var queue [mostSteps + 1][][]RemedyStep
	queue[0] = [][]RemedyStep{nil}
	seen := map[string]bool{}
	s.tries, s.truncated = 0, false
	for size := 0; size <= mostSteps; size++ {
		for len(queue[size]) > 0 {
			steps := queue[size][0]
			queue[size] = queue[size][1:]
			if slices.ContainsFunc(s.found, func(f []RemedyStep) bool { return includes(steps, f) }) {
				continue
			}
			if s.tries++; s.tries > mostSituations || len(s.found) >= 4*mostRemedies {
				s.truncated = true
				return
			}
			sit := situation{base: s.env, request: s.request}
			env, ok := sit.take(steps)
			if !ok {
				continue
			}
			if env.Can(sit.request).Allowed() {
				s.add(steps)
				continue
			}
			t := turn{search: s, env: env, request: sit.request, steps: steps, x: env.Explain(sit.request)}
			for _, more := range t.branches() {
				if slices.ContainsFunc(more, func(m RemedyStep) bool { return includes(steps, []RemedyStep{m}) }) {
					continue // it was not enough
				}
				next := slices.Concat(steps, more)
				slices.SortFunc(next, compareSteps)
				id := identities(next)
				switch {
				case seen[id]:
				case len(next) > mostSteps:
					s.truncated = true
				default:
					seen[id] = true
					queue[len(next)] = append(queue[len(next)], next)
				}
			}
		}
	}
}

// add keeps a set without the steps that it does not need.
func (s *remedySearch) add(steps []RemedyStep) {
	for i := len(steps) - 1; i >= 0; i-- {
		fewer := slices.Delete(slices.Clone(steps), i, i+1)
		sit := situation{base: s.env, request: s.request}
		if env, ok := sit.take(fewer); ok && env.Can(sit.request).Allowed() {
			steps, i = fewer, len(fewer) // what was needed may not be any more
		}
	}
	if !slices.ContainsFunc(s.found, func(f []RemedyStep) bool { return identities(f) == identities(steps) }) {
		s.found = append(s.found, steps)
	}
}

// best are the sets that were found and of which none is part of another, the best first.
func (s *remedySearch) best() [][]RemedyStep {
	out := slices.DeleteFunc(slices.Clone(s.found), func(a []RemedyStep) bool {
		return slices.ContainsFunc(s.found, func(b []RemedyStep) bool { return len(b) < len(a) && includes(a, b) })
	})
	slices.SortFunc(out, compareRemedies)
	return out
}

func identities(steps []RemedyStep) string {
	var b strings.Builder
	for i := range steps {
		b.WriteString(steps[i].identity())
		b.WriteByte('\n')
	}
	return b.String()
}

// includes reports whether all steps of part are among steps.
func includes(steps, part []RemedyStep) bool {
	for i := range part {
		id := part[i].identity()
		if !slices.ContainsFunc(steps, func(s RemedyStep) bool { return s.identity() == id }) {
			return false
		}
	}
	return true
}

// A turn is one set of steps that is not enough yet.
type turn struct {
	search  *remedySearch
	env     *Environment
	request Request
	steps   []RemedyStep
	x       *Explanation
}

// branches are the ways to get past the first thing that denies the request: each a list
// of further steps.
func (t *turn) branches() [][]RemedyStep {
	all := slices.Concat([]*Explanation{t.x}, t.x.Also)
	for _, x := range all {
		if list := x.barriers(); len(list) > 0 {
			return t.past(x, list[0])
		}
	}
	if d := t.x.Decision; d.Denied() {
		var out [][]RemedyStep
		if d.CanBe(ExplicitDeny) { // by what may deny, or by Block Public Access
			out = t.past(t.x, Barrier{Stage: StageBlockPublicAccess})
		}
		for _, x := range all {
			if !t.env.own(x).Allowed() {
				out = append(out, t.grants(x)...)
			}
		}
		return out
	}
	out := t.unknownKeys()
	for _, x := range all {
		if own := t.env.own(x); !own.Allowed() {
			out = append(out, t.undecided(x, own)...)
		}
	}
	for _, d := range t.x.Depends {
		if d.Kind != DependsOnKey && !slices.ContainsFunc(t.search.unknown, func(o Dependency) bool { return o.Kind == d.Kind && o.Name == d.Name }) {
			t.search.unknown = append(t.search.unknown, d)
		}
	}
	return out
}

// barriers are what certainly denies, except for the lack of a grant.
func (x *Explanation) barriers() []Barrier {
	var out []Barrier
	for i := range x.Steps {
		s := &x.Steps[i]
		b := Barrier{Stage: s.Stage, Node: s.Node, NodeName: s.NodeName, Action: x.Request.Action}
		switch {
		case s.Skipped != "":
		case s.Outcome == ExplicitDeny:
			trials := s.Trials()
			for j := range trials {
				if trial := &trials[j]; trial.Effect == policy.Deny && trial.Match == Matches {
					b.Statement = trial.Statement
					out = append(out, b)
				}
			}
			if s.Stage == StageBlockPublicAccess {
				out = append(out, b)
			}
		case s.Outcome == ImplicitDeny && (s.Stage == StageServiceControl || s.Stage == StageEndpointPolicy):
			out = append(out, b)
		case s.Stage == StageServiceRule && s.Outcome != Allowed:
			return []Barrier{b}
		}
	}
	return out
}

// past are the ways past one barrier.
func (t *turn) past(x *Explanation, b Barrier) [][]RemedyStep {
	switch {
	case b.Stage == StageServiceRule:
		return nil
	case b.Stage == StageBlockPublicAccess:
		return [][]RemedyStep{{{Kind: UnblockPublicAccess, Stage: b.Stage, Target: t.resourceTarget(x.Request.Resource).String()}}}
	case b.Statement.IsZero():
		i := slices.IndexFunc(x.Steps, func(s Step) bool { return s.Stage == b.Stage && s.Node == b.Node })
		out := t.allow(x, &x.Steps[i])
		if b.Stage == StageEndpointPolicy {
			out = append(out, t.anotherWay()...)
		}
		return out
	}
	var out [][]RemedyStep
	if b.Stage == StageEndpointPolicy {
		out = t.anotherWay()
	}
	statement := b.Statement.Policy.Document.Statement(b.Statement.Index)
	for c := range statement.Condition.All() {
		if s, ok := t.keyStep(x, b.Statement, c, false); ok {
			out = append(out, []RemedyStep{s})
		}
	}
	return append(out, t.except(b)...)
}

// anotherWay is a call that does not come through a VPC endpoint.
func (t *turn) anotherWay() [][]RemedyStep {
	const key = "aws:SourceVpce"
	if _, ok := t.changeable(key); !ok || t.env.org == nil {
		return nil
	}
	return [][]RemedyStep{{{Kind: SetKey, Key: key}}}
}

// grants are ways to add to what grants: all of the layers that may be in want.
func (t *turn) grants(x *Explanation) [][]RemedyStep {
	var out [][]RemedyStep
	for i := range x.Steps {
		switch s := &x.Steps[i]; s.Stage {
		case StageResourcePolicy:
			// Even one that allows by itself may name the account only (R-GRT-5).
			out = append(out, t.allow(x, s)...)
		case StageIdentityPolicy, StageBoundary, StageSessionPolicy:
			if s.Skipped == "" && s.Outcome == ImplicitDeny {
				out = append(out, t.allow(x, s)...)
			}
		}
	}
	return out
}

// undecided are the ways to decide without what is not known: by excepting the caller from
// a statement that may deny, or with one more Allow.
func (t *turn) undecided(x *Explanation, own Decision) [][]RemedyStep {
	var out [][]RemedyStep
	for i := range x.Steps {
		s := &x.Steps[i]
		if s.Gap != "" || s.Outcome != Indeterminate && (s.Stage != StageResourcePolicy || !own.CanBe(ImplicitDeny)) {
			continue
		}
		trials := s.Trials()
		for j := range trials {
			if trial := &trials[j]; trial.Effect == policy.Deny && trial.Match == MayMatch && !(s.Stage == StageResourcePolicy && s.world.unlocksBucket()) {
				if s.Stage == StageEndpointPolicy {
					out = t.anotherWay()
				}
				return append(out, t.except(Barrier{Stage: s.Stage, Node: s.Node, NodeName: s.NodeName, Statement: trial.Statement, Action: x.Request.Action})...)
			}
		}
		if s.Stage == StageEndpointPolicy {
			out = append(out, t.anotherWay()...)
		}
		if st := t.addAllow(x, s); st != nil {
			out = append(out, []RemedyStep{*st})
		}
	}
	return out
}

// allow are the ways to make a layer allow: a key that lets one of its Allow statements
// match, or a further statement.
func (t *turn) allow(x *Explanation, s *Step) [][]RemedyStep {
	var out [][]RemedyStep
	trials := s.Trials()
	for i := range trials {
		trial := &trials[i]
		if trial.Effect != policy.Allow || trial.Match != NoMatch || trial.Miss.Element != "Condition" {
			continue
		}
		c := policy.Condition{Operator: trial.Miss.Operator, Key: trial.Miss.Key, Values: policy.List(trial.Miss.Want...)}
		if step, ok := t.keyStep(x, trial.Statement, c, true); ok {
			out = append(out, []RemedyStep{step})
		}
	}
	if st := t.addAllow(x, s); st != nil {
		out = append(out, []RemedyStep{*st})
	}
	return out
}

// barriers says what denies the request whatever identity-based policies allow.
func (s *remedySearch) barriers() []Barrier {
	env, x := s.env, s.env.Explain(s.request)
	i := slices.IndexFunc(x.Steps, func(st Step) bool { return st.Stage == StageIdentityPolicy })
	if i >= 0 && x.Steps[i].Skipped == "" {
		step := &RemedyStep{Kind: AddAllow, Stage: StageIdentityPolicy, Target: s.caller.holder.String()}
		step.Statement = policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
		sit := situation{base: s.env, request: s.request}
		var ok bool
		if env, ok = sit.take([]RemedyStep{*step}); !ok {
			return nil
		}
		x = env.Explain(s.request)
	}
	if !x.Decision.Denied() {
		return nil
	}
	return env.allBarriers(x)
}

// allBarriers are the barriers of all actions, and the layers that have to grant and do not.
func (e *Environment) allBarriers(x *Explanation) []Barrier {
	var out []Barrier
	for _, o := range slices.Concat([]*Explanation{x}, x.Also) {
		own := e.own(o)
		if !own.Denied() {
			continue
		}
		list := o.barriers()
		if len(list) == 0 {
			list = []Barrier{{Stage: own.Stage, Action: o.Request.Action}}
		}
		out = append(out, list...)
	}
	return out
}

// own is the decision about the action of an explanation, without those also needed.
func (e *Environment) own(x *Explanation) Decision {
	if len(x.Also) == 0 {
		return x.Decision
	}
	var w world
	w.resolve(e, &x.Request)
	return w.decide(nil)
}
