package simulate_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// sample is the sample organization, compiled.
func permissionSample() *simulate.Environment {
	o, err := org.ReadFS(examples.Fintech())
	if err != nil {
		panic(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		panic(err)
	}
	return env
}

func ExampleEnvironment_EffectivePermissions() {
	rows, err := permissionSample().EffectivePermissions(context.Background(), simulate.PermissionQuery{
		Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/app/payments-api")),
		Actions:   []string{"s3:*", "sqs:*"},
		Keys:      simulate.Keys{}.With("aws:RequestedRegion", "eu-west-3"),
	})
	if err != nil {
		fmt.Println(err)
	}
	for _, p := range rows {
		fmt.Println(strings.Repeat("  ", p.Depth), p.Actions, p.Resource, p.Requires)
	}
	// Output:
	// [s3:GetObject s3:PutObject] arn:aws:s3:::exemplia-settlements/* always
	//  [sqs:GetQueueAttributes sqs:SendMessage] arn:aws:sqs:eu-west-3:111122223333:payment-events always
}

func ExampleUnknownPrincipalError_Error() {
	_, err := permissionSample().EffectivePermissions(context.Background(), simulate.PermissionQuery{
		Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/app/payment-api")),
	})
	fmt.Println(err)
	// Output:
	// principal "arn:aws:iam::111122223333:role/app/payment-api": not in the organization
}

func ExampleEnvironment_EquivalentPolicy() {
	parse := func(text string) *policy.Document { return policy.Must(policy.Parse([]byte(text))) }
	env, err := simulate.CompileLayers(simulate.Layers{
		Identity: []*policy.Document{parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}}`)},
		Boundary: []*policy.Document{parse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "sqs:*"], "Resource": "*"}}`)},
	})
	if err != nil {
		fmt.Println(err)
	}
	doc, err := env.EquivalentPolicy(policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")), nil)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(doc)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Action": "s3:*",
	//       "Resource": "arn:aws:s3:::logs/*"
	//     },
	//     {
	//       "Effect": "Deny",
	//       "NotAction": [
	//         "s3:GetObject",
	//         "sqs:*"
	//       ],
	//       "Resource": "*"
	//     }
	//   ]
	// }
}

func ExampleInexpressibleError_Error() {
	doc := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}}`)))
	ref := simulate.StatementRef{Policy: simulate.PolicyRef{Name: "logs", Document: doc}, SID: "Read"}
	fmt.Println(&simulate.InexpressibleError{Statements: []simulate.StatementRef{ref}, Reason: "s3:* without s3:Delete* cannot be written"})
	// Output:
	// Read of logs: no statement says what they allow together: s3:* without s3:Delete* cannot be written
}
