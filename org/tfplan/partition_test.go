package tfplan_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
)

// TestPartitions holds that ARNs that a plan does not have are of the partition of the Region.
func TestPartitions(t *testing.T) {
	for region, partition := range map[string]string{
		"eu-west-3": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eusc-de-east-1": "aws-eusc",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
	} {
		t.Run(region, func(t *testing.T) {
			p := edited(t, "targeted", `"eu-west-3"`, `"`+region+`"`)
			o := must(org.Standalone(org.Account{ID: "111122223333"}))
			out, err := p.Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			assert.Equal(t, "put group arn:"+partition+":iam::111122223333:group/planned\n", changes(out))
			key, err := withChange(t, "aws_kms_key", `"actions":["create"],"before":null,"after":{"region":"`+region+`"},"after_unknown":{"arn":true,"policy":true}`, "").Apply(o, nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			text, err := key.Changes[1].MarshalJSON()
			require.NoError(t, err)
			assert.True(t, strings.Contains(string(text), `"arn:`+partition+`:kms:`+region+`:111122223333:key/`) && strings.Contains(string(text), `"AWS":"arn:`+partition+`:iam::111122223333:root"`), string(text))
		})
	}
}

// TestPolicyOfOtherPartition holds that a managed policy of AWS that is known in one partition
// alone is a gap in another, where it may differ.
func TestPolicyOfOtherPartition(t *testing.T) {
	p := withChange(t, "aws_iam_user_policy_attachment", `"actions":["create"],"before":null,"after":{"user":"ana","policy_arn":"arn:aws-cn:iam::aws:policy/ReadOnlyAccess"},"after_unknown":{}`, "")
	out, err := p.Apply(linkedWorld(t), nil, tfplan.WithAccount("111122223333"))
	require.NoError(t, err)
	assert.Equal(t, "document of arn:aws-cn:iam::aws:policy/ReadOnlyAccess: aws_iam_user_policy_attachment.x: neither the snapshot nor the plan has the policy that it names", gaps(out))
}
