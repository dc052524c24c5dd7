package check_test

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

func ExampleGained() {
	before := shop(`{"Version":"2012-10-17","Statement":[]}`)
	after, err := before.Apply(org.AttachControlPolicy("p-region01", "r-ab12"))
	if err != nil {
		panic(err)
	}
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	lost, err := check.Gained(context.Background(), after, before, ana)
	if err != nil {
		panic(err)
	}
	for _, r := range lost.Regions {
		fmt.Println(r)
		if x := r.Example; x != nil {
			fmt.Println("  such as", x.Request.Action, "on", x.Request.Resource)
		}
	}
	fmt.Println("certified:", lost.Certified)
	// Output:
	// sqs:SendMessage, sqs:ReceiveMessage on arn:aws:sqs:*:111122223333:orders, within sqs:* on * when aws:RequestedRegion StringNotEquals eu-west-1
	//   such as sqs:SendMessage on arn:aws:sqs:us-east-1:111122223333:orders
	// * on * for arn:aws:iam::111122223333:user/ana, within sqs:* on * when aws:RequestedRegion StringNotEquals eu-west-1
	// certified: true
}

func ExampleGainedByEach() {
	before := shop(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:Send*","Resource":"*"}]}`)
	after, err := before.Apply(org.PutManagedPolicy("111122223333", org.ManagedPolicy{
		ARN:      policy.MustParseARN("arn:aws:iam::111122223333:policy/limit"),
		Document: policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`))),
	}))
	if err != nil {
		panic(err)
	}
	principals := []policy.Principal{
		policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")),
		policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Orders_0123456789abcdef")),
	}
	gained, err := check.GainedByEach(context.Background(), before, after, principals)
	if err != nil {
		panic(err)
	}
	for i, s := range gained {
		fmt.Println(principals[i].Name(), s.Certified)
		for _, r := range s.Regions {
			fmt.Println(" ", r)
		}
	}
	// Output:
	// ana true
	// AWSReservedSSO_Orders_0123456789abcdef true
	//   sqs:ReceiveMessage on arn:aws:sqs:*:111122223333:orders
	//   * on * for arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Orders_0123456789abcdef, within sqs:* on *, except sqs:Send* on *
}
