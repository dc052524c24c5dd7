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

// TestResourceAmong: a cell has a resource of a class if a short text says so, and otherwise there
// is none.
func TestResourceAmong(t *testing.T) {
	var every []string
	for _, tail := range texts("ab:", 4) {
		every = append(every, "arn:x:x:x:x:"+tail)
	}
	every = append(every, "*")
	pattern := rapid.Custom(func(t *rapid.T) Pattern {
		return append(Glob("arn:*:*:x:*:", true), drawPattern(t, "ab:")...)
	})
	build := func(t *rapid.T, label string) *Automaton {
		elements := rapid.SliceOfN(rapid.SliceOfN(pattern, 0, 3), 1, 2).Draw(t, label)
		a, err := Build(NewMeter(nil), ResourceText, elements)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	found, none := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		automata := []*Automaton{build(t, "first"), build(t, "second")}
		of := build(t, "of")
		has := func(has func(int) bool) bool { return has(0) && (of.Elements() < 2 || !has(1)) }
		atoms, err := Atomize(NewMeter(nil), automata)
		if err != nil {
			t.Fatal(err)
		}
		for i := range atoms {
			c := &Cell{resources: atomOf{automata, &atoms[i]}}
			got, err := c.ResourceAmong(NewMeter(nil), of, has)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range every {
				if matched, ok := of.match(text); ok && has(matched.has) && c.HasResource(text) && !got {
					t.Fatalf("%q is of the cell and of the class", text)
				}
			}
			// The other direction: the product of all three has an atom of both.
			all, err := Atomize(NewMeter(nil), append(slices.Clip(automata), of))
			if err != nil {
				t.Fatal(err)
			}
			want := slices.ContainsFunc(all, func(a Atom) bool {
				return slices.Equal(a.Classes[:2], atoms[i].Classes) && has(of.classes[a.Classes[2]].has)
			})
			if got != want {
				t.Fatalf("%q: got %v, want %v", atoms[i].Witness(), got, want)
			}
			if want {
				found++
			} else {
				none++
			}
		}
	})
	if found == 0 || none == 0 {
		t.Errorf("%d found, %d not", found, none)
	}
}
