package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// staticRule is a rule about metric filters and alarms, whatever the events.
func staticRule(code, title string, severity Severity, reads, blind string) rule {
	return rule{Rule: Rule{code, title, severity, reads, blind}, static: true, lacks: func(c *Config) string {
		switch {
		case c.Monitoring == nil:
			return "metric filters and alarms are not given"
		case code == "ALARM_UNCONFIRMED" && c.Monitoring.Subscriptions == nil:
			return "subscriptions of topics are not given"
		case code == "FILTER_NOT_TRAIL" && c.Trails == nil:
			return "trails are not given"
		}
		return ""
	}, start: func(r Rule, d *detector) watcher { return staticWatch{r, d} }}
}

type staticWatch struct {
	r Rule
	d *detector
}

func (staticWatch) see(*event) {}

func (w staticWatch) done(r *Result) {
	m := w.d.Monitoring
	for _, a := range m.Alarms {
		w.alarm(r, m, a)
	}
	for i := range w.d.filters {
		w.filter(r, m, &w.d.filters[i])
	}
	slices.SortFunc(r.Findings, compareFindings)
}

func (w staticWatch) find(r *Result, subject, account, format string, args ...any) {
	r.Findings = append(r.Findings, Finding{Code: w.r.Code, Severity: w.r.Severity, Subject: subject, Account: account, Message: fmt.Sprintf(format, args...)})
}

// alarm checks an alarm that watches a metric of somebody's own: those of AWS are fed by AWS.
func (w staticWatch) alarm(r *Result, m *Monitoring, a Alarm) {
	account := accountOf(a.ARN)
	feeds := m.feeding(a)
	switch w.r.Code {
	case "ALARM_METRIC_UNFED":
		switch {
		case a.Math:
			r.note("%s watches an expression of metrics, which is not modelled", a.Name)
		case len(feeds) == 0 && !strings.HasPrefix(a.Namespace, "AWS/"):
			message := fmt.Sprintf("no metric filter publishes %s %s", a.Namespace, a.Metric)
			if other := m.almost(a); other != "" {
				message += "; " + other
			}
			w.find(r, a.Name, account, "%s", message)
		}
	case "ALARM_MISSING_EVALUATION_PERIODS":
		if a.EvaluationPeriods == 0 {
			w.find(r, a.Name, account, "EvaluationPeriods is missing, which PutMetricAlarm requires")
		}
	case "ALARM_NO_ACTION":
		switch {
		case a.ActionsEnabled && len(a.Actions) > 0:
		case m.inComposite(a.Name):
			r.note("%s: its actions are those of a composite alarm", a.Name)
		case !a.ActionsEnabled && len(a.Actions) > 0:
			w.find(r, a.Name, account, "its actions are not enabled")
		default:
			w.find(r, a.Name, account, "it has no actions")
		}
	case "ALARM_UNCONFIRMED":
		for _, action := range a.Actions {
			if m.subscribed(action) == No {
				w.find(r, a.Name, account, "no subscription of %s is confirmed", action)
			}
		}
	case "ALARM_NEVER":
		w.never(r, m, a, feeds, account)
	}
}

// never finds alarms that no number of log events sets off.
func (w staticWatch) never(r *Result, m *Monitoring, a Alarm, feeds []feed, account string) {
	if a.Threshold == nil || a.Math || len(feeds) == 0 {
		return
	}
	greater := strings.HasPrefix(a.Comparison, "Greater")
	flat := slices.Contains([]string{"Average", "Minimum", "Maximum"}, a.Statistic)
	for _, f := range feeds {
		v := m.Filters[f.filter].Metrics[f.metric].Value
		// Of one constant value average, minimum and maximum are the value.
		if !greater || !flat || v != "1" || *a.Threshold < 1 || a.Comparison == "GreaterThanOrEqualToThreshold" && *a.Threshold == 1 {
			return
		}
	}
	w.find(r, a.Name, account, "the %s of a metric to which each event adds 1 is never above 1; the threshold is %v", strings.ToLower(a.Statistic), *a.Threshold)
}

// almost tells of a metric filter that an alarm may have been meant for.
func (m *Monitoring) almost(a Alarm) string {
	for _, f := range m.Filters {
		for _, t := range f.Metrics {
			switch {
			case !strings.EqualFold(t.Name, a.Metric):
			case t.Namespace != a.Namespace || t.Name != a.Metric:
				return fmt.Sprintf("%s publishes %s %s", f.Name, t.Namespace, t.Name)
			case !slices.Equal(t.Dimensions, a.Dimensions):
				return f.Name + " publishes it with other dimensions"
			case !a.looksAt(t):
				return fmt.Sprintf("%s publishes it in the unit %s, and the alarm looks at %s", f.Name, cmp.Or(t.Unit, "None"), a.Unit)
			default:
				return f.Name + " publishes it in another account or Region"
			}
		}
	}
	return ""
}

func (w staticWatch) filter(r *Result, m *Monitoring, f *compiledFilter) {
	switch w.r.Code {
	case "FILTER_PATTERN":
		if f.err != nil {
			w.find(r, f.Name, f.Account, "pattern %v", f.err)
		}
	case "FILTER_UNWATCHED":
		for _, t := range f.Metrics {
			if !m.watched(f, t) {
				w.find(r, f.Name, f.Account, "no alarm watches %s %s", t.Namespace, t.Name)
			}
		}
	case "FILTER_NOT_TRAIL":
		for _, t := range w.d.Trails {
			if logGroupName(t.LogGroup) == f.LogGroup {
				return
			}
		}
		w.find(r, f.Name, f.Account, "no trail writes to log group %s", f.LogGroup)
	}
}

// watched reports whether an alarm watches a metric of a filter, or may.
func (m *Monitoring) watched(f *compiledFilter, t MetricTransformation) bool {
	return slices.ContainsFunc(m.Alarms, func(a Alarm) bool {
		return a.Math || slices.ContainsFunc(m.feeding(a), func(x feed) bool {
			return m.Filters[x.filter].Name == f.Name && m.Filters[x.filter].LogGroup == f.LogGroup && m.Filters[x.filter].Metrics[x.metric].Name == t.Name
		})
	})
}

func accountOf(arn string) string {
	if a, err := policy.ParseARN(arn); err == nil {
		return a.AccountID()
	}
	return ""
}
