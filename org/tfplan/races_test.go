package tfplan_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/tfplan"
)

// TestRaces holds that what a plan both makes and takes away is said to be uncertain: under
// another address, as without a moved block, and where the new one is made first.
func TestRaces(t *testing.T) {
	const (
		link    = `"type":"aws_iam_role_policy_attachment","mode":"managed","provider_name":"registry.terraform.io/hashicorp/aws"`
		read    = `{"role":"app","policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"}`
		other   = `{"role":"app","policy_arn":"arn:aws:iam::aws:policy/SecurityAudit"}`
		members = `"type":"aws_iam_group_membership","mode":"managed","provider_name":"registry.terraform.io/hashicorp/aws","address":"aws_iam_group_membership.x","name":"x"`
	)
	for _, test := range []struct{ name, changes, want string }{
		{"another address", `{"address":"aws_iam_role_policy_attachment.old","name":"old",` + link + `,"change":{"actions":["delete"],"before":` + read + `,"after":null}},
			{"address":"aws_iam_role_policy_attachment.new","name":"new",` + link + `,"change":{"actions":["create"],"before":null,"after":` + read + `,"after_unknown":{}}},`,
			"aws_iam_role_policy_attachment.new access=true: the plan also deletes it, as aws_iam_role_policy_attachment.old, perhaps after it creates it\n"},
		{"another policy", `{"address":"aws_iam_role_policy_attachment.old","name":"old",` + link + `,"change":{"actions":["delete"],"before":` + read + `,"after":null}},
			{"address":"aws_iam_role_policy_attachment.new","name":"new",` + link + `,"change":{"actions":["create"],"before":null,"after":` + other + `,"after_unknown":{}}},`, ""},
		{"created before it is deleted", `{` + members + `,"change":{"actions":["create","delete"],"before":{"name":"a","group":"developers","users":["ana"]},"after":{"name":"b","group":"developers","users":["ana"]},"after_unknown":{}}},`,
			"aws_iam_group_membership.x access=true: the plan also deletes it, as aws_iam_group_membership.x, perhaps after it creates it\n"},
		{"deleted before it is created", `{` + members + `,"change":{"actions":["delete","create"],"before":{"name":"a","group":"developers","users":["ana"]},"after":{"name":"b","group":"developers","users":["ana"]},"after_unknown":{}}},`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[`+test.changes)
			out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want, skipped(out))
		})
	}
}

// TestMadeAnew holds that a principal that is not the same for AWS although its ARN is, or is
// the same although its ARN is not, is not taken for certain.
func TestMadeAnew(t *testing.T) {
	const (
		role = `"arn":"arn:aws:iam::111122223333:role/app","name":"app"`
		ana  = `"arn":"arn:aws:iam::111122223333:user/ana","path":"/","name":`
	)
	for _, test := range []struct{ name, typ, change, want string }{
		{"role", "aws_iam_role", `"actions":["delete","create"],"before":{` + role + `},"after":{"name":"app","assume_role_policy":` + strconv.Quote(rootTrust) + `},"after_unknown":{"arn":true}`,
			"aws_iam_role.x access=true: the plan deletes arn:aws:iam::111122223333:role/app and makes it again: policies that name it as a principal may not apply to the new one\n"},
		{"another name", "aws_iam_role", `"actions":["delete","create"],"before":{` + role + `},"after":{"name":"logs","assume_role_policy":` + strconv.Quote(rootTrust) + `},"after_unknown":{"arn":true}`, ""},
		{"user", "aws_iam_user", `"actions":["delete","create"],"before":{` + ana + `"ana"},"after":{"name":"ana","path":"/"},"after_unknown":{"arn":true}`,
			"aws_iam_user.x access=true: the plan deletes arn:aws:iam::111122223333:user/ana and makes it again: policies that name it as a principal may not apply to the new one\n"},
		{"renamed", "aws_iam_user", `"actions":["update"],"before":{` + ana + `"ana"},"after":{` + ana + `"eva"},"after_unknown":{}`,
			"aws_iam_user.x access=true: arn:aws:iam::111122223333:user/ana becomes arn:aws:iam::111122223333:user/eva: AWS changes the policies that name it as a principal, which is not modelled\n"},
		{"with tags", "aws_iam_user", `"actions":["update"],"before":{` + ana + `"ana"},"after":{` + ana + `"ana","tags":{"a":"b"}},"after_unknown":{}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, `"managed_policy_arns":{}`).Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want, skipped(out))
		})
	}
}
