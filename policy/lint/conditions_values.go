package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// conditionValueRules are about what stands in the values of conditions (IAM User Guide,
// “IAM JSON policy elements: Condition operators”).
var conditionValueRules = []rule{
	{
		code: "INVALID_CONDITION_DATA_TYPE", typ: Error, kinds: anyKind,
		title: "The values of a condition key are of different JSON types.",
		check: eachCondition(checkMixedValues),
	},
	{
		code: "INVALID_CONDITION_MULTIPLE_BOOLEAN", typ: Error, kinds: anyKind,
		title: "Bool has more than one value.",
		check: eachCondition(func(s *statement, e *conditionEntry) {
			if v := &e.keyNode.Value; e.parts.Base == "Bool" && len(v.Elements) > 1 && !e.info.Multivalued {
				s.c.report(v, e.path, "%s has %d values for %s; write just true or just false", e.operator, len(v.Elements), e.key)
			}
		}),
	},
	{
		code: "INVALID_REGION", typ: Error, kinds: anyKind,
		title: "There is no such region.",
		check: eachConditionValue(checkRegion),
	},
	{
		code: "INVALID_VARIABLE_FOR_OPERATOR", typ: Error, kinds: anyKind,
		title: "The operator does not take policy variables.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if e.parts.Base != "" && !takesVariables(e.parts.Base) && hasVariable(v.text) {
				s.c.report(v.node, v.path, "%s does not replace the policy variable in %q; only String, Arn and Bool operators do", e.operator, clip(v.text))
			}
		}),
	},
	{
		code: "INVALID_SERVICE_PRINCIPAL_FORMAT", typ: Error, kinds: anyKind,
		title: "The name of a service principal is not of the form service.amazonaws.com.",
		check: checkServicePrincipalNames,
	},
	{
		code: "INVALID_VPC_FORMAT", typ: Error, kinds: anyKind,
		title: "The value is no ID of a VPC.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			checkNetworkID(s, e, v, "aws:SourceVpc", "vpc-")
		}),
	},
	{
		code: "INVALID_VPCE_FORMAT", typ: Error, kinds: anyKind,
		title: "The value is no ID of a VPC endpoint.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			checkNetworkID(s, e, v, "aws:SourceVpce", "vpce-")
		}),
	},
	{
		code: "WILDCARD_WITHOUT_LIKE_OPERATOR", typ: Warning, kinds: anyKind,
		title: "The operator compares * and ? as plain characters.",
		check: eachConditionValue(checkWildcard),
	},
}

func checkMixedValues(s *statement, e *conditionEntry) {
	list := e.keyNode.Value.Elements
	scalar := []jsontree.Kind{jsontree.String, jsontree.Number, jsontree.Bool}
	for i := range list {
		if list[i].Kind != list[0].Kind && slices.Contains(scalar, list[0].Kind) && slices.Contains(scalar, list[i].Kind) {
			s.c.report(&e.keyNode.Value, e.path, "the values of %s are of different types, %s and %s; write all of them as strings", e.key, list[0].Kind, list[i].Kind)
			return
		}
	}
}

var variablePattern = regexp.MustCompile(`\$\{[^*?$]`)

// hasVariable reports whether the text has a policy variable; ${*}, ${?} and ${$} are
// plain characters.
func hasVariable(text string) bool { return variablePattern.MatchString(text) }

// takesVariables: the guide's table of operators lists variables as supported for Bool as
// well, while its page on variables does not.
func takesVariables(base string) bool {
	f := operatorType(base)
	return f == serviceref.String || f == serviceref.ARN || f == serviceref.Bool
}

// comparesText reports whether the operator compares strings.
func (e *conditionEntry) comparesText() bool { return operatorType(e.parts.Base) == serviceref.String }

var networkID = regexp.MustCompile(`^([0-9a-f]{8}|[0-9a-f]{17})$`)

func checkNetworkID(s *statement, e *conditionEntry, v value, key, prefix string) {
	if !e.is(key) || !e.comparesText() || hasVariable(v.text) || strings.ContainsAny(v.text, "*?") {
		return
	}
	if id, ok := strings.CutPrefix(v.text, prefix); !ok || !networkID.MatchString(id) {
		s.c.report(v.node, v.path, "%q is not of the form %s and 8 or 17 hexadecimal digits in lower case, so %s never has this value", clip(v.text), prefix, key)
	}
}

// serviceNameKeys are the condition keys whose values are names of service principals.
var serviceNameKeys = []string{
	"aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:PrincipalServiceName",
	"aws:PrincipalServiceNamesList", "iam:AWSServiceName", "iam:PassedToService", "kms:ViaService",
}

// serviceDomains are the domains of service principals in all partitions.
var serviceDomains = []string{
	".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal", ".c2s.ic.gov", ".sc2s.sgov.gov",
}

// isServiceName reports whether a text, a pattern included, can be a service principal.
func isServiceName(text string) bool {
	if hasVariable(text) || strings.ContainsAny(text, "*?") {
		return true
	}
	for _, domain := range serviceDomains {
		if name, ok := strings.CutSuffix(text, domain); ok && name != "" && !strings.ContainsAny(name, " /:@") {
			return true
		}
	}
	return false
}

func checkServicePrincipalNames(c *checker) {
	const format = "%q is not the name of a service principal; it would be of the form service.amazonaws.com, such as ec2.amazonaws.com"
	for _, s := range c.statements() {
		for _, p := range s.principals() {
			if p.typ == "Service" && !isServiceName(p.text) {
				c.report(p.node, p.path, format, clip(p.text))
			}
		}
		for _, e := range s.conditions() {
			if !isOneOf(e, serviceNameKeys) || !e.comparesText() {
				continue
			}
			for _, v := range e.values() {
				if !isServiceName(v.text) {
					c.report(v.node, v.path, format, clip(v.text))
				}
			}
		}
	}
}

// checkWildcard: only StringLike and the ARN operators have wildcards.
func checkWildcard(s *statement, e *conditionEntry, v value) {
	if !e.comparesText() || strings.HasSuffix(e.parts.Base, "Like") || !strings.ContainsAny(withoutVariables(v.text), "*?") {
		return
	}
	like := map[string]string{"StringEquals": "StringLike", "StringNotEquals": "StringNotLike"}[e.parts.Base]
	if e.info.Type == serviceref.ARN {
		s.c.report(v.node, v.path, "%s compares the wildcards in %q as plain characters; use ArnLike or ArnNotLike, which compare the parts of an ARN, or StringLike or StringNotLike", e.operator, clip(v.text))
		return
	}
	if like == "" {
		s.c.report(v.node, v.path, "%s compares the wildcards in %q as plain characters; use StringLike or StringNotLike, with the case that the value has", e.operator, clip(v.text))
		return
	}
	like = operatorName(e.parts, like)
	f := s.c.report(v.node, v.path, "%s compares the wildcards in %q as plain characters; use %s", e.operator, clip(v.text), like)
	if likeIsMeant(s, e, v.text) && s.guessNarrows(strings.Contains(e.parts.Base, "Not")) {
		f.Fix = &Fix{Start: e.opNode.NameStart, End: e.opNode.NameEnd, Text: quoted(like)}
	}
}

// likeIsMeant reports whether another operator in place of the entry's says what was
// meant: the block has no other key, no block of the new operator exists, and the pattern
// is more than stars.
func likeIsMeant(s *statement, e *conditionEntry, text string) bool {
	if len(e.opNode.Value.Members) != 1 || glob.Everything(text) {
		return false
	}
	for _, other := range s.conditions() {
		if other.opNode != e.opNode && strings.Contains(other.parts.Base, "Like") {
			return false
		}
	}
	return true
}

// operatorName writes an operator with another base.
func operatorName(parts policy.OperatorParts, base string) string {
	if parts.Quantifier != policy.NoQuantifier {
		base = parts.Quantifier.String() + ":" + base
	}
	if parts.IfExists {
		base += "IfExists"
	}
	return base
}

var braces = regexp.MustCompile(`\$\{[^}]*\}`)

// withoutVariables is the text without ${…}: variables, and the plain characters ${*},
// ${?} and ${$}.
func withoutVariables(text string) string { return braces.ReplaceAllString(text, "") }
