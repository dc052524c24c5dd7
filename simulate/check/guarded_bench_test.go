package check_test

import (
	"fmt"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// estate is an organization of 10 accounts with principals that share the managed policies of a few
// jobs, half of them with a statement of their own, and with buckets that name some of them.
func estate(b *testing.B, principals int) *simulate.Environment {
	b.Helper()
	spec := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess, "p-root0001"}, Accounts: []string{"444455556666"}},
		ControlPolicies: []org.ControlPolicy{{ID: "p-root0001", Name: "regions", Kind: policy.ServiceControl, Document: document([]string{
			`{"Effect":"Deny","NotAction":["iam:*","sts:*","organizations:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}`,
			`{"Effect":"Deny","Action":["cloudtrail:StopLogging","cloudtrail:DeleteTrail"],"Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/security-*"}}}`,
		})}},
		Accounts: []org.Account{{ID: "444455556666", Attached: []string{org.FullAWSAccess}}},
	}
	names, documents := managed()
	for n := range 10 {
		a := org.Account{ID: fmt.Sprintf("1111222233%02d", n), Attached: []string{org.FullAWSAccess}}
		var jobs []policy.ARN
		for j := range 20 {
			arn := policy.MustParseARN(names[(j*71+13)%len(names)])
			jobs = append(jobs, arn)
			a.Policies = append(a.Policies, org.ManagedPolicy{ARN: arn, Document: documents[arn.String()]})
		}
		for i := range principals / 10 {
			role := org.Role{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:role/orders%03d", a.ID, i)), ID: fmt.Sprintf("AROAEXAMPLE%02d%03d", n, i),
				Trust:    document([]string{`{"Effect":"Allow","Principal":{"AWS":"` + a.ID + `"},"Action":"sts:AssumeRole"}`}),
				Attached: []policy.ARN{jobs[i%20], jobs[(i+7)%20]}}
			if i%2 == 0 {
				role.Inline = []org.InlinePolicy{{Name: "own", Document: document([]string{
					fmt.Sprintf(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:%s:orders%03d"}`, a.ID, i)})}}
			}
			a.Roles = append(a.Roles, role)
		}
		for i := range 20 {
			arn := fmt.Sprintf("arn:aws:s3:::logs-%02d-%02d", n, i)
			d := document([]string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + a.ID + fmt.Sprintf(`:role/orders%03d"},"Action":"s3:GetObject","Resource":"`, i) + arn + `/*"}`})
			a.Resources = append(a.Resources, org.Resource{ARN: policy.MustParseARN(arn), Policy: d})
		}
		spec.Accounts = append(spec.Accounts, a)
		spec.Root.Accounts = append(spec.Root.Accounts, a.ID)
	}
	o, err := org.New(spec)
	if err != nil {
		b.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		b.Fatal(err)
	}
	return env
}

// BenchmarkGuarded asks about all principals of an organization.
func BenchmarkGuarded(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("principals=%d", n), func(b *testing.B) {
			env := estate(b, n)
			g := check.Guardrail{Accesses: []check.Access{{Actions: []string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail"}}}, Except: []string{"*:root"}}
			b.ReportAllocs()
			for b.Loop() {
				r, err := check.Guarded(b.Context(), env, g)
				if err != nil || r.Verdict != check.Pass {
					b.Fatal(r.Verdict, r.Reason, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(n*b.N), "ms/principal")
		})
	}
}
