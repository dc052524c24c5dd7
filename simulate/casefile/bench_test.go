package casefile_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/licit-dev/licit/simulate/casefile"
)

// benchmarkFile is a file of n cases, each of about 3 kB in nine documents of realistic
// size; conditions, actions and resources differ from line to line.
func benchmarkFile(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id": "case-%d", "request": {"principal": "arn:aws:sts::111122223333:assumed-role/app/s%d", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs-%d/2026/a", "resourceAccount": "111122223333", "context": {"aws:SourceIp": ["203.0.113.7"], "aws:PrincipalOrgID": "o-a1b2c3d4e5", "aws:PrincipalOrgPaths": ["o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"], "aws:RequestedRegion": "eu-west-1", "aws:PrincipalTag/team": "red"}, "roleArn": "arn:aws:iam::111122223333:role/svc/app"}, `, i, i%7, i%5)
		full := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
		region := `{"Version": "2012-10-17", "Statement": {"Sid": "Region", "Effect": "Deny", "NotAction": ["iam:*", "organizations:*", "sts:*", "route53:*", "cloudfront:*", "support:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}}}`
		fmt.Fprintf(&b, `"identityPolicies": [{"Version": "2012-10-17", "Statement": [{"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"], "Resource": ["arn:aws:s3:::logs-%d", "arn:aws:s3:::logs-%d/*"]}, {"Sid": "Team", "Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:111122223333:table/${aws:PrincipalTag/team}-*"}]}, {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]}}}}], `, i%5, i%5)
		fmt.Fprintf(&b, `"boundary": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}}, "scps": [[%s], [%s, %s], [%s]], `, full, full, region, full)
		fmt.Fprintf(&b, `"rcps": [[{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}}]], "resourcePolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:*", "Resource": "*"}}, "expect": "allowed"}`+"\n")
	}
	return b.Bytes()
}

func benchmark(b *testing.B, eval func(*casefile.Case) casefile.Result) {
	const n = 1000
	src := benchmarkFile(n)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		var out []byte
		for c, err := range casefile.Read(bytes.NewReader(src), "bench") {
			if err != nil {
				b.Fatal(err)
			}
			r := eval(c)
			if pass, _ := r.Pass(); !pass {
				b.Fatalf("%s", r.AppendJSON(nil))
			}
			out = r.AppendJSON(out[:0])
			io.Discard.Write(out)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}

func BenchmarkEval(b *testing.B) {
	benchmark(b, func(c *casefile.Case) casefile.Result { return c.Eval() })
}

func BenchmarkExplain(b *testing.B) {
	benchmark(b, func(c *casefile.Case) casefile.Result { return c.Explain() })
}

func BenchmarkRead(b *testing.B) {
	src := benchmarkFile(1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range casefile.Read(bytes.NewReader(src), "bench") {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "cases/s")
}
