package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// meaningMissingRules are about requests without the key of a condition.
var meaningMissingRules = []rule{
	{
		code: "COND_NEGATED_ON_MISSING_KEY", typ: SecurityWarning, kinds: grantKinds,
		title: "An Allow with a negated condition also holds without the key.",
		check: func(c *checker) {
			c.eachCondition("Allow", func(s *statement, e *conditionEntry) {
				if negated(e.parts) && e.parts.Quantifier == policy.NoQuantifier && oftenMissing(e) && !s.requires(e.key) {
					c.reportName(e.keyNode, e.path, `this also allows requests without %s; add "Null": {"%[1]s": "false"}, or write a Deny with the positive operator`, e.key)
				}
			})
		},
	},
	{
		code: "COND_POSITIVE_DENY_ON_MISSING_KEY", typ: Warning, kinds: anyKind,
		title: "A Deny with a positive condition on a tag spares callers without the tag.",
		check: func(c *checker) {
			c.eachCondition("Deny", func(s *statement, e *conditionEntry) {
				if e.compares("String") && e.is("aws:PrincipalTag/") && e.needsKey() {
					c.reportName(e.keyNode, e.path, "callers without %s are not denied; if they should be, deny with the negated operator and the values that may pass", e.key)
				}
			})
		},
	},
	{
		code: "COND_IFEXISTS_IN_ALLOW", typ: Warning, kinds: grantKinds,
		title: "An Allow with IfExists also holds without the key.",
		check: func(c *checker) {
			c.eachCondition("Allow", func(s *statement, e *conditionEntry) {
				if e.parts.IfExists && !negated(e.parts) && oftenMissing(e) && !s.requires(e.key) {
					c.reportName(e.opNode, e.path, "this also allows requests without %s; write %s", e.key, e.parts.Base)
				}
			})
		},
	},
	{
		code: "COND_KEY_CALLER_CONTROLLED", typ: Warning, kinds: anyKind,
		title: "Access depends on something that callers choose.",
		check: (*checker).checkChosenKeys,
	},
	{
		code: "BAD_PATTERN_FOR_MFA", typ: Warning, kinds: anyKind,
		title: "A condition on MFA misses requests with long-term keys, or counts them in.",
		check: (*checker).checkMFAPattern,
	},
}

// eachCondition calls f for the conditions of the statements with this effect.
func (c *checker) eachCondition(effect string, f func(s *statement, e *conditionEntry)) {
	for _, s := range c.statements() {
		if s.effect() != effect {
			continue
		}
		for _, e := range s.conditions() {
			f(s, e)
		}
	}
}

// requires reports whether a condition of the statement fails without the key.
func (s *statement) requires(key string) bool {
	for e := range s.conditionsOn(key) {
		if e.needsKey() {
			return true
		}
	}
	return false
}

// oftenMissing reports whether the key is about the caller or the network, and absent from
// many ordinary requests. Keys about resources and request parameters are left out: with
// them a statement is often meant for actions that do not have the key.
func oftenMissing(e *conditionEntry) bool {
	keys := []string{
		"aws:PrincipalOrgID", "aws:PrincipalTag/", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:SourceIdentity", "aws:FederatedProvider",
	}
	if slices.ContainsFunc(keys, e.is) {
		return true
	}
	if !e.known || !strings.HasPrefix(strings.ToLower(e.key), "aws:") {
		return false
	}
	switch e.info.Presence {
	case serviceref.VPCEndpoint, serviceref.EC2Role, serviceref.IAMUser, serviceref.ServicePrincipal:
		return true
	}
	return false
}

// checkChosenKeys reports trust in headers and names that every client can set.
func (c *checker) checkChosenKeys() {
	for _, s := range c.statements() {
		for e := range s.conditionsOn("aws:UserAgent", "aws:Referer", "sts:RoleSessionName") {
			trusted := s.effect() == "Allow" && !negated(e.parts) || s.effect() == "Deny" && negated(e.parts)
			fixed := !slices.ContainsFunc(e.values(), func(v value) bool { return strings.Contains(v.text, "${") })
			if trusted && fixed && e.compares("String") {
				c.reportName(e.keyNode, e.path, "callers choose %s themselves, so it proves nothing; add a condition on a key that AWS sets", e.key)
			}
		}
	}
}

// asksForMFA reports whether only requests with MFA satisfy the statement's conditions.
func (s *statement) asksForMFA() bool {
	for e := range s.conditionsOn("aws:MultiFactorAuthPresent") {
		if e.parts.Base == "Bool" && e.only("true") && (e.needsKey() || s.mustExist(e.key)) {
			return true
		}
	}
	return false
}

// checkMFAPattern: the key is absent from requests with long-term access keys, and present
// but false in sessions without MFA (IAM User Guide, “AWS global condition context keys”).
func (c *checker) checkMFAPattern() {
	const key = "aws:MultiFactorAuthPresent"
	denied := false // requests without the key
	for _, s := range c.statements() {
		for e := range s.conditionsOn(key) {
			denied = denied || s.effect() == "Deny" && e.parts.Base == "Null" && e.only("true")
		}
	}
	for _, s := range c.statements() {
		for e := range s.conditionsOn(key) {
			null, deny := e.parts.Base == "Null", s.effect() == "Deny"
			switch {
			case deny && !null && e.only("false") && !e.parts.IfExists && !denied:
				c.reportName(e.opNode, e.path, "requests with long-term access keys have no %s and are not denied; write BoolIfExists", key)
			case !deny && null && e.only("false") && !s.asksForMFA():
				c.reportName(e.opNode, e.path, `the key is also present, and false, in sessions without MFA; write "Bool": {"%s": "true"}`, key)
			case !deny && !null && e.parts.IfExists && e.only("true") && !s.requires(key):
				c.reportName(e.opNode, e.path, "requests with long-term access keys have no %s and are allowed; write Bool", key)
			}
		}
	}
}
