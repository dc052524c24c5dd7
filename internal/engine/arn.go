package engine

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// An arnPattern is six patterns. The zero arnPattern matches nothing.
type arnPattern struct {
	shape arnShape
	// lead is the plain text before the first wildcard or variable. Every ARN that matches
	// begins with it, so most that do not are told by its last eight bytes alone.
	lead  string
	last  uint64
	parts [6]*varPattern
}

type arnShape uint8

const (
	noARN     arnShape = iota
	anyARN             // look at all parts
	wholeARN           // lead is all
	prefixARN          // what follows lead may be anything
)

// arn compiles the parts. Wildcards stand anywhere, in the resource type too (R-RSC-4),
// variables in every part (R-RSC-10), and case counts in all of them (R-RSC-8).
func (c *compiler) arn(parts [6]string) arnPattern {
	a := arnPattern{shape: anyARN}
	var lead strings.Builder
	plain := true
	for i, part := range parts {
		a.parts[i] = c.pattern(part, c.mode|glob.Wildcards)
		if !plain {
			continue
		}
		text, whole, open := a.parts[i].glob.Lead()
		lead.WriteString(text)
		plain = whole && i < 5
		switch {
		case plain:
			lead.WriteByte(':')
		case i == 5 && whole:
			a.shape = wholeARN
		case i == 5 && open:
			a.shape = prefixARN
		}
	}
	a.lead = lead.String()
	if n := len(a.lead); n >= 8 {
		a.last = load(a.lead[n-8:])
	}
	return a
}

// match compares an ARN. Its parts are nil if nobody has split it yet.
func (a *arnPattern) match(text string, parts *[6]string, v *View) Tri {
	n := len(a.lead)
	if len(text) < n || n >= 8 && load(text[n-8:]) != a.last || text[:n] != a.lead {
		return No
	}
	switch a.shape {
	case wholeARN:
		return tri(len(text) == n)
	case prefixARN:
		return Yes
	}
	if parts == nil {
		split, _ := glob.SplitARN(text, 0)
		return a.matchParts(&split, v, -1)
	}
	return a.matchParts(parts, v, -1)
}

// matchParts compares part by part, so wildcards cross colons in the last part only
// (R-RSC-2, R-RSC-3); the longest and most telling ones come first. Part skip is taken to
// match.
func (a *arnPattern) matchParts(parts *[6]string, v *View, skip int) Tri {
	if a.shape == noARN {
		return No
	}
	out := Yes
	for _, i := range [6]int{5, 2, 4, 3, 1, 0} {
		if i == skip {
			continue
		}
		if out = min(out, a.parts[i].match(parts[i], v)); out == No {
			return No
		}
	}
	return out
}

func (a *arnPattern) unknown(v *View) []string {
	var out []string
	if a.shape != noARN {
		for i := range a.parts {
			out = append(out, a.parts[i].unknown(v)...)
		}
	}
	return out
}
