package detect

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

// A Firing is whether an alarm goes off for events, and tells somebody.
type Firing struct {
	Alarm    string
	Watched  string   // the rule whose events these are: "ROOT_USE" or "BREAKGLASS_USE"; empty: those given to Fires
	Subject  string   // the account, or the break-glass principal, that was used; empty: as Watched
	Events   int      // that a metric filter of the alarm counts
	Fires    Answer   // whether it goes off
	Notifies Answer   // whether it goes off and its actions tell somebody
	Reasons  []string // why not, or why it is not known, sorted
}

// maxTimes bounds the events that an alarm is tested with.
const maxTimes = 10_000

// maxLogEvent is the size up to which CloudTrail sends records to CloudWatch Logs (CloudTrail
// User Guide, “Monitoring CloudTrail log files with Amazon CloudWatch Logs”). CloudWatch Logs
// itself takes larger ones by now.
const maxLogEvent = 256 << 10

// A compiledFilter is a metric filter that is ready to match.
type compiledFilter struct {
	*MetricFilter
	pattern *Pattern // nil: see err
	err     error
}

func (m *Monitoring) compile() []compiledFilter {
	out := make([]compiledFilter, len(m.Filters))
	for i := range m.Filters {
		out[i].MetricFilter = &m.Filters[i]
		out[i].pattern, out[i].err = ParsePattern(m.Filters[i].Pattern)
	}
	return out
}

// feed is a metric of a filter.
type feed struct{ filter, metric int }

// feeding lists the metrics of filters that an alarm watches, in what may be its account and Region.
func (m *Monitoring) feeding(a Alarm) []feed {
	var out []feed
	var account, region string
	if arn, err := policy.ParseARN(a.ARN); err == nil {
		account, region = arn.AccountID(), arn.Region()
	}
	for i, f := range m.Filters {
		if differ(account, f.Account) || differ(region, f.Region) {
			continue
		}
		for j, t := range f.Metrics {
			if t.Namespace == a.Namespace && t.Name == a.Metric && slices.Equal(t.Dimensions, a.Dimensions) && a.looksAt(t) {
				out = append(out, feed{i, j})
			}
		}
	}
	return out
}

// looksAt reports whether the values of a metric have the unit that the alarm looks at (CloudWatch
// API Reference, “PutMetricAlarm”: Unit; CloudWatch Logs API Reference, “MetricTransformation”).
func (a *Alarm) looksAt(t MetricTransformation) bool {
	return a.Unit == "" || a.Unit == cmp.Or(t.Unit, "None")
}

// differ reports whether two names are known and not the same.
func differ(a, b string) bool { return a != "" && b != "" && a != b }

// Fires tests an alarm with events: whether the metric filters on log groups of trails count
// them, and whether the alarm then goes off and tells somebody. The events are all that
// happens, and a trail that records them ([cloudtrail.Trail.Records]) is taken to deliver them.
// Trails nil: not known. Which accounts are of an organization is not known either; [Run] has it
// from [Config].Organization.
func (m *Monitoring) Fires(alarm Alarm, trails []cloudtrail.Trail, events ...*cloudtrail.Event) Firing {
	t := newAlarmTest(alarm, m, trails, nil)
	filters := m.compile()
	for _, e := range events {
		t.see(filters, e)
	}
	return t.result(watched{})
}

// An alarmTest is the test of an alarm in progress.
type alarmTest struct {
	alarm    Alarm
	m        *Monitoring
	trails   []cloudtrail.Trail
	accounts []string // of the organization; nil: not known
	feeds    []feed
	certain  map[int64]points // by minute: the metrics of filters have that resolution
	doubted  map[int64]points
	events   int
	dropped  bool // there are more minutes than are kept
	field    bool // a value is that of a field, which is not modelled
	reasons  map[string]bool
}

// points are the values that a metric gets in a time.
type points struct {
	count    int
	sum      float64
	min, max float64
}

func (p points) add(v float64) points {
	if p.count == 0 {
		return points{1, v, v, v}
	}
	return points{p.count + 1, p.sum + v, min(p.min, v), max(p.max, v)}
}

func (p points) merge(q points) points {
	if p.count == 0 {
		return q
	}
	return points{p.count + q.count, p.sum + q.sum, min(p.min, q.min), max(p.max, q.max)}
}

func newAlarmTest(a Alarm, m *Monitoring, trails []cloudtrail.Trail, accounts []string) *alarmTest {
	return &alarmTest{alarm: a, m: m, trails: trails, accounts: accounts, feeds: m.feeding(a), certain: make(map[int64]points), doubted: make(map[int64]points), reasons: make(map[string]bool)}
}

func (t *alarmTest) because(format string, args ...any) {
	t.reasons[fmt.Sprintf(format, args...)] = true
}

// see gives an event to the filters.
func (t *alarmTest) see(filters []compiledFilter, e *cloudtrail.Event) {
	for _, f := range t.feeds {
		filter := &filters[f.filter]
		counts := t.counts(filter, e)
		if counts == No {
			continue
		}
		value, err := strconv.ParseFloat(filter.Metrics[f.metric].Value, 64)
		if err != nil {
			t.because("%s adds %s, the value of a field, which is not modelled", filter.Name, filter.Metrics[f.metric].Value)
			t.field = true
			continue
		}
		minute := floor(e.Time.Unix(), 60)
		if len(t.doubted) >= maxTimes && t.doubted[minute].count == 0 {
			t.dropped = true
			continue
		}
		t.doubted[minute] = t.doubted[minute].add(value)
		if counts == Yes {
			t.events++
			t.certain[minute] = t.certain[minute].add(value)
		}
	}
}

// counts reports whether a filter counts an event: it reaches the log group, and matches.
func (t *alarmTest) counts(f *compiledFilter, e *cloudtrail.Event) Answer {
	a := t.reaches(f, e)
	if a == No {
		return No
	}
	if f.pattern == nil {
		t.because("%s: %v", f.Name, f.err)
		if p, ok := f.err.(*PatternError); ok && p.Unsupported {
			return Unknown
		}
		return No
	}
	if len(e.Raw) == 0 {
		t.because("the text of an event is not known")
		return Unknown
	}
	if len(e.Raw) > maxLogEvent {
		t.because("an event is larger than what CloudTrail is documented to send to CloudWatch Logs")
		return Unknown
	}
	match := f.pattern.Match(e.Raw)
	for _, r := range match.Reasons {
		t.because("%s: %s", f.Name, r)
	}
	a = both(a, match.Answer)
	if a == Yes && f.Restricted {
		t.because("%s is restricted by more than its pattern", f.Name)
		return Unknown
	}
	return a
}

// reaches reports whether a trail sends an event to the log group of a filter.
func (t *alarmTest) reaches(f *compiledFilter, e *cloudtrail.Event) Answer {
	if t.trails == nil {
		t.because("whether a trail writes to log group %s is not known", f.LogGroup)
		return Unknown
	}
	best := No
	for i := range t.trails {
		trail := &t.trails[i]
		a, err := policy.ParseARN(trail.LogGroup)
		if err != nil || logGroupName(trail.LogGroup) != f.LogGroup || differ(a.AccountID(), f.Account) || differ(a.Region(), f.Region) {
			continue
		}
		best = either(best, t.sends(trail, e))
	}
	if best == No {
		t.because("no trail that records the event writes to log group %s", f.LogGroup)
	}
	return best
}

// sends reports whether a trail records an event.
func (t *alarmTest) sends(trail *cloudtrail.Trail, e *cloudtrail.Event) Answer {
	r, why := trail.Records(e, t.accounts)
	if r == cloudtrail.Recorded {
		return Yes
	}
	t.because("trail %s: %s", trail.ARN, why)
	if r == cloudtrail.NotRecorded {
		return No
	}
	return Unknown
}

func (t *alarmTest) result(w watched) Firing {
	f := Firing{Alarm: t.alarm.Name, Watched: w.code, Subject: w.subject, Events: t.events}
	f.Fires = t.fires()
	f.Notifies = both(f.Fires, t.tells())
	if f.Notifies != Yes {
		f.Reasons = slices.Sorted(maps.Keys(t.reasons))
	}
	return f
}

// fires reports whether the alarm goes off (CloudWatch User Guide, “Using Amazon CloudWatch
// alarms”: evaluating an alarm, and missing data).
func (t *alarmTest) fires() Answer {
	a := &t.alarm
	switch {
	case a.Math:
		t.because("it watches an expression, which is not modelled")
		return Unknown
	case len(t.feeds) == 0:
		t.because("no metric filter publishes %s %s", a.Namespace, a.Metric)
		return No
	case a.EvaluationPeriods == 0:
		t.because("it has no evaluation periods")
		return No
	case a.Period == 0 || a.Threshold == nil:
		t.because("its period or threshold is not known")
		return Unknown
	case strings.EqualFold(a.MissingData, "breaching"):
		// It is in alarm whenever nothing is counted: then an event does not set it off.
		t.because("missing data sets it off already")
		return Unknown
	case t.dropped:
		t.because("there are more minutes with events than are kept")
		return Unknown
	case t.field:
		return Unknown
	case len(t.doubted) == 0:
		t.because("no metric filter counts the events")
		return No
	case a.Period < 60:
		// PutMetricAlarm, Period: it does not receive data for most attempts.
		t.because("its period is shorter than the minute in which metric filters count")
		return Unknown
	case len(a.Dimensions) > 0:
		t.because("it watches one value of %s, and which the events have is not modelled", strings.Join(a.Dimensions, " and "))
		return Unknown
	}
	sure, maybe := t.evaluate(t.certain), t.evaluate(t.doubted)
	if sure == Yes && maybe == Yes {
		return Yes
	}
	if sure == No && maybe == No {
		t.because("what is counted does not reach its threshold")
		return No
	}
	return Unknown
}

// evaluate tells whether the alarm goes off at some time. Its periods are those before each minute
// (CloudWatch User Guide, “Evaluating an alarm”), unless they are those of a clock in some time zone,
// or it looks back more than a day and is evaluated once an hour only.
func (t *alarmTest) evaluate(minutes map[int64]points) Answer {
	a := &t.alarm
	length := int64(a.Period / 60)
	slides := !a.WallClock && a.Period*a.EvaluationPeriods <= 86400
	order := slices.Sorted(maps.Keys(minutes))
	// Periods that begin between the same two minutes with events hold the same of them.
	begins := make(map[int64]bool)
	for _, m := range order {
		begins[(m+1)%length] = true
	}
	all := No
	for n, begin := range slices.Sorted(maps.Keys(begins)) {
		one := t.evaluateFrom(begin, length, order, minutes)
		switch {
		case slides && one == Yes:
			return Yes
		case slides:
			all = either(all, one)
		case n > 0 && one != all:
			t.because("it depends on when its periods begin")
			return Unknown
		default:
			all = one
		}
	}
	return all
}

// evaluateFrom looks for as many breaching periods as the alarm wants, among as many as it looks
// at. Periods begin at a minute, and each length after it.
func (t *alarmTest) evaluateFrom(begin, length int64, order []int64, minutes map[int64]points) Answer {
	a := &t.alarm
	var breaching []int64
	for i := 0; i < len(order); {
		at := floor(order[i]-begin, length)
		var p points
		for ; i < len(order) && floor(order[i]-begin, length) == at; i++ {
			p = p.merge(minutes[order[i]])
		}
		switch t.breaches(p) {
		case Yes:
			breaching = append(breaching, at)
		case Unknown:
			return Unknown
		}
	}
	want := a.DatapointsToAlarm
	if want == 0 {
		want = a.EvaluationPeriods
	}
	for i := range breaching {
		if j := i + want - 1; j < len(breaching) && breaching[j]-breaching[i] < int64(a.EvaluationPeriods) {
			return Yes
		}
	}
	if len(breaching) == 0 || strings.EqualFold(a.MissingData, "notBreaching") {
		return No
	}
	// CloudWatch then looks at more periods than it was told to.
	t.because("there are fewer periods with events than it wants, and how it treats the others depends")
	return Unknown
}

// floor divides, and rounds down.
func floor(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

// onlyEvents reports whether log events that do not match leave the outcome alone. Each of
// them adds the default value of its filter.
func (t *alarmTest) onlyEvents() bool {
	alone := strings.HasPrefix(t.alarm.Comparison, "Greater") && (t.alarm.Statistic == "Sum" || t.alarm.Statistic == "Maximum")
	for _, f := range t.feeds {
		if d := t.m.Filters[f.filter].Metrics[f.metric].Default; d != nil && (*d != 0 || !alone) {
			return false
		}
	}
	return true
}

func (t *alarmTest) breaches(p points) Answer {
	if !t.onlyEvents() {
		t.because("log events that do not match add default values to the metric")
		return Unknown
	}
	var v float64
	switch t.alarm.Statistic {
	case "Sum":
		v = p.sum
	case "SampleCount":
		v = float64(p.count)
	case "Average":
		v = p.sum / float64(p.count)
	case "Minimum":
		v = p.min
	case "Maximum":
		v = p.max
	default:
		t.because("statistic %q is not modelled", t.alarm.Statistic)
		return Unknown
	}
	limit := *t.alarm.Threshold
	switch t.alarm.Comparison {
	case "GreaterThanOrEqualToThreshold":
		return answer(v >= limit)
	case "GreaterThanThreshold":
		return answer(v > limit)
	case "LessThanThreshold":
		return answer(v < limit)
	case "LessThanOrEqualToThreshold":
		return answer(v <= limit)
	}
	t.because("comparison %q is not modelled", t.alarm.Comparison)
	return Unknown
}

// tells reports whether the alarm's actions tell somebody.
func (t *alarmTest) tells() Answer {
	a := &t.alarm
	if !a.ActionsEnabled || len(a.Actions) == 0 {
		if t.m.inComposite(a.Name) {
			t.because("its actions are those of a composite alarm, which is not modelled")
			return Unknown
		}
		t.because("it has no actions, or they are not enabled")
		return No
	}
	best := No
	for _, action := range a.Actions {
		best = either(best, t.m.subscribed(action))
	}
	switch best {
	case No:
		t.because("no subscription of its topic is confirmed")
	case Unknown:
		t.because("whether somebody subscribed to its topic is not known")
	}
	return best
}

func (m *Monitoring) inComposite(name string) bool {
	return slices.ContainsFunc(m.Composites, func(c CompositeAlarm) bool {
		return strings.Contains(c.Rule, name) && c.ActionsEnabled && len(c.Actions) > 0
	})
}

// subscribed reports whether an action reaches somebody.
func (m *Monitoring) subscribed(action string) Answer {
	a, err := policy.ParseARN(action)
	if err != nil || a.Service() != "sns" || m.Subscriptions == nil {
		return Unknown
	}
	return answer(slices.ContainsFunc(m.Subscriptions, func(s Subscription) bool { return s.Topic == action && s.Confirmed }))
}
