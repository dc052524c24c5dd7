package levenshtein

import (
	"iter"
	"strings"
)

// Closest returns the known name that a misspelt name most likely should have been, or
// "". The order of known does not matter.
func Closest(name string, known iter.Seq[string]) string {
	const limit, longest = 3, 256
	if len(name) > longest {
		return ""
	}
	best, bestDistance := "", limit
	folded := strings.ToLower(name)
	for k := range known {
		if k == "" || k == name {
			continue
		}
		d := Within(folded, strings.ToLower(k), bestDistance+1)
		if d > max(1, len(name)/2) || d > bestDistance {
			continue
		}
		if d < bestDistance || best == "" || k < best {
			best, bestDistance = k, d
		}
	}
	return best
}

// Within is [Distance], or limit if that is less, which is found sooner.
func Within(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = min(j, limit)
	}
	for i := range len(a) {
		// Further from the diagonal than limit, nothing is less than limit.
		first, last := max(0, i-limit), min(len(b), i+limit+1)
		diagonal, least := row[first], limit
		row[first] = min(i+1, limit)
		if first == 0 {
			least = row[0]
		}
		for j := first; j < last; j++ {
			cost := diagonal
			if a[i] != b[j] {
				cost = min(1+min(diagonal, row[j], row[j+1]), limit)
			}
			diagonal, row[j+1] = row[j+1], cost
			least = min(least, cost)
		}
		if least >= limit {
			return limit
		}
	}
	return min(row[len(b)], limit)
}
