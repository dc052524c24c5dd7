package detect

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/policy"
)

// A Report is what [Run] found.
type Report struct {
	Events      int       // within Since and Until
	Outside     int       // before Since, at or after Until
	Undated     int       // without a time, which no rule has seen
	Duplicates  int       // with [cloudtrail.Event.Duplicate], which no rule has seen either
	Future      int       // of Events, those dated more than a year after now, which First, Last and Days leave out
	Unreadable  int       // records or files that could not be read
	Errors      []string  // the first of them
	First, Last time.Time // of the events; zero: there are none
	Days        int       // UTC days with events

	Results     []Result // of all rules, in the order of [Rules]
	Attribution Attribution
	Leavers     *Leaving // nil: not known
	Keys        []KeyUse // by ID
	Alarms      []Firing // of all alarms that metric filters feed, and all uses of root and break-glass principals, by alarm; nil: not known
}

// maxErrors is how many errors a report holds.
const maxErrors = 20

// Run applies all rules to events, in whatever order they come: the same events make the same
// report. It holds no more than some counts for each principal, key and day, so that there
// may be any number of events. Errors among the events are counted, and the rest is read. An
// error is one of the [Config].
//
// Of an event that a [cloudtrail.Reader] gave before, only that is counted.
func Run(events iter.Seq2[*cloudtrail.Event, error], c Config) (*Report, error) {
	d, err := newDetector(&c)
	if err != nil {
		return nil, err
	}
	for e, err := range events {
		if err != nil {
			d.fail(err)
			continue
		}
		d.see(e)
	}
	return d.report(), nil
}

// A detector is a run of all rules.
type detector struct {
	*Config
	watchers []watcher
	r        Report
	days     map[int64]bool
	horizon  time.Time // where the future begins
	traces   tracer
	keys     *keyUses
	alarms   *alarmWatch // nil: alarms are not known
	filters  []compiledFilter

	programs     *memo[program]
	isBreakGlass *memo[bool]
}

func newDetector(c *Config) (*detector, error) {
	for _, list := range [][]string{c.BreakGlass, c.Pipelines} {
		for _, a := range list {
			if err := wantARN(a); err != nil {
				return nil, err
			}
		}
	}
	for i, n := range c.Networks {
		if len(n.Who) == 0 {
			return nil, fmt.Errorf("network %d is nobody's; want IDs of access keys or ARNs", i)
		}
	}
	if c.Tickets != nil && c.Tickets.Pattern == nil && c.Tickets.Register == nil {
		return nil, fmt.Errorf("tickets have neither pattern nor register")
	}
	if !c.Since.IsZero() && !c.Until.IsZero() && !c.Since.Before(c.Until) {
		return nil, fmt.Errorf("since %s is not before until %s", c.Since.Format(time.RFC3339), c.Until.Format(time.RFC3339))
	}
	d := &detector{Config: c, days: make(map[int64]bool), horizon: time.Now().AddDate(1, 0, 0), keys: newKeyUses(), programs: newMemo(programOf)}
	pathless := withoutPaths(c.BreakGlass)
	d.isBreakGlass = newMemo(func(arn string) bool { return matchesAny(c.BreakGlass, arn) || matchesAny(pathless, arn) })
	d.traces.init(c)
	if c.Monitoring != nil {
		d.filters = c.Monitoring.compile()
		d.alarms = newAlarmWatch(d)
	}
	for _, r := range rules {
		res := Result{Rule: r.Rule, Skipped: r.lacks(c)}
		var w watcher
		if res.Skipped == "" {
			w = r.start(r.Rule, d)
		}
		d.r.Results = append(d.r.Results, res)
		d.watchers = append(d.watchers, w)
	}
	return d, nil
}

// wantARN is an error if a pattern of ARNs is none.
func wantARN(a string) error {
	if _, err := policy.ParseARN(a); err != nil {
		return fmt.Errorf("%q is no ARN: %w; want such as arn:aws:iam::*:role/BreakGlass", a, err)
	}
	return nil
}

func (d *detector) fail(err error) {
	d.r.Unreadable++
	if len(d.r.Errors) < maxErrors {
		d.r.Errors = append(d.r.Errors, err.Error())
	}
}

func (d *detector) see(e *cloudtrail.Event) {
	switch {
	case e.Duplicate:
		d.r.Duplicates++
		return
	case e.Time.IsZero():
		d.r.Undated++
		return
	case !d.Since.IsZero() && e.Time.Before(d.Since), !d.Until.IsZero() && !e.Time.Before(d.Until):
		d.r.Outside++
		return
	}
	d.r.Events++
	if e.Time.After(d.horizon) {
		d.r.Future++
	} else {
		if d.r.First.IsZero() || e.Time.Before(d.r.First) {
			d.r.First = e.Time
		}
		if e.Time.After(d.r.Last) {
			d.r.Last = e.Time
		}
		d.days[e.Time.Unix()/86400] = true
	}
	x := &event{Event: e, principal: principalOf(e), addr: address(e), program: d.programs.of(e.UserAgent)}
	x.duty = breakGlassOf(d.isBreakGlass, x)
	d.traces.trace(x)
	d.keys.see(x)
	for _, w := range d.watchers {
		if w != nil {
			w.see(x)
		}
	}
}

func (d *detector) report() *Report {
	r := &d.r
	r.Days = len(d.days)
	r.Attribution = d.traces.attribution()
	r.Keys = d.keys.list()
	if d.alarms != nil {
		r.Alarms = d.alarms.firings()
	}
	for i, w := range d.watchers {
		res := &r.Results[i]
		if w == nil {
			continue
		}
		w.done(res)
		switch {
		case res.Skipped != "" || len(res.Findings) > 0:
		case rules[i].static:
			res.Observed = fmt.Sprintf("none among %d alarms and %d metric filters", len(d.Monitoring.Alarms), len(d.Monitoring.Filters))
		case r.Events == 0:
			res.Skipped = "there are no events"
		default:
			res.Observed = "not observed in " + span(r)
		}
	}
	return r
}

// span is how long the events are, to the day.
func span(r *Report) string {
	n := 0
	if !r.First.IsZero() {
		n = int(r.Last.Unix()/86400-r.First.Unix()/86400) + 1
	}
	text := fmt.Sprintf("%d days", n)
	if n == 1 {
		text = "1 day"
	}
	if r.Days < n {
		text += fmt.Sprintf(", %d of them with events", r.Days)
	}
	if bad := r.Unreadable + r.Undated; bad > 0 {
		text += fmt.Sprintf("; not seen: %d records or files that could not be read", bad)
	}
	if r.Future > 0 {
		text += fmt.Sprintf("; besides, %d events are dated more than a year after today", r.Future)
	}
	return text
}

// matchesAny reports whether a principal is one of those named; * stands for any text.
func matchesAny(patterns []string, principal string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, principal) })
}

// withoutPaths are the patterns of roles and users that have a path, without it, as roles are
// named by sessions whose issuer is not there, and users by sign-ins that failed. Their names are
// unique in an account, whatever their path (IAM User Guide, “IAM identifiers”).
func withoutPaths(patterns []string) []string {
	var out []string
	for _, p := range patterns {
		for _, kind := range []string{":role", ":user"} {
			before, path, ok := strings.Cut(p, kind+"/")
			at := strings.LastIndexByte(path, '/')
			if ok && at >= 0 && !strings.Contains(path, "*") {
				out = append(out, before+kind+path[at:])
			}
		}
	}
	return out
}

// usersKnown reports whether an instance lists all its users.
func usersKnown(i *identitycenter.Instance) bool {
	for _, g := range i.Spec().Gaps {
		if g.What == identitycenter.GapUsers || g.What == "everything" {
			return false
		}
	}
	return true
}
