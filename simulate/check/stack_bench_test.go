package check_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// fiveLayers is an account below two levels of SCPs, with a role that has a boundary and the
// managed policies.
func fiveLayers(b *testing.B, attached []string) *simulate.Environment {
	b.Helper()
	_, documents := managed()
	scp := func(id string, statements ...string) org.ControlPolicy {
		return org.ControlPolicy{ID: id, Name: id, Kind: policy.ServiceControl, Document: document(append(statements, `{"Effect":"Allow","Action":"*","Resource":"*"}`))}
	}
	role := org.Role{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/orders"), ID: "AROAEXAMPLEORDERS",
		Trust:    document([]string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`}),
		Boundary: policy.MustParseARN("arn:aws:iam::111122223333:policy/boundary")}
	account := org.Account{ID: "111122223333", Attached: []string{"p-account1"}, Policies: []org.ManagedPolicy{{ARN: role.Boundary, Document: document([]string{
		`{"Effect":"Allow","Action":"*","Resource":"*"}`,
		`{"Effect":"Deny","Action":["iam:CreateUser","iam:DeleteUser","organizations:*","account:*"],"Resource":"*"}`,
	})}}}
	for _, name := range attached {
		arn := policy.MustParseARN(name)
		role.Attached = append(role.Attached, arn)
		account.Policies = append(account.Policies, org.ManagedPolicy{ARN: arn, Document: documents[name]})
	}
	account.Roles = []org.Role{role}
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{"p-root0001"}, Accounts: []string{"444455556666"},
			OUs: []org.OU{{ID: "ou-ab12-11111111", Name: "orders", Attached: []string{"p-unit0001"}, Accounts: []string{"111122223333"}}}},
		ControlPolicies: []org.ControlPolicy{
			scp("p-root0001", `{"Effect":"Deny","NotAction":["iam:*","sts:*","organizations:*","support:*","cloudfront:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`),
			scp("p-unit0001", `{"Effect":"Deny","Action":["cloudtrail:StopLogging","cloudtrail:DeleteTrail"],"Resource":"*"}`),
			scp("p-account1", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:root"}}}`),
		},
		Accounts: []org.Account{account, {ID: "444455556666", Attached: []string{org.FullAWSAccess}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	e, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkNoGainedAccess compares a role in environments of five layers that differ in one of
// its five managed policies.
func BenchmarkNoGainedAccess(b *testing.B) {
	const stacks = 100
	names, _ := managed()
	r := rand.New(rand.NewPCG(1, 2))
	type pair struct{ before, after *simulate.Environment }
	var list []pair
	for range stacks {
		var attached []string
		for len(attached) < 5 {
			if name := names[r.IntN(len(names))]; !slices.Contains(attached, name) {
				attached = append(attached, name)
			}
		}
		list = append(list, pair{fiveLayers(b, attached), fiveLayers(b, attached[:4])})
	}
	orders := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/orders"))
	var count [3]int
	ask := func(i int) {
		p := list[i/2%stacks]
		if i%2 == 1 {
			p.before, p.after = p.after, p.before
		}
		result, err := check.NoGainedAccess(context.Background(), p.before, p.after, orders)
		if err != nil {
			b.Fatal(err)
		}
		if i < 2*stacks {
			count[result.Verdict]++
		}
	}
	for i := range 2 * stacks {
		ask(i)
	}
	count = [3]int{}
	var times []time.Duration
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		start := clock()
		ask(i)
		times = append(times, clock()-start)
	}
	report(b, times, count)
}
