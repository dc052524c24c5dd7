package lint

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// principalRules are about Principal and NotPrincipal elements (IAM User Guide, “AWS JSON
// policy elements: Principal”).
var principalRules = slices.Concat(principalFormRules, principalConditionRules)

var principalFormRules = []rule{
	{
		code: "INVALID_PRINCIPAL_FORMAT", typ: Error, kinds: principalKinds,
		title: "A principal is not of a form that AWS takes.",
		check: checkPrincipalFormat,
	},
	{
		code: "INVALID_PRINCIPAL_KEY", typ: Error, kinds: principalKinds,
		title: "There is no such type of principals.",
		check: checkPrincipalTypes,
	},
	{
		code: "FEDERATED_PRINCIPAL_NOT_SUPPORTED", typ: Error, kinds: kindSet(policy.ResourceBased, policy.VPCEndpoint),
		title: "Only trust policies have Federated principals.",
		check: eachPrincipal(func(s *statement, p principalValue) {
			if p.typ == "Federated" && s.c.resource != "AWS::IAM::AssumeRolePolicyDocument" {
				s.c.report(p.node, p.path, "only trust policies of roles have identity providers as principals; name a role that people of %s can assume", clip(p.text))
			}
		}),
	},
	{
		code: "SERVICE_PRINCIPAL_MISSPELT", typ: Warning, kinds: principalKinds,
		title: "A service principal is one letter away from the name of a service.",
		check: eachPrincipal(checkServiceName),
	},
	{
		code: "INVALID_ROLE_REFERENCE", typ: Warning, kinds: principalKinds,
		title: "A principal is the ID of a role.",
		check: eachPrincipal(uniqueID("AROA", "role")),
	},
	{
		code: "INVALID_USER_REFERENCE", typ: Warning, kinds: principalKinds,
		title: "A principal is the ID of a user.",
		check: eachPrincipal(uniqueID("AIDA", "user")),
	},
	{
		code: "UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", typ: Error, kinds: kindSet(policy.ResourceBased),
		title: "Requests of a service principal never have the condition key.",
		check: eachCondition(checkServiceKey),
	},
}

func eachPrincipal(f func(s *statement, p principalValue)) func(*checker) {
	return func(c *checker) {
		for _, s := range c.statements() {
			for _, p := range s.principals() {
				f(s, p)
			}
		}
	}
}

// plainService matches what names of services differ in without being misspelt.
var plainService = regexp.MustCompile(`-|[0-9]+$`)

// checkServiceName looks for misspelt names of services. There is no list of all service
// principals, so short names, versions of a service and hyphens pass.
func checkServiceName(s *statement, p principalValue) {
	name, ok := strings.CutSuffix(p.text, ".amazonaws.com")
	if p.typ != "Service" || !ok || len(name) < 5 || strings.ContainsAny(name, ".*?${}") {
		return
	}
	if _, known := s.c.ref.Service(name); known {
		return
	}
	for service := range s.c.ref.EventServices(p.text) {
		if service != name {
			return
		}
	}
	near := nearest(name, func(yield func(string) bool) {
		for service := range s.c.ref.Services() {
			if len(service.Prefix) > 5 && plainService.ReplaceAllString(service.Prefix, "") != plainService.ReplaceAllString(name, "") && !yield(service.Prefix) {
				return
			}
		}
	}, 1)
	if meant, ok := near.certain(); ok {
		s.c.report(p.node, p.path, "no service is known by the name %s; did you mean %s.amazonaws.com?", clip(p.text), meant)
	}
}

// serviceNames yields the service principals in Principal.
func (s *statement) serviceNames() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range s.principals() {
			if p.element == "Principal" && p.typ == "Service" && !yield(p.text) {
				return
			}
		}
	}
}

func checkPrincipalFormat(c *checker) {
	eachPrincipal(checkAWSPrincipal)(c)
	for _, s := range c.statements() {
		for _, element := range []string{"Principal", "NotPrincipal"} {
			n, ok := s.member(element)
			if !ok || n.Kind == jsontree.Object || n.Kind == jsontree.String && n.Text == "*" {
				continue
			}
			f := c.report(n, s.path+"/"+element, `%s is %s; want "*", or an object such as {"AWS": "111122223333"}`, element, describe(n))
			if t := principalType(n.Text); n.Kind == jsontree.String && t != "" && c.grantsNothing() {
				f.Fix = replace(n, `{"`+t+`": `+quoted(n.Text)+"}")
			}
		}
	}
}

var uniqueIDForm = regexp.MustCompile(`^(A[A-Z0-9]{15,}|[0-9a-f]{64})$`)

// isAWSPrincipal reports whether an entry of the type AWS may be one that AWS takes: an
// account, or the ARN of a root user, user, role or session. Other forms that AWS writes
// itself, such as unique IDs, pass.
func isAWSPrincipal(text string) bool {
	if isPattern(text) || policy.IsAccountID(text) || uniqueIDForm.MatchString(text) {
		return true
	}
	parts, n := glob.SplitARN(text, 0)
	if n < 6 || parts[0] != "arn" {
		return false
	}
	if parts[2] != "iam" || !policy.IsAccountID(parts[4]) {
		return true
	}
	what, name, _ := strings.Cut(parts[5], "/")
	switch what {
	case "user", "role":
		return name != "" && !strings.HasSuffix(name, "/")
	case "group", "policy", "instance-profile":
		return false
	}
	return true
}

func checkAWSPrincipal(s *statement, p principalValue) {
	if p.typ == "AWS" && kindSet(policy.ResourceBased, policy.RoleTrust).has(s.c.kind) && !isAWSPrincipal(p.text) {
		s.c.report(p.node, p.path, "AWS refuses the principal %q; want an account of 12 digits, or the ARN of a user, role or session", clip(p.text))
	}
}

func describe(n *jsontree.Node) string {
	if n.Kind == jsontree.String {
		return quoted(clip(n.Text))
	}
	return n.Kind.String()
}

// principalType is the type that a principal can only be of; "" if it is not clear.
func principalType(text string) string {
	switch p, err := policy.ParsePrincipal(text); {
	case policy.IsAccountID(text):
		return "AWS"
	case err != nil:
		return ""
	case p.Kind() == policy.Service:
		return "Service"
	case slices.Contains([]policy.PrincipalKind{policy.Root, policy.User, policy.Role, policy.RoleSession, policy.FederatedUser}, p.Kind()):
		return "AWS"
	}
	return ""
}

// principalTypes are the names of the types; their case matters.
var principalTypes = []string{"AWS", "CanonicalUser", "Federated", "Service"}

func checkPrincipalTypes(c *checker) {
	for _, s := range c.statements() {
		for _, element := range []string{"Principal", "NotPrincipal"} {
			n, _ := s.member(element)
			if n == nil || n.Kind != jsontree.Object {
				continue
			}
			for i := range n.Members {
				if m := &n.Members[i]; !slices.Contains(principalTypes, m.Name) {
					s.reportPrincipalType(n, m, element)
				}
			}
		}
	}
}

func (s *statement) reportPrincipalType(n *jsontree.Node, m *jsontree.Member, element string) {
	f := s.c.reportName(m, s.path+"/"+element+"/"+jsontree.Escape(m.Name), "there is no type of principals %q; want AWS, Service, Federated or CanonicalUser", clip(m.Name))
	for _, t := range principalTypes {
		if _, taken := n.Member(t); strings.EqualFold(t, m.Name) && !taken && s.c.grantsNothing() {
			f.Fix = &Fix{Start: m.NameStart, End: m.NameEnd, Text: quoted(t)}
		}
	}
}

// uniqueID makes a check for the unique IDs that stand in a policy after a principal has
// been deleted (IAM User Guide, “IAM identifiers”).
func uniqueID(prefix, what string) func(*statement, principalValue) {
	return func(s *statement, p principalValue) {
		if p.typ == "AWS" && strings.HasPrefix(p.text, prefix) && !strings.ContainsAny(p.text, ":/") {
			s.c.report(p.node, p.path, "%s is the ID of a %s, which AWS writes when the %[2]s has been deleted; write the ARN of a %[2]s that exists", clip(p.text), what)
		}
	}
}

// identityKeys are keys about an IAM identity, which a service that calls by itself does not
// have (IAM User Guide, “AWS global condition context keys”).
var identityKeys = []string{
	"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent",
	"aws:PrincipalTag/", "aws:TokenIssueTime", "aws:username",
}

func checkServiceKey(s *statement, e *conditionEntry) {
	if s.effect() != "Allow" || !e.needsKey() || !isOneOf(e, identityKeys) {
		return
	}
	for name := range s.serviceNames() {
		s.c.reportName(e.keyNode, e.path, "requests of %s never have %s, so the statement never allows them; use aws:SourceOrgID, aws:SourceAccount or aws:SourceArn for services", clip(name), e.key)
		return
	}
}
