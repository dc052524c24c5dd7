package simulate_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// howToOrganization has an application account in an OU that allows only some services,
// and another account.
const howToOrganization = `{
  "id": "o-a1b2c3d4e5", "managementAccount": "999900001111",
  "root": {"id": "r-ab12", "policyTypes": ["scp", "rcp"], "attached": ["p-FullAWSAccess", "p-perimeter"], "accounts": ["999900001111", "444455556666"],
    "ous": [{"id": "ou-ab12-11111111", "name": "Workloads", "attached": ["p-services", "p-guards"], "accounts": ["111122223333"]}]},
  "controlPolicies": [
    {"id": "p-services", "name": "services", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["s3:*", "sqs:*", "kms:*", "iam:*", "sts:*"], "Resource": "*"}}},
    {"id": "p-guards", "name": "guards", "kind": "scp", "document": {"Version": "2012-10-17", "Statement": [
      {"Sid": "Regions", "Effect": "Deny", "Action": ["sqs:*", "s3:*"], "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-3"]}}},
      {"Sid": "KeepRoles", "Effect": "Deny", "Action": "iam:DeleteRole", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}}]}},
    {"id": "p-perimeter", "name": "perimeter", "kind": "rcp", "document": {"Version": "2012-10-17", "Statement": [
      {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}},
      {"Sid": "Network", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": {"NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]}}],
  "accounts": [
    {"id": "999900001111", "attached": ["p-FullAWSAccess"],
      "roles": [{"arn": "arn:aws:iam::999900001111:role/admin", "trust": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "999900001111"}, "Action": "sts:AssumeRole"}}}],
      "resources": [{"arn": "arn:aws:s3:::billing"}]},
    {"id": "111122223333", "attached": ["p-FullAWSAccess"],
      "users": [{"arn": "arn:aws:iam::111122223333:user/ana", "groups": ["developers"], "inline": [{"name": "queues", "document": {"Version": "2012-10-17", "Statement": [
          {"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]}}]},
        {"arn": "arn:aws:iam::111122223333:user/quarantined", "attached": ["arn:aws:iam::aws:policy/AWSDenyAll"]}],
      "groups": [{"arn": "arn:aws:iam::111122223333:group/developers", "inline": [{"name": "limits", "document": {"Version": "2012-10-17", "Statement": [
          {"Sid": "NoPurge", "Effect": "Deny", "Action": "sqs:PurgeQueue", "Resource": "*"}]}}]}],
      "roles": [
        {"arn": "arn:aws:iam::111122223333:role/app/orders", "boundary": "arn:aws:iam::111122223333:policy/limit",
          "trust": {"Version": "2012-10-17", "Statement": [
            {"Sid": "Same", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"},
            {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "blue"}}}]},
          "inline": [{"name": "queues", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sqs:*", "kms:*"], "Resource": "*"}}}]},
        {"arn": "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", "trust": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}},
          "inline": [{"name": "own", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/cluster": "main"}}}}}]}],
      "policies": [{"arn": "arn:aws:iam::111122223333:policy/limit", "document": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "kms:*", "s3:*"], "Resource": "*"}, {"Sid": "Never", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}]}}],
      "resources": [
        {"arn": "arn:aws:sqs:eu-west-1:111122223333:orders"},
        {"arn": "arn:aws:sqs:us-east-1:111122223333:far"},
        {"arn": "arn:aws:s3:::public", "blockPublicAccess": true, "policy": {"Version": "2012-10-17", "Statement": {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}}},
        {"arn": "arn:aws:s3:::logs", "policy": {"Version": "2012-10-17", "Statement": {"Sid": "TLS", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}}},
        {"arn": "arn:aws:kms:eu-west-1:111122223333:key/k1", "policy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:Decrypt", "Resource": "*"}}}],
      "endpoints": [{"id": "vpce-1", "vpc": "vpc-1", "service": "s3", "gateway": true, "policy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}}}]},
    {"id": "444455556666", "attached": ["p-FullAWSAccess"],
      "users": [{"arn": "arn:aws:iam::444455556666:user/bruno", "inline": [{"name": "all", "document": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]}],
  "gaps": [{"subject": "arn:aws:iam::111122223333:role/lost", "what": "everything", "reason": "AccessDenied"}]
}`

func TestHowToAllow(t *testing.T) {
	const (
		ana, bruno, orders = "arn:aws:iam::111122223333:user/ana", "arn:aws:iam::444455556666:user/bruno", "arn:aws:iam::111122223333:role/app/orders"
		queue, key         = "arn:aws:sqs:eu-west-1:111122223333:orders", "arn:aws:kms:eu-west-1:111122223333:key/k1"
		inside             = "aws:SourceIp=203.0.113.9"
	)
	o, err := org.Parse([]byte(howToOrganization))
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	strict, err := simulate.Compile(o, simulate.WithStrictKeys())
	require.NoError(t, err)
	for _, test := range []struct {
		name, principal, action, resource string
		context                           []string
		open                              bool // keys that are not given are unknown
		session                           *simulate.SessionSpec
		remedies, barriers, unknown       []string
	}{
		{
			name: "identity or resource policy", principal: ana, action: "sqs:ReceiveMessage", resource: queue, context: []string{inside},
			remedies: []string{"allow sqs:ReceiveMessage in identityPolicy of " + ana, "allow sqs:ReceiveMessage in resourcePolicy of " + queue},
		},
		{
			name: "allowed already", principal: orders, action: "sqs:ReceiveMessage", resource: queue, context: []string{inside},
		},
		{
			name: "MFA of an identity policy", principal: ana, action: "sqs:SendMessage", resource: queue, context: []string{inside}, open: true,
			remedies: []string{"set aws:MultiFactorAuthPresent to [true]", "allow sqs:SendMessage in identityPolicy of " + ana, "allow sqs:SendMessage in resourcePolicy of " + queue},
		},
		{
			name: "an address in a network", principal: orders, action: "sqs:ReceiveMessage", resource: queue, context: []string{"aws:SourceIp=198.51.100.7"},
			remedies: []string{"set aws:SourceIp to [203.0.113.1]", "except the caller from Network of perimeter (resourceControl)"},
			barriers: []string{"Network of perimeter (resourceControl)"},
		},
		{
			name: "the region of the resource cannot be another", principal: orders, action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:111122223333:far", context: []string{inside},
			remedies: []string{"except the caller from Regions of guards (serviceControl)"},
			barriers: []string{"Regions of guards (serviceControl)"},
		},
		{
			name: "a guardrail with exceptions", principal: ana, action: "iam:DeleteRole", resource: orders,
			remedies: []string{"allow iam:DeleteRole in identityPolicy of " + ana + " and except the caller from KeepRoles of guards (serviceControl)"},
			barriers: []string{"KeepRoles of guards (serviceControl)"},
		},
		{
			name: "an SCP level without an Allow", principal: ana, action: "ec2:DescribeInstances", resource: "*",
			remedies: []string{"allow ec2:DescribeInstances in identityPolicy of " + ana + " and allow ec2:DescribeInstances in serviceControl of ou-ab12-11111111"},
			barriers: []string{"serviceControl of ou-ab12-11111111"},
		},
		{
			name: "a Deny of a group", principal: ana, action: "sqs:PurgeQueue", resource: queue, context: []string{inside},
			remedies: []string{
				"allow sqs:PurgeQueue in identityPolicy of " + ana + " and except the caller from NoPurge of limits (identityPolicy)",
				"allow sqs:PurgeQueue in resourcePolicy of " + queue + " and except the caller from NoPurge of limits (identityPolicy)",
			},
			barriers: []string{"NoPurge of limits (identityPolicy)"},
		},
		{
			name: "a boundary that does not allow", principal: orders, action: "sqs:SendMessage", resource: queue, context: []string{inside},
			remedies: []string{"allow sqs:SendMessage in boundary of arn:aws:iam::111122223333:policy/limit"},
			barriers: []string{"boundary"},
		},
		{
			name: "a boundary that denies", principal: orders, action: "s3:DeleteObject", resource: "arn:aws:s3:::logs/a", context: []string{"aws:RequestedRegion=eu-west-1"},
			remedies: []string{
				"allow s3:DeleteObject in identityPolicy of " + orders + " and except the caller from Never of limit (boundary)",
				"allow s3:DeleteObject in resourcePolicy of arn:aws:s3:::logs and except the caller from Never of limit (boundary)",
			},
			barriers: []string{"Never of limit (boundary)"},
		},
		{
			name: "both sides of two accounts", principal: orders, action: "s3:GetObject", resource: "arn:aws:s3:::billing/a", context: []string{"aws:RequestedRegion=eu-west-1"},
			remedies: []string{"allow s3:GetObject in identityPolicy of " + orders + " and allow s3:GetObject in resourcePolicy of arn:aws:s3:::billing"},
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "a condition of a trust policy", principal: bruno, action: "sts:AssumeRole", resource: orders,
			remedies: []string{"set sts:ExternalId to [blue]", "allow sts:AssumeRole in resourcePolicy of " + orders},
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "session tags", principal: bruno, action: "sts:AssumeRole", resource: orders, context: []string{"sts:ExternalId=blue", "aws:RequestTag/team=x", "aws:TagKeys=team"},
			remedies: []string{"allow sts:TagSession in resourcePolicy of " + orders},
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "a role that the trust policy leaves to the account", principal: ana, action: "sts:AssumeRole", resource: orders,
			remedies: []string{"allow sts:AssumeRole in identityPolicy of " + ana, "allow sts:AssumeRole in resourcePolicy of " + orders},
		},
		{
			name: "a key policy that delegates", principal: ana, action: "kms:Decrypt", resource: key,
			remedies: []string{"allow kms:Decrypt in identityPolicy of " + ana, "allow kms:Decrypt in resourcePolicy of " + key},
		},
		{
			name: "a key policy that does not delegate", principal: ana, action: "kms:Encrypt", resource: key,
			remedies: []string{"allow kms:Encrypt in resourcePolicy of " + key},
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "Block Public Access", principal: bruno, action: "s3:GetObject", resource: "arn:aws:s3:::public/a", context: []string{"aws:RequestedRegion=eu-west-1"},
			remedies: []string{"unblock public access"},
			barriers: []string{"blockPublicAccess"},
		},
		{
			name: "a VPC endpoint", principal: bruno, action: "s3:GetObject", resource: "arn:aws:s3:::logs/a", context: []string{"aws:SourceVpce=vpce-1"},
			remedies: []string{
				"leave out aws:SourceVpce and allow s3:GetObject in resourcePolicy of arn:aws:s3:::logs",
				"allow s3:GetObject in resourcePolicy of arn:aws:s3:::logs and allow s3:GetObject in endpointPolicy of vpce-1",
			},
			barriers: []string{"endpointPolicy of vpce-1"},
		},
		{
			name: "a resource policy that wants TLS", principal: bruno, action: "s3:GetObject", resource: "arn:aws:s3:::logs/a", context: []string{"aws:SecureTransport=false"},
			remedies: []string{
				"set aws:SecureTransport to [true] and allow s3:GetObject in resourcePolicy of arn:aws:s3:::logs",
				"allow s3:GetObject in resourcePolicy of arn:aws:s3:::logs and except the caller from TLS of arn:aws:s3:::logs (resourcePolicy)",
			},
			barriers: []string{"TLS of arn:aws:s3:::logs (resourcePolicy)"},
		},
		{
			name: "the root user", principal: "arn:aws:iam::111122223333:root", action: "iam:DeleteRole", resource: orders,
			remedies: []string{"except the caller from KeepRoles of guards (serviceControl)"},
			barriers: []string{"KeepRoles of guards (serviceControl)"},
		},
		{
			name: "the management account has no SCPs", principal: "arn:aws:iam::999900001111:role/admin", action: "iam:DeleteRole", resource: "arn:aws:iam::999900001111:role/admin",
			remedies: []string{"allow iam:DeleteRole in identityPolicy of arn:aws:iam::999900001111:role/admin"},
		},
		{
			name: "a service", principal: "sns.amazonaws.com", action: "sqs:SendMessage", resource: queue,
			remedies: []string{"allow sqs:SendMessage in resourcePolicy of " + queue},
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "an anonymous caller", principal: "*", action: "s3:GetObject", resource: "arn:aws:s3:::logs/a",
			remedies: []string{"allow s3:GetObject in resourcePolicy of arn:aws:s3:::logs and except the caller from Own of perimeter (resourceControl)"},
			barriers: []string{"Own of perimeter (resourceControl)"},
		},
		{
			name: "a service-linked role", principal: "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", action: "ec2:DescribeInstances", resource: "*",
		},
		{
			name: "only another resource", principal: "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", action: "ec2:StopInstances",
			resource: "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
			remedies: []string{"set aws:ResourceTag/cluster to [main] by another principal or resource"},
		},
		{
			name: "a resource that has no policy", principal: bruno, action: "iam:GetRole", resource: orders,
			barriers: []string{"resourcePolicy"},
		},
		{
			name: "a policy of AWS", principal: "arn:aws:iam::111122223333:user/quarantined", action: "sqs:ReceiveMessage", resource: queue, context: []string{inside},
			barriers: []string{"DenyAll of AWSDenyAll (identityPolicy)"},
		},
		{
			name: "a rule of the service", principal: orders, action: "sts:GetSessionToken", resource: "*",
			barriers: []string{"serviceRule"},
		},
		{
			name: "a session policy", principal: "arn:aws:sts::111122223333:assumed-role/orders/s", action: "kms:Decrypt", resource: key,
			session:  &simulate.SessionSpec{Policies: []*policy.Document{policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)))}},
			remedies: []string{"allow kms:Decrypt in sessionPolicy"},
			barriers: []string{"sessionPolicy"},
		},
		{
			name: "a caller that is not known", principal: "arn:aws:iam::111122223333:role/nobody", action: "kms:Decrypt", resource: key,
			unknown: []string{"arn:aws:iam::111122223333:role/nobody"},
		},
		{
			name: "a gap", principal: ana, action: "sts:AssumeRole", resource: "arn:aws:iam::111122223333:role/lost",
			unknown: []string{"arn:aws:iam::111122223333:role/lost"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := strict
			if test.open {
				e = env
			}
			r := simulate.Request{Principal: parsePrincipal(test.principal), Action: policy.Action(test.action)}
			if test.resource != "*" {
				r.Resource = policy.MustParseARN(test.resource)
			}
			for _, c := range test.context {
				k, v, _ := strings.Cut(c, "=")
				r.Keys = r.Keys.With(k, v)
			}
			if test.session != nil {
				var err error
				r.Session, err = simulate.NewSession(*test.session)
				require.NoError(t, err)
			}
			c := e.HowToAllow(r)
			var remedies, barriers, unknown []string
			for _, remedy := range c.Remedies {
				remedies = append(remedies, remedy.String())
				after, err := e.Apply(remedy.Changes...)
				require.NoError(t, err)
				require.True(t, after.Can(remedy.Request).Allowed(), "%v", remedy)
			}
			for _, b := range c.Barriers {
				barriers = append(barriers, b.String())
			}
			for _, d := range c.Unknown {
				unknown = append(unknown, d.Name)
			}
			for _, diff := range []string{cmp.Diff(test.remedies, remedies), cmp.Diff(test.barriers, barriers), cmp.Diff(test.unknown, unknown)} {
				if diff != "" {
					t.Errorf("want -, got +:\n%s\n%v", diff, maps.Collect(r.Keys.All()))
				}
			}
			require.False(t, c.Truncated)
		})
	}
}
