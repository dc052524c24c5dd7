package symbolic

import "slices"

// An Arity says how many values a context key has when a request has it.
type Arity uint8

// The arities.
const (
	Either Arity = iota // nobody knows: one, or several
	Single
	Multiple
)

// A Type restricts the values of a key to what its documented type can write.
type Type uint8

// The types.
const (
	Untyped Type = iota
	Boolean
	Number
	Date
	Address
)

// A keyVar is one context key of a problem.
type keyVar struct {
	name  string
	arity Arity
	typ   Type
	sets  []*Values
	likes []string // values that examples use where they can
	atoms []valueAtom
	bits  map[*Values]set
}

var booleanText = []Pattern{TextASCII("true"), TextASCII("false")}

// maxAtoms limits the atoms of one key.
const maxAtoms = 20_000

// valueSize is the bytes of an atom of a key, with its witness.
const valueSize = 128

// settle cuts the key's values into atoms. With one family they are exact. With several, a
// text that a test writes out is an atom of its own and its reading is known; other texts
// may have any reading, which is more than there is and so safe for a proof.
func (k *keyVar) settle(m *Meter, r *Readers) error {
	used := [families]bool{}
	for _, v := range k.sets {
		used[v.Family] = true
	}
	mixed := 0
	for _, u := range used {
		if u {
			mixed++
		}
	}
	var extra [][]Pattern
	if k.typ == Boolean {
		extra = append(extra, booleanText)
		used[Texts] = true
	}
	boolean := -1
	literals := 0
	if mixed > 1 {
		for _, v := range k.sets {
			for _, p := range v.Patterns {
				if s, ok := p.text(); ok {
					extra = append(extra, []Pattern{Text(s)})
					literals++
				}
			}
		}
	}
	if mixed == 0 {
		used[Texts] = true
	}
	var of [families]familyAtoms
	var texts *textAtoms
	if used[Texts] {
		t, err := newTextAtoms(m, k.sets, extra, k.likes)
		if err != nil {
			return err
		}
		of[Texts], texts = t, t
		if k.typ == Boolean {
			boolean = t.a.elements - len(extra)
		}
	}
	for f := Numbers; f <= Dates; f++ {
		if used[f] {
			of[f] = newRangeAtoms(f, k.sets, r)
		}
	}
	if used[Addresses] {
		of[Addresses] = newAddressAtoms(k.sets, r)
	}
	if used[Binary] {
		of[Binary] = newBinaryAtoms(k.sets, r)
	}
	typed := func(a valueAtom) bool {
		switch {
		case boolean >= 0:
			return texts.a.classes[a.in[Texts]].has(boolean)
		case k.typ == Number && of[Numbers] != nil:
			return a.in[Numbers] != 0
		case k.typ == Date && of[Dates] != nil:
			return a.in[Dates] != 0
		case k.typ == Address && of[Addresses] != nil:
			return a.in[Addresses] != 0
		}
		return true
	}
	add := func(a valueAtom) {
		if typed(a) {
			k.atoms = append(k.atoms, a)
		}
	}
	if texts == nil || mixed <= 1 {
		if err := k.single(of, add); err != nil {
			return err
		}
	} else if err := k.product(of, texts, literals, add); err != nil {
		return err
	}
	if len(k.atoms) > maxAtoms {
		return Entangled
	}
	if err := m.Hold(len(k.atoms)*valueSize + len(k.sets)*(setSize+8*words(len(k.atoms)))); err != nil {
		return err
	}
	k.bits = map[*Values]set{}
	for _, v := range k.sets {
		if err := m.Work(1 + len(k.atoms) + len(v.Patterns) + len(v.Ranges) + len(v.Networks) + len(v.Contents)); err != nil {
			return err
		}
		members := of[v.Family].members(v)
		bits := newSet(len(k.atoms))
		for i, a := range k.atoms {
			if members.has(a.in[v.Family]) {
				bits.add(i)
			}
		}
		k.bits[v] = bits
	}
	return nil
}

// single is for families that do not meet; several of them that are no texts are rare and
// take the product without texts.
func (k *keyVar) single(of [families]familyAtoms, add func(valueAtom)) error {
	list := []valueAtom{{}}
	for f, atoms := range of {
		if atoms == nil {
			continue
		}
		// Counted before the key's type takes any away: what is cut off must not be lost.
		if len(list)*atoms.count() > maxAtoms {
			return Entangled
		}
		next := make([]valueAtom, 0, len(list)*atoms.count())
		for _, a := range list {
			for i := range atoms.count() {
				a.in[f] = i
				next = append(next, a)
			}
		}
		list = next
	}
	for _, a := range list {
		a.witness, a.guess = example(of, a)
		add(a)
	}
	return nil
}

// product is for texts that are read in other ways, too.
func (k *keyVar) product(of [families]familyAtoms, texts *textAtoms, literals int, add func(valueAtom)) error {
	var wide [families]familyAtoms
	copy(wide[:], of[:])
	wide[Texts] = nil
	for c, class := range texts.a.classes {
		written := false
		for e := range class.all {
			written = written || e >= texts.a.elements-literals
		}
		if written {
			a := valueAtom{witness: texts.words[c]}
			for f, atoms := range of {
				if atoms == nil {
					continue
				}
				if a.in[f] = atoms.index(a.witness); a.in[f] < 0 {
					return Entangled
				}
			}
			a.in[Texts] = c
			add(a)
			continue
		}
		err := k.single(wide, func(a valueAtom) {
			a.in[Texts] = c
			a.witness, a.guess = example(of, a)
			add(a)
		})
		if err != nil || len(k.atoms) > maxAtoms {
			return Entangled
		}
	}
	return nil
}

// example is a text that is in the atom of every family, as far as one is found.
func example(of [families]familyAtoms, a valueAtom) (text string, guess bool) {
	first := ""
	for f := range of {
		if of[f] == nil {
			continue
		}
		s := of[f].witness(a.in[f])
		if f == 0 || first == "" {
			first = s
		}
		fits := true
		for g := range of {
			fits = fits && (of[g] == nil || of[g].index(s) == a.in[g])
		}
		if fits {
			return s, false
		}
	}
	return first, true
}

// text is the one text that a pattern of literals matches.
func (p Pattern) text() (string, bool) {
	var out []rune
	for _, t := range p {
		if t.Kind != Literal {
			return "", false
		}
		out = append(out, t.Rune)
	}
	return string(out), true
}

func (k *keyVar) addSet(v *Values) {
	if !slices.Contains(k.sets, v) {
		k.sets = append(k.sets, v)
	}
}
