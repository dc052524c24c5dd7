package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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

func ExampleOperatorParts_TakesVariables() {
	for _, name := range []policy.Operator{"ForAnyValue:StringLike", "ArnEquals", "NumericEquals"} {
		parts, _ := name.Parts()
		fmt.Println(name, parts.TakesVariables())
	}
	// Output:
	// ForAnyValue:StringLike true
	// ArnEquals true
	// NumericEquals false
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

func ExampleMust() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}`)))
	fmt.Println(d.Statement(0).Action.At(0))
	// Output: sqs:SendMessage
}

func ExampleDocument_Statement() {
	s := policy.Must(policy.Parse([]byte(ordersPolicy))).Statement(1)
	fmt.Println(s.Effect, s.Action.At(0), s.Principal.IsZero())
	// Output: Deny sqs:DeleteQueue true
}

func ExampleDocument_Statements() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	for i, s := range d.Statements() {
		fmt.Println(i, s.Effect, s.Action.At(0))
	}
	// Output:
	// 0 Allow sqs:*
	// 1 Deny sqs:DeleteQueue
}

func ExampleDocument_Source() {
	d := policy.Must(policy.Parse([]byte(ordersPolicy)))
	fmt.Println(string(d.Source()) == ordersPolicy)
	// Output: true
}

// Members keep their order, and a single string does not become a list.
func ExampleDocument_MarshalJSON() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Action": "sqs:*", "Effect": "Allow", "Resource": ["*"]}}`)))
	b, err := json.Marshal(map[string]*policy.Document{"orders": d})
	fmt.Println(string(b), err)
	// Output: {"orders":{"Statement":{"Action":"sqs:*","Effect":"Allow","Resource":["*"]}}} <nil>
}

func ExampleDocument_Indent() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": ["*"]}}`)))
	fmt.Printf("%s\n", d.Indent())
	// Output:
	// {
	//   "Statement": {
	//     "Effect": "Allow",
	//     "Action": "sqs:*",
	//     "Resource": [
	//       "*"
	//     ]
	//   }
	// }
}

func ExampleStatement_Equal() {
	s := policy.Must(policy.Parse([]byte(ordersPolicy))).Statement(0)
	t := s
	t.Resource = policy.List("arn:aws:sqs:eu-west-1:111122223333:orders")
	fmt.Println(s.Equal(s), s.Equal(t))
	// Output: true false
}

func ExampleMustParseARN() {
	queue := policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders")
	fmt.Println(queue.Region(), queue.Resource())
	// Output: eu-west-1 orders
}

func ExampleARN_Compare() {
	arns := []policy.ARN{policy.MustParseARN("arn:aws:s3:::orders"), policy.MustParseARN("arn:aws:s3:::logs")}
	slices.SortFunc(arns, policy.ARN.Compare)
	fmt.Println(arns)
	// Output: [arn:aws:s3:::logs arn:aws:s3:::orders]
}

func ExampleIsAccountID() {
	fmt.Println(policy.IsAccountID("111122223333"), policy.IsAccountID("1111-2222-3333"))
	// Output: true false
}

func ExampleKind_HasPrincipal() {
	fmt.Println(policy.ResourceBased.HasPrincipal(), policy.IdentityBased.HasPrincipal())
	// Output: true false
}

func ExampleServicePrincipal() {
	p := policy.ServicePrincipal("cloudtrail.amazonaws.com")
	fmt.Println(p.Kind(), p.Name(), p.ARN().IsValid())
	// Output: service cloudtrail.amazonaws.com false
}

func ExampleWebIdentityPrincipal() {
	p := policy.WebIdentityPrincipal("cognito-identity.amazonaws.com")
	fmt.Println(p.Kind(), p.Name())
	// Output: web identity cognito-identity.amazonaws.com
}

func ExampleAnonymousPrincipal() {
	p := policy.AnonymousPrincipal()
	fmt.Println(p.Kind(), p, p.IsValid())
	// Output: anonymous * true
}

func ExampleOperators() {
	for _, op := range policy.Operators() {
		if strings.HasPrefix(op, "Arn") {
			fmt.Println(op)
		}
	}
	// Output:
	// ArnEquals
	// ArnLike
	// ArnNotEquals
	// ArnNotLike
}

func ExampleOperator_IsValid() {
	fmt.Println(policy.Operator("stringlike").IsValid(), policy.Operator("StringMatches").IsValid())
	// Output: true false
}

func ExampleEveryone() {
	logs := policy.Must(policy.NewDocument(policy.Statement{
		Effect: policy.Allow, Principal: policy.Everyone(), Action: policy.List("s3:GetObject"), Resource: policy.List("arn:aws:s3:::logs/*"),
	}))
	p := logs.Statement(0).Principal
	fmt.Println(p.IsEveryone())
	for typ, id := range p.All() {
		fmt.Println(typ, id)
	}
	// Output:
	// true
	// AWS *
}

func ExamplePrincipals_All() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
  "Principal": {"Service": "ec2.amazonaws.com", "AWS": ["111122223333", "444455556666"]}}}`)))
	for typ, id := range d.Statement(0).Principal.All() {
		fmt.Println(typ, id)
	}
	// Output:
	// Service ec2.amazonaws.com
	// AWS 111122223333
	// AWS 444455556666
}

func ExamplePrincipals_And() {
	accounts := policy.PrincipalList(policy.AWSPrincipal, "111122223333")
	both := accounts.And(policy.ServicePrincipalType, "logs.amazonaws.com")
	for typ, id := range both.All() {
		fmt.Println(typ, id)
	}
	fmt.Println(accounts.Equal(both)) // accounts is as it was
	// Output:
	// AWS 111122223333
	// Service logs.amazonaws.com
	// false
}

func ExamplePatterns_All() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": ["sqs:Send*", "sqs:Receive*"], "Resource": "*"}}`)))
	for pattern := range d.Statement(0).Action.All() {
		fmt.Println(pattern)
	}
	// Output:
	// sqs:Send*
	// sqs:Receive*
}

func ExamplePatterns_Equal() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": ["sqs:*"], "Resource": "*"}}`)))
	fmt.Println(d.Statement(0).Action.Equal(policy.List("sqs:*")), policy.List("a:B", "a:C").Equal(policy.List("a:C", "a:B")))
	// Output: true false
}

func ExampleConditions_And() {
	mfa := policy.When("Bool", "aws:MultiFactorAuthPresent", "true")
	both := mfa.And("IpAddress", "aws:SourceIp", "203.0.113.0/24")
	fmt.Println(mfa.Len(), both.Len())
	// Output: 1 2
}

func ExampleConditions_All() {
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
  "Condition": {"Bool": {"aws:SecureTransport": true}, "StringLike": {"aws:PrincipalArn": ["*:user/ana", "*:role/orders"]}}}}`)))
	for c := range d.Statement(0).Condition.All() {
		fmt.Println(c.Operator, c.Key, slices.Collect(c.Values.All()))
	}
	// Output:
	// Bool aws:SecureTransport [true]
	// StringLike aws:PrincipalArn [*:user/ana *:role/orders]
}

func ExampleConditions_Equal() {
	c := policy.When("Bool", "aws:SecureTransport", "true")
	d := policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*",
  "Condition": {"Bool": {"aws:SecureTransport": true}}}}`)))
	fmt.Println(c.Equal(d.Statement(0).Condition))
	// Output: true
}
