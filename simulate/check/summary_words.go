package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// regions writes what was found, with the values that narrow leaves of the other statements.
func (s *summarizer) regions(narrow func(st policy.Statement, of *policy.Statement) policy.Statement) []Region {
	var out []Region
	for i := range s.found {
		f := &s.found[i]
		st := *s.allow(f)
		sid := st.SID
		st = chosen(st, f.principals, f.actions, f.resources)
		st.SID = sid
		r := Region{Statement: st, others: s.isOthers(&st), at: s.ways[f.way].at}
		near := func(other policy.Statement) policy.Statement {
			other = narrow(other, &st)
			for i := range r.Within {
				other = narrow(other, &r.Within[i])
			}
			return other
		}
		for _, g := range f.more {
			r.Within = append(r.Within, near(s.lists[g.list].allow[g.allows[0]]))
		}
		if d := f.reason.deny; d != nil {
			r.Within = append(r.Within, near(chosen(*s.deny(*d), nil, f.parts, nil)))
		}
		for _, d := range f.denies {
			r.Except = append(r.Except, near(*s.deny(d)))
		}
		for _, g := range f.allows {
			r.Except = append(r.Except, near(s.lists[g.list].allow[g.allows[0]]))
		}
		out = append(out, r)
	}
	return out
}

// chosen is a statement with some of its values, without its Sid; -1: all.
func chosen(st policy.Statement, principals, actions, resources []int) policy.Statement {
	st.SID = ""
	pick := func(p policy.Patterns, indices []int) policy.Patterns {
		if len(indices) == 0 || indices[0] < 0 {
			return p
		}
		var out []string
		for _, i := range indices {
			out = append(out, p.At(i))
		}
		return policy.List(out...)
	}
	st.Action, st.Resource = pick(st.Action, actions), pick(st.Resource, resources)
	list := entries(st.Principal)
	if len(principals) == 0 || principals[0] < 0 || len(principals) == len(list) {
		return st
	}
	var types []policy.PrincipalType
	ids := map[policy.PrincipalType][]string{}
	for _, i := range principals {
		e := list[i]
		if ids[e.typ] == nil {
			types = append(types, e.typ)
		}
		ids[e.typ] = append(ids[e.typ], e.id)
	}
	st.Principal = policy.Principals{}
	for _, t := range types {
		st.Principal = st.Principal.And(t, ids[t]...)
	}
	return st
}

// An entry is one of a Principal element.
type entry struct {
	typ policy.PrincipalType
	id  string
}

func entries(p policy.Principals) (out []entry) {
	for typ, id := range p.All() {
		out = append(out, entry{typ, id})
	}
	return out
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

// words are the statements of regions, and what each region has by them. Denies that name
// principals may stand apart, in a list of their own.
type words struct {
	all, apart *policy.Document
	regions    []requests
}

// wordsOf writes the regions as the list number first, and the Denies that isApart tells as the next one.
func wordsOf(k policy.Kind, first int, regions []Region, isApart func(*policy.Statement) bool) (w words, err error) {
	var list, apart []policy.Statement
	allows, denies := 0, 0
	add := func(st policy.Statement) (allow int, deny denial) {
		st.SID = ""
		switch {
		case st.Effect == policy.Deny && isApart(&st):
			apart = append(apart, st)
			return -1, denial{first + 1, len(apart) - 1}
		case st.Effect == policy.Deny:
			denies++
		default:
			allows++
		}
		list = append(list, st)
		return allows - 1, denial{first, denies - 1}
	}
	for i := range regions {
		region := &regions[i]
		n, _ := add(region.Statement)
		r := requests{grants: []grant{{first, []int{n}}}, lacks: besideOf(k, &region.Statement)}
		if k == policy.ResourceControl {
			r.grants[0].allows = nil // what is allowed is all there is, whatever a document writes
		}
		for _, st := range region.Within {
			n, d := add(st)
			if st.Effect == policy.Deny {
				r.within = append(r.within, d)
			} else {
				r.grants = append(r.grants, grant{first, []int{n}})
			}
		}
		for _, st := range region.Except {
			n, d := add(st)
			if st.Effect == policy.Deny {
				r.denies = append(r.denies, d)
			} else {
				r.lacks = append(r.lacks, grant{first, []int{n}})
			}
		}
		w.regions = append(w.regions, r)
	}
	if w.all, err = policy.NewDocument(list...); err == nil {
		w.apart, err = policy.NewDocument(apart...)
	}
	return w, err
}

// together leaves all words in one list.
func together(*policy.Statement) bool { return false }

func (st *stance) certify(c *compiler, regions []requests) error {
	none := func(side *symbolic.Side, lacks ...*symbolic.Side) error {
		found, err := st.any(c, side, lacks...)
		if err == nil && found {
			err = errUncertified
		}
		return err
	}
	updated, existing := st.sides[updatedDocument], st.sides[existingDocument]
	missing := []*symbolic.Side{existing}
	for i := range regions {
		missing = append(missing, st.has(&regions[i]))
	}
	if err := none(updated, missing...); err != nil {
		return err
	}
	for i := range regions {
		side, lacks := st.holds(&regions[i])
		if err := none(side, append(slices.Clip(lacks), updated)...); err != nil {
			return err
		}
		if err := none(every(side, existing), lacks...); err != nil {
			return err
		}
	}
	return nil
}
