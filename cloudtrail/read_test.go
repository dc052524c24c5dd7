package cloudtrail_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

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
		"LookupEvents":               `{"Events":[` + lookup(a) + `,` + lookup(b) + `],"NextToken":"x"}`,
		"LookupEvents, token first":  `{"NextToken":"x","Events":[` + lookup(a) + `,` + lookup(b) + `]}`,
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
