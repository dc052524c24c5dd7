package simulate_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// The same managed policy, attached in accounts with other SCPs and of another partition, is
// for each caller what Can says of it: nothing found for one account answers for another, nor
// for one user where the policy asks who it is.
func TestWhoCanAcrossAccounts(t *testing.T) {
	o, err := org.Parse([]byte(`{
  "id": "o-a1b2c3d4e5", "managementAccount": "999900001111",
  "root": {"id": "r-ab12", "policyTypes": ["scp"], "attached": ["p-FullAWSAccess"], "accounts": ["999900001111"], "ous": [
    {"id": "ou-ab12-11111111", "name": "Open", "attached": ["p-FullAWSAccess"], "accounts": ["111122223333", "777788889999"]},
    {"id": "ou-ab12-22222222", "name": "Closed", "attached": ["p-FullAWSAccess", "p-closed"], "accounts": ["444455556666"]},
    {"id": "ou-ab12-33333333", "name": "Agents", "attached": ["p-agents"], "accounts": ["555566667777"]}]},
  "controlPolicies": [
    {"id": "p-closed", "name": "closed", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}}},
    {"id": "p-agents", "name": "agents", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
      "Condition": {"StringEquals": {"aws:UserAgent": "licit"}}}}}],
  "accounts": [
    {"id": "999900001111", "attached": ["p-FullAWSAccess"], "users": [{"arn": "arn:aws:iam::999900001111:user/ana", "attached": ["arn:aws:iam::999900001111:policy/queues"]}],
      "policies": [{"arn": "arn:aws:iam::999900001111:policy/queues", "document": ` + sharedText + `}]},
    {"id": "111122223333", "attached": ["p-FullAWSAccess"], "users": [{"arn": "arn:aws:iam::111122223333:user/ana", "attached": ["arn:aws:iam::111122223333:policy/queues", "arn:aws:iam::111122223333:policy/own", "arn:aws:iam::111122223333:policy/ana"]},
      {"arn": "arn:aws:iam::111122223333:user/bruno", "attached": ["arn:aws:iam::111122223333:policy/ana"]}],
      "policies": [{"arn": "arn:aws:iam::111122223333:policy/queues", "document": ` + sharedText + `}, {"arn": "arn:aws:iam::111122223333:policy/own", "document": ` + accountText + `}, {"arn": "arn:aws:iam::111122223333:policy/ana", "document": ` + userText + `}],
      "resources": [{"arn": "arn:aws:sqs:eu-west-1:111122223333:orders", "policy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ["111122223333", "999900001111", "444455556666", "555566667777", "777788889999"]}, "Action": "sqs:*", "Resource": "*"}}}]},
    {"id": "444455556666", "attached": ["p-FullAWSAccess"], "users": [{"arn": "arn:aws:iam::444455556666:user/ana", "attached": ["arn:aws:iam::444455556666:policy/queues", "arn:aws:iam::444455556666:policy/own", "arn:aws:iam::444455556666:policy/ana"]},
      {"arn": "arn:aws:iam::444455556666:user/bruno", "attached": ["arn:aws:iam::444455556666:policy/ana"]}],
      "policies": [{"arn": "arn:aws:iam::444455556666:policy/queues", "document": ` + sharedText + `}, {"arn": "arn:aws:iam::444455556666:policy/own", "document": ` + accountText + `}, {"arn": "arn:aws:iam::444455556666:policy/ana", "document": ` + userText + `}]},
    {"id": "555566667777", "attached": ["p-FullAWSAccess"], "users": [{"arn": "arn:aws:iam::555566667777:user/ana", "attached": ["arn:aws:iam::555566667777:policy/queues"]}],
      "policies": [{"arn": "arn:aws:iam::555566667777:policy/queues", "document": ` + sharedText + `}]},
    {"id": "777788889999", "attached": ["p-FullAWSAccess"], "users": [{"arn": "arn:aws-cn:iam::777788889999:user/ana", "attached": ["arn:aws-cn:iam::777788889999:policy/own"]}],
      "policies": [{"arn": "arn:aws-cn:iam::777788889999:policy/own", "document": ` + accountText + `}]}]
}`))
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	q := simulate.Query{Action: "sqs:SendMessage", Resource: policy.MustParseARN(homeQueue), Types: []simulate.CallerType{simulate.CallerUser}, Denied: true}
	for _, test := range []struct {
		agent string
		want  map[string]string
	}{
		{"", map[string]string{
			"111122223333 ana": "allowed (identityPolicy)", "444455556666 ana": "explicitDeny (serviceControl)",
			"555566667777 ana": "indeterminate (serviceControl)", "777788889999 ana": "implicitDeny (identityPolicy)", "999900001111 ana": "allowed (resourcePolicy)",
			"111122223333 bruno": "implicitDeny (identityPolicy)", "444455556666 bruno": "explicitDeny (serviceControl)",
		}},
		{"licit", map[string]string{
			"111122223333 ana": "allowed (identityPolicy)", "444455556666 ana": "explicitDeny (serviceControl)",
			"555566667777 ana": "allowed (resourcePolicy)", "777788889999 ana": "implicitDeny (identityPolicy)", "999900001111 ana": "allowed (resourcePolicy)",
			"111122223333 bruno": "implicitDeny (identityPolicy)", "444455556666 bruno": "explicitDeny (serviceControl)",
		}},
		{"other", map[string]string{
			"111122223333 ana": "allowed (identityPolicy)", "444455556666 ana": "explicitDeny (serviceControl)",
			"555566667777 ana": "implicitDeny (serviceControl)", "777788889999 ana": "implicitDeny (identityPolicy)", "999900001111 ana": "allowed (resourcePolicy)",
			"111122223333 bruno": "implicitDeny (identityPolicy)", "444455556666 bruno": "explicitDeny (serviceControl)",
		}},
	} {
		if q.Keys = (simulate.Keys{}); test.agent != "" {
			q.Keys = q.Keys.With("aws:UserAgent", test.agent)
		}
		callers, err := env.WhoCan(context.Background(), q)
		require.NoError(t, err)
		got := map[string]string{}
		for _, c := range callers {
			require.Equal(t, env.Can(simulate.Request{Principal: c.Principal, Action: q.Action, Resource: q.Resource, Keys: q.Keys}), c.Decision, "%v", c.Principal)
			got[c.Principal.AccountID()+" "+c.Principal.Name()] = c.Decision.String()
		}
		require.Equal(t, test.want, got, test.agent)
	}
}

const (
	sharedText  = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}}`
	accountText = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}}`
	userText    = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "ana"}}}}`
)
