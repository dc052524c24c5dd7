package cloudtrail

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A scanner reads records in one pass, and takes only those that it is sure of: what it does
// not take is read by strict, which then takes it or says what is wrong. It takes no record
// that strict does not, and reads the same from it.
type scanner struct {
	text []byte
	i    int

	// Values that come again, by a hash of their bytes: a record has few that do not. Those
	// of one record that are new stand one after the other in fresh, which becomes one string.
	known [4096]string
	fresh []byte
	refs  []ref

	last [fields]string // values of members, which stood there as they are

	resources [8]Resource // of the record
	events    []Event     // room for the next ones
}

// A ref is a string that is part of fresh.
type ref struct {
	to         *string
	start, end int
	slot       int // in known; negative: not expected again
}

type scanEnd uint8

const (
	unsure scanEnd = iota // strict decides
	taken
	short // the text ends in the middle of the record
)

// event reads the record that text begins with, and its length.
func (s *scanner) event(text []byte) (*Event, int, scanEnd) {
	if len(s.events) == 0 {
		s.events = make([]Event, 16)
	}
	e := &s.events[0]
	s.text, s.i, s.fresh, s.refs = text, 0, s.fresh[:0], s.refs[:0]
	ok := s.root(e)
	n := s.i
	s.text = nil
	if !ok || e.Time.IsZero() || e.Source == "" || e.Name == "" {
		full := ok
		*e = Event{}
		s.resources = [8]Resource{}
		if !full && n >= len(text) {
			return nil, 0, short
		}
		return nil, 0, unsure
	}
	e.Raw = text[:n:n]
	s.events = s.events[1:]
	return e, n, taken
}

// settle gives its strings to the record.
func (s *scanner) settle(e *Event, resources int) {
	all := string(s.fresh)
	for _, r := range s.refs {
		*r.to = all[r.start:r.end]
		if r.slot >= 0 {
			s.known[r.slot] = *r.to
		}
	}
	if resources > 0 {
		e.Resources = slices.Clone(s.resources[:resources])
		clear(s.resources[:resources])
	}
}

// at skips white space, and returns what follows; 0 at the end.
func (s *scanner) at() byte {
	for s.i < len(s.text) {
		c := s.text[s.i]
		if c > ' ' {
			return c
		}
		if !isSpace(c) {
			return c
		}
		s.i++
	}
	return 0
}

// begin is whether an object begins. Its members are read by next.
func (s *scanner) begin() bool {
	if s.at() != '{' {
		return false
	}
	s.i++
	return true
}

// next returns the name of the next member, whose value is next. The name is nil at the end of
// the object.
func (s *scanner) next(first bool) (name []byte, ok bool) {
	c := s.at()
	if c == '}' {
		s.i++
		return nil, true
	}
	if !first {
		if c != ',' {
			return nil, false
		}
		s.i++
		c = s.at()
	}
	if c != '"' {
		return nil, false
	}
	start := s.i + 1
	if plain, ok := s.skipString(); !ok || !plain {
		return nil, false
	}
	name = s.text[start : s.i-1]
	if s.at() != ':' {
		return nil, false
	}
	s.i++
	return name, true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipString passes over the string that begins here. It is plain if it stands there as it is:
// without escapes, and in ASCII.
func (s *scanner) skipString() (plain, ok bool) {
	text, i := s.text, s.i+1
	high := uint64(0) // bytes that are not ASCII
	plain = true
	for {
		for i+8 <= len(text) {
			x := binary.LittleEndian.Uint64(text[i : i+8])
			quote, slash := x^ones*'"', x^ones*'\\'
			// The lowest bit set is that of a quote, a backslash or a control character.
			found := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*' ')&^x) & highs
			if found != 0 {
				high |= x & (found&-found - 1)
				i += bits.TrailingZeros64(found) / 8
				break
			}
			high |= x
			i += 8
		}
		if i >= len(text) {
			s.i = len(text)
			return false, false
		}
		switch c := text[i]; {
		case c == '"':
			s.i = i + 1
			return plain && high&highs == 0, true
		case c == '\\':
			plain = false
			n := escape(text[i:])
			if n == 0 {
				s.i = i
				return false, false
			}
			i += n
		case c < ' ':
			s.i = i
			return false, false
		default:
			high |= uint64(c)
			i++
		}
	}
}

// escape returns the length of the escape that text begins with; it is the length of text, and
// one more, if that ends before. It is 0 if there is none.
func escape(text []byte) int {
	if len(text) < 2 {
		return len(text) + 1
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return len(text) + 1
		}
		for _, h := range text[2:6] {
			if !(h >= '0' && h <= '9' || h >= 'a' && h <= 'f' || h >= 'A' && h <= 'F') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// skipNumber passes over a number, but for one that the text ends with.
func (s *scanner) skipNumber() bool {
	text, i := s.text, s.i
	digits := func() bool {
		start := i
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i > start
	}
	ok := false
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
		ok = true
	} else {
		ok = digits()
	}
	if ok && i < len(text) && text[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		ok = digits()
	}
	s.i = i
	return ok && i < len(text)
}

func (s *scanner) literal(word string) bool {
	if left := s.text[s.i:]; len(left) < len(word) {
		s.i = len(s.text)
		return false
	}
	if string(s.text[s.i:s.i+len(word)]) != word {
		return false
	}
	s.i += len(word)
	return true
}

// skip passes over the value that is next.
func (s *scanner) skip() bool {
	var objects uint64 // bit d: what is open at depth d is an object
	depth := 0
	for {
		opened := false
		switch c := s.at(); c {
		case '"':
			if _, ok := s.skipString(); !ok {
				return false
			}
		case '{', '[':
			if depth == 63 {
				return false
			}
			depth++
			objects = objects<<1 | uint64(c>>5&1) // which '{' has and '[' has not
			opened = true
			s.i++
		case 't':
			if !s.literal("true") {
				return false
			}
		case 'f':
			if !s.literal("false") {
				return false
			}
		case 'n':
			if !s.literal("null") {
				return false
			}
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if !s.skipNumber() {
				return false
			}
		default:
			return false
		}
		for {
			if depth == 0 {
				return true
			}
			c := s.at()
			if objects&1 == 1 && c == '}' || objects&1 == 0 && c == ']' {
				s.i++
				depth--
				objects >>= 1
				opened = false
				continue
			}
			if !opened {
				if c != ',' {
					return false
				}
				s.i++
				c = s.at()
			}
			if objects&1 == 0 {
				break
			}
			if c != '"' {
				return false
			}
			if _, ok := s.skipString(); !ok || s.at() != ':' {
				return false
			}
			s.i++
			break
		}
	}
}

// null passes over null, if that is next.
func (s *scanner) null() bool { return s.at() == 'n' && s.literal("null") }

// string returns the string that is next, without quotes and escapes; plain is as skipString
// says.
func (s *scanner) string() (v []byte, plain, ok bool) {
	if s.at() != '"' {
		return nil, false, false
	}
	start := s.i
	plain, ok = s.skipString()
	if plain || !ok {
		return s.text[min(start+1, s.i):max(s.i-1, start+1)], plain, ok
	}
	v, _ = jsontext.AppendUnquote(nil, s.text[start:s.i])
	return v, false, true
}

// textOf reads a string, or null. Field is that of the last value, which mostly comes again.
func (s *scanner) textOf(to *string, field int) bool {
	last := &s.last[field]
	if c := s.at(); c == '"' {
		if end := s.i + 1 + len(*last); end < len(s.text) && string(s.text[s.i+1:end]) == *last && s.text[end] == '"' {
			s.i = end + 1
			*to = *last
			return true
		}
	}
	v, plain, ok := s.string()
	if !ok {
		return s.null()
	}
	if len(v) == 0 {
		return true
	}
	slot := hash(v)
	if known := &s.known[slot]; *known == string(v) {
		*to = *known
		if plain {
			*last = *known
		}
		return true
	}
	s.add(to, v, slot)
	return true
}

// onceOf reads a string that is not expected again, or null.
func (s *scanner) onceOf(to *string) bool {
	v, _, ok := s.string()
	if !ok {
		return s.null()
	}
	s.add(to, v, -1)
	return true
}

const (
	maxFresh = 128  // the longest string in fresh: what is known keeps in memory what is beside it
	maxKnown = 1024 // the longest one that is known
)

func (s *scanner) add(to *string, v []byte, slot int) {
	if len(v) > maxFresh {
		*to = string(v)
		if slot >= 0 && len(v) <= maxKnown {
			s.known[slot] = *to
		}
		return
	}
	start := len(s.fresh)
	s.fresh = append(s.fresh, v...)
	s.refs = append(s.refs, ref{to, start, len(s.fresh), slot})
}

// hash is of the length, the first and the last bytes: what is between is rarely all that
// two values differ in, and if they do, they only take each other's place.
func hash(v []byte) int {
	var a, b uint64
	if n := len(v); n >= 8 {
		a, b = binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[n-8:])
		if n >= 32 {
			a ^= binary.LittleEndian.Uint64(v[n-24:]) * 0xff51afd7ed558ccd
		}
	} else {
		for _, c := range v {
			a = a<<8 | uint64(c)
		}
	}
	h := (a ^ bits.RotateLeft64(b, 29) ^ uint64(len(v))<<56) * 0x9e3779b97f4a7c15
	return int(h >> 52)
}

func (s *scanner) flagOf(to *bool) bool {
	switch s.at() {
	case 't':
		*to = true
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case '"':
		v, _, ok := s.string()
		return ok && flagWord(to, string(v))
	}
	return s.null()
}

// timeOf reads a time as CloudTrail writes it, or null.
func (s *scanner) timeOf(to *time.Time) bool {
	v, plain, ok := s.string()
	if !ok {
		return s.null()
	}
	if !plain || len(v) != len("2024-05-01T10:00:00Z") || v[4] != '-' || v[7] != '-' || v[10] != 'T' || v[13] != ':' || v[16] != ':' || v[19] != 'Z' {
		return false
	}
	number := func(from, to int) int {
		n := 0
		for _, c := range v[from:to] {
			if c < '0' || c > '9' {
				return -1
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day, hour, minute, second := number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19)
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 28 && day > daysOf(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return false
	}
	*to = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return true
}

func daysOf(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func (s *scanner) valueOf(to *jsontext.Value) bool {
	if s.at() == 'n' {
		return s.null()
	}
	start := s.i
	if !s.skip() {
		return false
	}
	*to = s.text[start:s.i:s.i]
	return true
}
