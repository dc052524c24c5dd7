package check_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// TestNoPublicAccess follows the documentation: Amazon S3 User Guide, “The meaning of
// "public"”; Amazon SNS, Amazon SQS, AWS KMS, AWS Lambda and AWS Secrets Manager developer
// guides on resource policies; IAM User Guide on trust policies.
func TestNoPublicAccess(t *testing.T) {
	const (
		bucket = `"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"`
		topic  = `"Action":"sns:Publish","Resource":"arn:aws:sns:us-east-1:111122223333:orders"`
		queue  = `"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:111122223333:orders"`
		key    = `"Action":["kms:Decrypt","kms:CreateGrant"],"Resource":"*"`
		lambda = `"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:111122223333:function:orders"`
		secret = `"Action":"secretsmanager:GetSecretValue","Resource":"*"`
		role   = `"Action":"sts:AssumeRole"`
	)
	allow := func(principal, what, condition string) string {
		if condition != "" {
			condition = `,"Condition":{` + condition + `}`
		}
		return `{"Effect":"Allow","Principal":` + principal + `,` + what + condition + `}`
	}
	deny := func(condition string) string {
		return `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{` + condition + `}}`
	}
	const everybody = `"*"`
	var parts []string
	for i := range 256 {
		parts = append(parts, fmt.Sprintf(`"%d.0.0.0/8"`, i))
	}
	all8 := strings.Join(parts, ",")
	for _, c := range []struct {
		name       string
		kind       policy.Kind
		statements []string
		want       check.Verdict
	}{
		{"bucket: everybody", policy.ResourceBased, []string{allow(everybody, bucket, "")}, check.Fail},
		{"bucket: every AWS principal", policy.ResourceBased, []string{allow(`{"AWS":"*"}`, bucket, "")}, check.Fail},
		{"bucket: an account", policy.ResourceBased, []string{allow(`{"AWS":"444455556666"}`, bucket, "")}, check.Pass},
		{"bucket: a role of another account", policy.ResourceBased, []string{allow(`{"AWS":"arn:aws:iam::444455556666:role/logs"}`, bucket, "")}, check.Pass},
		{"bucket: an AWS service", policy.ResourceBased, []string{allow(`{"Service":"cloudtrail.amazonaws.com"}`, bucket, "")}, check.Pass},
		{"bucket: a fixed VPC", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:SourceVpc":"vpc-91237329"}`)}, check.Pass},
		{"bucket: any VPC", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:SourceVpc":"vpc-*"}`)}, check.Fail},
		{"bucket: any VPC or a fixed one", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:SourceVpc":["vpc-91237329","vpc-*"]}`)}, check.Fail},
		{"bucket: a fixed VPC if there is one", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEqualsIfExists":{"aws:SourceVpc":"vpc-91237329"}`)}, check.Fail},
		{"bucket: everybody outside of a VPC", policy.ResourceBased, []string{allow(everybody, bucket, `"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}`)}, check.Fail},
		{"bucket: denied outside of a VPC", policy.ResourceBased, []string{allow(everybody, bucket, ""), deny(`"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}`)}, check.Pass},
		{"bucket: denied outside of an endpoint, for requests through some", policy.ResourceBased, []string{allow(everybody, bucket, ""), deny(`"StringNotEqualsIfExists":{"aws:SourceVpce":"vpce-1"},"Null":{"aws:SourceVpce":"false"}`)}, check.Fail},
		{"bucket: a network", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)}, check.Pass},
		{"bucket: a private network", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`)}, check.Pass},
		{"bucket: half of all addresses", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":"0.0.0.0/1"}`)}, check.Fail},
		{"bucket: all addresses, in parts", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":[`+all8+`]}`)}, check.Fail},
		{"bucket: a network, or all of IPv6", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":["203.0.113.0/24","::/0"]}`)}, check.Fail},
		{"bucket: a network of IPv6", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":"2001:db8::/32"}`)}, check.Pass},
		{"bucket: outside of a network", policy.ResourceBased, []string{allow(everybody, bucket, `"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)}, check.Fail},
		{"bucket: an organization", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, check.Pass},
		{"bucket: some organization", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:PrincipalOrgID":"o-*"}`)}, check.Fail},
		{"bucket: a path of an organization", policy.ResourceBased, []string{allow(everybody, bucket, `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}`)}, check.Pass},
		{"bucket: all paths of an organization, or none", policy.ResourceBased, []string{allow(everybody, bucket, `"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}`)}, check.Fail},
		{"bucket: denied outside of an organization", policy.ResourceBased, []string{allow(everybody, bucket, ""), deny(`"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, check.Pass},
		{"bucket: an organization, and everybody for another object", policy.ResourceBased, []string{
			allow(everybody, bucket, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`),
			allow(everybody, `"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/index.html"`, "")}, check.Fail},
		{"bucket: roles of one account", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}`)}, check.Pass},
		{"bucket: roles of that name in any account", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/logs"}`)}, check.Fail},
		{"bucket: access points of an account", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}`)}, check.Pass},
		{"bucket: access points of an account, by ARN", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:us-east-1:111122223333:accesspoint/*"}`)}, check.Pass},
		{"bucket: over TLS", policy.ResourceBased, []string{allow(everybody, bucket, `"Bool":{"aws:SecureTransport":"true"}`)}, check.Fail},
		{"bucket: with a referer", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:Referer":"https://www.example.com/*"}`)}, check.Fail},
		{"bucket: everybody but a user", policy.ResourceBased, []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/ana"},` + bucket + `}`}, check.Fail},
		{"bucket: nothing", policy.ResourceBased, nil, check.Pass},
		{"bucket: a Deny only", policy.ResourceBased, []string{deny(`"Bool":{"aws:SecureTransport":"false"}`)}, check.Pass},
		{"topic: everybody", policy.ResourceBased, []string{allow(everybody, topic, "")}, check.Fail},
		{"topic: the owner, as new topics have it", policy.ResourceBased, []string{allow(`{"AWS":"*"}`, topic, `"StringEquals":{"AWS:SourceOwner":"111122223333"}`)}, check.Pass},
		{"queue: a topic", policy.ResourceBased, []string{allow(everybody, queue, `"ArnEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:orders"}`)}, check.Pass},
		{"queue: topics of any account", policy.ResourceBased, []string{allow(everybody, queue, `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:orders"}`)}, check.Fail},
		{"queue: a service for an account", policy.ResourceBased, []string{allow(everybody, queue, `"StringEquals":{"aws:SourceAccount":"111122223333"}`)}, check.Pass},
		{"key: of a service, for an account", policy.ResourceBased, []string{allow(everybody, key, `"StringEquals":{"kms:CallerAccount":"111122223333","kms:ViaService":"s3.us-east-1.amazonaws.com"}`)}, check.Pass},
		{"key: of a service", policy.ResourceBased, []string{allow(everybody, key, `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`)}, check.Fail},
		{"key: the account", policy.ResourceBased, []string{allow(`{"AWS":"arn:aws:iam::111122223333:root"}`, key, "")}, check.Pass},
		{"function: everybody", policy.ResourceBased, []string{allow(everybody, lambda, "")}, check.Fail},
		{"function: an organization", policy.ResourceBased, []string{allow(everybody, lambda, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, check.Pass},
		{"function: a URL without authentication", policy.ResourceBased, []string{allow(everybody, `"Action":"lambda:InvokeFunctionUrl","Resource":"arn:aws:lambda:us-east-1:111122223333:function:orders"`, `"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}`)}, check.Fail},
		{"secret: everybody", policy.ResourceBased, []string{allow(everybody, secret, "")}, check.Fail},
		{"secret: an account", policy.ResourceBased, []string{allow(everybody, secret, `"StringEquals":{"aws:PrincipalAccount":"111122223333"}`)}, check.Pass},
		{"role: everybody", policy.RoleTrust, []string{allow(`{"AWS":"*"}`, role, "")}, check.Fail},
		{"role: an account", policy.RoleTrust, []string{allow(`{"AWS":"444455556666"}`, role, `"StringEquals":{"sts:ExternalId":"orders"}`)}, check.Pass},
		{"role: an organization", policy.RoleTrust, []string{allow(`{"AWS":"*"}`, role, `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, check.Pass},
		{"role: an identity provider", policy.RoleTrust, []string{allow(`{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}`, `"Action":"sts:AssumeRoleWithWebIdentity"`, "")}, check.Pass},
		{"role: a service", policy.RoleTrust, []string{allow(`{"Service":"ec2.amazonaws.com"}`, role, "")}, check.Pass},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := document(c.statements)
			r, err := check.NoPublicAccess(context.Background(), d, c.kind)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != c.want {
				t.Errorf("got %s (%s), want %s for\n%s", r.Verdict, r.Reason, c.want, d)
				if x := r.Counterexample; x != nil {
					t.Logf("%s may %s on %s with %v", x.Request.Principal, x.Request.Action, x.Request.Resource, x.Request.Keys)
				}
			}
		})
	}
}

// TestPublicProofsHold holds proofs that a policy is not public against outsiders: anonymous
// callers, and those of an account that no policy names whose own policies allow all.
func TestPublicProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	asked := 0
	first := firstSeed(t)
	everything := document([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`})
	for n := range uint64(*pairs) / 3 {
		m := newMaker(first + n)
		kind := pick(m, policy.ResourceBased, policy.ResourceBased, policy.RoleTrust)
		var list []string
		for range 1 + m.IntN(3) {
			list = append(list, m.resourceStatement(kind))
		}
		d := document(list)
		r, err := check.NoPublicAccess(context.Background(), d, kind)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", first+n, err, d)
		}
		count[r.Verdict]++
		if r.Verdict != check.Pass {
			continue
		}
		for range 200 {
			q := m.callerRequest()
			if q.Principal.Kind() != policy.Anonymous && q.Principal.AccountID() != "777788889999" ||
				kind == policy.RoleTrust && !strings.HasPrefix(q.Resource, "arn:aws:iam") {
				continue
			}
			q.ResourceAccount = "111122223333"
			delete(q.Context, "aws:SourceIp") // where outsiders come from is not what a policy names
			l := spec.Layers{ResourcePolicy: d, BucketABAC: true}
			if q.Principal.Kind() != policy.Anonymous {
				l.Identity = []*policy.Document{everything}
			}
			if q.Principal.Kind() == policy.FederatedUser {
				l.Session = l.Identity
			}
			if kind == policy.RoleTrust && !strings.HasPrefix(string(q.Action), "sts:") || q.Action == "sts:GetCallerIdentity" {
				continue
			}
			asked++
			if spec.Decide(l, q) == spec.Allowed {
				t.Fatalf("seed %d: a wrong proof as %s:\n%s\n%+v", first+n, kind, d, q)
			}
		}
	}
	t.Logf("%d passed, %d failed, %d unknown; %d requests of outsiders held against the proofs", count[check.Pass], count[check.Fail], count[check.Unknown], asked)
	if count[check.Pass] == 0 || asked == 0 {
		t.Error("nothing was held against a proof")
	}
}
