package simulate_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Where no statement has a condition, and none denies or limits only a part of what another
// allows, Somewhere is exact: there is a queue on which the action is allowed, or not.
func TestMatrixSomewhereIsExact(t *testing.T) {
	const part = "arn:aws:sqs:eu-west-1:111122223333:a*"
	actions := []policy.Action{"sqs:SendMessage", "sqs:ReceiveMessage", "sqs:PurgeQueue"}
	queues := []policy.ARN{policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:a"), policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:b")}
	user, root := policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), parsePrincipal(homeRoot)
	seen := map[simulate.Access]int{}
	document := func(t *rapid.T, name string, resources ...string) *policy.Document {
		list := []policy.Statement{{Effect: policy.Deny, Action: policy.List("sqs:ListQueues"), Resource: policy.List("*")}}
		for range rapid.IntRange(0, 2).Draw(t, name) {
			s := policy.Statement{Effect: policy.Allow, Action: policy.List(rapid.SampledFrom([]string{"*", "sqs:*Message", "sqs:SendMessage", "sqs:PurgeQueue"}).Draw(t, "action"))}
			s.Resource = policy.List(rapid.SampledFrom(resources).Draw(t, "resource"))
			if rapid.IntRange(0, 3).Draw(t, "deny") == 0 {
				s.Effect, s.Resource = policy.Deny, policy.List("*")
			}
			list = append(list, s)
		}
		return oneStatement(list...)
	}
	rapid.Check(t, func(t *rapid.T) {
		account := org.Account{
			ID:    homeAccount,
			Users: []org.User{{ARN: user, Inline: []org.InlinePolicy{{Name: "own", Document: document(t, "identity", "*", part)}}}},
		}
		if rapid.Bool().Draw(t, "boundary") {
			limit := policy.MustParseARN("arn:aws:iam::111122223333:policy/limit")
			account.Policies = []org.ManagedPolicy{{ARN: limit, Document: document(t, "boundary", "*", part)}}
			account.Users[0].Boundary = limit
		}
		o, err := org.Standalone(account)
		if err != nil {
			t.Fatal(err)
		}
		env, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		m, err := env.Matrix(context.Background(), simulate.MatrixOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []policy.Principal{policy.PrincipalFromARN(user), root} {
			for _, action := range actions {
				cell, ok := m.At(p, action)
				allowed := false
				for _, queue := range queues {
					allowed = allowed || env.Can(simulate.Request{Principal: p, Action: action, Resource: queue}).Allowed()
				}
				if !ok || cell.Somewhere != allowed {
					t.Fatalf("%v %v: cell %+v, but allowed on a queue: %t\n%v", p, action, cell, allowed, account)
				}
				seen[cell.Access()]++
			}
		}
	})
	t.Log(seen)
	for _, a := range []simulate.Access{simulate.AccessNone, simulate.AccessSome, simulate.AccessAll} {
		require.NotZero(t, seen[a], a)
	}
}

// Nothing that is allowed nowhere has a cell that says somewhere, whichever layer is why.
func TestMatrixNone(t *testing.T) {
	o, err := org.Parse([]byte(`{
  "id": "o-a1b2c3d4e5", "managementAccount": "999900001111",
  "root": {"id": "r-ab12", "policyTypes": ["scp", "rcp"], "attached": ["p-FullAWSAccess"], "accounts": ["999900001111"], "ous": [
    {"id": "ou-ab12-11111111", "name": "Workloads", "attached": ["p-queues"], "accounts": ["111122223333"]}]},
  "controlPolicies": [
    {"id": "p-queues", "name": "queues", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": ["sqs:*", "kms:*"], "Resource": "*"}, {"Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}]}},
    {"id": "p-keys", "name": "keys", "kind": "rcp", "document": {"Version": "2012-10-17", "Statement": [
      {"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}]}}],
  "accounts": [
    {"id": "999900001111", "attached": ["p-FullAWSAccess"]},
    {"id": "111122223333", "attached": ["p-FullAWSAccess", "p-keys"],
      "users": [
        {"arn": "arn:aws:iam::111122223333:user/nothing"},
        {"arn": "arn:aws:iam::111122223333:user/queue", "inline": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:PurgeQueue", "sns:Publish", "kms:ScheduleKeyDeletion"], "Resource": "arn:aws:*:eu-west-1:111122223333:a*"}]}}]},
        {"arn": "arn:aws:iam::111122223333:user/stopped", "inline": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "sqs:Send*", "Resource": "*"}]}}]},
        {"arn": "arn:aws:iam::111122223333:user/bounded", "boundary": "arn:aws:iam::111122223333:policy/limit",
          "inline": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}],
      "policies": [{"arn": "arn:aws:iam::111122223333:policy/limit", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}}}]}]
}`))
	require.NoError(t, err)
	m := matrixOf(t, o)
	for _, test := range []struct {
		name, action string
		want         simulate.Access
	}{
		{"user/nothing", "sqs:SendMessage", simulate.AccessNone},
		{"user/nothing", "s3:GetObject", simulate.AccessNone},
		{"user/queue", "sqs:SendMessage", simulate.AccessSome},
		{"user/queue", "sqs:ReceiveMessage", simulate.AccessNone},
		{"user/queue", "sqs:PurgeQueue", simulate.AccessNone},
		{"user/queue", "sns:Publish", simulate.AccessNone},
		{"user/queue", "kms:ScheduleKeyDeletion", simulate.AccessNone},
		{"user/stopped", "sqs:SendMessage", simulate.AccessNone},
		{"user/stopped", "sqs:ReceiveMessage", simulate.AccessAll},
		{"user/stopped", "ec2:RunInstances", simulate.AccessNone},
		{"user/bounded", "sqs:SendMessage", simulate.AccessNone},
		{"user/bounded", "sqs:ReceiveMessage", simulate.AccessAll},
		{"root", "sqs:PurgeQueue", simulate.AccessNone},
		{"root", "sqs:SendMessage", simulate.AccessAll},
	} {
		cell, ok := m.At(parsePrincipal("arn:aws:iam::111122223333:"+test.name), policy.Action(test.action))
		require.True(t, ok)
		require.Equal(t, test.want, cell.Access(), "%s %s: %+v", test.name, test.action, cell)
		require.Equal(t, test.want != simulate.AccessNone, cell.Somewhere, "%s %s: %+v", test.name, test.action, cell)
	}
}
