package tfplan

import (
	"encoding/json"
	"strings"
)

// identities are the attributes of links that say what they are: two resources of which these
// are alike are one thing to AWS, so that taking one away takes the other away, too.
var identities = map[string][]string{
	"aws_iam_role_policy":                             {"role", "name"},
	"aws_iam_user_policy":                             {"user", "name"},
	"aws_iam_group_policy":                            {"group", "name"},
	"aws_iam_role_policy_attachment":                  {"role", "policy_arn"},
	"aws_iam_user_policy_attachment":                  {"user", "policy_arn"},
	"aws_iam_group_policy_attachment":                 {"group", "policy_arn"},
	"aws_iam_policy_attachment":                       {"policy_arn"},
	"aws_iam_user_group_membership":                   {"user"},
	"aws_iam_group_membership":                        {"group"},
	"aws_iam_user_login_profile":                      {"user"},
	"aws_iam_account_password_policy":                 {},
	"aws_organizations_policy_attachment":             {"policy_id", "target_id"},
	"aws_s3_account_public_access_block":              {"account_id"},
	"aws_ssoadmin_managed_policy_attachment":          {"permission_set_arn", "managed_policy_arn"},
	"aws_ssoadmin_customer_managed_policy_attachment": {"permission_set_arn", "customer_managed_policy_reference"},
	"aws_ssoadmin_permission_set_inline_policy":       {"permission_set_arn"},
	"aws_ssoadmin_permissions_boundary_attachment":    {"permission_set_arn"},
	"aws_ssoadmin_account_assignment":                 {"permission_set_arn", "principal_id", "target_id"},
	"aws_ssoadmin_instance_access_control_attributes": {"instance_arn"},
	"aws_identitystore_group_membership":              {"group_id", "member_id"},
}

// identity is what a link is to AWS; "" if it is none, or is not known.
func (v values) identity() string {
	attrs, ok := identities[v.of.typ]
	if by, owned := owners[v.of.typ]; owned {
		attrs, ok = []string{by.attr}, true
	}
	if !ok || !v.exists() {
		return ""
	}
	parts := []string{v.of.typ}
	for _, attr := range attrs {
		value, st := v.get(attr)
		text, err := json.Marshal(value)
		if st == unknown || err != nil {
			return ""
		}
		parts = append(parts, string(text))
	}
	return strings.Join(parts, "\x00")
}

// races says which of what the plan makes it also takes away, under another address or after
// it makes it: Terraform takes the two for two, and which comes last decides.
func (e *editor) races(todo []*instance) {
	gone := map[string][]*instance{}
	for _, in := range todo {
		if id := in.before.identity(); in.deletes() && id != "" {
			gone[id] = append(gone[id], in)
		}
	}
	for _, in := range todo {
		id := in.after.identity()
		if !in.creates() || id == "" {
			continue
		}
		for _, other := range gone[id] {
			elsewhere := other.providerKey() != in.providerKey() && other.providerKey() != "" && in.providerKey() != ""
			if !elsewhere && (other.address != in.address || in.actions.CreateBeforeDestroy()) {
				e.skip(in, true, "the plan also deletes it, as "+other.address+", perhaps after it creates it")
			}
		}
	}
}
