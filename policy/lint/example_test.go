package lint_test

import (
	"fmt"
	"time"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

func ExampleDocument() {
	d := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::logs/*"}
]}`)))
	for _, f := range lint.Document(d, policy.IdentityBased) {
		if f.Type.AtLeast(lint.Error) {
			fmt.Println(f)
		}
	}
	// Output: 2:33: ERROR INVALID_ACTION: s3 has no action "GetObjekt"; did you mean "s3:GetObject"?
}

func ExampleSource() {
	for _, f := range lint.Source("policy.json", []byte(`{"Version": "2012-10-17",}`), policy.IdentityBased) {
		fmt.Println(f.File, f.Position, f.Code)
	}
	// Output: policy.json 1:25 JSON_SYNTAX_ERROR
}

func ExampleWithResourceType() {
	src := []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "arn:aws:s3:::logs"}}`)
	for _, f := range lint.Source("", src, policy.ResourceBased, lint.WithResourceType("AWS::S3::Bucket")) {
		if f.Type == lint.Error {
			fmt.Println(f.Code, f.Path)
		}
	}
	// Output: UNSUPPORTED_ACTION_IN_POLICY /Statement/Action
}

func ExampleWithReference() {
	// Before September 2025 an SCP had no conditions in an Allow.
	then := serviceref.Embedded().AsOf(time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC))
	src := []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}}`)
	for _, f := range lint.Source("", src, policy.ServiceControl, lint.WithReference(then)) {
		if f.Type == lint.Error {
			fmt.Println(f.Code)
		}
	}
	// Output: SCP_SYNTAX_ERROR_ALLOW_CONDITION
}

func ExampleWithDate() {
	src := []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-05-01"}}}}`)
	for _, f := range lint.Source("", src, policy.ServiceControl, lint.WithDate(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))) {
		if f.Code == "POLICY_TIMEBOMB" {
			fmt.Println(f.Message)
		}
	}
	// Output: since 2026-05-01 this statement denies nothing any more; remove it, or write a later date
}

func ExampleCodes() {
	for _, c := range lint.Codes() {
		if c.Code == "INVALID_EFFECT" {
			fmt.Println(c.Type, c.Kinds[0])
		}
	}
	// Output: ERROR identity
}
