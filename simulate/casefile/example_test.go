package casefile_test

import (
	"fmt"
	"strings"

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
