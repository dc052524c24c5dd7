package awscollect_test

import (
	"testing"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

const (
	management = "111122223333"
	member     = "444455556666"
	closed     = "777788889999"
)

func arn(s string) policy.ARN { return policy.MustParseARN(s) }

func document(s string) *policy.Document { return policy.Must(policy.Parse([]byte(s))) }

func day(n int) time.Time { return time.Date(2024, 5, n, 10, 0, 0, 0, time.UTC) }

// world is a small organization with one of everything.
func world() fakeaws.World {
	allow := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::logs/a+b/${aws:username}?"}]}`)
	trust := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`)
	deny := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"organizations:LeaveOrganization","Resource":"*"}]}`)
	deliver := document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*"},` +
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ana"},"Action":"*","Resource":"arn:aws:s3:::logs/*"}]}`)
	access := func(resource string) *policy.Document {
		return document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ana"},"Action":"*","Resource":"` + resource + `"}]}`)
	}
	all := []string{org.FullAWSAccess, org.RCPFullAWSAccess}
	o := org.Spec{
		ID: "o-exampleorgid", ManagementAccount: management,
		Root: org.Root{
			ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Attached: all, Accounts: []string{management},
			OUs: []org.OU{{
				ID: "ou-ab12-11111111", Name: "Workloads", Attached: append([]string{"p-stay1234"}, all...), Accounts: []string{closed},
				OUs: []org.OU{{ID: "ou-ab12-22222222", Name: "Production", Attached: all, Accounts: []string{member}}},
			}},
		},
		ControlPolicies:         []org.ControlPolicy{{ID: "p-stay1234", Name: "Stay", Kind: policy.ServiceControl, Document: deny}},
		DelegatedAdministrators: []org.DelegatedAdministrator{{Account: member, Services: []string{"access-analyzer.amazonaws.com"}}},
		TrustedServices:         []string{"access-analyzer.amazonaws.com", "sso.amazonaws.com"},
		Accounts: []org.Account{
			{
				ID: management, Name: "Management", Email: "aws@example.com", State: "ACTIVE", Attached: all,
				PasswordPolicy: &org.PasswordPolicy{Default: true}, Providers: []org.Provider{},
				Users: []org.User{{
					ARN: arn("arn:aws:iam::111122223333:user/people/ana"), ID: "AIDAEXAMPLEANA", Groups: []string{"dev"}, Created: day(1),
					Inline: []org.InlinePolicy{{Name: "logs", Document: allow}}, Tags: map[string]string{"team": "R&D <1>"},
					Credentials: &org.Credentials{
						Password:     &org.Password{Enabled: true, Changed: day(1), Used: org.Usage{At: day(2)}},
						MFA:          &org.MFA{Active: true, Devices: []org.MFADevice{{Serial: "arn:aws:iam::111122223333:mfa/ana", Enabled: day(1)}}},
						AccessKeys:   []org.AccessKey{{ID: "AKIAEXAMPLEANA000000", Active: true, Created: day(1), Used: org.Usage{At: day(3), Region: "eu-west-3", Service: "s3"}}},
						Certificates: []org.Certificate{},
					},
				}},
				Groups: []org.Group{{ARN: arn("arn:aws:iam::111122223333:group/dev"), Attached: []policy.ARN{arn("arn:aws:iam::aws:policy/ReadOnlyAccess")}}},
				Policies: []org.ManagedPolicy{
					{ARN: arn("arn:aws:iam::111122223333:policy/team/reader"), Document: allow},
					{ARN: arn("arn:aws:iam::aws:policy/ReadOnlyAccess"), Document: allow},
				},
				RootUser: &org.Credentials{MFA: &org.MFA{Active: true, Devices: []org.MFADevice{{Serial: "arn:aws:iam::111122223333:mfa/root-account-mfa-device", Enabled: day(1)}}}, AccessKeys: []org.AccessKey{}, Certificates: []org.Certificate{}},
			},
			{
				ID: member, Name: "Production", CanonicalID: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", Email: "prod@example.com", State: "ACTIVE", Attached: all, Tags: map[string]string{"stage": "prod"},
				PasswordPolicy: &org.PasswordPolicy{MinimumLength: 14, RequireSymbols: true, RequireNumbers: true, RequireUppercase: true, RequireLowercase: true, UsersMayChange: true, MaxAge: 90, RememberLast: 24, HardExpiry: true},
				Users: []org.User{{
					ARN: arn("arn:aws:iam::444455556666:user/deploy"), ID: "AIDAEXAMPLEDEPLOY", Created: day(1),
					Credentials: &org.Credentials{
						Password: &org.Password{}, MFA: &org.MFA{Active: true, Devices: []org.MFADevice{{Serial: "GAHT12345678", Enabled: day(1)}}},
						AccessKeys: []org.AccessKey{
							{ID: "AKIAEXAMPLEDEPLOY001", Active: true, Created: day(1), Used: org.Usage{Never: true}},
							{ID: "AKIAEXAMPLEDEPLOY002", Created: day(2), Used: org.Usage{At: day(3), Region: "eu-west-3", Service: "s3"}},
						},
						Certificates: []org.Certificate{},
					},
				}},
				Roles: []org.Role{{
					ARN: arn("arn:aws:iam::444455556666:role/ci"), ID: "AROAEXAMPLECI", Trust: trust, Created: day(1), MaxSession: 2 * time.Hour,
					Boundary: arn("arn:aws:iam::444455556666:policy/boundary"), Used: org.Usage{At: day(4), Region: "eu-west-3"},
				}},
				Policies: []org.ManagedPolicy{{ARN: arn("arn:aws:iam::444455556666:policy/boundary"), Document: allow}},
				Providers: []org.Provider{
					{ARN: arn("arn:aws:iam::444455556666:oidc-provider/token.example.com"), URL: "token.example.com", ClientIDs: []string{"sts.amazonaws.com"}, Thumbprints: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}, Created: day(1)},
					{ARN: arn("arn:aws:iam::444455556666:saml-provider/idp"), ValidUntil: day(20), Created: day(1)},
				},
				RootUser: &org.Credentials{Password: &org.Password{}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{}, Certificates: []org.Certificate{}},
				Resources: []org.Resource{
					{ARN: arn("arn:aws:s3:::logs"), Policy: deliver, Tags: map[string]string{"owner": "ana"}, ABAC: true, BlockPublicAccess: true},
					{ARN: arn("arn:aws:s3:::orders")},
					{ARN: arn("arn:aws:sqs:eu-west-3:444455556666:orders"), Policy: access("*"), Tags: map[string]string{"owner": "ana"}},
					{ARN: arn("arn:aws:sns:eu-west-3:444455556666:orders"), Policy: access("*"), Tags: map[string]string{"owner": "ana", "team": "R&D <1>"}},
					{ARN: arn("arn:aws:kms:eu-west-3:444455556666:key/12345678-1234-1234-1234-123456789012"), Policy: access("*"), Tags: map[string]string{"a": "1", "b": "2", "c": "3"}},
					{ARN: arn("arn:aws:lambda:eu-west-3:444455556666:function:orders"), Policy: access("arn:aws:lambda:eu-west-3:444455556666:function:orders"), Tags: map[string]string{"owner": "ana"}},
					{ARN: arn("arn:aws:secretsmanager:eu-west-3:444455556666:secret:orders-AbCdEf"), Policy: access("*")},
					{ARN: arn("arn:aws:ecr:eu-west-3:444455556666:repository/team/orders"), Policy: document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}`), Tags: map[string]string{"owner": "ana"}},
				},
			},
			{ID: closed, Name: "Old", Email: "old@example.com", State: "CLOSED", Attached: all},
		},
	}
	instance := &identitycenter.Spec{
		ARN: arn("arn:aws:sso:::instance/ssoins-1234567890abcdef"), Owner: management, Region: "eu-west-3", IdentityStore: "d-1234567890",
		PermissionSets: []identitycenter.PermissionSet{
			{
				ARN: arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-0123456789abcdef"), Name: "Developer", Description: "for developers", SessionDuration: 8 * time.Hour,
				Managed: []policy.ARN{arn("arn:aws:iam::aws:policy/ReadOnlyAccess")}, CustomerManaged: []identitycenter.PolicyReference{{Name: "reader", Path: "/team/"}},
				Inline: allow, Boundary: identitycenter.Boundary{CustomerManaged: identitycenter.PolicyReference{Name: "boundary", Path: "/"}}, Tags: map[string]string{"team": "orders"},
			},
			{ARN: arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-fedcba9876543210"), Name: "Auditor"},
		},
		Users: []identitycenter.User{
			{ID: "11111111-1111-1111-1111-111111111111", Name: "ana@example.com", DisplayName: "Ana", Email: "ana@example.com"},
			{ID: "22222222-2222-2222-2222-222222222222", Name: "bruno@example.com", Disabled: true},
		},
		Groups: []identitycenter.Group{{ID: "33333333-3333-3333-3333-333333333333", Name: "dev", Members: []string{"11111111-1111-1111-1111-111111111111"}}},
		Assignments: []identitycenter.Assignment{
			{Account: member, PermissionSet: arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-0123456789abcdef"), Group: "33333333-3333-3333-3333-333333333333"},
			{Account: management, PermissionSet: arn("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-fedcba9876543210"), User: "22222222-2222-2222-2222-222222222222"},
		},
		Attributes: []identitycenter.Attribute{{Key: "team", Source: []string{"${path:enterprise.department}"}}},
	}
	trails := []cloudtrail.Trail{
		{
			ARN: arn("arn:aws:cloudtrail:eu-west-3:111122223333:trail/organization"), HomeRegion: "eu-west-3", Bucket: "logs", MultiRegion: true, Organization: true,
			GlobalServiceEvents: true, LogFileValidation: true, Status: &cloudtrail.Status{Logging: true, Started: day(1), Delivered: day(5)},
			Storage:   &cloudtrail.Storage{Lock: &cloudtrail.ObjectLock{Enabled: true, Mode: "COMPLIANCE", Years: 7}},
			Selectors: &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{ReadWrite: "All", Management: true}}},
		},
		{
			ARN: arn("arn:aws:cloudtrail:us-east-1:444455556666:trail/orders"), HomeRegion: "us-east-1", Bucket: "orders", Status: &cloudtrail.Status{Stopped: day(2)},
			Selectors: &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{
				ReadWrite: "WriteOnly", DataResources: []cloudtrail.DataResource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3:::orders/"}}},
			}}},
		},
	}
	return fakeaws.World{Organization: o, Instance: instance, Trails: trails, Reader: "Reader"}
}

func TestWorld(t *testing.T) {
	if _, err := org.New(world().Organization); err != nil {
		t.Error(err)
	}
	if _, err := identitycenter.New(*world().Instance); err != nil {
		t.Error(err)
	}
}
