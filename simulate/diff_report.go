package simulate

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/policy"
)

// A Report is what a change changes, and how it was found.
type Report struct {
	Rows       []Row // gained first, then lost, then conditions; within these what is certain or depends on conditions alone, and the most far-reaching first
	Principals int   // whose layers or reachable resources differ
	Groups     int   // of principals that are decided alike; one of each was asked
	Actions    int   // that were looked at: known ones, and those that policies name literally
	Requests   int   // that both environments were asked
	Sampled    int   // requests on a resource that stands for others
	// Incomplete are actions and resources that were not asked for all that the patterns of
	// different statements have in common, since that is too much; rows may lack there.
	Incomplete []Incomplete
	// Indeterminate counts the rows that are not certain on one side or both.
	Indeterminate int
}

// An Incomplete is actions on resources for which a report may lack rows.
type Incomplete struct {
	Actions   []policy.Action // sorted
	Resources []string        // patterns, as in a [Row]
}

// An Outsider is a caller that neither organization lists. Principal is as in [Caller]: the
// root user of an account outside stands for all principals of it, and the zero Principal
// for all of the type that no policy of the resource names.
type Outsider struct {
	Principal policy.Principal
	Type      CallerType
}

// A Row is one change of access, for all principals, actions and resources for which it
// is the same.
type Row struct {
	Kind       DeltaKind // DeltaGained, DeltaLost or DeltaConditions
	Principals []policy.Principal
	// Outside are callers of one type that no organization lists; a row has them or Principals.
	// For a CallerExternal the decisions hold if the caller's own account allows it, which
	// nobody knows, so that none is Allowed.
	Outside []Outsider
	Actions []policy.Action // sorted; of those that are known, and those that policies name
	// Resources are ARNs of listed resources, and patterns of policies for what is not
	// listed; "*" is everything that nothing else names, and the resource of actions
	// that take none.
	Resources []string
	Sampled   bool    // a resource is a pattern, asked with one sample
	Example   Request // the request that was asked, one of those that the row stands for
	// Before and After are the decisions; a principal that is not there is denied.
	Before, After Decision
	// BeforeRequires and AfterRequires are as in [Delta].
	BeforeRequires, AfterRequires Requirement
	// Gained and Lost are examples of condition keys with which a row that depends on
	// conditions is gained or lost for certain: denied on one side, allowed on the other.
	Gained, Lost []Keys
	Causes       []Cause // at most four
	Reason       string  // why, where no statement differs: "role is new"
}

// A Cause is a statement that differs and is about the actions of a row, or asks for a key
// that differs.
type Cause struct {
	Statement StatementRef
	After     bool // it stands in the organization after the change; otherwise in that before
}

// mostCauses bounds the causes of a row.
const mostCauses = 4

// Report asks all that the change may affect, principals with two workers at most, and gathers the
// answers in rows. What is denied before and after is no row. The error is that of ctx.
func (a *Affected) Report(ctx context.Context) (*Report, error) {
	a.prepare()
	out := &Report{Principals: a.principals, Groups: len(a.groups), Actions: len(a.catalog.actions)}
	workers := max(1, min(runtime.GOMAXPROCS(0), 2, len(a.groups)))
	for i := range a.groups {
		a.ownTouch(a.groups[i].members[0].AccountID()) // while nobody else looks
	}
	results := make([]findings, len(a.groups))
	var wait sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wait.Go(func() {
			memo := samplers{}
			for i := w; i < len(a.groups); i += workers {
				if results[i], errs[w] = a.find(ctx, &a.groups[i], memo); errs[w] != nil {
					return
				}
				a.done.Add(1)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	outsiders, err := a.findOutsiders(ctx)
	if err != nil {
		return nil, err
	}
	m := merger{Affected: a, rows: map[string]*Row{}, actions: map[string][]policy.Action{}}
	for i := range results {
		m.count(out, &results[i])
		m.add(a.groups[i].members, nil, results[i].list)
		results[i] = findings{}
	}
	for i := range outsiders {
		m.count(out, &outsiders[i].findings)
		m.add(nil, &outsiders[i].who, outsiders[i].list)
	}
	out.Incomplete = m.incomplete()
	out.Rows = m.sorted()
	for i := range out.Rows {
		if r := &out.Rows[i]; r.Before.Outcome == Indeterminate || r.After.Outcome == Indeterminate {
			out.Indeterminate++
		}
	}
	return out, nil
}

// A finding is a difference for one group.
type finding struct {
	Delta
	kind      DeltaKind
	key       string // the same for findings that differ in actions and resource alone
	actions   []int
	resources []string
	sampled   bool
	causes    []Cause
	reason    string
}

type findings struct {
	list              []finding
	requests, sampled int
	incomplete        map[string][]int // actions by resource
}

// find asks for one group and joins what differs in resources or actions alone.
func (a *Affected) find(ctx context.Context, g *group, memo samplers) (findings, error) {
	missing := [2]bool{g.callers[0] == nil && a.before.isMissing(g.members[0]), g.callers[1] == nil && a.after.isMissing(g.members[0])}
	return a.gather(func(yield func(question) error) error {
		return a.ask(ctx, g, memo, func(q question) error {
			q.missing = missing
			return yield(q)
		})
	})
}

// gather joins what the answers to questions of one caller differ in.
func (a *Affected) gather(ask func(func(question) error) error) (out findings, err error) {
	byKey := map[string]int{} // by key and resource
	err = ask(func(q question) error {
		out.requests++
		if q.incomplete {
			if out.incomplete == nil {
				out.incomplete = map[string][]int{}
			}
			out.incomplete[q.resource] = append(out.incomplete[q.resource], q.actions...)
		}
		if q.sampled {
			out.sampled++
		}
		d, ok := a.compare(q.request, q.missing)
		if !ok {
			return nil
		}
		f := finding{Delta: d, kind: d.Kind(), actions: q.actions, resources: []string{q.resource}, sampled: q.sampled}
		if f.kind == DeltaNone {
			return nil
		}
		f.explain(&q)
		f.key = f.signature()
		at := f.key + "\x00" + q.resource
		if i, ok := byKey[at]; ok {
			out.list[i].actions = append(out.list[i].actions, f.actions...)
			return nil
		}
		byKey[at] = len(out.list)
		f.actions = slices.Clone(f.actions)
		out.list = append(out.list, f)
		return nil
	})
	out.list = joinResources(out.list)
	return out, err
}

// compare is compareAnswers, where a caller or a resource that does not exist is denied.
func (a *Affected) compare(r Request, missing [2]bool) (Delta, bool) {
	if !missing[0] && !missing[1] {
		return compareAnswers(a.before, a.after, r)
	}
	var d Delta
	d.Request = r
	if !missing[0] {
		d.Before = a.before.Can(r)
		d.BeforeStatement, _ = a.before.Statement(d.Before)
	}
	if !missing[1] {
		d.After = a.after.Can(r)
		d.AfterStatement, _ = a.after.Statement(d.After)
	}
	return d, d.Before.Outcome != d.After.Outcome
}

// explain names the statements that differ and are about the action.
func (f *finding) explain(q *question) {
	for _, t := range q.touched {
		if f.reason == "" {
			f.reason = t.everything
		}
		for i := range t.statements {
			s := &t.statements[i]
			if !s.actions.has(q.actions[0]) || slices.ContainsFunc(f.causes, func(c Cause) bool { return sameCause(c, s) }) {
				continue
			}
			f.causes = append(f.causes, Cause{s.ref, s.after})
		}
	}
	// What decided comes first.
	decided := func(c Cause) bool {
		ref := f.BeforeStatement
		if c.After {
			ref = f.AfterStatement
		}
		return !ref.IsZero() && ref.Policy.Document == c.Statement.Policy.Document && ref.Index == c.Statement.Index
	}
	slices.SortStableFunc(f.causes, func(a, b Cause) int {
		switch x, y := decided(a), decided(b); {
		case x == y:
			return 0
		case x:
			return -1
		}
		return 1
	})
	f.causes = f.causes[:min(len(f.causes), mostCauses)]
}

// sameCause leaves out where a policy is attached.
func sameCause(c Cause, s *touched) bool {
	return c.After == s.after && c.Statement.Policy.Document == s.ref.Policy.Document && c.Statement.Index == s.ref.Index
}

// signature is the same for findings that say the same of other actions and resources.
func (f *finding) signature() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v %d %v %d %t %s\n", f.kind, f.Before.Outcome, f.Before.possible, f.After.Outcome, f.After.possible, f.sampled, f.reason)
	if f.Before.Outcome == Indeterminate && f.After.Outcome == Indeterminate {
		b.WriteString(f.BeforeRequires.canonical() + "\x00" + f.AfterRequires.canonical())
	}
	for _, c := range f.causes {
		fmt.Fprintf(&b, "\n%t %p %d", c.After, c.Statement.Policy.Document, c.Statement.Index)
	}
	return b.String()
}

// joinResources joins findings for the same actions.
func joinResources(list []finding) []finding {
	byKey := map[string]int{}
	var out []finding
	for _, f := range list {
		slices.Sort(f.actions)
		f.actions = slices.Compact(f.actions)
		key := f.key + "\x00" + numbers(f.actions)
		if i, ok := byKey[key]; ok {
			out[i].resources = append(out[i].resources, f.resources...)
			continue
		}
		byKey[key] = len(out)
		out = append(out, f)
	}
	for i := range out {
		slices.Sort(out[i].resources)
	}
	return out
}

// numbers is a text that is the same for the same list.
func numbers(list []int) string {
	b := make([]byte, 0, 4*len(list))
	for _, n := range list {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// A merger joins the findings of groups into rows.
type merger struct {
	*Affected
	rows    map[string]*Row
	actions map[string][]policy.Action // each list once
	order   []*Row
	lacking map[string][]int // actions by resource
}

func (m *merger) count(out *Report, f *findings) {
	out.Requests += f.requests
	out.Sampled += f.sampled
	for resource, actions := range f.incomplete {
		if m.lacking == nil {
			m.lacking = map[string][]int{}
		}
		m.lacking[resource] = append(m.lacking[resource], actions...)
	}
}

// incomplete joins resources with the same actions.
func (m *merger) incomplete() []Incomplete {
	var out []Incomplete
	index := map[string]int{}
	for _, resource := range slices.Sorted(maps.Keys(m.lacking)) {
		actions := m.lacking[resource]
		slices.Sort(actions)
		actions = slices.Compact(actions)
		key := numbers(actions)
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, Incomplete{})
			for _, n := range actions {
				out[i].Actions = append(out[i].Actions, m.catalog.actions[n])
			}
		}
		out[i].Resources = append(out[i].Resources, resource)
	}
	return out
}

// add adds findings of principals, or of somebody outside.
func (m *merger) add(members []policy.Principal, outside *Outsider, list []finding) {
	for i := range list {
		f := &list[i]
		set := numbers(f.actions)
		key := f.key + "\x00" + set + "\x00" + strings.Join(f.resources, "\n")
		if outside != nil {
			key = outside.Type.String() + "\x00" + key
		}
		if r, ok := m.rows[key]; ok {
			r.Principals = append(r.Principals, members...)
			if outside != nil {
				r.Outside = append(r.Outside, *outside)
			}
			continue
		}
		actions, ok := m.actions[set]
		if !ok {
			for _, n := range f.actions {
				actions = append(actions, m.catalog.actions[n])
			}
			m.actions[set] = actions
		}
		r := &Row{
			Kind: f.kind, Principals: slices.Clone(members), Actions: actions, Resources: f.resources, Sampled: f.sampled,
			Example: f.Request, Before: f.Before, After: f.After, BeforeRequires: f.BeforeRequires, AfterRequires: f.AfterRequires,
			Causes: f.causes, Reason: f.reason,
		}
		if outside != nil {
			r.Outside = []Outsider{*outside}
		}
		m.rows[key] = r
		m.order = append(m.order, r)
	}
}

// vague is 1 for a row that depends on something else than conditions on both sides.
func (r *Row) vague() int {
	if r.Before.Outcome == Indeterminate && r.After.Outcome == Indeterminate && len(r.BeforeRequires.Allowed)+len(r.AfterRequires.Allowed) == 0 {
		return 1
	}
	return 0
}

func (r *Row) size() int { return (len(r.Principals) + len(r.Outside)) * len(r.Actions) }

func compareOutsiders(a, b Outsider) int {
	return compareMembers(member{principal: a.Principal, typ: a.Type}, member{principal: b.Principal, typ: b.Type})
}

// sorted are the rows in the order of the report.
func (m *merger) sorted() []Row {
	out := make([]Row, 0, len(m.order))
	witnesses := map[string][2][]Keys{}
	for _, r := range m.order {
		slices.SortFunc(r.Principals, comparePrincipals)
		if r.Kind == DeltaConditions {
			m.witness(r, witnesses)
		}
		out = append(out, *r)
	}
	slices.SortStableFunc(out, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.vague(), b.vague()), cmp.Compare(b.size(), a.size()),
			slices.CompareFunc(a.Principals, b.Principals, comparePrincipals), slices.CompareFunc(a.Outside, b.Outside, compareOutsiders), slices.Compare(a.Resources, b.Resources), slices.Compare(a.Actions, b.Actions))
	})
	return out
}
