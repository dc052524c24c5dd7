package tfplan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
)

// withChange is a plan that also makes this change of a resource, aws_… "x": members of
// change, in JSON. expressions is what the configuration gives it.
func withChange(t *testing.T, typ, change, expressions string) *tfplan.Plan {
	t.Helper()
	return edited(t, "targeted",
		`"resource_changes":[`, fmt.Sprintf(`"resource_changes":[{"address":"%s.x","mode":"managed","type":"%[1]s","name":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{%s}},`, typ, change),
		`"resources":[{"address":"aws_iam_group.left"`, fmt.Sprintf(`"resources":[{"address":"%s.x","mode":"managed","type":"%[1]s","name":"x","provider_config_key":"aws","expressions":{%s}},{"address":"aws_iam_group.left"`, typ, expressions))
}

// TestUnmodelled holds which resources may change access.
func TestUnmodelled(t *testing.T) {
	const (
		create = `"actions":["create"],"before":null,"after_sensitive":{},`
		update = `"actions":["update"],"after_unknown":{},`
		doc    = `"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"`
	)
	for _, test := range []struct {
		name, typ, change, expressions string
		access                         bool
	}{
		{"alias of a key", "aws_kms_alias", create + `"after":{"name":"alias/orders"},"after_unknown":{}`, "", true},
		{"key of a user of SFTP", "aws_transfer_ssh_key", create + `"after":{"user_name":"ana","body":"ssh-ed25519 AAAA"},"after_unknown":{}`, "", true},
		{"policy by its type", "aws_efs_file_system_policy", create + `"after":{},"after_unknown":{"id":true,"policy":true}`, `"policy":{"references":["var.p"]}`, true},
		{"sensitive policy", "aws_dynamodb_resource_policy", `"actions":["create"],"before":null,"after":{"policy":` + doc + `},"after_unknown":{},"after_sensitive":{"policy":true}`, ``, true},
		{"unknown access policies", "aws_opensearch_domain", create + `"after":{"domain_name":"logs"},"after_unknown":{"access_policies":true}`, `"access_policies":{"references":["local.p"]}`, true},
		{"sensitive access policies", "aws_opensearch_domain", `"actions":["create"],"before":null,"after":{"access_policies":` + doc + `},"after_unknown":{},"after_sensitive":{"access_policies":true}`, ``, true},
		{"computed access policies", "aws_opensearch_domain", create + `"after":{"domain_name":"logs"},"after_unknown":{"access_policies":true}`, ``, false},
		{"deleted", "aws_cloudwatch_log_destination_policy", `"actions":["delete"],"before":{"access_policy":` + doc + `},"after":null,"before_sensitive":{"access_policy":true}`, ``, true},
		{"a policy in a block", "aws_new_thing", create + `"after":{"settings":[{"text":` + doc + `}]},"after_unknown":{}`, ``, true},
		{"an unknown policy in a block", "aws_new_thing", create + `"after":{"settings":[{}]},"after_unknown":{"settings":[{"resource_policy":true}]}`, ``, true},
		{"of a new version of the provider", "aws_new_thing_permission", create + `"after":{},"after_unknown":{}`, ``, true},
		{"layer", "aws_lambda_layer_version_permission", create + `"after":{"principal":"*"},"after_unknown":{}`, ``, true},
		{"event bus", "aws_cloudwatch_event_permission", create + `"after":{"principal":"*"},"after_unknown":{}`, ``, true},
		{"image", "aws_ami_launch_permission", create + `"after":{"group":"all"},"after_unknown":{}`, ``, true},
		{"snapshot of a volume", "aws_snapshot_create_volume_permission", create + `"after":{},"after_unknown":{}`, ``, true},
		{"private CA", "aws_acmpca_permission", create + `"after":{},"after_unknown":{}`, ``, true},
		{"shared document", "aws_ssm_document", create + `"after":{"content":"{}","permissions":{"account_ids":"all","type":"Share"}},"after_unknown":{}`, ``, true},
		{"own document", "aws_ssm_document", create + `"after":{"content":"{}","permissions":null},"after_unknown":{}`, ``, false},
		{"shared snapshot", "aws_db_snapshot", update + `"before":{"shared_accounts":[]},"after":{"shared_accounts":["all"]}`, ``, true},
		{"own snapshot", "aws_db_cluster_snapshot", create + `"after":{"shared_accounts":[]},"after_unknown":{}`, ``, false},
		{"identity pool", "aws_cognito_identity_pool_roles_attachment", create + `"after":{},"after_unknown":{}`, ``, true},
		{"public object", "aws_s3_object", create + `"after":{"acl":"public-read"},"after_unknown":{}`, ``, true},
		{"private object", "aws_s3_object", create + `"after":{"acl":"private"},"after_unknown":{}`, ``, false},
		{"object with a computed list", "aws_s3_object", create + `"after":{},"after_unknown":{"acl":true}`, ``, false},
		{"share", "aws_ram_principal_association", create + `"after":{"principal":"444455556666"},"after_unknown":{}`, ``, true},
		{"method of an API", "aws_api_gateway_method", create + `"after":{"authorization":"NONE"},"after_unknown":{}`, ``, true},
		{"administrator", "aws_guardduty_organization_admin_account", create + `"after":{"admin_account_id":"444455556666"},"after_unknown":{}`, ``, true},
		{"blocks made by for_each", "aws_quicksight_folder", create + `"after":{},"after_unknown":{"permissions":true}`, ``, true},
		{"key that gets the default policy", "aws_kms_replica_key", create + `"after":{},"after_unknown":{"policy":true}`, ``, true},
		{"scaling", "aws_appautoscaling_policy", create + `"after":{},"after_unknown":{}`, ``, false},
		{"redrive policy", "aws_sns_topic_subscription", create + `"after":{},"after_unknown":{"redrive_policy":true,"filter_policy":true}`, `"redrive_policy":{"references":["aws_sqs_queue.q.arn"]},"filter_policy":{"references":["local.f"]}`, false},
		{"tags", "aws_instance", create + `"after":{"tags":{"policy":"a","principal":"b"}},"after_unknown":{}`, ``, false},
		{"of another provider", "vault_permission", create + `"after":{"grant":"all"},"after_unknown":{}`, ``, false},
		{"a policy of another provider", "custom_thing", create + `"after":{"text":` + doc + `},"after_unknown":{}`, ``, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, test.expressions).Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			require.Len(t, out.Skipped, 1)
			assert.Equal(t, test.typ+".x", out.Skipped[0].Address)
			assert.Equal(t, test.access, out.Skipped[0].Access, out.Skipped[0].Reason)
		})
	}
}

// TestUnmodelledListed holds that what happens to a resource that the snapshot lists is never
// nothing: what its policy allows goes with it.
func TestUnmodelledListed(t *testing.T) {
	arn := policy.MustParseARN("arn:aws:lambda:eu-west-3:111122223333:function:orders")
	o := organization(t, func(s *org.Spec) {
		s.Accounts[0].Resources = []org.Resource{{ARN: arn, Policy: document(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-3:111122223333:function:orders"}]}`)}}
	})
	for _, test := range []struct {
		name, typ, change string
		access            bool
	}{
		{"goes", "aws_lambda_function", `"actions":["delete"],"before":{"arn":"` + arn.String() + `"},"after":null`, true},
		{"has other tags", "aws_new_tag", `"actions":["create"],"before":null,"after":{"resource_arn":"` + arn.String() + `","key":"team"},"after_unknown":{}`, true},
		{"another", "aws_lambda_function", `"actions":["delete"],"before":{"arn":"` + arn.String() + `2"},"after":null`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, test.typ, test.change, "").Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			require.Len(t, out.Skipped, 1)
			assert.Equal(t, test.access, out.Skipped[0].Access, out.Skipped[0].Reason)
		})
	}
}

// TestProvisioners holds that what a plan runs may do anything.
func TestProvisioners(t *testing.T) {
	p := edited(t, "targeted",
		`"resource_changes":[`, `"resource_changes":[{"address":"null_resource.x","mode":"managed","type":"null_resource","name":"x","change":{"actions":["create"],"before":null,"after":{}}},`,
		`"resources":[{"address":"aws_iam_group.left"`, `"resources":[{"address":"null_resource.x","mode":"managed","type":"null_resource","name":"x","provisioners":[{"type":"local-exec","expressions":{"command":{"constant_value":"aws iam create-user --user-name ana"}}}]},{"address":"aws_iam_group.left"`)
	out, err := p.Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Contains(t, skipped(out), "null_resource.x access=true: runs commands by a provisioner, which may do anything\n")
}

// TestBucketACL holds that a bucket's access control list, which is not modelled, is said to
// be left out where the plan changes it.
func TestBucketACL(t *testing.T) {
	const owner = `[{"id":"1","permissions":["FULL_CONTROL"],"type":"CanonicalUser","uri":""}]`
	for _, test := range []struct {
		name, change, expressions string
		access                    bool
	}{
		{"public", `"actions":["create"],"before":null,"after":{"bucket":"logs","acl":"public-read"},"after_unknown":{"arn":true,"grant":true}`, `"acl":{"constant_value":"public-read"}`, true},
		{"unknown", `"actions":["create"],"before":null,"after":{"bucket":"logs"},"after_unknown":{"arn":true,"acl":true,"grant":true}`, `"acl":{"references":["local.a"]}`, true},
		{"computed", `"actions":["create"],"before":null,"after":{"bucket":"logs"},"after_unknown":{"arn":true,"acl":true,"grant":true}`, ``, false},
		{"the owner's, as it is", `"actions":["update"],"before":{"bucket":"logs","arn":"arn:aws:s3:::logs","grant":` + owner + `},"after":{"bucket":"logs","arn":"arn:aws:s3:::logs","grant":` + owner + `},"after_unknown":{}`, ``, false},
		{"taken back", `"actions":["update"],"before":{"bucket":"logs","arn":"arn:aws:s3:::logs","acl":"public-read"},"after":{"bucket":"logs","arn":"arn:aws:s3:::logs","acl":"private"},"after_unknown":{}`, ``, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, "aws_s3_bucket", test.change, test.expressions).Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			want := ""
			if test.access {
				want = "aws_s3_bucket.x access=true: its access control list may give access, and is not modelled\n"
			}
			assert.Equal(t, want, skipped(out))
		})
	}
}
