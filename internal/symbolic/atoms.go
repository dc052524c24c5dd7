package symbolic

import "slices"

// An Atom is a class of texts that no element of some automata tells apart.
type Atom struct {
	Classes []int32 // of each automaton
	of      *product
	way     way
}

// A way leads to a text of an atom: with the character r from a step of the product, and from
// there as the component where goes on from the state live to the end of its class. Without
// where, -1, the text ends there.
type way struct {
	from  int32
	r     rune
	where int32
	live  int32
}

// Witness is a text of the atom.
func (a *Atom) Witness() string {
	text := a.of.text(a.way.from, a.way.r)
	if w := a.way.where; w >= 0 {
		text += a.of.automata[w].complete(a.way.live, int(a.Classes[w]))
	}
	return text
}

// Atomize lists the atoms of several automata over one universe, in the order in which a
// search by length finds them. The meter holds them. The error is [Entangled] or that of the
// meter.
func Atomize(m *Meter, automata []*Automaton) ([]Atom, error) {
	p := &product{automata: automata}
	w := &walk{product: p, meter: m}
	w.push(make([]int32, len(automata)), -1, 0)
	for i := int32(0); int(i) < len(p.steps) && w.err == nil; i++ {
		w.expand(i)
	}
	if w.err != nil {
		return nil, w.err
	}
	atoms := make([]Atom, len(w.ways))
	for i, way := range w.ways {
		atoms[i] = Atom{w.classes.at(int32(i)), p, way}
	}
	return atoms, m.Hold(4*len(w.classes.data) + atomSize*len(atoms) + stepSize*len(p.steps))
}

// Meet reports whether some text of the universe is in both members; one with every text meets any
// other, for all that is known. Errors are those of [Atomize].
func Meet(m *Meter, a, b Member) (bool, error) {
	if a.Of == nil || b.Of == nil {
		return true, nil
	}
	defer func(held int) { m.held = held }(m.held)
	atoms, err := Atomize(m, []*Automaton{a.Of, b.Of})
	for _, atom := range atoms {
		if a.Of.classes[atom.Classes[0]].has(a.Element) && b.Of.classes[atom.Classes[1]].has(b.Element) {
			return true, err
		}
	}
	return false, err
}

// The bytes of an atom without its classes, of a way, and of a step.
const (
	atomSize = 48
	waySize  = 16
	stepSize = 8
)

// A product is several automata that are walked at once.
type product struct {
	automata []*Automaton
	steps    []productStep
}

type productStep struct {
	from int32
	r    rune
}

// A walk goes through a product. A component that has one class left, whatever follows, stands
// as ^class and is walked no further.
type walk struct {
	*product
	meter   *Meter
	tuples  interner // of states, as many as steps
	classes interner // of the atoms
	ways    []way    // to the atoms
	record  []int32
	work    int
	err     error
}

// count counts steps, and looks at the limits; false: one is reached.
func (w *walk) count(n int) bool {
	if w.work += n; w.err == nil {
		w.err = w.meter.Work(n)
	}
	size := w.tuples.size() + w.classes.size() + (waySize+atomSize)*len(w.ways) + stepSize*len(w.steps)
	if w.err == nil && (len(w.steps) > MaxStates || w.work > maxBuilding || size > MaxSize) {
		w.err = Entangled
	}
	return w.err == nil
}

// push numbers a tuple of states. One with at most one component that is still open needs no
// walk: the classes that this component can reach are the atoms.
func (w *walk) push(t []int32, from int32, r rune) {
	if !w.count(len(t)) {
		return
	}
	open, where := 0, -1
	for i, s := range t {
		if s < 0 {
			continue
		}
		classes := w.automata[i].reach(s)
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
			if classes := w.automata[i].reach(s); classes.count() == 1 {
				t[i] = ^int32(classes.first())
			}
		}
	}
	if open <= 1 {
		for class := range w.automata[where].reach(live).all {
			if !w.count(len(t)) {
				return
			}
			w.emit(t, class, way{from, r, int32(where), live})
		}
		return
	}
	if _, added := w.tuples.add(t); !added {
		return
	}
	w.steps = append(w.steps, productStep{from, r})
	ended := int32(-1)
	for i, s := range t {
		if s >= 0 {
			ended = w.automata[i].states[s].class
		}
	}
	if ended >= 0 {
		w.emit(t, 0, way{from, r, -1, 0})
	}
}

// emit records the atom of a tuple: the component that the way names has the class that is
// given, the others are constant or, where the way ends here, end here.
func (w *walk) emit(t []int32, class int, way way) {
	w.record = w.record[:0]
	for i, s := range t {
		switch {
		case i == int(way.where):
			w.record = append(w.record, int32(class))
		case s < 0:
			w.record = append(w.record, ^s)
		default:
			w.record = append(w.record, w.automata[i].states[s].class)
		}
	}
	if _, added := w.classes.add(w.record); added {
		w.ways = append(w.ways, way)
	}
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

func (w *walk) expand(i int32) {
	t := slices.Clone(w.tuples.at(i))
	var named []rune
	at := place(0)
	for j, s := range t {
		if s < 0 {
			continue
		}
		a := w.automata[j]
		st := &a.states[s]
		at = st.at
		for _, e := range a.edges[st.from:st.to] {
			named = append(named, e.r)
		}
	}
	if !w.count(len(t) + len(named)) {
		return
	}
	slices.Sort(named)
	named = slices.Compact(named)
	next := make([]int32, len(t))
	follow := func(r rune) {
		for j, s := range t {
			next[j] = s
			if s >= 0 {
				if next[j] = w.automata[j].next(s, r); next[j] < 0 {
					return
				}
			}
		}
		w.push(next, i, r)
	}
	for _, r := range named {
		follow(r)
	}
	if len(t) > 0 {
		if r, ok := w.automata[0].universe.other(at, named); ok {
			follow(r)
		}
	}
}
