package cloudtrail

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
)

// idsKept is how many IDs are compared with at least. They take 32 MiB.
const idsKept = 1 << 19

// ids are those of the events that were read. When there are too many, the older half goes.
type ids struct {
	now, old idSet
	forgot   bool // IDs, or an event had none
	kept     int  // 0: idsKept
}

// seen is whether an ID was seen before.
func (s *ids) seen(id string) bool {
	if id == "" {
		s.forgot = true
		return false
	}
	k := keyOf(id)
	if s.now.has(k) || s.old.has(k) {
		return true
	}
	if s.now.n == cmp.Or(s.kept, idsKept) {
		s.forgot = s.forgot || s.old.n > 0
		s.now, s.old = s.old, s.now
		clear(s.now.slots)
		s.now.n = 0
	}
	s.now.add(k)
	return false
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

func (s *idSet) has(k key) bool {
	if s.n == 0 {
		return false
	}
	_, there := s.find(k)
	return there
}

func (s *idSet) add(k key) {
	if 2*s.n >= len(s.slots) {
		old := s.slots
		s.slots = make([]key, max(1024, 2*len(old)))
		for _, k := range old {
			if k != (key{}) {
				i, _ := s.find(k)
				s.slots[i] = k
			}
		}
	}
	i, _ := s.find(k)
	s.slots[i] = k
	s.n++
}
