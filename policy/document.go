package policy

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
)

// A Document is an immutable policy document that remembers its source. Attaching one
// *Document to many principals costs nothing: it is compiled once.
type Document struct {
	src        string
	file       string
	start      Position // where src begins in file
	version    Version
	id         string
	statements []Statement
	array      bool // Statement is written as an array
}

// Version is the document's language version. A document without a Version element
// has [Version2008].
func (d *Document) Version() Version { return d.version }

// ID is the document's Id element, or "".
func (d *Document) ID() string { return d.id }

// File is the name of the file that the document was read from, or "".
func (d *Document) File() string { return d.file }

// Len is the number of statements.
func (d *Document) Len() int { return len(d.statements) }

// Statement returns statement i, counted from 0.
func (d *Document) Statement(i int) Statement { return d.statements[i] }

// Statements yields index and statement in source order.
func (d *Document) Statements() iter.Seq2[int, Statement] { return slices.All(d.statements) }

// Source returns a copy of exactly what was parsed.
func (d *Document) Source() []byte { return []byte(d.src) }

// MarshalJSON returns the document as it was written: the same members in the same order,
// lists as lists and single strings as strings.
func (d *Document) MarshalJSON() ([]byte, error) { return d.Source(), nil }

// String is the document's source.
func (d *Document) String() string { return d.src }

// Equal reports whether both documents are the same JSON text, white space between tokens
// aside. A nil *Document equals only nil.
func (d *Document) Equal(other *Document) bool {
	if d == nil || other == nil {
		return d == other
	}
	return d.src == other.src || bytes.Equal(compact(d.src), compact(other.src))
}

// Position returns the place of the value that a JSON pointer such as
// "/Statement/0/Action" names, in the document's file. A document with a single
// statement object is also reached as "/Statement/0".
func (d *Document) Position(path string) (Position, bool) {
	root, err := jsontree.Parse([]byte(d.src))
	if err != nil {
		return Position{}, false
	}
	node, ok := d.lookup(root, path)
	if !ok {
		return Position{}, false
	}
	line, column := jsontree.LineColumn([]byte(d.src), node.Start)
	return d.start.plus(Position{node.Start, line, column}), true
}

// lookup follows a JSON pointer from the document's root.
func (d *Document) lookup(root *jsontree.Node, path string) (*jsontree.Node, bool) {
	node, ok := root.Lookup(path)
	if rest, single := strings.CutPrefix(path, "/Statement/0"); !ok && single && !d.array && (rest == "" || rest[0] == '/') {
		return root.Lookup("/Statement" + rest)
	}
	return node, ok
}

// Size counts the document as AWS does for the quota of kind k. For policies that IAM
// stores, white space between tokens does not count (IAM User Guide, “IAM and AWS STS
// quotas”); SCPs and RCPs count every character as saved (Organizations User Guide,
// “Quotas”), as do session and endpoint policies. The unit is characters, not bytes.
func (d *Document) Size(k Kind) int {
	switch k {
	case IdentityBased, RoleTrust, PermissionsBoundary:
		return utf8.RuneCount(compact(d.src))
	default:
		return utf8.RuneCountInString(d.src)
	}
}

// compact removes white space between tokens and changes nothing else.
func compact(src string) []byte {
	v := jsontext.Value(src)
	if err := v.Compact(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true), jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false)); err != nil {
		return []byte(src)
	}
	return v
}

// Indent returns the document's source with line breaks and indentation by two spaces
// between tokens, and nothing else changed.
func (d *Document) Indent() []byte {
	v := jsontext.Value(d.src)
	if err := v.Indent(jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true), jsontext.CanonicalizeRawInts(false), jsontext.CanonicalizeRawFloats(false)); err != nil {
		return d.Source()
	}
	return v
}

// Must returns d, and panics on an error. It is for documents in source and tests.
func Must(d *Document, err error) *Document {
	if err != nil {
		panic("policy: " + err.Error())
	}
	return d
}
