package main

import (
	"io"
	"os"

	"github.com/licit-dev/licit/internal/wording"
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

// good and bad colour words about a whole case.
func (s style) good(word string) string { return s.paint(simulate.Allowed, word) }

func (s style) bad(word string) string { return s.paint(simulate.ExplicitDeny, word) }

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

func plain(s string) string { return wording.Plain(s) }

func printable(line string) string { return wording.Printable(line) }

func didYouMean(list []string) string { return wording.DidYouMean(list) }
