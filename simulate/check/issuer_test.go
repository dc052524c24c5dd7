package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// A role that is named by its ARN, by whichever element, is the role and its sessions.
func TestNamedRoleOrItsARN(t *testing.T) {
	named := document([]string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/dev"},"Action":"s3:GetObject","Resource":"*"}`})
	asked := document([]string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/dev"}}}`})
	r, err := check.NoNewAccess(t.Context(), asked, named, policy.ResourceBased)
	require.NoError(t, err)
	require.Equal(t, check.Pass, r.Verdict, r.Reason)
	// What everybody is granted by name is not limited by a session policy (R-GRT-2).
	r, err = check.NoNewAccess(t.Context(), named, asked, policy.ResourceBased)
	require.NoError(t, err)
	require.Equal(t, check.Fail, r.Verdict, r.Reason)
}

// Federated users are issued by users of their own account (AWS STS API Reference,
// GetFederationToken), so that naming a role session reaches none of them.
func TestIssuersAreUsersOfTheAccount(t *testing.T) {
	document := func(principal string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}]}`)))
	}
	for _, named := range []string{
		"arn:aws:sts::444455556666:assumed-role/reader/ana", "arn:aws:sts::444455556666:federated-user/ana",
		"arn:aws:iam::444455556666:role/reader", "arn:aws:iam::444455556666:user/ana",
	} {
		r, err := check.NoNewAccess(t.Context(), document("arn:aws:iam::444455556666:user/bruno"), document(named), policy.ResourceBased)
		require.NoError(t, err)
		require.Equal(t, check.Fail, r.Verdict, named)
		require.Equal(t, "444455556666", r.Counterexample.Request.Principal.AccountID(), named)
	}
}
