package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleCertifyPermissions() {
	ana := policy.MustParseARN("arn:aws:iam::111122223333:user/ana")
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "111122223333", Root: org.Root{ID: "r-root", Accounts: []string{"111122223333"}},
		Accounts: []org.Account{{ID: "111122223333", Users: []org.User{{ARN: ana, Inline: []org.InlinePolicy{{Name: "queues", Document: policy.Must(policy.Parse([]byte(
			`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"sqs:*Message","Resource":"*"},
			{"Effect":"Deny","Action":"sqs:DeleteMessage","Resource":"arn:aws:sqs:*:*:orders"}]}`)))}}}}}},
	})
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		panic(err)
	}
	q := simulate.PermissionQuery{Principal: policy.PrincipalFromARN(ana)}
	rows, err := env.EffectivePermissions(context.Background(), q)
	if err != nil {
		panic(err)
	}
	result, err := check.CertifyPermissions(context.Background(), env, q, rows)
	if err != nil {
		panic(err)
	}
	for _, row := range rows {
		fmt.Println(row.Depth, row.Actions, row.Resource, row.Certified)
	}
	fmt.Println(result.Verdict)
	// Output:
	// 0 [sqs:*Message] * true
	// 1 [sqs:DeleteMessage] arn:aws:sqs:*:*:orders true
	// 0 [sts:GetCallerIdentity sts:GetSessionToken] * true
	// pass
}
