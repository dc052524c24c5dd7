package check

import (
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// gainLayers are the lists of one side: an Allow of each must match.
type gainLayers struct {
	identity []int // one
	boundary []int // one, or none
	levels   []int // of SCPs
	denies   []denial
}

// refusing are the lists that may refuse, those that do not allow everything.
func (g *gain) refusing(lists ...[]int) (out []int) {
	for _, l := range slices.Concat(lists...) {
		if !slices.ContainsFunc(g.lists[l].allow, allowsEverything) {
			out = append(out, l)
		}
	}
	return out
}

// add makes a list, and returns its number and its Denies.
func (g *gain) add(list sideStatements) (n int, denies []denial) {
	n = len(g.lists)
	g.lists = append(g.lists, list)
	for i := range list.deny {
		denies = append(denies, denial{n, i})
	}
	return n, denies
}

func (g *gain) layersOf(sub *subject) (out gainLayers) {
	l := &sub.base.Layers
	add := func(k policy.Kind, documents ...*policy.Document) []int {
		list := wordsOfLayer(k, documents)
		if k == policy.ResourceControl {
			list.allow = nil // every level has the full-access RCP
			g.rcps = append(g.rcps, len(g.lists))
		}
		n, denies := g.add(list)
		out.denies = append(out.denies, denies...)
		g.each += weightOf(documents...)
		return []int{n}
	}
	if sub.caller.kind == policy.Root {
		n, _ := g.add(sideStatements{allow: []policy.Statement{others}})
		out.identity = []int{n}
	} else {
		out.identity = add(policy.IdentityBased, l.Identity...)
		if len(l.Boundary) > 0 {
			out.boundary = add(policy.PermissionsBoundary, l.Boundary...)
		}
	}
	for _, level := range l.ServiceControl {
		out.levels = append(out.levels, add(policy.ServiceControl, level...)...)
	}
	add(policy.ResourceControl, slices.Concat(l.ResourceControl...)...)
	return out
}

// summarizer has a list for each layer of each side: of the side that allows, one Allow of each
// layer must match, or the policy of a resource stands in for the identity policies; the other side
// refuses where one of its layers does not allow, or one of its Denies matches.
func (g *gain) summarizer() (*summarizer, error) {
	s := &summarizer{ctx: g.ctx, compile: g.compile,
		beside: func(*policy.Statement) []grant { return nil }, isOthers: func(*policy.Statement) bool { return false }}
	is := g.layersOf(&g.subjects[0])
	grants := func(to policy.Principals) int {
		n, _ := g.add(sideStatements{allow: []policy.Statement{granting(to)}})
		return n
	}
	own := way{first: is.identity[0], more: g.refusing(is.boundary, is.levels), denies: is.denies}
	named := way{first: grants(g.name()), more: g.refusing(is.boundary, is.levels), denies: is.denies}
	everybody := way{first: grants(policy.Everyone()), more: g.refusing(is.levels), denies: is.denies}
	if g.subjects[0].caller.kind != policy.RoleSession { // R-GRT-2: no boundary bears on what names a user
		named.more = everybody.more
	}
	var was *gainLayers
	if len(g.subjects) == 1 {
		own.reasons, named.reasons, everybody.reasons = []refusal{{}}, []refusal{{}}, []refusal{{}}
	} else {
		layers := g.layersOf(&g.subjects[1])
		was = &layers
		levels := g.refusing(was.levels)
		byName := levels
		if g.subjects[0].caller.kind == policy.RoleSession {
			byName = g.refusing(was.boundary, was.levels)
		}
		for _, w := range []struct {
			*way
			lists []int
		}{{&own, g.refusing(was.identity, was.boundary, was.levels)}, {&named, byName}, {&everybody, levels}} {
			for _, l := range w.lists {
				w.reasons = append(w.reasons, refusal{lists: []int{l}})
			}
			w.reasons = append(w.reasons, g.gone(was.denies, is.denies, w.lists)...)
		}
	}
	s.ways = []way{own, named}
	if g.bounded() {
		s.ways = append(s.ways, everybody)
	}
	for _, r := range g.listed {
		ways, err := g.waysAt(r, &is, was)
		if err != nil {
			return nil, err
		}
		s.ways = append(s.ways, ways...)
	}
	s.lists, s.each = g.lists, g.each
	return s, nil
}

// gone are the Denies that the other side has alone, as reasons.
func (g *gain) gone(was, is []denial, given []int) (out []refusal) {
	held := map[string]bool{}
	for _, d := range is {
		held[textOf(g.lists[d.list].deny[d.deny])] = true
	}
	for _, d := range was {
		if !held[textOf(g.lists[d.list].deny[d.deny])] {
			out = append(out, refusal{deny: &d, given: given})
		}
	}
	return out
}

// bounded reports whether what names the principal may allow it less than what names everybody,
// or its session: the implicit denies of a boundary bear on what names a role (R-GRT-3).
func (g *gain) bounded() bool {
	return g.subjects[0].caller.kind == policy.RoleSession &&
		slices.ContainsFunc(g.subjects, func(s subject) bool { return len(s.base.Layers.Boundary) > 0 })
}

// name is how the policy of a resource names the principal: by its role.
func (g *gain) name() policy.Principals {
	arn := g.subjects[0].principal.ARN()
	if role := g.subjects[0].base.Role; role.IsValid() {
		arn = role
	}
	return policy.PrincipalList(policy.AWSPrincipal, arn.String())
}

// granting stands for what the policy of a resource allows those that it names.
func granting(to policy.Principals) policy.Statement {
	st := others
	st.Principal = to
	return st
}

func isGranting(st *policy.Statement) bool {
	return st.Effect == policy.Allow && !st.Principal.IsZero() && allowsEverything(*st)
}

// isOfRCP tells the Denies of RCPs, which are for everybody, from those of other layers.
func isOfRCP(st *policy.Statement) bool {
	return st.Effect == policy.Deny && namesEverybody(st.Principal)
}

func allowsEverything(st policy.Statement) bool {
	everything := func(p policy.Patterns) bool { return slices.ContainsFunc(slices.Collect(p.All()), onlyStars) }
	return st.Condition.Len() == 0 && everything(st.Action) && everything(st.Resource)
}

// compile has the lists, and then that of pieces, in front of the principal wherever it acts.
func (g *gain) compile(c *compiler, pieces *policy.Document) ([]stance, error) {
	var standings []simulate.Standing
	for _, sub := range g.subjects {
		standings = append(standings, sub.base)
	}
	facts := g.facts(standings, nil)
	c.isOwn = func(string) bool { return false }
	st := stance{levels: 1, require: facts.holds(c, 0)}
	reached, ours := c.problem.Free(), c.problem.Free().Is()
	byName, byAll := c.problem.Free().Is(), c.problem.Free().Is()
	grants := func(st policy.Statement) *symbolic.Formula {
		switch {
		case !isGranting(&st):
			return symbolic.True()
		case namesEverybody(st.Principal):
			return byAll
		}
		return byName
	}
	for i, list := range append(slices.Clip(g.lists), sideStatements{}) {
		d := pieces
		if i < len(g.lists) {
			var err error
			if d, err = policy.NewDocument(withoutSIDs(slices.Concat(list.allow, list.deny))...); err != nil {
				return nil, err
			}
		}
		if slices.Contains(g.rcps, i) {
			if err := st.addRCP(c, d, reached, ours); err != nil {
				return nil, err
			}
		} else if err := st.add(c, d, grants); err != nil {
			return nil, err
		}
	}
	return []stance{st}, st.begin(c, g.subjects[0].caller.kind)
}

func withoutSIDs(list []policy.Statement) []policy.Statement {
	for i := range list {
		list[i].SID = ""
	}
	return list
}

// begin has the service rules for a kind of caller as what all requests have in common.
func (st *stance) begin(c *compiler, kind policy.PrincipalKind) error {
	b := newSide(c)
	b.serviceRules(kind)
	st.frame = everyLayer(nil, b.Denies)
	return b.err
}

// add compiles one more list, whose statements hold under formulas; nil: always.
func (st *stance) add(c *compiler, d *policy.Document, when func(policy.Statement) *symbolic.Formula) error {
	allows, denies, err := c.statements(d, policy.IdentityBased, when)
	st.sides = append(st.sides, everyLayer([][]symbolic.Statement{allows}, nil))
	st.denials = append(st.denials, slices.Collect(slices.Chunk(denies, 1)))
	return err
}

// addRCP compiles a list of RCPs, which are in force under a formula.
func (st *stance) addRCP(c *compiler, d *policy.Document, reached symbolic.Free, when *symbolic.Formula) error {
	b := newSide(c)
	b.resourceControl([][]*policy.Document{{d}}, reached)
	for i := range b.Denies {
		b.Denies[i].When = symbolic.And(b.Denies[i].When, when)
	}
	st.sides = append(st.sides, everyLayer([][]symbolic.Statement{{}}, nil))
	st.denials = append(st.denials, slices.Collect(slices.Chunk(b.Denies, 2)))
	return b.err
}
