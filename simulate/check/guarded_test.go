package check_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// users is an organization whose account 111122223333 has users, each with one inline policy; nil:
// one that is not known.
func users(t *testing.T, inline []*policy.Document) *simulate.Environment {
	t.Helper()
	account := org.Account{ID: "111122223333"}
	var gaps []org.Gap
	for i, d := range inline {
		u := org.User{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::111122223333:user/user%02d", i))}
		if d == nil {
			gaps = append(gaps, org.Gap{Subject: u.ARN.String(), What: org.GapIdentityPolicies, Reason: "denied"})
		} else {
			u.Inline = []org.InlinePolicy{{Name: "own", Document: d}}
		}
		account.Users = append(account.Users, u)
	}
	o, err := org.New(org.Spec{ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Root:     org.Root{ID: "r-root", Accounts: []string{"111122223333", "444455556666"}},
		Accounts: []org.Account{account, {ID: "444455556666"}}, Gaps: gaps,
	})
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	return env
}

// A guardrail names everybody who breaks it, and everybody of whom that is not known.
func TestGuardedNamesAll(t *testing.T) {
	const purge = `{"Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"*"}`
	harmless := document([]string{`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`})
	env := users(t, []*policy.Document{
		document([]string{purge}), harmless, document([]string{purge}), nil, document([]string{purge}), nil, document([]string{purge}), harmless,
	})
	name := func(p policy.Principal) string { return p.Name() }
	guardrail := check.Guardrail{
		Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}},
		Except:   []string{"*:root", "*:user/user06"},
	}
	for _, test := range []struct {
		most                        int
		breaches, undecided         []string
		moreBreaches, moreUndecided int
	}{
		{0, []string{"user00", "user02", "user04"}, []string{"user03", "user05"}, 0, 0},
		{2, []string{"user00", "user02"}, []string{"user03", "user05"}, 1, 0},
		{1, []string{"user00"}, []string{"user03"}, 2, 1},
	} {
		guardrail.Most = test.most
		r, err := check.Guarded(t.Context(), env, guardrail)
		require.NoError(t, err)
		require.Equal(t, check.Fail, r.Verdict)
		require.Same(t, r.Breaches[0], r.Counterexample)
		var breaches, undecided []string
		for _, x := range r.Breaches {
			breaches = append(breaches, name(x.Request.Principal))
			require.True(t, env.Can(x.Request).Allowed())
		}
		for _, u := range r.Undecided {
			undecided = append(undecided, name(u.Principal))
			require.Contains(t, u.Reason, "not known")
		}
		require.Equal(t, test.breaches, breaches)
		require.Equal(t, test.undecided, undecided)
		require.Equal(t, []int{test.moreBreaches, test.moreUndecided, 2, 3}, []int{r.MoreBreaches, r.MoreUndecided, r.Proved, r.Excepted})
	}

	guardrail.Except = append(guardrail.Except, "*:user/user00", "*:user/user02", "*:user/user04")
	r, err := check.Guarded(t.Context(), env, guardrail)
	require.NoError(t, err)
	require.Equal(t, check.Unknown, r.Verdict)
	require.Equal(t, r.Undecided[0].Reason, r.Reason)
}

// A context that ends leaves the rest undecided, and what was found stays found.
func TestGuardedInterrupted(t *testing.T) {
	purge := document([]string{`{"Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"*"}`})
	env := users(t, []*policy.Document{purge, purge, purge, purge})
	guardrail := check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}}}
	for stop, want := range []check.Verdict{check.Unknown, check.Fail, check.Fail, check.Fail, check.Fail} {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := check.Guarded(ctx, env, guardrail, check.WithProgress(func(done, _ int) {
			if done == stop {
				cancel()
			}
		}))
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict)
		require.Len(t, r.Breaches, stop)
		require.Len(t, r.Undecided, 6-stop)
		require.Equal(t, "interrupted", r.Undecided[0].Reason)
	}
}
