package simulate

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// Equal chunks are kept once: most principals are denied most services.
const (
	chunkWords   = 16
	chunkActions = 64 * chunkWords
	chunkBytes   = planes * chunkWords * 8
)

// The planes of a chunk: bits of the cells.
const (
	planeAllowed   = iota // Outcome Allowed
	planeDenied           // Outcome ExplicitDeny
	planeOpen             // Outcome Indeterminate
	planePossible         // Cell.Possible
	planeSomewhere        // Cell.Somewhere
	planeStage            // four planes: the stage
	planes         = planeStage + 4
)

// A chunk holds the cells of chunkActions actions.
type chunk [planes][chunkWords]uint64

func (c *chunk) cell(i int) Cell {
	bit := func(plane int) bool { return c[plane][i/64]>>(i%64)&1 == 1 }
	var out Cell
	switch {
	case bit(planeAllowed):
		out.Outcome = Allowed
	case bit(planeDenied):
		out.Outcome = ExplicitDeny
	case bit(planeOpen):
		out.Outcome = Indeterminate
	}
	for k := range 4 {
		if bit(planeStage + k) {
			out.Stage |= 1 << k
		}
	}
	out.Possible, out.Somewhere = bit(planePossible), bit(planeSomewhere)
	return out
}

func (c *chunk) set(i int, cell Cell) {
	put := func(plane int, on bool) {
		if c[plane][i/64] &^= 1 << (i % 64); on {
			c[plane][i/64] |= 1 << (i % 64)
		}
	}
	put(planeAllowed, cell.Outcome == Allowed)
	put(planeDenied, cell.Outcome == ExplicitDeny)
	put(planeOpen, cell.Outcome == Indeterminate)
	put(planePossible, cell.Possible)
	put(planeSomewhere, cell.Somewhere)
	for k := range 4 {
		put(planeStage+k, cell.Stage>>k&1 == 1)
	}
}

// differences yields the cells that differ.
func (c *chunk) differences(o *chunk) iter.Seq[int] {
	return func(yield func(int) bool) {
		for w := range chunkWords {
			var differ uint64
			for p := range c {
				differ |= c[p][w] ^ o[p][w]
			}
			for ; differ != 0; differ &= differ - 1 {
				if !yield(64*w + bits.TrailingZeros64(differ)) {
					return
				}
			}
		}
	}
}

// appendTo appends the chunk's bytes.
func (c *chunk) appendTo(b []byte) []byte {
	for p := range c {
		for _, w := range c[p] {
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b
}

// read is the inverse of appendTo.
func (c *chunk) read(b []byte) {
	for p := range c {
		for i := range c[p] {
			c[p][i] = binary.LittleEndian.Uint64(b[8*(p*chunkWords+i):])
		}
	}
}
