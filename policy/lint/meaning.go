package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// meaningRules are about conditions that do not mean what they seem to (IAM User Guide,
// “IAM JSON policy elements: Condition operators”, “AWS global condition context keys”).
var meaningRules = slices.Concat(meaningConstantRules, meaningMissingRules)

// meaningConstantRules are about conditions that never or always hold.
var meaningConstantRules = []rule{
	{
		code: "COND_VALUE_NEVER_MATCHES", typ: Error, kinds: anyKind,
		title: "A condition compares with a value that the key never has.",
		check: (*checker).checkClosedSets,
	},
	{
		code: "COND_CONTRADICTION", typ: Error, kinds: anyKind,
		title: "Two conditions of a statement never hold together.",
		check: (*checker).checkContradictions,
	},
	{
		code: "COND_TAUTOLOGY", typ: Warning, kinds: anyKind,
		title: "A condition always holds.",
		check: (*checker).checkTautologies,
	},
	{
		code: "ARN_PATTERN_CROSSES_SEGMENT", typ: Warning, kinds: anyKind,
		title: "A wildcard of a string comparison reaches over the parts of an ARN.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, e := range s.conditions() {
					if e.known && e.info.Type == serviceref.ARN && e.compares("String") && e.like() {
						c.checkCrossing(e)
					}
				}
			}
		},
	},
}

// closedSets are the values of keys that have no others.
var closedSets = []struct {
	key    string
	values []string
}{
	{"aws:PrincipalType", []string{"Account", "User", "FederatedUser", "AssumedRole", "Anonymous"}},
}

func (c *checker) checkClosedSets() {
	for _, s := range c.statements() {
		for _, set := range closedSets {
			for e := range s.conditionsOn(set.key) {
				for _, v := range e.values() {
					if e.compares("String") && !e.matchesAny(v.text, set.values) {
						c.report(v.node, v.path, "%s is never %q; it is one of %s%s", set.key, v.text, strings.Join(set.values, ", "), hintFor(set.key, v.text))
					}
				}
			}
		}
		for _, e := range s.conditions() {
			s.checkShape(e)
			s.checkGlobalRegion(e)
		}
		for e := range s.conditionsOn("iam:PassedToService") {
			for _, v := range e.values() {
				if e.compares("String") && !strings.ContainsAny(v.text, "*?$") && !strings.Contains(v.text, ".") {
					c.report(v.node, v.path, "%q is no service principal; write one such as ec2.amazonaws.com", v.text)
				}
			}
		}
	}
}

func hintFor(key, text string) string {
	if key == "aws:PrincipalType" && strings.EqualFold(text, "root") {
		return `; for root users write "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}`
	}
	return ""
}

// matchesAny reports whether the operator may find the value equal to one of the texts.
func (e *conditionEntry) matchesAny(text string, list []string) bool {
	mode := glob.Mode(0)
	if e.like() {
		mode = glob.Wildcards
	}
	if strings.Contains(text, "${") {
		return true
	}
	p := glob.Compile(text, mode)
	return slices.ContainsFunc(list, func(s string) bool {
		return p.Match(s, nil) || strings.Contains(e.parts.Base, "IgnoreCase") && strings.EqualFold(text, s)
	})
}

// checkContradictions compares the conditions of a statement on one key in pairs.
func (c *checker) checkContradictions() {
	for _, s := range c.statements() {
		entries := s.conditions()
		for i, b := range entries {
			for _, a := range entries[:i] {
				if ascii.Equal(a.key, b.key) && (contradicts(a, b) || contradicts(b, a)) {
					c.reportName(b.keyNode, b.path, "this and %s on the same key never hold together, so the statement matches nothing; write one condition with the values that are meant", a.operator)
					break
				}
			}
		}
	}
}

func contradicts(a, b *conditionEntry) bool {
	if b.info.Multivalued || setsContradict(a, b) {
		return setsContradict(a, b)
	}
	if a.parts.Quantifier != policy.NoQuantifier || b.parts.Quantifier != policy.NoQuantifier || a.parts.Base == "" || b.parts.Base == "" {
		return false
	}
	if a.parts.Base == "Null" {
		return a.only("true") && b.needsKey()
	}
	if boundsContradict(a, b) || rangesContradict(a, b) {
		return true
	}
	exact := func(e *conditionEntry) bool { return e.parts.Base == "StringEquals" && e.needsKey() }
	list := func(e *conditionEntry) (out []string) {
		for _, v := range e.values() {
			out = append(out, v.text)
		}
		return out
	}
	values, others := list(a), list(b)
	if !exact(a) || len(values) == 0 || len(others) == 0 || slices.ContainsFunc(slices.Concat(values, others), func(s string) bool { return strings.Contains(s, "${") }) {
		return false
	}
	switch b.parts.Base {
	case "StringEquals", "StringLike":
		return !slices.ContainsFunc(others, func(o string) bool { return b.matchesAny(o, values) })
	case "StringNotEquals", "StringNotLike":
		return !slices.ContainsFunc(values, func(v string) bool {
			return !slices.ContainsFunc(others, func(o string) bool { return b.matchesAny(o, []string{v}) })
		})
	}
	return false
}

// checkTautologies reports comparisons with "*" that a missing key does not fail.
func (c *checker) checkTautologies() {
	for _, s := range c.statements() {
		for _, e := range s.conditions() {
			if e.parts.Base != "StringLike" || !passesAny(e) {
				continue
			}
			for _, v := range e.values() {
				if glob.Everything(v.text) {
					c.report(v.node, v.path, "this holds for every request; remove the condition, or write the values that are meant")
				}
			}
		}
	}
}

// passesAny reports whether a comparison that any value passes holds for every request.
// Without a set operator, a multivalued key that is there passes none.
func passesAny(e *conditionEntry) bool {
	switch e.parts.Quantifier {
	case policy.ForAllValues:
		return true
	case policy.ForAnyValue:
		return false
	}
	return e.known && !e.info.Multivalued && (e.parts.IfExists || e.info.Presence == serviceref.Always)
}

// checkCrossing reports wildcards in the first five parts of an ARN: a star of StringLike
// also matches colons, one of ArnLike does not.
func (c *checker) checkCrossing(e *conditionEntry) {
	for _, v := range e.values() {
		parts, n := glob.SplitARN(v.text, glob.Variables)
		if n < 2 || parts[0] != "arn" {
			continue
		}
		if i := slices.IndexFunc(parts[1:min(n, 5)], func(p string) bool { return strings.Contains(p, "*") }); i >= 0 || n < 6 && strings.Contains(v.text, "*") {
			c.report(v.node, v.path, "a star here also matches colons, and so other parts of the ARN; compare with %s", strings.Replace(e.parts.Base, "String", "Arn", 1))
		}
	}
}
