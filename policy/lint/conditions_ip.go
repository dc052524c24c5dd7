package lint

import (
	"net/netip"
	"strings"

	"github.com/licit-dev/licit/policy/serviceref"
)

// conditionIPRules are about private addresses. aws:SourceIp is the public address of the
// caller, and absent for calls through a VPC endpoint (IAM User Guide, “AWS global
// condition context keys”).
var conditionIPRules = []rule{
	{
		code: "PRIVATE_IP_ADDRESS", typ: Error, kinds: anyKind,
		title: "aws:SourceIp is never a private address.",
		check: eachCondition(privateRanges("IpAddress", true, "%s has only private addresses, and aws:SourceIp is always public, so the condition never holds; use public ranges, or aws:VpcSourceIp with aws:SourceVpc")),
	},
	{
		code: "PRIVATE_NOT_IP_ADDRESS", typ: Error, kinds: anyKind,
		title: "aws:SourceIp is always outside private ranges.",
		check: eachCondition(privateRanges("NotIpAddress", true, "%s has only private addresses, and aws:SourceIp is always public, so the condition always holds; use public ranges, or aws:VpcSourceIp with aws:SourceVpc")),
	},
	{
		code: "PRIVATE_IP_ADDRESS_SUBSET", typ: Suggestion, kinds: anyKind,
		title: "Some ranges are private, and aws:SourceIp never is.",
		check: eachCondition(privateRanges("IpAddress", false, "%s is private, and aws:SourceIp never is; remove the range, or test aws:VpcSourceIp with aws:SourceVpc")),
	},
	{
		code: "PRIVATE_NOT_IP_ADDRESS_SUBSET", typ: Suggestion, kinds: anyKind,
		title: "Some ranges are private, and aws:SourceIp is always outside them.",
		check: eachCondition(privateRanges("NotIpAddress", false, "%s is private, and aws:SourceIp is always outside it; remove the range, or test aws:VpcSourceIp with aws:SourceVpc")),
	},
	{
		code: "IMPROVE_IP_RANGE", typ: Suggestion, kinds: anyKind,
		title: "A range has bits beyond its mask.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			p, err := netip.ParsePrefix(v.text)
			if operatorType(e.parts.Base) != serviceref.IPAddress || err != nil || p == p.Masked() {
				return
			}
			s.c.report(v.node, v.path, "%s has bits beyond its mask, which do not count; write %s", v.text, p.Masked()).
				Fix = replace(v.node, quoted(p.Masked().String()))
		}),
	},
}

// privateRanges makes a check of conditions on aws:SourceIp: with all set, one that says
// so if every range is private; otherwise one that reports each private range among
// public ones.
func privateRanges(base string, all bool, message string) func(*statement, *conditionEntry) {
	return func(s *statement, e *conditionEntry) {
		// What holds without the key holds for calls through a VPC endpoint.
		if e.parts.Base != base || !e.is("aws:SourceIp") || all && e.holdsWithoutKey() != negated(e.parts) {
			return
		}
		var private []value
		public := false
		for _, v := range e.values() {
			if p, ok := parseRange(v.text); ok && isPrivate(p) {
				private = append(private, v)
			} else {
				public = true
			}
		}
		switch {
		case len(private) == 0 || public == all:
		case all:
			s.c.report(&e.keyNode.Value, e.path, message, e.key)
		default:
			for _, v := range private {
				s.c.report(v.node, v.path, message, v.text)
			}
		}
	}
}

// parseRange reads a CIDR block, or an address as a block of one.
func parseRange(text string) (netip.Prefix, bool) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		return netip.PrefixFrom(a, a.BitLen()), err == nil && a.Zone() == ""
	}
	p, err := netip.ParsePrefix(text)
	return p, err == nil
}

// privateBlocks are those of RFC 1918 and RFC 4193, loopback and link-local.
var privateBlocks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

// isPrivate reports whether all of the range is private.
func isPrivate(p netip.Prefix) bool {
	for _, block := range privateBlocks {
		if p.Bits() >= block.Bits() && block.Contains(p.Addr()) {
			return true
		}
	}
	return false
}
