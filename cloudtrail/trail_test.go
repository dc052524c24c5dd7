package cloudtrail_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy"
)

func trails() []cloudtrail.Trail {
	day := time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)
	return []cloudtrail.Trail{
		{
			ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"), HomeRegion: "eu-west-3", Bucket: "logs", Prefix: "trail",
			KMSKey: "alias/logs", LogGroup: "arn:aws:logs:eu-west-3:111122223333:log-group:trail:*",
			MultiRegion: true, Organization: true, GlobalServiceEvents: true, LogFileValidation: true,
			Status: &cloudtrail.Status{Logging: true, Started: day, Stopped: day, Delivered: day, DeliveryError: "AccessDenied"},
			Selectors: &cloudtrail.Selectors{
				Basic: []cloudtrail.EventSelector{{ReadWrite: "All", Management: true, Excluded: []string{"kms.amazonaws.com"}, DataResources: []cloudtrail.DataResource{{Type: "AWS::S3::Object", Values: []string{"arn:aws:s3:::orders/"}}}}},
				Advanced: []cloudtrail.AdvancedSelector{{Name: "data", Fields: []cloudtrail.FieldSelector{{
					Field: "eventCategory", Equals: []string{"Data"}, StartsWith: []string{"a"}, EndsWith: []string{"b"}, NotEquals: []string{"c"}, NotStartsWith: []string{"d"}, NotEndsWith: []string{"e"},
				}}}},
			},
			Storage: &cloudtrail.Storage{Owner: "444455556666", Lock: &cloudtrail.ObjectLock{Enabled: true, Mode: "COMPLIANCE", Days: 30, Years: 7}},
		},
		{ARN: policy.MustParseARN("arn:aws:cloudtrail:us-east-1:111122223333:trail/old"), Bucket: "logs", Selectors: &cloudtrail.Selectors{}, Storage: &cloudtrail.Storage{Lock: &cloudtrail.ObjectLock{}}},
	}
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	want := trails()
	require.NoError(t, cloudtrail.WriteTrails(dir, []cloudtrail.Trail{want[1], want[0]}))
	got, err := cloudtrail.ReadTrailsFS(os.DirFS(dir))
	require.NoError(t, err)
	require.Equal(t, want, got)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	require.NoError(t, cloudtrail.WriteTrails(dir, nil))
	require.NoError(t, cloudtrail.WriteTrails(dir, nil))
	_, err = cloudtrail.ReadTrailsFS(os.DirFS(dir))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Error(t, cloudtrail.WriteTrails(filepath.Join(dir, "x\x00"), want))
}

func TestReadErrors(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                `trails.json:1:2: the text ends in the middle of a JSON value; it looks truncated`,
		`{"trail": []}`:    `trails.json:1:2: /trail: unknown member "trail"; did you mean "trails"?`,
		`{"trails": [{}]}`: `trails.json:1:13: /trails/0: "" is not the ARN of a trail; want arn:aws:cloudtrail:…:trail/…`,
		`{"trails": [{"arn": "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all", "status": {"logging": 1}},
{"arn": "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"}]}`: `trails.json:1:98: /trails/0/status/logging: is a number; want true or false
trails.json:2:1: /trails/1: trail "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all" is listed twice; keep one`,
	} {
		_, err := cloudtrail.ReadTrailsFS(fstest.MapFS{"trails.json": {Data: []byte(text)}})
		require.EqualError(t, err, want)
	}
}

func ExampleReadTrailsFS() {
	list, err := cloudtrail.ReadTrailsFS(fstest.MapFS{"trails.json": {Data: []byte(`{"trails": [{
		"arn": "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all", "bucket": "logs", "multiRegion": true,
		"status": {"logging": true}
	}]}`)}})
	if err != nil {
		panic(err)
	}
	for _, t := range list {
		fmt.Println(t.ARN, t.MultiRegion, t.Status.Logging, t.Selectors == nil)
	}
	// Output: arn:aws:cloudtrail:eu-west-3:111122223333:trail/all true true true
}

func ExampleWriteTrails() {
	dir, err := os.MkdirTemp("", "licit")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if err := cloudtrail.WriteTrails(dir, []cloudtrail.Trail{{ARN: policy.MustParseARN("arn:aws:cloudtrail:eu-west-3:111122223333:trail/all"), Bucket: "logs"}}); err != nil {
		panic(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "trails.json"))
	fmt.Println(string(text), err)
	// Output:
	// {
	//   "trails": [
	//     {
	//       "arn": "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all",
	//       "bucket": "logs"
	//     }
	//   ]
	// }
	//  <nil>
}

// What is read is written so that it is read as the same.
func FuzzReadTrailsFS(f *testing.F) {
	f.Add([]byte(`{"trails": [{"arn": "arn:aws:cloudtrail:eu-west-3:111122223333:trail/all", "bucket": "logs", "status": {"logging": true, "started": "2024-05-01T10:00:00Z"}, "selectors": {"basic": [{"management": true}]}, "storage": {"owner": "111122223333", "lock": {"enabled": true}}}]}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		list, err := cloudtrail.ReadTrailsFS(fstest.MapFS{"trails.json": {Data: src}})
		if err != nil || len(list) == 0 {
			return
		}
		require.NoError(t, cloudtrail.WriteTrails(dir, list))
		back, err := cloudtrail.ReadTrailsFS(os.DirFS(dir))
		require.NoError(t, err)
		require.Equal(t, list, back)
	})
}
