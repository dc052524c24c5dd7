package replay

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A LeastPrivilege is an identity policy that allows what was done. What it allows besides,
// since the events do not tell it apart from what was done, is in Wide and Patterns.
type LeastPrivilege struct {
	Document *policy.Document // nil if nothing was done
	Size     int              // characters, as the quota of a managed policy counts them
	// Proved counts the requests that the document was shown to allow, each decided by itself
	// with no other identity policy.
	Proved int
	// Unproved lists requests that it does not allow by itself for certain, as "action on
	// resource"; none is expected.
	Unproved []string
	// Wide lists actions that it allows on every resource, since the events do not tell on
	// which they were used.
	Wide []policy.Action
	// Patterns lists what it allows on more than what was used, as "action on pattern": on all
	// objects of a bucket, on whatever a call creates that has no name before, whoever owns the
	// resource, whatever characters a secret's ARN ends in.
	Patterns []string
	// Left lists what it does not allow although calls may have needed it: actions that are
	// only named after an event, those that some calls of an event need, unless a parameter
	// shows that these did, and those only of calls that failed for another reason than
	// permissions, such as that there is no policy of a bucket to be read.
	Left []policy.Action
}

func isLeft(a ActionUse) bool {
	return a.Certainty == serviceref.Unknown || a.Certainty == serviceref.Sometimes && !a.Inferred
}

// LeastPrivilegePolicy writes the policy of one or several principals together: all roles of
// a permission set, say. Resources are those of the calls; conditions are none. What only
// AWS's answer was refused for is not in it.
func LeastPrivilegePolicy(uses ...Use) (*LeastPrivilege, error) {
	out := &LeastPrivilege{}
	actions := map[policy.Action]*action{}
	for i := range uses {
		for _, a := range uses[i].Actions {
			if isLeft(a) {
				out.Left = append(out.Left, a.Action)
				continue
			}
			all := actions[a.Action]
			if all == nil {
				all = newAction(a.Action, false)
				actions[a.Action] = all
			}
			all.Open, all.None = all.Open || a.Open, all.None || a.None
			for _, r := range a.Resources {
				all.resources[r] = true
			}
			for _, p := range a.Patterns {
				all.patterns[p] = true
			}
		}
	}
	for i := range uses {
		for _, a := range uses[i].Failed {
			if actions[a.Action] == nil {
				out.Left = append(out.Left, a.Action)
			}
		}
	}
	slices.Sort(out.Left)
	out.Left = slices.Compact(out.Left)
	if len(actions) == 0 {
		return out, nil
	}
	var err error
	if out.Document, err = policy.NewDocument(statements(sorted(actions), out)...); err != nil {
		return nil, err
	}
	out.Size = out.Document.Size(policy.IdentityBased)
	for i := range uses {
		if err := out.prove(&uses[i]); err != nil {
			return nil, err
		}
	}
	slices.Sort(out.Patterns)
	slices.Sort(out.Unproved)
	out.Unproved = slices.Compact(out.Unproved)
	return out, nil
}

// statements puts actions on the same resources into one statement; those on all resources
// come first.
func statements(list []ActionUse, out *LeastPrivilege) []policy.Statement {
	groups := map[string][]string{}
	var order []string
	for _, a := range list {
		resources := "*"
		if !a.Open && !a.None {
			patterns := slices.Clone(a.Patterns)
			for _, r := range a.Resources {
				patterns = append(patterns, literal(r))
			}
			for _, p := range patterns {
				if strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(p, "${*}", ""), "${?}", ""), "*?") {
					out.Patterns = append(out.Patterns, string(a.Action)+" on "+p)
				}
			}
			slices.Sort(patterns)
			resources = strings.Join(slices.Compact(patterns), "\n")
		} else if a.Open {
			out.Wide = append(out.Wide, a.Action)
		}
		if groups[resources] == nil {
			order = append(order, resources)
		}
		groups[resources] = append(groups[resources], string(a.Action))
	}
	slices.Sort(order)
	var all []policy.Statement
	for _, resources := range order {
		all = append(all, policy.Statement{Effect: policy.Allow, Action: policy.List(groups[resources]...), Resource: policy.List(strings.Split(resources, "\n")...)})
	}
	return all
}

// literal is the pattern that matches an ARN and nothing else; a * at its end stands for
// what was not told apart, or has no name yet, and one as account for any.
func literal(arn string) string {
	head := ""
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 && parts[4] == "*" {
		head, arn = strings.Join(parts[:5], ":")+":", parts[5]
	}
	body, any := strings.CutSuffix(arn, "/*")
	body = head + strings.NewReplacer("${", "${$}{", "*", "${*}", "?", "${?}").Replace(body)
	if any {
		body += "/*"
	}
	return body
}

// prove decides each request with the document as the only identity policy. A resource with a
// policy that must allow, such as a key or a role, delegates to the account, so that the
// document alone decides.
func (l *LeastPrivilege) prove(u *Use) error {
	account := u.Principal.AccountID()
	delegate, err := policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, account),
		Action: policy.List("*"), Resource: policy.List("*"),
	})
	if err != nil {
		return err
	}
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{l.Document}, Resource: delegate, ResourceAccount: account})
	if err != nil {
		return err
	}
	ask := func(a policy.Action, resource policy.ARN) {
		if env.Can(simulate.Request{Principal: policy.PrincipalFromARN(u.Principal), Action: a, Resource: resource}).Allowed() {
			l.Proved++
			return
		}
		name := resource.String()
		if name == "" {
			name = "*"
		}
		l.Unproved = append(l.Unproved, string(a)+" on "+name)
	}
	for _, a := range u.Actions {
		if isLeft(a) {
			continue
		}
		for _, r := range a.Resources {
			if arn, err := policy.ParseARN(r); err == nil {
				ask(a.Action, arn)
			}
		}
		for _, p := range a.Patterns {
			if arn, err := policy.ParseARN(strings.NewReplacer("?", "A", "*", "A").Replace(p)); err == nil {
				ask(a.Action, arn)
			}
		}
		if a.Open || a.None {
			ask(a.Action, policy.ARN{})
		}
	}
	return nil
}
