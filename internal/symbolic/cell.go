package symbolic

import (
	"iter"
	"slices"
)

// A Cell is a class of requests that one side allows and the other does not, and a model of
// the keys of one of them.
type Cell struct {
	Action, Resource string // of the class; in lower case, and "*" for no resource
	Model            Model

	actions, resources atomOf
}

// An atomOf is an atom with the automata whose classes it has.
type atomOf struct {
	automata []*Automaton
	atom     *Atom
}

// HasResource reports whether a resource is of the cell's class.
func (c *Cell) HasResource(resource string) bool { return c.resources.has(resource) }

// MayHaveAction reports whether any action, in lower case, that begins so is of the cell's class.
func (c *Cell) MayHaveAction(prefix string) bool {
	states := make([]int32, len(c.actions.automata))
	for _, r := range prefix {
		if !c.actions.step(states, states, r) {
			return false
		}
	}
	return true
}

// ActionsAmong yields the numbers of the texts, in lower case, that are of the cell's class of
// actions, in their order.
func (c *Cell) ActionsAmong(t *Words) iter.Seq[int] {
	return func(yield func(int) bool) {
		k := len(c.actions.automata)
		states := make([]int32, k, 32*k) // of each beginning of a text, flat
		alive := 0                       // the beginnings with states, behind the empty one
		for i, text := range t.list {
			if alive = min(alive, t.shared[i]); alive < t.shared[i] {
				continue // it begins like one that leads nowhere
			}
			states = states[:(alive+1)*k]
			for _, r := range text[alive:] {
				at := len(states)
				states = append(states, states[at-k:]...)
				if !c.actions.step(states[at:], states[at-k:at], r) {
					states = states[:at]
					break
				}
				alive++
			}
			if alive == len(text) && c.actions.ends(states[alive*k:]) && !yield(i) {
				return
			}
		}
	}
}

// ResourceAmong reports whether some resource of the cell's class is of a class of the automaton
// that takes is true of; has says which elements that class has. The error is [Entangled] or
// that of the meter.
func (c *Cell) ResourceAmong(m *Meter, of *Automaton, takes func(has func(element int) bool) bool) (bool, error) {
	wanted := newSet(len(of.classes))
	for i, class := range of.classes {
		if takes(class.has) {
			wanted.add(i)
		}
	}
	if wanted.isEmpty() {
		return false, nil
	}
	in := &c.resources
	k := len(in.automata)
	seen := interner{}
	seen.add(make([]int32, k+1))
	next := make([]int32, k+1)
	for i := int32(0); int(i) < seen.len(); i++ {
		if seen.len() > MaxStates/10 {
			return false, Entangled
		}
		t := slices.Clone(seen.at(i))
		if class := of.states[t[k]].class; class >= 0 && wanted.has(int(class)) && in.ends(t[:k]) {
			return true, nil
		}
		var named []rune
		for j, s := range t {
			a := of
			if j < k {
				a = in.automata[j]
			}
			for _, e := range a.edges[a.states[s].from:a.states[s].to] {
				named = append(named, e.r)
			}
		}
		slices.Sort(named)
		named = slices.Compact(named)
		if err := m.Work(k + len(named)); err != nil {
			return false, err
		}
		follow := func(r rune) {
			if next[k] = of.next(t[k], r); next[k] >= 0 && of.reach(next[k]).meets(wanted) && in.step(next, t, r) {
				seen.add(next)
			}
		}
		for _, r := range named {
			follow(r)
		}
		if r, ok := of.universe.other(of.states[t[k]].at, named); ok {
			follow(r)
		}
	}
	return false, nil
}

// step is where a character leads; false: to no text of the atom.
func (a *atomOf) step(to, from []int32, r rune) bool {
	for i, of := range a.automata {
		next := of.next(from[i], r)
		if next < 0 || !of.reach(next).has(int(a.atom.Classes[i])) {
			return false
		}
		to[i] = next
	}
	return true
}

func (a *atomOf) ends(states []int32) bool {
	for i, of := range a.automata {
		if of.states[states[i]].class != a.atom.Classes[i] {
			return false
		}
	}
	return true
}

func (a *atomOf) has(text string) bool {
	for i, of := range a.automata {
		at := int32(0)
		for _, r := range text {
			if at = of.next(at, r); at < 0 {
				return false
			}
		}
		if of.states[at].class != a.atom.Classes[i] {
			return false
		}
	}
	return true
}

// Words is a sorted list of texts in ASCII whose common beginnings are read once.
type Words struct {
	list   []string
	shared []int // how much of its beginning each has in common with the one before
}

// NewWords takes a sorted list of texts in ASCII.
func NewWords(sorted []string) *Words {
	t := &Words{list: sorted, shared: make([]int, len(sorted))}
	for i := 1; i < len(sorted); i++ {
		n := 0
		for n < len(sorted[i]) && n < len(sorted[i-1]) && sorted[i][n] == sorted[i-1][n] {
			n++
		}
		t.shared[i] = n
	}
	return t
}
