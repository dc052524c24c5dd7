package simulate

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// An Explanation is a [Decision] with every step that led to it.
type Explanation struct {
	Request   Request
	Decision  Decision
	Statement StatementRef // the deciding statement; zero if none matched
	Steps     []Step       // the layers in the order of their stages
	// Possible lists what an Indeterminate may turn out to be, worst last; for any other
	// decision just its outcome.
	Possible []Outcome
	// Depends lists what an Indeterminate depends on.
	Depends []Dependency
	// Rules are the identifiers of the evaluation rules that it rests on.
	Rules []string
	// Notes are what the model took for granted, as sentences.
	Notes []string
	// Also explains the other actions that must be allowed too: sts:TagSession and the
	// like, when an AssumeRole request passes session tags.
	Also []*Explanation
}

// A Step is one layer, or one level of SCPs or RCPs.
type Step struct {
	Stage    Stage
	Node     string // SCPs and RCPs: ID of the root, OU or account
	NodeName string
	// Outcome is what the layer by itself says.
	Outcome Outcome
	// Skipped says why the layer does not apply; "" if it does.
	Skipped string
	Gap     string // the subject of a gap in the layer, or ""

	world *world
	layer *layer
}

// Trials holds every statement of the layer against the request, in the order of the
// documents. It does so at each call: whoever wants to know only what was decided, and on
// what it depends, does not wait for it.
func (s *Step) Trials() []Trial {
	n := 0
	for a := range s.documents() {
		n += a.program.Len()
	}
	if n == 0 {
		return nil
	}
	view := s.world.view // has room of its own for what is derived
	tester := engine.NewTester(&view)
	out := make([]Trial, 0, n)
	for a := range s.documents() {
		tester.Use(a.program)
		next, ok := tester.Next()
		for i := range a.program.Len() {
			t := Trial{Statement: a.statement(i), Effect: policy.Allow}
			if a.program.IsDeny(i) {
				t.Effect = policy.Deny
			}
			if !ok || i != next {
				t.Miss = Miss(tester.ActionMiss(i))
			} else {
				held := tester.Trial(i)
				t.Match, t.Miss = Match(held.Match), Miss(held.Miss)
				t.level, t.possible = held.Level, held.Possible
				for _, u := range held.Unknown {
					t.Unknown = append(t.Unknown, Unknown(u))
				}
				next, ok = tester.Next()
			}
			out = append(out, t)
		}
	}
	return out
}

// documents yields the documents of the layer that are known.
func (s *Step) documents() iter.Seq[*attachment] {
	return func(yield func(*attachment) bool) {
		if s.layer == nil {
			return
		}
		for _, a := range s.layer.list {
			if a.program != nil && !yield(a) {
				return
			}
		}
	}
}

// A Match says whether a statement matches.
type Match uint8

// The matches; MayMatch depends on something unknown.
const (
	NoMatch Match = iota
	MayMatch
	Matches
)

// String is "no", "maybe" or "yes".
func (m Match) String() string { return [...]string{"no", "maybe", "yes"}[m] }

// A Trial is one statement held against the request.
type Trial struct {
	Statement StatementRef
	Effect    policy.Effect
	Match     Match
	Miss      Miss // the first element that does not match; zero if all do or may
	// Unknown is what MayMatch depends on; of a statement that Matches, what decides whether
	// it names the principal itself or only its account.
	Unknown []Unknown

	level, possible engine.Level // as in engine.Trial
}

// A Miss is the first element of a statement that does not match. The zero Miss is none.
type Miss struct {
	Element  string          // "Action", "Resource", "Principal", "Condition" and their Not forms
	Operator policy.Operator // Condition: the operator
	Key      string          // Condition: the key
	Want     []string        // the values of the policy
	Got      []string        // the values of the request
	Absent   bool            // Condition: the key is not in the request
}

// An Unknown is something that a statement needs to know.
type Unknown struct {
	Key      string          // condition key, or "" for the principal itself
	Operator policy.Operator // of the condition, or "" for a policy variable
	Want     []string        // the values of the policy
}

// A DependencyKind says what a [Dependency] names.
type DependencyKind uint8

// The kinds of dependencies.
const (
	DependsOnKey      DependencyKind = iota // a condition key of the request
	DependsOnGap                            // something that the model says it does not know
	DependsOnCaller                         // a principal that is not in the model
	DependsOnResource                       // a resource, or an endpoint, whose policy or owner is not in the model
	DependsOnInput                          // a request that names no valid principal or action
)

// String is "key", "gap", "caller", "resource" or "input".
func (k DependencyKind) String() string {
	return [...]string{"key", "gap", "caller", "resource", "input"}[k]
}

// A Dependency is something unknown that an [Indeterminate] decision depends on.
type Dependency struct {
	Kind DependencyKind
	Name string // condition key, subject of the gap, or ARN
	// Statements are those that the key decides; none for other kinds.
	Statements []Trial
}

// Explain decides as [Environment.Can] does and says why.
func (e *Environment) Explain(r Request) *Explanation {
	t := &tracer{}
	x := &Explanation{Request: r}
	x.Decision = e.decide(&x.Request, t)
	for _, o := range []Outcome{Allowed, ImplicitDeny, ExplicitDeny} {
		if x.Decision.CanBe(o) {
			x.Possible = append(x.Possible, o)
		}
	}
	if !r.valid() {
		x.Depends = []Dependency{{Kind: DependsOnInput, Name: "a valid principal and an action such as s3:GetObject"}}
		return x
	}
	var w world
	w.resolve(e, &x.Request)
	b := explainer{w: &w, t: t, x: x, tester: engine.NewTester(&w.view)}
	b.run()
	x.Rules = t.rules
	for _, other := range e.alsoNeeded(&r, &w) {
		also := e.Explain(other.request)
		x.Also = append(x.Also, also)
		x.Depends = append(x.Depends, also.Depends...)
		if other.passed == maybe && also.Decision.Outcome != Allowed {
			b.passedMaybe()
		}
	}
	x.Statement = b.deciding()
	if x.Decision.Outcome != Indeterminate {
		x.Depends = nil
	}
	return x
}

// passedMaybe names the keys that decide whether the request passes session tags, a source
// identity or a context assertion.
func (b *explainer) passedMaybe() {
	b.w.view.Given.EachUnknown(func(name string) {
		folded := strings.ToLower(name)
		for _, prefix := range []string{"aws:requesttag/", "aws:tagkeys", "sts:transitivetagkeys", "sts:sourceidentity", "sts:requestcontext"} {
			if strings.HasPrefix(folded, prefix) || strings.ContainsAny(name, "*?") {
				b.x.Depends = append(b.x.Depends, Dependency{Kind: DependsOnKey, Name: name})
				return
			}
		}
	})
}

type explainer struct {
	w      *world
	t      *tracer
	x      *Explanation
	tester *engine.Tester
}

func (b *explainer) run() {
	w := b.w
	if w.alwaysAllowed(b.t) {
		b.x.Steps = []Step{{Stage: StageServiceRule, Outcome: Allowed}}
		return
	}
	b.scps()
	b.rcps()
	b.resourcePolicy()
	b.identity()
	b.endpoints()
	if w.serviceOwned(b.t) {
		b.x.Steps = append(b.x.Steps, Step{Stage: StageServiceRule, Outcome: ImplicitDeny})
	}
	if b.x.Decision.Stage == StageBlockPublicAccess {
		b.x.Steps = append(b.x.Steps, Step{Stage: StageBlockPublicAccess, Outcome: ExplicitDeny})
	}
	b.notes()
	own := b.x.Decision
	if w.assumesRole() { // which needs more than this request
		own = w.decide(nil)
	}
	if own.Outcome == Indeterminate {
		b.depends(own)
	}
}

func (b *explainer) skip(s Stage, why string) {
	b.x.Steps = append(b.x.Steps, Step{Stage: s, Outcome: Allowed, Skipped: why})
}

func (b *explainer) scps() {
	w, c := b.w, &b.w.view.Caller
	switch {
	case c.Account == "":
		b.skip(StageServiceControl, "SCPs do not apply to services and anonymous callers")
	case w.isManagement(c.Account):
		b.skip(StageServiceControl, "the management account is exempt from SCPs")
	case w.serviceLinked():
		b.skip(StageServiceControl, "service-linked roles are exempt from SCPs")
	case w.account == nil:
		b.x.Steps = append(b.x.Steps, Step{Stage: StageServiceControl, Outcome: Indeterminate, Gap: c.ARN})
	case len(w.scps) == 0:
		b.skip(StageServiceControl, "no SCPs: no organization, or SCPs are not enabled")
	default:
		for i := range w.scps {
			b.level(StageServiceControl, &w.scps[i], false)
		}
	}
}

func (b *explainer) rcps() {
	w := b.w
	if why := w.resourceControlSkipped(); why != "" {
		b.skip(StageResourceControl, why)
		return
	}
	if w.unknownResource != "" && w.env.accounts[w.owner] == nil {
		b.x.Steps = append(b.x.Steps, Step{Stage: StageResourceControl, Outcome: Indeterminate, Gap: w.unknownResource})
		return
	}
	if len(w.rcps) == 0 {
		b.skip(StageResourceControl, "no RCPs: no organization, or RCPs are not enabled")
		return
	}
	for i := range w.rcps {
		b.level(StageResourceControl, &w.rcps[i], true)
	}
}

func (b *explainer) level(s Stage, l *level, implicitAllow bool) {
	r := l.eval(&b.w.view)
	reach := ""
	if implicitAllow {
		r.allow = yes
		if gap := b.w.unknownManager(); r.deny != no && gap != "" {
			r = unlessUnreached(r)
			reach = gap
		} else if r.deny != no && b.w.unknownReach() {
			r = unlessUnreached(r)
			reach = "whether RCPs reached " + b.w.view.Service + " on " + b.w.env.facts.Day()
		}
	}
	step := b.layer(s, &l.layer, r)
	step.Node, step.NodeName = l.node, l.name
	if step.Gap == "" {
		step.Gap = reach
	}
	b.x.Steps = append(b.x.Steps, step)
}

func (b *explainer) layer(s Stage, l *layer, r result) Step {
	step := Step{Stage: s, Outcome: r.outcome(), Gap: l.gap, world: b.w, layer: l}
	for a := range step.documents() {
		b.tester.Use(a.program)
		for i, ok := b.tester.Next(); ok; i, ok = b.tester.Next() {
			unreadable, rules := b.tester.Remarks(i)
			for _, u := range unreadable {
				b.unreadable(a.statement(i), u)
			}
			for _, rule := range rules {
				b.t.rule(rule)
			}
		}
	}
	return step
}

func (r result) outcome() Outcome {
	switch {
	case r.deny == yes:
		return ExplicitDeny
	case r.deny == maybe || r.allow == maybe:
		return Indeterminate
	case r.allow == yes:
		return Allowed
	}
	return ImplicitDeny
}

// unreadable reports what R-CND-14 takes for a condition that never holds.
func (b *explainer) unreadable(s StatementRef, u engine.Open) {
	name := s.SID
	if name == "" {
		name = fmt.Sprintf("statement %d", s.Index+1)
	}
	b.note(fmt.Sprintf("%s of %s: %s cannot read %q of %s, so the condition does not hold because of it", name, s.Policy.Name, u.Operator, u.Want[0], u.Key))
}

func (b *explainer) note(s string) {
	if !slices.Contains(b.x.Notes, s) {
		b.x.Notes = append(b.x.Notes, s)
	}
}

func (b *explainer) resourcePolicy() {
	w := b.w
	r, _ := w.resourcePolicy(b.t)
	switch {
	case w.unknownResource != "":
		b.x.Steps = append(b.x.Steps, Step{Stage: StageResourcePolicy, Outcome: Indeterminate, Gap: w.unknownResource})
	case len(w.resource.list) == 0 && w.resource.gap == "":
		b.skip(StageResourcePolicy, "the resource has no policy")
	default:
		b.x.Steps = append(b.x.Steps, b.layer(StageResourcePolicy, w.resource, r))
	}
}

func (b *explainer) identity() {
	w, c := b.w, &b.w.view.Caller
	identity, boundary, session := w.identityLayers(b.t)
	switch {
	case c.Kind == policy.Root:
		b.skip(StageIdentityPolicy, "the root user needs no identity-based policy")
	case !w.hasIdentity:
		b.skip(StageIdentityPolicy, "services, anonymous callers and web identities have no identity-based policies")
	case w.unknownCaller != "":
		b.x.Steps = append(b.x.Steps, Step{Stage: StageIdentityPolicy, Outcome: Indeterminate, Gap: w.unknownCaller})
	default:
		b.x.Steps = append(b.x.Steps, b.layer(StageIdentityPolicy, w.identity, identity))
	}
	if w.hasIdentity && c.HasBoundary != no {
		b.x.Steps = append(b.x.Steps, b.layer(StageBoundary, w.boundary, boundary))
	}
	if w.session != nil && len(w.session.programs) > 0 && (w.hasIdentity || c.Kind == policy.Root) {
		var l layer
		for i := range w.session.programs {
			l.list = append(l.list, &w.session.programs[i])
		}
		b.x.Steps = append(b.x.Steps, b.layer(StageSessionPolicy, &l, session))
	} else if c.Kind == policy.FederatedUser {
		b.x.Steps = append(b.x.Steps, Step{Stage: StageSessionPolicy, Outcome: session.outcome()})
	}
}

func (b *explainer) endpoints() {
	w := b.w
	if id := w.unknownEndpoint(); id != "" {
		b.x.Steps = append(b.x.Steps, Step{Stage: StageEndpointPolicy, Node: id, NodeName: id, Outcome: Indeterminate, Gap: id})
		return
	}
	var passed engine.Tri
	for _, ep := range w.env.services {
		switch {
		case w.env.custom != nil:
			passed = yes
		default:
			passed = w.passes(ep)
		}
		if passed == no {
			continue
		}
		r := ep.policy.eval(&w.view)
		if passed == maybe {
			r.allow, r.deny = max(r.allow, maybe), min(r.deny, maybe)
		}
		step := b.layer(StageEndpointPolicy, &ep.policy, r)
		step.Node, step.NodeName = ep.id, ep.id
		b.x.Steps = append(b.x.Steps, step)
	}
}

// deciding resolves the statement of the decision, session policies included.
func (b *explainer) deciding() StatementRef {
	d := b.x.Decision
	if d.statement == 0 {
		return StatementRef{}
	}
	if d.Stage == StageSessionPolicy && b.w.session != nil {
		n := d.statement - 1
		if i := int(n >> sessionShift); i < len(b.w.session.programs) {
			return b.w.session.programs[i].statement(int(n & (1<<sessionShift - 1)))
		}
		return StatementRef{}
	}
	ref, _ := b.w.env.Statement(d)
	return ref
}
