package simulate_test

import (
	"fmt"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func ExampleEnvironment_HowToAllow() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	r := simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "s3:ListAllMyBuckets",
		Keys:      simulate.Keys{}.With("aws:RequestedRegion", "us-east-1"),
	}
	c := env.HowToAllow(r)
	for _, b := range c.Barriers {
		fmt.Println("no identity policy can:", b)
	}
	for _, remedy := range c.Remedies {
		fmt.Println("either", remedy)
	}
	// A remedy can be applied, and stored as changes of the organization.
	after, err := env.Apply(c.Remedies[0].Changes...)
	if err != nil {
		panic(err)
	}
	fmt.Println(after.Can(c.Remedies[0].Request))
	// Output:
	// no identity policy can: OnlyEurope of regions (serviceControl)
	// either set aws:RequestedRegion to [eu-west-1] and allow s3:ListAllMyBuckets in identityPolicy of arn:aws:iam::111122223333:role/orders
	// either allow s3:ListAllMyBuckets in identityPolicy of arn:aws:iam::111122223333:role/orders and except the caller from OnlyEurope of regions (serviceControl)
	// allowed (identityPolicy)
}

func ExampleRemedy_String() {
	fmt.Println(simulate.Remedy{Steps: []simulate.RemedyStep{
		{Kind: simulate.SetKey, Key: "aws:MultiFactorAuthPresent", Values: []string{"true"}},
		{Kind: simulate.SetKey, Key: "aws:SourceVpce"},
	}})
	// Output:
	// set aws:MultiFactorAuthPresent to [true] and leave out aws:SourceVpce
}

func ExampleRemedyStep_String() {
	fmt.Println(simulate.RemedyStep{
		Kind: simulate.AddAllow, Stage: simulate.StageServiceControl, Node: "ou-ab12-11111111",
		Statement: policy.Statement{Effect: policy.Allow, Action: policy.List("sqs:SendMessage"), Resource: policy.List("*")},
	})
	// Output:
	// allow sqs:SendMessage in serviceControl of ou-ab12-11111111
}

func ExampleBarrier_String() {
	fmt.Println(simulate.Barrier{Stage: simulate.StageBoundary})
	fmt.Println(simulate.Barrier{Stage: simulate.StageServiceControl, Node: "ou-ab12-11111111"})
	// Output:
	// boundary
	// serviceControl of ou-ab12-11111111
}

func ExampleSession_Spec() {
	s, err := simulate.NewSession(simulate.SessionSpec{Tags: map[string]string{"team": "orders"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Spec().Tags)
	// Output:
	// map[team:orders]
}
