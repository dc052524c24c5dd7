package detect_test

import (
	"fmt"
	"os"
	"strings"
	"testing/fstest"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/detect"
	"github.com/licit-dev/licit/policy"
)

func ExampleRun() {
	log := `{"eventID": "e-1", "eventTime": "2024-05-01T10:00:00Z", "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "recipientAccountId": "111122223333",
		"userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333"},
		"additionalEventData": {"MFAUsed": "No"}, "responseElements": {"ConsoleLogin": "Success"}}`
	r, err := detect.Run(cloudtrail.Read(strings.NewReader(log)), detect.Config{})
	if err != nil {
		panic(err)
	}
	for _, res := range r.Results[:5] {
		switch {
		case res.Skipped != "":
			fmt.Println(res.Rule.Code, "skipped:", res.Skipped)
		case len(res.Findings) == 0:
			fmt.Println(res.Rule.Code, res.Observed)
		}
		for _, f := range res.Findings {
			fmt.Println(f.Code, f.Severity, f.Subject, f.Message, f.Samples[0].EventID)
		}
	}
	fmt.Printf("%+v\n", r.Attribution)
	// Output:
	// ROOT_USE not observed in 1 day
	// BREAKGLASS_USE skipped: it is not given which principals are for emergencies (breakGlass)
	// BREAKGLASS_NO_TICKET skipped: it is not given where tickets are (tickets)
	// TAMPERING not observed in 1 day
	// CONSOLE_NO_MFA high arn:aws:iam::111122223333:user/ana signed in to the console without MFA e-1
	// {Persons:0 People:0 Services:0 Workloads:0 Pipelines:0 Unattributed:1}
}

func ExampleRules() {
	r := detect.Rules()[0]
	fmt.Println(r.Code, r.Severity, r.Title)
	fmt.Println("reads", r.Reads)
	fmt.Println("cannot see", r.Blind)
	// Output:
	// ROOT_USE high The root user of an account was used
	// reads userIdentity of all events: type Root, a session that root issued, or one of AssumeRoot
	// cannot see who it was; what AWS does for root by itself (invokedBy other than the console, AwsServiceEvent) is left out
}

func ExampleReadConfig() {
	c, err := detect.ReadConfig("detect.json", []byte(`{
		"breakGlass": ["arn:aws:iam::*:role/BreakGlass"],
		"tickets": {"pattern": "\\bINC-[0-9]+\\b", "tag": "ticket"},
		"networks": [{"who": ["AKIAEXAMPLE"], "cidrs": ["203.0.113.0/24"]}],
		"leavers": [{"who": ["ana@example.com"], "at": "2024-05-01T10:00:00Z"}]
	}`))
	fmt.Println(c.BreakGlass, c.Tickets.Tag, c.Networks[0].CIDRs, c.Leavers[0].At, err)
	// Output: [arn:aws:iam::*:role/BreakGlass] ticket [203.0.113.0/24] 2024-05-01 10:00:00 +0000 UTC <nil>
}

func ExampleMonitoring_Fires() {
	m, err := detect.ReadMonitoringFS(os.DirFS("testdata/monitoring"))
	if err != nil {
		panic(err)
	}
	trails := []cloudtrail.Trail{{
		ARN:      policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"),
		LogGroup: "arn:aws:logs:eu-west-3:111122223333:log-group:trail:*", MultiRegion: true, GlobalServiceEvents: true,
		Status: &cloudtrail.Status{Logging: true}, Selectors: &cloudtrail.Selectors{},
	}}
	log := `{"eventTime": "2024-05-01T10:00:00Z", "awsRegion": "eu-west-3", "eventCategory": "Management", "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "recipientAccountId": "111122223333",
		"requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/BreakGlass"}}`
	for e, err := range cloudtrail.Read(strings.NewReader(log)) {
		if err != nil {
			panic(err)
		}
		for _, a := range m.Alarms {
			f := m.Fires(a, trails, e)
			fmt.Println(a.Name, "fires:", f.Fires, "tells somebody:", f.Notifies, f.Reasons)
		}
	}
	// Output: BreakGlassAccessUsed fires: yes tells somebody: no [no subscription of its topic is confirmed]
}

func ExampleReadMonitoringFS() {
	m, err := detect.ReadMonitoringFS(fstest.MapFS{"alarms.json": {Data: []byte(`{"MetricAlarms": [{"AlarmName": "BreakGlassAccessUsed", "Namespace": "SecurityMetrics", "MetricName": "BreakGlassAccessCount"}]}`)}})
	if err != nil {
		panic(err)
	}
	r, err := detect.Run(func(func(*cloudtrail.Event, error) bool) {}, detect.Config{Monitoring: m})
	if err != nil {
		panic(err)
	}
	for _, res := range r.Results {
		for _, f := range res.Findings {
			fmt.Println(f.Code, f.Subject+":", f.Message)
		}
	}
	// Output:
	// ALARM_METRIC_UNFED BreakGlassAccessUsed: no metric filter publishes SecurityMetrics BreakGlassAccessCount
	// ALARM_MISSING_EVALUATION_PERIODS BreakGlassAccessUsed: EvaluationPeriods is missing, which PutMetricAlarm requires
	// ALARM_NO_ACTION BreakGlassAccessUsed: it has no actions
}

func ExampleParseSeverity() {
	s, err := detect.ParseSeverity("high")
	fmt.Println(s > detect.Medium, err)
	_, err = detect.ParseSeverity("bad")
	fmt.Println(err)
	// Output:
	// true <nil>
	// "bad" is no severity; want info, low, medium, high or critical
}

func ExampleSeverity_String() {
	fmt.Println(detect.Critical)
	// Output: critical
}
