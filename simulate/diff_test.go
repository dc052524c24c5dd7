package simulate_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/gen"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func drawEnvironment(t *rapid.T, opts ...simulate.Option) *simulate.Environment {
	o, err := org.New(gen.Organization(t))
	if err != nil {
		t.Fatalf("organization: %v", err)
	}
	env, err := simulate.Compile(o, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func drawRequests(t *rapid.T) []simulate.Request {
	var out []simulate.Request
	for range *perWorld {
		out = append(out, simulateRequest(t, gen.OrgRequest(t), false))
	}
	return out
}

// Diff is what Can and Requires say on both sides: nothing for the same environment, and
// the reverse the other way round.
func TestDiffLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawEnvironment(t), drawEnvironment(t)
		requests := drawRequests(t)
		diff := func(before, after *simulate.Environment) []simulate.Delta {
			out, err := simulate.Diff(context.Background(), before, after, slices.Values(requests))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if same := diff(a, a); len(same) > 0 {
			t.Fatalf("differs from itself: %v", same[0])
		}
		there, back := diff(a, b), diff(b, a)
		if len(there) != len(back) {
			t.Fatalf("%d there, %d back", len(there), len(back))
		}
		opposite := map[simulate.DeltaKind]simulate.DeltaKind{simulate.DeltaGained: simulate.DeltaLost, simulate.DeltaLost: simulate.DeltaGained}
		total := 0
		for _, all := range requests {
			requests = []simulate.Request{all}
			before, after := a.Can(all), b.Can(all)
			one, reverse := diff(a, b), diff(b, a)
			total += len(one)
			sure := before.Outcome != simulate.Indeterminate || after.Outcome != simulate.Indeterminate
			switch {
			case len(one) == 0 && before.Outcome != after.Outcome, len(one) != len(reverse), len(one) == 1 && sure && before.Outcome == after.Outcome:
				t.Fatalf("%v: %v, %v: %d differences, %d back", all, before, after, len(one), len(reverse))
			case len(one) == 0:
				continue
			}
			d, e := one[0], reverse[0]
			if d.Before != before || d.After != after || e.Before != after || e.After != before {
				t.Fatalf("%v: got %v, %v want %v, %v", all, d.Before, d.After, before, after)
			}
			if want, ok := opposite[d.Kind()]; ok && e.Kind() != want || !ok && e.Kind() != d.Kind() {
				t.Fatalf("%v there, %v back", d.Kind(), e.Kind())
			}
		}
		if total != len(there) {
			t.Fatalf("%d differences together, %d one by one", len(there), total)
		}
	})
}

// scopeOfGen are the actions of generated policies and requests, with some that nothing names.
var scopeOfGen = simulate.Scope{Actions: []string{"s3:*Object", "s3:ListBucket", "sqs:*", "kms:*crypt", "kms:Desc*", "sts:AssumeRole", "sts:GetCallerIdentity", "iam:PassRole", "ec2:DescribeInstances"}}

// In random organizations, too, the affected scope finds what a full enumeration finds,
// and each row is what Can says of its example.
func TestAffectedLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var opts []simulate.Option
		if rapid.Bool().Draw(t, "strict") {
			opts = append(opts, simulate.WithStrictKeys())
		}
		before, after := drawEnvironment(t, opts...), drawEnvironment(t, opts...)
		if rapid.Bool().Draw(t, "one layer") {
			after = oneLayer(t, before, after, opts)
		}
		a, err := before.Affected(after, scopeOfGen)
		if err != nil {
			t.Fatal(err)
		}
		r, err := a.Report(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		x := newRowIndex(r.Rows)
		for d := range simulate.Deltas(context.Background(), before, after, before.Requests(scopeOfGen)) {
			if d.Kind() != simulate.DeltaNone && !x.covers(d) {
				t.Fatalf("%s %s %s: %s, before %s (%s), after %s (%s)", d.Request.Principal, d.Request.Action, d.Request.Resource, d.Kind(), d.Before, d.BeforeRequires, d.After, d.AfterRequires)
			}
		}
		for _, row := range r.Rows {
			checkRow(t, before, after, &row)
		}
		for who, requests := range simulate.OutsideRequests(before, after, outsideActions) {
			for d := range simulate.Deltas(context.Background(), before, after, slices.Values(requests)) {
				if d.Kind() != simulate.DeltaNone && !coversOutside(r.Rows, who, d.Request) {
					t.Fatalf("%s %v %s %s: %s, before %s (%s), after %s (%s)", who.Type, who.Principal, d.Request.Action, d.Request.Resource, d.Kind(), d.Before, d.BeforeRequires, d.After, d.AfterRequires)
				}
			}
		}
	})
}

var outsideActions = []policy.Action{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "kms:Decrypt", "sts:AssumeRole"}

func coversOutside(rows []simulate.Row, who simulate.Outsider, r simulate.Request) bool {
	return slices.ContainsFunc(rows, func(row simulate.Row) bool {
		return slices.Contains(row.Outside, who) && slices.Contains(row.Actions, r.Action) && slices.ContainsFunc(row.Resources, func(label string) bool {
			p := glob.Compile(label, glob.Wildcards)
			return p.Match(r.Resource.String(), nil)
		})
	})
}

// oneLayer takes one part of another organization over into the first.
func oneLayer(t *rapid.T, env, other *simulate.Environment, opts []simulate.Option) *simulate.Environment {
	s, o := env.Organization().Spec(), other.Organization().Spec()
	switch rapid.SampledFrom([]string{"scp", "role", "user", "resource", "policy", "none"}).Draw(t, "layer") {
	case "scp":
		if len(s.ControlPolicies) > 0 && len(o.ControlPolicies) > 0 && s.ControlPolicies[0].Kind == o.ControlPolicies[0].Kind {
			s.ControlPolicies[0].Document = o.ControlPolicies[0].Document
		}
	case "role":
		s.Accounts[0].Roles[0] = o.Accounts[0].Roles[0]
	case "user":
		s.Accounts[0].Users[0] = o.Accounts[0].Users[0]
	case "resource":
		s.Accounts[0].Resources[0] = o.Accounts[0].Resources[0]
	case "policy":
		s.Accounts[0].Policies[0] = o.Accounts[0].Policies[0]
	}
	changed, err := org.New(s)
	if err != nil {
		t.Fatal(err)
	}
	out, err := simulate.Compile(changed, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func checkRow(t *rapid.T, before, after *simulate.Environment, row *simulate.Row) {
	if got, want := before.Can(row.Example), row.Before; got != want {
		t.Fatalf("%v before: got %v want %v", row.Example, want, got)
	}
	if got, want := after.Can(row.Example), row.After; got != want {
		t.Fatalf("%v after: got %v want %v", row.Example, want, got)
	}
	for _, p := range row.Principals {
		if p.AccountID() != row.Example.Principal.AccountID() {
			continue // a sample is of the caller's own account
		}
		r := row.Example
		r.Principal = p
		if b, a := before.Can(r), after.Can(r); b.Outcome != row.Before.Outcome || a.Outcome != row.After.Outcome {
			t.Fatalf("%v: got %v, %v for %s of the row, %v, %v for its first", r.Action, b, a, p, row.Before, row.After)
		}
	}
	with := func(k simulate.Keys) simulate.Request {
		r := row.Example
		for name, values := range k.All() {
			r.Keys = r.Keys.With(name, values...)
		}
		return r
	}
	for _, k := range row.Gained {
		if r := with(k); !before.Can(r).Denied() || !after.Can(r).Allowed() {
			t.Fatalf("%v: not gained", r)
		}
	}
	for _, k := range row.Lost {
		if r := with(k); !before.Can(r).Allowed() || !after.Can(r).Denied() {
			t.Fatalf("%v: not lost", r)
		}
	}
}

func TestDiffStops(t *testing.T) {
	env := fintech(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := simulate.Diff(ctx, env, env, env.Requests(simulate.Scope{}))
	require.ErrorIs(t, err, context.Canceled)
	after, err := env.Apply(widened(t, env))
	require.NoError(t, err)
	a, err := env.Affected(after, simulate.Scope{})
	require.NoError(t, err)
	_, err = a.Report(ctx)
	require.ErrorIs(t, err, context.Canceled)
	n := 0
	for range env.Requests(simulate.Scope{}) {
		if n++; n == 10 {
			break
		}
	}
	require.Equal(t, 10, n)
}

func TestScope(t *testing.T) {
	env := fintech(t)
	s := simulate.Scope{
		Principals: []string{"arn:aws:iam::111122223333:role/app/*", "ec2.amazonaws.com"}, Kinds: []policy.PrincipalKind{policy.Role, policy.Service},
		Actions: []string{"s3:GetObject", "s3:ListBucket", "S3:Getbucket*", "sqs:SendMessage", "new:Action"}, Resources: []string{"arn:aws:s3:::exemplia-*", "arn:aws:s3:::exemplia-settlements/a"},
	}
	n, err := env.Count(s)
	require.NoError(t, err)
	list := slices.Collect(env.Requests(s))
	require.Len(t, list, n)
	again := slices.Collect(env.Requests(s))
	require.Equal(t, list, again, "the order is fixed")
	for _, r := range list {
		require.NotEqual(t, policy.Action("sqs:SendMessage"), r.Action, "no resource fits")
		if r.Action == "s3:GetObject" {
			require.Equal(t, "arn:aws:s3:::exemplia-settlements/a", r.Resource.String())
		}
	}
	_, err = env.Count(simulate.Scope{Principals: []string{"arn:aws:iam::111122223333:role/app/payments-apl"}, Accounts: []string{"111122223334"}, Actions: []string{"s3:GetObjct", "s3x:*"}, Resources: []string{"arn:aws:sns:*nothing"}})
	require.EqualError(t, err, `no account matches "111122223334"; did you mean "111122223333"?
no principal matches "arn:aws:iam::111122223333:role/app/payments-apl"; did you mean "arn:aws:iam::111122223333:role/app/payments-api"?
no action matches "s3:GetObjct"; did you mean "s3:GetObject"?
no action matches "s3x:*"; did you mean "s3:*"?
no resource matches "arn:aws:sns:*nothing"`)
	_, err = env.Affected(env, simulate.Scope{Actions: []string{"s3:GetObjct"}})
	scope, ok := errors.AsType[*simulate.ScopeError](err)
	require.True(t, ok, err)
	require.Equal(t, "s3:GetObjct", scope.Pattern)
}
