package replay_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/licit-dev/licit/cloudtrail/replay"
)

func tuples(m *replay.Summary) string {
	var b strings.Builder
	for t, c := range m.All() {
		fmt.Fprintf(&b, "%+v %+v\n", t, c)
	}
	return b.String()
}

func collect(t testing.TB, s *replay.Selection, records ...string) *replay.Summary {
	t.Helper()
	m, err := replay.Collect(context.Background(), s, sequence(t, records...))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const addresses = `{"Version":"2012-10-17","Statement":[{"Sid":"Office","Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.7"]},"BoolIfExists":{"aws:ViaAWSService":"false"}}},
 {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::logs/it's/*"}]}`

func mixed(t testing.TB) []string {
	t.Helper()
	from := func(r, ip string) string { return strings.TrimSuffix(r, "}") + `,"sourceIPAddress":"` + ip + `"}` }
	object := func(bucket, key string) string {
		return event("s3.amazonaws.com", "GetObject", app, `,"requestParameters":{"key":"`+key+`","bucketName":"`+bucket+`","x":1},"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::`+bucket+`/`+key+`"}]`)
	}
	instances := event("ec2.amazonaws.com", "DescribeInstances", sso, ``)
	return []string{
		from(instances, "203.0.113.7"), from(instances, "203.0.113.200"), from(instances, "192.0.2.9"), from(instances, "2001:db8::7"),
		from(instances, "198.51.100.7"), from(instances, "10.1.2.3"), from(instances, "athena.amazonaws.com"),
		object("logs", `it's/a \"b\"`), object("logs", "other"), object("orders", "x"), object("orders", "y"),
		denied(event("iam.amazonaws.com", "ListUsers", ana, ``), "User: arn:aws:iam::111122223333:user/people/ana is not authorized to perform: iam:ListUsers on resource: * with an explicit deny in a service control policy: arn:aws:organizations::1:policy/p"),
		strings.Replace(event("signin.amazonaws.com", "ConsoleLogin", ana, ``), "AwsApiCall", "AwsConsoleSignIn", 1),
		event("sts.amazonaws.com", "AssumeRoleWithWebIdentity", `{"type":"WebIdentityUser","principalId":"p","identityProvider":"arn:aws:iam::111122223333:oidc-provider/token.example.com"}`, `,"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/deploy"}`),
	}
}

// TestCSV reads back what a query over the same events would have given, and gets the same
// report from it.
func TestCSV(t *testing.T) {
	before := compile(t, company(t))
	after := withSCP(t, before, addresses)
	s := replay.SelectChange(before.Organization(), after.Organization())
	local := collect(t, s, mixed(t)...)
	var csv bytes.Buffer
	if err := local.WriteCSV(&csv); err != nil {
		t.Fatal(err)
	}
	read, err := replay.ReadCSV(s, bytes.NewReader(csv.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if first, n := read.Failures(); n != 0 {
		t.Fatalf("%d rows not read: %v", n, first)
	}
	if diff := cmp.Diff(tuples(local), tuples(read)); diff != "" {
		t.Errorf("tuples (-local +read):\n%s", diff)
	}
	var reports []string
	for _, m := range []*replay.Summary{local, read} {
		r, err := replay.DryRunSummary(context.Background(), before, after, m)
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, brief(r)+strings.Join(r.Days, " ")+strings.Join(r.Accounts, " "))
	}
	if diff := cmp.Diff(reports[0], reports[1]); diff != "" {
		t.Errorf("reports (-local +read):\n%s", diff)
	}
	if !strings.Contains(reports[0], "broken certain AWSReservedSSO_Developer_0123456789abcdef (ana@example.com) ec2:DescribeInstances eu-west-1 x2 by Office of new") {
		t.Errorf("the report does not have the two addresses outside the ranges:\n%s", reports[0])
	}
	if _, err := replay.ReadCSV(replay.Select(), bytes.NewReader(csv.Bytes())); err == nil {
		t.Error("the result of another change was read")
	}
}

func TestReadCSVErrors(t *testing.T) {
	s := replay.Select()
	var csv bytes.Buffer
	if err := collect(t, s, event("s3.amazonaws.com", "ListBuckets", ana, ``), event("s3.amazonaws.com", "ListBuckets", app, ``)).WriteCSV(&csv); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(csv.String(), "\n")
	for _, bad := range []string{"", `"a","b"` + "\n", strings.Replace(lines[0], `"events"`, `"event"`, 1), strings.Replace(lines[0], `"events",`, ``, 1)} {
		if _, err := replay.ReadCSV(s, strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
	row := lines[0] + strings.Replace(lines[1], `"1","2024`, `"-1","2024`, 1) + lines[2]
	m, err := replay.ReadCSV(s, strings.NewReader(row))
	if err != nil {
		t.Fatal(err)
	}
	if first, n := m.Failures(); n != 1 || !strings.Contains(first[0].Error(), "line 2: events \"-1\"") {
		t.Errorf("failures %d %v; want one in line 2", n, first)
	}
}

func TestSQL(t *testing.T) {
	before := compile(t, company(t))
	query := func(scp string, q replay.Query) string {
		after := withSCP(t, before, scp)
		return replay.SQL(replay.SelectChange(before.Organization(), after.Organization()), q)
	}
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	office := query(addresses, replay.Query{Table: `logs.cloud"trail`, Partition: "timestamp", Since: day, Until: day.AddDate(0, 0, 30)})
	for _, want := range []string{
		`FROM "logs"."cloud""trail"`,
		`"timestamp" >= '2024/05/01'`, `"timestamp" <= '2024/06/01'`, `eventtime >= '2024-05-01T00:00:00Z'`, `eventtime < '2024-05-31T00:00:00Z'`,
		`contains('203.0.113.0/24', try_cast(sourceipaddress AS ipaddress)) THEN '203.0.113.0/24'`, `contains('198.51.100.7/32', `,
		`NOT regexp_extract(r.arn, '^arn:[^:]*:s3:::([^/]*)/', 1) IN ('logs')`,
	} {
		if !strings.Contains(office, want) {
			t.Errorf("the query does not have %s:\n%s", want, office)
		}
	}
	for _, want := range []string{"count(DISTINCT eventid) AS events", "try(CAST(json_parse(requestparameters) AS map(varchar, json)))", "array_distinct(min(concat("} {
		if !strings.Contains(office, want) {
			t.Errorf("the query does not have %s:\n%s", want, office)
		}
	}
	region := query(regions, replay.Query{Table: "cloudtrail"})
	for _, no := range []string{" AS address", "mfaauthenticated", "tlsdetails", "useragent", "WHERE", "'key'", "'tableName'"} {
		if strings.Contains(region, no) {
			t.Errorf("the query has %s, which the change does not ask for:\n%s", no, region)
		}
	}
	quoted := query(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::o'rders/x"}]}`, replay.Query{Table: "t"})
	if !strings.Contains(quoted, `IN ('o''rders')`) || strings.Contains(quoted, `'o'rders'`) {
		t.Errorf("the bucket's name is not quoted:\n%s", quoted)
	}
}
