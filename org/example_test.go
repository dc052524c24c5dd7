package org_test

import (
	"fmt"
	"os"
	"testing/fstest"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func exampleOrganization() *org.Organization {
	regions := policy.Must(policy.NewDocument(policy.Statement{
		SID: "Regions", Effect: policy.Deny, NotAction: policy.List("iam:*"), Resource: policy.List("*"),
		Condition: policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
	}))
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "111122223333",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl},
			Attached: []string{org.FullAWSAccess},
			Accounts: []string{"111122223333"},
			OUs: []org.OU{{
				ID: "ou-ab12-11111111", Name: "Workloads",
				Attached: []string{org.FullAWSAccess, "p-regions"}, Accounts: []string{"444455556666"},
			}},
		},
		ControlPolicies: []org.ControlPolicy{{ID: "p-regions", Name: "Regions", Kind: policy.ServiceControl, Document: regions}},
		Accounts: []org.Account{
			{ID: "111122223333", Name: "management", Attached: []string{org.FullAWSAccess}},
			{ID: "444455556666", Name: "orders", Attached: []string{org.FullAWSAccess}},
		},
	})
	if err != nil {
		panic(err)
	}
	return o
}

func ExampleNew() {
	_, err := org.New(org.Spec{
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl},
			Attached: []string{"p-FullAWSAcess"},
			Accounts: []string{"111122223333"},
		},
		Accounts: []org.Account{{ID: "111122223333"}, {ID: "444455556666"}},
	})
	fmt.Println(err)
	// Output:
	// /root/attached/0: root r-ab12: no control policy "p-FullAWSAcess"; did you mean "p-FullAWSAccess"?
	// /accounts/1/id: account 444455556666 is nowhere in the tree; put it below the root or an OU
}

func ExampleStandalone() {
	ana := policy.MustParseARN("arn:aws:iam::111122223333:user/ana")
	o, err := org.Standalone(org.Account{
		ID: "111122223333",
		Users: []org.User{{ARN: ana, Inline: []org.InlinePolicy{{
			Name: "logs",
			Document: policy.Must(policy.NewDocument(policy.Statement{
				Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
			})),
		}}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, _ := o.User(ana)
	fmt.Println(u.Inline[0].Name, o.Path("111122223333") == nil)
	// Output: logs true
}

func ExampleReadFS() {
	snapshot := fstest.MapFS{
		"org.json": {Data: []byte(`{"accounts": ["accounts/111122223333.json"]}`)},
		"accounts/111122223333.json": {Data: []byte(`{
  "id": "111122223333",
  "users": [
    {"arn": "arn:aws:iam::111122223333:user/ana", "groups": ["admin"]}
  ],
  "groups": [
    {"arn": "arn:aws:iam::111122223333:group/admins",
     "inline": [{"name": "logs", "document": "logs.json"}]}
  ]
}`)},
		"logs.json": {Data: []byte(`{"Statement": {"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}}`)},
	}
	_, err := org.ReadFS(snapshot)
	fmt.Println(err)
	// Output:
	// accounts/111122223333.json:4:62: /users/0/groups/0: user arn:aws:iam::111122223333:user/ana: no group "admin"; did you mean "admins"?
	// logs.json:1:26: /Statement/Effect: unknown effect "allow"; want "Allow" or "Deny", in this spelling
}

func ExampleParse() {
	o, err := org.Parse([]byte(`{"accounts": [{
		"id": "111122223333",
		"resources": [{"arn": "arn:aws:s3:::logs", "tags": {"team": "orders"}}]
	}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	logs, _ := o.Resource(policy.MustParseARN("arn:aws:s3:::logs"))
	fmt.Println(logs.Tags["team"])
	// Output: orders
}

func ExampleParseAt() {
	start := policy.Position{Line: 3, Column: 1} // below the third line of a case file
	_, err := org.ParseAt("interns.txtar", start, []byte(`{"accounts": [{"id": "1111"}]}`))
	fmt.Println(err)
	// Output: interns.txtar:3:22: /accounts/0/id: "1111" is no account ID; want 12 digits
}

func ExampleOrganization_WriteDir() {
	dir, err := os.MkdirTemp("", "snapshot")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := exampleOrganization().WriteDir(dir); err != nil {
		fmt.Println(err)
		return
	}
	o, err := org.ReadFS(os.DirFS(dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	regions, _ := o.ControlPolicy("p-regions")
	fmt.Println(o.Equal(exampleOrganization()), regions.Document.File())
	// Output: true control-policies/p-regions.json
}

func ExampleOrganization_Apply() {
	before := exampleOrganization()
	after, err := before.Apply(
		org.PutOU("r-ab12", org.OU{ID: "ou-ab12-22222222", Name: "Sandbox", Attached: []string{org.FullAWSAccess}}),
		org.MoveAccount("444455556666", "ou-ab12-22222222"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(before.Path("444455556666"))
	fmt.Println(after.Path("444455556666"))
	// Output:
	// [r-ab12 ou-ab12-11111111 444455556666]
	// [r-ab12 ou-ab12-22222222 444455556666]
}

func ExampleOrganization_Invert() {
	o := exampleOrganization()
	changes := []org.Change{
		org.DetachControlPolicy("p-regions", "ou-ab12-11111111"),
		org.AttachControlPolicy("p-regions", "r-ab12"),
	}
	inverse, err := o.Invert(changes...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range inverse {
		fmt.Println(c)
	}
	// Output:
	// detach p-regions from r-ab12
	// attach p-regions to ou-ab12-11111111
}

func ExampleOrganization_Path() {
	o := exampleOrganization()
	for _, id := range o.Path("444455556666") {
		fmt.Println(id, o.NodeName(id))
	}
	// Output:
	// r-ab12 Root
	// ou-ab12-11111111 Workloads
	// 444455556666 orders
}

func ExampleOrganization_Inherited() {
	o := exampleOrganization()
	for level, p := range o.Inherited("444455556666", policy.ServiceControl) {
		fmt.Println(level, p.Name)
	}
	// Output:
	// r-ab12 FullAWSAccess
	// ou-ab12-11111111 FullAWSAccess
	// ou-ab12-11111111 Regions
	// 444455556666 FullAWSAccess
}

func ExampleOrganization_Accounts() {
	for a := range exampleOrganization().Accounts() {
		fmt.Println(a.ID, a.Name)
	}
	// Output:
	// 111122223333 management
	// 444455556666 orders
}

func ExampleMarkUnknown() {
	o, err := exampleOrganization().Apply(
		org.MarkUnknown(org.Gap{Subject: "p-new", What: org.GapDocument, Reason: "known after apply"}),
		org.AttachControlPolicy("p-new", "r-ab12"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for g := range o.Gaps() {
		fmt.Println(g.Subject, g.What, g.Reason)
	}
	// Output: p-new document known after apply
}
