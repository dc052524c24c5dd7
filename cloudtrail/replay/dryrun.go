package replay

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// DryRun says which of the calls of a log would be answered differently after a change:
// before is what [simulate.Compile] makes of the organization as it is, after what
// [simulate.Environment.Apply] makes of it. Both need an organization.
//
// Calls that succeeded, and that before does not deny, are broken if after denies them. What
// before denies although AWS allowed it is an error of the model, and lands in Unsure. Calls
// that AWS refused and before denies are opened if after allows them; for certain only if the
// message of the refusal names no other action and no other layer than before denies them by.
//
// An error of the sequence is counted, and loses that event only. The error is that of ctx,
// or says that an environment has no organization.
func DryRun(ctx context.Context, before, after *simulate.Environment, events iter.Seq2[*cloudtrail.Event, error]) (*Report, error) {
	m, err := Collect(ctx, SelectOrganization(before.Organization(), after.Organization()), events)
	if err != nil {
		return nil, err
	}
	return DryRunSummary(ctx, before, after, m)
}

var errNoOrganization = errors.New("replay needs environments of an organization")

// DryRunSummary is [DryRun] of a log that was reduced before, here or by a query. Keys that
// the selection of the summary did not keep are unknown.
func DryRunSummary(ctx context.Context, before, after *simulate.Environment, m *Summary) (*Report, error) {
	if before.Organization() == nil || after.Organization() == nil {
		return nil, errNoOrganization
	}
	change := SelectChange(before.Organization(), after.Organization())
	list := make([]counted, 0, len(m.tuples))
	for t, c := range m.tuples {
		list = append(list, counted{t, c.Counts})
	}
	workers := min(runtime.GOMAXPROCS(0), max(1, len(list)/64))
	parts := make([]*gathering, workers)
	base := newCalls(m.s, before.Reference(), before.Organization())
	names, same := policyNames(before, after), sameDocuments(before.Organization(), after.Organization())
	guards := newGuards(before.Organization(), after.Organization())
	var wg sync.WaitGroup
	for w := range parts {
		g := newGathering()
		parts[w] = g
		x := &runner{ctx: ctx, before: before, after: after, calls: base.fork(), keys: change.Keys(), names: names, same: same, guards: guards, g: g}
		wg.Go(func() {
			for i := w; i < len(list); i += workers {
				if i/workers%256 == 0 && ctx.Err() != nil {
					return
				}
				x.tuple(&list[i].t, list[i].c)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		parts[0].merge(p)
	}
	return parts[0].report(m, change), nil
}

type counted struct {
	t Tuple
	c Counts
}

// fork is a copy for another goroutine.
func (c *calls) fork() *calls {
	d := *c
	d.sessions, d.single = map[policy.ARN]*simulate.Session{}, map[policy.Action]bool{}
	return &d
}

// A runner replays tuples.
type runner struct {
	ctx           context.Context
	before, after *simulate.Environment
	calls         *calls
	keys          []string // that the change mentions
	names         map[*policy.Document]string
	same          map[*policy.Document]*policy.Document
	guards        []guard
	g             *gathering
}

func (x *runner) tuple(t *Tuple, c Counts) {
	x.g.events += c.Events
	switch {
	case t.Type != "":
	case t.Succeeded():
		x.g.succeeded += c.Events
	case t.Denied():
		x.g.denied += c.Events
	default:
		x.g.failed += c.Events
	}
	if !x.calls.accounts[t.Account] {
		x.g.class(Foreign, c)
		x.g.skip("account not in the snapshot", t.Account, c)
		return
	}
	list, err := x.calls.requests(t)
	if err != nil {
		var no *NoRequestError
		errors.As(err, &no)
		x.g.skip(no.Reason.String(), no.Detail, c)
		return
	}
	class := x.class(&list[0])
	x.g.class(class, c)
	x.g.count(x, list, c)
	if !t.Succeeded() && !t.Denied() {
		x.g.skip("failed for another reason", t.ErrorCode, c)
		return
	}
	x.replay(t, c, class, list)
}

// class says whether control policies reach a caller (Organizations User Guide, “Service
// control policies”, on what they do not restrict).
func (x *runner) class(r *Request) Class {
	p := r.Principal
	switch {
	case p.Kind() == policy.Service:
		return Service
	case p.Kind() == policy.Anonymous || p.Kind() == policy.WebIdentity:
		return Outside
	case isServiceLinked(r):
		return ServiceLinked
	case p.AccountID() == x.before.Organization().ManagementAccount():
		return Management
	case !x.calls.accounts[p.AccountID()]:
		return Foreign
	}
	return Member
}

// replay compares what AWS answered, what the policies of today say, and what the change
// would make of it.
func (x *runner) replay(t *Tuple, c Counts, class Class, list []Request) {
	today := judge(x.before, list)
	if t.Denied() {
		x.g.back.denied(x, t, c, class, list, today)
		if today == Denied {
			x.opened(t, c, class, list)
		}
		return
	}
	x.g.back.allowed(x, t, c, class, list, today)
	if today == Denied {
		r, d := x.decisive(list)
		if class == Service && d.Outcome != simulate.ExplicitDeny {
			// What a service may do by itself is in no policy that a snapshot has.
			x.g.skip("a service's own call", string(r.Action), c)
			return
		}
		delta := x.delta(t, class, r)
		delta.Statement = statement(x.before, d)
		delta.Reason = "AWS allowed it, the policies of the snapshot do not"
		x.g.add(&x.g.unsure, delta, c)
		return
	}
	x.lost(t, c, class, list)
}

// decisive is the first request that before denies.
func (x *runner) decisive(list []Request) (*Request, simulate.Decision) {
	for i := range list {
		if list[i].Certainty == serviceref.Certain || list[i].Certainty == serviceref.AnyOf {
			if v, d := one(x.before, &list[i]); v == Denied {
				return &list[i], d
			}
		}
	}
	return &list[0], x.before.Can(list[0].Request)
}

// refused is the request for which before refuses a call, as AWS did, and why. Other is what
// else AWS refused it for, by the message: an action, or a layer.
func (x *runner) refused(t *Tuple, list []Request) (r *Request, d simulate.Decision, other string) {
	r, d = x.decisive(list)
	if t.DeniedAction != "" && !strings.EqualFold(string(r.Action), t.DeniedAction) {
		at := slices.IndexFunc(list, func(q Request) bool {
			v, _ := one(x.before, &q)
			return v == Denied && strings.EqualFold(string(q.Action), t.DeniedAction)
		})
		if at < 0 {
			return r, d, t.DeniedAction
		}
		r = &list[at]
		_, d = one(x.before, r)
	}
	if stage, explicit, named := layer(t.DeniedBy); named && (stage != d.Stage || explicit != (d.Outcome == simulate.ExplicitDeny)) {
		return r, d, stage.String()
	}
	return r, d, ""
}

func (x *runner) opened(t *Tuple, c Counts, class Class, list []Request) {
	then := judge(x.after, list)
	if then == Denied {
		return
	}
	r, d, other := x.refused(t, list)
	delta := x.delta(t, class, r)
	delta.Gained = true
	delta.Certain = other == "" && then == Allowed && !slices.ContainsFunc(list, func(r Request) bool { return r.shared })
	delta.Statement = statement(x.before, d)
	switch {
	case delta.Certain:
	case other != "":
		delta.Depends = []string{other + ", for which AWS refused it"}
	default:
		delta.Depends = x.depends(r)
	}
	x.g.add(&x.g.opened, delta, c)
}

// lost finds whether the change takes a call away, and reports it by the request for which it
// does, those for certain first.
func (x *runner) lost(t *Tuple, c Counts, class Class, list []Request) {
	var worst *Request
	certain := false
	list = append(list, x.rest(t, list)...)
	spared := false // another of the actions of which one suffices is not lost
	for i := range list {
		r := &list[i]
		l := x.loses(r)
		if l == nothing {
			spared = spared || r.Certainty == serviceref.AnyOf
			continue
		}
		sure := l == surely && !r.oneOf && (r.Certainty == serviceref.Certain || r.Certainty == serviceref.AnyOf)
		if worst == nil || sure && !certain {
			worst, certain = r, sure
		}
	}
	if worst == nil {
		return
	}
	if certain && worst.Certainty == serviceref.AnyOf {
		// It may have been another of them.
		certain = !spared && !slices.ContainsFunc(list, func(r Request) bool { return r.Certainty == serviceref.AnyOf && x.loses(&r) != surely })
	}
	delta := x.delta(t, class, worst)
	delta.Certain = certain
	d := x.after.Can(worst.Request)
	delta.Statement = statement(x.after, d)
	switch {
	case certain:
	case worst.Open, worst.shared:
		delta.Statement = cmp.Or(x.touches(worst), x.guarded(worst), delta.Statement)
	case d.Outcome == simulate.Indeterminate:
		delta.Statement = cmp.Or(x.suspect(worst), x.guarded(worst), delta.Statement)
	}
	switch {
	case certain:
	case worst.Certainty == serviceref.Sometimes:
		delta.Depends = append(x.depends(worst), "whether the call needs "+string(worst.Action))
	case worst.Certainty == serviceref.Unknown:
		delta.Depends = append(x.depends(worst), "which action the event is")
	default:
		delta.Depends = x.depends(worst)
	}
	x.g.add(&x.g.broken, delta, c)
}

type loss uint8

const (
	nothing loss = iota
	perhaps
	surely
)

// loses says what the change takes from a request that AWS allowed.
func (x *runner) loses(r *Request) loss {
	was, old := one(x.before, r)
	now, d := one(x.after, r)
	if r.Open {
		switch {
		case r.Certainty == serviceref.Sometimes && r.more:
			if x.touches(r) != "" {
				return perhaps
			}
			return nothing
		case now == Denied && was != Denied:
			return surely
		case d.Allowed() && !old.Allowed():
			return nothing
		case now != was, d.Outcome != old.Outcome, d.Stage != old.Stage, x.touches(r) != "", x.guarded(r) != "":
			return perhaps
		}
		return nothing
	}
	switch {
	case was == Denied:
		// AWS allowed the call, so that it did not need this.
		return nothing
	case now == Denied:
		return surely
	case now == Allowed && r.shared && x.touches(r) != "":
		return perhaps
	case now == Allowed:
		return nothing
	case was == Allowed:
		return perhaps
	case r.shared && x.touches(r) != "":
		return perhaps
	}
	for d, err := range simulate.Deltas(x.ctx, x.before, x.after, slices.Values([]simulate.Request{r.Request})) {
		if err == nil && d.Kind() != simulate.DeltaGained {
			return perhaps
		}
	}
	if x.guarded(r) != "" {
		return perhaps
	}
	return nothing
}

// touches is the statement by which the change may have to do with a resource that is not
// known: of a document that bears on the request only before or only after, and that tells
// resources apart. It is empty if there is none.
func (x *runner) touches(r *Request) string {
	had, has := standing(x.before, r), standing(x.after, r)
	for _, pair := range [][2][]*policy.Document{{has, had}, {had, has}} {
		for _, d := range pair[0] {
			if slices.ContainsFunc(pair[1], func(e *policy.Document) bool { return x.first(e) == x.first(d) }) {
				continue
			}
			for i, s := range d.Statements() {
				if namesResources(s) && concerns(s, r.Action) && reaches(s, r.types) {
					return statementName(s.SID, i, x.names[d])
				}
			}
		}
	}
	return ""
}

// first is the first document of the same text, of two organizations that were read apart.
func (x *runner) first(d *policy.Document) *policy.Document {
	if e, ok := x.same[d]; ok {
		return e
	}
	return d
}

// sameDocuments maps documents to the first of the same text.
func sameDocuments(organizations ...*org.Organization) map[*policy.Document]*policy.Document {
	out, texts := map[*policy.Document]*policy.Document{}, map[string]*policy.Document{}
	for _, o := range organizations {
		for d := range documents(o) {
			if d == nil {
				continue
			}
			if texts[d.String()] == nil {
				texts[d.String()] = d
			}
			out[d] = texts[d.String()]
		}
	}
	return out
}

func standing(env *simulate.Environment, r *Request) []*policy.Document {
	l := env.Standing(r.Request).Layers
	out := slices.Concat(l.Identity, l.Boundary)
	for _, level := range slices.Concat(l.ServiceControl, l.ResourceControl) {
		out = append(out, level...)
	}
	return out
}

// concerns reports whether a statement may be about actions of the service.
func concerns(s policy.Statement, a policy.Action) bool {
	if !s.NotAction.IsZero() {
		return true
	}
	for p := range s.Action.All() {
		if service, _, ok := strings.Cut(p, ":"); !ok || strings.EqualFold(service, a.Service()) {
			return true
		}
	}
	return false
}

// depends lists what an answer depends on after the change, but not before: condition keys,
// gaps, the resource.
func (x *runner) depends(r *Request) []string {
	switch {
	case r.Open:
		return []string{"the resource"}
	case r.shared:
		return []string{"the account of the resource"}
	case r.oneOf:
		return []string{"which of the resources that it names the call is about"}
	}
	names := func(env *simulate.Environment) (out []string) {
		for _, d := range env.Explain(r.Request).Depends {
			if d.Kind != simulate.DependsOnKey {
				out = append(out, d.Kind.String()+" "+d.Name)
				continue
			}
			out = append(out, d.Name)
		}
		return out
	}
	now, was := names(x.after), names(x.before)
	out := slices.DeleteFunc(slices.Clone(now), func(n string) bool { return slices.Contains(was, n) })
	if len(out) == 0 {
		out = now
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// suspect is the first Deny statement whose condition decides after the change whether a
// request is allowed, and did not before.
func (x *runner) suspect(r *Request) string {
	denies := func(env *simulate.Environment) (out []string) {
		for _, d := range env.Explain(r.Request).Depends {
			for _, t := range d.Statements {
				if t.Effect == policy.Deny {
					out = append(out, statementName(t.Statement.SID, t.Statement.Index, t.Statement.Policy.Name))
				}
			}
		}
		return out
	}
	was := denies(x.before)
	for _, name := range denies(x.after) {
		if !slices.Contains(was, name) {
			return name
		}
	}
	return ""
}

func (x *runner) delta(t *Tuple, class Class, r *Request) Delta {
	return Delta{Class: class, Principal: holder(r), Person: person(t), Account: t.Account, Region: t.Region, Action: r.Action}
}

// holder is who has the policies: of a session its role.
func holder(r *Request) string {
	if r.Session != nil {
		return r.Session.Spec().Role.String()
	}
	return r.Principal.String()
}

// person is who stands behind a call, as far as it tells: the user of Identity Center.
func person(t *Tuple) string {
	if strings.Contains(t.Principal, "/"+ssoPrefix) && t.Session != "" {
		return t.Session
	}
	return t.Person
}

// statement names the statement that decided.
func statement(env *simulate.Environment, d simulate.Decision) string {
	ref, ok := env.Statement(d)
	if !ok {
		return d.Stage.String()
	}
	return statementName(ref.SID, ref.Index, ref.Policy.Name)
}

func statementName(sid string, index int, policy string) string {
	if sid == "" {
		sid = "statement " + number(index)
	}
	if policy == "" {
		return sid
	}
	return sid + " of " + policy
}

// policyNames are the names of control policies by their documents.
func policyNames(environments ...*simulate.Environment) map[*policy.Document]string {
	out := map[*policy.Document]string{}
	for _, e := range environments {
		spec := e.Organization().Spec()
		for i := range spec.ControlPolicies {
			out[spec.ControlPolicies[i].Document] = spec.ControlPolicies[i].Name
		}
	}
	return out
}
