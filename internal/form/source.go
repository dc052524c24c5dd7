package form

import (
	"errors"
	"sort"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A Source is one JSON text.
type Source struct {
	File  string          // "" if it is not that of a file
	Start policy.Position // of the first byte; zero: the beginning of the file
	Src   []byte
	Root  *jsontree.Node // set by Parse

	lines []int // offsets at which lines begin
}

// Parse reads the syntax tree. The problem is nil if there is none.
func (s *Source) Parse() *Problem {
	s.lines = append(s.lines[:0], 0)
	for i, c := range s.Src {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	root, err := jsontree.Parse(s.Src)
	if err != nil {
		e := &Problem{File: s.File, Position: s.Position(0), Err: err}
		if syntax, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
			e.Position, e.Path, e.Err = s.Position(syntax.Offset), syntax.Pointer, errors.New(syntax.Reason)
		}
		return e
	}
	s.Root = root
	return nil
}

// Position is the place of a byte of Src. Parse must have been called.
func (s *Source) Position(offset int) policy.Position {
	line := sort.SearchInts(s.lines, offset+1)
	p := policy.Position{Offset: offset, Line: line, Column: offset - s.lines[line-1] + 1}
	if s.Start.IsValid() {
		p.Offset += s.Start.Offset
		p.Line += s.Start.Line - 1
		if line == 1 {
			p.Column += s.Start.Column - 1
		}
	}
	return p
}

// Locate finds what the tokens of a path lead to, or what would hold it if it is missing.
func (s *Source) Locate(tokens []string) policy.Position {
	n := s.Root
	for i := range tokens {
		next, ok := n.Lookup(Pointer(tokens[i : i+1]))
		if !ok {
			break
		}
		n = next
	}
	return s.Position(n.Start)
}

// A Problem is one thing that is wrong with a text, and where.
type Problem struct {
	File     string
	Position policy.Position
	Path     string // JSON pointer into the text
	Err      error
}
