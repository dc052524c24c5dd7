package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// requests is a set of requests by what matches them. Lists of statements are numbers of those
// that a stance has.
type requests struct {
	grants []grant  // each of them allows
	within []denial // each of them matches
	oneOf  []denial // one of them matches; nil: all is said
	denies []denial // none matches
	lacks  []grant  // none allows
}

// A grant is some Allows of a list; nil: all of them.
type grant struct {
	list   int
	allows []int
}

// A denial is a Deny of a list.
type denial struct{ list, deny int }

// levelsOf is how many layers the Allows of a policy of kind k take.
func levelsOf(k policy.Kind) int {
	if k == policy.ResourceBased || k == policy.RoleTrust {
		return 3
	}
	return 1
}

// A stance is a kind of caller in front of lists of statements.
type stance struct {
	sides   []*symbolic.Side         // of each list, with all of its Allows
	levels  int                      // layers that the Allows of a list take
	denials [][][]symbolic.Statement // of each list, what each of its Denies denies
	frame   *symbolic.Side           // what all of the requests have in common
	require *symbolic.Formula
}

// stances compiles documents for all callers.
func stances(c *compiler, k policy.Kind, documents ...*policy.Document) ([]stance, error) {
	list, err := casesAlone(k, documents...)
	if err != nil {
		return nil, err
	}
	var out []stance
	for _, one := range list {
		st, err := newStance(c, k, one)
		if err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

func newStance(c *compiler, k policy.Kind, one *callerCase) (stance, error) {
	sides, require, err := one.sides(c)
	if err != nil {
		return stance{}, err
	}
	each, rules := 1, len(serviceRulesOf(one.kind))
	switch {
	case k == policy.ResourceBased && one.kind == policy.Root:
		rules += bucketPolicyRules
	case k == policy.ResourceControl:
		each = 2 // as resourceControl writes them
	}
	st := stance{sides: sides, levels: levelsOf(k), frame: everyLayer(nil, sides[0].Denies[:rules]), require: require}
	for _, side := range sides {
		st.denials = append(st.denials, slices.Collect(slices.Chunk(side.Denies[rules:], each)))
	}
	return st, nil
}

// allowing is the side of some Allows of a list, without Denies.
func (st *stance) allowing(g grant) *symbolic.Side {
	side := st.sides[g.list]
	out := &symbolic.Side{Layers: slices.Clone(side.Layers), Grant: side.Grant}
	for l := 0; l < st.levels && g.allows != nil; l++ {
		layer := []symbolic.Statement{}
		for _, i := range g.allows {
			layer = append(layer, side.Layers[l][i])
		}
		out.Layers[l] = layer
	}
	return out
}

// deny is what a Deny of a list denies.
func (st *stance) deny(p denial) []symbolic.Statement { return st.denials[p.list][p.deny] }

// holds is the side that has the requests, but for those that a side of lacks has.
func (st *stance) holds(r *requests) (side *symbolic.Side, lacks []*symbolic.Side) {
	parts := []*symbolic.Side{st.frame}
	for _, g := range r.grants {
		parts = append(parts, st.allowing(g))
	}
	for _, p := range r.within {
		parts = append(parts, everyLayer([][]symbolic.Statement{st.deny(p)}, nil))
	}
	if r.oneOf != nil {
		var list []symbolic.Statement
		for _, p := range r.oneOf {
			list = append(list, st.deny(p)...)
		}
		parts = append(parts, everyLayer([][]symbolic.Statement{list}, nil))
	}
	side = every(parts...)
	for _, p := range r.denies {
		side.Denies = append(side.Denies, st.deny(p)...)
	}
	for _, g := range r.lacks {
		lacks = append(lacks, st.allowing(g))
	}
	return side, lacks
}

// has is one side that has the requests: one that lacks, since its grant is not monotone.
func (st *stance) has(r *requests) *symbolic.Side {
	side, lacks := st.holds(r)
	if len(lacks) == 0 {
		return side
	}
	out := &symbolic.Side{Layers: slices.Clone(side.Layers), Denies: side.Denies}
	for _, l := range lacks {
		out.Layers = append(out.Layers, l.Layers...)
	}
	out.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
		n := len(side.Layers)
		all := []*symbolic.Formula{side.Grant(f[:n])}
		for _, l := range lacks {
			all = append(all, symbolic.Not(l.Grant(f[n:n+len(l.Layers)])))
			n += len(l.Layers)
		}
		return symbolic.And(all...)
	}
	return out
}

// every is what all of the sides allow.
func every(sides ...*symbolic.Side) *symbolic.Side {
	out := &symbolic.Side{}
	for _, s := range sides {
		out.Layers = append(out.Layers, s.Layers...)
		out.Denies = append(out.Denies, s.Denies...)
	}
	out.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
		var all []*symbolic.Formula
		n := 0
		for _, s := range sides {
			all = append(all, s.Grant(f[n:n+len(s.Layers)]))
			n += len(s.Layers)
		}
		return symbolic.And(all...)
	}
	return out
}

// everyLayer is a side all of whose layers must allow.
func everyLayer(layers [][]symbolic.Statement, denies []symbolic.Statement) *symbolic.Side {
	return &symbolic.Side{Layers: layers, Denies: denies, Grant: func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(l...) }}
}

// any reports whether there may be a request of one side that the others do not have.
func (st *stance) any(c *compiler, side *symbolic.Side, others ...*symbolic.Side) (bool, error) {
	found := false
	err := c.problem.Each(side, others, st.require, func(*symbolic.Cell) bool {
		found = true
		return false
	})
	return found, err
}
