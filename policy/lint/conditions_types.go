package lint

import (
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy/serviceref"
)

// conditionTypeRules are about operators that do not suit their keys and values that do
// not suit their operators (IAM User Guide, “IAM JSON policy elements: Condition
// operators”).
var conditionTypeRules = []rule{
	{
		code: "TYPE_MISMATCH", typ: Warning, kinds: anyKind,
		title: "The operator compares another type than that of the key.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if want := e.info.Type; mismatched(e) {
				s.c.reportName(e.opNode, e.operatorPath(s), "%s compares values of type %s, but %s is of type %s; use %s",
					e.operator, operatorType(e.parts.Base), e.info.Name, want, operatorsFor[want])
			}
		}),
	},
	{
		code: "TYPE_MISMATCH_BOOLEAN", typ: Warning, kinds: anyKind,
		title: "A value of Bool or Null is neither true nor false.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if b := e.parts.Base; (b == "Bool" || b == "Null") && !isBool(v.text) && !hasVariable(v.text) {
				s.c.report(v.node, v.path, "%q is neither true nor false; %s compares with one of them", clip(v.text), e.operator)
			}
		}),
	},
	{
		code: "TYPE_MISMATCH_DATE", typ: Warning, kinds: anyKind,
		title: "A value of a date operator is no date.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if operatorType(e.parts.Base) == serviceref.Date && !isDate(v.text) && !hasVariable(v.text) {
				s.c.report(v.node, v.path, "%q is no date that %s can compare; write it as 2006-01-02 or 2006-01-02T15:04:05Z", clip(v.text), e.operator)
			}
		}),
	},
	{
		code: "INVALID_DATE_VALUE", typ: Warning, kinds: anyKind,
		title: "A date is written as a number of seconds.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if operatorType(e.parts.Base) == serviceref.Date && !e.is("aws:EpochTime") && allDigits.MatchString(v.text) {
				s.c.report(v.node, v.path, "%q counts as seconds since 1970; write the date as 2006-01-02 or 2006-01-02T15:04:05Z", clip(v.text))
			}
		}),
	},
	{
		code: "TYPE_MISMATCH_IP_RANGE", typ: Warning, kinds: anyKind,
		title: "A value of an IP address operator is no IP address range.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if _, ok := parseRange(v.text); operatorType(e.parts.Base) == serviceref.IPAddress && !ok && !hasVariable(v.text) {
				s.c.report(v.node, v.path, "%q is no IP address range that %s can compare; write an address, or a range such as 203.0.113.0/24 or 2001:db8::/32", clip(v.text), e.operator)
			}
		}),
	},
	{
		code: "TYPE_MISMATCH_NUMBER", typ: Warning, kinds: anyKind,
		title: "A value of a numeric operator is no number.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if operatorType(e.parts.Base) == serviceref.Numeric && !number.MatchString(v.text) && !hasVariable(v.text) {
				s.c.report(v.node, v.path, "%q is no number that %s can compare; write digits, such as 3600", clip(v.text), e.operator)
			}
		}),
	},
	{
		code: "TYPE_MISMATCH_STRING", typ: Warning, kinds: anyKind,
		title: "A value of BinaryEquals is not in base64.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if _, err := base64.StdEncoding.DecodeString(v.text); e.parts.Base == "BinaryEquals" && err != nil && !hasVariable(v.text) {
				s.c.report(v.node, v.path, "%q is not base64; %s compares the bytes that base64 text stands for", clip(v.text), e.operator)
			}
		}),
	},
}

// operatorsFor says which operators suit a type.
var operatorsFor = map[serviceref.KeyType]string{
	serviceref.String:    "StringEquals or StringLike",
	serviceref.ARN:       "ArnEquals or ArnLike",
	serviceref.Bool:      "Bool",
	serviceref.Date:      "DateLessThan or another Date operator",
	serviceref.Numeric:   "NumericEquals or another Numeric operator",
	serviceref.IPAddress: "IpAddress or NotIpAddress",
	serviceref.Binary:    "BinaryEquals",
}

// operatorType is the type that an operator compares; zero for Null and for no operator.
func operatorType(base string) serviceref.KeyType {
	switch {
	case strings.HasPrefix(base, "String"):
		return serviceref.String
	case strings.HasPrefix(base, "Arn"):
		return serviceref.ARN
	case strings.HasPrefix(base, "Numeric"):
		return serviceref.Numeric
	case strings.HasPrefix(base, "Date"):
		return serviceref.Date
	case base == "Bool":
		return serviceref.Bool
	case base == "BinaryEquals":
		return serviceref.Binary
	case base == "IpAddress" || base == "NotIpAddress":
		return serviceref.IPAddress
	}
	return 0
}

// mismatched reports whether the operator does not suit the key. Strings work for ARNs,
// and numbers for a time in seconds; ARN operators work for a key whose values are ARNs
// although the reference calls them strings.
func mismatched(e *conditionEntry) bool {
	got, want := operatorType(e.parts.Base), e.info.Type
	switch {
	case !e.known || got == 0 || want == 0 || got == want:
		return false
	case want == serviceref.ARN && got == serviceref.String:
		return false
	case got == serviceref.Numeric && e.is("aws:EpochTime"):
		return false
	case want == serviceref.String && got == serviceref.ARN:
		for _, v := range e.values() {
			if _, n := glob.SplitARN(v.text, glob.Wildcards|glob.Variables); n < 6 {
				return true
			}
		}
		return false
	}
	return true
}

var (
	number    = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	allDigits = regexp.MustCompile(`^[0-9]+$`)
)

func isBool(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

// dateLayouts are the forms of the W3C profile of ISO 8601. Go reads fractions of a second
// with any of those that have seconds.
var dateLayouts = []string{
	"2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05",
}

// isDate reports whether the text is a date or a number of seconds.
func isDate(text string) bool {
	for _, layout := range dateLayouts {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return allDigits.MatchString(text)
}
