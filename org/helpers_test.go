package org_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const (
	prod = "111122223333"
	dev  = "444455556666"
	mgmt = "999900001111"
)

var (
	arn = policy.MustParseARN

	readLogs = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}}`)))
	trustEC2 = policy.Must(policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}`)))
	bucketPolicy = policy.Must(policy.Parse([]byte(`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}]}`)))
	regions      = policy.Must(policy.Parse([]byte(`{
	"Version": "2012-10-17",
	"Statement": [{
		"Sid": "Regions", "Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
		"Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
	}]
}
`)))
	perimeter = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}`)))
	fullEC2   = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}`)))

	ana      = arn("arn:aws:iam::111122223333:user/team/ana")
	admins   = arn("arn:aws:iam::111122223333:group/admins")
	app      = arn("arn:aws:iam::111122223333:role/app")
	readARN  = arn("arn:aws:iam::111122223333:policy/ReadLogs")
	ec2Full  = arn("arn:aws:iam::aws:policy/AmazonEC2FullAccess")
	bucket   = arn("arn:aws:s3:::logs")
	queue    = arn("arn:aws:sqs:eu-west-1:444455556666:orders")
	devRole  = arn("arn:aws:iam::444455556666:role/dev/app")
	workload = "ou-ab12-11111111"
	sandbox  = "ou-ab12-22222222"
)

// sample is an organization that has something of everything, in no particular order.
func sample() org.Spec {
	return org.Spec{
		ID: "o-a1b2c3d4e5", ManagementAccount: mgmt,
		Root: org.Root{
			ID:          "r-ab12",
			PolicyTypes: []policy.Kind{policy.ResourceControl, policy.ServiceControl},
			Attached:    []string{org.RCPFullAWSAccess, org.FullAWSAccess},
			Accounts:    []string{mgmt},
			OUs: []org.OU{
				{ID: sandbox, Name: "Sandbox", Attached: []string{org.FullAWSAccess}, Accounts: []string{dev}},
				{ID: workload, Name: "Workloads", Attached: []string{"p-regions", org.FullAWSAccess, "p-secret"}, OUs: []org.OU{
					{ID: "ou-ab12-33333333", Name: "Production", Attached: []string{org.FullAWSAccess}, Accounts: []string{prod}},
				}},
			},
		},
		ControlPolicies: []org.ControlPolicy{
			{ID: "p-regions", Name: "Regions", Kind: policy.ServiceControl, Document: regions},
			{ID: "p-perimeter", Name: "Perimeter", Kind: policy.ResourceControl, Document: perimeter},
		},
		Accounts: []org.Account{
			{ID: mgmt, Name: "management", Attached: []string{org.FullAWSAccess}},
			{
				ID: prod, Name: "production", Attached: []string{org.FullAWSAccess, "p-perimeter"},
				Users: []org.User{{
					ARN: ana, ID: "AIDAEXAMPLE", Groups: []string{"admins"}, Attached: []policy.ARN{readARN},
					Inline:   []org.InlinePolicy{{Name: "read", Document: readLogs}, {Name: "ec2", Document: fullEC2}},
					Boundary: readARN, Tags: map[string]string{"team": "logs", "cost": "7"},
					Created: date("2022-01-05"), Credentials: credentials(),
					Accessed: &org.AccessReport{AsOf: date("2024-06-01"), Services: []org.ServiceUse{
						{Service: "ec2", Used: org.Usage{Never: true}},
						{Service: "s3", Used: org.Usage{At: date("2024-05-01"), Region: "eu-west-3"}, Actions: []org.ActionUse{}},
					}},
				}},
				Groups: []org.Group{{ARN: admins, Attached: []policy.ARN{ec2Full}, Inline: []org.InlinePolicy{{Name: "read", Document: readLogs}}}},
				Roles: []org.Role{{
					ARN: app, ID: "AROAEXAMPLE", Trust: trustEC2, Attached: []policy.ARN{readARN, ec2Full},
					Inline: []org.InlinePolicy{{Name: "read+write=,.@-_", Document: readLogs}}, Tags: map[string]string{"app": "orders"},
					Created: date("2023-01-01"), MaxSession: time.Hour, Used: org.Usage{At: date("2024-05-01"), Region: "eu-west-3"},
				}},
				Policies: []org.ManagedPolicy{{ARN: ec2Full, Document: fullEC2}, {ARN: readARN, Document: readLogs}},
				Resources: []org.Resource{
					{ARN: bucket, Policy: bucketPolicy, Tags: map[string]string{"data": "logs"}, BlockPublicAccess: true, ABAC: true},
					{ARN: arn("arn:aws:s3:::logs/2024/Ümlaut.log"), Owner: dev},
				},
				Endpoints: []org.Endpoint{{ID: "vpce-0a", VPC: "vpc-1", Service: "s3", Gateway: true, Policy: bucketPolicy}},
				Tags:      map[string]string{"stage": "prod"},
				Email:     "prod@example.com", State: "ACTIVE",
				RootUser: &org.Credentials{MFA: &org.MFA{Active: true}, AccessKeys: []org.AccessKey{}},
				Findings: []org.Finding{{
					ID: "f-1", Analyzer: arn("arn:aws:access-analyzer:eu-west-3:111122223333:analyzer/outside"), Type: "ExternalAccess",
					Resource: arn("arn:aws:s3:::logs"), ResourceType: "AWS::S3::Bucket", Status: "ACTIVE", Public: true,
					Principal: map[string]string{"AWS": "*"}, Actions: []string{"s3:GetObject"}, Created: date("2024-05-01"), Updated: date("2024-05-02"),
				}},
				PasswordPolicy: &org.PasswordPolicy{MinimumLength: 14, RequireNumbers: true, MaxAge: 90, RememberLast: 24},
				Providers: []org.Provider{
					{ARN: arn("arn:aws:iam::111122223333:saml-provider/Okta"), ValidUntil: date("2030-01-01")},
					{ARN: arn("arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"), URL: "token.actions.githubusercontent.com", ClientIDs: []string{"sts.amazonaws.com"}},
				},
			},
			{
				ID: dev, Name: "development", CanonicalID: "79a59df900b949e5", BlockPublicAccess: true, Attached: []string{org.FullAWSAccess},
				Roles:     []org.Role{{ARN: devRole, Attached: []policy.ARN{ec2Full}}},
				Policies:  []org.ManagedPolicy{{ARN: ec2Full, Document: fullEC2}},
				Resources: []org.Resource{{ARN: queue}},
				Providers: []org.Provider{}, PasswordPolicy: &org.PasswordPolicy{Default: true},
			},
		},
		Gaps: []org.Gap{
			{Subject: "p-secret", What: org.GapDocument, Reason: "AccessDenied: organizations:DescribePolicy"},
			{Subject: "arn:aws:iam::444455556666:*", What: org.GapTags},
		},
		DelegatedAdministrators: []org.DelegatedAdministrator{{Account: dev, Services: []string{"sso.amazonaws.com", "access-analyzer.amazonaws.com"}}},
		TrustedServices:         []string{},
		Coverage: []org.Unit{
			{Account: prod, Section: "iam", State: org.Complete},
			{Account: prod, Region: "eu-west-3", Section: "sqs", State: org.Partial, Reason: "AccessDenied: sqs:GetQueueAttributes"},
		},
	}
}

func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t
}

// credentials are a password, two MFA devices and three kinds of access keys.
func credentials() *org.Credentials {
	return &org.Credentials{
		Password: &org.Password{Enabled: true, Changed: date("2022-01-05"), Used: org.Usage{At: date("2024-05-02").Add(8*time.Hour + time.Millisecond)}},
		MFA:      &org.MFA{Active: true, Devices: []org.MFADevice{{Serial: "arn:aws:iam::111122223333:mfa/ana", Enabled: date("2022-01-06")}, {Serial: "GAHT12345678"}}},
		AccessKeys: []org.AccessKey{
			{ID: "AKIAEXAMPLE2", Active: true, Created: date("2022-01-05"), Used: org.Usage{At: date("2024-05-01"), Region: "eu-west-3", Service: "s3"}},
			{ID: "AKIAEXAMPLE1", Created: date("2021-01-05"), Used: org.Usage{Never: true}},
		},
		Certificates: []org.Certificate{},
	}
}

func mustNew(t testing.TB, s org.Spec) *org.Organization {
	t.Helper()
	o, err := org.New(s)
	require.NoError(t, err)
	return o
}

// specDiff compares plain data. Documents are compared as pointers.
func specDiff(want, got org.Spec) string {
	return cmp.Diff(want, got, cmpopts.EquateComparable(policy.ARN{}),
		cmp.Comparer(func(a, b *policy.Document) bool { return a == b }))
}

// lines are the texts of all errors in err.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// readDir is a directory as a file system in memory.
func readDir(t testing.TB, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		src, err := os.ReadFile(path)
		out[filepath.ToSlash(name)] = &fstest.MapFile{Data: src}
		return err
	}))
	return out
}

func fileNames(fsys fstest.MapFS) []string { return slices.Sorted(maps.Keys(fsys)) }

// asError is errors.As as a function, for one-line checks.
func asError[T error](err error) (T, bool) { return errors.AsType[T](err) }
