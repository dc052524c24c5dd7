package wording

import (
	"strconv"
	"strings"
	"unicode"
)

// Plain is a text from a policy as it may stand in a line for people: quoted if it is
// empty or holds what a terminal would not show as it is, and not too long.
func Plain(s string) string {
	const most = 160
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	if s == "" || strings.IndexFunc(s, notPrintable) >= 0 {
		s = strconv.Quote(s)
	}
	return noCommand.Replace(s)
}

// noCommand breaks what GitHub Actions takes for a command wherever it stands in a line of a
// log, in the older of its two forms.
var noCommand = strings.NewReplacer("##[", `##\x5b`)

func notPrintable(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }

// Printable is a line with everything that a terminal or GitHub Actions would obey escaped.
func Printable(line string) string {
	if strings.IndexFunc(line, notPrintable) < 0 {
		return noCommand.Replace(line)
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
	return noCommand.Replace(b.String())
}

// Lines is Printable for each line of a text.
func Lines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return strings.Join(lines, "\n")
}
