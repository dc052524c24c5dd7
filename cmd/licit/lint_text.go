package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy/lint"
)

// text is the findings by file, each with its line and a mark below the span.
func (l *linting) text(s style) string {
	var b strings.Builder
	var last *target
	for _, f := range l.findings {
		if f.target != last {
			if last != nil {
				b.WriteByte('\n')
			}
			last = f.target
			fmt.Fprintf(&b, "%s (%s)\n", printable(f.File), kindsText(f.target))
		}
		message := printable(f.Message)
		if f.Fix != nil && !l.fix {
			message += " (--fix does it)"
		}
		column, _ := f.columns()
		fmt.Fprintf(&b, "  %d:%d %s %s: %s\n", f.Position.Line, column, s.finding(f.Type), f.Code, message)
		excerpt(&b, f)
	}
	return b.String()
}

func kindsText(t *target) string {
	if len(t.kinds) == 0 {
		return "organization"
	}
	var names []string
	for _, k := range t.kinds {
		names = append(names, wording.KindName(k))
	}
	return strings.Join(names, " and ")
}

// finding is the type of a finding: red, yellow or blue.
func (s style) finding(t lint.FindingType) string {
	if !s.colour {
		return string(t)
	}
	code := map[lint.FindingType]string{lint.Error: "31", lint.SecurityWarning: "31", lint.Warning: "33", lint.Suggestion: "34"}[t]
	return "\x1b[1;" + code + "m" + string(t) + "\x1b[0m"
}

// The most characters of a line that are shown, and of them those before the span.
const (
	mostShown  = 100
	mostBefore = 40
)

// excerpt writes the line on which a finding begins and marks its span. A span of several
// lines is marked to the end of the first.
func excerpt(b *strings.Builder, f finding) {
	line := f.target.file.line(f.Position.Line)
	if len(line) == 0 {
		return
	}
	from := min(f.Position.Column-1, len(line))
	to := len(line)
	if f.End.Line == f.Position.Line {
		to = min(max(f.End.Column-1, from), len(line))
	}
	shown, start, end := []rune{}, 0, 0
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		if i < from {
			start++
		}
		if i < to {
			end++
		}
		if !unicode.IsPrint(r) {
			r = ' ' // tabs, too: the mark below stays in its place
			if size == 1 && line[i] != '\t' {
				r = unicode.ReplacementChar
			}
		}
		shown = append(shown, r)
		i += size
	}
	text, shift := clip(shown, start)
	start, end = start-shift, max(min(end-shift, len(text)), start-shift+1)
	number := fmt.Sprint(f.Position.Line)
	fmt.Fprintf(b, "    %s | %s\n", number, strings.TrimRight(string(text), " "))
	fmt.Fprintf(b, "    %s | %s%s\n", strings.Repeat(" ", len(number)), strings.Repeat(" ", start), strings.Repeat("^", end-start))
}

// clip is the part of a long line around the span, and how far it is shifted to the left.
func clip(line []rune, start int) (part []rune, shift int) {
	if len(line) <= mostShown {
		return line, 0
	}
	first := min(max(0, start-mostBefore), len(line)-mostShown)
	last := min(first+mostShown, len(line))
	part = append([]rune{}, line[first:last]...)
	if first > 0 {
		part[0] = '…'
	}
	if last < len(line) {
		part = append(part, '…')
	}
	return part, first
}
