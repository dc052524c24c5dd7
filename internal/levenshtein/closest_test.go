package levenshtein_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/levenshtein"
)

// The banded distance is the plain one, cut off at the limit.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[ab]{0,9}`)
		a, b, limit := text.Draw(t, "a"), text.Draw(t, "b"), rapid.IntRange(1, 5).Draw(t, "limit")
		want, got := min(plainDistance(a, b), limit), levenshtein.Within(a, b, limit)
		if got != want {
			t.Fatalf("Within(%q, %q, %d) = %d, want %d", a, b, limit, got, want)
		}
	})
}

func plainDistance(a, b string) int {
	switch {
	case a == "":
		return len(b)
	case b == "":
		return len(a)
	case a[0] == b[0]:
		return plainDistance(a[1:], b[1:])
	}
	return 1 + min(plainDistance(a[1:], b), plainDistance(a, b[1:]), plainDistance(a[1:], b[1:]))
}
