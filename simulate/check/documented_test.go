package check_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// A counterexample is one that AWS has, where there is one: of another action, of another class
// of resources, or with the region and account that the resource's format has.
func TestDocumentedFirst(t *testing.T) {
	document := func(statements string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)))
	}
	for _, test := range []struct {
		name, existing, updated string
		want                    string
	}{
		{
			"another action",
			`{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectTagging"],"Resource":"arn:aws:s3:::logs/*"}`,
			`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::logs/*"}`,
			"s3:GetObjectAcl on arn:aws:s3:::logs/example",
		},
		{
			"a variable",
			`{"Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}"}`,
			`{"Effect":"Allow","Action":"iam:*SSHPublicKey","Resource":"arn:aws:iam::*:user/${aws:username}"}`,
			"iam:DeleteSSHPublicKey on arn:aws:iam::111122223333:user/value1",
		},
		{
			"any region and account",
			`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:orders"}`,
			`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:orders*"}`,
			"sqs:SendMessage on arn:aws:sqs:us-east-1:111122223333:ordersexample",
		},
	} {
		r, err := check.NoNewAccess(t.Context(), document(test.existing), document(test.updated), policy.IdentityBased)
		require.NoError(t, err, test.name)
		require.Equal(t, check.Fail, r.Verdict, test.name)
		request := r.Counterexample.Request
		require.Equal(t, test.want, string(request.Action)+" on "+request.Resource.String(), test.name)
		require.True(t, r.Counterexample.Documented, test.name)
	}
	// A role has a name behind every slash.
	role := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/reader"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	session := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::444455556666:assumed-role/reader/ana"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"}`
	r, err := check.NoNewAccess(t.Context(), document(role), document(session), policy.ResourceBased)
	require.NoError(t, err)
	require.Equal(t, check.Fail, r.Verdict)
	require.NotContains(t, r.Counterexample.Request.Session.Spec().Role.String(), "//")
}

// AWS has no request with half a key, and none without one of the names of its time.
func TestDocumentedKeys(t *testing.T) {
	statement := func(condition string) *policy.Document {
		return document([]string{`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*","Condition":{` + condition + `}}`})
	}
	for _, test := range []struct {
		name, existing, updated string
		documented              bool
		want                    map[string][]string
	}{
		{"a part of a number", `"NumericLessThanEquals":{"s3:max-keys":"10"}`, `"NumericLessThan":{"s3:max-keys":"11"}`, false, nil},
		{"a number", `"NumericLessThanEquals":{"s3:max-keys":"10"}`, `"NumericLessThan":{"s3:max-keys":"12"}`, true, map[string][]string{"s3:max-keys": {"11"}}},
		{"one time under two names", `"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`, `"DateLessThan":{"aws:EpochTime":"1767225600"}`, false, nil},
		{"another time under another name", `"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`, `"DateLessThan":{"aws:EpochTime":"1767225700"}`, true,
			map[string][]string{"aws:CurrentTime": {"2026-01-01T00:01:39Z"}, "aws:EpochTime": {"1767225699"}}},
	} {
		r, err := check.NoNewAccess(t.Context(), statement(test.existing), statement(test.updated), policy.IdentityBased)
		require.NoError(t, err, test.name)
		require.Equal(t, check.Fail, r.Verdict, test.name)
		require.Equal(t, test.documented, r.Counterexample.Documented, test.name)
		if test.want != nil {
			require.Equal(t, test.want, maps.Collect(r.Counterexample.Request.Keys.All()), test.name)
		}
	}
}
