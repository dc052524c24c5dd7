package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// notProved is the finding of an answer that is not known.
const (
	notProvedRule  = "NotProved"
	notProvedTitle = "It is not known what a policy can allow."
)

// message is the answer with the request that shows it, in one line.
func (c *checking) message() string {
	x := c.result.Counterexample
	if x == nil {
		return c.headline()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s on %s for %s", c.headline(), plain(string(x.Request.Action)), plain(resourceText(x.Request.Resource)), callerText(x.Request.Principal))
	for _, k := range sortedKeys(x.Request.Keys) {
		fmt.Fprintf(&b, ", %s = %s", plain(k.name), wording.AndList(k.values))
	}
	for _, text := range c.given() {
		b.WriteString("; given that " + text)
	}
	if c.refuses != nil {
		b.WriteString("; " + c.refusal())
	}
	if note := c.undocumented(); note != "" {
		b.WriteString("; " + note)
	}
	return b.String()
}

// A checkPlace is where something stands in a file.
type checkPlace struct {
	file         string
	line, column int
	text         string
}

// places are where the answer is about: the statement that allows, else the policy; and
// the statement that denies elsewhere. Managed policies of AWS stand nowhere.
func (c *checking) places() (at, related []checkPlace) {
	statement := func(p *checkedPolicy, x *simulate.Explanation, e policy.Effect) []checkPlace {
		for _, t := range p.matching(x, e) {
			if file, line, column, ok := p.place(t.Statement); ok {
				return []checkPlace{{file, line, column, wording.StatementName(t.Statement) + ", " + e.String()}}
			}
		}
		return nil
	}
	if x := c.result.Counterexample; x != nil {
		at = statement(c.allows, x.Allowed, policy.Allow)
		if c.refuses != nil {
			related = statement(c.refuses, x.Refused, policy.Deny)
		}
	}
	for i := len(c.policies) - 1; i >= 0 && len(at) == 0; i-- {
		at = c.policies[i].begins()
	}
	return at, related
}

// begins is where the policy begins; nil: it stands nowhere.
func (p *checkedPolicy) begins() []checkPlace {
	if p.target == nil {
		return nil
	}
	begin := p.target.position(0)
	return []checkPlace{{file: p.target.file.name, line: begin.Line, column: p.target.file.column(begin)}}
}

// A checkFinding is what a check found: a request that must not be allowed, or that the answer
// is not known; or what minimize can do.
type checkFinding struct {
	rule, title string
	level       string // of SARIF: error, warning where nothing is known, or note
	message     string
	at, related []checkPlace
}

// findingOf is one of a rule for a result that is no proof.
func findingOf(r *check.Result, rule, title string) checkFinding {
	if r.Verdict == check.Unknown {
		return checkFinding{rule: notProvedRule, title: notProvedTitle, level: "warning"}
	}
	return checkFinding{rule: rule, title: title, level: "error"}
}

// findings are what keeps the answer from being a proof.
func (c *checking) findings() []checkFinding {
	if c.result.Verdict == check.Pass {
		return nil
	}
	f := findingOf(&c.result, c.rule, c.title)
	f.message = c.message()
	f.at, f.related = c.places()
	return []checkFinding{f}
}

// writeCheckSARIF writes a SARIF 2.1.0 log of one run. A proof has no result.
func writeCheckSARIF(w io.Writer, findings []checkFinding) error {
	rules, results := []sarifRule{}, []sarifResult{}
	for _, f := range findings {
		index := slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == f.rule })
		if index < 0 {
			index = len(rules)
			rules = append(rules, sarifRule{ID: f.rule, ShortDescription: sarifMessage{f.title}, DefaultConfiguration: sarifConfiguration{Enabled: true, Level: f.level}})
		}
		results = append(results, sarifResult{
			RuleID: f.rule, RuleIndex: &index, Level: f.level, Message: sarifMessage{f.message},
			Locations: sarifLocations(f.at), Related: sarifLocations(f.related),
		})
	}
	return writeJSON(w, newSARIF(rules, results))
}

func sarifLocations(list []checkPlace) []sarifLocation {
	out := []sarifLocation{}
	for _, p := range list {
		l := sarifLocation{PhysicalLocation: sarifPlace{artifactOf(p.file), sarifRegion{StartLine: p.line, StartColumn: p.column}}}
		if p.text != "" {
			l.Message = &sarifMessage{p.text}
		}
		out = append(out, l)
	}
	return out
}

// checkCommands are findings as GitHub Actions reads them from a step's output (GitHub Docs,
// “Workflow commands for GitHub Actions”), or what is said where there are none.
func checkCommands(command, otherwise string, findings []checkFinding) string {
	if len(findings) == 0 {
		return printable(otherwise) + "\n"
	}
	var b strings.Builder
	for _, f := range findings {
		var where string
		if len(f.at) > 0 {
			where = fmt.Sprintf("file=%s,line=%d,col=%d,", commandProperty(f.at[0].file), f.at[0].line, f.at[0].column)
		}
		level := f.level
		if level == "note" {
			level = "notice"
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", level, where, commandProperty("licit "+command+" "+f.rule), commandData(f.message))
	}
	return b.String()
}
