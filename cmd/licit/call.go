package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A call is one action on one or several resources: AWS authorises it on each (R-RSC-6).
type call struct {
	facts *serviceref.Reference
	parts []*simulate.Explanation // by resource, in the order given

	outcome simulate.Outcome
	denied  bool   // for certain
	shown   string // the outcome, with its stage if there is one
	missing []serviceref.ResourceInfo
	unknown bool // which types the call needs is not known
}

// decide finds the worst of the parts: a deny, then what is not known. The answer about a
// single resource is about this resource and stays as it is; of several, what the call
// needs besides keeps it from being allowed.
func (c *call) decide() {
	first := c.parts[0]
	if c.outcome, c.denied, c.shown = first.Decision.Outcome, first.Decision.Denied(), first.Decision.String(); len(c.parts) == 1 {
		return
	}
	var arns []policy.ARN
	worst := first
	for _, x := range c.parts {
		arns = append(arns, x.Request.Resource)
		if badness(x.Decision) > badness(worst.Decision) {
			worst = x
		}
	}
	c.outcome, c.denied, c.shown = worst.Decision.Outcome, worst.Decision.Denied(), worst.Decision.Outcome.String()
	info, known := c.facts.Action(first.Request.Action)
	if c.unknown = !known; known {
		c.missing = info.Missing(arns...)
	}
	if c.outcome == simulate.Allowed && (c.unknown || len(c.missing) > 0) {
		c.outcome, c.shown = simulate.Indeterminate, simulate.Indeterminate.String()
	}
}

func badness(d simulate.Decision) int {
	switch {
	case d.Outcome == simulate.ExplicitDeny:
		return 4
	case d.Outcome == simulate.ImplicitDeny:
		return 3
	case d.Denied():
		return 2
	case d.Outcome == simulate.Indeterminate:
		return 1
	}
	return 0
}

// callText is the text of the only part, or of each and what they make together.
func (w *world) callText(c *call, s style, text func(*simulate.Explanation) string) string {
	if len(c.parts) == 1 {
		return text(c.parts[0])
	}
	var b strings.Builder
	for i, x := range c.parts {
		fmt.Fprintf(&b, "%d of %d: %s\n", i+1, len(c.parts), plain(resourceText(x.Request.Resource)))
		b.WriteString(text(x) + "\n")
	}
	b.WriteString("the call: " + s.outcome(c.outcome) + ": " + c.verdict() + "\n")
	for _, t := range c.missing {
		fmt.Fprintf(&b, "  %-12s %s, such as %s\n", "missing", t.Name(), strings.Join(slices.Collect(t.ARNFormats()), " or "))
	}
	return b.String()
}

func (c *call) verdict() string {
	action := plain(string(c.parts[0].Request.Action))
	var denied, open int
	for _, x := range c.parts {
		switch {
		case x.Decision.Denied():
			denied++
		case x.Decision.Outcome == simulate.Indeterminate:
			open++
		}
	}
	n := fmt.Sprintf("%d of the %d resources", max(denied, open), len(c.parts))
	switch {
	case denied > 0:
		return fmt.Sprintf("denied on %d of the %d resources, and so is a call that names them all", denied, len(c.parts))
	case open > 0:
		return "it depends on what is not known of " + n
	case c.unknown:
		return "allowed on each, but the service data of " + c.facts.Date() + " does not know " + action + ", so what else it needs is not known"
	case len(c.missing) > 0:
		return "allowed on each, but " + action + " needs more, as the service data of " + c.facts.Date() + " has it; give --resource for what is missing"
	}
	return "allowed on each, and the service data of " + c.facts.Date() + " says of no other resource type that " + action + " needs it"
}

// A callJSON is the output for several resources.
type callJSON struct {
	Decision  string         `json:"decision"`
	Missing   []resourceJSON `json:"missing"` // resource types that the call needs, too
	Resources []answerJSON   `json:"resources"`
}

type resourceJSON struct {
	Type string   `json:"type"`
	ARNs []string `json:"arns"` // formats
}

// callJSON is the answer for the only resource, or for all.
func (w *world) callJSON(c *call, answer func(*simulate.Explanation) answerJSON) any {
	if len(c.parts) == 1 {
		return answer(c.parts[0])
	}
	j := callJSON{Decision: c.outcome.String(), Missing: []resourceJSON{}}
	for _, t := range c.missing {
		j.Missing = append(j.Missing, resourceJSON{t.Name(), slices.Collect(t.ARNFormats())})
	}
	for _, x := range c.parts {
		j.Resources = append(j.Resources, answer(x))
	}
	return j
}
