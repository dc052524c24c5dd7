package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// regions writes what was found, with the values that narrow leaves of the other statements.
func (s *summarizer) regions(narrow func(st policy.Statement, of *policy.Statement) policy.Statement) []Region {
	var out []Region
	for _, f := range s.found {
		st := s.new.allow[f.statement]
		sid := st.SID
		st = chosen(st, f.principals, f.actions, f.resources)
		st.SID = sid
		r := Region{Statement: st}
		if f.within >= 0 {
			r.Within = append(r.Within, narrow(chosen(s.old.deny[f.within], nil, f.parts, nil), &st))
		}
		except := func(e policy.Statement) {
			e = narrow(e, &st)
			for i := range r.Within {
				e = narrow(e, &r.Within[i])
			}
			r.Except = append(r.Except, e)
		}
		for _, i := range f.denies {
			except(s.new.deny[i])
		}
		for _, i := range f.allows {
			except(s.old.allow[i])
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

// wordsOf are the statements of regions as one document, and what each region has by them.
func wordsOf(k policy.Kind, regions []Region) (*policy.Document, []requests, error) {
	var list []policy.Statement
	allows, denies := 0, 0
	add := func(st policy.Statement) (allow int, deny denial) {
		st.SID = ""
		list = append(list, st)
		if st.Effect == policy.Deny {
			denies++
		} else {
			allows++
		}
		return allows - 1, denial{otherDocument, denies - 1}
	}
	var out []requests
	for i := range regions {
		region := &regions[i]
		n, _ := add(region.Statement)
		r := requests{grants: []grant{{otherDocument, []int{n}}}, lacks: besideOf(k, &region.Statement)}
		if k == policy.ResourceControl {
			r.grants[0].allows = nil // what is allowed is all there is, whatever a document writes
		}
		for _, st := range region.Within {
			_, d := add(st)
			r.within = append(r.within, d)
		}
		for _, st := range region.Except {
			n, d := add(st)
			if st.Effect == policy.Deny {
				r.denies = append(r.denies, d)
			} else {
				r.lacks = append(r.lacks, grant{otherDocument, []int{n}})
			}
		}
		out = append(out, r)
	}
	d, err := policy.NewDocument(list...)
	return d, out, err
}

// certify proves, from the words of the regions and the documents as they are, that the
// regions have all of the difference and nothing else.
func (s *summarizer) certify(regions []Region) error {
	words, list, err := wordsOf(s.kind, regions)
	if err != nil {
		return err
	}
	c := newCompiler(s.ctx.Err, nil)
	all, err := stances(c, s.kind, s.updated, s.existing, words)
	if err != nil {
		return err
	}
	if err := c.lemmas(); err != nil {
		return err
	}
	if err := c.problem.Settle(); err != nil {
		return err
	}
	for i := range all {
		if err := all[i].certify(c, list); err != nil {
			return err
		}
	}
	return nil
}

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
