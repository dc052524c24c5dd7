package lint

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/levenshtein"
)

// guesses are the known names that a misspelt one is nearest to.
type guesses struct {
	names    []string
	distance int
}

// nearest finds the names that are the fewest edits away, at most so many and less than
// half of the word. Case does not count as an edit.
func nearest(misspelt string, known iter.Seq[string], most int) guesses {
	out := guesses{distance: most + 1}
	a := strings.ToLower(clip(misspelt))
	for k := range known {
		longest := max(len(a), len(k))
		if longest-min(len(a), len(k)) > out.distance {
			continue
		}
		d := levenshtein.Distance(a, strings.ToLower(k))
		switch {
		case d > most || 2*d >= longest || d > out.distance:
		case d < out.distance:
			out.names, out.distance = []string{k}, d
		case !slices.Contains(out.names, k):
			out.names = append(out.names, k)
		}
	}
	return out
}

// certain is the only nearest name, if it is at most two edits away.
func (g guesses) certain() (string, bool) {
	if len(g.names) != 1 || g.distance > 2 {
		return "", false
	}
	return g.names[0], true
}

// question is "did you mean …?", or otherwise if there is no guess.
func (g guesses) question(otherwise string) string {
	if len(g.names) == 0 {
		return otherwise
	}
	var list []string
	for _, n := range g.names[:min(3, len(g.names))] {
		list = append(list, fmt.Sprintf("%q", n))
	}
	return "did you mean " + strings.Join(list, " or ") + "?"
}
