package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy/lint"
)

// workflowCommands are the findings as GitHub Actions reads them from a step's output
// (GitHub Docs, “Workflow commands for GitHub Actions”).
func (l *linting) workflowCommands() string {
	levels := map[lint.FindingType]string{lint.Error: "error", lint.SecurityWarning: "warning", lint.Warning: "warning", lint.Suggestion: "notice"}
	var b strings.Builder
	for _, f := range l.findings {
		fmt.Fprintf(&b, "::%s file=%s,line=%d,endLine=%d", levels[f.Type], commandProperty(f.File), f.Position.Line, f.End.Line)
		// Columns stand only on annotations of one line.
		if start, end := f.columns(); f.Position.Line == f.End.Line {
			fmt.Fprintf(&b, ",col=%d,endColumn=%d", start, max(end, start))
		}
		fmt.Fprintf(&b, ",title=%s::%s\n", commandProperty(string(f.Type)+" "+f.Code), commandData(f.Message))
	}
	return b.String()
}

var (
	commandEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func commandData(s string) string { return printable(commandEscapes.Replace(s)) }

func commandProperty(s string) string { return printable(propertyEscapes.Replace(s)) }

// columns are where the finding begins and ends, in characters from 1.
func (f finding) columns() (start, end int) {
	return f.target.file.column(f.Position), f.target.file.column(f.End)
}
