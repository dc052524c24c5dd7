package simulate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// largeOrganization has 10,000 roles in 20 accounts below two OUs, 500 managed policies of
// five statements, of which each role has three, an inline policy of two statements for
// each role, a boundary for every third one, and a bucket with a policy in each account.
func largeOrganization(b testing.TB, roles int) *org.Organization {
	b.Helper()
	const accounts, policies = 20, 500
	r := rand.New(rand.NewPCG(5, 10))
	var services []string
	for s := range serviceref.Embedded().Services() {
		services = append(services, s.Prefix)
	}
	verbs := []string{"Get*", "List*", "Describe*", "*", "Create*", "Delete*", "Put*", "Update*"}
	statements := func(n int) *policy.Document {
		var list []policy.Statement
		for range n {
			s := policy.Statement{Effect: policy.Allow, Action: policy.List(services[r.IntN(len(services))]+":"+verbs[r.IntN(len(verbs))], services[r.IntN(len(services))]+":"+verbs[r.IntN(len(verbs))]), Resource: policy.List("*")}
			switch r.IntN(10) {
			case 0:
				s.Effect = policy.Deny
			case 1:
				s.Condition = policy.When("StringEquals", "aws:PrincipalTag/team", fmt.Sprintf("team-%d", r.IntN(5)))
			}
			list = append(list, s)
		}
		return policy.Must(policy.NewDocument(list...))
	}
	regions := policy.Must(policy.NewDocument(policy.Statement{
		SID: "Regions", Effect: policy.Deny, NotAction: policy.List("iam:*", "sts:*", "organizations:*"), Resource: policy.List("*"),
		Condition: policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1", "eu-west-3"),
	}))
	s := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "100000000000", Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}}}
	s.ControlPolicies = []org.ControlPolicy{{ID: "p-regions", Name: "regions", Kind: policy.ServiceControl, Document: regions}}
	s.Root.OUs = []org.OU{{ID: "ou-ab12-11111111", Name: "Prod", Attached: []string{org.FullAWSAccess, "p-regions"}}, {ID: "ou-ab12-22222222", Name: "Dev", Attached: []string{org.FullAWSAccess}}}
	managed := make([]*policy.Document, policies)
	for i := range managed {
		managed[i] = statements(5)
	}
	for i := range accounts {
		id := fmt.Sprintf("1000000000%02d", i)
		a := org.Account{ID: id, Attached: []string{org.FullAWSAccess}}
		for j, d := range managed {
			a.Policies = append(a.Policies, org.ManagedPolicy{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:policy/p%d", id, j)), Document: d})
		}
		for j := range roles / accounts {
			role := org.Role{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:role/r%d", id, j)), Inline: []org.InlinePolicy{{Name: "own", Document: statements(2)}}, Tags: map[string]string{"team": fmt.Sprintf("team-%d", r.IntN(5))}}
			for _, n := range r.Perm(policies)[:3] {
				role.Attached = append(role.Attached, a.Policies[n].ARN)
			}
			if j%3 == 0 {
				role.Boundary = a.Policies[r.IntN(policies)].ARN
			}
			a.Roles = append(a.Roles, role)
		}
		bucket := fmt.Sprintf("arn:aws:s3:::bucket-%d", i)
		a.Resources = []org.Resource{{ARN: policy.MustParseARN(bucket), Policy: policy.Must(policy.NewDocument(policy.Statement{
			Effect: policy.Allow, Principal: policy.PrincipalList(policy.AWSPrincipal, id), Action: policy.List("s3:Get*"), Resource: policy.List(bucket + "/*"),
		}))}}
		s.Accounts = append(s.Accounts, a)
		if i == 0 {
			s.Root.Accounts = append(s.Root.Accounts, id)
		} else {
			s.Root.OUs[i%2].Accounts = append(s.Root.OUs[i%2].Accounts, id)
		}
	}
	o, err := org.New(s)
	if err != nil {
		b.Fatal(err)
	}
	return o
}

func largeChange(b testing.TB, roles int) (before, after *simulate.Environment) {
	before, err := simulate.Compile(largeOrganization(b, roles))
	if err != nil {
		b.Fatal(err)
	}
	p, _ := before.Organization().ControlPolicy("p-regions")
	p.Document = policy.Must(policy.NewDocument(policy.Statement{
		SID: "Regions", Effect: policy.Deny, NotAction: policy.List("iam:*", "sts:*", "organizations:*"), Resource: policy.List("*"),
		Condition: policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1", "eu-west-3", "eu-central-1"),
	}))
	after, err = before.Apply(org.PutControlPolicy(p))
	if err != nil {
		b.Fatal(err)
	}
	return before, after
}

func BenchmarkAffected(b *testing.B) {
	for _, roles := range []int{1000, 10000} {
		before, after := largeChange(b, roles)
		b.Run(fmt.Sprintf("roles=%d", roles), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := before.Affected(after, simulate.Scope{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkReport(b *testing.B) {
	for _, roles := range []int{1000, 10000} {
		before, after := largeChange(b, roles)
		b.Run(fmt.Sprintf("roles=%d", roles), func(b *testing.B) {
			b.ReportAllocs()
			var r *simulate.Report
			for b.Loop() {
				a, err := before.Affected(after, simulate.Scope{})
				if err != nil {
					b.Fatal(err)
				}
				if r, err = a.Report(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(r.Requests), "requests")
			b.ReportMetric(float64(len(r.Rows)), "rows")
			b.ReportMetric(float64(r.Groups), "groups")
			b.ReportMetric(float64(m.HeapAlloc)/1e6, "MB-live")
			runtime.KeepAlive(r)
		})
	}
}
