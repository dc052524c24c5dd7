package awsexport_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

// What a load was denied of one bucket leaves all others known: buckets were listed.
func TestPartialUnitOfListedResources(t *testing.T) {
	x, err := awsexport.Read(fstest.MapFS{"units/all.jsonl": put(`
{"unit":{"account":"111122223333","region":"","section":"organization","state":"absent","reason":"the account is in no organization"}}
{"unit":{"account":"111122223333","region":"","section":"iam","state":"complete","reason":""}}
{"service":"iam","operation":"GetAccountAuthorizationDetails","account":"111122223333","input":{},"output":{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/ana","Path":"/","UserId":"AIDAEXAMPLEANA","UserName":"ana","UserPolicyList":[{"PolicyName":"all","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}]}]}}
{"unit":{"account":"111122223333","region":"","section":"s3","state":"partial","reason":"AccessDenied: s3:GetBucketPolicy"}}
{"service":"s3control","operation":"GetPublicAccessBlock","account":"111122223333","input":{"AccountId":"111122223333"},"error":{"code":"NoSuchPublicAccessBlockConfiguration"}}
{"service":"s3","operation":"ListBuckets","account":"111122223333","input":{},"output":{"Buckets":[{"Name":"logs"},{"Name":"orders"}]}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"logs"},"error":{"code":"AccessDenied"}}
{"service":"s3","operation":"GetPublicAccessBlock","account":"111122223333","input":{"Bucket":"logs"},"error":{"code":"NoSuchPublicAccessBlockConfiguration"}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"orders"},"error":{"code":"NoSuchBucketPolicy"}}
{"service":"s3","operation":"GetPublicAccessBlock","account":"111122223333","input":{"Bucket":"orders"},"error":{"code":"NoSuchPublicAccessBlockConfiguration"}}
`)})
	require.NoError(t, err)
	for _, g := range x.Organization.Spec().Gaps {
		require.NotEqual(t, "arn:aws:s3:::*"+org.GapUnlisted, g.Subject+g.What)
	}
	const ana = "arn:aws:iam::111122223333:user/ana"
	for resource, want := range map[string]string{
		"arn:aws:s3:::orders/a": "allowed (identityPolicy)", "arn:aws:s3:::orders": "allowed (identityPolicy)",
		"arn:aws:s3:::logs/a": "indeterminate (resourcePolicy)", "arn:aws:s3:::logs": "indeterminate (resourcePolicy)",
	} {
		action := "s3:GetObject"
		if resource[len(resource)-2:] != "/a" {
			action = "s3:ListBucket"
		}
		d := can(t, x, ana, action, resource)
		require.Equal(t, want, d.Decision.String(), "%s: %+v", resource, d)
	}
}
