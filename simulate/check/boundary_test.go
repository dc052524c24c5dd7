package check_test

import (
	"context"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// TestBoundaryAndNotPrincipal: a boundary that is gone is access gained, even one that allows everything: a resource
// policy may deny with NotPrincipal whoever has one (R-NPR-2).
func TestBoundaryAndNotPrincipal(t *testing.T) {
	limit := policy.MustParseARN("arn:aws:iam::111122223333:policy/limit")
	bounded := user(t, allow)
	bounded.Boundary = limit
	all := org.ManagedPolicy{ARN: limit, Document: parsed(t, allow)}
	before, err := company(t).Apply(org.PutManagedPolicy("111122223333", all), org.PutUser(bounded))
	if err != nil {
		t.Fatal(err)
	}
	after, err := before.Apply(org.PutUser(user(t, allow)))
	if err != nil {
		t.Fatal(err)
	}
	ana := policy.PrincipalFromARN(policy.MustParseARN(anaARN))
	r, err := check.NoGainedAccess(context.Background(), before, after, ana)
	if err != nil || r.Verdict != check.Unknown {
		t.Errorf("the boundary is gone: %s %v, want unknown", r.Verdict, err)
	}
	if r, err = check.NoGainedAccess(context.Background(), after, before, ana); err != nil || r.Verdict != check.Pass {
		t.Errorf("the boundary is new: %s %s %v, want pass", r.Verdict, r.Reason, err)
	}
}
