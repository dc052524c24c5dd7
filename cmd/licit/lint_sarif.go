package main

import (
	"encoding/json"
	"net/url"
	"path"
	"path/filepath"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/licit-dev/licit/policy/lint"
)

// schemaURI is the schema that the output keeps to.
const schemaURI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifLevels are the levels of findings in SARIF. A security warning is no error: what it
// allows may be meant.
var sarifLevels = map[lint.FindingType]string{
	lint.Error: "error", lint.SecurityWarning: "warning", lint.Warning: "warning", lint.Suggestion: "note",
}

// writeSARIF writes a SARIF 2.1.0 log of one run (OASIS, “Static Analysis Results
// Interchange Format (SARIF) Version 2.1.0”). Suppressed findings are in it, marked.
func (l *linting) writeSARIF(a *app) error {
	rules, index := sarifRules(a.linter.codes(), l.findings, l.suppressed)
	run := sarif.NewRunWithInformationURI("licit", "https://github.com/licit-dev/licit")
	run.Tool.Driver.Rules = rules
	run.ColumnKind = new("unicodeCodePoints")
	for _, list := range [][]finding{l.findings, l.suppressed} {
		for _, f := range list {
			run.AddResult(f.sarif(index))
		}
	}
	report := sarif.NewReport()
	report.Schema = schemaURI
	report.AddRun(run)
	return writeJSON(a.stdout, withoutDefaults(report))
}

// withoutDefaults leaves out the empty lists and the -1 that the library writes where SARIF
// has them for defaults: the log is less than half as long.
func withoutDefaults(report *sarif.Report) any {
	b, err := json.Marshal(report)
	must(err)
	var v any
	must(json.Unmarshal(b, &v))
	return prune(v, "")
}

func prune(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			list, isList := e.([]any)
			number, isNumber := e.(float64)
			object, isObject := e.(map[string]any)
			switch {
			case isList && len(list) == 0 && k != "results" && k != "rules",
				isNumber && number == -1,
				isObject && len(object) == 0,
				k == "language", k == "contents", k == "newlineSequences", k == "isComprehensive",
				k == "kind" && e == "fail":
				delete(v, k)
			default:
				v[k] = prune(e, k)
			}
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i], name)
		}
	}
	return v
}

// sarifRules are the codes that were found, and their places in the list.
func sarifRules(codes []lint.Code, lists ...[]finding) ([]*sarif.ReportingDescriptor, map[string]int) {
	found := map[string]bool{}
	for _, list := range lists {
		for _, f := range list {
			found[f.Code] = true
		}
	}
	rules, index := []*sarif.ReportingDescriptor{}, map[string]int{}
	for _, c := range codes {
		if !found[c.Code] {
			continue
		}
		r := sarif.NewReportingDescriptor()
		r.ID = &c.Code
		r.ShortDescription = sarif.NewMultiformatMessageString().WithText(c.Title)
		r.DefaultConfiguration = sarif.NewReportingConfiguration()
		r.DefaultConfiguration.Level = sarifLevels[c.Type]
		r.Properties = sarif.NewPropertyBag()
		r.Properties.Tags = []string{string(c.Type)}
		index[c.Code] = len(rules)
		rules = append(rules, r)
	}
	return rules, index
}

func (f finding) sarif(index map[string]int) *sarif.Result {
	r := sarif.NewResult()
	r.RuleID, r.Level = &f.Code, sarifLevels[f.Type]
	if i, ok := index[f.Code]; ok {
		r.RuleIndex = i
	}
	r.Message = sarif.NewMessage().WithText(f.Message)
	place := sarif.NewPhysicalLocation()
	place.ArtifactLocation = f.artifact()
	place.Region = f.region(f.Position.Offset, f.End.Offset)
	location := sarif.NewLocation()
	location.PhysicalLocation = place
	if f.Path != "" {
		name := sarif.NewLogicalLocation()
		name.FullyQualifiedName, name.Kind = &f.Path, new("element")
		location.LogicalLocations = append(location.LogicalLocations, name)
	}
	r.Locations = append(r.Locations, location)
	if f.Fix != nil {
		r.Fixes = append(r.Fixes, f.sarifFix())
	}
	if f.reason != "" {
		s := sarif.NewSuppression()
		s.Kind, s.Justification = new("external"), &f.reason
		r.Suppressions = append(r.Suppressions, s)
	}
	return r
}

func (f finding) sarifFix() *sarif.Fix {
	replacement := sarif.NewReplacement()
	replacement.DeletedRegion = f.region(f.Fix.Start, f.Fix.End)
	replacement.InsertedContent = sarif.NewArtifactContent()
	replacement.InsertedContent.Text = &f.Fix.Text
	change := sarif.NewArtifactChange()
	change.ArtifactLocation = f.artifact()
	change.Replacements = append(change.Replacements, replacement)
	fix := sarif.NewFix()
	fix.ArtifactChanges = append(fix.ArtifactChanges, change)
	return fix
}

// region is a span of the file, from one offset to another.
func (f finding) region(from, to int) *sarif.Region {
	file, t := f.target.file, f.target
	start, end := t.position(from-t.base), t.position(to-t.base)
	startColumn, endColumn := file.column(start), file.column(end)
	r := sarif.NewRegion()
	r.StartLine, r.StartColumn, r.EndLine, r.EndColumn = &start.Line, &startColumn, &end.Line, &endColumn
	return r
}

// artifact is the file as a URI: relative to the working directory, unless it is given by
// an absolute path.
func (f finding) artifact() *sarif.ArtifactLocation {
	u := url.URL{Path: f.File}
	if filepath.IsAbs(filepath.FromSlash(f.File)) {
		u = url.URL{Scheme: "file", Path: path.Join("/", f.File)}
	}
	text := strings.TrimPrefix(u.String(), "./")
	a := sarif.NewArtifactLocation()
	a.URI = &text
	return a
}
