package check_test

import (
	"context"
	"fmt"
	"slices"
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
		web    = `"Action":"sts:AssumeRoleWithWebIdentity"`
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
		{"bucket: a private network, which every VPC may have", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`)}, check.Fail},
		{"bucket: a private network of a fixed VPC", policy.ResourceBased, []string{allow(everybody, bucket, `"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"},"StringEquals":{"aws:SourceVpc":"vpc-91237329"}`)}, check.Pass},
		{"bucket: all addresses, in parts of several statements", policy.ResourceBased, []string{
			allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":[`+strings.Join(parts[:100], ",")+`]}`),
			allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":[`+strings.Join(parts[100:200], ",")+`]}`),
			allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":[`+strings.Join(parts[200:], ",")+`]}`)}, check.Fail},
		{"bucket: one network in many statements", policy.ResourceBased, slices.Repeat([]string{allow(everybody, bucket, `"IpAddress":{"aws:SourceIp":["11.0.0.0/8","11.2.0.0/16"]}`)}, 200), check.Pass},
		{"bucket: the account of everybody without one", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:PrincipalAccount":"anonymous"}`)}, check.Fail},
		{"bucket: the ID of everybody without one", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:userid":"anonymous"}`)}, check.Fail},
		{"bucket: the ID of a user", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:userid":"AIDAEXAMPLEEXAMPLE12"}`)}, check.Pass},
		{"bucket: sessions of a role by its ID", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE12:*"}`)}, check.Fail},
		{"bucket: a session of a role by its ID", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:userid":"AROAEXAMPLEEXAMPLE12:ana"}`)}, check.Fail},
		{"bucket: a session of a role by its ID, in any case", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEqualsIgnoreCase":{"aws:userid":"aroaexampleexample12:ana"}`)}, check.Fail},
		{"bucket: sessions of a name", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:userid":"*:ana@example.com"}`)}, check.Fail},
		{"bucket: AWS services", policy.ResourceBased, []string{allow(everybody, bucket, `"Bool":{"aws:PrincipalIsAWSService":"true"}`)}, check.Pass},
		{"bucket: an AWS service by its name", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:PrincipalServiceName":"cloudtrail.amazonaws.com"}`)}, check.Pass},
		{"bucket: no AWS services", policy.ResourceBased, []string{allow(everybody, bucket, `"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}`)}, check.Fail},
		{"bucket: an identity of CloudFront", policy.ResourceBased, []string{allow(`{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE"}`, bucket, "")}, check.Pass},
		{"bucket: a canonical user", policy.ResourceBased, []string{allow(`{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, bucket, "")}, check.Pass},
		{"bucket: a user that is no more", policy.ResourceBased, []string{allow(`{"AWS":"AIDAEXAMPLEEXAMPLE12"}`, bucket, "")}, check.Pass},
		{"bucket: all but a user that is no more", policy.ResourceBased, []string{`{"Effect":"Allow","NotPrincipal":{"AWS":"AIDAEXAMPLEEXAMPLE12"},` + bucket + `}`}, check.Fail},
		{"queue: what an account has, as a text", policy.ResourceBased, []string{allow(everybody, queue, `"StringLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:*"}`)}, check.Pass},
		{"queue: anything with the number of an account, as a text", policy.ResourceBased, []string{allow(everybody, queue, `"StringLike":{"aws:SourceArn":"arn:aws:*:*:111122223333:*"}`)}, check.Fail},
		{"queue: what an account has, in parts", policy.ResourceBased, []string{allow(everybody, queue, `"ArnLike":{"aws:SourceArn":"arn:aws:*:*:111122223333:*"}`)}, check.Pass},
		{"role: tokens of any provider", policy.RoleTrust, []string{allow(everybody, web, "")}, check.Fail},
		{"role: tokens for a client of a provider", policy.RoleTrust, []string{allow(everybody, web, `"StringEquals":{"accounts.google.com:aud":"123456"}`)}, check.Pass},
		{"role: tokens of a provider", policy.RoleTrust, []string{allow(everybody, web, `"StringEquals":{"aws:FederatedProvider":"accounts.google.com"}`)}, check.Pass},
		{"role: SAML of any provider", policy.RoleTrust, []string{allow(everybody, `"Action":"sts:AssumeRoleWithSAML"`, `"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}`)}, check.Fail},
		{"role: all providers but one", policy.RoleTrust, []string{`{"Effect":"Allow","NotPrincipal":{"Federated":"accounts.google.com"},` + web + `}`}, check.Fail},
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
		{"bucket: everybody, of an account that it names as its own", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:ResourceAccount":"444455556666"}`)}, check.Fail},
		{"bucket: everybody, of an organization that it names as its own", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:ResourceOrgID":"o-a1b2*"}`)}, check.Fail},
		{"bucket: everybody, denied for other owners", policy.ResourceBased, []string{allow(everybody, bucket, ""), deny(`"StringNotEquals":{"aws:ResourceAccount":"444455556666"}`)}, check.Fail},
		{"bucket: everybody, where no owner is said", policy.ResourceBased, []string{allow(everybody, bucket, `"Null":{"aws:ResourceAccount":"true"}`)}, check.Fail},
		{"bucket: callers of the owner", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}`)}, check.Pass},
		{"bucket: the owner of callers", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}`)}, check.Pass},
		{"bucket: denied outside of the owner's organization", policy.ResourceBased, []string{allow(everybody, bucket, ""), deny(`"StringNotEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}`)}, check.Pass},
		{"bucket: paths of the owner's organization", policy.ResourceBased, []string{allow(everybody, bucket, `"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"${aws:ResourceOrgID}/*"}`)}, check.Pass},
		{"bucket: all paths of the owner's organization, or none", policy.ResourceBased, []string{allow(everybody, bucket, `"ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"${aws:ResourceOrgID}/*"}`)}, check.Fail},
		{"bucket: roles of the owner", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:ResourceAccount}:role/*"}`)}, check.Pass},
		{"bucket: what the owner has", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:${aws:ResourceAccount}:*"}`)}, check.Pass},
		{"bucket: anything with the number of the owner, as a text", policy.ResourceBased, []string{allow(everybody, bucket, `"StringLike":{"aws:SourceArn":"arn:aws:sns:*:${aws:ResourceAccount}:*"}`)}, check.Fail},
		{"bucket: what the owner has, or else some topic", policy.ResourceBased, []string{allow(everybody, bucket, `"ArnLike":{"aws:SourceArn":["arn:aws:sns:*:${aws:ResourceAccount}:*","arn:aws:sns:*:*:orders"]}`)}, check.Fail},
		{"bucket: callers of anybody but the owner", policy.ResourceBased, []string{allow(everybody, bucket, `"StringNotEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}`)}, check.Fail},
		{"bucket: a tag with the number of the owner", policy.ResourceBased, []string{allow(everybody, bucket, `"StringEquals":{"aws:PrincipalTag/owner":"${aws:ResourceAccount}"}`)}, check.Fail},
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

// An outsiderKey is a key with values of policies, some of which fix somebody, and values that
// outsiders have, none of which the fixed ones are.
type outsiderKey struct {
	name                  string
	operators             []string
	policies              []string
	anonymous, stranger   []string // of requests; "": none
	user, session, tokens []string // of some strangers in particular
}

var (
	likes    = []string{"StringEquals", "StringLike", "StringNotLike", "StringNotEquals", "ForAnyValue:StringLike", "ForAllValues:StringEquals", "StringLikeIfExists", "StringEqualsIgnoreCase"}
	arnLikes = []string{"StringLike", "ArnLike", "ArnEquals", "ArnNotLike", "StringNotLike", "ArnLikeIfExists"}
)

var outsiderKeys = []outsiderKey{
	{name: "aws:SourceArn", operators: arnLikes,
		policies:  []string{"arn:aws:sns:us-east-1:111122223333:orders", "arn:aws:sns:us-east-1:${aws:ResourceAccount}:*", "arn:aws:sns:*:${aws:ResourceAccount}:*", "arn:aws:*:*:111122223333:*", "arn:*:111122223333:*", "arn:aws:sns:us-east-?:111122223333:*", "arn:aws:sns:*:*:orders", "arn:aws:sns:us-east-1:111122223333:*", "arn:aws:s3:::logs*", "arn:aws:s??:us-east-1:111122223333:*"},
		anonymous: []string{"", "arn:aws:sns:us-east-1:777788889999:orders", "arn:aws:states:us-east-1:777788889999:execution:111122223333:x", "arn:aws:s3:::logs-of-strangers", "arn:aws:sns:us-east-1:777788889999:111122223333:*"},
		stranger:  []string{"", "arn:aws:logs:us-east-1:777788889999:log-group:111122223333:x"}},
	{name: "aws:userid", operators: likes,
		policies:  []string{"anonymous", "*", "AIDA*", "AIDAEXAMPLEEXAMPLE12", "*:ana@example.com", "AROAEXAMPLEEXAMPLE12:*", "AROA*:ana@example.com", "111122223333:ana"},
		anonymous: []string{"anonymous"}, stranger: []string{"777788889999", "777788889999:ana"}, user: []string{"AIDASTRANGERSTRANGER"}, session: []string{"AROASTRANGERSTRANGER:ana@example.com"}, tokens: []string{""}},
	{name: "aws:ResourceAccount", operators: likes, policies: []string{"444455556666", "111122223333", "4444*", "*", "${aws:PrincipalAccount}", "${aws:PrincipalAccount,'444455556666'}", "*${aws:PrincipalAccount}"},
		anonymous: []string{"", "444455556666", "111122223333"}, stranger: []string{"", "444455556666"}},
	{name: "aws:ResourceOrgID", operators: likes, policies: []string{"o-a1b2c3d4e5", "o-*", "${aws:PrincipalOrgID}", "${aws:PrincipalOrgID,'o-a1b2c3d4e5'}"},
		anonymous: []string{"", "o-a1b2c3d4e5"}, stranger: []string{"", "o-a1b2c3d4e5"}},
	{name: "aws:PrincipalAccount", operators: likes, policies: []string{"anonymous", "${aws:ResourceAccount}", "${aws:ResourceAccount,'777788889999'}", "?${aws:ResourceAccount}", "111122223333", "7777*", "????????????", "*"},
		anonymous: []string{"anonymous"}, stranger: []string{"777788889999"}, tokens: []string{""}},
	{name: "aws:VpcSourceIp", operators: []string{"IpAddress", "NotIpAddress"}, policies: []string{"10.0.0.0/16", "10.0.0.5", "0.0.0.0/0", "192.168.0.0/16"},
		anonymous: []string{"", "10.0.0.5", "10.1.0.1", "192.168.1.1"}, stranger: []string{"10.0.0.5", "172.16.0.1"}},
	{name: "aws:SourceIp", operators: []string{"IpAddress", "NotIpAddress"}, policies: []string{"203.0.113.0/24", "0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/7", "::/0", "2001:db8::/32", "2000::/31", "::ffff:0:0/96"},
		anonymous: []string{"", "198.51.100.7", "1.2.3.4", "2001:db9::1", "64.1.1.1"}, stranger: []string{"", "198.51.100.8"}},
	{name: "aws:PrincipalArn", operators: arnLikes, policies: []string{"arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:role/*", "arn:aws:iam::7777????????:*", "arn:aws:*:111122223333:*", "arn:aws:iam::111122223333:user/ana"},
		anonymous: []string{""}, tokens: []string{""}},
	{name: "aws:PrincipalIsAWSService", operators: []string{"Bool", "BoolIfExists", "StringEquals"}, policies: []string{"true", "false"},
		anonymous: []string{""}, stranger: []string{"false"}, tokens: []string{""}},
	{name: "aws:SourceVpc", operators: likes, policies: []string{"vpc-1", "vpc-*", "*"}, anonymous: []string{"", "vpc-9"}, stranger: []string{"", "vpc-9"}},
	{name: "aws:PrincipalOrgPaths", operators: []string{"ForAnyValue:StringLike", "ForAllValues:StringLike", "ForAnyValue:StringNotLike"}, policies: []string{"o-a1b2c3d4e5/*", "o-*/r-1/*", "o-a1b2c3d4e5/r-1/", "o-a1b2*"},
		anonymous: []string{""}, stranger: []string{"", "o-zzzzzzzzzz/r-1/", "o-a1b2zzzzzz/r-1/"}, tokens: []string{""}},
	{name: "accounts.google.com:aud", operators: likes, policies: []string{"123", "*", "12*"}, anonymous: []string{""}, stranger: []string{""}},
}

// outside is a value that a caller of the kind has, who is an outsider.
func (m *maker) outside(k outsiderKey, p policy.Principal) string {
	of := k.stranger
	switch {
	case p.Kind() == policy.Anonymous:
		of = k.anonymous
	case p.Kind() == policy.WebIdentity && k.tokens != nil:
		of = k.tokens
	case p.Kind() == policy.User && k.user != nil:
		of = k.user
	case p.Kind() == policy.RoleSession && k.session != nil:
		of = k.session
	}
	if len(of) == 0 {
		return ""
	}
	return pick(m, of...)
}

// TestPublicProofsHold holds proofs that a policy is not public against outsiders: anonymous
// callers, those of an account that no policy names whose own policies allow all, and those
// with tokens of a provider that none names.
func TestPublicProofsHold(t *testing.T) {
	t.Parallel()
	var count [3]int
	asked := 0
	first := firstSeed(t)
	everything := document([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`})
	for n := range uint64(*pairs) {
		m := newMaker(first + n)
		kind := pick(m, policy.ResourceBased, policy.ResourceBased, policy.RoleTrust)
		var list []string
		var keys []outsiderKey
		if m.IntN(2) == 0 {
			for range 1 + m.IntN(3) {
				list = append(list, m.resourceStatement(kind))
			}
		} else {
			keys = []outsiderKey{pick(m, outsiderKeys...), pick(m, outsiderKeys...)}
			for range 1 + m.IntN(3) {
				list = append(list, m.pinnedStatement(kind, keys))
			}
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
			switch {
			case q.Principal.Kind() == policy.WebIdentity && kind == policy.RoleTrust:
				q.Principal = policy.WebIdentityPrincipal("graph.facebook.com")
			case q.Principal.Kind() == policy.Anonymous && kind == policy.ResourceBased:
			case q.Principal.AccountID() != "777788889999":
				continue
			}
			if kind == policy.RoleTrust && !strings.HasPrefix(q.Resource, "arn:aws:iam") {
				continue
			}
			q.ResourceAccount = "111122223333"
			delete(q.Context, "aws:SourceIp") // where outsiders come from is not what a policy names
			for _, k := range keys {
				if k.name == "aws:PrincipalArn" && q.Principal.AccountID() != "" {
					continue // as it is
				}
				delete(q.Context, k.name)
				if value := m.outside(k, q.Principal); value != "" {
					q.Context[k.name] = []string{value}
				}
			}
			l := spec.Layers{ResourcePolicy: d, BucketABAC: true}
			if q.Principal.AccountID() != "" {
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

// pinnedStatement draws a statement about everybody with conditions that may fix somebody.
func (m *maker) pinnedStatement(kind policy.Kind, keys []outsiderKey) string {
	what := pick(m, `"Action":"s3:*","Resource":"arn:aws:s3:::*"`, `"Action":"*","Resource":"*"`)
	if kind == policy.RoleTrust {
		what = pick(m, `"Action":"sts:*"`, `"Action":"sts:AssumeRoleWithWebIdentity"`, `"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]`)
	}
	var conditions []string
	seen := map[string]bool{}
	for _, k := range keys {
		op := pick(m, k.operators...)
		if seen[op] || len(conditions) > 0 && m.IntN(2) == 0 {
			continue
		}
		seen[op] = true
		conditions = append(conditions, fmt.Sprintf("%q:{%q:%v}", op, k.name, m.list(2, func() string { return pick(m, k.policies...) })))
	}
	return fmt.Sprintf(`{"Effect":%q,"Principal":"*",%s,"Condition":{%s}}`, pick(m, "Allow", "Allow", "Allow", "Deny"), what, strings.Join(conditions, ","))
}
