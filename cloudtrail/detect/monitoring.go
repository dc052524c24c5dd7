package detect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// Monitoring is what of CloudWatch tells somebody about events.
type Monitoring struct {
	Filters       []MetricFilter
	Alarms        []Alarm
	Composites    []CompositeAlarm
	Subscriptions []Subscription // of topics; nil: not known
}

// A MetricFilter counts log events in a metric (CloudWatch Logs API Reference, MetricFilter).
type MetricFilter struct {
	Name       string
	Pattern    string
	LogGroup   string // its name
	Account    string // empty: not known
	Region     string // empty: not known
	Metrics    []MetricTransformation
	Restricted bool // to some log events by more than the pattern, or applied to transformed ones
}

// A MetricTransformation is the metric of a filter, and what each log event that matches adds
// to it.
type MetricTransformation struct {
	Namespace  string
	Name       string
	Value      string   // a number, or a selector of a field: "$.latency"
	Default    *float64 // where log events come, and none match; nil: none
	Unit       string   // empty: None
	Dimensions []string // their names, sorted
}

// An Alarm watches a metric (CloudWatch API Reference, MetricAlarm). Zero numbers are not set.
type Alarm struct {
	ARN               string
	Name              string
	Namespace         string
	Metric            string
	Unit              string   // of the values that it looks at; empty: all
	Dimensions        []string // their names, sorted
	Statistic         string   // "Sum", "SampleCount", "Average", "Minimum", "Maximum", or an extended one: "p99"
	Period            int      // seconds
	EvaluationPeriods int
	WallClock         bool // its periods are those of a clock; else they end at any minute
	DatapointsToAlarm int  // 0: as EvaluationPeriods
	Threshold         *float64
	Comparison        string   // "GreaterThanOrEqualToThreshold", …
	MissingData       string   // "missing", "notBreaching", "breaching", "ignore"; empty: missing
	ActionsEnabled    bool     // whether Actions are done
	Actions           []string // ARNs: what is done when it goes off
	Math              bool     // it watches an expression of several metrics, which is not modelled
}

// A CompositeAlarm watches other alarms.
type CompositeAlarm struct {
	Name           string
	Rule           string
	ActionsEnabled bool
	Actions        []string
}

// A Subscription is one of a topic.
type Subscription struct {
	Topic     string // its ARN
	Protocol  string
	Endpoint  string
	Confirmed bool
}

// ReadMonitoringFS reads all .json files below fsys, which are what the AWS CLI printed for
// logs describe-metric-filters, cloudwatch describe-alarms, sns list-subscriptions or
// list-subscriptions-by-topic. Folders whose names are an account ID or a Region say whose
// metric filters are in them. The error joins all that is wrong, with file, line and column:
// also a list that is cut off, since what is missing would be taken for absent.
func ReadMonitoringFS(fsys fs.FS) (*Monitoring, error) {
	m := &Monitoring{}
	var errs []error
	files := 0
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		files++
		src, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		r := &cliReader{file: name, src: src, errs: &errs}
		r.account, r.region = whose(name)
		r.read(m)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case files == 0:
		return nil, errors.New("no .json files; want what describe-metric-filters and describe-alarms printed")
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	}
	m.sort()
	return m, nil
}

var (
	accountID  = regexp.MustCompile(`^[0-9]{12}$`)
	regionName = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)
)

func whose(name string) (account, region string) {
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '.' }) {
		switch {
		case accountID.MatchString(part):
			account = part
		case regionName.MatchString(part):
			region = part
		}
	}
	return account, region
}

func (m *Monitoring) sort() {
	slices.SortFunc(m.Filters, func(a, b MetricFilter) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.LogGroup, b.LogGroup), strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(m.Alarms, func(a, b Alarm) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ARN, b.ARN)) })
	slices.SortFunc(m.Composites, func(a, b CompositeAlarm) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Subscriptions, func(a, b Subscription) int {
		return cmp.Or(strings.Compare(a.Topic, b.Topic), strings.Compare(a.Protocol, b.Protocol), strings.Compare(a.Endpoint, b.Endpoint))
	})
}

// A cliReader reads what the AWS CLI printed. Members that are not known here are passed
// over: AWS adds some at any time.
type cliReader struct {
	file            string
	src             []byte
	errs            *[]error
	account, region string
}

func (r *cliReader) fail(offset int, format string, args ...any) {
	line, column := jsontree.LineColumn(r.src, offset)
	*r.errs = append(*r.errs, fmt.Errorf("%s:%d:%d: %w", r.file, line, column, fmt.Errorf(format, args...)))
}

func (r *cliReader) read(m *Monitoring) {
	root, err := jsontree.Parse(r.src)
	if err != nil {
		offset := 0
		if s, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
			offset = s.Offset
		}
		r.fail(offset, "%w", err)
		return
	}
	pages := []*jsontree.Node{root}
	if root.Kind == jsontree.Array {
		pages = nil
		for i := range root.Elements {
			pages = append(pages, &root.Elements[i])
		}
	}
	for i, page := range pages {
		r.page(m, page, i == len(pages)-1)
	}
}

func (r *cliReader) page(m *Monitoring, n *jsontree.Node, last bool) {
	for _, name := range []string{"NextToken", "nextToken"} {
		if t, ok := n.Member(name); ok && t.Kind == jsontree.String && t.Text != "" && last {
			r.fail(t.Start, "the list is cut off: there is a %s; want all pages", name)
		}
	}
	known := false
	for _, list := range []struct {
		name string
		one  func(*jsontree.Node)
	}{
		{"metricFilters", func(n *jsontree.Node) { m.Filters = append(m.Filters, r.filter(n)) }},
		{"MetricAlarms", func(n *jsontree.Node) { m.Alarms = append(m.Alarms, r.alarm(n)) }},
		{"CompositeAlarms", func(n *jsontree.Node) { m.Composites = append(m.Composites, r.composite(n)) }},
		{"Subscriptions", func(n *jsontree.Node) { m.Subscriptions = append(m.Subscriptions, r.subscription(n)) }},
	} {
		array, ok := n.Member(list.name)
		if !ok {
			continue
		}
		known = true
		if array.Kind != jsontree.Array {
			r.fail(array.Start, "%s is %s; want an array", list.name, array.Kind)
			continue
		}
		if list.name == "Subscriptions" && m.Subscriptions == nil {
			m.Subscriptions = []Subscription{}
		}
		for i := range array.Elements {
			list.one(&array.Elements[i])
		}
	}
	if !known {
		r.fail(n.Start, "none of metricFilters, MetricAlarms, CompositeAlarms and Subscriptions; want what the AWS CLI printed for one of them")
	}
}

// member returns the value of a member of a kind; nil if it is absent or null.
func (r *cliReader) member(n *jsontree.Node, name string, kind jsontree.Kind) *jsontree.Node {
	v, ok := n.Member(name)
	if !ok || v.Kind == jsontree.Null {
		return nil
	}
	if v.Kind != kind {
		r.fail(v.Start, "%s is %s; want %s", name, v.Kind, kind)
		return nil
	}
	return v
}

func (r *cliReader) text(n *jsontree.Node, name string) string {
	if v := r.member(n, name, jsontree.String); v != nil {
		return v.Text
	}
	return ""
}

func (r *cliReader) flag(n *jsontree.Node, name string) bool {
	v := r.member(n, name, jsontree.Bool)
	return v != nil && v.Text == "true"
}

func (r *cliReader) number(n *jsontree.Node, name string) *float64 {
	v := r.member(n, name, jsontree.Number)
	if v == nil {
		return nil
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		r.fail(v.Start, "%s is %s, which is out of range", name, v.Text)
		return nil
	}
	return &f
}

// count is a number of seconds or periods; CloudWatch allows a day of them, or a week.
func (r *cliReader) count(n *jsontree.Node, name string) int {
	f := r.number(n, name)
	if f == nil {
		return 0
	}
	if *f != math.Trunc(*f) || *f < 0 || *f > 7*86400 {
		v, _ := n.Member(name)
		r.fail(v.Start, "%s is %s; want a whole number from 0 to %d", name, v.Text, 7*86400)
		return 0
	}
	return int(*f)
}

func (r *cliReader) texts(n *jsontree.Node, name string) []string {
	v := r.member(n, name, jsontree.Array)
	if v == nil {
		return nil
	}
	var out []string
	for i := range v.Elements {
		e := &v.Elements[i]
		if e.Kind != jsontree.String {
			r.fail(e.Start, "%s has %s; want strings", name, e.Kind)
			continue
		}
		out = append(out, e.Text)
	}
	return out
}

func (r *cliReader) filter(n *jsontree.Node) MetricFilter {
	f := MetricFilter{
		Name: r.text(n, "filterName"), Pattern: r.text(n, "filterPattern"), LogGroup: r.text(n, "logGroupName"), Account: r.account, Region: r.region,
		Restricted: r.flag(n, "applyOnTransformedLogs") || r.text(n, "fieldSelectionCriteria") != "",
	}
	if a, err := policy.ParseARN(r.text(n, "logGroupArn")); err == nil {
		f.Account, f.Region = a.AccountID(), a.Region()
		f.LogGroup = cmp.Or(f.LogGroup, logGroupName(a.String()))
	}
	if f.Name == "" || f.LogGroup == "" {
		r.fail(n.Start, "a metric filter without filterName or logGroupName")
	}
	if list := r.member(n, "metricTransformations", jsontree.Array); list != nil {
		for i := range list.Elements {
			e := &list.Elements[i]
			t := MetricTransformation{Namespace: r.text(e, "metricNamespace"), Name: r.text(e, "metricName"), Value: r.text(e, "metricValue"), Unit: r.text(e, "unit"), Default: r.number(e, "defaultValue")}
			if d := r.member(e, "dimensions", jsontree.Object); d != nil {
				for j := range d.Members {
					t.Dimensions = append(t.Dimensions, d.Members[j].Name)
				}
				slices.Sort(t.Dimensions)
			}
			f.Metrics = append(f.Metrics, t)
		}
	}
	return f
}

func (r *cliReader) alarm(n *jsontree.Node) Alarm {
	a := Alarm{
		ARN: r.text(n, "AlarmArn"), Name: r.text(n, "AlarmName"), Namespace: r.text(n, "Namespace"), Metric: r.text(n, "MetricName"), Unit: r.text(n, "Unit"),
		Statistic: cmp.Or(r.text(n, "Statistic"), r.text(n, "ExtendedStatistic")), Period: r.count(n, "Period"), EvaluationPeriods: r.count(n, "EvaluationPeriods"),
		DatapointsToAlarm: r.count(n, "DatapointsToAlarm"), Threshold: r.number(n, "Threshold"), Comparison: r.text(n, "ComparisonOperator"),
		MissingData: r.text(n, "TreatMissingData"), Actions: r.texts(n, "AlarmActions"),
		// PutMetricAlarm: actions are enabled unless it says otherwise.
		ActionsEnabled: true,
	}
	if v := r.member(n, "ActionsEnabled", jsontree.Bool); v != nil {
		a.ActionsEnabled = v.Text == "true"
	}
	if a.Name == "" {
		r.fail(n.Start, "an alarm without AlarmName")
	}
	if w := r.member(n, "EvaluationWindow", jsontree.Object); w != nil {
		_, a.WallClock = w.Member("WallClockWindow")
	}
	if list := r.member(n, "Metrics", jsontree.Array); list != nil && len(list.Elements) > 0 || r.text(n, "ThresholdMetricId") != "" {
		a.Math = true
	}
	if list := r.member(n, "Dimensions", jsontree.Array); list != nil {
		for i := range list.Elements {
			a.Dimensions = append(a.Dimensions, r.text(&list.Elements[i], "Name"))
		}
		slices.Sort(a.Dimensions)
	}
	return a
}

func (r *cliReader) composite(n *jsontree.Node) CompositeAlarm {
	c := CompositeAlarm{Name: r.text(n, "AlarmName"), Rule: r.text(n, "AlarmRule"), Actions: r.texts(n, "AlarmActions"), ActionsEnabled: true}
	if v := r.member(n, "ActionsEnabled", jsontree.Bool); v != nil {
		c.ActionsEnabled = v.Text == "true"
	}
	return c
}

func (r *cliReader) subscription(n *jsontree.Node) Subscription {
	arn := r.text(n, "SubscriptionArn")
	// Amazon SNS API Reference: of one that nobody confirmed the ARN is "PendingConfirmation", and "Deleted" of one that is gone.
	return Subscription{Topic: r.text(n, "TopicArn"), Protocol: r.text(n, "Protocol"), Endpoint: r.text(n, "Endpoint"), Confirmed: strings.HasPrefix(arn, "arn:")}
}
