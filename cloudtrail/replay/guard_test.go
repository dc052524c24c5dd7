package replay_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// TestDryRunGuards adds an RCP over resources that the snapshot does not have: whether it reaches
// them is not known, so that a call that it would deny is not said to be untouched.
func TestDryRunGuards(t *testing.T) {
	spec := company(t).Spec()
	spec.Root.PolicyTypes = append(spec.Root.PolicyTypes, policy.ResourceControl)
	o, err := org.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	before := compile(t, o)
	const (
		tls      = `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`
		outsider = `,"Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}`
	)
	get := func(identity string) string {
		return event("s3.amazonaws.com", "GetObject", identity, `,"tlsDetails":{"tlsVersion":"TLSv1.3"},"requestParameters":{"bucketName":"logs","key":"a"}`)
	}
	key := func(account string) string {
		return event("kms.amazonaws.com", "Decrypt", ana, `,"resources":[{"ARN":"arn:aws:kms:eu-west-1:`+account+`:key/1"}]`)
	}
	prefix := event("s3.amazonaws.com", "DeleteObjects", ana, `,"requestParameters":{"bucketName":"logs","delete":""},"resources":[{"ARNPrefix":"arn:aws:s3:::logs/","type":"AWS::S3::Object"}]`)
	tests := []struct{ name, record, action, resource, condition, want string }{
		{"a bucket of nobody knows whom", get(ana), "s3:*", "*", ``, "possible by G of guard"},
		{"another bucket", get(ana), "s3:*", "arn:aws:s3:::orders/*", ``, ""},
		{"another action", get(ana), "s3:PutObject", "*", ``, ""},
		{"a condition that does not hold", get(ana), "s3:*", "*", tls, ""},
		{"a member of the organization", get(ana), "s3:*", "*", outsider, ""},
		{"objects that are not known", prefix, "s3:DeleteObject", "*", ``, "possible by G of guard"},
		{"a key that AWS may manage", key("111122223333"), "kms:*", "*", ``, "possible by G of guard"},
		{"a key of the management account", key("999900001111"), "kms:*", "*", ``, ""},
		{"a key of another organization", key("444455556666"), "kms:*", "*", ``, ""},
		{"a service that RCPs do not reach", event("ec2.amazonaws.com", "TerminateInstances", app, `,"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"}]}}`), "*", "*", ``, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after, err := before.Apply(
				org.PutControlPolicy(org.ControlPolicy{ID: "p-guard", Name: "guard", Kind: policy.ResourceControl, Document: doc(t, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"G","Effect":"Deny","Principal":"*","Action":%q,"Resource":%q%s}]}`, tt.action, tt.resource, tt.condition))}),
				org.AttachControlPolicy("p-guard", "r-ab12"))
			if err != nil {
				t.Fatal(err)
			}
			report, err := replay.DryRun(context.Background(), before, after, sequence(t, tt.record))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range report.Broken {
				if got = "possible by " + d.Statement; d.Certain {
					got = "certain by " + d.Statement
				}
			}
			if got != tt.want {
				t.Errorf("broken %q; want %q\n%s", got, tt.want, brief(report))
			}
		})
	}
}
