package main

import (
	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/simulate"
)

// The JSON output of test is a public promise: it may grow members, never change one.

type testRunJSON struct {
	Files    []testFileJSON  `json:"files"`
	Cases    []testCaseJSON  `json:"cases"`
	Summary  testSummaryJSON `json:"summary"`
	Coverage *coverageJSON   `json:"coverage,omitempty"`
}

type testFileJSON struct {
	File     string `json:"file"`
	Snapshot string `json:"snapshot,omitempty"` // absent: the file's own organization, or none
	Error    string `json:"error,omitempty"`    // the file could not be read
	Cases    int    `json:"cases"`
}

type testCaseJSON struct {
	File     string            `json:"file"`
	Line     int               `json:"line"`
	Column   int               `json:"column"`
	ID       string            `json:"id,omitempty"` // of a JSON line
	Case     string            `json:"case"`         // the line
	Expect   string            `json:"expect,omitempty"`
	Decision string            `json:"decision,omitempty"`
	Stage    string            `json:"stage,omitempty"`
	Pass     bool              `json:"pass"`
	Error    string            `json:"error,omitempty"` // the line was refused
	Warnings []testWarningJSON `json:"warnings,omitempty"`
	Answer   *answerJSON       `json:"answer,omitempty"` // of a case that failed: as of licit can
}

type testWarningJSON struct {
	Column int    `json:"column"`
	Text   string `json:"text"`
}

type testSummaryJSON struct {
	Cases   int `json:"cases"`
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Refused int `json:"refused"`
}

type coverageJSON struct {
	coverageCount
	Percent float64         `json:"percent"` // 0 of no statement
	Layers  []coverageLayer `json:"layers"`
	List    []coveredJSON   `json:"list"`
}

type coverageCount struct {
	Statements int `json:"statements"`
	Exercised  int `json:"exercised"`
}

type coverageLayer struct {
	Layer string `json:"layer"`
	coverageCount
	name string
}

// A coveredJSON is one statement in one layer.
type coveredJSON struct {
	Layer string `json:"layer"`
	*statementJSON
	Matched int `json:"matched"` // cases in which it matched
	Decided int `json:"decided"` // cases that it decided
}

func (t *testRun) writeJSON() error {
	out := testRunJSON{Cases: []testCaseJSON{}, Summary: testSummaryJSON{t.cases, t.passed, t.failed, t.refused}}
	for _, f := range t.files {
		file := testFileJSON{File: f.name, Snapshot: f.snapshot, Cases: f.cases}
		if f.err != nil {
			file.Error = f.err.Error()
		}
		out.Files = append(out.Files, file)
		for i := range f.results {
			out.Cases = append(out.Cases, caseJSON(&f.results[i]))
		}
	}
	if t.covered != nil {
		c := t.coverageOf()
		out.Coverage = &c
	}
	return writeJSON(t.a.stdout, out)
}

func caseJSON(r *suite.Result) testCaseJSON {
	c := r.Case
	out := testCaseJSON{File: c.File, Line: c.Line, Column: c.Column, ID: c.ID, Case: c.Text, Expect: string(c.Expect), Pass: r.Pass}
	for _, w := range r.Warnings {
		out.Warnings = append(out.Warnings, testWarningJSON{w.Column, w.Text})
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
		return out
	}
	out.Decision = r.Decision.Outcome.String()
	if r.Decision.Stage != simulate.StageNone {
		out.Stage = r.Decision.Stage.String()
	}
	if r.Pass {
		return out
	}
	if x := r.Explain(); x != nil {
		w := world{World: *r.Words()}
		answer := w.answer(x, false)
		out.Answer = &answer
	}
	return out
}

func (t *testRun) coverageOf() coverageJSON {
	c := coverageJSON{Layers: []coverageLayer{}, List: []coveredJSON{}}
	layers := map[simulate.Stage]coverageCount{}
	count := func(c *coverageCount, s *suite.Statement) {
		c.Statements++
		if s.Matched > 0 {
			c.Exercised++
		}
	}
	for _, s := range t.covered.Statements() {
		count(&c.coverageCount, &s)
		l := layers[s.Stage]
		count(&l, &s)
		layers[s.Stage] = l
		p := s.Ref.Policy
		c.List = append(c.List, coveredJSON{s.Stage.String(), &statementJSON{
			Kind: p.Kind.String(), Policy: p.Name, ID: p.ID, Holder: p.Holder, Index: s.Ref.Index, SID: s.Ref.SID, Effect: s.Effect().String(),
			File: s.File, Line: s.Line, Column: s.Column,
		}, s.Matched, s.Decided})
	}
	if c.Statements > 0 {
		c.Percent = 100 * float64(c.Exercised) / float64(c.Statements)
	}
	for stage := simulate.StageNone; stage <= simulate.StageBlockPublicAccess; stage++ {
		if l, ok := layers[stage]; ok {
			c.Layers = append(c.Layers, coverageLayer{stage.String(), l, wording.StageName(stage)})
		}
	}
	return c
}
