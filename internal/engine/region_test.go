package engine_test

import (
	"testing"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// §13: calls to global services carry the region that AWS documents, whatever the case of
// the action.
func TestRequestedRegionOfGlobalServices(t *testing.T) {
	ref := engine.NewKeyRef("aws:RequestedRegion")
	for action, want := range map[string]string{
		"iam:ListUsers": "us-east-1", "Organizations:ListAccounts": "us-east-1", "account:GetContactInformation": "us-east-1",
		"globalaccelerator:ListAccelerators": "us-west-2", "networkmanager:DescribeGlobalNetworks": "us-west-2",
		"ec2:DescribeInstances": "", "sts:GetCallerIdentity": "",
	} {
		var v engine.View
		v.SetAction(policy.Action(action))
		v.Derive, v.NoResource = true, true
		val := v.Key(&ref)
		got := ""
		if val.State == engine.Known {
			got = val.Values[0]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", action, got, want)
		}
	}
}
