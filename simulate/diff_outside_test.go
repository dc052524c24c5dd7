package simulate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// small is an organization with a bucket, a role, and what the test adds.
func small(t testing.TB, change func(a *org.Account)) *simulate.Environment {
	t.Helper()
	account := org.Account{
		ID: "111122223333", Attached: []string{org.FullAWSAccess},
		Roles: []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/orders"), Tags: map[string]string{"team": "red"}}},
	}
	if change != nil {
		change(&account)
	}
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root:     org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"444455556666", "111122223333"}},
		Accounts: []org.Account{{ID: "444455556666", Attached: []string{org.FullAWSAccess}}, account},
	})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

func outsideNames(r *simulate.Report, kind simulate.DeltaKind, action policy.Action) []string {
	var out []string
	for _, row := range r.Rows {
		if row.Kind != kind || !slices.Contains(row.Actions, action) {
			continue
		}
		for _, o := range row.Outside {
			name := o.Principal.String()
			if name == "" {
				name = o.Principal.Name()
			}
			out = append(out, strings.TrimSpace(o.Type.String()+" "+name))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A bucket that opens to others says so, and to whom; closing it says that they lose it.
func TestAffectedBucketOpens(t *testing.T) {
	bucket := func(p policy.Principals) *simulate.Environment {
		return small(t, func(a *org.Account) {
			a.Resources = []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: policy.Must(policy.NewDocument(policy.Statement{
				Effect: policy.Allow, Principal: p, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
			}))}}
		})
	}
	own := policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::111122223333:role/orders")
	foreign := policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::999988887777:root")
	tests := []struct {
		name string
		to   policy.Principals
		want []string
	}{
		{"account", foreign, []string{"external arn:aws:iam::999988887777:root"}},
		{"user of an account", policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::999988887777:user/ana"), []string{"external arn:aws:iam::999988887777:user/ana"}},
		{"service", policy.PrincipalList(policy.ServicePrincipalType, "cloudtrail.amazonaws.com"), []string{"service cloudtrail.amazonaws.com"}},
		{"everybody", policy.Everyone(), []string{"anonymous", "external", "service"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			there := report(t, bucket(own), bucket(test.to), simulate.Scope{})
			gained := outsideNames(there, simulate.DeltaGained, "s3:GetObject")
			for i, n := range gained {
				if strings.HasPrefix(n, "anonymous") {
					gained[i] = "anonymous"
				}
			}
			require.Subset(t, gained, test.want)
			require.Empty(t, outsideNames(there, simulate.DeltaLost, "s3:GetObject"))
			back := report(t, bucket(test.to), bucket(own), simulate.Scope{})
			require.Len(t, outsideNames(back, simulate.DeltaLost, "s3:GetObject"), len(gained))
			require.Empty(t, outsideNames(back, simulate.DeltaGained, "s3:GetObject"))
			for _, row := range there.Rows {
				require.NotEqual(t, len(row.Principals) > 0, len(row.Outside) > 0)
				if len(row.Outside) > 0 && row.Outside[0].Type == simulate.CallerExternal {
					require.False(t, row.After.Allowed(), "the own account of the caller is not known")
				}
			}
		})
	}
	r := report(t, bucket(foreign), bucket(foreign), simulate.Scope{})
	require.Empty(t, r.Rows)
	require.Zero(t, r.Requests)
	// One account instead of another.
	r = report(t, bucket(policy.PrincipalList(policy.AWSPrincipal, "888877776666")), bucket(foreign), simulate.Scope{})
	require.Equal(t, []string{"external arn:aws:iam::999988887777:root"}, outsideNames(r, simulate.DeltaGained, "s3:GetObject"))
	require.Equal(t, []string{"external arn:aws:iam::888877776666:root"}, outsideNames(r, simulate.DeltaLost, "s3:GetObject"))
	// A new bucket opens, too, and a bucket that is gone closes.
	r = report(t, small(t, nil), bucket(foreign), simulate.Scope{})
	require.Equal(t, []string{"external arn:aws:iam::999988887777:root"}, outsideNames(r, simulate.DeltaGained, "s3:GetObject"))
	r = report(t, bucket(foreign), small(t, nil), simulate.Scope{})
	require.Equal(t, []string{"external arn:aws:iam::999988887777:root"}, outsideNames(r, simulate.DeltaLost, "s3:GetObject"))
	// The scope says who.
	r = report(t, bucket(own), bucket(policy.Everyone()), simulate.Scope{Principals: []string{"arn:aws:iam::111122223333:role/orders"}})
	require.Empty(t, outsideNames(r, simulate.DeltaGained, "s3:GetObject"))
}

// So it is with roles that others may assume.
func TestAffectedTrustOpens(t *testing.T) {
	role := func(p policy.Principals) *simulate.Environment {
		return small(t, func(a *org.Account) {
			a.Roles[0].Trust = policy.Must(policy.NewDocument(policy.Statement{
				Effect: policy.Allow, Principal: p, Action: policy.List("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"),
			}))
		})
	}
	own := policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::111122223333:root")
	tests := []struct {
		name   string
		to     policy.Principals
		action policy.Action
		want   string
	}{
		{"account", policy.PrincipalList(policy.AWSPrincipal, "999988887777"), "sts:AssumeRole", "external arn:aws:iam::999988887777:root"},
		{"service", policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), "sts:AssumeRole", "service ec2.amazonaws.com"},
		{"provider", policy.PrincipalList(policy.FederatedPrincipal, "accounts.google.com"), "sts:AssumeRoleWithWebIdentity", "federated accounts.google.com"},
		{"everybody", policy.Everyone(), "sts:AssumeRole", "external"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := report(t, role(own), role(test.to), simulate.Scope{})
			require.Contains(t, outsideNames(r, simulate.DeltaGained, test.action), test.want)
			r = report(t, role(test.to), role(own), simulate.Scope{})
			require.Contains(t, outsideNames(r, simulate.DeltaLost, test.action), test.want)
		})
	}
}

// An RCP that goes lets others in, and so does Block Public Access that goes.
func TestAffectedOutsideControls(t *testing.T) {
	perimeter := org.ControlPolicy{ID: "p-perimeter", Name: "perimeter", Kind: policy.ResourceControl, Document: policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Deny, Principal: policy.Everyone(), Action: policy.List("s3:GetObject"), Resource: policy.List("*"),
	}))}
	open := small(t, func(a *org.Account) {
		a.Resources = []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: policy.Must(policy.NewDocument(policy.Statement{
			Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::logs/*"),
		}))}}
	})
	closed, err := open.Apply(org.PutControlPolicy(perimeter), org.AttachControlPolicy(perimeter.ID, "111122223333"))
	require.NoError(t, err)
	r := report(t, closed, open, simulate.Scope{})
	require.Contains(t, outsideNames(r, simulate.DeltaGained, "s3:GetObject"), "external")
	require.Empty(t, outsideNames(r, simulate.DeltaGained, "s3:PutObject"))

	// BlockPublicAccess that goes, too.
	bucket, ok := open.Organization().Resource(policy.MustParseARN("arn:aws:s3:::logs"))
	require.True(t, ok)
	bucket.BlockPublicAccess = true
	blocked, err := open.Apply(org.PutResource("111122223333", bucket))
	require.NoError(t, err)
	require.Contains(t, outsideNames(report(t, blocked, open, simulate.Scope{}), simulate.DeltaGained, "s3:GetObject"), "external")

	// Whoever is asked is answered as by Can.
	for _, row := range r.Rows {
		require.Equal(t, row.Before, closed.Can(row.Example))
		require.Equal(t, row.After, open.Can(row.Example))
	}
	n := 0
	a, err := closed.Affected(open, simulate.Scope{})
	require.NoError(t, err)
	for range a.Requests(context.Background()) {
		n++
	}
	require.Equal(t, r.Requests, n)
}

// A resource that changes in nothing but tags that are not known is affected.
func TestAffectedUnknownTags(t *testing.T) {
	queue := policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders")
	before := small(t, func(a *org.Account) {
		a.Resources = []org.Resource{{ARN: queue}}
		a.Roles[0].Inline = []org.InlinePolicy{{Name: "own", Document: policy.Must(policy.NewDocument(policy.Statement{
			Effect: policy.Allow, Action: policy.List("sqs:SendMessage"), Resource: policy.List(queue.String()), Condition: policy.When("StringEquals", "aws:ResourceTag/team", "red"),
		}))}}
	})
	after, err := before.Apply(org.MarkUnknown(org.Gap{Subject: queue.String(), What: org.GapTags}))
	require.NoError(t, err)
	r := report(t, before, after, simulate.Scope{Actions: []string{"sqs:SendMessage"}})
	role := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/orders"))
	require.True(t, slices.ContainsFunc(r.Rows, func(row simulate.Row) bool {
		return row.Kind == simulate.DeltaGained && slices.Contains(row.Principals, role) && slices.Contains(row.Resources, queue.String())
	}), fmt.Sprint(r.Rows))
}

// Patterns with variables are sampled with what they are before and after.
func TestAffectedVariables(t *testing.T) {
	env := func(team string) *simulate.Environment {
		return small(t, func(a *org.Account) {
			a.Roles[0].Tags["team"] = team
			a.Roles[0].Trust = policy.Must(policy.NewDocument(policy.Statement{ // no session tags
				Effect: policy.Allow, Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), Action: policy.List("sts:AssumeRole"),
			}))
			a.Roles[0].Inline = []org.InlinePolicy{{Name: "own", Document: policy.Must(policy.NewDocument(policy.Statement{
				Effect: policy.Allow, Action: policy.List("dynamodb:GetItem"), Resource: policy.List("arn:aws:dynamodb:eu-west-1:111122223333:table/${aws:PrincipalTag/team}-*"),
			}))}}
		})
	}
	r := report(t, env("red"), env("blue"), simulate.Scope{Actions: []string{"dynamodb:GetItem"}})
	got := map[simulate.DeltaKind][]string{}
	for _, row := range r.Rows {
		got[row.Kind] = append(got[row.Kind], row.Resources...)
	}
	require.Equal(t, map[simulate.DeltaKind][]string{
		simulate.DeltaGained: {"arn:aws:dynamodb:eu-west-1:111122223333:table/blue-*"},
		simulate.DeltaLost:   {"arn:aws:dynamodb:eu-west-1:111122223333:table/red-*"},
	}, got)
}

// What an old and a new pattern have in common has a sample of its own.
func TestAffectedCrossings(t *testing.T) {
	allow := policy.Statement{Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::bare/a*")}
	env := func(listed bool, more ...policy.Statement) *simulate.Environment {
		return small(t, func(a *org.Account) {
			if listed {
				a.Resources = []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::bare")}}
			}
			a.Roles[0].Inline = []org.InlinePolicy{{Name: "own", Document: policy.Must(policy.NewDocument(append([]policy.Statement{allow}, more...)...))}}
		})
	}
	deny := policy.Statement{Effect: policy.Deny, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::*/*secret*z")}
	for _, listed := range []bool{false, true} {
		r := report(t, env(listed), env(listed, deny), simulate.Scope{Actions: []string{"s3:GetObject"}})
		require.Len(t, r.Rows, 1)
		require.Equal(t, simulate.DeltaLost, r.Rows[0].Kind)
		require.Equal(t, []string{"arn:aws:s3:::bare/a*secret*z"}, r.Rows[0].Resources)
		require.Empty(t, r.Incomplete)
	}

	// Too many of them are said to be too many.
	var wide []string
	for i := range 70 {
		wide = append(wide, fmt.Sprintf("arn:aws:s3:::*/*x%dy*", i))
	}
	deny.Resource = policy.List(wide...)
	r := report(t, env(false), env(false, deny), simulate.Scope{Actions: []string{"s3:GetObject"}})
	require.NotEmpty(t, r.Rows)
	require.NotEmpty(t, r.Incomplete)
	require.Equal(t, []policy.Action{"s3:GetObject"}, r.Incomplete[0].Actions)
	require.NotEmpty(t, r.Incomplete[0].Resources)
}

// Whether the policy of a bucket reaches an object depends on who owns it (R-SPC-10): an
// owner that goes lets in whom the policy names, and one that comes keeps them out.
func TestAffectedObjectOwner(t *testing.T) {
	object := policy.MustParseARN("arn:aws:s3:::logs/a")
	env := func(list ...org.Resource) *simulate.Environment {
		return small(t, func(a *org.Account) {
			a.Resources = append(list, org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: policy.Must(policy.NewDocument(policy.Statement{
				Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, "arn:aws:iam::111122223333:role/orders", "arn:aws:iam::999988887777:user/ana"),
				Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
			}))})
		})
	}
	role := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/orders"))
	scope := simulate.Scope{Actions: []string{"s3:*Object"}}
	none, own, foreign := env(), env(org.Resource{ARN: object, Owner: "111122223333"}), env(org.Resource{ARN: object, Owner: "444455556666"})
	for _, test := range []struct {
		name          string
		before, after *simulate.Environment
		kind          simulate.DeltaKind // DeltaNone: no row
	}{
		{"not listed any more", foreign, none, simulate.DeltaGained},
		{"listed", none, foreign, simulate.DeltaLost},
		{"without an owner", foreign, env(org.Resource{ARN: object}), simulate.DeltaGained},
		{"of the account of the bucket", foreign, own, simulate.DeltaGained},
		{"of another account", own, foreign, simulate.DeltaLost},
		{"of a third account", foreign, env(org.Resource{ARN: object, Owner: "555566667777"}), simulate.DeltaNone},
		{"as good as not listed", own, none, simulate.DeltaNone},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := report(t, test.before, test.after, scope)
			if test.kind == simulate.DeltaNone {
				require.Empty(t, r.Rows)
				return
			}
			require.Len(t, r.Rows, 2)
			for _, row := range r.Rows {
				require.Equal(t, test.kind, row.Kind)
				require.Equal(t, []policy.Action{"s3:GetObject"}, row.Actions)
				require.Equal(t, []string{object.String()}, row.Resources)
				require.Equal(t, "settings of "+object.String(), row.Reason)
				if len(row.Outside) > 0 {
					require.Equal(t, "arn:aws:iam::999988887777:user/ana", row.Outside[0].Principal.String())
				} else {
					require.Equal(t, []policy.Principal{role}, row.Principals)
				}
			}
		})
	}

	// An object of an unlisted bucket is as one that is not listed.
	bare := func(list ...org.Resource) *simulate.Environment {
		return small(t, func(a *org.Account) {
			a.Resources = list
			a.Roles[0].Inline = []org.InlinePolicy{{Name: "own", Document: policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*")}))}}
		})
	}
	require.Empty(t, report(t, bare(org.Resource{ARN: object, Owner: "444455556666"}), bare(), scope).Rows)
	without, err := bare(org.Resource{ARN: object}).Apply(org.Remove(role.ARN()))
	require.NoError(t, err)
	r := report(t, without, bare(org.Resource{ARN: object}), scope)
	require.True(t, slices.ContainsFunc(r.Rows, func(row simulate.Row) bool {
		return row.After.Allowed() && slices.Equal(row.Resources, []string{"arn:aws:s3:::logs/*"})
	}), r.Rows)
}
