package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// conditionRules are about condition operators, keys and values.
var conditionRules = slices.Concat(conditionKeyRules, conditionValueRules, conditionTypeRules, conditionIPRules, conditionActionRules)

// conditionKeyRules are about operators and keys as such (IAM User Guide, “IAM JSON policy
// elements: Condition” and “AWS global condition context keys”).
var conditionKeyRules = []rule{
	{
		code: "DUPLICATE_KEYS_WITH_DIFFERENT_CASE", typ: Error, kinds: anyKind,
		title: "A condition key stands twice under one operator, in different case.",
		check: eachCondition(checkKeyCase),
	},
	{
		code: "INVALID_CONDITION_KEY_FORMAT", typ: Error, kinds: anyKind,
		title: "A condition key is not of the form service:name.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if !e.wellFormed() {
				s.c.reportName(e.keyNode, e.path, "condition key %q is not of the form service:name, such as aws:SourceArn", clip(e.key))
			}
		}),
	},
	{
		code: "INVALID_GLOBAL_CONDITION_KEY", typ: Error, kinds: anyKind,
		title: "There is no such global condition key.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if e.service() == "aws" && e.wellFormed() && !e.known && !e.is("aws:ARN") && !isOneOf(e, unlistedKeys) && e.family(s) == "" {
				reportUnknownKey(s, e, "aws")
			}
		}),
	},
	{
		code: "INVALID_SERVICE_CONDITION_KEY", typ: Error, kinds: anyKind,
		title: "The service has no such condition key.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			service, ok := s.c.ref.Service(e.service())
			if ok && e.wellFormed() && !e.known && !isOneOf(e, unlistedKeys) && e.family(s) == "" {
				reportUnknownKey(s, e, service.Prefix)
			}
		}),
	},
	{
		code: "MISSING_TAG_KEY_IN_CONDITION", typ: Error, kinds: anyKind,
		title: "A condition key for tags does not name a tag.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if family := e.family(s); family != "" {
				s.c.reportName(e.keyNode, e.path, "condition key %s does not say which tag; write %s/ and the key of the tag", e.key, family)
			}
		}),
	},
	{
		code: "UNSUPPORTED_GLOBAL_CONDITION_KEY", typ: Error, kinds: anyKind,
		title: "The condition key aws:ARN is gone.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if e.is("aws:ARN") {
				s.c.reportName(e.keyNode, e.path, "condition key %s is not supported any more; use aws:PrincipalArn for the caller, or aws:SourceArn for the resource on whose behalf a service calls", e.key)
			}
		}),
	},
	{
		code: "DEPRECATED_GLOBAL_CONDITION_KEY", typ: Warning, kinds: anyKind,
		title: "A newer condition key takes the place of this one.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			for _, k := range deprecatedKeys {
				if e.is(k.old) {
					s.c.reportName(e.keyNode, e.path, "condition key %s is deprecated; use %s", e.key, k.now)
				}
			}
		}),
	},
	{
		code: "MISSING_QUALIFIER", typ: Error, kinds: anyKind,
		title: "A multivalued condition key needs ForAllValues or ForAnyValue.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if e.info.Multivalued && e.parts.Base != "" && e.parts.Base != "Null" && e.parts.Quantifier == policy.NoQuantifier && !e.info.Plain {
				s.c.reportName(e.opNode, e.operatorPath(s), "%s is multivalued, and %s alone never matches it; use ForAnyValue:%[2]s, or ForAllValues:%[2]s with a Null condition",
					e.info.Name, e.operator)
			}
		}),
	},
	{
		code: "NULL_WITH_IF_EXISTS", typ: Error, kinds: anyKind,
		title: "Null has no IfExists form.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if e.parts.Base == "Null" && e.parts.IfExists {
				s.c.reportName(e.opNode, e.operatorPath(s), "%s is no operator: Null already tests whether a key exists; use Null", e.operator)
			}
		}),
	},
}

// unlistedKeys are keys that AWS's own managed policies use and no page lists.
var unlistedKeys = []string{"aws:PrincipalOrgMasterAccountId", "lakeformation:GlueARN"}

// deprecatedKeys are the global condition keys with a successor (SNS Developer Guide,
// “Example cases for access control”, for aws:SourceOwner).
var deprecatedKeys = []struct{ old, now string }{
	{"aws:ARN", "aws:PrincipalArn"},
	{"aws:SourceOwner", "aws:SourceAccount"},
}

// eachCondition makes a check of what looks at one operator and key.
func eachCondition(f func(s *statement, e *conditionEntry)) func(*checker) {
	return func(c *checker) {
		for _, s := range c.statements() {
			for _, e := range s.conditions() {
				f(s, e)
			}
		}
	}
}

// eachConditionValue makes a check of what looks at one value of a condition.
func eachConditionValue(f func(s *statement, e *conditionEntry, v value)) func(*checker) {
	return eachCondition(func(s *statement, e *conditionEntry) {
		for _, v := range e.values() {
			f(s, e, v)
		}
	})
}

// service is the part of the key before the colon, in lower case.
func (e *conditionEntry) service() string {
	service, _, _ := strings.Cut(e.key, ":")
	return strings.ToLower(service)
}

// wellFormed reports whether the key is of the form service:name.
func (e *conditionEntry) wellFormed() bool {
	service, name, ok := strings.Cut(e.key, ":")
	return ok && service != "" && name != "" && !strings.ContainsAny(service, " \t\r\n") && strings.TrimSpace(name) == name
}

// family is the name of a family of tag keys, such as "aws:ResourceTag", if the key is
// that name without a tag; "" otherwise.
func (e *conditionEntry) family(s *statement) string {
	if e.known {
		return ""
	}
	k, ok := s.c.ref.Key(strings.TrimSuffix(e.key, "/") + "/x")
	family, _, variable := strings.Cut(k.Name, "/${")
	if !ok || !variable || !strings.Contains(strings.ToLower(family), "tag") {
		return ""
	}
	return family
}

// operatorPath is the JSON pointer of the entry's operator.
func (e *conditionEntry) operatorPath(s *statement) string {
	return s.path + "/Condition/" + jsontree.Escape(e.opNode.Name)
}

func checkKeyCase(s *statement, e *conditionEntry) {
	for i := range e.opNode.Value.Members {
		other := &e.opNode.Value.Members[i]
		if other == e.keyNode {
			return
		}
		if other.Name != e.key && ascii.Equal(other.Name, e.key) {
			s.c.reportName(e.keyNode, e.path, "condition key %s also stands as %s under %s; keys are not case-sensitive, so put all values under one", e.key, other.Name, e.operator)
			return
		}
	}
}
