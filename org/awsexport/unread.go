package awsexport

import "github.com/licit-dev/licit/org"

// withPolicies are the services, by the third part of their ARNs, whose resources have policies
// of their own that are not read: those with an action that puts a resource policy, such as
// dynamodb:PutResourcePolicy (Service Authorization Reference), and those that take one with
// the resource. Of Amazon EC2 only what is shared by AWS RAM has one, so it is not here.
var withPolicies = []string{
	"acm-pca", "agent-registry", "aiops", "apigateway", "appsync", "aps", "arc-region-switch",
	"aws-marketplace", "backup", "bedrock", "bedrock-agentcore", "billing", "cleanrooms-ml", "cloudfront",
	"cloudhsm", "cloudtrail", "codeartifact", "codebuild", "codeguru-profiler", "comprehend", "dsql",
	"dynamodb", "ecr-public", "elasticfilesystem", "elemental-inference", "entityresolution", "es", "events",
	"execute-api", "fsx", "glacier", "glue", "imagebuilder", "kafka", "kinesis", "lex", "logs",
	"lookoutequipment", "mediapackagev2", "mediastore", "mediatailor", "mpa", "network-firewall",
	"networkmanager", "oam", "odb", "omics", "organizations", "osis", "payment-cryptography", "qbusiness",
	"ram", "redshift", "redshift-serverless", "refactor-spaces", "rekognition", "resource-explorer-2",
	"route53-recovery-control-config", "rum", "s3-object-lambda", "s3-outposts", "s3express", "s3files",
	"s3tables", "s3vectors", "sagemaker", "schemas", "serverlessrepo", "servicecatalog", "servicediscovery",
	"ses", "signer", "sms-voice", "ssm", "ssm-contacts", "ssm-incidents", "vpc-lattice", "xray",
}

// partsWithPolicies are the kinds of resources with policies of their own that are not read, of
// services whose other resources are read or have none: versions and aliases of Lambda functions,
// versions of Lambda layers, S3 Access Grants instances, and rule groups of AWS WAF.
var partsWithPolicies = []string{
	"lambda:*:*:function:*:*", "lambda:*:*:layer:*", "s3:*:*:access-grants/*", "wafv2:*:*:*/rulegroup/*",
}

// untagged are the services whose resources are listed, and whose tags calls of their own tell.
var untagged = []string{"s3", "sqs", "sns", "kms", "lambda", "ecr"}

// Unread are the gaps that every export has, of services whose resources have policies that
// nothing here reads, and those of tags, for services of which the export has none. They are
// those of a partition, such as "aws", by subject.
//
// Access points of Amazon S3 are not among them, although their policies are not read: these
// only narrow what the policy of the bucket lets their account delegate, which is there as a
// condition on s3:DataAccessPointAccount or s3:DataAccessPointArn.
func Unread(partition string) []org.Gap { return unread(partition) }

func unread(partition string) []org.Gap {
	var out []org.Gap
	for _, name := range withPolicies {
		out = append(out, org.Gap{Subject: "arn:" + partition + ":" + name + ":*", What: org.GapUnlisted, Reason: notRead})
	}
	for _, name := range partsWithPolicies {
		out = append(out, org.Gap{Subject: "arn:" + partition + ":" + name, What: org.GapUnlisted, Reason: notRead})
	}
	for _, name := range untagged {
		out = append(out, org.Gap{Subject: "arn:" + partition + ":" + name + ":*", What: org.GapTags, Reason: tagsNotRead})
	}
	return out
}

const (
	notRead     = "exports have no resource policies of this service"
	tagsNotRead = "the export has no tags of resources of this service"
)
