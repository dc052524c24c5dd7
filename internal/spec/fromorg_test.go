package spec_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const management = "999900001111"

// world is a small organization: home below two OUs, other directly below the root.
func world(t *testing.T) org.Spec {
	t.Helper()
	allow := func(action string) *policy.Document {
		return doc(t, `{"Effect":"Allow","Action":"`+action+`","Resource":"*"}`)
	}
	arn := policy.MustParseARN
	readOnly := arn("arn:aws:iam::aws:policy/ReadOnlyAccess")
	limit := arn("arn:aws:iam::111122223333:policy/limit")
	return org.Spec{
		ID: "o-1", ManagementAccount: management,
		Root: org.Root{
			ID: "r-1", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl},
			Attached: []string{org.FullAWSAccess, org.RCPFullAWSAccess, "p-rcp"},
			Accounts: []string{management, other},
			OUs: []org.OU{{ID: "ou-1", Attached: []string{org.FullAWSAccess}, OUs: []org.OU{
				{ID: "ou-2", Attached: []string{"p-scp", org.FullAWSAccess}, Accounts: []string{home}},
			}}},
		},
		ControlPolicies: []org.ControlPolicy{
			{ID: "p-scp", Kind: policy.ServiceControl, Document: doc(t, `{"Effect":"Deny","Action":"ec2:*","Resource":"*"}`)},
			{ID: "p-rcp", Kind: policy.ResourceControl, Document: doc(t, `{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}`)},
		},
		Accounts: []org.Account{
			{
				ID: home, Attached: []string{org.FullAWSAccess}, CanonicalID: "canon-home",
				Users:  []org.User{{ARN: arn(ana), ID: "AIDAANA", Groups: []string{"dev"}, Attached: []policy.ARN{readOnly}, Tags: map[string]string{"Team": "red"}}},
				Groups: []org.Group{{ARN: arn("arn:aws:iam::111122223333:group/x/dev"), Inline: []org.InlinePolicy{{Name: "i", Document: allow("sqs:*")}}}},
				Roles: []org.Role{{
					ARN: arn(appRole), ID: "AROAAPP", Boundary: limit, Tags: map[string]string{"env": "prod"},
					Inline: []org.InlinePolicy{{Name: "i", Document: allow("*")}},
					Trust:  trust(t, aws(ana), `"sts:AssumeRole"`),
				}},
				Policies: []org.ManagedPolicy{{ARN: readOnly, Document: allow("s3:Get*")}, {ARN: limit, Document: allow("s3:*")}},
				Resources: []org.Resource{
					{ARN: arn("arn:aws:s3:::logs"), Policy: grant(t, aws(other)), Tags: map[string]string{"class": "open"}, BlockPublicAccess: true},
					{ARN: arn("arn:aws:s3:::logs/foreign"), Owner: other},
					{ARN: arn("arn:aws:s3:::tagged"), Tags: map[string]string{"class": "open"}, ABAC: true},
					{ARN: arn(queue), Policy: grant(t, aws(other)), Tags: map[string]string{"class": "queue"}},
				},
				Endpoints: []org.Endpoint{{ID: "vpce-1", VPC: "vpc-1", Service: "s3", Gateway: true, Policy: grant(t, aws(ana))}},
			},
			{
				ID: other, Attached: []string{org.FullAWSAccess},
				Users: []org.User{{ARN: arn("arn:aws:iam::444455556666:user/eve"), Inline: []org.InlinePolicy{{Name: "i", Document: allow("*")}}}},
			},
			{ID: management, Attached: nil},
			{ID: "123412341234", Users: []org.User{{ARN: arn("arn:aws:iam::123412341234:user/out"), Inline: []org.InlinePolicy{{Name: "i", Document: allow("*")}}}}},
		},
	}
}

func TestDecideOrg(t *testing.T) {
	const eve, out = "arn:aws:iam::444455556666:user/eve", "arn:aws:iam::123412341234:user/out"
	for _, tt := range []struct {
		name, who string
		action    policy.Action
		resource  string
		context   map[string][]string
		want      spec.Outcome
	}{
		{"attached", ana, "s3:GetObject", object, nil, spec.Allowed},
		{"group", ana, "sqs:SendMessage", queue, nil, spec.Allowed},
		{"neither", ana, "s3:PutObject", object, nil, spec.ImplicitDeny},
		{"boundary of a session", appS1, "s3:PutObject", object, nil, spec.Allowed},
		{"outside the boundary", appS1, "sqs:SendMessage", queue, nil, spec.ImplicitDeny},
		{"SCP of the OU", ana, "ec2:StartInstances", "*", nil, spec.ExplicitDeny},
		{"SCP does not reach others", eve, "ec2:StartInstances", "*", nil, spec.Allowed},
		{"RCP of the root", appS1, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x", nil, spec.ExplicitDeny},
		{"no RCP outside", out, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123412341234:secret:x", nil, spec.Allowed},
		{"trust", ana, "sts:AssumeRole", appRole, nil, spec.Allowed},
		{"trust, tags too", ana, "sts:AssumeRole", appRole, map[string][]string{"aws:RequestTag/a": {"b"}}, spec.ImplicitDeny},
		{"trust, nobody else", eve, "sts:AssumeRole", appRole, nil, spec.ImplicitDeny},
		{"unlisted role", ana, "sts:AssumeRole", "arn:aws:iam::111122223333:role/none", nil, spec.ImplicitDeny},
		{"bucket policy for an object", eve, "s3:GetObject", object, nil, spec.Allowed},
		{"object of another owner", eve, "s3:GetObject", "arn:aws:s3:::logs/foreign", nil, spec.ImplicitDeny},
		{"unlisted bucket whose owner is given", eve, "s3:GetObject", "arn:aws:s3:::unlisted/a", map[string][]string{"aws:ResourceAccount": {"444455556666"}}, spec.Allowed},
		{"queue policy", eve, "sqs:SendMessage", queue, nil, spec.Allowed},
		{"unlisted key", root, "kms:Decrypt", key, nil, spec.ImplicitDeny},
		{"gateway endpoint", ana, "s3:GetObject", object, map[string][]string{"aws:sourcevpce": {"vpce-1"}}, spec.ImplicitDeny},
		{"another service's endpoint", ana, "sqs:SendMessage", queue, map[string][]string{"aws:SourceVpce": {"vpce-1"}}, spec.Allowed},
		{"unsigned", "*", "s3:GetObject", object, nil, spec.ImplicitDeny},
		{"management root, exempt from SCPs", "arn:aws:iam::999900001111:root", "ec2:StartInstances", "*", nil, spec.Allowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ask(t, tt.who, tt.action, tt.resource)
			r.Context = tt.context
			got, err := spec.DecideOrg(world(t), r)
			require.NoError(t, err)
			require_(t, tt.want, got)
		})
	}
}

func TestDecideOrgRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, who, resource string
		change              func(s *org.Spec, r *spec.Request)
	}{
		{"unknown user", "arn:aws:iam::111122223333:user/none", queue, nil},
		{"unknown path", "arn:aws:iam::111122223333:user/ana", queue, nil},
		{"unknown role", "arn:aws:sts::111122223333:assumed-role/none/s", queue, nil},
		{"another role", appS1, queue, func(_ *org.Spec, r *spec.Request) {
			r.RoleARN = policy.MustParseARN("arn:aws:iam::111122223333:role/none")
		}},
		{"unknown account", "arn:aws:iam::777788889999:user/ana", queue, nil},
		{"unknown owner", ana, "arn:aws:sqs:eu-west-1:777788889999:q", nil},
		{"no owner", "*", "arn:aws:s3:::unlisted/a", nil},
		{"nobody knows the owner", ana, "arn:aws:s3:::unlisted/a", nil},
		{"unknown endpoint", ana, queue, func(_ *org.Spec, r *spec.Request) { r.Context = map[string][]string{"aws:SourceVpce": {"vpce-9"}} }},
		{"no issuer", fedBob, queue, nil},
		{"no ARN", ana, "orders", nil},
		{"gap", ana, queue, func(s *org.Spec, _ *spec.Request) { s.Gaps = []org.Gap{{Subject: "x"}} }},
		{"no control policy", ana, queue, func(s *org.Spec, _ *spec.Request) { s.ControlPolicies = s.ControlPolicies[1:] }},
		{"no managed policy", ana, queue, func(s *org.Spec, _ *spec.Request) {
			s.Accounts[0].Users[0].Attached = []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/Nothing")}
		}},
		{"no boundary", appS1, queue, func(s *org.Spec, _ *spec.Request) { s.Accounts[0].Policies = s.Accounts[0].Policies[:1] }},
		{"no group", ana, queue, func(s *org.Spec, _ *spec.Request) { s.Accounts[0].Groups = nil }},
		{"names differ in case", ana, queue, func(_ *org.Spec, r *spec.Request) { r.Context = map[string][]string{"a": {"1"}, "A": {"1"}} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, r := world(t), ask(t, tt.who, "sqs:SendMessage", tt.resource)
			if tt.change != nil {
				tt.change(&s, &r)
			}
			got, err := spec.DecideOrg(s, r)
			require.Error(t, err)
			require_(t, spec.ImplicitDeny, got)
		})
	}
}

// A managed policy of AWS that no account lists is the one that serviceref knows.
func TestDecideOrgManagedPolicyOfAWS(t *testing.T) {
	s := world(t)
	s.Accounts[0].Policies = s.Accounts[0].Policies[1:]
	for action, want := range map[string]spec.Outcome{"sqs:ListQueues": spec.Allowed, "ec2:DescribeInstances": spec.ExplicitDeny, "iam:CreateUser": spec.ImplicitDeny} {
		got, err := spec.DecideOrg(s, ask(t, ana, policy.Action(action), ""))
		require.NoError(t, err)
		require_(t, want, got)
	}
}

// §13 and R-CTX-4.
func TestDerivedContext(t *testing.T) {
	always := func(own, owner map[string][]string) map[string][]string {
		all := map[string][]string{"aws:SecureTransport": {"true"}, "aws:ViaAWSService": {"false"}}
		for _, m := range []map[string][]string{own, owner} {
			for k, v := range m {
				all[k] = v
			}
		}
		return all
	}
	inHome := map[string][]string{"aws:PrincipalAccount": {home}, "aws:PrincipalIsAWSService": {"false"}, "aws:PrincipalOrgID": {"o-1"}, "aws:PrincipalOrgPaths": {"o-1/r-1/ou-1/ou-2/"}}
	atQueue := map[string][]string{
		"aws:ResourceAccount": {home}, "aws:ResourceOrgID": {"o-1"}, "aws:ResourceOrgPaths": {"o-1/r-1/ou-1/ou-2/"},
		"aws:ResourceTag/class": {"queue"}, "aws:RequestedRegion": {"eu-west-1"},
	}
	with := func(m map[string][]string, pairs ...string) map[string][]string {
		out := map[string][]string{}
		for k, v := range m {
			out[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			if out[pairs[i]] = []string{pairs[i+1]}; pairs[i+1] == "" {
				delete(out, pairs[i])
			}
		}
		return out
	}
	for _, tt := range []struct {
		name, who string
		action    policy.Action
		resource  string
		issuer    string
		given     map[string][]string
		want      map[string][]string
	}{
		{name: "user", who: ana, resource: queue, want: always(with(inHome, "aws:PrincipalArn", ana, "aws:PrincipalType", "User",
			"aws:userid", "AIDAANA", "aws:username", "ana", "aws:PrincipalTag/Team", "red"), atQueue)},
		{name: "session", who: appS1, resource: queue, want: always(with(inHome, "aws:PrincipalArn", appRole, "aws:PrincipalType", "AssumedRole",
			"aws:userid", "AROAAPP:s1", "aws:PrincipalTag/env", "prod"), atQueue)},
		{name: "role", who: appRole, resource: queue, want: always(with(inHome, "aws:PrincipalArn", appRole, "aws:PrincipalType", "AssumedRole",
			"aws:PrincipalTag/env", "prod"), atQueue)},
		{name: "federated", who: fedBob, issuer: ana, resource: queue, want: always(with(inHome, "aws:PrincipalArn", fedBob, "aws:PrincipalType", "FederatedUser",
			"aws:userid", home+":bob", "aws:PrincipalTag/Team", "red"), atQueue)},
		{name: "root", who: root, resource: queue, want: always(with(inHome, "aws:PrincipalArn", root, "aws:PrincipalType", "Account", "aws:userid", home), atQueue)},
		{name: "service", who: "logs.amazonaws.com", resource: queue, want: always(map[string][]string{
			"aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {"logs.amazonaws.com"}}, atQueue)},
		{name: "anonymous", who: "*", resource: queue, want: always(map[string][]string{
			"aws:PrincipalAccount": {"anonymous"}, "aws:PrincipalType": {"Anonymous"}, "aws:userid": {"anonymous"}}, atQueue)},
		{name: "overridden", who: root, resource: queue, given: map[string][]string{"AWS:PRINCIPALTYPE": {"x"}, "aws:userid": {}},
			want: always(with(with(inHome, "aws:PrincipalArn", root, "AWS:PRINCIPALTYPE", "x"), "aws:userid", ""), with(atQueue))},
		{name: "below the root", who: "arn:aws:iam::444455556666:root", resource: "*", want: always(nil, map[string][]string{
			"aws:PrincipalAccount": {other}, "aws:PrincipalIsAWSService": {"false"}, "aws:PrincipalArn": {otherRoot}, "aws:PrincipalType": {"Account"}, "aws:userid": {other},
			"aws:PrincipalOrgID": {"o-1"}, "aws:PrincipalOrgPaths": {"o-1/r-1/"}, "aws:ResourceAccount": {other}, "aws:ResourceOrgID": {"o-1"}, "aws:ResourceOrgPaths": {"o-1/r-1/"}})},
		{name: "outside", who: "arn:aws:iam::123412341234:root", resource: "*", want: always(nil, map[string][]string{
			"aws:PrincipalAccount": {"123412341234"}, "aws:PrincipalIsAWSService": {"false"}, "aws:PrincipalArn": {"arn:aws:iam::123412341234:root"},
			"aws:PrincipalType": {"Account"}, "aws:userid": {"123412341234"}, "aws:ResourceAccount": {"123412341234"}})},
		{name: "bucket without ABAC", who: "*", action: "s3:GetObject", resource: "arn:aws:s3:::logs", given: map[string][]string{"aws:SourceVpce": {"vpce-1"}},
			want: always(with(with(atQueue, "aws:ResourceTag/class", "", "aws:RequestedRegion", ""), "aws:SourceVpce", "vpce-1", "aws:SourceVpc", "vpc-1"), map[string][]string{
				"aws:PrincipalAccount": {"anonymous"}, "aws:PrincipalType": {"Anonymous"}, "aws:userid": {"anonymous"}})},
		{name: "bucket with ABAC", who: "logs.amazonaws.com", action: "s3:ListBucket", resource: "arn:aws:s3:::tagged",
			want: always(with(with(atQueue, "aws:RequestedRegion", ""), "aws:ResourceTag/class", "open", "s3:BucketTag/class", "open"), map[string][]string{
				"aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {"logs.amazonaws.com"}})},
		{name: "kms", who: root, action: "kms:Decrypt", resource: key, want: always(with(with(inHome, "aws:PrincipalArn", root, "aws:PrincipalType", "Account", "aws:userid", home), "kms:CallerAccount", home),
			with(atQueue, "aws:ResourceTag/class", ""))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.action == "" {
				tt.action = "sqs:SendMessage"
			}
			r := ask(t, tt.who, tt.action, tt.resource)
			r.Context = tt.given
			if tt.issuer != "" {
				r.IssuingUser = policy.MustParseARN(tt.issuer)
			}
			_, got, err := spec.FromOrg(world(t), r)
			require.NoError(t, err)
			want := tt.want
			if tt.name == "overridden" {
				want["aws:userid"] = []string{} // given without values: absent
			}
			require.Equal(t, want, got.Context)
		})
	}
}

func TestFromOrgLayers(t *testing.T) {
	s := world(t)
	l, r, err := spec.FromOrg(s, ask(t, appS1, "s3:GetObject", object))
	require.NoError(t, err)
	require.Len(t, l.SCPs, 4) // root, two OUs, account
	require.Len(t, l.RCPs, 4)
	require.Len(t, l.Boundary, 1)
	require.True(t, l.BlockPublicAccess)
	require.Equal(t, appRole, r.RoleARN.String())
	require.Equal(t, "AROAAPP", r.PrincipalID)
	require.Equal(t, "canon-home", r.CanonicalID)
	require.Equal(t, home, r.ResourceAccount)

	s.Root.PolicyTypes = []policy.Kind{policy.ResourceControl} // a type that is not enabled limits nothing
	l, _, err = spec.FromOrg(s, ask(t, "arn:aws:iam::444455556666:user/eve", "s3:GetObject", object))
	require.NoError(t, err)
	require.Empty(t, l.SCPs)
	require.Len(t, l.RCPs, 4) // the resource's account, R-RCP-1

	wildcard := ask(t, "arn:aws:iam::444455556666:user/eve", "s3:ListAllMyBuckets", "*")
	wildcard.WildcardOnly, wildcard.ResourceAccount = true, home
	l, _, err = spec.FromOrg(s, wildcard)
	require.NoError(t, err)
	require.Len(t, l.RCPs, 2) // the caller's, R-RCP-6

	given := ask(t, ana, "iam:GetRole", appRole)
	l, _, err = spec.FromOrg(s, given)
	require.NoError(t, err)
	require.Nil(t, l.ResourcePolicy) // a trust policy is one for R-STS-1 only
}
