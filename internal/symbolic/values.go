package symbolic

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// A Family is a way to read the values of a context key.
type Family uint8

// The families.
const (
	Texts Family = iota
	Numbers
	Dates
	Addresses
	Binary
	families
)

// Values is a set of values of a context key: those that Patterns, Ranges, Networks or
// Contents list, read as the family says; or with Complement all others that the family can
// read. The zero Values is empty.
type Values struct {
	Family     Family
	Patterns   []Pattern      // of Texts
	Form       []Pattern      // of Texts with Complement: of those that match one of these; nil: of all
	Ranges     []Range        // of Numbers and Dates
	Networks   []netip.Prefix // of Addresses
	Contents   []string       // of Binary
	Complement bool
}

// A Range is an interval of numbers, or of seconds since 1970. A nil bound is none.
type Range struct {
	From, To         *big.Rat
	AboveFrom, Below bool // the bound itself is not inside
}

// Readers of values as the evaluators read them. They are given, so that there is one
// reading only.
type Readers struct {
	// Number may know that a text is a number and not how much; the value is nil then.
	Number func(string) (*big.Rat, bool)
	Date   func(string) (*big.Rat, bool)
	// Address is without zone, and IPv4 where it is written as IPv6.
	Address func(string) (netip.Addr, bool)
	// Content is what a text in base64 means, or the text itself.
	Content func(string) string
}

// A valueAtom is a class of values that no test of a key tells apart.
type valueAtom struct {
	witness string
	in      [families]int // the atom of each family
	guess   bool          // whether the witness is of this atom is not certain
}

// A family's atoms: an index for every value, and a witness for every index. Index 0 of
// families that cannot read every text is what they cannot read.
type familyAtoms interface {
	count() int
	witness(i int) string
	index(s string) int    // -1: not known
	members(v *Values) set // of the atoms
}

// textAtoms are those of an automaton; its elements are the sets' patterns and forms.
type textAtoms struct {
	a       *Automaton
	element map[*Values][2]int // of Patterns and of Form, -1 without
	words   []string
}

func newTextAtoms(m *Meter, sets []*Values, extra [][]Pattern, likes []string) (*textAtoms, error) {
	t := &textAtoms{element: map[*Values][2]int{}}
	var elements [][]Pattern
	for _, v := range sets {
		if v.Family != Texts {
			continue
		}
		at := [2]int{len(elements), -1}
		elements = append(elements, v.Patterns)
		if v.Form != nil {
			at[1] = len(elements)
			elements = append(elements, v.Form)
		}
		t.element[v] = at
	}
	elements = append(elements, extra...)
	var err error
	if t.a, err = Build(m, AnyText, elements); err != nil {
		return nil, err
	}
	if len(t.a.classes) > maxAtoms {
		return nil, Entangled
	}
	if err := m.Use(t.a); err != nil {
		return nil, err
	}
	for c, word := range t.a.shortest() {
		if word == "" && t.index("x") == c {
			word = "x" // an empty value is seldom what somebody sends
		}
		t.words = append(t.words, word)
	}
	for _, s := range slices.Backward(likes) {
		t.words[t.index(s)] = s
	}
	return t, nil
}

func (t *textAtoms) count() int           { return len(t.words) }
func (t *textAtoms) witness(i int) string { return t.words[i] }

func (t *textAtoms) index(s string) int {
	at := int32(0)
	for _, r := range s {
		at = t.a.next(at, r)
	}
	return int(t.a.states[at].class)
}

func (t *textAtoms) members(v *Values) set {
	at := t.element[v]
	out := newSet(t.count())
	for i, class := range t.a.classes {
		in := class.has(at[0])
		if v.Complement {
			in = !in && (at[1] < 0 || class.has(at[1]))
		}
		if in {
			out.add(i)
		}
	}
	return out
}

// rangeAtoms are points and the gaps between them, behind the atom 0 of what cannot be read.
type rangeAtoms struct {
	points []*big.Rat // sorted; gap i is atom 1+2i, point i is atom 2+2i
	read   func(string) (*big.Rat, bool)
	write  func(*big.Rat) string
}

func newRangeAtoms(f Family, sets []*Values, r *Readers) *rangeAtoms {
	a := &rangeAtoms{read: r.Number, write: writeNumber}
	if f == Dates {
		a.read, a.write = r.Date, writeDate
	}
	for _, v := range sets {
		if v.Family != f {
			continue
		}
		for _, r := range v.Ranges {
			for _, p := range []*big.Rat{r.From, r.To} {
				if p != nil {
					a.points = append(a.points, p)
				}
			}
		}
	}
	slices.SortFunc(a.points, (*big.Rat).Cmp)
	a.points = slices.CompactFunc(a.points, func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })
	return a
}

func (a *rangeAtoms) count() int { return 2 + 2*len(a.points) }

// value is a number in atom i, which is not 0: a whole one where there is any.
func (a *rangeAtoms) value(i int) *big.Rat {
	if i%2 == 0 {
		return a.points[i/2-1]
	}
	one := big.NewRat(1, 1)
	switch g := (i - 1) / 2; {
	case len(a.points) == 0:
		return one
	case g == 0:
		return new(big.Rat).Sub(floor(a.points[0]), one)
	case g == len(a.points):
		return new(big.Rat).Add(floor(a.points[g-1]), one)
	default:
		low, high := a.points[g-1], a.points[g]
		if v := new(big.Rat).Add(floor(low), one); v.Cmp(high) < 0 {
			return v
		}
		v := new(big.Rat).Add(low, high)
		return v.Quo(v, big.NewRat(2, 1))
	}
}

func floor(r *big.Rat) *big.Rat {
	q, m := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	_ = m
	return new(big.Rat).SetInt(q)
}

func writeNumber(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return strings.TrimRight(r.FloatString(decimals(r)), "0")
}

// decimals is how many digits behind the point write r, a finite decimal, exactly.
func decimals(r *big.Rat) int {
	n, d := 0, new(big.Int).Set(r.Denom())
	ten, m := big.NewInt(10), new(big.Int)
	for d.Cmp(big.NewInt(1)) > 0 && n < 4096 {
		// Each digit takes a factor 2 and a factor 5 away.
		g := new(big.Int).GCD(nil, nil, d, ten)
		if g.Cmp(big.NewInt(1)) == 0 {
			break
		}
		d.DivMod(d, g, m)
		n++
	}
	return n
}

func writeDate(r *big.Rat) string {
	whole := floor(r).Num()
	if !whole.IsInt64() {
		return whole.String()
	}
	t := time.Unix(whole.Int64(), 0).UTC()
	if t.Year() < 0 || t.Year() > 9999 {
		return whole.String()
	}
	text := t.Format("2006-01-02T15:04:05")
	if rest := new(big.Rat).Sub(r, floor(r)); rest.Sign() > 0 {
		text += strings.TrimPrefix(writeNumber(rest), "0")
	}
	return text + "Z"
}

func (a *rangeAtoms) witness(i int) string {
	if i == 0 {
		return "x"
	}
	return a.write(a.value(i))
}

func (a *rangeAtoms) index(s string) int {
	v, ok := a.read(s)
	switch {
	case !ok:
		return 0
	case v == nil:
		return -1
	}
	i, exact := slices.BinarySearchFunc(a.points, v, (*big.Rat).Cmp)
	if exact {
		return 2 + 2*i
	}
	return 1 + 2*i
}

func (a *rangeAtoms) members(v *Values) set {
	point := func(r *big.Rat) int {
		i, _ := slices.BinarySearchFunc(a.points, r, (*big.Rat).Cmp) // every bound is a point
		return 2 + 2*i
	}
	changes := make([]int, a.count()+1)
	for _, r := range v.Ranges {
		from, to := 1, a.count() // without to
		if r.From != nil {
			if from = point(r.From); r.AboveFrom {
				from++
			}
		}
		if r.To != nil {
			if to = point(r.To) + 1; r.Below {
				to--
			}
		}
		if from < to {
			changes[from]++
			changes[to]--
		}
	}
	return covered(changes, v.Complement)
}

// covered is the atoms behind 0 that are in an interval, or with complement in none. changes
// are how many intervals begin at each atom, less those that ended before it.
func covered(changes []int, complement bool) set {
	out := newSet(len(changes) - 1)
	in := 0
	for i := 1; i < len(changes)-1; i++ {
		if in += changes[i]; in > 0 != complement {
			out.add(i)
		}
	}
	return out
}

// addressAtoms are intervals of addresses, behind the atom 0 of what is none.
type addressAtoms struct {
	starts []netip.Addr // sorted; the first IPv4 and the first IPv6 address are among them
	read   func(string) (netip.Addr, bool)
}

func newAddressAtoms(sets []*Values, r *Readers) *addressAtoms {
	a := &addressAtoms{read: r.Address}
	a.starts = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, v := range sets {
		for _, n := range v.Networks {
			n = n.Masked()
			a.starts = append(a.starts, n.Addr())
			if next := last(n).Next(); next.IsValid() {
				a.starts = append(a.starts, next)
			}
		}
	}
	slices.SortFunc(a.starts, netip.Addr.Compare)
	a.starts = slices.Compact(a.starts)
	return a
}

// last is the last address of a network.
func last(n netip.Prefix) netip.Addr {
	b := n.Addr().AsSlice()
	for i := n.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

func (a *addressAtoms) count() int { return 1 + len(a.starts) }

func (a *addressAtoms) witness(i int) string {
	if i == 0 {
		return "x"
	}
	// An address that readers know, where it is in the interval.
	for _, text := range []string{"203.0.113.7", "198.51.100.7", "192.0.2.7", "10.0.0.7", "2001:db8::7"} {
		if a.index(text) == i {
			return text
		}
	}
	if second := a.starts[i-1].Next(); second.IsValid() && a.index(second.String()) == i {
		return second.String()
	}
	return a.starts[i-1].String()
}

func (a *addressAtoms) index(s string) int {
	v, ok := a.read(s)
	if !ok {
		return 0
	}
	i, exact := slices.BinarySearchFunc(a.starts, v, netip.Addr.Compare)
	if exact {
		return i + 1
	}
	return i
}

func (a *addressAtoms) members(v *Values) set {
	at := func(address netip.Addr) int {
		i, _ := slices.BinarySearchFunc(a.starts, address, netip.Addr.Compare) // it is among them
		return i + 1
	}
	changes := make([]int, a.count()+1)
	for _, n := range v.Networks {
		n = n.Masked()
		end := a.count()
		if next := last(n).Next(); next.IsValid() {
			end = at(next)
		} else if n.Addr().Is4() {
			end = at(netip.IPv6Unspecified())
		}
		changes[at(n.Addr())]++
		changes[end]--
	}
	return covered(changes, v.Complement)
}

// binaryAtoms are the listed contents, and atom 0 for all others.
type binaryAtoms struct {
	at   map[string]int // contents
	text []string       // of the atoms behind 0
	read func(string) string
}

func newBinaryAtoms(sets []*Values, r *Readers) *binaryAtoms {
	b := &binaryAtoms{at: map[string]int{}, read: r.Content}
	var all []string
	for _, v := range sets {
		if v.Family == Binary {
			all = append(all, v.Contents...)
		}
	}
	slices.Sort(all)
	for _, s := range all {
		if c := b.read(s); b.at[c] == 0 {
			b.text = append(b.text, s)
			b.at[c] = len(b.text)
		}
	}
	return b
}

func (b *binaryAtoms) count() int { return 1 + len(b.text) }

func (b *binaryAtoms) witness(i int) string {
	if i > 0 {
		return b.text[i-1]
	}
	for n := 0; ; n++ {
		if s := fmt.Sprintf("other%d", n); b.index(s) == 0 {
			return s
		}
	}
}

func (b *binaryAtoms) index(s string) int { return b.at[b.read(s)] }

func (b *binaryAtoms) members(v *Values) set {
	listed := newSet(b.count())
	for _, s := range v.Contents {
		listed.add(b.index(s))
	}
	if v.Complement {
		return fullSet(b.count()).without(listed)
	}
	return listed
}
