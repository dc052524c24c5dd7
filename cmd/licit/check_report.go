package main

import (
	"fmt"
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
		if t := c.policies[i].target; t != nil {
			begin := t.position(0)
			at = []checkPlace{{file: t.file.name, line: begin.Line, column: t.file.column(begin)}}
		}
	}
	return at, related
}

// writeSARIF writes a SARIF 2.1.0 log of one run. A proof has no result.
func (c *checking) writeSARIF(a *app) error {
	rules, results := []sarifRule{}, []sarifResult{}
	rule := sarifRule{ID: c.rule, ShortDescription: sarifMessage{c.title}, DefaultConfiguration: sarifConfiguration{Enabled: true, Level: "error"}}
	if c.result.Verdict == check.Unknown {
		rule = sarifRule{ID: notProvedRule, ShortDescription: sarifMessage{notProvedTitle}, DefaultConfiguration: sarifConfiguration{Enabled: true, Level: "warning"}}
	}
	if c.result.Verdict != check.Pass {
		index := 0
		at, related := c.places()
		rules = append(rules, rule)
		results = append(results, sarifResult{
			RuleID: rule.ID, RuleIndex: &index, Level: rule.DefaultConfiguration.Level, Message: sarifMessage{c.message()},
			Locations: sarifLocations(at), Related: sarifLocations(related),
		})
	}
	return writeJSON(a.stdout, newSARIF(rules, results))
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

// workflowCommand is the answer as GitHub Actions reads it from a step's output (GitHub Docs,
// “Workflow commands for GitHub Actions”). A proof is a plain line.
func (c *checking) workflowCommand() string {
	level, title := "error", c.rule
	switch c.result.Verdict {
	case check.Pass:
		return "pass: " + printable(c.headline()) + "\n"
	case check.Unknown:
		level, title = "warning", notProvedRule
	}
	var where string
	if at, _ := c.places(); len(at) > 0 {
		where = fmt.Sprintf("file=%s,line=%d,col=%d,", commandProperty(at[0].file), at[0].line, at[0].column)
	}
	return fmt.Sprintf("::%s %stitle=%s::%s\n", level, where, commandProperty("licit check "+title), commandData(c.message()))
}
