package casefile_test

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

// A file of two cases; the second one is not what it should be, and says where.
func ExampleRead() {
	file := `{"id": "read", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a"}, "identityPolicies": [{"Statement": {"Sid": "Logs", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}}], "expect": "allowed"}
{"id": "write", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:PutObject"}, "identityPolicies": [{"Statement": {"Effect": "permit", "Action": "*", "Resource": "*"}}]}
`
	for c, err := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		if c == nil { // the file cannot be read
			fmt.Println(err)
			return
		}
		fmt.Printf("%s\n", c.Eval().AppendJSON(nil))
	}
	// Output:
	// {"id":"read","decision":"allowed","stage":"identityPolicy","statement":{"policy":"identityPolicies[0]","index":0,"sid":"Logs","line":1},"pass":true}
	// {"id":"write","error":"cases.jsonl:2:153: /identityPolicies/0/Statement/Effect: unknown effect \"permit\"; want \"Allow\" or \"Deny\", in this spelling"}
}

func ExampleCase_Explain() {
	file := `{"id": "region", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a", "context": {"aws:RequestedRegion": "us-east-1"}}, "identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}], "scps": [[{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "Region", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]}]]}`
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		r := c.Explain()
		fmt.Println(r.Decision, r.Statement.SID, r.Rules)
	}
	// Output: explicitDeny (serviceControl) Region [R-SCP-2]
}

func ExampleCase_Eval() {
	file := `{"request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:PutObject", "resource": "arn:aws:s3:::logs/a"}, "identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}]}`
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		r := c.Eval()
		fmt.Println(r.Line, r.Decision, r.Statement.IsZero(), r.Err)
	}
	// Output: 1 implicitDeny (identityPolicy) true <nil>
}

// A case is also what it is made of: a request and its layers.
func ExampleCase_Layers() {
	file := `{"request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a"}, "identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}]}`
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		l, r := c.Layers(), c.Request()
		l.Boundary = []*policy.Document{policy.Must(policy.Parse([]byte(`{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}`)))}
		env, err := simulate.CompileLayers(l, simulate.WithStrictKeys())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Eval().Decision, "→", env.Can(r))
	}
	// Output: allowed (identityPolicy) → implicitDeny (boundary)
}

func ExampleCase_Request() {
	file := `{"request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a", "context": {"aws:SourceIp": "203.0.113.7"}}}`
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		r := c.Request()
		fmt.Println(r.Principal.Name(), r.Action, r.Resource)
		for key, values := range r.Keys.All() {
			fmt.Println(key, values)
		}
	}
	// Output:
	// ana s3:GetObject arn:aws:s3:::logs/a
	// aws:SourceIp [203.0.113.7]
}

func ExampleResult_Pass() {
	file := `{"id": "right", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject"}, "expect": "implicitDeny"}
{"id": "wrong", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject"}, "expect": "allowed"}
{"id": "open", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject"}}
{"id": "refused", "request": {"principal": "ana", "action": "s3:GetObject"}, "expect": "error"}
`
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		pass, checked := c.Eval().Pass()
		fmt.Println(c.ID(), pass, checked)
	}
	// Output:
	// right true true
	// wrong false true
	// open false false
	// refused true true
}

func ExampleResult_AppendJSON() {
	file := `{"id": "read", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject"}, "expect": "allowed"}`
	var out []byte
	for c := range casefile.Read(strings.NewReader(file), "cases.jsonl") {
		out = append(c.Explain().AppendJSON(out), '\n')
	}
	fmt.Printf("%s", out)
	// Output: {"id":"read","decision":"implicitDeny","stage":"identityPolicy","rules":["R-GRT-4"],"pass":false}
}
