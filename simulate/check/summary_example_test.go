package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleDifferences() {
	existing := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:Get*","sqs:SendMessage"],"Resource":"*"},
		{"Effect":"Deny","Action":"s3:Get*","Resource":"arn:aws:s3:::orders/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)))
	updated := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:GetObject","sqs:*"],"Resource":"*"},
		{"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}`)))
	summary, err := check.Differences(context.Background(), existing, updated, policy.IdentityBased)
	if err != nil {
		panic(err)
	}
	for _, r := range summary.Regions {
		fmt.Println(r)
		fmt.Println("  such as", r.Example.Request.Action, "on", r.Example.Request.Resource)
	}
	fmt.Println("certified:", summary.Certified)
	// Output:
	// sqs:* on *, except sqs:DeleteQueue on *, except sqs:SendMessage on *
	//   such as sqs:AddPermission on arn:aws:sqs:us-east-1:111122223333:example
	// s3:GetObject on *, within s3:Get* on arn:aws:s3:::orders/* when aws:SecureTransport Bool false
	//   such as s3:GetObject on arn:aws:s3:::orders/example
	// certified: true
}

func ExampleGranted() {
	d := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["sqs:*","iam:PassRole"],"Resource":"*"},
		{"Effect":"Deny","Action":["iam:*","sqs:DeleteQueue"],"Resource":"*"}]}`)))
	summary, err := check.Granted(context.Background(), d, policy.IdentityBased)
	if err != nil {
		panic(err)
	}
	fmt.Println(summary.Regions, summary.Certified)
	// Output:
	// [sqs:* on *, except sqs:DeleteQueue on *] true
}

func ExampleRegion_String() {
	r := check.Region{
		Statement: policy.Statement{Effect: policy.Allow, Action: policy.List("s3:*"), Resource: policy.List("arn:aws:s3:::logs/*")},
		Except:    []policy.Statement{{Effect: policy.Deny, Action: policy.List("s3:Delete*"), Resource: policy.List("*"), Condition: policy.When("Bool", "aws:SecureTransport", "false")}},
	}
	fmt.Println(r)
	// Output:
	// s3:* on arn:aws:s3:::logs/*, except s3:Delete* on * when aws:SecureTransport Bool false
}
