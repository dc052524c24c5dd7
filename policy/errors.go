package policy

import (
	"bytes"
	"fmt"
	"strings"
)

// A Position is a place in a file. Line and Column count from 1, Column in bytes; Offset
// counts bytes from 0. The zero Position is unknown.
type Position struct{ Offset, Line, Column int }

// IsValid reports whether the position is known.
func (p Position) IsValid() bool { return p.Line > 0 }

// String is "line:column", or "-" for an unknown position.
func (p Position) String() string {
	if !p.IsValid() {
		return "-"
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// plus is the place in the file of a place in a text that begins at p. The zero p is the
// beginning of the file.
func (p Position) plus(q Position) Position {
	if !p.IsValid() {
		return q
	}
	if q.Line == 1 {
		q.Column += p.Column - 1
	}
	return Position{Offset: p.Offset + q.Offset, Line: p.Line + q.Line - 1, Column: q.Column}
}

// A ParseError is one thing that is wrong with a document, and where.
type ParseError struct {
	File     string // "" if the document has no file
	Position Position
	Path     string // JSON pointer into the document, such as "/Statement/0/Action"
	Err      error
}

// Error is "file:line:column: path: what is wrong; what would be right".
func (e *ParseError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Position.IsValid() {
		b.WriteString(e.Position.String() + ": ")
	} else if e.File != "" {
		b.WriteByte(' ')
	}
	if e.Path != "" {
		b.WriteString(clip(e.Path) + ": ")
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns what is wrong, without the place.
func (e *ParseError) Unwrap() error { return e.Err }

// ParseErrors is everything that is wrong with a document, in source order. It is never
// returned empty.
type ParseErrors []*ParseError

// Error is all errors, a line each.
func (e ParseErrors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As look at each error.
func (e ParseErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

// locate turns the offsets in src that the positions hold, in ascending order, into
// places in the file, where src begins at start.
func (e ParseErrors) locate(src []byte, start Position) {
	at, line, lineStart := 0, 1, 0
	for _, err := range e {
		offset := min(err.Position.Offset, len(src))
		between := src[at:offset]
		line += bytes.Count(between, []byte{'\n'})
		if i := bytes.LastIndexByte(between, '\n'); i >= 0 {
			lineStart = at + i + 1
		}
		at = offset
		err.Position = start.plus(Position{offset, line, offset - lineStart + 1})
	}
}
