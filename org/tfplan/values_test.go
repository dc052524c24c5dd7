package tfplan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// TestDynamicBlock holds that the inline policies of dynamic blocks, which the configuration
// of a plan leaves out, are in force.
func TestDynamicBlock(t *testing.T) {
	out := apply(t, "dynamic", organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	const made = "arn:aws:iam::111122223333:role/dynamic"
	assert.Equal(t, simulate.Allowed, decide(t, out.After, made, "sqs:SendMessage", "arn:aws:sqs:eu-west-3:111122223333:orders", nil))
	assert.Equal(t, simulate.ImplicitDeny, decide(t, out.After, made, "iam:CreateUser", "*", nil))
}

// TestComputedInline holds that inline policies which a role has, and nobody sets, stay what
// the resources of their own make them.
func TestComputedInline(t *testing.T) {
	o := organization(t, func(s *org.Spec) {
		r := role(t, "app", rootTrust)
		r.Inline = []org.InlinePolicy{{Name: "all", Document: document(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}}
		s.Accounts[0].Roles = []org.Role{r}
	})
	const inline = `"inline_policy":[{"name":"all","policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}]`
	p := edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[{"address":"aws_iam_role_policy.all","mode":"managed","type":"aws_iam_role_policy","name":"all","change":{"actions":["delete"],`+
		`"before":{"role":"app","name":"all","policy":"{}"},"after":null}},`+
		`{"address":"aws_iam_role.app","mode":"managed","type":"aws_iam_role","name":"app","change":{"actions":["update"],`+
		`"before":{"arn":"arn:aws:iam::111122223333:role/app","name":"app",`+inline+`},"after":{"arn":"arn:aws:iam::111122223333:role/app","name":"app","max_session_duration":7200,`+inline+`}}},`,
		`"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"aws_iam_role.app","mode":"managed","type":"aws_iam_role","name":"app","provider_config_key":"aws","expressions":{"name":{"constant_value":"app"}}},{"address":"aws_iam_group.left"`)
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	assert.NoError(t, err)
	r, ok := out.After.Role(policy.MustParseARN("arn:aws:iam::111122223333:role/app"))
	assert.True(t, ok)
	assert.Empty(t, r.Inline)
}

// TestOverride holds that a statement that another document may replace is not taken for
// certain.
func TestOverride(t *testing.T) {
	out := apply(t, "override", organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	const ana = "arn:aws:iam::111122223333:user/ana"
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, ana, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.ExplicitDeny, decide(t, out.After, ana, "iam:CreateUser", "*", nil))
}
