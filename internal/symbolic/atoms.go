package symbolic

import (
	"encoding/binary"
	"slices"
)

// An Atom is a class of texts that no element of some automata tells apart.
type Atom struct {
	Classes []int32 // of each automaton
	witness func() string
}

// Witness is a text of the atom.
func (a *Atom) Witness() string { return a.witness() }

// Atomize lists the atoms of several automata over one universe, in the order in which a
// search by length finds them. The error is [Entangled].
func Atomize(automata []*Automaton) ([]Atom, error) {
	p := product{automata: automata, index: map[string]int32{}, seen: map[string]bool{}}
	p.push(make([]int32, len(automata)), -1, 0)
	for i := int32(0); int(i) < len(p.steps); i++ {
		if len(p.steps) > MaxStates {
			return nil, Entangled
		}
		p.expand(i)
	}
	return p.atoms, nil
}

// A product walks several automata at once. A component that has one class left, whatever
// follows, stands as ^class and is walked no further.
type product struct {
	automata []*Automaton
	tuples   []int32 // flat
	steps    []productStep
	index    map[string]int32
	seen     map[string]bool
	atoms    []Atom
	key      []byte
}

type productStep struct {
	from int32
	r    rune
}

func (p *product) tuple(i int32) []int32 {
	k := len(p.automata)
	return p.tuples[int(i)*k : (int(i)+1)*k]
}

// push interns a tuple of states. One with at most one component that is still open needs no
// walk: the classes that this component can reach are the atoms.
func (p *product) push(t []int32, from int32, r rune) {
	open, where := 0, -1
	for i, s := range t {
		if s < 0 {
			continue
		}
		classes := p.automata[i].reach(s)
		if classes.isEmpty() {
			return // no text of the universe goes on here
		}
		if where < 0 {
			where = i
		}
		if classes.count() == 1 {
			continue
		}
		if open == 0 {
			where = i
		}
		open++
	}
	live := t[where]
	for i, s := range t {
		if s >= 0 && (i != where || open > 1) {
			if classes := p.automata[i].reach(s); classes.count() == 1 {
				t[i] = ^int32(classes.first())
			}
		}
	}
	if open <= 1 {
		for class := range p.automata[where].reach(live).all {
			p.emit(t, where, live, class, from, r)
		}
		return
	}
	p.key = p.key[:0]
	for _, s := range t {
		p.key = binary.LittleEndian.AppendUint32(p.key, uint32(s))
	}
	if _, ok := p.index[string(p.key)]; ok {
		return
	}
	p.index[string(p.key)] = int32(len(p.steps))
	p.tuples = append(p.tuples, t...)
	p.steps = append(p.steps, productStep{from, r})
	ended := int32(-1)
	for i, s := range t {
		if s >= 0 {
			ended = p.automata[i].states[s].class
		}
	}
	if ended >= 0 {
		p.emit(t, -1, 0, 0, from, r)
	}
}

// emit records the atom of a tuple: where names the component whose class is given, the
// others are constant or, with where -1, end here.
func (p *product) emit(t []int32, where int, live int32, class int, from int32, r rune) {
	classes := make([]int32, len(t))
	for i, s := range t {
		switch {
		case i == where:
			classes[i] = int32(class)
		case s < 0:
			classes[i] = ^s
		default:
			classes[i] = p.automata[i].states[s].class
		}
	}
	p.key = p.key[:0]
	for _, c := range classes {
		p.key = binary.LittleEndian.AppendUint32(p.key, uint32(c))
	}
	if p.seen[string(p.key)] {
		return
	}
	p.seen[string(p.key)] = true
	p.atoms = append(p.atoms, Atom{classes, func() string {
		text := p.text(from, r)
		if where >= 0 {
			text += p.automata[where].complete(live, class)
		}
		return text
	}})
}

// text is the way to a step.
func (p *product) text(from int32, r rune) string {
	var out []rune
	for from >= 0 {
		out = append(out, r)
		from, r = p.steps[from].from, p.steps[from].r
	}
	slices.Reverse(out)
	return string(out)
}

func (p *product) expand(i int32) {
	t := slices.Clone(p.tuple(i))
	var named []rune
	at := place(0)
	for j, s := range t {
		if s < 0 {
			continue
		}
		a := p.automata[j]
		st := &a.states[s]
		at = st.at
		for _, e := range a.edges[st.from:st.to] {
			named = append(named, e.r)
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	next := make([]int32, len(t))
	follow := func(r rune) {
		for j, s := range t {
			next[j] = s
			if s >= 0 {
				if next[j] = p.automata[j].next(s, r); next[j] < 0 {
					return
				}
			}
		}
		p.push(next, i, r)
	}
	for _, r := range named {
		follow(r)
	}
	if len(t) > 0 {
		if r, ok := p.automata[0].universe.other(at, named); ok {
			follow(r)
		}
	}
}
