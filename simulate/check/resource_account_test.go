package check_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// aws:ResourceAccount is the account of an ARN that has one: to name the account by the key is no
// new access beside its ARNs.
func TestResourceAccount(t *testing.T) {
	allow := func(resource, condition string) []string {
		return []string{`{"Effect":"Allow","Action":"sqs:*","Resource":"` + resource + `","Condition":{` + condition + `}}`}
	}
	const own = `"StringEquals":{"aws:ResourceAccount":"111122223333"}`
	arns := allow("arn:aws:sqs:*:111122223333:*", "")
	for _, test := range []struct {
		name         string
		old, updated []string
		want         check.Verdict
	}{
		{"by the key", arns, allow("arn:aws:sqs:*:????????????:*", own), check.Pass},
		{"of another account", allow("arn:aws:sqs:*:444455556666:*", ""), allow("arn:aws:sqs:*:????????????:*", own), check.Fail},
		{"an ARN without an account", arns, allow("*", own), check.Fail},
		{"a key that may be absent", allow("*", own), arns, check.Fail},
		{"never", arns, append(arns, allow("arn:aws:sqs:*:444455556666:*", own)...), check.Pass},
		{"by another key", arns, allow("arn:aws:sqs:*:????????????:*", `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`), check.Fail},
	} {
		r := verdict(t, test.old, test.updated, policy.IdentityBased)
		require.Equal(t, test.want, r.Verdict, "%s: %s", test.name, r.Reason)
	}
}

// TestResourceAccountProofsHold holds proofs about the key against requests in which it agrees with
// the resource, and wants counterexamples to be such requests.
func TestResourceAccountProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs) / 4 {
		m := newMaker(first + n)
		statement := func() string {
			condition := ""
			if m.IntN(3) > 0 {
				op := pick(m, "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ForAnyValue:StringEquals", "ForAllValues:StringLike", "StringEqualsIfExists")
				values := m.list(2, func() string {
					return pick(m, "111122223333", "444455556666", "777788889999", "*", "1*", "${aws:PrincipalAccount}", "x")
				})
				if m.IntN(6) == 0 {
					op, values = "Null", `"`+pick(m, "true", "false")+`"`
				}
				condition = fmt.Sprintf(`,"Condition":{%q:{"aws:ResourceAccount":%v}}`, op, values)
			}
			return fmt.Sprintf(`{"Effect":%q,"Action":"sqs:*",%q:%v%s}`, pick(m, "Allow", "Allow", "Deny"), pick(m, "Resource", "Resource", "NotResource"), m.list(2, func() string {
				return pick(m, "*", "arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:sqs:us-east-1:444455556666:*", "arn:aws:sqs:*:????????????:q", "arn:aws:sqs:*:*:*", "arn:aws:sqs:::q", "arn:aws:sqs:us-east-1:${aws:ResourceAccount}:q", "arn:aws:sqs:us-east-1:1*:q")
			}), condition)
		}
		old := []string{statement(), statement()}
		updated := slices.Clone(old)
		updated[m.IntN(2)] = statement()
		kind := pick(m, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary)
		a, b := document(old), document(updated)
		r, err := check.NoNewAccess(context.Background(), a, b, kind)
		require.NoError(t, err)
		count[r.Verdict]++
		if x := r.Counterexample; x != nil && policy.IsAccountID(x.Request.Resource.AccountID()) {
			for name, values := range x.Request.Keys.All() {
				if name == "aws:ResourceAccount" && !slices.Equal(values, []string{x.Request.Resource.AccountID()}) {
					t.Errorf("seed %d: got a counterexample on %s with %s = %v", first+n, x.Request.Resource, name, values)
				}
			}
		}
		if r.Verdict != check.Pass {
			continue
		}
		before, after := stage(t, kind, a), stage(t, kind, b)
		for _, account := range []string{"", "111122223333", "444455556666", "777788889999", "123456789012"} {
			for _, name := range []string{"q", "p"} {
				for _, key := range []string{"", "111122223333", "444455556666", "777788889999", "123456789012"} {
					if account != "" && key != "" && key != account {
						continue
					}
					region := ""
					if account != "" {
						region = "us-east-1"
					}
					for _, caller := range []string{"111122223333", "444455556666"} {
						q := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")), Action: "sqs:SendMessage",
							Resource: policy.MustParseARN("arn:aws:sqs:" + region + ":" + account + ":" + name)}
						q.Keys = q.Keys.With("aws:PrincipalAccount", caller)
						if key != "" {
							q.Keys = q.Keys.With("aws:ResourceAccount", key)
						}
						tried++
						if !after.Can(q).Allowed() {
							continue
						}
						allowed++
						if !before.Can(q).Allowed() {
							t.Fatalf("seed %d: a wrong proof as %s:\n%s\n%s\n%s with %v", first+n, kind, a, b, q.Resource, q.Keys)
						}
					}
				}
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the proofs, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], tried, allowed)
	if count[check.Pass] == 0 || count[check.Fail] == 0 || allowed == 0 {
		t.Error("nothing was held against a proof")
	}
}
