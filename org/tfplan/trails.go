package tfplan

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

// putTrail takes a trail as the plan makes it. It decides no request.
func (e *editor) putTrail(in *instance, v values) {
	name := v.plain("name")
	if name == "" {
		e.skip(in, false, v.unknownReason("name"))
		return
	}
	s := v.plain("arn")
	if s == "" {
		account, err := e.account(in)
		region := e.region(in)
		switch {
		case err != nil:
			e.errs = append(e.errs, err)
			return
		case region == "":
			e.fail(in, "the plan does not say in which Region it is; want the Region to be given, or to stand in the provider's configuration")
			return
		}
		s = "arn:" + e.partition(in) + ":cloudtrail:" + region + ":" + account + ":trail/" + name
	}
	arn, err := policy.ParseARN(s)
	if err != nil {
		e.fail(in, "%w", err)
		return
	}
	t := cloudtrail.Trail{ARN: arn, HomeRegion: arn.Region()}
	for _, l := range []struct {
		attr, want string
		to         *string
	}{{"s3_bucket_name", "id", &t.Bucket}, {"s3_key_prefix", "", &t.Prefix}, {"kms_key_id", "arn", &t.KMSKey}, {"cloud_watch_logs_group_arn", "", &t.LogGroup}} {
		var ok bool
		if *l.to, ok = e.link(v, l.attr, l.want); !ok && v.isUnknown(l.attr) {
			e.skip(in, false, v.unknownReason(l.attr))
			return
		}
	}
	for _, f := range []struct {
		attr string
		to   *bool
	}{
		{"is_multi_region_trail", &t.MultiRegion}, {"is_organization_trail", &t.Organization},
		{"include_global_service_events", &t.GlobalServiceEvents}, {"enable_log_file_validation", &t.LogFileValidation},
	} {
		var st state
		if *f.to, st = v.flag(f.attr); st == unknown && !v.isComputed(f.attr) {
			e.skip(in, false, v.unknownReason(f.attr))
			return
		}
	}
	if logging, st := v.flag("enable_logging"); st == known {
		t.Status = &cloudtrail.Status{Logging: logging}
	}
	t.Selectors = selectors(v)
	e.out.Trails = append(e.out.Trails, t)
}

// putObjectLock keeps the lock for the trails whose bucket it is of. It decides no request:
// it keeps objects from deletion, whatever policies allow.
func (e *editor) putObjectLock(in *instance, v values) {
	bucket, ok := e.link(v, "bucket", "id")
	if !ok {
		e.skip(in, false, v.unknownReason("bucket"))
		return
	}
	if e.locks == nil {
		e.locks = make(map[string]*cloudtrail.ObjectLock)
	}
	rules, st := v.blocks("rule")
	lock := &cloudtrail.ObjectLock{Enabled: true} // the one value that the resource has
	for _, r := range rules {
		retention, found := r.blocks("default_retention")
		for _, d := range retention {
			days, daysKnown := d.number("days")
			years, yearsKnown := d.number("years")
			lock.Mode, lock.Days, lock.Years = d.plain("mode"), days, years
			if d.lacks() || daysKnown == unknown || yearsKnown == unknown {
				st = unknown
			}
		}
		if found == unknown || r.lacks() {
			st = unknown
		}
	}
	if st == unknown {
		e.skip(in, false, v.unknownReason("rule"))
		return
	}
	e.locks[bucket] = lock
}

// removeObjectLock leaves the bucket locked: only its default retention goes.
func (e *editor) removeObjectLock(in *instance, v values) {
	if !in.creates() {
		e.skip(in, false, "new objects of the bucket "+v.plain("bucket")+" have no retention by default any more")
	}
}

// storage fills in what is known of the trails' buckets.
func (e *editor) storage() {
	for i := range e.out.Trails {
		t := &e.out.Trails[i]
		if lock := e.locks[t.Bucket]; lock != nil {
			t.Storage = &cloudtrail.Storage{Lock: lock}
		}
	}
}

func (e *editor) removeTrail(in *instance, v values) {
	if in.creates() {
		return
	}
	e.skip(in, false, "the trail "+v.plain("arn")+" is deleted: requests are not recorded by it any more")
}

// selectors are the events that a trail records; nil if they are not known. A trail without
// selectors records all management events (AWS CloudTrail User Guide, “Logging management
// events”).
func selectors(v values) *cloudtrail.Selectors {
	basic, b := v.blocks("event_selector")
	advanced, a := v.blocks("advanced_event_selector")
	if b == unknown || a == unknown {
		return nil
	}
	out := new(cloudtrail.Selectors)
	for _, s := range slices.Concat(basic, advanced) {
		if s.lacks() {
			return nil
		}
	}
	for _, s := range basic {
		e := cloudtrail.EventSelector{ReadWrite: s.plain("read_write_type")}
		e.Management, _ = s.flag("include_management_events")
		e.Excluded, _ = s.texts("exclude_management_event_sources")
		e.Excluded = sorted(e.Excluded)
		data, _ := s.blocks("data_resource")
		for _, d := range data {
			values, _ := d.texts("values")
			e.DataResources = append(e.DataResources, cloudtrail.DataResource{Type: d.plain("type"), Values: values})
		}
		out.Basic = append(out.Basic, e)
	}
	for _, s := range advanced {
		e := cloudtrail.AdvancedSelector{Name: s.plain("name")}
		fields, _ := s.blocks("field_selector")
		for _, f := range fields {
			field := cloudtrail.FieldSelector{Field: f.plain("field")}
			for _, l := range []struct {
				attr string
				to   *[]string
			}{
				{"equals", &field.Equals}, {"starts_with", &field.StartsWith}, {"ends_with", &field.EndsWith},
				{"not_equals", &field.NotEquals}, {"not_starts_with", &field.NotStartsWith}, {"not_ends_with", &field.NotEndsWith},
			} {
				values, _ := f.texts(l.attr)
				if len(values) > 0 {
					*l.to = values
				}
			}
			e.Fields = append(e.Fields, field)
		}
		// All must match, in whatever order; Terraform has them in one of its own.
		slices.SortStableFunc(e.Fields, func(a, b cloudtrail.FieldSelector) int { return strings.Compare(a.Field, b.Field) })
		out.Advanced = append(out.Advanced, e)
	}
	if len(basic)+len(advanced) == 0 {
		out.Basic = []cloudtrail.EventSelector{{ReadWrite: "All", Management: true}}
	}
	return out
}

// lacks reports whether something in a block is not known.
func (v values) lacks() bool { return marked(v.unknown) || marked(v.sensitive) }

func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
