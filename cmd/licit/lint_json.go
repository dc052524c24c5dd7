package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy/lint"
)

// A lintJSON is the output of lint. It is a public promise: it may grow members, never
// change one.
type lintJSON struct {
	ServiceData string            `json:"serviceData"`
	Policies    []policyJSON      `json:"policies"`
	Counts      lintCountsJSON    `json:"counts"`
	Findings    []findingJSON     `json:"findings"`
	Suppressed  []findingJSON     `json:"suppressed"`
	Unused      []suppressionJSON `json:"unusedSuppressions"`
}

type lintCountsJSON struct {
	Errors           int `json:"errors"`
	SecurityWarnings int `json:"securityWarnings"`
	Warnings         int `json:"warnings"`
	Suggestions      int `json:"suggestions"`
	Suppressed       int `json:"suppressed"`
	Fixed            int `json:"fixed"`
}

// A policyJSON is one document that was checked.
type policyJSON struct {
	File         string   `json:"file"`
	Line         int      `json:"line"` // where it begins
	Column       int      `json:"column"`
	Kinds        []string `json:"kinds"`
	Guessed      bool     `json:"guessed"`
	ResourceType string   `json:"resourceType,omitempty"`
}

type findingJSON struct {
	Type      string   `json:"type"`
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	File      string   `json:"file"`
	Kind      string   `json:"kind"`              // "organization" for what is about no document
	Subject   string   `json:"subject,omitempty"` // in a snapshot: an ID or ARN
	Path      string   `json:"path"`              // JSON pointer into the document
	Line      int      `json:"line"`
	Column    int      `json:"column"` // in characters, from 1
	EndLine   int      `json:"endLine"`
	EndColumn int      `json:"endColumn"` // exclusive
	Fix       *fixJSON `json:"fix,omitempty"`
	Reason    string   `json:"reason,omitempty"` // of the suppression
}

// A fixJSON replaces the bytes from start to end of the file.
type fixJSON struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

type suppressionJSON struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Code      string `json:"code"`
	Path      string `json:"path,omitempty"`
	Statement string `json:"statement,omitempty"`
	Reason    string `json:"reason"`
}

func (l *linting) json(a *app, unused []*suppression) lintJSON {
	n := l.counts()
	out := lintJSON{
		ServiceData: a.facts.Date(), Policies: []policyJSON{}, Findings: []findingJSON{}, Suppressed: []findingJSON{}, Unused: []suppressionJSON{},
		Counts: lintCountsJSON{Errors: n[0], SecurityWarnings: n[1], Warnings: n[2], Suggestions: n[3], Suppressed: len(l.suppressed), Fixed: l.fixes},
	}
	for _, t := range l.targets {
		at := t.position(0)
		p := policyJSON{File: t.file.name, Line: at.Line, Column: t.file.column(at), Guessed: t.guessed, ResourceType: t.resourceType}
		for _, k := range t.kinds {
			p.Kinds = append(p.Kinds, k.String())
		}
		out.Policies = append(out.Policies, p)
	}
	for _, f := range l.findings {
		out.Findings = append(out.Findings, f.json())
	}
	for _, f := range l.suppressed {
		out.Suppressed = append(out.Suppressed, f.json())
	}
	for _, s := range unused {
		out.Unused = append(out.Unused, suppressionJSON{File: s.file.name, Line: s.line, Code: s.code, Path: s.glob, Statement: s.statement, Reason: s.reason})
	}
	return out
}

func (f finding) json() findingJSON {
	start, end := f.columns()
	j := findingJSON{
		Type: string(f.Type), Code: f.Code, Message: f.Message, File: f.File, Kind: f.kind.String(), Subject: f.subject, Path: f.Path,
		Line: f.Position.Line, Column: start, EndLine: f.End.Line, EndColumn: end, Reason: f.reason,
	}
	if f.kind == 0 {
		j.Kind = "organization"
	}
	if f.Fix != nil {
		j.Fix = &fixJSON{f.Fix.Start, f.Fix.End, f.Fix.Text}
	}
	return j
}

// A codeJSON is one line of lint --list.
type codeJSON struct {
	Code  string   `json:"code"`
	Type  string   `json:"type"`
	Kinds []string `json:"kinds"`
	Title string   `json:"title"`
}

// writeCodes lists all codes.
func (a *app) writeCodes(output string) error {
	codes := a.linter.codes()
	if output == "json" {
		list := []codeJSON{}
		for _, c := range codes {
			j := codeJSON{Code: c.Code, Type: string(c.Type), Kinds: []string{}, Title: c.Title}
			for _, k := range c.Kinds {
				j.Kinds = append(j.Kinds, k.String())
			}
			list = append(list, j)
		}
		return writeJSON(a.stdout, list)
	}
	width := 0
	for _, c := range codes {
		width = max(width, len(c.Code))
	}
	var b strings.Builder
	for _, c := range codes {
		fmt.Fprintf(&b, "%-*s  %-*s  %s\n", width, c.Code, len(lint.SecurityWarning), c.Type, c.Title)
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
