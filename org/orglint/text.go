package orglint

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A text is the source of a document, for places in its file.
type text struct {
	src   string
	root  *jsontree.Node
	start policy.Position // of the source in the file
	lines []int           // offsets in the source at which lines begin
}

func (e *entry) source() *text {
	if e.text != nil {
		return e.text
	}
	d := e.doc
	t := &text{src: d.String(), lines: []int{0}}
	for i := range len(t.src) {
		if t.src[i] == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	root, err := jsontree.Parse([]byte(t.src))
	if err != nil {
		panic("orglint: a parsed document is no JSON: " + err.Error())
	}
	t.root = root
	// The document knows where its root value stands; the source may begin before it.
	at, _ := d.Position("")
	own := t.relative(root.Start)
	t.start = policy.Position{Offset: at.Offset - own.Offset, Line: at.Line - own.Line + 1, Column: 1}
	if own.Line == 1 {
		t.start.Column = at.Column - own.Column + 1
	}
	e.text = t
	return t
}

// relative is the place of an offset in the source itself.
func (t *text) relative(offset int) policy.Position {
	line := sort.SearchInts(t.lines, offset+1)
	return policy.Position{Offset: offset, Line: line, Column: offset - t.lines[line-1] + 1}
}

// position is the place of an offset in the file.
func (t *text) position(offset int) policy.Position {
	p := t.relative(offset)
	if p.Line == 1 {
		p.Column += t.start.Column - 1
	}
	return policy.Position{Offset: t.start.Offset + p.Offset, Line: t.start.Line + p.Line - 1, Column: p.Column}
}

// value finds a value by its JSON pointer, in which lists and statements may be written
// with an index even where the document has a single value. It returns the pointer as the
// document is written.
func (t *text) value(pointer string) (*jsontree.Node, string) {
	if rest, ok := strings.CutPrefix(pointer, "/Statement/0"); ok && (rest == "" || rest[0] == '/') {
		if n, _ := t.root.Member("Statement"); n != nil && n.Kind == jsontree.Object {
			pointer = "/Statement" + rest
		}
	}
	if n, ok := t.root.Lookup(pointer); ok {
		return n, pointer
	}
	i := strings.LastIndexByte(pointer, '/')
	if n, ok := t.root.Lookup(pointer[:i]); ok && pointer[i+1:] == "0" {
		return n, pointer[:i]
	}
	return t.root, ""
}

// report adds a finding about no document.
func (w *world) report(subject, format string, args ...any) {
	f := Finding{Subject: subject}
	f.Type, f.Code, f.Message = w.rule.typ, w.rule.code, fmt.Sprintf(format, args...)
	w.findings = append(w.findings, f)
}

// reportAt adds a finding about a value of a document.
func (w *world) reportAt(e *entry, kind policy.Kind, subject, pointer, format string, args ...any) {
	t := e.source()
	n, path := t.value(pointer)
	f := Finding{Subject: subject, Kind: kind, Document: e.doc}
	f.Type, f.Code, f.Message = w.rule.typ, w.rule.code, fmt.Sprintf(format, args...)
	f.Path, f.File = path, e.doc.File()
	f.Position, f.End = t.position(n.Start), t.position(n.End)
	w.findings = append(w.findings, f)
}

// at is the pointer of an element of a statement, or of a value in it.
func at(statement int, tokens ...string) string {
	p := "/Statement/" + strconv.Itoa(statement)
	for _, t := range tokens {
		p += "/" + jsontree.Escape(t)
	}
	return p
}
