package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An alternative holds no test that the decision can do without: not that another way to be
// allowed is closed, and not that a statement which denies nothing here does not match.
func TestRequiresIsMinimal(t *testing.T) {
	allow := func(action string, c policy.Conditions) policy.Statement {
		return policy.Statement{Effect: policy.Allow, Action: policy.List(action), Resource: policy.List("*"), Condition: c}
	}
	deny := func(c policy.Conditions) policy.Statement {
		s := allow("sqs:*", c)
		s.Effect = policy.Deny
		return s
	}
	var (
		always  = policy.Conditions{}
		mfa     = policy.When("Bool", "aws:MultiFactorAuthPresent", "true")
		office  = policy.When("IpAddress", "aws:SourceIp", "203.0.113.0/24")
		browser = policy.When("StringLike", "aws:UserAgent", "Mozilla/*")
		away    = policy.When("NotIpAddress", "aws:SourceIp", "198.51.100.0/24")
	)
	for _, test := range []struct {
		name   string
		layers simulate.Layers
		want   string
	}{
		{
			name:   "two ways",
			layers: simulate.Layers{Identity: tableDocs(oneStatement(allow("sqs:*", office), allow("sqs:*", mfa)))},
			want:   "IpAddress aws:SourceIp [203.0.113.0/24], or Bool aws:MultiFactorAuthPresent [true]",
		},
		{
			name:   "three ways",
			layers: simulate.Layers{Identity: tableDocs(oneStatement(allow("sqs:*", browser)), oneStatement(allow("sqs:*", office), allow("sqs:*", mfa)))},
			want:   "StringLike aws:UserAgent [Mozilla/*], or IpAddress aws:SourceIp [203.0.113.0/24], or Bool aws:MultiFactorAuthPresent [true]",
		},
		{
			name:   "a condition of an Allow that another makes needless",
			layers: simulate.Layers{Identity: tableDocs(oneStatement(allow("sqs:*", browser), allow("sqs:*", always), deny(mfa)))},
			want:   "not Bool aws:MultiFactorAuthPresent [true]",
		},
		{
			name: "an identity policy or the resource's",
			layers: simulate.Layers{
				Identity: tableDocs(oneStatement(allow("sqs:*", browser))),
				Resource: oneStatement(policy.Statement{Effect: policy.Allow, Principal: awsEntries(anaUser), Action: policy.List("sqs:*"), Resource: policy.List("*"), Condition: mfa}),
			},
			want: "Bool aws:MultiFactorAuthPresent [true], or StringLike aws:UserAgent [Mozilla/*]",
		},
		{
			name: "what a boundary wants stays, and what the other way wants goes",
			layers: simulate.Layers{
				Identity: tableDocs(oneStatement(allow("sqs:*", browser), allow("sqs:*", mfa))),
				Boundary: tableDocs(oneStatement(allow("sqs:*", away))),
			},
			want: "StringLike aws:UserAgent [Mozilla/*] and NotIpAddress aws:SourceIp [198.51.100.0/24], " +
				"or Bool aws:MultiFactorAuthPresent [true] and NotIpAddress aws:SourceIp [198.51.100.0/24]",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			env, err := simulate.CompileLayers(test.layers, simulate.WithStrictKeys())
			require.NoError(t, err)
			r := simulate.Request{
				Principal: parsePrincipal(anaUser), Action: "sqs:SendMessage", Resource: policy.MustParseARN(homeQueue),
				Keys: simulate.Keys{}.WithUnknown("aws:SourceIp", "aws:MultiFactorAuthPresent", "aws:UserAgent"),
			}
			got := env.Requires(r)
			require.Equal(t, test.want, got.String())
			require.False(t, got.Truncated)
		})
	}
}

// The full-access RCP is attached everywhere, so that no Allow of an RCP asks for anything.
func TestRequiresNothingOfAllowInRCP(t *testing.T) {
	s := gapWorld()
	s.ControlPolicies = []org.ControlPolicy{{ID: "p-agents", Kind: policy.ResourceControl, Document: gapDocument(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"aws:UserAgent": "old"}}},
		{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"Null": {"aws:UserAgent": "true"}}}
	]}`)}}
	s.Root.Attached = append(s.Root.Attached, "p-agents")
	for _, c := range []struct {
		who, want string
		gaps      []org.Gap
	}{
		{anaUser, "not StringEqualsIfExists aws:UserAgent [old]", nil},
		{nobody, "perhaps not StringEqualsIfExists aws:UserAgent [old]", []org.Gap{{Subject: logsBucket, What: org.GapResourcePolicy}}},
	} {
		s.Gaps = c.gaps
		r := simulate.Request{Principal: parsePrincipal(c.who), Action: "s3:GetObject", Resource: gapARN(logsObject), Keys: simulate.Keys{}.WithUnknown("aws:UserAgent")}
		require.Equal(t, c.want, gapCompile(t, s).Requires(r).String())
	}
}
