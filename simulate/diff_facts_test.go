package simulate_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Each fact beside the policies that lets a role in has a row, and one that goes again has
// the opposite row.
func TestAffectedByFacts(t *testing.T) {
	const (
		home, management = "111122223333", "444455556666"
		bucket           = "arn:aws:s3:::logs"
		queue            = "arn:aws:sqs:eu-west-1:111122223333:orders"
		key              = "arn:aws:kms:eu-west-1:111122223333:key/k1"
		table            = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
		canonical        = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	)
	role := policy.MustParseARN("arn:aws:iam::" + home + ":role/orders")
	document := func(s ...policy.Statement) *policy.Document { return policy.Must(policy.NewDocument(s...)) }
	allow := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
	when := func(key, value string) policy.Statement {
		s := allow
		s.Condition = policy.When("StringEquals", key, value)
		return s
	}
	to := func(p policy.Principals) policy.Statement {
		s := allow
		s.Principal = p
		return s
	}
	owns := func(s policy.Statement) func(*org.Account) {
		return func(a *org.Account) {
			a.Roles[0].Inline = []org.InlinePolicy{{Name: "own", Document: document(s)}}
		}
	}
	lists := func(list ...org.Resource) func(*org.Account) {
		return func(a *org.Account) { a.Resources = append(a.Resources, list...) }
	}
	arn := policy.MustParseARN
	red := map[string]string{"team": "red"}
	deny := to(policy.Everyone())
	deny.Effect, deny.Action = policy.Deny, policy.List("kms:*")
	rcp := org.ControlPolicy{ID: "p-keys", Name: "keys", Kind: policy.ResourceControl, Document: document(deny)}
	tests := []struct {
		name     string
		world    []func(*org.Account)
		setup    []org.Change
		change   []org.Change
		action   policy.Action
		resource string
	}{
		{
			"tag of a bucket", []func(*org.Account){owns(when("s3:BucketTag/team", "red")), lists(org.Resource{ARN: arn(bucket), ABAC: true})}, nil,
			[]org.Change{org.PutResource(home, org.Resource{ARN: arn(bucket), ABAC: true, Tags: red})}, "s3:GetObject", bucket + "/any",
		},
		{
			"ABAC of a bucket", []func(*org.Account){owns(when("aws:ResourceTag/team", "red")), lists(org.Resource{ARN: arn(bucket), Tags: red})}, nil,
			[]org.Change{org.PutResource(home, org.Resource{ARN: arn(bucket), ABAC: true, Tags: red})}, "s3:ListBucket", bucket,
		},
		{
			"tag of a queue", []func(*org.Account){owns(when("aws:ResourceTag/team", "red")), lists(org.Resource{ARN: arn(queue)})}, nil,
			[]org.Change{org.PutResource(home, org.Resource{ARN: arn(queue), Tags: red})}, "sqs:SendMessage", queue,
		},
		{
			"AWS managed key", []func(*org.Account){lists(org.Resource{ARN: arn(key), Policy: document(to(policy.PrincipalList(policy.AWSPrincipal, role.String())))})},
			[]org.Change{org.PutControlPolicy(rcp), org.AttachControlPolicy(rcp.ID, home)},
			[]org.Change{org.PutResource(home, org.Resource{ARN: arn(key), AWSManaged: true, Policy: document(to(policy.PrincipalList(policy.AWSPrincipal, role.String())))})}, "kms:Decrypt", key,
		},
		{
			"canonical ID", []func(*org.Account){owns(allow)},
			[]org.Change{org.PutResource(management, org.Resource{ARN: arn(bucket), Policy: document(to(policy.PrincipalList(policy.CanonicalUserPrincipal, canonical)))})},
			[]org.Change{org.PutAccount("", org.Account{
				ID: home, CanonicalID: canonical, Attached: []string{org.FullAWSAccess},
				Roles: []org.Role{{ARN: role, Tags: red, Inline: []org.InlinePolicy{{Name: "own", Document: document(allow)}}}},
			})}, "s3:GetObject", bucket + "/any",
		},
		{
			"account of a bucket", []func(*org.Account){owns(allow)}, []org.Change{org.PutResource(management, org.Resource{ARN: arn(bucket)})},
			[]org.Change{org.Remove(arn(bucket)), org.PutResource(home, org.Resource{ARN: arn(bucket)})}, "s3:GetObject", bucket + "/any",
		},
		{
			"unique ID", []func(*org.Account){
				func(a *org.Account) { a.Roles[0].ID = "AROAEXAMPLEEXAMPLE2" },
				lists(org.Resource{ARN: arn(queue), Policy: document(to(policy.PrincipalList(policy.AWSPrincipal, "AROAEXAMPLEEXAMPLE1")))}),
			}, nil, []org.Change{org.PutRole(org.Role{ARN: role, ID: "AROAEXAMPLEEXAMPLE1", Tags: red})}, "sqs:SendMessage", queue,
		},
		{
			"unique ID that is not known", []func(*org.Account){
				func(a *org.Account) { a.Roles[0].ID = "AROAEXAMPLEEXAMPLE2" },
				lists(org.Resource{ARN: arn(queue), Policy: document(to(policy.PrincipalList(policy.AWSPrincipal, "AROAEXAMPLEEXAMPLE1")))}),
			}, nil, []org.Change{org.PutRole(org.Role{ARN: role, Tags: red})}, "sqs:SendMessage", queue,
		},
		{
			"gap of a queue", []func(*org.Account){lists(org.Resource{ARN: arn(queue)})}, nil,
			[]org.Change{org.MarkUnknown(org.Gap{Subject: queue, What: org.GapResourcePolicy})}, "sqs:SendMessage", queue,
		},
		{
			"gap of all policies of resources", nil, nil,
			[]org.Change{org.MarkUnknown(org.Gap{Subject: home, What: org.GapResourcePolicy})}, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:any",
		},
		{
			"gap of one policy", nil, nil,
			[]org.Change{org.MarkUnknown(org.Gap{Subject: queue, What: org.GapResourcePolicy})}, "sqs:SendMessage", queue,
		},
		{
			"gap of some policies", nil, nil,
			[]org.Change{org.MarkUnknown(org.Gap{Subject: "arn:aws:sqs:*:111122223333:orders-*"})}, "sqs:SendMessage", queue + "-1",
		},
		{
			"more than what is listed", nil, nil,
			[]org.Change{org.MarkUnknown(org.Gap{Subject: "arn:aws:sqs:*", What: org.GapUnlisted})}, "sqs:SendMessage", queue,
		},
		{
			"index of a table", []func(*org.Account){lists(org.Resource{ARN: arn(table)})}, nil,
			[]org.Change{org.PutResource(home, org.Resource{ARN: arn(table), Policy: document(policy.Statement{
				Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, role.String()), Action: policy.List("dynamodb:Query"), Resource: policy.List(table + "/index/*"),
			})})}, "dynamodb:Query", table + "/index/any",
		},
		{
			"owner of an object", []func(*org.Account){lists(
				org.Resource{ARN: arn(bucket), Policy: document(to(policy.PrincipalList(policy.AWSPrincipal, role.String())))}, org.Resource{ARN: arn(bucket + "/a"), Owner: management},
			)}, nil,
			[]org.Change{org.Remove(arn(bucket + "/a"))}, "s3:GetObject", bucket + "/a",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			world := small(t, func(a *org.Account) {
				for _, f := range test.world {
					f(a)
				}
			})
			before, err := world.Apply(test.setup...)
			require.NoError(t, err)
			after, err := before.Apply(test.change...)
			require.NoError(t, err)
			r := simulate.Request{Principal: policy.PrincipalFromARN(role), Action: test.action, Resource: arn(test.resource)}
			deltas, err := simulate.Diff(context.Background(), before, after, slices.Values([]simulate.Request{r}))
			require.NoError(t, err)
			require.Len(t, deltas, 1)
			require.Equal(t, simulate.DeltaGained, deltas[0].Kind())
			has := func(before, after *simulate.Environment, kind simulate.DeltaKind) bool {
				rows := report(t, before, after, simulate.Scope{Actions: []string{string(test.action)}}).Rows
				return slices.ContainsFunc(rows, func(row simulate.Row) bool {
					return row.Kind == kind && slices.Contains(row.Principals, r.Principal) && slices.ContainsFunc(row.Resources, func(label string) bool {
						p := glob.Compile(label, glob.Wildcards)
						return p.Match(test.resource, nil)
					})
				})
			}
			require.True(t, has(before, after, simulate.DeltaGained), "no row for %v", r)
			require.True(t, has(after, before, simulate.DeltaLost), "no row the other way round for %v", r)
		})
	}
}
