package cloudtrail_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
)

// record is a record of CloudTrail with an ID and a name.
func record(id, name string) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","principalId":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","userName":"ana"},"eventTime":"2024-05-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":%q,"awsRegion":"eu-west-3","sourceIPAddress":"203.0.113.7","requestParameters":{"bucketName":"logs","key":"a \"b\" {"},"responseElements":null,"eventID":%q,"readOnly":true,"eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Management"}`, name, id)
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func zip(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

// read returns what a log holds: the names of its events, and its errors.
func read(src io.Reader) []string {
	var out []string
	for e, err := range cloudtrail.Read(src) {
		if err != nil {
			out = append(out, err.Error())
		} else {
			out = append(out, e.Name)
		}
	}
	return out
}

func TestReadForms(t *testing.T) {
	a, b := record("1", "GetObject"), record("2", "PutObject")
	pretty := new(bytes.Buffer)
	require.NoError(t, json.Indent(pretty, []byte(`{"Records":[`+a+`,`+b+`]}`), "", "  "))
	bridge := func(e string) string {
		return `{"version":"0","id":"x","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","account":"111122223333","time":"2024-05-01T10:00:00Z","region":"eu-west-3","resources":[],"detail":` + e + `}`
	}
	lookup := func(e string) string {
		return `{"EventId":"1","EventName":"GetObject","ReadOnly":"true","EventTime":1714557600.0,"EventSource":"s3.amazonaws.com","Resources":[],"CloudTrailEvent":` + quote(e) + `}`
	}
	logEvent := func(e string) string { return `{"id":"3","timestamp":1714557600000,"message":` + quote(e) + `}` }
	data := func(e string) string { return `"` + base64.StdEncoding.EncodeToString([]byte(e)) + `"` }
	subscription := `{"messageType":"DATA_MESSAGE","owner":"111122223333","logGroup":"trail","logStream":"s","subscriptionFilters":["f"],"logEvents":[` + logEvent(a) + `,` + logEvent(b) + `]}`
	for name, text := range map[string]string{
		"log file":                   `{"Records":[` + a + `,` + b + `]}`,
		"log file, pretty":           pretty.String(),
		"byte order mark":            "\ufeff" + `{"Records":[` + a + `,` + b + `]}`,
		"two log files":              `{"Records":[` + a + `]}{"Records":[` + b + `]}`,
		"two gzip members":           zip(`{"Records":[`+a) + zip(`,`+b+`]}`),
		"gzip in gzip":               zip(zip(`{"Records":[` + a + `,` + b + `]}`)),
		"LookupEvents":               `{"Events":[` + lookup(a) + `,` + lookup(b) + `],"NextToken":""}`,
		"LookupEvents, token first":  `{"NextToken":null,"Events":[` + lookup(a) + `,` + lookup(b) + `]}`,
		"LookupEvents, pages":        `{"Events":[` + lookup(a) + `],"NextToken":"x"}` + "\n" + `{"Events":[` + lookup(b) + `]}`,
		"LookupEvents, pages, slurp": `[{"Events":[` + lookup(a) + `],"NextToken":"x"},{"Events":[` + lookup(b) + `]}]`,
		"LookupEvents, --query":      `[` + quote(a) + `,` + quote(b) + `]`,
		"LookupEvents, text":         a + "\t" + b + "\n",
		"EventBridge":                bridge(a) + "\n" + bridge(b),
		"EventBridge without lines":  bridge(a) + bridge(b),
		"EventBridge by SQS":         `{"Messages":[{"MessageId":"m","Body":` + quote(bridge(a)) + `},{"MessageId":"m","Body":` + quote(bridge(b)) + `}]}`,
		"EventBridge, SNS, SQS":      `{"Records":[{"messageId":"m","body":` + quote(`{"Type":"Notification","Message":`+quote(bridge(a))+`}`) + `}]}` + bridge(b),
		"Firehose":                   `{"invocationId":"i","deliveryStreamArn":"d","region":"eu-west-3","records":[{"recordId":"1","data":` + data(bridge(a)) + `},{"recordId":"2","data":` + data(bridge(b)) + `}]}`,
		"subscription":               zip(subscription),
		"subscription by Lambda":     `{"awslogs":{"data":` + data(zip(subscription)) + `}}`,
		"subscription by Kinesis":    `{"Records":[{"kinesis":{"data":` + data(zip(subscription)) + `},"eventSource":"aws:kinesis"}]}`,
		"subscription by Firehose":   zip(subscription) + zip(`{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination."}]}`),
		"FilterLogEvents":            `{"events":[` + logEvent(a) + `,` + logEvent(b) + `],"searchedLogStreams":[]}`,
		"export of logs":             "2024-05-01T10:00:00.000Z " + a + "\n2024-05-01T10:00:00.000Z " + b + "\n",
		"aws logs tail":              "2024-05-01T10:00:00.000000+00:00 111122223333_CloudTrail_eu-west-3 " + a + "\n2024-05-01T10:00:00.000000+00:00 x " + b + "\n",
		"JSON Lines":                 a + "\n" + b + "\n",
		"JSON Lines, CRLF":           a + "\r\n\r\n" + b,
		"array":                      "[" + a + ",\n" + b + "]",
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range []string{text, zip(text)} {
				if strings.HasPrefix(name, "gzip in") {
					text = zip(`{"Records":[` + a + `,` + b + `]}`)
				}
				require.Equal(t, []string{"GetObject", "PutObject"}, read(strings.NewReader(text)))
			}
		})
	}
}

// What is wrong is told with its place, and the rest is read.
func TestReadFaults(t *testing.T) {
	a, b, c := record("1", "A"), record("2", "B"), record("3", "C")
	list := func(elements ...string) string { return `{"Records":[` + strings.Join(elements, ",") + `]}` }
	after := len(`{"Records":[`) + len(a) + 1
	at := func(offset int, problem string) string { return fmt.Sprintf("byte %d: %s", offset, problem) }
	const more = "there are more events: the last page has a NextToken; want all pages"
	const cut = "the text ends in the middle of a value; it looks truncated"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing":              {"", nil},
		"no records":           {list(), nil},
		"not a log":            {"hello\nworld", []string{at(0, "is no form of CloudTrail events that is known")}},
		"binary":               {"\x89PNG\r\n\x1a\n{}", []string{at(0, "is no form of CloudTrail events that is known")}},
		"other JSON":           {`{"trailList":[]}`, []string{at(0, "is an object, but no event; want eventTime, eventSource and eventName")}},
		"no list":              {`{"NextToken":"x"}` + c, []string{at(16, "an object without a list of events ends here"), "C"}},
		"a token is left":      {`{"Records":[` + a + `],"NextToken":"x"}`, []string{"A", at(len(a)+30, more)}},
		"a token, then a page": {`{"nextToken":"x","Events":[` + a + `]}{"Events":[` + b + `]}`, []string{"A", "B"}},
		"tokens of an array":   {`[{"Events":[` + a + `]},{"Events":[` + b + `],"NextToken":"x"}]`, []string{"A", "B", at(len(a)+len(b)+45, more)}},
		"a digest's member":    {`{"digestStartTime":"x","Records":[` + a + `]}`, []string{"A"}},
		"an event's members":   {a[:len(a)-1] + `,"Records":[` + b + `]}`, []string{"A", "B"}},
		"a time of digits":     {strings.Replace(a, "2024-05-01T10:00:00Z", "20240501T100000Z", 1), []string{"A"}},
		"list of another type": {`{"Records":{}}` + c, []string{at(13, "an object without a list of events ends here"), "C"}},
		"null for a list":      {`{"Events":null}` + c, []string{"C"}},
		"no colon":             {`{"Records" [` + a + "\n" + `{"Records":[` + c + "]}", []string{at(11, "want a colon"), "A", "C"}},
		"a number":             {list(a, "7", b), []string{"A", at(after, "is a number; want an event"), "B"}},
		"null":                 {list(a, "null", b), []string{"A", at(after, "is null; want an event"), "B"}},
		"wrong type":           {list(a, strings.Replace(b, `"B"`, `["B"]`, 1), c), []string{"A", at(after, "/eventName: is an array; want a string"), "C"}},
		"no name":              {list(a, strings.Replace(b, `"B"`, `null`, 1), c), []string{"A", at(after, "/eventName: missing"), "C"}},
		"no time":              {list(`{"eventVersion":"1.11","eventTime":null}`, c), []string{at(12, "/eventTime: missing"), "C"}},
		"no source":            {list(strings.Replace(a, `"s3.amazonaws.com"`, `""`, 1), c), []string{at(12, "/eventSource: missing"), "C"}},
		"unknown member":       {list(strings.Replace(a, `"eventVersion"`, `"x":{"detail":[{}]},"eventVersion"`, 1)), []string{"A"}},
		"value missing":        {list(a, strings.Replace(b, `true`, ``, 1), c), []string{"A", at(after, "is not JSON"), "C"}},
		"quote missing":        {list(a, strings.Replace(b, `Name":"`, `Name":`, 1), c), []string{"A", at(after, "is not JSON"), "C"}},
		"brace missing":        {list(a, b[:len(b)-1], c), []string{"A", at(after, "is not JSON"), "C"}},
		"bracket for brace":    {list(a, b[:len(b)-1]+"]", c), []string{"A", at(after, "is not JSON"), "C"}},
		"comma missing":        {list(a, b+c), []string{"A", "B", at(after+len(b), "want a comma or the end of the array"), "C"}},
		"cut off, then more":   {list(a, b)[:after+200] + list(c), []string{"A", at(after, "is not JSON"), "C"}},
		"cut off":              {list(a, b)[:after+200], []string{"A", at(after, cut)}},
		"cut off between":      {list(a, b)[:after], []string{"A", at(11, cut)}},
		"cut off at the end":   {list(a, b)[:len(list(a, b))-1], []string{"A", "B", at(0, cut)}},
		"line cut off":         {a + "\n" + b[:200] + "\n" + c + "\n", []string{"A", at(len(a)+1, "is not JSON"), "C"}},
		"noise between":        {a + "\nnoise\n" + c + "\n", []string{"A", at(len(a)+1, "a line without an event"), "C"}},
		"a damaged wrapper":    {`{"detail":{"a":]}}{"detail":` + c + `,"detail-type":"AWS API Call via CloudTrail"}`, []string{at(0, "is not JSON"), "C"}},
		"a damaged message":    {`{"Events":[{"CloudTrailEvent":"{\"eventVersion\":1,}"},{"CloudTrailEvent":` + quote(c) + `}]}`, []string{at(11, "is not JSON"), "C"}},
		"not base64":           {`{"awslogs":{"data":"?"}}` + c, []string{at(0, "data is not base64: illegal base64 data at input byte 0"), "C"}},
		"no event in it":       {`[{"message":"hello"},` + c + `]`, []string{at(1, "is no form of CloudTrail events that is known"), "C"}},
		"gzip in name only":    {"\x1f\x8bhello, world", []string{at(0, "is not gzip, although it begins so: gzip: invalid header")}},
		"wrapped too often":    {strings.Repeat(`{"detail-type":"CloudTrail","detail":`, 9) + a + strings.Repeat("}", 9) + c, []string{at(0, "is wrapped more than 6 times"), "C"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := read(strings.NewReader(test.text))
			for i := range got {
				got[i], _, _ = strings.Cut(got[i], " (") // what jsontext says
				if at := strings.Index(got[i], ": is not JSON"); at >= 0 {
					got[i] = got[i][:at+len(": is not JSON")]
				}
			}
			require.Equal(t, test.want, got)
		})
	}
}

// However a log is damaged at one place, the events that are read are those that it had.
func TestReadDamaged(t *testing.T) {
	records := []string{record("1", "A"), record("2", "B"), record("3", "C"), record("4", "D")}
	known := make(map[string]bool)
	for _, r := range records {
		known[r] = true
	}
	text := `{"Records":[` + strings.Join(records, ",") + `]}`
	for i := range text {
		for _, c := range []byte("\"{}],x") {
			damaged := text[:i] + string(c) + text[i+1:]
			whole, faults := 0, 0
			for e, err := range cloudtrail.Read(strings.NewReader(damaged)) {
				switch {
				case err != nil:
					faults++
				case known[string(e.Raw)]:
					whole++
				case len(e.Raw) != len(records[0]):
					t.Fatalf("byte %d as %q: %s is no record that there was", i, c, e.Raw)
				}
			}
			if i > len(`{"Records":[`) && whole < 2 || whole < 3 && faults == 0 {
				t.Fatalf("byte %d as %q: %d records and %d errors", i, c, whole, faults)
			}
		}
	}
}

// What gzip holds before it is cut off or damaged is read.
func TestReadTruncatedGzip(t *testing.T) {
	var records []string
	for i := range 200 {
		records = append(records, record(fmt.Sprint(i), fmt.Sprintf("E%d", i)))
	}
	text := zip(`{"Records":[` + strings.Join(records, ",") + `]}`)
	for _, n := range []int{11, len(text) / 2, len(text) - 100, len(text) - 8, len(text) - 1} {
		got := read(strings.NewReader(text[:n]))
		require.NotEmpty(t, got)
		last := len(got) - 1
		for i, name := range got[:last] {
			require.Equal(t, fmt.Sprintf("E%d", i), name)
		}
		require.Contains(t, got[last], "the compressed data end too early; the file looks truncated", n)
	}
	require.Len(t, read(strings.NewReader(text[:len(text)-1])), 201, "only the checksum is missing")
	damaged := []byte(text)
	damaged[len(damaged)-6] ^= 1
	got := read(bytes.NewReader(damaged))
	require.Len(t, got, 201)
	require.Contains(t, got[200], "reading stopped: gzip: invalid checksum")
}

func TestReaderSkips(t *testing.T) {
	insight := `{"eventVersion":"1.08","eventTime":"2024-05-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"x","eventType":"AwsCloudTrailInsight","eventCategory":"Insight","insightDetails":{}}`
	aggregated := `{"eventVersion":"1.0","accountId":"111122223333","eventId":"x","eventCategory":"Aggregated","eventType":"AwsAggregatedEvent","eventSource":"s3.amazonaws.com","timeWindow":{},"summary":{}}`
	var r cloudtrail.Reader
	for _, text := range []string{
		`{"Records":[` + insight + `,` + aggregated + `,` + record("1", "A") + `]}`,
		`{"awsAccountId":"111122223333","digestStartTime":"2024-05-01T10:00:00Z","digestS3Object":"x","logFiles":[]}`,
		`{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2024-05-01T10:00:00Z","eventName":"ObjectCreated:Put"}]}`,
		`{"detail-type":"GuardDuty Finding","detail":{"id":"x"}}`,
		`{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health of destination."}]}`,
		`{"logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: Checking health of destination."}],"messageType":"CONTROL_MESSAGE"}`,
		" ", "",
	} {
		for _, err := range r.Read(strings.NewReader(text)) {
			require.NoError(t, err, text)
		}
	}
	require.Equal(t, map[cloudtrail.Skipped]int{cloudtrail.SkippedInsight: 1, cloudtrail.SkippedAggregated: 1, cloudtrail.SkippedDigest: 1, cloudtrail.SkippedOther: 4, cloudtrail.SkippedEmpty: 2}, r.Stats().Skipped)
}

func TestReaderStats(t *testing.T) {
	other := strings.NewReplacer("111122223333", "444455556666", "2024-05-01", "2024-04-30", "eu-west-3", "us-east-1").Replace(record("2", "B"))
	text := `{"Records":[` + record("1", "A") + `,` + other + `,` + record("1", "A") + `,{}]}`
	var r cloudtrail.Reader
	require.True(t, r.Stats().DuplicatesExact)
	var duplicates []bool
	for e := range r.Read(strings.NewReader(zip(text))) {
		if e != nil {
			duplicates = append(duplicates, e.Duplicate)
		}
	}
	require.Equal(t, []bool{false, false, true}, duplicates)
	day := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	require.Equal(t, cloudtrail.Stats{
		Files: 1, Bytes: int64(len(text)), Stored: int64(len(zip(text))), Events: 3, Duplicates: 1, DuplicatesExact: true,
		First: day.AddDate(0, 0, -1), Last: day,
		Accounts: map[string]int{"111122223333": 2, "444455556666": 1},
		Regions:  map[string]int{"eu-west-3": 2, "us-east-1": 1},
		Days:     map[string]int{"2024-05-01": 2, "2024-04-30": 1},
		Faults:   map[cloudtrail.Fault]int{cloudtrail.FaultForm: 1},
	}, r.Stats())
	for range r.Read(strings.NewReader(text)) {
		break
	}
	require.Equal(t, 2, r.Stats().Duplicates, "over all that it read")
	require.Equal(t, 4, r.Stats().Events)
}

// An event is left out as a duplicate only if it is the same.
func TestReaderConflicts(t *testing.T) {
	var r cloudtrail.Reader
	var got []string
	a, b := record("1", "A"), record("1", "B")
	for e, err := range r.Read(strings.NewReader(`{"Records":[` + strings.Join([]string{a, b, a, b, record("1", "C")}, ",") + `]}`)) {
		require.NoError(t, err)
		got = append(got, fmt.Sprint(e.Name, e.Duplicate))
	}
	require.Equal(t, []string{"Afalse", "Bfalse", "Atrue", "Btrue", "Cfalse"}, got)
	require.Equal(t, []int{5, 2, 2}, []int{r.Stats().Events, r.Stats().Duplicates, r.Stats().Conflicts})
}

// Times that are odd lose no event, and do not stretch the period.
func TestReaderTimes(t *testing.T) {
	var r cloudtrail.Reader
	created := func(id, text string) string {
		return strings.Replace(record(id, "A"), `"type":"IAMUser"`, `"type":"IAMUser","sessionContext":{"attributes":{"creationDate":`+text+`}}`, 1)
	}
	var got []time.Time
	list := []string{created("1", `"20131102T010628Z"`), created("2", `"2013-11-02T01:06:28Z"`), created("3", `"yesterday"`), created("4", `{"n":1}`), created("5", `null`)}
	for e, err := range r.Read(strings.NewReader(strings.Join(append(list, strings.Replace(record("6", "B"), "2024-05-01", "2999-05-01", 1)), "\n"))) {
		require.NoError(t, err)
		got = append(got, e.Identity.SessionCreated)
	}
	at := time.Date(2013, 11, 2, 1, 6, 28, 0, time.UTC)
	require.Equal(t, []time.Time{at, at, {}, {}, {}, {}}, got)
	s := r.Stats()
	require.Equal(t, map[cloudtrail.Skipped]int{cloudtrail.SkippedTime: 2}, s.Skipped)
	require.Equal(t, []any{1, 2024}, []any{s.Future, s.Last.Year()})
}

// A broken disk loses what is after it only.
func TestReadError(t *testing.T) {
	text := `{"Records":[` + record("1", "A") + `,` + record("2", "B") + `]}`
	broken := errors.New("broken")
	got := read(io.MultiReader(strings.NewReader(text[:len(text)-50]), iotest.ErrReader(broken)))
	require.Equal(t, "A", got[0])
	require.Len(t, got, 2)
	require.Contains(t, got[1], "reading stopped: broken")
	got = read(io.MultiReader(strings.NewReader(text[:2]), iotest.ErrReader(broken)))
	require.Equal(t, []string{"byte 2: reading stopped: broken"}, got)
	require.Equal(t, []string{"byte 0: reading stopped: multiple Read calls return no data or error"}, read(stuck{}))
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// An event costs little more than its text.
func TestReadAllocations(t *testing.T) {
	g := &generator{r: rand.New(rand.NewPCG(1, 1))}
	for n := range 2000 {
		g.record(n)
		g.b.WriteByte('\n')
	}
	allocs := testing.AllocsPerRun(5, func() {
		n := 0
		for _, err := range cloudtrail.Read(bytes.NewReader(g.b.Bytes())) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 2000, n)
	})
	require.Less(t, allocs/2000, 3.0)
}
