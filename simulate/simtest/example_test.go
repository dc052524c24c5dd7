package simtest_test

import (
	"fmt"
	"log"
	"slices"
	"testing"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/simtest"
)

// A printer stands in for the *testing.T of a test, and prints how it fails.
type printer struct{ testing.TB }

func (printer) Helper() {}

func (printer) Error(args ...any) { fmt.Println(args...) }

func (printer) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// account may send to the queue orders and do nothing else.
func account() *org.Organization {
	send := policy.Must(policy.NewDocument(policy.Statement{
		SID: "Send", Effect: policy.Allow,
		Action:   policy.List("sqs:SendMessage"),
		Resource: policy.List("arn:aws:sqs:eu-west-1:111122223333:orders"),
	}))
	o, err := org.Standalone(org.Account{
		ID: "111122223333",
		Users: []org.User{{
			ARN:    policy.MustParseARN("arn:aws:iam::111122223333:user/ana"),
			Inline: []org.InlinePolicy{{Name: "send", Document: send}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	return o
}

func ExampleEnv() {
	var t printer
	e := simtest.Env(t, account())
	simtest.Allowed(t, e, "arn:aws:iam::111122223333:user/ana", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:orders")
	fmt.Println(e.Organization().Equal(account()))
	// Output:
	// true
}

func ExampleAllowed() {
	var t printer
	e := simtest.Env(t, account())
	const ana = "arn:aws:iam::111122223333:user/ana"
	simtest.Allowed(t, e, ana, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:orders")
	simtest.Allowed(t, e, ana, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:logs", "aws:SourceIp=203.0.113.7")
	// Output:
	// want allowed, got implicitDeny (identityPolicy): no identity policy allows it
	//     allowed  arn:aws:iam::111122223333:user/ana  sqs:SendMessage  arn:aws:sqs:eu-west-1:111122223333:logs  aws:SourceIp=203.0.113.7
	//   near         identity policy send (Sid Send): Resource: wants arn:aws:sqs:eu-west-1:111122223333:orders, got arn:aws:sqs:eu-west-1:111122223333:logs
	//   note         the resource is not in the model: it is taken to belong to account 111122223333 and to have no policy
}

func ExampleDenied() {
	var t printer
	e := simtest.Env(t, account())
	simtest.Denied(t, e, "arn:aws:iam::111122223333:user/ana", "sqs:DeleteQueue", "arn:aws:sqs:eu-west-1:111122223333:orders")
	simtest.Denied(t, e, "arn:aws:iam::111122223333:user/anna", "sqs:DeleteQueue", "arn:aws:sqs:eu-west-1:111122223333:orders")
	// Output:
	// arn:aws:iam::111122223333:user/anna is not in the organization; did you mean arn:aws:iam::111122223333:user/ana?
	//     denied  arn:aws:iam::111122223333:user/anna  sqs:DeleteQueue  arn:aws:sqs:eu-west-1:111122223333:orders
}

func ExampleUnchanged() {
	var t printer
	before := simtest.Env(t, account())
	ana := policy.MustParseARN("arn:aws:iam::111122223333:user/ana")
	after, err := before.Apply(org.PutUser(org.User{ARN: ana}))
	if err != nil {
		log.Fatal(err)
	}
	orders := policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders")
	simtest.Unchanged(t, before, after, slices.Values([]simulate.Request{
		{Principal: policy.PrincipalFromARN(ana), Action: "sqs:SendMessage", Resource: orders},
		{Principal: policy.PrincipalFromARN(ana), Action: "sqs:DeleteQueue", Resource: orders},
	}))
	// Output:
	// 1 of 2 requests are not decided as before
	// lost: arn:aws:iam::111122223333:user/ana  sqs:SendMessage  arn:aws:sqs:eu-west-1:111122223333:orders
	//   before  allowed (identityPolicy): an identity policy allows it, and nothing denies it
	//             policy       identity policy send
	//             inline in    arn:aws:iam::111122223333:user/ana
	//             statement    Sid Send, Allow
	//             note         the resource is not in the model: it is taken to belong to account 111122223333 and to have no policy
	//   after   implicitDeny (identityPolicy): no identity policy allows it
	//             note         the resource is not in the model: it is taken to belong to account 111122223333 and to have no policy
}
