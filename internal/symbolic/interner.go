package symbolic

import "slices"

// An interner numbers different lists of small numbers, from 0.
type interner struct {
	data  []int32
	ends  []int32
	table []int32 // by hash, number + 1; 0: nothing
}

func (n *interner) len() int { return len(n.ends) }

// at is list i. It must not be changed.
func (n *interner) at(i int32) []int32 {
	from := int32(0)
	if i > 0 {
		from = n.ends[i-1]
	}
	return n.data[from:n.ends[i]:n.ends[i]]
}

// size is in bytes.
func (n *interner) size() int { return 4 * (len(n.data) + len(n.ends) + len(n.table)) }

// add numbers a list, of which it keeps a copy.
func (n *interner) add(list []int32) (i int32, added bool) {
	if 4*(len(n.ends)+1) > 3*len(n.table) {
		n.grow()
	}
	slot := n.slot(list)
	if n.table[slot] > 0 {
		return n.table[slot] - 1, false
	}
	n.data = append(n.data, list...)
	n.ends = append(n.ends, int32(len(n.data)))
	n.table[slot] = int32(len(n.ends))
	return int32(len(n.ends) - 1), true
}

// slot is where the list is, or would be.
func (n *interner) slot(list []int32) int {
	mask := len(n.table) - 1
	h := uint64(len(list))
	for _, v := range list {
		h = (h ^ uint64(uint32(v))) * 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	at := int(h>>7) & mask
	for n.table[at] > 0 && !slices.Equal(n.at(n.table[at]-1), list) {
		at = (at + 1) & mask
	}
	return at
}

func (n *interner) grow() {
	n.table = make([]int32, max(16, 2*len(n.table)))
	for i := range n.ends {
		n.table[n.slot(n.at(int32(i)))] = int32(i + 1)
	}
}
