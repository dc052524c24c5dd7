package awsexport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func hasGap(o *org.Organization, subject, what string) bool {
	for g := range o.Gaps() {
		if g.Subject == subject && g.What == what {
			return true
		}
	}
	return false
}

const anaMayAll = `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []`

// That one account is in no organization tells nothing of another.
func TestNotInOrganization(t *testing.T) {
	const none = "An error occurred (AWSOrganizationsNotInUseException) when calling the DescribeOrganization operation: no"
	list := map[string]string{
		"111122223333/describe-organization.json":             none,
		"111122223333/get-account-authorization-details.json": anaMayAll + "}",
	}
	const user = "arn:aws:iam::111122223333:user/ana"
	x := read(t, list)
	require.Equal(t, simulate.Allowed, can(t, x, user, "iam:GetUser", user).Decision.Outcome)
	list["444455556666/get-account-authorization-details.json"] = noUsers
	x = read(t, list)
	require.True(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
	list["444455556666/describe-organization.json"] = none
	x = read(t, list)
	require.False(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
	require.Equal(t, simulate.Allowed, can(t, x, user, "iam:GetUser", user).Decision.Outcome)

	const record = `{"service": "organizations", "operation": "DescribeOrganization", "account": "111122223333", "error": {"code": "AWSOrganizationsNotInUseException"}}
{"unit": {"account": "111122223333", "section": "organization", "state": "absent", "reason": "none"}}`
	x = read(t, map[string]string{"a.jsonl": record, "111122223333/a.json": anaMayAll + "}", "444455556666/a.json": noUsers})
	require.True(t, hasGap(x.Organization, "444455556666", org.GapControlPolicies))
}

// Files that contradict each other are an error that names both; of records the later counts.
func TestContradictions(t *testing.T) {
	const scp = `{"Policy": {"PolicySummary": {"Id": "p-regions1", "Type": "SERVICE_CONTROL_POLICY"}, "Content": "{}"}}`
	for name, text := range map[string]string{
		"z/list-parents.444455556666.json":           `{"Parents": [{"Id": "ou-ab12-22222222", "Type": "ORGANIZATIONAL_UNIT"}]}`,
		"z/describe-policy.p-regions1.json":          scp,
		"z/list-roots.json":                          `{"Roots": [{"Id": "r-ab12", "PolicyTypes": []}]}`,
		"z/444455556666/details.json":                `{"UserDetailList": [{"Arn": "` + boUser + `"}], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`,
		"z/111122223333/get-bucket-policy.logs.json": `{"Policy": "{}"}`,
	} {
		f := copyShop(t)
		f[name] = put(text)
		_, err := awsexport.Read(f)
		require.ErrorContains(t, err, "want files that agree", name)
		require.ErrorContains(t, err, "is not as in ", name)
		require.ErrorContains(t, err, name, name)
	}
	policy := `{"service": "s3", "operation": "GetBucketPolicy", "account": "111122223333", "input": {"Bucket": "logs"}, "output": {"Policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"444455556666\"}, \"Action\": \"s3:*\", \"Resource\": \"arn:aws:s3:::logs\"}}"}}` + "\n"
	none := `{"service": "s3", "operation": "GetBucketPolicy", "account": "111122223333", "input": {"Bucket": "logs"}, "error": {"code": "NoSuchBucketPolicy"}}` + "\n"
	for text, there := range map[string]bool{policy + none: false, none + policy: true} {
		x := read(t, map[string]string{"a.jsonl": text}, awsexport.WithoutOrganization())
		a, _ := x.Organization.Account("111122223333")
		require.Len(t, a.Resources, 1)
		require.Equal(t, there, a.Resources[0].Policy != nil)
	}
}

// What must be there and is not, is an error: it may deny.
func TestMissingMembers(t *testing.T) {
	for want, list := range map[string]map[string]string{
		"has no TargetId":               {"list-targets-for-policy.p-x.json": `{"Targets": [{"Type": "ACCOUNT"}]}`},
		"has no PermissionsBoundaryArn": {"111122223333/a.json": `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "PermissionsBoundary": {"PermissionsBoundaryType": "Policy"}}]}`},
		"has no PolicyArn":              {"111122223333/a.json": `{"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/ana", "AttachedManagedPolicies": [{"PolicyName": "Deny"}]}]}`},
	} {
		_, err := awsexport.Read(files(list))
		require.ErrorContains(t, err, want)
	}
}

func TestBothCases(t *testing.T) {
	_, err := awsexport.Read(files(map[string]string{"list-targets-for-policy.p-x.json": `{"targets": [{"TargetId": "r-ab12"}], "Targets": []}`}))
	require.EqualError(t, err, "list-targets-for-policy.p-x.json:1:1: has both Targets and targets; want one")
}

func TestTokenThatIsNone(t *testing.T) {
	f := copyShop(t)
	f["organizations/list-targets-for-policy.p-regions1.json"] = put(`{"Targets": [], "NextToken": 12345}`)
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.True(t, hasGap(x.Organization, dev, org.GapControlPolicies))
}

// An error that was printed as JSON is no answer.
func TestErrorsAsJSON(t *testing.T) {
	for _, text := range []string{
		`{"__type": "com.amazonaws.swb#ThrottlingException", "message": "Rate exceeded"}`,
		`{"Code": "AccessDeniedException", "Message": "no"}`,
		`{"Vpcs": []}`,
	} {
		f := copyShop(t)
		f["identity-center/eu-west-3/get-permissions-boundary-for-permission-set.ps-1111111111111111.json"] = put(text)
		f["identity-center/eu-west-3/get-inline-policy-for-permission-set.ps-1111111111111111.json"] = put(text)
		x, err := awsexport.Read(f)
		require.NoError(t, err)
		whats := map[string]bool{}
		for _, g := range x.Instance.Spec().Gaps {
			whats[g.What] = g.Subject == developer
		}
		require.Equal(t, map[string]bool{org.GapBoundary: true, org.GapIdentityPolicies: true}, whats, text)
	}
	f := copyShop(t)
	f["identity-center/eu-west-3/get-permissions-boundary-for-permission-set.ps-1111111111111111.json"] = put(`{"__type": "ResourceNotFoundException", "Message": "none"}`)
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Empty(t, x.Instance.Spec().Gaps)
}

// Block Public Access of the account is what s3control tells.
func TestBlockOfNoBucket(t *testing.T) {
	list := map[string]string{
		"111122223333/a.json":                             noUsers,
		"111122223333/s3api/get-public-access-block.json": `{"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": true}}`,
		"111122223333/s3api/get-bucket-policy.logs.json":  `{"Policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::logs/*\"}}"}`,
	}
	x := read(t, list, awsexport.WithoutOrganization())
	a, _ := x.Organization.Account("111122223333")
	require.False(t, a.BlockPublicAccess)
	require.True(t, hasGap(x.Organization, "arn:aws:s3:::logs", org.GapResourcePolicy))
	require.Len(t, x.Notes, 1)
	list["111122223333/s3control/get-public-access-block.json"] = list["111122223333/s3api/get-public-access-block.json"]
	a, _ = read(t, list, awsexport.WithoutOrganization()).Organization.Account("111122223333")
	require.True(t, a.BlockPublicAccess)
}

// Findings are known where those of each analyzer were read.
func TestFindingsKnown(t *testing.T) {
	known := func(drop, analyzers string) bool {
		list := map[string]string{
			"111122223333/a.json":                                  noUsers,
			"111122223333/eu-west-3/list-analyzers.json":           `{"analyzers": [` + analyzers + `]}`,
			"111122223333/eu-west-3/list-findings-v2.unused.json":  `{"findings": []}`,
			"111122223333/eu-west-3/list-findings-v2.outside.json": `{"findings": []}`,
		}
		delete(list, "111122223333/eu-west-3/"+drop)
		a, _ := read(t, list, awsexport.WithoutOrganization()).Organization.Account("111122223333")
		return a.Findings != nil
	}
	const (
		arn     = `{"arn": "arn:aws:access-analyzer:eu-west-3:111122223333:analyzer/`
		unused  = arn + `unused", "type": "ACCOUNT_UNUSED_ACCESS"}`
		outside = arn + `outside", "type": "ACCOUNT"}`
	)
	require.True(t, known("", unused+","+outside))
	require.False(t, known("", unused))
	require.False(t, known("list-analyzers.json", ""))
	require.False(t, known("list-findings-v2.unused.json", unused+","+outside))
}

// A file that cannot be read may be the page that matters.
func TestLostPage(t *testing.T) {
	list := map[string]string{"111122223333/page-2.json": anaMayAll + "}"}
	x := read(t, list, awsexport.WithoutOrganization())
	require.False(t, hasGap(x.Organization, "arn:aws:iam::111122223333:*", org.GapUnlisted))
	for name, text := range map[string]string{"111122223333/page-1.json": "", "page-1.json": "", "111122223333/page-1.json.gz": "\x1f\x8b\x08\x00garbage"} {
		x := read(t, map[string]string{"111122223333/page-2.json": anaMayAll + "}", name: text}, awsexport.WithoutOrganization())
		require.True(t, hasGap(x.Organization, "arn:aws:iam::111122223333:*", org.GapUnlisted), name)
		require.True(t, hasGap(x.Organization, "arn:aws:s3:::*", org.GapUnlisted), name)
		require.Contains(t, reasonOf(t, x, "iam"), name)
	}
	x = read(t, map[string]string{"111122223333/a.json": noUsers, "111122223333/list-saml-providers.json": `{"SAMLProviderList": []}`, "list-open-id-connect-providers.json": "{"}, awsexport.WithoutOrganization())
	require.Contains(t, reasonOf(t, x, "providers"), "list-open-id-connect-providers.json:1: cut off", "of an account that it does not name")
	list = map[string]string{
		"111122223333/a.json":                                  noUsers,
		"111122223333/list-saml-providers.json":                `{"SAMLProviderList": []}`,
		"111122223333/list-open-id-connect-providers.json":     `{"OpenIDConnectProviderList": []}`,
		"111122223333/eu-west-3/list-analyzers.json":           `{"analyzers": [{"arn": "arn:aws:access-analyzer:eu-west-3:111122223333:analyzer/outside", "type": "ACCOUNT"}]}`,
		"111122223333/eu-west-3/list-findings-v2.outside.json": `{"findings": []}`,
	}
	a, _ := read(t, list, awsexport.WithoutOrganization()).Organization.Account("111122223333")
	require.NotNil(t, a.Providers)
	require.NotNil(t, a.Findings)
	list["111122223333/page-1.json"] = ""
	x = read(t, list, awsexport.WithoutOrganization())
	a, _ = x.Organization.Account("111122223333")
	require.Nil(t, a.Providers)
	require.Nil(t, a.Findings)
	for _, section := range []string{"providers", "credentials", "trails"} {
		require.Contains(t, reasonOf(t, x, section), "111122223333/page-1.json", section)
	}
	f := copyShop(t)
	f["organizations/page-1.json"] = put("")
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.True(t, hasGap(x.Organization, dev, org.GapControlPolicies))
	require.Nil(t, x.Organization.Spec().DelegatedAdministrators)
	require.Contains(t, reasonOf(t, x, "identity-center"), "organizations/page-1.json")
	require.Contains(t, reasonOf(t, x, "identity-store"), "organizations/page-1.json")
	require.Contains(t, x.Instance.Spec().Gaps, org.Gap{Subject: instanceARN, What: identitycenter.GapUsers, Reason: "list-users of the identity store: organizations/page-1.json:1: empty, as when the command that was to write it failed"})
}

// What one file leaves over is not in another because that has no token.
func TestTokenOfOneFile(t *testing.T) {
	x := read(t, map[string]string{
		"111122223333/roles.json": `{"UserDetailList": [], "RoleDetailList": [], "NextToken": "AAMA"}`,
		"111122223333/users.json": anaMayAll + "}",
	}, awsexport.WithoutOrganization())
	require.Contains(t, reasonOf(t, x, "iam"), "111122223333/roles.json:1:1: there is more")
}

func TestUnreadParts(t *testing.T) {
	x := read(t, map[string]string{"111122223333/a.json": noUsers}, awsexport.WithoutOrganization())
	for _, subject := range []string{"arn:aws:lambda:*:*:layer:*", "arn:aws:s3:*:*:access-grants/*", "arn:aws:wafv2:*:*:*/rulegroup/*"} {
		require.True(t, hasGap(x.Organization, subject, org.GapUnlisted), subject)
	}
}

// Users of another identity store are not of this one, whatever their name.
func TestOtherStore(t *testing.T) {
	f := copyShop(t)
	f["z/identitystore/list-users.json"] = put(`{"Users": [{"UserName": "ana@example.com", "UserId": "u-9", "IdentityStoreId": "d-9999999999"}]}`)
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Len(t, x.Instance.Spec().Users, 3)
	require.Empty(t, x.Instance.Spec().Gaps)

	f["z/identitystore/list-groups.json"] = put(`{"Groups": []}`) // of either
	x, err = awsexport.Read(f)
	require.NoError(t, err)
	require.Len(t, x.Instance.Spec().Gaps, 1)
	require.Contains(t, x.Instance.Spec().Gaps[0].Reason, "z/identitystore/list-groups.json:1:1: does not say of which instance")
}

// Whether RCPs reach a key is known if describe-key says who manages it.
func TestKeyManager(t *testing.T) {
	const key = "arn:aws:kms:eu-west-3:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	gap := func(described string) (gap string, managed bool) {
		f := copyShop(t)
		drop(f, "describe-key")
		if described != "" {
			f["111122223333/eu-west-3/describe-key.1234abcd-12ab-34cd-56ef-1234567890ab.json"] = put(described)
		}
		x, err := awsexport.Read(f)
		require.NoError(t, err)
		for g := range x.Organization.Gaps() {
			if g.Subject == key && g.What == org.GapKeyManager {
				gap = g.Reason
			}
		}
		r, ok := x.Organization.Resource(policy.MustParseARN(key))
		require.True(t, ok)
		return gap, r.AWSManaged
	}
	for described, want := range map[string]struct {
		gap     string
		managed bool
	}{
		"": {"describe-key: not in the export", false},
		`{"KeyMetadata": {"Arn": "` + key + `", "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab"}}`:                           {"describe-key: there is no KeyManager", false},
		`{"KeyMetadata": {"Arn": "` + key + `", "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "KeyManager": "AWS"}}`:      {"", true},
		`{"KeyMetadata": {"Arn": "` + key + `", "KeyId": "1234abcd-12ab-34cd-56ef-1234567890ab", "KeyManager": "CUSTOMER"}}`: {"", false},
		"An error occurred (AccessDeniedException) when calling the DescribeKey operation: no":                               {"describe-key: AccessDeniedException: kms:DescribeKey", false},
	} {
		why, managed := gap(described)
		require.Equal(t, want.gap, why, described)
		require.Equal(t, want.managed, managed, described)
	}
}

// A secret that no list has may have tags.
func TestTagsOfSecrets(t *testing.T) {
	const secret = "arn:aws:secretsmanager:eu-west-3:111122223333:secret:orders-AbCdEf"
	list := map[string]string{
		"111122223333/a.json": noUsers,
		"111122223333/eu-west-3/get-resource-policy.orders.json": `{"ARN": "` + secret + `", "Name": "orders"}`,
	}
	require.True(t, hasGap(read(t, list, awsexport.WithoutOrganization()).Organization, secret, org.GapTags))
	list["111122223333/eu-west-3/list-secrets.json"] = `{"SecretList": [{"ARN": "` + secret + `", "Tags": [{"Key": "team", "Value": "orders"}]}]}`
	x := read(t, list, awsexport.WithoutOrganization())
	require.False(t, hasGap(x.Organization, secret, org.GapTags))
	r, _ := x.Organization.Resource(policy.MustParseARN(secret))
	require.Equal(t, map[string]string{"team": "orders"}, r.Tags)
}
