package awsexport_test

import (
	"fmt"
	"testing/fstest"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// What the AWS CLI wrote of an organization answers for its people: ana signs in through IAM
// Identity Center.
func ExampleRead() {
	x, err := awsexport.Read(examples.Shop())
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(x.Organization)
	if err != nil {
		panic(err)
	}
	ana, _ := x.Instance.UserNamed("ana@example.com")
	access, _ := x.Instance.Access(x.Organization, ana.ID)
	for _, a := range access {
		set, _ := x.Instance.PermissionSet(a.PermissionSet)
		for _, r := range []simulate.Request{
			{Principal: a.Principal, Action: "s3:PutObject", Resource: policy.MustParseARN("arn:aws:s3:::orders/2024/1.json")},
			{Principal: a.Principal, Action: "s3:GetObject", Resource: policy.MustParseARN("arn:aws:s3:::logs/a")},
		} {
			r.Keys = r.Keys.With("aws:RequestedRegion", "eu-west-3")
			fmt.Println(set.Name, "in", a.Account, r.Action, r.Resource, env.Can(r).Outcome)
		}
	}
	// Output:
	// Auditor in 111122223333 s3:PutObject arn:aws:s3:::orders/2024/1.json implicitDeny
	// Auditor in 111122223333 s3:GetObject arn:aws:s3:::logs/a allowed
	// Developer in 444455556666 s3:PutObject arn:aws:s3:::orders/2024/1.json allowed
	// Developer in 444455556666 s3:GetObject arn:aws:s3:::logs/a implicitDeny
}

// What is not in an export is not taken for absent.
func ExampleRead_gaps() {
	x, err := awsexport.Read(fstest.MapFS{
		"get-account-authorization-details.json": {Data: []byte(`{
			"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "UserName": "ana"}],
			"GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": true, "Marker": "AAMA"}`)},
		"todo.txt": {Data: []byte("export the rest")},
	})
	if err != nil {
		panic(err)
	}
	for _, u := range x.Organization.Spec().Coverage {
		if u.Section == "iam" {
			fmt.Println(u.Account, u.Section, u.State, u.Reason)
		}
	}
	for _, n := range x.Notes {
		fmt.Println(n)
	}
	// Output:
	// 111122223333 iam partial get-account-authorization-details.json:1:1: there is more, which is not in the export: a token of the next page is left over
	// todo.txt: not read: its name ends in none of .json, .jsonl and .csv
}

// One account that is in no organization.
func ExampleWithoutOrganization() {
	x, err := awsexport.Read(fstest.MapFS{
		"iam.json": {Data: []byte(`{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`)},
	}, awsexport.WithoutOrganization())
	if err != nil {
		panic(err)
	}
	for a := range x.Organization.Accounts() {
		fmt.Println(a.ID, len(a.Users), x.Organization.ID() == "")
	}
	// Output: 111122223333 1 true
}

func ExampleUnread() {
	for _, g := range awsexport.Unread("aws") {
		if g.Subject == "arn:aws:dynamodb:*" {
			fmt.Println(g.Subject, g.What, g.Reason)
		}
	}
	// Output: arn:aws:dynamodb:* unlisted exports have no resource policies of this service
}

func ExampleNote_String() {
	fmt.Println(awsexport.Note{File: "todo.txt", Text: "not read"})
	// Output: todo.txt: not read
}
