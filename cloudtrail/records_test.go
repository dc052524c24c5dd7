package cloudtrail_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

func TestRecords(t *testing.T) {
	base := cloudtrail.Trail{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"), HomeRegion: "eu-west-3", MultiRegion: true, GlobalServiceEvents: true,
		Status: &cloudtrail.Status{Logging: true}, Selectors: &cloudtrail.Selectors{},
	}
	event := cloudtrail.Event{
		Account: "111122223333", Region: "eu-west-3", Source: "sts.amazonaws.com", Name: "AssumeRole", Category: "Management", ReadOnly: true,
		Identity: cloudtrail.Identity{ARN: "arn:aws:iam::111122223333:user/ana"}, Raw: []byte(`{"readOnly": true}`),
	}
	basic := func(b cloudtrail.EventSelector) *cloudtrail.Selectors {
		return &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{b}}
	}
	management := cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"Management"}}
	advanced := func(fields ...cloudtrail.FieldSelector) *cloudtrail.Selectors {
		return &cloudtrail.Selectors{Advanced: []cloudtrail.AdvancedSelector{{Fields: fields}}}
	}
	write := event
	write.ReadOnly, write.Raw = false, []byte(`{"readOnly": false}`)
	unsaid := event
	unsaid.ReadOnly, unsaid.Raw = false, []byte(`{}`)
	data := event
	data.Category = "Data"
	member := event
	member.Account = "444455556666"
	global := event
	global.Region = "us-east-1"
	organization := func(x *cloudtrail.Trail) { x.Organization = true }
	one := func(x *cloudtrail.Trail) { x.MultiRegion = false }
	for name, test := range map[string]struct {
		selectors *cloudtrail.Selectors
		change    func(*cloudtrail.Trail)
		event     cloudtrail.Event
		accounts  []string
		want      string
	}{
		"no selectors of its own":        {selectors: &cloudtrail.Selectors{}, event: event, want: "yes"},
		"a data event":                   {selectors: &cloudtrail.Selectors{}, event: data, want: "no: records no events of the category Data"},
		"no category":                    {selectors: &cloudtrail.Selectors{}, event: cloudtrail.Event{Account: "111122223333", Region: "eu-west-3"}, want: "unknown: the event does not say its category"},
		"not known":                      {event: event, want: "unknown: its event selectors are not known"},
		"stopped":                        {change: func(x *cloudtrail.Trail) { x.Status = new(cloudtrail.Status) }, event: event, want: "no: is stopped"},
		"may be stopped":                 {selectors: &cloudtrail.Selectors{}, change: func(x *cloudtrail.Trail) { x.Status = nil }, event: event, want: "unknown: whether it is logging is not known"},
		"no management events":           {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All"}), event: event, want: "no: its event selectors leave it out"},
		"all":                            {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All", Management: true}), event: event, want: "yes"},
		"reads":                          {selectors: basic(cloudtrail.EventSelector{ReadWrite: "ReadOnly", Management: true}), event: event, want: "yes"},
		"reads, a write":                 {selectors: basic(cloudtrail.EventSelector{ReadWrite: "ReadOnly", Management: true}), event: write, want: "no: its event selectors leave it out"},
		"reads, not said":                {selectors: basic(cloudtrail.EventSelector{ReadWrite: "ReadOnly", Management: true}), event: unsaid, want: "unknown: the event does not say whether it only reads"},
		"writes":                         {selectors: basic(cloudtrail.EventSelector{ReadWrite: "WriteOnly", Management: true}), event: event, want: "no: its event selectors leave it out"},
		"writes, a write":                {selectors: basic(cloudtrail.EventSelector{ReadWrite: "WriteOnly", Management: true}), event: write, want: "yes"},
		"an odd kind":                    {selectors: basic(cloudtrail.EventSelector{ReadWrite: "Some", Management: true}), event: event, want: `unknown: has an unknown kind of selector, "Some"`},
		"excluded":                       {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All", Management: true, Excluded: []string{"sts.amazonaws.com"}}), event: event, want: "no: its event selectors leave it out"},
		"another is excluded":            {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All", Management: true, Excluded: []string{"kms.amazonaws.com"}}), event: event, want: "yes"},
		"data resources":                 {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All", DataResources: []cloudtrail.DataResource{{Type: "AWS::S3::Object"}}}), event: data, want: "unknown: its event selectors of data events are not modelled"},
		"advanced":                       {selectors: advanced(management), event: event, want: "yes"},
		"advanced, data only":            {selectors: advanced(cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"Data"}}), event: event, want: "no: its event selectors leave it out"},
		"advanced, in another case":      {selectors: advanced(cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"management"}}), event: event, want: "unknown: what its selector on eventCategory says of the event is not known"},
		"advanced, without a category":   {selectors: advanced(cloudtrail.FieldSelector{Field: "readOnly", Equals: []string{"true"}}), event: event, want: "unknown: has a selector without eventCategory"},
		"advanced, not of STS":           {selectors: advanced(management, cloudtrail.FieldSelector{Field: "eventSource", NotEquals: []string{"sts.amazonaws.com"}}), event: event, want: "no: its event selectors leave it out"},
		"advanced, not of KMS":           {selectors: advanced(management, cloudtrail.FieldSelector{Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}}), event: event, want: "yes"},
		"advanced, names that begin":     {selectors: advanced(management, cloudtrail.FieldSelector{Field: "eventName", StartsWith: []string{"Assume"}}), event: event, want: "yes"},
		"advanced, names that end not":   {selectors: advanced(management, cloudtrail.FieldSelector{Field: "eventName", NotEndsWith: []string{"Role"}}), event: event, want: "no: its event selectors leave it out"},
		"advanced, both ways":            {selectors: advanced(management, cloudtrail.FieldSelector{Field: "eventName", StartsWith: []string{"Assume"}, NotEndsWith: []string{"Role"}}), event: event, want: "unknown: what its selector on eventName says of the event is not known"},
		"advanced, writes":               {selectors: advanced(management, cloudtrail.FieldSelector{Field: "readOnly", Equals: []string{"false"}}), event: event, want: "no: its event selectors leave it out"},
		"advanced, a field of resources": {selectors: advanced(management, cloudtrail.FieldSelector{Field: "resources.ARN", Equals: []string{"x"}}), event: event, want: "unknown: what its selector on resources.ARN says of the event is not known"},
		"advanced, one of two": {selectors: &cloudtrail.Selectors{Advanced: []cloudtrail.AdvancedSelector{
			{Fields: []cloudtrail.FieldSelector{management, {Field: "resources.ARN", Equals: []string{"x"}}}}, {Fields: []cloudtrail.FieldSelector{management}},
		}}, event: event, want: "yes"},
		"another account":               {selectors: &cloudtrail.Selectors{}, event: member, want: "no: it is of another account"},
		"no account":                    {selectors: &cloudtrail.Selectors{}, event: cloudtrail.Event{Category: "Management", Region: "eu-west-3"}, want: "unknown: the account of the event is not known"},
		"no Region":                     {selectors: &cloudtrail.Selectors{}, event: cloudtrail.Event{Category: "Management", Account: "111122223333"}, want: "unknown: the Region of the event is not known"},
		"an organization's":             {selectors: &cloudtrail.Selectors{}, change: organization, event: member, accounts: []string{"111122223333", "444455556666"}, want: "yes"},
		"an organization's, unknown":    {selectors: &cloudtrail.Selectors{}, change: organization, event: member, want: "unknown: whether account 444455556666 is of its organization is not known"},
		"of another organization":       {selectors: &cloudtrail.Selectors{}, change: organization, event: member, accounts: []string{"444455556666"}, want: "no: it is of another account"},
		"of one Region":                 {selectors: &cloudtrail.Selectors{}, change: one, event: event, want: "yes"},
		"of another Region":             {selectors: &cloudtrail.Selectors{}, change: func(x *cloudtrail.Trail) { x.MultiRegion, x.HomeRegion = false, "eu-west-1" }, event: event, want: "no: it is of another Region"},
		"of one Region, global":         {selectors: &cloudtrail.Selectors{}, change: one, event: global, want: "unknown: whether a trail of one Region has events of global services in another is not modelled"},
		"without global events":         {selectors: &cloudtrail.Selectors{}, change: func(x *cloudtrail.Trail) { x.GlobalServiceEvents = false }, event: global, want: "unknown: it is set to leave out events of global services, as this may be one"},
		"doubt, and not selected":       {selectors: basic(cloudtrail.EventSelector{ReadWrite: "All"}), change: organization, event: member, want: "no: its event selectors leave it out"},
		"a Region that it does not say": {selectors: &cloudtrail.Selectors{}, change: func(x *cloudtrail.Trail) { x.MultiRegion, x.HomeRegion = false, "" }, event: event, want: "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			x := base
			x.Selectors = test.selectors
			if test.change != nil {
				test.change(&x)
			}
			r, why := x.Records(&test.event, test.accounts)
			got := r.String()
			if why != "" {
				got += ": " + why
			}
			require.Equal(t, test.want, got)
		})
	}
}

func ExampleTrail_Records() {
	trail := cloudtrail.Trail{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/writes"), MultiRegion: true, GlobalServiceEvents: true,
		Status:    &cloudtrail.Status{Logging: true},
		Selectors: &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{ReadWrite: "WriteOnly", Management: true}}},
	}
	fmt.Println(trail.Records(&cloudtrail.Event{Account: "111122223333", Region: "eu-west-3", Category: "Management", Source: "sts.amazonaws.com", Name: "AssumeRole", ReadOnly: true}, nil))
	// Output: no its event selectors leave it out
}
