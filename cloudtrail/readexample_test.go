package cloudtrail_test

import (
	"errors"
	"fmt"
	"strings"
	"testing/fstest"

	"github.com/licit-dev/licit/cloudtrail"
)

const exampleLog = `{"Records": [
	{"eventVersion": "1.11", "eventTime": "2024-05-01T10:00:00Z", "eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket", "awsRegion": "eu-west-3",
	 "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana"}, "errorCode": "AccessDenied", "requestParameters": {"bucketName": "orders"},
	 "recipientAccountId": "111122223333", "eventID": "11111111-1111-1111-1111-111111111111"},
	{"eventVersion": "1.11", "eventTime": "yesterday"}
]}`

func ExampleRead() {
	for event, err := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(event.Identity.ARN, event.Name, event.Parameters, event.ErrorCode)
	}
	// Output:
	// arn:aws:iam::111122223333:user/ana DeleteBucket {"bucketName": "orders"} AccessDenied
	// byte 420: /eventTime: is "yesterday"; want a time such as 2024-05-01T10:00:00Z
}

func ExampleReadFS() {
	logs := fstest.MapFS{
		"AWSLogs/111122223333/CloudTrail/eu-west-3/2024/05/01/a.json": {Data: []byte(exampleLog)},
		"AWSLogs/111122223333/CloudTrail-Digest/a.json":               {Data: []byte(`{"digestStartTime": "2024-05-01T10:00:00Z"}`)},
	}
	for event, err := range cloudtrail.ReadFS(logs, "AWSLogs/**/*.json") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(event.Name)
	}
	// Output:
	// DeleteBucket
	// AWSLogs/111122223333/CloudTrail/eu-west-3/2024/05/01/a.json: byte 420: /eventTime: is "yesterday"; want a time such as 2024-05-01T10:00:00Z
}

func ExampleReader_Read() {
	var r cloudtrail.Reader
	for range r.Read(strings.NewReader(exampleLog)) {
	}
	s := r.Stats()
	fmt.Println(s.Events, s.Faults, s.Accounts, s.Days)
	// Output: 1 map[type:1] map[111122223333:1] map[2024-05-01:1]
}

func ExampleReader_ReadFS() {
	var r cloudtrail.Reader
	for range r.ReadFS(fstest.MapFS{"a.json": {Data: []byte(exampleLog)}, "digest.json": {Data: []byte(`{"digestStartTime": "2024-05-01T10:00:00Z"}`)}}, "") {
	}
	s := r.Stats()
	fmt.Println(s.Files, s.Events, s.Skipped)
	// Output: 2 1 map[digest:1]
}

func ExampleReader_Stats() {
	var r cloudtrail.Reader
	for range r.Read(strings.NewReader(exampleLog)) {
	}
	fmt.Println(r.Stats().First, r.Stats().Regions)
	// Output: 2024-05-01 10:00:00 +0000 UTC map[eu-west-3:1]
}

func ExampleReadError_Error() {
	for _, err := range cloudtrail.Read(strings.NewReader(`{"Records": [`)) {
		fmt.Println(err)
	}
	// Output: byte 12: the text ends in the middle of a value; it looks truncated
}

func ExampleReadError_Unwrap() {
	for _, err := range cloudtrail.Read(strings.NewReader(`hello`)) {
		var read *cloudtrail.ReadError
		fmt.Println(errors.As(err, &read), read.Fault, errors.Unwrap(err))
	}
	// Output: true form is no form of CloudTrail events that is known
}
