package serviceref_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

func TestFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		action   policy.Action
		resource string
		want     bool
	}{
		{"s3:GetObject", "arn:aws:s3:::logs/a", true},
		{"s3:GetObject", "arn:aws:s3:eu-west-1:111122223333:accesspoint/logs/object/a", true},
		{"s3:GetObject", "arn:aws:s3:::logs/*", true},
		{"s3:GetObject", "arn:aws:s3:::logs", false},
		{"s3:GetObject", "arn:aws:sqs:eu-west-1:111122223333:logs", false},
		{"s3:ListBucket", "arn:aws:s3:::logs/a", false},
		{"sts:AssumeRole", "arn:aws:iam::111122223333:role/path/app", true},
		{"ec2:DescribeInstances", "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", false},
	} {
		info, ok := serviceref.Embedded().Action(test.action)
		require.True(t, ok)
		require.Equal(t, test.want, info.Fits(policy.MustParseARN(test.resource)), "%s on %s", test.action, test.resource)
	}
	info, _ := serviceref.Embedded().Action("s3:GetObject")
	require.False(t, info.Fits(policy.ARN{}))
}

// Each resource stands for one required type, whichever way round the ARNs come.
func TestMissing(t *testing.T) {
	t.Parallel()
	r, err := serviceref.Read([]byte(`{"schema": "sar-facts/1", "asOf": "2027-01-02", "services": {"demo": {
		"actions": {
			"Copy": {"level": "Write", "resources": [{"type": "any", "required": true}, {"type": "box", "required": true}, {"type": "key"}]},
			"List": {"level": "List"}},
		"resources": {
			"any": {"arns": ["arn:${Partition}:demo:::${Name}"]},
			"box": {"arns": ["arn:${Partition}:demo:::box-${Name}"]},
			"key": {"arns": ["arn:${Partition}:demo:::key-${Name}"]}}}}}`))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		action    policy.Action
		resources []string
		want      []string
	}{
		"none given":         {"demo:Copy", nil, []string{"any", "box"}},
		"one fits both":      {"demo:Copy", []string{"arn:aws:demo:::box-a"}, []string{"box"}},
		"each one":           {"demo:Copy", []string{"arn:aws:demo:::box-a", "arn:aws:demo:::x"}, nil},
		"the other way":      {"demo:Copy", []string{"arn:aws:demo:::x", "arn:aws:demo:::box-a"}, nil},
		"twice what fits":    {"demo:Copy", []string{"arn:aws:demo:::x", "arn:aws:demo:::y"}, []string{"box"}},
		"optional is no box": {"demo:Copy", []string{"arn:aws:demo:::box-a", "arn:aws:s3:::a"}, []string{"box"}},
		"wildcard":           {"demo:Copy", []string{"arn:aws:demo:::box-a", "arn:aws:demo:::*"}, []string{"box"}},
		"no types":           {"demo:List", []string{"arn:aws:demo:::x"}, nil},
	} {
		info, ok := r.Action(test.action)
		require.True(t, ok)
		var arns []policy.ARN
		for _, s := range test.resources {
			arns = append(arns, policy.MustParseARN(s))
		}
		var got []string
		for _, typ := range info.Missing(arns...) {
			got = append(got, typ.Name())
		}
		require.Equal(t, test.want, got, name)
	}
}
