package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/simulate"
)

// text is what follows the access of a plan in text.
func (p *planView) text(top int) string {
	var b strings.Builder
	p.lists(top, func(title string, lines []string, left int) {
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, l := range lines {
			fmt.Fprintf(&b, "  %s\n", printable(l))
		}
		if left > 0 {
			fmt.Fprintf(&b, "  … and %d more\n", left)
		}
	})
	return b.String()
}

// markdown is what follows the access of a plan in Markdown.
func (p *planView) markdown(top int) string {
	var b strings.Builder
	p.lists(top, func(title string, lines []string, left int) {
		fmt.Fprintf(&b, "\n### %s\n\n", title)
		for _, l := range lines {
			address, rest, _ := strings.Cut(l, ": ")
			fmt.Fprintf(&b, "- %s: %s\n", markdownCode(address), markdownText(rest))
		}
		if left > 0 {
			fmt.Fprintf(&b, "- … and %d more\n", left)
		}
	})
	return b.String()
}

// lists are the lists of a plan that have something in them: each line begins with an
// address.
func (p *planView) lists(top int, list func(title string, lines []string, left int)) {
	add := func(title string, n int, line func(i int) string) {
		var lines []string
		for i := range n {
			if top == 0 || i < top {
				lines = append(lines, line(i))
			}
		}
		if n > 0 {
			list(title, lines, n-len(lines))
		}
	}
	add("Who can sign in, of IAM Identity Center", len(p.signIns), func(i int) string { return p.signIns[i].line() })
	add("Findings", len(p.findings), func(i int) string { return p.findings[i].line() })
	unknown := p.outcome.Unknown
	add("Known only after apply", len(unknown), func(i int) string {
		return fmt.Sprintf("%s, so that the %s of %s is not known", unknown[i].Reason, unknown[i].What, unknown[i].Subject)
	})
	trails := p.outcome.Trails
	add("Trails, as they will be", len(trails), func(i int) string { return trailText(&trails[i]) })
	access, others := p.skipped()
	skip := func(list []tfplan.Skipped) func(i int) string {
		return func(i int) string { return list[i].Address + ": " + list[i].Reason }
	}
	if !p.complete && len(access) == 0 {
		list("The plan is not complete: planning was limited to targets, or changes were deferred", nil, 0)
	}
	add("May change access, and not modelled", len(access), skip(access))
	add("Left out", len(others), skip(others))
	names := p.outcome.Placeholders
	add("Placeholders for names that AWS will choose", len(names), func(i int) string { return names[i].Address + ": " + names[i].Value })
}

// join makes one line of those of a story that say of new principals only that anything may be
// allowed, since the plan does not tell their policies.
func (p *planView) join(s *story) {
	isOpen := s.kind == simulate.DeltaGained && strings.HasSuffix(s.example.Reason, " is new") &&
		s.example.After.Stage == simulate.StageIdentityPolicy && strings.HasPrefix(s.after, "depends on something unknown")
	if !isOpen {
		return
	}
	joined := map[string]*storyLine{}
	s.lines = slices.DeleteFunc(s.lines, func(l *storyLine) bool {
		reason, ok := p.openReason(l)
		if !ok {
			return false
		}
		key := l.callers(plain, plain) + reason
		if first := joined[key]; first != nil {
			first.rows = append(first.rows, l.rows...)
			return true
		}
		if services := l.services(); services > mostActions {
			l.reason, joined[key] = reason, l
		}
		return false
	})
}

// openReason is why the policies of the principals of a line are not known, if it is the same
// for all of them.
func (p *planView) openReason(l *storyLine) (string, bool) {
	found := ""
	for _, who := range l.principals {
		var reasons []string
		for _, g := range p.outcome.Unknown {
			if g.What == org.GapIdentityPolicies && g.Subject == who.ARN().String() {
				reasons = append(reasons, g.Reason)
			}
		}
		if len(reasons) == 0 {
			return "", false
		}
		reason := reasons[0]
		if len(reasons) > 1 {
			reason += fmt.Sprintf(" (and %s)", plural(len(reasons)-1, "more reason"))
		}
		if found != "" && found != reason {
			return "", false
		}
		found = reason
	}
	return found, found != ""
}

// services is the number of services of the actions of a line.
func (l *storyLine) services() int {
	out := map[string]bool{}
	for _, a := range l.actions() {
		out[a.Service()] = true
	}
	return len(out)
}

// trailText says what a trail records, and where to.
func trailText(t *cloudtrail.Trail) string {
	out := []string{"to bucket " + cmp.Or(t.Bucket, "(not known)")}
	switch {
	case t.Status == nil:
		out = append(out, "whether it is logging is not known")
	case t.Status.Logging:
		out = append(out, "logging")
	default:
		out = append(out, "NOT logging")
	}
	for _, f := range []struct {
		on      bool
		is, not string
	}{
		{t.Organization, "of the organization", "of one account"},
		{t.MultiRegion, "all Regions", "one Region"},
		{t.GlobalServiceEvents, "with global services", "without global services"},
		{t.LogFileValidation, "with log file validation", "without log file validation"},
	} {
		if f.on {
			out = append(out, f.is)
		} else {
			out = append(out, f.not)
		}
	}
	if s := t.Storage; s != nil && s.Lock != nil {
		out = append(out, (&objectLockJSON{s.Lock.Enabled, s.Lock.Mode, s.Lock.Days, s.Lock.Years}).text())
	}
	return t.ARN.String() + ": " + strings.Join(out, ", ")
}

func (f planFinding) line() string {
	return fmt.Sprintf("%s: %s %s: %s (%s%s)", f.address, f.Type, f.Code, f.Message, f.attribute, f.Path)
}

// workflowCommands are annotations for GitHub.
func (p *planView) workflowCommands(top int) string {
	var b strings.Builder
	for i, f := range p.findings {
		if top > 0 && i == top {
			break
		}
		level := "notice"
		switch {
		case f.Type == lint.Error:
			level = "error"
		case f.Type.AtLeast(lint.Warning):
			level = "warning"
		}
		fmt.Fprintf(&b, "::%s title=%s::%s\n", level, commandProperty(f.Code), commandData(f.line()))
	}
	for i, c := range p.signIns {
		if top > 0 && i == top {
			fmt.Fprintf(&b, "::notice title=Sign-in::%s\n", commandData(fmt.Sprintf("and %d more changes", len(p.signIns)-i)))
			break
		}
		fmt.Fprintf(&b, "::warning title=Sign-in::%s\n", commandData(c.line()))
	}
	for _, g := range p.outcome.Unknown {
		fmt.Fprintf(&b, "::notice title=Unknown::%s\n", commandData(g.Reason))
	}
	access, _ := p.skipped()
	for i, s := range access {
		if top > 0 && i == top {
			fmt.Fprintf(&b, "::notice title=Not modelled::%s\n", commandData(fmt.Sprintf("and %d more resources", len(access)-i)))
			break
		}
		fmt.Fprintf(&b, "::warning title=Not modelled::%s\n", commandData(s.Address+": "+s.Reason))
	}
	if p.isPartial() {
		fmt.Fprintf(&b, "::warning title=Partial::%s\n", commandData("the plan may change more access than this shows: "+p.missing()))
	}
	return b.String()
}

// The JSON output of tf diff: that of diff, and the plan.
type planDiffJSON struct {
	diffJSON
	Plan planJSON `json:"plan"`
}

type planJSON struct {
	Complete     bool              `json:"complete"`
	Changes      []string          `json:"changes"` // sentences
	SignIns      []signInChange    `json:"signIns"`
	Findings     []planFindingJSON `json:"findings"`
	Unknown      []gapJSON         `json:"unknown"`
	Skipped      []planSkippedJSON `json:"skipped"`
	Placeholders []placeholderJSON `json:"placeholders"`
	Trails       []string          `json:"trails"` // sentences
}

type planFindingJSON struct {
	Address   string `json:"address"`
	Attribute string `json:"attribute"`
	Type      string `json:"type"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	Path      string `json:"path"`
}

type planSkippedJSON struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Access  bool   `json:"access"` // it may change access
	Reason  string `json:"reason"`
}

type placeholderJSON struct {
	Address string `json:"address"`
	Value   string `json:"value"`
}

func (p *planView) json() planJSON {
	out := planJSON{
		Complete: p.complete, Changes: []string{}, SignIns: append([]signInChange{}, p.signIns...), Findings: []planFindingJSON{}, Unknown: []gapJSON{},
		Skipped: []planSkippedJSON{}, Placeholders: []placeholderJSON{}, Trails: []string{},
	}
	for _, c := range p.outcome.Changes {
		out.Changes = append(out.Changes, c.String())
	}
	for _, f := range p.findings {
		out.Findings = append(out.Findings, planFindingJSON{f.address, f.attribute, string(f.Type), f.Code, f.Message, f.Path})
	}
	for _, g := range p.outcome.Unknown {
		out.Unknown = append(out.Unknown, gapJSON{g.Subject, g.What, g.Reason})
	}
	for _, s := range p.outcome.Skipped {
		out.Skipped = append(out.Skipped, planSkippedJSON{s.Address, s.Type, s.Access, s.Reason})
	}
	for i := range p.outcome.Trails {
		out.Trails = append(out.Trails, trailText(&p.outcome.Trails[i]))
	}
	for _, n := range p.outcome.Placeholders {
		out.Placeholders = append(out.Placeholders, placeholderJSON{n.Address, n.Value})
	}
	return out
}
