package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// exampleLog is two calls of the role orders, in two Regions.
const exampleLog = `{"Records":[
{"eventID":"e1","eventTime":"2024-05-01T10:00:00Z","eventType":"AwsApiCall","eventSource":"dynamodb.amazonaws.com","eventName":"DescribeTable","awsRegion":"eu-west-1","recipientAccountId":"111122223333","requestParameters":{"tableName":"orders"},
 "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/orders/i-0abc","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/app/orders"}}}},
{"eventID":"e2","eventTime":"2024-05-02T10:00:00Z","eventType":"AwsApiCall","eventSource":"dynamodb.amazonaws.com","eventName":"DescribeTable","awsRegion":"us-west-2","recipientAccountId":"111122223333","requestParameters":{"tableName":"orders"},
 "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/orders/i-0abc","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/app/orders"}}}}
]}`

// exampleWorld is an organization with that role, before and after an SCP.
func exampleWorld() (before, after *simulate.Environment) {
	deny := policy.Must(policy.NewDocument(policy.Statement{
		SID: "OnlyEurope", Effect: policy.Deny, Action: policy.List("*"), Resource: policy.List("*"),
		Condition: policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
	}))
	allow := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}))
	trust := policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow, Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), Action: policy.List("sts:AssumeRole")}))
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "999900001111",
		Root:            org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{"p-FullAWSAccess"}, Accounts: []string{"111122223333", "999900001111"}},
		ControlPolicies: []org.ControlPolicy{{ID: "p-FullAWSAccess", Name: "FullAWSAccess", Kind: policy.ServiceControl, Document: allow}},
		Accounts: []org.Account{{ID: "999900001111", Attached: []string{"p-FullAWSAccess"}}, {ID: "111122223333", Attached: []string{"p-FullAWSAccess"}, Roles: []org.Role{{
			ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/app/orders"), Trust: trust, Inline: []org.InlinePolicy{{Name: "app", Document: allow}},
		}}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if before, err = simulate.Compile(o); err != nil {
		log.Fatal(err)
	}
	after, err = before.Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-regions", Name: "regions", Kind: policy.ServiceControl, Document: deny}),
		org.AttachControlPolicy("p-regions", "r-ab12"))
	if err != nil {
		log.Fatal(err)
	}
	return before, after
}

func ExampleDryRun() {
	before, after := exampleWorld()
	report, err := replay.DryRun(context.Background(), before, after, cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range report.Broken {
		fmt.Println(d.Action, d.Region, d.Events, d.Certain, d.Statement)
	}
	rate, _ := report.Backtest.Rate()
	fmt.Println("agreement", rate, "over", len(report.Days), "days")
	// Output:
	// dynamodb:DescribeTable us-west-2 1 true OnlyEurope of regions
	// agreement 1 over 2 days
}

func ExampleDryRunSummary() {
	before, after := exampleWorld()
	ctx := context.Background()
	m, err := replay.Collect(ctx, replay.SelectOrganization(before.Organization(), after.Organization()), cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	report, err := replay.DryRunSummary(ctx, before, after, m)
	fmt.Println(len(report.Broken), report.Tuples, err)
	// Output: 1 2 <nil>
}

func ExampleRequests() {
	for e := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		requests, err := replay.Requests(e, nil)
		if err != nil {
			log.Fatal(err)
		}
		for _, r := range requests {
			fmt.Println(r.Principal, r.Action, r.Resource, r.Certainty)
		}
		break
	}
	// Output: arn:aws:sts::111122223333:assumed-role/orders/i-0abc dynamodb:DescribeTable arn:aws:dynamodb:eu-west-1:111122223333:table/orders certain
}

func ExampleReasons() {
	for _, r := range replay.Reasons()[:2] {
		fmt.Println(r)
	}
	// Output:
	// not an API call
	// needs no permission
}

func ExampleUsage() {
	env, _ := exampleWorld()
	report, err := replay.Usage(context.Background(), env, cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	for _, u := range report.Uses {
		for _, a := range u.Actions {
			fmt.Println(u.Principal, a.Action, a.Events, a.Last.Format(time.DateOnly))
		}
	}
	// Output: arn:aws:iam::111122223333:role/app/orders dynamodb:DescribeTable 2 2024-05-02
}

func ExampleUsageSummary() {
	env, _ := exampleWorld()
	ctx := context.Background()
	m, err := replay.Collect(ctx, replay.SelectUsage(), cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	report, err := replay.UsageSummary(ctx, env, m)
	fmt.Println(len(report.Uses), err)
	// Output: 1 <nil>
}

func ExampleLeastPrivilegePolicy() {
	env, _ := exampleWorld()
	report, err := replay.Usage(context.Background(), env, cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	l, err := replay.LeastPrivilegePolicy(report.Uses...)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range l.Document.Statements() {
		fmt.Println(s.Action.At(0), s.Resource.At(0), s.Resource.At(1))
	}
	fmt.Println(l.Proved, "requests proved")
	// Output:
	// dynamodb:DescribeTable arn:aws:dynamodb:eu-west-1:111122223333:table/orders arn:aws:dynamodb:us-west-2:111122223333:table/orders
	// 2 requests proved
}

func ExampleUnused() {
	env, _ := exampleWorld()
	report, err := replay.Usage(context.Background(), env, cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	patterns, granted, used, err := replay.Unused(context.Background(), env, &report.Uses[0])
	fmt.Println(len(patterns) > 100, granted > 1000, used, err)
	// Output: true true 1 <nil>
}

func ExamplePermissionSet() {
	fmt.Println(replay.PermissionSet(policy.MustParseARN("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Developer_0123456789abcdef")))
	// Output: Developer
}

func ExampleSelect() {
	s := replay.Select(policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`))))
	fmt.Println(s.Keys())
	// Output: [aws:securetransport]
}

func ExampleSelectAll() {
	r := replay.NewReducer(replay.SelectAll())
	for e := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		fmt.Println(r.Reduce(e).Time)
	}
	// Output:
	// 2024-05-01T10:00:00Z
	// 2024-05-02T10:00:00Z
}

func ExampleSelectChange() {
	before, after := exampleWorld()
	fmt.Println(replay.SelectChange(before.Organization(), after.Organization()).Keys())
	// Output: [aws:requestedregion]
}

func ExampleSelectOrganization() {
	before, _ := exampleWorld()
	fmt.Println(replay.SelectOrganization(before.Organization()).Keys())
	// Output: []
}

func ExampleSelectUsage() {
	fmt.Println(len(replay.SelectUsage().Keys()))
	// Output: 0
}

func ExampleNewReducer() {
	r := replay.NewReducer(replay.Select())
	for e := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		t := r.Reduce(e)
		fmt.Println(t.Principal, t.Name, t.Parameters)
		break
	}
	// Output: arn:aws:iam::111122223333:role/app/orders DescribeTable {"tableName":"orders"}
}

func ExampleNewSummary() {
	one, two := replay.NewSummary(replay.Select()), replay.NewSummary(replay.Select())
	for e := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		one.Add(e)
		two.Add(e)
	}
	one.Merge(two)
	fmt.Println(one.Events())
	// Output: 4
}

func ExampleCollect() {
	m, err := replay.Collect(context.Background(), replay.Select(), cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	for t, c := range m.All() {
		fmt.Println(t.Region, c.Events)
	}
	// Output:
	// eu-west-1 1
	// us-west-2 1
}

func ExampleSQL() {
	before, after := exampleWorld()
	sql := replay.SQL(replay.SelectChange(before.Organization(), after.Organization()), replay.Query{Table: "logs.cloudtrail", Since: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)})
	_, from, _ := strings.Cut(sql, "FROM ")
	fmt.Print("FROM ", from)
	// Output:
	// FROM "logs"."cloudtrail"
	// WHERE eventtime >= '2024-05-01T00:00:00Z'
	// GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
}

func ExampleReadCSV() {
	before, after := exampleWorld()
	s := replay.SelectChange(before.Organization(), after.Organization())
	m, err := replay.Collect(context.Background(), s, cloudtrail.Read(strings.NewReader(exampleLog)))
	if err != nil {
		log.Fatal(err)
	}
	var result bytes.Buffer
	if err := m.WriteCSV(&result); err != nil {
		log.Fatal(err)
	}
	read, err := replay.ReadCSV(s, &result)
	fmt.Println(read.Events(), err)
	// Output: 2 <nil>
}
