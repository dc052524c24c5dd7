package awsexport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

// A file that has the name of another user, group or account tells nothing of the one in its name.
func TestRowsOfOthers(t *testing.T) {
	x := read(t, map[string]string{
		"111122223333/get-account-authorization-details.json": `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "UserName": "ana"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`,
		"111122223333/list-access-keys.ana.json":              `{"AccessKeyMetadata": [{"UserName": "ben", "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active", "CreateDate": "2024-01-01T00:00:00Z"}]}`,
		"111122223333/list-mfa-devices.ana.json":              `{"MFADevices": [{"UserName": "ben", "SerialNumber": "arn:aws:iam::111122223333:mfa/ben", "EnableDate": "2024-01-01T00:00:00Z"}]}`,
		"111122223333/get-login-profile.ana.json":             `{"LoginProfile": {"UserName": "ben", "CreateDate": "2024-01-01T00:00:00Z"}}`,
	}, awsexport.WithoutOrganization())
	a, _ := x.Organization.Account("111122223333")
	require.Nil(t, a.Users[0].Credentials)
	require.Contains(t, reasonOf(t, x, "credentials"), "111122223333/list-access-keys.ana.json:1:24: is of ben, and ana was asked for")
}

// An answer of Amazon ECR says of which repository and registry it is, whatever the file's name,
// and public repositories are others.
func TestRepositoriesOfOthers(t *testing.T) {
	const deny = `"{\"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"ecr:*\"}}"`
	x := read(t, map[string]string{
		"111122223333/a.json": noUsers,
		"111122223333/us-east-1/get-repository-policy.orders.json":          `{"registryId": "111122223333", "repositoryName": "logs", "policyText": ` + deny + `}`,
		"111122223333/us-east-1/ecr-public/get-repository-policy.shop.json": `{"registryId": "111122223333", "repositoryName": "shop", "policyText": ` + deny + `}`,
		"111122223333/us-east-1/describe-repositories.json":                 `{"repositories": [{"repositoryArn": "arn:aws:ecr-public::111122223333:repository/shop"}]}`,
	}, awsexport.WithoutOrganization())
	const prefix = "arn:aws:ecr:us-east-1:111122223333:repository/"
	r, ok := x.Organization.Resource(policy.MustParseARN(prefix + "logs"))
	require.True(t, ok)
	require.NotNil(t, r.Policy)
	for _, name := range []string{prefix + "orders", prefix + "shop", "arn:aws:ecr-public::111122223333:repository/shop"} {
		_, ok := x.Organization.Resource(policy.MustParseARN(name))
		require.False(t, ok, name)
	}
	require.Contains(t, reasonOf(t, x, "ecr"), "arn:aws:ecr-public::111122223333:repository/shop is not of ecr")

	_, err := awsexport.Read(files(map[string]string{
		"111122223333/us-east-1/get-repository-policy.orders.json": `{"registryId": "444455556666", "repositoryName": "orders", "policyText": ` + deny + `}`,
	}))
	require.ErrorContains(t, err, "this is of account 444455556666, and stands for account 111122223333")
}

// An account of IAM without groups tells nothing of the groups of an identity store.
func TestGroupsOfIAM(t *testing.T) {
	x := read(t, map[string]string{"111122223333/a.json": noUsers, "111122223333/list-groups.json": `{"Groups": []}`}, awsexport.WithoutOrganization())
	require.Len(t, x.Notes, 1)
	for _, u := range x.Organization.Spec().Coverage {
		require.False(t, u.Section == "identity-store" && u.State == org.Complete)
	}
	x = read(t, map[string]string{"111122223333/a.json": noUsers, "111122223333/list-groups.json": `{"Groups": [{"Arn": "arn:aws:iam::111122223333:group/dev", "GroupName": "dev"}]}`}, awsexport.WithoutOrganization())
	require.Empty(t, x.Notes)
}

// Lists that say that they have some of what there is alone are not complete.
func TestNarrowedLists(t *testing.T) {
	x := read(t, map[string]string{"111122223333/a.json": noUsers, "111122223333/list-buckets.json": `{"Buckets": [], "Prefix": "logs-"}`}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:s3:::*", org.GapUnlisted))
	require.Contains(t, reasonOf(t, x, "s3"), "those of this Prefix")
	x = read(t, map[string]string{"111122223333/a.json": noUsers, "111122223333/list-buckets.json": `{"Buckets": [], "Prefix": ""}`}, awsexport.WithoutOrganization())
	require.False(t, hasGap(x.Organization, "arn:aws:s3:::*", org.GapUnlisted))

	x = read(t, map[string]string{"a.jsonl": `{"unit": {"account": "111122223333", "region": "eu-west-3", "section": "sqs", "state": "complete"}}
{"service": "sqs", "operation": "ListQueues", "account": "111122223333", "region": "eu-west-3", "input": {"QueueNamePrefix": "dev"}, "output": {}}
{"service": "iam", "operation": "GetAccountAuthorizationDetails", "account": "111122223333", "input": {}, "output": {}}`}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:sqs:eu-west-3:111122223333:*", org.GapUnlisted))
	require.Contains(t, reasonOf(t, x, "sqs"), "those of this QueueNamePrefix")
}

// The token that --max-items leaves counts whatever the last page says of itself.
func TestMaxItems(t *testing.T) {
	x := read(t, map[string]string{
		"111122223333/get-account-authorization-details.json": `{"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": false, "NextToken": "eyJNYXJrZXIiOiBudWxsfQ=="}`,
	}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:*", org.GapUnlisted))
}

// The kinds of entities that were asked for may stand in the name of the file: lists of others are
// empty, and tell nothing.
func TestFilterInName(t *testing.T) {
	x := read(t, map[string]string{"111122223333/get-account-authorization-details.User.Group.json": noUsers}, awsexport.WithoutOrganization())
	require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:role/*", org.GapUnlisted))
	require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:policy/*", org.GapUnlisted))
	require.False(t, hasGap(x.Organization, "arn:aws:iam::111122223333:user/*", org.GapUnlisted))
	require.NotEmpty(t, reasonOf(t, x, "iam"))
	for _, name := range []string{"get-account-authorization-details.111122223333.json", "get-account-authorization-details.111122223333.us-east-1.Role.json"} {
		x = read(t, map[string]string{name: noUsers}, awsexport.WithoutOrganization())
		require.Empty(t, x.Notes)
		require.False(t, hasGap(x.Organization, "arn:aws:iam::111122223333:role/*", org.GapUnlisted))
		require.Equal(t, strings.Contains(name, "Role"), hasGap(x.Organization, "arn:aws:iam::111122223333:user/*", org.GapUnlisted))
	}
	x = read(t, map[string]string{"111122223333/get-account-authorization-details.2024.json": noUsers}, awsexport.WithoutOrganization())
	require.False(t, hasGap(x.Organization, "arn:aws:iam::111122223333:role/*", org.GapUnlisted))
}

// Assignments in accounts that nothing lists are not known, if nothing tells where the permission
// set is provisioned.
func TestAssignmentsInOtherAccounts(t *testing.T) {
	f := copyShop(t)
	drop(f, "list-accounts-for-provisioned-permission-set.ps-1")
	drop(f, "list-accounts.")
	for _, id := range []string{prod, dev, management} {
		if name := "identity-center/list-account-assignments." + id + ".ps-1111111111111111.json"; f[name] == nil {
			f[name] = put(`{"AccountAssignments": []}`)
		}
	}
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Contains(t, x.Instance.Spec().Gaps, org.Gap{
		Subject: developer, What: identitycenter.GapAssignments, Reason: "list-account-assignments: there may be other accounts: list-accounts: not in the export",
	})
}

// What there is of a section is not known by answers about single things.
func TestNoLists(t *testing.T) {
	x := read(t, map[string]string{
		"111122223333/list-roles.json":                            `{"Roles": [{"RoleId": "AROAEXAMPLE", "Arn": "arn:aws:iam::111122223333:role/logs", "MaxSessionDuration": 3600}]}`,
		"111122223333/get-access-key-last-used.AKIAEXAMPLE.json":  `{"AccessKeyLastUsed": {"Region": "N/A", "ServiceName": "N/A"}}`,
		"111122223333/list-saml-providers.json":                   `{"SAMLProviderList": []}`,
		"111122223333/eu-west-3/get-queue-attributes.orders.json": `{"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-3:111122223333:orders", "CreatedTimestamp": "1"}}`,
		"111122223333/us-east-1/list-queues.json":                 `{}`,
	}, awsexport.WithoutOrganization())
	require.Contains(t, reasonOf(t, x, "iam"), "get-account-authorization-details not in the export")
	require.Contains(t, reasonOf(t, x, "credentials"), "get-credential-report and get-account-summary")
	require.Equal(t, "list-open-id-connect-providers not in the export", reasonOf(t, x, "providers"))
	require.Equal(t, "list-queues not in the export", reasonOf(t, x, "sqs"))
}

// That there is none contradicts that there is one.
func TestNoneAndSome(t *testing.T) {
	const block = `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}`
	none := func(code, operation string) string {
		return "\nAn error occurred (" + code + ") when calling the " + operation + " operation: there is none\n"
	}
	noBlock := none("NoSuchPublicAccessBlockConfiguration", "GetPublicAccessBlock")
	for name, tt := range map[string][3]string{
		"bucket":          {"111122223333/get-public-access-block.logs.json", noBlock, block},
		"account":         {"111122223333/s3control/get-public-access-block.json", noBlock, block},
		"password policy": {"111122223333/get-account-password-policy.json", none("NoSuchEntity", "GetAccountPasswordPolicy"), `{"PasswordPolicy": {"MinimumPasswordLength": 14, "RequireSymbols": true, "RequireNumbers": true, "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true, "AllowUsersToChangePassword": true}}`},
		"policy":          {"111122223333/get-bucket-policy.logs.json", none("NoSuchBucketPolicy", "GetBucketPolicy"), `{"Policy": "{\"Statement\": []}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, two := range [][2]string{{tt[1], tt[2]}, {tt[2], tt[1]}} {
				_, err := awsexport.Read(files(map[string]string{"111122223333/a.json": noUsers, tt[0]: two[0], "old/" + tt[0]: two[1]}))
				require.ErrorContains(t, err, "is not as in "+tt[0])
				require.ErrorContains(t, err, "old/"+tt[0])
				require.ErrorContains(t, err, "want files that agree")
			}
			for _, one := range tt[1:] {
				_, err := awsexport.Read(files(map[string]string{"111122223333/a.json": noUsers, tt[0]: one, "old/" + tt[0]: one}))
				require.NoError(t, err)
			}
			_, err := awsexport.Read(files(map[string]string{"111122223333/a.json": noUsers, tt[0]: tt[1], "old/" + strings.ReplaceAll(tt[0], "111122223333", "444455556666"): tt[2], "444455556666/a.json": noUsers}))
			require.NoError(t, err, "another account's")
		})
	}
}

// What is not in an export is a gap of its partition: there cannot be two.
func TestTwoPartitions(t *testing.T) {
	const user = `{"UserDetailList": [{"Arn": "arn:%s:iam::%s:user/ana", "UserName": "ana"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	_, err := awsexport.Read(files(map[string]string{
		"111122223333/a.json": fmt.Sprintf(user, "aws", "111122223333"),
		"444455556666/a.json": fmt.Sprintf(user, "aws-us-gov", "444455556666"),
	}))
	require.EqualError(t, err, "444455556666/a.json:1:29: arn:aws-us-gov:iam::444455556666:user/ana is of partition aws-us-gov, and others are of aws; want an export for each partition")
	_, err = awsexport.Read(files(map[string]string{
		"111122223333/a.json":           fmt.Sprintf(user, "aws", "111122223333"),
		"444455556666/list-topics.json": `{"Topics": [{"TopicArn": "arn:aws-cn:sns:cn-north-1:444455556666:orders"}]}`,
	}))
	require.ErrorContains(t, err, "is of partition aws-cn")
}

// Of two files that say one thing in two ways neither counts.
func TestTwoReports(t *testing.T) {
	const head = "user,arn,mfa_active\nana,arn:aws:iam::111122223333:user/ana,"
	const set = `{"PermissionSet": {"Name": "Admin", "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1111111111111111"}}`
	for name, tt := range map[string][3]string{
		"reports":   {"111122223333/new.csv", head + "false\n", head + "true\n"},
		"summaries": {"111122223333/get-account-summary.json", `{"SummaryMap": {"AccountMFAEnabled": 0}}`, `{"SummaryMap": {"AccountMFAEnabled": 1}}`},
		"blocks":    {"111122223333/get-public-access-block.logs.json", `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": false}}`, `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}`},
		"sets":      {"describe-permission-set.json", set, strings.Replace(set, "Admin", "Reader", 1)},
		"inline":    {"get-inline-policy-for-permission-set.ps-1111111111111111.json", `{"InlinePolicy": ""}`, `{"InlinePolicy": "{\"Statement\": []}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := awsexport.Read(files(map[string]string{"111122223333/a.json": noUsers, tt[0]: tt[1], "old/" + tt[0]: tt[2]}))
			require.ErrorContains(t, err, "is not as in ")
			require.ErrorContains(t, err, "want files that agree")
			_, err = awsexport.Read(files(map[string]string{"111122223333/a.json": noUsers, tt[0]: tt[1], "old/" + tt[0]: tt[1]}))
			require.NoError(t, err)
		})
	}
}

// A file that does not say of which Region it is, is of none of two resources of one name.
func TestSameNameInTwoRegions(t *testing.T) {
	const deny = `{"Policy": "{\"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"lambda:*\", \"Resource\": \"*\"}}"}`
	list := func(region string) string {
		return `{"Functions": [{"FunctionArn": "arn:aws:lambda:` + region + `:111122223333:function:orders"}]}`
	}
	for name, text := range map[string]string{"policy": deny, "none": "An error occurred (ResourceNotFoundException) when calling the GetPolicy operation: no"} {
		t.Run(name, func(t *testing.T) {
			export := map[string]string{
				"111122223333/a.json": noUsers, "111122223333/get-policy.orders.json": text, "111122223333/list-tags.orders.json": `{}`,
				"111122223333/eu-west-3/list-functions.json": list("eu-west-3"),
			}
			x := read(t, export, awsexport.WithoutOrganization())
			require.False(t, hasGap(x.Organization, "arn:aws:lambda:eu-west-3:111122223333:function:orders", org.GapResourcePolicy))
			require.False(t, hasGap(x.Organization, "arn:aws:lambda:eu-west-3:111122223333:function:orders", org.GapTags))
			export["111122223333/us-east-1/list-functions.json"] = list("us-east-1")
			x = read(t, export, awsexport.WithoutOrganization())
			for _, region := range []string{"eu-west-3", "us-east-1"} {
				require.True(t, hasGap(x.Organization, "arn:aws:lambda:"+region+":111122223333:function:orders", org.GapResourcePolicy), region)
				require.True(t, hasGap(x.Organization, "arn:aws:lambda:"+region+":111122223333:function:orders", org.GapTags), region)
			}
		})
	}
}
