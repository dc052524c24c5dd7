package detect

import "strings"

// glob reports whether the whole of text matches a pattern in which * stands for any text.
func glob(pattern, text string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == text
	}
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return true
}

// A memo remembers what was found out about a text, of a bounded number of texts.
type memo[T any] struct {
	known map[string]T
	find  func(string) T
}

// maxMemo is how many texts a memo remembers.
const maxMemo = 20_000

func newMemo[T any](find func(string) T) *memo[T] {
	return &memo[T]{make(map[string]T), find}
}

func (m *memo[T]) of(text string) T {
	v, ok := m.known[text]
	if !ok {
		v = m.find(text)
		if len(m.known) < maxMemo {
			m.known[strings.Clone(text)] = v
		}
	}
	return v
}
