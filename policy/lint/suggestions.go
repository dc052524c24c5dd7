package lint

import (
	"math/big"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// suggestionRules are about what could be simpler or clearer.
var suggestionRules = []rule{
	{
		code: "EMPTY_ARRAY_CONDITION", typ: Suggestion, kinds: anyKind,
		title: "A condition has no values.",
		check: eachCondition(emptyValues(policy.NoQuantifier, false, "%s has no values for %s, so that it holds for nobody or, negated, for everybody; give a value, or remove the key")),
	},
	{
		code: "EMPTY_ARRAY_CONDITION_FORALLVALUES", typ: Suggestion, kinds: anyKind,
		title: "ForAllValues without values only holds when the key is missing.",
		check: eachCondition(emptyValues(policy.ForAllValues, false, "%s has no values, so it only holds when %s is missing (or, negated, always); test that with Null, or give a value")),
	},
	{
		code: "EMPTY_ARRAY_CONDITION_FORANYVALUE", typ: Suggestion, kinds: anyKind,
		title: "ForAnyValue without values never holds.",
		check: eachCondition(emptyValues(policy.ForAnyValue, false, "%s has no values for %s, so it never holds (or, negated, for every value); give a value, or remove the statement")),
	},
	{
		code: "EMPTY_ARRAY_CONDITION_IFEXISTS", typ: Suggestion, kinds: anyKind,
		title: "IfExists without values only holds when the key is missing.",
		check: eachCondition(emptyValues(policy.NoQuantifier, true, "%s has no values, so it only holds when %s is missing (or, negated, always); test that with Null, or give a value")),
	},
	{
		code: "NULL_WITH_QUALIFIER", typ: Suggestion, kinds: anyKind,
		title: "Null does not look at values, so a set operator makes it constant.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if e.parts.Base == "Null" && e.parts.Quantifier != policy.NoQuantifier {
				s.c.reportName(e.opNode, e.operatorPath(s), "Null tests whether a key exists, not its values, and %s has the same result whether %s exists or not; use Null", e.operator, e.key)
			}
		}),
	},
	{
		code: "REDUNDANT_CONDITION_VALUE_NUM", typ: Suggestion, kinds: anyKind,
		title: "Of several numeric bounds, one decides.",
		check: eachCondition(checkBounds),
	},
	{
		code: "RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", typ: Suggestion, kinds: kindSet(policy.ResourceBased),
		title: "A service principal is limited by a weak condition key.",
		check: eachCondition(checkWeakSource),
	},
	{
		code: "IRRELEVANT_CONDITION_KEY_IN_POLICY", typ: Suggestion, kinds: kindSet(policy.ResourceBased),
		title: "The key says whose resource it is, which a resource's own policy knows.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if isOneOf(e, ownerKeys) {
				s.c.reportName(e.keyNode, e.path, "%s is always the same in the policy of one resource; remove it here, and use it in policies of identities", e.key)
			}
		}),
	},
}

// ownerKeys say who owns a resource.
var ownerKeys = []string{"s3:ResourceAccount", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths"}

func emptyValues(q policy.Quantifier, ifExists bool, message string) func(*statement, *conditionEntry) {
	return func(s *statement, e *conditionEntry) {
		n := &e.keyNode.Value
		if n.Kind != jsontree.Array || len(n.Elements) > 0 || e.parts.Base == "" || e.parts.Quantifier != q {
			return
		}
		if q == policy.NoQuantifier && e.parts.IfExists != ifExists {
			return
		}
		s.c.report(n, e.path, message, e.operator, e.key)
	}
}

// checkBounds: values are alternatives, so the loosest bound decides.
func checkBounds(s *statement, e *conditionEntry) {
	less := strings.HasPrefix(e.parts.Base, "NumericLess")
	if n := e.keyNode.Value.Elements; len(n) < 2 || !less && !strings.HasPrefix(e.parts.Base, "NumericGreater") {
		return
	}
	var best *big.Rat
	var bound value
	for _, v := range e.values() {
		r, ok := parseNumber(v.text)
		if !ok {
			return
		}
		if best == nil || r.Cmp(best) > 0 == less && r.Cmp(best) != 0 {
			best, bound = r, v
		}
	}
	if best == nil {
		return
	}
	s.c.report(&e.keyNode.Value, e.path, "values are alternatives, so %s decides alone; write only that", bound.text).
		Fix = replace(&e.keyNode.Value, string(s.c.src[bound.node.Start:bound.node.End]))
}

// parseNumber reads a number of reasonable size.
func parseNumber(text string) (*big.Rat, bool) {
	if len(text) > 40 || !number.MatchString(text) || strings.ContainsAny(text, "eE") {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func checkWeakSource(s *statement, e *conditionEntry) {
	if s.effect() != "Allow" || !isOneOf(e, weakSourceKeys) || s.has(sourceKeys...) {
		return
	}
	services := slices.Collect(s.serviceNames())
	if len(services) == 0 {
		return
	}
	s.c.reportName(e.keyNode, e.path, "%s is a weak limit for %s; use aws:SourceArn or aws:SourceAccount, which the service itself sets", e.key, services[0])
}
