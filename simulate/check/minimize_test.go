package check_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// attach is an environment in which documents stand at the place of their kind.
func attach(t *testing.T, k policy.Kind, documents ...*policy.Document) *simulate.Environment {
	t.Helper()
	l := simulate.Layers{Identity: []*policy.Document{everything}, BucketABAC: true, GivenKeysOnly: true, ResourceAccount: "111122223333"}
	switch k {
	case policy.ServiceControl:
		l.ServiceControl = [][]*policy.Document{documents}
	case policy.PermissionsBoundary:
		l.Boundary = documents
	default:
		l.Identity = documents
	}
	e, err := simulate.CompileLayers(l, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var everything = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))

// TestMinimizeKeepsDecisions holds minimized documents against every request of a small world:
// they decide as before, alone and beside other policies.
func TestMinimizeKeepsDecisions(t *testing.T) {
	proved, smaller, tried := 0, 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs / 50) {
		m := newMaker(first + n)
		k, documents, known := m.attached()
		got, err := check.Minimize(context.Background(), k, check.Space{Documents: pick(m, 0, len(documents)), Size: pick(m, 0, 300)}, documents...)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		if got.Verdict != check.Pass {
			if got.Documents != nil {
				t.Fatalf("seed %d: documents without a proof", first+n)
			}
			continue
		}
		proved++
		if len(got.Steps) > 0 {
			smaller++
		}
		tried += m.same(t, fmt.Sprintf("seed %d, %s, %q", first+n, k, got.Steps), known, settings(k, documents...), settings(k, got.Documents...))
	}
	if proved == 0 || smaller == 0 {
		t.Errorf("%d proved, %d smaller; want some", proved, smaller)
	}
	t.Logf("%d proved, %d smaller; %d decisions compared", proved, smaller, tried)
}

func TestMinimize(t *testing.T) {
	const logs = `"Resource":"arn:aws:s3:::logs/*"`
	tests := []struct {
		name  string
		kind  policy.Kind
		space check.Space
		given []string // lists of statements
		want  []string
		fits  bool
	}{
		{
			name:  "statements that differ in their actions",
			kind:  policy.IdentityBased,
			given: []string{`{"Sid":"A","Effect":"Allow","Action":"s3:GetObject",` + logs + `},{"Sid":"B","Effect":"Allow","Action":"s3:PutObject",` + logs + `}`},
			want:  []string{`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],` + logs + `}`},
			fits:  true,
		}, {
			name:  "covered by a wildcard, and by another statement",
			kind:  policy.IdentityBased,
			given: []string{`{"Effect":"Allow","Action":["s3:Get*","s3:GetObject","sqs:SendMessage"],"Resource":"*"},{"Effect":"Allow","Action":["s3:GetObjectAcl","s3:PutObject"],` + logs + `}`},
			want:  []string{`{"Effect":"Allow","Action":["s3:Get*","sqs:SendMessage"],"Resource":"*"},{"Effect":"Allow","Action":"s3:PutObject",` + logs + `}`},
			fits:  true,
		}, {
			name:  "an Allow that a Deny takes away",
			kind:  policy.ServiceControl,
			given: []string{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`, `{"Effect":"Allow","Action":"iam:CreateUser","Resource":"*"}`},
			want:  []string{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:*","Resource":"*"}`},
			fits:  true,
		}, {
			name:  "a Deny that nothing here needs may be needed by other policies",
			kind:  policy.IdentityBased,
			given: []string{`{"Effect":"Allow","Action":"s3:GetObject",` + logs + `},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
			want:  []string{`{"Effect":"Allow","Action":"s3:GetObject",` + logs + `},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
			fits:  true,
		}, {
			name:  "a boundary's Deny holds against a queue that names the user",
			kind:  policy.PermissionsBoundary,
			given: []string{`{"Effect":"Allow","Action":"s3:GetObject",` + logs + `},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
			want:  []string{`{"Effect":"Allow","Action":"s3:GetObject",` + logs + `},{"Effect":"Deny","Action":"sqs:*","Resource":"*"}`},
			fits:  true,
		}, {
			name:  "an RCP's Deny holds against tokens",
			kind:  policy.ResourceControl,
			given: []string{`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity","Resource":"*","Condition":{"StringNotEqualsIfExists":{"token.actions.githubusercontent.com:repository_owner":"exemplia"}}}`},
			want:  []string{`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRoleWithWebIdentity","Resource":"*","Condition":{"StringNotEqualsIfExists":{"token.actions.githubusercontent.com:repository_owner":"exemplia"}}}`},
			fits:  true,
		}, {
			name:  "a trust policy is alone, and its Denies with it",
			kind:  policy.RoleTrust,
			given: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"},{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}`},
			want:  []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`},
			fits:  true,
		}, {
			name:  "principals and the values of a condition",
			kind:  policy.ResourceBased,
			given: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject",` + logs + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}},{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"s3:GetObject",` + logs + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a"}}},{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:root"]},"Action":"s3:GetObject",` + logs + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-b"}}}`},
			want:  []string{`{"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::444455556666:root"]},"Action":"s3:GetObject",` + logs + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-a","o-b"]}}}`},
			fits:  true,
		}, {
			name:  "negated values do not add up",
			kind:  policy.IdentityBased,
			given: []string{`{"Effect":"Deny","Action":"s3:GetObject",` + logs + `,"Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"a"}}},{"Effect":"Deny","Action":"s3:GetObject",` + logs + `,"Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"b"}}}`},
			want:  []string{`{"Effect":"Deny","Action":"s3:GetObject",` + logs + `,"Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"a"}}},{"Effect":"Deny","Action":"s3:GetObject",` + logs + `,"Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"b"}}}`},
			fits:  true,
		}, {
			name:  "divided, Sids gone",
			kind:  policy.ServiceControl,
			space: check.Space{Documents: 2, Size: 120},
			given: []string{`{"Sid":"OneTwoThreeFourFiveSix","Effect":"Deny","Action":["a:a","b:b"],"Resource":"*"},{"Sid":"SevenEightNineTenEleven","Effect":"Deny","Action":["c:c","d:d"],"Resource":"arn:aws:s3:::logs"}`},
			want:  []string{`{"Effect":"Deny","Action":["a:a","b:b"],"Resource":"*"}`, `{"Effect":"Deny","Action":["c:c","d:d"],"Resource":"arn:aws:s3:::logs"}`},
			fits:  true,
		}, {
			name:  "too large",
			kind:  policy.ServiceControl,
			space: check.Space{Documents: 1, Size: 100},
			given: []string{`{"Effect":"Deny","Action":["aaaa:aaaa","bbbb:bbbb"],"Resource":"*"}`},
			want:  []string{`{"Effect":"Deny","Action":"aaaa:aaaa","Resource":"*"}`, `{"Effect":"Deny","Action":"bbbb:bbbb","Resource":"*"}`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var given []*policy.Document
			for _, s := range test.given {
				given = append(given, document([]string{s}))
			}
			got, err := check.Minimize(context.Background(), test.kind, test.space, given...)
			if err != nil {
				t.Fatal(err)
			}
			if got.Verdict != check.Pass || got.Fits != test.fits {
				t.Fatalf("got %s (%s), fits: %v", got.Verdict, got.Reason, got.Fits)
			}
			var have, want []string
			for _, d := range got.Documents {
				have = append(have, d.String())
			}
			for _, s := range test.want {
				want = append(want, document([]string{s}).String())
			}
			if !slices.Equal(have, want) {
				t.Errorf("got\n%s\nwant\n%s\nafter\n%s", strings.Join(have, "\n"), strings.Join(want, "\n"), strings.Join(got.Steps, "\n"))
			}
		})
	}
}

// TestMinimizeVersion2008 keeps ${ the text that it was.
func TestMinimizeVersion2008(t *testing.T) {
	old := policy.Must(policy.Parse([]byte(`{"Version":"2008-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/${aws:username}/*"},
		{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/${aws:username}/*"}]}`)))
	got, err := check.Minimize(context.Background(), policy.IdentityBased, check.Space{}, old)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::logs/${$}{aws:username}/*"}]}`; got.Verdict != check.Pass || got.Documents[0].String() != want {
		t.Errorf("%s %s: got %s, want %s", got.Verdict, got.Reason, got.Documents, want)
	}
}

func TestMinimizeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got, err := check.Minimize(ctx, policy.IdentityBased, check.Space{}, everything)
	if err != nil || got.Verdict != check.Unknown || got.Reason != "interrupted" || got.Documents != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestMinimizeManaged makes managed policies of AWS smaller.
func TestMinimizeManaged(t *testing.T) {
	n, before, after := 0, 0, 0
	for info := range serviceref.ManagedPolicies() {
		if n++; n%400 != 0 {
			continue
		}
		d := info.Document()
		got, err := check.Minimize(context.Background(), policy.IdentityBased, check.Space{Size: 1 << 20}, d)
		if err != nil {
			t.Fatal(err)
		}
		if got.Verdict != check.Pass {
			t.Errorf("%s: %s", info.ARN, got.Reason)
			continue
		}
		if got.After > got.Before || !got.Fits {
			t.Errorf("%s: %d characters, before %d", info.ARN, got.After, got.Before)
		}
		before, after = before+got.Before, after+got.After
	}
	t.Logf("%d characters of %d", after, before)
}

// TestMinimizeLarge ends with a document of very many statements, and with one of very many
// actions.
func TestMinimizeLarge(t *testing.T) {
	var many []string
	for i := range 2000 {
		many = append(many, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:A%d","Resource":"arn:aws:s3:::b%d"}`, i, i%7))
	}
	readOnly, ok := serviceref.ManagedPolicy(policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess"))
	if !ok {
		t.Fatal("no ReadOnlyAccess")
	}
	for _, d := range []*policy.Document{document(many), readOnly.Document()} {
		got, err := check.Minimize(context.Background(), policy.IdentityBased, check.Space{Documents: 40}, d)
		if err != nil || got.Verdict != check.Pass || !got.Fits || len(got.Steps) == 0 {
			t.Errorf("got %s (%s), %d of %d characters in %d documents, fits: %v, %v", got.Verdict, got.Reason, got.After, got.Before, len(got.Documents), got.Fits, err)
		}
	}
}

// TestMinimizeResourcePolicies holds minimized policies that name principals against random
// callers, whose other policies are random, too.
func TestMinimizeResourcePolicies(t *testing.T) {
	proved, smaller, allowed := 0, 0, 0
	first := firstSeed(t)
	for n := range uint64(*pairs / 100) {
		m := newMaker(first + n)
		k := pick(m, policy.ResourceBased, policy.ResourceBased, policy.RoleTrust, policy.VPCEndpoint)
		var statements []string
		for range 2 + m.IntN(3) {
			statements = append(statements, m.resourceStatement(k))
		}
		given := document(statements)
		got, err := check.Minimize(context.Background(), k, check.Space{}, given)
		if err != nil {
			t.Fatalf("seed %d: %v", first+n, err)
		}
		if got.Verdict != check.Pass {
			continue
		}
		proved++
		if len(got.Steps) > 0 {
			smaller++
		}
		for range 400 {
			q := m.callerRequest()
			if k == policy.RoleTrust && !strings.HasPrefix(q.Resource, "arn:aws:iam") {
				continue
			}
			l := m.surroundings(q.Principal)
			decide := func(d *policy.Document) bool {
				l := l
				switch {
				case k == policy.VPCEndpoint:
					l.Endpoints = []spec.Endpoint{{Gateway: n%2 == 0, Policy: d}}
					l.ResourcePolicy = grantAll
				case k == policy.RoleTrust && !strings.HasPrefix(string(q.Action), "sts:"):
				default:
					l.ResourcePolicy = d
				}
				return spec.Decide(l, q) == spec.Allowed
			}
			before, after := decide(given), decide(got.Documents[0])
			if before {
				allowed++
			}
			if before != after {
				t.Fatalf("seed %d, %s: allowed was %v and is %v:\n%s\n%s\n%+v\n%+v", first+n, k, before, after, given, got.Documents[0], q, l)
			}
		}
	}
	if proved == 0 || smaller == 0 || allowed == 0 {
		t.Errorf("%d proved, %d smaller, %d requests allowed; want some", proved, smaller, allowed)
	}
	t.Logf("%d proved, %d smaller; %d requests allowed", proved, smaller, allowed)
}

var grantAll = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)))
