package main

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// mostStatements bounds how many statements, or forms of resources, are listed.
const mostStatements = 3

// verdict is the word of a verdict: green, red or yellow.
func (s style) verdict(v check.Verdict) string {
	return s.paint(map[check.Verdict]simulate.Outcome{
		check.Pass: simulate.Allowed, check.Fail: simulate.ExplicitDeny, check.Unknown: simulate.Indeterminate,
	}[v], v.String())
}

// text is the answer and, of a counterexample, the request, what allows it and what does not.
func (c *checking) text(s style) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-12s %s\n", name, printable(fmt.Sprintf(format, args...)))
	}
	headline := printable(c.headline())
	x := c.result.Counterexample
	if x != nil {
		headline += ", for example"
	}
	fmt.Fprintf(&b, "%s (%s): %s\n", s.verdict(c.result.Verdict), wording.KindName(c.kind), headline)
	if x == nil {
		if c.summary != nil {
			b.WriteString(allText(c.summary))
		}
		return b.String()
	}
	line("principal", "%s", callerText(x.Request.Principal))
	line("action", "%s", plain(string(x.Request.Action)))
	line("resource", "%s", plain(resourceText(x.Request.Resource)))
	for _, k := range sortedKeys(x.Request.Keys) {
		line("context", "%s = %s", plain(k.name), wording.AndList(k.values))
	}
	for _, text := range c.given() {
		line("given", "%s", text)
	}
	c.allowedLines(line)
	c.refusedLines(line)
	if note := c.undocumented(); note != "" {
		line("note", "%s", note)
	}
	if c.summary != nil {
		b.WriteString(allText(c.summary))
	}
	return b.String()
}

// callerText is the principal; nobody is written as policies write everybody.
func callerText(p policy.Principal) string {
	if p.Kind() == policy.Anonymous {
		return p.String() + " (a caller without credentials)"
	}
	return plain(p.String())
}

func (c *checking) allowedLines(line func(string, string, ...any)) {
	list := c.allows.matching(c.result.Counterexample.Allowed, policy.Allow)
	if len(list) == 0 {
		line("allowed by", "%s: no statement denies it", c.allows.name())
	}
	c.allows.statementLines("allowed by", list, line)
}

// statementLines list statements with their places.
func (p *checkedPolicy) statementLines(name string, list []simulate.Trial, line func(string, string, ...any)) {
	for i, t := range list {
		if i == mostStatements {
			line("", "… and by %s", plural(len(list)-i, "other statement"))
			return
		}
		text := wording.StatementName(t.Statement) + ", " + t.Effect.String()
		if t.Miss.Element != "" {
			text = wording.StatementName(t.Statement) + ": " + wording.MissText(t.Miss)
		}
		if p.target == nil {
			text = p.name() + " (" + p.managed.Version + "), " + text
		}
		line(name, "%s", text)
		if file, row, column, ok := p.place(t.Statement); ok {
			line("  at", "%s:%d:%d", file, row, column)
		}
	}
}

// refusedLines say why the other policy does not allow it.
func (c *checking) refusedLines(line func(string, string, ...any)) {
	if c.refuses == nil {
		return
	}
	x := c.result.Counterexample.Refused
	if denies := c.refuses.matching(x, policy.Deny); len(denies) > 0 {
		c.refuses.statementLines("denied by", denies, line)
		return
	}
	line("refused by", "%s", c.refusal())
	c.refuses.statementLines("near", firstOf(c.refuses.near(x)), line)
}

func firstOf(list []simulate.Trial) []simulate.Trial { return list[:min(mostStatements, len(list))] }

// refusal says in a clause why the policy that does not allow the request does not.
func (c *checking) refusal() string {
	x := c.result.Counterexample.Refused
	name := c.refuses.name()
	if denies := c.refuses.matching(x, policy.Deny); len(denies) > 0 {
		return name + ": " + wording.StatementName(denies[0].Statement) + " denies it"
	}
	allows := c.refuses.matching(x, policy.Allow)
	if len(allows) == 0 {
		return name + ": no statement allows it"
	}
	lacks := map[simulate.Stage]string{
		simulate.StageIdentityPolicy: "no identity policy of the caller allows it",
		simulate.StageBoundary:       "the permissions boundary of the caller does not allow it",
		simulate.StageSessionPolicy:  "no session policy of the caller allows it",
	}[x.Decision.Stage]
	if lacks == "" {
		lacks = x.Decision.String()
	}
	return name + ": " + wording.StatementName(allows[0].Statement) + " does not suffice: " + lacks
}
