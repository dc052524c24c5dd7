package awsexport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/simulate"
)

func hasGap(o *org.Organization, subject, what string) bool {
	for g := range o.Gaps() {
		if g.Subject == subject && g.What == what {
			return true
		}
	}
	return false
}

const anaMayAll = `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []`

// That one account is in no organization tells nothing of another.
func TestNotInOrganization(t *testing.T) {
	const none = "An error occurred (AWSOrganizationsNotInUseException) when calling the DescribeOrganization operation: no"
	list := map[string]string{
		"111122223333/describe-organization.json":             none,
		"111122223333/get-account-authorization-details.json": anaMayAll + "}",
	}
	const user = "arn:aws:iam::111122223333:user/ana"
	x := read(t, list)
	require.Equal(t, simulate.Allowed, can(t, x, user, "iam:GetUser", user).Decision.Outcome)
	list["444455556666/get-account-authorization-details.json"] = noUsers
	x = read(t, list)
	require.True(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
	list["444455556666/describe-organization.json"] = none
	x = read(t, list)
	require.False(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
	require.Equal(t, simulate.Allowed, can(t, x, user, "iam:GetUser", user).Decision.Outcome)

	const record = `{"service": "organizations", "operation": "DescribeOrganization", "account": "111122223333", "error": {"code": "AWSOrganizationsNotInUseException"}}
{"unit": {"account": "111122223333", "section": "organization", "state": "absent", "reason": "none"}}`
	x = read(t, map[string]string{"a.jsonl": record, "111122223333/a.json": anaMayAll + "}", "444455556666/a.json": noUsers})
	require.True(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
}
