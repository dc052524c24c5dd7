package check

import (
	"context"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A summarizer finds the regions of a difference. What is allowed beyond what was is, for each
// Allow: what it matches outside of the Denies, and where what was refuses for one of its reasons.
type summarizer struct {
	ctx    context.Context
	lists  []sideStatements // by number; that of the pieces is the next
	ways   []way
	beside func(st *policy.Statement) []grant
	// isOthers tells statements that stand for other policies.
	isOthers func(st *policy.Statement) bool
	// compile makes the stances with the lists and the pieces' document.
	compile func(c *compiler, pieces *policy.Document) ([]stance, error)
	each    int // what a proof costs

	c       *compiler
	pieces  []piece
	parts   map[denial][]int // of Denies that are reasons, their actions as Denies of the pieces' document
	stances []stance
	found   []foundRegion
	work    budget
}

// sideStatements are a list's statements, of Version2012.
type sideStatements struct{ allow, deny []policy.Statement }

// A way is how policies allow: by an Allow of the list first, and one of each of more.
type way struct {
	first   int
	more    []int
	denies  []denial
	reasons []refusal       // why what was refuses the same
	at      *listedResource // of [Region]
}

// A refusal is lists of whose Allows none matches, or, where deny is not nil, a Deny that does.
// No lists: there is nothing that could allow.
type refusal struct {
	lists []int
	deny  *denial
	given []int // lists that allow all the same: what they do not allow has another reason
}

// A piece is one action and one resource of an Allow of a way, for one principal; -1: its whole list.
type piece struct{ way, statement, principal, action, resource int }

// A foundRegion is a region whose parts are numbers.
type foundRegion struct {
	way, statement                 int
	principals, actions, resources []int // values of the statement; nil: all
	pieces                         []int
	more                           []grant // one Allow of each of some lists
	reason                         *refusal
	parts                          []int // actions of the reason's Deny; nil: all
	denies                         []denial
	allows                         []grant // of the reason's lists, one of each
}

// others stands for what other policies allow: all that is asked of a policy that only denies,
// and what identity policies allow before a policy that names principals.
var others = policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}

// isOthers reports whether a statement of a policy of kind k is [others].
func isOthers(k policy.Kind, st *policy.Statement) bool {
	return (k.HasPrincipal() || k == policy.ResourceControl) && st.Principal.IsZero() && st.NotPrincipal.IsZero()
}

// own is the number of the list of the pieces.
func (s *summarizer) own() int { return len(s.lists) }

// find compiles the question and looks for regions.
func (s *summarizer) find() error {
	s.c = newCompiler(s.ctx.Err, nil)
	s.work, s.parts = maxWork, map[denial][]int{}
	pieces, err := s.split()
	if err != nil {
		return err
	}
	if s.stances, err = s.compile(s.c, pieces); err != nil {
		return err
	}
	if err := s.c.lemmas(); err != nil {
		return err
	}
	if err := s.c.problem.Settle(); err != nil {
		return err
	}
	for w := range s.ways {
		for i := range s.ways[w].reasons {
			if err := s.explore(w, &s.ways[w].reasons[i]); err != nil {
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

// explore looks for regions of a way with one reason: of the whole, of each Allow, and of each of
// its pieces.
func (s *summarizer) explore(w int, why *refusal) error {
	var all []int
	for i, p := range s.pieces {
		if p.way == w {
			all = append(all, i)
		}
	}
	if found, err := s.any(s.difference(w, all, s.ways[w].more, why)); !found || err != nil {
		return err
	}
	for n := range s.lists[s.ways[w].first].allow {
		var own []int
		for _, i := range all {
			if s.pieces[i].statement == n {
				own = append(own, i)
			}
		}
		if found, err := s.any(s.difference(w, own, s.ways[w].more, why)); err != nil {
			return err
		} else if !found {
			continue
		}
		// What else the refusing side allowed is in no word of the region.
		choices, err := s.choices(s.difference(w, own, nil, &refusal{lists: why.lists, deny: why.deny}), s.ways[w].more)
		if err != nil {
			return err
		}
		for _, more := range choices {
			if err := s.mark(w, n, more, why); err != nil {
				return err
			}
		}
	}
	return nil
}

// difference is what pieces have of the difference, where the lists more allow.
func (s *summarizer) difference(w int, pieces, more []int, why *refusal) requests {
	r := requests{grants: []grant{{s.own(), pieces}}, denies: s.ways[w].denies}
	for _, l := range more {
		r.grants = append(r.grants, grant{l, nil})
	}
	if why.deny != nil {
		r.within = []denial{*why.deny}
		for _, l := range why.given {
			r.grants = append(r.grants, grant{l, nil})
		}
	}
	for _, l := range why.lists {
		r.lacks = append(r.lacks, grant{l, nil})
	}
	return r
}

// choices are the Allows of further lists with which there is something of the requests, one of
// each list; none of a list that allows all of them.
func (s *summarizer) choices(r requests, more []int) ([][]grant, error) {
	out := [][]grant{nil}
	for _, l := range more {
		var next [][]grant
		for _, chosen := range out {
			with := r
			with.grants = append(slices.Clip(r.grants), chosen...)
			outside := with
			outside.lacks = append(slices.Clip(with.lacks), grant{l, nil})
			if found, err := s.any(outside); err != nil {
				return nil, err
			} else if !found {
				next = append(next, chosen)
				continue
			}
			for i := range s.lists[l].allow {
				one := grant{l, []int{i}}
				inside := with
				inside.grants = append(slices.Clip(with.grants), one)
				if found, err := s.any(inside); err != nil {
					return nil, err
				} else if found {
					next = append(next, append(slices.Clip(chosen), one))
				}
			}
		}
		if out = next; len(out) > MaxRegions {
			return nil, errLargeSummary
		}
	}
	return out, nil
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

// split makes pieces of the Allows that ways begin with, and a document of them.
func (s *summarizer) split() (*policy.Document, error) {
	size := func(n int) int { return max(1, n) }
	byAction, byBoth, byAll := 0, 0, 0
	for _, w := range s.ways {
		for i := range s.lists[w.first].allow {
			st := &s.lists[w.first].allow[i]
			actions := size(st.Action.Len())
			both := actions * size(st.Resource.Len())
			byAction, byBoth, byAll = byAction+actions, byBoth+both, byAll+both*size(len(entries(st.Principal)))
		}
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
	for w := range s.ways {
		for n, st := range s.lists[s.ways[w].first].allow {
			for _, p := range indices(len(entries(st.Principal)), byAll) {
				for _, a := range indices(st.Action.Len(), byAction) {
					for _, r := range indices(st.Resource.Len(), byBoth) {
						list = append(list, chosen(st, []int{p}, []int{a}, []int{r}))
						s.pieces = append(s.pieces, piece{w, n, p, a, r})
					}
				}
			}
		}
	}
	n := 0
	for _, w := range s.ways {
		for _, why := range w.reasons {
			if why.deny == nil || s.parts[*why.deny] != nil {
				continue
			}
			st := s.deny(*why.deny)
			var parts []int
			for _, a := range indices(st.Action.Len(), byAction+n+st.Action.Len()) {
				if a >= 0 {
					list = append(list, chosen(*st, nil, []int{a}, nil))
					parts, n = append(parts, n), n+1
				}
			}
			s.parts[*why.deny] = parts
		}
	}
	return policy.NewDocument(list...)
}

func (s *summarizer) deny(d denial) *policy.Statement { return &s.lists[d.list].deny[d.deny] }

// allow is the Allow that the region begins with.
func (s *summarizer) allow(f *foundRegion) *policy.Statement {
	return &s.lists[s.ways[f.way].first].allow[f.statement]
}

// narrow leaves to the Deny that is the reason the actions of which something is in the difference.
func (s *summarizer) narrow(f *foundRegion) error {
	if f.reason.deny == nil || s.parts[*f.reason.deny] == nil {
		return nil
	}
	whole := s.difference(f.way, f.pieces, nil, f.reason)
	whole.grants = append(whole.grants, f.more...)
	whole.lacks = append(whole.lacks, s.beside(s.allow(f))...)
	var kept []int
	for a, part := range s.parts[*f.reason.deny] {
		r := whole
		r.within = append(slices.Clip(r.within), denial{s.own(), part})
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
	r := requests{grants: append([]grant{{s.own(), f.pieces}}, f.more...), denies: f.denies}
	switch {
	case f.reason.deny != nil && f.parts == nil:
		r.within = []denial{*f.reason.deny}
	case f.reason.deny != nil:
		for _, a := range f.parts {
			r.oneOf = append(r.oneOf, denial{s.own(), s.parts[*f.reason.deny][a]})
		}
	}
	r.lacks = append(r.lacks, f.allows...)
	r.lacks = append(r.lacks, s.beside(s.allow(f))...)
	return r
}

// besideOf is what counts as no grant of an Allow: what other policies allow without it.
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

// mark finds the pieces of an Allow that are in the difference. Pieces with the same resources
// make one region, and so do principals with the same pieces.
func (s *summarizer) mark(w, n int, more []grant, why *refusal) error {
	in := map[piece]int{} // of the difference, with their numbers
	for i, p := range s.pieces {
		if p.way != w || p.statement != n {
			continue
		}
		r := s.difference(w, []int{i}, nil, why)
		r.grants = append(r.grants, more...)
		r.lacks = append(r.lacks, s.beside(&s.lists[s.ways[w].first].allow[n])...)
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
	for _, p := range s.distinct(w, n) {
		list := s.rows(w, n, p, in)
		if i := slices.IndexFunc(rows, func(o []row) bool { return slices.EqualFunc(o, list, row.equal) }); i >= 0 {
			principals[i] = append(principals[i], p)
			continue
		}
		principals, rows = append(principals, []int{p}), append(rows, list)
	}
	for i, list := range rows {
		for _, r := range list {
			f := foundRegion{way: w, statement: n, principals: principals[i], actions: r.actions, resources: r.resources, more: more, reason: why}
			for _, p := range principals[i] {
				for _, a := range r.actions {
					for _, resource := range r.resources {
						f.pieces = append(f.pieces, in[piece{w, n, p, a, resource}])
					}
				}
			}
			s.found = append(s.found, f)
		}
	}
	return nil
}

// distinct are the principals of an Allow that its pieces tell apart.
func (s *summarizer) distinct(w, n int) (out []int) {
	for _, p := range s.pieces {
		if p.way == w && p.statement == n && !slices.Contains(out, p.principal) {
			out = append(out, p.principal)
		}
	}
	return out
}

// rows are the actions and resources that are in the difference for a principal of Allow n.
func (s *summarizer) rows(w, n, principal int, in map[piece]int) []row {
	var list []row
	at := -2 // the action of the last row
	for _, p := range s.pieces {
		if _, ok := in[p]; !ok || p.way != w || p.statement != n || p.principal != principal {
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
		deny  *denial
		allow grant // without a Deny
	}
	var kept []exception
	var all []exception
	for i := range s.ways[f.way].denies {
		all = append(all, exception{deny: &s.ways[f.way].denies[i]})
	}
	for _, l := range f.reason.lists {
		for i := range s.lists[l].allow {
			all = append(all, exception{allow: grant{l, []int{i}}})
		}
	}
	set := func(list []exception) {
		f.denies, f.allows = nil, nil
		for _, e := range list {
			if e.deny != nil {
				f.denies = append(f.denies, *e.deny)
			} else {
				f.allows = append(f.allows, e.allow)
			}
		}
	}
	matters := func(e exception, beside []exception) (bool, error) {
		set(beside)
		r := s.region(f)
		if e.deny != nil {
			r.within = append(r.within, *e.deny)
		} else {
			r.grants = append(r.grants, e.allow)
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
