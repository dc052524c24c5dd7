package glob_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/glob"
)

// naive is the obvious matcher: a recursion over characters.
func naive(p, s []rune) bool {
	if len(p) == 0 {
		return len(s) == 0
	}
	switch p[0] {
	case '*':
		return naive(p[1:], s) || len(s) > 0 && naive(p, s[1:])
	case '?':
		return len(s) > 0 && naive(p[1:], s[1:])
	}
	return len(s) > 0 && s[0] == p[0] && naive(p[1:], s[1:])
}

func TestMatchIsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab:*?é")), 0, 12, -1).Draw(t, "pattern")
		s := rapid.StringOfN(rapid.RuneFrom([]rune("ab:*é\n")), 0, 12, -1).Draw(t, "s")
		p := glob.Compile(text, glob.Wildcards)
		if got, want := p.Match(s, nil), naive([]rune(text), []rune(s)); got != want {
			t.Fatalf("%q on %q: got %v want %v", text, s, got, want)
		}
		upper := glob.Compile(strings.ToUpper(text), glob.Wildcards|glob.FoldASCII)
		lowered := strings.ReplaceAll(text, "é", "É")
		if got, want := upper.Match(s, nil), naive([]rune(lowered), []rune(s)); got != want {
			t.Fatalf("folded %q on %q: got %v want %v", text, s, got, want)
		}
	})
}

func TestVariables(t *testing.T) {
	for _, tt := range []struct {
		pattern, s string
		values     []string
		want       bool
	}{
		{"home/${aws:username}/*", "home/ana/x", []string{"ana"}, true},
		{"home/${aws:username}/*", "home/bob/x", []string{"ana"}, false},
		{"home/${aws:username}", "home/bob", []string{"*"}, false},
		{"home/${aws:username}", "home/*", []string{"*"}, true},
		{"a${*}b", "a*b", nil, true},
		{"a${*}b", "axb", nil, false},
		{"a${?}b${$}", "a?b$", nil, true},
		{"a$b${c", "a$b${c", nil, true},
		{"*${x}", "ab-ana", []string{"ana"}, true},
		{"${x}?${y}", "1é2", []string{"1", "2"}, true},
	} {
		p := glob.Compile(tt.pattern, glob.Wildcards|glob.Variables)
		require.Equal(t, tt.want, p.Match(tt.s, tt.values), "%s on %s", tt.pattern, tt.s)
		loose := p.Loosened()
		if tt.want {
			require.True(t, loose.Match(tt.s, nil), "%s loosened on %s", tt.pattern, tt.s)
		}
	}
	p := glob.Compile("${aws:PrincipalTag/team, 'a, b'}${k,''}${n}", glob.Variables)
	require.Equal(t, []glob.Variable{
		{Key: "aws:PrincipalTag/team", Default: "a, b", HasDefault: true},
		{Key: "k", HasDefault: true}, {Key: "n"},
	}, p.Variables())
	plain := glob.Compile("${*}", glob.Wildcards)
	require.True(t, plain.Match("${anything}", nil), "2008 documents have no variables")
}

func TestEqualFold(t *testing.T) {
	p := glob.Compile("Straße-K${v}", glob.Variables)
	require.True(t, p.EqualFold("sTRAßE-\u212aÉ", []string{"é"}), "simple folding: the Kelvin sign is a k")
	require.False(t, p.EqualFold("strasse-ké", []string{"é"}), "no full folding")
	require.False(t, p.EqualFold("Straße-Ké!", []string{"é"}))
}

func TestSplitARN(t *testing.T) {
	parts, n := glob.SplitARN("arn:aws:s3:::${a:b}:c:d", glob.Variables)
	require.Equal(t, 6, n)
	require.Equal(t, "${a:b}:c:d", parts[5])
	_, n = glob.SplitARN("arn:aws:${a:b}", glob.Variables)
	require.Equal(t, 3, n)
	_, n = glob.SplitARN("arn:aws:${a:b}", 0)
	require.Equal(t, 4, n)
}

// Every star but the last is matched at its leftmost place, so a hostile pattern costs
// no more than one pass; a backtracking matcher would not end.
func TestHostilePatternEnds(t *testing.T) {
	p := glob.Compile(strings.Repeat("*a", 5000)+"b", glob.Wildcards)
	require.False(t, p.Match(strings.Repeat("a", 10_000), nil))
	q := glob.Compile(strings.Repeat("*a?", 3000)+"b", glob.Wildcards|glob.FoldASCII)
	require.False(t, q.Match(strings.Repeat("a", 10_000), nil))
}

func TestMatchDoesNotAllocate(t *testing.T) {
	p := glob.Compile("logs/*/${a}-?*x", glob.Wildcards|glob.Variables)
	values := []string{"team"}
	require.Zero(t, testing.AllocsPerRun(100, func() { p.Match("logs/2026/team-abcx", values) }))
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?", "axxby")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 20 || len(s) > 20 {
			return
		}
		pattern, s = strings.ToValidUTF8(pattern, ""), strings.ToValidUTF8(s, "")
		p := glob.Compile(pattern, glob.Wildcards)
		if got, want := p.Match(s, nil), naive([]rune(pattern), []rune(s)); got != want {
			t.Fatalf("%q on %q: got %v want %v", pattern, s, got, want)
		}
	})
}
