package jsontree

import (
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Parse reads exactly one JSON value. The error is a *[SyntaxError].
func Parse(src []byte) (*Node, error) {
	if !jsontext.Value(src).IsValid(jsontext.AllowDuplicateNames(true)) {
		return nil, explain(src)
	}
	s := scan(string(src))
	root := s.tree(make([]Node, s.nodes), make([]Member, s.members))
	s.free()
	return root, nil
}

// Read is [Parse] for a tree that is needed only until use returns: its nodes are memory
// that later calls use again. text is a copy of src. It may be kept, and so may the names
// and texts of the nodes, which are parts of it but for those with escapes. On an error
// use is not called.
func Read(src []byte, use func(root *Node, text string)) error {
	if !jsontext.Value(src).IsValid(jsontext.AllowDuplicateNames(true)) {
		return explain(src)
	}
	text := string(src)
	s := scan(text)
	r := rooms.Get().(*room)
	r.nodes, r.members = resize(r.nodes, s.nodes), resize(r.members, s.members)
	root := s.tree(r.nodes, r.members)
	s.free()
	use(root, text)
	if cap(r.nodes) <= mostKept && cap(r.members) <= mostKept {
		clear(r.nodes) // a room in waiting holds on to no text
		clear(r.members)
		rooms.Put(r)
	}
	return nil
}

// resize gives a list of zeros n of them.
func resize[T any](zeros []T, n int) []T {
	if n <= cap(zeros) {
		return zeros[:n]
	}
	return make([]T, n, max(n, min(2*n, mostKept)))
}

// A room is the memory of a tree.
type room struct {
	nodes   []Node
	members []Member
}

var (
	rooms    = sync.Pool{New: func() any { return &room{} }}
	scanners = sync.Pool{New: func() any { return &scanner{} }}
)

// mostKept is the number of nodes, members or tokens up to which their memory is kept.
const mostKept = 1 << 14

// A scanner finds where the values and names of a text begin and end, and so how much room
// its tree takes. The text is known to be one valid JSON value.
type scanner struct {
	src            string
	tokens         []token // in source order
	open           []int   // the tokens of the objects and arrays around the place that is scanned
	nodes, members int     // of the tree; the values of members are not counted as nodes
}

// A token is a value or a member's name.
type token struct {
	start, end int
	// Object, array: how many members or elements it has.
	// String: 1 if it has escapes.
	n int
}

// scan reads the tokens of src. The scanner is to be freed.
func scan(src string) *scanner {
	s := scanners.Get().(*scanner)
	s.src, s.nodes, s.members = src, 1, 0
	escapes := strings.IndexByte(src, '\\') >= 0
	for at := 0; at < len(src); {
		start := at
		switch src[at] {
		case ' ', '\t', '\r', '\n', ':', ',':
			at++
		case '{', '[':
			at++
			s.count()
			s.open = append(s.open, len(s.tokens))
			s.tokens = append(s.tokens, token{start: start})
		case '}', ']':
			at++
			s.close(at)
		case '"':
			at += 2 + strings.IndexByte(src[at+1:], '"')
			t := token{start: start, end: at}
			if escapes && strings.IndexByte(src[start:at], '\\') >= 0 {
				at = start + quoted(src[start:])
				t.end, t.n = at, 1
			}
			s.count()
			s.tokens = append(s.tokens, t)
		default:
			for at < len(src) && strings.IndexByte(" \t\r\n,]}", src[at]) < 0 {
				at++
			}
			s.count()
			s.tokens = append(s.tokens, token{start: start, end: at})
		}
	}
	return s
}

// quoted is the length of the quoted string with escapes that s begins with.
func quoted(s string) int {
	i := 1
	for ; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// count notes that another token stands directly in the innermost object or array.
func (s *scanner) count() {
	if len(s.open) > 0 {
		s.tokens[s.open[len(s.open)-1]].n++
	}
}

// close ends the innermost object or array.
func (s *scanner) close(end int) {
	last := len(s.open) - 1
	t := &s.tokens[s.open[last]]
	s.open = s.open[:last]
	t.end = end
	if s.src[t.start] == '{' {
		t.n /= 2 // names and values were counted
		s.members += t.n
	} else {
		s.nodes += t.n
	}
}

func (s *scanner) free() {
	s.src, s.tokens = "", s.tokens[:0]
	if cap(s.tokens) <= mostKept && cap(s.open) <= mostKept {
		scanners.Put(s)
	}
}

// tree builds the tree of the tokens in zero nodes and members, as many as there are in it.
func (s *scanner) tree(nodes []Node, members []Member) *Node {
	b := builder{src: s.src, tokens: s.tokens, nodes: nodes[1:], members: members}
	b.value(&nodes[0])
	return &nodes[0]
}

// A builder builds a tree; it holds what is still to be used.
type builder struct {
	src     string
	tokens  []token
	nodes   []Node
	members []Member
}

func (b *builder) token() token {
	t := b.tokens[0]
	b.tokens = b.tokens[1:]
	return t
}

func (b *builder) value(n *Node) {
	t := b.token()
	n.Start, n.End = t.start, t.end
	switch b.src[t.start] {
	case '{':
		n.Kind = Object
		if t.n > 0 {
			n.Members, b.members = b.members[:t.n:t.n], b.members[t.n:]
		}
		for i := range n.Members {
			m := &n.Members[i]
			name := b.token()
			m.Name, m.NameStart, m.NameEnd = b.text(name), name.start, name.end
			b.value(&m.Value)
		}
	case '[':
		n.Kind = Array
		if t.n > 0 {
			n.Elements, b.nodes = b.nodes[:t.n:t.n], b.nodes[t.n:]
		}
		for i := range n.Elements {
			b.value(&n.Elements[i])
		}
	case '"':
		n.Kind, n.Text = String, b.text(t)
	case 'n':
		n.Kind = Null
	case 't', 'f':
		n.Kind, n.Text = Bool, b.src[t.start:t.end]
	default:
		n.Kind, n.Text = Number, b.src[t.start:t.end]
	}
}

// text decodes a string; only one with escapes costs a copy.
func (b *builder) text(t token) string {
	if t.n == 0 {
		return b.src[t.start+1 : t.end-1]
	}
	text, err := jsontext.AppendUnquote(nil, b.src[t.start:t.end])
	if err != nil {
		panic("jsontree: a valid string does not unquote: " + err.Error())
	}
	return string(text)
}
