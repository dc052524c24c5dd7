package simulate_test

import (
	"fmt"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func ExampleEnvironment_Standing() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	s := env.Standing(simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Action:    "sqs:SendMessage",
		Resource:  policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders"),
	})
	fmt.Println(len(s.Layers.Identity), "identity policy,", len(s.Layers.Boundary), "boundaries, owner", s.Owner)
	for i, level := range s.Layers.ServiceControl {
		fmt.Println("level", i, "has", len(level), "SCPs")
	}
	fmt.Println("not known:", s.Missing, s.MissingResource)
	// Output:
	// 1 identity policy, 0 boundaries, owner 111122223333
	// level 0 has 1 SCPs
	// level 1 has 2 SCPs
	// level 2 has 1 SCPs
	// not known: []
}

func ExampleEnvironment_Key() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"), Action: "sqs:ListQueues"}
	for _, name := range []string{"aws:PrincipalArn", "aws:username", "aws:SourceIp", "aws:TokenIssueTime"} {
		values, state := env.Key(r, name)
		fmt.Println(name, values, state == simulate.KeyKnown, state == simulate.KeyAbsent, state == simulate.KeyUnknown, state == simulate.KeyPresent)
	}
	// Output:
	// aws:PrincipalArn [arn:aws:iam::111122223333:role/orders] true false false false
	// aws:username [] false true false false
	// aws:SourceIp [] false false true false
	// aws:TokenIssueTime [] false false false true
}

func ExampleEnvironment_KeyRange() {
	env, err := simulate.Compile(exampleOrganization(), simulate.WithStrictKeys())
	if err != nil {
		panic(err)
	}
	r := simulate.Request{Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"), Action: "sqs:ListQueues"}
	_, strict := env.Key(r, "aws:SourceIp")
	_, open := env.KeyRange(r, "aws:SourceIp")
	fmt.Println(strict == simulate.KeyAbsent, open == simulate.KeyUnknown)
	// Output:
	// true true
}

func ExampleEnvironment_Reference() {
	env, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	reaches, known := env.Reference().SupportsRCP("s3")
	fmt.Println(reaches, known)
	// Output:
	// true true
}
