package spec

import (
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
)

// naive is R-PAT-1 as plain recursion.
func naive(pattern, text []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '*':
		return naive(pattern[1:], text) || len(text) > 0 && naive(pattern, text[1:])
	case len(text) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == text[0]) && naive(pattern[1:], text[1:])
}

func texts(alphabet string, most int) []string {
	all := []string{""}
	last := all
	for range most {
		var next []string
		for _, s := range last {
			for _, c := range alphabet {
				next = append(next, s+string(c))
			}
		}
		all, last = append(all, next...), next
	}
	return all
}

func TestGlobIsNaiveRecursion(t *testing.T) {
	for _, pattern := range texts("a*?é", 5) {
		for _, text := range texts("aé", 4) {
			if want, got := naive([]rune(pattern), []rune(text)), globMatches(wildcardTokens(pattern), text); want != got {
				t.Fatalf("%q on %q: got %v want %v", pattern, text, got, want)
			}
		}
	}
}

func TestGlob(t *testing.T) {
	long := strings.Repeat("a", 300)
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true},
		{"*", "a/b:c\nd", true}, // R-PAT-1: any character
		{"?", "\n", true},
		{"?", "é", true}, // a code point, not a byte
		{"??", "é", false},
		{"?", "", false},
		{"a*b", "ab", true},
		{"a*b", "abc", false},
		{`a\*`, "a*", false}, // R-PAT-2: no escape character
		{`a\*`, `a\x`, true},
		{"", "", true},
		{"", "a", false},
		{"[a]", "a", false}, // R-ACT-7
		{strings.Repeat("*a", 100) + "b", long, false},
		{"?", "\xff", true},
		{"\xff", "\xfe", false},
		{"\ufffd", "\xff", false},
	} {
		require.Equal(t, tt.want, globMatches(wildcardTokens(tt.pattern), tt.text), "%q on %q", tt.pattern, tt.text)
	}
}

func TestVariableSyntax(t *testing.T) {
	e := newEvaluation(Layers{}, Request{Context: map[string][]string{
		"aws:username": {"ana"}, "aws:PrincipalTag/team": {"x*y"}, "empty": {""}, "none": {}, "aws:TagKeys": {"one"}, "two": {"1", "2"},
	}})
	for _, tt := range []struct {
		in   string
		want string
		ok   bool
	}{
		{"${aws:username}", "ana", true},
		{"${AWS:UserName}", "ana", true}, // R-VAR-1
		{"a${aws:username}b", "aanab", true},
		{"${nosuch, 'd'}", "d", true},
		{"${nosuch,'d'}", "d", true},
		{"${nosuch ,  'd' }", "d", true},
		{"${nosuch, 'a, b'}", "a, b", true},                                                                  // commas
		{"${nosuch, ''}", "", true},                                                                          // empty
		{"${nosuch, 'it's'}", "it's", true},                                                                  // first to last quote
		{"${nosuch, 'a}b'}", "", false},                                                                      // the first } closes
		{"${nosuch, d}", "", false},                                                                          // no quotes, no default
		{"${aws:username, 'd'}", "ana", true},                                                                // present
		{"$", "$", true}, {"${", "${", true}, {"${aws:username", "${aws:username", true}, {"$x", "$x", true}, // R-VAR-2
		{"${*}${?}${$}", "*?$", true}, // R-PAT-2
		{"${$}{aws}", "${aws}", true}, // the escape's result is not read again
		{"$${aws:username}", "$ana", true},
		{"${none}", "", false}, // R-VAR-3: empty value set
		{"${none, 'd'}", "d", true},
		{"${aws:TagKeys}", "", false}, // multivalued by type
		{"${aws:TagKeys, 'd'}", "d", true},
		{"${two}", "", false},  // several values
		{"${empty}", "", true}, // R-VAR-4
		{"${empty, 'd'}", "", true},
		{"${}", "", false},
	} {
		text, ok := e.literalText(pieces(tt.in, policy.Version2012))
		require.Equal(t, tt.ok, ok, tt.in)
		require.Equal(t, tt.want, text, tt.in)
	}
	// R-DOC-3.
	text, ok := e.literalText(pieces("${aws:username}${*}", policy.Version2008))
	require.True(t, ok)
	require.Equal(t, "${aws:username}${*}", text)
}

func TestDecimals(t *testing.T) {
	for _, s := range []string{"", " 1", "1 ", ".5", "5.", "1e", "e5", "0x10", "1_0", "--1", "+", "NaN", "Inf", "١", "1,5", "1.2.3", "1e1.5"} {
		_, ok := parseDecimal(s)
		require.False(t, ok, "%q", s)
	}
	numbers := []string{"0", "-0", "+0.00", "0e9", "1", "+1", "1.0", "10e-1", "0.1e1", "10.5", "10.50", "105e-1", "-1", "-10.5",
		"100", "1e2", "99.999", "1e-3", "0.0011", "12", "123", "-12", "-123", "1E5", "00012", "9007199254740993", "9007199254740992"}
	for _, a := range numbers {
		for _, b := range numbers {
			x, ok1 := parseDecimal(a)
			y, ok2 := parseDecimal(b)
			require.True(t, ok1 && ok2)
			want, _ := new(big.Rat).SetString(a)
			than, _ := new(big.Rat).SetString(b)
			got := x.compare(y)
			require.Equal(t, want.Cmp(than), max(-1, min(1, got)), "%s <=> %s", a, b)
		}
	}
	huge, _ := parseDecimal("1e999999999999999")
	tiny, _ := parseDecimal("1e-999999999999999")
	one, _ := parseDecimal("1")
	require.Positive(t, huge.compare(one))
	require.Negative(t, tiny.compare(one))
}

func TestDates(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want string // seconds; empty: does not parse
	}{
		{"0", "0"}, {"2024", "2024"}, {"1704067200", "1704067200"}, {"999999999999999999", "999999999999999999"}, {"0009999999999999999999", ""},
		{"2024-01", "1704067200"}, {"2024-01-01", "1704067200"},
		{"2024-01-01T00:00", "1704067200"}, {"2024-01-01T00:00Z", "1704067200"}, {"2024-01-01T00:00:00Z", "1704067200"},
		{"2024-01-01T01:00:00+01:00", "1704067200"}, {"2023-12-31T19:00:00-05:00", "1704067200"},
		{"2024-01-01T00:00:00.5Z", "3408134401/2"}, {"2024-01-01T00:00:00.500", "3408134401/2"},
		{"1970-01-01", "0"}, {"1969-12-31T23:59:59Z", "-1"}, {"2024-02-29", "1709164800"},
		{"2023-02-29", ""}, {"1900-02-29", ""}, {"2024-13-01", ""}, {"2024-00-01", ""}, {"2024-01-32", ""}, {"2024-01-00", ""}, {"2024-04-31", ""},
		{"2024-01-01T24:00Z", ""}, {"2024-01-01T00:60Z", ""}, {"2024-01-01T00:00:60Z", ""}, {"2024-01-01T00:00:00.Z", ""},
		{"2024-01-01T00Z", ""}, {"2024-01-01Z", ""}, {"2024-01-01 00:00", ""}, {"2024-1-1", ""}, {"2024-01-01t00:00z", ""},
		{"2024-01-01T00:00+0100", ""}, {"2024-01-01T00:00+24:00", ""}, {"-1", ""}, {"1.5", ""}, {"", ""}, {"now", ""}, {"2024-01-01T00:00:00Z ", ""},
	} {
		got, ok := parseDate(tt.in)
		require.Equal(t, tt.want != "", ok, tt.in)
		if ok {
			require.Equal(t, tt.want, got.RatString(), tt.in)
		}
	}
}

func TestFolding(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"Straße", "STRAẞE", true}, {"Straße", "STRASSE", false}, // simple, not full folding
		{"k", "\u212a", true}, {"s", "ſ", true}, {"Σ", "ς", true}, {"İ", "i", false}, {"ı", "I", false}, {"a", "b", false},
	} {
		require.Equal(t, tt.want, foldText(tt.a) == foldText(tt.b), "%s %s", tt.a, tt.b)
	}
}
