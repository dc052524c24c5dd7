package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/policy"
)

// negationRules are about values that read as something else than they mean.
var negationRules = []rule{
	{
		code: "COND_NEGATED_MULTI_OR_CONFUSION", typ: Suggestion, kinds: anyKind,
		title: "Several negated values read as “not all of them”, and mean “none of them”.",
		check: eachCondition(checkNegation),
	},
	{
		code: "CASE_SENSITIVE_VALUE", typ: Warning, kinds: anyKind,
		title: "A value has capital letters, and those of the key never have any.",
		check: eachConditionValue(checkCase),
	},
}

// checkNegation: the values of a negated operator are joined by NOR, and conditions by AND;
// ForAnyValue asks for one value of the request that differs (IAM User Guide, “Conditions
// with multiple context keys or values”).
func checkNegation(s *statement, e *conditionEntry) {
	if !negated(e.parts) {
		return
	}
	if e.parts.Quantifier == policy.ForAnyValue {
		if s.effect() == "Deny" { // one value outside the list is what is meant
			return
		}
		s.c.reportName(e.opNode, e.operatorPath(s), "%s holds as soon as one value of %s is none of these, whatever the others are; if none of these may be there, use ForAllValues:%s", e.operator, e.key, e.parts.Base)
		return
	}
	for _, other := range s.conditions() {
		if other == e {
			break
		}
		if negated(other.parts) && ascii.Equal(other.key, e.key) && other.parts.Quantifier == e.parts.Quantifier {
			s.c.reportName(e.opNode, e.operatorPath(s), "%s and %s on %s must hold both, so it may be none of all their values; if either would do, write two statements", other.operator, e.operator, e.key)
			return
		}
	}
	if n := len(e.values()); s.effect() == "Allow" && n > 1 && e.parts.Quantifier == policy.NoQuantifier {
		s.c.reportName(e.opNode, e.operatorPath(s), "%s holds if %s is none of the %d values, not if it differs from one of them; list in a positive condition what may be allowed", e.operator, e.key, n)
	}
}

// lowerKeys are keys whose values have no capital letters: the IDs of organizations, roots
// and organizational units (Organizations API Reference, “Organization”, “Root”,
// “OrganizationalUnit”), and canned ACLs (S3 User Guide, “Access control list overview”).
var lowerKeys = []string{
	"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgID", "aws:ResourceOrgPaths",
	"aws:SourceOrgID", "aws:SourceOrgPaths", "aws:VpceOrgID", "aws:VpceOrgPaths", "s3:x-amz-acl",
}

func checkCase(s *statement, e *conditionEntry, v value) {
	if !isOneOf(e, lowerKeys) || !e.comparesText() || strings.Contains(e.parts.Base, "IgnoreCase") {
		return
	}
	lower := strings.ToLower(v.text)
	if hasVariable(v.text) || lower == v.text {
		return
	}
	f := s.c.report(v.node, v.path, "%s compares case-sensitively, and values of %s have no capital letters, so %q equals none; want %q", e.operator, e.key, clip(v.text), clip(lower))
	if s.guessNarrows(negated(e.parts)) {
		f.Fix = replace(v.node, quoted(lower))
	}
}
