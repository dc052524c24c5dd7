package tfplan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
)

// ofOtherProvider is a plan that makes a thing "m" by the provider "aws", in account
// 444455556666, and its policy "x" by "aws.b", in 111122223333.
func ofOtherProvider(t *testing.T, typ, after, policyType, attr, value, reference string) *tfplan.Plan {
	const change = `{"address":"%s.%s","mode":"managed","type":"%[1]s","name":"%[2]s","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"before":null,"after":%s,"after_unknown":%s}},`
	const config = `{"address":"%s.%s","mode":"managed","type":"%[1]s","name":"%[2]s","provider_config_key":"%s","expressions":{%s}},`
	links, unknown := value, "{}"
	if value == "" {
		links, unknown = "", `{"`+attr+`":true}`
	} else {
		links = `"` + attr + `":"` + value + `",`
	}
	p := edited(t, "targeted",
		`"resource_changes":[`, `"resource_changes":[`+fmt.Sprintf(change, typ, "m", after, `{"id":true,"arn":true,"key_id":true}`)+
			fmt.Sprintf(change, policyType, "x", `{`+links+`"policy":"{\"Version\":\"2012-10-17\",\"Statement\":[]}"}`, unknown),
		`"resources":[{"address":"aws_iam_group.left"`, `"resources":[`+fmt.Sprintf(config, typ, "m", "aws", "")+
			fmt.Sprintf(config, policyType, "x", "aws.b", `"`+attr+`":{"references":["`+typ+".m."+reference+`","`+typ+`.m"]}`)+`{"address":"aws_iam_group.left"`,
		`"access_key":{"constant_value":"none"}`, `"allowed_account_ids":{"constant_value":["444455556666"]}`,
		`"provider_config":{`, `"provider_config":{"aws.b":{"name":"aws","alias":"b","full_name":"registry.terraform.io/hashicorp/aws","expressions":{"region":{"constant_value":"eu-west-3"},"allowed_account_ids":{"constant_value":["111122223333"]}}},`)
	return configured(t, p, "targeted", wroteFirst, fmt.Sprintf("resource %q \"x\" {\n %s = %s.m.%s\n}\n", policyType, attr, typ, reference)+wroteFirst)
}

// TestOwner holds of which account a thing is whose policy another configuration of the
// provider writes.
func TestOwner(t *testing.T) {
	for _, test := range []struct{ name, typ, after, policyType, attr, value, reference, want, skipped string }{
		{"bucket", "aws_s3_bucket", `{"bucket":"orders"}`, "aws_s3_bucket_policy", "bucket", "", "id",
			"put group arn:aws:iam::444455556666:group/planned\nput resource arn:aws:s3:::orders in account 444455556666\n", ""},
		{"another bucket", "aws_s3_bucket", `{"bucket":"orders"}`, "aws_s3_bucket_policy", "bucket", "logs", "id",
			"put resource arn:aws:s3:::logs in account 111122223333\nput group arn:aws:iam::444455556666:group/planned\nput resource arn:aws:s3:::orders in account 444455556666\n", ""},
		{"repository", "aws_ecr_repository", `{"name":"orders"}`, "aws_ecr_repository_policy", "repository", "", "id",
			"put resource arn:aws:ecr:eu-west-3:111122223333:repository/orders in account 111122223333\nput group arn:aws:iam::444455556666:group/planned\nput resource arn:aws:ecr:eu-west-3:444455556666:repository/orders in account 444455556666\n", ""},
		{"key by its ID", "aws_kms_key", `{}`, "aws_kms_key_policy", "key_id", "", "key_id",
			"put group arn:aws:iam::444455556666:group/planned\nput resource arn:aws:kms:eu-west-3:444455556666:key/00000000-0000-0000-0000-000051361fff in account 444455556666\n",
			"aws_kms_key_policy.x access=true: key_id is known only after apply (it depends on aws_kms_key.m.key_id)\n"},
		{"key by its ARN", "aws_kms_key", `{}`, "aws_kms_key_policy", "key_id", "", "arn",
			"put group arn:aws:iam::444455556666:group/planned\nput resource arn:aws:kms:eu-west-3:444455556666:key/00000000-0000-0000-0000-000051361fff in account 444455556666\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := ofOtherProvider(t, test.typ, test.after, test.policyType, test.attr, test.value, test.reference).Apply(organization(t, nil), nil)
			require.NoError(t, err)
			var puts string
			for _, c := range out.Changes {
				if s := c.String(); s[:4] == "put " {
					puts += s + "\n"
				}
			}
			assert.Equal(t, test.want, puts)
			assert.Equal(t, test.skipped, skipped(out))
			assert.Equal(t, test.skipped != "", hasGap(out, org.GapResourcePolicy, test.policyType+".x: key_id"))
		})
	}
}

func hasGap(out *tfplan.Outcome, what, reason string) bool {
	return slices.ContainsFunc(out.Unknown, func(g org.Gap) bool { return g.What == what && strings.HasPrefix(g.Reason, reason) })
}
