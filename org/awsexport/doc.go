// Package awsexport reads what the AWS CLI, or a loader, wrote down of AWS: answers of
// Organizations, IAM, IAM Identity Center, CloudTrail, IAM Access Analyzer, and of services
// whose resources have policies become an [org.Organization], an [identitycenter.Instance] and
// [cloudtrail.Trail] values.
//
// Most users need [Read].
//
// It does not reach AWS and decides nothing. What is not in the export, cut off or refused is
// an [org.Gap]: it is never taken for absent.
//
// # Files
//
// Files end in .json, .jsonl, .ndjson or .csv, and in .gz behind that if they are packed. A file
// holds one JSON value, several, one a line, or an array of pages, as versions 1 and 2 of the AWS
// CLI print them. What is read:
//
//	organizations   describe-organization, list-roots, list-accounts, list-accounts-for-parent, describe-account,
//	                list-organizational-units-for-parent, list-parents, list-children, list-policies, describe-policy,
//	                list-targets-for-policy, list-policies-for-target, list-delegated-administrators,
//	                list-delegated-services-for-account, list-aws-service-access-for-organization, list-tags-for-resource
//	iam             get-account-authorization-details, list-roles, get-role (how long sessions last), get-credential-report,
//	                get-account-summary, get-account-password-policy, list-mfa-devices, list-virtual-mfa-devices,
//	                list-access-keys, get-access-key-last-used, get-login-profile, list-users, list-groups, list-saml-providers,
//	                get-saml-provider, list-open-id-connect-providers, get-open-id-connect-provider,
//	                get-service-last-accessed-details
//	sso-admin       list-instances, list-permission-sets, describe-permission-set, get-inline-policy-for-permission-set,
//	                list-managed-policies-in-permission-set, list-customer-managed-policy-references-in-permission-set,
//	                get-permissions-boundary-for-permission-set, list-tags-for-resource, list-account-assignments,
//	                list-account-assignments-for-principal, list-accounts-for-provisioned-permission-set,
//	                describe-instance-access-control-attribute-configuration
//	identitystore   list-users, list-groups, list-group-memberships, list-group-memberships-for-member
//	s3api           list-buckets, get-bucket-policy, get-public-access-block, get-bucket-tagging, get-bucket-abac,
//	                get-object-lock-configuration;
//	                s3control get-public-access-block
//	sqs             list-queues, get-queue-attributes (all of them), list-queue-tags
//	sns             list-topics, get-topic-attributes, list-tags-for-resource
//	kms             list-keys, get-key-policy, describe-key, list-resource-tags
//	lambda          list-functions, get-policy, list-tags
//	secretsmanager  list-secrets, get-resource-policy
//	ecr             describe-repositories, get-repository-policy, list-tags-for-resource
//	ec2             describe-vpc-endpoints
//	cloudtrail      describe-trails, get-trail-status, get-event-selectors
//	accessanalyzer  list-analyzers, list-findings, list-findings-v2
//
// # Names of files
//
// Many outputs say themselves what they are, and may have any name. Others do not say of what
// they are: a file is then named like the command, followed by what was asked for, between
// dots. An ARN is named by its last part.
//
//	list-targets-for-policy.p-examplepolicy.json
//	list-policies-for-target.ou-ab12-11111111.SERVICE_CONTROL_POLICY.json
//	list-accounts-for-parent.r-ab12.json
//	list-account-assignments.111122223333.ps-0123456789abcdef.json
//	get-bucket-policy.logs.json
//	get-service-last-accessed-details.user-ana.json
//
// Directories, or parts of the name before the command, that are an account ID, a Region or the
// name of a service in the AWS CLI say whose answer it is:
//
//	111122223333/eu-west-3/list-queues.json
//	111122223333/lambda/get-policy.orders.json
//	111122223333/credential-report.csv
//
// If there are several instances of IAM Identity Center, one counts: that of the organization. What
// does not say of which it is, by an ARN, the ID of the identity store, or a directory that is
// named like one of them (ssoins-…, d-…), is a gap.
//
// A file may also have what the AWS CLI says of an error, “An error occurred (NoSuchBucketPolicy)
// when calling the GetBucketPolicy operation: …”, as where standard error went to the file too:
// codes that say that there is nothing count as that, others are gaps.
//
// Outputs must be whole: what --filter, --query or --max-items left out of them does not show,
// except for the token that --max-items leaves, the Prefix of list-buckets, and the kinds of entities
// in names such as get-account-authorization-details.User.json. They must be of one partition.
//
// # Records
//
// A loader writes records, one a line. The account is the one whose state it is, the input and
// the output have the members of the API. A paged operation is one record for each page, whose
// input has the token. The input of GetServiceLastAccessedDetails also has the Arn that the
// report is of.
//
//	{"service": "organizations", "operation": "ListTargetsForPolicy", "account": "999900001111", "region": "us-east-1", "input": {"PolicyId": "p-x"}, "output": {…}}
//	{"service": "s3", "operation": "GetBucketPolicy", "account": "111122223333", "region": "eu-west-3", "input": {"Bucket": "logs"}, "error": {"code": "AccessDenied", "message": "…"}}
//	{"unit": {"account": "111122223333", "region": "", "section": "iam", "state": "complete", "reason": ""}}
//
// A unit says how well a part of the state was read, and becomes [org.Spec] Coverage; one that is
// said to be complete is partial all the same if its records say less. Units of a service with
// Regions say which Regions there are: each one that was left out has a unit that is skipped.
//
// # What is not known
//
// Nothing is known that was not shown to be read completely: the last page must be there, with
// the pages between. An account without organization in the export may be in one, whose
// control policies deny; see [WithoutOrganization]. Resources that no list has may be there, and
// have policies, unless the list of their Region is complete. Services whose resources have
// policies that are not read are gaps of every export, and so are the tags of resources of
// services of which it has none; see [Unread].
// Where an export has no VPC endpoints, and none has, decisions are those of requests that pass
// through none. Whether AWS manages a KMS key is known by describe-key only: without it, whether
// RCPs reach the key is not known.
package awsexport
