package detect_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/detect"
	"github.com/licit-dev/licit/policy"
)

const (
	breakGlassFilter = `{"metricFilters": [{"filterName": "break-glass", "logGroupName": "trail",
	"filterPattern": "{ $.eventName = \"AssumeRole\" && $.requestParameters.roleArn = \"*:role/BreakGlass\" && $.errorCode NOT EXISTS }",
	"metricTransformations": [{"metricName": "BreakGlassAccessCount", "metricNamespace": "SecurityMetrics", "metricValue": "1", "defaultValue": 0}]}]}`
	breakGlassAlarm = `{"MetricAlarms": [{"AlarmName": "BreakGlassAccessUsed", "AlarmArn": "arn:aws:cloudwatch:eu-west-3:111122223333:alarm:BreakGlassAccessUsed",
	"MetricName": "BreakGlassAccessCount", "Namespace": "SecurityMetrics", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0,
	"ComparisonOperator": "GreaterThanOrEqualToThreshold", "ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:security-critical"], "Dimensions": []}], "CompositeAlarms": []}`
	subscribed = `{"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:eu-west-3:111122223333:security-critical:1", "TopicArn": "arn:aws:sns:eu-west-3:111122223333:security-critical", "Protocol": "email", "Endpoint": "soc@example.com"}]}`
)

func monitoring(t *testing.T, files ...string) *detect.Monitoring {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, f := range files {
		fsys[fmt.Sprintf("%d.json", i)] = &fstest.MapFile{Data: []byte(f)}
	}
	m, err := detect.ReadMonitoringFS(fsys)
	require.NoError(t, err)
	return m
}

func breakGlassMonitoring(t *testing.T) *detect.Monitoring {
	t.Helper()
	return monitoring(t, breakGlassFilter, breakGlassAlarm, subscribed)
}

func collect(seq iter.Seq2[*cloudtrail.Event, error]) []*cloudtrail.Event {
	var out []*cloudtrail.Event
	for e, err := range seq {
		if err != nil {
			panic(err)
		}
		out = append(out, e)
	}
	return out
}

func assumed(at string) string {
	return record(at, "sts", "AssumeRole", userAna, `"requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/BreakGlass"}`)
}

func selecting(s *cloudtrail.Selectors) []cloudtrail.Trail {
	l := trails("trail")
	l[0].Selectors = s
	return l
}

func advanced(fields ...cloudtrail.FieldSelector) *cloudtrail.Selectors {
	return &cloudtrail.Selectors{Advanced: []cloudtrail.AdvancedSelector{{Fields: fields}}}
}

func TestFires(t *testing.T) {
	one := []string{assumed("1T10:00")}
	for name, test := range map[string]struct {
		change          [2]string // in the alarm
		filter          [2]string
		subscribed      [2]string
		trails          []cloudtrail.Trail
		records         []string
		fires, notifies detect.Answer
		reason          string
	}{
		"it fires":                   {fires: detect.Yes, notifies: detect.Yes},
		"another event":              {records: []string{record("1T10:00", "sts", "GetCallerIdentity", userAna)}, fires: detect.No, notifies: detect.No, reason: "no metric filter counts the events"},
		"another metric":             {change: [2]string{`"BreakGlassAccessCount"`, `"BreakGlassUseCount"`}, fires: detect.No, notifies: detect.No, reason: "no metric filter publishes SecurityMetrics BreakGlassUseCount"},
		"another Region":             {change: [2]string{"cloudwatch:eu-west-3", "cloudwatch:eu-west-1"}, filter: [2]string{`"logGroupName": "trail",`, `"logGroupName": "trail", "logGroupArn": "arn:aws:logs:eu-west-3:111122223333:log-group:trail",`}, fires: detect.No, notifies: detect.No, reason: "no metric filter publishes"},
		"dimensions":                 {filter: [2]string{`"metricValue"`, `"dimensions": {"who": "$.userIdentity.arn"}, "metricValue"`}, fires: detect.No, notifies: detect.No, reason: "no metric filter publishes"},
		"a value of a dimension":     {filter: [2]string{`"metricValue"`, `"dimensions": {"who": "$.userIdentity.arn"}, "metricValue"`}, change: [2]string{`"Dimensions": []`, `"Dimensions": [{"Name": "who", "Value": "arn:aws:iam::111122223333:user/logs"}]`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "one value of who"},
		"another unit":               {change: [2]string{`"Period"`, `"Unit": "Count", "Period"`}, fires: detect.No, notifies: detect.No, reason: "no metric filter publishes"},
		"unit of the metric":         {change: [2]string{`"Period"`, `"Unit": "Count", "Period"`}, filter: [2]string{`"metricValue"`, `"unit": "Count", "metricValue"`}, fires: detect.Yes, notifies: detect.Yes},
		"any unit":                   {filter: [2]string{`"metricValue"`, `"unit": "Count", "metricValue"`}, fires: detect.Yes, notifies: detect.Yes},
		"another log group":          {filter: [2]string{`"logGroupName": "trail"`, `"logGroupName": "app"`}, fires: detect.No, notifies: detect.No, reason: "no trail that records the event writes to log group app"},
		"no evaluation periods":      {change: [2]string{`"EvaluationPeriods": 1, `, ``}, fires: detect.No, notifies: detect.No, reason: "it has no evaluation periods"},
		"two periods":                {change: [2]string{`"EvaluationPeriods": 1`, `"EvaluationPeriods": 2`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "fewer periods"},
		"two periods, not breaching": {change: [2]string{`"EvaluationPeriods": 1`, `"EvaluationPeriods": 2, "TreatMissingData": "notBreaching"`}, fires: detect.No, notifies: detect.No},
		"one of two periods":         {change: [2]string{`"EvaluationPeriods": 1`, `"EvaluationPeriods": 2, "DatapointsToAlarm": 1`}, fires: detect.Yes, notifies: detect.Yes},
		"two periods with events":    {change: [2]string{`"EvaluationPeriods": 1`, `"EvaluationPeriods": 2`}, records: []string{assumed("1T10:00"), assumed("1T10:06")}, fires: detect.Yes, notifies: detect.Yes},
		"above":                      {change: [2]string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold"}, fires: detect.No, notifies: detect.No, reason: "does not reach its threshold"},
		"above, twice in a period":   {change: [2]string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold"}, records: []string{assumed("1T10:00"), assumed("1T10:04")}, fires: detect.Yes, notifies: detect.Yes},
		"above, in two periods":      {change: [2]string{"GreaterThanOrEqualToThreshold", "GreaterThanThreshold"}, records: []string{assumed("1T10:00"), assumed("1T10:06")}, fires: detect.No, notifies: detect.No},
		"average with defaults":      {change: [2]string{`"Sum"`, `"Average"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "default values"},
		"maximum":                    {change: [2]string{`"Sum"`, `"Maximum"`}, fires: detect.Yes, notifies: detect.Yes},
		"percentile":                 {change: [2]string{`"Statistic": "Sum"`, `"ExtendedStatistic": "p99"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "default values"},
		// 10:02 to 10:06 has both, although 10:00 to 10:04 and 10:05 to 10:09 have one each.
		"two events of any minutes":    {change: [2]string{`"Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0`, `"Period": 300, "EvaluationPeriods": 1, "Threshold": 2`}, records: []string{assumed("1T10:04"), assumed("1T10:06")}, fires: detect.Yes, notifies: detect.Yes},
		"two events too far apart":     {change: [2]string{`"Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0`, `"Period": 300, "EvaluationPeriods": 1, "Threshold": 2`}, records: []string{assumed("1T10:04"), assumed("1T10:09")}, fires: detect.No, notifies: detect.No, reason: "threshold"},
		"two events by the clock":      {change: [2]string{`"Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0`, `"EvaluationWindow": {"WallClockWindow": {}}, "Period": 300, "EvaluationPeriods": 1, "Threshold": 2`}, records: []string{assumed("1T10:04"), assumed("1T10:06")}, fires: detect.Unknown, notifies: detect.Unknown, reason: "when its periods begin"},
		"two events by each clock":     {change: [2]string{`"Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0`, `"EvaluationWindow": {"WallClockWindow": {}}, "Period": 300, "EvaluationPeriods": 1, "Threshold": 2`}, records: []string{assumed("1T10:04"), assumed("1T10:04")}, fires: detect.Yes, notifies: detect.Yes},
		"two events, looked at hourly": {change: [2]string{`"Period": 300, "EvaluationPeriods": 1, "Threshold": 1.0`, `"Period": 43200, "EvaluationPeriods": 3, "DatapointsToAlarm": 1, "Threshold": 2`}, records: []string{assumed("1T11:50"), assumed("1T12:10")}, fires: detect.Unknown, notifies: detect.Unknown, reason: "when its periods begin"},
		"seconds":                      {change: [2]string{`"Period": 300`, `"Period": 10`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "shorter than the minute"},
		"missing data breaches":        {change: [2]string{`"Period"`, `"TreatMissingData": "breaching", "Period"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "missing data sets it off already"},
		"actions off":                  {change: [2]string{`"ActionsEnabled": true`, `"ActionsEnabled": false`}, fires: detect.Yes, notifies: detect.No, reason: "no actions"},
		"no action":                    {change: [2]string{`["arn:aws:sns:eu-west-3:111122223333:security-critical"]`, `[]`}, fires: detect.Yes, notifies: detect.No, reason: "no actions"},
		"composite":                    {change: [2]string{`"ActionsEnabled": true, "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:security-critical"], "Dimensions": []}], "CompositeAlarms": []`, `"Dimensions": []}], "CompositeAlarms": [{"AlarmName": "all", "AlarmRule": "ALARM(BreakGlassAccessUsed)", "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:security-critical"]}]`}, fires: detect.Yes, notifies: detect.Unknown, reason: "composite"},
		"unconfirmed":                  {subscribed: [2]string{"arn:aws:sns:eu-west-3:111122223333:security-critical:1", "PendingConfirmation"}, fires: detect.Yes, notifies: detect.No, reason: "no subscription of its topic is confirmed"},
		"an action that is not SNS":    {change: [2]string{"arn:aws:sns:eu-west-3:111122223333:security-critical", "arn:aws:lambda:eu-west-3:111122223333:function:page"}, fires: detect.Yes, notifies: detect.Unknown},
		"pattern is wrong":             {filter: [2]string{`\"AssumeRole\"`, `'AssumeRole'`}, fires: detect.No, notifies: detect.No, reason: "single quotation mark"},
		"pattern is not modelled":      {filter: [2]string{`{ $.eventName = \"AssumeRole\" && `, `[ `}, fires: detect.Unknown, notifies: detect.Unknown, reason: "unsupported"},
		"pattern may match":            {filter: [2]string{`$.errorCode NOT EXISTS`, `$.errorCode != \"AccessDenied\"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "$.errorCode is not in the log event"},
		"the value of a field":         {filter: [2]string{`"metricValue": "1"`, `"metricValue": "$.n"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "value of a field"},
		"adds nothing":                 {filter: [2]string{`"metricValue": "1"`, `"metricValue": "0"`}, fires: detect.No, notifies: detect.No, reason: "threshold"},
		"restricted":                   {filter: [2]string{`"filterName"`, `"applyOnTransformedLogs": true, "filterName"`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "restricted"},
		"metric math":                  {change: [2]string{`"Period": 300`, `"Metrics": [{"Id": "m"}], "Period": 300`}, fires: detect.Unknown, notifies: detect.Unknown, reason: "expression"},
		"trails are not known":         {trails: []cloudtrail.Trail{}, fires: detect.No, notifies: detect.No, reason: "no trail that records the event"},
		"the trail is stopped":         {trails: func() []cloudtrail.Trail { l := trails("trail"); l[0].Status.Logging = false; return l }(), fires: detect.No, notifies: detect.No, reason: "is stopped"},
		"the trail may be stopped":     {trails: func() []cloudtrail.Trail { l := trails("trail"); l[0].Status = nil; return l }(), fires: detect.Unknown, notifies: detect.Unknown, reason: "it is logging is not known"},
		"no management events":         {trails: selecting(&cloudtrail.Selectors{Basic: []cloudtrail.EventSelector{{ReadWrite: "All"}}}), fires: detect.No, notifies: detect.No, reason: "its event selectors leave it out"},
		"selectors are not known":      {trails: selecting(nil), fires: detect.Unknown, notifies: detect.Unknown, reason: "its event selectors are not known"},
		"data events only":             {trails: selecting(advanced(cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"Data"}})), fires: detect.No, notifies: detect.No, reason: "leave it out"},
		"not of STS":                   {trails: selecting(advanced(cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"Management"}}, cloudtrail.FieldSelector{Field: "eventSource", NotEquals: []string{"sts.amazonaws.com"}})), fires: detect.No, notifies: detect.No, reason: "leave it out"},
		"not of KMS":                   {trails: selecting(advanced(cloudtrail.FieldSelector{Field: "eventCategory", Equals: []string{"Management"}}, cloudtrail.FieldSelector{Field: "eventSource", NotEquals: []string{"kms.amazonaws.com"}})), fires: detect.Yes, notifies: detect.Yes},
		"a foreign organization's trail": {trails: func() []cloudtrail.Trail {
			l := trails("trail")
			l[0].ARN = policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:444455556666:trail/all")
			return l
		}(), fires: detect.Unknown, notifies: detect.Unknown, reason: "whether account 111122223333 is of its organization is not known"},
		"a trail of one Region": {trails: func() []cloudtrail.Trail {
			l := trails("trail")
			l[0].MultiRegion, l[0].HomeRegion = false, "us-east-1"
			return l
		}(), fires: detect.No, notifies: detect.No},
	} {
		t.Run(name, func(t *testing.T) {
			replace := func(text string, change [2]string) string {
				if change[0] == "" {
					return text
				}
				require.Contains(t, text, change[0])
				return strings.Replace(text, change[0], change[1], 1)
			}
			m := monitoring(t, replace(breakGlassFilter, test.filter), replace(breakGlassAlarm, test.change), replace(subscribed, test.subscribed))
			list, where := test.records, test.trails
			if list == nil {
				list = one
			}
			if where == nil {
				where = trails("trail")
			}
			got := m.Fires(m.Alarms[0], where, collect(events(list...))...)
			require.Equal(t, [2]detect.Answer{test.fires, test.notifies}, [2]detect.Answer{got.Fires, got.Notifies}, "%v", got.Reasons)
			require.Contains(t, strings.Join(got.Reasons, "\n"), test.reason)
			require.Equal(t, got.Notifies != detect.Yes, len(got.Reasons) > 0)
		})
	}
	m := monitoring(t, breakGlassFilter, breakGlassAlarm)
	require.Equal(t, detect.Unknown, m.Fires(m.Alarms[0], trails("trail"), collect(events(one...))...).Notifies)
	require.Equal(t, detect.Unknown, m.Fires(m.Alarms[0], nil, collect(events(one...))...).Fires)
	require.Equal(t, detect.No, m.Fires(m.Alarms[0], trails("trail")).Fires)
}

// What is wrong with metric filters and alarms shows without events.
func TestMonitoringRules(t *testing.T) {
	m := monitoring(t, `{"metricFilters": [
		{"filterName": "root", "logGroupName": "trail", "filterPattern": "{ $.userIdentity.type = 'Root' }", "metricTransformations": [{"metricName": "RootUse", "metricNamespace": "Security", "metricValue": "1"}]},
		{"filterName": "fine", "logGroupName": "trail", "filterPattern": "{ $.userIdentity.type = \"Root\" }", "metricTransformations": [{"metricName": "Root", "metricNamespace": "Security", "metricValue": "1"}]},
		{"filterName": "idle", "logGroupName": "app", "filterPattern": "[a, b]", "metricTransformations": [{"metricName": "Idle", "metricNamespace": "Security", "metricValue": "1"}]}]}`,
		`{"MetricAlarms": [
		{"AlarmName": "cpu", "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 300, "EvaluationPeriods": 1, "Threshold": 80, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:ops"]},
		{"AlarmName": "fine", "Namespace": "Security", "MetricName": "Root", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:ops"]},
		{"AlarmName": "math", "Metrics": [{"Id": "m1"}], "EvaluationPeriods": 1, "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:ops"]},
		{"AlarmName": "off", "Namespace": "Security", "MetricName": "RootUse", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "ActionsEnabled": false, "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:ops"]},
		{"AlarmName": "never", "Namespace": "Security", "MetricName": "Root", "Statistic": "Average", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["arn:aws:sns:eu-west-3:111122223333:nobody"]},
		{"AlarmName": "unfed", "Namespace": "Security", "MetricName": "rootuse", "Statistic": "Sum", "Period": 300, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}]}`,
		`{"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:eu-west-3:111122223333:ops:1", "TopicArn": "arn:aws:sns:eu-west-3:111122223333:ops"}, {"SubscriptionArn": "PendingConfirmation", "TopicArn": "arn:aws:sns:eu-west-3:111122223333:nobody"}]}`)
	m.Alarms = slices.DeleteFunc(m.Alarms, func(a detect.Alarm) bool { return a.Name == "math" })
	r := run(t, detect.Config{Monitoring: m, Trails: trails("trail")})
	for code, want := range map[string][]string{
		"ALARM_METRIC_UNFED":               {"unfed: no metric filter publishes Security rootuse; root publishes Security RootUse"},
		"ALARM_MISSING_EVALUATION_PERIODS": {"unfed: EvaluationPeriods is missing, which PutMetricAlarm requires"},
		"ALARM_NO_ACTION":                  {"off: its actions are not enabled", "unfed: it has no actions"},
		"ALARM_UNCONFIRMED":                {"never: no subscription of arn:aws:sns:eu-west-3:111122223333:nobody is confirmed"},
		"ALARM_NEVER":                      {"never: the average of a metric to which each event adds 1 is never above 1; the threshold is 1"},
		"FILTER_UNWATCHED":                 {"idle: no alarm watches Security Idle"},
		"FILTER_PATTERN":                   {"idle: pattern 1:1: unsupported: a pattern of space-delimited fields, […]; log events of CloudTrail are JSON, for which the pattern is { … }", "root: pattern 1:25: a single quotation mark; want double ones"},
		"FILTER_NOT_TRAIL":                 {"idle: no trail writes to log group app"},
	} {
		var got []string
		for _, f := range result(t, r, code).Findings {
			got = append(got, f.Subject+": "+f.Message)
		}
		require.Equal(t, want, got, code)
	}
	none := run(t, detect.Config{Monitoring: breakGlassMonitoring(t), Trails: trails("trail")})
	for _, res := range none.Results {
		if strings.HasPrefix(res.Rule.Code, "ALARM_") && res.Rule.Code != "ALARM_SILENT" || strings.HasPrefix(res.Rule.Code, "FILTER_") {
			require.Empty(t, res.Findings, res.Rule.Code)
			require.Equal(t, "none among 1 alarms and 1 metric filters", res.Observed)
		}
	}
}

func TestReadMonitoringErrors(t *testing.T) {
	for src, want := range map[string]string{
		`{`:                                      `x.json:1:2: the text ends in the middle of a JSON value; it looks truncated`,
		`{"Alarms": []}`:                         `x.json:1:1: none of metricFilters, MetricAlarms, CompositeAlarms and Subscriptions; want what the AWS CLI printed for one of them`,
		`{"MetricAlarms": [], "NextToken": "t"}`: `x.json:1:35: the list is cut off: there is a NextToken; want all pages`,
		`{"MetricAlarms": {}}`:                   `x.json:1:18: MetricAlarms is an object; want an array`,
		`{"MetricAlarms": [{"AlarmName": "a", "Period": 0.5}]}`:    `x.json:1:48: Period is 0.5; want a whole number from 0 to 604800`,
		`{"MetricAlarms": [{"AlarmName": "a", "Threshold": "1"}]}`: `x.json:1:51: Threshold is a string; want a number`,
		`{"MetricAlarms": [{}]}`:                                   `x.json:1:19: an alarm without AlarmName`,
		`{"metricFilters": [{"filterName": "a"}]}`:                 `x.json:1:20: a metric filter without filterName or logGroupName`,
		`[1]`: `x.json:1:2: none of metricFilters`,
	} {
		_, err := detect.ReadMonitoringFS(fstest.MapFS{"x.json": {Data: []byte(src)}})
		require.ErrorContains(t, err, want, src)
	}
	_, err := detect.ReadMonitoringFS(fstest.MapFS{"x.txt": {}})
	require.ErrorContains(t, err, "no .json files")
	m, err := detect.ReadMonitoringFS(fstest.MapFS{"444455556666/eu-west-1/describe-metric-filters.json": {Data: []byte("[" + breakGlassFilter + "]")}})
	require.NoError(t, err)
	require.Equal(t, "444455556666", m.Filters[0].Account)
	require.Equal(t, "eu-west-1", m.Filters[0].Region)
	require.Nil(t, m.Subscriptions)
}

// What the AWS CLI printed is read, or refused with a place.
func FuzzReadMonitoringFS(f *testing.F) {
	f.Add([]byte(breakGlassFilter))
	f.Add([]byte(breakGlassAlarm))
	f.Add([]byte(subscribed))
	list := collect(events(assumed("1T10:00")))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := detect.ReadMonitoringFS(fstest.MapFS{"x.json": {Data: src}})
		if err != nil {
			require.ErrorContains(t, err, "x.json:")
			return
		}
		for _, a := range m.Alarms {
			m.Fires(a, trails("trail"), list...)
		}
	})
}
