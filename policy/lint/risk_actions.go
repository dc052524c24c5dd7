package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

var riskActionRules = []rule{
	{
		code: "SERVICE_WILDCARD", typ: Warning, kinds: identityGrants,
		title: "All actions of a service are allowed.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, v := range s.values("Action") {
					if service, name, ok := strings.Cut(v.text, ":"); ok && s.effect() == "Allow" && glob.Everything(name) && service != "" && service != "*" {
						c.report(v.node, v.path, "this allows every action of %s, also those that come later; list the actions that are needed", service)
					}
				}
			}
		},
	},
	{
		code: "CREDENTIALS_EXPOSURE", typ: SecurityWarning, kinds: identityGrants,
		title: "Actions that return credentials are allowed on all resources.",
		check: func(c *checker) {
			c.checkExposed(credentialActions, "%s returns credentials; name the resources, or add a condition")
		},
	},
	{
		code: "DATA_EXFILTRATION", typ: Warning, kinds: identityGrants,
		title: "Actions that read stored data are allowed on all resources.",
		check: func(c *checker) {
			c.checkExposed(dataActions, "%s reads the data of every resource; name the resources, or add a condition")
		},
	},
	{
		code: "RESOURCE_POLICY_PRIVILEGE_ESCALATION", typ: Warning, kinds: kindSet(policy.ResourceBased),
		title: "Who may change a resource's policy can give itself what it may not do.",
		check: (*checker).checkPolicyWriters,
	},
	{
		code: "OLD_VERSION", typ: Suggestion, kinds: anyKind,
		title: "The document has the old version of the policy language.",
		check: func(c *checker) {
			if n, ok := c.root.Member("Version"); ok && n.Text == string(policy.Version2008) {
				c.report(n, "/Version", "version 2008-10-17 has no policy variables; write 2012-10-17, and look whether ${ stands somewhere")
			}
		},
	},
	{
		code: "MISMATCHED_TYPE_BUT_USABLE", typ: Suggestion, kinds: anyKind,
		title: "An ARN is compared as a string.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, e := range s.conditions() {
					if e.known && e.info.Type == serviceref.ARN && e.compares("String") {
						c.reportName(e.opNode, e.path, "%s is an ARN; ArnLike and ArnNotLike compare it part by part", e.key)
					}
				}
			}
		},
	},
}

// credentialActions return credentials, or make some (parliament and Cloudsplaining keep
// such a list; these are the actions whose API answer holds a secret).
var credentialActions = []string{
	"chime:CreateApiKey", "codeartifact:GetAuthorizationToken", "cognito-identity:GetCredentialsForIdentity",
	"cognito-identity:GetOpenIdToken", "cognito-identity:GetOpenIdTokenForDeveloperIdentity",
	"connect:GetFederationToken", "ec2:GetPasswordData", "ecr-public:GetAuthorizationToken", "ecr:GetAuthorizationToken",
	"gamelift:GetComputeAuthToken", "gamelift:GetInstanceAccess", "gamelift:RequestUploadCredentials", "iam:CreateAccessKey",
	"iam:CreateLoginProfile", "iam:CreateServiceSpecificCredential", "iam:ResetServiceSpecificCredential",
	"iam:UpdateAccessKey", "iot:CreateKeysAndCertificate", "lightsail:DownloadDefaultKeyPair",
	"lightsail:GetBucketAccessKeys", "lightsail:GetInstanceAccessDetails", "lightsail:GetKeyPair",
	"lightsail:GetRelationalDatabaseMasterUserPassword", "mediapackage:RotateIngestEndpointCredentials",
	"rds-db:connect", "redshift-serverless:GetCredentials", "redshift:GetClusterCredentials",
	"redshift:GetClusterCredentialsWithIAM", "snowball:GetJobUnlockCode", "sso:GetRoleCredentials", "sts:AssumeRole",
	"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "sts:GetFederationToken", "sts:GetSessionToken",
}

// dataActions read what customers store.
var dataActions = []string{
	"s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath",
}

// checkExposed reports values of Action that reach one of the actions on all resources. "*"
// is left to other rules, and actions that nothing can limit to a resource are passed over.
func (c *checker) checkExposed(actions []string, message string) {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.everyResource() || !s.unconditional() {
			continue
		}
		for _, v := range s.values("Action") {
			if glob.Everything(v.text) {
				continue
			}
			for _, a := range actions {
				if !glob.ActionIncludes(v.text, a) {
					continue
				}
				if info, ok := c.ref.Action(policy.Action(a)); !ok || !info.WildcardOnly() {
					c.report(v.node, v.path, message, a)
					break
				}
			}
		}
	}
}

// policyWriters change a resource policy; the others are what they can then allow
// themselves.
var policyWriters = []struct {
	write string
	gains []string
}{
	{"s3:PutBucketPolicy", []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}},
	{"secretsmanager:PutResourcePolicy", []string{"secretsmanager:GetSecretValue"}},
}

func (c *checker) checkPolicyWriters() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for _, v := range s.values("Action") {
			for _, w := range policyWriters {
				if strings.ContainsAny(v.text, "*?") || !glob.ActionIncludes(v.text, w.write) {
					continue
				}
				for _, gain := range w.gains {
					if !c.allows(gain) {
						c.report(v.node, v.path, "with %s a caller can also allow itself %s, which this document withholds; deny one, or allow both", w.write, gain)
						break
					}
				}
			}
		}
	}
}
