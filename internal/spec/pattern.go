package spec

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/licit-dev/licit/policy"
)

// characters splits a text into code points (R-PAT-1). A byte that is not UTF-8 is a
// character of its own, equal only to the same byte.
func characters(s string) []rune {
	var out []rune
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			r = -1 - rune(s[0])
		}
		out = append(out, r)
		s = s[size:]
	}
	return out
}

func lowerASCII(s string) string {
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c - 'A' + 'a'
		}
	}
	return string(lower)
}

// sameASCII reports whether lowerASCII makes the same of both.
func sameASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// foldText replaces every character by the smallest of those that simple Unicode case
// folding makes equal to it.
func foldText(s string) string {
	var b strings.Builder
	for _, r := range characters(s) {
		if r < 0 {
			b.WriteByte(byte(-1 - r))
			continue
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		b.WriteRune(least)
	}
	return b.String()
}

// A token is one step of a pattern: a literal character, or a wildcard.
type token struct {
	wildcard rune // '*', '?', or 0 for a literal character
	literal  rune
}

// wildcardTokens reads a text in which * and ? are wildcards.
func wildcardTokens(s string) []token {
	var out []token
	for _, r := range characters(s) {
		if r == '*' || r == '?' {
			out = append(out, token{wildcard: r})
		} else {
			out = append(out, token{literal: r})
		}
	}
	return out
}

// literalTokens reads a text in which nothing is a wildcard (R-PAT-3).
func literalTokens(s string) []token {
	var out []token
	for _, r := range characters(s) {
		out = append(out, token{literal: r})
	}
	return out
}

// globMatches implements R-PAT-1 by following all ways at once: reached[i] says that the
// tokens so far can match exactly the first i characters. Plain recursion over the two
// texts says the same, but does not end on a*a*a*…; the tests compare the two.
func globMatches(pattern []token, text string) bool {
	chars := characters(text)
	reached := make([]bool, len(chars)+1)
	reached[0] = true
	for _, t := range pattern {
		next := make([]bool, len(chars)+1)
		for i := range reached {
			if !reached[i] {
				continue
			}
			switch {
			case t.wildcard == '*':
				for j := i; j <= len(chars) && !next[j]; j++ {
					next[j] = true
				}
			case i == len(chars):
			case t.wildcard == '?', t.literal == chars[i]:
				next[i+1] = true
			}
		}
		reached = next
	}
	return reached[len(chars)]
}

// onlyStars reports a value that consists only of * (R-ACT-1, R-RSC-1).
func onlyStars(s string) bool { return s != "" && strings.Trim(s, "*") == "" }

// A piece is a part of a policy text: plain text, an escaped character or a variable.
type piece struct {
	text       string // of plain text
	escaped    string // "*", "?" or "$"
	variable   bool
	key        string
	fallback   string
	hasDefault bool
}

// pieces cuts a policy text before anything is substituted (R-PAT-3).
//
// R-DOC-3: only version 2012-10-17 has variables; elsewhere all of it is plain text.
// R-VAR-2: ${ without a closing } is plain text.
//
// R-VAR-1 Choice: the first } after ${ closes it, inside quotes too.
func pieces(s string, v policy.Version) []piece {
	if v != policy.Version2012 {
		return []piece{{text: s}}
	}
	var out []piece
	for s != "" {
		open := strings.Index(s, "${")
		if open < 0 {
			return append(out, piece{text: s})
		}
		length := strings.Index(s[open:], "}")
		if length < 0 {
			return append(out, piece{text: s})
		}
		if open > 0 {
			out = append(out, piece{text: s[:open]})
		}
		out = append(out, variable(s[open+2:open+length]))
		s = s[open+length+1:]
	}
	return out
}

// variable reads what stands between ${ and }: R-PAT-2 for the escapes, R-VAR-1 for the
// rest.
//
// R-VAR-1 Choice: the first comma separates, spaces around it do not count, what follows
// must be enclosed in single quotes. Anything else has no default and all of it, spaces
// and commas included, is the key; no such key exists, so it is null.
func variable(s string) piece {
	switch s {
	case "*", "?", "$":
		return piece{escaped: s}
	}
	key, rest, found := strings.Cut(s, ",")
	rest = strings.Trim(rest, " ")
	if found && len(rest) >= 2 && rest[0] == '\'' && rest[len(rest)-1] == '\'' {
		return piece{variable: true, key: strings.TrimRight(key, " "), fallback: rest[1 : len(rest)-1], hasDefault: true}
	}
	return piece{variable: true, key: s}
}

// value is the text that a variable stands for; ok is false if it is null (R-VAR-3).
// R-VAR-4: a value that is the empty text is not null.
func (e *evaluation) value(p piece) (text string, ok bool) {
	if text, ok := e.single(p.key); ok {
		return text, true
	}
	return p.fallback, p.hasDefault
}

// globTokens substitutes; wildcards of the plain text stay wildcards, and everything
// else is literal (R-PAT-3). ok is false if a variable is null.
func (e *evaluation) globTokens(list []piece) (out []token, ok bool) {
	for _, p := range list {
		switch {
		case p.variable:
			text, ok := e.value(p)
			if !ok {
				return nil, false
			}
			out = append(out, literalTokens(text)...)
		case p.escaped != "":
			out = append(out, literalTokens(p.escaped)...)
		default:
			out = append(out, wildcardTokens(p.text)...)
		}
	}
	return out, true
}

// literalText substitutes where there are no wildcards (R-OPS-1).
func (e *evaluation) literalText(list []piece) (out string, ok bool) {
	for _, p := range list {
		text, ok := p.text+p.escaped, true
		if p.variable {
			text, ok = e.value(p)
		}
		if !ok {
			return "", false
		}
		out += text
	}
	return out, true
}

// segments splits at the first five colons of the plain text (R-RSC-2, R-VAR-8).
func segments(list []piece) [][]piece {
	out := [][]piece{nil}
	add := func(p piece) { out[len(out)-1] = append(out[len(out)-1], p) }
	for _, p := range list {
		if p.variable || p.escaped != "" {
			add(p)
			continue
		}
		parts := strings.SplitN(p.text, ":", 6-len(out)+1)
		add(piece{text: parts[0]})
		for _, part := range parts[1:] {
			out = append(out, nil)
			add(piece{text: part})
		}
	}
	return out
}
