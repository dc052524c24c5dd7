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

// Tags decide where they are known, and those of one resource that are not are its own gap.
func TestTagsOfResources(t *testing.T) {
	const head = `
{"unit":{"account":"111122223333","region":"","section":"organization","state":"absent","reason":"the account is in no organization"}}
{"service":"iam","operation":"GetAccountAuthorizationDetails","account":"111122223333","input":{},"output":{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/ana","Path":"/","UserId":"AIDAEXAMPLEANA","UserName":"ana","UserPolicyList":[{"PolicyName":"own","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:ResourceTag/owner\":\"ana\"}}}]}"}]}]}}
{"unit":{"account":"111122223333","region":"","section":"s3","state":"complete","reason":""}}
{"service":"s3control","operation":"GetPublicAccessBlock","account":"111122223333","input":{"AccountId":"111122223333"},"error":{"code":"NoSuchPublicAccessBlockConfiguration"}}
{"service":"s3","operation":"ListBuckets","account":"111122223333","input":{},"output":{"Buckets":[{"Name":"logs"},{"Name":"orders"}]}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"logs"},"error":{"code":"NoSuchBucketPolicy"}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"orders"},"error":{"code":"NoSuchBucketPolicy"}}
{"service":"kms","operation":"ListKeys","account":"111122223333","region":"eu-west-3","input":{},"output":{"Keys":[{"KeyId":"1a","KeyArn":"arn:aws:kms:eu-west-3:111122223333:key/1a"},{"KeyId":"2b","KeyArn":"arn:aws:kms:eu-west-3:111122223333:key/2b"},{"KeyId":"3c","KeyArn":"arn:aws:kms:eu-west-3:111122223333:key/3c"}]}}
{"service":"kms","operation":"DescribeKey","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/1a"},"output":{"KeyMetadata":{"KeyId":"1a","Arn":"arn:aws:kms:eu-west-3:111122223333:key/1a","KeyManager":"CUSTOMER"}}}
{"service":"kms","operation":"DescribeKey","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/2b"},"output":{"KeyMetadata":{"KeyId":"2b","Arn":"arn:aws:kms:eu-west-3:111122223333:key/2b","KeyManager":"CUSTOMER"}}}
{"service":"kms","operation":"DescribeKey","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/3c"},"output":{"KeyMetadata":{"KeyId":"3c","Arn":"arn:aws:kms:eu-west-3:111122223333:key/3c","KeyManager":"CUSTOMER"}}}
`
	policies := ""
	for _, key := range []string{"1a", "2b", "3c"} {
		policies += `{"service":"kms","operation":"GetKeyPolicy","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/` + key + `","PolicyName":"default"},"output":{"Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}}
`
	}
	const key = "arn:aws:kms:eu-west-3:111122223333:key/"
	const tags = `
{"service":"kms","operation":"ListResourceTags","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/1a"},"output":{"Tags":[{"TagKey":"owner","TagValue":"ana"}]}}
{"service":"kms","operation":"ListResourceTags","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/2b"},"output":{}}
{"service":"kms","operation":"ListResourceTags","account":"111122223333","region":"eu-west-3","input":{"KeyId":"arn:aws:kms:eu-west-3:111122223333:key/3c"},"error":{"code":"AccessDeniedException"}}
{"service":"s3","operation":"GetBucketTagging","account":"111122223333","input":{"Bucket":"logs"},"output":{"TagSet":[{"Key":"owner","Value":"ana"}]}}
{"service":"s3","operation":"GetBucketAbac","account":"111122223333","input":{"Bucket":"logs"},"output":{"AbacStatus":{"Status":"Enabled"}}}
{"service":"s3","operation":"GetBucketTagging","account":"111122223333","input":{"Bucket":"orders"},"error":{"code":"NoSuchTagSet"}}
{"service":"s3","operation":"GetBucketAbac","account":"111122223333","input":{"Bucket":"orders"},"output":{"AbacStatus":{"Status":"Disabled"}}}
`
	const ana = "arn:aws:iam::111122223333:user/ana"
	ask := func(text string) map[string]string {
		x, err := awsexport.Read(fstest.MapFS{"all.jsonl": put(head + policies + text)})
		require.NoError(t, err)
		require.Empty(t, x.Notes)
		out := make(map[string]string)
		for resource, action := range map[string]string{
			key + "1a": "kms:Decrypt", key + "2b": "kms:Decrypt", key + "3c": "kms:Decrypt", "arn:aws:s3:::logs": "s3:ListBucket", "arn:aws:s3:::orders": "s3:ListBucket",
		} {
			out[resource] = can(t, x, ana, action, resource).Decision.String()
		}
		return out
	}
	require.Equal(t, map[string]string{
		key + "1a": "allowed (identityPolicy)", key + "2b": "implicitDeny (identityPolicy)", key + "3c": "indeterminate (identityPolicy)",
		"arn:aws:s3:::logs": "allowed (identityPolicy)", "arn:aws:s3:::orders": "implicitDeny (identityPolicy)",
	}, ask(tags))
	require.Equal(t, map[string]string{
		key + "1a": "indeterminate (identityPolicy)", key + "2b": "indeterminate (identityPolicy)", key + "3c": "indeterminate (identityPolicy)",
		"arn:aws:s3:::logs": "indeterminate (identityPolicy)", "arn:aws:s3:::orders": "indeterminate (identityPolicy)",
	}, ask(""), "without any tags in the export none are known")
}

// The AWS CLI has the commands, too; list-tags-for-resource is one of several services.
func TestTagFiles(t *testing.T) {
	f := copyShop(t)
	f["444455556666/eu-west-3/list-queue-tags.orders.json"] = put(`{"Tags": {"owner": "ana"}}`)
	f["444455556666/eu-west-3/sns/list-topics.json"] = put(`{"Topics": [{"TopicArn": "arn:aws:sns:eu-west-3:444455556666:orders"}]}`)
	f["444455556666/eu-west-3/sns/list-tags-for-resource.orders.json"] = put(`{"Tags": [{"Key": "owner", "Value": "bo"}]}`)
	f["111122223333/s3/get-bucket-tagging.logs.json"] = put(`{"TagSet": [{"Key": "owner", "Value": "ana"}]}`)
	f["111122223333/s3/get-bucket-abac.logs.json"] = put(`{"AbacStatus": {"Status": "Enabled"}}`)
	x, err := awsexport.Read(f)
	require.NoError(t, err)
	require.Empty(t, x.Notes)
	got := make(map[string]string)
	for _, a := range x.Organization.Spec().Accounts {
		for _, r := range a.Resources {
			if len(r.Tags) > 0 {
				got[r.ARN.String()] = r.Tags["owner"]
				require.Equal(t, r.ARN.Service() == "s3", r.ABAC)
			}
		}
	}
	require.Equal(t, map[string]string{
		"arn:aws:sqs:eu-west-3:444455556666:orders": "ana", "arn:aws:sns:eu-west-3:444455556666:orders": "bo", "arn:aws:s3:::logs": "ana",
	}, got)
}

// An alias of a function has a policy of its own, which get-policy of the function does not tell.
func TestAliasesOfFunctions(t *testing.T) {
	x, err := awsexport.Read(fstest.MapFS{"all.jsonl": put(`
{"unit":{"account":"111122223333","region":"","section":"organization","state":"absent","reason":"the account is in no organization"}}
{"service":"iam","operation":"GetAccountAuthorizationDetails","account":"111122223333","input":{},"output":{"UserDetailList":[{"Arn":"arn:aws:iam::111122223333:user/ana","Path":"/","UserId":"AIDAEXAMPLEANA","UserName":"ana"}]}}
{"unit":{"account":"111122223333","region":"eu-west-3","section":"lambda","state":"complete","reason":""}}
{"service":"lambda","operation":"ListFunctions","account":"111122223333","region":"eu-west-3","input":{},"output":{"Functions":[{"FunctionName":"orders","FunctionArn":"arn:aws:lambda:eu-west-3:111122223333:function:orders"}]}}
{"service":"lambda","operation":"GetPolicy","account":"111122223333","region":"eu-west-3","input":{"FunctionName":"arn:aws:lambda:eu-west-3:111122223333:function:orders"},"error":{"code":"ResourceNotFoundException"}}
`)})
	require.NoError(t, err)
	const ana, orders = "arn:aws:iam::111122223333:user/ana", "arn:aws:lambda:eu-west-3:111122223333:function:orders"
	require.Equal(t, "implicitDeny (identityPolicy)", can(t, x, ana, "lambda:InvokeFunction", orders).Decision.String())
	d := can(t, x, ana, "lambda:InvokeFunction", orders+":prod")
	require.Equal(t, "indeterminate (resourcePolicy)", d.Decision.String())
	require.Contains(t, x.Organization.Spec().Gaps, org.Gap{
		Subject: "arn:aws:lambda:*:*:function:*:*", What: org.GapUnlisted, Reason: "exports have no resource policies of this service",
	}, "which lists of resources say")
}
