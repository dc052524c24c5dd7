package detect_test

import (
	"fmt"
	"iter"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/detect"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Identities of records.
const (
	rootUser  = `"type": "Root", "principalId": "111122223333", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"`
	userAna   = `"type": "IAMUser", "principalId": "AIDAANA", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333", "userName": "ana"`
	userBob   = `"type": "IAMUser", "principalId": "AIDABOB", "arn": "arn:aws:iam::111122223333:user/bob", "accountId": "111122223333", "userName": "bob"`
	service   = `"type": "AWSService", "invokedBy": "config.amazonaws.com"`
	centerAna = `"type": "AssumedRole", "principalId": "AROADEV:ana@example.com", "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Developer_0123456789abcdef/ana@example.com", "accountId": "111122223333", "accessKeyId": "ASIAANA",
		"sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-3/AWSReservedSSO_Developer_0123456789abcdef", "accountId": "111122223333"}, "attributes": {"mfaAuthenticated": "false"}}`
)

// role is the identity of a session of a role of somebody's own.
func role(name, session, key string) string {
	return fmt.Sprintf(`"type": "AssumedRole", "principalId": "AROA:%[2]s", "arn": "arn:aws:sts::111122223333:assumed-role/%[1]s/%[2]s", "accountId": "111122223333", "accessKeyId": %[3]q,
		"sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/%[1]s", "accountId": "111122223333"}}`, name, session, key)
}

// withoutIssuer is a session of a role, as an event has it that does not say who issued it.
func withoutIssuer(name string) string {
	return fmt.Sprintf(`"type": "AssumedRole", "principalId": "AROA:ana", "arn": "arn:aws:sts::111122223333:assumed-role/%s/ana", "accountId": "111122223333"`, name)
}

// federated is a session of GetFederationToken.
func federated(kind, issuer string) string {
	return fmt.Sprintf(`"type": "FederatedUser", "principalId": "111122223333:ana", "arn": "arn:aws:sts::111122223333:federated-user/ana", "accountId": "111122223333",
		"sessionContext": {"sessionIssuer": {"type": %q, "arn": "arn:aws:iam::111122223333:%s", "accountId": "111122223333"}}`, kind, issuer)
}

func key(identity, id string) string { return identity + `, "accessKeyId": "` + id + `"` }

var serial int

// record is one of a log; at is the time of a day in May 2024, such as "2T10:00".
func record(at, source, name, identity string, more ...string) string {
	serial++
	day, clock, _ := strings.Cut(at, "T")
	base := fmt.Sprintf(`{"eventVersion": "1.11", "eventID": "e-%03d", "eventTime": "2024-05-%02sT%s:00Z", "eventSource": "%s.amazonaws.com", "eventName": %q, "awsRegion": "eu-west-3",
		"recipientAccountId": "111122223333", "eventType": "AwsApiCall", "eventCategory": "Management", "userIdentity": {%s}`, serial, "0"[:max(0, 2-len(day))]+day, clock, source, name, identity)
	return base + strings.Join(append([]string{""}, more...), ", ") + "}"
}

func from(address, agent string) string {
	return fmt.Sprintf(`"sourceIPAddress": %q, "userAgent": %q`, address, agent)
}

func events(records ...string) iter.Seq2[*cloudtrail.Event, error] {
	return cloudtrail.Read(strings.NewReader(`{"Records": [` + strings.Join(records, ",\n") + `]}`))
}

func day(at string) time.Time {
	t, err := time.Parse("2006-01-02T15:04", "2024-05-"+at)
	if err != nil {
		panic(err)
	}
	return t
}

func run(t *testing.T, c detect.Config, records ...string) *detect.Report {
	t.Helper()
	r, err := detect.Run(events(records...), c)
	require.NoError(t, err)
	require.Zero(t, r.Unreadable, "%v", r.Errors)
	require.Equal(t, len(records), r.Events+r.Outside)
	return r
}

func result(t *testing.T, r *detect.Report, code string) detect.Result {
	t.Helper()
	at := slices.IndexFunc(r.Results, func(x detect.Result) bool { return x.Rule.Code == code })
	require.GreaterOrEqual(t, at, 0, code)
	return r.Results[at]
}

func organization(t *testing.T) *org.Organization {
	t.Helper()
	o, err := org.Standalone(org.Account{ID: "111122223333", Name: "orders", RootUser: &org.Credentials{AccessKeys: []org.AccessKey{}}, Users: []org.User{
		{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/ana"), Credentials: &org.Credentials{AccessKeys: []org.AccessKey{{ID: "AKIAANA", Active: true}}}},
		{ARN: policy.MustParseARN("arn:aws:iam::111122223333:user/bob"), Credentials: &org.Credentials{AccessKeys: []org.AccessKey{{Active: true}}}},
	}, Roles: []org.Role{{ARN: policy.MustParseARN("arn:aws:iam::111122223333:role/worker"), Trust: policy.Must(policy.Parse([]byte(
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}`)))}}})
	require.NoError(t, err)
	return o
}

func instance(t *testing.T) *identitycenter.Instance {
	t.Helper()
	i, err := identitycenter.New(identitycenter.Spec{ARN: policy.MustParseARN("arn:aws:sso:::instance/ssoins-1234567890abcdef"), Users: []identitycenter.User{
		{ID: "u-1", Name: "ana@example.com"}, {ID: "u-2", Name: "bob@example.com", Disabled: true},
	}})
	require.NoError(t, err)
	return i
}

func trails(group string) []cloudtrail.Trail {
	return []cloudtrail.Trail{{
		ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"), HomeRegion: "eu-west-3", Bucket: "logs", MultiRegion: true, Organization: true,
		LogGroup: "arn:aws:logs:eu-west-3:111122223333:log-group:" + group + ":*", Status: &cloudtrail.Status{Logging: true},
		Selectors: &cloudtrail.Selectors{},
	}}
}

// Events of the future are seen by the rules, and do not make the period longer.
func TestFuture(t *testing.T) {
	r := run(t, detect.Config{}, record("1T10:00", "s3", "GetObject", userAna), strings.Replace(record("2T10:00", "iam", "CreateUser", rootUser), "2024-", "2999-", 1))
	require.Equal(t, []any{2, 1, 1, 2024}, []any{r.Events, r.Future, r.Days, r.Last.Year()})
	require.Len(t, result(t, r, "ROOT_USE").Findings, 1)
	require.Equal(t, "not observed in 1 day; besides, 1 events are dated more than a year after today", result(t, r, "TAMPERING").Observed)
}

// Each rule finds its records one by one, and none of the near ones.
func TestRules(t *testing.T) {
	breakGlass := detect.Config{BreakGlass: []string{"arn:aws:iam::*:role/BreakGlass", "arn:aws:iam::111122223333:user/emergency", "arn:aws:iam::111122223333:role/duty/FireAlarm", "arn:aws:iam::111122223333:user/duty/fire"}}
	tickets := breakGlass
	tickets.Tickets = &detect.Tickets{Pattern: regexp.MustCompile(`\bINC-[0-9]+\b`), Tag: "ticket", Register: []detect.Ticket{
		{ID: "INC-7", Principal: "arn:aws:iam::111122223333:user/emergency", From: day("10T10:00"), Until: day("10T12:00")},
	}}
	noTag := tickets
	noTag.Tickets = &detect.Tickets{Pattern: tickets.Tickets.Pattern}
	assume := func(at, role, session, key string, more ...string) string {
		return record(at, "sts", "AssumeRole", userAna, append(more,
			fmt.Sprintf(`"requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/%s", "roleSessionName": %q, "tags": [{"key": "team", "value": "INC"}, {"key": "ticket", "value": "INC-9"}]}`, role, session),
			fmt.Sprintf(`"responseElements": {"credentials": {"accessKeyId": %q}}`, key))...)
	}
	refused := `"errorCode": "AccessDenied"`
	signin := func(at, identity, mfa, outcome string) string {
		return record(at, "signin", "ConsoleLogin", identity, `"additionalEventData": {"MFAUsed": "`+mfa+`"}`, `"responseElements": {"ConsoleLogin": "`+outcome+`"}`)
	}
	for _, test := range []struct {
		rule   string
		config detect.Config
		fires  [][]string
		near   [][]string
	}{
		{
			rule: "ROOT_USE",
			fires: [][]string{
				{record("1T10:00", "iam", "CreateUser", rootUser)},
				{record("1T10:00", "iam", "CreateUser", rootUser, refused)},
				{signin("1T10:00", rootUser, "Yes", "Failure")},
				{record("1T10:00", "s3", "DeleteBucketPolicy", rootUser+`, "sessionContext": {"assumedRoot": "true"}`)},
				{record("1T10:00", "iam", "CreateAccessKey", rootUser+`, "invokedBy": "signin.amazonaws.com"`)},
				{record("1T10:00", "ec2", "TerminateInstances", federated("Root", "root"))},
			},
			near: [][]string{
				{record("1T10:00", "ec2", "TerminateInstances", federated("IAMUser", "user/ana"))},
				{record("1T10:00", "iam", "CreateUser", userAna)},
				{record("1T10:00", "support", "RefreshTrustedAdvisorCheck", rootUser+`, "invokedBy": "support.amazonaws.com"`)},
				{strings.Replace(record("1T10:00", "kms", "RotateKey", rootUser), "AwsApiCall", "AwsServiceEvent", 1)},
			},
		},
		{
			rule: "BREAKGLASS_USE", config: breakGlass,
			fires: [][]string{
				{record("1T10:00", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))},
				{assume("1T10:00", "BreakGlass", "ana", "ASIA1")},
				{assume("1T10:00", "BreakGlass", "ana", "", refused)},
				{signin("1T10:00", strings.ReplaceAll(userAna, "ana", "emergency"), "Yes", "Success")},
				{signin("1T10:00", `"type": "IAMUser", "accountId": "111122223333", "userName": "emergency"`, "No", "Failure")},
				{signin("1T10:00", `"type": "IAMUser", "accountId": "111122223333", "userName": "fire"`, "No", "Failure")},
				{record("1T10:00", "ec2", "DescribeInstances", withoutIssuer("BreakGlass"))},
				{record("1T10:00", "ec2", "DescribeInstances", withoutIssuer("FireAlarm"))},
				{record("1T10:00", "signin", "SwitchRole", withoutIssuer("BreakGlass"), `"additionalEventData": {"SwitchFrom": "arn:aws:iam::111122223333:user/ana"}`)},
				{record("1T10:00", "signin", "SwitchRole", userAna, `"additionalEventData": {"SwitchTo": "arn:aws:iam::111122223333:role/BreakGlass"}`)},
				{record("1T10:00", "signin", "SwitchRole", userAna, `"additionalEventData": {"SwitchTo": "arn:aws:sts::111122223333:assumed-role/BreakGlass/ana"}`)},
			},
			near: [][]string{
				{record("1T10:00", "ec2", "DescribeInstances", withoutIssuer("BreakGlassAudit"))},
				{record("1T10:00", "ec2", "DescribeInstances", strings.ReplaceAll(withoutIssuer("FireAlarm"), "111122223333", "444455556666"))},
				{record("1T10:00", "signin", "SwitchRole", userAna, `"additionalEventData": {"SwitchFrom": "arn:aws:iam::111122223333:role/BreakGlass", "SwitchTo": "arn:aws:iam::111122223333:role/Reader"}`)},
				{record("1T10:00", "iam", "CreateUser", role("BreakGlassAudit", "ana", "ASIA1"))},
				{assume("1T10:00", "Reader", "BreakGlass", "ASIA1")},
				{signin("1T10:00", userAna, "Yes", "Success")},
			},
		},
		{
			rule: "BREAKGLASS_NO_TICKET", config: tickets,
			fires: [][]string{
				{record("10T12:30", "iam", "CreateUser", strings.ReplaceAll(userAna, "ana", "emergency"))},
				{strings.ReplaceAll(assume("1T10:00", "BreakGlass", "ana", "ASIA1"), "INC-9", "soon"), record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))},
				{strings.ReplaceAll(assume("1T10:00", "BreakGlass", "ana", "ASIA1"), `"ticket"`, `"tickets"`), record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))},
			},
			near: [][]string{
				{record("10T11:30", "iam", "CreateUser", strings.ReplaceAll(userAna, "ana", "emergency"))},
				{record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1")), assume("1T10:00", "BreakGlass", "ana", "ASIA1")},
				{record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana-INC-9", "ASIA1"))},
				{assume("1T10:00", "BreakGlass", "ana", "", refused)},
				{record("1T10:00", "iam", "CreateUser", userAna)},
			},
		},
		{
			rule: "BREAKGLASS_NO_TICKET", config: noTag,
			fires: [][]string{
				{record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))},
				{record("1T10:10", "iam", "CreateUser", role("BreakGlass", "INC-x", "ASIA1"))},
				{assume("1T10:00", "BreakGlass", "ana", "ASIA1"), record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))},
			},
			near: [][]string{
				{record("1T10:10", "iam", "CreateUser", strings.Replace(role("BreakGlass", "ana", "ASIA1"), `"sessionContext": {`, `"sessionContext": {"sourceIdentity": "INC-12", `, 1))},
				{record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1")), record("1T10:20", "iam", "CreateUser", role("BreakGlass", "INC-12", "ASIA1"))},
			},
		},
		{
			rule: "TAMPERING", config: detect.Config{LogBuckets: []string{"archive"}, Trails: trails("trail"), Monitoring: breakGlassMonitoring(t)},
			fires: [][]string{
				{record("1T10:00", "cloudtrail", "StopLogging", userAna)},
				{record("1T10:00", "cloudtrail", "DeleteTrail", userAna, refused)},
				{record("1T10:00", "organizations", "LeaveOrganization", rootUser)},
				{record("1T10:00", "guardduty", "UpdateDetector", userAna, `"requestParameters": {"detectorId": "d", "enable": false}`)},
				{record("1T10:00", "s3", "PutBucketPolicy", userAna, `"requestParameters": {"bucketName": "logs"}`)},
				{record("1T10:00", "s3", "PutBucketLifecycle", userAna, `"requestParameters": {"bucketName": "archive"}`)},
				{record("1T10:00", "logs", "DeleteLogGroup", userAna, `"requestParameters": {"logGroupName": "trail"}`)},
				{record("1T10:00", "logs", "DeleteMetricFilter", userAna, `"requestParameters": {"logGroupName": "trail", "filterName": "x"}`)},
				{record("1T10:00", "monitoring", "DeleteAlarms", userAna, `"requestParameters": {"alarmNames": ["other", "BreakGlassAccessUsed"]}`)},
				{record("1T10:00", "sns", "DeleteTopic", userAna, `"requestParameters": {"topicArn": "arn:aws:sns:eu-west-3:111122223333:security-critical"}`)},
				{record("1T10:00", "kms", "ScheduleKeyDeletion", userAna)},
				{record("1T10:00", "guardduty", "UpdateDetector", userAna, `"requestParameters": {"enable": true, "features": [{"name": "EKS_AUDIT_LOGS", "status": "ENABLED"}, {"name": "S3_DATA_EVENTS", "status": "DISABLED"}]}`)},
				{record("1T10:00", "guardduty", "UpdateDetector", userAna, `"requestParameters": {"dataSources": {"s3Logs": {"enable": false}}}`)},
				{record("1T10:00", "guardduty", "CreateFilter", userAna, `"requestParameters": {"action": "ARCHIVE"}`)},
				{record("1T10:00", "macie2", "UpdateMacieSession", userAna, `"requestParameters": {"status": "PAUSED"}`)},
				{record("1T10:00", "securityhub", "UpdateStandardsControl", userAna, `"requestParameters": {"controlStatus": "DISABLED"}`)},
				{record("1T10:00", "securityhub", "BatchUpdateStandardsControlAssociations", userAna, `"requestParameters": {"StandardsControlAssociationUpdates": [{"AssociationStatus": "DISABLED"}]}`)},
				{record("1T10:00", "organizations", "UpdatePolicy", userAna)},
				{record("1T10:00", "organizations", "MoveAccount", userAna)},
				{record("1T10:00", "organizations", "DetachPolicy", userAna)},
				{record("1T10:00", "organizations", "DisablePolicyType", userAna)},
				{record("1T10:00", "config", "PutConfigurationRecorder", userAna)},
				{record("1T10:00", "config", "PutDeliveryChannel", userAna)},
			},
			near: [][]string{
				{record("1T10:00", "guardduty", "UpdateDetector", userAna, `"requestParameters": {"features": [{"name": "S3_DATA_EVENTS", "status": "ENABLED"}]}`)},
				{record("1T10:00", "guardduty", "CreateFilter", userAna, `"requestParameters": {"action": "NOOP"}`)},
				{record("1T10:00", "guardduty", "CreateFilter", userAna, `"requestParameters": {"name": "ARCHIVE"}`)},
				{record("1T10:00", "guardduty", "UpdateFilter", userAna, `"requestParameters": {"rank": "1"}`)}, // it may archive already
				{record("1T10:00", "macie2", "UpdateMacieSession", userAna, `"requestParameters": {"findingPublishingFrequency": "SIX_HOURS"}`)},
				{record("1T10:00", "securityhub", "UpdateStandardsControl", userAna, `"requestParameters": {"controlStatus": "ENABLED"}`)},
				{record("1T10:00", "organizations", "AttachPolicy", userAna)},
				{record("1T10:00", "config", "DescribeDeliveryChannels", userAna)},
				{record("1T10:00", "cloudtrail", "DescribeTrails", userAna)},
				{record("1T10:00", "cloudtrail", "StartLogging", userAna)},
				{record("1T10:00", "guardduty", "UpdateDetector", userAna, `"requestParameters": {"detectorId": "d", "enable": true}`)},
				{record("1T10:00", "s3", "PutBucketPolicy", userAna, `"requestParameters": {"bucketName": "orders"}`)},
				{record("1T10:00", "logs", "DeleteLogGroup", userAna, `"requestParameters": {"logGroupName": "orders"}`)},
				{record("1T10:00", "monitoring", "DeleteAlarms", userAna, `"requestParameters": {"alarmNames": ["gone"]}`)}, // it may have been one
				{record("1T10:00", "sns", "DeleteTopic", userAna, `"requestParameters": {"topicArn": "arn:aws:sns:eu-west-3:111122223333:orders"}`)},
			},
		},
		{
			rule:  "CONSOLE_NO_MFA",
			fires: [][]string{{signin("1T10:00", rootUser, "No", "Success")}, {signin("1T10:00", userAna, "No", "Success")}},
			near: [][]string{
				{signin("1T10:00", userAna, "Yes", "Success")}, {signin("1T10:00", userAna, "No", "Failure")},
				{signin("1T10:00", centerAna, "No", "Success")}, {signin("1T10:00", userAna, "", "Success")},
			},
		},
		{
			rule: "KEY_UNEXPECTED_NETWORK",
			config: detect.Config{Networks: []detect.Network{
				{Who: []string{"AKIAANA", "arn:aws:iam::*:role/deploy"}, CIDRs: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}},
				{Who: []string{"AKIAANA"}, CIDRs: []netip.Prefix{netip.MustParsePrefix("2001:db8::/32")}},
			}},
			fires: [][]string{
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "x"))},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "x"), refused)},
				{record("1T10:00", "s3", "ListBuckets", role("deploy", "x", "ASIA1"), from("2001:db8::1", "x"))},
			},
			near: [][]string{
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "x"))},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("2001:db8::1", "x"))},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAOTHER"), from("198.51.100.7", "x"))},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("10.0.0.1", "x"), `"vpcEndpointId": "vpce-1"`)},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("AWS Internal", "x"))},
			},
		},
		{
			rule: "KEY_NEW_NETWORK", config: detect.Config{LearnUntil: day("05T00:00")},
			fires: [][]string{
				{record("6T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "x")), record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "x"))},
			},
			near: [][]string{
				{record("6T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.200", "x")), record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "x"))},
				{record("6T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "x"))},
				{record("4T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "x")), record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "x"))},
			},
		},
		{
			rule: "SHARED_CREDENTIALS",
			fires: [][]string{
				{
					record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15 md/linux")), record("1T11:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "Boto3/1.34")),
					record("1T12:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.16 md/linux")),
				},
				{
					record("1T10:00", "iam", "ListUsers", userAna, from("203.0.113.7", "Mozilla/5.0 (Windows NT 10.0)")), record("1T11:00", "iam", "ListUsers", userAna, from("198.51.100.7", "Mozilla/5.0 (Macintosh)")),
					record("1T12:00", "iam", "ListUsers", userAna, from("203.0.113.7", "Mozilla/5.0 (Windows NT 10.0)")),
				},
			},
			near: [][]string{
				{ // one after the other
					record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")), record("1T11:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")),
					record("1T12:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "Boto3/1.34")),
				},
				{ // another version of one program, from two addresses of one exit
					record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")), record("1T11:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("198.51.100.7", "aws-cli/2.16")),
					record("1T12:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")),
				},
				{ // two programs at one address
					record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")), record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "Boto3/1.34")),
				},
				{ // two keys
					record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"), from("203.0.113.7", "aws-cli/2.15")), record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIA2"), from("198.51.100.7", "Boto3/1.34")),
				},
				{ // a session of a role, which many may have
					record("1T10:00", "s3", "ListBuckets", role("deploy", "a", "ASIA1"), from("203.0.113.7", "aws-cli/2.15")), record("1T10:00", "s3", "ListBuckets", role("deploy", "b", "ASIA2"), from("198.51.100.7", "Boto3/1.34")),
				},
			},
		},
		{
			rule: "KEY_NOT_IN_INVENTORY", config: detect.Config{Organization: organization(t)},
			fires: [][]string{
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAOTHER"))},
				{record("1T10:00", "s3", "ListBuckets", key(strings.ReplaceAll(userAna, "ana", "eve"), "AKIAEVE"))},
				{record("1T10:00", "s3", "ListBuckets", key(rootUser, "AKIAROOT"))},
			},
			near: [][]string{
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "AKIAANA"))},
				{record("1T10:00", "s3", "ListBuckets", key(userBob, "AKIABOB"))}, // his key has no ID in the snapshot
				{record("1T10:00", "s3", "ListBuckets", key(strings.ReplaceAll(userAna, "111122223333", "444455556666"), "AKIAOTHER"))},
				{record("1T10:00", "s3", "ListBuckets", key(userAna, "ASIAOTHER"))},
			},
		},
		{
			rule: "PERMISSION_SET_CHANGED", config: detect.Config{Pipelines: []string{"arn:aws:iam::111122223333:role/deploy"}},
			fires: [][]string{
				{record("1T10:00", "sso", "AttachManagedPolicyToPermissionSet", centerAna)},
				{record("1T10:00", "identitystore", "CreateGroupMembership", userAna)},
			},
			near: [][]string{
				{record("1T10:00", "sso", "AttachManagedPolicyToPermissionSet", role("deploy", "x", "ASIA1"))},
				{record("1T10:00", "sso", "AttachManagedPolicyToPermissionSet", centerAna, refused)},
				{record("1T10:00", "sso", "ListPermissionSets", centerAna)},
				{record("1T10:00", "sso", "CreateAccountAssignment", service)},
			},
		},
		{
			rule: "LEAVER_ACTIVE", config: detect.Config{IdentityCenter: instance(t), Leavers: []detect.Leaver{{Who: []string{"Ana@example.com", "arn:aws:iam::111122223333:user/ana"}, At: day("10T10:00")}}},
			fires: [][]string{
				{record("11T10:01", "s3", "ListBuckets", centerAna)},
				{record("11T10:01", "s3", "ListBuckets", userAna)},
				{record("11T10:01", "s3", "ListBuckets", `"type": "IdentityCenterUser", "accountId": "111122223333", "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"}`)},
			},
			near: [][]string{
				{record("11T10:00", "s3", "ListBuckets", centerAna)},
				{record("12T10:00", "s3", "ListBuckets", userBob)},
				{record("12T10:00", "s3", "ListBuckets", strings.ReplaceAll(centerAna, "ana@", "bob@"))}, // disabled, nobody says since when
			},
		},
		{
			rule: "UNATTRIBUTED", config: detect.Config{Organization: organization(t), Pipelines: []string{"arn:aws:iam::111122223333:role/deploy"}, People: map[string]string{"arn:aws:iam::111122223333:user/ana": "ana@example.com"}},
			fires: [][]string{
				{record("1T10:00", "s3", "ListBuckets", userBob)}, {record("1T10:00", "s3", "ListBuckets", rootUser)}, {record("1T10:00", "s3", "ListBuckets", role("admin", "ana@example.com", "ASIA1"))},
				{record("1T10:00", "s3", "ListBuckets", `"type": "Unknown"`)}, {record("1T10:00", "s3", "ListBuckets", `"type": "AWSAccount", "accountId": "444455556666", "principalId": "AIDAX"`)},
			},
			near: [][]string{
				{record("1T10:00", "s3", "ListBuckets", userAna)}, {record("1T10:00", "s3", "ListBuckets", centerAna)}, {record("1T10:00", "s3", "ListBuckets", service)},
				{record("1T10:00", "s3", "ListBuckets", role("deploy", "x", "ASIA1"))}, {record("1T10:00", "s3", "ListBuckets", role("worker", "x", "ASIA1"))}, {record("1T10:00", "s3", "ListBuckets", role("app", "i-0123456789abcdef0", "ASIA1"))},
				{record("1T10:00", "s3", "ListBuckets", strings.Replace(role("admin", "x", "ASIA1"), `"sessionContext": {`, `"sessionContext": {"sourceIdentity": "ana", `, 1))},
				{record("1T10:00", "sts", "AssumeRoleWithSAML", `"type": "SAMLUser", "userName": "ana@example.com", "identityProvider": "idp"`)},
			},
		},
		{
			rule: "ALARM_SILENT", config: detect.Config{BreakGlass: []string{"arn:aws:iam::*:role/BreakGlass"}, Trails: trails("trail"), Monitoring: breakGlassMonitoring(t)},
			fires: [][]string{
				{record("1T10:00", "iam", "CreateUser", rootUser)},                           // there is no alarm on it
				{record("1T10:00", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))}, // nor on this
				{assume("1T10:00", "BreakGlass", "ana", "", refused)},
			},
			near: [][]string{
				{assume("1T10:00", "BreakGlass", "ana", "ASIA1")},
				{record("1T10:00", "iam", "CreateUser", userAna)},
			},
		},
	} {
		t.Run(test.rule, func(t *testing.T) {
			for _, list := range test.fires {
				r := run(t, test.config, list...)
				got := result(t, r, test.rule)
				require.Empty(t, got.Skipped)
				require.Len(t, got.Findings, 1, "%s\n%v", list, got.Notes)
				f := got.Findings[0]
				require.Equal(t, test.rule, f.Code)
				require.NotEmpty(t, f.Subject)
				require.NotEmpty(t, f.Message)
				require.Empty(t, got.Observed)
				require.NotEmpty(t, f.Samples)
				require.Contains(t, strings.Join(list, ""), f.Samples[0].EventID)
				slices.Reverse(list)
				require.Equal(t, got, result(t, run(t, test.config, list...), test.rule), "in another order")
			}
			for _, list := range test.near {
				got := result(t, run(t, test.config, list...), test.rule)
				require.Empty(t, got.Skipped)
				require.Empty(t, got.Findings, "%s", list)
				require.Regexp(t, `^not observed in \d+ days?`, got.Observed)
			}
		})
	}
}

// What a rule cannot tell is in its notes, and what it lacks keeps it from running.
func TestNotes(t *testing.T) {
	r := run(t, detect.Config{})
	for _, res := range r.Results {
		require.NotEmpty(t, res.Skipped, res.Rule.Code)
		require.Empty(t, res.Observed)
	}
	r = run(t, detect.Config{}, record("1T10:00", "signin", "ConsoleLogin", centerAna, `"responseElements": {"ConsoleLogin": "Success"}`), record("3T10:00", "s3", "PutBucketPolicy", userAna, `"requestParameters": {"bucketName": "logs"}`))
	require.Equal(t, []string{"1 sign-ins of federated people: whether they used MFA is with their identity provider"}, result(t, r, "CONSOLE_NO_MFA").Notes)
	require.Equal(t, "not observed in 3 days, 2 of them with events", result(t, r, "CONSOLE_NO_MFA").Observed)
	require.Contains(t, result(t, r, "TAMPERING").Notes[0], "which of them hold log files is not given")
	require.Contains(t, result(t, r, "LEAVER_ACTIVE").Skipped, "leavers")
	require.Contains(t, result(t, r, "ALARM_SILENT").Skipped, "not given")
	require.Equal(t, detect.Attribution{Persons: 1, People: 1, Unattributed: 1}, r.Attribution)

	tagged := detect.Config{BreakGlass: []string{"arn:aws:iam::*:role/BreakGlass"}, Tickets: &detect.Tickets{Pattern: regexp.MustCompile("INC"), Tag: "ticket"}}
	got := result(t, run(t, tagged, record("1T10:10", "iam", "CreateUser", role("BreakGlass", "ana", "ASIA1"))), "BREAKGLASS_NO_TICKET")
	require.Empty(t, got.Findings)
	require.Contains(t, got.Notes[0], "1 sessions have no ticket")

	left := detect.Config{IdentityCenter: instance(t)}
	got = result(t, run(t, left, record("1T10:10", "iam", "CreateUser", strings.ReplaceAll(centerAna, "ana@", "bob@")), record("1T10:10", "iam", "CreateUser", strings.ReplaceAll(centerAna, "ana@", "eve@"))), "LEAVER_ACTIVE")
	require.Equal(t, []string{
		"bob@example.com is disabled in IAM Identity Center, since when is not given; the last event is of 2024-05-01T10:10:00Z",
		"eve@example.com is not a user of IAM Identity Center, since when is not given; the last event is of 2024-05-01T10:10:00Z",
	}, got.Notes)
	require.NotEmpty(t, got.Skipped)
}

func TestLeaving(t *testing.T) {
	c := detect.Config{}
	var list []string
	for i := range 20 {
		name := fmt.Sprintf("p%02d", i)
		c.Leavers = append(c.Leavers, detect.Leaver{Who: []string{"arn:aws:iam::111122223333:user/" + name}, At: day("10T00:00")})
		list = append(list, record("1T10:00", "s3", "ListBuckets", strings.ReplaceAll(userAna, "ana", name)))
	}
	c.Leavers = append(c.Leavers, detect.Leaver{Who: []string{"late"}, At: day("19T12:00")})
	list = append(list, record("10T02:00", "s3", "ListBuckets", strings.ReplaceAll(userAna, "ana", "p01")), record("13T00:00", "s3", "ListBuckets", strings.ReplaceAll(userAna, "ana", "p02")), record("20T00:00", "s3", "ListBuckets", userAna))
	r := run(t, c, list...)
	require.Equal(t, &detect.Leaving{Leavers: 20, Active: 2, P95: 2 * time.Hour, Longest: 72 * time.Hour, Late: 1, Unjudged: 1}, r.Leavers)
	require.Len(t, result(t, r, "LEAVER_ACTIVE").Findings, 1)
	require.Equal(t, []string{"late: the events do not cover the 24 hours after 2024-05-19T12:00:00Z"}, result(t, r, "LEAVER_ACTIVE").Notes)
}

// Times, bad records, and what is remembered, are bounded and counted.
func TestBounds(t *testing.T) {
	var list []string
	for i := range 8 {
		list = append(list, record(fmt.Sprintf("%dT10:00", i+1), "iam", "CreateUser", rootUser))
	}
	r := run(t, detect.Config{Since: day("02T10:00"), Until: day("07T10:00"), Samples: 2}, list...)
	require.Equal(t, 3, r.Outside)
	f := result(t, r, "ROOT_USE").Findings[0]
	require.Equal(t, 5, f.Count)
	require.Equal(t, day("02T10:00"), f.First)
	require.Equal(t, day("06T10:00"), f.Last)
	require.Len(t, f.Samples, 2)
	require.Equal(t, day("03T10:00"), f.Samples[1].Time)

	list = nil
	for i := range 10_050 {
		list = append(list, record("1T10:00", "iam", "CreateUser", strings.ReplaceAll(userAna, "ana", fmt.Sprintf("u%d", i))))
	}
	got := result(t, run(t, detect.Config{}, list...), "UNATTRIBUTED")
	require.Len(t, got.Findings, 10_000)
	require.Equal(t, []string{"50 events are about more than the 10000 subjects that are kept, and are in no finding"}, got.Notes)

	r, err := detect.Run(func(yield func(*cloudtrail.Event, error) bool) {
		for range 30 {
			if !yield(nil, fmt.Errorf("a.json.gz: truncated")) {
				return
			}
		}
		yield(&cloudtrail.Event{Name: "CreateUser"}, nil)
	}, detect.Config{})
	require.NoError(t, err)
	require.Equal(t, 30, r.Unreadable)
	require.Len(t, r.Errors, 20)
	require.Equal(t, 1, r.Undated)
	require.Zero(t, r.Events)
}

func TestConfigErrors(t *testing.T) {
	for want, c := range map[string]detect.Config{
		`"BreakGlass" is no ARN`:                                 {BreakGlass: []string{"BreakGlass"}},
		`network 0 is nobody's`:                                  {Networks: []detect.Network{{}}},
		`tickets have neither pattern nor register`:              {Tickets: &detect.Tickets{}},
		`since 2024-05-02T00:00:00Z is not before until 2024-05`: {Since: day("02T00:00"), Until: day("01T00:00")},
	} {
		_, err := detect.Run(events(), c)
		require.ErrorContains(t, err, want)
	}
	for src, want := range map[string]string{
		`{`:                             `c.json:1:2: the text ends in the middle of a JSON value; it looks truncated`,
		`{"breakglass": []}`:            `c.json:1:2: /breakglass: unknown member "breakglass"; did you mean "breakGlass"?`,
		`{"tickets": {}}`:               `c.json:1:13: /tickets: neither pattern nor register; want one of them`,
		`{"tickets": {"pattern": "("}}`: "c.json:1:25: /tickets/pattern: error parsing regexp: missing closing ): `(`; want a regular expression as in package regexp of Go",
		`{"networks": [{"who": ["AKIA"], "cidrs": ["203.0.113.1/24", 1]}]}`: "c.json:1:43: /networks/0/cidrs/0: \"203.0.113.1/24\"; want a network such as \"203.0.113.0/24\"\nc.json:1:61: /networks/0/cidrs/1: is a number; want a string",
		`{"leavers": [{"who": ["ana"]}]}`:                                   `c.json:1:14: /leavers/0/at: missing; leave out the whole object if this is not known`,
	} {
		_, err := detect.ReadConfig("c.json", []byte(src))
		require.ErrorContains(t, err, want)
	}
}

func TestKeys(t *testing.T) {
	get := func(at, id, agent, address string) string {
		return record(at, "s3", "ListBuckets", key(userAna, id), from(address, agent))
	}
	r := run(t, detect.Config{},
		get("2T10:00", "AKIAGITLAB", "aws-cli/2.15 gitlab-runner", "203.0.113.7"), get("1T10:00", "AKIAGITLAB", "Boto3/1.34 exec-env/AWS_Lambda_python3.12", "203.0.113.8"),
		get("1T10:00", "AKIAGITHUB", "configure-aws-credentials-for-github-actions", "203.0.113.7"), get("1T10:00", "ASIASESSION", "aws-cli/2.15", "203.0.113.7"),
		get("1T10:00", "AKIAPLAIN", "aws-cli/2.15", "AWS Internal"))
	require.Equal(t, []detect.KeyUse{
		{ID: "AKIAGITHUB", Principal: "arn:aws:iam::111122223333:user/ana", Account: "111122223333", Count: 1, First: day("01T10:00"), Last: day("01T10:00"), Agents: []string{"configure-aws-credentials-for-github-actions"}, Addresses: 1, Hints: []string{"github-actions"}},
		{ID: "AKIAGITLAB", Principal: "arn:aws:iam::111122223333:user/ana", Account: "111122223333", Count: 2, First: day("01T10:00"), Last: day("02T10:00"), Agents: []string{"Boto3", "aws-cli"}, Addresses: 2, Hints: []string{"gitlab", "lambda"}},
		{ID: "AKIAPLAIN", Principal: "arn:aws:iam::111122223333:user/ana", Account: "111122223333", Count: 1, First: day("01T10:00"), Last: day("01T10:00"), Agents: []string{"aws-cli"}},
	}, r.Keys)
}

// Whatever is in a log, the rules come to an end, and say the same again.
func FuzzRun(f *testing.F) {
	f.Add(record("1T10:00", "sts", "AssumeRole", userAna, `"requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/BreakGlass", "tags": [{"key": "ticket"}]}`))
	f.Add(record("1T10:00", "signin", "ConsoleLogin", rootUser, `"additionalEventData": {"MFAUsed": []}`))
	f.Add(record("1T10:00", "monitoring", "DeleteAlarms", key(userAna, "AKIAANA"), `"requestParameters": {"alarmNames": [{}]}`, from("::ffff:203.0.113.7", "[x")))
	m, err := detect.ReadMonitoringFS(fstest.MapFS{"f.json": {Data: []byte(breakGlassFilter)}, "a.json": {Data: []byte(breakGlassAlarm)}})
	if err != nil {
		f.Fatal(err)
	}
	c := detect.Config{
		BreakGlass: []string{"arn:aws:iam::*:role/BreakGlass"}, Tickets: &detect.Tickets{Pattern: regexp.MustCompile("INC"), Tag: "ticket"}, LearnUntil: day("10T00:00"), Pipelines: []string{"arn:aws:iam::*:role/deploy"},
		Networks: []detect.Network{{Who: []string{"AKIAANA", "arn:aws:iam::*:*"}}}, Leavers: []detect.Leaver{{Who: []string{"ana"}, At: day("01T00:00")}}, Trails: trails("trail"), Monitoring: m,
	}
	f.Fuzz(func(t *testing.T, log string) {
		first, err := detect.Run(cloudtrail.Read(strings.NewReader(log)), c)
		require.NoError(t, err)
		again, err := detect.Run(cloudtrail.Read(strings.NewReader(log)), c)
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}
