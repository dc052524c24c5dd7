package simulate_test

import (
	"bytes"
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

func ExampleEnvironment_Matrix() {
	env, _ := simulate.Compile(exampleOrganization())
	m, err := env.Matrix(context.Background(), simulate.MatrixOptions{})
	if err != nil {
		panic(err)
	}
	orders := parsePrincipal("arn:aws:iam::111122223333:role/orders")
	cell, _ := m.At(orders, "sqs:ListQueues")
	fmt.Println(cell.Outcome, cell.Stage, cell.Access())
	for _, c := range m.Summary(orders) {
		if c.Service == "sqs" {
			fmt.Println(c.Service, c.Possible, "of", c.Actions, "depend on a condition")
		}
	}
	// Output:
	// indeterminate serviceControl possible
	// sqs 20 of 20 depend on a condition
}

func ExampleMatrix_Diff() {
	env, _ := simulate.Compile(exampleOrganization())
	after, _ := env.Apply(org.DetachControlPolicy("p-regions", "ou-ab12-11111111"))
	a, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	b, _ := after.Matrix(context.Background(), simulate.MatrixOptions{})
	for d := range a.Diff(b) {
		if d.Action == "sqs:SendMessage" {
			fmt.Println(d.Principal, d.Before.Access(), "to", d.After.Access())
		}
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders possible to all
	// arn:aws:iam::111122223333:root possible to all
}

func ExampleMatrix_Update() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	after, _ := env.Apply(org.DetachControlPolicy("p-regions", "ou-ab12-11111111"))
	updated, err := m.Update(context.Background(), after)
	if err != nil {
		panic(err)
	}
	cell, _ := updated.At(parsePrincipal("arn:aws:iam::111122223333:role/orders"), "sqs:SendMessage")
	fmt.Println(cell.Access())
	// Output:
	// all
}

func ExampleMatrix_Who() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	for p, cell := range m.Who("iam:CreateUser") {
		fmt.Println(p, cell.Access())
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders none
	// arn:aws:iam::111122223333:root none
	// arn:aws:iam::444455556666:root all
}

func ExampleMatrix_At() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	_, ok := m.At(parsePrincipal("arn:aws:iam::111122223333:role/nobody"), "sqs:SendMessage")
	fmt.Println(ok)
	// Output:
	// false
}

func ExampleMatrix_All() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	for action, cell := range m.All(parsePrincipal("arn:aws:iam::111122223333:role/orders")) {
		if cell.Access() != simulate.AccessNone {
			fmt.Println(action, cell.Access())
			break
		}
	}
	// Output:
	// sqs:AddPermission possible
}

func ExampleMatrix_Principals() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	for p := range m.Principals() {
		fmt.Println(p)
	}
	// Output:
	// arn:aws:iam::111122223333:role/orders
	// arn:aws:iam::111122223333:root
	// arn:aws:iam::444455556666:root
}

func ExampleMatrix_Actions() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	for a := range m.Actions() {
		fmt.Println(a)
		break
	}
	// Output:
	// a2c:GetContainerizationJobDetails
}

func ExampleMatrix_Summary() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	fmt.Println(len(m.Summary(parsePrincipal("arn:aws:iam::111122223333:role/orders"))))
	// Output:
	// 2
}

func ExampleCell_Access() {
	fmt.Println(simulate.Cell{}.Access(), simulate.Cell{Somewhere: true}.Access())
	// Output:
	// none some
}

func ExampleAccess_String() {
	fmt.Println(simulate.AccessAll)
	// Output:
	// all
}

func ExampleReadMatrix() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	var file bytes.Buffer
	if _, err := m.WriteTo(&file); err != nil {
		panic(err)
	}
	back, err := simulate.ReadMatrix(&file)
	if err != nil {
		panic(err)
	}
	for range m.Diff(back) {
		panic("differs")
	}
	fmt.Println("the same")
	// Output:
	// the same
}

func ExampleMatrix_WriteTo() {
	env, _ := simulate.Compile(exampleOrganization())
	m, _ := env.Matrix(context.Background(), simulate.MatrixOptions{})
	var file bytes.Buffer
	n, err := m.WriteTo(&file)
	fmt.Println(n == int64(file.Len()), err)
	// Output:
	// true <nil>
}
