package check_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// matcher decides whether requests match a statement of a policy of kind k.
func matcher(t *testing.T, k policy.Kind, s policy.Statement) *simulate.Environment {
	t.Helper()
	s.Effect = policy.Allow
	d, err := policy.NewDocument(s)
	if err != nil {
		t.Fatal(err)
	}
	return attach(t, k, d)
}

// A regionTest is a region that requests can be held against.
type regionTest struct {
	all, none []*simulate.Environment
}

func (r *regionTest) has(q simulate.Request) bool {
	in := func(e *simulate.Environment) bool { return e.Can(q).Allowed() }
	return !slices.ContainsFunc(r.all, func(e *simulate.Environment) bool { return !in(e) }) && !slices.ContainsFunc(r.none, in)
}

// TestDifferencesAreExact holds every request of a small world against certified summaries: it
// is in a region if, and only if, the updated document allows it and the existing one does not.
func TestDifferencesAreExact(t *testing.T) {
	certified, empty, regions, tried, inside, examples := 0, 0, 0, 0, 0, 0
	first := firstSeed(t)
	total := *pairs / 10
	for n := range uint64(total) {
		m := newMaker(first + n)
		k := pick(m, policy.IdentityBased, policy.IdentityBased, policy.ServiceControl, policy.PermissionsBoundary)
		statements := m.statements()
		existing, updated := document(statements), document(m.change(append(m.statements(), statements...)))
		var got check.Summary
		var err error
		var before *simulate.Environment
		if m.IntN(4) == 0 {
			got, err = check.Granted(context.Background(), updated, k)
		} else {
			before = attach(t, k, existing)
			got, err = check.Differences(context.Background(), existing, updated, k)
		}
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		for _, r := range got.Regions {
			if r.Example != nil {
				examples++
			}
		}
		if !got.Certified {
			if testing.Verbose() {
				t.Logf("seed %d: %s\n%s\n%s", first+n, got.Reason, existing, updated)
			}
			continue
		}
		certified++
		if regions += len(got.Regions); len(got.Regions) == 0 {
			empty++
		}
		var list []regionTest
		for _, r := range got.Regions {
			one := regionTest{all: []*simulate.Environment{matcher(t, k, r.Statement)}}
			for _, s := range r.Within {
				one.all = append(one.all, matcher(t, k, s))
			}
			for _, s := range r.Except {
				one.none = append(one.none, matcher(t, k, s))
			}
			list = append(list, one)
		}
		after := attach(t, k, updated)
		for _, q := range m.requests() {
			tried++
			want := after.Can(q).Allowed() && (before == nil || !before.Can(q).Allowed())
			if want {
				inside++
			}
			if got := slices.ContainsFunc(list, func(r regionTest) bool { return r.has(q) }); got != want {
				t.Fatalf("seed %d, %s: in a region: %v, in the difference: %v: %s on %s with %v\n%s\n%s", first+n, k, got, want, q.Action, q.Resource, q.Keys, existing, updated)
			}
		}
	}
	if certified == 0 || inside == 0 || examples == 0 {
		t.Errorf("%d certified, %d requests inside, %d examples; want some", certified, inside, examples)
	}
	t.Logf("%d of %d certified, %d of them empty; %d regions, %d examples; %d requests, %d inside", certified, total, empty, regions, examples, tried, inside)
}

func TestDifferences(t *testing.T) {
	const logs = `"Resource":"arn:aws:s3:::logs/*"`
	tests := []struct {
		name, existing, updated string
		want                    []string // statement, + within, - except
	}{
		{
			name:     "the same",
			existing: `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
			updated:  `{"Effect":"Allow","Action":["s3:*","S3:Get*"],"Resource":"*"}`,
		}, {
			name:     "some actions, some resources",
			existing: `{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":["arn:aws:s3:::logs/*","arn:aws:s3:::orders/*"]}`,
			updated:  `{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::logs/*","arn:aws:s3:::other/*"]}`,
			want: []string{
				`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}`,
				`{"Effect":"Allow","Action":["s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::logs/*","arn:aws:s3:::other/*"]}`,
			},
		}, {
			name:     "except what was allowed, and what is denied",
			existing: `{"Effect":"Allow","Action":["s3:GetObject","sqs:SendMessage"],"Resource":"*"}`,
			updated:  `{"Effect":"Allow","Action":"s3:*",` + logs + `},{"Effect":"Deny","Action":["s3:Delete*","iam:*"],"Resource":"*"}`,
			want: []string{`{"Effect":"Allow","Action":"s3:*",` + logs + `}` +
				` - {"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}` +
				` - {"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`},
		}, {
			name:     "a Deny that is gone, with its condition",
			existing: `{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":["s3:PutObject","sqs:*"],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
			updated:  `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
			want: []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*"}` +
				` + {"Effect":"Deny","Action":"s3:PutObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
		}, {
			name:     "what needs no permission is no difference",
			existing: `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
			updated:  `{"Effect":"Allow","Action":["s3:*","sts:GetCallerIdentity"],"Resource":"*"}`,
		},
	}
	text := func(s policy.Statement) string {
		d, err := policy.NewDocument(s)
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := check.Differences(context.Background(), document([]string{test.existing}), document([]string{test.updated}), policy.IdentityBased)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Certified {
				t.Errorf("not certified: %s", got.Reason)
			}
			var have, want []string
			for _, r := range got.Regions {
				b := text(r.Statement)
				for _, s := range r.Within {
					b += " + " + text(s)
				}
				for _, s := range r.Except {
					b += " - " + text(s)
				}
				if r.Example == nil || !r.Example.Allowed.Decision.Allowed() || r.Example.Refused.Decision.Allowed() {
					t.Errorf("%s: no example", b)
				}
				have = append(have, b)
			}
			for _, w := range test.want {
				out := ""
				for _, part := range strings.SplitAfter(w, "} ") {
					sign := ""
					if strings.HasPrefix(part, "+ ") || strings.HasPrefix(part, "- ") {
						sign, part = " "+part[:2], part[2:]
					}
					s := document([]string{strings.TrimSpace(part)}).Statement(0)
					out += sign + text(s)
				}
				want = append(want, out)
			}
			if !slices.Equal(have, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// TestDifferencesFold caps the regions and says so.
func TestDifferencesFold(t *testing.T) {
	var statements []string
	for i := range check.MaxRegions + 5 {
		statements = append(statements, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b`+strings.Repeat("x", i)+`"}`)
	}
	got, err := check.Granted(context.Background(), document(statements), policy.IdentityBased)
	if err != nil || got.Certified || got.Folded != 5 || len(got.Regions) != check.MaxRegions || got.Reason == "" {
		t.Errorf("got %d regions, %d folded, certified %v (%s), %v", len(got.Regions), got.Folded, got.Certified, got.Reason, err)
	}
}

func TestDifferencesErrors(t *testing.T) {
	if _, err := check.Granted(context.Background(), everything, policy.ResourceControl); err == nil {
		t.Error("an RCP that allows has a summary")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := check.Granted(ctx, everything, policy.IdentityBased)
	if err != nil || got.Certified || got.Reason != "interrupted" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestDifferencesManaged summarizes what managed policies of AWS allow beyond their neighbours.
func TestDifferencesManaged(t *testing.T) {
	n, certified := 0, 0
	var last *policy.Document
	for info := range serviceref.ManagedPolicies() {
		if n++; n%20 > 1 || n == 1 {
			continue
		}
		d := info.Document()
		if n%20 == 1 {
			got, err := check.Differences(context.Background(), last, d, policy.IdentityBased)
			if err != nil {
				t.Fatal(err)
			}
			if got.Certified {
				certified++
			} else {
				t.Errorf("%s: %s", info.ARN, got.Reason)
			}
		}
		last = d
	}
	t.Logf("%d certified", certified)
}

// TestDifferencesOfResourceAccount: regions of documents that speak of the account of the resource are
// of requests in which it is that of the ARN, as the difference is.
func TestDifferencesOfResourceAccount(t *testing.T) {
	const all = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	outside := func(accounts string) string {
		return `{"Effect":"Deny",` + accounts + `"Action":"s3:*","Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceAccount":["111122223333"]}}}`
	}
	for _, test := range []struct {
		kind         policy.Kind
		old, updated []string
	}{
		{policy.IdentityBased, nil, []string{`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"}}}`}},
		{policy.ServiceControl, []string{all, outside("")}, []string{all}},
		{policy.ResourceControl, []string{outside(`"Principal":"*",`)}, []string{strings.Replace(outside(`"Principal":"*",`), `"111122223333"`, `"111122223333","444455556666"`, 1)}},
	} {
		var got check.Summary
		var err error
		if test.old == nil {
			got, err = check.Granted(context.Background(), document(test.updated), test.kind)
		} else {
			got, err = check.Differences(context.Background(), document(test.old), document(test.updated), test.kind)
		}
		if err != nil || !got.Certified || len(got.Regions) != 1 {
			t.Errorf("%s: got %d regions, certified %v (%s), %v; want one, certified", test.kind, len(got.Regions), got.Certified, got.Reason, err)
		}
	}
}
