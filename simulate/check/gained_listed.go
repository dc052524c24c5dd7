package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A levelled policy is that of a listed resource, in front of a principal: its Allows by what they
// name, the principal itself, its role or its account, and its Denies, all for the principal alone.
type levelled struct {
	allows [3][]policy.Statement
	denies []policy.Statement
}

const (
	levelDirect = iota
	levelSession
	levelAccount
)

// waysAt are the ways in which the principal is allowed something on a listed resource by its
// policy, or because it no longer denies; none where that is not known, or did not change.
func (g *gain) waysAt(r *listedResource, is, was *gainLayers) ([]way, error) {
	if !r.changed() || r.unknown {
		return nil, nil
	}
	both, ok, err := g.levelledAt(r)
	if !ok || err != nil {
		return nil, err
	}
	lists := func(l *levelled) (at [3]int, denies []denial) {
		for n := range l.allows {
			at[n], _ = g.add(sideStatements{allow: l.allows[n]})
			g.each += len(l.allows[n])
		}
		_, denies = g.add(sideStatements{deny: l.denies})
		g.each += len(l.denies)
		return at, denies
	}
	here, _ := g.add(sideStatements{allow: []policy.Statement{r.statement()}})
	after, denies := lists(&both[0])
	denies = slices.Concat(is.denies, denies)
	limits := g.refusing(is.boundary, is.levels)
	ours := r.owner == g.subjects[0].principal.AccountID()
	gated := r.role || r.arn.Service() == "kms"
	var ways []way
	add := func(first int, more ...[]int) {
		ways = append(ways, way{first: first, more: slices.Concat(append([][]int{{here}}, more...)...), denies: denies, at: r})
	}
	switch {
	case !ours:
		for _, first := range after {
			add(first, g.refusing(is.identity), limits)
		}
	default:
		add(after[levelDirect], g.refusing(is.levels))
		add(after[levelSession], limits)
		if gated {
			add(after[levelAccount], g.refusing(is.identity), limits)
		}
	}
	reasons := []refusal{{}}
	if was != nil {
		before, gone := lists(&both[1])
		gone = slices.Concat(was.denies, gone)
		nobody := before[:]
		switch {
		case !ours:
			reasons = []refusal{{lists: nobody}, {lists: was.identity}}
			for _, l := range was.boundary {
				reasons = append(reasons, refusal{lists: []int{l}})
			}
		case gated:
			reasons = []refusal{{lists: nobody}, {lists: slices.Concat(before[:levelAccount], was.identity)}}
		default:
			reasons = []refusal{{lists: slices.Concat(before[:levelAccount], was.identity)}}
		}
		if ours && len(was.boundary) > 0 {
			reasons = append(reasons, refusal{lists: slices.Concat(before[:levelSession], was.boundary)})
		}
		for _, l := range g.refusing(was.levels) {
			reasons = append(reasons, refusal{lists: []int{l}})
		}
		reasons = append(reasons, g.gone(gone, denies, nil)...)
		if ours && !gated {
			// What identity policies allow, the policy may have denied.
			ways = append(ways, way{first: is.identity[0], more: slices.Concat([]int{here}, limits), denies: denies, at: r, reasons: g.gone(gone, slices.Concat(denies, was.denies), nil)})
		}
	}
	for i := range ways {
		if ways[i].first != is.identity[0] {
			ways[i].reasons = reasons
		}
	}
	return ways, nil
}

// statement matches all requests on the resource that its policy speaks for.
func (r *listedResource) statement() policy.Statement {
	st := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List(r.texts()...)}
	if r.role {
		st.Action = policy.List(roleActions...)
	}
	return st
}

// texts are [listedResource.patterns] as policies write them.
func (r *listedResource) texts() []string {
	if r.below {
		return []string{r.arn.String(), r.arn.String() + "/*"}
	}
	return []string{r.arn.String()}
}

// levelledAt reads the policies of a listed resource, after and before. ok is false if it is not known
// whether some statement names the principal, and at which level.
func (g *gain) levelledAt(r *listedResource) (out [2]levelled, ok bool, err error) {
	one := g.at(place{listed: r})
	c := newCompiler(g.ctx.Err, nil)
	_, require, err := one.sides(c)
	if err != nil {
		return out, false, err
	}
	type statement struct {
		side   int
		words  policy.Statement
		levels [3]*symbolic.Formula
	}
	var list []statement
	k := policy.ResourceBased
	if r.role {
		k = policy.RoleTrust
	}
	c.side = everySide
	var standings []simulate.Standing
	for i := range g.subjects {
		sub := &g.subjects[i]
		standings = append(standings, sub.env.Standing(sub.request(r.action(), r.arn)))
		standing, d := &standings[i], standings[i].Layers.Resource
		if standing.MissingResource != "" || g.blocked(i, standings) {
			return out, false, nil
		}
		if d == nil {
			continue
		}
		bounded := symbolic.False()
		if len(standing.Layers.Boundary) > 0 && sub.caller.kind != policy.Root {
			bounded = symbolic.True()
		}
		for _, st := range d.Statements() {
			if owner := standing.Layers.ObjectOwner; st.Effect == policy.Allow && owner != "" && owner != standing.Owner { // R-SPC-10
				continue
			}
			words, matches := asIdentity(k, rewrite(st, d.Version()))
			if !matches {
				continue
			}
			if words.Resource.IsZero() && words.NotResource.IsZero() || slices.ContainsFunc(slices.Collect(words.Resource.All()), onlyStars) {
				words.Resource = policy.List(r.texts()...)
			}
			words.Principal, words.NotPrincipal = g.name(), policy.Principals{}
			l := sub.caller.level(c, st, bounded)
			list = append(list, statement{i, words, [3]*symbolic.Formula{l.direct, l.session, l.account}})
		}
	}
	for _, err := range []error{c.lemmas(), c.problem.Settle()} {
		if err != nil {
			return out, false, err
		}
	}
	for _, st := range list {
		for n, f := range st.levels {
			_, may, err := c.problem.Solve(symbolic.And(require, f))
			if err != nil {
				return out, false, err
			}
			if !may {
				continue
			}
			if _, mayNot, err := c.problem.Solve(symbolic.And(require, symbolic.Not(f))); err != nil || mayNot {
				return out, false, err
			}
			if st.words.Effect == policy.Deny {
				out[st.side].denies = append(out[st.side].denies, st.words)
			} else {
				out[st.side].allows[n] = append(out[st.side].allows[n], st.words)
			}
			break
		}
	}
	return out, true, nil
}
