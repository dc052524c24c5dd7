package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// An ARN with an account is of a resource of that account (IAM User Guide, “Amazon Resource Names
// (ARNs)”), and in another account a policy of a resource never allows anything by itself
// (“Cross-account policy evaluation logic”): there, to name a user instead of its account
// is no new access.
func TestOwners(t *testing.T) {
	document := func(principal, resource string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sqs:SendMessage","Resource":"` + resource + `"}]}`)))
	}
	for _, test := range []struct {
		name, resource string
		want           check.Verdict
	}{
		{"another account", "arn:aws:sqs:eu-west-1:111122223333:orders", check.Pass},
		{"the account", "arn:aws:sqs:eu-west-1:444455556666:orders", check.Fail},
		{"any account", "arn:aws:sqs:eu-west-1:*:orders", check.Fail},
		{"either account", "arn:aws:sqs:*:?????55?????:orders", check.Fail},
		{"every resource", "*", check.Fail},
	} {
		existing, updated := document("444455556666", test.resource), document("arn:aws:iam::444455556666:user/ana", test.resource)
		r, err := check.NoNewAccess(t.Context(), existing, updated, policy.ResourceBased)
		require.NoError(t, err, test.name)
		require.Equal(t, test.want, r.Verdict, test.name)
		if x := r.Counterexample; x != nil {
			require.Equal(t, x.Request.Principal.AccountID(), x.Request.Resource.AccountID(), test.name)
		}
		// The account itself is new all the same.
		r, err = check.NoNewAccess(t.Context(), updated, existing, policy.ResourceBased)
		require.NoError(t, err, test.name)
		require.Equal(t, check.Fail, r.Verdict, test.name)
	}
}

// So it is with everybody: whoever owns the resource needs no other policy.
func TestOwnersAmongEverybody(t *testing.T) {
	document := func(principal, resource string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Principal":"` + principal + `","Action":"sqs:SendMessage","Resource":"` + resource + `",
			 "Condition":{"StringEquals":{"aws:PrincipalType":"User"}}}]}`)))
	}
	const orders = "arn:aws:sqs:eu-west-1:111122223333:orders"
	existing := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sqs:SendMessage","Resource":"` + orders + `"},
		{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"` + orders + `","Condition":{
			"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}}]}`)))
	r, err := check.NoNewAccess(t.Context(), existing, document("*", orders), policy.ResourceBased)
	require.NoError(t, err)
	require.Equal(t, check.Fail, r.Verdict)
	require.Equal(t, "111122223333", r.Counterexample.Request.Principal.AccountID())
}
