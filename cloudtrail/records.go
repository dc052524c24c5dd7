package cloudtrail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// Records says whether the trail records an event: Recorded, NotRecorded or RecordingUnknown,
// with what it hangs on unless it is Recorded. It goes by what the trail is set to now. Accounts
// are those of the organization that an organization's trail is of; nil: not known. Whether the
// record is delivered is another question.
//
// AWS CloudTrail API Reference, “EventSelector” and “AdvancedFieldSelector”: a trail records what
// one of its selectors takes, an advanced selector what all its fields match. Of data events
// basic selectors are not modelled, and of advanced ones the fields on resources.
func (t *Trail) Records(e *Event, accounts []string) (Recording, string) {
	if t.Status != nil && !t.Status.Logging {
		return NotRecorded, "is stopped"
	}
	r, why := t.receives(e, accounts)
	if r == NotRecorded {
		return r, why
	}
	s, because := RecordingUnknown, "its event selectors are not known"
	if t.Selectors != nil {
		s, because = t.Selectors.records(e)
	}
	switch {
	case s == NotRecorded:
		return s, because
	case r != Recorded:
		return r, why
	case s != Recorded:
		return s, because
	case t.Status == nil:
		return RecordingUnknown, "whether it is logging is not known"
	}
	return Recorded, ""
}

// receives says whether events of the account and the Region come to the trail.
func (t *Trail) receives(e *Event, accounts []string) (Recording, string) {
	own, home := t.ARN.AccountID(), t.HomeRegion
	if home == "" {
		home = t.ARN.Region()
	}
	global := globalRegion(t.ARN.Partition())
	why := ""
	switch {
	case e.Account == "":
		why = "the account of the event is not known"
	case own == e.Account:
	case !t.Organization || slices.Contains(accounts, e.Account) && !slices.Contains(accounts, own):
		return NotRecorded, "it is of another account"
	case !slices.Contains(accounts, e.Account):
		why = "whether account " + e.Account + " is of its organization is not known"
	}
	switch {
	case e.Region == "":
		why = "the Region of the event is not known"
	case !t.MultiRegion && e.Region != home && (!t.GlobalServiceEvents || e.Region != global):
		return NotRecorded, "it is of another Region"
	case !t.MultiRegion && e.Region != home:
		why = "whether a trail of one Region has events of global services in another is not modelled"
	case !t.GlobalServiceEvents && e.Region == global && slices.Contains([]string{"iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com", "signin.amazonaws.com"}, e.Source):
		why = "it is set to leave out events of global services, as this may be one"
	}
	if why != "" {
		return RecordingUnknown, why
	}
	return Recorded, ""
}

func (s *Selectors) records(e *Event) (Recording, string) {
	if e.Category == "" {
		return RecordingUnknown, "the event does not say its category"
	}
	if len(s.Basic) == 0 && len(s.Advanced) == 0 {
		if e.Category == "Management" {
			return Recorded, ""
		}
		return NotRecorded, "records no events of the category " + e.Category
	}
	r, why := NotRecorded, "its event selectors leave it out"
	add := func(now Recording, because string) {
		if r != Recorded && now > NotRecorded || r == NotRecorded && now == RecordingUnknown {
			r, why = now, because
		}
	}
	for _, b := range s.Basic {
		add(b.records(e))
	}
	for i := range s.Advanced {
		add(s.Advanced[i].records(e))
	}
	return r, why
}

func (b *EventSelector) records(e *Event) (Recording, string) {
	switch {
	case e.Category == "Data" && len(b.DataResources) > 0:
		return RecordingUnknown, "its event selectors of data events are not modelled"
	case e.Category != "Management" || !b.Management || slices.Contains(b.Excluded, e.Source):
		return NotRecorded, ""
	}
	var want string
	switch b.ReadWrite {
	case "All", "":
		return Recorded, ""
	case "ReadOnly":
		want = "true"
	case "WriteOnly":
		want = "false"
	default:
		return RecordingUnknown, fmt.Sprintf("has an unknown kind of selector, %q", b.ReadWrite)
	}
	switch e.readOnly() {
	case "":
		return RecordingUnknown, "the event does not say whether it only reads"
	case want:
		return Recorded, ""
	}
	return NotRecorded, ""
}

func (s *AdvancedSelector) records(e *Event) (Recording, string) {
	r, why := Recorded, ""
	category := false
	for i := range s.Fields {
		f := &s.Fields[i]
		category = category || f.Field == "eventCategory"
		switch f.matches(e.field(f.Field)) {
		case NotRecorded:
			return NotRecorded, ""
		case RecordingUnknown:
			r, why = RecordingUnknown, "what its selector on "+f.Field+" says of the event is not known"
		}
	}
	if !category {
		return RecordingUnknown, "has a selector without eventCategory"
	}
	return r, why
}

// field is the value that field selectors of a name look at; empty: not known, or not modelled.
func (e *Event) field(name string) string {
	switch name {
	case "eventCategory":
		return e.Category
	case "readOnly":
		return e.readOnly()
	case "eventSource":
		return e.Source
	case "eventName":
		return e.Name
	case "eventType":
		return e.Type
	case "userIdentity.arn":
		return e.Identity.ARN
	case "sessionCredentialFromConsole":
		if e.FromConsole {
			return "true"
		}
	}
	return ""
}

// readOnly is "true", "false", or "" if the record does not say it.
func (e *Event) readOnly() string {
	if e.ReadOnly {
		return "true"
	}
	root, err := jsontree.Parse(e.Raw)
	if err != nil {
		return ""
	}
	if n, ok := root.Member("readOnly"); ok && n.Kind == jsontree.Bool {
		return strconv.FormatBool(n.Text == "true")
	}
	return ""
}

// matches is Recorded if a value is as the field selector says, and NotRecorded if not. How AWS
// reads one that says both what to take and what to leave is not documented, nor is case.
func (f *FieldSelector) matches(value string) Recording {
	if value == "" {
		return RecordingUnknown
	}
	folded := strings.ToLower(value)
	some := func(same func(a, b string) bool, list []string) Recording {
		r := NotRecorded
		for _, v := range list {
			if same(value, v) {
				return Recorded
			}
			if same(folded, strings.ToLower(v)) {
				r = RecordingUnknown
			}
		}
		return r
	}
	equal := func(a, b string) bool { return a == b }
	take := together(together(some(equal, f.Equals), some(strings.HasPrefix, f.StartsWith)), some(strings.HasSuffix, f.EndsWith))
	leave := together(together(some(equal, f.NotEquals), some(strings.HasPrefix, f.NotStartsWith)), some(strings.HasSuffix, f.NotEndsWith))
	switch leave {
	case NotRecorded:
		leave = Recorded
	case Recorded:
		leave = NotRecorded
	}
	positive, negative := len(f.Equals)+len(f.StartsWith)+len(f.EndsWith) > 0, len(f.NotEquals)+len(f.NotStartsWith)+len(f.NotEndsWith) > 0
	switch {
	case positive && !negative:
		return take
	case negative && !positive:
		return leave
	case positive && take == leave:
		return take
	}
	return RecordingUnknown
}
