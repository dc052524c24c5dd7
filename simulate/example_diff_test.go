package simulate_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// exampleWidened is the organization of the examples, and what one region more makes of it.
func exampleWidened() (before, after *simulate.Environment) {
	before, err := simulate.Compile(exampleOrganization())
	if err != nil {
		panic(err)
	}
	regions, _ := before.Organization().ControlPolicy("p-regions")
	s := regions.Document.Statement(0)
	s.Condition = policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1", "eu-west-3", "eu-central-1")
	if regions.Document, err = regions.Document.Replace(0, s); err != nil {
		panic(err)
	}
	after, err = before.Apply(org.PutControlPolicy(regions))
	if err != nil {
		panic(err)
	}
	return before, after
}

func ExampleDiff() {
	before, after := exampleWidened()
	deltas, err := simulate.Diff(context.Background(), before, after, before.Requests(simulate.Scope{Actions: []string{"sqs:ListQueues"}, Accounts: []string{"111122223333"}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range deltas {
		fmt.Println(d.Request.Principal, d.Request.Action, d.Kind())
		fmt.Println("  before:", d.BeforeRequires)
		fmt.Println("  after: ", d.AfterRequires)
		fmt.Println("  by:    ", d.AfterStatement.SID)
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders sqs:ListQueues conditions
	//   before: not StringNotEquals aws:RequestedRegion [eu-west-1 eu-west-3]
	//   after:  not StringNotEquals aws:RequestedRegion [eu-west-1 eu-west-3 eu-central-1]
	//   by:     OnlyEurope
	// arn:aws:iam::111122223333:root sqs:ListQueues conditions
	//   before: not StringNotEquals aws:RequestedRegion [eu-west-1 eu-west-3]
	//   after:  not StringNotEquals aws:RequestedRegion [eu-west-1 eu-west-3 eu-central-1]
	//   by:     OnlyEurope
}

func ExampleDeltas() {
	before, after := exampleWidened()
	s := simulate.Scope{Actions: []string{"sqs:*"}, Keys: simulate.Keys{}.With("aws:RequestedRegion", "eu-central-1")}
	for d, err := range simulate.Deltas(context.Background(), before, after, before.Requests(s)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Request.Principal, d.Request.Action, d.Before, d.After)
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders sqs:ListQueues explicitDeny (serviceControl) allowed (identityPolicy)
	// arn:aws:iam::111122223333:root sqs:ListQueues explicitDeny (serviceControl) allowed (identityPolicy)
}

func ExampleEnvironment_Requests() {
	env, _ := exampleWidened()
	for r := range env.Requests(simulate.Scope{Actions: []string{"sqs:List*", "iam:GetRole"}, Principals: []string{"*:role/*"}}) {
		fmt.Println(r.Principal, r.Action, r.Resource)
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders iam:GetRole arn:aws:iam::111122223333:role/orders
	// arn:aws:iam::111122223333:role/orders sqs:ListQueues
}

func ExampleEnvironment_Count() {
	env, _ := exampleWidened()
	fmt.Println(env.Count(simulate.Scope{Actions: []string{"sqs:List*", "iam:GetRole"}}))
	_, err := env.Count(simulate.Scope{Actions: []string{"sqs:ListQeues"}})
	fmt.Println(err)
	// Output:
	// 6 <nil>
	// no action matches "sqs:ListQeues"; did you mean "sqs:ListQueues"?
}

func ExampleEnvironment_Affected() {
	before, after := exampleWidened()
	affected, err := before.Affected(after, simulate.Scope{Actions: []string{"sqs:ListQueues", "sqs:SendMessage"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := affected.Report(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range report.Rows {
		fmt.Println(row.Kind, row.Principals, row.Actions, row.Resources)
		for _, keys := range row.Gained {
			for name, values := range keys.All() {
				fmt.Println("  for", name, values)
			}
		}
		for _, c := range row.Causes {
			fmt.Println("  by", c.Statement.Policy.Name, c.Statement.SID)
		}
	}
	// Output:
	// gained [arn:aws:iam::111122223333:role/orders arn:aws:iam::111122223333:root] [sqs:ListQueues] [*]
	//   for aws:RequestedRegion [eu-central-1]
	//   by regions OnlyEurope
	//   by regions OnlyEurope
	// gained [arn:aws:iam::111122223333:role/orders arn:aws:iam::111122223333:root] [sqs:SendMessage] [*]
	//   for aws:RequestedRegion [eu-central-1]
	//   by regions OnlyEurope
	//   by regions OnlyEurope
}
