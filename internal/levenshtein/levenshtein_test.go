package levenshtein_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/levenshtein"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"getobjekt", "getobject", 1}, {"ab", "ba", 2}, {"é", "e", 2},
	} {
		require.Equal(t, tt.want, levenshtein.Distance(tt.a, tt.b), "%s %s", tt.a, tt.b)
		require.Equal(t, tt.want, levenshtein.Distance(tt.b, tt.a), "%s %s", tt.b, tt.a)
	}
}
