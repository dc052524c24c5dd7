package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleMinimize() {
	guardrails := policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[
		{"Sid":"NoUsers","Effect":"Deny","Action":["iam:CreateUser","iam:CreateAccessKey"],"Resource":"*"},
		{"Sid":"NoKeys","Effect":"Deny","Action":["iam:*AccessKey","iam:CreateUser"],"Resource":"*"},
		{"Sid":"StayInTheOrganization","Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`)))
	m, err := check.Minimize(context.Background(), policy.ServiceControl, check.Space{}, guardrails)
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Verdict, m.Before, "→", m.After)
	fmt.Println(m.Documents[0])
	for _, step := range m.Steps {
		fmt.Println(step)
	}
	// Output:
	// pass 345 → 150
	// {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["iam:CreateUser","iam:*AccessKey","organizations:LeaveOrganization"],"Resource":"*"}]}
	// statement 1 "NoUsers", statement 2 "NoKeys", statement 3 "StayInTheOrganization": merged, they differ in their actions only
	// statement 1 "NoUsers" with others: iam:CreateAccessKey dropped, the others do the same without
}

func ExampleSizeLimit() {
	fmt.Println(check.SizeLimit(policy.ServiceControl))
	// Output:
	// 10240
}
