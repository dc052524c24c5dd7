package check_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// A decider is what the oracle says of a request when a document is in force.
type decider func(d *policy.Document) bool

// in reports whether a request is in a region, by what its statements decide alone.
func (decide decider) in(t *testing.T, k policy.Kind, r check.Region) bool {
	t.Helper()
	alone := func(list ...policy.Statement) *policy.Document {
		d, err := policy.NewDocument(list...)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all := policy.Statement{Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("*"), Resource: policy.List("*")}
	named := func(s policy.Statement) bool { return !s.Principal.IsZero() || !s.NotPrincipal.IsZero() }
	granted := func(s policy.Statement) bool {
		s.SID = ""
		if !named(s) || k == policy.ResourceControl {
			return decide(alone())
		}
		return decide(alone(s)) && (k == policy.VPCEndpoint || !decide(alone()))
	}
	denied := func(s policy.Statement) bool {
		s.SID = ""
		return decide(alone(all)) && !decide(alone(all, s))
	}
	if !granted(r.Statement) || slices.ContainsFunc(r.Within, func(s policy.Statement) bool { return !denied(s) }) {
		return false
	}
	return !slices.ContainsFunc(r.Except, func(s policy.Statement) bool {
		return s.Effect == policy.Deny && denied(s) || s.Effect == policy.Allow && granted(s)
	})
}

// TestPrincipalDifferencesAreExact is [TestDifferencesAreExact] for policies that name
// principals and for RCPs: whatever else bears on the caller, its request is in a region if, and
// only if, the difference has it.
func TestPrincipalDifferencesAreExact(t *testing.T) {
	t.Parallel()
	certified, regions, tried, inside, examples := map[policy.Kind]int{}, 0, 0, 0, 0
	first := firstSeed(t)
	total := max(*pairs/20, 30)
	for n := range uint64(total) {
		m := newMaker(first + n)
		kind := pick(m, policy.ResourceBased, policy.ResourceBased, policy.RoleTrust, policy.VPCEndpoint, policy.ResourceControl)
		statement := func() string {
			s := m.resourceStatement(kind)
			if kind == policy.ResourceControl {
				// Such a policy denies everybody.
				s = `{"Effect":"Deny","Principal":"*",` + s[regexp.MustCompile(`"(Not)?Action"`).FindStringIndex(s)[0]:]
			}
			return s
		}
		statements := make([]string, 1+m.IntN(3))
		for i := range statements {
			statements[i] = statement()
		}
		updated := append([]string(nil), statements...)
		switch i := m.IntN(len(updated)); m.IntN(4) {
		case 0:
			updated = append(updated, statement())
		case 1:
			updated[i] = statement()
		case 2:
			updated[i] = strings.Replace(updated[i], "NotPrincipal", "Principal", 1)
		case 3:
			updated = append(updated[:i], updated[i+1:]...)
		}
		if m.IntN(2) == 0 {
			statements, updated = updated, statements
		}
		a, b := document(statements), document(updated)
		var got check.Summary
		var err error
		granted := m.IntN(4) == 0
		if granted {
			got, err = check.Granted(context.Background(), b, kind)
		} else {
			got, err = check.Differences(context.Background(), a, b, kind)
		}
		if err != nil {
			continue // AWS refuses the document as such a policy
		}
		for _, r := range got.Regions {
			if r.Example != nil {
				examples++
			}
		}
		if !got.Certified {
			if testing.Verbose() {
				t.Logf("seed %d, %s: %s\n%s\n%s", first+n, kind, got.Reason, a, b)
			}
			continue
		}
		certified[kind]++
		regions += len(got.Regions)
		for range 400 {
			q := m.callerRequest()
			if kind == policy.RoleTrust && !strings.HasPrefix(q.Resource, "arn:aws:iam") {
				continue
			}
			if q.Action == "sts:GetCallerIdentity" {
				continue // what needs no permission is in no region
			}
			l := m.surroundings(q.Principal)
			if kind == policy.ResourceControl {
				q.Principal = policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
				l = spec.Layers{Identity: []*policy.Document{everything}, BucketABAC: true, ResourcePolicy: everybody}
				q.ResourceAccount = "111122223333"
			}
			decide := decider(func(d *policy.Document) bool {
				l := l
				switch {
				case kind == policy.VPCEndpoint:
					l.Endpoints = []spec.Endpoint{{Gateway: n%2 == 0, Policy: d}}
					l.ResourcePolicy = everybody
				case kind == policy.ResourceControl:
					l.RCPs = [][]*policy.Document{{d}}
				case kind == policy.RoleTrust && !strings.HasPrefix(string(q.Action), "sts:"):
				default:
					l.ResourcePolicy = d
				}
				return spec.Decide(l, q) == spec.Allowed
			})
			tried++
			want := decide(b)
			switch {
			case !granted:
				want = want && !decide(a)
			case kind == policy.ResourceBased || kind == policy.RoleTrust:
				want = want && !decide(document(nil))
			}
			if want {
				inside++
			}
			if have := slices.ContainsFunc(got.Regions, func(r check.Region) bool { return decide.in(t, kind, r) }); have != want {
				t.Fatalf("seed %d, %s, granted %v: in a region: %v, in the difference: %v:\n%s\n%s\n%v\n%+v\n%+v", first+n, kind, granted, have, want, a, b, got.Regions, q, l)
			}
		}
	}
	t.Logf("%v of %d certified; %d regions, %d examples; %d requests, %d inside", certified, total, regions, examples, tried, inside)
	if len(certified) == 0 || inside == 0 || examples == 0 {
		t.Error("nothing was held against a summary")
	}
}

var everybody = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)))

func TestPrincipalDifferences(t *testing.T) {
	const bucket = `"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"`
	tests := []struct {
		name              string
		kind              policy.Kind
		existing, updated []string
		want              []string
	}{
		{
			name: "one principal more", kind: policy.ResourceBased,
			existing: []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/logs"},` + bucket + `}`},
			updated:  []string{`{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:role/logs","arn:aws:iam::444455556666:root"]},` + bucket + `}`},
			want:     []string{"s3:GetObject on arn:aws:s3:::logs/* for arn:aws:iam::444455556666:root"},
		}, {
			name: "a role by name needs no identity policy, as its account does", kind: policy.ResourceBased,
			existing: []string{`{"Effect":"Allow","Principal":{"AWS":"111122223333"},` + bucket + `}`},
			updated:  []string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/logs"},` + bucket + `}`},
			want:     []string{"s3:GetObject on arn:aws:s3:::logs/* for arn:aws:iam::111122223333:role/logs, except s3:GetObject on arn:aws:s3:::logs/* for 111122223333"},
		}, {
			name: "a Deny that is gone", kind: policy.ResourceBased,
			existing: []string{`{"Effect":"Deny","Principal":"*",` + bucket + `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
			want:     []string{"what other policies allow, within s3:GetObject on arn:aws:s3:::logs/* for * when aws:SecureTransport Bool false"},
		}, {
			name: "an RCP that denies less", kind: policy.ResourceControl,
			existing: []string{`{"Effect":"Deny","Principal":"*","Action":["s3:*","sqs:*"],"Resource":"*"}`},
			updated:  []string{`{"Effect":"Deny","Principal":"*","Action":["s3:Put*","sqs:*"],"Resource":"*"}`},
			want:     []string{"what other policies allow, within s3:* on * for *, except s3:Put* on * for *"},
		}, {
			name: "who may assume a role: a service may act as another, too", kind: policy.RoleTrust,
			existing: []string{`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`},
			updated:  []string{`{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}`},
			want:     []string{"sts:AssumeRole for lambda.amazonaws.com, except sts:AssumeRole for ec2.amazonaws.com"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := check.Differences(context.Background(), document(test.existing), document(test.updated), test.kind)
			if err != nil || !got.Certified {
				t.Fatalf("not certified: %s %v", got.Reason, err)
			}
			var have []string
			for _, r := range got.Regions {
				have = append(have, r.String())
				if r.Example == nil {
					t.Errorf("%s: no example", r)
				}
			}
			if !slices.Equal(have, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}
