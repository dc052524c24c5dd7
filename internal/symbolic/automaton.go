package symbolic

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
)

// A Limit is the error of a search that would need more steps than are allowed. It never
// means that there is nothing to find.
type Limit string

// The limits.
const (
	Entangled Limit = "patterns too entangled"                    // [MaxStates]
	Unsettled Limit = "conditions too entangled"                  // [MaxNodes]
	ManyCells Limit = "too many classes of actions and resources" // [MaxCells]
)

// Error names the limit.
func (l Limit) Error() string { return string(l) }

// MaxStates limits the states of an [Automaton] and of a product of them.
const MaxStates = 200_000

// An Automaton tells for every text of a universe which of its elements, lists of patterns,
// match it. The sets of elements that occur are its classes. It is immutable and may be
// used by several goroutines.
type Automaton struct {
	universe Universe
	elements int
	states   []state
	edges    []edge
	classes  []set // over elements

	once      sync.Once
	reachable []uint64 // for each state the set of classes that some continuation has, flat
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

func (t *trie) set(of []uint64, n int32) set { return set(of[int(n)*t.words : (int(n)+1)*t.words]) }

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
	t := &trie{words: max(1, words(len(elements)))}
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
	trie    *trie
	index   map[string]int32
	queue   []subset
	classOf map[string]int32
	key     []byte
}

// A subset is a set of positions in the trie, the elements that match whatever follows,
// and the place in the universe.
type subset struct {
	at       place
	absorbed set
	nodes    []int32
}

// Build makes the automaton of elements, each of them a list of patterns. The error is
// [Entangled].
func Build(u Universe, elements [][]Pattern) (*Automaton, error) {
	b := &builder{
		Automaton: &Automaton{universe: u, elements: len(elements)},
		trie:      newTrie(elements), index: map[string]int32{}, classOf: map[string]int32{},
	}
	b.push(0, newSetOf(b.trie.words), b.closed(nil, 0))
	for i := 0; i < len(b.queue); i++ {
		if len(b.queue) > MaxStates {
			return nil, Entangled
		}
		b.expand(int32(i))
	}
	return b.Automaton, nil
}

func newSetOf(words int) set { return make(set, words) }

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
	for _, n := range nodes {
		if t.nodes[n].token.Kind == Run && n != 0 && !t.set(t.ends, n).within(absorbed) {
			absorbed = absorbed.or(t.set(t.ends, n))
		}
	}
	kept := nodes[:0]
	for _, n := range nodes {
		if !t.set(t.below, n).within(absorbed) {
			kept = append(kept, n)
		}
	}
	b.key = append(b.key[:0], byte(at))
	b.key = absorbed.key(b.key)
	for _, n := range kept {
		b.key = binary.LittleEndian.AppendUint32(b.key, uint32(n))
	}
	if i, ok := b.index[string(b.key)]; ok {
		return i
	}
	i := int32(len(b.queue))
	b.index[string(b.key)] = i
	b.queue = append(b.queue, subset{at, absorbed, slices.Clone(kept)})
	b.states = append(b.states, state{at: at, other: -1, class: b.class(at, absorbed, kept)})
	return i
}

func (b *builder) class(at place, absorbed set, nodes []int32) int32 {
	if !b.universe.accepts(at) {
		return -1
	}
	matched := slices.Clone(absorbed)
	for _, n := range nodes {
		matched.include(b.trie.set(b.trie.ends, n))
	}
	key := matched.key(nil)
	c, ok := b.classOf[string(key)]
	if !ok {
		c = int32(len(b.classes))
		b.classOf[string(key)] = c
		b.classes = append(b.classes, matched)
	}
	return c
}

// expand follows every character out of state i: those that a token or the universe names,
// and one that stands for all others.
func (b *builder) expand(i int32) {
	s := b.queue[i]
	t := b.trie
	var named []rune
	characters, only := b.universe.splits(s.at)
	named = append(named, []rune(characters)...)
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
	slices.Sort(named)
	named = slices.Compact(named)
	first := int32(len(b.edges))
	for _, r := range named {
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
	var out []int32
	for _, n := range nodes {
		if k := t.nodes[n].token.Kind; n != 0 && (k == Run || k == RunInPart && r != ':') {
			out = b.closed(out, n)
		}
		for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
			token := t.nodes[c].token
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
	a.once.Do(a.findReach)
	w := words(len(a.classes))
	return set(a.reachable[int(s)*w : (int(s)+1)*w])
}

// findReach goes backwards until nothing changes; states come mostly before those that they
// lead to, so few rounds are needed.
func (a *Automaton) findReach() {
	w := words(len(a.classes))
	a.reachable = make([]uint64, len(a.states)*w)
	at := func(s int32) set { return set(a.reachable[int(s)*w : (int(s)+1)*w]) }
	for changed := true; changed; {
		changed = false
		for i := int32(len(a.states)) - 1; i >= 0; i-- {
			s, mine := &a.states[i], at(i)
			if s.class >= 0 && !mine.has(int(s.class)) {
				mine.add(int(s.class))
				changed = true
			}
			for _, e := range a.edges[s.from:s.to] {
				changed = mine.include(at(e.to)) || changed
			}
			if s.other >= 0 {
				changed = mine.include(at(s.other)) || changed
			}
		}
	}
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
