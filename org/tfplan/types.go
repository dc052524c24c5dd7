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
		"aws_iam_access_key":                              {rankLink, false, (*editor).putAccessKey, (*editor).removeAccessKey},
		"aws_iam_user_login_profile":                      {rankLink, false, (*editor).putPassword, (*editor).removePassword},
		"aws_iam_signing_certificate":                     {rankLink, false, (*editor).putCertificate, (*editor).removeCertificate},
		"aws_iam_virtual_mfa_device":                      {rankLink, false, (*editor).putDevice, (*editor).removeDevice},
		"aws_iam_account_password_policy":                 {rankLink, false, (*editor).putPasswordPolicy, (*editor).removePasswordPolicy},
		"aws_iam_openid_connect_provider":                 {rankEntity, false, (*editor).putProvider, (*editor).removeProvider},
		"aws_iam_saml_provider":                           {rankEntity, false, (*editor).putProvider, (*editor).removeProvider},
		"aws_organizations_organization":                  {rankOrganization, false, (*editor).putOrganization, (*editor).removeOrganization},
		"aws_organizations_organizational_unit":           {rankTree, false, (*editor).putOU, (*editor).removeOU},
		"aws_organizations_account":                       {rankTree, false, (*editor).putAccount, (*editor).removeAccount},
		"aws_organizations_policy":                        {rankEntity, false, (*editor).putControl, (*editor).removeControl},
		"aws_organizations_policy_attachment":             {rankLink, true, (*editor).attach, (*editor).detach},
		"aws_cloudtrail":                                  {rankLink, false, (*editor).putTrail, (*editor).removeTrail},
		"aws_s3_bucket_object_lock_configuration":         {rankLink, false, (*editor).putObjectLock, (*editor).removeObjectLock},
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
