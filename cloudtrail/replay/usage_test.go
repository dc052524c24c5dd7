package replay_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func usage(t testing.TB, records ...string) *replay.UsageReport {
	t.Helper()
	report, err := replay.Usage(context.Background(), compile(t, company(t)), sequence(t, records...))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestUsage(t *testing.T) {
	object := func(key string) string {
		return event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"logs","key":"`+key+`"}`)
	}
	report := usage(t, object("a"), object("b"),
		event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"orders"}`),
		event("ec2.amazonaws.com", "DescribeInstances", sso, ``),
		event("kms.amazonaws.com", "Decrypt", app, `,"resources":[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888","type":"AWS::KMS::Key"}]`),
		event("sts.amazonaws.com", "AssumeRole", ana, `,"requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/deploy","roleSessionName":"s"}`),
		event("lambda.amazonaws.com", "CreateFunction20150331", ana, `,"requestParameters":{"functionName":"orders","role":"arn:aws:iam::111122223333:role/app/orders"}`),
		event("martian.amazonaws.com", "Land", ana, ``),
		denied(event("iam.amazonaws.com", "ListUsers", ana, ``), "no"),
		event("s3.amazonaws.com", "ListBuckets", `{"type":"Martian"}`, ``),
	)
	var b strings.Builder
	for _, u := range report.Uses {
		fmt.Fprintf(&b, "%s x%d", lastOf(u.Principal.String()), u.Events)
		for _, p := range u.Persons {
			fmt.Fprintf(&b, " %s x%d", p.Person, p.Events)
		}
		b.WriteString("\n")
		for _, a := range u.Actions {
			fmt.Fprintf(&b, "  %s x%d %s", a.Action, a.Events, strings.Join(a.Resources, " "))
			for _, p := range a.Patterns {
				fmt.Fprintf(&b, " like %s", p)
			}
			if a.Open {
				b.WriteString(" and others")
			}
			b.WriteString("\n")
		}
		for _, a := range u.Refused {
			fmt.Fprintf(&b, "  refused %s\n", a.Action)
		}
	}
	want := `orders x4
  kms:Decrypt x1 arn:aws:kms:eu-west-1:111122223333:key/11112222-3333-4444-5555-666677778888
  s3:GetObject x2 arn:aws:s3:::logs/*
  secretsmanager:GetSecretValue x1  like arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-??????
AWSReservedSSO_Developer_0123456789abcdef x1 ana@example.com x1
  ec2:DescribeInstances x1 
ana x3
  iam:PassRole x1 arn:aws:iam::111122223333:role/app/orders
  lambda:CreateFunction x1 arn:aws:lambda:eu-west-1:111122223333:function:orders
  martian:Land x1  and others
  sts:AssumeRole x1 arn:aws:iam::444455556666:role/deploy
  refused iam:ListUsers
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	if len(report.Skipped) != 1 || report.Skipped[0].Detail != "Martian" {
		t.Errorf("skipped %v; want the Martian", report.Skipped)
	}

	for _, u := range report.Uses {
		l, err := replay.LeastPrivilegePolicy(u)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Unproved) > 0 || l.Proved == 0 {
			t.Errorf("%s: %d proved, not proved %v", u.Principal, l.Proved, l.Unproved)
		}
	}
	l, err := replay.LeastPrivilegePolicy(report.Uses[0])
	if err != nil {
		t.Fatal(err)
	}
	wide := []string{"s3:GetObject on arn:aws:s3:::logs/*", "secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-??????"}
	if diff := cmp.Diff(wide, l.Patterns); diff != "" {
		t.Errorf("patterns (-want +got):\n%s", diff)
	}
	env, err := simulate.CompileCustom(l.Document)
	if err != nil {
		t.Fatal(err)
	}
	probe := simulate.Request{Principal: policy.PrincipalFromARN(report.Uses[0].Principal), Action: "s3:PutObject", Resource: policy.MustParseARN("arn:aws:s3:::logs/a")}
	if !env.Can(probe).Denied() {
		t.Error("the policy allows what was not done")
	}
	if l, err := replay.LeastPrivilegePolicy(report.Uses[2]); err != nil || !slices.Equal(l.Left, []policy.Action{"martian:Land"}) {
		t.Errorf("left %v, %v; want the action that nobody knows", l.Left, err)
	}
}

// TestLeastPrivilegePolicy holds what a policy allows against what calls show that they
// needed.
func TestLeastPrivilegePolicy(t *testing.T) {
	copied := event("s3.amazonaws.com", "CopyObject", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-copy-source":"logs/b"}`)
	report := usage(t, copied,
		event("s3.amazonaws.com", "PutObject", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-tagging":"a=b"}`),
		event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"points","key":"a"},"resources":[{"ARN":"arn:aws:s3:::points/a"},{"ARN":"arn:aws:s3:eu-west-1:111122223333:accesspoint/p"}]`),
		event("apigateway.amazonaws.com", "CreateRestApi", app, `,"requestParameters":{"name":"x"}`),
		event("ec2.amazonaws.com", "RunInstances", app, `,"requestParameters":{"instancesSet":{"items":[{"imageId":"ami-1"}]},"subnetId":"subnet-1","groupSet":{"items":[{"groupId":"sg-1"}]}}`),
	)
	l, err := replay.LeastPrivilegePolicy(report.Uses...)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Unproved) > 0 {
		t.Errorf("not proved: %v", l.Unproved)
	}
	if diff := cmp.Diff([]policy.Action{"apigateway:POST"}, l.Wide); diff != "" {
		t.Errorf("wide (-want +got):\n%s", diff)
	}
	if left := l.Left; !slices.Equal(left, []policy.Action{"s3:GetObjectTagging", "s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:PutObjectTagging"}) {
		t.Errorf("left %v", left)
	}
	env, err := simulate.CompileCustom(l.Document)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		action   policy.Action
		resource string
		allowed  bool
	}{
		{"s3:GetObject", "arn:aws:s3:::logs/b", true},
		{"s3:PutObject", "arn:aws:s3:::orders/a", true},
		{"s3:GetObject", "arn:aws:s3:::points/a", true},
		{"s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/a", true},
		{"s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/q/object/a", false},
		{"s3:GetObject", "arn:aws:s3:::orders/a", false},
		{"s3:PutObjectAcl", "arn:aws:s3:::orders/a", false},
		{"ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1", true},
		{"ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-2", false},
	} {
		d := env.Can(simulate.Request{Principal: policy.PrincipalFromARN(report.Uses[0].Principal), Action: tt.action, Resource: policy.MustParseARN(tt.resource)})
		if d.Denied() == tt.allowed {
			t.Errorf("%s on %s: %s, want allowed %t", tt.action, tt.resource, d, tt.allowed)
		}
	}
	for _, want := range []string{"s3:GetObject on arn:aws:s3:::logs/*", "ec2:RunInstances on arn:aws:ec2:eu-west-1:*:subnet/subnet-1", "ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:instance/*"} {
		if !slices.Contains(l.Patterns, want) {
			t.Errorf("patterns %q; want %s among them", l.Patterns, want)
		}
	}
}

func TestPermissionSets(t *testing.T) {
	other := strings.NewReplacer("recipientAccountId\":\"111122223333", "recipientAccountId\":\"444455556666", "iam::111122223333", "iam::444455556666", "0123456789abcdef", "fedcba9876543210").Replace(event("s3.amazonaws.com", "ListBuckets", sso, ``))
	sets := usage(t, event("ec2.amazonaws.com", "DescribeInstances", sso, ``), other, event("s3.amazonaws.com", "ListBuckets", app, ``)).PermissionSets()
	if len(sets) != 1 || sets[0].Name != "Developer" || len(sets[0].Uses) != 2 {
		t.Fatalf("got %+v; want one set of two roles", sets)
	}
	l, err := replay.LeastPrivilegePolicy(sets[0].Uses...)
	if err != nil || l.Proved != 2 {
		t.Fatalf("proved %d, %v; want 2", l.Proved, err)
	}
}

func TestUnused(t *testing.T) {
	env := compile(t, company(t))
	missing := func(record, code string) string {
		return strings.TrimSuffix(record, "}") + `,"errorCode":"` + code + `"}`
	}
	report := usage(t, event("dynamodb.amazonaws.com", "DescribeTable", app, `,"requestParameters":{"tableName":"orders"}`),
		missing(event("s3.amazonaws.com", "GetBucketPolicy", app, `,"requestParameters":{"bucketName":"logs"}`), "NoSuchBucketPolicy"),
		denied(event("secretsmanager.amazonaws.com", "ListSecrets", app, ``), "no"))
	patterns, granted, used, err := replay.Unused(context.Background(), env, &report.Uses[0])
	if err != nil {
		t.Fatal(err)
	}
	if used != 3 || granted < 100 || !slices.Contains(patterns, "sqs:*") || slices.Contains(patterns, "dynamodb:*") {
		t.Errorf("%d of %d used, unused %v", used, granted, patterns)
	}
	for _, p := range patterns {
		for a := range env.Reference().Actions(p) {
			if a == "s3:GetBucketPolicy" || a == "secretsmanager:ListSecrets" {
				t.Errorf("%s is unused, and a call of %s failed", p, a)
			}
		}
	}
	l, err := replay.LeastPrivilegePolicy(report.Uses...)
	if err != nil || !slices.Equal(l.Left, []policy.Action{"s3:GetBucketPolicy"}) {
		t.Errorf("left %v, %v; want the action of the call that failed", l.Left, err)
	}
}

// TestUsageOfAssumedRoles holds that tags and a source identity of a session have actions of
// their own.
func TestUsageOfAssumedRoles(t *testing.T) {
	const role = `"requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/deploy","roleSessionName":"s"`
	for parameters, want := range map[string][]policy.Action{
		``:                                     {"sts:AssumeRole"},
		`,"tags":[]`:                           {"sts:AssumeRole"},
		`,"tags":[{"key":"team","value":"x"}]`: {"sts:AssumeRole", "sts:TagSession"},
		`,"sourceIdentity":"ana"`:              {"sts:AssumeRole", "sts:SetSourceIdentity"},
	} {
		report := usage(t, event("sts.amazonaws.com", "AssumeRole", ana, `,`+role+parameters+`}`))
		l, err := replay.LeastPrivilegePolicy(report.Uses...)
		if err != nil {
			t.Fatal(err)
		}
		var got []policy.Action
		for _, st := range l.Document.Statements() {
			for a := range st.Action.All() {
				got = append(got, policy.Action(a))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || len(l.Unproved) > 0 || len(report.Uses[0].Actions) != len(want) {
			t.Errorf("%s: %d used, not proved %v, allowed (-want +got):\n%s", parameters, len(report.Uses[0].Actions), l.Unproved, diff)
		}
	}
}

// TestUsageOfNestedRoles holds that roles in lists and objects are passed if their name says so.
func TestUsageOfNestedRoles(t *testing.T) {
	const role = `"arn:aws:iam::111122223333:role/app/orders"`
	for _, tt := range []struct {
		source, name, parameters string
		passed                   bool
	}{
		{"events.amazonaws.com", "PutTargets", `"rule":"r","targets":[{"id":"1","arn":"arn:aws:ecs:eu-west-1:111122223333:cluster/c","roleArn":` + role + `}]`, true},
		{"ecs.amazonaws.com", "RunTask", `"taskDefinition":"t","overrides":{"executionRoleArn":` + role + `}`, true},
		{"ssm.amazonaws.com", "StartAutomationExecution", `"documentName":"d","parameters":{"AutomationAssumeRole":[` + role + `]}`, true},
		{"events.amazonaws.com", "PutTargets", `"rule":"r","targets":[{"id":"1","arn":` + role + `}]`, false},
		{"s3.amazonaws.com", "PutBucketPolicy", `"bucketName":"logs","bucketPolicy":{"Statement":[{"Effect":"Allow","Principal":{"AWS":` + role + `}}]}`, false},
	} {
		report := usage(t, event(tt.source, tt.name, ana, `,"requestParameters":{`+tt.parameters+`}`))
		if got := slices.ContainsFunc(report.Uses[0].Actions, func(a replay.ActionUse) bool { return a.Action == "iam:PassRole" && a.Inferred }); got != tt.passed {
			t.Errorf("%s with %s: passed %t", tt.name, tt.parameters, got)
		}
	}
}

// TestIdle holds who is listed as without calls, and what tells that they are used all the same.
func TestIdle(t *testing.T) {
	assumed := event("sts.amazonaws.com", "AssumeRole", `{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/app/orders","roleSessionName":"s"}`)
	report := usage(t, event("sts.amazonaws.com", "GetCallerIdentity", ana, ``), assumed, event("ec2.amazonaws.com", "DescribeInstances", sso, ``))
	var b strings.Builder
	for _, i := range report.Idle {
		fmt.Fprintf(&b, "%s %s unlogged %t sessions %d others %d\n", lastOf(i.Principal.String()), i.Class, i.Unlogged, i.Sessions.Events, i.Others.Events)
	}
	want := `orders member unlogged false sessions 1 others 0
orders-slr service-linked role unlogged false sessions 0 others 0
ana member unlogged false sessions 0 others 1
admin management account unlogged true sessions 0 others 0
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("idle (-want +got):\n%s", diff)
	}
	if len(report.Uses) != 1 {
		t.Errorf("%d uses; want that of the role that called", len(report.Uses))
	}
	if list := usage(t, denied(event("iam.amazonaws.com", "ListUsers", ana, ``), "no")).Idle; slices.ContainsFunc(list, func(i replay.Idle) bool { return lastOf(i.Principal.String()) == "ana" }) {
		t.Error("ana is idle, and was refused")
	}
}
