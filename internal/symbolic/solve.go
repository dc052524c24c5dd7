package symbolic

import (
	"slices"
)

// MaxNodes limits the choices that one [Problem] tries, MaxLooks the tests that it looks at for
// them.
const (
	MaxNodes = 200_000
	MaxLooks = 20_000_000
)

// A Problem has the variables that formulas speak of. Keys and free variables are made
// first; [Problem.Settle] ends that; then formulas are solved. It is for one goroutine.
type Problem struct {
	readers *Readers
	keys    []*keyVar
	names   map[string]int
	frees   int
	implied [][]*Formula // of each free variable, when it is true
	denied  [][]*Formula // when it is false
	settled bool
	nodes   int
	looks   int
	meter   *Meter
}

// NewProblem makes an empty problem, whose work and size the meter bounds.
func NewProblem(r *Readers, m *Meter) *Problem {
	return &Problem{readers: r, names: map[string]int{}, meter: m}
}

// Meter is the one that the problem was made with.
func (p *Problem) Meter() *Meter { return p.meter }

// Key returns the key of that name, which is compared as it is. Arity and type are those of
// the first call.
func (p *Problem) Key(name string, a Arity, t Type) Key {
	i, ok := p.names[name]
	if !ok {
		i = len(p.keys)
		p.names[name] = i
		p.keys = append(p.keys, &keyVar{name: name, arity: a, typ: t})
	}
	return Key{p, i}
}

// Free makes a free variable.
func (p *Problem) Free() Free {
	p.frees++
	p.implied, p.denied = append(p.implied, nil), append(p.denied, nil)
	return Free(p.frees - 1)
}

// Imply says that f holds whenever v is true, or with when false, whenever it is false. All
// free variables must be able to be false together.
func (p *Problem) Imply(v Free, when bool, f *Formula) {
	if when {
		p.implied[v] = append(p.implied[v], f)
	} else {
		p.denied[v] = append(p.denied[v], f)
	}
}

// Settle cuts the keys into atoms. The error is [Entangled] or that of the meter.
func (p *Problem) Settle() error {
	p.settled = true
	for _, k := range p.keys {
		if err := k.settle(p.meter, p.readers); err != nil {
			return err
		}
	}
	return nil
}

// A Model is values that make a formula true.
type Model struct {
	Keys  map[string][]string // those that a value is needed for
	Many  []string            // those that count as multivalued though nothing says so
	Free  []int8              // of each free variable: 1, -1, or 0 where it does not matter
	Guess bool                // some value is only likely
}

// Solve finds values under which f holds; ok is false when there are none. The error is
// [Unsettled] or that of the meter.
func (p *Problem) Solve(f *Formula) (m Model, ok bool, err error) {
	s := &search{p: p, keys: make([]keyState, len(p.keys)), free: make([]int8, p.frees), counted: p.looks}
	for i, k := range p.keys {
		n := len(k.atoms)
		s.keys[i] = keyState{allowed: fullSet(n)}
		switch k.arity {
		case Single:
			s.keys[i].mode = -1
		case Multiple:
			s.keys[i].mode = 1
		}
	}
	ok, err = s.solve([]*Formula{f})
	if err != nil || !ok {
		return Model{}, false, err
	}
	return s.model(), true, nil
}

// A keyState is what is known of a key in the search.
type keyState struct {
	allowed set   // values outside are excluded
	hits    []set // sets that must have a value
	exist   int8  // 1: it has a value, -1: it has none
	mode    int8  // 1: many values are allowed, -1: at most one
	many    bool  // it must count as multivalued
}

// consistent reports whether some values fit.
func (k *keyState) consistent() bool {
	if k.exist < 0 {
		return true
	}
	if k.exist == 0 && len(k.hits) == 0 {
		return true
	}
	if k.mode < 0 {
		return k.joint() != nil
	}
	for _, h := range k.hits {
		if !h.meets(k.allowed) {
			return false
		}
	}
	return !k.allowed.isEmpty()
}

// joint is the values that a single one can have, nil for none.
func (k *keyState) joint() set {
	out := k.allowed
	for _, h := range k.hits {
		out = out.and(h)
	}
	if out.isEmpty() {
		return nil
	}
	return out
}

// A search is a state with a trail to go back on.
type search struct {
	p     *Problem
	keys  []keyState
	free  []int8
	trail []undo

	counted int // looks that the meter knows
	left    []*Formula
}

type undo struct {
	key  int // -1: a free variable
	old  keyState
	free int
}

func (s *search) back(to int) {
	for len(s.trail) > to {
		u := s.trail[len(s.trail)-1]
		s.trail = s.trail[:len(s.trail)-1]
		if u.key < 0 {
			s.free[u.free] = 0
		} else {
			s.keys[u.key] = u.old
		}
	}
}

// after is the key's state with the test, and whether anything changed; ok is false on a
// contradiction.
func (s *search) after(t *test) (next keyState, changed, ok bool) {
	k := s.keys[t.key]
	next = k
	bits := func() set {
		b := s.p.keys[t.key].bits[t.values]
		if t.not {
			return fullSet(len(s.p.keys[t.key].atoms)).without(b)
		}
		return b
	}
	switch t.kind {
	case some:
		b := bits()
		if k.exist < 0 {
			return k, false, false
		}
		if k.mode < 0 {
			next.allowed = k.allowed.and(b)
			changed = k.exist <= 0 || !k.allowed.within(b)
		} else {
			held := slices.ContainsFunc(k.hits, func(h set) bool { return h.within(b) }) || k.exist > 0 && k.allowed.within(b)
			if !held {
				next.hits = append(slices.Clip(k.hits), b)
				changed = true
			}
			changed = changed || k.exist <= 0
		}
		next.exist = 1
	case only:
		if k.exist < 0 {
			return k, false, true
		}
		b := bits()
		if k.allowed.within(b) {
			return k, false, true
		}
		next.allowed, changed = k.allowed.and(b), true
		if next.allowed.isEmpty() && k.exist == 0 {
			next.exist = -1
			return next, true, !k.many
		}
	case absent:
		if k.exist > 0 || k.many {
			return k, false, false
		}
		next.exist, changed = -1, k.exist == 0
	case present:
		if k.exist < 0 {
			return k, false, false
		}
		next.exist, changed = 1, k.exist == 0
	case many:
		if k.exist < 0 || k.mode < 0 {
			return k, false, false
		}
		next.exist, next.mode, next.many = 1, 1, true
		changed = k.exist == 0 || !k.many && s.p.keys[t.key].arity == Either
	case few:
		switch {
		case k.many:
			return k, false, false
		case s.p.keys[t.key].arity == Multiple:
			// It counts as multivalued when it is there at all.
			if k.exist > 0 {
				return k, false, false
			}
			next.exist, changed = -1, k.exist == 0
			return next, changed, true
		}
		next.mode, changed = -1, k.mode == 0
	}
	return next, changed, next.consistent()
}

// A status is what the state says of a formula.
type status uint8

const (
	open status = iota
	holds
	fails
)

// look is the status of f, of its parts one by one.
func (s *search) look(f *Formula) status {
	switch {
	case f.IsTrue():
		return holds
	case f.IsFalse():
		return fails
	}
	switch f.op {
	case opTest:
		s.p.looks++
		if f.test.kind == free {
			switch v := s.free[f.test.key]; {
			case v == 0:
				return open
			case v > 0 == !f.test.not:
				return holds
			}
			return fails
		}
		_, changed, ok := s.after(&f.test)
		switch {
		case !ok:
			return fails
		case !changed:
			return holds
		}
		return open
	case opAnd:
		result := holds
		for _, a := range f.args {
			switch s.look(a) {
			case fails:
				return fails
			case open:
				result = open
			}
		}
		return result
	default:
		result := fails
		for _, a := range f.args {
			switch s.look(a) {
			case holds:
				return holds
			case open:
				result = open
			}
		}
		return result
	}
}

// paid counts the looks since it was called last.
func (s *search) paid() error {
	n := s.p.looks - s.counted
	s.counted = s.p.looks
	if s.p.looks > MaxLooks {
		return Unsettled
	}
	return s.p.meter.Work(1 + n)
}

// solve makes all goals hold.
func (s *search) solve(goals []*Formula) (bool, error) {
	s.p.nodes++
	if s.p.nodes > MaxNodes || s.p.looks > MaxLooks {
		return false, Unsettled
	}
	if err := s.p.meter.Work(1 + len(goals)); err != nil {
		return false, err
	}
	mark := len(s.trail)
	var choices []*Formula // the goals that are disjunctions
	queue := slices.Clone(goals)
	for {
		for len(queue) > 0 {
			g := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			switch {
			case g.IsTrue():
			case g.IsFalse():
				s.back(mark)
				return false, nil
			case g.op == opAnd:
				queue = append(queue, g.args...)
			case g.op == opOr:
				choices = append(choices, g)
			default:
				more, ok := s.assert(&g.test)
				if !ok {
					s.back(mark)
					return false, nil
				}
				queue = append(queue, more...)
			}
		}
		// Unit propagation: a disjunction with one alternative left is that alternative.
		kept := choices[:0]
		for _, c := range choices {
			if err := s.paid(); err != nil {
				return false, err
			}
			left := s.left[:0]
			done := false
			for _, a := range c.args {
				switch s.look(a) {
				case holds:
					done = true
				case open:
					left = append(left, a)
				}
			}
			s.left = left
			switch {
			case done:
			case len(left) == 0:
				s.back(mark)
				return false, nil
			case len(left) == 1:
				queue = append(queue, left[0])
			case len(left) < len(c.args):
				kept = append(kept, &Formula{op: opOr, args: slices.Clone(left), first: c.first})
			default:
				kept = append(kept, c)
			}
		}
		choices = kept
		if len(queue) == 0 {
			break
		}
	}
	if len(choices) == 0 {
		return true, nil
	}
	best := 0
	for i, c := range choices {
		b := choices[best]
		if c.first && !b.first || c.first == b.first && len(c.args) < len(b.args) {
			best = i
		}
	}
	c := choices[best]
	rest := slices.Delete(choices, best, best+1)
	for _, a := range c.args {
		at := len(s.trail)
		ok, err := s.solve(append(rest, a)) // which keeps nothing of it
		if ok || err != nil {
			return ok, err
		}
		s.back(at)
	}
	s.back(mark)
	return false, nil
}

// assert makes a test hold. more is what follows from it.
func (s *search) assert(t *test) (more []*Formula, ok bool) {
	if t.kind == free {
		want := int8(1)
		if t.not {
			want = -1
		}
		switch s.free[t.key] {
		case want:
			return nil, true
		case -want:
			return nil, false
		}
		s.free[t.key] = want
		s.trail = append(s.trail, undo{key: -1, free: t.key})
		if want > 0 {
			return s.p.implied[t.key], true
		}
		return s.p.denied[t.key], true
	}
	next, changed, ok := s.after(t)
	if !ok {
		return nil, false
	}
	if changed {
		s.trail = append(s.trail, undo{key: t.key, old: s.keys[t.key]})
		s.keys[t.key] = next
	}
	return nil, true
}

func (s *search) model() Model {
	m := Model{Keys: map[string][]string{}, Free: slices.Clone(s.free)}
	for i := range s.keys {
		k, v := &s.keys[i], s.p.keys[i]
		if k.exist <= 0 {
			continue
		}
		var chosen []int
		add := func(from set) {
			best := -1
			for a := range from.all {
				if slices.Contains(chosen, a) {
					return
				}
				if best < 0 || v.atoms[best].guess && !v.atoms[a].guess {
					best = a
				}
			}
			chosen = append(chosen, best)
		}
		if joint := k.joint(); joint != nil {
			add(joint)
		} else {
			for _, h := range k.hits {
				add(h.and(k.allowed))
			}
		}
		for _, a := range chosen {
			m.Keys[v.name] = append(m.Keys[v.name], v.atoms[a].witness)
			m.Guess = m.Guess || v.atoms[a].guess
		}
		if v.arity == Either && (k.many || len(chosen) > 1) {
			m.Many = append(m.Many, v.name)
		}
	}
	return m
}

// Name is the name that the key was made with.
func (p *Problem) Name(k Key) string { return p.keys[k.index].name }
