package wording

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Every operator has words, and they say when its condition holds.
func TestConditionWords(t *testing.T) {
	for _, test := range []struct {
		operator policy.Operator
		values   []string
		want     string
	}{
		{"StringEquals", []string{"a"}, "it is a"},
		{"StringNotEquals", []string{"a", "b"}, "it is not a or b"},
		{"StringNotEqualsIfExists", []string{"a"}, "it is not a"},
		{"StringEqualsIfExists", []string{"a", "b", "c"}, "it is a, b or c, or absent"},
		{"stringlike", []string{"a*"}, "it matches a*"},
		{"StringLike", []string{"a"}, "it is a"},
		{"StringNotLike", []string{"a?", "b"}, "it does not match a? or b"},
		{"StringEqualsIgnoreCase", []string{"a"}, "it is, in any case, a"},
		{"NumericLessThanEquals", []string{"3"}, "it is at most 3"},
		{"DateGreaterThan", []string{"2026-01-01T00:00:00Z"}, "it is after 2026-01-01T00:00:00Z"},
		{"DateNotEquals", []string{"2026"}, "it is not 2026"},
		{"Bool", []string{"false"}, "it is false"},
		{"BoolIfExists", []string{"false"}, "it is false, or absent"},
		{"NotIpAddress", []string{"10.0.0.0/8"}, "it is not in 10.0.0.0/8"},
		{"ArnLike", []string{"arn:aws:iam::*:role/x"}, "it matches arn:aws:iam::*:role/x"},
		{"ArnNotEquals", []string{"arn:aws:iam::111122223333:role/x"}, "it is not arn:aws:iam::111122223333:role/x"},
		{"Null", []string{"true"}, "it is absent"},
		{"Null", []string{"false"}, "it is present"},
		{"ForAllValues:StringEquals", []string{"a"}, "every value of it is a, or there is none"},
		{"ForAnyValue:StringNotLike", []string{"a*"}, "any value of it does not match a*"},
		{"StringEquals", []string{""}, `it is ""`},
		{"StringEquals", []string{"1", "2", "3", "4", "5", "6", "7", "8"}, "it is 1, 2, 3, 4, 5, 6 or 2 more"},
	} {
		u := simulate.Unknown{Key: "k", Operator: test.operator, Want: test.values}
		require.Equal(t, test.want, UnknownText(u, "it"), "%s %v", test.operator, test.values)
	}
	for _, name := range policy.Operators() {
		require.NotContains(t, phraseOf(policy.Operator(name), []string{"x"}).affirm, "meets", name)
	}
}

func TestPrintable(t *testing.T) {
	require.Equal(t, `a\x1b[31mb\nc`, Printable("a\x1b[31mb\nc"))
	require.Equal(t, `"a\tb"`, Plain("a\tb"))
	require.Equal(t, "Ümlaut", Plain("Ümlaut"))
	// GitHub Actions obeys these in the middle of a line.
	require.Equal(t, `a##\x5bstop-commands]b`, Plain("a##[stop-commands]b"))
	require.Equal(t, `"##\x5berror]\n"`, Plain("##[error]\n"))
	require.Equal(t, `a##\x5berror]`, Printable("a##[error]"))
	require.Equal(t, `\n##\x5berror]`, Printable("\n##[error]"))
}
