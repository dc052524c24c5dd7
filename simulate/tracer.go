package simulate

import "slices"

// A tracer collects the rules that a decision rests on. A nil tracer collects nothing.
type tracer struct{ rules []string }

func (t *tracer) rule(id string) {
	if t != nil && !slices.Contains(t.rules, id) {
		t.rules = append(t.rules, id)
	}
}
