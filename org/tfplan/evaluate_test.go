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

// TestNewBucket holds that the policy of a bucket that the plan makes is certain with the plan
// file.
func TestNewBucket(t *testing.T) {
	o := organization(t, func(s *org.Spec) {
		s.Accounts[1].Roles = []org.Role{{
			ARN: policy.MustParseARN("arn:aws:iam::444455556666:role/reader"), Trust: document(t, rootTrust),
			Attached: []policy.ARN{policy.MustParseARN("arn:aws:iam::aws:policy/AdministratorAccess")},
		}}
	})
	out := apply(t, "resources", o, nil, tfplan.WithAccount("111122223333"))
	const reader = "arn:aws:iam::444455556666:role/reader"
	keys := map[string][]string{"aws:SecureTransport": {"true"}}
	assert.Equal(t, simulate.Allowed, decide(t, out.After, reader, "s3:GetObject", "arn:aws:s3:::logs/a", keys))
	assert.Equal(t, simulate.ImplicitDeny, decide(t, out.After, reader, "s3:PutObject", "arn:aws:s3:::logs/a", keys))
}

// TestEvaluated holds which documents of resources are computed, and to what.
func TestEvaluated(t *testing.T) {
	const wrote = `jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:*", Resource = aws_s3_bucket.logs.arn }] })`
	with := func(resource string) string { return strings.Replace(wrote, "aws_s3_bucket.logs.arn", resource, 1) }
	const bucket = `"aws_s3_bucket.logs.arn","aws_s3_bucket.logs"`
	const function = `{"address":"aws_lambda_function.f","mode":"managed","type":"aws_lambda_function","name":"f","change":{"actions":["update"],"before":{},"after":{"arn":"arn:aws:lambda:eu-west-3:111122223333:function:f"},"after_unknown":{}}},`
	const variables = `"variables":{"open":{"value":"ab"},"secret":{"value":"xy"}},`
	for _, test := range []struct{ name, refs, expression, want string }{
		{"reference", bucket, wrote, "arn:aws:s3:::logs"},
		{"template", bucket, with(`"${aws_s3_bucket.logs.arn}/*"`), "arn:aws:s3:::logs/*"},
		{"list", bucket, with(`[("${aws_s3_bucket.logs.arn}/a")]`), "arn:aws:s3:::logs/a"},
		{"key", bucket, `jsonencode({ "Version" : "2012-10-17", Statement : { Effect = "Allow", ("Action") = "s3:*", "Resource" = aws_s3_bucket.logs.arn } })`, "arn:aws:s3:::logs"},
		{"text", bucket, "<<-EOT\n  {\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"${aws_s3_bucket.logs.arn}/$${aws:username}\"}]}\nEOT\n", "arn:aws:s3:::logs/${aws:username}"},
		{"local", `"local.logs"`, with(`"${local.logs}/*"`) + "\n}\nlocals {\n logs = aws_s3_bucket.logs.arn", "arn:aws:s3:::logs/*"},
		{"local of another configuration", bucket, with("local.logs") + "\n}\nlocals {\n logs = aws_s3_bucket.logs.arn", ""},
		{"literal of another configuration", bucket, with(`"*"`), ""},
		{"variable", bucket + `,"var.open"`, with(`"${aws_s3_bucket.logs.arn}/${var.open}"`), "arn:aws:s3:::logs/ab"},
		{"sensitive variable", bucket + `,"var.secret"`, with(`"${aws_s3_bucket.logs.arn}/${var.secret}"`), ""},
		{"other resource", `"aws_lambda_function.f.arn","aws_lambda_function.f"`, with(`aws_lambda_function.f.arn`), "arn:aws:lambda:eu-west-3:111122223333:function:f"},
		{"function", bucket, with(`replace(aws_s3_bucket.logs.arn, "logs", "orders")`), ""},
		{"condition", bucket, with(`aws_s3_bucket.logs.arn == "" ? "*" : "arn:aws:s3:::orders"`), ""},
		{"of each key of none", bucket, with(`"${aws_s3_bucket.logs.arn}/${each.key}"`), ""},
		{"what AWS will choose", bucket, with(`aws_s3_bucket.logs.bucket_domain_name`), ""},
		{"other function", bucket, strings.Replace(wrote, "jsonencode", "yamlencode", 1), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := edited(t, "links", `"policy":{"references":[`+bucket+`]}`, `"policy":{"references":[`+test.refs+`]}`, `"resource_changes":[`, `"resource_changes":[`+function,
				`"configuration":{`, variables+`"configuration":{`, `"root_module":{"resources":[{"address":"aws_iam_policy.boundary","mode":"managed","type":"aws_iam_policy","name":"boundary","provider_config_key"`,
				`"root_module":{"variables":{"open":{},"secret":{"sensitive":true}},"resources":[{"address":"aws_iam_policy.boundary","mode":"managed","type":"aws_iam_policy","name":"boundary","provider_config_key"`)
			p = configured(t, p, "links", wrote, test.expression, wroteFirst, "variable \"open\" {}\nvariable \"secret\" { sensitive = true }\n"+wroteFirst)
			out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, test.want == "", hasGap(out, org.GapIdentityPolicies, "aws_iam_role_policy.inl: policy is known only after apply"))
			r, _ := out.After.Role(policy.MustParseARN("arn:aws:iam::111122223333:role/app"))
			var resources []string
			for _, p := range r.Inline {
				for _, s := range p.Document.Statements() {
					for v := range s.Resource.All() {
						resources = append(resources, v)
					}
				}
			}
			assert.Equal(t, test.want, strings.Join(resources, " "))
		})
	}
}
