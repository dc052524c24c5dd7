package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// A summarizer finds the regions of a difference. What updated allows beyond existing is, for
// each of its Allows: what it matches outside of its Denies and of the Allows of existing;
// and what it matches outside of its Denies and within one of the Denies of existing.
type summarizer struct {
	ctx               context.Context
	kind              policy.Kind
	existing, updated *policy.Document // existing may be nil

	c       *compiler
	new     sideStatements
	old     sideStatements
	pieces  []piece
	service []symbolic.Statement // Denies of what no policy decides
	found   []foundRegion
	work    budget
	each    int // what a proof costs
}

// sideStatements are a document's statements, of Version2012, and what they compile to.
type sideStatements struct {
	allow, deny    []policy.Statement
	allows, denies []symbolic.Statement
}

// A piece is one action and one resource of an Allow; -1: its whole list.
type piece struct {
	statement, action, resource int
	symbolic.Statement
}

// A foundRegion is a region whose parts are numbers.
type foundRegion struct {
	statement          int
	actions, resources []int // values of the statement; nil: all
	pieces             []symbolic.Statement
	within             int   // a Deny of existing; -1: none
	denies             []int // of updated
	allows             []int // of existing
}

// find compiles the question and looks for regions.
func (s *summarizer) find() error {
	s.c = newCompiler(s.ctx.Err, nil)
	var err error
	if s.new, err = s.statements(s.updated); err != nil {
		return err
	}
	if s.old, err = s.statements(s.existing); err != nil {
		return err
	}
	if err := s.split(); err != nil {
		return err
	}
	if s.service, err = s.serviceDenies(s.c); err != nil {
		return err
	}
	if err := s.c.lemmas(); err != nil {
		return err
	}
	if err := s.c.problem.Settle(); err != nil {
		return err
	}
	for n := range s.new.allow {
		if err := s.mark(n, -1); err != nil {
			return err
		}
		for d := range s.old.denies {
			if err := s.mark(n, d); err != nil {
				return err
			}
		}
	}
	for i := range s.found {
		if err := s.exceptions(&s.found[i]); err != nil {
			return err
		}
	}
	return s.dropCovered()
}

func (s *summarizer) serviceDenies(c *compiler) ([]symbolic.Statement, error) {
	b := newSide(c)
	b.serviceRules(policy.User)
	return b.Denies, b.err
}

// statements compiles a document as it would be written today.
func (s *summarizer) statements(d *policy.Document) (out sideStatements, err error) {
	if d == nil {
		return out, nil
	}
	var list []policy.Statement
	for _, st := range d.Statements() {
		st = rewrite(st, d.Version())
		list = append(list, st)
		if st.Effect == policy.Deny {
			out.deny = append(out.deny, st)
		} else {
			out.allow = append(out.allow, st)
		}
	}
	now, err := policy.NewDocument(list...)
	if err != nil {
		return out, err
	}
	out.allows, out.denies, err = s.c.statements(now, s.kind, nil)
	return out, err
}

// split makes pieces of the Allows of updated.
func (s *summarizer) split() error {
	count := func(l list, st *policy.Statement) int { return max(1, len(l.get(st))) }
	byAction, byBoth := 0, 0
	for i := range s.new.allow {
		st := &s.new.allow[i]
		byAction += count(actionList, st)
		byBoth += count(actionList, st) * count(resourceList, st)
	}
	indices := func(l list, st *policy.Statement, most int) (out []int) {
		values := l.get(st)
		if len(values) < 2 || most > maxPieces {
			return []int{-1}
		}
		for i := range values {
			out = append(out, i)
		}
		return out
	}
	var list []policy.Statement
	for n := range s.new.allow {
		st := s.new.allow[n]
		for _, a := range indices(actionList, &st, byAction) {
			for _, r := range indices(resourceList, &st, byBoth) {
				one := st
				one.SID = ""
				if a >= 0 {
					one.Action = policy.List(st.Action.At(a))
				}
				if r >= 0 {
					one.Resource = policy.List(st.Resource.At(r))
				}
				list = append(list, one)
				s.pieces = append(s.pieces, piece{statement: n, action: a, resource: r})
			}
		}
	}
	d, err := policy.NewDocument(list...)
	if err != nil {
		return err
	}
	allows, _, err := s.c.statements(d, s.kind, nil)
	if err != nil {
		return err
	}
	for i := range allows {
		s.pieces[i].Statement = allows[i]
	}
	return nil
}

// any reports whether there may be a request that all layers match, and none of the Denies
// nor what no policy decides, and that no other side has.
func (s *summarizer) any(layers [][]symbolic.Statement, denies []symbolic.Statement, others ...*symbolic.Side) (bool, error) {
	if !s.work.spend(s.each) {
		return false, errLargeSummary
	}
	side := everyLayer(layers, slices.Concat(denies, s.service))
	found := false
	err := s.c.problem.Each(side, others, symbolic.True(), func(*symbolic.Cell) bool {
		found = true
		return false
	})
	return found, err
}

// everyLayer is a side all of whose layers must allow.
func everyLayer(layers [][]symbolic.Statement, denies []symbolic.Statement) *symbolic.Side {
	return &symbolic.Side{Layers: layers, Denies: denies, Grant: func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(l...) }}
}

// mark finds the pieces of Allow n that are in the difference: outside of the Allows of
// existing, or within its Deny d. Pieces with the same resources make one region.
func (s *summarizer) mark(n, d int) error {
	type rows struct {
		actions   []int
		resources []int
		pieces    []symbolic.Statement
	}
	var list []rows
	at := -2 // the action of the last row
	for _, p := range s.pieces {
		if p.statement != n {
			continue
		}
		layers, denies := [][]symbolic.Statement{{p.Statement}}, s.new.denies
		if d < 0 {
			denies = slices.Concat(denies, s.old.allows)
		} else {
			layers = append(layers, s.old.denies[d:d+1], s.old.allows)
		}
		in, err := s.any(layers, denies)
		if err != nil {
			return err
		}
		if !in {
			continue
		}
		if at != p.action {
			at = p.action
			list = append(list, rows{actions: []int{p.action}})
		}
		row := &list[len(list)-1]
		row.resources, row.pieces = append(row.resources, p.resource), append(row.pieces, p.Statement)
	}
	var merged []rows
	for _, r := range list {
		if i := slices.IndexFunc(merged, func(m rows) bool { return slices.Equal(m.resources, r.resources) }); i >= 0 {
			merged[i].actions, merged[i].pieces = append(merged[i].actions, r.actions...), append(merged[i].pieces, r.pieces...)
			continue
		}
		merged = append(merged, r)
	}
	for _, r := range merged {
		s.found = append(s.found, foundRegion{statement: n, actions: r.actions, resources: r.resources, pieces: r.pieces, within: d})
	}
	return nil
}

// layers are those that a request of the region passes.
func (s *summarizer) layers(f *foundRegion) [][]symbolic.Statement {
	out := [][]symbolic.Statement{f.pieces}
	if f.within >= 0 {
		out = append(out, s.old.denies[f.within:f.within+1])
	}
	return out
}

// exceptions finds which statements a region must leave out.
func (s *summarizer) exceptions(f *foundRegion) error {
	type exception struct {
		symbolic.Statement
		deny bool
		n    int
	}
	var kept []exception
	all := []exception{}
	for i, d := range s.new.denies {
		all = append(all, exception{d, true, i})
	}
	if f.within < 0 {
		for i, a := range s.old.allows {
			all = append(all, exception{a, false, i})
		}
	}
	matters := func(e exception, beside []exception) (bool, error) {
		var denies []symbolic.Statement
		for _, o := range beside {
			denies = append(denies, o.Statement)
		}
		return s.any(append(s.layers(f), []symbolic.Statement{e.Statement}), denies)
	}
	for _, e := range all {
		in, err := matters(e, nil)
		if err != nil {
			return err
		}
		if in {
			kept = append(kept, e)
		}
	}
	for i := len(kept) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(kept), i, i+1)
		in, err := matters(kept[i], rest)
		if err != nil {
			return err
		}
		if !in {
			kept = rest
		}
	}
	for _, e := range kept {
		if e.deny {
			f.denies = append(f.denies, e.n)
		} else {
			f.allows = append(f.allows, e.n)
		}
	}
	return nil
}

// maxCovered limits the regions among which ones that others have are looked for.
const maxCovered = 60

// dropCovered leaves out regions that others have, the last first.
func (s *summarizer) dropCovered() error {
	if len(s.found) > maxCovered {
		return nil
	}
	denies := func(f *foundRegion) (out []symbolic.Statement) {
		for _, i := range f.denies {
			out = append(out, s.new.denies[i])
		}
		for _, i := range f.allows {
			out = append(out, s.old.allows[i])
		}
		return out
	}
	for i := len(s.found) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(s.found), i, i+1)
		var others []*symbolic.Side
		for j := range rest {
			others = append(others, everyLayer(s.layers(&rest[j]), denies(&rest[j])))
		}
		alone, err := s.any(s.layers(&s.found[i]), denies(&s.found[i]), others...)
		if err != nil {
			return err
		}
		if !alone {
			s.found = rest
		}
	}
	return nil
}

// regions writes what was found, with the values that narrow leaves of the other statements.
func (s *summarizer) regions(narrow func(st policy.Statement, of *policy.Statement) policy.Statement) []Region {
	var out []Region
	for _, f := range s.found {
		st := s.new.allow[f.statement]
		st.Action, st.Resource = chosen(st.Action, f.actions), chosen(st.Resource, f.resources)
		r := Region{Statement: st}
		if f.within >= 0 {
			r.Within = append(r.Within, narrow(s.old.deny[f.within], &st))
		}
		for _, i := range f.denies {
			r.Except = append(r.Except, narrow(s.new.deny[i], &st))
		}
		for _, i := range f.allows {
			r.Except = append(r.Except, narrow(s.old.allow[i], &st))
		}
		out = append(out, r)
	}
	return out
}

// chosen are some of the values; -1: all.
func chosen(p policy.Patterns, indices []int) policy.Patterns {
	if len(indices) == 0 || indices[0] < 0 {
		return p
	}
	var out []string
	for _, i := range indices {
		out = append(out, p.At(i))
	}
	return policy.List(out...)
}

// near narrows the lists of a statement to the values that may have something in common with
// those of another.
func near(st policy.Statement, of *policy.Statement) policy.Statement {
	for _, l := range []list{actionList, resourceList} {
		values, others := l.get(&st), l.texts(l.get(of))
		if len(values) < 2 || others == nil {
			continue
		}
		var kept []string
		for i, v := range l.texts(values) {
			if meetsOne(others, v) {
				kept = append(kept, values[i])
			}
		}
		if len(kept) > 0 {
			l.set(&st, kept)
		}
	}
	return st
}

// region compiles a region from its words.
func (c *compiler) region(k policy.Kind, r *Region) (*symbolic.Side, error) {
	one := func(st policy.Statement) (symbolic.Statement, error) {
		st.SID = ""
		d, err := policy.NewDocument(st)
		if err != nil {
			return symbolic.Statement{}, err
		}
		allows, denies, err := c.statements(d, k, nil)
		if err != nil {
			return symbolic.Statement{}, err
		}
		return append(allows, denies...)[0], nil
	}
	side := everyLayer(nil, nil)
	for i, st := range append([]policy.Statement{r.Statement}, r.Within...) {
		compiled, err := one(st)
		if err != nil {
			return nil, fmt.Errorf("part %d of the region: %w", i, err)
		}
		side.Layers = append(side.Layers, []symbolic.Statement{compiled})
	}
	for _, st := range r.Except {
		compiled, err := one(st)
		if err != nil {
			return nil, err
		}
		side.Denies = append(side.Denies, compiled)
	}
	return side, nil
}

// certify proves, from the words of the regions and the documents as they are, that the
// regions have all of the difference and nothing else.
func (s *summarizer) certify(regions []Region) error {
	c := newCompiler(s.ctx.Err, nil)
	sides, _, err := identityCase(s.kind, [2][]*policy.Document{attached(s.updated), attached(s.existing)}).sides(c)
	if err != nil {
		return err
	}
	updated, existing := sides[0], sides[1]
	service, err := s.serviceDenies(c)
	if err != nil {
		return err
	}
	var list []*symbolic.Side
	for i := range regions {
		side, err := c.region(s.kind, &regions[i])
		if err != nil {
			return err
		}
		side.Denies = slices.Concat(side.Denies, service)
		list = append(list, side)
	}
	if err := c.lemmas(); err != nil {
		return err
	}
	if err := c.problem.Settle(); err != nil {
		return err
	}
	empty := func(holds *symbolic.Side, lacks ...*symbolic.Side) error {
		found := false
		err := c.problem.Each(holds, lacks, symbolic.True(), func(*symbolic.Cell) bool {
			found = true
			return false
		})
		if err == nil && found {
			err = errUncertified
		}
		return err
	}
	if err := empty(updated, append([]*symbolic.Side{existing}, list...)...); err != nil {
		return err
	}
	for _, side := range list {
		if err := empty(side, updated); err != nil {
			return err
		}
		n := len(side.Layers)
		both := &symbolic.Side{Layers: slices.Concat(side.Layers, existing.Layers), Denies: slices.Concat(side.Denies, existing.Denies),
			Grant: func(l []*symbolic.Formula) *symbolic.Formula {
				return symbolic.And(side.Grant(l[:n]), existing.Grant(l[n:]))
			}}
		if err := empty(both); err != nil {
			return err
		}
	}
	return nil
}
