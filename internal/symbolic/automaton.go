package symbolic

import (
	"cmp"
	"slices"
)

// An Automaton tells for every text of a universe which of its elements, lists of patterns,
// match it. The sets of elements that occur are its classes. It is immutable and may be
// used by several goroutines.
type Automaton struct {
	universe Universe
	elements int
	states   []state
	edges    []edge
	classes  []set // over elements

	reachable []uint64 // for each state the set of classes that some continuation has, flat
	size      int      // bytes
	steps     int      // that making it took
}

type state struct {
	from, to int32 // edges
	other    int32 // where all other characters lead, or -1
	class    int32 // of the text that ends here, or -1 where the universe has none
	at       place
}

type edge struct {
	r  rune
	to int32
}

// Elements is the number of elements.
func (a *Automaton) Elements() int { return a.elements }

// a trie holds all patterns of all elements; equal beginnings are shared.
type trie struct {
	nodes []trieNode
	words int
	ends  []uint64 // elements that end at a node, flat
	below []uint64 // elements that have patterns at or below a node, flat
}

type trieNode struct {
	token       Token
	first, next int32 // child, sibling; 0 is none
}

// size is in bytes.
func (t *trie) size() int { return len(t.nodes) * (nodeSize + 16*t.words) }

func (t *trie) set(of []uint64, n int32) set { return set(of[int(n)*t.words : (int(n)+1)*t.words]) }

// newTrie is nil for more than may be held at once.
func newTrie(elements [][]Pattern) *trie {
	type owned struct {
		p     Pattern
		owner int
	}
	var list []owned
	total := 0
	for i, e := range elements {
		for _, p := range e {
			list = append(list, owned{normal(p), i})
			total += len(p)
		}
	}
	slices.SortFunc(list, func(a, b owned) int {
		return cmp.Or(comparePatterns(a.p, b.p), cmp.Compare(a.owner, b.owner))
	})
	t := &trie{words: words(len(elements))}
	none := make([]uint64, t.words)
	add := func(token Token) int32 {
		t.nodes = append(t.nodes, trieNode{token: token})
		t.ends, t.below = append(t.ends, none...), append(t.below, none...)
		return int32(len(t.nodes) - 1)
	}
	add(Token{})
	path, last := []int32{0}, make([]int32, 1, total+1)
	var before Pattern
	for _, o := range list {
		if t.size() > MaxSize {
			return nil
		}
		shared := 0
		for shared < len(before) && shared < len(o.p) && before[shared] == o.p[shared] {
			shared++
		}
		path = path[:shared+1]
		for _, token := range o.p[shared:] {
			parent := path[len(path)-1]
			n := add(token)
			last = append(last, 0)
			if l := last[parent]; l == 0 {
				t.nodes[parent].first = n
			} else {
				t.nodes[l].next = n
			}
			last[parent] = n
			path = append(path, n)
		}
		for _, n := range path {
			t.set(t.below, n).add(o.owner)
		}
		t.set(t.ends, path[len(path)-1]).add(o.owner)
		before = o.p
	}
	return t
}

// normal drops what repeats: a run behind a run that matches at least as much.
func normal(p Pattern) Pattern {
	repeats := false
	for i := 1; i < len(p); i++ {
		repeats = repeats || p[i].isRun() && p[i-1].isRun() && p[i].Kind == p[i-1].Kind
	}
	if !repeats {
		return p
	}
	return slices.CompactFunc(slices.Clone(p), func(a, b Token) bool { return a.isRun() && a.Kind == b.Kind })
}

// A builder makes an automaton by the subset construction.
type builder struct {
	*Automaton
	meter   *Meter
	trie    *trie
	subsets interner // as many as states: a place, absorbed elements, nodes
	classOf map[string]int32
	err     error

	// What is used again and again.
	record, nodes    []int32
	named            []rune
	matched, covered set
	key              []byte
}

// A subset is a set of positions in the trie, the elements that match whatever follows,
// and the place in the universe.
type subset struct {
	at       place
	absorbed set
	nodes    []int32
}

// Build makes the automaton of elements, each of them a list of patterns. The error is
// [Entangled] or that of the meter.
func Build(m *Meter, u Universe, elements [][]Pattern) (*Automaton, error) {
	b := &builder{
		Automaton: &Automaton{universe: u, elements: len(elements)},
		meter:     m, trie: newTrie(elements), classOf: map[string]int32{},
		matched: newSet(len(elements)), covered: newSet(len(elements)),
	}
	if b.trie == nil {
		return nil, Entangled
	}
	b.push(0, newSet(len(elements)), b.closed(nil, 0))
	for i := 0; i < len(b.states) && b.err == nil; i++ {
		b.expand(int32(i))
	}
	if b.err == nil {
		b.subsets = interner{} // room for what is left to do
		b.findReach()
	}
	if b.err != nil {
		return nil, b.err
	}
	b.size = b.kept()
	return b.Automaton, nil
}

// kept is how many bytes the automaton keeps.
func (b *builder) kept() int {
	return stateSize*len(b.states) + edgeSize*len(b.edges) + len(b.classes)*(setSize+8*b.trie.words) + 8*len(b.reachable)
}

// The bytes of a node without its sets, a state, an edge, and a set without its words.
const (
	nodeSize  = 20
	stateSize = 20
	edgeSize  = 8
	setSize   = 24
)

// count counts steps, and looks at the limits; false: one is reached.
func (b *builder) count(n int) bool {
	if b.steps += n; b.err == nil {
		b.err = b.meter.pass(n)
	}
	if b.err == nil && (len(b.states) > MaxStates || b.steps > maxBuilding || b.kept()+b.trie.size()+b.subsets.size()+len(b.classes)*(48+8*b.trie.words) > MaxSize) {
		b.err = Entangled
	}
	return b.err == nil
}

// closed adds a node, and what follows it without reading anything: the runs below it.
func (b *builder) closed(nodes []int32, n int32) []int32 {
	nodes = append(nodes, n)
	for c := b.trie.nodes[n].first; c != 0; c = b.trie.nodes[c].next {
		if b.trie.nodes[c].token.isRun() {
			nodes = b.closed(nodes, c)
		}
	}
	return nodes
}

// push interns a subset. A run at the end of a pattern matches whatever follows: its
// elements need no positions any more.
func (b *builder) push(at place, absorbed set, nodes []int32) int32 {
	t := b.trie
	slices.Sort(nodes)
	nodes = slices.Compact(nodes)
	copy(b.covered, absorbed)
	absorbed = b.covered
	for _, n := range nodes {
		if t.nodes[n].token.Kind == Run && n != 0 {
			absorbed.include(t.set(t.ends, n))
		}
	}
	kept := nodes[:0]
	for _, n := range nodes {
		if !t.set(t.below, n).within(absorbed) {
			kept = append(kept, n)
		}
	}
	b.record = append(b.record[:0], int32(at))
	for _, w := range absorbed {
		b.record = append(b.record, int32(w), int32(w>>32))
	}
	b.record = append(b.record, kept...)
	i, added := b.subsets.add(b.record)
	if added {
		b.states = append(b.states, state{at: at, other: -1, class: b.class(at, absorbed, kept)})
	}
	return i
}

// subset is that of a state.
func (b *builder) subset(i int32) subset {
	record := b.subsets.at(i)
	absorbed := make(set, b.trie.words)
	for w := range absorbed {
		absorbed[w] = uint64(uint32(record[1+2*w])) | uint64(uint32(record[2+2*w]))<<32
	}
	return subset{place(record[0]), absorbed, record[1+2*len(absorbed):]}
}

func (b *builder) class(at place, absorbed set, nodes []int32) int32 {
	if !b.universe.accepts(at) {
		return -1
	}
	matched := b.matched
	copy(matched, absorbed)
	for _, n := range nodes {
		matched.include(b.trie.set(b.trie.ends, n))
	}
	b.key = matched.key(b.key[:0])
	c, ok := b.classOf[string(b.key)]
	if !ok {
		c = int32(len(b.classes))
		b.classOf[string(b.key)] = c
		b.classes = append(b.classes, slices.Clone(matched))
	}
	return c
}

// expand follows every character out of state i: those that a token or the universe names,
// and one that stands for all others.
func (b *builder) expand(i int32) {
	s := b.subset(i)
	t := b.trie
	named := b.named[:0]
	characters, only := b.universe.splits(s.at)
	for _, r := range characters {
		named = append(named, r)
	}
	if !only {
		for _, n := range s.nodes {
			if t.nodes[n].token.Kind == RunInPart && n != 0 {
				named = append(named, ':')
			}
			for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
				switch token := t.nodes[c].token; token.Kind {
				case Literal, Folded, FoldedASCII:
					token.orbit(func(r rune) { named = append(named, r) })
				case OneInPart, RunInPart:
					named = append(named, ':')
				}
			}
		}
	}
	b.named = named
	if !b.count(len(s.nodes) + len(named)) {
		return
	}
	slices.Sort(named)
	named = slices.Compact(named)
	first := int32(len(b.edges))
	for _, r := range named {
		if b.err != nil {
			return
		}
		if at := b.universe.step(s.at, r); at != nowhere {
			b.edges = append(b.edges, edge{r, b.push(at, s.absorbed, b.step(s.nodes, r, false))})
		}
	}
	// push does not touch edges, so they are in one piece.
	b.states[i].from, b.states[i].to = first, int32(len(b.edges))
	if r, ok := b.universe.other(s.at, named); ok {
		b.states[i].other = b.push(b.universe.step(s.at, r), s.absorbed, b.step(s.nodes, r, true))
	}
}

// step is where a character leads; other says that it stands for those that no token names.
func (b *builder) step(nodes []int32, r rune, other bool) []int32 {
	t := b.trie
	out := b.nodes[:0]
	looked := len(nodes)
	for _, n := range nodes {
		if k := t.nodes[n].token.Kind; n != 0 && (k == Run || k == RunInPart && r != ':') {
			out = b.closed(out, n)
		}
		for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
			token := t.nodes[c].token
			looked++
			switch token.Kind {
			case Literal:
				if !other && token.Rune == r {
					out = b.closed(out, c)
				}
			case Folded, FoldedASCII:
				hit := false
				token.orbit(func(o rune) { hit = hit || o == r })
				if !other && hit {
					out = b.closed(out, c)
				}
			case One:
				out = b.closed(out, c)
			case OneInPart:
				if r != ':' {
					out = b.closed(out, c)
				}
			}
		}
	}
	b.nodes = out
	b.count(looked + len(out))
	return out
}

// next is where r leads from a state, -1 outside of the universe.
func (a *Automaton) next(s int32, r rune) int32 {
	st := &a.states[s]
	edges := a.edges[st.from:st.to]
	if len(edges) <= 8 {
		for _, e := range edges {
			if e.r == r {
				return e.to
			}
		}
	} else if i, ok := slices.BinarySearchFunc(edges, r, func(e edge, r rune) int { return cmp.Compare(e.r, r) }); ok {
		return edges[i].to
	}
	if a.universe.step(st.at, r) == nowhere {
		return -1
	}
	return st.other
}

// Match is the set of elements that match s, as a function; it is for tests and ok is false
// for a text outside of the universe.
func (a *Automaton) match(s string) (matched set, ok bool) {
	at := int32(0)
	for _, r := range s {
		if at = a.next(at, r); at < 0 {
			return nil, false
		}
	}
	c := a.states[at].class
	if c < 0 {
		return nil, false
	}
	return a.classes[c], true
}

// reach is the set of classes that continuations of a state have.
func (a *Automaton) reach(s int32) set {
	w := words(len(a.classes))
	return set(a.reachable[int(s)*w : (int(s)+1)*w])
}

// findReach goes backwards until nothing changes; states come mostly before those that they
// lead to, so few rounds are needed.
func (b *builder) findReach() {
	a, w := b.Automaton, words(len(b.classes))
	if b.kept()+8*w*len(a.states) > MaxSize {
		b.err = Entangled
		return
	}
	a.reachable = make([]uint64, len(a.states)*w)
	for changed := true; changed; {
		changed = false
		for i := int32(len(a.states)) - 1; i >= 0; i-- {
			s, mine := &a.states[i], a.reach(i)
			if !b.count(w * (2 + int(s.to-s.from))) {
				return
			}
			if s.class >= 0 && !mine.has(int(s.class)) {
				mine.add(int(s.class))
				changed = true
			}
			for _, e := range a.edges[s.from:s.to] {
				changed = mine.include(a.reach(e.to)) || changed
			}
			if s.other >= 0 {
				changed = mine.include(a.reach(s.other)) || changed
			}
		}
	}
}

// shortest are texts of each class, of which there are no shorter ones.
func (a *Automaton) shortest() []string {
	type step struct {
		from, s int32
		r       rune
	}
	seen, found := make([]bool, len(a.states)), make([]bool, len(a.classes))
	out := make([]string, len(a.classes))
	var queue []step
	visit := func(from, s int32, r rune) {
		if s < 0 || seen[s] {
			return
		}
		seen[s] = true
		queue = append(queue, step{from, s, r})
		c := a.states[s].class
		if c < 0 || found[c] {
			return
		}
		found[c] = true
		var text []rune
		for j := int32(len(queue) - 1); queue[j].from >= 0; j = queue[j].from {
			text = append(text, queue[j].r)
		}
		slices.Reverse(text)
		out[c] = string(text)
	}
	visit(-1, 0, 0)
	for i := 0; i < len(queue); i++ {
		st := &a.states[queue[i].s]
		var named []rune
		for _, e := range a.edges[st.from:st.to] {
			named = append(named, e.r)
			visit(int32(i), e.to, e.r)
		}
		if st.other >= 0 {
			if r, ok := a.universe.other(st.at, named); ok {
				visit(int32(i), st.other, r)
			}
		}
	}
	return out
}

// complete is a shortest text that leads from s to the end of a text of the class.
func (a *Automaton) complete(s int32, class int) string {
	if int(a.states[s].class) == class {
		return ""
	}
	type step struct {
		from int
		s    int32
		r    rune
	}
	seen := map[int32]bool{s: true}
	queue := []step{{-1, s, 0}}
	for i := 0; i < len(queue); i++ {
		st := &a.states[queue[i].s]
		try := func(r rune, to int32) (string, bool) {
			if to < 0 || seen[to] || !a.reach(to).has(class) {
				return "", false
			}
			seen[to] = true
			queue = append(queue, step{i, to, r})
			if int(a.states[to].class) != class {
				return "", false
			}
			var out []rune
			for j := len(queue) - 1; queue[j].from >= 0; j = queue[j].from {
				out = append(out, queue[j].r)
			}
			slices.Reverse(out)
			return string(out), true
		}
		var named []rune
		for _, e := range a.edges[st.from:st.to] {
			named = append(named, e.r)
			if text, ok := try(e.r, e.to); ok {
				return text
			}
		}
		if st.other >= 0 {
			if r, ok := a.universe.other(st.at, named); ok {
				if text, ok := try(r, st.other); ok {
					return text
				}
			}
		}
	}
	panic("symbolic: a class that cannot be reached")
}
