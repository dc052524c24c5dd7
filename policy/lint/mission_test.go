package lint_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// The documents of two IAM strategies as their authors published them, re-made from the
// facts: each has a mistake that its authors took for protection.
func TestMission(t *testing.T) {
	for _, test := range []struct {
		name, file string
		kind       policy.Kind
		code, path string
		says       []string
	}{
		{"M-01 no principal type is Root", "M-01-region-root-mfa-trail.scp.json", policy.ServiceControl,
			"COND_VALUE_NEVER_MATCHES", "/Statement/1/Condition/StringEquals/aws:PrincipalType", []string{"arn:aws:iam::*:root"}},
		{"M-02 anybody can make the exempt role", "M-01-region-root-mfa-trail.scp.json", policy.ServiceControl,
			"SCP_EXEMPTION_HIJACKABLE", "/Statement/0/Condition/ArnNotLike/aws:PrincipalArn", []string{"OrganizationAccountAccessRole"}},
		{"M-03 federated sessions have no MFA", "M-01-region-root-mfa-trail.scp.json", policy.ServiceControl,
			"SCP_MFA_BLOCKS_FEDERATED", "/Statement/2/Condition/BoolIfExists/aws:MultiFactorAuthPresent", []string{"IAM Identity Center"}},
		{"M-04 a service has no MFA", "M-04-break-glass.trust.json", policy.RoleTrust,
			"TRUST_UNSATISFIABLE", "/Statement/0", []string{"aws:MultiFactorAuthPresent"}},
		{"M-04 the key", "M-04-break-glass.trust.json", policy.RoleTrust,
			"MFA_KEY_FOR_SERVICE_OR_FEDERATED_PRINCIPAL", "/Statement/0/Condition/Bool/aws:MultiFactorAuthPresent", nil},
		{"M-05 routes out of the boundary", "M-05-engineers.boundary.json", policy.PermissionsBoundary,
			"BOUNDARY_ESCAPABLE", "/Statement/0", []string{
				"iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:CreateRole",
				"iam:UpdateAssumeRolePolicy", "iam:AttachRolePolicy", "iam:CreateAccessKey", "iam:PassRole",
				"sso:PutInlinePolicyToPermissionSet", "cloudtrail:StopLogging",
			}},
		{"M-12 no Allow lifts a Deny", "M-12-root-override.scp.json", policy.ServiceControl,
			"SCP_OVERRIDE_IMPOSSIBLE", "/Statement/0", []string{"no Allow lifts a Deny"}},
		{"M-13 three actions of eight", "M-01-region-root-mfa-trail.scp.json", policy.ServiceControl,
			"SCP_TAMPER_INCOMPLETE", "/Statement/3", []string{"cloudtrail:PutEventSelectors", "cloudtrail:DeleteEventDataStore", "bucket, key, log group"}},
		{"M-14 services of one region", "M-14-regions-outside-eu.scp.json", policy.ServiceControl,
			"SCP_REGION_BREAKS_GLOBAL", "/Statement/0/Condition/StringNotEquals/aws:RequestedRegion",
			[]string{"sts", "organizations", "account", "support", "health", "shield", "acm", "globalaccelerator", "ecr-public"}},
		{"M-15 saved by us-east-1", "M-01-region-root-mfa-trail.scp.json", policy.ServiceControl,
			"SCP_REGION_RELIES_ON_US_EAST_1", "/Statement/0/Condition/StringNotEquals/aws:RequestedRegion", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			src, err := os.ReadFile("testdata/mission/" + test.file)
			require.NoError(t, err)
			var found []string
			for _, f := range lint.Source(test.file, src, test.kind) {
				if f.Code != test.code || f.Path != test.path {
					continue
				}
				found = append(found, f.Message)
				for _, s := range test.says {
					require.Contains(t, f.Message, s)
				}
			}
			require.Len(t, found, 1, "findings %s: %s", test.code, strings.Join(found, "\n"))
		})
	}
}

// The same guardrails, written so that they work, give none of these findings.
func TestMissionMended(t *testing.T) {
	for _, test := range []struct {
		name, src string
		kind      policy.Kind
		codes     []string
	}{
		{"root users by their ARN", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",
			"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"},"Null":{"aws:AssumedRoot":"true"}}}]}`, policy.ServiceControl,
			[]string{"COND_VALUE_NEVER_MATCHES", "SCP_ROOT_DENY_BLOCKS_ROOT_SESSIONS", "SCP_EXEMPTION_HIJACKABLE"}},
		{"break glass for people", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
			"Principal":{"AWS":"arn:aws:iam::111122223333:user/break-glass"},
			"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}}}]}`, policy.RoleTrust,
			[]string{"TRUST_UNSATISFIABLE", "MFA_KEY_FOR_SERVICE_OR_FEDERATED_PRINCIPAL"}},
		{"a boundary without IAM", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
			{"Effect":"Deny","Action":["iam:*","sso:*","organizations:*","account:*"],"Resource":"*"}]}`, policy.PermissionsBoundary,
			[]string{"BOUNDARY_ESCAPABLE", "BOUNDARY_NOT_ENFORCED"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, f := range lint.Source("", []byte(test.src), test.kind) {
				require.NotContains(t, test.codes, f.Code, "%v", f)
			}
		})
	}
}
