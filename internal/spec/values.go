package spec

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// relationHolds turns the order of got and want (-1, 0, +1) into the operator's answer:
// "Equals", "LessThan", "LessThanEquals", "GreaterThan" or "GreaterThanEquals".
func relationHolds(relation string, order int) comparison {
	switch relation {
	case "Equals":
		return isTrue(order == 0)
	case "LessThan":
		return isTrue(order < 0)
	case "LessThanEquals":
		return isTrue(order <= 0)
	case "GreaterThan":
		return isTrue(order > 0)
	case "GreaterThanEquals":
		return isTrue(order >= 0)
	}
	return typeError
}

// A decimal is the exact number ±0.digits × 10^point. The digits neither begin nor end
// with 0; zero has none. Nothing is ever expanded, so 1e999999999 costs nothing.
type decimal struct {
	negative bool
	digits   string
	point    *big.Int
}

var decimalForm = regexp.MustCompile(`^([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$`)

// parseDecimal implements R-OPS-3.
//
// R-OPS-3 Choice: digits must stand on both sides of the point: ".5" and "5." do not parse.
func parseDecimal(s string) (decimal, bool) {
	m := decimalForm.FindStringSubmatch(s)
	if m == nil {
		return decimal{}, false
	}
	sign, whole, fraction, exponent := m[1], m[2], m[3], m[4]
	digits := whole + fraction
	significant := strings.TrimLeft(digits, "0")
	point := big.NewInt(int64(len(whole) - (len(digits) - len(significant))))
	if len(strings.TrimLeft(exponent, "+-")) > 15 {
		return decimal{}, false // no number that anybody writes
	}
	if exponent != "" {
		by, _ := new(big.Int).SetString(exponent, 10)
		point.Add(point, by)
	}
	significant = strings.TrimRight(significant, "0")
	if significant == "" {
		return decimal{point: new(big.Int)}, true
	}
	return decimal{negative: sign == "-", digits: significant, point: point}, true
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func (d decimal) compare(o decimal) int {
	if d.sign() != o.sign() {
		return d.sign() - o.sign()
	}
	size := d.point.Cmp(o.point)
	if size == 0 {
		size = strings.Compare(d.digits, o.digits)
	}
	return size * d.sign()
}

func compareNumber(relation, want, got string) comparison {
	w, ok1 := parseDecimal(want)
	g, ok2 := parseDecimal(got)
	if !ok1 || !ok2 {
		return typeError
	}
	return relationHolds(relation, g.compare(w))
}

var dateForm = regexp.MustCompile(
	`^([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?$`)

var epochForm = regexp.MustCompile(`^[0-9]+$`)

// parseDate implements R-OPS-4: an instant in seconds since 1970.
//
// R-OPS-4 Choices: digits only is an epoch, of at most 18 digits, so a lone year never parses as
// one; a sign or fraction makes an epoch a type error; T and Z are upper case; a zone
// stands only after a time; 24:00 and second 60 do not exist; the hours of a zone end
// at 23; year 0000 exists.
func parseDate(s string) (*big.Rat, bool) {
	if epochForm.MatchString(s) {
		if len(strings.TrimLeft(s, "0")) > 18 {
			return nil, false // no time that anybody means
		}
		return new(big.Rat).SetString(s)
	}
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	number := func(text string, otherwise int) int {
		if text == "" {
			return otherwise
		}
		n, _ := strconv.Atoi(text)
		return n
	}
	year, month, day := number(m[1], 0), number(m[2], 1), number(m[3], 1)
	hour, minute, second := number(m[4], 0), number(m[5], 0), number(m[6], 0)
	if month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return nil, false
	}
	instant := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC).Unix()
	if zone := m[8]; zone != "" && zone != "Z" {
		hours, minutes := number(zone[1:3], 0), number(zone[4:6], 0)
		if hours > 23 || minutes > 59 {
			return nil, false
		}
		offset := int64(hours*3600 + minutes*60)
		if zone[0] == '+' {
			offset = -offset
		}
		instant += offset
	}
	out := new(big.Rat).SetInt64(instant)
	if m[7] != "" {
		fraction, _ := new(big.Rat).SetString("0." + m[7])
		out.Add(out, fraction)
	}
	return out, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// compareDate implements R-OPS-4 and R-OPS-5: a day is its midnight in UTC.
func compareDate(relation, want, got string) comparison {
	w, ok1 := parseDate(want)
	g, ok2 := parseDate(got)
	if !ok1 || !ok2 {
		return typeError
	}
	return relationHolds(relation, g.Cmp(w))
}

// compareIP implements R-OPS-6.
//
// R-OPS-6 Choice: addresses and networks are written as package netip reads them; a
// zone (%eth0) is a type error, and so is a network as the request's value.
func compareIP(want, got string) comparison {
	network, ok1 := parseNetwork(want)
	address, err := netip.ParseAddr(got)
	if !ok1 || err != nil || address.Zone() != "" {
		return typeError
	}
	return isTrue(network.Contains(address.Unmap()))
}

// parseNetwork reads a CIDR or an address. IPv4-mapped IPv6 is unmapped, networks of at
// least 96 bits included.
func parseNetwork(s string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(s)
	if err != nil {
		address, err := netip.ParseAddr(s)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), true
	}
	if network.Addr().Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}

// compareBinary implements R-OPS-10.
//
// R-OPS-10 Choice: base64 is the standard alphabet with padding as encoding/base64 reads
// it, which passes over line breaks and over bits behind the last byte.
func compareBinary(want, got string) comparison {
	w, err1 := base64.StdEncoding.DecodeString(want)
	g, err2 := base64.StdEncoding.DecodeString(got)
	if err1 != nil || err2 != nil {
		return isTrue(want == got)
	}
	return isTrue(bytes.Equal(w, g))
}
