package replay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/simulate"
)

// TestKeys compares what an event makes of condition keys: known, absent or not known.
func TestKeys(t *testing.T) {
	o, err := org.New(org.Spec{Accounts: []org.Account{{ID: "111122223333"}}})
	if err != nil {
		t.Fatal(err)
	}
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	const list, describe = "s3.amazonaws.com ListBuckets", "ec2.amazonaws.com DescribeInstances"
	by := func(identity, service string) string {
		return strings.TrimSuffix(identity, "}") + `,"invokedBy":"` + service + `"}`
	}
	mfa := func(identity, value string) string {
		return strings.Replace(identity, `"mfaAuthenticated":"false"`, `"mfaAuthenticated":"`+value+`"`, 1)
	}
	console := strings.Replace(strings.Replace(ana, "AKIA", "ASIA", 1), `"userName"`, `"sessionContext":{"attributes":{"creationDate":"2024-05-01T09:00:00Z","mfaAuthenticated":"true"}},"userName"`, 1)
	slr := strings.NewReplacer("role/app/orders", "role/aws-service-role/autoscaling.amazonaws.com/orders").Replace(app)
	tests := []struct{ name, call, identity, rest, want string }{
		{"address", list, ana, `,"sourceIPAddress":"203.0.113.7"`, "aws:SourceIp=203.0.113.7 aws:SourceVpce absent aws:SourceVpc absent"},
		{"through an endpoint", list, ana, `,"sourceIPAddress":"10.0.0.7","vpcEndpointId":"vpce-1","vpcEndpointAccountId":"111122223333"`, "aws:SourceIp absent aws:SourceVpce=vpce-1 aws:VpcSourceIp=10.0.0.7 aws:VpceAccount=111122223333 aws:SourceVpc ?"},
		{"private address", list, ana, `,"sourceIPAddress":"10.0.0.7"`, "aws:SourceIp ? aws:SourceVpce ?"},
		{"shared address", list, ana, `,"sourceIPAddress":"100.64.0.7"`, "aws:SourceIp ? aws:SourceVpce ?"},
		{"loopback", list, ana, `,"sourceIPAddress":"127.0.0.1"`, "aws:SourceIp ? aws:SourceVpce ?"},
		{"link-local address", list, ana, `,"sourceIPAddress":"169.254.169.254"`, "aws:SourceIp ? aws:SourceVpce ?"},
		{"IPv6 link-local address", list, ana, `,"sourceIPAddress":"fe80::1"`, "aws:SourceIp ? aws:SourceVpce ?"},
		{"service with a person's credentials", list, by(sso, "athena.amazonaws.com"), `,"sourceIPAddress":"athena.amazonaws.com"`, "aws:SourceIp ? aws:ViaAWSService=true aws:CalledVia ?"},
		{"service with a role", list, by(app, "cloudformation.amazonaws.com"), `,"sourceIPAddress":"cloudformation.amazonaws.com"`, "aws:ViaAWSService ? aws:CalledViaFirst ?"},
		{"service that only the address names", list, sso, `,"sourceIPAddress":"athena.amazonaws.com"`, "aws:SourceIp ? aws:ViaAWSService ? aws:CalledVia ?"},
		{"user agent", list, ana, `,"userAgent":"aws-cli/2.0"`, "aws:UserAgent=aws-cli/2.0"},
		{"user agent in brackets", list, ana, `,"userAgent":"[aws-cli/2.0]"`, "aws:UserAgent=aws-cli/2.0"},
		{"brackets without user agent", list, ana, `,"userAgent":"[]"`, "aws:UserAgent ?"},
		{"service for a user agent", list, ana, `,"userAgent":"AWS Internal"`, "aws:UserAgent ?"},
		{"console for a user agent", list, ana, `,"userAgent":"signin.amazonaws.com"`, "aws:UserAgent ?"},
		{"user agent that is cut off", list, ana, `,"userAgent":"` + strings.Repeat("a", 1024) + `"`, "aws:UserAgent ?"},
		{"service-linked role", list, by(slr, "autoscaling.amazonaws.com"), ``, "aws:ViaAWSService=false aws:CalledVia absent"},
		{"nobody in between", list, app, ``, "aws:ViaAWSService=false aws:CalledVia absent aws:SourceIp ?"},
		{"long-term key", list, ana, ``, "aws:MultiFactorAuthPresent absent aws:MultiFactorAuthAge absent aws:TokenIssueTime absent"},
		{"console session with MFA", list, console, ``, "aws:MultiFactorAuthPresent=true aws:MultiFactorAuthAge ? aws:TokenIssueTime=2024-05-01T09:00:00Z"},
		{"console session without MFA", list, mfa(strings.Replace(console, `"true"`, `"false"`, 1), "false"), ``, "aws:MultiFactorAuthPresent=false aws:MultiFactorAuthAge absent"},
		{"person of Identity Center", list, sso, ``, "aws:MultiFactorAuthPresent absent"},
		{"role session", list, app, ``, "aws:MultiFactorAuthPresent ?"},
		{"role session with MFA", list, mfa(app, "true"), ``, "aws:MultiFactorAuthPresent=true"},
		{"TLS", list, ana, `,"tlsDetails":{"tlsVersion":"TLSv1.3"}`, "aws:SecureTransport=true s3:TlsVersion=1.3"},
		{"no TLS details", list, ana, ``, "aws:SecureTransport ?"},
		{"Region and time", describe, ana, ``, "aws:RequestedRegion=eu-west-1 aws:CurrentTime=2024-05-01T10:00:00Z aws:EpochTime=1714557600"},
		{"external ID", "sts.amazonaws.com AssumeRole", ana, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy","roleSessionName":"s","externalId":"x"}`, "sts:ExternalId=x sts:RoleSessionName=s sts:SourceIdentity absent aws:TagKeys absent"},
		{"no external ID", "sts.amazonaws.com AssumeRole", ana, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy","roleSessionName":"s","tags":[{"key":"team","value":"logs"}]}`, "sts:ExternalId absent aws:TagKeys=team aws:RequestTag/team=logs"},
		{"source identity of a token", "sts.amazonaws.com AssumeRoleWithWebIdentity", `{"type":"WebIdentityUser","identityProvider":"accounts.google.com"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy","roleSessionName":"s"}`, "sts:SourceIdentity ? sts:RoleSessionName=s"},
		{"hidden external ID", "sts.amazonaws.com AssumeRole", ana, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy","externalId":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, "sts:ExternalId ?"},
		{"tags on creation", "ec2.amazonaws.com RunInstances", ana, `,"requestParameters":{"instanceType":"t3.micro","tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"team","value":"logs"}]}]}}`, "aws:TagKeys=team aws:RequestTag/team=logs ec2:InstanceType=t3.micro"},
		{"tags by their names", "lambda.amazonaws.com CreateFunction20150331", ana, `,"requestParameters":{"functionName":"orders","tags":{"Key":"a","Value":"b","resourceType":"c","tags":"d"}}`, "aws:TagKeys=Key,Value,resourceType,tags aws:RequestTag/Key=a aws:RequestTag/Value=b"},
		{"hidden tags by their names", "lambda.amazonaws.com CreateFunction20150331", ana, `,"requestParameters":{"functionName":"orders","tags":{"team":"HIDDEN_DUE_TO_SECURITY_REASONS"}}`, "aws:TagKeys ? aws:RequestTag/team ?"},
		{"prefix", "s3.amazonaws.com ListObjects", ana, `,"requestParameters":{"bucketName":"logs","prefix":"a/"}`, "s3:prefix=a/ s3:delimiter ?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source, name, _ := strings.Cut(tt.call, " ")
			requests, err := replay.Requests(parse(t, event(source, name, tt.identity, tt.rest)), nil)
			if err != nil {
				t.Fatal(err)
			}
			r := requests[0]
			var got []string
			for _, word := range strings.Fields(tt.want) {
				key, _, _ := strings.Cut(word, "=")
				if !strings.Contains(key, ":") {
					continue
				}
				values, state := env.Key(r.Request, key)
				switch {
				case state == simulate.KeyKnown:
					got = append(got, key+"="+strings.Join(values, ","))
				case state == simulate.KeyAbsent:
					got = append(got, key+" absent")
				default:
					got = append(got, key+" ?")
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("keys (-want +got):\n%s\nnot known: %v", diff, reasons(r))
			}
		})
	}
}

func reasons(r replay.Request) string {
	var out []string
	for _, u := range r.Unknown {
		out = append(out, fmt.Sprintf("%s: %s", u.Key, u.Reason))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}
