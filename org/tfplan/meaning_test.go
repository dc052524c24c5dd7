package tfplan_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func decide(t *testing.T, o *org.Organization, principal, action, resource string, keys map[string][]string) simulate.Outcome {
	t.Helper()
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	r := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN(principal)), Action: policy.Action(action), Keys: simulate.KeysFrom(keys)}
	if resource != "*" {
		r.Resource = policy.MustParseARN(resource)
	}
	return env.Can(r).Outcome
}

// TestUnknownDocument holds what is decided where a policy is known only in part: what it
// surely denies is denied, and nothing is surely allowed by it.
func TestUnknownDocument(t *testing.T) {
	o := organization(t, func(s *org.Spec) {
		s.Accounts[1].Roles = []org.Role{{
			ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/reader"), Trust: document(t, rootTrust),
			Attached: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess")},
		}}
	})
	p := configured(t, read(t, "resources"), "resources", `["${aws_s3_bucket.logs.arn}/*"]`, `[format("%s/*", aws_s3_bucket.logs.arn)]`)
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	const reader, object = "arn:aws:iam::444455556666:role/reader", "arn:aws:s3:::logs/a"
	assert.Equal(t, simulate.ImplicitDeny, decide(t, out.Before, reader, "sqs:SendMessage", "arn:aws:sqs:eu-west-3:111122223333:orders", nil))
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, reader, "s3:GetObject", object, map[string][]string{"aws:SecureTransport": {"true"}}))
	assert.Equal(t, simulate.ExplicitDeny, decide(t, out.After, reader, "s3:GetObject", object, map[string][]string{"aws:SecureTransport": {"false"}}))
	// The queue's policy is read late by Terraform, and known.
	assert.Equal(t, simulate.Allowed, decide(t, out.After, reader, "sqs:SendMessage", "arn:aws:sqs:eu-west-3:111122223333:orders", map[string][]string{"aws:userid": {"AROAX:"}, "aws:PrincipalTag/team": {""}}))
}

// TestUnknownSet holds that what a plan leaves unknown of a permission set is not known of the
// roles that it has already.
func TestUnknownSet(t *testing.T) {
	o, _ := worlds(t, "center")
	first := apply(t, "center", o, must(identitycenter.New(identitycenter.Spec{ARN: policy.MustParseARN(instanceARN), Region: "eu-west-3"})))
	role := "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_DeveloperAccess_0000000000000000"
	require.Equal(t, simulate.Allowed, decide(t, first.After, role, "s3:ListAllMyBuckets", "*", nil))
	set := first.Instance.Spec().PermissionSets[0].ARN.String()
	p := edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[{"address":"aws_ssoadmin_permission_set_inline_policy.x","mode":"managed","type":"aws_ssoadmin_permission_set_inline_policy","name":"x","change":{"actions":["update"],`+
		`"before":{"instance_arn":"`+instanceARN+`","permission_set_arn":"`+set+`","inline_policy":"{}"},"after":{"instance_arn":"`+instanceARN+`","permission_set_arn":"`+set+`"},"after_unknown":{"inline_policy":true}}},`)
	out, err := p.Apply(first.After, first.Instance, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, role, "s3:ListAllMyBuckets", "*", nil))
	assert.Contains(t, changes(out), "mark identity-policies of "+role+" as unknown")
}

// TestDeposed holds that what is left of an earlier replacement goes, too.
func TestDeposed(t *testing.T) {
	o := organization(t, func(s *org.Spec) { s.Accounts[0].Roles = []org.Role{role(t, "left", rootTrust)} })
	p := edited(t, "targeted", `"resource_changes":[`, `"resource_changes":[{"address":"aws_iam_role.app","deposed":"byebye","mode":"managed","type":"aws_iam_role","name":"app","change":{"actions":["delete"],`+
		`"before":{"arn":"arn:aws:iam::111122223333:role/left","name":"left"},"after":null}},`)
	out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, "remove arn:aws:iam::111122223333:role/left\nput group arn:aws:iam::111122223333:group/planned\n", changes(out))
}

// TestUnknownPolicy holds that a managed policy of which nothing is known is there, and
// decides nothing for certain.
func TestUnknownPolicy(t *testing.T) {
	p := edited(t, "links", `"policy":{"references":["data.aws_iam_policy_document.read.json","data.aws_iam_policy_document.read"]}`, `"policy":{"references":["local.read"]}`)
	out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	arn := policy.MustParseARN("arn:aws:iam::111122223333:policy/a")
	m, ok := out.After.ManagedPolicy(arn)
	require.True(t, ok)
	assert.Nil(t, m.Document)
	assert.Contains(t, out.Unknown, org.Gap{Subject: arn.String(), What: org.GapDocument, Reason: `aws_iam_policy.p["a"]: policy is known only after apply (it depends on local.read)`})
	assert.Equal(t, simulate.Indeterminate, decide(t, out.After, "arn:aws:iam::111122223333:role/mod", "s3:ListAllMyBuckets", "*", nil))
}

// TestUnknownTags holds that tags which the provider may add are not taken for absent.
func TestUnknownTags(t *testing.T) {
	p := edited(t, "links", `"access_key":{"constant_value":"none"}`, `"default_tags":[{"tags":{"references":["local.tags"]}}]`)
	out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Contains(t, changes(out), "mark tags of arn:aws:iam::111122223333:role/mod as unknown\n")
	r, ok := out.After.Role(policy.MustParseARN("arn:aws:iam::111122223333:role/mod"))
	require.True(t, ok)
	assert.Nil(t, r.Tags)
}

// TestReferences holds which expressions are followed: those that are a reference to one thing,
// by the configuration.
func TestReferences(t *testing.T) {
	const was = `"permissions_boundary":{"references":["aws_iam_policy.boundary.arn","aws_iam_policy.boundary"]}`
	const wrote = "permissions_boundary = aws_iam_policy.boundary.arn"
	const one = `"aws_iam_policy.boundary.arn","aws_iam_policy.boundary"`
	app := policy.MustParseARN("arn:aws:iam::111122223333:role/app")
	for _, test := range []struct {
		name, refs, expression string
		want                   string // "": a gap
	}{
		{"one", one, `aws_iam_policy.boundary.arn`, "arn:aws:iam::111122223333:policy/boundary"},
		{"in a template", one, `("${aws_iam_policy.boundary.arn}")`, "arn:aws:iam::111122223333:policy/boundary"},
		{"the ID, which is the ARN", `"aws_iam_policy.boundary.id","aws_iam_policy.boundary"`, `aws_iam_policy.boundary.id`, "arn:aws:iam::111122223333:policy/boundary"},
		{"by key", `"aws_iam_policy.p[\"a\"].arn","aws_iam_policy.p[\"a\"]","aws_iam_policy.p"`, `aws_iam_policy.p["a"].arn`, "arn:aws:iam::111122223333:policy/a"},
		{"without the configuration", one, "", ""},
		{"another configuration", one, `aws_iam_policy.p["a"].arn`, ""},
		{"a function", one, `replace(aws_iam_policy.boundary.arn, "boundary", "a")`, ""},
		{"a part of a text", one, `"${aws_iam_policy.boundary.arn}-a"`, ""},
		{"a condition", one, `endswith(aws_iam_policy.boundary.arn, "x") ? "arn:aws:iam::aws:policy/ReadOnlyAccess" : "arn:aws:iam::aws:policy/AdministratorAccess"`, ""},
		{"two", one + `,"aws_iam_policy.p[\"a\"].arn","aws_iam_policy.p[\"a\"]"`, `coalesce(aws_iam_policy.boundary.arn, aws_iam_policy.p["a"].arn)`, ""},
		{"with a variable", one + `,"var.acct"`, `replace(aws_iam_policy.boundary.arn, var.acct, "x")`, ""},
		{"another attribute", `"aws_iam_policy.boundary.policy_id","aws_iam_policy.boundary"`, `aws_iam_policy.boundary.policy_id`, ""},
		{"another resource", `"aws_iam_role.prefixed.name","aws_iam_role.prefixed"`, `aws_iam_role.prefixed.name`, ""},
		{"a local", `"local.boundary"`, `local.boundary`, ""},
		{"nothing", `"aws_iam_policy.gone.arn","aws_iam_policy.gone"`, `aws_iam_policy.gone.arn`, ""},
		{"an output that is not there", `"module.m.boundary","module.m"`, `module.m.boundary`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := edited(t, "links", was, `"permissions_boundary":{"references":[`+test.refs+`]}`)
			if test.expression != "" {
				p = configured(t, p, "links", wrote, "permissions_boundary = "+test.expression)
			}
			out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			r, ok := out.After.Role(app)
			require.True(t, ok)
			assert.Equal(t, test.want, r.Boundary.String())
			gap := func(g org.Gap) bool { return g.Subject == app.String() && g.What == org.GapBoundary }
			assert.Equal(t, test.want == "", slices.ContainsFunc(out.Unknown, gap))
		})
	}
}

// TestInstanceIndex holds that the index of an instance is its own, and that what is made of
// it is another one.
func TestInstanceIndex(t *testing.T) {
	const wrote = `= aws_iam_policy.p[each.key].arn`
	const counted = `= [for k, p in aws_iam_policy.p : p.arn][count.index]`
	for _, test := range []struct {
		name, old, new, attachment string
		isKnown                    bool
	}{
		{"key", wrote, wrote, "b", true},
		{"key in a template", wrote, `= "${(aws_iam_policy.p)[each.key].arn}"`, "b", true},
		{"function of the key", wrote, `= aws_iam_policy.p[lower(each.key)].arn`, "b", false},
		{"part of a key", wrote, `= aws_iam_policy.p["${each.key}-b"].arn`, "b", false},
		{"index of no count", wrote, `= aws_iam_policy.p[count.index].arn`, "b", false},
		{"index", counted, `= aws_iam_policy.p[count.index].arn`, "c", true},
		{"key of no for_each", counted, `= aws_iam_policy.p[each.key].arn`, "c", false},
		{"sum", counted, `= aws_iam_policy.p[count.index + 1].arn`, "c", false},
		{"list", counted, counted, "c", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := read(t, "links")
			if test.attachment == "c" {
				p = edited(t, "links", `aws_iam_policy.p[\"a\"]`, `aws_iam_policy.p[0]`, `aws_iam_policy.p[\"b\"]`, `aws_iam_policy.p[1]`)
			}
			out, err := configured(t, p, "links", test.old, test.new).Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, !test.isKnown, hasGap(out, org.GapIdentityPolicies, "aws_iam_role_policy_attachment."+test.attachment+"["))
		})
	}
}
