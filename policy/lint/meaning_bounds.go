package lint

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// boundsContradict reports whether no number or time is under the upper bound of b and over
// the lower bound of a. Values of one condition are alternatives, so the widest decides.
func boundsContradict(a, b *conditionEntry) bool {
	family := operatorType(a.parts.Base)
	if family != serviceref.Numeric && family != serviceref.Date || family != operatorType(b.parts.Base) || !a.needsKey() && !b.needsKey() {
		return false
	}
	if !strings.Contains(a.parts.Base, "GreaterThan") || !strings.Contains(b.parts.Base, "LessThan") {
		return false
	}
	low, ok1 := a.widest(family, func(x, y float64) bool { return x < y })
	high, ok2 := b.widest(family, func(x, y float64) bool { return x > y })
	return ok1 && ok2 && low > high
}

// widest is the value of a bound that lets most pass; ok is false if one is not understood.
func (e *conditionEntry) widest(family serviceref.KeyType, wider func(x, y float64) bool) (best float64, ok bool) {
	for i, v := range e.values() {
		n, err := strconv.ParseFloat(v.text, 64)
		switch {
		case family == serviceref.Date:
			t, ok := parseInstant(v.text, family)
			if !ok {
				return 0, false
			}
			n = float64(t.Unix())
		case err != nil || !number.MatchString(v.text):
			return 0, false
		}
		if i == 0 || wider(n, best) {
			best = n
		}
	}
	return best, len(e.values()) > 0
}

// rangesContradict reports whether each range of a lies within one that b excludes.
func rangesContradict(a, b *conditionEntry) bool {
	if a.parts.Base != "IpAddress" || b.parts.Base != "NotIpAddress" || !a.needsKey() {
		return false
	}
	in, ok1 := a.ranges()
	out, ok2 := b.ranges()
	return ok1 && ok2 && !slices.ContainsFunc(in, func(p netip.Prefix) bool {
		return !slices.ContainsFunc(out, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	})
}

func (e *conditionEntry) ranges() (list []netip.Prefix, ok bool) {
	for _, v := range e.values() {
		p, ok := parseRange(v.text)
		if !ok || p.Addr().Is4In6() {
			return nil, false
		}
		list = append(list, p)
	}
	return list, len(list) > 0
}

// setsContradict reports whether some value of the key must be one of a, and all must be
// among b, which has none of them. Tag keys that differ in case only may be the same.
func setsContradict(a, b *conditionEntry) bool {
	if a.parts.Quantifier != policy.ForAnyValue || a.parts.IfExists || a.parts.Base != "StringEquals" || b.parts.Quantifier != policy.ForAllValues || len(a.values()) == 0 {
		return false
	}
	if b.parts.Base != "StringEquals" && b.parts.Base != "StringLike" {
		return false
	}
	return !slices.ContainsFunc(a.values(), func(v value) bool {
		return strings.Contains(v.text, "${") || slices.ContainsFunc(b.values(), func(w value) bool {
			return strings.Contains(w.text, "${") || strings.EqualFold(v.text, w.text) || b.like() && glob.Meet(strings.ToLower(w.text), strings.ToLower(v.text))
		})
	})
}

// A valueShape says what all values of keys look like.
type valueShape struct {
	keys []string
	want string
	may  func(text string) bool
}

// valueShapes are those of the global keys about callers (IAM User Guide, “AWS global
// condition context keys”). The ARN of a caller with a role is that of the role.
var valueShapes = []valueShape{
	{[]string{"aws:PrincipalArn"}, "for sessions of roles it is the ARN of the role, such as arn:aws:iam::111122223333:role/logs", func(text string) bool {
		return !strings.Contains(text, ":assumed-role/") || !strings.HasPrefix(text, "arn:")
	}},
	{[]string{"aws:PrincipalAccount", "aws:SourceAccount"}, "want the 12 digits of an account", func(text string) bool {
		return policy.IsAccountID(text) || strings.EqualFold(text, "anonymous") || isPattern(text)
	}},
	{[]string{"aws:PrincipalOrgID", "aws:ResourceOrgID", "aws:SourceOrgID", "aws:VpceOrgID"}, "want the ID of an organization, such as o-a1b2c3d4e5", func(text string) bool {
		return strings.HasPrefix(strings.ToLower(text), "o-") || isPattern(text)
	}},
}

func (s *statement) checkShape(e *conditionEntry) {
	if !e.compares("String") && !e.compares("Arn") {
		return
	}
	for _, shape := range valueShapes {
		for _, v := range e.values() {
			if isOneOf(e, shape.keys) && !shape.may(v.text) {
				s.c.report(v.node, v.path, "%s is never %q; %s", e.key, clip(v.text), shape.want)
			}
		}
	}
}

// checkGlobalRegion reports actions of a service whose calls carry one region, which is not
// in the list. Permission-only actions carry that of another service's call, and service-linked
// roles are often created by another service.
func (s *statement) checkGlobalRegion(e *conditionEntry) {
	if !e.is("aws:RequestedRegion") || !e.compares("String") || negated(e.parts) || e.parts.Quantifier != policy.NoQuantifier || len(e.values()) == 0 {
		return
	}
	other := func(v value) bool { // a region that may be of another partition
		return isPattern(v.text) || !slices.Contains(regions, v.text) || slices.ContainsFunc(otherPartitions, func(p string) bool { return strings.HasPrefix(v.text, p) })
	}
	if slices.ContainsFunc(e.values(), other) {
		return
	}
	for v, a := range s.plainActions() {
		region, ok := s.c.ref.GlobalRegion(a.Action().Service())
		only, known := a.PermissionOnly()
		if ok && known && !only && a.Action() != "iam:CreateServiceLinkedRole" && !e.lists(region) {
			s.c.report(v.node, v.path, "calls of %s carry the region %s wherever they come from, so the condition on %s never holds for it; put it in a statement of its own", v.text, region, e.key)
		}
	}
}

// otherPartitions begin the regions of partitions other than aws.
var otherPartitions = []string{"cn-", "eu-isoe-", "eusc-", "us-gov-", "us-iso"}
