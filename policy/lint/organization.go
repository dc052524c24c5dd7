package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

var (
	serviceControl  = kindSet(policy.ServiceControl)
	resourceControl = kindSet(policy.ResourceControl)
)

// organizationRules are about SCPs and RCPs. What needs the organization, such as how many
// policies a node has, is not here.
var organizationRules = slices.Concat(resourceControlRules, serviceControlRules, regionRules, tamperRules)

// maxRCP is the largest RCP, in characters (Organizations User Guide, “Quotas for AWS
// Organizations”).
const maxRCP = 5120

// resourceControlRules are what AWS refuses in an RCP (Organizations User Guide, “RCP
// syntax”).
var resourceControlRules = []rule{
	{
		code: "RCP_EFFECT_NOT_DENY", typ: Error, kinds: resourceControl,
		title: "An RCP has only Deny statements.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				if n, ok := s.member("Effect"); ok && s.effect() == "Allow" && !c.isFullAccessRCP() {
					c.report(n, s.path+"/Effect", "an RCP only denies; RCPFullAWSAccess, which AWS attaches everywhere, is the Allow")
				}
			}
		},
	},
	{
		code: "RCP_PRINCIPAL_NOT_STAR", typ: Error, kinds: resourceControl,
		title: "The Principal of an RCP is \"*\".",
		check: func(c *checker) {
			for _, s := range c.statements() {
				if n, ok := s.member("Principal"); ok && (n.Kind != jsontree.String || n.Text != "*") {
					c.report(n, s.path+"/Principal", `the principal of an RCP is "*"; name the callers in a condition, for example on aws:PrincipalArn`)
				}
			}
		},
	},
	{
		code: "RCP_NOTPRINCIPAL", typ: Error, kinds: resourceControl,
		title: "An RCP has no NotPrincipal.",
		check: func(c *checker) {
			c.checkMembers([]string{"NotPrincipal"}, `an RCP has no NotPrincipal; write "Principal": "*" and exempt callers in a condition`)
		},
	},
	{
		code: "RCP_NOTACTION", typ: Error, kinds: resourceControl,
		title: "An RCP has no NotAction.",
		check: func(c *checker) {
			c.checkMembers([]string{"NotAction"}, "an RCP has no NotAction; list the denied actions in Action")
		},
	},
	{
		code: "RCP_ACTION_STAR", typ: Error, kinds: resourceControl,
		title: "The actions of an RCP name their service.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, v := range s.values("Action") {
					if glob.Everything(v.text) && !c.isFullAccessRCP() {
						c.report(v.node, v.path, `an RCP does not take the action "*"; write the services, such as s3:*`)
					}
				}
			}
		},
	},
	{
		code: "RCP_VERSION", typ: Error, kinds: resourceControl,
		title: "An RCP has the Version 2012-10-17.",
		check: func(c *checker) {
			switch n, ok := c.root.Member("Version"); {
			case !ok:
				c.report(c.root, "", `an RCP needs "Version": "2012-10-17"`)
			case n.Text != string(policy.Version2012):
				f := c.report(n, "/Version", "the version of an RCP is 2012-10-17")
				if c.grantsNothing() && !hasVariable(string(c.src)) { // variables begin to count with the version
					f.Fix = replace(n, `"2012-10-17"`)
				}
			}
		},
	},
	{
		code: "RCP_UNSUPPORTED_SERVICE", typ: Error, kinds: resourceControl,
		title: "RCPs do not apply to the service.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, v := range s.values("Action") {
					a := policy.Action(v.text)
					if supports, known := c.ref.SupportsRCP(a.Service()); a.Service() != "" && a.Service() != "*" && known && !supports {
						c.report(v.node, v.path, "RCPs do not apply to %s as of %s; remove the action, or restrict the callers in an SCP", a.Service(), min(c.ref.Day(), c.ref.Date()))
					}
				}
			}
		},
	},
	{
		code: "RCP_SIZE", typ: Error, kinds: resourceControl, parsed: true,
		title: "The RCP is too long.",
		check: func(c *checker) {
			if n := c.doc.Size(policy.ResourceControl); n > maxRCP {
				c.report(c.root, "", "the RCP has %d characters, and AWS stores %d; split it, or remove white space", n, maxRCP)
			}
		},
	},
	{
		code: "RCP_BLOCKS_AWS_SERVICES", typ: SecurityWarning, kinds: resourceControl,
		title: "An RCP for the organization's own callers stops AWS services, too.",
		check: (*checker).checkBlockedServices,
	},
}

// isFullAccessRCP reports whether the document is AWS's own RCPFullAWSAccess.
func (c *checker) isFullAccessRCP() bool {
	if len(c.stmts) != 1 {
		return false
	}
	s := c.stmts[0]
	return s.effect() == "Allow" && s.trusts("*", "*") && s.namesAction("s3:GetObject") && s.reaches("any:thing") &&
		s.everyResource() && s.unconditional()
}

// checkBlockedServices reports a Deny for callers outside the organization: a service that
// calls by itself has no aws:PrincipalOrgID, and is one (Organizations User Guide, “RCP
// examples”).
func (c *checker) checkBlockedServices() {
	guards := []string{"aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceArn"}
	for _, s := range c.statements() {
		if s.effect() != "Deny" || s.has(guards...) {
			continue
		}
		for e := range s.conditionsOn("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount") {
			if negated(e.parts) && e.holdsWithoutKey() {
				c.reportName(e.keyNode, e.path, `requests of AWS services have no %s and are denied; add "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}`, e.key)
				break
			}
		}
	}
}

var serviceControlRules = []rule{
	{
		code: "SCP_MISSING_RESOURCE_DENY", typ: Error, kinds: serviceControl,
		title: "A Deny statement of an SCP has no Resource.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				_, yes := s.member("Resource")
				_, not := s.member("NotResource")
				if s.effect() == "Deny" && !yes && !not {
					c.report(s.node, s.path, `a Deny of an SCP needs a resource; add "Resource": "*"`)
				}
			}
		},
	},
	{
		code: "SCP_PRINCIPAL_KEY_WITHOUT_EXEMPTION", typ: Suggestion, kinds: serviceControl,
		title: "An SCP denies everything to everybody.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				if s.effect() == "Deny" && s.reaches("any:thing") && s.everyResource() && s.unconditional() {
					c.report(s.node, s.path, "this locks everybody out of the accounts; exempt a role that can clean up with a condition on aws:PrincipalArn")
				}
			}
		},
	},
	{
		code: "SCP_EXEMPTION_HIJACKABLE", typ: SecurityWarning, kinds: serviceControl,
		title: "A role that an SCP exempts by name can be made in any account.",
		check: (*checker).checkExemptions,
	},
	{
		code: "SCP_MFA_BLOCKS_FEDERATED", typ: SecurityWarning, kinds: serviceControl,
		title: "An SCP that asks for MFA denies every federated session.",
		check: (*checker).checkMFAOfSessions,
	},
	{
		code: "SCP_OVERRIDE_IMPOSSIBLE", typ: Warning, kinds: serviceControl,
		title: "An Allow of an SCP looks as if it should lift a Deny.",
		check: (*checker).checkOverrides,
	},
	{
		code: "SCP_ROOT_DENY_BLOCKS_ROOT_SESSIONS", typ: Suggestion, kinds: serviceControl,
		title: "A Deny for root users also stops privileged root sessions.",
		check: (*checker).checkRootDeny,
	},
}

// checkExemptions reports roles that are exempt by a name that the administrators of each
// account can give to a role of their own, unless the document keeps them from doing so.
func (c *checker) checkExemptions() {
	for _, s := range c.statements() {
		if s.effect() != "Deny" {
			continue
		}
		for e := range s.conditionsOn("aws:PrincipalArn") {
			if !negated(e.parts) {
				continue
			}
			for _, v := range e.values() {
				if role := hijackable(v.text); role != "" && !c.protectsRole(v.text) {
					c.report(v.node, v.path, "whoever can create %s, or change its trust policy, in any account escapes this Deny; deny iam:CreateRole and iam:UpdateAssumeRolePolicy on it, or name the accounts", role)
				}
			}
		}
	}
}

// hijackable is the role of an ARN pattern that is valid in every account, or "". Roles
// below the paths that AWS keeps for itself cannot be made by customers.
func hijackable(pattern string) string {
	parts := strings.SplitN(pattern, ":", 6)
	if glob.Everything(pattern) {
		return "a principal"
	}
	if len(parts) < 6 || !strings.ContainsAny(parts[4], "*?") {
		return ""
	}
	name, ok := strings.CutPrefix(parts[5], "role/")
	if !ok || strings.HasPrefix(name, "aws-reserved/") || strings.HasPrefix(name, "aws-service-role/") {
		return ""
	}
	return "role/" + name
}

// protectsRole reports whether Deny statements keep others from creating the role and from
// changing its trust.
func (c *checker) protectsRole(pattern string) bool {
	return !slices.ContainsFunc([]string{"iam:CreateRole", "iam:UpdateAssumeRolePolicy"}, func(action string) bool {
		for _, s := range c.statements() {
			if !s.guards(action) {
				continue
			}
			if s.everyResource() {
				return false
			}
			for _, v := range s.values("Resource") {
				if glob.ResourceIncludes(v.text, pattern) {
					return false
				}
			}
		}
		return true
	})
}

// checkMFAOfSessions: sessions of IAM Identity Center, SAML and OIDC never carry MFA (IAM
// User Guide, “AWS global condition context keys”, aws:MultiFactorAuthPresent).
func (c *checker) checkMFAOfSessions() {
	exempts := []string{"aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalTag/", "aws:userid", "aws:username", "aws:FederatedProvider"}
	for _, s := range c.statements() {
		if s.effect() != "Deny" || s.has(exempts...) {
			continue
		}
		for e := range s.conditionsOn("aws:MultiFactorAuthPresent") {
			if e.compares("Bool") && e.only("false") || e.parts.Base == "Null" && e.only("true") {
				c.reportName(e.keyNode, e.path, "sessions of IAM Identity Center, SAML and OIDC have no MFA key that is true, so this denies them all; limit it to IAM users, with aws:PrincipalArn like arn:aws:iam::*:user/*, and enforce MFA at the identity provider")
			}
		}
	}
}

// checkOverrides: an SCP grants nothing, and no Allow lifts a Deny of this or a higher
// level (Organizations User Guide, “SCP evaluation”).
func (c *checker) checkOverrides() {
	words := []string{"override", "exempt", "exception", "bypass", "lift"}
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		sid := ""
		if n, ok := s.member("Sid"); ok {
			sid = strings.ToLower(n.Text)
		}
		named := slices.ContainsFunc(words, func(w string) bool { return strings.Contains(sid, w) })
		if named || s.has("aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalAccount", "aws:userid") {
			c.report(s.node, s.path, "no Allow lifts a Deny that is inherited; exempt the callers or accounts in a condition of the Deny itself, or attach the Deny elsewhere")
		}
	}
}

// checkRootDeny: sts:AssumeRoot gives sessions of a member's root user (IAM User Guide,
// “Centralize root access for member accounts”).
func (c *checker) checkRootDeny() {
	for _, s := range c.statements() {
		if s.effect() != "Deny" || s.has("aws:AssumedRoot") {
			continue
		}
		for e := range s.conditionsOn("aws:PrincipalArn") {
			for _, v := range e.values() {
				if strings.HasSuffix(v.text, ":root") && !negated(e.parts) && s.reaches("iam:DeleteLoginProfile") {
					c.report(v.node, v.path, `this also denies the privileged root sessions of the management account; if you use them, add "Null": {"aws:AssumedRoot": "true"}`)
				}
			}
		}
	}
}
