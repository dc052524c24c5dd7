package simulate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// What the service reference says of an action is a note, and never changes a decision.
func TestNotesOfTheServiceReference(t *testing.T) {
	everything := policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)))
	env, err := simulate.CompileCustom(everything)
	require.NoError(t, err)
	ana, err := policy.ParsePrincipal("arn:aws:iam::111122223333:user/ana")
	require.NoError(t, err)
	date := serviceref.Embedded().Date()
	const none = "no resource is named: only statements about every resource match, and no resource policy, key policy or trust policy has a say"
	for _, test := range []struct {
		action   policy.Action
		resource string
		want     []string
	}{
		{"s3:GetObject", "arn:aws:s3:::logs/a", nil},
		{"s3:GetObject", "", []string{none + "; s3:GetObject has the resource types accesspointobject, object"}},
		{"ec2:DescribeInstances", "", nil},
		{"s3:ListAllMyBuckets", "", nil},
		{"ec2:RunInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", []string{"ec2:RunInstances is authorised on each of the resource types image, instance, network-interface, security-group, subnet: the call needs a request like this one for each of them"}},
		{"ec2:DescribeInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", []string{"ec2:DescribeInstances has no resource types: AWS authorises it on every resource, *, and not on the one that is named"}},
		{"s3:GetObjekt", "arn:aws:s3:::logs/a", []string{"the service reference of " + date + " does not know s3:GetObjekt; did you mean s3:GetObject?"}},
		{"zzz:Whatever", "", []string{"the service reference of " + date + " does not know zzz:Whatever", none}},
	} {
		r := simulate.Request{Principal: ana, Action: test.action}
		if test.resource != "" {
			r.Resource = policy.MustParseARN(test.resource)
		}
		x := env.Explain(r)
		require.Equal(t, strings.Join(test.want, "\n"), strings.Join(x.Notes, "\n"), test.action)
		require.Equal(t, simulate.Allowed, x.Decision.Outcome, test.action)
	}
}
