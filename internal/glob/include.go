package glob

import (
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
)

// Includes reports whether every text that inner matches is matched by outer, too. It
// says no when it is not certain: a policy variable in outer is only equal to itself, one
// in inner may be any text.
func Includes(outer, inner string) bool {
	if outer == inner || Everything(outer) {
		return true
	}
	if strings.Contains(outer, "${") || !strings.ContainsAny(outer, "*?") || literalsDiffer(outer, inner) {
		return false
	}
	return symbols(outer).Includes(symbols(Loosen(inner)))
}

// Everything reports whether the pattern is a run of stars.
func Everything(pattern string) bool {
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

// Loosen puts a star in place of every variable.
func Loosen(s string) string {
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

// Meet reports whether some text may match both patterns. It says no only when that
// is certain.
func Meet(a, b string) bool {
	if a == b || Everything(a) || Everything(b) {
		return true
	}
	if literalsDiffer(a, b) || !strings.ContainsAny(a, "*?$") && !strings.ContainsAny(b, "*?$") {
		return false
	}
	return symbols(Loosen(a)).meets(symbols(Loosen(b)))
}

// ActionIncludes is Includes for values of an Action element: prefix and name are
// compared apart, without regard to case (IAM User Guide, “IAM JSON policy elements:
// Action”).
func ActionIncludes(outer, inner string) bool {
	if Everything(outer) || outer == "*:*" {
		return true
	}
	n := strings.IndexByte(outer, ':')
	if n < 0 || n >= len(inner) || inner[n] != ':' || !ascii.Equal(outer[:n], inner[:n]) {
		return false
	}
	on, in := outer[n+1:], inner[n+1:]
	return ascii.Equal(on, in) || strings.ContainsAny(on, "*?") && Includes(ascii.ToLower(on), ascii.ToLower(in))
}

// ActionsMeet reports whether some action may match both values.
func ActionsMeet(a, b string) bool {
	if Everything(a) || Everything(b) {
		return true
	}
	ap, an, ok1 := strings.Cut(ascii.ToLower(a), ":")
	bp, bn, ok2 := strings.Cut(ascii.ToLower(b), ":")
	return !ok1 || !ok2 || Meet(ap, bp) && Meet(an, bn)
}

// ResourceIncludes is Includes for values of a Resource element: a wildcard in the
// first five parts of an ARN stays in its part (IAM User Guide, “IAM JSON policy elements:
// Resource”).
func ResourceIncludes(outer, inner string) bool {
	if outer == inner || Everything(outer) {
		return true
	}
	o, on := SplitARN(outer, Variables)
	i, in := SplitARN(inner, Variables)
	if on < 6 || in < 6 {
		return false
	}
	for k := range o {
		if !Includes(o[k], i[k]) {
			return false
		}
	}
	return true
}

// ResourcesMeet reports whether some ARN may match both values.
func ResourcesMeet(a, b string) bool {
	x, xn := SplitARN(a, Variables)
	y, yn := SplitARN(b, Variables)
	if xn < 6 || yn < 6 {
		return true
	}
	for k := range x {
		if !Meet(x[k], y[k]) {
			return false
		}
	}
	return true
}
