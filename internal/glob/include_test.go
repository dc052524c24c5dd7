package glob_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/glob"
)

// Inclusion is sound: what the inner pattern matches, the outer one matches, too.
func TestGlobIncludes(t *testing.T) {
	pattern := rapid.StringMatching(`[ab*?]{0,6}`)
	text := rapid.StringMatching(`[abc]{0,7}`)
	rapid.Check(t, func(t *rapid.T) {
		outer, inner, s := pattern.Draw(t, "outer"), pattern.Draw(t, "inner"), text.Draw(t, "text")
		o, i := glob.Compile(outer, glob.Wildcards), glob.Compile(inner, glob.Wildcards)
		if i.Match(s, nil) && glob.Includes(outer, inner) && !o.Match(s, nil) {
			t.Fatalf("%q includes %q, but only the latter matches %q", outer, inner, s)
		}
		if i.Match(s, nil) && o.Match(s, nil) && !glob.Meet(outer, inner) {
			t.Fatalf("%q and %q both match %q", outer, inner, s)
		}
		if glob.Meet(outer, inner) != glob.Meet(inner, outer) {
			t.Fatalf("%q and %q meet in one direction only", outer, inner)
		}
	})
}

func TestGlobIncludesCases(t *testing.T) {
	for _, test := range []struct {
		outer, inner string
		want         bool
	}{
		{"*", "", true},
		{"a*", "a", true},
		{"a*", "a?*", true},
		{"?*", "*?", true},
		{"*?", "?*", true},
		{"a?", "a*", false},
		{"a*b*", "a*xb", true},
		{"*ab", "*b", false},
		{"x/${aws:username}", "x/${aws:username}", true},
		{"x/${aws:username}", "x/ana", false},
		{"x/*", "x/${aws:username}", true},
		{"x/?", "x/${aws:username}", false},
	} {
		if got := glob.Includes(test.outer, test.inner); got != test.want {
			t.Errorf("Includes(%q, %q) = %v", test.outer, test.inner, got)
		}
	}
}
