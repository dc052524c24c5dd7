package fakeaws_test

import (
	"errors"
	"net/url"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	identitystoretypes "github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	organizationstypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
)

// as is a configuration for a role in another account.
func as(cfg aws.Config, account, role string) aws.Config {
	p := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), "arn:aws:iam::"+account+":role/"+role)
	cfg.Credentials = aws.NewCredentialsCache(p)
	return cfg
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestAssumeRole(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := s.Config(t, management)
	me, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, management, *me.Account)
	for _, role := range []string{"Reader", "ci"} {
		me, err = sts.NewFromConfig(as(cfg, member, role)).GetCallerIdentity(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, member, *me.Account)
		require.Contains(t, *me.Arn, "arn:aws:sts::444455556666:assumed-role/"+role+"/")
	}
	for _, account := range []string{closed, "000000000000"} {
		_, err = sts.NewFromConfig(as(cfg, account, "Reader")).GetCallerIdentity(t.Context(), nil)
		require.Equal(t, "AccessDenied", code(err))
	}
	_, err = sts.NewFromConfig(as(cfg, member, "other")).GetCallerIdentity(t.Context(), nil)
	require.Equal(t, "AccessDenied", code(err))
	_, err = sts.NewFromConfig(s.Config(t, "000000000000")).GetCallerIdentity(t.Context(), nil)
	require.Equal(t, "InvalidClientTokenId", code(err))

	s.Mistake(member, management)
	me, err = sts.NewFromConfig(as(cfg, member, "Reader")).GetCallerIdentity(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, management, *me.Account)
}

func TestOrganizations(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 1
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccounts"}, Kind: fakeaws.EmptyPage})
	c := organizations.NewFromConfig(s.Config(t, management))
	o, err := c.DescribeOrganization(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:organizations::111122223333:organization/o-exampleorgid", *o.Organization.Arn)
	require.Equal(t, organizationstypes.OrganizationFeatureSetAll, o.Organization.FeatureSet)

	var accounts []organizationstypes.Account
	pages := 0
	for p := organizations.NewListAccountsPaginator(c, nil); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		accounts = append(accounts, page.Accounts...)
	}
	require.Equal(t, 4, pages, "three accounts, and an empty page")
	i := slices.IndexFunc(accounts, func(a organizationstypes.Account) bool { return *a.Id == member })
	require.Equal(t, []string{"o-exampleorgid/r-ab12/ou-ab12-11111111/ou-ab12-22222222/444455556666/"}, accounts[i].Paths)
	i = slices.IndexFunc(accounts, func(a organizationstypes.Account) bool { return *a.Id == closed })
	require.Equal(t, organizationstypes.AccountStateClosed, accounts[i].State)
	require.Equal(t, organizationstypes.AccountStatusSuspended, accounts[i].Status)

	var policies []string
	for p := organizations.NewListPoliciesPaginator(c, &organizations.ListPoliciesInput{Filter: organizationstypes.PolicyTypeServiceControlPolicy}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		for _, p := range page.Policies {
			policies = append(policies, *p.Id)
			require.Equal(t, *p.Id == "p-FullAWSAccess", p.AwsManaged)
		}
	}
	require.Equal(t, []string{"p-stay1234", "p-FullAWSAccess"}, policies)
	targets, err := c.ListTargetsForPolicy(t.Context(), &organizations.ListTargetsForPolicyInput{PolicyId: aws.String("p-stay1234")})
	require.NoError(t, err)
	require.Equal(t, "ou-ab12-11111111", *targets.Targets[0].TargetId)
	require.Equal(t, organizationstypes.TargetTypeOrganizationalUnit, targets.Targets[0].Type)
	p, err := c.DescribePolicy(t.Context(), &organizations.DescribePolicyInput{PolicyId: aws.String("p-stay1234")})
	require.NoError(t, err)
	require.Equal(t, string(world().Organization.ControlPolicies[0].Document.Source()), *p.Policy.Content)
	_, err = c.DescribePolicy(t.Context(), &organizations.DescribePolicyInput{PolicyId: aws.String("p-none1234")})
	var missing *organizationstypes.PolicyNotFoundException
	require.ErrorAs(t, err, &missing)
	_, err = c.DescribeResourcePolicy(t.Context(), nil)
	require.Equal(t, "ResourcePolicyNotFoundException", code(err))

	_, err = organizations.NewFromConfig(s.Config(t, closed)).ListRoots(t.Context(), nil)
	require.Equal(t, "AccessDeniedException", code(err))
	_, err = organizations.NewFromConfig(s.Config(t, member)).ListRoots(t.Context(), nil)
	require.NoError(t, err, "a delegated administrator reads the organization")
}

// A token is good for the operation and the account that it was given to.
func TestTokens(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 1
	c := organizations.NewFromConfig(s.Config(t, management))
	page, err := c.ListAccounts(t.Context(), nil)
	require.NoError(t, err)
	_, err = c.ListAccounts(t.Context(), &organizations.ListAccountsInput{NextToken: page.NextToken})
	require.NoError(t, err)
	_, err = c.ListRoots(t.Context(), &organizations.ListRootsInput{NextToken: page.NextToken})
	require.Equal(t, "ValidationException", code(err))
	_, err = organizations.NewFromConfig(s.Config(t, member)).ListAccounts(t.Context(), &organizations.ListAccountsInput{NextToken: page.NextToken})
	require.Equal(t, "ValidationException", code(err))
	_, err = c.ListAccounts(t.Context(), &organizations.ListAccountsInput{NextToken: aws.String("forged")})
	require.Equal(t, "ValidationException", code(err))
}

func TestAuthorizationDetails(t *testing.T) {
	s := fakeaws.New(t, world())
	s.PageSize = 2
	var users []iamtypes.UserDetail
	var policies []iamtypes.ManagedPolicyDetail
	pages := 0
	p := iam.NewGetAccountAuthorizationDetailsPaginator(iam.NewFromConfig(s.Config(t, management)), nil)
	for ; p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		require.NoError(t, err)
		users, policies = append(users, page.UserDetailList...), append(policies, page.Policies...)
	}
	require.Equal(t, 2, pages)
	require.Len(t, policies, 2)
	ana := users[0]
	require.Equal(t, "/people/", *ana.Path)
	require.Equal(t, "R&D <1>", *ana.Tags[0].Value)
	require.Equal(t, day(1), *ana.CreateDate)
	require.NotContains(t, *ana.UserPolicyList[0].PolicyDocument, "+", "IAM escapes everything that is not unreserved")
	got, err := url.PathUnescape(*ana.UserPolicyList[0].PolicyDocument)
	require.NoError(t, err)
	require.Equal(t, string(world().Organization.Accounts[0].Users[0].Inline[0].Document.Source()), got)

	out, err := iam.NewFromConfig(as(s.Config(t, management), member, "Reader")).GetAccountAuthorizationDetails(t.Context(),
		&iam.GetAccountAuthorizationDetailsInput{Filter: []iamtypes.EntityType{iamtypes.EntityTypeRole, iamtypes.EntityTypeLocalManagedPolicy}})
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::444455556666:policy/boundary", *out.RoleDetailList[0].PermissionsBoundary.PermissionsBoundaryArn)
	require.Equal(t, day(4), *out.RoleDetailList[0].RoleLastUsed.LastUsedDate)
	require.Len(t, out.Policies, 1)
}

func TestCredentials(t *testing.T) {
	s := fakeaws.New(t, world())
	c := iam.NewFromConfig(s.Config(t, management))
	_, err := c.GetCredentialReport(t.Context(), nil)
	require.Equal(t, "ReportNotPresent", code(err))
	for _, want := range []iamtypes.ReportStateType{iamtypes.ReportStateTypeStarted, iamtypes.ReportStateTypeComplete} {
		out, err := c.GenerateCredentialReport(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, want, out.State)
	}
	report, err := c.GetCredentialReport(t.Context(), nil)
	require.NoError(t, err)
	require.Contains(t, string(report.Content), "\nana,arn:aws:iam::111122223333:user/people/ana,2024-05-01T10:00:00+00:00,true,2024-05-02T10:00:00+00:00,2024-05-01T10:00:00+00:00,N/A,true,"+
		"true,2024-05-01T10:00:00+00:00,2024-05-03T10:00:00+00:00,eu-west-3,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n")
	summary, err := c.GetAccountSummary(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 1, summary.SummaryMap["AccountMFAEnabled"])
	require.EqualValues(t, 1, summary.SummaryMap["Users"])
	devices, err := c.ListVirtualMFADevices(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "arn:aws:iam::111122223333:root", *devices.VirtualMFADevices[0].User.Arn)
	require.Equal(t, "ana", *devices.VirtualMFADevices[1].User.UserName)
	keys, err := c.ListAccessKeys(t.Context(), &iam.ListAccessKeysInput{UserName: aws.String("ana")})
	require.NoError(t, err)
	used, err := c.GetAccessKeyLastUsed(t.Context(), &iam.GetAccessKeyLastUsedInput{AccessKeyId: keys.AccessKeyMetadata[0].AccessKeyId})
	require.NoError(t, err)
	require.Equal(t, "eu-west-3", *used.AccessKeyLastUsed.Region)
	_, err = c.GetAccountPasswordPolicy(t.Context(), nil)
	require.Equal(t, "NoSuchEntity", code(err))

	me, err := c.GetUser(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "collector", *me.User.UserName)
	ana, err := c.GetUser(t.Context(), &iam.GetUserInput{UserName: aws.String("ana")})
	require.NoError(t, err)
	require.Equal(t, day(2), *ana.User.PasswordLastUsed)

	c = iam.NewFromConfig(as(s.Config(t, management), member, "Reader"))
	_, err = c.GetUser(t.Context(), nil)
	require.Equal(t, "ValidationError", code(err))
	p, err := c.GetAccountPasswordPolicy(t.Context(), nil)
	require.NoError(t, err)
	require.EqualValues(t, 90, *p.PasswordPolicy.MaxPasswordAge)
	oidc, err := c.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String("arn:aws:iam::444455556666:oidc-provider/token.example.com")})
	require.NoError(t, err)
	require.Equal(t, []string{"sts.amazonaws.com"}, oidc.ClientIDList)
	role, err := c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("ci")})
	require.NoError(t, err)
	require.EqualValues(t, 7200, *role.Role.MaxSessionDuration)
}

func TestIdentityCenter(t *testing.T) {
	s := fakeaws.New(t, world())
	cfg := s.Config(t, management)
	list, err := ssoadmin.NewFromConfig(cfg).ListInstances(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, list.Instances, "the instance is in another Region")
	cfg.Region = "eu-west-3"
	c := ssoadmin.NewFromConfig(cfg)
	list, err = c.ListInstances(t.Context(), nil)
	require.NoError(t, err)
	instance, store := list.Instances[0].InstanceArn, list.Instances[0].IdentityStoreId
	sets, err := c.ListPermissionSets(t.Context(), &ssoadmin.ListPermissionSetsInput{InstanceArn: instance})
	require.NoError(t, err)
	require.Len(t, sets.PermissionSets, 2)
	set, err := c.DescribePermissionSet(t.Context(), &ssoadmin.DescribePermissionSetInput{InstanceArn: instance, PermissionSetArn: &sets.PermissionSets[0]})
	require.NoError(t, err)
	require.Equal(t, "PT8H", *set.PermissionSet.SessionDuration)
	references, err := c.ListCustomerManagedPolicyReferencesInPermissionSet(t.Context(), &ssoadmin.ListCustomerManagedPolicyReferencesInPermissionSetInput{InstanceArn: instance, PermissionSetArn: &sets.PermissionSets[0]})
	require.NoError(t, err)
	require.Equal(t, "/team/", *references.CustomerManagedPolicyReferences[0].Path)
	_, err = c.GetPermissionsBoundaryForPermissionSet(t.Context(), &ssoadmin.GetPermissionsBoundaryForPermissionSetInput{InstanceArn: instance, PermissionSetArn: &sets.PermissionSets[1]})
	require.Equal(t, "ResourceNotFoundException", code(err))
	person := ana
	assignments, err := c.ListAccountAssignmentsForPrincipal(t.Context(), &ssoadmin.ListAccountAssignmentsForPrincipalInput{InstanceArn: instance, PrincipalId: &person, PrincipalType: "USER"})
	require.NoError(t, err)
	require.Len(t, assignments.AccountAssignments, 1, "through a group")
	attributes, err := c.DescribeInstanceAccessControlAttributeConfiguration(t.Context(), &ssoadmin.DescribeInstanceAccessControlAttributeConfigurationInput{InstanceArn: instance})
	require.NoError(t, err)
	require.Equal(t, "team", *attributes.InstanceAccessControlAttributeConfiguration.AccessControlAttributes[0].Key)

	people := identitystore.NewFromConfig(cfg)
	users, err := people.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: store})
	require.NoError(t, err)
	require.Equal(t, identitystoretypes.UserStatusDisabled, users.Users[1].UserStatus)
	members, err := people.ListGroupMembershipsForMember(t.Context(), &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: store, MemberId: &identitystoretypes.MemberIdMemberUserId{Value: ana}})
	require.NoError(t, err)
	require.Equal(t, ana, members.GroupMemberships[0].MemberId.(*identitystoretypes.MemberIdMemberUserId).Value)
	_, err = people.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: aws.String("d-0000000000")})
	require.Equal(t, "ResourceNotFoundException", code(err))
}
