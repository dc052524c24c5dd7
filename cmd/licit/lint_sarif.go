package main

import "github.com/licit-dev/licit/policy/lint"

// sarifLevels are the levels of findings in SARIF. A security warning is no error: what it
// allows may be meant.
var sarifLevels = map[lint.FindingType]string{
	lint.Error: "error", lint.SecurityWarning: "warning", lint.Warning: "warning", lint.Suggestion: "note",
}

// writeSARIF writes a SARIF 2.1.0 log of one run (OASIS, “Static Analysis Results
// Interchange Format (SARIF) Version 2.1.0”). Suppressed findings are in it, marked.
func (l *linting) writeSARIF(a *app) error {
	rules, index := sarifRules(a.linter.codes(), l.findings, l.suppressed)
	results := []sarifResult{}
	for _, list := range [][]finding{l.findings, l.suppressed} {
		for _, f := range list {
			results = append(results, f.sarif(index))
		}
	}
	return writeJSON(a.stdout, newSARIF(rules, results))
}

// sarifRules are the codes that were found, and their places in the list.
func sarifRules(codes []lint.Code, lists ...[]finding) ([]sarifRule, map[string]int) {
	found := map[string]bool{}
	for _, list := range lists {
		for _, f := range list {
			found[f.Code] = true
		}
	}
	rules, index := []sarifRule{}, map[string]int{}
	for _, c := range codes {
		if !found[c.Code] {
			continue
		}
		r := sarifRule{ID: c.Code, ShortDescription: sarifMessage{c.Title}}
		r.DefaultConfiguration = sarifConfiguration{Enabled: true, Level: sarifLevels[c.Type]}
		r.Properties = &sarifProperties{[]string{string(c.Type)}}
		index[c.Code] = len(rules)
		rules = append(rules, r)
	}
	return rules, index
}

func (f finding) sarif(index map[string]int) sarifResult {
	r := sarifResult{Level: sarifLevels[f.Type], Message: sarifMessage{f.Message}, RuleID: f.Code}
	if i, ok := index[f.Code]; ok {
		r.RuleIndex = &i
	}
	var location sarifLocation
	location.PhysicalLocation = sarifPlace{f.artifact(), f.region(f.Position.Offset, f.End.Offset)}
	if f.Path != "" {
		location.LogicalLocations = []sarifName{{f.Path, "element"}}
	}
	r.Locations = []sarifLocation{location}
	if f.Fix != nil {
		replacement := sarifReplacement{f.region(f.Fix.Start, f.Fix.End), sarifMessage{f.Fix.Text}}
		r.Fixes = []sarifFix{{[]sarifChange{{f.artifact(), []sarifReplacement{replacement}}}}}
	}
	if f.reason != "" {
		r.Suppressions = []sarifSuppression{{f.reason, "external"}}
	}
	return r
}

// region is a span of the file, from one offset to another.
func (f finding) region(from, to int) sarifRegion {
	file, t := f.target.file, f.target
	start, end := t.position(from-t.base), t.position(to-t.base)
	return sarifRegion{EndColumn: file.column(end), EndLine: end.Line, StartColumn: file.column(start), StartLine: start.Line}
}

// artifact is the file.
func (f finding) artifact() sarifArtifact { return artifactOf(f.File) }
