package simulate

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A permissionRow is what is true of one action on one span.
type permissionRow struct {
	text   string
	parent int // index of the row to which this is an exception, or -1
	answer *permissionAnswer
}

// A permissionAnswer is what the evaluator says to a sample.
type permissionAnswer struct {
	key      string // equal for equal requirements
	open     string // the key if nobody knew the region of the resource and its tags
	reached  bool   // something that is known grants it, or would but for a gap
	requires Requirement
	decision Decision
	grants   []int
	limits   []int
}

// idle reports whether the answer is worth no row of its own.
func (a *permissionAnswer) idle() bool { return a.never() || !a.reached }

func (a *permissionAnswer) never() bool { return len(a.requires.Allowed)+len(a.requires.Possible) == 0 }

// A cell is a span of a family with its answer. A cell without an answer has no resource
// that no narrower cell holds.
type cell struct {
	span   span
	answer *permissionAnswer
	silent bool // not to be shown where it denies
}

// rows lists the rows of an action, wider ones first. Actions of a service that the same
// statements are about, and that have the same resource types, have the same rows.
func (s *survey) rows(ctx context.Context, a *knownAction) ([]permissionRow, error) {
	var about []int
	for i := range s.statements {
		if s.statements[i].about(a) {
			about = append(about, i)
		}
	}
	key := s.key(a, about)
	if out, ok := s.memo[key]; ok {
		return out, nil
	}
	var base family
	s.spans(&base, about, nil)
	if s.open || strings.EqualFold(a.name.Service(), "sts") {
		base.alone(span{all: true})
	}
	for _, p := range slices.Concat(s.special(a), s.gaps) {
		base.alone(p)
	}
	base.complete()
	cells := s.cells(a, about, &base, nil)
	out := listing{at: map[string][]int{}}
	out.show(cells, 0)
	for _, l := range s.listedFor(a) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if spans := s.listedSpans(l, a); len(spans) > 0 {
			s.listedRows(&out, a, about, &base, cells, l, spans)
		}
	}
	s.memo[key] = out.rows
	return out.rows, nil
}

// key is equal for actions that have the same rows.
func (s *survey) key(a *knownAction, about []int) string {
	facts := serviceref.Embedded()
	key := []byte(strings.ToLower(a.name.Service()))
	key = strconv.AppendInt(append(key, ' '), int64(a.kinds.id), 10)
	key = strconv.AppendBool(append(key, ' '), facts.MayLackResourceAccount(a.name))
	_, collection := facts.Collection(a.name)
	switch strings.ToLower(a.name.Service()) {
	case "iam", "sts", "kms": // rules of single actions
		collection = true
	}
	if s.open && isBucketPolicyAction(a.name.Service(), a.name.Name()) {
		collection = true
	}
	if collection || a.index < 0 {
		key = append(append(key, ' '), strings.ToLower(string(a.name))...)
	}
	for _, i := range about {
		key = strconv.AppendInt(append(key, ' '), int64(i), 10)
	}
	return string(key)
}

// everything is the mark of all resources, for statements that exclude some.
const everything = math.MinInt

// spans marks the spans of the statements; owner's alone, or of all layers but the policies
// of listed resources.
func (s *survey) spans(f *family, about []int, owner *listedResource) {
	for _, i := range about {
		if r := &s.statements[i]; r.owner == owner {
			for _, p := range r.spans {
				f.mark(p, i)
			}
			if !r.src.NotResource.IsZero() {
				f.mark(span{all: true}, everything)
			}
		}
	}
}

// special are resources for which the services have rules of their own (R-SPC-6, R-SPC-7),
// or which RCPs do not reach.
func (s *survey) special(a *knownAction) []span {
	var texts []string
	switch strings.ToLower(a.name.Service()) {
	case "iam":
		texts = []string{"arn:*:iam::*:role/aws-reserved/*", "arn:*:iam::aws:policy/*"}
	case "sts":
		texts = []string{"arn:*:iam::*:role/aws-service-role/*"}
	case "kms":
		texts = []string{"arn:*:kms:*:*:alias/aws/*"}
	}
	var out []span
	for _, text := range texts {
		out = append(out, s.spanOf(text, policy.Version2008))
	}
	return out
}

// cells answers for each span of the family. Where the forms of a span's resources are
// decided differently, the smaller forms become spans of the family.
func (s *survey) cells(a *knownAction, about []int, f *family, outer []span) []cell {
	for {
		out, forms := s.answers(a, about, f, slices.Concat(outer, f.list))
		more := false
		for _, p := range forms {
			if !f.texts[p.String()] {
				more = true
				f.alone(p)
				f.add(p)
			}
		}
		if !more {
			return out
		}
	}
}

func (s *survey) answers(a *knownAction, about []int, f *family, among []span) (out []cell, forms []span) {
	for _, p := range f.list {
		c := cell{span: p}
		samples := s.samples(a, p, among)
		answers := make([]*permissionAnswer, len(samples))
		for i, sm := range samples {
			answers[i] = s.ask(a, about, sm)
			if f.tangled {
				answers[i] = answers[i].doubtful()
			}
			if c.answer == nil || answers[i].plainer(c.answer) {
				c.answer = answers[i]
			}
		}
		if c.answer == nil {
			continue
		}
		out = append(out, c)
		for i, sm := range samples {
			switch {
			case answers[i].key == c.answer.key:
			case sm.format == nil: // no resource
				out = append(out, cell{answer: answers[i]})
			default:
				common, _ := p.intersect(sm.format.span)
				forms = append(forms, common...)
			}
		}
	}
	return out, forms
}

// plainer reports whether a, rather than b, is what the row of a span should say, of which
// both are true: certain answers come first.
func (a *permissionAnswer) plainer(b *permissionAnswer) bool {
	rank := func(a *permissionAnswer) int {
		switch {
		case len(a.requires.Allowed) > 0:
			return 2
		case a.idle():
			return 1
		}
		return 0
	}
	return rank(a) > rank(b)
}

// doubtful is the answer if it is not certain which statements match.
func (a *permissionAnswer) doubtful() *permissionAnswer {
	out := *a
	out.requires = Requirement{Possible: []Alternative{nil}, Truncated: true}
	out.key, out.open = "doubtful", "doubtful"
	return &out
}

// ask decides the sample.
func (s *survey) ask(a *knownAction, about []int, sm permissionSample) *permissionAnswer {
	r := Request{Principal: s.query.Principal, Action: a.name, Resource: sm.arn, Keys: s.query.Keys, Session: s.query.Session}
	s.suppose(&r, sm.openRegion)
	out := &permissionAnswer{requires: s.env.Requires(r), decision: s.env.Can(r)}
	var w world
	w.resolve(s.env, &r)
	var certain []int // of the limits
	for _, i := range about {
		st := &s.statements[i]
		if !st.inForce(&w) || out.decision == (Decision{Outcome: Allowed, Stage: StageServiceRule}) {
			continue // no policy is asked about an action that needs no permission (R-SPC-1)
		}
		match := st.at.program.Match(st.index, &w.view)
		switch {
		case match == no:
		case st.src.Effect == policy.Deny, st.role == limits && match == maybe:
			out.limits = append(out.limits, i)
			if match == yes {
				certain = append(certain, i)
			}
		case st.role == grants && !out.never():
			out.grants = append(out.grants, i)
		}
	}
	if len(certain) > 0 {
		out.limits = certain // it denies whatever the others say
	}
	// A resource that is not listed may have a policy that grants what nothing else does, but
	// that is so with everybody.
	out.reached = w.view.Caller.Kind == policy.Root || len(out.grants) > 0 || len(out.requires.Allowed) > 0 || w.identity.gap != "" || w.resource.gap != "" || w.resourceGap
	out.key = out.requires.String()
	if out.open = out.key; s.env.derive && r.Resource.IsValid() && !sm.openRegion {
		open := []string{"aws:RequestedRegion"}
		if _, listed := s.env.resource(r.Resource); listed {
			open = append(open, "aws:ResourceTag/*")
		}
		for _, name := range open {
			ref := engine.NewKeyRef(strings.ReplaceAll(name, "*", "x"))
			if _, given := r.Keys.k.Value(&ref); !given {
				r.Keys = r.Keys.WithUnknown(name)
			}
		}
		out.open = s.env.Requires(r).String()
	}
	return out
}

// inForce reports whether the layer of the statement has a say in the request.
func (r *reach) inForce(w *world) bool {
	has := func(l *layer) bool { return slices.Contains(l.list, r.at) }
	switch {
	case r.owner != nil:
		return has(w.resource) && !(r.src.Effect == policy.Deny && w.unlocksBucket())
	case r.at.kind == policy.ResourceControl:
		return w.resourceControlSkipped() == "" && slices.ContainsFunc(w.rcps, func(l level) bool { return has(&l.layer) })
	case r.at.kind == policy.VPCEndpoint:
		return slices.ContainsFunc(w.env.services, func(ep *endpointEntry) bool {
			return has(&ep.policy) && (w.env.custom != nil || w.passes(ep) != no)
		})
	}
	return true
}

// suppose gives the keys that a row takes for granted: a resource whose ARN does not say
// whose it is belongs to the principal's account, and a span of several regions leaves the
// region open.
func (s *survey) suppose(r *Request, openRegion bool) {
	if !s.env.derive {
		return
	}
	if _, given := r.Keys.k.Value(&resourceAccount); !given && r.Resource.IsValid() && r.Resource.AccountID() == "" {
		if _, listed := s.env.resource(r.Resource); !listed {
			r.Keys = r.Keys.With("aws:ResourceAccount", s.account)
		}
	}
	if _, given := r.Keys.k.Value(&requestedRegion); !given && openRegion {
		r.Keys = r.Keys.WithUnknown("aws:RequestedRegion")
	}
}

// A listing is the rows of one action.
type listing struct {
	rows []permissionRow
	at   map[string][]int // by their text
}

// show adds the rows of the cells from one on that say more than those of wider ones: below
// each row that would otherwise speak for the cell and says something else.
func (l *listing) show(cells []cell, from int) {
	above := make([][]int, len(cells))
	order := make([]int, len(cells))
	for i := range cells {
		order[i] = i
		for j := range cells {
			if j != i && cells[j].wider(&cells[i], j < i) {
				above[i] = append(above[i], j)
			}
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return len(above[i]) - len(above[j]) })
	for _, i := range order {
		if i < from {
			continue
		}
		c := &cells[i]
		text := c.text()
		var wider []int
		for _, j := range above[i] {
			wider = append(wider, l.at[cells[j].text()]...)
		}
		own := l.at[text]
		speakers := slices.DeleteFunc(slices.Clone(wider), func(s int) bool {
			below := func(k int) bool { return l.below(k, s) }
			return slices.ContainsFunc(wider, below) || slices.ContainsFunc(own, below)
		})
		if c.silent && c.answer.idle() {
			continue
		}
		if len(speakers)+len(own) == 0 && !c.answer.idle() {
			l.add(permissionRow{text, -1, c.answer})
		}
		slices.Sort(speakers)
		for _, s := range slices.Compact(speakers) {
			if key := l.rows[s].answer.key; key != c.answer.key && key != c.answer.open {
				l.add(permissionRow{text, s, c.answer})
			}
		}
	}
}

func (l *listing) add(r permissionRow) {
	l.at[r.text] = append(l.at[r.text], len(l.rows))
	l.rows = append(l.rows, r)
}

// below reports whether row i is an exception to row j, or one to such.
func (l *listing) below(i, j int) bool {
	for i = l.rows[i].parent; i >= 0; i = l.rows[i].parent {
		if i == j {
			return true
		}
	}
	return false
}

// wider reports whether the cell's span holds that of o; first decides between equal ones.
func (c *cell) wider(o *cell, first bool) bool {
	switch {
	case o.none():
		return c.span.all
	case c.none():
		return false
	}
	return c.span.includes(o.span) && (first || !o.span.includes(c.span))
}

// none reports whether the cell is that of requests without a resource.
func (c *cell) none() bool { return !c.span.all && len(c.span.parts[0]) == 0 }

func (c *cell) text() string {
	if c.none() {
		return ""
	}
	return c.span.String()
}

// listedFor are the listed resources that the action may be asked of.
func (s *survey) listedFor(a *knownAction) []*listedResource {
	services := []string{}
	for _, f := range a.kinds.formats {
		if p := f.span.parts[2]; p.IsLiteral() && !slices.Contains(services, p.String()) {
			services = append(services, p.String())
		}
	}
	if a.index < 0 {
		services = append(services, strings.ToLower(a.name.Service()))
	}
	slices.Sort(services)
	var out []*listedResource
	for _, service := range services {
		out = append(out, s.listed[service]...)
	}
	return out
}

// listedRows adds the rows of a listed resource, and of what lies below it.
func (s *survey) listedRows(out *listing, a *knownAction, about []int, base *family, cells []cell, l *listedResource, spans []span) {
	within := family{marks: slices.Clip(base.marks), texts: map[string]bool{}, matched: map[string]string{}}
	s.spans(&within, about, l)
	marks := within.marks
	for _, p := range spans {
		within.alone(p)
	}
	for _, p := range spans {
		within.add(p)
		for _, m := range marks {
			common, ok := p.intersect(m.span)
			within.tangled = within.tangled || !ok
			for _, q := range common {
				within.add(q)
			}
		}
	}
	within.tangled = within.tangled || base.tangled
	all := slices.Clip(slices.DeleteFunc(slices.Clone(cells), func(c cell) bool {
		return !slices.ContainsFunc(spans, func(p span) bool { return c.span.includes(p) })
	}))
	from := len(all)
	for _, c := range s.cells(a, about, &within, slices.Clip(base.list)) {
		c.silent = !l.own
		all = append(all, c)
	}
	out.show(all, from)
}

// A table groups actions with equal rows.
type table struct {
	top []*permissionGroup
}

type permissionGroup struct {
	key     string
	row     permissionRow
	actions []string
	below   []*permissionGroup
}

// add puts the rows of an action into their groups.
func (t *table) add(a policy.Action, rows []permissionRow) {
	at := make([]*permissionGroup, len(rows))
	for i, r := range rows {
		list := &t.top
		if r.parent >= 0 {
			list = &at[r.parent].below
		}
		key := r.text + "\x00" + r.answer.group()
		k := slices.IndexFunc(*list, func(g *permissionGroup) bool { return g.key == key })
		if k < 0 {
			k = len(*list)
			*list = append(*list, &permissionGroup{key: key, row: r})
		}
		at[i] = (*list)[k]
		at[i].actions = append(at[i].actions, string(a))
	}
}

// group is equal for answers that one row can give.
func (a *permissionAnswer) group() string {
	key := []byte(a.key + "\x00")
	list := a.grants
	if a.never() {
		list = a.limits
		key = append(key, a.decision.Outcome.String()...)
	}
	for _, i := range list {
		key = strconv.AppendInt(append(key, ' '), int64(i), 10)
	}
	return string(key)
}

// permissions flattens the groups.
func (t *table) permissions(s *survey) []Permission {
	var out []Permission
	var flatten func(list []*permissionGroup, depth int)
	flatten = func(list []*permissionGroup, depth int) {
		slices.SortStableFunc(list, func(a, b *permissionGroup) int { return strings.Compare(a.row.text, b.row.text) })
		for _, g := range list {
			n := len(out)
			out = append(out, s.permission(g, depth))
			flatten(g.below, depth+1)
			if len(out) == n+1 && !s.speaksOf(g.row.text) {
				out = out[:n]
			}
		}
	}
	flatten(t.top, 0)
	return out
}

// speaksOf reports whether the query is about resources of the row.
func (s *survey) speaksOf(text string) bool {
	if len(s.wanted) == 0 || text == "" {
		return true
	}
	p := s.spanOf(text, policy.Version2012)
	return slices.ContainsFunc(s.wanted, func(q span) bool {
		common, ok := p.intersect(q)
		return !ok || len(common) > 0
	})
}

func (s *survey) permission(g *permissionGroup, depth int) Permission {
	a := g.row.answer
	p := Permission{Resource: g.row.text, Depth: depth, Requires: a.requires, Decision: a.decision}
	p.Actions = serviceref.Embedded().Shrink(g.actions)
	ref := func(list []int) []StatementRef {
		var out []StatementRef
		for _, i := range list {
			out = append(out, s.statements[i].at.statement(s.statements[i].index))
		}
		return out
	}
	p.Grants, p.Limits = ref(a.grants), ref(a.limits)
	return p
}
