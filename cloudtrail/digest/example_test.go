package digest_test

import (
	"context"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/internal/digesttest"
)

// delivered is a bucket with a log file and two digests, the metadata of the newest and the
// public keys, as CloudTrail and the AWS CLI would write them.
func delivered() (bucket fstest.MapFS, keys string) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key, err := digesttest.NewKey(1, start.AddDate(0, 0, -1), start.AddDate(0, 1, 0))
	if err != nil {
		panic(err)
	}
	trail := &digesttest.Trail{Bucket: "logs", Account: "111122223333", Region: "eu-west-1", Name: "orders", HomeRegion: "eu-west-1", Key: key}
	trail.Begin(start)
	log, err1 := trail.Log(start.Add(15*time.Minute), "9nYN7gp2eWAJHIfT", []byte(`{"Records":[]}`))
	first, err2 := trail.Digest(start.Add(time.Hour))
	second, err3 := trail.Digest(start.Add(2 * time.Hour))
	head, err4 := second.HeadObject()
	list, err5 := digesttest.List(key)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			panic(err)
		}
	}
	return fstest.MapFS{log.Key: {Data: log.Data}, first.Key: {Data: first.Data}, second.Key: {Data: second.Data}, second.Key + ".meta.json": {Data: head}}, string(list)
}

func ExampleVerify() {
	bucket, list := delivered()
	keys, err := digest.ReadKeys(strings.NewReader(list))
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := digest.Verify(context.Background(), bucket, keys, digest.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Verdict())
	for _, c := range report.Chains {
		for _, p := range c.Proved {
			fmt.Println(c.Name(), "proved from", p.From.Format(time.RFC3339), "to", p.To.Format(time.RFC3339))
		}
	}
	// Output:
	// valid
	// 111122223333 eu-west-1, trail orders of eu-west-1 proved from 2026-03-02T09:00:00Z to 2026-03-02T11:00:00Z
}

func ExampleReport_Verdict() {
	bucket, list := delivered()
	keys, _ := digest.ReadKeys(strings.NewReader(list))
	for name := range bucket {
		if strings.Contains(name, "/CloudTrail/") {
			bucket[name] = &fstest.MapFile{Data: []byte(`{"Records":[{}]}`)}
		}
	}
	report, _ := digest.Verify(context.Background(), bucket, keys, digest.Options{})
	fmt.Println(report.Verdict())
	for _, f := range report.Findings {
		fmt.Println(f.Severity, f.Code)
	}
	// Output:
	// invalid
	// tampering log-hash
}

func ExampleReport_Count() {
	bucket, list := delivered()
	keys, _ := digest.ReadKeys(strings.NewReader(list))
	for name := range bucket {
		if strings.HasSuffix(name, ".meta.json") {
			delete(bucket, name)
		}
	}
	report, _ := digest.Verify(context.Background(), bucket, keys, digest.Options{})
	digests, logs := report.Count()
	fmt.Println(digests.Total(), "digests:", digests.Valid, "valid,", digests.Unverified, "unverified")
	fmt.Println(logs.Total(), "log file:", logs.Valid, "valid")
	// Output:
	// 2 digests: 1 valid, 1 unverified
	// 1 log file: 1 valid
}

func ExampleCounts_Total() {
	fmt.Println(digest.Counts{Valid: 23, Missing: 1}.Total())
	// Output: 24
}

func ExampleChain_Name() {
	c := digest.Chain{Organization: "o-exampleorgid", Account: "111122223333", Region: "us-east-1", Trail: "orders", HomeRegion: "eu-west-1"}
	fmt.Println(c.Name())
	// Output: 111122223333 us-east-1, trail orders of eu-west-1 and o-exampleorgid
}

func ExampleReadKeys() {
	_, list := delivered()
	keys, err := digest.ReadKeys(strings.NewReader(list))
	fmt.Println(len(keys), len(keys[0].Fingerprint), keys[0].From.Format(time.DateOnly), err)
	// Output: 1 32 2026-03-01 <nil>
}

func ExampleReadSignatures() {
	signatures, err := digest.ReadSignatures(strings.NewReader(`key,signature
AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/03/02/111122223333_CloudTrail-Digest_eu-west-1_orders_eu-west-1_20260302T110000Z.json.gz,3be472
`))
	fmt.Println(len(signatures), err)
	// Output: 1 <nil>
}

func ExampleVerdict_String() {
	var v digest.Verdict
	fmt.Println(v, digest.Valid, digest.Invalid, digest.Missing)
	// Output: unverified valid invalid missing
}

func ExampleSeverity_String() {
	fmt.Println(digest.Note, digest.Unproved, digest.Tampering)
	// Output: note unproved tampering
}
