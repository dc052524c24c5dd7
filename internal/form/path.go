package form

import (
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// A Path is a place in a value. It is a list, so that it costs next to nothing until an
// error asks for its text. The nil Path is the value itself.
type Path struct {
	up    *Path
	token string
}

// Member is the path of a member.
func (p *Path) Member(name string) *Path { return &Path{p, name} }

// At is the path of an element.
func (p *Path) At(i int) *Path { return &Path{p, strconv.Itoa(i)} }

// Tokens lists the path from the top.
func (p *Path) Tokens() []string {
	n := 0
	for q := p; q != nil; q = q.up {
		n++
	}
	out := make([]string, n)
	for q := p; q != nil; q = q.up {
		n--
		out[n] = q.token
	}
	return out
}

// String is the path as a JSON pointer (RFC 6901).
func (p *Path) String() string { return Pointer(p.Tokens()) }

// Pointer is the JSON pointer of the tokens.
func Pointer(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteByte('/')
		b.WriteString(jsontree.Escape(t))
	}
	return b.String()
}

// Clip shortens a text for an error message.
func Clip(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
