package tfplan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	out := apply(t, "documents", organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	const ana = "arn:aws:iam::111122223333:user/ana"
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, ana, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.ExplicitDeny, decide(t, out.After, ana, "iam:CreateUser", "*", nil))
}

// created is a plan that makes a role, with what is after the change.
func created(t *testing.T, after, unknown string) *tfplan.Plan {
	return edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[{"address":"aws_iam_role.app","mode":"managed","type":"aws_iam_role","name":"app","change":{"actions":["create"],"before":null,"after":`+after+`,"after_unknown":`+unknown+`}},`,
		`"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"aws_iam_role.app","mode":"managed","type":"aws_iam_role","name":"app","provider_config_key":"aws","expressions":{"name":{"references":["aws_iam_group.left.unique_id","aws_iam_group.left"]}}},{"address":"aws_iam_group.left"`)
}

// TestUnknownName holds that nothing is certain of a role whose name somebody gives, and that
// is not known: what stands for it has another name.
func TestUnknownName(t *testing.T) {
	trust := `"assume_role_policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Action\":\"sts:AssumeRole\"}]}"`
	out, err := created(t, `{`+trust+`}`, `{"name":true,"arn":true,"id":true}`).Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	require.Len(t, out.Placeholders, 1)
	name := out.Placeholders[0].Value
	assert.Equal(t, []org.Gap{{Subject: "arn:aws:iam::111122223333:role/" + name, What: org.GapEverything, Reason: "aws_iam_role.app: name is known only after apply (it depends on aws_iam_group.left.unique_id)"}}, out.Unknown)
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, "arn:aws:iam::111122223333:role/"+name, "s3:ListAllMyBuckets", "*", nil))
}

// TestWrongType holds that an attribute of another type than the provider's is not taken for
// absent.
func TestWrongType(t *testing.T) {
	for _, test := range []struct{ name, after, what string }{
		{"document", `{"name":"app","assume_role_policy":{"Statement":[]}}`, org.GapResourcePolicy},
		{"name", `{"name":5}`, org.GapEverything},
		{"path", `{"name":"app","path":["a"]}`, org.GapEverything},
		{"tags", `{"name":"app","tags":["a"]}`, org.GapTags},
		{"tag", `{"name":"app","tags":{"team":1}}`, org.GapTags},
		{"blocks", `{"name":"app","inline_policy":{"name":"x","policy":"{}"}}`, org.GapIdentityPolicies},
		{"block", `{"name":"app","inline_policy":["x"]}`, org.GapIdentityPolicies},
		{"boundary", `{"name":"app","permissions_boundary":true}`, org.GapBoundary},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := created(t, test.after, `{}`).Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			require.Len(t, out.Unknown, 1)
			assert.Equal(t, test.what, out.Unknown[0].What)
			assert.Contains(t, out.Unknown[0].Reason, "aws_iam_role.app: ")
			assert.Contains(t, out.Unknown[0].Reason, " has a value of another type than the provider's")
		})
	}
}

// TestUnknownDynamicBlock holds that a role of which the inline policies are known only after
// apply has none only where the configuration says that it has no dynamic blocks.
func TestUnknownDynamicBlock(t *testing.T) {
	const unknown, without = "arn:aws:iam::111122223333:role/unknown", "arn:aws:iam::111122223333:role/without"
	out := apply(t, "dynamic", organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, unknown, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.ImplicitDeny, decide(t, out.After, without, "s3:ListAllMyBuckets", "*", nil))
	out, err := read(t, "dynamic").Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, unknown, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, without, "s3:ListAllMyBuckets", "*", nil))
}

// TestFunctionOfDocument holds that a planned document is taken for that of a data source only
// where the configuration says that it is it.
func TestFunctionOfDocument(t *testing.T) {
	const plain, function = "arn:aws:iam::111122223333:user/plain", "arn:aws:iam::111122223333:user/function"
	out := apply(t, "documents", organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	assert.Equal(t, simulate.ExplicitDeny, decide(t, out.After, plain, "s3:ListAllMyBuckets", "*", nil))
	assert.Equal(t, simulate.Allowed, decide(t, out.After, plain, "sqs:ListQueues", "*", nil))
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, function, "s3:ListAllMyBuckets", "*", nil))
	out, err := read(t, "documents").Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, plain, "s3:ListAllMyBuckets", "*", nil))
}

// TestRemovedPolicy holds what becomes of a policy that the configuration does not set: one that
// is gone after the change is gone, one that the provider will tell is not known.
func TestRemovedPolicy(t *testing.T) {
	const queue = "arn:aws:sqs:eu-west-3:111122223333:orders"
	const open = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`
	o := organization(t, func(s *org.Spec) {
		s.Accounts[0].Roles = []org.Role{role(t, "app", rootTrust)}
		s.Accounts[0].Resources = []org.Resource{{ARN: policy.MustParseARN(queue), Policy: document(t, open)}}
	})
	before := `{"arn":"` + queue + `","name":"orders","policy":` + quoted(open) + `}`
	for _, test := range []struct {
		name, after, unknown string
		want                 simulate.Outcome
	}{
		{"kept", before, `{}`, simulate.Allowed},
		{"gone", `{"arn":"` + queue + `","name":"orders","policy":null}`, `{}`, simulate.ImplicitDeny},
		{"unknown", `{"arn":"` + queue + `","name":"orders"}`, `{"policy":true}`, simulate.Indeterminate},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[{"address":"aws_sqs_queue.orders","mode":"managed","type":"aws_sqs_queue","name":"orders","change":{"actions":["update"],"before":`+before+`,"after":`+test.after+`,"after_unknown":`+test.unknown+`}},`,
				`"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"aws_sqs_queue.orders","mode":"managed","type":"aws_sqs_queue","name":"orders","provider_config_key":"aws","expressions":{"name":{"constant_value":"orders"}}},{"address":"aws_iam_group.left"`)
			out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want, decide(t, out.After, "arn:aws:iam::111122223333:role/app", "sqs:SendMessage", queue, nil))
		})
	}
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"` }

// TestFunctionOfID holds that an ID that AWS will choose is followed only where the
// configuration says that it is that very ID: a condition makes any other of it.
func TestFunctionOfID(t *testing.T) {
	o, _ := worlds(t, "organization")
	const wrote = "parent_id = aws_organizations_organizational_unit.workloads.id"
	_, err := read(t, "organization").Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.ErrorContains(t, err, "parent_id is known only after apply")
	require.ErrorContains(t, err, "(--plan-file)")
	_, err = configured(t, read(t, "organization"), "organization").Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	p := configured(t, read(t, "organization"), "organization", wrote, `parent_id = endswith(aws_organizations_organizational_unit.workloads.id, "x") ? "r-ab12" : "ou-ab12-11111111"`)
	_, err = p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.ErrorContains(t, err, "parent_id is known only after apply")
}

// TestConditionOnID holds that the assignment of a permission set that the plan makes is not
// certain without the configuration.
func TestConditionOnID(t *testing.T) {
	o, i := worlds(t, "center")
	out, err := read(t, "center").Apply(o, i, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Empty(t, out.Instance.Spec().Assignments)
	assert.Contains(t, skipped(out), "permission_set_arn is known only after apply (it depends on aws_ssoadmin_permission_set.developer.arn)")
}
