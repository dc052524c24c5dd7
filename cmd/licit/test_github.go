package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/suite"
)

// workflowCommands are failures and warnings as GitHub Actions reads them from a step's
// output (GitHub Docs, “Workflow commands for GitHub Actions”).
func (t *testRun) workflowCommands() string {
	var b strings.Builder
	command := func(level, file string, line, column int, title, text string) {
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", level, commandProperty(file), line, column, commandProperty(title), commandData(text))
	}
	for _, f := range t.files {
		if f.err != nil {
			command("error", f.name, 1, 1, "case file", f.err.Error())
		}
		for i := range f.results {
			r := &f.results[i]
			for _, w := range r.Warnings {
				command("warning", r.Case.File, r.Case.Line, w.Column, "policy test", w.Text)
			}
			if !r.Pass {
				title, text := testProblem(r)
				command("error", r.Case.File, r.Case.Line, r.Case.Column, title, text)
			}
		}
	}
	if t.covered != nil {
		for _, s := range t.covered.Statements() {
			if s.Matched == 0 {
				command("notice", s.File, s.Line, s.Column, "policy coverage", "no case exercises "+s.Label)
			}
		}
	}
	b.WriteString(t.summary() + "\n")
	return b.String()
}

// testProblem is a title for what is wrong with a case, and the rest.
func testProblem(r *suite.Result) (title, text string) {
	outcome := r.Decision.Outcome.String()
	if r.Err != nil {
		return "policy test refused", r.Err.Error()
	}
	headline, why := r.Headline(outcome)
	return "policy test failed", strings.TrimSuffix(headline+"\n"+r.Case.Text+"\n"+why, "\n")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
