package tfplan

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// harmless are types that sound like access and change none of it, with what they are.
var harmless = map[string]string{
	"aws_iam_account_alias":                              "is a name of the account",
	"aws_iam_instance_profile":                           "hands a role to EC2 instances; what it allows are the role's policies",
	"aws_iam_server_certificate":                         "is a certificate, not a principal",
	"aws_iam_service_linked_role":                        "makes a role that only its service can use",
	"aws_iam_service_specific_credential":                signIn,
	"aws_iam_user_ssh_key":                               signIn,
	"aws_s3_bucket_lifecycle_configuration":              "deletes objects by itself, and decides no request",
	"aws_s3_bucket_server_side_encryption_configuration": "encrypts; what the key allows is the key's policy",
	"aws_s3_bucket_versioning":                           "keeps versions, and decides no request",
	"aws_ses_receipt_filter":                             "is about who may send mail from where, not about AWS",

	"aws_app_cookie_stickiness_policy":                  loadBalancing,
	"aws_lb_cookie_stickiness_policy":                   loadBalancing,
	"aws_lb_ssl_negotiation_policy":                     loadBalancing,
	"aws_lightsail_lb_https_redirection_policy":         loadBalancing,
	"aws_lightsail_lb_stickiness_policy":                loadBalancing,
	"aws_load_balancer_backend_server_policy":           loadBalancing,
	"aws_load_balancer_listener_policy":                 loadBalancing,
	"aws_load_balancer_policy":                          loadBalancing,
	"aws_proxy_protocol_policy":                         loadBalancing,
	"aws_appautoscaling_policy":                         scaling,
	"aws_autoscaling_policy":                            scaling,
	"aws_batch_scheduling_policy":                       scaling,
	"aws_emr_managed_scaling_policy":                    scaling,
	"aws_cloudfront_cache_policy":                       serving,
	"aws_cloudfront_continuous_deployment_policy":       serving,
	"aws_cloudfront_origin_request_policy":              serving,
	"aws_cloudfront_response_headers_policy":            serving,
	"aws_cloudwatch_log_index_policy":                   keeping,
	"aws_ecr_lifecycle_policy":                          keeping,
	"aws_efs_backup_policy":                             keeping,
	"aws_imagebuilder_lifecycle_policy":                 keeping,
	"aws_opensearchserverless_lifecycle_policy":         keeping,
	"aws_resiliencehub_resiliency_policy":               keeping,
	"aws_sqs_queue_redrive_policy":                      keeping,
	"aws_sqs_queue_redrive_allow_policy":                keeping,
	"aws_config_organization_custom_policy_rule":        checking,
	"aws_fms_policy":                                    checking,
	"aws_securityhub_configuration_policy":              checking,
	"aws_securityhub_configuration_policy_association":  checking,
	"aws_ec2_client_vpn_authorization_rule":             network,
	"aws_ec2_transit_gateway_policy_table":              network,
	"aws_ec2_transit_gateway_policy_table_association":  network,
	"aws_emr_block_public_access_configuration":         network,
	"aws_networkfirewall_firewall_policy":               network,
	"aws_networkmanager_core_network":                   network,
	"aws_networkmanager_core_network_policy_attachment": network,
	"aws_route53_traffic_policy":                        network,
	"aws_route53_traffic_policy_instance":               network,
	"aws_route53_vpc_association_authorization":         network,
	"aws_vpc_block_public_access_exclusion":             network,
	"aws_vpc_block_public_access_options":               network,
	"aws_cloudwatch_event_connection":                   "is about how EventBridge signs in elsewhere",
	"aws_storagegateway_nfs_file_share":                 "shares files in a network; what it allows in S3 are its role's policies",
	"aws_storagegateway_smb_file_share":                 "shares files in a network; what it allows in S3 are its role's policies",
}

// What policies are about that decide no request of AWS's API.
const (
	loadBalancing = "is about load balancing, not about what is allowed"
	scaling       = "is about scaling, not about what is allowed"
	serving       = "is about how CloudFront serves, not about what is allowed"
	keeping       = "is about how data is kept, not about what is allowed"
	checking      = "is about what is checked, not about what is allowed"
	network       = "is about the network, not about what is allowed"
)

// granting are types that give access in ways that are not modelled, or make anything, and
// of which neither name nor attributes need to look like it.
var granting = []string{
	"aws_lambda_function_url", "aws_s3_bucket_acl", "aws_s3_object_acl", "aws_s3_bucket_ownership_controls", "aws_s3_access_point",
	"aws_eks_access_entry", "aws_eks_pod_identity_association", "aws_emr_studio_session_mapping", "aws_grafana_role_association",
	"aws_transfer_access", "aws_transfer_ssh_key", "aws_transfer_user", "aws_chatbot_slack_channel_configuration", "aws_chatbot_teams_channel_configuration", "aws_vpc_endpoint", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key",
	"aws_lightsail_bucket_resource_access", "aws_shield_drt_access_role_arn_association", "aws_servicecatalog_organizations_access",
	"aws_cloudcontrolapi_resource", "aws_serverlessapplicationrepository_cloudformation_stack", "aws_servicecatalog_provisioned_product",
	"aws_cognito_user_group", "aws_cognito_user_in_group", "aws_finspace_kx_user", "aws_iot_role_alias", "aws_lightsail_bucket", "aws_lightsail_bucket_access_key",
	"aws_opensearch_authorize_vpc_endpoint_access", "aws_s3_bucket_abac", "aws_securitylake_subscriber",
	"aws_budgets_budget_action", "aws_directory_service_shared_directory", "aws_directory_service_shared_directory_accepter",
}

// grantingPrefixes are how such types begin.
var grantingPrefixes = []string{
	"aws_iam_", "aws_organizations_", "aws_ssoadmin_", "aws_identitystore_", "aws_ram_", "aws_s3control_", "aws_lakeformation_", "aws_rolesanywhere_",
	"aws_cloudformation_stack", "aws_controltower_", "aws_cognito_identity_pool", "aws_verifiedpermissions_",
	"awscc_iam_", "awscc_organizations_", "awscc_sso_", "awscc_identitystore_", "awscc_cloudformation_",
}

// grantingWords stand in the names of types that give access: aws_lambda_permission,
// aws_ami_launch_permission, aws_efs_file_system_policy.
var grantingWords = []string{
	"policy", "policies", "permission", "permissions", "grant", "grants", "share", "principal", "authorization", "authorizer",
	"public_access", "admin_account",
}

// isGranting reports whether a type gives access, by its name. Providers have new types with
// every version, so that the names that are known are no list to rely on.
func isGranting(typ string) bool {
	if slices.Contains(granting, typ) || slices.ContainsFunc(grantingPrefixes, func(p string) bool { return strings.HasPrefix(typ, p) }) {
		return true
	}
	return isAWS(typ) && slices.ContainsFunc(grantingWords, func(w string) bool { return strings.Contains(typ+"_", "_"+w+"_") })
}

// isAWS reports whether a type is of a provider for AWS: aws, awscc, and what others call so.
func isAWS(typ string) bool { return strings.HasPrefix(typ, "aws") }

// unhandled says why a resource is left out.
func (e *editor) unhandled(in *instance) {
	if in.typ == "aws_kms_alias" { // AWS KMS Developer Guide, “Use aliases to control access to KMS keys”
		e.skip(in, true, "is a name of a key, which policies may ask for by kms:ResourceAliases, and is not modelled")
		return
	}
	if reason, ok := harmless[in.typ]; ok {
		e.skip(in, false, reason)
		return
	}
	if isGranting(in.typ) || in.before.grants() || in.after.grants() {
		e.skip(in, true, "may change access, and is not modelled")
		return
	}
	if arn := e.listed(in); arn != "" {
		e.skip(in, true, "the snapshot lists "+arn+", and what the plan does with it is not modelled")
		return
	}
	e.skip(in, false, "has no policy, and is of no type that is known to give access")
}

// listed is the resource of the snapshot that a resource is, or is about: one with a policy or
// tags that decide requests, such as a function. "" means that there is none.
func (e *editor) listed(in *instance) string {
	for _, v := range []values{in.before, in.after} {
		for _, attr := range []string{"arn", "id", "resource_arn"} {
			if arn, err := policy.ParseARN(v.plain(attr)); err == nil {
				if _, ok := e.o.Resource(arn); ok {
					return arn.String()
				}
			}
		}
	}
	return ""
}

// grants reports whether an attribute gives access, or may. That a value is sensitive or is
// known only after apply makes it no less of a policy.
func (v values) grants() bool {
	aws := isAWS(v.of.typ)
	if grantsIn(v.known, "", aws) {
		return true
	}
	marks, _ := v.unknown.(map[string]any)
	for name, mark := range marks {
		// What nobody sets is computed: for a policy, AWS then has none. Blocks that are made by
		// a for_each are not in the configuration.
		computed := mark == true && (isPolicyName(name) || name == "acl") && v.of.config != nil && v.of.expression(name) == nil
		if !computed && mayGrant(mark, name, aws) {
			return true
		}
	}
	return false
}

// grantsIn reports whether a known value, which an attribute has, gives access or has such
// a value in it.
func grantsIn(value any, name string, aws bool) bool {
	switch value := value.(type) {
	case string:
		return isPolicy(value) || value != "" && (isPolicyAttribute(name) || aws && isGrant(name) && (name != "acl" || value != "private"))
	case []any:
		return aws && isGrant(name) && len(value) > 0 ||
			slices.ContainsFunc(value, func(e any) bool { return grantsIn(e, name, aws) })
	case map[string]any:
		if aws && isGrant(name) && len(value) > 0 {
			return true
		}
		for name, e := range value {
			if !isTags(name) && grantsIn(e, name, aws) {
				return true
			}
		}
	}
	return false
}

// mayGrant is grantsIn for what is known only after apply.
func mayGrant(mark any, name string, aws bool) bool {
	switch mark := mark.(type) {
	case bool:
		return mark && (isPolicyName(name) || aws && isGrant(name))
	case []any:
		return slices.ContainsFunc(mark, func(e any) bool { return mayGrant(e, name, aws) })
	case map[string]any:
		for name, e := range mark {
			if !isTags(name) && mayGrant(e, name, aws) {
				return true
			}
		}
	}
	return false
}

// isTags reports whether an attribute has names that people choose.
func isTags(name string) bool { return name == "tags" || name == "tags_all" }

// isPolicyAttribute reports whether an attribute of this name has nothing but policies.
func isPolicyAttribute(name string) bool {
	switch name {
	case "policy", "access_policy", "access_policies", "policy_document", "resource_policy":
		return true
	}
	return strings.HasSuffix(name, "_policy_json")
}

// isPolicyName reports whether an attribute of this name may have a policy.
func isPolicyName(name string) bool {
	if isPolicyAttribute(name) {
		return true
	}
	for _, w := range []string{"redrive", "redrive_allow", "filter", "delivery", "archive", "replay", "lifecycle", "scaling", "autoscaling", "retry", "update", "termination", "firewall", "routing", "password", "retention", "ssl", "tls", "security"} {
		if name == w+"_policy" || strings.HasSuffix(name, "_"+w+"_policy") {
			return false
		}
	}
	for _, end := range []string{"_policy", "_policies", "_policy_document", "_policy_text"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "policies"
}

// isGrant reports whether an attribute of AWS's resources gives access to whom it names.
func isGrant(name string) bool {
	switch name {
	case "acl", "grant", "grants", "grantee", "permission", "permissions", "principal", "principals", "allowed_principals", "shared_accounts",
		"launch_permission", "launch_permissions", "authorization", "authorization_type":
		return true
	}
	return false
}

// isPolicy reports whether a value has the form of a policy document.
func isPolicy(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "{") && strings.Contains(s, `"Statement"`) && strings.Contains(s, `"Effect"`)
}
