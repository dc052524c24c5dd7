package cloudtrail_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

func trailOf(account, region, name string, edit ...func(*cloudtrail.Trail)) cloudtrail.Trail {
	t := cloudtrail.Trail{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:" + region + ":" + account + ":trail/" + name), HomeRegion: region, Bucket: "logs", MultiRegion: true, GlobalServiceEvents: true,
		Status: &cloudtrail.Status{Logging: true}, Selectors: basic(cloudtrail.EventSelector{ReadWrite: "All", Management: true}),
	}
	for _, e := range edit {
		e(&t)
	}
	return t
}

func basic(list ...cloudtrail.EventSelector) *cloudtrail.Selectors {
	return &cloudtrail.Selectors{Basic: list}
}

func advanced(list ...[]cloudtrail.FieldSelector) *cloudtrail.Selectors {
	s := new(cloudtrail.Selectors)
	for _, fields := range list {
		s.Advanced = append(s.Advanced, cloudtrail.AdvancedSelector{Fields: fields})
	}
	return s
}

func field(name string, equals ...string) cloudtrail.FieldSelector {
	return cloudtrail.FieldSelector{Field: name, Equals: equals}
}

// What one trail records in its account and Region.
func TestCoverOneTrail(t *testing.T) {
	const account, region = "111122223333", "eu-west-3"
	type edit = func(*cloudtrail.Trail)
	selecting := func(s *cloudtrail.Selectors) edit { return func(t *cloudtrail.Trail) { t.Selectors = s } }
	management := field("eventCategory", "Management")
	for name, c := range map[string]struct {
		edit          edit
		reads, writes string
		why           string
	}{
		"all events":     {nil, "yes", "yes", ""},
		"not logging":    {func(t *cloudtrail.Trail) { t.Status.Logging = false }, "no", "no", "does not log"},
		"no status":      {func(t *cloudtrail.Trail) { t.Status = nil }, "unknown", "unknown", "whether it logs is not known"},
		"not delivering": {func(t *cloudtrail.Trail) { t.Status.DeliveryError = "AccessDenied" }, "unknown", "unknown", "its last delivery failed: AccessDenied"},
		"no selectors":   {selecting(nil), "unknown", "unknown", "its event selectors are not known"},
		"default":        {selecting(&cloudtrail.Selectors{}), "yes", "yes", ""},
		"reads":          {selecting(basic(cloudtrail.EventSelector{ReadWrite: "ReadOnly", Management: true})), "yes", "no", ""},
		"writes":         {selecting(basic(cloudtrail.EventSelector{ReadWrite: "WriteOnly", Management: true})), "no", "yes", ""},
		"reads and writes": {
			selecting(basic(cloudtrail.EventSelector{ReadWrite: "ReadOnly", Management: true}, cloudtrail.EventSelector{ReadWrite: "WriteOnly", Management: true, Excluded: []string{"kms.amazonaws.com"}})),
			"yes", "partly", "leaves out events of kms.amazonaws.com",
		},
		"data only":        {selecting(basic(cloudtrail.EventSelector{ReadWrite: "All"})), "no", "no", "records no management events"},
		"of no known kind": {selecting(basic(cloudtrail.EventSelector{ReadWrite: "Some", Management: true})), "unknown", "unknown", `has an unknown kind of selector, "Some"`},
		"advanced":         {selecting(advanced([]cloudtrail.FieldSelector{management})), "yes", "yes", ""},
		"advanced reads":   {selecting(advanced([]cloudtrail.FieldSelector{management, field("readOnly", "true")})), "yes", "no", ""},
		"advanced writes":  {selecting(advanced([]cloudtrail.FieldSelector{management, field("readOnly", "false")})), "no", "yes", ""},
		"advanced both":    {selecting(advanced([]cloudtrail.FieldSelector{management, field("readOnly", "false")}, []cloudtrail.FieldSelector{management, field("readOnly", "true")})), "yes", "yes", ""},
		"advanced without KMS": {
			selecting(advanced([]cloudtrail.FieldSelector{management, {Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}}})),
			"partly", "partly", "records only some events, by eventSource",
		},
		"advanced reads, not true": {selecting(advanced([]cloudtrail.FieldSelector{management, {Field: "readOnly", NotEquals: []string{"true"}}})), "partly", "partly", "records only some events, by readOnly"},
		"advanced data":            {selecting(advanced([]cloudtrail.FieldSelector{field("eventCategory", "Data"), field("resources.type", "AWS::S3::Object")})), "no", "no", "records no management events"},
		"advanced, no category":    {selecting(advanced([]cloudtrail.FieldSelector{field("readOnly", "true")})), "no", "no", "records no management events"},
	} {
		t.Run(name, func(t *testing.T) {
			trail := trailOf(account, region, "all")
			if c.edit != nil {
				c.edit(&trail)
			}
			got := cloudtrail.Cover([]cloudtrail.Trail{trail}, cloudtrail.CoverageQuery{Accounts: []string{account}, Regions: []string{region}})
			require.Len(t, got.Cells, 2)
			cell := got.Cells[0]
			require.Equal(t, c.reads+" "+c.writes, cell.Reads.String()+" "+cell.Writes.String())
			require.Equal(t, c.reads == "yes" && c.writes == "yes", cell.Covered())
			if c.why == "" {
				require.Empty(t, cell.Why)
			} else {
				require.Equal(t, []string{trail.ARN.String() + ": " + c.why}, cell.Why)
			}
		})
	}
}

// Which accounts and Regions trails reach, and what several of them record together.
func TestCoverPlaces(t *testing.T) {
	const own, other, foreign = "111122223333", "444455556666", "999900001111"
	organization := func(t *cloudtrail.Trail) { t.Organization = true }
	one := func(t *cloudtrail.Trail) { t.MultiRegion = false }
	only := func(how string) func(*cloudtrail.Trail) {
		return func(t *cloudtrail.Trail) {
			t.Selectors = basic(cloudtrail.EventSelector{ReadWrite: how, Management: true})
		}
	}
	unread := func(accounts ...string) []string { return accounts }
	for name, c := range map[string]struct {
		trails []cloudtrail.Trail
		unread []string
		want   string // cells: account, Region, reads, writes, number of trails
	}{
		"nothing": {nil, nil, `
			111122223333 eu-west-3 no no 0
			111122223333 us-east-1 no no 0
			111122223333 global no no 0
			444455556666 eu-west-3 no no 0
			444455556666 us-east-1 no no 0
			444455556666 global no no 0`},
		"of the organization": {[]cloudtrail.Trail{trailOf(own, "eu-west-3", "all", organization)}, unread("*"), `
			111122223333 eu-west-3 yes yes 1
			111122223333 us-east-1 yes yes 1
			111122223333 global yes yes 1
			444455556666 eu-west-3 yes yes 1
			444455556666 us-east-1 yes yes 1
			444455556666 global yes yes 1`},
		"of another organization": {[]cloudtrail.Trail{trailOf(foreign, "eu-west-3", "all", organization)}, unread(other), `
			111122223333 eu-west-3 no no 0
			111122223333 us-east-1 no no 0
			111122223333 global no no 0
			444455556666 eu-west-3 unknown unknown 0
			444455556666 us-east-1 unknown unknown 0
			444455556666 global unknown unknown 0`},
		"of single Regions": {[]cloudtrail.Trail{trailOf(own, "eu-west-3", "a", one), trailOf(other, "us-east-1", "b", one)}, nil, `
			111122223333 eu-west-3 yes yes 1
			111122223333 us-east-1 no no 0
			111122223333 global no no 0
			444455556666 eu-west-3 no no 0
			444455556666 us-east-1 yes yes 1
			444455556666 global yes yes 1`},
		"without global services": {[]cloudtrail.Trail{trailOf(own, "us-east-1", "a", func(t *cloudtrail.Trail) { t.GlobalServiceEvents = false })}, nil, `
			111122223333 eu-west-3 yes yes 1
			111122223333 us-east-1 yes yes 1
			111122223333 global no no 0
			444455556666 eu-west-3 no no 0
			444455556666 us-east-1 no no 0
			444455556666 global no no 0`},
		"two together": {[]cloudtrail.Trail{trailOf(own, "eu-west-3", "all", organization, only("WriteOnly")), trailOf(other, "us-east-1", "a", one, only("ReadOnly"))}, nil, `
			111122223333 eu-west-3 no yes 1
			111122223333 us-east-1 no yes 1
			111122223333 global no yes 1
			444455556666 eu-west-3 no yes 1
			444455556666 us-east-1 yes yes 2
			444455556666 global yes yes 2`},
	} {
		t.Run(name, func(t *testing.T) {
			got := cloudtrail.Cover(c.trails, cloudtrail.CoverageQuery{Accounts: []string{own, other}, Regions: []string{"eu-west-3", "us-east-1"}, Unread: c.unread})
			text, covered := "", 0
			for _, cell := range got.Cells {
				text += fmt.Sprintf("\n\t\t\t%s %s %s %s %d", cell.Account, cell.Region, cell.Reads, cell.Writes, len(cell.Trails))
				if cell.Covered() {
					covered++
				}
			}
			require.Equal(t, c.want, text)
			require.Len(t, got.Gaps(), len(got.Cells)-covered)
		})
	}
}

func ExampleCover() {
	trails := []cloudtrail.Trail{{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/audit"), HomeRegion: "eu-west-3", GlobalServiceEvents: true,
		Status: &cloudtrail.Status{Logging: true}, Selectors: &cloudtrail.Selectors{},
	}}
	c := cloudtrail.Cover(trails, cloudtrail.CoverageQuery{Accounts: []string{"111122223333"}, Regions: []string{"eu-west-3", "us-east-1"}})
	for _, cell := range c.Cells {
		fmt.Println(cell.Account, cell.Region, "reads:", cell.Reads, "writes:", cell.Writes)
	}
	// Output:
	// 111122223333 eu-west-3 reads: yes writes: yes
	// 111122223333 us-east-1 reads: no writes: no
	// 111122223333 global reads: no writes: no
}

func ExampleCoverage_Gaps() {
	c := cloudtrail.Cover(nil, cloudtrail.CoverageQuery{Accounts: []string{"111122223333"}, Regions: []string{"eu-west-3"}})
	for _, cell := range c.Gaps() {
		fmt.Println(cell.Account, cell.Region, cell.Covered())
	}
	// Output:
	// 111122223333 eu-west-3 false
	// 111122223333 global false
}

func ExampleCoverageCell_Covered() {
	cell := cloudtrail.CoverageCell{Account: "111122223333", Region: "eu-west-3", Reads: cloudtrail.RecordedPartly, Writes: cloudtrail.Recorded}
	fmt.Println(cell.Covered())
	// Output: false
}

func ExampleRecording_String() {
	fmt.Println(cloudtrail.RecordingUnknown, cloudtrail.NotRecorded, cloudtrail.RecordedPartly, cloudtrail.Recorded)
	// Output: unknown no partly yes
}

func ExampleObjectLock_Keeps() {
	for _, l := range []cloudtrail.ObjectLock{
		{Enabled: true, Mode: "COMPLIANCE", Years: 7},
		{Enabled: true, Mode: "COMPLIANCE", Days: 2555},
		{Enabled: true, Mode: "COMPLIANCE", Years: 6},
		{Enabled: true, Mode: "GOVERNANCE", Years: 7},
		{Enabled: true},
	} {
		fmt.Print(l.Keeps(7), " ")
	}
	// Output: true true false false false
}

func ExampleTrail_DataEvents() {
	t := cloudtrail.Trail{Selectors: &cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{
		ReadWrite: "All", Management: true, DataResources: []cloudtrail.DataResource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3"}}},
	}}}}
	fmt.Println(t.DataEvents())
	// Output: [AWS::S3::Object] true
}

// A trail that logs and delivers nothing may record nothing.
func TestCoverDelivery(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	status := func(s cloudtrail.Status) func(*cloudtrail.Trail) {
		return func(t *cloudtrail.Trail) { s.Logging = true; t.Status = &s }
	}
	for name, test := range map[string]struct {
		status cloudtrail.Status
		want   string
	}{
		"delivers":              {cloudtrail.Status{Started: now.AddDate(-1, 0, 0), Delivered: now.Add(-time.Hour)}, "yes []"},
		"delivered long ago":    {cloudtrail.Status{Started: now.AddDate(-1, 0, 0), Delivered: now.AddDate(0, 0, -2)}, "unknown [arn:aws:cloudtrail:eu-west-3:444455556666:trail/b: its last log file was delivered at 2026-02-28T12:00:00Z, more than a day before other news of the trails]"},
		"never delivered":       {cloudtrail.Status{Started: now.AddDate(0, 0, -2)}, "unknown [arn:aws:cloudtrail:eu-west-3:444455556666:trail/b: it logs since 2026-02-28T12:00:00Z, and no delivery of a log file is known]"},
		"started just now":      {cloudtrail.Status{Started: now}, "yes []"},
		"nothing more is known": {cloudtrail.Status{}, "yes []"},
	} {
		c := cloudtrail.Cover([]cloudtrail.Trail{
			trailOf("111122223333", "eu-west-3", "a", status(cloudtrail.Status{Delivered: now})), trailOf("444455556666", "eu-west-3", "b", status(test.status)),
		}, cloudtrail.CoverageQuery{Accounts: []string{"444455556666"}, Regions: []string{"eu-west-3"}})
		require.Equal(t, test.want, fmt.Sprint(c.Cells[0].Writes, " ", c.Cells[0].Why), name)
	}
}
