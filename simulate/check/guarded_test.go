package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// users is an organization whose account 111122223333 has users, each with one inline policy; nil:
// one that is not known.
func users(t *testing.T, inline []*policy.Document, resources ...org.Resource) *simulate.Environment {
	t.Helper()
	account := org.Account{ID: "111122223333", Resources: resources}
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
		require.Len(t, r.Undecided, 7-stop, "two root users, and outsiders")
		require.Equal(t, "interrupted", r.Undecided[0].Reason)
	}
}

// What is shared between principals changes no answer: each is what it is for the principal alone.
func TestGuardedSharesOnlyWhatIsAlike(t *testing.T) {
	allow := func(action, resource, condition string) *policy.Document {
		return document([]string{`{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"` + condition + `}`})
	}
	pool := []*policy.Document{
		allow("sqs:*", "arn:aws:sqs:*:*:${aws:username}", ""),
		allow("sqs:SendMessage", "*", ""),
		allow("sqs:PurgeQueue", "*", `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/user0*"}}`),
		allow("sqs:PurgeQueue", "*", `,"Condition":{"StringLike":{"aws:PrincipalArn":"*user/user0?"}}`),
		allow("sqs:PurgeQueue", "*", `,"Condition":{"StringEquals":{"aws:PrincipalArn":["arn:aws:iam::111122223333:user/user03","arn:aws:iam::111122223333:user/user11"]}}`),
		allow("sqs:PurgeQueue", "*", `,"Condition":{"StringEquals":{"aws:username":"user05"}}`),
		document([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Deny","Action":["sqs:PurgeQueue","s3:*"],"Resource":"*","Condition":{"StringNotLike":{"aws:username":"user*7"}}}`}),
	}
	queue := policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:user04")
	r := rand.New(rand.NewPCG(5, 6))
	var count [3]int
	for range 6 {
		var inline []*policy.Document
		for range 14 {
			inline = append(inline, pool[r.IntN(len(pool))])
		}
		named := r.IntN(14)
		env := users(t, inline, org.Resource{ARN: queue, Policy: document([]string{
			fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/user%02d"},"Action":"sqs:PurgeQueue","Resource":"%s"}`, named, queue)})})
		for _, on := range []string{"", "arn:aws:sqs:*:*:user1*", "arn:aws:sqs:eu-west-1:111122223333:user04"} {
			g := check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}}, Except: []string{"*:root"}}
			if on != "" {
				g.Accesses[0].Resources = []string{on}
			}
			all, err := check.Guarded(t.Context(), env, g)
			require.NoError(t, err)
			fails := map[string]bool{}
			for _, x := range all.Breaches {
				fails[x.Request.Principal.Name()] = true
			}
			open := map[string]bool{}
			for _, u := range all.Undecided {
				open[u.Principal.Name()] = true
			}
			for i := range inline {
				alone := g
				name := fmt.Sprintf("user%02d", i)
				for j := range inline {
					if i != j {
						alone.Except = append(alone.Except[:len(alone.Except):len(alone.Except)], fmt.Sprintf("*:user/user%02d", j))
					}
				}
				one, err := check.Guarded(t.Context(), env, alone)
				require.NoError(t, err)
				count[one.Verdict]++
				require.Equal(t, one.Verdict == check.Fail, fails[name], "%s on %q", name, on)
				require.Equal(t, one.Verdict == check.Unknown, open[name], "%s on %q", name, on)
			}
		}
	}
	require.NotZero(t, count[check.Pass])
	require.NotZero(t, count[check.Fail])
}
