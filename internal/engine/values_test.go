package engine

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Numbers compare as exact rationals do.
func TestDecimalsAreExact(t *testing.T) {
	number := rapid.StringMatching(`[+-]?[0-9]{1,6}(\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, ok1 := parseDecimal(a)
		y, ok2 := parseDecimal(b)
		p, ok3 := new(big.Rat).SetString(a)
		q, ok4 := new(big.Rat).SetString(b)
		if !ok1 || !ok2 || !ok3 || !ok4 {
			t.Fatalf("%q %v %v, %q %v %v", a, ok1, ok3, b, ok2, ok4)
		}
		if got, want := max(-1, min(1, x.compare(&y))), p.Cmp(q); got != want {
			t.Fatalf("%s <=> %s: got %d want %d", a, b, got, want)
		}
	})
}

func TestNotNumbers(t *testing.T) {
	for _, s := range []string{"", "+", ".5", "5.", "1e", "1e+", "e1", "1 ", " 1", "0x1", "1_000", "--1", "1e1.5", "NaN", "1e1234567890123456"} {
		_, ok := parseDecimal(s)
		require.False(t, ok, "%q", s)
	}
}

// Dates of RFC 3339 are what package time says.
func TestInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-62_000_000_000, 250_000_000_000).Draw(t, "sec"), 0).
			In(time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone")))
		got, ok := parseInstant(at.Format(time.RFC3339))
		if !ok || got.sec != at.Unix() {
			t.Fatalf("%s: got %v %v want %d", at.Format(time.RFC3339), got, ok, at.Unix())
		}
	})
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"2026", "1970-01-01T00:33:46Z", 0}, // digits are seconds
		{"2026-03-01", "2026-03-01T00:00:00Z", 0},
		{"2026-03-01T12:00", "2026-03-01T13:00:00+01:00", 0},
		{"2026-03-01T12:00:00.50Z", "2026-03-01T12:00:00.5Z", 0},
		{"2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00Z", 1},
		{"2026-03-01T12:00:00.0000000001Z", "2026-03-01T12:00:00Z", 1},
	} {
		a, ok1 := parseInstant(tt.a)
		b, ok2 := parseInstant(tt.b)
		require.True(t, ok1 && ok2, "%s %s", tt.a, tt.b)
		require.Equal(t, tt.want, a.compare(b), "%s <=> %s", tt.a, tt.b)
	}
	for _, s := range []string{"", "2026-13-01", "2026-02-30", "2026-03-01T24:00Z", "2026-03-01T12Z", "2026-3-1", "-5", "1.5", "tomorrow", "2026-03-01T12:00:00.Z", "1234567890123456789"} {
		_, ok := parseInstant(s)
		require.False(t, ok, "%q", s)
	}
}

func TestPrefixes(t *testing.T) {
	for _, tt := range []struct {
		prefix, addr string
		want         bool
	}{
		{"10.1.2.3/8", "10.200.0.1", true}, // host bits are ignored
		{"10.0.0.0/8", "::ffff:10.1.1.1", true},
		{"::ffff:10.0.0.0/104", "10.1.1.1", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"2001:DB8::/32", "2001:db8:0::1", true},
		{"203.0.113.7", "203.0.113.7", true},
	} {
		p, ok1 := parsePrefix(tt.prefix)
		a, ok2 := parseAddr(tt.addr)
		require.True(t, ok1 && ok2, "%v", tt)
		require.Equal(t, tt.want, p.Contains(a), "%v", tt)
	}
	for _, s := range []string{"", "10.0.0.0/33", "fe80::1%eth0", "10.0.0", "10.0.0.0/08"} {
		_, ok := parsePrefix(s)
		require.False(t, ok, "%q", s)
	}
}
