package awsexport

import (
	"maps"
	"slices"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

const sectionTrails = "trails"

func trailOperations() []*operation {
	list := []*operation{
		{name: "DescribeTrails", members: []string{"TrailList"}, sign: []string{"TrailList"}, subject: func(*record) string { return "" }, read: readTrails},
		{name: "GetTrailStatus", late: true, args: []string{"Name"}, members: []string{"IsLogging"}, sign: []string{"IsLogging"}, read: readStatus},
		{name: "GetEventSelectors", late: true, args: []string{"TrailName"}, members: []string{"EventSelectors", "AdvancedEventSelectors"}, sign: []string{"TrailARN"},
			owner: func(r *record) string { return accountIn(r.output.get("TrailARN")) }, read: readSelectors},
	}
	for _, op := range list {
		op.service, op.section, op.regional = "cloudtrail", sectionTrails, true
	}
	return append(list, &operation{
		late: true, service: "s3", name: "GetObjectLockConfiguration", section: "s3", args: []string{"Bucket"}, members: []string{"ObjectLockConfiguration"}, sign: []string{"ObjectLockConfiguration"},
		subject: func(r *record) string { return shortName("s3", r.in(0, "Bucket")) }, absent: []string{"ObjectLockConfigurationNotFoundError"}, read: readObjectLock,
	})
}

// trail is the trail of an ARN.
func (s *state) trail(a policy.ARN) *cloudtrail.Trail {
	t := s.trails[a]
	if t == nil {
		t = &cloudtrail.Trail{ARN: a}
		s.trails[a] = t
	}
	return t
}

// trailNamed is the trail that the input or the name of the file tells: by ARN, or by name in
// the account and Region.
func (s *state) trailNamed(r *record, text string) *cloudtrail.Trail {
	if a, err := policy.ParseARN(text); err == nil {
		return s.trail(a)
	}
	var found []policy.ARN
	for a := range s.trails {
		if setID(a.Resource()) == text && a.AccountID() == r.account && (r.region == "" || a.Region() == r.region) {
			found = append(found, a)
		}
	}
	if len(found) == 1 {
		return s.trail(found[0])
	}
	if r.region != "" && text != "" {
		if a, err := policy.ParseARN("arn:" + s.partition() + ":cloudtrail:" + r.region + ":" + r.account + ":trail/" + text); err == nil {
			return s.trail(a)
		}
	}
	s.note(r.at.s.File, "does not say of which trail it is; name the file %s.NAME.json, in directories that are named like the account and the Region", r.op.command())
	return nil
}

func readTrails(s *state, r *record) {
	for v := range r.output.get("TrailList").each() {
		a := v.get("TrailARN").arn()
		if !a.IsValid() {
			continue
		}
		t := s.trail(a)
		s.described[a] = true
		t.HomeRegion, t.Bucket, t.Prefix = v.get("HomeRegion").text(), v.get("S3BucketName").text(), v.get("S3KeyPrefix").text()
		t.KMSKey, t.LogGroup = v.get("KmsKeyId").text(), v.get("CloudWatchLogsLogGroupArn").text()
		t.MultiRegion, t.Organization = v.get("IsMultiRegionTrail").isTrue(), v.get("IsOrganizationTrail").isTrue()
		t.GlobalServiceEvents, t.LogFileValidation = v.get("IncludeGlobalServiceEvents").isTrue(), v.get("LogFileValidationEnabled").isTrue()
	}
}

func readStatus(s *state, r *record) {
	if t := s.trailNamed(r, r.in(0, "Name")); t != nil {
		v := r.output
		t.Status = &cloudtrail.Status{
			Logging: v.get("IsLogging").isTrue(), Started: v.get("StartLoggingTime").time(), Stopped: v.get("StopLoggingTime").time(),
			Delivered: v.get("LatestDeliveryTime").time(), DeliveryError: v.get("LatestDeliveryError").text(),
		}
	}
}

func readSelectors(s *state, r *record) {
	t := s.trailNamed(r, firstText(r.output.get("TrailARN").text(), r.in(0, "TrailName")))
	if t == nil {
		return
	}
	t.Selectors = new(cloudtrail.Selectors)
	for v := range r.output.get("EventSelectors").each() {
		sel := cloudtrail.EventSelector{ReadWrite: v.get("ReadWriteType").text(), Management: v.get("IncludeManagementEvents").isTrue(), Excluded: v.get("ExcludeManagementEventSources").texts()}
		for d := range v.get("DataResources").each() {
			sel.DataResources = append(sel.DataResources, cloudtrail.DataResource{Type: d.get("Type").text(), Values: d.get("Values").texts()})
		}
		t.Selectors.Basic = append(t.Selectors.Basic, sel)
	}
	for v := range r.output.get("AdvancedEventSelectors").each() {
		sel := cloudtrail.AdvancedSelector{Name: v.get("Name").text()}
		for f := range v.get("FieldSelectors").each() {
			sel.Fields = append(sel.Fields, cloudtrail.FieldSelector{
				Field: f.get("Field").text(), Equals: f.get("Equals").texts(), StartsWith: f.get("StartsWith").texts(), EndsWith: f.get("EndsWith").texts(),
				NotEquals: f.get("NotEquals").texts(), NotStartsWith: f.get("NotStartsWith").texts(), NotEndsWith: f.get("NotEndsWith").texts(),
			})
		}
		t.Selectors.Advanced = append(t.Selectors.Advanced, sel)
	}
}

// readObjectLock keeps the lock of a bucket: the trails that write to it may be another account's.
func readObjectLock(s *state, r *record) {
	bucket := shortName("s3", r.in(0, "Bucket"))
	if bucket == "" {
		s.note(r.at.s.File, "does not say of which bucket it is; name the file %s.NAME.json", r.op.command())
		return
	}
	v := r.output.get("ObjectLockConfiguration")
	retention := v.get("Rule").get("DefaultRetention")
	s.locks[bucket] = &cloudtrail.ObjectLock{
		Enabled: v.get("ObjectLockEnabled").text() == "Enabled", Mode: retention.get("Mode").text(), Days: retention.get("Days").number(), Years: retention.get("Years").number(),
	}
}

// storage fills in what is known of the trails' buckets.
func (s *state) storage() {
	for _, t := range s.trails {
		if lock := s.locks[t.Bucket]; lock != nil {
			t.Storage = &cloudtrail.Storage{Lock: lock}
		}
	}
}

// trailProblems takes down what is not known of the trails that there are.
func (s *state) trailProblems() {
	for _, a := range slices.SortedFunc(maps.Keys(s.described), policy.ARN.Compare) {
		t := s.trails[a]
		u := unitKey{a.AccountID(), a.Region(), sectionTrails}
		if t.Status == nil {
			s.problem(u, "get-trail-status of "+a.String()+" is not in the export")
		}
		if t.Selectors == nil {
			s.problem(u, "get-event-selectors of "+a.String()+" is not in the export")
		}
	}
}
