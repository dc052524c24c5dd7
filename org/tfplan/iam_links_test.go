package tfplan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

// gaps are what a plan leaves unknown, a line each.
func gaps(out *tfplan.Outcome) string {
	var lines []string
	for _, g := range out.Unknown {
		lines = append(lines, g.What+" of "+g.Subject+": "+g.Reason)
	}
	return strings.Join(lines, "\n")
}

// linkedWorld has a role and a user with policies, and a group of which the user is a member.
func linkedWorld(t *testing.T) *org.Organization {
	return organization(t, func(s *org.Spec) {
		read := policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")
		app := role(t, "app", rootTrust)
		app.Attached = []policy.ARN{read}
		app.Inline = []org.InlinePolicy{{Name: "orders", Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`)}}
		a := &s.Accounts[0]
		a.Roles = []org.Role{app}
		a.Groups = []org.Group{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:group/developers")}}
		a.Users = []org.User{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Groups: []string{"developers"}, Attached: []policy.ARN{read}}}
		s.ControlPolicies = []org.ControlPolicy{{ID: "p-regions", Name: "regions", Kind: policy.ServiceControl, Document: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]}`)}}
		s.Accounts[1].Attached = append(s.Accounts[1].Attached, "p-regions")
	})
}

// TestSensitiveLinks holds that what is taken away from somebody, or by something, that is
// sensitive is not known afterwards.
func TestSensitiveLinks(t *testing.T) {
	const (
		account  = "identity-policies of 111122223333: "
		app, ana = "identity-policies of arn:aws:iam::111122223333:role/app: ", "identity-policies of arn:aws:iam::111122223333:user/ana: "
	)
	for _, test := range []struct{ typ, before, sensitive, want string }{
		{"aws_iam_role_policy", `"role":"app","name":"orders"`, "role", account},
		{"aws_iam_role_policy", `"role":"app","name":"orders"`, "name", app},
		{"aws_iam_role_policy_attachment", `"role":"app","policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"`, "role", account},
		{"aws_iam_role_policy_attachment", `"role":"app","policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"`, "policy_arn", app},
		{"aws_iam_policy_attachment", `"name":"read","roles":["app"],"users":[],"groups":[],"policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"`, "policy_arn", app},
		{"aws_iam_policy_attachment", `"name":"read","roles":["app"],"users":[],"groups":[],"policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"`, "roles", account},
		{"aws_iam_user_group_membership", `"user":"ana","groups":["developers"]`, "user", account},
		{"aws_iam_user_group_membership", `"user":"ana","groups":["developers"]`, "groups", ana},
		{"aws_iam_group_membership", `"name":"all","group":"developers","users":["ana"]`, "group", account},
		{"aws_iam_group_membership", `"name":"all","group":"developers","users":["ana"]`, "users", account},
		{"aws_organizations_policy_attachment", `"policy_id":"p-regions","target_id":"444455556666"`, "policy_id", "control-policies of 444455556666: "},
		{"aws_organizations_policy_attachment", `"policy_id":"p-regions","target_id":"444455556666"`, "target_id", "control-policies of r-ab12: "},
	} {
		t.Run(test.typ+" "+test.sensitive, func(t *testing.T) {
			p := withChange(t, test.typ, `"actions":["delete"],"before":{`+test.before+`},"before_sensitive":{"`+test.sensitive+`":true},"after":null`, "")
			out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want+test.typ+".x: "+test.sensitive+" is sensitive", gaps(out))
		})
	}
	t.Run("aws_s3_bucket_policy bucket", func(t *testing.T) {
		p := withChange(t, "aws_s3_bucket_policy", `"actions":["delete"],"before":{"bucket":"logs","policy":"{}"},"before_sensitive":{"bucket":true},"after":null`, "")
		out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
		require.NoError(t, err)
		assert.Equal(t, "aws_s3_bucket_policy.x access=true: bucket is sensitive\n", skipped(out))
	})
}

// TestExclusiveLinks holds that what resources that are exclusive take from others is not
// known: the provider removes what its state has, and nothing has a state when it is created.
func TestExclusiveLinks(t *testing.T) {
	const (
		ana      = "arn:aws:iam::111122223333:user/ana"
		read     = "it has arn:aws:iam::aws:policy/ReadOnlyAccess, which the resource is to attach to others only\n"
		attached = `"name":"read","roles":["app"],"policy_arn":"arn:aws:iam::aws:policy/ReadOnlyAccess"`
	)
	for _, test := range []struct{ name, typ, change, want string }{
		{"policy", "aws_iam_policy_attachment", `"actions":["create"],"before":null,"after":{` + attached + `},"after_unknown":{}`, "identity-policies of " + ana + ": aws_iam_policy_attachment.x: " + read},
		{"policy of all", "aws_iam_policy_attachment", `"actions":["create"],"before":null,"after":{"users":["ana"],` + attached + `},"after_unknown":{}`, ""},
		{"policy taken away", "aws_iam_policy_attachment", `"actions":["update"],"before":{"users":["ana"],` + attached + `},"after":{` + attached + `},"after_unknown":{}`, ""},
		{"group", "aws_iam_group_membership", `"actions":["create"],"before":null,"after":{"group":"developers","users":[]},"after_unknown":{}`,
			"identity-policies of " + ana + ": aws_iam_group_membership.x: it is in group developers, of which the resource is to have others only\n"},
		{"group of all", "aws_iam_group_membership", `"actions":["create"],"before":null,"after":{"group":"developers","users":["Ana"]},"after_unknown":{}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, "").Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, strings.TrimSpace(test.want), strings.TrimSpace(gaps(out)))
			if test.want != "" {
				u, _ := out.After.User(policy.MustParseARN(ana))
				assert.Len(t, u.Groups, 1)
				assert.Len(t, u.Attached, 1)
			}
		})
	}
}

// TestNameInAnotherAccount holds that a name of a role is one in the account of whoever uses
// it, even where it comes from a role in another account.
func TestNameInAnotherAccount(t *testing.T) {
	p := edited(t, "providers",
		`"provider_config_key":"aws.member","expressions":{"policy_arn"`, `"provider_config_key":"aws","expressions":{"policy_arn"`,
		`"alias":"member","expressions":{`, `"alias":"member","expressions":{"allowed_account_ids":{"constant_value":["444455556666"]},`,
		`"full_name":"registry.terraform.io/hashicorp/aws","expressions":{`, `"full_name":"registry.terraform.io/hashicorp/aws","expressions":{"allowed_account_ids":{"constant_value":["111122223333"]},`)
	o := organization(t, func(s *org.Spec) { s.Accounts[0].Roles = []org.Role{role(t, "breakglass", rootTrust)} })
	out, err := p.Apply(o, nil)
	require.NoError(t, err)
	for account, want := range map[string]int{"111122223333": 1, "444455556666": 0} {
		r, ok := out.After.Role(policy.MustParseARN("arn:aws:iam::" + account + ":role/breakglass"))
		require.True(t, ok)
		assert.Len(t, r.Attached, want, account)
	}
}
