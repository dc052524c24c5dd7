package simulate_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// holds reports whether the tests of an alternative come out as they say for a request
// whose keys are all known, and its Conditions likewise.
func holds(t fataler, a simulate.Alternative, r simulate.Request) bool {
	out := true
	for _, test := range a {
		c := test.Condition
		out = out && satisfied(t, policy.When(c.Operator, c.Key, slices.Collect(c.Values.All())...), r) == test.Holds
	}
	if c, ok := a.Conditions(); ok && satisfied(t, c, r) != out {
		t.Fatalf("%v is %v, but as conditions %v\n%v", a, out, slices.Collect(c.All()), maps.Collect(r.Keys.All()))
	}
	return out
}

// satisfied reports whether the request meets the conditions.
func satisfied(t fataler, c policy.Conditions, r simulate.Request) bool {
	doc := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*"), Condition: c}))
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{doc}, GivenKeysOnly: true}, simulate.WithStrictKeys())
	if err != nil {
		t.Fatalf("%v", err)
	}
	r.Principal = policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	r.Action, r.Resource, r.Session = "test:Condition", policy.ARN{}, nil
	return env.Can(r).Allowed()
}

// A request is allowed exactly when an alternative of what it requires holds.
func TestRequires(t *testing.T) {
	allowed, open := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		l := gen.Layers(t)
		for range *perWorld / 2 {
			r := gen.Request(t)
			hidden := slices.Sorted(maps.Keys(r.Context))
			if len(hidden) == 0 {
				continue
			}
			partial := r
			partial.Context = map[string][]string{}
			var unknown []string
			for _, name := range hidden {
				if rapid.Bool().Draw(t, "hide") {
					unknown = append(unknown, name)
				} else {
					partial.Context[name] = r.Context[name]
				}
			}
			// Nobody can know that a key is multivalued which is not there, unless AWS says so.
			partial.Multivalued = slices.DeleteFunc(slices.Clone(r.Multivalued), func(name string) bool { return slices.Contains(unknown, name) })
			env, req := fromSpec(t, l, partial, simulate.WithStrictKeys())
			req.Keys = req.Keys.WithUnknown(unknown...)
			got := env.Requires(req)
			switch d := env.Can(req); {
			case d.Allowed() && (len(got.Allowed) != 1 || len(got.Allowed[0]) != 0), d.Denied() && len(got.Allowed)+len(got.Possible) > 0:
				t.Fatalf("%v requires %v\n%s", d, got, describe(l, partial))
			}
			for range 5 {
				full := partial
				full.Context = maps.Clone(partial.Context)
				for _, name := range unknown {
					values := rapid.SampledFrom(append(gen.Values(name), nil)).Draw(t, name)
					if info, _ := serviceref.Embedded().Key(name); len(values) > 1 && !info.Multivalued {
						values = values[:1]
					}
					if values != nil {
						full.Context[name] = values
					}
				}
				if !maySend(full.Context, unknown) {
					continue
				}
				lr := l
				lr.Session = r.SessionPolicies
				want := spec.Decide(lr, full) == spec.Allowed
				_, fullReq := fromSpec(t, l, full, simulate.WithStrictKeys())
				is := func(a simulate.Alternative) bool { return holds(t, a, fullReq) }
				sure, may := slices.ContainsFunc(got.Allowed, is), slices.ContainsFunc(got.Possible, is)
				if sure && !want || want && !sure && !may {
					t.Fatalf("allowed %v, but requires %v\nhidden %v, now %v\n%s", want, got, unknown, full.Context, describe(l, partial))
				}
				if sure && len(got.Allowed[0]) > 0 {
					allowed++
				} else if may {
					open++
				}
			}
		}
	})
	t.Logf("%d requests allowed by an alternative with tests, %d perhaps", allowed, open)
	require.NotZero(t, allowed)
}

// A request through an endpoint that the organization does not list may meet its policy.
func TestRequiresEndpoint(t *testing.T) {
	all := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}}`)))
	account := org.Account{ID: "111122223333", Users: []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: []org.InlinePolicy{{Name: "queues", Document: all}}}}}
	r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"), Action: "sqs:ListQueues"}
	for _, listed := range []bool{false, true} {
		if listed {
			account.Endpoints = []org.Endpoint{{ID: "vpce-1", VPC: "vpc-1", Service: "sqs"}}
		}
		o, err := org.Standalone(account)
		require.NoError(t, err)
		env, err := simulate.Compile(o)
		require.NoError(t, err)
		got := env.Requires(r)
		if listed {
			require.Equal(t, "StringEquals aws:SourceVpce [vpce-1]", got.String())
		} else {
			require.Equal(t, "perhaps StringEquals aws:SourceVpce [vpce-1]", got.String())
		}
		given := r
		given.Keys = given.Keys.With("aws:SourceVpce", "vpce-1")
		require.Equal(t, listed, env.Can(given).Allowed())
	}
}
