package wording

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// verdict is the decision as a clause.
func (w *World) verdict(x *simulate.Explanation) string {
	switch x.Decision.Outcome {
	case simulate.Allowed:
		return allowedText(x)
	case simulate.ExplicitDeny:
		return explicitText(x)
	case simulate.ImplicitDeny:
		return w.implicitText(x)
	}
	if x.Decision.Denied() {
		return "denied either way, explicitly or implicitly"
	}
	var may []string
	for _, o := range x.Possible {
		switch o {
		case simulate.Allowed:
			may = append(may, "allowed")
		case simulate.ExplicitDeny:
			may = append(may, "denied explicitly")
		case simulate.ImplicitDeny:
			may = append(may, "denied implicitly")
		}
	}
	return OrList(may) + ", depending on what is not known"
}

func allowedText(x *simulate.Explanation) string {
	switch x.Decision.Stage {
	case simulate.StageServiceRule:
		return "no permission is needed for this action"
	case simulate.StageResourcePolicy:
		return "the policy of the resource allows it, and nothing denies it"
	case simulate.StageIdentityPolicy:
		if x.Statement.IsZero() {
			return "the root user needs no identity policy, and nothing denies it"
		}
		return "an identity policy allows it, and nothing denies it"
	}
	return "nothing denies it"
}

func explicitText(x *simulate.Explanation) string {
	if x.Decision.Stage == simulate.StageBlockPublicAccess {
		return "S3 Block Public Access keeps others out of a bucket whose policy is public"
	}
	if x.Statement.IsZero() {
		return "denied by the layer " + stageNames[x.Decision.Stage]
	}
	return "denied by " + article(kindNames[x.Statement.Policy.Kind])
}

func (w *World) implicitText(x *simulate.Explanation) string {
	switch x.Decision.Stage {
	case simulate.StageServiceControl, simulate.StageResourceControl:
		i := slices.IndexFunc(x.Steps, func(s simulate.Step) bool {
			return s.Stage == x.Decision.Stage && s.Outcome == simulate.ImplicitDeny
		})
		kind := "SCP"
		if x.Decision.Stage == simulate.StageResourceControl {
			kind = "RCP"
		}
		if i < 0 || x.Steps[i].Node == "" {
			return fmt.Sprintf("no %s allows it", kind)
		}
		where := NodeLabel(x.Steps[i].Node, x.Steps[i].NodeName)
		if len(x.Steps[i].Trials()) == 0 {
			return fmt.Sprintf("no %s is attached to %s, so nothing is allowed below it", kind, where)
		}
		return fmt.Sprintf("no %s of %s allows it", kind, where)
	case simulate.StageResourcePolicy:
		return "the policy of the resource does not allow it, and must"
	case simulate.StageIdentityPolicy:
		return "no identity policy allows it"
	case simulate.StageBoundary:
		i := slices.IndexFunc(x.Steps, func(s simulate.Step) bool { return s.Stage == simulate.StageBoundary && len(s.Trials()) > 0 })
		if i < 0 {
			return "the permissions boundary does not allow it"
		}
		return fmt.Sprintf("the permissions boundary %s does not allow it", w.policyName(x.Steps[i].Trials()[0].Statement.Policy))
	case simulate.StageSessionPolicy:
		return "no session policy allows it"
	case simulate.StageEndpointPolicy:
		return "the policy of the VPC endpoint does not allow it"
	case simulate.StageServiceRule:
		return "a rule of the service forbids it, whatever the policies say"
	}
	return "nothing allows it"
}

func article(noun string) string {
	switch {
	case strings.HasPrefix(noun, "identity"), strings.HasPrefix(noun, "endpoint"),
		strings.HasPrefix(noun, "SCP"), strings.HasPrefix(noun, "RCP"):
		return "an " + noun
	}
	return "a " + noun
}

// IsActionMiss reports whether the statement is about other actions.
func IsActionMiss(t *simulate.Trial) bool {
	return t.Miss.Element == "Action" || t.Miss.Element == "NotAction"
}

// MissText says why a statement does not match: "Resource: wants arn:…, got arn:…".
func MissText(m simulate.Miss) string {
	switch {
	case m.Element != "Condition" && strings.HasPrefix(m.Element, "Not"):
		return fmt.Sprintf("%s: excludes %s by %s", m.Element, AndList(m.Got), OrList(m.Want))
	case m.Element != "Condition":
		return fmt.Sprintf("%s: wants %s, got %s", m.Element, OrList(m.Want), AndList(m.Got))
	}
	got := "is " + AndList(m.Got)
	if m.Absent || len(m.Got) == 0 {
		got = "is absent"
	}
	u := simulate.Unknown{Key: m.Key, Operator: m.Operator, Want: m.Want}
	return fmt.Sprintf("Condition: wants that %s (%s), but it %s", UnknownText(u, m.Key), m.Operator, got)
}

// AndList is "a, b, c", "none" for an empty list.
func AndList(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	out := make([]string, 0, mostListed)
	for i, s := range list {
		if i == mostListed {
			out = append(out, fmt.Sprintf("%d more", len(list)-i))
			break
		}
		out = append(out, Plain(s))
	}
	return strings.Join(out, ", ")
}

// hint says what would settle what is not known; "" if it is a deny either way, or if the
// caller is not known, since its keys are unknown for that reason.
func (w *World) hint(x *simulate.Explanation) string {
	if w.Strict == "" || x.Decision.Denied() {
		return ""
	}
	var keys []string
	for _, d := range x.Depends {
		if d.Kind == simulate.DependsOnCaller {
			return ""
		}
		if len(keys) == 3 {
			continue
		}
		switch a, _ := policy.ParseARN(d.Name); {
		case d.Kind == simulate.DependsOnKey:
			keys = append(keys, w.GiveKey+d.Name+"=…")
		case d.Kind == simulate.DependsOnResource && a.IsValid() && a.AccountID() == "":
			return w.GiveKey + "aws:ResourceAccount=…, the account that owns the resource"
		}
	}
	if len(keys) == 0 {
		return ""
	}
	return strings.Join(keys, " ") + ", or " + w.Strict + " (keys that are not given are absent)"
}
