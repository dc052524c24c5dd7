package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleNoNewAccess() {
	existing := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::logs/*"}]}`)))
	updated := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::logs/*"}]}`)))
	r, err := check.NoNewAccess(context.Background(), existing, updated, policy.IdentityBased)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict)
	fmt.Println(r.Counterexample.Request.Action, "on", r.Counterexample.Request.Resource)
	// Output:
	// fail
	// s3:DeleteObject on arn:aws:s3:::logs/example
}

func ExampleEquivalent() {
	a := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"sqs:*","Resource":"*"},
		{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}`)))
	b := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Action":"SQS:DeleteQueue","NotResource":"arn:aws:sns:*:*:orders"},
		{"Effect":"Allow","Action":"sqs:*","Resource":["arn:aws:sqs:*:*:orders","*"]},
		{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"arn:*:sns:*"}]}`)))
	r, err := check.Equivalent(context.Background(), a, b, policy.IdentityBased)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict)
	// Output:
	// pass
}

func ExampleAccessNotGranted() {
	boundary := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Effect":"Deny","Action":["iam:CreateUser","iam:DeleteUser","organizations:*","account:*"],"Resource":"*"}]}`)))
	for _, action := range []string{"iam:CreateUser", "iam:DeleteRolePermissionsBoundary"} {
		r, err := check.AccessNotGranted(context.Background(), boundary, policy.PermissionsBoundary, check.Access{Actions: []string{action}})
		if err != nil {
			panic(err)
		}
		fmt.Println(action, r.Verdict)
		if r.Counterexample != nil {
			fmt.Println("  allowed on", r.Counterexample.Request.Resource)
		}
	}
	// Output:
	// iam:CreateUser pass
	// iam:DeleteRolePermissionsBoundary fail
	//   allowed on arn:aws:iam::111122223333:role/example
}

func ExampleNoPublicAccess() {
	bucket := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*",
		 "Condition":{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}}]}`)))
	r, err := check.NoPublicAccess(context.Background(), bucket, policy.ResourceBased)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict)
	fmt.Println(r.Counterexample.Request.Principal.Kind(), r.Counterexample.Request.Action)
	// Output:
	// fail
	// anonymous s3:GetObject
}

// shop is an organization with a user and the role of a permission set, which holds the same
// policy.
func shop(boundary string) *simulate.Environment {
	doc := func(text string) *policy.Document { return policy.Must(policy.Parse([]byte(text))) }
	orders := doc(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage"],"Resource":"arn:aws:sqs:*:111122223333:orders"}]}`)
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "444455556666",
		Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess},
			Accounts: []string{"111122223333", "444455556666"}},
		ControlPolicies: []org.ControlPolicy{{ID: "p-region01", Name: "region", Kind: policy.ServiceControl, Document: doc(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}`)}},
		Accounts: []org.Account{
			{ID: "444455556666", Attached: []string{org.FullAWSAccess}},
			{ID: "111122223333", Attached: []string{org.FullAWSAccess},
				Policies: []org.ManagedPolicy{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:policy/limit"), Document: doc(boundary)}},
				Users:    []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: []org.InlinePolicy{{Name: "orders", Document: orders}}}},
				Roles: []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Orders_0123456789abcdef"),
					Trust:  doc(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/sso"},"Action":"sts:AssumeRoleWithSAML"}]}`),
					Inline: []org.InlinePolicy{{Name: "orders", Document: orders}}, Boundary: policy.MustParseARN("arn:aws:iam::111122223333:policy/limit")}},
			}},
	})
	if err != nil {
		panic(err)
	}
	e, err := simulate.Compile(o)
	if err != nil {
		panic(err)
	}
	return e
}

func ExampleNoLostAccess() {
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	role := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Orders_0123456789abcdef"))
	for _, boundary := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Send*","Resource":"*"}]}`,
	} {
		env := shop(boundary)
		r, err := check.NoLostAccess(context.Background(), env, env, ana, role)
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Verdict)
		if x := r.Counterexample; x != nil {
			fmt.Println(" ", x.Request.Action, "on", x.Request.Resource, "is", x.Refused.Decision)
		}
	}
	// Output:
	// pass
	// fail
	//   sqs:ReceiveMessage on arn:aws:sqs:us-east-1:111122223333:orders is implicitDeny (boundary)
}

func ExampleNoGainedAccess() {
	before := shop(`{"Version":"2012-10-17","Statement":[]}`)
	after, err := before.Apply(org.AttachControlPolicy("p-region01", "r-ab12"))
	if err != nil {
		panic(err)
	}
	for _, e := range [][2]*simulate.Environment{{before, after}, {after, before}} {
		r, err := check.NoGainedAccess(context.Background(), e[0], e[1])
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Verdict)
		if x := r.Counterexample; x != nil {
			fmt.Println(" ", x.Request.Principal, x.Request.Action, "was", x.Refused.Decision)
		}
	}
	// Output:
	// pass
	// fail
	//   arn:aws:iam::111122223333:user/ana sqs:SendMessage was explicitDeny (serviceControl)
}

func ExampleNobodyGainsAccess() {
	before := shop(`{"Version":"2012-10-17","Statement":[]}`)
	after, err := before.Apply(org.AttachControlPolicy("p-region01", "r-ab12"))
	if err != nil {
		panic(err)
	}
	r, err := check.NobodyGainsAccess(context.Background(), before, after, 0)
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict)
	// Output:
	// pass
}

func ExampleCertify() {
	env := shop(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Send*","Resource":"*"}]}`)
	role := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Orders_0123456789abcdef"))
	d, err := env.EquivalentPolicy(role, nil)
	if err != nil {
		panic(err)
	}
	r, err := check.Certify(context.Background(), env, role, d)
	if err != nil {
		panic(err)
	}
	fmt.Println(d.Len(), "statements:", r.Verdict)
	// Output:
	// 2 statements: pass
}

func ExampleGuarded() {
	env := shop(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	guardrail := check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}}}
	for _, except := range []string{"arn:aws:iam::*:root", "arn:aws:iam::111122223333:user/ana"} {
		guardrail.Except = []string{except}
		r, err := check.Guarded(context.Background(), env, guardrail)
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Verdict)
		for _, x := range r.Breaches {
			fmt.Println(" ", x.Request.Principal, "can", x.Request.Action)
		}
	}
	// Output:
	// pass
	// fail
	//   arn:aws:iam::111122223333:root can sqs:PurgeQueue
	//   arn:aws:iam::444455556666:root can sqs:PurgeQueue
}

func ExampleWithProgress() {
	env := shop(`{"Version":"2012-10-17","Statement":[]}`)
	guardrail := check.Guardrail{Accesses: []check.Access{{Actions: []string{"sqs:PurgeQueue"}}}, Except: []string{"*"}}
	_, err := check.Guarded(context.Background(), env, guardrail, check.WithProgress(func(done, all int) {
		fmt.Println(done, "of", all)
	}))
	if err != nil {
		panic(err)
	}
	// Output:
	// 0 of 4
	// 1 of 4
	// 2 of 4
	// 3 of 4
}
