package tfplan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

// TestDeletedWithoutCenter holds that what a plan takes away from IAM Identity Center is said to
// be left out where the snapshot does not have it: its roles may be there.
func TestDeletedWithoutCenter(t *testing.T) {
	o, i := worlds(t, "center")
	out := apply(t, "center", o, i, tfplan.WithAccount("111122223333"))
	back, err := reversed(t, "center", out).Apply(out.After, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Nil(t, back.Instance)
	var left []string
	for _, s := range back.Skipped {
		if s.Access {
			left = append(left, s.Type+": "+s.Reason)
		}
	}
	assert.Subset(t, left, []string{
		"aws_ssoadmin_account_assignment: the snapshot has no IAM Identity Center",
		"aws_ssoadmin_managed_policy_attachment: the snapshot has no IAM Identity Center",
		"aws_ssoadmin_permission_set: the snapshot has no IAM Identity Center",
		"aws_ssoadmin_permission_set_inline_policy: the snapshot has no IAM Identity Center",
		"aws_ssoadmin_permissions_boundary_attachment: the snapshot has no IAM Identity Center",
		"aws_identitystore_group_membership: the snapshot has no IAM Identity Center",
	})
}

const ordersARN = "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef"

// smallCenter is an instance with one permission set and one group with one member.
func smallCenter(t *testing.T) *identitycenter.Instance {
	t.Helper()
	i, err := identitycenter.New(identitycenter.Spec{
		ARN: policy.MustParseARN(instanceARN), Region: "eu-west-3", IdentityStore: "d-1234567890",
		PermissionSets: []identitycenter.PermissionSet{{ARN: policy.MustParseARN(ordersARN), Name: "Orders", Managed: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")}}},
		Users:          []identitycenter.User{{ID: "u-1", Name: "ana"}},
		Groups:         []identitycenter.Group{{ID: "g-1", Name: "developers", Members: []string{"u-1"}}},
		Attributes:     []identitycenter.Attribute{{Key: "team", Source: []string{"${path:userName}"}}},
		Assignments:    []identitycenter.Assignment{{PermissionSet: policy.MustParseARN(ordersARN), Account: "444455556666", Group: "g-1"}},
	})
	require.NoError(t, err)
	return i
}

// TestCenterUnknown holds that what the plan does not tell of a change of IAM Identity Center is
// a gap, or is left out with a word.
func TestCenterUnknown(t *testing.T) {
	const (
		set     = `"instance_arn":"` + instanceARN + `","permission_set_arn":"` + ordersARN + `"`
		removes = `"actions":["delete"],"after":null,"before":`
		tags    = "aws_ssoadmin_instance_access_control_attributes.x access=true: changes the session tags of people, on which what is allowed may depend\n"
	)
	for _, test := range []struct{ name, typ, change, gap, skipped string }{
		{"policy that goes", "aws_ssoadmin_managed_policy_attachment", removes + `{` + set + `,"managed_policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"},"before_sensitive":{"managed_policy_arn":true}`,
			"identity-policies of " + ordersARN + ": aws_ssoadmin_managed_policy_attachment.x: managed_policy_arn is sensitive", ""},
		{"own policy that goes", "aws_ssoadmin_customer_managed_policy_attachment", removes + `{` + set + `,"customer_managed_policy_reference":[{"name":"orders","path":"/"}]},"before_sensitive":{"customer_managed_policy_reference":true}`,
			"identity-policies of " + ordersARN + ": aws_ssoadmin_customer_managed_policy_attachment.x: customer_managed_policy_reference is sensitive", ""},
		{"attachment of a set that is not told", "aws_ssoadmin_permission_set_inline_policy", removes + `{` + set + `,"inline_policy":"{}"},"before_sensitive":{"permission_set_arn":true}`,
			"", "aws_ssoadmin_permission_set_inline_policy.x access=true: permission_set_arn is sensitive\n"},
		{"attachment of a set that is not there", "aws_ssoadmin_permission_set_inline_policy", removes + `{"instance_arn":"` + instanceARN + `","permission_set_arn":"` + ordersARN + `0","inline_policy":"{}"}`,
			"", "aws_ssoadmin_permission_set_inline_policy.x access=true: permission set " + ordersARN + "0 is not in the snapshot\n"},
		{"set", "aws_ssoadmin_permission_set", removes + `{"instance_arn":"` + instanceARN + `","arn":"` + ordersARN + `"},"before_sensitive":{"arn":true}`,
			"", "aws_ssoadmin_permission_set.x access=true: arn is sensitive\n"},
		{"assignment", "aws_ssoadmin_account_assignment", removes + `{` + set + `,"principal_id":"g-1","principal_type":"GROUP","target_id":"444455556666"},"before_sensitive":{"principal_id":true}`,
			"assignments of " + ordersARN + ": aws_ssoadmin_account_assignment.x: principal_id is sensitive", ""},
		{"member", "aws_identitystore_group_membership", removes + `{"identity_store_id":"d-1234567890","group_id":"g-1","member_id":"u-1"},"before_sensitive":{"member_id":true}`,
			"members of g-1: aws_identitystore_group_membership.x: member_id is sensitive", ""},
		{"group of a member", "aws_identitystore_group_membership", removes + `{"identity_store_id":"d-1234567890","group_id":"g-1","member_id":"u-1"},"before_sensitive":{"group_id":true}`,
			"", "aws_identitystore_group_membership.x access=true: group_id is sensitive\n"},
		{"user", "aws_identitystore_user", removes + `{"identity_store_id":"d-1234567890","user_id":"u-1"},"before_sensitive":{"user_id":true}`,
			"", "aws_identitystore_user.x access=true: user_id is sensitive\n"},
		{"group", "aws_identitystore_group", removes + `{"identity_store_id":"d-1234567890","group_id":"g-1"},"before_sensitive":{"group_id":true}`,
			"", "aws_identitystore_group.x access=true: group_id is sensitive\n"},
		{"instance that is not told", "aws_ssoadmin_permission_set_inline_policy", `"actions":["create"],"before":null,"after":{"inline_policy":"{}"},"after_unknown":{"instance_arn":true}`,
			"", "aws_ssoadmin_permission_set_inline_policy.x access=true: the plan does not tell its instance of IAM Identity Center\n"},
		{"another instance", "aws_ssoadmin_permission_set_inline_policy", `"actions":["create"],"before":null,"after":{"instance_arn":"arn:aws:sso:::instance/ssoins-0000000000000000","permission_set_arn":"` + ordersARN + `","inline_policy":"{}"},"after_unknown":{}`,
			"", "aws_ssoadmin_permission_set_inline_policy.x access=true: it is of another instance of IAM Identity Center, arn:aws:sso:::instance/ssoins-0000000000000000, than " + instanceARN + "\n"},
		{"another store", "aws_identitystore_user", `"actions":["create"],"before":null,"after":{"identity_store_id":"d-0000000000","user_name":"ben"},"after_unknown":{"user_id":true}`,
			"", "aws_identitystore_user.x access=true: it is of another instance of IAM Identity Center, d-0000000000, than " + instanceARN + "\n"},
		{"attributes", "aws_ssoadmin_instance_access_control_attributes", `"actions":["update"],"before":{"instance_arn":"` + instanceARN + `","attribute":[]},"after":{"instance_arn":"` + instanceARN + `"},"after_unknown":{"attribute":true}`,
			"attributes of " + instanceARN + ": aws_ssoadmin_instance_access_control_attributes.x: attribute is known only after apply", tags},
		{"source of an attribute", "aws_ssoadmin_instance_access_control_attributes", `"actions":["create"],"before":null,"after":{"instance_arn":"` + instanceARN + `","attribute":[{"key":"cost","value":[{}]}]},"after_unknown":{"attribute":[{"value":[{"source":true}]}]}`,
			"attributes of " + instanceARN + ": aws_ssoadmin_instance_access_control_attributes.x: attribute is known only after apply", tags},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, "").Apply(organization(t, nil), smallCenter(t), tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.skipped, skipped(out))
			var gaps []string
			for _, g := range out.Unknown {
				gaps = append(gaps, g.What+" of "+g.Subject+": "+g.Reason)
			}
			assert.Equal(t, test.gap, strings.Join(gaps, "\n"))
			if test.gap != "" && strings.HasPrefix(test.gap, "attributes") {
				assert.Empty(t, out.Instance.Spec().Attributes)
			}
		})
	}
}

// TestUnknownRoles holds that a gap of a permission set reaches the roles that it has.
func TestUnknownRoles(t *testing.T) {
	p := withChange(t, "aws_ssoadmin_managed_policy_attachment", `"actions":["delete"],"after":null,"before":{"instance_arn":"`+instanceARN+`","permission_set_arn":"`+ordersARN+`","managed_policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"},"before_sensitive":{"managed_policy_arn":true}`, "")
	out, err := p.Apply(organization(t, nil), smallCenter(t), tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	role := policy.MustParseARN("arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Orders_0000000000000000")
	_, ok := out.Before.Role(role)
	require.True(t, ok)
	assert.Contains(t, out.After.Spec().Gaps, org.Gap{Subject: role.String(), What: org.GapIdentityPolicies, Reason: "aws_ssoadmin_managed_policy_attachment.x: managed_policy_arn is sensitive"})
}
