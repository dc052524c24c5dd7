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
	lacks   bool   // allowed on all parts, but that is not known to be enough
	missing []serviceref.ResourceInfo
	strange []policy.ARN // resources of no type that the action has
	unnamed bool         // no resource, although the action has resource types
	unknown bool         // which types the call needs is not known
}

// decide finds the worst of the parts: a deny, then what is not known. Unless only the
// requests count, what the call needs besides keeps it from being allowed.
func (c *call) decide(requestOnly bool) {
	worst := c.parts[0]
	for _, x := range c.parts {
		if badness(x.Decision) > badness(worst.Decision) {
			worst = x
		}
	}
	c.outcome, c.denied, c.shown = worst.Decision.Outcome, worst.Decision.Denied(), worst.Decision.String()
	if len(c.parts) > 1 {
		c.shown = c.outcome.String()
	}
	if requestOnly {
		return
	}
	c.needs()
	if c.lacks = c.outcome == simulate.Allowed && (c.unknown || c.unnamed || len(c.missing) > 0 || len(c.strange) > 0); c.lacks {
		c.outcome, c.shown = simulate.Indeterminate, simulate.Indeterminate.String()
	}
}

// needs finds what the call lacks (R-RSC-6). Of an action that is not known, a single
// resource is taken for all that it needs.
func (c *call) needs() {
	action := c.parts[0].Request.Action
	info, known := c.facts.Action(action)
	if !known {
		c.unknown = len(c.parts) > 1
		return
	}
	if _, collection := c.facts.Collection(action); collection {
		return
	}
	var arns []policy.ARN
	for _, x := range c.parts {
		arn := x.Request.Resource
		if !arn.IsValid() {
			c.unnamed = !info.WildcardOnly()
			continue
		}
		arns = append(arns, arn)
		if !info.Fits(arn) {
			c.strange = append(c.strange, arn)
		}
	}
	c.missing = info.Missing(arns...)
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
	if len(c.parts) == 1 && !c.lacks {
		return text(c.parts[0])
	}
	var b strings.Builder
	for i, x := range c.parts {
		if len(c.parts) > 1 {
			fmt.Fprintf(&b, "%d of %d: %s\n", i+1, len(c.parts), plain(resourceText(x.Request.Resource)))
		}
		b.WriteString(text(x) + "\n")
	}
	b.WriteString("the call: " + s.outcome(c.outcome) + ": " + c.verdict() + "\n")
	for _, t := range c.missing {
		fmt.Fprintf(&b, "  %-12s %s, such as %s\n", "missing", t.Name(), strings.Join(slices.Collect(t.ARNFormats()), " or "))
	}
	return b.String()
}

func (c *call) verdict() string {
	action, facts := plain(string(c.parts[0].Request.Action)), "the service data of "+c.facts.Date()
	allowed, alone := "allowed on each", ""
	if len(c.parts) == 1 {
		allowed, alone = "allowed on this resource", ", or ask for this one alone with --request-only"
	}
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
		return allowed + ", but " + facts + " does not know " + action + ", so what else it needs is not known"
	case len(c.strange) > 0:
		return allowed + ", but " + plain(c.strange[0].String()) + " is of " + c.types(action) + ", as " + facts + " has it: AWS does not authorise the action there"
	case c.unnamed:
		return "allowed where no resource is named, but " + action + " is authorised on resources, as " + facts + " has it; give --resource for each, or ask for this request alone with --request-only"
	case len(c.missing) > 0:
		return allowed + ", but " + action + " needs more, as " + facts + " has it; give --resource for what is missing" + alone
	}
	return "allowed on each, and " + facts + " says of no other resource type that " + action + " needs it"
}

// types says that a resource is of none of the types.
func (c *call) types(action string) string {
	info, _ := c.facts.Action(c.parts[0].Request.Action)
	const most = 8
	var names []string
	for t := range info.Resources() {
		if names = append(names, t.Type.Name()); len(names) == most {
			names = append(names, "…")
			break
		}
	}
	if len(names) == 0 {
		return "no resource type of " + action + ", which has none and is asked for without --resource"
	}
	return "none of the resource types of " + action + " (" + strings.Join(names, ", ") + ")"
}

// A callJSON is the output for several resources, and for a single request that is allowed
// although the call may not be.
type callJSON struct {
	Decision  string         `json:"decision"` // of the call
	Why       string         `json:"why"`
	Missing   []resourceJSON `json:"missing"`             // resource types that the call needs, too
	NotOfType []string       `json:"notOfType,omitempty"` // resources of no type that the action has
	Resources []answerJSON   `json:"resources"`
}

type resourceJSON struct {
	Type string   `json:"type"`
	ARNs []string `json:"arns"` // formats
}

// callJSON is the answer for the only resource, or for all.
func (w *world) callJSON(c *call, answer func(*simulate.Explanation) answerJSON) any {
	if len(c.parts) == 1 && !c.lacks {
		return answer(c.parts[0])
	}
	j := callJSON{Decision: c.outcome.String(), Why: c.verdict(), Missing: []resourceJSON{}}
	for _, arn := range c.strange {
		j.NotOfType = append(j.NotOfType, arn.String())
	}
	for _, t := range c.missing {
		j.Missing = append(j.Missing, resourceJSON{t.Name(), slices.Collect(t.ARNFormats())})
	}
	for _, x := range c.parts {
		j.Resources = append(j.Resources, answer(x))
	}
	return j
}
