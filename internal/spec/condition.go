package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// conditionsMatch implements the AND of R-CND-1; an absent or empty element matches.
//
// R-CND-2: documents with an unknown operator are refused when parsed. Should one get
// here all the same, a Deny applies and an Allow does not.
func (e *evaluation) conditionsMatch(v policy.Version, s policy.Statement) bool {
	for c := range s.Condition.All() {
		if _, ok := c.Operator.Parts(); !ok {
			return s.Effect == policy.Deny
		}
	}
	for c := range s.Condition.All() {
		if !e.conditionMatches(v, c) {
			return false
		}
	}
	return true
}

// conditionMatches is one operator with one key.
//
// R-CND-14 Choice: no value is looked at while the key is missing, so a policy value that
// does not parse changes nothing then.
func (e *evaluation) conditionMatches(v policy.Version, c policy.Condition) bool {
	op, _ := c.Operator.Parts()
	if op.Base == "Null" {
		return e.nullMatches(c)
	}
	values, present := e.lookup(c.Key)
	switch {
	case !present && op.Quantifier == policy.ForAllValues:
		return true // R-CND-8, R-CND-11
	case !present && op.Quantifier == policy.ForAnyValue:
		return false // R-CND-9, R-CND-11
	case !present:
		return op.IfExists || isNegated(op.Base) // R-CND-5
	}
	switch op.Quantifier {
	case policy.ForAllValues: // R-CND-8, R-CND-13
		for _, value := range values {
			if !e.passes(v, op.Base, c.Values, value) {
				return false
			}
		}
		return true
	case policy.ForAnyValue: // R-CND-9, R-CND-13
		for _, value := range values {
			if e.passes(v, op.Base, c.Values, value) {
				return true
			}
		}
		return false
	}
	if e.isMultivalued(c.Key) {
		return false // R-CND-7
	}
	return e.passes(v, op.Base, c.Values, values[0])
}

// nullMatches implements R-CND-12; R-CND-6: IfExists means nothing here.
//
// R-CND-12 Choices: the values are the texts true and false, compared as Bool compares
// them; any other matches nothing. Set operators mean nothing either, presence is a property of the
// key and not of a value.
func (e *evaluation) nullMatches(c policy.Condition) bool {
	_, present := e.lookup(c.Key)
	for value := range c.Values.All() {
		value = lowerASCII(value)
		if value == "true" && !present || value == "false" && present {
			return true
		}
	}
	return false
}

// isNegated: the operators with Not in their names.
func isNegated(base string) bool { return strings.Contains(base, "Not") }

// positive is the operator that a negated one negates.
func positive(base string) string { return strings.Replace(base, "Not", "", 1) }

// passes implements R-CND-10 with the OR and NOR of R-CND-1.
//
// R-CND-14 Choice: the type error is one of a pair of request value and policy value, and
// false in both senses for that pair. So a policy value that does not parse leaves a
// positive operator its other values, and makes a negated one false.
func (e *evaluation) passes(v policy.Version, base string, policyValues policy.Patterns, value string) bool {
	for policyValue := range policyValues.All() {
		result := e.compare(v, positive(base), policyValue, value)
		if isNegated(base) && result != differs {
			return false
		}
		if !isNegated(base) && result == matches {
			return true
		}
	}
	return isNegated(base)
}

// A comparison is what a positive operator says of two values.
type comparison uint8

const (
	typeError comparison = iota
	matches
	differs
)

func isTrue(b bool) comparison {
	if b {
		return matches
	}
	return differs
}

// compare is the table of §7.1. R-VAR-6: a null variable differs from everything.
func (e *evaluation) compare(v policy.Version, base, want, got string) comparison {
	switch base {
	case "StringEquals", "StringEqualsIgnoreCase", "Bool":
		text, ok := e.literalText(pieces(want, v))
		switch {
		case base == "Bool":
			return compareBool(text, ok, got)
		case !ok:
			return differs
		case base == "StringEqualsIgnoreCase":
			return isTrue(foldText(text) == foldText(got))
		}
		return isTrue(text == got) // R-OPS-2: an empty text is a text
	case "StringLike":
		tokens, ok := e.globTokens(pieces(want, v))
		return isTrue(ok && globMatches(tokens, got))
	case "ArnEquals", "ArnLike": // R-OPS-8
		return e.compareARN(v, want, got)
	case "IpAddress":
		return compareIP(want, got)
	case "BinaryEquals":
		return compareBinary(want, got)
	}
	if relation, ok := strings.CutPrefix(base, "Numeric"); ok {
		return compareNumber(relation, want, got)
	}
	if relation, ok := strings.CutPrefix(base, "Date"); ok {
		return compareDate(relation, want, got)
	}
	return typeError
}

// compareARN implements R-OPS-7.
//
// R-OPS-7 Choices: the parts of the policy value are counted in its text, before
// substitution, so a value that is one variable is a type error; and a type error goes
// before a null variable. The first part, "arn", is a glob like the others.
func (e *evaluation) compareARN(v policy.Version, want, got string) comparison {
	patterns := segments(pieces(want, v))
	parts, ok := splitARN(got)
	if !ok || len(patterns) < 6 {
		return typeError
	}
	result := matches
	for i, pattern := range patterns {
		tokens, ok := e.globTokens(pattern)
		if !ok || !globMatches(tokens, parts[i]) {
			result = differs
		}
	}
	return result
}

// compareBool implements R-OPS-9.
func compareBool(want string, known bool, got string) comparison {
	isBool := func(s string) bool { return lowerASCII(s) == "true" || lowerASCII(s) == "false" }
	switch {
	case !isBool(got):
		return typeError
	case !known:
		return differs
	case !isBool(want):
		return typeError
	}
	return isTrue(lowerASCII(want) == lowerASCII(got))
}
