package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Fewer steps come first, even where each of more is cheaper; of as many, keys of the request
// before policies, the principal's own before what others share, an Allow before an exception.
func TestRemediesInOrder(t *testing.T) {
	own := oneStatement(policy.Statement{
		Effect: policy.Allow, Action: policy.List("sqs:SendMessage"), Resource: policy.List("*"),
		Condition: policy.When("Bool", "aws:MultiFactorAuthPresent", "true").And("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
	}, policy.Statement{
		Effect: policy.Allow, Action: policy.List("sqs:ReceiveMessage"), Resource: policy.List("*"),
		Condition: policy.When("Bool", "aws:MultiFactorAuthPresent", "true"),
	}, policy.Statement{
		Effect: policy.Allow, Action: policy.List("sqs:PurgeQueue"), Resource: policy.List("*"),
	}, policy.Statement{
		SID: "Unsafe", Effect: policy.Deny, Action: policy.List("sqs:PurgeQueue"), Resource: policy.List("*"),
		Condition: policy.When("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
	})
	o, err := org.Standalone(org.Account{
		ID:        homeAccount,
		Users:     []org.User{{ARN: policy.MustParseARN(anaUser), Inline: []org.InlinePolicy{{Name: "own", Document: own}}}},
		Resources: []org.Resource{{ARN: policy.MustParseARN(homeQueue)}},
	})
	require.NoError(t, err)
	env, err := simulate.Compile(o, simulate.WithStrictKeys())
	require.NoError(t, err)
	for action, want := range map[policy.Action][]string{
		"sqs:SendMessage": {
			"allow sqs:SendMessage in identityPolicy of " + anaUser,
			"allow sqs:SendMessage in resourcePolicy of " + homeQueue,
			"set aws:MultiFactorAuthPresent to [true] and set aws:SourceIp to [203.0.113.1]",
		},
		"sqs:ReceiveMessage": {
			"set aws:MultiFactorAuthPresent to [true]",
			"allow sqs:ReceiveMessage in identityPolicy of " + anaUser,
			"allow sqs:ReceiveMessage in resourcePolicy of " + homeQueue,
		},
		"sqs:PurgeQueue": {
			"set aws:MultiFactorAuthPresent to [true]",
			"except the caller from Unsafe of own (identityPolicy)",
		},
	} {
		var got []string
		for _, r := range env.HowToAllow(simulate.Request{Principal: parsePrincipal(anaUser), Action: action, Resource: policy.MustParseARN(homeQueue)}).Remedies {
			got = append(got, r.String())
		}
		require.Equal(t, want, got, action)
	}
}
