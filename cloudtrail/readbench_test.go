package cloudtrail_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
)

// A generator makes records of about the sizes and the variety that log files have: mostly
// sessions of roles, with request parameters and responses. The same seed makes the same.
type generator struct {
	r *rand.Rand
	b bytes.Buffer
}

func (g *generator) uuid() string {
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", g.r.Uint32(), g.r.Uint32()>>16, g.r.Uint32()>>16, g.r.Uint32()>>16, g.r.Uint64()>>16)
}

func (g *generator) record(n int) {
	accounts := []string{"111122223333", "444455556666"}
	calls := [][2]string{{"s3", "GetObject"}, {"s3", "PutObject"}, {"kms", "Decrypt"}, {"sts", "AssumeRole"}, {"ec2", "DescribeInstances"}, {"logs", "CreateLogStream"}, {"dynamodb", "GetItem"}, {"iam", "ListRoles"}}
	account, call, role := accounts[g.r.IntN(2)], calls[g.r.IntN(len(calls))], g.r.IntN(60)
	day := fmt.Sprintf("2024-05-%02d", 1+n/10000)
	fmt.Fprintf(&g.b, `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%08d:session-%d","arn":"arn:aws:sts::%s:assumed-role/orders-%d/session-%d","accountId":"%[3]s","accessKeyId":"ASIAEXAMPLE%06d","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%08[1]d","arn":"arn:aws:iam::%[3]s:role/service/orders-%[4]d","accountId":"%[3]s","userName":"orders-%[4]d"},"attributes":{"creationDate":"%[7]sT08:00:00Z","mfaAuthenticated":"false"}}},`,
		role, g.r.IntN(400), account, role, g.r.IntN(400), g.r.IntN(9000), day)
	fmt.Fprintf(&g.b, `"eventTime":"%sT%02d:%02d:%02dZ","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"eu-west-3","sourceIPAddress":"203.0.113.%d","userAgent":"[aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5 api/%[5]s#1.58.2 m/E,g]",`,
		day, g.r.IntN(24), g.r.IntN(60), g.r.IntN(60), call[0], call[1], g.r.IntN(250))
	if g.r.IntN(12) == 0 {
		fmt.Fprintf(&g.b, `"errorCode":"AccessDenied","errorMessage":"User: arn:aws:sts::%s:assumed-role/orders-%d/s is not authorized to perform: %s:%s on resource: \"arn:aws:s3:::orders\" because no identity-based policy allows the action",`, account, role, call[0], call[1])
	}
	fmt.Fprintf(&g.b, `"requestParameters":{"bucketName":"orders-%d","Host":"orders-%[1]d.s3.eu-west-3.amazonaws.com","key":"2024/05/%d/part-%05d.parquet","upload":"%[4]s"},`,
		g.r.IntN(30), g.r.IntN(28), g.r.IntN(90000), g.uuid())
	fmt.Fprintf(&g.b, `"responseElements":{"x-amz-server-side-encryption":"aws:kms","x-amz-version-id":"%s","items":[1,2.5,true,null],"note":"the \"nightly\" run"},"additionalEventData":{"SignatureVersion":"SigV4","bytesTransferredIn":0,"bytesTransferredOut":%d.0,"x-amz-id-2":"%[3]s"},`,
		g.uuid()[:18], g.r.IntN(1<<20), g.uuid()+g.uuid()+g.uuid())
	fmt.Fprintf(&g.b, `"requestID":"%s","eventID":"%s","readOnly":%t,"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::orders-%d/2024/05/part-%05d.parquet"},{"accountId":"%s","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::orders-%[4]d"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"%[6]s","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"}}`,
		g.uuid(), g.uuid(), n%2 == 0, g.r.IntN(30), g.r.IntN(90000), account)
}

const (
	benchFiles  = 60
	benchEvents = 300_000
)

var benchDir string // what TestMain removes

// benchLogs writes the log files that the benchmarks read, once.
var benchLogs = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "cloudtrail")
	if err != nil {
		panic(err)
	}
	benchDir = dir
	var text, stored int64
	for f := range benchFiles {
		g := &generator{r: rand.New(rand.NewPCG(1, uint64(f)))}
		g.b.WriteString(`{"Records":[`)
		for n := range benchEvents / benchFiles {
			if n > 0 {
				g.b.WriteByte(',')
			}
			g.record(f*benchEvents/benchFiles + n)
		}
		g.b.WriteString(`]}`)
		text += int64(g.b.Len())
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = w.Write(g.b.Bytes())
		_ = w.Close()
		stored += int64(z.Len())
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.json.gz", f)), z.Bytes(), 0o600); err != nil {
			panic(err)
		}
	}
	fmt.Printf("%d events in %d files: %d MB, %d MB as stored\n", benchEvents, benchFiles, text>>20, stored>>20)
	return dir
})

func TestMain(m *testing.M) {
	code := m.Run()
	if benchDir != "" {
		_ = os.RemoveAll(benchDir)
	}
	os.Exit(code)
}

// resident is the memory that the runtime holds.
func resident() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64()
}

// BenchmarkGunzip is what the least that reading takes: the files are uncompressed, on all
// threads, and nothing is done with their text.
func BenchmarkGunzip(b *testing.B) {
	dir := benchLogs()
	for b.Loop() {
		names := make(chan string)
		var running sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			running.Go(func() {
				buf := make([]byte, 512<<10)
				z := new(gzip.Reader)
				for name := range names {
					f, err := os.Open(name)
					if err != nil {
						panic(err)
					}
					if err := z.Reset(f); err != nil {
						panic(err)
					}
					for err = nil; err == nil; {
						_, err = z.Read(buf)
					}
					if err != io.EOF {
						panic(err)
					}
					f.Close()
				}
			})
		}
		for f := range benchFiles {
			names <- filepath.Join(dir, fmt.Sprintf("%03d.json.gz", f))
		}
		close(names)
		running.Wait()
	}
	b.ReportMetric(float64(benchEvents)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkRead(b *testing.B) {
	dir := benchLogs()
	debug.FreeOSMemory()
	b.ReportAllocs()
	peak := uint64(0)
	for b.Loop() {
		n := 0
		for _, err := range cloudtrail.ReadFS(os.DirFS(dir), "*.gz") {
			if err != nil {
				b.Fatal(err)
			}
			if n++; n%5000 == 0 {
				peak = max(peak, resident())
			}
		}
		require.Equal(b, benchEvents, n)
	}
	b.ReportMetric(float64(benchEvents)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(peak>>20), "peak-MB")
}
