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

// Error says what is wrong; the caller knows the file and adds the place.
func (e *SyntaxError) Error() string { return e.Reason }

// explain says what is wrong with a text that is not valid.
func explain(src []byte) error {
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		return &SyntaxError{Reason: "byte order mark before the JSON text; save the file as UTF-8 without it"}
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(src), jsontext.AllowDuplicateNames(true))
	if err := dec.SkipValue(); err != nil {
		return syntaxError(src, err)
	}
	end := int(dec.InputOffset())
	end += len(src[end:]) - len(bytes.TrimLeft(src[end:], " \t\r\n"))
	return &SyntaxError{Offset: end, Reason: "text after the JSON value; remove it"}
}

func syntaxError(src []byte, err error) error {
	out := &SyntaxError{Reason: err.Error()}
	if se, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		out.Offset, out.Pointer = int(se.ByteOffset), string(se.JSONPointer)
		out.Reason = se.Err.Error()
	}
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		out.Offset, out.Reason = 0, "empty; want one JSON value"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		out.Offset, out.Reason = len(src), "the text ends in the middle of a JSON value; it looks truncated"
	case out.Offset < len(src) && !utf8.Valid(src[out.Offset:min(len(src), out.Offset+utf8.UTFMax)]) && strings.Contains(out.Reason, "UTF-8"):
		out.Reason = fmt.Sprintf("byte 0x%02x is not UTF-8; save the file as UTF-8", src[out.Offset])
	}
	out.Offset = min(out.Offset, len(src))
	return out
}

// LineColumn returns the 1-based line and column (in bytes) of a byte offset.
func LineColumn(src []byte, offset int) (line, column int) {
	offset = max(0, min(offset, len(src)))
	before := src[:offset]
	return 1 + bytes.Count(before, []byte{'\n'}), offset - bytes.LastIndexByte(before, '\n')
}
