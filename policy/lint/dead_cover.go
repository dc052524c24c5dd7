package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// coversStatement reports whether every request that inner matches is matched by outer, too. It
// looks at the elements, not at the effect, and says no when it is not certain.
func coversStatement(outer, inner policy.Statement) bool {
	return coversElement(elementPair{outer.Action, outer.NotAction}, elementPair{inner.Action, inner.NotAction}, glob.ActionIncludes, glob.ActionsMeet) &&
		coversElement(elementPair{outer.Resource, outer.NotResource}, elementPair{inner.Resource, inner.NotResource}, glob.ResourceIncludes, glob.ResourcesMeet) &&
		coversPrincipal(outer, inner) && coversConditions(outer.Condition, inner.Condition)
}

// An elementPair is an element of a statement and its negation; one of them is absent.
type elementPair struct{ yes, not policy.Patterns }

func (e elementPair) isZero() bool { return e.yes.IsZero() && e.not.IsZero() }

func coversElement(outer, inner elementPair, includes, meet func(a, b string) bool) bool {
	switch {
	case outer.isZero() || inner.isZero():
		return outer.isZero() // an absent Resource is every resource
	case !outer.not.IsZero() && !inner.not.IsZero():
		return each(outer.not, func(o string) bool { return some(inner.not, func(i string) bool { return includes(i, o) }) })
	case !outer.not.IsZero():
		return each(inner.yes, func(i string) bool { return !some(outer.not, func(o string) bool { return meet(o, i) }) })
	case !inner.not.IsZero():
		return some(outer.yes, glob.Everything)
	}
	return each(inner.yes, func(i string) bool { return some(outer.yes, func(o string) bool { return includes(o, i) }) })
}

func each(p policy.Patterns, ok func(string) bool) bool {
	for s := range p.All() {
		if !ok(s) {
			return false
		}
	}
	return true
}

func some(p policy.Patterns, ok func(string) bool) bool {
	return !each(p, func(s string) bool { return !ok(s) })
}

// coversPrincipal compares entries as they are written: an account and its role are
// different entries, since they grant in different ways.
func coversPrincipal(outer, inner policy.Statement) bool {
	if !outer.NotPrincipal.IsZero() || !inner.NotPrincipal.IsZero() {
		return outer.NotPrincipal.Equal(inner.NotPrincipal) && outer.Principal.Equal(inner.Principal)
	}
	if outer.Principal.IsZero() || inner.Principal.IsZero() {
		return outer.Principal.IsZero() && inner.Principal.IsZero()
	}
	for t, id := range inner.Principal.All() {
		found := false
		for ot, oid := range outer.Principal.All() {
			found = found || ot == policy.AWSPrincipal && oid == "*" || ot == t && oid == id
		}
		if !found {
			return false
		}
	}
	return true
}

// coversConditions reports whether each condition of outer follows from one of inner: the
// same operator and key, and values that are no fewer, or for a negated operator no more.
func coversConditions(outer, inner policy.Conditions) bool {
	for o := range outer.All() {
		implied := false
		for i := range inner.All() {
			if !ascii.Equal(string(o.Operator), string(i.Operator)) || !ascii.Equal(o.Key, i.Key) {
				continue
			}
			implied = implied || o.Values.Equal(i.Values) || impliedValues(o, i)
		}
		if !implied {
			return false
		}
	}
	return true
}

func impliedValues(outer, inner policy.Condition) bool {
	parts, ok := outer.Operator.Parts()
	if !ok || outer.Values.Len() == 0 || inner.Values.Len() == 0 {
		return false
	}
	if negated(parts) {
		return subset(outer.Values, inner.Values)
	}
	return subset(inner.Values, outer.Values)
}

func subset(a, b policy.Patterns) bool {
	all := slices.Collect(b.All())
	return each(a, func(s string) bool { return slices.Contains(all, s) })
}

// negated reports whether the operator is one that a missing key satisfies.
func negated(parts policy.OperatorParts) bool { return strings.Contains(parts.Base, "Not") }
