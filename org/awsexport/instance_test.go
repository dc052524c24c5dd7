package awsexport_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

const (
	instanceARN = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	developer   = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1111111111111111"
	developers  = "0011aabb-1111-2222-3333-444455556666"
	anaID       = "aaaa0001-1111-2222-3333-444455556666"
)

// What is missing of IAM Identity Center is a gap of the instance, and of its section.
func TestInstanceGaps(t *testing.T) {
	for name, tt := range map[string]struct {
		drop, put, text string
		want            org.Gap
		section         string
	}{
		"permission sets": {"list-permission-sets", "", "", org.Gap{Subject: instanceARN, What: identitycenter.GapAssignments, Reason: "list-permission-sets: not in the export"}, "identity-center"},
		"name":            {"describe-permission-set.ps-1", "", "", org.Gap{Subject: developer, What: org.GapEverything, Reason: "describe-permission-set: not in the export"}, "identity-center"},
		"inline policy":   {"get-inline-policy-for-permission-set.ps-1", "", "", org.Gap{Subject: developer, What: org.GapIdentityPolicies, Reason: "get-inline-policy-for-permission-set: not in the export"}, "identity-center"},
		"managed":         {"list-managed-policies-in-permission-set.ps-1", "", "", org.Gap{Subject: developer, What: org.GapIdentityPolicies, Reason: "list-managed-policies-in-permission-set: not in the export"}, "identity-center"},
		"boundary":        {"get-permissions-boundary-for-permission-set.ps-1", "", "", org.Gap{Subject: developer, What: org.GapBoundary, Reason: "get-permissions-boundary-for-permission-set: not in the export"}, "identity-center"},
		"boundary refused": {
			"get-permissions-boundary-for-permission-set.ps-1", "identity-center/get-permissions-boundary-for-permission-set.ps-1111111111111111.json",
			"An error occurred (AccessDeniedException) when calling the GetPermissionsBoundaryForPermissionSet operation: no",
			org.Gap{Subject: developer, What: org.GapBoundary, Reason: "get-permissions-boundary-for-permission-set: AccessDeniedException: sso:GetPermissionsBoundaryForPermissionSet"}, "identity-center",
		},
		"assignments":    {"list-account-assignments.444455556666.ps-1", "", "", org.Gap{Subject: developer, What: identitycenter.GapAssignments, Reason: "list-account-assignments in account 444455556666: not in the export"}, "identity-center"},
		"where assigned": {"list-accounts-for-provisioned-permission-set.ps-1", "", "", org.Gap{Subject: developer, What: identitycenter.GapAssignments, Reason: "list-account-assignments in account 111122223333: not in the export"}, "identity-center"},
		"users":          {"identitystore/list-users", "", "", org.Gap{Subject: instanceARN, What: identitycenter.GapUsers, Reason: "list-users of the identity store: not in the export"}, "identity-store"},
		"second page of groups": {
			"identitystore/list-groups", "identitystore/list-groups.json", `{"Groups": [{"GroupId": "` + developers + `", "DisplayName": "developers", "IdentityStoreId": "d-1234567890"}], "NextToken": "AAMA"}`,
			org.Gap{Subject: instanceARN, What: identitycenter.GapUsers, Reason: "list-groups of the identity store: identitystore/list-groups.json:1:1: there is more, which is not in the export: a token of the next page is left over"}, "identity-store",
		},
		"attributes": {"describe-instance-access-control", "", "", org.Gap{Subject: instanceARN, What: identitycenter.GapAttributes, Reason: "describe-instance-access-control-attribute-configuration: not in the export"}, "identity-center"},
		"members":    {"list-group-memberships." + developers, "", "", org.Gap{Subject: developers, What: identitycenter.GapMembers, Reason: "list-group-memberships: not in the export"}, "identity-store"},
	} {
		t.Run(name, func(t *testing.T) {
			f := copyShop(t)
			drop(f, tt.drop)
			if tt.put != "" {
				f[tt.put] = put(tt.text)
			}
			x, err := awsexport.Read(f)
			require.NoError(t, err)
			require.Contains(t, x.Instance.Spec().Gaps, tt.want)
			require.Contains(t, reasonOf(t, x, tt.section), tt.want.Reason)
		})
	}
}

// Assignments by principal are as good as those by account and permission set.
func TestAssignmentsByPrincipal(t *testing.T) {
	f := copyShop(t)
	drop(f, "list-account-assignments.")
	drop(f, "list-accounts-for-provisioned-permission-set")
	assigned := func(kind, id, rows string) {
		f["identity-center/list-account-assignments-for-principal."+id+"."+kind+".json"] = put(`{"AccountAssignments": [` + rows + `]}`)
	}
	row := `{"AccountId": "444455556666", "PermissionSetArn": "` + developer + `", "PrincipalType": "GROUP", "PrincipalId": "` + developers + `"}`
	assigned("USER", anaID, row)
	assigned("USER", "bbbb0002-1111-2222-3333-444455556666", strings.NewReplacer("GROUP", "USER", developers, "bbbb0002-1111-2222-3333-444455556666").Replace(row))
	assigned("USER", "cccc0003-1111-2222-3333-444455556666", "")
	assigned("GROUP", developers, row)
	without := fstest.MapFS{}
	for name, file := range f {
		without[name] = file
	}
	assigned("GROUP", "0022aabb-1111-2222-3333-444455556666", "")

	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Empty(t, x.Notes)
	require.Empty(t, x.Instance.Spec().Gaps)
	require.Len(t, x.Instance.Spec().Assignments, 2)

	x, err = awsexport.Read(without)
	require.NoError(t, err)
	require.Len(t, x.Instance.Spec().Gaps, 2, "of one group nobody asked: %v", x.Instance.Spec().Gaps)
}

func TestNoInstance(t *testing.T) {
	f := copyShop(t)
	drop(f, "identity-center/")
	drop(f, "identitystore/")
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Nil(t, x.Instance)
	require.Contains(t, x.Organization.Spec().Coverage, org.Unit{Account: management, Section: "identity-center", State: org.Unknown, Reason: "not in the export"})

	x = read(t, map[string]string{"111122223333/gaad.json": noUsers}, awsexport.WithoutOrganization())
	require.Contains(t, x.Organization.Spec().Coverage, org.Unit{Section: "organization", State: org.Absent, Reason: "there is no organization"})
}

// What another instance says of permission sets, groups and attributes with the same IDs is not
// of this one.
func TestTwoInstances(t *testing.T) {
	f := fstest.MapFS{}
	for name, file := range copyShop(t) {
		f[strings.Replace(name, "identity-center/eu-west-3/", "identity-center/ssoins-1234567890abcdef/", 1)] = file
	}
	want, err := awsexport.Read(f)
	require.NoError(t, err)
	const other = "arn:aws:sso:::instance/ssoins-fedcba0987654321"
	f["z.jsonl"] = put(strings.ReplaceAll(`{"service": "sso", "operation": "ListInstances", "account": "444455556666", "output": {"Instances": [{"InstanceArn": "OTHER", "IdentityStoreId": "d-9999999999", "OwnerAccountId": "444455556666"}]}}
{"service": "sso", "operation": "ListPermissionSets", "account": "444455556666", "input": {"InstanceArn": "OTHER"}, "output": {"PermissionSets": ["arn:aws:sso:::permissionSet/ssoins-fedcba0987654321/ps-1111111111111111"]}}
{"service": "sso", "operation": "ListManagedPoliciesInPermissionSet", "account": "444455556666", "input": {"InstanceArn": "OTHER", "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-fedcba0987654321/ps-1111111111111111"}, "output": {"AttachedManagedPolicies": [{"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]}}
{"service": "sso", "operation": "DescribeInstanceAccessControlAttributeConfiguration", "account": "444455556666", "input": {"InstanceArn": "OTHER"}, "output": {"InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": [{"Key": "secret", "Value": {"Source": ["${path:name.givenName}"]}}]}}}
{"service": "identitystore", "operation": "ListUsers", "account": "444455556666", "input": {"IdentityStoreId": "d-9999999999"}, "output": {"Users": []}}
{"service": "identitystore", "operation": "ListGroups", "account": "444455556666", "input": {"IdentityStoreId": "d-9999999999"}, "output": {"Groups": [], "NextToken": "more"}}
{"service": "identitystore", "operation": "ListGroupMemberships", "account": "444455556666", "input": {"IdentityStoreId": "d-9999999999", "GroupId": "`+developers+`"}, "output": {"GroupMemberships": [{"GroupId": "`+developers+`", "MemberId": {"UserId": "cccc0003-1111-2222-3333-444455556666"}}]}}
{"service": "identitystore", "operation": "ListGroupMemberships", "account": "444455556666", "input": {"IdentityStoreId": "d-9999999999", "GroupId": "0022aabb-1111-2222-3333-444455556666"}, "output": {"GroupMemberships": []}}
`, "OTHER", other))
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Equal(t, want.Instance.Spec(), x.Instance.Spec())
	require.Contains(t, x.Notes, awsexport.Note{File: ".", Text: "the export has 2 instances of IAM Identity Center; only " + instanceARN + " counts"})

	// A file that names nothing may be of either.
	const file = "describe-instance-access-control-attribute-configuration.json"
	f["identity-center/eu-west-3/"+file] = f["identity-center/ssoins-1234567890abcdef/"+file]
	delete(f, "identity-center/ssoins-1234567890abcdef/"+file)
	x, err = awsexport.Read(f)
	require.NoError(t, err)
	require.Empty(t, x.Instance.Spec().Attributes)
	require.Equal(t, []org.Gap{{
		Subject: instanceARN, What: identitycenter.GapAttributes,
		Reason: "describe-instance-access-control-attribute-configuration: identity-center/eu-west-3/" + file + ":1:1: does not say of which instance of IAM Identity Center it is; want it in a directory named like the instance, ssoins-…, or like its identity store, d-…",
	}}, x.Instance.Spec().Gaps)
}

// Attributes that are not in force yet, or not at all, are not known.
func TestAttributesInForce(t *testing.T) {
	for text, want := range map[string]string{
		`{"Status": "CREATION_IN_PROGRESS", "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": []}}`: "the configuration is CREATION_IN_PROGRESS",
		`{"Status": "ENABLED"}`: "there is no AccessControlAttributes",
		`{"Status": "ENABLED", "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": []}}`:                            "",
		"An error occurred (ResourceNotFoundException) when calling the DescribeInstanceAccessControlAttributeConfiguration operation: no": "",
	} {
		f := copyShop(t)
		f["identity-center/eu-west-3/describe-instance-access-control-attribute-configuration.json"] = put(text)
		x, err := awsexport.Read(f)
		require.NoError(t, err)
		require.Empty(t, x.Instance.Spec().Attributes)
		gaps := x.Instance.Spec().Gaps
		if want == "" {
			require.Empty(t, gaps)
			continue
		}
		require.Len(t, gaps, 1)
		require.Equal(t, identitycenter.GapAttributes, gaps[0].What)
		require.Contains(t, gaps[0].Reason, want)
	}
}
