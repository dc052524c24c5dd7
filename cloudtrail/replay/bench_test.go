package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// benchRecord is a record of one of 120 roles in two accounts, each with three buckets, keys
// and tables in two Regions, from 250 addresses, with 400 session names.
func benchRecord(b *bytes.Buffer, r *rand.Rand, n int) {
	account := []string{"111122223333", "444455556666"}[r.IntN(2)]
	role := r.IntN(60)
	bucket, region := (7*role+r.IntN(3))%30, []string{"eu-west-1", "eu-west-3", "us-east-1", "us-west-2"}[(role+r.IntN(2))%4]
	call := [][3]string{
		{"s3", "GetObject", `{"bucketName":"orders-%[1]d","Host":"orders-%[1]d.s3.amazonaws.com","key":"2024/05/part-%[2]d.parquet"}`},
		{"s3", "PutObject", `{"bucketName":"orders-%[1]d","Host":"orders-%[1]d.s3.amazonaws.com","key":"2024/05/part-%[2]d.parquet","x-amz-server-side-encryption":"aws:kms"}`},
		{"s3", "ListObjects", `{"bucketName":"orders-%[1]d","prefix":"2024/05/%[2]d"}`},
		{"dynamodb", "GetItem", `{"tableName":"orders-%[1]d","key":{"id":"%[2]d"},"consistentRead":false}`},
		{"ec2", "DescribeInstances", `{"instancesSet":{},"filterSet":{"items":[{"name":"tag:n","valueSet":{"items":[{"value":"%[1]d"},{"value":"%[2]d"}]}}]}}`},
		{"kms", "Decrypt", `{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::orders-%[1]d/%[2]d"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}`},
		{"secretsmanager", "GetSecretValue", `{"secretId":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders-%[1]d-a1b2c3","clientRequestToken":"%[2]d"}`},
	}[r.IntN(7)]
	at := time.Date(2024, 5, 1, 0, 0, n/10, 0, time.UTC)
	fmt.Fprintf(b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%08d:session-%d","arn":"arn:aws:sts::%s:assumed-role/orders-%d/session-%d","accountId":"%[3]s","accessKeyId":"ASIAEXAMPLE%06d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%08[1]d","arn":"arn:aws:iam::%[3]s:role/app/orders-%[4]d","accountId":"%[3]s","userName":"orders-%[4]d"},"attributes":{"creationDate":"2024-05-01T08:00:00Z","mfaAuthenticated":"false"}}},`,
		role, r.IntN(400), account, role, r.IntN(400), r.IntN(9000))
	fmt.Fprintf(b, `"eventTime":"%s","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"%s","sourceIPAddress":"203.0.113.%d","userAgent":"[aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 api/%[2]s#1.58.2 m/E,g]","requestParameters":%[6]s,`,
		at.Format(time.RFC3339), call[0], call[1], region, r.IntN(250), fmt.Sprintf(call[2], bucket, r.IntN(90000)))
	fmt.Fprintf(b, `"responseElements":{"x-amz-server-side-encryption":"aws:kms","x-amz-version-id":"%d","note":"the \"nightly\" run"},"additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"%064d","bytesTransferredOut":%d},`, r.Uint64(), r.Uint64(), r.IntN(1<<20))
	if call[0] == "s3" {
		fmt.Fprintf(b, `"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::orders-%d/2024/05/part-%d.parquet"},{"accountId":"%s","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::orders-%[1]d"}],`, bucket, r.IntN(90000), account)
	}
	fmt.Fprintf(b, `"requestID":"%016x","eventID":"%016x-%016x","readOnly":true,"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%s","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"s3.amazonaws.com"}}`,
		r.Uint64(), r.Uint64(), r.Uint64(), account)
}

const benchFiles, benchEvents = 12, 60_000

var benchLogs = sync.OnceValue(func() fstest.MapFS {
	fsys := fstest.MapFS{}
	for f := range benchFiles {
		r := rand.New(rand.NewPCG(7, uint64(f)))
		var text, z bytes.Buffer
		text.WriteString(`{"Records":[`)
		for n := range benchEvents / benchFiles {
			if n > 0 {
				text.WriteByte(',')
			}
			benchRecord(&text, r, f*benchEvents/benchFiles+n)
		}
		text.WriteString(`]}`)
		w, _ := gzip.NewWriterLevel(&z, gzip.BestSpeed)
		_, _ = w.Write(text.Bytes())
		_ = w.Close()
		fsys[fmt.Sprintf("%03d.json.gz", f)] = &fstest.MapFile{Data: z.Bytes()}
	}
	return fsys
})

func benchOrganization(b testing.TB) (before, after *simulate.Environment) {
	all := doc(b, allowAll)
	spec := org.Spec{ID: "o-exampleorgid", ManagementAccount: "999900001111",
		Root:            org.Root{ID: "r-ab12", PolicyTypes: []policy.Kind{policy.ServiceControl}, Attached: []string{org.FullAWSAccess}, Accounts: []string{"999900001111", "111122223333", "444455556666"}},
		ControlPolicies: []org.ControlPolicy{{ID: org.FullAWSAccess, Name: "FullAWSAccess", Kind: policy.ServiceControl, Document: all}},
		Accounts:        []org.Account{{ID: "999900001111", Attached: []string{org.FullAWSAccess}}},
	}
	trust := doc(b, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
	for _, id := range []string{"111122223333", "444455556666"} {
		a := org.Account{ID: id, Attached: []string{org.FullAWSAccess}}
		for n := range 60 {
			identity := doc(b, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::orders-*"]},{"Effect":"Allow","Action":["dynamodb:*","kms:*","ec2:*"],"Resource":"*"},{"Effect":"Allow","Action":"secretsmanager:*","Resource":"arn:aws:secretsmanager:*:*:secret:orders-%d-*"}]}`, n))
			a.Roles = append(a.Roles, org.Role{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:iam::%s:role/app/orders-%d", id, n)), Trust: trust, Inline: []org.InlinePolicy{{Name: "app", Document: identity}}})
		}
		for n := range 30 {
			if id == "111122223333" {
				a.Resources = append(a.Resources, org.Resource{ARN: policy.MustParseARN(fmt.Sprintf("arn:aws:s3:::orders-%d", n))})
			}
		}
		spec.Accounts = append(spec.Accounts, a)
	}
	o, err := org.New(spec)
	if err != nil {
		b.Fatal(err)
	}
	before = compile(b, o)
	return before, withSCP(b, before, regions)
}

// held is the memory that the runtime holds.
func held() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// BenchmarkDryRun reads 60,000 events in 12 files and replays them against an SCP.
func BenchmarkDryRun(b *testing.B) {
	logs := benchLogs()
	before, after := benchOrganization(b)
	runtime.GC()
	base, peak := held(), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		report, err := replay.DryRun(context.Background(), before, after, func(yield func(*cloudtrail.Event, error) bool) {
			n := 0
			for e, err := range cloudtrail.ReadFS(logs, "") {
				if n++; n%20000 == 0 {
					peak = max(peak, held())
				}
				if !yield(e, err) {
					return
				}
			}
		})
		if err != nil || report.Events != benchEvents || len(report.Broken) == 0 {
			b.Fatal(err)
		}
		peak = max(peak, held())
		b.ReportMetric(float64(report.Tuples), "tuples")
	}
	b.ReportMetric(benchEvents*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(peak-min(peak, base))/(1<<20), "MB")
}

// BenchmarkRead is what of BenchmarkDryRun is reading.
func BenchmarkRead(b *testing.B) {
	logs := benchLogs()
	for b.Loop() {
		n := 0
		for range cloudtrail.ReadFS(logs, "") {
			n++
		}
		if n != benchEvents {
			b.Fatal(n)
		}
	}
	b.ReportMetric(benchEvents*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReduce adds events to a summary that has their tuples already.
func BenchmarkReduce(b *testing.B) {
	before, after := benchOrganization(b)
	var events []*cloudtrail.Event
	for e, err := range cloudtrail.ReadFS(benchLogs(), "00?.json.gz") {
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, e.Clone())
		if len(events) == 5000 {
			break
		}
	}
	m := replay.NewSummary(replay.SelectOrganization(before.Organization(), after.Organization()))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		m.Add(events[n%len(events)])
	}
}
