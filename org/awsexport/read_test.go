package awsexport_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
)

func files(list map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range list {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func read(t *testing.T, list map[string]string, opts ...awsexport.Option) *awsexport.Export {
	t.Helper()
	x, err := awsexport.Read(files(list), opts...)
	require.NoError(t, err)
	return x
}

func gaps(o *org.Organization) []org.Gap {
	var out []org.Gap
	for g := range o.Gaps() {
		out = append(out, g)
	}
	return out
}

const details = `{"UserDetailList":[{"Path":"/","UserName":"ana","UserId":"AIDAEXAMPLEANA","Arn":"arn:aws:iam::111122223333:user/ana","CreateDate":"2022-01-05T09:00:00+00:00","GroupList":["dev"],"UserPolicyList":[{"PolicyName":"own","PolicyDocument":"%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Alogs%2Fa+b%22%7D%7D"}],"AttachedManagedPolicies":[],"Tags":[{"Key":"owner","Value":"ana@example.com"}]}],
"GroupDetailList":[{"Path":"/","GroupName":"dev","GroupId":"AGPAEXAMPLEDEV","Arn":"arn:aws:iam::111122223333:group/dev","CreateDate":"2021-01-01T00:00:00+00:00","GroupPolicyList":[],"AttachedManagedPolicies":[{"PolicyName":"PowerUserAccess","PolicyArn":"arn:aws:iam::aws:policy/PowerUserAccess"}]}],
"RoleDetailList":[{"Path":"/","RoleName":"ci","RoleId":"AROAEXAMPLECI","Arn":"arn:aws:iam::111122223333:role/ci","CreateDate":1672531200.0,"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"sts:AssumeRole"}]},"InstanceProfileList":[],"RolePolicyList":[],"AttachedManagedPolicies":[],"RoleLastUsed":{"LastUsedDate":"2024-05-01T00:00:00+00:00","Region":"eu-west-3"}}],
"Policies":[]`

// One account without an organization: everything is where it belongs.
func TestOneAccount(t *testing.T) {
	x := read(t, map[string]string{"gaad.json": details + `,"IsTruncated":false}`}, awsexport.WithoutOrganization())
	require.Empty(t, x.Notes)
	a, ok := x.Organization.Account("111122223333")
	require.True(t, ok)
	require.Len(t, a.Users, 1)
	require.Equal(t, map[string]string{"owner": "ana@example.com"}, a.Users[0].Tags)
	for _, s := range a.Users[0].Inline[0].Document.Statements() {
		require.Equal(t, policy.List("arn:aws:s3:::logs/a+b"), s.Resource, "a plus sign is a plus sign")
	}
	require.Equal(t, "eu-west-3", a.Roles[0].Used.Region)
	require.Equal(t, 2023, a.Roles[0].Created.Year())
}

// A managed policy of AWS is one for all accounts: where they were read on different days, the
// newest version counts; one that nobody has is a gap.
func TestManagedPoliciesOfAWS(t *testing.T) {
	const future = "arn:aws:iam::aws:policy/FromTheFuture"
	account := func(id, version, action string) string {
		return `{"UserDetailList": [{"Arn": "arn:aws:iam::` + id + `:user/ana", "AttachedManagedPolicies": [{"PolicyArn": "` + future + `"}, {"PolicyArn": "arn:aws:iam::aws:policy/Unheard"}]}],
			"GroupDetailList": [], "RoleDetailList": [], "Policies": [{"Arn": "` + future + `", "DefaultVersionId": "` + version + `", "PolicyVersionList": [
			{"VersionId": "` + version + `", "IsDefaultVersion": true, "Document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "` + action + `", "Resource": "*"}}}]}]}`
	}
	x := read(t, map[string]string{"a.json": account("111122223333", "v10", "s3:GetObject"), "b.json": account("444455556666", "v9", "s3:*")}, awsexport.WithoutOrganization())
	for a := range x.Organization.Accounts() {
		for _, s := range a.Policies[0].Document.Statements() {
			require.Equal(t, policy.List("s3:GetObject"), s.Action)
		}
	}
	require.Contains(t, gaps(x.Organization), org.Gap{Subject: "arn:aws:iam::aws:policy/Unheard", What: org.GapDocument, Reason: "others name it, and it is not in the export"})
}

func TestLeftOverMarker(t *testing.T) {
	x := read(t, map[string]string{"gaad.json": details + `,"IsTruncated":true,"Marker":"x"}`}, awsexport.WithoutOrganization())
	require.Contains(t, gaps(x.Organization), org.Gap{Subject: "arn:aws:iam::111122223333:*", What: org.GapUnlisted, Reason: "gaad.json:1:1: there is more, which is not in the export: a token of the next page is left over"})
}
