package symbolic

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A small world for the solver: three keys over the texts a, b, c and others, and two free variables.
var smallValues = []string{"a", "b", "c", "d"}

// An assignment is what the world is like: the values of each key, whether it counts as
// multivalued, and the free variables.
type assignment struct {
	values [3][]string
	many   [3]bool
	free   [2]bool
}

// node is the plain meaning of a formula, beside the formula.
type node struct {
	formula *Formula
	means   func(*assignment) bool
	text    string
}

// smallKeys are one key of each arity.
func smallKeys(p *Problem) (keys [3]Key) {
	for i, a := range []Arity{Either, Single, Multiple} {
		keys[i] = p.Key(fmt.Sprint("k", i), a, Untyped)
	}
	return keys
}

func drawLeaf(t *rapid.T, keys [3]Key, frees [2]Free) node {
	k := rapid.IntRange(0, 2).Draw(t, "key")
	key := keys[k]
	list := rapid.SliceOfNDistinct(rapid.SampledFrom(smallValues[:3]), 0, 3, rapid.ID[string]).Draw(t, "values")
	v := &Values{Complement: rapid.Bool().Draw(t, "complement")}
	for _, s := range list {
		v.Patterns = append(v.Patterns, Text(s))
	}
	in := func(s string) bool { return slices.Contains(list, s) != v.Complement }
	name := fmt.Sprintf("k%d %v %v", k, v.Complement, list)
	lone := func(a *assignment) bool { return len(a.values[k]) == 1 && !a.many[k] }
	switch rapid.IntRange(0, 6).Draw(t, "leaf") {
	case 0:
		return node{key.Some(v), func(a *assignment) bool { return slices.ContainsFunc(a.values[k], in) }, "some " + name}
	case 1:
		return node{key.Only(v), func(a *assignment) bool {
			return !slices.ContainsFunc(a.values[k], func(s string) bool { return !in(s) })
		}, "only " + name}
	case 2:
		return node{key.Absent(), func(a *assignment) bool { return len(a.values[k]) == 0 }, fmt.Sprint("absent k", k)}
	case 3:
		return node{key.Present(), func(a *assignment) bool { return len(a.values[k]) > 0 }, fmt.Sprint("present k", k)}
	case 4:
		return node{key.One(v), func(a *assignment) bool { return lone(a) && in(a.values[k][0]) }, "one " + name}
	case 5:
		return node{key.Lone(), lone, fmt.Sprint("lone k", k)}
	}
	i := rapid.IntRange(0, 1).Draw(t, "free")
	return node{frees[i].Is(), func(a *assignment) bool { return a.free[i] }, fmt.Sprint("free ", i)}
}

func drawNode(t *rapid.T, depth int, keys [3]Key, frees [2]Free) node {
	kind := rapid.IntRange(0, 5).Draw(t, "node")
	if depth == 0 || kind < 2 {
		return drawLeaf(t, keys, frees)
	}
	if kind == 2 {
		n := drawNode(t, depth-1, keys, frees)
		return node{Not(n.formula), func(a *assignment) bool { return !n.means(a) }, "not(" + n.text + ")"}
	}
	var parts []node
	var formulas []*Formula
	var names []string
	for range rapid.IntRange(0, 4).Draw(t, "parts") {
		n := drawNode(t, depth-1, keys, frees)
		parts, formulas, names = append(parts, n), append(formulas, n.formula), append(names, n.text)
	}
	text := "(" + strings.Join(names, ", ") + ")"
	if kind == 3 {
		return node{Or(formulas...), func(a *assignment) bool {
			return slices.ContainsFunc(parts, func(n node) bool { return n.means(a) })
		}, "or" + text}
	}
	return node{And(formulas...), func(a *assignment) bool {
		return !slices.ContainsFunc(parts, func(n node) bool { return !n.means(a) })
	}, "and" + text}
}

// smallSets are the sets of values of the small world, the empty one first.
func smallSets() (out [][]string) {
	for bits := range 1 << len(smallValues) {
		var s []string
		for i, v := range smallValues {
			if bits>>i&1 != 0 {
				s = append(s, v)
			}
		}
		out = append(out, s)
	}
	return out
}

// worlds are all ways that a key of an arity can be.
func keyStates(a Arity) (values [][]string, many []bool) {
	for _, s := range smallSets() {
		for _, m := range []bool{false, true} {
			switch {
			case len(s) == 0 && m, len(s) > 1 && !m, a == Single && m, a == Multiple && !m && len(s) > 0:
				continue
			}
			values, many = append(values, s), append(many, m)
		}
	}
	return values, many
}

// eachAssignment visits the whole small world until visit is false.
func eachAssignment(visit func(*assignment) bool) {
	v0, m0 := keyStates(Either)
	v1, m1 := keyStates(Single)
	v2, m2 := keyStates(Multiple)
	for i := range v0 {
		for j := range v1 {
			for l := range v2 {
				for f := range 4 {
					a := assignment{[3][]string{v0[i], v1[j], v2[l]}, [3]bool{m0[i], m1[j], m2[l]}, [2]bool{f&1 != 0, f&2 != 0}}
					if !visit(&a) {
						return
					}
				}
			}
		}
	}
}

// fromModel is the assignment that a model describes; what it leaves open is absent or false.
func fromModel(m Model) *assignment {
	var a assignment
	for i := range a.values {
		name := fmt.Sprint("k", i)
		a.values[i] = m.Keys[name]
		a.many[i] = len(a.values[i]) > 0 && (i == 2 || i == 0 && slices.Contains(m.Many, name))
	}
	for i := range a.free {
		a.free[i] = m.Free[i] > 0
	}
	return &a
}

// TestSolveIsExact: a formula has a model exactly if one of all assignments of a small world
// satisfies it, and the model does.
func TestSolveIsExact(t *testing.T) {
	count := [2]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := NewProblem(nil, NewMeter(nil))
		keys := smallKeys(p)
		frees := [2]Free{p.Free(), p.Free()}
		n := drawNode(t, 3, keys, frees)
		implied := rapid.Bool().Draw(t, "implied")
		var consequence node
		if implied {
			consequence = drawLeaf(t, keys, frees)
			p.Imply(frees[0], true, consequence.formula)
		}
		if err := p.Settle(); err != nil {
			t.Fatal(err)
		}
		holds := func(a *assignment) bool {
			return n.means(a) && (!implied || !a.free[0] || consequence.means(a))
		}
		want := false
		eachAssignment(func(a *assignment) bool {
			want = holds(a)
			return !want
		})
		m, got, err := p.Solve(n.formula)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%s: got %v, want %v", n.text, got, want)
		}
		if got && !holds(fromModel(m)) {
			t.Fatalf("%s: the model %+v does not satisfy it", n.text, m)
		}
		count[b2i(got)]++
	})
	if count[0] == 0 || count[1] == 0 {
		t.Errorf("%d formulas without a model and %d with one: want both", count[0], count[1])
	}
}

// TestNotIsTheComplement: no assignment satisfies a formula and its negation, each satisfies
// one of them.
func TestNotIsTheComplement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewProblem(nil, NewMeter(nil))
		n := drawNode(t, 2, smallKeys(p), [2]Free{p.Free(), p.Free()})
		if err := p.Settle(); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := p.Solve(And(n.formula, Not(n.formula))); ok || err != nil {
			t.Fatalf("%s and its negation: %v, %v", n.text, ok, err)
		}
		_, yes, err := p.Solve(n.formula)
		if err != nil {
			t.Fatal(err)
		}
		_, no, err := p.Solve(Not(n.formula))
		if err != nil || !yes && !no {
			t.Fatalf("%s: neither it nor its negation has a model: %v", n.text, err)
		}
		_, twice, err := p.Solve(Not(Not(n.formula)))
		if err != nil || twice != yes {
			t.Fatalf("%s: negated twice %v, want %v: %v", n.text, twice, yes, err)
		}
	})
}

// pigeons is a formula that needs exponentially many choices: n of them in n-1 holes, no two
// in one.
func pigeons(p *Problem, n int) *Formula {
	in := make([][]*Formula, n)
	var all []*Formula
	for i := range in {
		for range n - 1 {
			in[i] = append(in[i], p.Free().Is())
		}
		all = append(all, Or(in[i]...))
	}
	for j := range n - 1 {
		for i := range n {
			for k := range i {
				all = append(all, Or(Not(in[i][j]), Not(in[k][j])))
			}
		}
	}
	return And(all...)
}

// TestUnsettled: formulas that need too many choices end at the limit, not with an answer.
func TestUnsettled(t *testing.T) {
	p := NewProblem(nil, NewMeter(nil))
	goal := pigeons(p, 12)
	if err := p.Settle(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := p.Solve(goal); ok || err != Unsettled {
		t.Errorf("got %v, %v, want false, %v", ok, err, Unsettled)
	}
}

// TestStop: the search ends with the error of stop.
func TestStop(t *testing.T) {
	stop := false
	p := NewProblem(nil, NewMeter(func() error {
		if stop {
			return fmt.Errorf("enough")
		}
		return nil
	}))
	var all []*Formula
	for range 8 {
		k := p.Free()
		all = append(all, Or(k.Is(), Not(k.Is())))
	}
	for i := range 200 {
		k := p.Key(fmt.Sprint(i), Either, Untyped)
		all = append(all, Or(k.Present(), k.Absent()))
	}
	if err := p.Settle(); err != nil {
		t.Fatal(err)
	}
	stop, p.Meter().asked = true, p.Meter().asked-stride
	if _, ok, err := p.Solve(And(all...)); ok || err == nil || err.Error() != "enough" {
		t.Errorf("got %v, %v, want the error of stop", ok, err)
	}
}
