package shrink

import "math/bits"

// bitset is a set of small numbers.
type bitset []uint64

func newBits(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) remove(i int)   { b[i/64] &^= 1 << (i % 64) }
func (b bitset) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// within reports whether c has all of b.
func (b bitset) within(c bitset) bool {
	for i, w := range b {
		if w&^c[i] != 0 {
			return false
		}
	}
	return true
}

// withinOf is within for the part of both that is in mask.
func (b bitset) withinOf(c, mask bitset) bool {
	for i, w := range b {
		if w&mask[i]&^c[i] != 0 {
			return false
		}
	}
	return true
}

// shared counts what b and c have in common.
func (b bitset) shared(c bitset) int {
	n := 0
	for i, w := range b {
		n += bits.OnesCount64(w & c[i])
	}
	return n
}

func (b bitset) meets(c bitset) bool {
	for i, w := range b {
		if w&c[i] != 0 {
			return true
		}
	}
	return false
}

func (b bitset) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

func (b bitset) minus(c bitset) bitset {
	out := make(bitset, len(b))
	for i, w := range b {
		out[i] = w &^ c[i]
	}
	return out
}

// each calls f with each number until it returns false; f may have removed some that come.
func (b bitset) each(f func(int) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !f(i*64 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

func (b bitset) key() string {
	out := make([]byte, 0, len(b)*8)
	for _, w := range b {
		for i := range 8 {
			out = append(out, byte(w>>(8*i)))
		}
	}
	return string(out)
}
