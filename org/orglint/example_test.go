package orglint_test

import (
	"fmt"
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// organization has an OU without FullAWSAccess, and a role that trusts a stranger.
func organization() *org.Organization {
	guard := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}]}`)))
	trust := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "222233334444"}, "Action": "sts:AssumeRole"}]}`)))
	o, err := org.New(org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: "444455556666",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"444455556666"},
			OUs: []org.OU{{ID: "ou-ab12-11111111", Name: "Workloads", Attached: []string{"p-guard"}, Accounts: []string{"111122223333"}}},
		},
		ControlPolicies: []org.ControlPolicy{{ID: "p-guard", Name: "Guard", Kind: policy.ServiceControl, Document: guard}},
		Accounts: []org.Account{
			{ID: "111122223333", Name: "orders", Attached: []string{org.FullAWSAccess}, Roles: []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/App"), Trust: trust}}},
			{ID: "444455556666", Name: "management", Attached: []string{org.FullAWSAccess}},
		},
	})
	if err != nil {
		panic(err)
	}
	return o
}

func ExampleOrganization() {
	for _, f := range orglint.Organization(organization()) {
		fmt.Println(f.Type, f.Code, f.Subject)
	}
	// Output:
	// ERROR SCP_NO_ALLOW_AT_LEVEL ou-ab12-11111111
	// SECURITY_WARNING TRUST_FOREIGN_ACCOUNT arn:aws:iam::111122223333:role/App
}

func ExampleFinding_String() {
	fmt.Println(orglint.Organization(organization())[1])
	// Output: 1:82: arn:aws:iam::111122223333:role/App: SECURITY_WARNING TRUST_FOREIGN_ACCOUNT: account 222233334444 is not of the organization o-a1b2c3d4e5: ask for an sts:ExternalId, and trust the one role that needs it
}

func ExampleDocuments() {
	for _, d := range orglint.Documents(organization()) {
		fmt.Println(d.Kinds, d.Subjects)
	}
	// Output:
	// [scp] [p-guard]
	// [trust] [arn:aws:iam::111122223333:role/App]
}

func ExampleWithSCPLimit() {
	o, err := organization().Apply(org.AttachControlPolicy(org.FullAWSAccess, "ou-ab12-11111111"))
	if err != nil {
		panic(err)
	}
	fmt.Println(orglint.Organization(o, orglint.WithSCPLimit(1))[0].Code)
	// Output: SCP_TOO_MANY_ON_NODE
}

func ExampleWithReference() {
	// Before May 2026 a root, OU or account had at most five SCPs.
	then := serviceref.Embedded().AsOf(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println(len(orglint.Organization(organization(), orglint.WithReference(then))))
	// Output: 2
}

func ExampleWithDate() {
	ended := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Action: policy.List("sqs:SendMessage"), Resource: policy.List("arn:aws:sqs:eu-west-1:111122223333:orders"),
		Condition: policy.When("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z"),
	}))
	o, err := org.Standalone(org.Account{ID: "111122223333", Users: []org.User{{
		ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Inline: []org.InlinePolicy{{Name: "queue", Document: ended}},
	}}})
	if err != nil {
		panic(err)
	}
	for _, f := range orglint.Organization(o, orglint.WithDate(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))) {
		fmt.Println(f.Code, f.Subject)
	}
	// Output: POLICY_TIMEBOMB arn:aws:iam::111122223333:user/ana
}

func ExampleCodes() {
	for _, c := range orglint.Codes() {
		if c.Type == lint.SecurityWarning {
			fmt.Println(c.Code, c.Kinds)
		}
	}
	// Output: TRUST_FOREIGN_ACCOUNT [trust]
}
