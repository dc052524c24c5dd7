package tfplan_test

import (
	"archive/zip"
	"fmt"
	"log"
	"os"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

func example(name string) *tfplan.Plan {
	f, err := os.Open("testdata/" + name + "/plan.json")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	p, err := tfplan.Read(f)
	if err != nil {
		log.Fatal(err)
	}
	return p
}

func ExampleRead() {
	f, err := os.Open("testdata/trust/plan.json") // of terraform show -json PLAN
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	p, err := tfplan.Read(f)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.TerraformVersion(), p.IsComplete())
	// Output: 1.11.4 true
}

func ExamplePlan_WithConfiguration() {
	z, err := zip.OpenReader("testdata/documents/plan") // of terraform plan -out
	if err != nil {
		log.Fatal(err)
	}
	defer z.Close()
	p, err := example("documents").WithConfiguration(z)
	if err != nil {
		log.Fatal(err)
	}
	o := must(org.Standalone(org.Account{ID: "111122223333"}))
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range out.Unknown {
		fmt.Println(g.Reason)
	}
	// Output:
	// aws_iam_user_policy.ana: policy is known only after apply (in data.aws_iam_policy_document.overridden: override_policy_documents)
	// aws_iam_user_policy.function: policy is known only after apply (it depends on data.aws_iam_policy_document.late.json)
}

func ExamplePlan_Apply() {
	o := must(org.Standalone(org.Account{ID: "111122223333", Roles: []org.Role{{
		ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/app"),
		Trust: policy.Must(policy.NewDocument(policy.Statement{
			Effect: policy.Allow, Principal: policy.PrincipalList(policy.ServicePrincipalType, "ec2.amazonaws.com"), Action: policy.List("sts:AssumeRole"),
		})),
	}}}))
	out, err := example("trust").Apply(o, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range out.Changes {
		fmt.Println(c)
	}
	for _, d := range out.Documents {
		fmt.Println(d.Address, d.Attribute, d.Kind)
	}
	// Output:
	// put role arn:aws:iam::111122223333:role/app
	// aws_iam_role.app assume_role_policy trust
}

func ExamplePlan_IsComplete() {
	fmt.Println(example("targeted").IsComplete()) // it was made with -target
	// Output: false
}

func ExamplePlan_TerraformVersion() {
	fmt.Println(example("targeted").TerraformVersion())
	// Output: 1.11.4
}

func ExampleWithAccount() {
	o := must(org.Standalone(org.Account{ID: "111122223333"}))
	_, err := example("targeted").Apply(o, nil)
	fmt.Println(err)
	out, err := example("targeted").Apply(o, nil, tfplan.WithAccount("111122223333"))
	fmt.Println(out.Changes, err)
	// Output:
	// aws_iam_group.planned: the plan does not say in which account it is; want the account to be given, a data source aws_caller_identity of its provider, or its allowed_account_ids, which only the plan file (--plan-file) tells if they are made of variables
	// [put group arn:aws:iam::111122223333:group/planned] <nil>
}

func ExampleWithRegion() {
	o := must(org.Standalone(org.Account{ID: "111122223333"}))
	out, err := example("resources").Apply(o, nil, tfplan.WithAccount("111122223333"), tfplan.WithRegion("eu-west-3"))
	if err != nil {
		log.Fatal(err)
	}
	for _, g := range out.Unknown {
		fmt.Println(g.Reason)
	}
	// Output:
	// aws_s3_bucket_policy.logs: bucket is known only after apply (it depends on aws_s3_bucket.logs.id)
	// aws_secretsmanager_secret_policy.orders: secret_arn is known only after apply (it depends on aws_secretsmanager_secret.orders.arn)
	// aws_sns_topic.orders: a new topic has a default policy of AWS, which is not modelled
	// aws_sqs_queue_policy.orders: queue_url is known only after apply (it depends on aws_sqs_queue.orders.url)
}

func ExampleExport() {
	o := must(org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "111122223333",
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"111122223333"},
			OUs: []org.OU{{ID: "ou-ab12-11111111", Name: "workloads", Attached: []string{org.FullAWSAccess}}},
		},
		Accounts: []org.Account{{ID: "111122223333", Attached: []string{org.FullAWSAccess}}},
	}))
	if err := tfplan.Export(os.Stdout, tfplan.Models{Organization: o, Trails: []cloudtrail.Trail{}}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// # Not known, and so not here: IAM Identity Center
	//
	// resource "aws_organizations_organizational_unit" "workloads" {
	//   name      = "workloads"
	//   parent_id = "r-ab12"
	// }
}

func ExampleModels_Unknown() {
	o := must(org.New(org.Spec{
		Accounts: []org.Account{{ID: "111122223333"}},
		Gaps:     []org.Gap{{Subject: "111122223333", What: org.GapControlPolicies, Reason: "AccessDenied"}},
	}))
	for _, what := range (tfplan.Models{Organization: o}).Unknown() {
		fmt.Println(what)
	}
	// Output: control-policies of 111122223333 (AccessDenied)
}
