package simulate_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func ExampleEnvironment_WhoCan() {
	env, _ := simulate.Compile(exampleOrganization())
	callers, err := env.WhoCan(context.Background(), simulate.Query{
		Action:   "sqs:SendMessage",
		Resource: policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders"),
		Types:    []simulate.CallerType{simulate.CallerUser, simulate.CallerRole},
	})
	if err != nil {
		panic(err)
	}
	for _, c := range callers {
		fmt.Println(c.Type, c.Principal, c.Decision, c.Statement.Policy.Name)
	}
	// Output:
	// role arn:aws:iam::111122223333:role/orders allowed (identityPolicy) queues
}

func ExampleEnvironment_WhichActions() {
	env, _ := simulate.Compile(exampleOrganization())
	answers, _ := env.WhichActions(context.Background(), simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"),
		Resource:  policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders"),
	})
	fmt.Println(answers[0].Request.Action, answers[0].Decision)
	// Output:
	// sqs:AddPermission allowed (identityPolicy)
}

func ExampleEnvironment_WhichResources() {
	all := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:orders*"}}`)))
	o, err := org.Standalone(org.Account{
		ID:    "111122223333",
		Users: []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: []org.InlinePolicy{{Name: "queues", Document: all}}}},
		Resources: []org.Resource{
			{ARN: policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders")},
			{ARN: policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:logs")},
		},
	})
	if err != nil {
		panic(err)
	}
	env, _ := simulate.Compile(o)
	answers, _ := env.WhichResources(context.Background(), simulate.Request{
		Principal: parsePrincipal("arn:aws:iam::111122223333:user/ana"),
		Action:    "sqs:SendMessage",
	})
	for _, a := range answers {
		fmt.Println(a.Request.Resource, a.Decision.Outcome)
	}
	// Output:
	// arn:aws:sqs:eu-west-1:111122223333:orders allowed
}

func ExampleParseCallerType() {
	t, err := simulate.ParseCallerType("sso")
	fmt.Println(t, err)
	_, err = simulate.ParseCallerType("person")
	fmt.Println(err)
	// Output:
	// sso <nil>
	// caller type "person": want user, role, sso, root, service, federated, anonymous, external
}

func ExampleCallerType_String() {
	fmt.Println(simulate.CallerAnonymous)
	// Output:
	// anonymous
}
