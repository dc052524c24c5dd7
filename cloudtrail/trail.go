package cloudtrail

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy"
)

// A Trail is what DescribeTrails, GetTrailStatus and GetEventSelectors say of a trail (AWS
// CloudTrail API Reference).
type Trail struct {
	ARN                 policy.ARN // of the trail in its home Region
	HomeRegion          string     // empty: not known
	Bucket              string     // S3 bucket of the log files
	Prefix              string     // of their keys; empty: none
	KMSKey              string     // ID or ARN of the key that they are encrypted with; empty: none
	LogGroup            string     // ARN of the CloudWatch Logs log group; empty: none
	MultiRegion         bool       // events of all Regions
	Organization        bool       // events of all accounts of the organization
	GlobalServiceEvents bool       // events of services without Regions, such as IAM
	LogFileValidation   bool       // digest files tell whether log files were changed
	Status              *Status    // nil: not known
	Selectors           *Selectors // nil: not known
	Storage             *Storage   // nil: not known
}

// A Storage is what the settings of a trail's bucket say of the log files in it (Amazon S3
// API Reference, GetObjectLockConfiguration).
type Storage struct {
	Owner string      // ID of the account that owns the bucket; empty: not known
	Lock  *ObjectLock // nil: not known
}

// An ObjectLock says for how long nobody can delete or overwrite the versions of new objects
// (Amazon S3 User Guide, “Locking objects with Object Lock”). The zero ObjectLock is none.
type ObjectLock struct {
	Enabled     bool
	Mode        string // "COMPLIANCE", or "GOVERNANCE", which some may bypass; empty: objects have no retention by default
	Days, Years int    // how long the default retention is, in one unit or the other
}

// Keeps reports whether nobody, not even a root user, can delete new objects for the years,
// each of at least 365 days. Governance mode does not keep them, since whoever is allowed
// s3:BypassGovernanceRetention can.
func (l ObjectLock) Keeps(years int) bool {
	return l.Enabled && l.Mode == "COMPLIANCE" && (l.Years >= years || l.Days >= years*365)
}

// A Status is whether a trail records, and since when.
type Status struct {
	Logging       bool
	Started       time.Time // zero: not known, or never
	Stopped       time.Time // zero: not known, or never
	Delivered     time.Time // the last log file; zero: not known, or never
	DeliveryError string    // of S3, at the last attempt; empty: none
}

// Selectors are the events that a trail records: of one kind of selectors or the other.
type Selectors struct {
	Basic    []EventSelector
	Advanced []AdvancedSelector
}

// An EventSelector records management events, and data events of resources.
type EventSelector struct {
	ReadWrite     string // "All", "ReadOnly" or "WriteOnly"
	Management    bool
	DataResources []DataResource
	Excluded      []string // sources of management events that are left out, such as "kms.amazonaws.com"
}

// A DataResource names resources of which data events are recorded.
type DataResource struct {
	Type   string   // such as "AWS::S3::Object"
	Values []string // ARNs, or their beginnings
}

// An AdvancedSelector records the events that all its fields match.
type AdvancedSelector struct {
	Name   string
	Fields []FieldSelector
}

// A FieldSelector matches a field of events, such as "eventCategory": its value is one of
// those listed, or begins or ends with one, or with none.
type FieldSelector struct {
	Field                                 string
	Equals, StartsWith, EndsWith          []string
	NotEquals, NotStartsWith, NotEndsWith []string
}

// canonical sorts trails by ARN, and writes times in UTC.
func canonical(list []Trail) []Trail {
	list = slices.Clone(list)
	for i := range list {
		if st := list[i].Status; st != nil {
			c := *st
			for _, t := range []*time.Time{&c.Started, &c.Stopped, &c.Delivered} {
				if !t.IsZero() {
					*t = t.UTC().Round(0)
				}
			}
			list[i].Status = &c
		}
		if st := list[i].Storage; st != nil {
			c := *st
			if c.Lock != nil {
				l := *c.Lock
				c.Lock = &l
			}
			list[i].Storage = &c
		}
	}
	slices.SortFunc(list, func(a, b Trail) int { return cmp.Or(a.ARN.Compare(b.ARN), strings.Compare(a.Bucket, b.Bucket)) })
	return list
}
