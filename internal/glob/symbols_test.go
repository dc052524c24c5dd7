package glob_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/glob"
)

func symbols(text string) glob.Symbols {
	p := glob.Compile(text, glob.Wildcards|glob.Variables)
	return p.Symbols(func(glob.Variable) (string, bool) { return "", false })
}

// An intersection matches exactly what both patterns match.
func TestIntersect(t *testing.T) {
	pattern := rapid.StringMatching(`[ab*?]{0,7}`)
	text := rapid.StringMatching(`[abc]{0,8}`)
	several := 0
	rapid.Check(t, func(t *rapid.T) {
		x, y := symbols(pattern.Draw(t, "x")), symbols(pattern.Draw(t, "y"))
		list, ok := x.Intersect(y)
		if !ok {
			return
		}
		if len(list) > 1 {
			several++
		}
		for range 10 {
			s := glob.Literal(text.Draw(t, "text"))
			got := slices.ContainsFunc(list, func(p glob.Symbols) bool { return p.Includes(s) })
			if want := x.Includes(s) && y.Includes(s); got != want {
				t.Fatalf("%v and %v: %v on %v: got %v want %v", x, y, list, s, got, want)
			}
		}
	})
	require.NotZero(t, several)
}

func TestIntersectCases(t *testing.T) {
	for _, tt := range []struct {
		x, y string
		want []string
	}{
		{"a*", "*b", []string{"a*b"}},
		{"logs/*", "*.csv", []string{"logs/*.csv"}},
		{"ab*", "*bc", []string{"ab*bc", "abc"}},
		{"a*", "b*", []string{}},
		{"logs/*", "logs/ana/*", []string{"logs/ana/*"}},
		{"a?", "?b", []string{"ab"}},
	} {
		list, ok := symbols(tt.x).Intersect(symbols(tt.y))
		require.True(t, ok)
		got := []string{}
		for _, p := range list {
			got = append(got, p.String())
		}
		require.ElementsMatch(t, tt.want, got, "%s and %s", tt.x, tt.y)
	}
}

// Symbols say the same as the pattern, and their text is the pattern again.
func TestSymbols(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é${}")), 0, 10, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?é${}")), 0, 8, -1).Draw(t, "s")
		p := glob.Compile(text, glob.Wildcards|glob.Variables)
		if len(p.Variables()) > 0 {
			return
		}
		x := symbols(text)
		if got, want := x.Includes(glob.Literal(s)), p.Match(s, nil); got != want {
			t.Fatalf("%q as %v on %q: got %v want %v", text, x, s, got, want)
		}
		if again := symbols(x.String()); !slices.Equal(x, again) {
			t.Fatalf("%q is %q, which is %q", text, x, again)
		}
		if filled := x.Fill(func(int) string { return "run" }, 'é'); !p.Match(filled, nil) {
			t.Fatalf("%q filled is %q", text, filled)
		}
	})
	p := glob.Compile("a/${v}/${w}", glob.Variables)
	require.Equal(t, "a/${*}/*", p.Symbols(func(v glob.Variable) (string, bool) { return "*", v.Key == "v" }).String())
	require.True(t, symbols("**").IsEverything())
	require.True(t, symbols("a${*}").IsLiteral())
}
