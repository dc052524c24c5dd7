package check_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// TestEquivalentPoliciesAreCertified: what a principal's layers come to as one document is never
// disproved, and the document with one statement less is.
func TestEquivalentPoliciesAreCertified(t *testing.T) {
	var count [3]int
	rapid.Check(t, func(t *rapid.T) {
		o, err := org.New(gen.Organization(t))
		if err != nil {
			t.Skip(err)
		}
		env, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		var principals []policy.Principal
		for a := range o.Accounts() {
			for _, u := range a.Users {
				principals = append(principals, policy.PrincipalFromARN(u.ARN))
			}
			for _, r := range a.Roles {
				principals = append(principals, policy.PrincipalFromARN(r.ARN))
			}
		}
		if len(principals) == 0 {
			t.Skip("nobody")
		}
		p := rapid.SampledFrom(principals).Draw(t, "principal")
		d, err := env.EquivalentPolicy(p, nil)
		if inexpressible := (*simulate.InexpressibleError)(nil); errors.As(err, &inexpressible) {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
		r, err := check.Certify(context.Background(), env, p, d)
		if err != nil {
			t.Fatal(err)
		}
		count[r.Verdict]++
		if r.Verdict == check.Fail {
			t.Fatalf("%s: %s on %s is %s and %s\n%s", p, r.Counterexample.Request.Action, r.Counterexample.Request.Resource, r.Counterexample.Allowed.Decision, r.Counterexample.Refused.Decision, d)
		}
	})
	t.Logf("%d passed, %d failed, %d unknown", count[check.Pass], count[check.Fail], count[check.Unknown])
}

// TestCertify: a document that allows more or less is told.
func TestCertify(t *testing.T) {
	env := company(t)
	ana := policy.PrincipalFromARN(policy.MustParseARN(anaARN))
	for statement, want := range map[string]check.Verdict{
		`{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`:                                                                          check.Fail, // the SCP takes one away
		`{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:PurgeQueue","Resource":"*"}`:               check.Pass,
		`{"Effect":"Allow","Action":"sqs:*","Resource":"*"},{"Effect":"Deny","Action":"sqs:P*","Resource":"*"}`:                       check.Fail,
		`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sqs:PurgeQueue","Resource":"*"}`:                   check.Fail,
		`{"Effect":"Allow","Action":"sqs:*","Resource":["*","arn:aws:sqs:*"]},{"Effect":"Deny","Action":"sqs:purge*","Resource":"*"}`: check.Fail,
	} {
		r, err := check.Certify(context.Background(), env, ana, parsed(t, statement))
		if err != nil || r.Verdict != want {
			t.Errorf("%s: %s %s %v, want %s", statement, r.Verdict, r.Reason, err, want)
		}
	}
}
