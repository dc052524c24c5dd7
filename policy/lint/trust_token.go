package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

var trustTokenRules = []rule{
	{
		code: "TRUST_OIDC_KEY_PREFIX_MISMATCH", typ: Error, kinds: trustKind,
		title: "A condition is on the claims of a provider that the statement does not trust.",
		check: func(c *checker) {
			c.eachToken(func(s *statement, hosts []string) {
				for _, e := range s.conditions() {
					host, claim, ok := claimOf(e.key)
					if ok && !slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
						c.reportName(e.keyNode, e.path, "tokens of %s have no %s; write %s:%s", hosts[0], e.key, hosts[0], claim)
					}
				}
			})
		},
	},
	{
		code: "TRUST_OIDC_FORALLVALUES", typ: SecurityWarning, kinds: trustKind,
		title: "ForAllValues lets a token without the claim pass.",
		check: func(c *checker) {
			c.eachClaim(func(s *statement, e *conditionEntry, _ string) {
				if e.parts.Quantifier == policy.ForAllValues && !s.requires(e.key) {
					c.reportName(e.opNode, e.path, "ForAllValues also holds for a token without %s; write %s without it", e.key, e.parts.Base)
				}
			})
		},
	},
	{
		code: "TRUST_OIDC_IFEXISTS", typ: SecurityWarning, kinds: trustKind,
		title: "IfExists lets a token without the claim pass.",
		check: func(c *checker) {
			c.eachClaim(func(s *statement, e *conditionEntry, _ string) {
				if e.parts.IfExists && e.holdsWithoutKey() && !s.requires(e.key) {
					c.reportName(e.opNode, e.path, "IfExists also holds for a token without %s; write %s", e.key, e.parts.Base)
				}
			})
		},
	},
	{
		code: "TRUST_OIDC_AUDIENCE_MISSING", typ: Warning, kinds: trustKind,
		title: "Tokens that were issued for another audience pass.",
		check: (*checker).checkAudience,
	},
	{
		code: "CONFIRM_AUDIENCE_CLAIM_TYPE", typ: Suggestion, kinds: trustKind,
		title: "A set operator is used on an audience, which is a single value for most providers.",
		check: func(c *checker) {
			c.eachClaim(func(s *statement, e *conditionEntry, claim string) {
				// ForAllValues is the business of TRUST_OIDC_FORALLVALUES as well.
				if claim == "aud" && e.parts.Quantifier != 0 {
					c.reportName(e.opNode, e.path, "%s has one value for most providers; use %s unless this provider sends a list", e.key, e.parts.Base)
				}
			})
		},
	},
}

// tokenHosts are the OIDC providers that the statement trusts, by the prefix of their
// condition keys; ok is false if it trusts anybody else.
func (s *statement) tokenHosts() (hosts []string, ok bool) {
	for _, p := range s.principals() {
		prov := parseProvider(p.text)
		if p.element != "Principal" || p.typ != "Federated" || prov.kind != oidcProvider {
			return nil, false
		}
		hosts = append(hosts, prov.host)
	}
	return hosts, len(hosts) > 0
}

// eachToken calls f for the Allow statements that trust OIDC providers and nobody else.
func (c *checker) eachToken(f func(s *statement, hosts []string)) {
	for _, s := range c.statements() {
		if hosts, ok := s.tokenHosts(); ok && s.effect() == "Allow" {
			f(s, hosts)
		}
	}
}

// eachClaim calls f for each condition on a claim of those providers, if their tokens may
// have all keys that the statement asks for.
func (c *checker) eachClaim(f func(s *statement, e *conditionEntry, claim string)) {
	c.eachToken(func(s *statement, hosts []string) {
		if s.keepsOut(callerKinds{hosts: hosts}) {
			return
		}
		for _, e := range s.conditions() {
			if _, claim, ok := claimOf(e.key); ok {
				f(s, e, strings.ToLower(claim))
			}
		}
	})
}

// claimOf splits a condition key such as accounts.google.com:sub. Prefixes of services
// have no dot, though names of tags may.
func claimOf(key string) (host, claim string, ok bool) {
	first, _, _ := strings.Cut(key, ":")
	i := strings.LastIndexByte(key, ':')
	if i < 0 || !strings.Contains(first, ".") {
		return "", "", false
	}
	return key[:i], key[i+1:], true
}

// audiences are the claims that say whom a token was issued for.
var audiences = []string{"aud", "oaud", "azp", "app_id"}

// checkAudience reports tokens for any audience (IAM User Guide, “Create a role for OpenID
// Connect federation”). Statements without any claim are MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL.
func (c *checker) checkAudience() {
	c.eachToken(func(s *statement, hosts []string) {
		claims, audience := 0, false
		for _, e := range s.conditions() {
			if _, claim, ok := claimOf(e.key); ok {
				claims++
				audience = audience || e.selects() && slices.Contains(audiences, strings.ToLower(claim))
			}
		}
		if n, ok := s.member("Condition"); ok && claims > 0 && !audience && !s.keepsOut(callerKinds{hosts: hosts}) {
			c.report(n, s.path+"/Condition", "a token that was issued for another audience passes; add a condition on %s:aud", hosts[0])
		}
	})
}

// eachSubject calls f for each value that the subject of a token may be equal to or like.
// Values of operators that a token without subject passes are included.
func (c *checker) eachSubject(f func(s *statement, e *conditionEntry, host string, v value)) {
	c.eachClaim(func(s *statement, e *conditionEntry, claim string) {
		host, _, _ := claimOf(e.key)
		if claim != "sub" || !e.compares("String") || negated(e.parts) {
			return
		}
		for _, v := range e.values() {
			f(s, e, strings.ToLower(host), v)
		}
	})
}

// pins reports whether a condition other than this one asks for fixed values of one of the
// provider's claims.
func (s *statement) pins(other *conditionEntry, host string, claims ...string) bool {
	for _, e := range s.conditions() {
		h, claim, ok := claimOf(e.key)
		if e == other || !ok || !strings.EqualFold(h, host) || !slices.Contains(claims, strings.ToLower(claim)) || !e.compares("String") || negated(e.parts) || !e.needsKey() {
			continue
		}
		if !slices.ContainsFunc(e.values(), func(v value) bool { return e.like() && strings.ContainsAny(v.text, "*?") }) {
			return true
		}
	}
	return false
}

// like reports whether the operator gives wildcards a meaning.
func (e *conditionEntry) like() bool {
	return strings.HasSuffix(e.parts.Base, "Like") || e.compares("Arn")
}
