package check_test

import (
	"context"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// TestTagsOfAnotherResource: a variable stands for the tag of a listed resource there, and
// for whatever it may be elsewhere.
func TestTagsOfAnotherResource(t *testing.T) {
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	with := func(resource string) *simulate.Environment {
		t.Helper()
		o, err := org.New(org.Spec{
			ID: "o-exampleorgid", ManagementAccount: "111122223333", Root: org.Root{ID: "r-root", Accounts: []string{"111122223333"}},
			Accounts: []org.Account{{
				ID: "111122223333",
				Users: []org.User{{ARN: ana.ARN(), Inline: []org.InlinePolicy{{Name: "queues", Document: parsed(t,
					`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"`+resource+`"}`)}}}},
				Resources: []org.Resource{{
					ARN: policy.MustParseARN("arn:aws:sqs:eu-west-3:111122223333:orders"), Tags: map[string]string{"team": "orders"},
					Policy: parsed(t, `{"Effect":"Allow","Principal":{"AWS":"`+ana.String()+`"},"Action":"sqs:GetQueueUrl","Resource":"*"}`),
				}},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		env, err := simulate.Compile(o)
		if err != nil {
			t.Fatal(err)
		}
		return env
	}
	before, after := with("arn:aws:sqs:*:444455556666:orders"), with("arn:aws:sqs:*:444455556666:${aws:ResourceTag/team}")
	r, err := check.NoGainedAccess(context.Background(), before, after, ana)
	if err != nil || r.Verdict == check.Pass {
		t.Errorf("%s, %v: a queue of another team is gained", r.Verdict, err)
	}
}
