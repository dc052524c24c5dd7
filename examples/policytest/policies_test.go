package policytest_test

import (
	"os"
	"slices"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/simtest"
)

// policies is the world of the tests: org.json and the policies that it names.
func policies(t *testing.T) *org.Organization {
	t.Helper()
	o, err := org.ReadFS(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestCases runs the case files.
func TestCases(t *testing.T) {
	simtest.RunFS(t, os.DirFS("tests"), simtest.Env(t, policies(t)))
}

// Nobody but the emergency role may act outside the EU, whatever the service.
func TestRegions(t *testing.T) {
	e := simtest.Env(t, policies(t))
	const account = "arn:aws:iam::111122223333:"
	for _, action := range []string{"dynamodb:ListTables", "ec2:DescribeInstances", "lambda:ListFunctions"} {
		simtest.Allowed(t, e, account+"role/read-only", action, "*", "aws:RequestedRegion=eu-west-1")
		simtest.Denied(t, e, account+"role/read-only", action, "*", "aws:RequestedRegion=us-east-1")
		simtest.Allowed(t, e, account+"role/break-glass", action, "*", "aws:RequestedRegion=us-east-1")
	}
}

// What we plan to change: moving the account to the root, where the SCP for regions is not
// attached, must not change what the deploy role does in Ireland.
func TestMove(t *testing.T) {
	before := simtest.Env(t, policies(t))
	after, err := before.Apply(org.MoveAccount("111122223333", "r-ab12"))
	if err != nil {
		t.Fatal(err)
	}
	deploy := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/deploy"))
	ireland := simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {"eu-west-1"}})
	requests := []simulate.Request{
		{Principal: deploy, Action: "ecs:UpdateService", Resource: policy.MustParseARN("arn:aws:ecs:eu-west-1:111122223333:service/orders/api"), Keys: ireland},
		{Principal: deploy, Action: "s3:PutObject", Resource: policy.MustParseARN("arn:aws:s3:::orders-artifacts/api.zip"), Keys: ireland},
		{Principal: deploy, Action: "s3:PutBucketPolicy", Resource: policy.MustParseARN("arn:aws:s3:::orders-artifacts"), Keys: ireland},
	}
	simtest.Unchanged(t, before, after, slices.Values(requests))
}
