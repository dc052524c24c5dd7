package engine

// foldCase is the bit that tells the cases of an ASCII letter apart, in each of eight bytes.
const foldCase = 0x2020202020202020

// hashFold is a hash in which texts that differ only in ASCII case are the same. It takes
// eight bytes at a time and sets that bit in all of them: this joins some other characters
// as well, which a hash may.
func hashFold(s string) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(len(s))
	for ; len(s) >= 8; s = s[8:] {
		h = (h ^ (load(s) | foldCase)) * prime
		h ^= h >> 29
	}
	var last uint64
	for i := range len(s) {
		last = last<<8 | uint64(s[i])
	}
	h = (h ^ (last | foldCase)) * prime
	return h ^ h>>32
}

func isASCII(s string) bool {
	const high = 0x8080808080808080
	var bits uint64
	for ; len(s) >= 8; s = s[8:] {
		bits |= load(s)
	}
	for i := range len(s) {
		bits |= uint64(s[i])
	}
	return bits&high == 0
}

// load reads the first eight bytes of s as one number.
func load(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
