package check_test

import (
	"context"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// FuzzNoNewAccess: no pair of documents makes a question panic or run on, Fail shows its
// request, a document is not more than itself, and what is proved no request from the
// documents' own patterns contradicts.
func FuzzNoNewAccess(f *testing.F) {
	allow := func(rest string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + rest + `}]}`
	}
	f.Add(allow(`"Action":"s3:Get*","Resource":"arn:aws:s3:::logs/*"`), allow(`"Action":"s3:GetObject","Resource":"*"`), uint8(policy.IdentityBased), uint64(1))
	f.Add(allow(`"NotAction":"iam:*","NotResource":"arn:aws:s3:::${aws:username}/*"`), allow(`"Action":"*","Resource":"arn:aws:s3:*:*:${aws:username, 'x'}"`), uint8(policy.PermissionsBoundary), uint64(2))
	f.Add(allow(`"Action":"*","Resource":"*","Condition":{"ForAllValues:StringNotLikeIfExists":{"aws:TagKeys":["a*","${aws:userid}"]},"NumericLessThan":{"s3:max-keys":"1e3"}}`),
		allow(`"Action":"*","Resource":"*","Condition":{"Null":{"aws:TagKeys":"true"},"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"},"IpAddress":{"aws:SourceIp":"::/0"}}`), uint8(policy.ServiceControl), uint64(3))
	f.Add(allow(`"Principal":{"AWS":["111122223333","AIDA1"],"Service":"s3.amazonaws.com"},"Action":"sqs:*","Resource":"*"`), allow(`"NotPrincipal":{"AWS":"arn:aws:sts::111122223333:assumed-role/dev/s"},"Action":"sqs:*","Resource":"*"`), uint8(policy.ResourceBased), uint64(4))
	f.Add(allow(`"Principal":"*","Action":"sts:AssumeRole"`), allow(`"Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"`), uint8(policy.RoleTrust), uint64(5))
	f.Add(allow(`"Action":["s3:Get\u0000x"],"Resource":["arn:aws:s3:::*a*","arn:aws:s3:::*b*?","arn:"]`), `{"Statement":[]}`, uint8(policy.SessionPolicy), uint64(6))
	f.Add(allow(`"Action":"s3:Ge *","Resource":"azn:ass:s3:::logs/*"`), allow(`"Action":"s :GetObject","Resource":"*"`), uint8(policy.IdentityBased), uint64(0))
	f.Fuzz(func(t *testing.T, existing, updated string, kind uint8, seed uint64) {
		if len(existing)+len(updated) > 4096 {
			return // the fuzzer is to look for new shapes, not for long ones
		}
		a, err := policy.Parse([]byte(existing))
		if err != nil {
			return
		}
		b, err := policy.Parse([]byte(updated))
		if err != nil {
			return
		}
		k := policy.Kind(kind)
		r, err := check.NoNewAccess(context.Background(), a, b, k)
		if err != nil {
			return
		}
		if shown := r.Counterexample != nil; shown != (r.Verdict == check.Fail) || (r.Reason != "") != (r.Verdict == check.Unknown) {
			t.Fatalf("%+v", r)
		}
		if r, err := check.NoNewAccess(context.Background(), a, a, k); err != nil || r.Verdict == check.Fail {
			t.Fatalf("a document is more than itself: %+v, %v", r, err)
		}
		switch k {
		case policy.IdentityBased, policy.PermissionsBoundary, policy.ServiceControl:
		default:
			return
		}
		if r.Verdict != check.Pass {
			return
		}
		if _, request, found := hold(t, seed, k, b, a); found {
			t.Fatalf("a wrong proof as %s: %s on %s with %v", k, request.Action, request.Resource, request.Keys)
		}
	})
}
