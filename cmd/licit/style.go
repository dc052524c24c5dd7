package main

import (
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/licit-dev/licit/simulate"
)

// A style says how standard output is written. Only outcome words are coloured.
type style struct{ terminal, colour bool }

// styleFor colours on a terminal, unless NO_COLOR is set (no-color.org).
func styleFor(w io.Writer) style {
	terminal := isTerminal(w)
	return style{terminal: terminal, colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// outcome is the word of an outcome: green, red or yellow.
func (s style) outcome(o simulate.Outcome) string { return s.paint(o, o.String()) }

// layer is what a layer by itself says of a request.
func (s style) layer(o simulate.Outcome) string {
	return s.paint(o, map[simulate.Outcome]string{
		simulate.Allowed:       "allows",
		simulate.ExplicitDeny:  "denies",
		simulate.ImplicitDeny:  "does not allow",
		simulate.Indeterminate: "depends",
	}[o])
}

func (s style) paint(o simulate.Outcome, word string) string {
	if !s.colour {
		return word
	}
	code := "31"
	switch o {
	case simulate.Allowed:
		code = "32"
	case simulate.Indeterminate:
		code = "33"
	}
	return "\x1b[1;" + code + "m" + word + "\x1b[0m"
}

// plain is a text from a policy as it may stand in a line for people: quoted if it is
// empty or holds what a terminal would not show as it is, and not too long.
func plain(s string) string {
	const most = 160
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if s == "" || strings.IndexFunc(s, notPrintable) >= 0 {
		return strconv.Quote(s)
	}
	return s
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }

// printable is a line with everything that a terminal would obey escaped.
func printable(line string) string {
	if strings.IndexFunc(line, notPrintable) < 0 {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if notPrintable(r) && r != unicode.ReplacementChar {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
