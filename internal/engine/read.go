package engine

import (
	"math/big"
	"net/netip"
	"strconv"
)

// maxPoint limits the numbers that [Number] expands.
const maxPoint = 2000

// Number reads the value of a numeric condition (R-OPS-3). A number that is far larger or
// smaller than any that fits into memory is known to be one, but its value is nil.
func Number(s string) (value *big.Rat, ok bool) {
	d, ok := parseDecimal(s)
	if !ok {
		return nil, false
	}
	digits := d.whole + d.frac
	if digits == "" {
		return new(big.Rat), true
	}
	if d.point > maxPoint || d.point < -maxPoint || len(digits) > maxPoint {
		return nil, true
	}
	text := "0." + digits + "e" + strconv.FormatInt(d.point, 10)
	if d.negative {
		text = "-" + text
	}
	value, ok = new(big.Rat).SetString(text)
	return value, ok
}

// Date reads the value of a date condition as seconds since 1970 (R-OPS-4).
func Date(s string) (value *big.Rat, ok bool) {
	t, ok := parseInstant(s)
	if !ok {
		return nil, false
	}
	value = new(big.Rat).SetInt64(t.sec)
	if t.fraction != "" {
		fraction, ok := new(big.Rat).SetString("0." + t.fraction)
		if !ok {
			return nil, false
		}
		value.Add(value, fraction)
	}
	return value, true
}

// Address reads the request's value of an IP address condition (R-OPS-6).
func Address(s string) (netip.Addr, bool) { return parseAddr(s) }

// Network reads the policy's value of an IP address condition (R-OPS-6).
func Network(s string) (netip.Prefix, bool) { return parsePrefix(s) }

// Content is what a value of BinaryEquals is compared by: equal texts, and texts that are
// base64 of equal bytes, have equal contents (R-OPS-10).
func Content(s string) string {
	if b, ok := decodeBase64(s); ok {
		return "base64:" + string(b)
	}
	return "text:" + s
}
