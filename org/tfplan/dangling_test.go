package tfplan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// TestDangling holds that what a plan attaches and nobody knows is a gap, with the address of
// what attaches it.
func TestDangling(t *testing.T) {
	const create = `"actions":["create"],"before":null,"after":`
	for _, test := range []struct{ name, typ, change, want string }{
		{"policy of AWS", "aws_iam_role_policy_attachment", create + `{"role":"app","policy_arn":"arn:aws:iam::aws:policy/NoSuchPolicy"},"after_unknown":{}`,
			"document of arn:aws:iam::aws:policy/NoSuchPolicy: aws_iam_role_policy_attachment.x: neither the snapshot nor the plan has the policy that it names"},
		{"own policy", "aws_iam_policy_attachment", create + `{"name":"a","users":["ana"],"policy_arn":"arn:aws:iam::111122223333:policy/other"},"after_unknown":{}`,
			"document of arn:aws:iam::111122223333:policy/other: aws_iam_policy_attachment.x: neither the snapshot nor the plan has the policy that it names"},
		{"boundary", "aws_iam_user", create + `{"name":"logs","permissions_boundary":"arn:aws:iam::111122223333:policy/other"},"after_unknown":{"arn":true}`,
			"document of arn:aws:iam::111122223333:policy/other: aws_iam_user.x: neither the snapshot nor the plan has the policy that it names"},
		{"policy of a role itself", "aws_iam_role", create + `{"name":"logs","assume_role_policy":` + fmt.Sprintf("%q", rootTrust) + `,"managed_policy_arns":["arn:aws:iam::111122223333:policy/other"]},"after_unknown":{"arn":true}`,
			"document of arn:aws:iam::111122223333:policy/other: aws_iam_role.x: neither the snapshot nor the plan has the policy that it names"},
		{"group", "aws_iam_user_group_membership", create + `{"user":"ana","groups":["nobody"]},"after_unknown":{}`,
			"identity-policies of arn:aws:iam::111122223333:group/nobody: aws_iam_user_group_membership.x: neither the snapshot nor the plan has the group that it names"},
		{"control policy", "aws_organizations_policy_attachment", create + `{"policy_id":"p-other123","target_id":"444455556666"},"after_unknown":{}`,
			"control-policies of 444455556666: aws_organizations_policy_attachment.x: neither the snapshot nor the plan has the policy p-other123 that it attaches"},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, `"managed_policy_arns":{}`).Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want, gaps(out))
		})
	}
}

// TestDanglingDecision holds that an SCP that nobody knows leaves nothing surely allowed.
func TestDanglingDecision(t *testing.T) {
	o := organization(t, func(s *org.Spec) {
		s.Accounts[1].Roles = []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/app"), Trust: document(t, rootTrust), Attached: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess")}}}
	})
	p := withChange(t, "aws_organizations_policy_attachment", `"actions":["create"],"before":null,"after":{"policy_id":"p-other123","target_id":"444455556666"},"after_unknown":{}`, "")
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	const app = "arn:aws:iam::444455556666:role/app"
	assert.Equal(t, simulate.Allowed, decide(t, out.Before, app, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, app, "s3:ListAllMyBuckets", "*", nil))
}

// TestSkipDestroy holds that what Terraform is told to leave stays.
func TestSkipDestroy(t *testing.T) {
	for typ, before := range map[string]string{
		"aws_organizations_policy":            `"id":"p-regions","name":"regions","type":"SERVICE_CONTROL_POLICY"`,
		"aws_organizations_policy_attachment": `"policy_id":"p-regions","target_id":"444455556666"`,
	} {
		t.Run(typ, func(t *testing.T) {
			out, err := withChange(t, typ, `"actions":["delete"],"before":{`+before+`,"skip_destroy":true},"after":null`, "").Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, "put group arn:aws:iam::111122223333:group/planned\n", changes(out))
		})
	}
}

// TestErrorsHaveAddresses holds that an error that only the organization as a whole has says
// which resources make it.
func TestErrorsHaveAddresses(t *testing.T) {
	for _, test := range []struct{ name, typ, change, want string }{
		{"policy type that is off", "aws_organizations_policy_attachment", `"actions":["create"],"before":null,"after":{"policy_id":"p-RCPFullAWSAccess","target_id":"444455556666"},"after_unknown":{}`,
			`aws_organizations_policy_attachment.x: /accounts/1/attached/2: account 444455556666: "p-RCPFullAWSAccess" is an rcp`},
		{"policy that is attached", "aws_organizations_policy", `"actions":["delete"],"before":{"id":"p-regions","name":"regions"},"after":null`,
			`aws_organizations_policy.x: /accounts/1/attached/1: account 444455556666: no control policy "p-regions"`},
		{"parent that is not there", "aws_organizations_organizational_unit", `"actions":["create"],"before":null,"after":{"name":"logs","parent_id":"ou-ab12-12345678"},"after_unknown":{"id":true}`,
			`aws_organizations_organizational_unit.x: change 1 (put OU ou-ab12-1add3167 below ou-ab12-12345678)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := withChange(t, test.typ, test.change, "").Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.ErrorContains(t, err, test.want)
		})
	}
}

// TestDeletedWithoutTree holds that what a plan takes away from an organization is said to be
// left out where the snapshot has none.
func TestDeletedWithoutTree(t *testing.T) {
	o := must(org.Standalone(org.Account{ID: "111122223333"}))
	for typ, before := range map[string]string{
		"aws_organizations_policy":              `"id":"p-regions","name":"regions","type":"SERVICE_CONTROL_POLICY"`,
		"aws_organizations_policy_attachment":   `"policy_id":"p-regions","target_id":"444455556666"`,
		"aws_organizations_organizational_unit": `"id":"ou-ab12-12345678","name":"logs"`,
		"aws_organizations_account":             `"id":"444455556666","name":"logs"`,
	} {
		t.Run(typ, func(t *testing.T) {
			out, err := withChange(t, typ, `"actions":["delete"],"before":{`+before+`},"after":null`, "").Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, typ+".x access=true: the snapshot has no organization\n", skipped(out))
		})
	}
}

// TestDetachedForTagPolicy holds that an SCP is detached, whatever its attachment is about next.
func TestDetachedForTagPolicy(t *testing.T) {
	const change = `"actions":["delete","create"],"before":{"policy_id":"p-regions","target_id":"444455556666"},"after":{"policy_id":"p-tags1234","target_id":"444455556666"},"after_unknown":{}`
	p := edited(t, "targeted",
		`"resource_changes":[`, `"resource_changes":[{"address":"aws_organizations_policy.tags","mode":"managed","type":"aws_organizations_policy","name":"tags","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["no-op"],
			"before":{"id":"p-tags1234","type":"TAG_POLICY"},"after":{"id":"p-tags1234","type":"TAG_POLICY"},"after_unknown":{}}},
			{"address":"aws_organizations_policy_attachment.x","mode":"managed","type":"aws_organizations_policy_attachment","name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{`+change+`}},`,
		`"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"aws_organizations_policy_attachment.x","mode":"managed","type":"aws_organizations_policy_attachment","name":"x","provider_config_key":"aws",
			"expressions":{"policy_id":{"references":["aws_organizations_policy.tags.id","aws_organizations_policy.tags"]}}},{"address":"aws_iam_group.left"`)
	out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Contains(t, changes(out), "detach p-regions from 444455556666\n")
	assert.Equal(t, "aws_organizations_policy_attachment.x access=false: attaches a policy that decides no requests\n", skipped(out))
}

// TestAccountLeaves holds that an account that leaves the organization is not taken for one
// that is closed: SCPs deny nothing there any more.
func TestAccountLeaves(t *testing.T) {
	for closes, want := range map[string]string{
		"false": "aws_organizations_account.x access=true: the account leaves the organization, whose policies then hold for it no more: what its principals may do outside is not modelled\n",
		"null":  "aws_organizations_account.x access=true: the account leaves the organization, whose policies then hold for it no more: what its principals may do outside is not modelled\n",
		"true":  "",
	} {
		t.Run(closes, func(t *testing.T) {
			out, err := withChange(t, "aws_organizations_account", `"actions":["delete"],"before":{"id":"444455556666","name":"logs","close_on_deletion":`+closes+`},"after":null`, "").Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, want, skipped(out))
		})
	}
}

// TestS3Policy holds that a policy that turns Block Public Access of accounts on or off is no
// policy that changes nothing.
func TestS3Policy(t *testing.T) {
	const policyChange = `{"address":"aws_organizations_policy.s3","mode":"managed","type":"aws_organizations_policy","name":"s3","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["%s"],
		"before":%s,"after":{"id":"p-public12","name":"public","type":"S3_POLICY","content":"{}"},"after_unknown":{}}},`
	const attached = `{"policy_id":"p-public12","target_id":"444455556666"}`
	for _, test := range []struct{ name, action, before, change, want string }{
		{"made", "create", `null`, `"actions":["create"],"before":null,"after":` + attached + `,"after_unknown":{}`, "aws_organizations_policy.s3 aws_organizations_policy_attachment.x"},
		{"detached", "no-op", `{"id":"p-public12","type":"S3_POLICY"}`, `"actions":["delete"],"before":` + attached + `,"after":null`, "aws_organizations_policy_attachment.x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := edited(t, "targeted",
				`"resource_changes":[`, `"resource_changes":[`+fmt.Sprintf(policyChange, test.action, test.before)+
					`{"address":"aws_organizations_policy_attachment.x","mode":"managed","type":"aws_organizations_policy_attachment","name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{`+test.change+`}},`)
			out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			var got []string
			for _, s := range out.Skipped {
				assert.True(t, s.Access)
				assert.Equal(t, "turns Block Public Access of whole accounts on or off, and is not modelled", s.Reason)
				got = append(got, s.Address)
			}
			assert.Equal(t, test.want, strings.Join(got, " "))
		})
	}
}
