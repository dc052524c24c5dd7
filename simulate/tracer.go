package simulate

import (
	"slices"

	"github.com/licit-dev/licit/internal/engine"
)

// A tracer accompanies a decision: it collects the rules that the decision rests on, and
// may settle conditions that are not known. A nil tracer does neither.
type tracer struct {
	rules  []string
	assume *engine.Assumptions
}

func (t *tracer) rule(id string) {
	if t != nil && !slices.Contains(t.rules, id) {
		t.rules = append(t.rules, id)
	}
}

func (t *tracer) assumptions() *engine.Assumptions {
	if t == nil {
		return nil
	}
	return t.assume
}
