package awsexport_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

const (
	management = "999900001111"
	prod       = "111122223333"
	dev        = "444455556666"
)

func shop(t *testing.T) *awsexport.Export {
	t.Helper()
	x, err := awsexport.Read(examples.Shop())
	require.NoError(t, err)
	require.Empty(t, x.Notes)
	return x
}

func day(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func TestOrganization(t *testing.T) {
	s := shop(t).Organization.Spec()
	require.Equal(t, "o-exampleorgid", s.ID)
	require.Equal(t, management, s.ManagementAccount)
	require.Equal(t, org.Root{
		ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Attached: []string{"p-FullAWSAccess"}, Accounts: []string{management},
		OUs: []org.OU{{ID: "ou-ab12-11111111", Name: "workloads", Attached: []string{"p-FullAWSAccess", "p-regions1"}, Accounts: []string{prod, dev}}},
	}, s.Root)
	require.Len(t, s.ControlPolicies, 1)
	require.Equal(t, []org.DelegatedAdministrator{{Account: prod, Services: []string{"access-analyzer.amazonaws.com"}}}, s.DelegatedAdministrators)
	require.Equal(t, []string{"access-analyzer.amazonaws.com", "sso.amazonaws.com"}, s.TrustedServices)
	require.Equal(t, "ACTIVE", s.Accounts[2].State, "the older Status")
	require.Equal(t, "prod@example.com", s.Accounts[0].Email)
}

func TestFacts(t *testing.T) {
	o := shop(t).Organization
	a, _ := o.Account(dev)
	bo := a.Users[0]
	require.Equal(t, day("2022-01-05T09:00:00Z"), bo.Created)
	require.Equal(t, &org.Credentials{
		Password: &org.Password{},
		MFA:      &org.MFA{Devices: []org.MFADevice{}},
		AccessKeys: []org.AccessKey{{
			ID: "AKIAEXAMPLEBO000000A", Active: true, Created: day("2022-01-05T09:00:00Z"),
			Used: org.Usage{At: day("2024-05-01T10:15:00Z"), Region: "eu-west-3", Service: "s3"},
		}},
	}, bo.Credentials)
	require.Equal(t, &org.AccessReport{AsOf: day("2024-06-01T00:00:10Z"), Services: []org.ServiceUse{
		{Service: "s3", Used: org.Usage{At: day("2024-05-01T10:15:00Z"), Region: "eu-west-3"}},
		{Service: "s3-object-lambda", Used: org.Usage{Never: true}},
	}}, bo.Accessed)
	require.Nil(t, a.Roles[0].Accessed, "nobody asked for its report")
	require.Equal(t, &org.Credentials{
		Password: &org.Password{Enabled: true, Used: org.Usage{Never: true}}, MFA: &org.MFA{}, AccessKeys: []org.AccessKey{}, Certificates: []org.Certificate{},
	}, a.RootUser)
	require.Equal(t, 90, a.PasswordPolicy.MaxAge)
	require.Equal(t, 24, a.PasswordPolicy.RememberLast)
	require.Len(t, a.Providers, 1)
	require.Equal(t, "arn:aws:sqs:eu-west-3:444455556666:orders", a.Findings[0].Resource.String())
	require.Equal(t, map[string]string{"AWS": prod}, a.Findings[0].Principal)

	b, _ := o.Account(prod)
	require.Equal(t, &org.PasswordPolicy{Default: true}, b.PasswordPolicy, "AWS says that there is none")
	require.True(t, b.RootUser.MFA.Active)
	require.Nil(t, b.Providers, "not in the export")
	require.NotNil(t, b.Findings, "the analyzer is the organization's")
	require.Empty(t, b.Findings)

	c, _ := o.Account(management)
	require.Nil(t, c.PasswordPolicy, "not in the export")
	require.True(t, c.RootUser.Password.Enabled)
	require.False(t, c.RootUser.Password.Used.IsKnown(), "a summary does not say")
}

func TestResources(t *testing.T) {
	o := shop(t).Organization
	a, _ := o.Account(dev)
	require.Len(t, a.Resources, 2)
	require.Equal(t, "arn:aws:s3:::orders", a.Resources[0].ARN.String())
	require.Nil(t, a.Resources[0].Policy)
	require.True(t, a.Resources[0].BlockPublicAccess)
	require.NotNil(t, a.Resources[1].Policy)
	b, _ := o.Account(prod)
	require.Equal(t, "arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", b.Resources[0].ARN.String())
	require.Equal(t, "arn:aws:s3:::logs", b.Resources[1].ARN.String())
	for _, g := range gaps(o) {
		require.NotEqual(t, org.GapResourcePolicy, g.What, "%v", g)
	}
}

func TestInstance(t *testing.T) {
	x := shop(t)
	s := x.Instance.Spec()
	require.Empty(t, s.Gaps)
	require.Equal(t, "eu-west-3", s.Region, "the directory says so")
	require.Equal(t, []string{"Developer", "Auditor"}, []string{s.PermissionSets[0].Name, s.PermissionSets[1].Name})
	require.Equal(t, 8*time.Hour, s.PermissionSets[0].SessionDuration)
	require.Equal(t, []identitycenter.PolicyReference{{Name: "Deploy", Path: "/teams/"}}, s.PermissionSets[0].CustomerManaged)
	require.Len(t, s.Users, 3, "two pages")
	require.True(t, s.Users[2].Disabled)
	require.Len(t, s.Groups, 2)
	require.Len(t, s.Assignments, 3)
	changes, err := x.Instance.Changes(x.Organization)
	require.NoError(t, err)
	require.Empty(t, changes, "what the instance provisions is what the accounts have")
}

func TestTrails(t *testing.T) {
	require.Equal(t, []cloudtrail.Trail{{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:999900001111:trail/all"), HomeRegion: "eu-west-3", Bucket: "logs",
		MultiRegion: true, Organization: true, GlobalServiceEvents: true, LogFileValidation: true,
		Status:    &cloudtrail.Status{Logging: true, Started: day("2022-03-01T00:00:00Z"), Delivered: day("2024-06-01T00:00:00Z")},
		Selectors: &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{ReadWrite: "All", Management: true}}},
		Storage:   &cloudtrail.Storage{Lock: &cloudtrail.ObjectLock{Enabled: true, Mode: "COMPLIANCE", Years: 7}},
	}}, shop(t).Trails)
}
