package policy

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/levenshtein"
)

// An Operator is a condition operator as written, such as "StringEquals" or
// "ForAllValues:StringLikeIfExists". Its name is not case-sensitive.
// See “IAM JSON policy elements: Condition operators” in the IAM User Guide.
type Operator string

// A Quantifier is the set operator in front of a condition operator.
type Quantifier uint8

// The set operators; the zero value is a condition operator without one.
const (
	NoQuantifier Quantifier = iota
	ForAllValues
	ForAnyValue
)

// String is "ForAllValues", "ForAnyValue" or "".
func (q Quantifier) String() string {
	switch q {
	case ForAllValues:
		return "ForAllValues"
	case ForAnyValue:
		return "ForAnyValue"
	}
	return ""
}

// OperatorParts are the parts of an [Operator].
type OperatorParts struct {
	Quantifier Quantifier
	Base       string // as AWS spells it: "StringEquals", "Null", …
	IfExists   bool
}

// TakesVariables reports whether "${" begins a policy variable in the values of the operator, in
// documents of [Version2012]: in those of String, ARN and Bool operators. In those of others it is
// text (IAM User Guide, “IAM policy elements: Variables and tags”, “Where you can use policy variables”).
func (p OperatorParts) TakesVariables() bool {
	return strings.HasPrefix(p.Base, "String") || strings.HasPrefix(p.Base, "Arn") || p.Base == "Bool"
}

var operatorBases = []string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
	"StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals",
	"NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals",
	"DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress",
	"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

// Operators lists the base names of all condition operators, without set operators and
// IfExists, as AWS spells them.
func Operators() []string { return slices.Clone(operatorBases) }

// Parts splits the operator; ok is false for a name that AWS does not have.
func (o Operator) Parts() (parts OperatorParts, ok bool) {
	// R-CND-2: [ForAllValues:|ForAnyValue:]Base[IfExists], in any case.
	name := string(o)
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch {
		case ascii.Equal(prefix, "ForAllValues"):
			parts.Quantifier = ForAllValues
		case ascii.Equal(prefix, "ForAnyValue"):
			parts.Quantifier = ForAnyValue
		default:
			return OperatorParts{}, false
		}
		name = rest
	}
	const suffix = "IfExists"
	if n := len(name) - len(suffix); n > 0 && ascii.Equal(name[n:], suffix) {
		parts.IfExists, name = true, name[:n]
	}
	for _, base := range operatorBases {
		if ascii.Equal(base, name) {
			parts.Base = base
			return parts, true
		}
	}
	return OperatorParts{}, false
}

// IsValid reports whether AWS has this operator.
func (o Operator) IsValid() bool {
	_, ok := o.Parts()
	return ok
}

// closestOperator is the operator that a misspelt one probably means, or "".
func closestOperator(name string) string {
	names := Operators()
	for _, base := range operatorBases {
		names = append(names, base+"IfExists")
	}
	quantifier, base, found := strings.Cut(name, ":")
	if !found {
		return closest(name, names)
	}
	quantifier = closest(quantifier, []string{"ForAllValues", "ForAnyValue"})
	base = closest(base, names)
	if quantifier == "" || base == "" {
		return ""
	}
	return quantifier + ":" + base
}

// closest is the known name that a misspelt one probably means, or "": at most three
// letters off, and less than half of the word.
func closest(name string, known []string) string {
	best, bestDistance := "", 4
	name = strings.ToLower(clip(name))
	for _, k := range known {
		longest := max(len(name), len(k))
		if longest-min(len(name), len(k)) >= bestDistance {
			continue
		}
		if d := levenshtein.Distance(name, strings.ToLower(k)); d < bestDistance && 2*d < longest {
			best, bestDistance = k, d
		}
	}
	return best
}
