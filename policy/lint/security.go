package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// securityRules are about access that is rarely meant.
var securityRules = slices.Concat(
	riskyActionRules(riskyAction{
		code: "CREATE_SLR", typ: Warning, action: "iam:CreateServiceLinkedRole", key: "iam:AWSServiceName",
		resource: "role/aws-service-role/licit-probe.amazonaws.com/AWSServiceRoleForLicitProbe",
		means:    "service-linked roles for any service can be created",
		remedy:   "name the roles in Resource, or add a condition on iam:AWSServiceName",
	}),
	riskyActionRules(riskyAction{
		code: "PASS_ROLE", typ: SecurityWarning, action: "iam:PassRole", key: "iam:PassedToService",
		resource: "role/licit-probe/licit-probe",
		means:    "any role can be passed to any service",
		remedy:   "name the roles in Resource, and add a condition on iam:PassedToService",
	}),
	[]rule{
		{
			code: "ALLOW_WITH_NOT_PRINCIPAL", typ: SecurityWarning, kinds: kindSet(policy.ResourceBased),
			title: "Allow with NotPrincipal allows everybody else, anonymous callers too.",
			check: func(c *checker) {
				for _, s := range c.statements() {
					if n, ok := s.member("NotPrincipal"); ok && s.effect() == "Allow" {
						c.report(n, s.path+"/NotPrincipal", "Allow with NotPrincipal allows everybody else, anonymous callers too; name in Principal who is meant")
					}
				}
			},
		},
		{
			code: "FORALLVALUES_WITH_SINGLE_VALUED_KEY", typ: SecurityWarning, kinds: anyKind,
			title: "ForAllValues also holds without the key, and this key has one value.",
			check: eachCondition(checkForAllValues),
		},
		{
			code: "MISSING_PAIRED_CONDITION_KEYS", typ: SecurityWarning, kinds: anyKind,
			title: "A private address says nothing without its VPC.",
			check: eachCondition(checkPairedKeys),
		},
		{
			code: "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", typ: SecurityWarning, kinds: kindSet(policy.ResourceBased, policy.RoleTrust),
			title: "A service may use its access on behalf of anybody.",
			check: checkConfusedDeputy,
		},
		{
			code: "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", typ: SecurityWarning, kinds: kindSet(policy.RoleTrust),
			title: "Anybody whom the identity provider knows can assume the role.",
			check: checkOIDCKeys,
		},
		{
			code: "MISSING_GITHUB_REPO_CONDITION_KEY", typ: SecurityWarning, kinds: kindSet(policy.RoleTrust),
			title: "Workflows of any GitHub repository can assume the role.",
			check: checkGitHubKeys,
		},
	},
)

// checkForAllValues: ForAllValues is true without the key (IAM User Guide, “Set operators
// for multivalued context keys”). A Null condition next to it makes that safe.
func checkForAllValues(s *statement, e *conditionEntry) {
	if e.parts.Quantifier != policy.ForAllValues || e.parts.Base == "Null" || !e.known || e.info.Multivalued || s.mustExist(e.key) {
		return
	}
	s.c.reportName(e.opNode, e.operatorPath(s), "%s has a single value, and %s also holds when it is missing; use %s", e.info.Name, e.operator, operatorName(policy.OperatorParts{}, e.parts.Base))
}

// mustExist reports whether the statement has a Null condition that wants the key.
func (s *statement) mustExist(key string) bool {
	for _, e := range s.conditions() {
		if e.parts.Base == "Null" && e.is(key) && e.needsKey() {
			return true
		}
	}
	return false
}

// pairedKeys are keys that are only unique within what another key names (IAM User Guide,
// “AWS global condition context keys”, on aws:VpcSourceIp and
// aws:Ec2InstanceSourcePrivateIPv4).
var pairedKeys = []struct {
	key  string
	with []string
}{
	{"aws:VpcSourceIp", []string{"aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"}},
	{"aws:Ec2InstanceSourcePrivateIPv4", []string{"aws:Ec2InstanceSourceVpc"}},
}

// checkPairedKeys: for a Deny, the other key may stand in another Deny.
func checkPairedKeys(s *statement, e *conditionEntry) {
	for _, pair := range pairedKeys {
		if !e.is(pair.key) || s.has(pair.with...) || s.effect() == "Deny" && s.c.deniesBy(pair.with) {
			continue
		}
		s.c.reportName(e.keyNode, e.path, "%s is an address within a VPC, and another VPC may have the same one; add a condition on %s", pair.key, strings.Join(pair.with[:min(2, len(pair.with))], " or "))
	}
}

func (c *checker) deniesBy(keys []string) bool {
	for _, s := range c.statements() {
		if s.effect() == "Deny" && s.has(keys...) {
			return true
		}
	}
	return false
}

// sourceKeys say on whose behalf a service calls (IAM User Guide, “The confused deputy
// problem”).
var sourceKeys = []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"}

// weakSourceKeys are used in their place: aws:Referer is chosen by the caller, the others
// are older or say less.
var weakSourceKeys = []string{"aws:Referer", "aws:SourceOwner", "aws:UserAgent"}

// namesContext reports whether the statement names what a service works for in another
// way: the encryption context says which log group or volume a key is used for (CloudWatch
// Logs User Guide, “Encrypt log data using AWS KMS”), the token which Alexa skill calls.
func (s *statement) namesContext() bool {
	for _, e := range s.conditions() {
		if strings.HasPrefix(strings.ToLower(e.key), "kms:encryptioncontext:") || e.is("lambda:EventSourceToken") {
			return true
		}
	}
	return false
}

// ownServices only assume a role for a resource of the role's own account, which the
// caller needed iam:PassRole for, and send no source.
var ownServices = []string{"ec2.amazonaws.com", "ec2.amazonaws.com.cn", "lambda.amazonaws.com", "edgelambda.amazonaws.com"}

func checkConfusedDeputy(c *checker) {
	for _, s := range c.statements() {
		weak := c.kind == policy.ResourceBased && s.has(weakSourceKeys...) // then there is a suggestion
		if s.effect() != "Allow" || s.namesSource() || weak || s.namesContext() || s.keepsOut(callerKinds{services: true}) {
			continue
		}
		for _, p := range s.principals() {
			if p.element != "Principal" || p.typ != "Service" || c.kind == policy.RoleTrust && slices.Contains(ownServices, p.text) {
				continue
			}
			c.report(p.node, p.path, "%s may do this on behalf of anybody's resources; add a condition on aws:SourceArn or aws:SourceAccount, or aws:SourceOrgID for the whole organization", clip(p.text))
		}
	}
}

// oidcPrincipals yields the OIDC providers that the Allow statements trust, and whose tokens
// may have all keys that a statement asks for.
func (c *checker) oidcPrincipals(f func(s *statement, p principalValue, provider string)) {
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for _, p := range s.principals() {
			from := parseProvider(p.text)
			if p.typ == "Federated" && p.element == "Principal" && from.kind == oidcProvider && !s.keepsOut(callerKinds{hosts: []string{from.host}}) {
				f(s, p, from.host)
			}
		}
	}
}

// sharedIssuers issue tokens to customers who do not know each other, or to all pods of a
// cluster, and for an audience that jobs choose or that is always the same: only the subject
// tells them apart (GitLab documentation, “OpenID Connect (OIDC) authentication using ID
// tokens”; HCP Terraform documentation, “Workload identity tokens”; Buildkite documentation,
// “OIDC in Buildkite Pipelines”; Amazon EKS User Guide, “IAM roles for service accounts”).
var sharedIssuers = []struct {
	host, subject string // subject is what all subjects begin with
	who           string
}{
	{"gitlab.com", "project_path:", "jobs of any project on gitlab.com"},
	{"app.terraform.io", "organization:", "runs of any organization in HCP Terraform"},
	{"agent.buildkite.com", "organization:", "jobs of any organization on Buildkite"},
	{"oidc.eks.", "system:serviceaccount:", "pods with any service account of the cluster"},
}

func checkOIDCKeys(c *checker) {
	c.oidcPrincipals(func(s *statement, p principalValue, provider string) {
		who, prefix, shared := "anybody with a token of "+provider, "", false
		for _, issuer := range sharedIssuers {
			if host, _, _ := strings.Cut(provider, "/"); host == issuer.host || strings.HasSuffix(issuer.host, ".") && strings.HasPrefix(host, issuer.host) {
				who, prefix, shared = issuer.who, issuer.subject, true
			}
		}
		for _, e := range s.conditions() {
			host, claim, ok := claimOf(e.key)
			switch {
			case !ok || !strings.EqualFold(host, provider):
			case judgesSubjects(host) && strings.EqualFold(claim, "sub") && !negated(e.parts) && e.parts.Base != "Null":
				return // rules of their own say what its values let in
			case e.selects() && (!shared || !slices.Contains(audiences, strings.ToLower(claim)) && e.narrows(prefix)):
				return
			}
		}
		c.report(p.node, p.path, "%s can assume the role; add conditions on %s:aud and %[2]s:sub", who, provider)
	})
}

// judgesSubjects reports whether other rules look at the subjects of the provider's tokens.
func judgesSubjects(host string) bool {
	host, _, _ = strings.Cut(host, "/")
	return host == gitHubHost || strings.Contains(host, "gitlab")
}

// narrows reports whether each of the condition's values says more than the prefix.
func (e *conditionEntry) narrows(prefix string) bool {
	return !slices.ContainsFunc(e.values(), func(v value) bool {
		return e.like() && strings.Trim(strings.TrimPrefix(v.text, prefix), "*?:") == ""
	})
}

// gitHubClaims say which repository or owner a workflow belongs to (GitHub Docs, “OpenID
// Connect reference”).
var gitHubClaims = []string{"sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref"}

// wildcardOn reports whether a condition on the key has nothing but wildcards, which is a
// finding of its own.
func (s *statement) wildcardOn(key string) bool {
	for e := range s.conditionsOn(key) {
		if e.like() && !negated(e.parts) {
			return true
		}
	}
	return false
}

func checkGitHubKeys(c *checker) {
	c.oidcPrincipals(func(s *statement, p principalValue, provider string) {
		if host, _, _ := strings.Cut(provider, "/"); host != gitHubHost {
			return
		}
		for _, claim := range gitHubClaims {
			if s.selectsBy(provider+":"+claim) || s.wildcardOn(provider+":"+claim) {
				return
			}
		}
		c.report(p.node, p.path, "workflows of any GitHub repository can assume the role; add a condition on %s:sub, such as repo:owner/name:ref:refs/heads/main", provider)
	})
}
