package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func doc(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const allowAll = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// company is an organization of a management account, 999900001111, and a member,
// 111122223333, with a user, a role, a person's role and a service-linked role.
func company(t testing.TB) *org.Organization {
	t.Helper()
	all := doc(t, allowAll)
	arn := policy.MustParseARN
	trust := func(p string) *policy.Document {
		return doc(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":`+p+`,"Action":"sts:AssumeRole"}]}`)
	}
	role := func(name string) org.Role {
		return org.Role{ARN: arn("arn:aws:iam::111122223333:role/" + name), Trust: trust(`{"Service":"ec2.amazonaws.com"}`), Inline: []org.InlinePolicy{{Name: "all", Document: all}}}
	}
	orders := role("app/orders")
	orders.Inline = []org.InlinePolicy{{Name: "orders", Document: doc(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:*","dynamodb:*","ec2:*","secretsmanager:*"],"Resource":"*"},
		{"Effect":"Allow","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`)}}
	o, err := org.New(org.Spec{
		ID: "o-exampleorgid", ManagementAccount: "999900001111",
		Root:            org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"999900001111", "111122223333"}},
		ControlPolicies: []org.ControlPolicy{{ID: org.FullAWSAccess, Name: "FullAWSAccess", Kind: policy.ServiceControl, Document: all}},
		Accounts: []org.Account{
			{ID: "999900001111", Attached: []string{org.FullAWSAccess}, Roles: []org.Role{{ARN: arn("arn:aws:iam::999900001111:role/admin"), Inline: []org.InlinePolicy{{Name: "all", Document: all}}, Trust: trust(`{"AWS":"999900001111"}`)}}},
			{ID: "111122223333", Attached: []string{org.FullAWSAccess},
				Users: []org.User{{ARN: arn("arn:aws:iam::111122223333:user/people/ana"), Inline: []org.InlinePolicy{{Name: "all", Document: all}}}},
				Roles: []org.Role{orders, role("aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Developer_0123456789abcdef"), role("aws-service-role/autoscaling.amazonaws.com/orders-slr")},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func compile(t testing.TB, o *org.Organization) *simulate.Environment {
	t.Helper()
	env, err := simulate.Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// withSCP is the environment with one more SCP at the root.
func withSCP(t testing.TB, env *simulate.Environment, text string) *simulate.Environment {
	t.Helper()
	after, err := env.Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-new", Name: "new", Kind: policy.ServiceControl, Document: doc(t, text)}),
		org.AttachControlPolicy("p-new", "r-ab12"))
	if err != nil {
		t.Fatal(err)
	}
	return after
}

const regions = `{"Version":"2012-10-17","Statement":[{"Sid":"OnlyEurope","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-west-3"]}}}]}`

func sequence(t testing.TB, records ...string) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for i, r := range records {
			e := parse(t, r)
			e.ID = fmt.Sprintf("e%d", i+1)
			if !yield(e, nil) {
				return
			}
		}
	}
}

func at(record, region string) string {
	return strings.Replace(record, `"awsRegion":"eu-west-1"`, `"awsRegion":"`+region+`"`, 1)
}

func denied(record, message string) string {
	return strings.TrimSuffix(record, "}") + `,"errorCode":"AccessDenied","errorMessage":"` + message + `"}`
}

// brief writes a report.
func brief(r *replay.Report) string {
	var b strings.Builder
	line := func(kind string, list []replay.Delta) {
		for _, d := range list {
			sure := "certain"
			if !d.Certain {
				sure = "possible"
			}
			fmt.Fprintf(&b, "%s %s %s", kind, sure, lastOf(d.Principal))
			if d.Person != "" {
				fmt.Fprintf(&b, " (%s)", d.Person)
			}
			fmt.Fprintf(&b, " %s %s x%d by %s", d.Action, d.Region, d.Events, d.Statement)
			if len(d.Depends) > 0 {
				fmt.Fprintf(&b, " depends on %s", strings.Join(d.Depends, ", "))
			}
			if d.Class != replay.Member {
				fmt.Fprintf(&b, " [%s]", d.Class)
			}
			b.WriteString("\n")
		}
	}
	line("broken", r.Broken)
	line("opened", r.Opened)
	line("unsure", r.Unsure)
	line("apart", r.Apart)
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "skipped %s: %s x%d\n", s.Why, s.Detail, s.Events)
	}
	fmt.Fprintf(&b, "agree %d disagree %d undecided %d\n", r.Backtest.Agree, r.Backtest.Disagree, r.Backtest.Undecided)
	if r.Backtest.Other > 0 {
		fmt.Fprintf(&b, "other %d\n", r.Backtest.Other)
	}
	return b.String()
}

func lastOf(s string) string { return s[strings.LastIndexAny(s, "/:")+1:] }

func TestDryRun(t *testing.T) {
	temporary := strings.Replace(ana, `"accessKeyId":"AKIAEXAMPLE"`, `"accessKeyId":"ASIAEXAMPLE","sessionContext":{"attributes":{"mfaAuthenticated":"false","creationDate":"2024-05-01T09:00:00Z"}}`, 1)
	unissued := func(role string) string {
		return event("ec2.amazonaws.com", "DescribeInstances", `{"type":"AssumedRole","principalId":"AROAEXAMPLE:s","arn":"arn:aws:sts::111122223333:assumed-role/`+role+`/s","accountId":"111122223333"}`, ``)
	}
	table := event("dynamodb.amazonaws.com", "DescribeTable", app, `,"requestParameters":{"tableName":"orders"}`)
	secret := event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"orders"}`)
	slr := strings.ReplaceAll(strings.ReplaceAll(event("ec2.amazonaws.com", "DescribeInstances", app, ``), "role/app/orders", "role/aws-service-role/autoscaling.amazonaws.com/orders-slr"), "assumed-role/orders/", "assumed-role/orders-slr/")
	admin := strings.NewReplacer("111122223333", "999900001111", "role/app/orders", "role/admin", "assumed-role/orders", "assumed-role/admin").Replace(event("ec2.amazonaws.com", "DescribeInstances", app, ``))
	tests := []struct {
		name    string
		scp     string
		records []string
		want    string
	}{
		{"a Region is left", regions, []string{table, at(table, "us-west-2"), at(table, "us-west-2"), at(event("ec2.amazonaws.com", "DescribeInstances", sso, ``), "ap-south-1")}, `
broken certain orders dynamodb:DescribeTable us-west-2 x2 by OnlyEurope of new
broken certain AWSReservedSSO_Developer_0123456789abcdef (ana@example.com) ec2:DescribeInstances ap-south-1 x1 by OnlyEurope of new
agree 4 disagree 0 undecided 0
`},
		{"who is exempt", regions, []string{at(slr, "us-west-2"), at(admin, "us-west-2")}, `
agree 0 disagree 0 undecided 0
`},
		{"sessions of roles without path", regions, []string{at(unissued("orders-slr"), "us-west-2"), at(unissued("orders"), "us-west-2"), at(unissued("AWSServiceRoleForSupport"), "us-west-2"), at(unissued("gone"), "us-west-2")}, `
broken certain orders ec2:DescribeInstances us-west-2 x1 by OnlyEurope of new
skipped role not in the snapshot: role/AWSServiceRoleForSupport x1
skipped role not in the snapshot: role/gone x1
agree 1 disagree 0 undecided 0
`},
		{"second factor of a user for whom a service called", `{"Version":"2012-10-17","Statement":[{"Sid":"MFA","Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}]}`, []string{
			event("ec2.amazonaws.com", "DescribeInstances", temporary, ``), event("ec2.amazonaws.com", "DescribeInstances", strings.Replace(temporary, `"type"`, `"invokedBy":"cloudformation.amazonaws.com","type"`, 1), ``)}, `
broken certain ana ec2:DescribeInstances eu-west-1 x1 by MFA of new
broken possible ana ec2:DescribeInstances eu-west-1 x1 by MFA of new depends on aws:MultiFactorAuthPresent
agree 2 disagree 0 undecided 0
`},
		{"a service by itself", regions, []string{event("ec2.amazonaws.com", "DescribeInstances", `{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}`, ``)}, `
skipped a service's own call: ec2:DescribeInstances x1
agree 0 disagree 0 undecided 0
`},
		{"a resource that is not known, and does not matter", regions, []string{at(secret, "us-west-2"), secret}, `
broken certain orders secretsmanager:GetSecretValue us-west-2 x1 by OnlyEurope of new
agree 0 disagree 0 undecided 2
`},
		{"a resource that is not known, and matters", `{"Version":"2012-10-17","Statement":[{"Sid":"Secrets","Effect":"Deny","Action":"secretsmanager:*","Resource":"arn:aws:secretsmanager:*:*:secret:orders-*"}]}`, []string{secret, table}, `
broken possible orders secretsmanager:GetSecretValue eu-west-1 x1 by Secrets of new depends on the resource
agree 1 disagree 0 undecided 1
`},
		{"a key that the event does not have", `{"Version":"2012-10-17","Statement":[{"Sid":"TLS","Effect":"Deny","Action":"dynamodb:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, []string{table, strings.TrimSuffix(table, "}") + `,"tlsDetails":{"tlsVersion":"TLSv1.3"}}`}, `
broken possible orders dynamodb:DescribeTable eu-west-1 x1 by TLS of new depends on aws:SecureTransport
agree 2 disagree 0 undecided 0
`},
		{"a success that the policies deny", regions, []string{at(event("kms.amazonaws.com", "ListKeys", app, ``), "us-west-2")}, `
unsure possible orders kms:ListKeys us-west-2 x1 by identityPolicy
agree 0 disagree 1 undecided 0
`},
		{"a refusal", regions, []string{denied(event("kms.amazonaws.com", "ListKeys", app, ``), "User: a is not authorized to perform: kms:ListKeys on resource: * because no identity-based policy allows the kms:ListKeys action")}, `
agree 1 disagree 0 undecided 0
`},
		{"a refusal that the policies do not see", regions, []string{denied(table, "User: a is not authorized to perform: dynamodb:DescribeTable on resource: r with an explicit deny in a service control policy")}, `
agree 0 disagree 1 undecided 0
`},
		{"not comparable", regions, []string{
			strings.Replace(table, `"recipientAccountId":"111122223333"`, `"recipientAccountId":"444455556666"`, 1),
			strings.TrimSuffix(table, "}") + `,"errorCode":"ResourceNotFoundException"}`,
			strings.Replace(event("signin.amazonaws.com", "ConsoleLogin", ana, ``), "AwsApiCall", "AwsConsoleSignIn", 1),
		}, `
skipped account not in the snapshot: 444455556666 x1
skipped failed for another reason: ResourceNotFoundException x1
skipped not an API call: AwsConsoleSignIn x1
agree 0 disagree 0 undecided 0
`},
		{"a condition that was open already", regions, []string{event("sqs.amazonaws.com", "PurgeQueue", app, `,"requestParameters":{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/orders"}`)}, `
agree 0 disagree 0 undecided 1
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := compile(t, company(t))
			report, err := replay.DryRun(context.Background(), before, withSCP(t, before, tt.scp), sequence(t, tt.records...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), brief(report)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDryRunOfEqualOrganizations compares two organizations that were read one after the other.
func TestDryRunOfEqualOrganizations(t *testing.T) {
	aware := func() *simulate.Environment {
		return withSCP(t, compile(t, company(t)), `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"kms:*","Resource":"arn:aws:kms:*:*:key/1"}]}`)
	}
	report, err := replay.DryRun(context.Background(), aware(), aware(), sequence(t, event("kms.amazonaws.com", "Decrypt", ana, `,"requestParameters":{}`)))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Broken) > 0 {
		t.Errorf("broken: %+v; nothing changed", report.Broken)
	}
}

// TestDryRunResources denies an action on one resource, which a call was about, was not about,
// or may have been about.
func TestDryRunResources(t *testing.T) {
	const run = `"instancesSet":{"items":[{"imageId":"ami-1"}]},"subnetId":"subnet-1","groupSet":{"items":[{"groupId":"sg-1"}]}`
	ec2 := func(parameters string) string {
		return event("ec2.amazonaws.com", "RunInstances", app, `,"requestParameters":{`+parameters+`}`)
	}
	copied := event("s3.amazonaws.com", "CopyObject", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-copy-source":"logs/b"}`)
	get := event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"logs","key":"x/secret/a"},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::logs/x/secret/a"},{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs"}]`)
	prefix := event("s3.amazonaws.com", "DeleteObjects", app, `,"requestParameters":{"bucketName":"logs","delete":""},"resources":[{"ARNPrefix":"arn:aws:s3:::logs/","type":"AWS::S3::Object"}]`)
	const elsewhere = `{"StringNotEquals":{"aws:ResourceAccount":"111122223333"}}`
	through := event("s3.amazonaws.com", "GetObject", ana, `,"requestParameters":{"bucketName":"logs","key":"a"},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::logs/a"},{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs"},{"accountId":"111122223333","type":"AWS::S3::AccessPoint","ARN":"arn:aws:s3:eu-west-1:111122223333:accesspoint/p"}]`)
	tests := []struct{ name, record, action, resource, condition, want string }{
		{"source of a copy has no copy source", copied, "s3:GetObject", "*", `{"StringNotEquals":{"s3:x-amz-copy-source":"logs/b"}}`, "possible"},
		{"destination of a copy has it", copied, "s3:PutObject", "*", `{"StringNotEquals":{"s3:x-amz-copy-source":"logs/b"}}`, ""},
		{"source of a copy", copied, "s3:GetObject", "arn:aws:s3:::logs/*", ``, "certain"},
		{"destination of a copy", copied, "s3:GetObject", "arn:aws:s3:::orders/*", ``, ""},
		{"other object than the source", copied, "s3:GetObject", "arn:aws:s3:::logs/c", ``, ""},
		{"subnet of whomever", ec2(run), "ec2:RunInstances", "arn:aws:ec2:*:*:subnet/*", ``, "certain"},
		{"subnet of the account", ec2(run), "ec2:RunInstances", "arn:aws:ec2:*:111122223333:subnet/*", ``, "possible"},
		{"subnet of another account", ec2(run), "ec2:RunInstances", "arn:aws:ec2:*:444455556666:subnet/*", ``, "possible"},
		{"other subnet", ec2(run), "ec2:RunInstances", "arn:aws:ec2:*:*:subnet/subnet-2", ``, ""},
		{"no key pair", ec2(run), "ec2:RunInstances", "arn:aws:ec2:*:*:key-pair/*", ``, ""},
		{"key pair of a launch template", ec2(run + `,"launchTemplate":{"launchTemplateId":"lt-1"}`), "ec2:RunInstances", "arn:aws:ec2:*:*:key-pair/*", ``, "possible"},
		{"instance type of a launch template", ec2(run + `,"launchTemplate":{"launchTemplateId":"lt-1"}`), "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", `{"StringNotEquals":{"ec2:InstanceType":"t3.micro"}}`, "possible"},
		{"instance type of what is no instance", ec2(run + `,"instanceType":"t3.micro"`), "ec2:RunInstances", "*", `{"StringNotEquals":{"ec2:InstanceType":"t3.micro"}}`, "certain"},
		{"instance type of the instance", ec2(run + `,"instanceType":"t3.micro"`), "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", `{"StringNotEquals":{"ec2:InstanceType":"t3.micro"}}`, ""},
		{"instance type", ec2(run + `,"instanceType":"t3.large"`), "ec2:RunInstances", "arn:aws:ec2:*:*:instance/*", `{"StringNotEquals":{"ec2:InstanceType":"t3.micro"}}`, "certain"},
		{"secret of the beginning of an ARN", event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"orders"}`), "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:orders-*", ``, "possible"},
		{"object by a part of its name", get, "s3:*", "arn:aws:s3:::*secret*", ``, "certain"},
		{"object by the end of a folder", get, "s3:*", "arn:aws:s3:::l*t/*", ``, "certain"},
		{"object by a slash that is any character", get, "s3:*", "arn:aws:s3:::logs?x*", ``, "certain"},
		{"other part of its name", get, "s3:*", "arn:aws:s3:::*public*", ``, ""},
		{"one of objects that are not known", prefix, "s3:DeleteObject", "arn:aws:s3:::logs/a", ``, "possible"},
		{"all of objects that are not known", prefix, "s3:DeleteObject", "arn:aws:s3:::logs/*", ``, "certain"},
		{"bucket behind an access point", through, "s3:GetObject", "arn:aws:s3:::logs/*", ``, "possible"},
		{"object of an access point", through, "s3:GetObject", "arn:aws:s3:*:*:accesspoint/p/object/a", ``, "possible"},
		{"object of another access point", through, "s3:GetObject", "arn:aws:s3:*:*:accesspoint/q/object/a", ``, ""},
		{"whatever it is read through", through, "s3:GetObject", "*", ``, "certain"},
		{"bucket by the alias of an access point", event("s3.amazonaws.com", "GetObject", ana, `,"requestParameters":{"bucketName":"p-abcdefgh-s3alias","key":"a"}`), "s3:*", "arn:aws:s3:::p-abc*", ``, "possible"},
		{"queue that messages are moved to", event("sqs.amazonaws.com", "StartMessageMoveTask", ana, `,"requestParameters":{"sourceArn":"arn:aws:sqs:eu-west-1:111122223333:dead","destinationArn":"arn:aws:sqs:eu-west-1:111122223333:orders"}`), "sqs:StartMessageMoveTask", "arn:aws:sqs:*:*:orders", ``, "possible"},
		{"address", event("s3.amazonaws.com", "ListBuckets", ana, `,"sourceIPAddress":"198.51.100.7"`), "s3:*", "*", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "certain"},
		{"private address", event("s3.amazonaws.com", "ListBuckets", ana, `,"sourceIPAddress":"10.0.0.7"`), "s3:*", "*", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "possible"},
		{"shared address", event("s3.amazonaws.com", "ListBuckets", ana, `,"sourceIPAddress":"100.64.0.7"`), "s3:*", "*", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "possible"},
		{"loopback", event("s3.amazonaws.com", "ListBuckets", ana, `,"sourceIPAddress":"127.0.0.1"`), "s3:*", "*", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "possible"},
		{"link-local address", event("s3.amazonaws.com", "ListBuckets", ana, `,"sourceIPAddress":"fe80::1"`), "s3:*", "*", `{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "possible"},
		{"database in other letters", event("rds.amazonaws.com", "DeleteDBInstance", ana, `,"requestParameters":{"dBInstanceIdentifier":"Orders"}`), "rds:*", "arn:aws:rds:*:*:db:orders", ``, "possible"},
		{"database in small letters", event("rds.amazonaws.com", "DeleteDBInstance", ana, `,"requestParameters":{"dBInstanceIdentifier":"orders"}`), "rds:*", "arn:aws:rds:*:*:db:orders", ``, "certain"},
		{"account of a key that is not known", event("kms.amazonaws.com", "Decrypt", ana, `,"requestParameters":{}`), "kms:*", "*", elsewhere, "possible"},
		{"account of a function that is not known", event("lambda.amazonaws.com", "GetFunction20150331v2", ana, `,"requestParameters":{"functionName":"arn:aws:lambda:eu-west-1:444455556666:function:orders:live"}`), "lambda:*", "*", elsewhere, "possible"},
		{"account of a document that AWS owns", event("ssm.amazonaws.com", "SendCommand", ana, `,"requestParameters":{"documentName":"AWS-RunShellScript","instanceIds":["i-1"]}`), "ssm:*", "*", elsewhere, "possible"},
		{"account of an action that is not known", event("orders.amazonaws.com", "PutOrder", ana, ``), "*", "*", elsewhere, "possible"},
		{"account of a secret by its name", event("secretsmanager.amazonaws.com", "GetSecretValue", ana, `,"requestParameters":{"secretId":"orders"}`), "secretsmanager:*", "*", elsewhere, ""},
		{"account of a role by its name", event("iam.amazonaws.com", "GetRole", ana, `,"requestParameters":{"roleName":"gone"}`), "iam:*", "*", elsewhere, ""},
		{"volume that is optional", event("ec2.amazonaws.com", "CreateTags", app, `,"requestParameters":{"resourcesSet":{"items":[{"resourceId":"i-1"}]}}`), "ec2:CreateTags", "arn:aws:ec2:*:*:volume/*", ``, "possible"},
	}
	before := compile(t, company(t))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			condition := ""
			if tt.condition != "" {
				condition = `,"Condition":` + tt.condition
			}
			after := withSCP(t, before, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":%q,"Resource":%q%s}]}`, tt.action, tt.resource, condition))
			report, err := replay.DryRun(context.Background(), before, after, sequence(t, tt.record))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range report.Broken {
				if got = "possible"; d.Certain {
					got = "certain"
				}
			}
			if got != tt.want {
				t.Errorf("broken %q; want %q\n%s", got, tt.want, brief(report))
			}
		})
	}
}

// TestCollectCopies counts a call once whose copies are in the logs of several accounts, by
// that of the caller's account if it is there.
func TestCollectCopies(t *testing.T) {
	call := event("kms.amazonaws.com", "Decrypt", ana, `,"sharedEventID":"s1","resources":[{"ARN":"arn:aws:kms:eu-west-1:999900001111:key/1"}]`)
	in := func(account string) string {
		return strings.Replace(call, `"recipientAccountId":"111122223333"`, `"recipientAccountId":"`+account+`"`, 1)
	}
	other := strings.Replace(call, `"s1"`, `"s2"`, 1)
	before := compile(t, company(t))
	for _, tt := range []struct {
		name           string
		records        []string
		account        string
		events, copies int
	}{
		{"copy first", []string{in("999900001111"), call}, "111122223333", 1, 1},
		{"copy last", []string{call, in("999900001111")}, "111122223333", 1, 1},
		{"copies alone", []string{in("999900001111"), in("444455556666")}, "444455556666", 1, 1},
		{"two calls", []string{call, other}, "111122223333", 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := collect(t, replay.SelectUsage(), tt.records...)
			for tuple := range m.All() {
				if tuple.Account != tt.account {
					t.Errorf("kept the copy of %s; want %s", tuple.Account, tt.account)
				}
			}
			u, err := replay.UsageSummary(context.Background(), before, m)
			if err != nil {
				t.Fatal(err)
			}
			if u.Events != tt.events || u.Duplicates != tt.copies {
				t.Errorf("%d events, %d left out; want %d and %d", u.Events, u.Duplicates, tt.events, tt.copies)
			}
		})
	}
}

// TestDryRunOpened takes an SCP away: calls that it refused are opened.
func TestDryRunOpened(t *testing.T) {
	after := compile(t, company(t))
	before := withSCP(t, after, regions)
	table := at(event("dynamodb.amazonaws.com", "DescribeTable", app, `,"requestParameters":{"tableName":"orders"}`), "us-west-2")
	report, err := replay.DryRun(context.Background(), before, after, sequence(t, denied(table, "User: a is not authorized to perform: dynamodb:DescribeTable on resource: r with an explicit deny in a service control policy")))
	if err != nil {
		t.Fatal(err)
	}
	want := "opened certain orders dynamodb:DescribeTable us-west-2 x1 by OnlyEurope of new\nagree 1 disagree 0 undecided 0\n"
	if diff := cmp.Diff(want, brief(report)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if b := report.Backtest; b.Named != 1 || b.Same != 1 {
		t.Errorf("layers named %d, same %d; want 1, 1", b.Named, b.Same)
	}
}

// TestDryRunRefusals takes an SCP away that refuses calls, which AWS refused for a reason that
// its message names.
func TestDryRunRefusals(t *testing.T) {
	after := compile(t, company(t))
	before := withSCP(t, after, regions)
	table := at(event("dynamodb.amazonaws.com", "DescribeTable", app, `,"requestParameters":{"tableName":"orders"}`), "us-west-2")
	for _, tt := range []struct{ message, opened, depends string }{
		{"dynamodb:DescribeTable on resource: r with an explicit deny in a service control policy", "certain", ""},
		{"dynamodb:DescribeTable on resource: r", "certain", ""},
		{"dynamodb:DescribeTable because no session policy allows the dynamodb:DescribeTable action", "possible", "sessionPolicy"},
		{"dynamodb:DescribeTable with an explicit deny in a VPC endpoint policy", "possible", "endpointPolicy"},
		{"dynamodb:DescribeTable because no service control policy allows the dynamodb:DescribeTable action", "possible", "serviceControl"},
		{"dynamodb:DescribeTable because no identity-based policy allows the dynamodb:DescribeTable action", "possible", "identityPolicy"},
		{"kms:Decrypt with an explicit deny in a service control policy", "possible", "kms:Decrypt"},
	} {
		t.Run(tt.message, func(t *testing.T) {
			report, err := replay.DryRun(context.Background(), before, after, sequence(t, denied(table, "User: a is not authorized to perform: "+tt.message)))
			if err != nil {
				t.Fatal(err)
			}
			opened, want := tt.opened+" orders dynamodb:DescribeTable us-west-2 x1 by OnlyEurope of new", "agree 1 disagree 0 undecided 0\n"
			if tt.depends != "" {
				opened += " depends on " + tt.depends + ", for which AWS refused it"
				want = "agree 0 disagree 0 undecided 0\nother 1\n"
			}
			if diff := cmp.Diff("opened "+opened+"\n"+want, brief(report)); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if rate, ok := report.Backtest.Rate(); !ok || rate != float64(report.Backtest.Agree) {
				t.Errorf("rate %v, %t; want %d", rate, ok, report.Backtest.Agree)
			}
		})
	}
}

func TestDryRunErrors(t *testing.T) {
	env := compile(t, company(t))
	bad := func(yield func(*cloudtrail.Event, error) bool) { yield(nil, errors.New("logs/a.json.gz: truncated")) }
	report, err := replay.DryRun(context.Background(), env, env, bad)
	if err != nil || report.Unread != 1 || len(report.Errors) != 1 {
		t.Errorf("got %d unread, %v, %v; want one", report.Unread, report.Errors, err)
	}
	twice := parse(t, event("s3.amazonaws.com", "ListBuckets", app, ``))
	twice.Duplicate = true
	report, err = replay.DryRun(context.Background(), env, env, seq([]*cloudtrail.Event{twice}))
	if err != nil || report.Duplicates != 1 || report.Events != 0 {
		t.Errorf("got %d duplicates of %d events, %v; want one, left out", report.Duplicates, report.Events, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := replay.DryRun(ctx, env, env, sequence(t, event("s3.amazonaws.com", "ListBuckets", app, ``))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
	bare, err := simulate.CompileLayers(simulate.Layers{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := replay.DryRun(context.Background(), bare, bare, sequence(t)); err == nil {
		t.Error("no error for an environment without an organization")
	}
}

// TestDryRunApart asks about callers from outside, whom only RCPs reach: they stand apart.
func TestDryRunApart(t *testing.T) {
	o := company(t)
	spec := o.Spec()
	spec.Root.PolicyTypes = append(spec.Root.PolicyTypes, policy.ResourceControl)
	const full = "p-RCPFullAWSAccess"
	spec.ControlPolicies = append(spec.ControlPolicies, org.ControlPolicy{ID: full, Name: "RCPFullAWSAccess", Kind: policy.ResourceControl, Document: doc(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)})
	spec.Root.Attached = append(spec.Root.Attached, full)
	for i := range spec.Accounts {
		spec.Accounts[i].Attached = append(spec.Accounts[i].Attached, full)
	}
	member := slices.IndexFunc(spec.Accounts, func(a org.Account) bool { return a.ID == "111122223333" })
	spec.Accounts[member].Resources = []org.Resource{{ARN: policy.MustParseARN("arn:aws:s3:::logs"), Policy: doc(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*"},{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"}]}`)}}
	world, err := org.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	before := compile(t, world)
	after, err := before.Apply(
		org.PutControlPolicy(org.ControlPolicy{ID: "p-perimeter", Name: "perimeter", Kind: policy.ResourceControl, Document: doc(t, `{"Version":"2012-10-17","Statement":[{"Sid":"OurOwn","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-exampleorgid"}}}]}`)}),
		org.AttachControlPolicy("p-perimeter", "r-ab12"))
	if err != nil {
		t.Fatal(err)
	}
	foreign := strings.NewReplacer(`iam::111122223333`, `iam::444455556666`, `sts::111122223333`, `sts::444455556666`).Replace(app)
	object := `,"requestParameters":{"bucketName":"logs","key":"a"}`
	report, err := replay.DryRun(context.Background(), before, after, sequence(t,
		event("s3.amazonaws.com", "GetObject", foreign, object),
		event("s3.amazonaws.com", "PutObject", `{"type":"AWSService","invokedBy":"logging.s3.amazonaws.com"}`, object),
		event("s3.amazonaws.com", "GetObject", app, object),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := `apart certain logging.s3.amazonaws.com s3:PutObject eu-west-1 x1 by OurOwn of perimeter [service]
apart possible orders s3:GetObject eu-west-1 x1 by OurOwn of perimeter depends on aws:PrincipalOrgID [foreign account]
agree 1 disagree 0 undecided 0
`
	if diff := cmp.Diff(want, brief(report)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
