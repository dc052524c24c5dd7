package symbolic

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestActionsAmong: the actions of a cell among many are those of its class one by one, and every
// beginning of one of them may lead to it.
func TestActionsAmong(t *testing.T) {
	var every []string
	for _, s := range texts("ab:", 5) {
		if inside(ActionText, s) {
			every = append(every, s)
		}
	}
	slices.Sort(every)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfDistinct(rapid.SampledFrom(every), rapid.ID).Draw(t, "list")
		slices.Sort(list)
		var automata []*Automaton
		for range rapid.IntRange(1, 3).Draw(t, "automata") {
			elements := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Pattern { return drawPattern(t, "ab:") }), 0, 3), 0, 3).Draw(t, "elements")
			a, err := Build(NewMeter(nil), ActionText, elements)
			if err != nil {
				t.Fatal(err)
			}
			automata = append(automata, a)
		}
		atoms, err := Atomize(NewMeter(nil), automata)
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for i := range atoms {
			c := &Cell{actions: atomOf{automata, &atoms[i]}}
			var want []int
			for n, s := range list {
				if c.actions.has(s) {
					want = append(want, n)
				}
			}
			got := slices.Collect(c.ActionsAmong(NewWords(list)))
			if !slices.Equal(got, want) {
				t.Fatalf("among %q: got %v, want %v", list, got, want)
			}
			total += len(got)
			for _, prefix := range texts("ab:", 3) {
				found := slices.ContainsFunc(want, func(n int) bool { return strings.HasPrefix(list[n], prefix) })
				if found && !c.MayHaveAction(prefix) {
					t.Fatalf("%q begins an action of the cell", prefix)
				}
			}
		}
		if total != len(list) {
			t.Fatalf("%d of %d texts are in a cell", total, len(list))
		}
	})
}
