package tfplan_test

import (
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
