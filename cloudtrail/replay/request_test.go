package replay_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
)

// parse reads one record.
func parse(t testing.TB, record string) *cloudtrail.Event {
	t.Helper()
	for e, err := range cloudtrail.Read(strings.NewReader(record)) {
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	t.Fatal("no event")
	return nil
}

// event is a record with an identity, and members of its own.
func event(source, name, identity, rest string) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","eventID":"e1","eventTime":"2024-05-01T10:00:00Z","eventType":"AwsApiCall","eventSource":%q,"eventName":%q,"awsRegion":"eu-west-1","recipientAccountId":"111122223333","eventCategory":"Management","userIdentity":%s%s}`, source, name, identity, rest)
}

const (
	ana  = `{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/people/ana","accountId":"111122223333","accessKeyId":"AKIAEXAMPLE","userName":"ana"}`
	app  = `{"type":"AssumedRole","principalId":"AROAEXAMPLE:i-0abc","arn":"arn:aws:sts::111122223333:assumed-role/orders/i-0abc","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app/orders","accountId":"111122223333","userName":"orders"},"attributes":{"creationDate":"2024-05-01T09:00:00Z","mfaAuthenticated":"false"}}}`
	sso  = `{"type":"AssumedRole","principalId":"AROASSO:ana@example.com","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/ana@example.com","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROASSO","arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Developer_0123456789abcdef","accountId":"111122223333","userName":"AWSReservedSSO_Developer_0123456789abcdef"},"attributes":{"creationDate":"2024-05-01T09:00:00Z","mfaAuthenticated":"false"}}}`
	root = `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`
)

// says writes requests, or why there are none.
func says(t testing.TB, record string) string {
	t.Helper()
	list, err := replay.Requests(parse(t, record), nil)
	var no *replay.NoRequestError
	if errors.As(err, &no) {
		return "none: " + no.Error()
	}
	var b strings.Builder
	for _, r := range list {
		fmt.Fprintf(&b, "%s %s", r.Principal, r.Action)
		switch {
		case r.Open:
			b.WriteString(" on ?")
		case r.Resource.IsValid():
			fmt.Fprintf(&b, " on %s", r.Resource)
		default:
			b.WriteString(" on *")
		}
		fmt.Fprintf(&b, " %s\n", r.Certainty)
	}
	return strings.TrimSpace(b.String())
}

func TestRequests(t *testing.T) {
	const (
		anaARN = "arn:aws:iam::111122223333:user/people/ana"
		appARN = "arn:aws:sts::111122223333:assumed-role/orders/i-0abc"
	)
	tests := []struct{ name, record, want string }{
		{"user, resource from the parameters", event("dynamodb.amazonaws.com", "DescribeTable", ana, `,"requestParameters":{"tableName":"orders"}`),
			anaARN + " dynamodb:DescribeTable on arn:aws:dynamodb:eu-west-1:111122223333:table/orders certain"},
		{"role session, object and bucket listed", event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"logs","key":"a b.csv"},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::logs/a b.csv"},{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::logs","accountId":"111122223333"}]`),
			appARN + " s3:GetObject on arn:aws:s3:::logs/a b.csv certain"},
		{"bucket picked for a bucket action", event("s3.amazonaws.com", "ListObjects", app, `,"requestParameters":{"bucketName":"logs"},"resources":[{"ARNPrefix":"arn:aws:s3:::logs/","type":"AWS::S3::Object"},{"ARN":"arn:aws:s3:::logs","type":"AWS::S3::Bucket"}]`),
			appARN + " s3:ListBucket on arn:aws:s3:::logs certain"},
		{"version of an object", event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"bucketName":"logs","key":"a","versionId":"v"}`),
			appARN + " s3:GetObjectVersion on arn:aws:s3:::logs/a certain"},
		{"objects that a record only begins", event("s3.amazonaws.com", "DeleteObjects", app, `,"requestParameters":{"bucketName":"logs","delete":""},"resources":[{"ARNPrefix":"arn:aws:s3:::logs/","type":"AWS::S3::Object"}]`),
			appARN + " s3:DeleteObject on ? certain\n" + appARN + " s3:DeleteObjectVersion on ? conditional\n" + appARN + " s3:BypassGovernanceRetention on ? conditional"},
		{"person of Identity Center", event("ec2.amazonaws.com", "DescribeInstances", sso, ``),
			"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/ana@example.com ec2:DescribeInstances on * certain"},
		{"root user", event("s3.amazonaws.com", "ListBuckets", root, ``), "arn:aws:iam::111122223333:root s3:ListAllMyBuckets on * certain"},
		{"several instances", event("ec2.amazonaws.com", "TerminateInstances", app, `,"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}`),
			appARN + " ec2:TerminateInstances on arn:aws:ec2:eu-west-1:111122223333:instance/i-1 certain\n" + appARN + " ec2:TerminateInstances on arn:aws:ec2:eu-west-1:111122223333:instance/i-2 certain"},
		{"function with a role", event("lambda.amazonaws.com", "CreateFunction20150331", ana, `,"requestParameters":{"functionName":"orders","role":"arn:aws:iam::111122223333:role/app/orders"}`),
			anaARN + " lambda:CreateFunction on arn:aws:lambda:eu-west-1:111122223333:function:orders certain\n" + anaARN + " iam:PassRole on arn:aws:iam::111122223333:role/app/orders conditional"},
		{"role that the reference does not list", event("eks.amazonaws.com", "CreateNodegroup", ana, `,"requestParameters":{"clusterName":"orders","nodeRole":"arn:aws:iam::111122223333:role/app/orders","subnets":["subnet-1"]}`),
			anaARN + " eks:CreateNodegroup on arn:aws:eks:eu-west-1:111122223333:cluster/orders certain\n" + anaARN + " iam:PassRole on arn:aws:iam::111122223333:role/app/orders conditional"},
		{"role that is assumed, not passed", event("sts.amazonaws.com", "AssumeRole", ana, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/app/orders"}`),
			anaARN + " sts:AssumeRole on arn:aws:iam::111122223333:role/app/orders certain"},
		{"function and the ARN of another", event("lambda.amazonaws.com", "AddPermission20150331v2", ana, `,"requestParameters":{"functionName":"orders","sourceArn":"arn:aws:lambda:eu-west-1:111122223333:function:logs"}`),
			anaARN + " lambda:AddPermission on arn:aws:lambda:eu-west-1:111122223333:function:orders certain"},
		{"several types", event("ec2.amazonaws.com", "RunInstances", root, `,"requestParameters":{"instancesSet":{"items":[{"imageId":"ami-1"}]},"subnetId":"subnet-1","groupSet":{"items":[{"groupId":"sg-1"}]}}`),
			strings.Join([]string{
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1::image/ami-1 certain",
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1 certain",
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-1 certain",
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:instance/* certain",
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:network-interface/* certain",
				"arn:aws:iam::111122223333:root ec2:RunInstances on arn:aws:ec2:eu-west-1:111122223333:volume/* conditional",
			}, "\n")},
		{"secret by name", event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"orders"}`),
			appARN + " secretsmanager:GetSecretValue on ? certain"},
		{"secret by ARN", event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-a1b2c3"}`),
			appARN + " secretsmanager:GetSecretValue on arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-a1b2c3 certain"},
		{"hidden parameter", event("dynamodb.amazonaws.com", "DescribeTable", ana, `,"requestParameters":{"tableName":"HIDDEN_DUE_TO_SECURITY_REASONS"}`),
			anaARN + " dynamodb:DescribeTable on ? certain"},
		{"user whose path is not named", event("iam.amazonaws.com", "DeleteUser", root, `,"requestParameters":{"userName":"ana"}`),
			"arn:aws:iam::111122223333:root iam:DeleteUser on ? certain"},
		{"user made with a path", event("iam.amazonaws.com", "CreateUser", root, `,"requestParameters":{"userName":"ana","path":"/people/"}`),
			"arn:aws:iam::111122223333:root iam:CreateUser on arn:aws:iam::111122223333:user/people/ana certain"},
		{"queue by URL", event("sqs.amazonaws.com", "PurgeQueue", app, `,"requestParameters":{"queueUrl":"https://sqs.eu-west-1.amazonaws.com/111122223333/orders"}`),
			appARN + " sqs:PurgeQueue on arn:aws:sqs:eu-west-1:111122223333:orders certain"},
		{"service by itself", event("sts.amazonaws.com", "AssumeRole", `{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/app/orders","roleSessionName":"i-0abc"}`),
			"ec2.amazonaws.com sts:AssumeRole on arn:aws:iam::111122223333:role/app/orders certain"},
		{"token of a provider", event("sts.amazonaws.com", "AssumeRoleWithWebIdentity", `{"type":"WebIdentityUser","principalId":"p","userName":"repo:exemplia/orders","identityProvider":"arn:aws:iam::111122223333:oidc-provider/token.example.com"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy"}`),
			"arn:aws:iam::111122223333:oidc-provider/token.example.com sts:AssumeRoleWithWebIdentity on arn:aws:iam::111122223333:role/deploy certain"},
		{"SAML assertion", event("sts.amazonaws.com", "AssumeRoleWithSAML", `{"type":"SAMLUser","principalId":"q:ana","userName":"ana","identityProvider":"q"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/people","principalArn":"arn:aws:iam::111122223333:saml-provider/idp"}`),
			"arn:aws:iam::111122223333:saml-provider/idp sts:AssumeRoleWithSAML on arn:aws:iam::111122223333:role/people certain"},
		{"anonymous", event("s3.amazonaws.com", "GetObject", `{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}`, `,"requestParameters":{"bucketName":"logs","key":"a"}`),
			"* s3:GetObject on arn:aws:s3:::logs/a certain"},
		{"copy from another account", event("sts.amazonaws.com", "AssumeRole", `{"type":"AWSAccount","principalId":"AIDAEXAMPLE","accountId":"444455556666"}`, ``), "none: caller not named"},
		{"Identity Center user", event("sso.amazonaws.com", "ListUsers", `{"type":"IdentityCenterUser","accountId":"111122223333","onBehalfOf":{"userId":"u"}}`, ``), "none: caller without IAM identity: IdentityCenterUser"},
		{"federated user", event("s3.amazonaws.com", "ListBuckets", `{"type":"FederatedUser","arn":"arn:aws:sts::111122223333:federated-user/ana","sessionContext":{"sessionIssuer":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ana"}}}`, ``), "none: session policies not known"},
		{"unknown kind", event("s3.amazonaws.com", "ListBuckets", `{"type":"Martian"}`, ``), "none: caller unknown: Martian"},
		{"no permission", event("sts.amazonaws.com", "GetCallerIdentity", ana, ``), "none: needs no permission: no permission required"},
		{"sign-in", strings.Replace(event("signin.amazonaws.com", "ConsoleLogin", ana, ``), "AwsApiCall", "AwsConsoleSignIn", 1), "none: not an API call: AwsConsoleSignIn"},
		{"copy of an object", event("s3.amazonaws.com", "CopyObject", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-copy-source":"/logs/b%20c"},"resources":[{"ARN":"arn:aws:s3:::orders/a"}]`),
			appARN + " s3:GetObject on arn:aws:s3:::logs/b c certain\n" + appARN + " s3:PutObject on arn:aws:s3:::orders/a certain\n" +
				appARN + " s3:GetObjectTagging on arn:aws:s3:::logs/b c conditional\n" + appARN + " s3:PutObjectAcl on arn:aws:s3:::orders/a conditional\n" +
				appARN + " s3:PutObjectLegalHold on arn:aws:s3:::orders/a conditional\n" + appARN + " s3:PutObjectRetention on arn:aws:s3:::orders/a conditional\n" +
				appARN + " s3:PutObjectTagging on arn:aws:s3:::orders/a conditional"},
		{"copy of a version as a part", event("s3.amazonaws.com", "UploadPartCopy", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-copy-source":"logs/b?versionId=v"},"resources":[{"ARN":"arn:aws:s3:::orders/a"}]`),
			appARN + " s3:PutObject on arn:aws:s3:::orders/a certain\n" + appARN + " s3:GetObjectVersion on arn:aws:s3:::logs/b certain"},
		{"copy from an access point", event("s3.amazonaws.com", "UploadPartCopy", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-copy-source":"arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/b"}`),
			appARN + " s3:GetObject on ? certain\n" + appARN + " s3:PutObject on arn:aws:s3:::orders/a certain"},
		{"object with an ACL", event("s3.amazonaws.com", "PutObject", app, `,"requestParameters":{"bucketName":"orders","key":"a","x-amz-acl":"public-read"}`),
			appARN + " s3:PutObject on arn:aws:s3:::orders/a certain\n" + appARN + " s3:PutObjectAcl on arn:aws:s3:::orders/a conditional"},
		{"bucket", event("s3.amazonaws.com", "CreateBucket", app, `,"requestParameters":{"bucketName":"orders"}`), appARN + " s3:CreateBucket on arn:aws:s3:::orders certain"},
		{"from one key to another", event("kms.amazonaws.com", "ReEncrypt", app, `,"requestParameters":{"sourceKeyId":"arn:aws:kms:eu-west-1:111122223333:key/2","destinationKeyId":"arn:aws:kms:eu-west-1:111122223333:alias/a"},"resources":[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/1"},{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/2"}]`),
			appARN + " kms:ReEncryptFrom on arn:aws:kms:eu-west-1:111122223333:key/2 certain\n" + appARN + " kms:ReEncryptTo on arn:aws:kms:eu-west-1:111122223333:key/1 certain"},
		{"keys that nothing tells apart", event("kms.amazonaws.com", "ReEncrypt", app, `,"resources":[{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/1"},{"ARN":"arn:aws:kms:eu-west-1:111122223333:key/2"}]`),
			appARN + " kms:ReEncryptFrom on ? certain\n" + appARN + " kms:ReEncryptTo on ? certain"},
		{"queue of another account and Region", event("sqs.amazonaws.com", "PurgeQueue", app, `,"requestParameters":{"queueUrl":"https://sqs.eu-west-3.amazonaws.com/444455556666/orders"}`),
			appARN + " sqs:PurgeQueue on arn:aws:sqs:eu-west-3:444455556666:orders certain"},
		{"queue of an unreadable URL", event("sqs.amazonaws.com", "PurgeQueue", app, `,"requestParameters":{"queueUrl":"https://sqs.eu-west-3.amazonaws.com/orders"}`), appARN + " sqs:PurgeQueue on ? certain"},
		{"registry of another account", event("ecr.amazonaws.com", "BatchGetImage", app, `,"requestParameters":{"registryId":"444455556666","repositoryName":"orders"}`),
			appARN + " ecr:BatchGetImage on arn:aws:ecr:eu-west-1:444455556666:repository/orders certain"},
		{"hidden registry", event("ecr.amazonaws.com", "BatchGetImage", app, `,"requestParameters":{"registryId":"HIDDEN_DUE_TO_SECURITY_REASONS","repositoryName":"orders"}`), appARN + " ecr:BatchGetImage on ? certain"},
		{"catalog of another account", event("glue.amazonaws.com", "GetDatabase", app, `,"requestParameters":{"catalogId":"444455556666","databaseName":"orders"}`),
			appARN + " glue:GetDatabase on arn:aws:glue:eu-west-1:444455556666:database/orders certain\n" + appARN + " glue:GetDatabase on arn:aws:glue:eu-west-1:444455556666:catalog certain"},
		{"alias of a function", event("lambda.amazonaws.com", "Invoke", app, `,"requestParameters":{"functionName":"orders","qualifier":"prod"},"resources":[{"ARN":"arn:aws:lambda:eu-west-1:111122223333:function:orders"}]`),
			appARN + " lambda:InvokeFunction on arn:aws:lambda:eu-west-1:111122223333:function:orders:prod certain"},
		{"index of a table", event("dynamodb.amazonaws.com", "Query", app, `,"requestParameters":{"tableName":"orders","indexName":"by-day"}`),
			appARN + " dynamodb:Query on arn:aws:dynamodb:eu-west-1:111122223333:table/orders conditional\n" + appARN + " dynamodb:Query on arn:aws:dynamodb:eu-west-1:111122223333:table/orders/index/by-day certain"},
		{"command to an instance", event("ssm.amazonaws.com", "SendCommand", app, `,"requestParameters":{"documentName":"deploy","instanceIds":["i-1"]}`),
			appARN + " ssm:SendCommand on arn:aws:ssm:eu-west-1:111122223333:document/deploy certain\n" + appARN + " ssm:SendCommand on arn:aws:ec2:eu-west-1:111122223333:instance/i-1 certain"},
		{"command to tagged instances", event("ssm.amazonaws.com", "SendCommand", app, `,"requestParameters":{"documentName":"deploy","targets":[{"key":"tag:team","values":["orders"]}]}`),
			appARN + " ssm:SendCommand on arn:aws:ssm:eu-west-1:111122223333:document/deploy certain\n" + appARN + " ssm:SendCommand on ? certain"},
		{"secret by the beginning of its ARN", event("secretsmanager.amazonaws.com", "GetSecretValue", app, `,"requestParameters":{"secretId":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders"}`),
			appARN + " secretsmanager:GetSecretValue on ? certain"},
		{"path of an API that is not known", event("apigateway.amazonaws.com", "CreateRestApi", app, `,"requestParameters":{"name":"x"}`), appARN + " apigateway:POST on ? certain"},
		{"unknown event", event("martian.amazonaws.com", "Land", ana, ``), anaARN + " martian:Land on ? unknown"},
		{"hidden caller", event("s3.amazonaws.com", "ListBuckets", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/HIDDEN_DUE_TO_SECURITY_REASONS"}`, ``), "none: caller hidden"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, says(t, tt.record)); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}
