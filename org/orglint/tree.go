package orglint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// Quotas of control policies attached to one root, OU or account (Organizations User
// Guide, “Quotas and service limits”). That of SCPs was raised in May 2026.
const (
	scpsPerNode       = 10
	scpsPerNodeBefore = 5
	rcpsPerNode       = 5
)

var (
	scpKind = []policy.Kind{policy.ServiceControl}
	rcpKind = []policy.Kind{policy.ResourceControl}
)

// treeRules are about control policies and where they are attached.
var treeRules = []rule{
	{
		code: "SCP_TOO_MANY_ON_NODE", typ: lint.Error,
		title: "More SCPs are attached to a root, OU or account than AWS takes.",
		check: func(w *world) {
			for _, n := range w.nodes {
				if scps, _ := w.controlPolicies(n, policy.ServiceControl); len(scps) > w.scpLimit {
					w.report(n.id, "%d SCPs are attached to %s, and AWS takes at most %d; put their statements into fewer policies, or attach some of them to another level", len(scps), n.title(), w.scpLimit)
				}
			}
		},
	},
	{
		code: "RCP_TOO_MANY_ON_NODE", typ: lint.Error,
		title: "More RCPs are attached to a root, OU or account than AWS takes.",
		check: checkRCPCount,
	},
	{
		code: "SCP_LAST_DETACH", typ: lint.Error,
		title: "A root, OU or account has no SCP at all.",
		check: func(w *world) {
			for _, n := range w.scpLevels() {
				if scps, complete := w.controlPolicies(n, policy.ServiceControl); complete && len(scps) == 0 {
					w.report(n.id, "no SCP is attached to %s, which denies everything there; AWS does not let the last one be detached: attach FullAWSAccess", n.title())
				}
			}
		},
	},
	{
		code: "SCP_NO_ALLOW_AT_LEVEL", typ: lint.Error,
		title: "The SCPs of a root, OU or account allow nothing.",
		check: func(w *world) {
			for _, n := range w.scpLevels() {
				scps, complete := w.controlPolicies(n, policy.ServiceControl)
				if complete && len(scps) > 0 && len(allows(scps)) == 0 {
					w.report(n.id, "no SCP attached to %s has an Allow, so everything is denied in %s; attach FullAWSAccess beside the Deny policies", n.title(), w.count(w.affected([]*node{n})))
				}
			}
		},
	},
	{
		code: "SCP_NO_EFFECT_ON_MANAGEMENT", typ: lint.Suggestion, kinds: scpKind,
		title: "An SCP is attached where it limits only the management account, which SCPs do not limit.",
		check: func(w *world) {
			w.checkManagement(policy.ServiceControl, "SCPs do not limit the principals of the management account")
		},
	},
	{
		code: "RCP_NO_EFFECT_ON_MANAGEMENT", typ: lint.Suggestion, kinds: rcpKind,
		title: "An RCP is attached where it limits only the management account, which RCPs do not limit.",
		check: func(w *world) {
			w.checkManagement(policy.ResourceControl, "RCPs do not limit access to the resources of the management account")
		},
	},
	{
		code: "CONTROL_POLICY_UNATTACHED", typ: lint.Suggestion, kinds: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
		title: "An SCP or RCP is attached nowhere.",
		check: func(w *world) {
			for i := range w.spec.ControlPolicies {
				p := &w.spec.ControlPolicies[i]
				if isManaged(p.ID) {
					continue
				}
				if nodes, complete := w.attachments(p.ID); complete && len(nodes) == 0 {
					w.reportPolicy(p, "%s is attached nowhere and limits nothing; attach it, or delete it", policyTitle(p))
				}
			}
		},
	},
	{
		code: "SCP_SLR_ASSUMPTION", typ: lint.Suggestion, kinds: scpKind,
		title: "A Deny of an SCP is only about service-linked roles, which SCPs do not limit.",
		check: checkServiceLinked,
	},
}

func isManaged(id string) bool { return id == org.FullAWSAccess || id == org.RCPFullAWSAccess }

func policyTitle(p *org.ControlPolicy) string {
	if p.Name == "" {
		return p.ID
	}
	return p.ID + " (" + p.Name + ")"
}

// reportPolicy puts a finding at the beginning of the control policy's document.
func (w *world) reportPolicy(p *org.ControlPolicy, format string, args ...any) {
	if e := w.byPointer[p.Document]; e != nil {
		w.reportAt(e, p.Kind, p.ID, "", format, args...)
		return
	}
	w.report(p.ID, format, args...)
}

// checkRCPCount counts RCPFullAWSAccess, which AWS attaches everywhere and which takes one
// of the places, whether the organization lists it or not.
func checkRCPCount(w *world) {
	if !w.o.PolicyTypeEnabled(policy.ResourceControl) {
		return
	}
	for _, n := range w.nodes {
		rcps, _ := w.controlPolicies(n, policy.ResourceControl)
		own := slices.DeleteFunc(rcps, func(p org.ControlPolicy) bool { return p.ID == org.RCPFullAWSAccess })
		if len(own)+1 > rcpsPerNode {
			w.report(n.id, "%d RCPs are attached to %s, and AWS takes at most %d beside RCPFullAWSAccess; put their statements into fewer policies, or attach some of them to another level", len(own), n.title(), rcpsPerNode-1)
		}
	}
}

// scpLevels are the nodes whose SCPs limit somebody: those with an account below that is
// not the management account.
func (w *world) scpLevels() (out []*node) {
	if !w.o.PolicyTypeEnabled(policy.ServiceControl) {
		return nil
	}
	for _, n := range w.nodes {
		if n.known && len(w.affected([]*node{n})) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// An allowance is an Allow statement of an SCP.
type allowance struct {
	policy    org.ControlPolicy
	index     int
	statement policy.Statement
}

func allows(list []org.ControlPolicy) (out []allowance) {
	for _, p := range list {
		for i, s := range p.Document.Statements() {
			if s.Effect == policy.Allow {
				out = append(out, allowance{p, i, s})
			}
		}
	}
	return out
}

// checkManagement: the management account is exempt from SCPs and RCPs (Organizations User
// Guide, “Service control policies”, “Resource control policies”).
func (w *world) checkManagement(k policy.Kind, why string) {
	if !w.complete || w.spec.ManagementAccount == "" {
		return
	}
	for i := range w.spec.ControlPolicies {
		p := &w.spec.ControlPolicies[i]
		if p.Kind != k || isManaged(p.ID) {
			continue
		}
		nodes, complete := w.attachments(p.ID)
		var vain []string
		for _, n := range nodes {
			if slices.Contains(n.accounts, w.spec.ManagementAccount) && len(w.affected([]*node{n})) == 0 {
				vain = append(vain, n.title())
			}
		}
		switch {
		case len(vain) == 0:
		case len(vain) == len(nodes) && complete:
			w.reportPolicy(p, "%s is attached to %s only and limits nothing: %s; attach it where the member accounts are", policyTitle(p), strings.Join(vain, ", "), why)
		default:
			w.reportPolicy(p, "%s has no effect where it is attached to %s: %s; detach it there", policyTitle(p), strings.Join(vain, ", "), why)
		}
	}
}

// checkServiceLinked: SCPs do not affect service-linked roles (Organizations User Guide,
// “Service control policies”, tasks and entities not restricted by SCPs).
func checkServiceLinked(w *world) {
	for _, e := range w.documents {
		if !slices.Contains(e.Kinds, policy.ServiceControl) {
			continue
		}
		for i, s := range e.doc.Statements() {
			if s.Effect != policy.Deny {
				continue
			}
			for c := range s.Condition.All() {
				if isKey(c, "aws:PrincipalArn") && isPositive(c) && c.Values.Len() > 0 && !slices.ContainsFunc(slices.Collect(c.Values.All()), notServiceLinked) {
					w.reportAt(e, policy.ServiceControl, e.Subjects[0], at(i, "Condition", string(c.Operator), c.Key),
						"this denies only service-linked roles, which SCPs do not limit, so that it has no effect; to keep a service out, deny iam:CreateServiceLinkedRole for it, or disable its access in AWS Organizations")
					break
				}
			}
		}
	}
}

func notServiceLinked(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	return len(parts) < 6 || !strings.HasPrefix(parts[5], "role/aws-service-role/")
}

func isKey(c policy.Condition, names ...string) bool {
	for _, name := range names {
		family := strings.HasSuffix(name, "/") && len(c.Key) > len(name) && strings.EqualFold(c.Key[:len(name)], name)
		if family || strings.EqualFold(c.Key, name) {
			return true
		}
	}
	return false
}

// has reports whether the statement has a condition on one of the keys.
func has(s policy.Statement, names ...string) bool {
	for c := range s.Condition.All() {
		if isKey(c, names...) {
			return true
		}
	}
	return false
}

// isPositive reports whether the condition holds only for keys that are there and have one
// of the values.
func isPositive(c policy.Condition) bool {
	p, ok := c.Operator.Parts()
	if !ok || p.IfExists || p.Quantifier == policy.ForAllValues {
		return false
	}
	switch p.Base {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike":
		return true
	}
	return false
}

func isNegated(c policy.Condition) bool {
	p, ok := c.Operator.Parts()
	return ok && (strings.Contains(p.Base, "Not"))
}
