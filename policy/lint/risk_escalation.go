package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

var riskEscalationRules = []rule{
	{
		code: "PRIVILEGE_ESCALATION", typ: SecurityWarning, kinds: identityGrants,
		title: "The permissions suffice to get more permissions.",
		check: (*checker).checkEscalation,
	},
}

// escalations are sets of actions each of which, allowed on all resources, lets a caller
// get more permissions. What needs no more than the document's own statements is here; the
// other paths are the business of package simulate.
var escalations = [][]string{
	{"iam:CreatePolicyVersion"},
	{"iam:SetDefaultPolicyVersion"},
	{"iam:AttachUserPolicy"},
	{"iam:AttachGroupPolicy"},
	{"iam:AttachRolePolicy"},
	{"iam:PutUserPolicy"},
	{"iam:PutGroupPolicy"},
	{"iam:PutRolePolicy"},
	{"iam:AddUserToGroup"},
	{"iam:CreateAccessKey"},
	{"iam:CreateLoginProfile"},
	{"iam:UpdateLoginProfile"},
	{"iam:UpdateAssumeRolePolicy"},
	{"iam:UpdateSAMLProvider"},
	{"iam:PassRole", "ec2:RunInstances"},
	{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"},
	{"iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"},
	{"iam:PassRole", "glue:CreateDevEndpoint"},
	{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"},
	{"iam:PassRole", "cloudformation:CreateStack"},
	{"iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"},
	{"iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"},
	{"iam:PassRole", "sagemaker:CreateNotebookInstance"},
	{"iam:PassRole", "states:CreateStateMachine", "states:StartExecution"},
	{"iam:PassRole", "scheduler:CreateSchedule"},
	{"lambda:UpdateFunctionCode"},
	{"glue:UpdateDevEndpoint"},
	{"ssm:SendCommand"},
	{"ssm:StartSession"},
	{"sso:PutInlinePolicyToPermissionSet"},
	{"sso:AttachManagedPolicyToPermissionSet"},
}

func (c *checker) checkEscalation() {
	var found []string
	var at *statement
	for _, actions := range escalations {
		first := c.grants(actions[0])
		if first == nil || slices.ContainsFunc(actions[1:], func(a string) bool { return c.grants(a) == nil }) {
			continue
		}
		if at == nil || first.index < at.index {
			at = first
		}
		found = append(found, strings.Join(actions, "+"))
	}
	if at != nil {
		c.report(at.node, at.path, "these suffice to get more permissions%s: %s; name the resources, or add conditions", c.spared(), firstOf(found, 5))
	}
}

// grants is the first statement that allows the action on all resources under no condition
// to speak of, nil if there is none or if some statement withholds it.
func (c *checker) grants(action string) *statement {
	for _, s := range c.statements() {
		if s.effect() == "Allow" && s.freely() && s.reaches(action) && s.everyResourceOf(action) && !c.withholds(action) {
			return s
		}
	}
	return nil
}

// withholds reports whether some Deny statement keeps an action from callers. One that is
// about other resources, about a few named ones, or about callers of which it names the
// tags or the ARN leaves the action to all others.
func (c *checker) withholds(action string) bool {
	for _, s := range c.statements() {
		if s.effect() == "Deny" && s.reaches(action) && !s.sparesResources(action) && !slices.ContainsFunc(s.conditions(), (*conditionEntry).namesFewCallers) {
			return true
		}
	}
	return false
}

// spared says whom a Deny statement about few callers spares, for a message.
func (c *checker) spared() string {
	for _, s := range c.statements() {
		for _, e := range s.conditions() {
			if s.effect() == "Deny" && e.namesFewCallers() {
				return " (unless a Deny names their " + e.key + ")"
			}
		}
	}
	return ""
}

// sparesResources reports whether the statement is about other resources than those of the
// action, or about single ones among them. A single policy counts as what it is for: it may
// be the boundary's own.
func (s *statement) sparesResources(action string) bool {
	list := s.values("Resource")
	return len(list) > 0 && !slices.ContainsFunc(list, func(v value) bool {
		if glob.Everything(v.text) {
			return true
		}
		parts, n := glob.SplitARN(v.text, glob.Variables)
		if n < 6 || strings.HasPrefix(parts[5], "policy/") || isPattern(parts[5]) && s.c.worksOn(action, v.text) {
			return true
		}
		return false
	})
}

// worksOn reports whether a resource may be one of the action, as far as is known.
func (c *checker) worksOn(action, resource string) bool {
	known := false
	for f := range c.ref.ARNFormats(policy.Action(action)) {
		if known = true; glob.ResourcesMeet(resource, f) {
			return true
		}
	}
	return !known
}

// namesFewCallers reports whether the condition holds only for callers whose tag, name or
// ARN it gives: no other needs it to be spared.
func (e *conditionEntry) namesFewCallers() bool {
	if !e.needsKey() || !e.selects() || !e.is("aws:PrincipalTag/") && !e.is("aws:PrincipalArn") && !e.is("aws:username") {
		return false
	}
	return !slices.ContainsFunc(e.values(), func(v value) bool { return isPattern(v.text) })
}

var riskBoundaryRules = []rule{
	{
		code: "BOUNDARY_ESCAPABLE", typ: SecurityWarning, kinds: kindSet(policy.PermissionsBoundary),
		title: "Who is under the permissions boundary can get out of it.",
		check: (*checker).checkBoundaryRoutes,
	},
	{
		code: "BOUNDARY_NOT_ENFORCED", typ: SecurityWarning, kinds: kindSet(policy.IdentityBased, policy.PermissionsBoundary),
		title: "Roles or users can be created without a permissions boundary.",
		check: (*checker).checkBoundaryEnforced,
	},
	{
		code: "BOUNDARY_CONDITION_ON_UNSUPPORTED_ACTION", typ: Warning, kinds: identityKinds | serviceControl, parsed: true,
		title: "A condition on iam:PermissionsBoundary is on an action that does not have the key.",
		check: (*checker).checkBoundaryKey,
	},
}

// boundaryRoutes are ways out of a permissions boundary that allows one of the actions
// (IAM User Guide, “Permissions boundaries for IAM entities”).
var boundaryRoutes = []struct {
	route   string
	actions []string
}{
	{"remove the boundary", []string{"iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"}},
	{"replace the boundary", []string{"iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary"}},
	{"edit the boundary's policy", []string{"iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion"}},
	{"create a role without a boundary", []string{"iam:CreateRole"}},
	{"create a user without a boundary", []string{"iam:CreateUser"}},
	{"change whom another role trusts", []string{"iam:UpdateAssumeRolePolicy"}},
	{"give another role permissions", []string{"iam:AttachRolePolicy", "iam:PutRolePolicy"}},
	{"make credentials for another user", []string{"iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"}},
	{"pass another role to a service", []string{"iam:PassRole"}},
	{"edit permission sets", []string{"sso:PutInlinePolicyToPermissionSet", "sso:AttachManagedPolicyToPermissionSet"}},
	{"switch off the audit trail", []string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail"}},
}

func (c *checker) checkBoundaryRoutes() {
	var routes []string
	var at *statement
	for _, r := range boundaryRoutes {
		for _, a := range r.actions {
			if s := c.grants(a); s != nil {
				routes = append(routes, r.route+" ("+a+")")
				if at == nil || s.index < at.index {
					at = s
				}
				break
			}
		}
	}
	// The last two routes alone do not lead out.
	if at != nil && slices.ContainsFunc(routes, func(r string) bool { return strings.Contains(r, "(iam:") }) {
		c.report(at.node, at.path, "who is under this boundary can%s %s; deny these actions, or allow them only with a condition on iam:PermissionsBoundary", c.spared(), strings.Join(routes, ", "))
	}
}

// checkBoundaryEnforced reports delegated creation of roles and users. Administrators, who
// have "*", are not delegated.
func (c *checker) checkBoundaryEnforced() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.everyResource() || s.has("iam:PermissionsBoundary") {
			continue
		}
		for _, v := range s.values("Action") {
			for _, a := range []string{"iam:CreateRole", "iam:CreateUser"} {
				if !glob.Everything(v.text) && glob.ActionIncludes(v.text, a) && !c.withholds(a) {
					c.report(v.node, v.path, "%s is allowed without a permissions boundary, so what is created can do more than its creator; add a condition on iam:PermissionsBoundary", a)
					break
				}
			}
		}
	}
}

func (c *checker) checkBoundaryKey() {
	const key = "iam:PermissionsBoundary"
	for _, s := range c.statements() {
		for e := range s.conditionsOn(key) {
			for _, v := range s.values("Action") {
				info, known := c.ref.Action(policy.Action(v.text))
				if !known || info.HasKey(key) {
					continue
				}
				outcome := "so this statement never matches it"
				if !e.needsKey() {
					outcome = "so this condition always holds for it"
				}
				c.report(v.node, v.path, "requests for %s have no %s, %s; put it into a statement of its own", v.text, key, outcome)
			}
		}
	}
}
