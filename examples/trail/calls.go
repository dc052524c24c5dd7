package main

// A call is an API call that somebody makes again and again. In its texts, ${account},
// ${region} and ${random} are replaced.
type call struct {
	source     string // without .amazonaws.com
	name       string
	region     string // empty: the home of the workloads
	readOnly   bool
	parameters map[string]any
	resource   string // ARN
	kind       string // of the resource, as AWS Config calls it
	fails      string // the layer that denies it, in the words of the error message
	via        string // the service that makes it on the caller's behalf
	weight     int    // how often, against the others; 0: 1
}

func read(source, name string, parameters map[string]any) call {
	return call{source: source, name: name, readOnly: true, parameters: parameters}
}

func (c call) in(region string) call { c.region = region; return c }

func (c call) on(kind, arn string) call { c.kind, c.resource = kind, arn; return c }

func (c call) denied(layer string) call { c.fails = layer; return c }

func (c call) times(n int) call { c.weight = n; return c }

func (c call) through(service string) call { c.via = service; return c }

func write(source, name string, parameters map[string]any) call {
	c := read(source, name, parameters)
	c.readOnly = false
	return c
}

type fields = map[string]any

// What people do with a permission set. Console and command line are much the same here.
var people = map[string][]call{
	"Administrator": {
		read("iam", "ListRoles", nil).in(usEast).times(3), read("organizations", "DescribeOrganization", nil).in(usEast), read("ec2", "DescribeInstances", fields{"instancesSet": fields{}}).times(4),
		read("ec2", "DescribeVpcs", fields{}).times(2), read("cloudformation", "DescribeStacks", nil).times(2), read("sts", "GetCallerIdentity", nil).times(2),
		read("ec2", "DescribeInstances", fields{}).in(usEast), write("iam", "TagRole", fields{"roleName": "payments-api", "tags": []any{fields{"key": "team", "value": "payments"}}}).in(usEast),
	},
	"Operator": {
		read("ec2", "DescribeInstances", fields{}).times(4), read("cloudwatch", "DescribeAlarms", nil).times(4), read("monitoring", "GetMetricData", nil).times(3), read("ecs", "DescribeServices", fields{"cluster": "payments"}).times(3),
		read("logs", "StartQuery", fields{"logGroupNames": []any{"/ecs/payments-api"}}).times(2), read("rds", "DescribeDBInstances", nil),
		write("sqs", "PurgeQueue", fields{"queueUrl": "https://sqs.eu-west-3.amazonaws.com/${account}/payment-events-dlq"}),
		read("secretsmanager", "GetSecretValue", fields{"secretId": "payments/psp-api-key"}).denied("with an explicit deny in an identity-based policy"),
	},
	"SecurityAuditor": {
		read("iam", "GetAccountAuthorizationDetails", nil).in(usEast).times(2), read("iam", "GenerateCredentialReport", nil).in(usEast), read("cloudtrail", "LookupEvents", nil).times(3), read("cloudtrail", "DescribeTrails", nil).times(2),
		read("config", "DescribeComplianceByConfigRule", nil), read("guardduty", "ListDetectors", nil).times(2), read("guardduty", "ListDetectors", nil).in("us-west-2"), read("guardduty", "ListDetectors", nil).in(usEast),
		read("s3", "ListBuckets", nil).in(usEast), read("kms", "ListKeys", nil), read("access-analyzer", "ListAnalyzers", nil), read("ec2", "DescribeSecurityGroups", fields{}),
	},
	"DataAnalyst": {
		write("athena", "StartQueryExecution", fields{"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "analysts"}).times(4), read("athena", "GetQueryExecution", fields{"queryExecutionId": "${random}"}).times(4),
		read("glue", "GetTables", fields{"databaseName": "curated"}).times(3), read("glue", "GetDatabases", nil),
		read("glue", "GetTables", fields{"databaseName": "curated"}).through("athena.amazonaws.com").times(2),
		write("glue", "DeleteTable", fields{"databaseName": "curated", "name": "events"}).denied("because no identity-based policy allows the glue:DeleteTable action"),
	},
	"LogAuditor": {
		read("cloudtrail", "DescribeTrails", nil).times(2), read("s3", "GetBucketPolicy", fields{"bucketName": "exemplia-org-trail", "policy": ""}).on("AWS::S3::Bucket", "arn:aws:s3:::exemplia-org-trail"),
		read("s3", "GetBucketVersioning", fields{"bucketName": "exemplia-org-trail", "versioning": ""}).on("AWS::S3::Bucket", "arn:aws:s3:::exemplia-org-trail"),
	},
	"DeveloperAccess": {
		read("lambda", "ListFunctions20150331", nil).times(3), read("cloudformation", "DescribeStacks", nil).times(3), read("logs", "FilterLogEvents", fields{"logGroupName": "/ecs/payments-api"}).times(4),
		write("lambda", "UpdateFunctionCode20150331v2", fields{"functionName": "report"}).times(2), read("sqs", "ListQueues", nil).times(2), read("dynamodb", "ListTables", nil).times(2), read("ecr", "DescribeRepositories", nil),
		read("ec2", "DescribeInstances", fields{}).times(2), write("ec2", "RunInstances", fields{"instanceType": "t3.micro", "instancesSet": fields{"items": []any{fields{"imageId": "ami-0123456789abcdef0", "minCount": 1, "maxCount": 1}}}}),
		read("bedrock", "ListFoundationModels", nil).in("eu-central-1").denied("with an explicit deny in a service control policy"),
		write("iam", "CreateUser", fields{"userName": "temp"}).in(usEast).denied("because no identity-based policy allows the iam:CreateUser action"),
	},
	"BillingReadOnly": {
		read("ce", "GetCostAndUsage", nil).in(usEast).times(3), read("budgets", "DescribeBudgets", nil).in(usEast), read("pricing", "GetProducts", nil).in(usEast),
	},
}

// What applications do all day; by the name of their role.
var applications = map[string][]call{
	"payments-api": {
		read("secretsmanager", "GetSecretValue", fields{"secretId": "payments/psp-api-key"}).times(2),
		read("kms", "Decrypt", fields{"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}).on("AWS::KMS::Key", "arn:aws:kms:eu-west-3:${account}:key/${key}").times(4),
		read("sqs", "GetQueueAttributes", fields{"queueUrl": "https://sqs.eu-west-3.amazonaws.com/${account}/payment-events", "attributeNames": []any{"ApproximateNumberOfMessages"}}),
	},
	"settlement-worker": {
		read("kms", "Decrypt", fields{"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}).on("AWS::KMS::Key", "arn:aws:kms:eu-west-3:${account}:key/${key}").times(2),
		read("sqs", "GetQueueAttributes", fields{"queueUrl": "https://sqs.eu-west-3.amazonaws.com/${account}/payment-events", "attributeNames": []any{"All"}}),
	},
	"etl-jobs":       {write("logs", "CreateLogStream", fields{"logGroupName": "/aws-glue/jobs", "logStreamName": "${random}"})},
	"kyc-verifier":   {read("kms", "Decrypt", fields{"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}).on("AWS::KMS::Key", "arn:aws:kms:eu-west-3:888899990000:key/8888aaaa-8888-4888-8888-888888888888").times(2)},
	"dns-automation": {read("route53", "ListResourceRecordSets", fields{"hostedZoneId": "Z0123456789ABCDEFGHIJ"}).in(usEast), write("route53", "ChangeResourceRecordSets", fields{"hostedZoneId": "Z0123456789ABCDEFGHIJ"}).in(usEast)},
}

// What the roles of deployments do.
var (
	plans   = []call{read("sts", "GetCallerIdentity", nil)}
	deploys = []call{
		read("ecs", "DescribeServices", fields{"cluster": "apps"}).times(2), write("ecs", "RegisterTaskDefinition", fields{"family": "app", "taskRoleArn": "arn:aws:iam::${account}:role/app/payments-api"}),
		write("ecs", "UpdateService", fields{"cluster": "apps", "service": "app"}), read("iam", "GetRole", fields{"roleName": "payments-api"}).in(usEast),
		write("lambda", "UpdateFunctionCode20150331v2", fields{"functionName": "report"}),
	}
	audits = []call{
		read("iam", "GetAccountAuthorizationDetails", nil).in(usEast), read("config", "DescribeConfigRules", nil), read("ec2", "DescribeSecurityGroups", fields{}), read("kms", "ListKeys", nil), read("s3", "ListBuckets", nil).in(usEast),
	}
	elsewhere = []call{ // in Regions that most accounts must not use
		read("config", "DescribeConfigRules", nil).in(usEast), read("ec2", "DescribeSecurityGroups", fields{}).in("us-west-2"),
	}
	// What Ana could list in DynamoDB has been taken away since: the snapshot's policies deny it.
	users = map[string][]call{
		"ana":               {read("dynamodb", "ListTables", nil), read("sqs", "ListQueues", nil), read("sqs", "GetQueueAttributes", fields{"queueUrl": "https://sqs.eu-west-3.amazonaws.com/444455556666/payment-events", "attributeNames": []any{"All"}}).times(2), read("iam", "GetUser", nil).in(usEast)},
		"bruno":             {read("sts", "GetCallerIdentity", nil).times(2), read("sqs", "ListQueues", nil).denied("because no identity-based policy allows the sqs:ListQueues action")},
		"camille":           {read("ec2", "DescribeInstances", fields{}).times(2), read("sagemaker", "ListNotebookInstances", nil).in("us-west-2").denied("with an explicit deny in a service control policy"), read("lambda", "ListFunctions20150331", nil)},
		"driss":             {read("ec2", "DescribeInstances", fields{}).times(2), write("ec2", "RunInstances", fields{"instanceType": "m5.4xlarge", "instancesSet": fields{"items": []any{fields{"imageId": "ami-0123456789abcdef0", "minCount": 1, "maxCount": 1}}}}).denied("with an explicit deny in a service control policy")},
		"partner-bank-sftp": {read("sts", "GetCallerIdentity", nil)},
	}
	services = []call{
		read("ecs", "DescribeTasks", fields{"cluster": "apps"}), write("ec2", "CreateNetworkInterface", fields{"subnetId": "subnet-0123456789abcdef0"}), read("kms", "GenerateDataKey", fields{"keySpec": "AES_256"}),
	}
)
