package serviceref_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

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
