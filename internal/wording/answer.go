package wording

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Answer is the answer as one block: outcome and verdict, then in lines of their own what
// decided, or what it depends on. The outcome is the word for it, coloured say.
func (w *World) Answer(x *simulate.Explanation, outcome string) string {
	var b strings.Builder
	d := x.Decision
	b.WriteString(outcome)
	if d.Stage != simulate.StageNone {
		fmt.Fprintf(&b, " (%s)", d.Stage)
	}
	b.WriteString(": " + Printable(w.verdict(x)) + "\n")
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-12s %s\n", name, Printable(fmt.Sprintf(format, args...)))
	}
	if d.Outcome == simulate.Indeterminate {
		for _, d := range w.dependencies(x) {
			line("depends on", "%s", d.text)
			if d.at != "" {
				line("  at", "%s", d.at)
			}
		}
		if w.Env != nil {
			w.RequirementLines(w.Env.Requires(x.Request), line)
		}
		if hint := w.hint(x); hint != "" {
			line("settle with", "%s", hint)
		}
	} else {
		w.statementLines(x, line)
		w.nearLines(x, line)
	}
	for _, also := range x.Also {
		line("also", "%s: %s", also.Request.Action, also.Decision)
	}
	for _, note := range x.Notes {
		line("note", "%s", note)
	}
	return b.String()
}

// statementLines name the deciding statement.
func (w *World) statementLines(x *simulate.Explanation, line func(string, string, ...any)) {
	ref := x.Statement
	if ref.IsZero() {
		return
	}
	p := ref.Policy
	policyLine := w.PolicyLabel(p)
	switch {
	case p.Kind == policy.ServiceControl || p.Kind == policy.ResourceControl || p.Kind == policy.IdentityBased || p.Kind == policy.PermissionsBoundary:
		if p.ID != "" && p.ID != p.Name {
			policyLine += " (" + p.ID + ")"
		}
	}
	line("policy", "%s", policyLine)
	if p.Holder != "" {
		line("inline in", "%s", p.Holder)
	}
	if level := Level(ref.Policy); level != "" {
		line("attached to", "%s", level)
	}
	line("statement", "%s, %s", StatementName(ref), p.Document.Statement(ref.Index).Effect)
	if at := w.Place(ref); at != "" {
		line("at", "%s", at)
	}
}

// mostNear bounds how many near misses an implicit deny lists.
const mostNear = 3

// nearLines list what came near to allowing what is denied implicitly: Allow statements of
// the deciding layer that are about the action. If there is none, they list its policies.
func (w *World) nearLines(x *simulate.Explanation, line func(string, string, ...any)) {
	if x.Decision.Outcome != simulate.ImplicitDeny {
		return
	}
	var near []*simulate.Trial
	var policies []simulate.StatementRef // the first statement of each
	for _, s := range x.Steps {
		if s.Stage != x.Decision.Stage || s.Outcome != simulate.ImplicitDeny {
			continue
		}
		trials := s.Trials()
		for i := range trials {
			t := &trials[i]
			if t.Statement.Index == 0 {
				policies = append(policies, t.Statement)
			}
			if t.Effect == policy.Allow && t.Match == simulate.NoMatch && !IsActionMiss(t) {
				near = append(near, t)
			}
		}
	}
	for _, t := range near[:min(mostNear, len(near))] {
		line("near", "%s: %s", w.StatementLabel(t.Statement), MissText(t.Miss))
		if at := w.Place(t.Statement); at != "" {
			line("  at", "%s", at)
		}
	}
	if len(near) > 0 {
		return
	}
	for _, ref := range policies[:min(mostNear, len(policies))] {
		if at := w.Place(ref); at != "" {
			line("looked in", "%s", w.PolicyLabel(ref.Policy))
			line("  at", "%s", at)
		}
	}
}
