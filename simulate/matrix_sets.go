package simulate

import (
	"github.com/licit-dev/licit/internal/engine"
)

// A bitset has a bit for each action of a universe.
type bitset []uint64

func (b bitset) add(first, end int) {
	for i := first; i < end; {
		n := min(end, i|63+1) - i
		b[i/64] |= (^uint64(0) >> (64 - n)) << (i % 64)
		i += n
	}
}

// A triset says for each action Yes, Maybe or No: may holds what yes holds, and the Maybes.
type triset struct{ yes, may bitset }

func newTriset(words int) triset { return triset{make(bitset, words), make(bitset, words)} }

func (t triset) set(o triset) { copy(t.yes, o.yes); copy(t.may, o.may) }

func (t triset) clear() { clear(t.yes); clear(t.may) }

// or adds what has the value to some actions, or all for nil.
func (t triset) or(bits bitset, value engine.Tri) {
	if value == no {
		return
	}
	for i, w := range bits {
		t.may[i] |= w
	}
	if value == yes {
		for i, w := range bits {
			t.yes[i] |= w
		}
	}
}

// A sparse is a triset of few actions: the words that hold any.
type sparse []sparseWord

type sparseWord struct {
	at       int
	yes, may uint64
}

func (t triset) sparse() sparse {
	var out sparse
	for i, w := range t.may {
		if w != 0 {
			out = append(out, sparseWord{i, t.yes[i], w})
		}
	}
	return out
}

// orSet adds the words of o that are in the triset, whose first word is number from.
func (t triset) orSet(o sparse, from int) {
	for _, w := range o {
		if i := w.at - from; uint(i) < uint(len(t.may)) {
			t.yes[i] |= w.yes
			t.may[i] |= w.may
		}
	}
}

func (t triset) window(from, to int) triset { return triset{t.yes[from:to], t.may[from:to]} }
