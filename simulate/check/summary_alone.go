package check

import (
	"context"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// alone are two documents, each of which decides alone; existing may be nil.
type alone struct {
	ctx               context.Context
	kind              policy.Kind
	existing, updated *policy.Document
}

// Their lists, by number.
const (
	updatedDocument = iota
	existingDocument
	otherDocument // of pieces, or of words
)

// certify proves, from the words of the regions and the documents as they are, that the
// regions have all of the difference and nothing else.
func (a *alone) certify(regions []Region) error {
	w, err := wordsOf(a.kind, otherDocument, regions, together)
	if err != nil {
		return err
	}
	c := newCompiler(a.ctx.Err, nil)
	all, err := stances(c, a.kind, a.updated, a.existing, w.all)
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
		if err := all[i].certify(c, w.regions); err != nil {
			return err
		}
	}
	return nil
}

// example looks for a request of the region. Evaluators decide that it is of the difference.
func (a *alone) example(r *Region) *Counterexample {
	w, err := wordsOf(a.kind, otherDocument, []Region{*r}, together)
	if err != nil {
		return nil
	}
	all, err := casesAlone(a.kind, a.updated, a.existing, w.all)
	if err != nil {
		return nil
	}
	for _, one := range all {
		asked := *one
		asked.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			st, err := newStance(c, a.kind, one)
			if err != nil {
				return nil, nil, err
			}
			side, lacks := st.holds(&w.regions[0])
			return append([]*symbolic.Side{side}, lacks...), st.require, nil
		}
		q := &question{ctx: a.ctx, cases: []*callerCase{&asked}, examples: []*policy.Document{w.all}}
		if found := q.answer().Counterexample; found != nil {
			return found
		}
	}
	return nil
}
