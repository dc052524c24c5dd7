package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// A record with every member that is read.
const full = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:ana","arn":"arn:aws:sts::111122223333:assumed-role/orders/ana","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","userName":"ana","invokedBy":"athena.amazonaws.com","identityProvider":"idp","credentialId":"c","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/team/orders","accountId":"111122223333","userName":"orders"},"webIdFederationData":{"federatedProvider":"arn:aws:iam::111122223333:oidc-provider/x","attributes":{}},"attributes":{"creationDate":"2024-02-29T08:00:00Z","mfaAuthenticated":"false"},"sourceIdentity":"ana","ec2RoleDelivery":"2.0","assumedRoot":"true"},"onBehalfOf":{"userId":"u","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-1"}},"eventTime":"2024-05-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-3","sourceIPAddress":"203.0.113.7","userAgent":"aws \u00e9 \ud83d é","errorCode":"AccessDenied","errorMessage":"no \"way\"","requestParameters":{"a":[1,-2.5e+3,true,false,null,{"b":{}},[]],"c":"\\\"}"},"responseElements":null,"additionalEventData":{"x":1},"serviceEventDetails":"s","eventContext":{"y":[]},"requestID":"r","eventID":"11111111-1111-1111-1111-111111111111","sharedEventID":"s","readOnly":true,"resources":[{"ARN":"arn:aws:s3:::logs/a","accountId":"111122223333","type":"AWS::S3::Object"},{"ARNPrefix":"arn:aws:s3:::logs/","type":"AWS::S3::Object"},{}],"eventType":"AwsApiCall","recipientAccountId":"111122223333","eventCategory":"Data","vpcEndpointId":"vpce-1","vpcEndpointAccountId":"444455556666","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"x"},"addendum":{"reason":"DELIVERY_DELAY"},"sessionCredentialFromConsole":"true","new":{"member":[0]}}`

// compare holds a scanner against strict: what it takes, strict takes as the same. It returns
// whether it took it.
func compare(t *testing.T, s *scanner, text []byte) bool {
	got, n, end := s.event(text)
	if end != taken {
		return false
	}
	length, err := extent(text)
	require.NoError(t, err)
	require.Equal(t, length, n)
	want, _, err := strictEvent(jsontext.Value(text[:n:n]))
	require.NoError(t, err)
	require.Equal(t, want, got)
	return true
}

func TestScanner(t *testing.T) {
	s := new(scanner)
	for range 2 { // the second time from what it knows
		require.True(t, compare(t, s, []byte(full)))
	}
	var spaced bytes.Buffer
	v := jsontext.Value(full)
	require.NoError(t, v.Indent(jsontext.AllowInvalidUTF8(true)))
	spaced.Write(v)
	require.True(t, compare(t, s, spaced.Bytes()))
	require.True(t, compare(t, s, []byte(strings.Replace(full, "no \\\"way", strings.Repeat("no \\\"way", 50), 1))))
	e, _, _ := s.event([]byte(full))
	require.Equal(t, "aws é \ufffd é", e.UserAgent)
	require.Equal(t, Resource{ARN: "arn:aws:s3:::logs/", Prefix: true, Type: "AWS::S3::Object"}, e.Resources[1])
	require.True(t, e.Identity.AssumedRoot)

	for i := range full {
		_, _, end := s.event([]byte(full[:i]))
		require.Equal(t, short, end, i)
	}
	require.True(t, compare(t, s, []byte(full)), "what was cut off left nothing behind")
}

// No byte of a record can be another one without strict and the scanner agreeing on it.
func TestScannerMutated(t *testing.T) {
	s := new(scanner)
	both := 0
	for i := range full {
		for _, c := range []byte("\"\\},0\xff") {
			text := []byte(full)
			text[i] = c
			if compare(t, s, text) {
				both++
			}
		}
		compare(t, s, []byte(full[:i]+full[i+1:]))
		compare(t, s, []byte(full[:i+1]+full[i:]))
	}
	require.Greater(t, both, len(full)) // most are within strings
}

// Everything that the scanner leaves to strict, and what strict makes of it.
func TestStrict(t *testing.T) {
	with := func(members string) string {
		return `{"eventTime":"2024-05-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject",` + members + `}`
	}
	nine := strings.Repeat(`{"ARN":"arn:aws:s3:::logs"},`, 9)
	for text, want := range map[string]string{
		with(`"resources":[` + nine[:len(nine)-1] + `]`):                                                 "",
		with(`"user\u0041gent":"a"`):                                                                     "",
		with(`"requestParameters":` + nested(70)):                                                        "",
		with(`"userIdentity":"HIDDEN_DUE_TO_SECURITY_REASONS"`):                                          "",
		with(`"resources":[{"ARN":"","ARNPrefix":"arn:aws:s3:::logs/"},null]`):                           "",
		with(`"userIdentity":{"sessionContext":{"attributes":{"mfaAuthenticated":true}}}`):               "",
		with(`"eventTime":"2024-05-01T10:00:00Z"`):                                                       "/eventTime: is there twice",
		with(`"userIdentity":{"arn":"a","arn":"b"}`):                                                     "/userIdentity/arn: is there twice",
		with(`"userIdentity":"ana"`):                                                                     "/userIdentity: is a string; want an object",
		with(`"userIdentity":{"type":1}`):                                                                "/userIdentity/type: is a number; want a string",
		with(`"userIdentity":{"sessionContext":[]}`):                                                     "/userIdentity/sessionContext: is an array; want an object",
		with(`"userIdentity":{"sessionContext":{"attributes":{"creationDate":"2024-02-30T08:00:00Z"}}}`): "",
		with(`"readOnly":"yes"`):                                                                         `/readOnly: is "yes"; want true or false`,
		with(`"readOnly":1`):                                                                             `/readOnly: is a number; want true or false`,
		with(`"resources":{}`):                                                                           `/resources: is an object; want an array`,
		with(`"resources":[7]`):                                                                          `/resources: is a number; want an object`,
		with(`"tlsDetails":{"tlsVersion":[]}`):                                                           `/tlsDetails/tlsVersion: is an array; want a string`,
		with(`"errorCode":false`):                                                                        `/errorCode: is true or false; want a string`,
	} {
		_, _, end := new(scanner).event([]byte(text))
		require.Equal(t, unsure, end, text)
		_, _, err := strictEvent(jsontext.Value(text))
		if want == "" {
			require.NoError(t, err, text)
		} else {
			require.EqualError(t, err, want)
		}
	}
	e, _, err := strictEvent(jsontext.Value(with(`"userIdentity":"HIDDEN_DUE_TO_SECURITY_REASONS"`)))
	require.NoError(t, err)
	require.Equal(t, Hidden, e.Identity.Type)
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// outcome is what a text gives if so many bytes of it are read at once.
func outcome(text []byte, step int) (out []string) {
	d := &walker{w: &window{src: bytes.NewReader(text), step: step}, scan: new(scanner)}
	d.skip = func(s Skipped) { out = append(out, "skipped "+string(s)) }
	d.emit = func(e *Event, err *ReadError) bool {
		if err != nil {
			text, _, _ := strings.Cut(err.Error(), "is not JSON: ") // what follows quotes a part of a character
			out = append(out, text)
		} else {
			out = append(out, fmt.Sprint(*e))
		}
		return true
	}
	d.text()
	return out
}

// Where the pieces end that a text is read in changes nothing.
func TestWindow(t *testing.T) {
	for _, text := range []string{
		"{\"Records\":[" + full + "," + full + ",{\"x\":1},\n" + full + "]}\n" + full + "\n" + full,
		"2024-05-01T10:00:00.000Z " + full + "\nnoise\n2024-05-01T10:00:00.000Z " + full + "\n",
		`{"NextToken":"x","Events":[` + full + `,{"eventVersion":"1","x":]},` + full + `,{"eventVersion":"1` + "\n" + `","x":1}` + `,` + full,
	} {
		want := outcome([]byte(text), 0)
		require.Greater(t, len(want), 2)
		for _, step := range []int{1, 2, 7, 100, 1000, 1500} {
			require.Equal(t, want, outcome([]byte(text), step), step)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		full, `{"Records":[` + full + `]}`, `{"Events":[{"CloudTrailEvent":"{\"eventVersion\":\"1\"}"}]}`, "[1,\"{}\"]",
		`{"detail-type":"AWS API Call via CloudTrail","detail":` + full + `}`, "2024-05-01T10:00:00.000Z {}\n", `{"awslogs":{"data":"H4sI"}}`,
		`{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"x"}]}`, "\x1f\x8b\x08", `{"Records":[{"eventVersion":"1",]`, `{"digestStartTime":""}`,
	} {
		f.Add([]byte(seed))
	}
	s := new(scanner)
	f.Fuzz(func(t *testing.T, text []byte) {
		compare(t, s, text)
		if at := bytes.IndexByte(text, '{'); at >= 0 {
			compare(t, s, text[at+1:])
		}
		var r Reader
		events, faults := 0, 0
		for e, err := range r.Read(bytes.NewReader(text)) {
			var read *ReadError
			switch {
			case err == nil:
				events++
				if e.Time.IsZero() || e.Source == "" || e.Name == "" || len(e.Raw) == 0 {
					t.Fatalf("%+v is no event", e)
				}
			case !errors.As(err, &read) || read.Offset < 0:
				t.Fatal(err)
			default:
				faults++
			}
		}
		stats := r.Stats()
		require.Equal(t, events, stats.Events)
		sum := 0
		for _, n := range stats.Faults {
			sum += n
		}
		require.Equal(t, faults, sum)
		if len(text) < 4096 && !isGzip(text) {
			require.Equal(t, outcome(text, 0), outcome(text, 13))
		}
	})
}

// endless is a text that begins with what was given, and goes on with one byte.
type endless struct {
	begin string
	left  int64
	end   string
}

func (e *endless) Read(to []byte) (int, error) {
	if e.begin != "" {
		n := copy(to, e.begin)
		e.begin = e.begin[n:]
		return n, nil
	}
	if e.left > 0 {
		n := copy(to[:min(int64(len(to)), e.left)], as)
		e.left -= int64(n)
		return n, nil
	}
	if e.end == "" {
		return 0, io.EOF
	}
	n := copy(to, e.end)
	e.end = e.end[n:]
	return n, nil
}

var as = bytes.Repeat([]byte("a"), 64<<10)

// A record of 2 GB is passed over in little memory, wherever it is, and what is after it is
// read.
func TestLongRecord(t *testing.T) {
	for _, text := range []*endless{
		{`{"Records":[` + full + `,{"eventVersion":"1","x":"`, 2 << 30, `"},` + full + `]}`},
		{full + "\n" + `{"eventVersion":"1","x":"`, 100 << 20, `"}` + "\n" + full},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var out []string
		for e, err := range Read(text) {
			if err != nil {
				out = append(out, err.Error())
			} else {
				out = append(out, e.Name)
			}
		}
		runtime.ReadMemStats(&after)
		require.Len(t, out, 3)
		require.Contains(t, out[1], "a record is longer than 8388608 bytes")
		require.Equal(t, []string{"GetObject", "GetObject"}, []string{out[0], out[2]})
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	}
}

func TestIDs(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%08x-1111-1111-1111-111111111111", n) }
	const kept = 1000
	s := ids{kept: kept}
	require.Equal(t, idNew, s.seen("x", nil))
	require.Equal(t, idSame, s.seen("x", nil))
	require.Equal(t, idNew, s.seen("00000000-0000-0000-0000-000000000000", nil))
	require.Equal(t, idSame, s.seen("00000000-0000-0000-0000-000000000000", nil))
	for _, other := range []string{"0000000A-1111-1111-1111-111111111111", "0000000a-1111-1111-1111-11111111111g", "0000000a-1111-1111-1111-111111111112", "0000000a11111111-1111-1111-111111111111-"} {
		require.Equal(t, idNew, s.seen(other, nil), other)
	}
	for n := range kept - 6 {
		require.Equal(t, idNew, s.seen(id(n), nil))
	}
	require.False(t, s.forgot)
	for n := range kept - 6 {
		require.Equal(t, idSame, s.seen(id(n), nil))
	}
	for n := range 2 * kept {
		require.Equal(t, idNew, s.seen(id(n+kept), nil))
	}
	require.True(t, s.forgot)
	require.Equal(t, idNew, s.seen(id(0), nil))
	require.Equal(t, idNew, s.seen("", nil))
}
