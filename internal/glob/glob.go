// Package glob compiles IAM's patterns: * matches any run of characters, ? exactly one,
// and ${…} is replaced by the value of a condition key.
//
// A pattern is tokenised once, before any value is known, so a wildcard character that
// comes out of a variable is always plain text (IAM User Guide, “IAM policy elements:
// Variables and tags”). Matching never backtracks over a star, and never allocates.
package glob

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/ascii"
)

// A Variable is one ${key} or ${key, 'default'} of a pattern.
type Variable struct {
	Key        string // as written
	Default    string
	HasDefault bool
}

// A Mode says what a text may contain besides plain characters.
type Mode uint8

// The modes are bits.
const (
	Wildcards Mode = 1 << iota // * and ?
	Variables                  // ${…}, and ${*}, ${?}, ${$} as the plain characters
	FoldASCII                  // match ASCII letters without regard to case
)

type class uint8

const (
	general class = iota
	literal
	prefix
	suffix
	everything
)

// A Pattern is a compiled text. The zero Pattern matches only the empty string.
type Pattern struct {
	class    class
	fold     bool
	text     string // literal, prefix, suffix
	segments []segment
	vars     []Variable
}

// A segment is what stands between two stars.
type segment struct {
	atoms []atom
	plain bool // exactly one text atom
}

type atom struct {
	kind atomKind
	text string
	v    int // index into Pattern.vars
}

type atomKind uint8

const (
	textAtom atomKind = iota
	oneAtom           // ?
	varAtom
)

// Compile tokenises text as mode says, before any value is known (R-PAT-3).
func Compile(text string, mode Mode) Pattern {
	p := Pattern{fold: mode&FoldASCII != 0}
	cur := segment{}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			cur.atoms = append(cur.atoms, atom{kind: textAtom, text: lit.String()})
			lit.Reset()
		}
	}
	stars := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '*' && mode&Wildcards != 0:
			flush()
			if !stars || len(cur.atoms) > 0 { // a run of stars is one star
				p.segments = append(p.segments, cur)
			}
			cur, stars = segment{}, true
			i++
			continue
		case c == '?' && mode&Wildcards != 0:
			flush()
			cur.atoms = append(cur.atoms, atom{kind: oneAtom})
			i++
			continue
		case c == '$' && mode&Variables != 0:
			if body, n, ok := variable(text[i:]); ok {
				// R-PAT-2: ${*}, ${?} and ${$} are the characters; there is no other escape.
				i += n
				if body == "*" || body == "?" || body == "$" {
					lit.WriteString(body)
					continue
				}
				flush()
				cur.atoms = append(cur.atoms, atom{kind: varAtom, v: len(p.vars)})
				p.vars = append(p.vars, parseVariable(body))
				continue
			}
		}
		if p.fold {
			c = ascii.Lower(c)
		}
		lit.WriteByte(c)
		i++
	}
	flush()
	p.segments = append(p.segments, cur)
	p.classify()
	return p
}

// variable cuts ${body} from the front of s; n is its length. Without a closing brace it
// is plain text (R-VAR-2).
func variable(s string) (body string, n int, ok bool) {
	if !strings.HasPrefix(s, "${") {
		return "", 0, false
	}
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", 0, false
	}
	return s[2:end], end + 1, true
}

// parseVariable implements R-VAR-1: key, or key, 'default', whose quotes are the first and
// the last (IAM User Guide, “IAM policy elements: Variables and tags”).
func parseVariable(body string) Variable {
	key, rest, _ := strings.Cut(body, ",")
	rest = strings.Trim(rest, " ")
	if len(rest) >= 2 && rest[0] == '\'' && rest[len(rest)-1] == '\'' {
		return Variable{Key: strings.Trim(key, " "), Default: rest[1 : len(rest)-1], HasDefault: true}
	}
	// Whatever else stands there is a key, which no request has.
	return Variable{Key: body}
}

func (p *Pattern) classify() {
	for i := range p.segments {
		s := &p.segments[i]
		s.plain = len(s.atoms) == 1 && s.atoms[0].kind == textAtom
	}
	plainOrEmpty := func(s segment) bool { return s.plain || len(s.atoms) == 0 }
	text := func(s segment) string {
		if s.plain {
			return s.atoms[0].text
		}
		return ""
	}
	switch {
	case len(p.segments) == 1 && plainOrEmpty(p.segments[0]):
		p.class, p.text = literal, text(p.segments[0])
	case len(p.segments) == 2 && plainOrEmpty(p.segments[0]) && plainOrEmpty(p.segments[1]):
		before, after := text(p.segments[0]), text(p.segments[1])
		switch {
		case before == "" && after == "":
			p.class = everything
		case after == "":
			p.class, p.text = prefix, before
		case before == "":
			p.class, p.text = suffix, after
		}
	}
}

// IsEverything reports whether the pattern is a run of stars.
func (p *Pattern) IsEverything() bool { return p.class == everything }

// IsLiteral reports whether the pattern matches one text only.
func (p *Pattern) IsLiteral() bool { return p.class == literal }

// Lead is the plain text that whatever the pattern matches begins with; whole says that
// nothing may follow it, open that anything may.
func (p *Pattern) Lead() (text string, whole, open bool) {
	switch p.class {
	case everything, prefix:
		return p.text, false, true
	case literal:
		return p.text, true, false
	}
	if len(p.segments) > 0 && len(p.segments[0].atoms) > 0 && p.segments[0].atoms[0].kind == textAtom {
		return p.segments[0].atoms[0].text, false, false
	}
	return "", len(p.segments) == 0, false
}

// Variables are the pattern's variables in source order; do not modify.
func (p *Pattern) Variables() []Variable { return p.vars }

// Loosened is the pattern with a star in place of every variable: what it could match for
// some values of them.
func (p *Pattern) Loosened() Pattern {
	out := Pattern{fold: p.fold}
	cur := segment{}
	for i, s := range p.segments {
		if i > 0 {
			out.segments = append(out.segments, cur)
			cur = segment{}
		}
		for _, a := range s.atoms {
			if a.kind == varAtom {
				out.segments = append(out.segments, cur)
				cur = segment{}
				continue
			}
			cur.atoms = append(cur.atoms, a)
		}
	}
	out.segments = append(out.segments, cur)
	out.classify()
	return out
}

// Match reports whether the pattern matches the whole of s. values holds a text for each
// of [Pattern.Variables]; it may be nil when there are none.
//
// R-PAT-1: * and ? match any characters, / and : and line breaks too (IAM User Guide, “IAM
// JSON policy elements: Resource”). R-PAT-4: a star is never tried again, so the time is at
// most that of len(s) times the length of the pattern.
func (p *Pattern) Match(s string, values []string) bool {
	switch p.class {
	case everything:
		return true
	case literal:
		return len(s) == len(p.text) && p.equal(s, p.text)
	case prefix:
		return len(s) >= len(p.text) && p.equal(s[:len(p.text)], p.text)
	case suffix:
		return len(s) >= len(p.text) && p.equal(s[len(s)-len(p.text):], p.text)
	}
	segs := p.segments
	if len(segs) == 0 {
		return s == ""
	}
	n, ok := p.at(&segs[0], s, values)
	if !ok {
		return false
	}
	if len(segs) == 1 {
		return n == len(s)
	}
	s = s[n:]
	for i := 1; i < len(segs)-1; i++ {
		_, end := p.find(&segs[i], s, values)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	return p.ends(&segs[len(segs)-1], s, values)
}

// find returns the leftmost place where the segment matches. Leftmost is best: what
// follows a star may skip any characters.
func (p *Pattern) find(g *segment, s string, values []string) (start, end int) {
	if g.plain && !p.fold {
		i := strings.Index(s, g.atoms[0].text)
		if i < 0 {
			return -1, -1
		}
		return i, i + len(g.atoms[0].text)
	}
	for i := 0; ; {
		if n, ok := p.at(g, s[i:], values); ok {
			return i, i + n
		}
		if i >= len(s) {
			return -1, -1
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
}

// ends reports whether the segment matches the end of s.
func (p *Pattern) ends(g *segment, s string, values []string) bool {
	for i := len(g.atoms) - 1; i >= 0; i-- {
		a := &g.atoms[i]
		if a.kind == oneAtom {
			if s == "" {
				return false
			}
			_, size := utf8.DecodeLastRuneInString(s)
			s = s[:len(s)-size]
			continue
		}
		text := a.text
		if a.kind == varAtom {
			text = values[a.v]
		}
		if len(s) < len(text) || !p.equal(s[len(s)-len(text):], text) {
			return false
		}
		s = s[:len(s)-len(text)]
	}
	return true
}

// at matches the segment at the beginning of s and returns the length of the match.
func (p *Pattern) at(g *segment, s string, values []string) (n int, ok bool) {
	for i := range g.atoms {
		a := &g.atoms[i]
		if a.kind == oneAtom {
			if n >= len(s) {
				return 0, false
			}
			_, size := utf8.DecodeRuneInString(s[n:])
			n += size
			continue
		}
		text := a.text
		if a.kind == varAtom {
			text = values[a.v]
		}
		if len(s)-n < len(text) || !p.equal(s[n:n+len(text)], text) {
			return 0, false
		}
		n += len(text)
	}
	return n, true
}

// equal compares texts of one length; b is in lower case already when the pattern folds.
func (p *Pattern) equal(a, b string) bool {
	if !p.fold {
		return a == b
	}
	for i := range len(a) {
		if ascii.Lower(a[i]) != b[i] {
			return false
		}
	}
	return true
}

// EqualFold reports whether s equals the pattern, which has no wildcards, under simple
// Unicode case folding.
func (p *Pattern) EqualFold(s string, values []string) bool {
	if len(p.segments) == 0 {
		return s == ""
	}
	for i := range p.segments[0].atoms {
		text := p.segments[0].atoms[i].text
		if p.segments[0].atoms[i].kind == varAtom {
			text = values[p.segments[0].atoms[i].v]
		}
		for _, want := range text {
			if s == "" {
				return false
			}
			got, size := utf8.DecodeRuneInString(s)
			if !equalRune(got, want) {
				return false
			}
			s = s[size:]
		}
	}
	return s == ""
}

func equalRune(a, b rune) bool {
	if a == b {
		return true
	}
	for f := unicode.SimpleFold(a); f != a; f = unicode.SimpleFold(f) {
		if f == b {
			return true
		}
	}
	return false
}

// SplitARN splits a policy value at its first five colons; colons inside ${…} do not
// split when mode has Variables (R-VAR-8). n is the number of parts, at most 6.
func SplitARN(s string, mode Mode) (parts [6]string, n int) {
	if mode&Variables == 0 || strings.IndexByte(s, '$') < 0 {
		for n < 5 {
			i := strings.IndexByte(s, ':')
			if i < 0 {
				break
			}
			parts[n], s = s[:i], s[i+1:]
			n++
		}
		parts[n] = s
		return parts, n + 1
	}
	start := 0
	for i := 0; i < len(s) && n < 5; i++ {
		switch {
		case s[i] == ':':
			parts[n] = s[start:i]
			n++
			start = i + 1
		case s[i] == '$' && mode&Variables != 0:
			if _, size, ok := variable(s[i:]); ok {
				i += size - 1
			}
		}
	}
	parts[n] = s[start:]
	return parts, n + 1
}
