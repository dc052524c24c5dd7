package check

import (
	"errors"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// The lists of a place that regions speak of.
const (
	wordsList = iota
	rcpsList
	namedList // what the resource's policy allows by name
	everyList // what it allows everybody, or the session
)

// wordsOf writes regions with the lists of a place.
func (g *gain) wordsOf(regions []Region) (words, error) {
	w, err := wordsOf(policy.IdentityBased, wordsList, regions, isOfRCP)
	for i := range w.regions {
		if st := &regions[i].Statement; isGranting(st) {
			by := namedList
			if namesEverybody(st.Principal) {
				by = everyList
			}
			w.regions[i].grants = append(w.regions[i].grants, grant{by, nil})
		}
	}
	return w, err
}

// standing is the stance of the principal at a place, with the words of regions.
func (g *gain) standing(c *compiler, p place, at *placement, holds *symbolic.Side, w words) (stance, error) {
	c.side = everySide
	ours := symbolic.True()
	if p.elsewhere || p.listed != nil && !g.reachesRCPs(p.listed) {
		ours = symbolic.False()
	}
	st := stance{levels: 1}
	if err := st.add(c, w.all, nil); err != nil {
		return st, err
	}
	if err := st.addRCP(c, w.apart, at.frees[0].reached, ours); err != nil {
		return st, err
	}
	direct, session := holds.Layers[at.direct], holds.Layers[at.session]
	byName := session
	if !g.bounded() { // all the same
		byName = slices.Concat(direct, session)
	}
	for _, list := range [][]symbolic.Statement{byName, direct} {
		st.sides = append(st.sides, everyLayer([][]symbolic.Statement{list}, nil))
	}
	return st, st.begin(c, g.subjects[0].caller.kind)
}

// reachesRCPs reports whether the RCPs of the principal's account are in force on a listed resource.
func (g *gain) reachesRCPs(r *listedResource) bool {
	sub := &g.subjects[0]
	return r.owner == sub.principal.AccountID() && len(sub.env.Standing(sub.request(r.action(), r.arn)).Layers.ResourceControl) > 0
}

// certify proves, from the words of the regions and the environments as they are, what [Gained]
// says, and leaves out what stands for resource policies if the rest has all of it.
func (g *gain) certify(regions []Region) ([]Region, error) {
	if own := slices.DeleteFunc(slices.Clone(regions), func(r Region) bool { return isGranting(&r.Statement) }); len(own) < len(regions) {
		if err := g.proves(own); !errors.Is(err, errUncertified) {
			return own, err
		}
	}
	return regions, g.proves(regions)
}

func (g *gain) proves(regions []Region) error {
	w, err := g.wordsOf(regions)
	if err != nil {
		return err
	}
	for _, p := range g.places(g.listed) {
		if err := g.proveAt(p, w, (*gainPlace).holdsAll); errors.Is(err, errUncertified) {
			return uncertifiedAt{g.placeText(p)}
		} else if err != nil {
			return err
		}
	}
	var of []*listedResource // nil: all resources of the account
	for i := range regions {
		if !slices.Contains(of, regions[i].at) {
			of = append(of, regions[i].at)
		}
	}
	for _, r := range of {
		p := place{owned: r == nil, listed: r}
		if err := g.proveAt(p, w, func(at *gainPlace) error { return at.holdsNothingElse(regions, r) }); errors.Is(err, errUncertified) {
			return uncertifiedAt{g.placeText(p)}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// uncertifiedAt says where the regions are not proved to be the difference.
type uncertifiedAt struct{ place string }

func (e uncertifiedAt) Error() string { return errUncertified.Error() + " on " + e.place }
func (e uncertifiedAt) Unwrap() error { return errUncertified }

func (g *gain) placeText(p place) string {
	switch {
	case p.listed != nil && p.listed.role:
		return p.listed.arn.String() + " when it is assumed"
	case p.listed != nil:
		return p.listed.arn.String()
	case p.unlisted:
		return "resources of the account that are not listed and may have a policy"
	case p.elsewhere:
		return "resources of other accounts, and those whose policies are not known"
	}
	if p.owned {
		return "all resources of the account"
	}
	return "resources of the account without a policy"
}

// A gainPlace is what the principal can do at a place, with the words of regions.
type gainPlace struct {
	c              *compiler
	after          *symbolic.Side
	before         []*symbolic.Side // none where nobody was
	words          stance
	regions        []requests
	where, ungated *symbolic.Side // the place, and what needs no grant to the account there
	free           stackFree
	bounded        bool
}

func (g *gain) proveAt(p place, w words, prove func(*gainPlace) error) error {
	one, of := g.placed(p)
	c := newCompiler(g.ctx.Err, nil)
	sides, require, err := one.sides(c)
	if err != nil {
		return err
	}
	at := &gainPlace{c: c, after: sides[0], before: sides[1:], regions: w.regions, free: of.frees[0], bounded: g.bounded()}
	if at.words, err = g.standing(c, p, of, sides[0], w); err != nil {
		return err
	}
	at.words.require = require
	where, ungated := newSide(c), newSide(c)
	where.Grant = everyLayer(nil, nil).Grant
	g.within(where, p)
	ungated.noAccountGrant()
	at.where, at.ungated = where.Side, everyLayer(ungated.Layers, nil)
	for _, err := range []error{where.err, ungated.err, c.lemmas(), c.problem.Settle()} {
		if err != nil {
			return err
		}
	}
	// A contradiction in what is said of the caller would prove anything.
	if _, ok, err := c.problem.Solve(require); err != nil {
		return err
	} else if !ok {
		return errContradiction
	}
	return prove(at)
}

// none proves that there is no request of a side that the others do not have.
func (at *gainPlace) none(require *symbolic.Formula, side *symbolic.Side, lacks ...*symbolic.Side) error {
	st := stance{require: symbolic.And(at.words.require, require)}
	found, err := st.any(at.c, side, lacks...)
	if err == nil && found {
		err = errUncertified
	}
	return err
}

// holdsAll proves that all of the difference is in the regions.
func (at *gainPlace) holdsAll() error {
	lacks := slices.Clone(at.before)
	for i := range at.regions {
		lacks = append(lacks, at.words.has(&at.regions[i]))
	}
	return at.none(symbolic.True(), at.after, lacks...)
}

// holdsNothingElse proves that all that is in the regions is of the difference: where the policy of the
// resource grants nothing, but for what needs that; where it grants the account; and where it
// grants the principal itself, in regions that are about that. Those of a listed resource are about
// nothing else.
func (at *gainPlace) holdsNothingElse(regions []Region, r *listedResource) error {
	free := at.free
	denied := symbolic.Not(free.denied.Is())
	itself := symbolic.Or(free.direct.Is(), free.session.Is())
	for i := range at.regions {
		if regions[i].at != r {
			continue
		}
		side, lacks := at.words.holds(&at.regions[i])
		if r != nil {
			if err := at.none(symbolic.True(), side, append(slices.Clip(lacks), at.where)...); err != nil {
				return err
			}
		}
		side = every(side, at.where)
		only := func(require *symbolic.Formula, side *symbolic.Side) error {
			if err := at.none(require, side, append(slices.Clip(lacks), at.after)...); err != nil {
				return err
			}
			for _, b := range at.before {
				if err := at.none(require, every(side, b), lacks...); err != nil {
					return err
				}
			}
			return nil
		}
		var err error
		if r != nil {
			err = only(symbolic.True(), side)
		} else if isGranting(&regions[i].Statement) {
			if !at.bounded || namesEverybody(regions[i].Statement.Principal) {
				err = only(symbolic.And(denied, free.direct.Is()), side)
			}
			if err == nil && !namesEverybody(regions[i].Statement.Principal) {
				err = only(symbolic.And(denied, free.session.Is(), symbolic.Not(free.direct.Is())), side)
			}
		} else if err = only(symbolic.And(denied, symbolic.Not(itself), free.account.Is()), side); err == nil {
			err = only(symbolic.And(denied, symbolic.Not(itself), symbolic.Not(free.account.Is())), every(side, at.ungated))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
