package serviceref

var embedded = Reference{
	date:        "2026-09-26",
	rcp:         rcpTable,
	collections: collectionTable,
	keys:        keyTable,
}

// rcpTable is sorted.
var rcpTable = []string{
	"aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets",
	"clouddirectory", "cloudfront", "cloudsearch", "cloudtrail-data", "codeartifact", "codebuild",
	"codecommit", "codepipeline", "cognito-identity", "cognito-idp", "comprehend",
	"comprehendmedical", "compute-optimizer", "cost-optimization-hub", "dax", "dsql", "dynamodb",
	"ecr", "ecr-public", "events", "firehose", "fis", "fms", "gamelift", "health", "inspector-scan",
	"kendra", "kinesisvideo", "kms", "logs", "memorydb", "networkmonitor", "notifications",
	"opensearch", "pca-connector-ad", "personalize", "polly", "pricing", "resource-groups",
	"rolesanywhere", "s3", "secretsmanager", "servicediscovery", "signin", "sqs", "sts", "support",
	"swf", "textract", "timestream-influxdb", "transcribe", "transfer", "translate", "wafv2",
	"workspaces", "xray",
}

type collection struct{ action, arn string }

// collectionTable is sorted by action in lower case.
var collectionTable = []collection{
	{"dynamodb:ListTables", "arn:${Partition}:dynamodb:${Region}:${Account}:table/*"},
	{"iam:ListGroups", "arn:${Partition}:iam::${Account}:group/"},
	{"iam:ListInstanceProfiles", "arn:${Partition}:iam::${Account}:instance-profile/"},
	{"iam:ListPolicies", "arn:${Partition}:iam::${Account}:policy/"},
	{"iam:ListRoles", "arn:${Partition}:iam::${Account}:role/"},
	{"iam:ListUsers", "arn:${Partition}:iam::${Account}:user/"},
	{"logs:DescribeLogGroups", "arn:${Partition}:logs:${Region}:${Account}:log-group::log-stream:"},
	{"s3:ListAllMyBuckets", "arn:${Partition}:s3:::*"},
	{"sns:ListTopics", "arn:${Partition}:sns:${Region}:${Account}:*"},
	{"sqs:ListQueues", "arn:${Partition}:sqs:${Region}:${Account}:"},
}
