package check_test

import (
	"context"
	"errors"
	"slices"
	"strings"
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
		p := somebody(t, o)
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

// TestCertifyOldVersions: "${" is text in a document before 2012-10-17, and in operators without variables
// in later ones.
func TestCertifyOldVersions(t *testing.T) {
	old, err := policy.Parse([]byte(`{"Version":"2008-10-17","Statement":{"Effect":"Deny","Action":"sqs:*","Resource":"arn:aws:sqs:eu-west-1:111122223333:${aws:username}",
		"Condition":{"BinaryEquals":{"app:blob":"${aws:username}"},"StringEquals":{"aws:RequestTag/team":"${aws:username}"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	o, err := company(t).Organization().Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-old00001", Name: "old", Kind: policy.ServiceControl, Document: old}),
		org.AttachControlPolicy("p-old00001", "111122223333"))
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	ana := policy.PrincipalFromARN(policy.MustParseARN(anaARN))
	d, err := env.EquivalentPolicy(ana, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := check.Certify(context.Background(), env, ana, d); err != nil || r.Verdict != check.Pass {
		t.Errorf("%s %s %v\n%s", r.Verdict, r.Reason, err, d)
	}
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

// TestSmallCertificatesHold holds certificates of small stacks against every request of a small world, and
// asks the environment about counterexamples: what it knows of the principal is so.
func TestSmallCertificatesHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	tried, allowed := 0, 0
	first := firstSeed(t)
	ana := smallPrincipal("user/ana")
	for n := range uint64(*pairs) / 20 {
		m := newMaker(first + n)
		s := m.smallStack()
		s.parts[group] = []string{`{"Effect":"Deny","Action":"c:c","Resource":"*"}`}
		for _, place := range []int{accountRCP, otherRCP, ownBucket, trust} {
			s.parts[place] = nil
		}
		env, ok := s.environment(t, false)
		if !ok {
			continue
		}
		list := s.parts[anaInline]
		if m.IntN(2) == 0 {
			list = m.ofPrincipal(m.change(list))
		}
		text := realServices.Replace(strings.Join(list, ","))
		if m.IntN(2) == 0 {
			text = strings.NewReplacer("${aws:PrincipalTag/k}", s.tags[0], "${aws:username}", "ana").Replace(text)
		}
		d := document([]string{text})
		r, err := check.Certify(context.Background(), env, ana, d)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		alone, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{d}, ResourceAccount: smallAccount}, simulate.WithStrictKeys())
		if err != nil {
			t.Fatal(err)
		}
		count[r.Verdict]++
		differ := func(q simulate.Request) (differ, granted bool) {
			q.Principal = ana
			with := q
			with.Keys = q.Keys.With("aws:PrincipalTag/k", s.tags[0])
			own := env.Can(q).Allowed()
			return own != alone.Can(with).Allowed(), own
		}
		if x := r.Counterexample; x != nil && !slices.Contains(m.keys, "aws:SecureTransport") { // which the environment derives
			q := x.Request
			if !q.Resource.IsValid() || q.Resource.AccountID() == "" {
				q.Keys = q.Keys.With("aws:ResourceAccount", smallAccount)
			}
			// The policy of an access point nobody knows, and the account has nothing in another partition.
			outside := q.Resource.IsValid() && (strings.HasPrefix(q.Resource.Resource(), "accesspoint/") || q.Resource.Partition() != "aws")
			if d, _ := differ(q); !d && !outside {
				t.Errorf("seed %d: %s on %s with %v is no difference between %q and\n%s", first+n, q.Action, q.Resource, q.Keys, s, text)
			}
		}
		if r.Verdict != check.Pass {
			continue
		}
		for _, q := range m.requests() {
			if q.Resource.AccountID() != "" {
				continue // of another account
			}
			given := q.Keys
			q.Keys = simulate.Keys{}.With("aws:ResourceAccount", smallAccount)
			for key, values := range given.All() {
				if key != "aws:username" && key != "aws:PrincipalArn" {
					q.Keys = q.Keys.With(key, values...)
				}
			}
			q.Action = policy.Action(strings.Trim(realServices.Replace(`"`+string(q.Action)+`"`), `"`))
			tried++
			d, granted := differ(q)
			if d {
				t.Fatalf("seed %d: a wrong certificate: %s on %s with %v\n%q\n%s", first+n, q.Action, q.Resource, q.Keys, s, text)
			}
			if granted {
				allowed++
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests held against the certificates, %d of them allowed", count[check.Pass], count[check.Fail], count[check.Unknown], tried, allowed)
	if count[check.Pass] == 0 || count[check.Fail] == 0 || allowed == 0 {
		t.Error("nothing was held against a certificate")
	}
}
