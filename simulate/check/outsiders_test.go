package check_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// What outsiders can do is up to the policies of the organization's resources: a queue, a bucket and
// a role of account 111122223333 (IAM User Guide, “Cross-account policy evaluation logic”; AWS
// Organizations User Guide, “Resource control policies”; S3 User Guide, “Blocking public access”).
func TestOutsiders(t *testing.T) {
	const (
		queue  = "arn:aws:sqs:eu-west-1:111122223333:orders"
		topic  = "arn:aws:sns:eu-west-1:111122223333:news"
		bucket = "arn:aws:s3:::logs"
		role   = "arn:aws:iam::111122223333:role/deploy"
	)
	allow := func(principal, condition string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"*","Resource":"*","Condition":{` + condition + `}}`
	}
	perimeter := `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{
		"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}`
	for name, test := range map[string]struct {
		queue, topic, bucket, trust, rcp string // statements
		block                            bool
		gap                              *org.Gap
		action, resource                 string
		except                           []string
		want                             check.Verdict
		who                              string // of Fail
	}{
		"nothing says anything": {action: "sqs:*", want: check.Pass},
		"another account":       {queue: allow(`{"AWS":"444455556666"}`, ""), action: "sqs:*", want: check.Fail, who: "arn:aws:iam::444455556666:user/ana"},
		"another account may": {queue: allow(`{"AWS":"444455556666"}`, ""), action: "sqs:*", except: []string{"arn:aws:*::444455556666:*"},
			want: check.Pass},
		"an account of the organization": {queue: allow(`{"AWS":"222233334444"}`, ""), action: "sqs:*", want: check.Pass},
		"everybody":                      {queue: allow(`"*"`, ""), action: "sqs:*", want: check.Fail, who: "*"},
		"everybody by name":              {queue: allow(`"*"`, `"Null":{"aws:PrincipalArn":"false"}`), action: "sqs:*", want: check.Fail, who: "arn:aws:iam::777788889999:user/ana"},
		"everybody of the organization":  {queue: allow(`"*"`, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), action: "sqs:*", want: check.Pass},
		"everybody of an organization that is not known whole": {queue: allow(`"*"`, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), action: "sqs:*",
			gap: &org.Gap{Subject: "555566667777", What: org.GapEverything}, want: check.Fail, who: "arn:aws:iam::777788889999:user/ana"},
		"everybody of another organization": {queue: allow(`"*"`, `"StringEquals":{"aws:PrincipalOrgID":"o-other12345"}`), action: "sqs:*",
			want: check.Fail, who: "arn:aws:iam::777788889999:user/ana"},
		"an account in a condition": {queue: allow(`"*"`, `"StringEquals":{"aws:PrincipalAccount":"444455556666"}`), action: "sqs:*",
			want: check.Fail, who: "arn:aws:iam::444455556666:user/ana"},
		"a service": {queue: allow(`{"Service":"events.amazonaws.com"}`, ""), action: "sqs:*", want: check.Fail, who: "events.amazonaws.com"},
		"services may": {queue: allow(`{"Service":"events.amazonaws.com"}`, ""), action: "sqs:*", except: []string{"*.amazonaws.com"},
			want: check.Pass},
		"everybody but by services": {queue: allow(`"*"`, `"StringEquals":{"aws:SourceAccount":"111122223333"}`), action: "sqs:*", except: []string{"*.amazonaws.com"},
			want: check.Pass},
		"a role of the organization by its ID": {queue: allow(`"*"`, `"StringLike":{"aws:userid":"AROAEXAMPLE123456:*"}`), action: "sqs:*", except: []string{role},
			want: check.Pass},
		"a role of nobody knows whom by its ID": {queue: allow(`"*"`, `"StringLike":{"aws:userid":"AROAOTHER12345678:*"}`), action: "sqs:*",
			want: check.Unknown},
		"an RCP keeps everybody out": {queue: allow(`"*"`, ""), rcp: perimeter, action: "sqs:*", except: []string{"*.amazonaws.com", "arn:aws:iam::*:role/aws-service-role/*"}, want: check.Pass},
		"an RCP does not reach service-linked roles": {queue: allow(`"*"`, ""), rcp: perimeter, action: "sqs:*", except: []string{"*.amazonaws.com"},
			want: check.Fail, who: "arn:aws:sts::777788889999:assumed-role/example/ana"},
		"an RCP does not reach services": {queue: allow(`{"Service":"events.amazonaws.com"}`, ""), rcp: perimeter, action: "sqs:*",
			want: check.Fail, who: "events.amazonaws.com"},
		"Block Public Access":                          {bucket: allow(`"*"`, ""), block: true, action: "s3:GetObject", resource: bucket + "/*", except: []string{"*.amazonaws.com"}, want: check.Pass},
		"no Block Public Access":                       {bucket: allow(`"*"`, ""), action: "s3:GetObject", resource: bucket + "/*", want: check.Fail, who: "*"},
		"Block Public Access is no boundary":           {bucket: allow(`{"AWS":"444455556666"}`, ""), block: true, action: "s3:GetObject", resource: bucket + "/*", want: check.Fail, who: "arn:aws:iam::444455556666:user/ana"},
		"perhaps public":                               {bucket: allow(`"*"`, `"StringLike":{"aws:PrincipalArn":"*"}`), block: true, action: "s3:GetObject", resource: bucket + "/*", except: []string{"*.amazonaws.com"}, want: check.Unknown},
		"access points are not listed":                 {action: "s3:GetObject", want: check.Unknown},
		"keys are not listed":                          {action: "kms:Decrypt", want: check.Unknown},
		"an RCP keeps everybody from hidden keys":      {rcp: perimeter, action: "kms:Decrypt", resource: "arn:aws:kms:*:111122223333:key/*", except: []string{"*.amazonaws.com", "arn:aws:iam::*:role/aws-service-role/*"}, want: check.Pass},
		"RCPs do not reach Amazon SNS":                 {topic: allow(`"*"`, ""), rcp: perimeter, action: "sns:Publish", want: check.Fail, who: "*"},
		"an RCP does not reach the management account": {rcp: perimeter, action: "kms:Decrypt", except: []string{"*.amazonaws.com"}, want: check.Unknown},
		"a trust policy": {trust: `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"},"Action":"sts:AssumeRoleWithSAML"}`,
			action: "sts:AssumeRoleWithSAML", want: check.Fail, who: "arn:aws:iam::111122223333:saml-provider/idp"},
		"a trust policy for some": {trust: `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/idp"},"Action":"sts:AssumeRoleWithSAML"}`,
			action: "sts:AssumeRole*", except: []string{"arn:aws:iam::111122223333:saml-provider/*"}, want: check.Pass},
		"a resource whose policy is not known": {action: "sqs:*", gap: &org.Gap{Subject: queue, What: org.GapResourcePolicy}, want: check.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			parsed := func(s string) *policy.Document {
				if s == "" {
					return nil
				}
				return document([]string{s})
			}
			account := org.Account{ID: "111122223333", CanonicalID: "c0", Attached: []string{org.FullAWSAccess},
				Resources: []org.Resource{{ARN: policy.MustParseARN(queue), Policy: parsed(test.queue)}, {ARN: policy.MustParseARN(topic), Policy: parsed(test.topic)}, {ARN: policy.MustParseARN(bucket), Policy: parsed(test.bucket), BlockPublicAccess: test.block}},
				Roles:     []org.Role{{ARN: policy.MustParseARN(role), ID: "AROAEXAMPLE123456", Trust: document([]string{`{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole"}`})}}}
			if test.trust != "" {
				account.Roles[0].Trust = parsed(test.trust)
			}
			spec := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: "222233334444",
				Accounts: []org.Account{account, {ID: "222233334444", CanonicalID: "c2"}},
				Root: org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Attached: []string{org.FullAWSAccess},
					Accounts: []string{"111122223333", "222233334444"}}}
			if test.rcp != "" {
				spec.ControlPolicies = []org.ControlPolicy{{ID: "p-00000001", Name: "perimeter", Kind: policy.ResourceControl, Document: parsed(test.rcp)}}
				spec.Root.Attached = append(spec.Root.Attached, "p-00000001")
			}
			if test.gap != nil {
				spec.Gaps = []org.Gap{*test.gap}
			}
			o, err := org.New(spec)
			require.NoError(t, err)
			env, err := simulate.Compile(o)
			require.NoError(t, err)
			access := check.Access{Actions: []string{test.action}}
			if test.resource != "" {
				access.Resources = []string{test.resource}
			}
			except := append([]string{"arn:aws:iam::111122223333:r*", "arn:aws:iam::222233334444:r*"}, test.except...)
			r, err := check.Guarded(context.Background(), env, check.Guardrail{Accesses: []check.Access{access}, Except: except})
			require.NoError(t, err)
			require.Equal(t, test.want, r.Verdict, r.Reason)
			if x := r.Counterexample; x != nil {
				require.Equal(t, test.who, x.Request.Principal.String())
				require.True(t, x.Allowed.Decision.Allowed())
			}
		})
	}
}
