package main

import "github.com/licit-dev/licit/policy"

// testRules are what a SARIF log of test names, with their levels.
var testRules = []struct{ id, level, text string }{
	{"TestFailed", "error", "A case is not decided as it expects."},
	{"TestRefused", "error", "A case or a case file makes no sense."},
	{"TestWarning", "warning", "A case may not mean what it says."},
	{"StatementNotTested", "note", "No case exercises a statement."},
}

// A testRecord is one result of a SARIF log.
type testRecord struct {
	rule   int // index into testRules
	text   string
	file   string
	at     policy.Position // column 0: the whole line
	reason testPlace       // where the deciding statement stands; zero: nowhere
}

type testPlace struct {
	file string
	line int
	text string
}

// records are the results in the order of the files.
func (t *testRun) records() []testRecord {
	var out []testRecord
	for _, f := range t.files {
		if f.err != nil {
			out = append(out, testRecord{rule: 1, text: f.err.Error(), file: f.name, at: policy.Position{Line: 1}})
		}
		for i := range f.results {
			r := &f.results[i]
			for _, w := range r.Warnings {
				out = append(out, testRecord{rule: 2, text: w.Text, file: r.Case.File, at: policy.Position{Line: r.Case.Line}})
			}
			if r.Pass {
				continue
			}
			_, text := testProblem(r)
			record := testRecord{text: text, file: r.Case.File, at: policy.Position{Line: r.Case.Line, Column: r.Case.Column}}
			if r.Err != nil {
				record.rule = 1
			} else if x := r.Explain(); x != nil {
				if file, at, ok := r.Words().Position(x.Statement); ok {
					record.reason = testPlace{file, at.Line, r.Words().StatementLabel(x.Statement)}
				}
			}
			out = append(out, record)
		}
	}
	if t.covered != nil {
		for _, s := range t.covered.Statements() {
			if s.Matched == 0 {
				out = append(out, testRecord{rule: 3, text: "no case exercises " + s.Label, file: s.File, at: policy.Position{Line: s.Line}})
			}
		}
	}
	return out
}

// writeSARIF writes a SARIF 2.1.0 log of one run.
func (t *testRun) writeSARIF() error {
	rules, results := []sarifRule{}, []sarifResult{}
	for _, r := range testRules {
		rules = append(rules, sarifRule{ID: r.id, ShortDescription: sarifMessage{r.text}, DefaultConfiguration: sarifConfiguration{Enabled: true, Level: r.level}})
	}
	for _, r := range t.records() {
		rule := r.rule
		place := sarifPlace{artifactOf(r.file), sarifRegion{StartLine: r.at.Line, StartColumn: r.at.Column}}
		result := sarifResult{
			RuleID: testRules[rule].id, RuleIndex: &rule, Level: testRules[rule].level, Message: sarifMessage{r.text},
			Locations: []sarifLocation{{PhysicalLocation: place}},
		}
		if r.reason.line > 0 {
			why := sarifPlace{artifactOf(r.reason.file), sarifRegion{StartLine: r.reason.line}}
			result.Related = []sarifLocation{{Message: &sarifMessage{r.reason.text}, PhysicalLocation: why}}
		}
		results = append(results, result)
	}
	return writeJSON(t.a.stdout, newSARIF(rules, results))
}
