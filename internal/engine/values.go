package engine

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A decimal is a number as written, compared exactly (R-OPS-3): ±0.digits × 10^point. The
// digits are two pieces of the text, without zeros at either end; nothing is allocated.
type decimal struct {
	negative    bool
	whole, frac string
	point       int64
}

// maxExponent is the most digits that an exponent may have. AWS documents no exponents.
const maxExponent = 15

func parseDecimal(s string) (d decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative, s = s[0] == '-', s[1:]
	}
	i := digits(s)
	if i == 0 {
		return d, false
	}
	d.whole, s = s[:i], s[i:]
	if s != "" && s[0] == '.' {
		i = digits(s[1:])
		if i == 0 {
			return d, false
		}
		d.frac, s = s[1:1+i], s[1+i:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		exp := s[1:]
		unsigned := strings.TrimLeft(exp, "+-")
		if len(exp)-len(unsigned) > 1 || unsigned == "" || digits(unsigned) != len(unsigned) || len(unsigned) > maxExponent {
			return d, false
		}
		d.point, _ = strconv.ParseInt(exp, 10, 64)
		s = ""
	}
	if s != "" {
		return d, false
	}
	d.normalize()
	return d, true
}

func (d *decimal) normalize() {
	d.point += int64(len(d.whole))
	trimmed := strings.TrimLeft(d.whole, "0")
	d.point -= int64(len(d.whole) - len(trimmed))
	d.whole = trimmed
	d.frac = strings.TrimRight(d.frac, "0")
	if d.whole == "" {
		trimmed = strings.TrimLeft(d.frac, "0")
		d.point -= int64(len(d.frac) - len(trimmed))
		d.frac = trimmed
	}
	if d.frac == "" {
		d.whole = strings.TrimRight(d.whole, "0")
	}
	if d.whole == "" && d.frac == "" {
		*d = decimal{}
	}
}

func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}

func (d *decimal) digit(i int) byte {
	switch {
	case i < len(d.whole):
		return d.whole[i]
	case i < len(d.whole)+len(d.frac):
		return d.frac[i-len(d.whole)]
	}
	return '0'
}

// sign is -1, 0 or +1.
func (d *decimal) sign() int {
	switch {
	case d.whole == "" && d.frac == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func (d *decimal) compare(e *decimal) int {
	if a, b := d.sign(), e.sign(); a != b || a == 0 {
		return a - b
	}
	if d.point != e.point {
		return compared(d.point > e.point) * d.sign()
	}
	for i := range max(len(d.whole)+len(d.frac), len(e.whole)+len(e.frac)) {
		if a, b := d.digit(i), e.digit(i); a != b {
			return compared(a > b) * d.sign()
		}
	}
	return 0
}

// compared is the order of two things that differ.
func compared(greater bool) int {
	if greater {
		return 1
	}
	return -1
}

// An instant is a point in time: seconds since 1970, and the digits of the fraction
// without trailing zeros.
type instant struct {
	sec      int64
	fraction string
}

func (a instant) compare(b instant) int {
	switch {
	case a.sec != b.sec:
		return compared(a.sec > b.sec)
	}
	return strings.Compare(a.fraction, b.fraction)
}

// parseInstant implements R-OPS-4: the W3C profile of ISO 8601, or seconds since 1970.
// Digits alone are seconds, four of them included. A day is its midnight in UTC (R-OPS-5; IAM User
// Guide, “IAM JSON policy elements: Condition operators”, Date).
func parseInstant(s string) (t instant, ok bool) {
	if n := digits(s); n == len(s) && n > 0 {
		for len(s) > 1 && s[0] == '0' {
			s = s[1:]
		}
		if len(s) > 18 {
			return t, false
		}
		sec, err := strconv.ParseInt(s, 10, 64)
		return instant{sec: sec}, err == nil
	}
	p := scanner{s: s, ok: true}
	year := p.number(4)
	month, day, hour, minute, second, offset := 1, 1, 0, 0, 0, 0
	fraction := ""
	if p.skip('-') {
		month = p.number(2)
		if p.skip('-') {
			day = p.number(2)
			if p.skip('T') {
				hour = p.number(2)
				p.need(':')
				minute = p.number(2)
				if p.skip(':') {
					second = p.number(2)
					if p.skip('.') {
						fraction = p.fraction()
					}
				}
				offset = p.zone()
			}
		}
	}
	if !p.ok || p.s != "" || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	u := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	return instant{u - int64(offset)*60, strings.TrimRight(fraction, "0")}, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

type scanner struct {
	s  string
	ok bool
}

func (p *scanner) number(n int) int {
	if len(p.s) < n || digits(p.s[:n]) != n {
		p.ok = false
		return 0
	}
	v, _ := strconv.Atoi(p.s[:n])
	p.s = p.s[n:]
	return v
}

func (p *scanner) skip(c byte) bool {
	if p.s != "" && p.s[0] == c {
		p.s = p.s[1:]
		return true
	}
	return false
}

func (p *scanner) need(c byte) {
	if !p.skip(c) {
		p.ok = false
	}
}

// fraction reads at least one digit.
func (p *scanner) fraction() string {
	n := digits(p.s)
	p.ok = p.ok && n > 0
	out := p.s[:n]
	p.s = p.s[n:]
	return out
}

// zone reads Z, ±hh:mm, or nothing, which is UTC; the result is in minutes.
func (p *scanner) zone() int {
	negative := strings.HasPrefix(p.s, "-")
	switch {
	case p.s == "" || p.skip('Z'):
		return 0
	case !p.skip('+') && !p.skip('-'):
		p.ok = false
		return 0
	}
	h := p.number(2)
	p.need(':')
	m := p.number(2)
	if h > 23 || m > 59 {
		p.ok = false
	}
	if negative {
		return -(h*60 + m)
	}
	return h*60 + m
}

// parseAddr reads an address without zone; IPv4 in IPv6 form is IPv4 (R-OPS-6).
func parseAddr(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// parsePrefix reads a CIDR block, or an address as a block of one; host bits are ignored.
func parsePrefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, ok := parseAddr(s)
		if !ok {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return p.Masked(), true
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), true
}

func decodeBase64(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, false
	}
	return b, true
}

// equalBinary implements R-OPS-10: as bytes if both are base64, else as text.
func equalBinary(a, b string) bool {
	x, okA := decodeBase64(a)
	y, okB := decodeBase64(b)
	if okA && okB {
		return bytes.Equal(x, y)
	}
	return a == b
}
