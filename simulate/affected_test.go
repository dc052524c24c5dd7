package simulate_test

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// With -full the comparison with the full enumeration asks about the actions of all services.
var fullEnumeration = flag.Bool("full", false, "compare the affected scope with all actions, not with those of some services")

func fintech(t testing.TB) *simulate.Environment {
	t.Helper()
	o, err := org.ReadFS(examples.Fintech())
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

// widened is the region SCP of fintech with one more region.
func widened(t testing.TB, env *simulate.Environment) org.Change {
	t.Helper()
	p, ok := env.Organization().ControlPolicy("p-regionseu1")
	require.True(t, ok)
	text := strings.Replace(p.Document.String(), `"eu-west-3"`, `"eu-west-3", "eu-central-1"`, 1)
	require.NotEqual(t, p.Document.String(), text)
	p.Document = policy.Must(policy.ParseAt("control-policies/p-regionseu1.json", policy.Position{}, []byte(text)))
	return org.PutControlPolicy(p)
}

func report(t testing.TB, before, after *simulate.Environment, s simulate.Scope) *simulate.Report {
	t.Helper()
	a, err := before.Affected(after, s)
	require.NoError(t, err)
	r, err := a.Report(context.Background())
	require.NoError(t, err)
	return r
}

// changesOfFintech are changes of every layer.
func changesOfFintech(t testing.TB, env *simulate.Environment) map[string][]org.Change {
	o := env.Organization()
	role := func(arn string) org.Role {
		r, ok := o.Role(policy.MustParseARN(arn))
		require.True(t, ok, arn)
		return r
	}
	statement := func(s policy.Statement) *policy.Document { return policy.Must(policy.NewDocument(s)) }
	kyc := role("arn:aws:iam::888899990000:role/app/kyc-verifier")
	kyc.Inline = append(kyc.Inline, org.InlinePolicy{Name: "more", Document: statement(policy.Statement{
		Effect: policy.Allow, Action: policy.List("sqs:*", "s3:Get*", "kms:Decrypt"), Resource: policy.List("*"),
	})})
	payments := role("arn:aws:iam::111122223333:role/app/payments-api")
	payments.Tags = map[string]string{"team": "other"}
	boundary := org.ManagedPolicy{ARN: policy.MustParseARN("arn:aws:iam::121212121212:policy/boundaries/ApplicationBoundary"), Document: statement(policy.Statement{
		Effect: policy.Allow, Action: policy.List("s3:Get*"), Resource: policy.List("*"),
	})}
	perimeter := org.ControlPolicy{ID: "p-orgperimeter", Name: "OrganizationPerimeter", Kind: policy.ResourceControl, Document: statement(policy.Statement{
		Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("s3:DeleteObject", "sqs:Purge*"), Resource: policy.List("*"),
	})}
	ledger := role("arn:aws:iam::777788889999:role/app/ledger-writer")
	ledger.Trust = statement(policy.Statement{Effect: policy.Allow, Principal: policy.PrincipalList("AWS", "arn:aws:iam::777788889999:root"), Action: policy.List("sts:AssumeRole")})
	archive, ok := o.Resource(policy.MustParseARN("arn:aws:s3:::exemplia-ledger-archive"))
	require.True(t, ok)
	archive.Policy = statement(policy.Statement{Effect: policy.Allow, Principal: policy.PrincipalList("AWS", "888899990000"), Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::exemplia-ledger-archive", "arn:aws:s3:::exemplia-ledger-archive/*")})
	return map[string][]org.Change{
		"region SCP widened":   {widened(t, env)},
		"region SCP detached":  {org.DetachControlPolicy("p-regionseu1", "ou-ab12-33333333")},
		"full access detached": {org.DetachControlPolicy(org.FullAWSAccess, "ou-ab12-44444444")},
		"account moved":        {org.MoveAccount("565656565656", "ou-ab12-33331111")},
		"RCP replaced":         {org.PutControlPolicy(perimeter)},
		"role may do more":     {org.PutRole(kyc)},
		"role has other tags":  {org.PutRole(payments)},
		"boundary narrowed":    {org.PutManagedPolicy("121212121212", boundary)},
		"trust policy":         {org.PutRole(ledger)},
		"bucket policy":        {org.PutResource("777788889999", archive)},
		"role removed":         {org.Remove(kyc.ARN)},
		"gap":                  {org.MarkUnknown(org.Gap{Subject: kyc.ARN.String(), What: org.GapIdentityPolicies})},
	}
}

// What the affected scope finds is all that a full enumeration finds.
func TestAffectedIsComplete(t *testing.T) {
	before := fintech(t)
	scope := simulate.Scope{Actions: []string{"s3:*Object*", "s3:*Bucket", "sqs:*", "kms:*crypt", "sts:*", "iam:PassRole", "ec2:RunInstances", "secretsmanager:Get*", "lambda:I*"}}
	if *fullEnumeration {
		scope.Actions = nil
	}
	for name, changes := range changesOfFintech(t, before) {
		t.Run(name, func(t *testing.T) {
			after, err := before.Apply(changes...)
			require.NoError(t, err)
			rows := report(t, before, after, scope).Rows
			require.NotEmpty(t, rows)
			x := newRowIndex(rows)
			found := 0
			for d, err := range simulate.Deltas(context.Background(), before, after, before.Requests(scope)) {
				require.NoError(t, err)
				if d.Kind() == simulate.DeltaNone || name == "role removed" && d.Kind() == simulate.DeltaGained {
					continue // one environment does not know the role
				}
				found++
				if !x.covers(d) {
					t.Fatalf("%s %s %s: %s (%s), before %s, after %s", d.Request.Principal, d.Request.Action, d.Request.Resource, d.Kind(), d.AfterRequires, d.Before, d.After)
				}
			}
			t.Logf("%d differences, %d rows", found, len(rows))
		})
	}
}

// A rowIndex finds the rows about a principal and an action.
type rowIndex map[string][]*simulate.Row

func newRowIndex(rows []simulate.Row) rowIndex {
	x := rowIndex{}
	for i := range rows {
		for _, p := range rows[i].Principals {
			x[p.String()] = append(x[p.String()], &rows[i])
		}
	}
	return x
}

func (x rowIndex) covers(d simulate.Delta) bool {
	return slices.ContainsFunc(x[d.Request.Principal.String()], func(r *simulate.Row) bool {
		if _, ok := slices.BinarySearchFunc(r.Actions, d.Request.Action, func(a, b policy.Action) int {
			return strings.Compare(strings.ToLower(string(a)), strings.ToLower(string(b)))
		}); !ok && !slices.Contains(r.Actions, d.Request.Action) {
			return false
		}
		return slices.ContainsFunc(r.Resources, func(label string) bool {
			if !d.Request.Resource.IsValid() {
				return label == "*"
			}
			p := glob.Compile(label, glob.Wildcards)
			return p.Match(d.Request.Resource.String(), nil)
		})
	})
}

// Principals with the same layers are asked once, but for those that a policy tells apart.
func TestGroups(t *testing.T) {
	const account = "111122223333"
	statement := func(s policy.Statement) *policy.Document { return policy.Must(policy.NewDocument(s)) }
	role := func(name string, tags map[string]string) org.Role {
		return org.Role{ARN: policy.MustParseARN("arn:aws:iam::" + account + ":role/" + name), Tags: tags, Inline: []org.InlinePolicy{{
			Name: "own", Document: statement(policy.Statement{Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("*")}),
		}}}
	}
	user := func(name string) org.User {
		return org.User{ARN: policy.MustParseARN("arn:aws:iam::" + account + ":user/" + name), Inline: []org.InlinePolicy{{
			Name: "own", Document: statement(policy.Statement{Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::logs/*")}),
		}}}
	}
	bucket := statement(policy.Statement{Effect: policy.Deny, Principal: policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::"+account+":role/c"), Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::logs/*")})
	scp := statement(policy.Statement{Effect: policy.Deny, Action: policy.List("s3:DeleteObject"), Resource: policy.List("*"), Condition: policy.When("ArnNotLike", "aws:PrincipalArn", "arn:aws:iam::*:role/d*")})
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root:            org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"444455556666", account}},
		ControlPolicies: []org.ControlPolicy{{ID: "p-keep", Name: "keep", Kind: policy.ServiceControl, Document: scp}},
		Accounts: []org.Account{
			{ID: "444455556666", Attached: []string{org.FullAWSAccess}},
			{
				ID: account, Attached: []string{org.FullAWSAccess},
				Users:     []org.User{user("x"), user("y")},
				Roles:     []org.Role{role("a", nil), role("b", nil), role("c", nil), role("d1", nil), role("d2", nil), role("e", map[string]string{"team": "data"})},
				Resources: []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: bucket}},
			},
		},
	})
	require.NoError(t, err)
	before, err := simulate.Compile(o)
	require.NoError(t, err)
	groups := func(changes ...org.Change) (out []string) {
		after, err := before.Apply(changes...)
		require.NoError(t, err)
		a, err := before.Affected(after, simulate.Scope{Actions: []string{"s3:*Object"}})
		require.NoError(t, err)
		for members := range a.Groups() {
			var names []string
			for _, p := range members {
				names = append(names, p.Name())
			}
			out = append(out, strings.Join(names, " "))
		}
		done, total := a.Progress()
		require.Equal(t, []int{0, len(out)}, []int{done, total})
		return out
	}
	require.Equal(t, []string{"a b", "c", "d1 d2", "e", "root", "x y"}, groups(org.AttachControlPolicy("p-keep", account)))
	require.Empty(t, groups(org.AttachControlPolicy("p-keep", "444455556666")), "the management account is exempt")
	y := user("y")
	y.Tags = map[string]string{"team": "data"}
	require.Empty(t, groups(org.PutUser(y)), "no policy asks for the tag")
	y = user("y")
	y.Inline[0].Document = statement(policy.Statement{Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::${aws:username}/*")})
	require.Equal(t, []string{"y"}, groups(org.PutUser(y)))
}
