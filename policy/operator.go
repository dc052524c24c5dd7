package policy

import (
	"slices"
	"strings"
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
	return [...]string{"", "ForAllValues", "ForAnyValue"}[q]
}

// OperatorParts are the parts of an [Operator].
type OperatorParts struct {
	Quantifier Quantifier
	Base       string // as AWS spells it: "StringEquals", "Null", …
	IfExists   bool
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
	name := string(o)
	if prefix, rest, found := strings.Cut(name, ":"); found {
		switch {
		case strings.EqualFold(prefix, "ForAllValues"):
			parts.Quantifier = ForAllValues
		case strings.EqualFold(prefix, "ForAnyValue"):
			parts.Quantifier = ForAnyValue
		default:
			return OperatorParts{}, false
		}
		name = rest
	}
	const suffix = "IfExists"
	if n := len(name) - len(suffix); n > 0 && strings.EqualFold(name[n:], suffix) {
		parts.IfExists, name = true, name[:n]
	}
	for _, base := range operatorBases {
		if strings.EqualFold(base, name) {
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
	quantifier := ""
	if i := strings.IndexByte(name, ':'); i >= 0 {
		quantifier, name = name[:i+1], name[i+1:]
	}
	best, bestDistance := "", 4
	for _, base := range operatorBases {
		for _, suffix := range []string{"", "IfExists"} {
			if d := distance(strings.ToLower(name), strings.ToLower(base+suffix)); d < bestDistance {
				best, bestDistance = quantifier+base+suffix, d
			}
		}
	}
	if best != "" && !Operator(best).IsValid() {
		return ""
	}
	return best
}

// distance is the Levenshtein distance; long texts, which are no misspelling, are far.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
