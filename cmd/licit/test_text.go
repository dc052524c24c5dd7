package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/internal/wording"
)

// text writes what came of one case.
func (t *testRun) text(r *suite.Result) {
	s := t.a.style
	switch {
	case !r.Pass:
		io.WriteString(t.a.stdout, s.bad("FAIL")+" "+r.Failure(s.outcome(r.Decision.Outcome))+"\n")
	case t.verbose:
		fmt.Fprintf(t.a.stdout, "%s   %s\n", s.good("ok"), printable(caseName(r.Case)))
	}
}

// writeText writes the summary and the coverage.
func (t *testRun) writeText() error {
	var b strings.Builder
	b.WriteString(t.summary() + "\n")
	if t.covered != nil {
		b.WriteByte('\n')
		t.coverageText(&b)
	}
	_, err := io.WriteString(t.a.stdout, b.String())
	return err
}

// summary is one line about everything.
func (t *testRun) summary() string {
	var snapshots []string
	files := 0
	for _, f := range t.files {
		if f.cases > 0 {
			files++
		}
		if f.snapshot != "" && !slices.Contains(snapshots, f.snapshot) {
			snapshots = append(snapshots, f.snapshot)
		}
	}
	s := fmt.Sprintf("%s in %s", plural(t.cases, "case"), plural(files, "file"))
	switch len(snapshots) {
	case 0:
	case 1:
		s += ", snapshot " + printable(snapshots[0])
	default:
		s += ", snapshots " + wording.AndList(snapshots)
	}
	s += fmt.Sprintf(": %d passed, %d failed", t.passed, t.failed)
	if t.refused > 0 {
		s += fmt.Sprintf(", %d refused", t.refused)
	}
	return s
}

// coverageText lists what no case exercises.
func (t *testRun) coverageText(b *strings.Builder) {
	c := t.coverageOf()
	fmt.Fprintf(b, "coverage: %d of %s exercised", c.Exercised, plural(c.Statements, "statement"))
	if c.Statements > 0 {
		fmt.Fprintf(b, " (%.1f %%)", c.Percent)
	}
	b.WriteByte('\n')
	for _, l := range c.Layers {
		fmt.Fprintf(b, "  %-26s %4d of %d\n", l.name, l.Exercised, l.Statements)
	}
	title := "\nno case exercises\n"
	for _, s := range t.covered.Statements() {
		if s.Matched > 0 {
			continue
		}
		b.WriteString(title)
		title = ""
		fmt.Fprintf(b, "  %s:%d:%d  %s, %s\n", printable(s.File), s.Line, s.Column, s.Label, s.Effect())
	}
}
