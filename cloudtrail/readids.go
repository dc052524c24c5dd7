package cloudtrail

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
)

// idsKept is how many IDs are compared with at least. With hashes of the records they take 48 MiB.
const idsKept = 1 << 19

// ids are those of the events that were read. When there are too many, the older half goes.
type ids struct {
	now, old idSet
	forgot   bool // IDs, or an event had none
	kept     int  // 0: idsKept
}

// An idState is what is known of an event by its ID.
type idState uint8

const (
	idNew      idState = iota
	idSame             // the same record came before
	idConflict         // another record of the ID did
)

var idSeed = maphash.MakeSeed()

// seen tells whether a record was seen before, or another one of its ID: whoever can add records
// to a log could otherwise hide one.
func (s *ids) seen(id string, record []byte) idState {
	if id == "" {
		s.forgot = true
		return idNew
	}
	k, sum := keyOf(id), maphash.Bytes(idSeed, record)
	before, there := s.sum(k)
	switch {
	case !there:
		s.add(k, sum)
		return idNew
	case before == sum:
		return idSame
	}
	// The further records of an ID are kept by ID and hash.
	k.a, k.b = k.a^sum, k.b+sum|1
	if _, there := s.sum(k); there {
		return idSame
	}
	s.add(k, sum)
	return idConflict
}

func (s *ids) sum(k key) (sum uint64, there bool) {
	if sum, there = s.now.sum(k); !there {
		sum, there = s.old.sum(k)
	}
	return sum, there
}

func (s *ids) add(k key, sum uint64) {
	if s.now.n == cmp.Or(s.kept, idsKept) {
		s.forgot = s.forgot || s.old.n > 0
		s.now, s.old = s.old, s.now
		clear(s.now.slots)
		s.now.n = 0
	}
	s.now.add(k, sum)
}

// A key is an ID, which is a UUID (CloudTrail User Guide, “CloudTrail record contents”); of
// another one, a hash. It is never zero.
type key struct{ a, b uint64 }

func keyOf(id string) (k key) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[18] != '-' || id[23] != '-' {
		return hashed(id)
	}
	bad := byte(0)
	half := func(n uint64, digits string) uint64 {
		for i := range len(digits) {
			d := hexDigit[digits[i]]
			bad |= d
			n = n<<4 | uint64(d&15)
		}
		return n
	}
	k.a = half(half(half(0, id[:8]), id[9:13]), id[14:18])
	k.b = half(half(0, id[19:23]), id[24:])
	if bad >= 16 || k == (key{}) {
		return hashed(id)
	}
	return k
}

// hexDigit is what each digit is; 255 if it is none, or one that CloudTrail does not write.
var hexDigit = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

func hashed(id string) key {
	h := sha256.Sum256([]byte(id))
	return key{binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])}
}

// An idSet is a set of keys with open addressing, at most half full.
type idSet struct {
	slots []key
	sums  []uint64 // of the records, likewise
	n     int
}

func (s *idSet) find(k key) (slot int, there bool) {
	mask := len(s.slots) - 1
	for i := int((k.a^k.b)*0x9e3779b97f4a7c15>>20) & mask; ; i = (i + 1) & mask {
		if s.slots[i] == k {
			return i, true
		}
		if s.slots[i] == (key{}) {
			return i, false
		}
	}
}

// sum is the hash of the record of an ID, if it is there.
func (s *idSet) sum(k key) (uint64, bool) {
	if s.n == 0 {
		return 0, false
	}
	i, there := s.find(k)
	return s.sums[i], there
}

func (s *idSet) add(k key, sum uint64) {
	if 2*s.n >= len(s.slots) {
		old, sums := s.slots, s.sums
		size := max(1024, 2*len(old))
		s.slots, s.sums = make([]key, size), make([]uint64, size)
		for from, k := range old {
			if k != (key{}) {
				i, _ := s.find(k)
				s.slots[i], s.sums[i] = k, sums[from]
			}
		}
	}
	i, _ := s.find(k)
	s.slots[i], s.sums[i] = k, sum
	s.n++
}
