package symbolic

import "slices"

// A Formula is a Boolean combination of tests, immutable. The nil *Formula is [True].
type Formula struct {
	op    op
	args  []*Formula
	test  test
	first bool // of a disjunction: it is chosen from before others
}

// chosenFirst is f with a hint for the search.
func chosenFirst(f *Formula) *Formula {
	if f == nil || f.op != opOr {
		return f
	}
	return &Formula{op: opOr, args: f.args, first: true}
}

type op uint8

const (
	opTrue op = iota
	opFalse
	opAnd
	opOr
	opTest
)

// A test speaks of one key, or of a free variable.
type test struct {
	kind   testKind
	key    int // a key, or a free variable
	values *Values
	not    bool // values are the complement of values; a free variable is false
}

type testKind uint8

const (
	free    testKind = iota
	some             // a value of the key is in the set
	only             // no value of the key is outside of the set
	absent           // the key has no value
	present          // it has
	many             // it has, and counts as multivalued in this request
	few              // not so
)

var falseFormula = &Formula{op: opFalse}

// True is the formula that holds always.
func True() *Formula { return nil }

// False is the formula that never holds.
func False() *Formula { return falseFormula }

// IsTrue reports whether f is [True]; other formulas that always hold are not looked for.
func (f *Formula) IsTrue() bool { return f == nil || f.op == opTrue }

// IsFalse reports whether f is [False].
func (f *Formula) IsFalse() bool { return f != nil && f.op == opFalse }

// And holds when all of them do.
func And(list ...*Formula) *Formula { return join(opAnd, list) }

// Or holds when one of them does; none: never.
func Or(list ...*Formula) *Formula { return join(opOr, list) }

func join(o op, list []*Formula) *Formula {
	var args []*Formula
	for _, f := range list {
		switch {
		case f.IsTrue():
			if o == opOr {
				return True()
			}
		case f.IsFalse():
			if o == opAnd {
				return False()
			}
		case f.op == o:
			args = append(args, f.args...)
		default:
			args = append(args, f)
		}
	}
	switch {
	case len(args) == 1:
		return args[0]
	case len(args) == 0 && o == opOr:
		return False()
	case len(args) == 0:
		return True()
	}
	return &Formula{op: o, args: args}
}

// Not holds when f does not.
func Not(f *Formula) *Formula {
	switch {
	case f.IsTrue():
		return False()
	case f.IsFalse():
		return True()
	case f.op == opTest:
		t := f.test
		switch t.kind {
		case free:
			t.not = !t.not
		case some:
			t.kind, t.not = only, !t.not
		case only:
			t.kind, t.not = some, !t.not
		case absent:
			t.kind = present
		case present:
			t.kind = absent
		case many:
			t.kind = few
		case few:
			t.kind = many
		}
		return &Formula{op: opTest, test: t}
	}
	args := make([]*Formula, len(f.args))
	for i, a := range f.args {
		args[i] = Not(a)
	}
	if f.op == opAnd {
		return join(opOr, args)
	}
	return join(opAnd, args)
}

// Some holds when the key has a value in v.
func (k Key) Some(v *Values) *Formula { return k.of(test{kind: some, values: v}) }

// Only holds when the key has no value outside of v; also when it has none.
func (k Key) Only(v *Values) *Formula { return k.of(test{kind: only, values: v}) }

// Absent holds when the key has no value.
func (k Key) Absent() *Formula { return k.of(test{kind: absent}) }

// Present holds when the key has a value.
func (k Key) Present() *Formula { return k.of(test{kind: present}) }

// One holds when the key has one value, which is in v, and counts as single-valued.
func (k Key) One(v *Values) *Formula { return And(k.of(test{kind: few}), k.Some(v)) }

// Lone holds when the key has one value and counts as single-valued.
func (k Key) Lone() *Formula {
	return And(k.of(test{kind: few}), k.Present())
}

// Like names values that models use where any of their class will do, the best first.
func (k Key) Like(values ...string) {
	v := k.p.keys[k.index]
	for _, s := range values {
		if !slices.Contains(v.likes, s) {
			v.likes = append(v.likes, s)
		}
	}
}

// Several says that the key may have several values though it was made for one.
func (k Key) Several() {
	if v := k.p.keys[k.index]; v.arity == Single {
		v.arity = Either
	}
}

func (k Key) of(t test) *Formula {
	t.key = k.index
	if t.values != nil {
		k.p.keys[k.index].addSet(t.values)
	}
	return &Formula{op: opTest, test: t}
}

// A Key is a context key of a [Problem].
type Key struct {
	p     *Problem
	index int
}

// A Free is a variable of a [Problem] that is true or false.
type Free int

// Is holds when the variable is true.
func (v Free) Is() *Formula { return &Formula{op: opTest, test: test{kind: free, key: int(v)}} }
