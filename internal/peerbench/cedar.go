package main

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/licit-dev/licit/simulate"
)

// A cedarEngine decides with one Cedar policy for each statement.
type cedarEngine struct{ policies *cedar.PolicySet }

func newCedar(principal string, list []statement) (*cedarEngine, error) {
	var src strings.Builder
	for _, s := range list {
		effect := "permit"
		if s.deny {
			effect = "forbid"
		}
		fmt.Fprintf(&src, "%s (principal == Role::%q, action, resource)\nwhen { context.service == %q && (%s) && (%s) };\n",
			effect, principal, s.service, cedarLike("context.action", s.actions), cedarLike("context.arn", s.resources))
	}
	set, err := cedar.NewPolicySetFromBytes("w1.cedar", []byte(src.String()))
	if err != nil {
		return nil, err
	}
	return &cedarEngine{set}, nil
}

// cedarLike compares an attribute with patterns; * means the same in both languages.
func cedarLike(attribute string, patterns []string) string {
	var out []string
	for _, p := range patterns {
		operator := "=="
		if strings.Contains(p, "*") {
			operator = "like"
		}
		out = append(out, fmt.Sprintf("%s %s %q", attribute, operator, p))
	}
	return strings.Join(out, " || ")
}

func (e *cedarEngine) request(q query) cedar.Request {
	return cedar.Request{
		Principal: cedar.NewEntityUID("Role", cedar.String(q.principal)),
		Action:    cedar.NewEntityUID("Action", cedar.String(q.action)),
		Resource:  cedar.NewEntityUID("Resource", cedar.String(q.resource)),
		Context: cedar.NewRecord(cedar.RecordMap{
			"service": cedar.String(q.service), "action": cedar.String(q.action), "arn": cedar.String(q.resource),
		}),
	}
}

// decide tells a denial by a policy from one for want of a policy as the diagnostics do.
func (e *cedarEngine) decide(r cedar.Request) (simulate.Outcome, error) {
	decision, why := cedar.Authorize(e.policies, cedar.EntityMap{}, r)
	switch {
	case len(why.Errors) > 0:
		return 0, fmt.Errorf("%s", why.Errors[0].Message)
	case decision == cedar.Allow:
		return simulate.Allowed, nil
	case len(why.Reasons) > 0:
		return simulate.ExplicitDeny, nil
	}
	return simulate.ImplicitDeny, nil
}
