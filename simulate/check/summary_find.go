package check

import (
	"context"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A summarizer finds the regions of a difference. What updated allows beyond existing is, for
// each of its Allows: what it matches outside of its Denies and of the Allows of existing;
// and what it matches outside of its Denies and within one of the Denies of existing.
type summarizer struct {
	ctx               context.Context
	kind              policy.Kind
	existing, updated *policy.Document // existing may be nil

	c        *compiler
	new, old sideStatements
	pieces   []piece
	parts    [][]int  // of each Deny of existing, its actions as Denies of the pieces' document
	stances  []stance // with the documents updated, existing, and that of the pieces
	found    []foundRegion
	work     budget
	each     int // what a proof costs
}

// The documents of a summarizer, by number.
const (
	updatedDocument = iota
	existingDocument
	otherDocument // of pieces, or of words
)

// sideStatements are a document's statements, of Version2012.
type sideStatements struct{ allow, deny []policy.Statement }

// A piece is one action and one resource of an Allow, for one principal; -1: its whole list.
type piece struct{ statement, principal, action, resource int }

// A foundRegion is a region whose parts are numbers.
type foundRegion struct {
	statement                      int
	principals, actions, resources []int // values of the statement; nil: all
	pieces                         []int
	within                         int   // a Deny of existing; -1: none
	parts                          []int // actions of that Deny; nil: all
	denies                         []int // of updated
	allows                         []int // of existing
}

// others stands for what other policies allow: all that is asked of a policy that only denies,
// and what identity policies allow before a policy that names principals.
var others = policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}

// isOthers reports whether a statement of a policy of kind k is [others].
func isOthers(k policy.Kind, st *policy.Statement) bool {
	return (k.HasPrincipal() || k == policy.ResourceControl) && st.Principal.IsZero() && st.NotPrincipal.IsZero()
}

// find compiles the question and looks for regions.
func (s *summarizer) find() error {
	s.c = newCompiler(s.ctx.Err, nil)
	s.new, s.old = statementsOf(s.updated), statementsOf(s.existing)
	switch s.kind {
	case policy.ResourceControl: // its Allows are those of the full-access policy
		s.new.allow, s.old.allow = []policy.Statement{others}, nil
	case policy.ResourceBased, policy.RoleTrust:
		s.new.allow = append(s.new.allow, others)
	}
	pieces, err := s.split()
	if err != nil {
		return err
	}
	if s.stances, err = stances(s.c, s.kind, s.updated, s.existing, pieces); err != nil {
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
		for d := range s.old.deny {
			if err := s.mark(n, d); err != nil {
				return err
			}
		}
	}
	for i := range s.found {
		if err := s.narrow(&s.found[i]); err != nil {
			return err
		}
		if err := s.exceptions(&s.found[i]); err != nil {
			return err
		}
	}
	return s.dropCovered()
}

// statementsOf are the statements of a document as it would be written today; nil: none.
func statementsOf(d *policy.Document) (out sideStatements) {
	if d == nil {
		return out
	}
	for _, st := range d.Statements() {
		st = rewrite(st, d.Version())
		if st.Effect == policy.Deny {
			out.deny = append(out.deny, st)
		} else {
			out.allow = append(out.allow, st)
		}
	}
	return out
}

// split makes pieces of the Allows of updated, and a document of them.
func (s *summarizer) split() (*policy.Document, error) {
	size := func(n int) int { return max(1, n) }
	byAction, byBoth, byAll := 0, 0, 0
	for i := range s.new.allow {
		st := &s.new.allow[i]
		actions := size(st.Action.Len())
		both := actions * size(st.Resource.Len())
		byAction, byBoth, byAll = byAction+actions, byBoth+both, byAll+both*size(len(entries(st.Principal)))
	}
	indices := func(n, most int) (out []int) {
		if n < 2 || most > maxPieces {
			return []int{-1}
		}
		for i := range n {
			out = append(out, i)
		}
		return out
	}
	var list []policy.Statement
	for n, st := range s.new.allow {
		for _, p := range indices(len(entries(st.Principal)), byAll) {
			for _, a := range indices(st.Action.Len(), byAction) {
				for _, r := range indices(st.Resource.Len(), byBoth) {
					list = append(list, chosen(st, []int{p}, []int{a}, []int{r}))
					s.pieces = append(s.pieces, piece{n, p, a, r})
				}
			}
		}
	}
	n := 0
	for _, st := range s.old.deny {
		var parts []int
		for _, a := range indices(st.Action.Len(), byAction+n+st.Action.Len()) {
			if a >= 0 {
				list = append(list, chosen(st, nil, []int{a}, nil))
				parts, n = append(parts, n), n+1
			}
		}
		s.parts = append(s.parts, parts)
	}
	return policy.NewDocument(list...)
}

// narrow leaves to the Deny of existing the actions of which something is in the difference.
func (s *summarizer) narrow(f *foundRegion) error {
	if f.within < 0 || s.parts[f.within] == nil {
		return nil
	}
	whole := s.region(f)
	var kept []int
	for a, part := range s.parts[f.within] {
		r := whole
		r.within = append(slices.Clip(r.within), denial{otherDocument, part})
		r.grants = append(slices.Clip(r.grants), grant{existingDocument, nil})
		for j := range s.new.deny {
			r.denies = append(slices.Clip(r.denies), denial{updatedDocument, j})
		}
		found, err := s.any(r)
		if err != nil {
			return err
		}
		if found {
			kept = append(kept, a)
		}
	}
	f.parts = kept
	return nil
}

// region is what the region has.
func (s *summarizer) region(f *foundRegion) requests {
	r := requests{grants: []grant{{otherDocument, f.pieces}}}
	switch {
	case f.within >= 0 && f.parts == nil:
		r.within = []denial{{existingDocument, f.within}}
	case f.within >= 0:
		for _, a := range f.parts {
			r.oneOf = append(r.oneOf, denial{otherDocument, s.parts[f.within][a]})
		}
	}
	for _, i := range f.denies {
		r.denies = append(r.denies, denial{updatedDocument, i})
	}
	for _, i := range f.allows {
		r.lacks = append(r.lacks, grant{existingDocument, []int{i}})
	}
	r.lacks = append(r.lacks, s.beside(f.statement)...)
	return r
}

// beside is what counts as no grant of an Allow: what other policies allow without it.
func (s *summarizer) beside(statement int) []grant {
	return besideOf(s.kind, &s.new.allow[statement])
}

func besideOf(k policy.Kind, st *policy.Statement) []grant {
	if levelsOf(k) == 1 || isOthers(k, st) {
		return nil
	}
	return []grant{{otherDocument, []int{}}}
}

// any reports whether there may be such requests that no region among others has.
func (s *summarizer) any(r requests, regions ...requests) (bool, error) {
	for i := range s.stances {
		st := &s.stances[i]
		if !s.work.spend(s.each) {
			return false, errLargeSummary
		}
		side, lacks := st.holds(&r)
		for j := range regions {
			lacks = append(lacks, st.has(&regions[j]))
		}
		if found, err := st.any(s.c, side, lacks...); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// A row is some actions of an Allow on the same resources.
type row struct{ actions, resources []int }

func (r row) equal(o row) bool {
	return slices.Equal(r.actions, o.actions) && slices.Equal(r.resources, o.resources)
}

// mark finds the pieces of Allow n that are in the difference: outside of the Allows of
// existing, or within its Deny d. Pieces with the same resources make one region, and so do
// principals with the same pieces.
func (s *summarizer) mark(n, d int) error {
	in := map[piece]int{} // of the difference, with their numbers
	for i, p := range s.pieces {
		if p.statement != n {
			continue
		}
		r := requests{grants: []grant{{otherDocument, []int{i}}}, lacks: s.beside(n)}
		for j := range s.new.deny {
			r.denies = append(r.denies, denial{updatedDocument, j})
		}
		if d < 0 {
			r.lacks = append(r.lacks, grant{existingDocument, nil})
		} else {
			r.within, r.grants = []denial{{existingDocument, d}}, append(r.grants, grant{existingDocument, nil})
		}
		found, err := s.any(r)
		if err != nil {
			return err
		}
		if found {
			in[p] = i
		}
	}
	var principals [][]int
	var rows [][]row
	for _, p := range s.distinct(n) {
		list := s.rows(n, p, in)
		if i := slices.IndexFunc(rows, func(o []row) bool { return slices.EqualFunc(o, list, row.equal) }); i >= 0 {
			principals[i] = append(principals[i], p)
			continue
		}
		principals, rows = append(principals, []int{p}), append(rows, list)
	}
	for i, list := range rows {
		for _, r := range list {
			f := foundRegion{statement: n, principals: principals[i], actions: r.actions, resources: r.resources, within: d}
			for _, p := range principals[i] {
				for _, a := range r.actions {
					for _, resource := range r.resources {
						f.pieces = append(f.pieces, in[piece{n, p, a, resource}])
					}
				}
			}
			s.found = append(s.found, f)
		}
	}
	return nil
}

// distinct are the principals of an Allow that its pieces tell apart.
func (s *summarizer) distinct(n int) (out []int) {
	for _, p := range s.pieces {
		if p.statement == n && !slices.Contains(out, p.principal) {
			out = append(out, p.principal)
		}
	}
	return out
}

// rows are the actions and resources that are in the difference for a principal of Allow n.
func (s *summarizer) rows(n, principal int, in map[piece]int) []row {
	var list []row
	at := -2 // the action of the last row
	for _, p := range s.pieces {
		if _, ok := in[p]; !ok || p.statement != n || p.principal != principal {
			continue
		}
		if at != p.action {
			at = p.action
			list = append(list, row{actions: []int{p.action}})
		}
		last := &list[len(list)-1]
		last.resources = append(last.resources, p.resource)
	}
	var merged []row
	for _, r := range list {
		if i := slices.IndexFunc(merged, func(m row) bool { return slices.Equal(m.resources, r.resources) }); i >= 0 {
			merged[i].actions = append(merged[i].actions, r.actions...)
			continue
		}
		merged = append(merged, r)
	}
	return merged
}

// exceptions finds which statements a region must leave out.
func (s *summarizer) exceptions(f *foundRegion) error {
	type exception struct {
		deny bool
		n    int
	}
	var kept []exception
	var all []exception
	for i := range s.new.deny {
		all = append(all, exception{true, i})
	}
	if f.within < 0 {
		for i := range s.old.allow {
			all = append(all, exception{false, i})
		}
	}
	set := func(list []exception) {
		f.denies, f.allows = nil, nil
		for _, e := range list {
			if e.deny {
				f.denies = append(f.denies, e.n)
			} else {
				f.allows = append(f.allows, e.n)
			}
		}
	}
	matters := func(e exception, beside []exception) (bool, error) {
		set(beside)
		r := s.region(f)
		if e.deny {
			r.within = append(r.within, denial{updatedDocument, e.n})
		} else {
			r.grants = append(r.grants, grant{existingDocument, []int{e.n}})
		}
		return s.any(r)
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
	set(kept)
	return nil
}

// maxCovered limits the regions among which ones that others have are looked for.
const maxCovered = 60

// dropCovered leaves out regions that others have, the last first.
func (s *summarizer) dropCovered() error {
	if len(s.found) > maxCovered {
		return nil
	}
	for i := len(s.found) - 1; i >= 0; i-- {
		rest := slices.Delete(slices.Clone(s.found), i, i+1)
		var regions []requests
		for j := range rest {
			regions = append(regions, s.region(&rest[j]))
		}
		alone, err := s.any(s.region(&s.found[i]), regions...)
		if err != nil {
			return err
		}
		if !alone {
			s.found = rest
		}
	}
	return nil
}
