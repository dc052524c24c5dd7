package replay

import "github.com/go-json-experiment/json/jsontext"

// members calls visit for each member of a JSON object, in the order of the text, with its
// name and its value as they are written. A name with an escape is not the name of any
// parameter, and is passed over. It reports false if the text is no object, or is broken
// where visit has not been yet.
func members(object jsontext.Value, visit func(name string, value []byte)) bool {
	i := blank(object, 0)
	if i >= len(object) || object[i] != '{' {
		return false
	}
	for i = blank(object, i+1); i < len(object) && object[i] != '}'; {
		from := i + 1
		if i = skipString(object, i); i < 0 {
			return false
		}
		name := object[from : i-1]
		if i = blank(object, i); i >= len(object) || object[i] != ':' {
			return false
		}
		from = blank(object, i+1)
		if i = skip(object, from); i < 0 {
			return false
		}
		if !hasEscape(name) {
			visit(string(name), object[from:i])
		}
		if i = blank(object, i); i < len(object) && object[i] == ',' {
			i = blank(object, i+1)
		} else if i >= len(object) || object[i] != '}' {
			return false
		}
	}
	return i < len(object)
}

func hasEscape(b []byte) bool {
	for _, c := range b {
		if c == '\\' {
			return true
		}
	}
	return false
}

func blank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the place behind the string at i, or -1.
func skipString(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for i++; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// skip returns the place behind the value at i, or -1.
func skip(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	if b[i] == '"' {
		return skipString(b, i)
	}
	depth, start := 0, i
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return orNothing(start, i)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return orNothing(start, i)
			}
		}
	}
	return -1
}

func orNothing(start, i int) int {
	if start == i {
		return -1
	}
	return i
}
