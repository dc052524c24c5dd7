package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleDead() {
	d := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sqs:*","Resource":"*"},
		{"Effect":"Deny","Action":["sqs:Delete*","sqs:PurgeQueue"],"Resource":"*"},
		{"Sid":"Purge","Effect":"Allow","Action":"sqs:PurgeQueue","Resource":"arn:aws:sqs:us-east-1:111122223333:orders"}]}`)))
	dead, err := check.Dead(context.Background(), policy.IdentityBased, d)
	if err != nil {
		panic(err)
	}
	for _, s := range dead {
		fmt.Println(s.Document.Statement(s.Index).SID)
	}
	// Output:
	// Purge
}

func ExampleDeadFor() {
	parse := func(text string) *policy.Document { return policy.Must(policy.Parse([]byte(text))) }
	ana := policy.MustParseARN("arn:aws:iam::111122223333:user/ana")
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-root", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess, "p-nousers1"}, Accounts: []string{"111122223333", "444455556666"}},
		ControlPolicies: []org.ControlPolicy{{ID: "p-nousers1", Name: "no users", Kind: policy.ServiceControl, Document: parse(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Deny","Action":"iam:*User*","Resource":"*"}]}`)}},
		Accounts: []org.Account{{ID: "444455556666", Attached: []string{org.FullAWSAccess}}, {ID: "111122223333", Attached: []string{org.FullAWSAccess}, Users: []org.User{{ARN: ana, Inline: []org.InlinePolicy{{Name: "admin", Document: parse(`{"Version":"2012-10-17","Statement":[
			{"Sid":"People","Effect":"Allow","Action":["iam:CreateUser","iam:DeleteUser"],"Resource":"*"},
			{"Sid":"Orders","Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`)}}}}}},
	})
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		panic(err)
	}
	dead, err := check.DeadFor(context.Background(), env, policy.PrincipalFromARN(ana))
	if err != nil {
		panic(err)
	}
	for _, s := range dead {
		fmt.Println(s.Document.Statement(s.Index).SID, s.By)
	}
	// Output:
	// People [scp]
}

func ExampleDeadAt() {
	parse := func(text string) *policy.Document { return policy.Must(policy.Parse([]byte(text))) }
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-root", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{"p-services1"}, Accounts: []string{"111122223333", "444455556666"}},
		ControlPolicies: []org.ControlPolicy{
			{ID: "p-services1", Name: "services", Kind: policy.ServiceControl, Document: parse(`{"Version":"2012-10-17","Statement":[
				{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"}]}`)},
			{ID: "p-account11", Name: "account", Kind: policy.ServiceControl, Document: parse(`{"Version":"2012-10-17","Statement":[
				{"Sid":"Everything","Effect":"Allow","Action":"*","Resource":"*"},
				{"Sid":"NoUsers","Effect":"Deny","Action":"iam:CreateUser","Resource":"*"}]}`)},
		},
		Accounts: []org.Account{{ID: "111122223333", Attached: []string{"p-account11"}}, {ID: "444455556666", Attached: []string{org.FullAWSAccess}}},
	})
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		panic(err)
	}
	dead, err := check.DeadAt(context.Background(), env, "111122223333")
	if err != nil {
		panic(err)
	}
	for _, s := range dead {
		fmt.Println(s.Node, s.Document.Statement(s.Index).SID)
	}
	// Output:
	// 111122223333 NoUsers
}
