package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// globIncludes reports whether every text that inner matches is matched by outer, too. It
// says no when it is not certain: a policy variable in outer is only equal to itself, one
// in inner may be any text.
func globIncludes(outer, inner string) bool {
	if outer == inner || everything(outer) {
		return true
	}
	if strings.Contains(outer, "${") || !strings.ContainsAny(outer, "*?") || literalsDiffer(outer, inner) {
		return false
	}
	return symbolsInclude(symbols(outer), symbols(loosen(inner)))
}

// everything reports whether the pattern is a run of stars.
func everything(pattern string) bool {
	return strings.HasPrefix(pattern, "*") && strings.Trim(pattern, "*") == ""
}

// literalsDiffer compares what stands in front of the first wildcard or variable, which
// rules most pairs out.
func literalsDiffer(a, b string) bool {
	for i := range min(len(a), len(b)) {
		switch {
		case strings.IndexByte("*?$", a[i]) >= 0 || strings.IndexByte("*?$", b[i]) >= 0:
			return false
		case a[i] != b[i]:
			return true
		}
	}
	return false
}

// loosen puts a star in place of every variable.
func loosen(s string) string {
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			return s
		}
		n := strings.IndexByte(s[i:], '}')
		if n < 0 {
			return s
		}
		s = s[:i] + "*" + s[i+n+1:]
	}
}

// Wildcards as symbols; patterns hold no negative runes.
const (
	anyRun rune = -1
	anyOne rune = -2
)

// symbols writes each run of wildcards as its question marks and then at most one star, so
// that equal patterns look equal.
func symbols(s string) []rune {
	var out []rune
	star := false
	flush := func() {
		if star {
			out, star = append(out, anyRun), false
		}
	}
	for _, r := range s {
		switch r {
		case '*':
			star = true
		case '?':
			out = append(out, anyOne)
		default:
			flush()
			out = append(out, r)
		}
	}
	flush()
	return out
}

// symbolsInclude matches inner as if it were a text: a star of inner is taken only by a
// star of outer, its question mark by a question mark or a star. Every such match proves
// inclusion. It never backtracks over more than one star.
func symbolsInclude(outer, inner []rune) bool {
	o, i, star, mark := 0, 0, -1, 0
	for i < len(inner) {
		switch {
		case o < len(outer) && outer[o] == anyRun:
			star, mark = o, i
			o++
		case o < len(outer) && inner[i] != anyRun && (outer[o] == inner[i] || outer[o] == anyOne):
			o, i = o+1, i+1
		case star >= 0:
			mark++
			o, i = star+1, mark
		default:
			return false
		}
	}
	for o < len(outer) && outer[o] == anyRun {
		o++
	}
	return o == len(outer)
}

// globsMeet reports whether some text may match both patterns. It says no only when that
// is certain.
func globsMeet(a, b string) bool {
	if a == b || everything(a) || everything(b) {
		return true
	}
	if literalsDiffer(a, b) || !strings.ContainsAny(a, "*?$") && !strings.ContainsAny(b, "*?$") {
		return false
	}
	x, y := symbols(loosen(a)), symbols(loosen(b))
	meet := make([]bool, len(y)+1) // meet[j]: the rest of x from i, and of y from j, meet
	for i := len(x); i >= 0; i-- {
		var diagonal bool // meet[i+1][j+1]
		for j := len(y); j >= 0; j-- {
			below := i < len(x) && meet[j] // meet[i+1][j]
			right := j < len(y) && meet[j+1]
			next := meetAt(x, y, i, j, diagonal, below, right)
			diagonal, meet[j] = meet[j], next
		}
	}
	return meet[0]
}

func meetAt(x, y []rune, i, j int, diagonal, below, right bool) bool {
	switch {
	case i == len(x) && j == len(y):
		return true
	case i < len(x) && x[i] == anyRun:
		return below || right
	case j < len(y) && y[j] == anyRun:
		return below || right
	case i == len(x) || j == len(y):
		return false
	}
	return diagonal && (x[i] == y[j] || x[i] == anyOne || y[j] == anyOne)
}

// actionIncludes is globIncludes for values of an Action element: prefix and name are
// compared apart, without regard to case (IAM User Guide, “IAM JSON policy elements:
// Action”).
func actionIncludes(outer, inner string) bool {
	if everything(outer) || outer == "*:*" {
		return true
	}
	n := strings.IndexByte(outer, ':')
	if n < 0 || n >= len(inner) || inner[n] != ':' || !equalASCII(outer[:n], inner[:n]) {
		return false
	}
	on, in := outer[n+1:], inner[n+1:]
	return equalASCII(on, in) || strings.ContainsAny(on, "*?") && globIncludes(lowerASCII(on), lowerASCII(in))
}

// actionsMeet reports whether some action may match both values.
func actionsMeet(a, b string) bool {
	if everything(a) || everything(b) {
		return true
	}
	ap, an, ok1 := strings.Cut(lowerASCII(a), ":")
	bp, bn, ok2 := strings.Cut(lowerASCII(b), ":")
	return !ok1 || !ok2 || globsMeet(ap, bp) && globsMeet(an, bn)
}

// resourceIncludes is globIncludes for values of a Resource element: a wildcard in the
// first five parts of an ARN stays in its part (IAM User Guide, “IAM JSON policy elements:
// Resource”).
func resourceIncludes(outer, inner string) bool {
	if outer == inner || everything(outer) {
		return true
	}
	o, on := glob.SplitARN(outer, glob.Variables)
	i, in := glob.SplitARN(inner, glob.Variables)
	if on < 6 || in < 6 {
		return false
	}
	for k := range o {
		if !globIncludes(o[k], i[k]) {
			return false
		}
	}
	return true
}

// resourcesMeet reports whether some ARN may match both values.
func resourcesMeet(a, b string) bool {
	x, xn := glob.SplitARN(a, glob.Variables)
	y, yn := glob.SplitARN(b, glob.Variables)
	if xn < 6 || yn < 6 {
		return true
	}
	for k := range x {
		if !globsMeet(x[k], y[k]) {
			return false
		}
	}
	return true
}
