package check

import (
	"context"
	"errors"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// TestWrongRegionsAreNotCertified: regions that lack something, or have too much, whoever wrote them.
func TestWrongRegionsAreNotCertified(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:user/ana"
	document := func(statements string) *policy.Document {
		return policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)))
	}
	environment := func(guard, bucket string) *simulate.Environment {
		t.Helper()
		o, err := org.New(org.Spec{
			ID: "o-exampleorgid", ManagementAccount: "444455556666",
			Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess, "p-guard001"},
				Accounts: []string{"111122223333", "444455556666"}},
			ControlPolicies: []org.ControlPolicy{{ID: "p-guard001", Name: "guard", Kind: policy.ServiceControl, Document: document(guard)}},
			Accounts: []org.Account{{ID: "444455556666", Attached: []string{org.FullAWSAccess}}, {
				ID: "111122223333", Attached: []string{org.FullAWSAccess},
				Users: []org.User{{ARN: policy.MustParseARN(arn), Inline: []org.InlinePolicy{{Name: "queues", Document: document(
					`{"Effect":"Allow","Action":["sqs:SendMessage","sqs:PurgeQueue"],"Resource":"*"}`)}}}},
				Resources: []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: document(bucket)}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	grant := func(action string) string {
		return `{"Effect":"Allow","Principal":{"AWS":"` + arn + `"},"Action":"` + action + `","Resource":"arn:aws:s3:::logs/*"},
			{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	}
	before := environment(`{"Effect":"Deny","Action":["sqs:*","iam:CreateUser"],"Resource":"*"}`, grant("s3:GetObject"))
	after := environment(`{"Effect":"Deny","Action":["iam:CreateUser","sqs:PurgeQueue"],"Resource":"*"}`, grant("s3:*Object"))
	e, err := newEstate(before, after)
	if err != nil {
		t.Fatal(err)
	}
	g, _, err := e.gain(context.Background(), policy.PrincipalFromARN(policy.MustParseARN(arn)))
	if err != nil || g == nil {
		t.Fatal(err)
	}
	s, err := g.summarizer()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.find(); err != nil {
		t.Fatal(err)
	}
	// In this order: of its own policies, of resource policies, of the bucket.
	const own, byName, bucket = 0, 1, 2
	regions := func() []Region { return s.regions(near) }
	if n := len(regions()); n != 3 {
		t.Fatalf("%d regions: %v", n, regions())
	}
	all := policy.List("*")
	for name, wrong := range map[string]func([]Region) []Region{
		"":                       func(r []Region) []Region { return r },
		"one less":               func(r []Region) []Region { return r[1:] },
		"no resource policies":   func(r []Region) []Region { return []Region{r[own], r[bucket]} },
		"no bucket":              func(r []Region) []Region { return r[:bucket] },
		"more actions":           func(r []Region) []Region { r[own].Statement.Action = policy.List("sqs:*"); return r },
		"what was allowed":       func(r []Region) []Region { r[own].Within = nil; r[own].Statement.Action = all; return r },
		"what is denied":         func(r []Region) []Region { r[byName].Except = nil; return r },
		"what nobody denied":     func(r []Region) []Region { r[byName].Within = nil; return r },
		"what the bucket denies": func(r []Region) []Region { r[bucket].Except = r[bucket].Except[1:]; return r },
		"what the bucket allowed": func(r []Region) []Region {
			r[bucket].Except = r[bucket].Except[:1]
			return r
		},
		"of another bucket": func(r []Region) []Region {
			r[bucket].Statement.Resource = policy.List("arn:aws:s3:::logs/*", "arn:aws:s3:::other/*")
			return r
		},
		"less of the bucket": func(r []Region) []Region {
			r[bucket].Statement.Resource = policy.List("arn:aws:s3:::logs/a*")
			return r
		},
	} {
		if err := g.proves(wrong(regions())); errors.Is(err, errUncertified) != (name != "") || name == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
