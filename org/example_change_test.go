package org_test

import (
	"encoding/json"
	"fmt"
	"testing/fstest"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func ExamplePutControlPolicy() {
	queues := policy.Must(policy.NewDocument(policy.Statement{
		SID: "NoQueues", Effect: policy.Deny, Action: policy.List("sqs:*"), Resource: policy.List("*"),
	}))
	o, err := exampleOrganization().Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-queues", Name: "Queues", Kind: policy.ServiceControl, Document: queues}),
		org.AttachControlPolicy("p-queues", "ou-ab12-11111111"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for level, p := range o.Inherited("ou-ab12-11111111", policy.ServiceControl) {
		fmt.Println(level, p.Name)
	}
	// Output:
	// r-ab12 FullAWSAccess
	// ou-ab12-11111111 FullAWSAccess
	// ou-ab12-11111111 Queues
	// ou-ab12-11111111 Regions
}

// What is attached somewhere cannot be removed.
func ExampleRemoveControlPolicy() {
	o := exampleOrganization()
	_, err := o.Apply(org.RemoveControlPolicy("p-regions"))
	fmt.Println(err)
	o, err = o.Apply(
		org.DetachControlPolicy("p-regions", "ou-ab12-11111111"),
		org.RemoveControlPolicy("p-regions"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok := o.ControlPolicy("p-regions")
	fmt.Println(ok)
	// Output:
	// /root/ous/0/attached/1: OU ou-ab12-11111111: no control policy "p-regions"; list it under controlPolicies, or add a gap with this subject
	// false
}

func ExampleAttachControlPolicy() {
	o, err := exampleOrganization().Apply(org.AttachControlPolicy("p-regions", "444455556666"))
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _ := o.Account("444455556666")
	fmt.Println(orders.Attached)
	// Output: [p-FullAWSAccess p-regions]
}

func ExampleDetachControlPolicy() {
	o, err := exampleOrganization().Apply(org.DetachControlPolicy("p-regions", "ou-ab12-11111111"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for level, p := range o.Inherited("ou-ab12-11111111", policy.ServiceControl) {
		fmt.Println(level, p.Name)
	}
	_, err = o.Apply(org.DetachControlPolicy("p-regions", "ou-ab12-11111111"))
	fmt.Println(err)
	// Output:
	// r-ab12 FullAWSAccess
	// ou-ab12-11111111 FullAWSAccess
	// change 1 (detach p-regions from ou-ab12-11111111): p-regions is not attached to ou-ab12-11111111; attached: p-FullAWSAccess
}

// As in AWS, RCPFullAWSAccess is attached to everything.
func ExampleEnablePolicyType() {
	o, err := exampleOrganization().Apply(org.EnablePolicyType(policy.ResourceControl))
	if err != nil {
		fmt.Println(err)
		return
	}
	for level, p := range o.Inherited("444455556666", policy.ResourceControl) {
		fmt.Println(level, p.Name)
	}
	// Output:
	// r-ab12 RCPFullAWSAccess
	// ou-ab12-11111111 RCPFullAWSAccess
	// 444455556666 RCPFullAWSAccess
}

// As in AWS, the policies of the type are detached from everything.
func ExampleDisablePolicyType() {
	o, err := exampleOrganization().Apply(org.DisablePolicyType(policy.ServiceControl))
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _ := o.Account("444455556666")
	fmt.Println(o.PolicyTypeEnabled(policy.ServiceControl), orders.Attached)
	// Output: false []
}

func ExamplePutOU() {
	o, err := exampleOrganization().Apply(
		org.PutOU("ou-ab12-11111111", org.OU{ID: "ou-ab12-22222222", Name: "Sandbox", Attached: []string{org.FullAWSAccess}}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, id := range o.Path("ou-ab12-22222222") {
		fmt.Println(o.NodeName(id))
	}
	// Output:
	// Root
	// Workloads
	// Sandbox
}

// An OU must be empty.
func ExampleRemoveOU() {
	o, err := exampleOrganization().Apply(
		org.MoveAccount("444455556666", "r-ab12"),
		org.RemoveOU("ou-ab12-11111111"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(o.Path("ou-ab12-11111111") == nil)
	// Output: true
}

func ExampleMoveAccount() {
	before := exampleOrganization()
	after, err := before.Apply(org.MoveAccount("444455556666", "r-ab12"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(before.Path("444455556666"))
	fmt.Println(after.Path("444455556666"))
	// Output:
	// [r-ab12 ou-ab12-11111111 444455556666]
	// [r-ab12 444455556666]
}

// Without a parent the account stays where it is.
func ExamplePutAccount() {
	before := exampleOrganization()
	a, _ := before.Account("444455556666")
	a.Name = "shop"
	after, err := before.Apply(org.PutAccount("", a))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(before.NodeName("444455556666"), "→", after.NodeName("444455556666"))
	// Output: orders → shop
}

func ExampleRemoveAccount() {
	o, err := exampleOrganization().Apply(org.RemoveAccount("444455556666"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for a := range o.Accounts() {
		fmt.Println(a.ID, a.Name)
	}
	// Output: 111122223333 management
}

func ExamplePutUser() {
	before := exampleOrganization()
	ana, _ := before.User(policy.MustParseARN("arn:aws:iam::444455556666:user/ana"))
	ana.Tags = map[string]string{"team": "orders"}
	after, err := before.Apply(org.PutUser(ana))
	if err != nil {
		fmt.Println(err)
		return
	}
	ana, _ = after.User(ana.ARN)
	fmt.Println(ana.Groups, ana.Tags)
	// Output: [readers] map[team:orders]
}

func ExamplePutGroup() {
	before := exampleOrganization()
	readers, _ := before.Group(policy.MustParseARN("arn:aws:iam::444455556666:group/readers"))
	readers.Attached = nil
	after, err := before.Apply(org.PutGroup(readers))
	if err != nil {
		fmt.Println(err)
		return
	}
	readers, _ = after.Group(readers.ARN)
	fmt.Println(len(readers.Attached))
	// Output: 0
}

func ExamplePutRole() {
	before := exampleOrganization()
	orders, _ := before.Role(policy.MustParseARN("arn:aws:iam::444455556666:role/orders"))
	orders.Boundary = policy.MustParseARN("arn:aws:iam::444455556666:policy/read-logs")
	after, err := before.Apply(org.PutRole(orders))
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _ = after.Role(orders.ARN)
	fmt.Println(orders.Boundary)
	// Output: arn:aws:iam::444455556666:policy/read-logs
}

func ExamplePutManagedPolicy() {
	before := exampleOrganization()
	p, _ := before.ManagedPolicy(policy.MustParseARN("arn:aws:iam::444455556666:policy/read-logs"))
	s := p.Document.Statement(0)
	s.Action = policy.List("s3:GetObject", "s3:GetObjectVersion")
	p.Document = policy.Must(p.Document.Replace(0, s))
	after, err := before.Apply(org.PutManagedPolicy("444455556666", p))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ = after.ManagedPolicy(p.ARN)
	for action := range p.Document.Statement(0).Action.All() {
		fmt.Println(action)
	}
	// Output:
	// s3:GetObject
	// s3:GetObjectVersion
}

func ExamplePutResource() {
	queue := policy.MustParseARN("arn:aws:sqs:eu-west-1:444455556666:orders")
	o, err := exampleOrganization().Apply(org.PutResource("444455556666", org.Resource{ARN: queue}))
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _ := o.Account("444455556666")
	for _, r := range orders.Resources {
		fmt.Println(r.ARN)
	}
	// Output:
	// arn:aws:s3:::logs
	// arn:aws:sqs:eu-west-1:444455556666:orders
}

func ExamplePutEndpoint() {
	o, err := exampleOrganization().Apply(
		org.PutEndpoint("444455556666", org.Endpoint{ID: "vpce-4d5e6f70", VPC: "vpc-0e1f2a3b", Service: "sqs"}),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	orders, _ := o.Account("444455556666")
	for _, e := range orders.Endpoints {
		fmt.Println(e.ID, e.Service)
	}
	// Output:
	// vpce-0a1b2c3d s3
	// vpce-4d5e6f70 sqs
}

// What something refers to cannot be removed.
func ExampleRemove() {
	o := exampleOrganization()
	_, err := o.Apply(org.Remove(policy.MustParseARN("arn:aws:iam::444455556666:policy/read-logs")))
	fmt.Println(err)
	ana := policy.MustParseARN("arn:aws:iam::444455556666:user/ana")
	o, err = o.Apply(org.Remove(ana))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok := o.User(ana)
	fmt.Println(ok)
	// Output:
	// /accounts/1/groups/0/attached/0: group arn:aws:iam::444455556666:group/readers: no managed policy "arn:aws:iam::444455556666:policy/read-logs"; list it under the account's policies, or add a gap with this subject
	// false
}

func ExampleRemoveEndpoint() {
	o, err := exampleOrganization().Apply(org.RemoveEndpoint("vpce-0a1b2c3d"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, ok := o.Endpoint("vpce-0a1b2c3d")
	fmt.Println(ok)
	// Output: false
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

func ExampleMarkKnown() {
	gap := org.Gap{Subject: "arn:aws:s3:::logs", What: org.GapResourcePolicy, Reason: "AccessDenied: s3:GetBucketPolicy"}
	before, err := exampleOrganization().Apply(org.MarkUnknown(gap))
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := before.Apply(org.MarkKnown(gap))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(before.Spec().Gaps), len(after.Spec().Gaps))
	// Output: 1 0
}

func ExampleReadChanges() {
	files := fstest.MapFS{"changes.json": {Data: []byte(`[
  {"detachControlPolicy": {"policy": "p-regions", "target": "ou-ab12-11111111"}},
  {"moveAccount": {"account": "111122223333", "parent": "r-ab12"}}
]`)}}
	changes, err := org.ReadChanges(files, "changes.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range changes {
		text, _ := json.Marshal(c)
		fmt.Printf("%s\n%s\n", c, text)
	}
	// Output:
	// detach p-regions from ou-ab12-11111111
	// {"detachControlPolicy":{"policy":"p-regions","target":"ou-ab12-11111111"}}
	// move account 111122223333 to r-ab12
	// {"moveAccount":{"account":"111122223333","parent":"r-ab12"}}
}
