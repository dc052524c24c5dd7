package tfplan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/org/tfplan"
)

// TestUnknownSelectors holds that what a trail records is not known as soon as a part of it
// is not.
func TestUnknownSelectors(t *testing.T) {
	const after = `"actions":["create"],"before":null,"after":{"name":"organization","s3_bucket_name":"logs",`
	for _, test := range []struct {
		name, change string
		known        bool
	}{
		{"all", `"event_selector":[{"read_write_type":"All","include_management_events":true}]},"after_unknown":{"arn":true,"event_selector":[{}]}`, true},
		{"whether management events are", `"event_selector":[{"read_write_type":"All"}]},"after_unknown":{"arn":true,"event_selector":[{"include_management_events":true}]}`, false},
		{"which are left out", `"event_selector":[{"read_write_type":"All","include_management_events":true}]},"after_unknown":{"arn":true,"event_selector":[{"exclude_management_event_sources":true}]}`, false},
		{"sensitive", `"event_selector":[{"read_write_type":"All","include_management_events":true}]},"after_unknown":{"arn":true},"after_sensitive":{"event_selector":[{"read_write_type":true}]}`, false},
		{"a field", `"advanced_event_selector":[{"field_selector":[{"equals":["Data"]}]}]},"after_unknown":{"arn":true,"advanced_event_selector":[{"field_selector":[{"field":true}]}]}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, err := withChange(t, "aws_cloudtrail", after+test.change, "").Apply(organization(t, nil), nil, tfplan.WithAccount("111122223333"))
			require.NoError(t, err)
			require.Len(t, out.Trails, 1)
			assert.Equal(t, test.known, out.Trails[0].Selectors != nil)
		})
	}
}
