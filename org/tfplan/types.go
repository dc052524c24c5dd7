package tfplan

// Ranks of handlers.
const (
	rankOrganization = iota
	rankTree
	rankEntity
	rankLink
	rankExclusive
)

// handlers are the resource types that have an effect on the models.
func handlers() map[string]handler {
	return map[string]handler{
		"aws_iam_policy":                                  {rankEntity, false, (*editor).putPolicy, (*editor).removePolicy},
		"aws_iam_role":                                    {rankEntity, false, (*editor).putRole, (*editor).removeRole},
		"aws_iam_user":                                    {rankEntity, false, (*editor).putUser, (*editor).removeUser},
		"aws_iam_group":                                   {rankEntity, false, (*editor).putGroup, (*editor).removeGroup},
		"aws_iam_role_policy":                             {rankLink, true, inlineOf("role").put, inlineOf("role").remove},
		"aws_iam_user_policy":                             {rankLink, true, inlineOf("user").put, inlineOf("user").remove},
		"aws_iam_group_policy":                            {rankLink, true, inlineOf("group").put, inlineOf("group").remove},
		"aws_iam_role_policy_attachment":                  {rankLink, true, attachedTo("role").put, attachedTo("role").remove},
		"aws_iam_user_policy_attachment":                  {rankLink, true, attachedTo("user").put, attachedTo("user").remove},
		"aws_iam_group_policy_attachment":                 {rankLink, true, attachedTo("group").put, attachedTo("group").remove},
		"aws_iam_policy_attachment":                       {rankExclusive, true, (*editor).putAttachments, (*editor).removeAttachments},
		"aws_iam_user_group_membership":                   {rankLink, true, (*editor).putUserGroups, (*editor).removeUserGroups},
		"aws_iam_group_membership":                        {rankExclusive, true, (*editor).putMembers, (*editor).removeMembers},
		"aws_iam_openid_connect_provider":                 {rankEntity, false, (*editor).putProvider, (*editor).removeProvider},
		"aws_iam_saml_provider":                           {rankEntity, false, (*editor).putProvider, (*editor).removeProvider},
		"aws_organizations_organization":                  {rankOrganization, false, (*editor).putOrganization, (*editor).removeOrganization},
		"aws_organizations_organizational_unit":           {rankTree, false, (*editor).putOU, (*editor).removeOU},
		"aws_organizations_account":                       {rankTree, false, (*editor).putAccount, (*editor).removeAccount},
		"aws_organizations_policy":                        {rankEntity, false, (*editor).putControl, (*editor).removeControl},
		"aws_organizations_policy_attachment":             {rankLink, true, (*editor).attach, (*editor).detach},
		"aws_cloudtrail":                                  {rankLink, false, (*editor).putTrail, (*editor).removeTrail},
		"aws_s3_bucket":                                   {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_sqs_queue":                                   {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_sns_topic":                                   {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_kms_key":                                     {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_secretsmanager_secret":                       {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_ecr_repository":                              {rankEntity, false, (*editor).putResource, (*editor).removeResource},
		"aws_s3_bucket_policy":                            {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_sqs_queue_policy":                            {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_sns_topic_policy":                            {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_kms_key_policy":                              {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_secretsmanager_secret_policy":                {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_ecr_repository_policy":                       {rankLink, true, (*editor).putResourcePolicy, (*editor).removeResourcePolicy},
		"aws_s3_bucket_public_access_block":               {rankLink, true, (*editor).putPublicAccess, (*editor).removePublicAccess},
		"aws_s3_account_public_access_block":              {rankLink, true, (*editor).putAccountPublicAccess, (*editor).removeAccountPublicAccess},
		"aws_ssoadmin_permission_set":                     {rankEntity, false, (*editor).putSet, (*editor).removeSet},
		"aws_ssoadmin_managed_policy_attachment":          {rankLink, true, (*editor).putSetManaged, (*editor).removeSetManaged},
		"aws_ssoadmin_permission_set_inline_policy":       {rankLink, true, (*editor).putSetInline, (*editor).removeSetInline},
		"aws_ssoadmin_account_assignment":                 {rankLink, true, (*editor).putAssignment, (*editor).removeAssignment},
		"aws_identitystore_user":                          {rankEntity, false, (*editor).putPerson, (*editor).removePerson},
		"aws_identitystore_group":                         {rankEntity, false, (*editor).putPeople, (*editor).removePeople},
		"aws_identitystore_group_membership":              {rankLink, true, (*editor).putMembership, (*editor).removeMembership},
		"aws_ssoadmin_instance_access_control_attributes": {rankLink, true, (*editor).putAttributes, (*editor).removeAttributes},
		"aws_ssoadmin_permissions_boundary_attachment":    {rankLink, true, (*editor).putSetBoundary, (*editor).removeSetBoundary},
		"aws_ssoadmin_customer_managed_policy_attachment": {rankLink, true, (*editor).putSetCustomer, (*editor).removeSetCustomer},
	}
}

// harmless are types that sound like access and change none of it, with what they are.
var harmless = map[string]string{
	"aws_iam_access_key":                                 "makes a long-term access key, which changes who can sign in, not what is allowed",
	"aws_iam_user_login_profile":                         "makes a console password, which changes who can sign in, not what is allowed",
	"aws_iam_account_password_policy":                    "is about passwords, not about what is allowed",
	"aws_iam_instance_profile":                           "hands a role to EC2 instances; what it allows are the role's policies",
	"aws_iam_service_linked_role":                        "makes a role that only its service can use",
	"aws_iam_virtual_mfa_device":                         "is about how people sign in, not about what is allowed",
	"aws_iam_user_ssh_key":                               "is about how people sign in, not about what is allowed",
	"aws_iam_service_specific_credential":                "is about how people sign in, not about what is allowed",
	"aws_iam_signing_certificate":                        "is about how people sign in, not about what is allowed",
	"aws_iam_account_alias":                              "is a name of the account",
	"aws_iam_server_certificate":                         "is a certificate, not a principal",
	"aws_s3_bucket_object_lock_configuration":            "keeps objects from deletion, whatever policies allow",
	"aws_s3_bucket_versioning":                           "keeps versions, and decides no request",
	"aws_s3_bucket_lifecycle_configuration":              "deletes objects by itself, and decides no request",
	"aws_s3_bucket_logging":                              "logs requests, and decides none",
	"aws_s3_bucket_server_side_encryption_configuration": "encrypts; what the key allows is the key's policy",
	"aws_kms_alias":                                      "is a name of a key",
}

// granting are types that give access in ways that are not modelled, or make anything, and
// may have no attribute that looks like a policy.
var granting = []string{
	"aws_lambda_permission", "aws_lambda_function_url", "aws_kms_grant",
	"aws_s3_bucket_acl", "aws_s3_object_acl", "aws_s3_bucket_ownership_controls", "aws_s3_access_point",
	"aws_eks_access_entry", "aws_eks_access_policy_association", "aws_eks_pod_identity_association",
	"aws_ecr_registry_policy", "aws_vpc_endpoint", "aws_vpc_endpoint_policy", "aws_signer_signing_profile_permission",
	"aws_cloudcontrolapi_resource", "aws_serverlessapplicationrepository_cloudformation_stack", "aws_servicecatalog_provisioned_product",
}

// grantingPrefixes are how such types begin.
var grantingPrefixes = []string{
	"aws_iam_", "aws_organizations_", "aws_ssoadmin_", "aws_identitystore_", "aws_ram_", "aws_s3control_", "aws_lakeformation_", "aws_rolesanywhere_",
	"aws_cloudformation_stack", "aws_controltower_", "awscc_iam_", "awscc_organizations_", "awscc_sso_", "awscc_identitystore_", "awscc_cloudformation_",
}
