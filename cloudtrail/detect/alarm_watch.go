package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A watched use is one of a root user or break-glass principal.
type watched struct{ code, subject string }

// An alarmWatch tests all alarms with the uses that somebody should hear of.
type alarmWatch struct {
	d        *detector
	accounts []string // of the organization; nil: not known
	tests    map[watched][]*alarmTest
	dropped  int
}

// maxWatched bounds the subjects that alarms are tested with.
const maxWatched = 1000

func newAlarmWatch(d *detector) *alarmWatch {
	w := &alarmWatch{d: d, tests: make(map[watched][]*alarmTest)}
	if d.Organization != nil {
		for a := range d.Organization.Accounts() {
			w.accounts = append(w.accounts, a.ID)
		}
	}
	return w
}

// see gives the use of a subject to all alarms. It reports false if there are too many
// subjects.
func (w *alarmWatch) see(use watched, e *event) bool {
	tests, ok := w.tests[use]
	if !ok {
		if len(w.tests) >= maxWatched {
			w.dropped++
			return false
		}
		tests = []*alarmTest{}
		for _, a := range w.d.Monitoring.Alarms {
			if t := newAlarmTest(a, w.d.Monitoring, w.d.Trails, w.accounts); len(t.feeds) > 0 || a.Math {
				tests = append(tests, t)
			}
		}
		use.subject = strings.Clone(use.subject)
		w.tests[use] = tests
	}
	for _, t := range tests {
		t.see(w.d.filters, e.Event)
	}
	return true
}

func (w *alarmWatch) firings() []Firing {
	out := []Firing{}
	for use, tests := range w.tests {
		for _, t := range tests {
			out = append(out, t.result(use))
		}
	}
	slices.SortFunc(out, func(a, b Firing) int {
		return cmp.Or(strings.Compare(a.Alarm, b.Alarm), strings.Compare(a.Watched, b.Watched), strings.Compare(a.Subject, b.Subject))
	})
	return out
}

// silence finds uses that no alarm tells of.
type silence struct {
	d    *detector
	r    Rule
	uses map[watched]*Finding
}

func (w *silence) see(e *event) {
	if isRootUse(e) {
		w.use(watched{"ROOT_USE", rootAccount(e)}, e)
	}
	if e.duty != "" {
		w.use(watched{"BREAKGLASS_USE", e.duty}, e)
	}
}

func (w *silence) use(use watched, e *event) {
	if !w.d.alarms.see(use, e) {
		return
	}
	f := w.uses[use]
	if f == nil {
		use.subject = strings.Clone(use.subject)
		f = &Finding{Code: w.r.Code, Severity: w.r.Severity, Subject: use.subject, Account: strings.Clone(e.Account)}
		w.uses[use] = f
	}
	f.observe(e, w.d.sampleCount())
	if e.Account < f.Account {
		f.Account = strings.Clone(e.Account) // the same whichever event comes first
	}
}

// maxAlarmReasons is how many a message has.
const maxAlarmReasons = 5

func (w *silence) done(r *Result) {
	best, reasons := make(map[watched]Answer), make(map[watched][]string)
	for _, f := range w.d.r.Alarms {
		use := watched{f.Watched, f.Subject}
		if known, ok := best[use]; ok {
			best[use] = either(known, f.Notifies)
		} else {
			best[use] = f.Notifies
		}
		for _, reason := range f.Reasons {
			reasons[use] = append(reasons[use], f.Alarm+": "+reason)
		}
	}
	for use, f := range w.uses {
		why := reasons[use]
		if more := len(why) - maxAlarmReasons; more > 0 {
			why = append(why[:maxAlarmReasons:maxAlarmReasons], fmt.Sprintf("and %d more", more))
		}
		told, some := best[use]
		switch {
		case !some:
			f.Message = use.code + ": no alarm watches a metric filter"
			r.Findings = append(r.Findings, *f)
		case told == No:
			f.Message = use.code + ": no alarm goes off and tells somebody: " + strings.Join(why, "; ")
			r.Findings = append(r.Findings, *f)
		case told == Unknown:
			r.note("%s of %s, %d events: whether an alarm goes off and tells somebody is not known: %s", use.code, use.subject, f.Count, strings.Join(why, "; "))
		}
	}
	slices.SortFunc(r.Findings, compareFindings)
	if w.d.alarms.dropped > 0 {
		r.note("%d events are of more subjects than the %d that alarms are tested with", w.d.alarms.dropped, maxWatched)
	}
}
