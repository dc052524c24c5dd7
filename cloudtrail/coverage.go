package cloudtrail

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy"
)

// A Recording says how much of some events a trail records. They are ordered: a later one
// says more.
type Recording uint8

const (
	RecordingUnknown Recording = iota // not known
	NotRecorded                       // no event
	RecordedPartly                    // not all: some are left out, as those of AWS KMS may be
	Recorded                          // all events
)

var recordingNames = [...]string{"unknown", "no", "partly", "yes"}

// String names the recording: "unknown", "no", "partly", "yes".
func (r Recording) String() string {
	if int(r) < len(recordingNames) {
		return recordingNames[r]
	}
	return fmt.Sprintf("Recording(%d)", uint8(r))
}

// A CoverageQuery says which accounts and Regions are asked about.
type CoverageQuery struct {
	Accounts []string // IDs, of one organization
	Regions  []string
	// Unread are accounts whose trails were not all read, so that there may be more of them; "*" is all.
	Unread []string
}

// A Coverage says what trails record of the management events of accounts and Regions: who
// set up what, as opposed to data events, which are calls on the contents of resources.
type Coverage struct {
	Cells []CoverageCell // by account and Region, in the order of the query, each account's GlobalEvents last
}

// GlobalEvents is the Region of a [CoverageCell] for events of the services that record in one
// Region what happens in none: IAM, CloudFront, and the global endpoint of AWS STS.
const GlobalEvents = "global"

// A CoverageCell says what is recorded in an account and a Region.
type CoverageCell struct {
	Account string
	Region  string // GlobalEvents: those of services without Regions
	Reads   Recording
	Writes  Recording
	Trails  []policy.ARN // those that record some of it, or may; more than one: copies, which are charged
	Why     []string     // what is left out, or why it is not known
}

// Covered reports whether all management events are recorded.
func (c *CoverageCell) Covered() bool { return c.Reads == Recorded && c.Writes == Recorded }

// Gaps are the cells in which not everything is known to be recorded, in their order.
func (c *Coverage) Gaps() []CoverageCell {
	var out []CoverageCell
	for _, cell := range c.Cells {
		if !cell.Covered() {
			out = append(out, cell)
		}
	}
	return out
}

// Cover says what the trails record. A trail of an organization counts for all accounts if its
// own is one of them (CloudTrail User Guide, “Creating a trail for an organization”); a
// trail that does not log records nothing, and one whose last delivery failed, or was more than
// a day before the latest time that any of the trails tells, or whose status or selectors are not
// known, may. Events of services without Regions are recorded by trails of
// all Regions, and by those of the one Region that has them (CloudTrail User Guide,
// “Global service events”). What is recorded today says nothing about the past.
func Cover(trails []Trail, q CoverageQuery) *Coverage {
	c := new(Coverage)
	now := latest(trails)
	for _, account := range q.Accounts {
		for _, region := range slices.Concat(q.Regions, []string{GlobalEvents}) {
			cell := CoverageCell{Account: account, Region: region, Reads: NotRecorded, Writes: NotRecorded}
			for i := range trails {
				if t := &trails[i]; t.reaches(account, q.Accounts) && t.covers(region) {
					cell.add(t, now)
				}
			}
			if !cell.Covered() && (slices.Contains(q.Unread, account) || slices.Contains(q.Unread, "*")) {
				cell.Reads, cell.Writes = unlessRecorded(cell.Reads), unlessRecorded(cell.Writes)
				cell.Why = append(cell.Why, "not all trails of the account were read")
			}
			if len(cell.Why) == 0 && cell.Reads == NotRecorded && cell.Writes == NotRecorded {
				cell.Why = append(cell.Why, "no trail")
			}
			slices.Sort(cell.Why)
			cell.Why = slices.Compact(cell.Why)
			c.Cells = append(c.Cells, cell)
		}
	}
	return c
}

// latest is the latest time that the trails tell: they were asked after it.
func latest(trails []Trail) (now time.Time) {
	for _, t := range trails {
		if t.Status == nil {
			continue
		}
		for _, at := range []time.Time{t.Status.Started, t.Status.Stopped, t.Status.Delivered} {
			if at.After(now) {
				now = at
			}
		}
	}
	return now
}

// silent says that a trail has delivered nothing for a day, which there may be reasons for; empty
// if it has, or that is not known.
func (s *Status) silent(now time.Time) string {
	const day = 24 * time.Hour
	switch {
	case !s.Delivered.IsZero() && now.Sub(s.Delivered) > day:
		return "its last log file was delivered at " + s.Delivered.UTC().Format(time.RFC3339) + ", more than a day before other news of the trails"
	case s.Delivered.IsZero() && !s.Started.IsZero() && now.Sub(s.Started) > day:
		return "it logs since " + s.Started.UTC().Format(time.RFC3339) + ", and no delivery of a log file is known"
	}
	return ""
}

func unlessRecorded(r Recording) Recording {
	if r == Recorded {
		return r
	}
	return RecordingUnknown
}

func (t *Trail) reaches(account string, accounts []string) bool {
	own := t.ARN.AccountID()
	return own == account || t.Organization && slices.Contains(accounts, own)
}

func (t *Trail) covers(region string) bool {
	home := t.HomeRegion
	if home == "" {
		home = t.ARN.Region()
	}
	switch {
	case region != GlobalEvents:
		return t.MultiRegion || home == region
	case !t.GlobalServiceEvents:
		return false
	default:
		return t.MultiRegion || home == globalRegion(t.ARN.Partition())
	}
}

// globalRegion is where services without Regions record their events.
func globalRegion(partition string) string {
	switch partition {
	case "aws":
		return "us-east-1"
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-cn":
		return "cn-north-1"
	}
	return ""
}

// add counts what a trail records.
func (c *CoverageCell) add(t *Trail, now time.Time) {
	reads, writes, why := t.management(now)
	for _, one := range []struct {
		to  *Recording
		now Recording
	}{{&c.Reads, reads}, {&c.Writes, writes}} {
		*one.to = together(*one.to, one.now)
	}
	for _, w := range why {
		c.Why = append(c.Why, t.ARN.String()+": "+w)
	}
	if reads != NotRecorded || writes != NotRecorded {
		c.Trails = append(c.Trails, t.ARN)
	}
}

// together is what two trails record: what is partly recorded by both may be all of it, or not.
func together(a, b Recording) Recording {
	switch {
	case a == Recorded || b == Recorded:
		return Recorded
	case a == RecordingUnknown || b == RecordingUnknown:
		return RecordingUnknown
	}
	return max(a, b)
}

// management says what the trail records of the management events that reach it, and why that
// is not all.
func (t *Trail) management(now time.Time) (reads, writes Recording, why []string) {
	switch {
	case t.Status != nil && !t.Status.Logging:
		return NotRecorded, NotRecorded, []string{"does not log"}
	case t.Selectors == nil:
		reads, writes, why = RecordingUnknown, RecordingUnknown, []string{"its event selectors are not known"}
	default:
		reads, writes, why = t.Selectors.management()
	}
	doubt := ""
	if t.Status == nil {
		doubt = "whether it logs is not known"
	} else if t.Status.DeliveryError != "" {
		doubt = "its last delivery failed: " + t.Status.DeliveryError
	} else {
		doubt = t.Status.silent(now)
	}
	if doubt == "" || reads == NotRecorded && writes == NotRecorded {
		return reads, writes, why
	}
	for _, r := range []*Recording{&reads, &writes} {
		if *r != NotRecorded {
			*r = RecordingUnknown
		}
	}
	return reads, writes, append(why, doubt)
}

func (s *Selectors) management() (reads, writes Recording, why []string) {
	if len(s.Basic) == 0 && len(s.Advanced) == 0 {
		// Only a trail that was never given selectors has none, and it records management events.
		return Recorded, Recorded, nil
	}
	reads, writes = NotRecorded, NotRecorded
	add := func(r, w Recording, because string) {
		reads, writes = together(reads, r), together(writes, w)
		if because != "" {
			why = append(why, because)
		}
	}
	for _, b := range s.Basic {
		if !b.Management {
			continue
		}
		how, because := Recorded, ""
		if len(b.Excluded) > 0 {
			how, because = RecordedPartly, "leaves out events of "+strings.Join(b.Excluded, ", ")
		}
		switch b.ReadWrite {
		case "All", "":
			add(how, how, because)
		case "ReadOnly":
			add(how, NotRecorded, because)
		case "WriteOnly":
			add(NotRecorded, how, because)
		default:
			add(RecordingUnknown, RecordingUnknown, fmt.Sprintf("has an unknown kind of selector, %q", b.ReadWrite))
		}
	}
	for i := range s.Advanced {
		add(s.Advanced[i].management())
	}
	if reads == NotRecorded && writes == NotRecorded {
		why = append(why, "records no management events")
	}
	return reads, writes, why
}

func (s *AdvancedSelector) management() (reads, writes Recording, why string) {
	reads, writes = Recorded, Recorded
	management := false
	var limits []string
	for _, f := range s.Fields {
		switch {
		case f.Field == "eventCategory":
			if !f.only("Management") {
				return NotRecorded, NotRecorded, ""
			}
			management = true
		case f.Field == "readOnly" && f.only("true"):
			writes = NotRecorded
		case f.Field == "readOnly" && f.only("false"):
			reads = NotRecorded
		case f.Field == "readOnly" && f.only("true", "false"):
		default:
			limits = append(limits, f.Field)
		}
	}
	if !management {
		return NotRecorded, NotRecorded, ""
	}
	if len(limits) > 0 {
		// An event that one field does not match is not recorded by the selector.
		reads, writes = min(reads, RecordedPartly), min(writes, RecordedPartly)
		why = "records only some events, by " + strings.Join(limits, ", ")
	}
	return reads, writes, why
}

// only reports whether the field is to have one of the values, all of them, and nothing else.
func (f *FieldSelector) only(values ...string) bool {
	if len(f.StartsWith)+len(f.EndsWith)+len(f.NotEquals)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0 || len(f.Equals) == 0 {
		return false
	}
	has := func(list []string, v string) bool {
		return slices.ContainsFunc(list, func(x string) bool { return strings.EqualFold(x, v) })
	}
	for _, v := range values {
		if !has(f.Equals, v) {
			return false
		}
	}
	for _, v := range f.Equals {
		if !has(values, v) {
			return false
		}
	}
	return true
}

// DataEvents lists the types of resources of which the trail records some data events, sorted,
// such as "AWS::S3::Object"; whether there are any is not known if its selectors are not.
func (t *Trail) DataEvents() (types []string, known bool) {
	if t.Selectors == nil {
		return nil, false
	}
	for _, b := range t.Selectors.Basic {
		for _, r := range b.DataResources {
			types = append(types, r.Type)
		}
	}
	for _, a := range t.Selectors.Advanced {
		data := slices.ContainsFunc(a.Fields, func(f FieldSelector) bool { return f.Field == "eventCategory" && f.only("Data") })
		for _, f := range a.Fields {
			if data && f.Field == "resources.type" {
				types = append(types, f.Equals...)
			}
		}
	}
	slices.Sort(types)
	return slices.Compact(types), true
}
