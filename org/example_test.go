package org_test

import (
	"fmt"
	"os"
	"slices"
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
			exampleAccount(),
		},
	})
	if err != nil {
		panic(err)
	}
	return o
}

// exampleAccount has one thing of each kind.
func exampleAccount() org.Account {
	read := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
	}))
	trust := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), Action: policy.List("sts:AssumeRole"),
	}))
	readLogs := policy.MustParseARN("arn:aws:iam::444455556666:policy/read-logs")
	return org.Account{
		ID: "444455556666", Name: "orders", Attached: []string{org.FullAWSAccess},
		Users:     []org.User{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:user/ana"), Groups: []string{"readers"}}},
		Groups:    []org.Group{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:group/readers"), Attached: []policy.ARN{readLogs}}},
		Roles:     []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/orders"), Trust: trust}},
		Policies:  []org.ManagedPolicy{{ARN: readLogs, Document: read}},
		Resources: []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Tags: map[string]string{"team": "orders"}}},
		Endpoints: []org.Endpoint{{ID: "vpce-0a1b2c3d", VPC: "vpc-0e1f2a3b", Service: "s3", Gateway: true}},
	}
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

func ExampleOrganization_Account() {
	a, ok := exampleOrganization().Account("444455556666")
	fmt.Println(a.Name, len(a.Users), len(a.Resources), ok)
	// Output: orders 1 1 true
}

func ExampleOrganization_User() {
	ana, ok := exampleOrganization().User(policy.MustParseARN("arn:aws:iam::444455556666:user/ana"))
	fmt.Println(ana.Groups, ok)
	// Output: [readers] true
}

func ExampleOrganization_Group() {
	readers, ok := exampleOrganization().Group(policy.MustParseARN("arn:aws:iam::444455556666:group/readers"))
	fmt.Println(readers.Attached, ok)
	// Output: [arn:aws:iam::444455556666:policy/read-logs] true
}

func ExampleOrganization_Role() {
	o := exampleOrganization()
	orders, ok := o.Role(policy.MustParseARN("arn:aws:iam::444455556666:role/orders"))
	for typ, id := range orders.Trust.Statement(0).Principal.All() {
		fmt.Println(typ, id, ok)
	}
	_, ok = o.Role(policy.MustParseARN("arn:aws:iam::444455556666:user/ana"))
	fmt.Println(ok)
	// Output:
	// Service ec2.amazonaws.com true
	// false
}

func ExampleOrganization_ManagedPolicy() {
	p, ok := exampleOrganization().ManagedPolicy(policy.MustParseARN("arn:aws:iam::444455556666:policy/read-logs"))
	fmt.Println(p.Document.Statement(0).Action.At(0), ok)
	// Output: s3:GetObject true
}

func ExampleOrganization_Resource() {
	logs, ok := exampleOrganization().Resource(policy.MustParseARN("arn:aws:s3:::logs"))
	fmt.Println(logs.Tags["team"], logs.Policy == nil, ok)
	// Output: orders true true
}

// The ARN of a bucket does not name its account.
func ExampleOrganization_ResourceAccount() {
	logs := policy.MustParseARN("arn:aws:s3:::logs")
	id, ok := exampleOrganization().ResourceAccount(logs)
	fmt.Printf("%q %q %t\n", logs.AccountID(), id, ok)
	// Output: "" "444455556666" true
}

func ExampleOrganization_Endpoint() {
	e, ok := exampleOrganization().Endpoint("vpce-0a1b2c3d")
	fmt.Println(e.VPC, e.Service, e.Gateway, ok)
	// Output: vpc-0e1f2a3b s3 true true
}

func ExampleOrganization_EndpointAccount() {
	id, ok := exampleOrganization().EndpointAccount("vpce-0a1b2c3d")
	fmt.Println(id, ok)
	// Output: 444455556666 true
}

// The policies that AWS manages are there without being listed.
func ExampleOrganization_ControlPolicy() {
	o := exampleOrganization()
	for _, id := range []string{"p-regions", org.FullAWSAccess} {
		p, ok := o.ControlPolicy(id)
		fmt.Println(p.Name, p.Kind, p.Document.Statement(0).Effect, ok)
	}
	// Output:
	// Regions scp Deny true
	// FullAWSAccess scp Allow true
}

func ExampleOrganization_PolicyTypeEnabled() {
	o := exampleOrganization()
	fmt.Println(o.PolicyTypeEnabled(policy.ServiceControl), o.PolicyTypeEnabled(policy.ResourceControl))
	// Output: true false
}

func ExampleOrganization_NodeName() {
	o := exampleOrganization()
	fmt.Println(o.NodeName("r-ab12"), o.NodeName("ou-ab12-11111111"), o.NodeName("444455556666"))
	// Output: Root Workloads orders
}

func ExampleOrganization_Gaps() {
	spec := exampleOrganization().Spec()
	spec.Gaps = []org.Gap{{Subject: "arn:aws:s3:::logs", What: org.GapResourcePolicy, Reason: "AccessDenied: s3:GetBucketPolicy"}}
	o, err := org.New(spec)
	if err != nil {
		fmt.Println(err)
		return
	}
	for g := range o.Gaps() {
		fmt.Printf("%s of %s: %s\n", g.What, g.Subject, g.Reason)
	}
	// Output: resource-policy of arn:aws:s3:::logs: AccessDenied: s3:GetBucketPolicy
}

// The Spec is a copy: changing it does not change the organization.
func ExampleOrganization_Spec() {
	o := exampleOrganization()
	spec := o.Spec()
	spec.Root.OUs[0].Name = "Production"
	fmt.Println(o.NodeName("ou-ab12-11111111"))
	o, err := org.New(spec)
	fmt.Println(o.NodeName("ou-ab12-11111111"), err)
	// Output:
	// Workloads
	// Production <nil>
}

func ExampleOrganization_Equal() {
	before := exampleOrganization()
	again, err := org.New(before.Spec())
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := before.Apply(org.RemoveEndpoint("vpce-0a1b2c3d"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(before.Equal(again), before.Equal(after))
	// Output: true false
}

// A managed policy of AWS can be attached without being listed.
func ExampleOrganization_EmbeddedPolicies() {
	o, err := org.Standalone(org.Account{
		ID: "111122223333",
		Users: []org.User{{
			ARN:      policy.MustParseARN("arn:aws:iam::111122223333:user/ana"),
			Attached: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess")},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for p := range o.EmbeddedPolicies() {
		fmt.Println(p.ARN, p.Document.Statement(0).Action.At(0))
	}
	// Output: arn:aws:iam::aws:policy/AdministratorAccess *
}

func ExampleUsage_IsKnown() {
	var u org.Usage
	fmt.Println(u.IsKnown())
	u.Never = true
	fmt.Println(u.IsKnown())
	// Output:
	// false
	// true
}

func ExampleState_String() {
	fmt.Println(org.Partial)
	// Output: partial
}

func ExampleOrganization_Documents() {
	o, err := org.New(org.Spec{Accounts: []org.Account{{ID: "111122223333", Roles: []org.Role{{
		ARN:   policy.MustParseARN("arn:aws:iam::111122223333:role/orders"),
		Trust: policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`))),
	}}}}})
	if err != nil {
		panic(err)
	}
	for d := range o.Documents() {
		for _, s := range d.Statements() {
			fmt.Println(slices.Collect(s.Action.All()))
		}
	}
	// Output: [sts:AssumeRole]
}
