package policy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/policy"
)

func TestParseARN(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in                                            string
		partition, service, region, account, resource string
	}{
		{"arn:aws:iam::111122223333:user/team/ana", "aws", "iam", "", "111122223333", "user/team/ana"},
		{"arn:aws:s3:::logs/2026/a:b", "aws", "s3", "", "", "logs/2026/a:b"},
		{"arn:aws-cn:sqs:cn-north-1:444455556666:orders", "aws-cn", "sqs", "cn-north-1", "444455556666", "orders"},
		{"arn:aws:logs:eu-west-1:111122223333:log-group::log-stream:", "aws", "logs", "eu-west-1", "111122223333", "log-group::log-stream:"},
		{"arn:aws:sqs:eu-west-1:111122223333:", "aws", "sqs", "eu-west-1", "111122223333", ""},
		{"arn:*:s3:::é", "*", "s3", "", "", "é"},
		{"arn:aws:s3:::" + strings.Repeat("k", 100_000), "aws", "s3", "", "", strings.Repeat("k", 100_000)},
	} {
		a, err := policy.ParseARN(tt.in)
		require.NoError(t, err)
		require.True(t, a.IsValid())
		require.Equal(t, tt.partition, a.Partition())
		require.Equal(t, tt.service, a.Service())
		require.Equal(t, tt.region, a.Region())
		require.Equal(t, tt.account, a.AccountID())
		require.Equal(t, tt.resource, a.Resource())
		require.Equal(t, tt.in, a.String())
		require.True(t, a == policy.MustParseARN(tt.in), "comparable")
	}
}

func TestParseARNErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                       `ARN "": does not start with "arn:"; want arn:partition:service:region:account:resource`,
		"ARN:aws:s3:::logs":      `ARN "ARN:aws:s3:::logs": does not start with "arn:"; want arn:partition:service:region:account:resource`,
		" arn:aws:s3:::logs":     `ARN " arn:aws:s3:::logs": does not start with "arn:"; want arn:partition:service:region:account:resource`,
		"arn:":                   `ARN "arn:": 2 parts; want 6: arn:partition:service:region:account:resource`,
		"arn:aws":                `ARN "arn:aws": 2 parts; want 6: arn:partition:service:region:account:resource`,
		"arn:aws:s3:::":          "",
		"arn:aws:s3::logs":       `ARN "arn:aws:s3::logs": 5 parts; want 6: arn:partition:service:region:account:resource`,
		"arn::s3:::logs":         `ARN "arn::s3:::logs": empty partition; want aws, aws-cn or aws-us-gov`,
		"arn:aws::::logs":        `ARN "arn:aws::::logs": empty service`,
		"arn:aws:\xff":           `ARN "arn:aws:\xff": 3 parts; want 6: arn:partition:service:region:account:resource`,
		strings.Repeat("é", 100): `ARN "` + strings.Repeat("é", 60) + `…": does not start with "arn:"; want arn:partition:service:region:account:resource`,
		"arn:aws:s3:" + strings.Repeat("r", 70_000) + "::": `ARN "arn:aws:s3:` + strings.Repeat("r", 109) + `…": longer than any ARN`,
	} {
		a, err := policy.ParseARN(in)
		if want == "" {
			require.NoError(t, err, in)
			continue
		}
		require.EqualError(t, err, want)
		require.False(t, a.IsValid())
		require.PanicsWithValue(t, "policy: "+want, func() { policy.MustParseARN(in) })
	}
}

func TestARNIsSmall(t *testing.T) {
	require.Equal(t, uintptr(24), unsafe.Sizeof(policy.ARN{}))
	a, n := policy.MustParseARN("arn:aws:sqs:eu-west-1:111122223333:orders"), 0
	buf := make([]byte, 0, 64)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		n += len(a.Partition()) + len(a.Service()) + len(a.Region()) + len(a.AccountID()) + len(a.Resource()) + len(a.String())
		n += a.Compare(a)
		buf, _ = a.AppendText(buf[:0])
		b, _ := policy.ParseARN("arn:aws:s3:::logs")
		n += len(b.Resource())
	}))
}

func TestARNZero(t *testing.T) {
	t.Parallel()
	var a policy.ARN
	require.False(t, a.IsValid())
	require.Empty(t, a.Partition()+a.Service()+a.Region()+a.AccountID()+a.Resource()+a.String())
	require.Equal(t, -1, a.Compare(policy.MustParseARN("arn:aws:s3:::logs")))
}

func TestARNText(t *testing.T) {
	t.Parallel()
	type row struct{ Bucket, None policy.ARN }
	in := row{Bucket: policy.MustParseARN("arn:aws:s3:::logs")}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"Bucket":"arn:aws:s3:::logs","None":""}`, string(text))
	out := row{None: in.Bucket}
	require.NoError(t, json.Unmarshal(text, &out))
	require.Equal(t, in, out)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"Bucket":"logs"}`), &out), `ARN "logs"`)
	require.Equal(t, in, out, "a failed read changes nothing")
}

func TestARNCompare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(arns()).Draw(t, "list")
		slices.SortFunc(list, policy.ARN.Compare)
		if !slices.IsSortedFunc(list, func(a, b policy.ARN) int { return strings.Compare(a.String(), b.String()) }) {
			t.Fatalf("not in the order of the texts: %v", list)
		}
	})
}

func arns() *rapid.Generator[policy.ARN] {
	return rapid.Custom(func(t *rapid.T) policy.ARN {
		return policy.MustParseARN(rapid.StringMatching(`arn:aws(-cn)?:(s3|iam|sqs):(eu-west-1)?:(111122223333)?:[a-c:/*]{0,6}`).Draw(t, "arn"))
	})
}

func TestIsAccountID(t *testing.T) {
	t.Parallel()
	require.True(t, policy.IsAccountID("000000000000"))
	for _, s := range []string{"", "11112222333", "1111222233334", "11112222333a", "11112222333 ", "١١١١٢٢"} {
		require.False(t, policy.IsAccountID(s), s)
	}
}

func FuzzParseARN(f *testing.F) {
	for _, s := range []string{"arn:aws:s3:::logs", "arn:aws:iam::111122223333:role/app/orders", "arn:", "", "arn:aws:\xff:::"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := policy.ParseARN(s)
		if err != nil {
			if a.IsValid() || a != (policy.ARN{}) {
				t.Fatal("an error with a valid ARN")
			}
			return
		}
		parts := []string{"arn", a.Partition(), a.Service(), a.Region(), a.AccountID(), a.Resource()}
		if got := strings.Join(parts, ":"); got != s || a.String() != s {
			t.Fatalf("parts %q of %q", parts, s)
		}
		if slices.ContainsFunc(parts[:5], func(p string) bool { return strings.Contains(p, ":") }) {
			t.Fatalf("a colon in a part: %q", parts)
		}
		text, err := a.MarshalText()
		var b policy.ARN
		if err != nil || b.UnmarshalText(text) != nil || a != b {
			t.Fatalf("%q does not come back", s)
		}
	})
}
