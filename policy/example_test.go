package policy_test

import (
	"errors"
	"fmt"

	"github.com/licit-dev/licit/policy"
)

func ExampleParse() {
	d, err := policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": {"Sid": "ReadLogs", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}
}`))
	fmt.Println(d.Version(), d.Len(), err)
	for i, s := range d.Statements() {
		fmt.Println(i, s.SID, s.Effect, s.Action.At(0))
	}
	// Output:
	// 2012-10-17 1 <nil>
	// 0 ReadLogs Allow s3:GetObject
}

// All problems are reported at once, each with its place and what would be right.
func ExampleParse_errors() {
	_, err := policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "allow", "Actions": "s3:GetObject"}
  ]
}`))
	fmt.Println(err)
	// Output:
	// 4:5: /Statement/0/Action: missing; want Action or NotAction
	// 4:16: /Statement/0/Effect: unknown effect "allow"; want "Allow" or "Deny", in this spelling
	// 4:25: /Statement/0/Actions: unknown element "Actions"; did you mean "Action"?
}

func ExampleParseAt() {
	// A policy that stands in line 12 of another file, from column 16 on.
	_, err := policy.ParseAt("orders.json", policy.Position{Offset: 240, Line: 12, Column: 16}, []byte(`{"Statement": []`))
	fmt.Println(err)
	// Output: orders.json:12:32: the text ends in the middle of a JSON value; it looks truncated
}

func ExampleParseErrors() {
	_, err := policy.Parse([]byte(`{"Version": "2012", "Statement": [], "id": "x"}`))
	var list policy.ParseErrors
	if errors.As(err, &list) {
		for _, e := range list {
			fmt.Println(e.Path, e.Position, "–", e.Unwrap())
		}
	}
	// Output:
	// /Version 1:13 – unknown version "2012"; want "2012-10-17"
	// /id 1:38 – unknown element "id"; did you mean "Id"?
}

func ExampleNewDocument() {
	d := policy.Must(policy.NewDocument(policy.Statement{
		SID: "ReadLogs", Effect: policy.Allow,
		Action:    policy.List("s3:GetObject"),
		Resource:  policy.List("arn:aws:s3:::logs/*"),
		Condition: policy.When("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
	}))
	fmt.Println(d)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Sid": "ReadLogs",
	//       "Effect": "Allow",
	//       "Action": "s3:GetObject",
	//       "Resource": "arn:aws:s3:::logs/*",
	//       "Condition": {
	//         "StringEquals": {
	//           "aws:PrincipalOrgID": "o-a1b2c3d4e5"
	//         }
	//       }
	//     }
	//   ]
	// }
}

const ordersPolicy = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},   {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
]}`

func ExampleDocument_Append() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	d, err := d.Append(policy.Statement{Effect: policy.Allow, Action: policy.List("sns:Publish")})
	fmt.Println(err)
	fmt.Println(d)
	// Output:
	// <nil>
	// {"Version": "2012-10-17", "Statement": [
	//   {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},   {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"},
	//     {
	//       "Effect": "Allow",
	//       "Action": "sns:Publish"
	//     }
	// ]}
}

func ExampleDocument_Replace() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	s := d.Statement(0)
	s.Action = policy.List("sqs:SendMessage", "sqs:ReceiveMessage")
	d, err := d.Replace(0, s)
	fmt.Println(err)
	fmt.Println(d)
	// Output:
	// <nil>
	// {"Version": "2012-10-17", "Statement": [
	//   {
	//       "Effect": "Allow",
	//       "Action": [
	//         "sqs:SendMessage",
	//         "sqs:ReceiveMessage"
	//       ],
	//       "Resource": "*"
	//     },   {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": "*"}
	// ]}
}

func ExampleDocument_Remove() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	fmt.Println(d.Remove(1))
	// Output:
	// {"Version": "2012-10-17", "Statement": [
	//   {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
	// ]}
}

func ExampleDocument_Position() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	fmt.Println(d.Position("/Statement/1/Action"))
	fmt.Println(d.Position("/Statement/2"))
	// Output:
	// 2:91 true
	// - false
}

func ExampleDocument_Size() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	fmt.Println(d.Size(policy.IdentityBased), "characters without white space,", d.Size(policy.ServiceControl), "as written")
	// Output: 149 characters without white space, 169 as written
}

func ExampleDocument_CheckKind() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}`)))
	fmt.Println(d.CheckKind(policy.RoleTrust))
	fmt.Println(d.CheckKind(policy.ServiceControl))
	// Output:
	// <nil>
	// 1:48: /Statement/0/Principal: not allowed in a policy of kind scp: the principals are those that it is attached to; remove it
}

func ExampleDocument_Equal() {
	a := policy.Must(policy.Parse([]byte(ordersPolicy)))
	b := policy.Must(policy.Parse(a.Indent()))
	fmt.Println(a.Equal(b), a.Equal(a.Remove(0)))
	// Output: true false
}

func ExampleParseARN() {
	a, err := policy.ParseARN("arn:aws:dynamodb:eu-west-1:111122223333:table/orders")
	fmt.Println(a.Service(), a.Region(), a.AccountID(), a.Resource(), err)
	_, err = policy.ParseARN("arn:aws:s3::logs")
	fmt.Println(err)
	// Output:
	// dynamodb eu-west-1 111122223333 table/orders <nil>
	// ARN "arn:aws:s3::logs": 5 parts; want 6: arn:partition:service:region:account:resource
}

func ExampleParseAction() {
	a, err := policy.ParseAction("s3:GetObject")
	fmt.Println(a.Service(), a.Name(), err)
	_, err = policy.ParseAction("s3:Get*")
	fmt.Println(err)
	// Output:
	// s3 GetObject <nil>
	// action "s3:Get*": a request names one action, without wildcards
}

func ExampleParsePrincipal() {
	for _, s := range []string{"arn:aws:iam::111122223333:user/team/ana", "arn:aws:sts::444455556666:assumed-role/orders/i-0a1b2c3d", "logs.amazonaws.com", "*"} {
		p, err := policy.ParsePrincipal(s)
		fmt.Println(p.Kind(), p.AccountID(), p.Name(), err)
	}
	// Output:
	// user 111122223333 ana <nil>
	// role session 444455556666 orders <nil>
	// service  logs.amazonaws.com <nil>
	// anonymous  * <nil>
}

func ExamplePrincipalFromARN() {
	p := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:role/app/orders"))
	fmt.Println(p.Kind(), p.Name(), p.IsValid())
	fmt.Println(policy.PrincipalFromARN(policy.MustParseARN("arn:aws:s3:::logs")).IsValid())
	// Output:
	// role orders true
	// false
}

func ExampleParseKind() {
	k, err := policy.ParseKind("trust")
	fmt.Println(k, k == policy.RoleTrust, k.HasPrincipal(), err)
	// Output: trust true true <nil>
}

func ExampleOperator_Parts() {
	parts, ok := policy.Operator("forallvalues:stringlikeifexists").Parts()
	fmt.Println(parts.Quantifier, parts.Base, parts.IfExists, ok)
	// Output: ForAllValues StringLike true true
}

func ExampleList() {
	p := policy.List("s3:GetObject", "s3:PutObject")
	for pattern := range p.All() {
		fmt.Println(pattern)
	}
	// Output:
	// s3:GetObject
	// s3:PutObject
}

func ExampleWhen() {
	c := policy.When("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5").
		And("Bool", "aws:SecureTransport", "true")
	for cond := range c.All() {
		fmt.Println(cond.Operator, cond.Key, cond.Values.At(0))
	}
	// Output:
	// StringEquals aws:PrincipalOrgID o-a1b2c3d4e5
	// Bool aws:SecureTransport true
}

func ExamplePrincipalList() {
	p := policy.PrincipalList(policy.AWSPrincipal, "111122223333", "arn:aws:iam::444455556666:role/orders").
		And(policy.ServicePrincipalType, "logs.amazonaws.com")
	for typ, id := range p.All() {
		fmt.Println(typ, id)
	}
	// Output:
	// AWS 111122223333
	// AWS arn:aws:iam::444455556666:role/orders
	// Service logs.amazonaws.com
}
