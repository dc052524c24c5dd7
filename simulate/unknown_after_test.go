package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// What a change marks as unknown is unknown, whatever the model still holds of it.
func TestMarkUnknown(t *testing.T) {
	allow := func(action string) *policy.Document {
		return policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List(action), Resource: policy.List("*")}))
	}
	saml := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Action: policy.List("sts:AssumeRoleWithSAML"),
		Principal: policy.PrincipalList(policy.FederatedPrincipal, "arn:aws:iam::111122223333:saml-provider/idp"),
	}))
	tagged := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Action: policy.List("sns:*"), Resource: policy.List("*"),
		Condition: policy.When("StringEquals", "aws:PrincipalTag/team", "data"),
	}))
	boundary, read := policy.MustParseARN("arn:aws:iam::111122223333:policy/boundary"), policy.MustParseARN("arn:aws:iam::111122223333:policy/read")
	ana, app := policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), policy.MustParseARN("arn:aws:iam::111122223333:role/app")
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{"p-all"},
			Accounts: []string{"111122223333", "444455556666"},
		},
		ControlPolicies: []org.ControlPolicy{{ID: "p-all", Kind: policy.ServiceControl, Document: allow("*")}},
		Accounts: []org.Account{
			{
				ID: "111122223333", Attached: []string{"p-all"},
				Policies: []org.ManagedPolicy{{ARN: boundary, Document: allow("sqs:*")}, {ARN: read, Document: allow("sqs:*")}},
				Users:    []org.User{{ARN: ana, Attached: []policy.ARN{read}, Boundary: boundary}},
				Roles:    []org.Role{{ARN: app, Trust: saml, Inline: []org.InlinePolicy{{Name: "tagged", Document: tagged}}}},
			},
			{ID: "444455556666", Attached: []string{"p-all"}},
		},
	})
	require.NoError(t, err)
	before, err := simulate.Compile(o)
	require.NoError(t, err)
	send := simulate.Request{Principal: policy.PrincipalFromARN(ana), Action: "sqs:SendMessage", Resource: policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders")}
	publish := simulate.Request{Principal: policy.PrincipalFromARN(app), Action: "sns:Publish", Resource: policy.MustParseARN("arn:aws:sns:eu-west-1:111122223333:orders")}
	require.Equal(t, simulate.Allowed, before.Can(send).Outcome)
	require.Equal(t, simulate.ImplicitDeny, before.Can(publish).Outcome, "no session of the role has tags")
	for _, tt := range []struct {
		name    string
		gap     org.Gap
		request simulate.Request
	}{
		{"document of a managed policy", org.Gap{Subject: read.String(), What: org.GapDocument}, send},
		{"document of the boundary", org.Gap{Subject: boundary.String(), What: org.GapDocument}, send},
		{"the boundary itself", org.Gap{Subject: ana.String(), What: org.GapBoundary}, send},
		{"document of an SCP", org.Gap{Subject: "p-all", What: org.GapDocument}, send},
		{"trust policy, which may let session tags in", org.Gap{Subject: app.String(), What: org.GapResourcePolicy}, publish},
	} {
		t.Run(tt.name, func(t *testing.T) {
			after, err := before.Apply(org.MarkUnknown(tt.gap))
			require.NoError(t, err)
			require.Equal(t, simulate.Indeterminate, after.Can(tt.request).Outcome)
			require.NotEmpty(t, after.Explain(tt.request).Depends)
		})
	}
}

// A pattern of keys that may be present counts where it could name a session tag.
func TestUnknownPatternsOfSessionTags(t *testing.T) {
	trust := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("sts:AssumeRole"), Principal: policy.Everyone()}))
	env, err := simulate.CompileLayers(simulate.Layers{Resource: trust})
	require.NoError(t, err)
	for pattern, want := range map[string]simulate.Outcome{
		"aws:RequestTag/team": simulate.Indeterminate, "aws:Request*": simulate.Indeterminate, "*Tag/team": simulate.Indeterminate,
		"aws:?equestTag/*": simulate.Indeterminate, "aws:TagKeys": simulate.Indeterminate, "s3:*": simulate.Allowed, "aws:SourceIp": simulate.Allowed,
	} {
		d := env.Can(simulate.Request{
			Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: "sts:AssumeRole",
			Resource: policy.MustParseARN("arn:aws:iam::111122223333:role/app"), Keys: simulate.Keys{}.WithUnknown(pattern),
		})
		require.Equal(t, want, d.Outcome, pattern)
	}
}

// An object that is listed says nothing about its bucket, whose policy speaks for it.
func TestObjectOfAnUnlistedBucket(t *testing.T) {
	all := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}))
	object := policy.MustParseARN("arn:aws:s3:::orders/a")
	account := org.Account{
		ID:        "111122223333",
		Users:     []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: []org.InlinePolicy{{Name: "all", Document: all}}}},
		Resources: []org.Resource{{ARN: object, Owner: "444455556666"}},
	}
	r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: "s3:GetObject", Resource: object}
	for _, listed := range []bool{false, true} {
		want := simulate.Indeterminate
		if listed {
			account.Resources = append(account.Resources, org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::orders")})
			want = simulate.Allowed
		}
		o, err := org.Standalone(account)
		require.NoError(t, err)
		env, err := simulate.Compile(o)
		require.NoError(t, err)
		require.Equal(t, want, env.Can(r).Outcome, "bucket listed: %v", listed)
	}
}
