// Package ascii compares names as AWS does: without regard to the case of ASCII letters,
// and of no others. To Unicode, and so to strings.EqualFold, the Kelvin sign is a k and the
// long s an s.
package ascii

import "cmp"

// Lower is an ASCII letter in lower case, and any other byte as it is.
func Lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// ToLower makes ASCII letters lower case.
func ToLower(s string) string {
	for i := range len(s) {
		if Lower(s[i]) != s[i] {
			b := []byte(s)
			for ; i < len(b); i++ {
				b[i] = Lower(b[i])
			}
			return string(b)
		}
	}
	return s
}

// Equal reports whether a and b differ at most in the case of ASCII letters.
func Equal(a, b string) bool {
	return len(a) == len(b) && (a == b || Compare(a, b) == 0) // most names come in their usual spelling
}

// Compare orders texts by their bytes, ASCII letters in lower case.
func Compare(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := Lower(a[i]), Lower(b[i]); x != y {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}
