package symbolic

import (
	"encoding/binary"
	"slices"
)

// MaxCells limits the pairs of an action class and a resource class that one question looks at.
const MaxCells = 200_000

// A Member is an element of an automaton; the zero Member has every text.
type Member struct {
	Of      *Automaton
	Element int
}

// A Reach holds for the actions that are members, or with Not for the others.
type Reach struct {
	Member
	Not bool
}

// A Guarded is a set of resources that counts where the formula holds.
type Guarded struct {
	Member
	If *Formula
}

// A Statement applies to a request whose action and resource it matches and for whose keys
// When holds.
type Statement struct {
	Action    Member
	NotAction bool // Action lists what it does not match
	// Reach limits the actions besides: all of them must hold.
	Reach    []Reach
	Resource []Guarded
	// NotResource says that Resource lists what it does not match. Without it and without a
	// Resource the statement matches every resource.
	NotResource bool
	When        *Formula
}

// A Side is a stack of policies: layers of Allows, and the Denies, each of which wins.
type Side struct {
	Layers [][]Statement
	Denies []Statement
	// Grant says which layers must allow. That of the side that holds must be monotone.
	Grant func(layers []*Formula) *Formula
}

// everyText is the automaton without elements of each universe.
func everyText(u Universe) *Automaton {
	a, err := Build(NewMeter(nil), u, nil)
	if err != nil {
		panic("symbolic: " + err.Error())
	}
	return a
}

var everyAction, everyResource = everyText(ActionText), everyText(ResourceText)

// A differ looks for cells.
type differ struct {
	p        *Problem
	sides    []*Side // the first holds, the others lack
	require  *Formula
	actions  []*Automaton
	atoms    map[string]resourceAtoms
	numbers  map[*Automaton]uint32
	memo     map[string]bool // matched statements: nothing to find
	cells    int
	matching []matching
}

type resourceAtoms struct {
	automata []*Automaton
	number   map[*Automaton]int // of automata
	atoms    []Atom
}

// A matching is which statements of a side match an action.
type matching struct {
	layers [][]int
	denies []int
}

// Each yields the cells that holds allows and none of lacks does, under require, in a fixed
// order: one for each class of actions and resources. The problem must be settled. A nil
// error after a complete run without a cell is a proof that there is no such request.
func (p *Problem) Each(holds *Side, lacks []*Side, require *Formula, yield func(*Cell) bool) error {
	defer func(held int) { p.meter.held = held }(p.meter.held)
	d := &differ{p: p, sides: append([]*Side{holds}, lacks...), require: require,
		atoms: map[string]resourceAtoms{}, numbers: map[*Automaton]uint32{}, memo: map[string]bool{}}
	seen := map[*Automaton]bool{}
	add := func(a *Automaton) {
		if a != nil && !seen[a] {
			seen[a] = true
			d.actions = append(d.actions, a)
		}
	}
	for _, side := range d.sides {
		side.statements(func(s *Statement) {
			add(s.Action.Of)
			for _, r := range s.Reach {
				add(r.Of)
			}
		})
	}
	if len(d.actions) == 0 {
		d.actions = []*Automaton{everyAction}
	}
	atoms, err := Atomize(p.meter, d.actions)
	if err != nil {
		return err
	}
	for i := range atoms {
		if more, err := d.action(&atoms[i], yield); err != nil || !more {
			return err
		}
	}
	return nil
}

func (s *Side) statements(visit func(*Statement)) {
	for _, layer := range s.Layers {
		for i := range layer {
			visit(&layer[i])
		}
	}
	for i := range s.Denies {
		visit(&s.Denies[i])
	}
}

// action looks at one class of actions; more is false when yield was.
func (d *differ) action(atom *Atom, yield func(*Cell) bool) (more bool, err error) {
	statements := 0
	for _, side := range d.sides {
		for _, layer := range side.Layers {
			statements += len(layer)
		}
		statements += len(side.Denies)
	}
	if err := d.p.meter.Work(1 + len(d.actions) + statements); err != nil {
		return false, err
	}
	class := map[*Automaton]int32{}
	for i, a := range d.actions {
		class[a] = atom.Classes[i]
	}
	listed := func(m Member) bool { return m.Of == nil || m.Of.classes[class[m.Of]].has(m.Element) }
	matches := func(s *Statement) bool {
		return listed(s.Action) != s.NotAction &&
			!slices.ContainsFunc(s.Reach, func(r Reach) bool { return listed(r.Member) == r.Not })
	}
	d.matching = make([]matching, len(d.sides))
	for n, side := range d.sides {
		m := matching{layers: make([][]int, len(side.Layers))}
		for l, layer := range side.Layers {
			for i := range layer {
				if matches(&layer[i]) {
					m.layers[l] = append(m.layers[l], i)
				}
			}
		}
		for i := range side.Denies {
			if matches(&side.Denies[i]) {
				m.denies = append(m.denies, i)
			}
		}
		d.matching[n] = m
	}
	// Where no statement could make holds allow, no resource needs a look.
	possible := make([]*Formula, len(d.matching[0].layers))
	for l, list := range d.matching[0].layers {
		if len(list) == 0 {
			possible[l] = False()
		}
	}
	if d.sides[0].Grant(possible).IsFalse() {
		return true, nil
	}
	resources, err := d.resources()
	if err != nil {
		return false, err
	}
	for i := range resources.atoms {
		d.cells++
		if d.cells > MaxCells {
			return false, ManyCells
		}
		r := &resources.atoms[i]
		if err := d.p.meter.Work(1 + len(resources.automata)); err != nil {
			return false, err
		}
		key, goal, err := d.goal(&resources, r)
		if err != nil {
			return false, err
		}
		if goal.IsFalse() || d.memo[key] {
			continue
		}
		m, ok, err := d.p.Solve(goal)
		if err != nil {
			return false, err
		}
		if !ok {
			d.memo[key] = true
			if err := d.p.meter.Hold(2*len(key) + 32); err != nil {
				return false, err
			}
			continue
		}
		cell := &Cell{Action: atom.Witness(), Resource: r.Witness(), Model: m,
			actions: atomOf{d.actions, atom}, resources: atomOf{resources.automata, r}}
		if !yield(cell) {
			return false, nil
		}
	}
	return true, nil
}

// matched visits the statements that match the action, in a fixed order.
func (d *differ) matched(visit func(side, layer, index int, s *Statement)) {
	for n, m := range d.matching {
		for l, list := range m.layers {
			for _, i := range list {
				visit(n, l, i, &d.sides[n].Layers[l][i])
			}
		}
		for _, i := range m.denies {
			visit(n, -1, i, &d.sides[n].Denies[i])
		}
	}
}

// resources are the classes that the matching statements tell apart.
func (d *differ) resources() (resourceAtoms, error) {
	var list []*Automaton
	seen := map[*Automaton]bool{}
	d.matched(func(_, _, _ int, s *Statement) {
		for _, g := range s.Resource {
			if g.Of != nil && !seen[g.Of] {
				seen[g.Of] = true
				list = append(list, g.Of)
			}
		}
	})
	if len(list) == 0 {
		list = []*Automaton{everyResource}
	}
	var key []byte
	for _, a := range list {
		n, ok := d.numbers[a]
		if !ok {
			n = uint32(len(d.numbers))
			d.numbers[a] = n
		}
		key = binary.LittleEndian.AppendUint32(key, n)
	}
	if found, ok := d.atoms[string(key)]; ok {
		return found, nil
	}
	atoms, err := Atomize(d.p.meter, list)
	if err != nil {
		return resourceAtoms{}, err
	}
	out := resourceAtoms{list, make(map[*Automaton]int, len(list)), atoms}
	for i, a := range list {
		out.number[a] = i
	}
	if err := d.p.meter.Hold(len(key) + 64*len(list)); err != nil {
		return resourceAtoms{}, err
	}
	d.atoms[string(key)] = out
	return out, nil
}

// goal is the formula of the difference in a cell; key tells cells with one formula.
func (d *differ) goal(of *resourceAtoms, atom *Atom) (key string, goal *Formula, err error) {
	class := func(a *Automaton) int32 {
		i, ok := of.number[a]
		if !ok {
			panic("symbolic: an automaton that is not in the product")
		}
		return atom.Classes[i]
	}
	var b []byte
	allows, denies := make([][][]*Formula, len(d.sides)), make([][]*Formula, len(d.sides))
	for n := range d.sides {
		allows[n] = make([][]*Formula, len(d.sides[n].Layers))
	}
	d.matched(func(n, l, i int, s *Statement) {
		if err == nil {
			err = d.p.meter.Work(1 + len(s.Resource))
		}
		if err != nil {
			return
		}
		block, variant := s.at(class)
		if block.IsFalse() {
			return
		}
		b = binary.AppendUvarint(b, uint64(n))
		b = binary.AppendVarint(b, int64(l))
		b = binary.AppendUvarint(b, uint64(i))
		b = binary.AppendUvarint(b, uint64(len(variant)))
		b = append(b, variant...)
		if l < 0 {
			denies[n] = append(denies[n], block)
		} else {
			allows[n][l] = append(allows[n][l], block)
		}
	})
	if err != nil {
		return "", nil, err
	}
	all := []*Formula{d.require}
	for n, side := range d.sides {
		layers := make([]*Formula, len(allows[n]))
		for l, blocks := range allows[n] {
			if layers[l] = Or(blocks...); n == 0 {
				// With a statement chosen that allows, most of the rest follows.
				layers[l] = chosenFirst(layers[l])
			}
		}
		allowed := And(side.Grant(layers), Not(Or(denies[n]...)))
		if n > 0 {
			allowed = Not(allowed)
		}
		all = append(all, allowed)
	}
	return string(b), And(all...), nil
}

// at is the formula under which the statement applies in a class of resources. variant says
// which of the guards are in it.
func (s *Statement) at(class func(*Automaton) int32) (f *Formula, variant []byte) {
	if len(s.Resource) == 0 {
		return s.When, nil
	}
	var guards []*Formula
	for i, g := range s.Resource {
		if g.Of == nil || g.Of.classes[class(g.Of)].has(g.Element) {
			guards = append(guards, g.If)
			variant = binary.AppendUvarint(variant, uint64(i))
		}
	}
	listed := Or(guards...)
	if s.NotResource {
		listed = Not(listed)
	}
	return And(listed, s.When), variant
}
