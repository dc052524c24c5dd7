// Package jsontree builds a JSON syntax tree that remembers where everything stood.
//
// Every value and member name keeps its byte span in the input, members keep their
// order, and members of one name are all kept, so that the caller can report each
// duplicate where it stands. Strings are decoded, numbers keep their source text.
// The grammar itself is checked by package jsontext: one value, valid UTF-8, no
// trailing data, at most 10,000 levels of nesting.
//
// It does not know what the values mean.
package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A Kind is the JSON kind of a [Node].
type Kind byte

// The kinds of JSON values.
const (
	Null   Kind = 'n'
	Bool   Kind = 'b'
	String Kind = '"'
	Number Kind = '0'
	Object Kind = '{'
	Array  Kind = '['
)

// String is the kind as an error message names it: "a string", "an object".
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "a boolean"
	case String:
		return "a string"
	case Number:
		return "a number"
	case Object:
		return "an object"
	case Array:
		return "an array"
	}
	return "nothing"
}

// A Node is one JSON value.
type Node struct {
	Kind       Kind
	Start, End int      // byte span in the input, End exclusive
	Text       string   // String: decoded; Number, Bool: source text
	Members    []Member // Object, in source order, duplicates included
	Elements   []Node   // Array
}

// A Member is one name and value of an object.
type Member struct {
	Name               string // decoded
	NameStart, NameEnd int    // byte span of the quoted name
	Value              Node
}

// Member returns the value of the first member called name.
func (n *Node) Member(name string) (*Node, bool) {
	for i := range n.Members {
		if n.Members[i].Name == name {
			return &n.Members[i].Value, true
		}
	}
	return nil, false
}

// Lookup follows a JSON pointer (RFC 6901). When the pointer names an object member
// that stands more than once, the first counts.
func (n *Node) Lookup(pointer string) (*Node, bool) {
	if pointer == "" {
		return n, true
	}
	if pointer[0] != '/' {
		return nil, false
	}
	for tok := range strings.SplitSeq(pointer[1:], "/") {
		switch n.Kind {
		case Object:
			next, ok := n.Member(unescape.Replace(tok))
			if !ok {
				return nil, false
			}
			n = next
		case Array:
			i, err := strconv.Atoi(tok)
			if err != nil || i < 0 || i >= len(n.Elements) || tok != strconv.Itoa(i) {
				return nil, false
			}
			n = &n.Elements[i]
		default:
			return nil, false
		}
	}
	return n, true
}

var (
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
)

// Escape returns name as one token of a JSON pointer.
func Escape(name string) string { return escape.Replace(name) }

// A SyntaxError says where the input stops being JSON.
type SyntaxError struct {
	Offset  int    // byte offset in the input
	Pointer string // JSON pointer of the enclosing value
	Reason  string
}

func (e *SyntaxError) Error() string { return e.Reason }

// Parse reads exactly one JSON value. The error is a *[SyntaxError].
func Parse(src []byte) (*Node, error) {
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		return nil, &SyntaxError{Reason: "byte order mark before the JSON text; save the file as UTF-8 without it"}
	}
	p := parser{src: src, dec: jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true))}
	root := new(Node)
	if err := p.value(root); err != nil {
		return nil, p.syntaxError(err)
	}
	if _, err := p.dec.ReadToken(); err != io.EOF {
		if err == nil {
			return nil, &SyntaxError{Offset: p.skip(root.End), Reason: "text after the JSON value; remove it"}
		}
		return nil, p.syntaxError(err)
	}
	return root, nil
}

type parser struct {
	src []byte
	dec *jsontext.Decoder
}

// skip returns the offset of the first token byte at or after off.
func (p *parser) skip(off int) int {
	for off < len(p.src) {
		switch p.src[off] {
		case ' ', '\t', '\r', '\n', ',', ':':
			off++
		default:
			return off
		}
	}
	return off
}

func (p *parser) value(n *Node) error {
	start := int(p.dec.InputOffset())
	tok, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	n.Start = p.skip(start)
	switch tok.Kind() {
	case '{':
		n.Kind = Object
		err = p.members(n)
	case '[':
		n.Kind = Array
		err = p.elements(n)
	case '"':
		n.Kind, n.Text = String, tok.String()
	case '0':
		n.Kind, n.Text = Number, string(p.src[n.Start:p.dec.InputOffset()])
	case 'n':
		n.Kind = Null
	default:
		n.Kind, n.Text = Bool, tok.String()
	}
	n.End = int(p.dec.InputOffset())
	return err
}

func (p *parser) members(n *Node) error {
	for p.dec.PeekKind() != '}' {
		start := int(p.dec.InputOffset())
		tok, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		n.Members = append(n.Members, Member{Name: tok.String(), NameStart: p.skip(start), NameEnd: int(p.dec.InputOffset())})
		if err := p.value(&n.Members[len(n.Members)-1].Value); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	return err
}

func (p *parser) elements(n *Node) error {
	for p.dec.PeekKind() != ']' {
		n.Elements = append(n.Elements, Node{})
		if err := p.value(&n.Elements[len(n.Elements)-1]); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	return err
}

func (p *parser) syntaxError(err error) error {
	out := &SyntaxError{Offset: int(p.dec.InputOffset()), Reason: err.Error()}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		out.Offset, out.Pointer = int(se.ByteOffset), string(se.JSONPointer)
		out.Reason = se.Err.Error()
	}
	switch {
	case len(bytes.TrimSpace(p.src)) == 0:
		out.Offset, out.Reason = 0, "empty; want one JSON value"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		out.Offset, out.Reason = len(p.src), "the text ends in the middle of a JSON value; it looks truncated"
	case out.Offset < len(p.src) && !utf8.Valid(p.src[out.Offset:min(len(p.src), out.Offset+utf8.UTFMax)]) && strings.Contains(out.Reason, "UTF-8"):
		out.Reason = fmt.Sprintf("byte 0x%02x is not UTF-8; save the file as UTF-8", p.src[out.Offset])
	}
	out.Offset = min(out.Offset, len(p.src))
	return out
}

// LineColumn returns the 1-based line and column (in bytes) of a byte offset.
func LineColumn(src []byte, offset int) (line, column int) {
	offset = max(0, min(offset, len(src)))
	before := src[:offset]
	return 1 + bytes.Count(before, []byte{'\n'}), offset - bytes.LastIndexByte(before, '\n')
}
