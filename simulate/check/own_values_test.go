package check_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

const keyARN = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"

// rolesAnd is an organization with a user ana of the account 111122223333, and roles of it with IDs; each
// has all statements.
func rolesAnd(t *testing.T, ids []string, statements []string, resources ...org.Resource) *simulate.Environment {
	t.Helper()
	d := document(statements)
	account := org.Account{ID: "111122223333", Resources: resources,
		Users: []org.User{{ARN: policy.MustParseARN(anaARN), ID: "AIDAANA", Inline: []org.InlinePolicy{{Name: "own", Document: d}}}}}
	for i, id := range ids {
		account.Roles = append(account.Roles, org.Role{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::111122223333:role/role%d", i)), ID: id,
			Inline: []org.InlinePolicy{{Name: "own", Document: d}}, Trust: document([]string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`})})
	}
	o, err := org.New(org.Spec{ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Root:     org.Root{ID: "r-root", Accounts: []string{"111122223333", "444455556666"}},
		Accounts: []org.Account{account, {ID: "444455556666"}}})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

// aws:userid of a role's sessions begins with the ID of the role, whatever the session is called, and
// kms:CallerAccount is the same for all callers of an account.
func TestValuesOfCallers(t *testing.T) {
	const full = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	unless := func(ids string) string {
		return `{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringNotLike":{"aws:userid":` + ids + `}}}`
	}
	key := org.Resource{ARN: policy.MustParseARN(keyARN), Policy: document([]string{
		`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333"}}}`})}
	principal := func(s string) policy.Principal { return policy.PrincipalFromARN(policy.MustParseARN(s)) }
	for name, c := range map[string]struct {
		env  *simulate.Environment
		want check.Verdict
	}{
		"its ID":                 {rolesAnd(t, []string{"AROAONE"}, []string{full, unless(`["AIDAANA","AROAONE:*"]`)}), check.Pass},
		"another ID":             {rolesAnd(t, []string{"AROAONE"}, []string{full, unless(`["AIDAANA","AROATWO:*"]`)}), check.Fail},
		"a longer ID":            {rolesAnd(t, []string{"AROAONE"}, []string{full, unless(`["AIDAANA","AROAONEX:*"]`)}), check.Fail},
		"one session":            {rolesAnd(t, []string{"AROAONE"}, []string{full, unless(`["AIDAANA","AROAONE:ana"]`)}), check.Fail},
		"an ID that is unknown":  {rolesAnd(t, []string{""}, []string{full, unless(`["AIDAANA","AROAONE:*"]`)}), check.Fail},
		"the caller's account":   {rolesAnd(t, []string{"AROAONE"}, []string{full}, key), check.Pass},
		"an account, by no role": {rolesAnd(t, []string{"AROAONE"}, []string{full, `{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"111122223333","aws:PrincipalType":"AssumedRole"}}}`}, key), check.Fail},
	} {
		r, err := check.NoLostAccess(t.Context(), c.env, c.env, principal(anaARN), principal("arn:aws:iam::111122223333:role/role0"))
		require.NoError(t, err)
		require.Equal(t, c.want, r.Verdict, "%s: %s", name, r.Reason)
	}
}

// Roles with the same policies are not alike where the policies ask for the IDs.
func TestGuardedByRoleID(t *testing.T) {
	for _, ids := range [][]string{{"AROAONE", "AROATWO"}, {"AROATWO", "AROAONE"}} {
		env := rolesAnd(t, ids, []string{`{"Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"*","Condition":{"StringLike":{"aws:userid":"AROAONE:*"}}}`})
		r, err := check.Guarded(t.Context(), env, check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}}, Except: []string{"*:root"}})
		require.NoError(t, err)
		require.Equal(t, check.Fail, r.Verdict)
		require.Len(t, r.Breaches, 1)
		require.Equal(t, fmt.Sprintf("role%d", slices.Index(ids, "AROAONE")), r.Breaches[0].Request.Principal.Name())
	}
}
