package awsexport_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// What describe-vpc-endpoints prints are endpoints of the account, whose policies limit what
// passes through them.
func TestEndpoints(t *testing.T) {
	rows := strings.Join([]string{
		`{"VpcEndpointId": "vpce-1", "VpcEndpointType": "Gateway", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-3.s3", "State": "available", "OwnerId": "111122223333", "PolicyDocument": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\"}]}"}`,
		`{"VpcEndpointId": "vpce-2", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.eu-west-3.ecr.api", "State": "available", "OwnerId": "111122223333"}`,
		`{"VpcEndpointId": "vpce-3", "VpcEndpointType": "Interface", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.vpce.eu-west-3.vpce-svc-0123456789abcdef0", "State": "available", "OwnerId": "111122223333"}`,
		`{"VpcEndpointId": "vpce-4", "VpcEndpointType": "Gateway", "VpcId": "vpc-2", "ServiceName": "com.amazonaws.eu-west-3.s3", "State": "deleted", "OwnerId": "111122223333"}`,
		`{"VpcEndpointId": "vpce-5", "VpcEndpointType": "GatewayLoadBalancer", "VpcId": "vpc-2", "ServiceName": "com.amazonaws.vpce.eu-west-3.vpce-svc-0123456789abcdef1", "OwnerId": "111122223333"}`,
	}, ", ")
	x := read(t, map[string]string{"111122223333/a.json": anaMayAll + "}", "eu-west-3/endpoints.json": `{"VpcEndpoints": [` + rows + `]}`}, awsexport.WithoutOrganization())
	a, _ := x.Organization.Account("111122223333")
	require.Len(t, a.Endpoints, 3)
	require.NotNil(t, a.Endpoints[0].Policy)
	a.Endpoints[0].Policy = nil
	require.Equal(t, []org.Endpoint{{ID: "vpce-1", VPC: "vpc-1", Service: "s3", Gateway: true}, {ID: "vpce-2", VPC: "vpc-1", Service: "ecr"}, {ID: "vpce-3", VPC: "vpc-1"}}, a.Endpoints)
	require.True(t, hasGap(x.Organization, "vpce-2", org.GapResourcePolicy))
	require.False(t, hasGap(x.Organization, "vpce-3", org.GapResourcePolicy))

	env, err := simulate.Compile(x.Organization)
	require.NoError(t, err)
	for action, want := range map[policy.Action]bool{"s3:GetObjectVersion": false, "sqs:ListQueues": true} {
		r := simulate.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana")), Action: action, Keys: simulate.Keys{}.With("aws:SourceVpce", "vpce-1")}
		if action == "s3:GetObjectVersion" {
			r.Resource = policy.MustParseARN("arn:aws:s3:::logs/a")
		}
		require.Equal(t, want, env.Can(r).CanBe(simulate.Allowed), action)
	}
}
