package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

var trustCallerRules = []rule{
	{
		code: "TRUST_WILDCARD_PRINCIPAL", typ: SecurityWarning, kinds: trustKind,
		title: "Anyone with an AWS account can assume the role.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, p := range s.principals() {
					if s.effect() == "Allow" && p.element == "Principal" && p.text == "*" && (p.typ == "AWS" || p.typ == "*") && !s.limitsOutsiders() && !s.asksForClaim() {
						why := ""
						if s.limitsCallers() {
							why = ", since everybody can make users, roles and tags that satisfy the conditions in an account of their own"
						}
						c.report(p.node, p.path, "every AWS account can assume this role%s; name the trusted accounts or roles, or add a condition on aws:PrincipalOrgID", why)
					}
				}
			}
		},
	},
	{
		code: "TRUST_EXTERNALID_MISSING", typ: Warning, kinds: trustKind,
		title: "A whole account is trusted without an external ID or another condition on the caller.",
		check: (*checker).checkExternalIDMissing,
	},
	{
		code: "TRUST_EXTERNALID_SHARED", typ: Warning, kinds: trustKind,
		title: "Several accounts are trusted with one external ID.",
		check: (*checker).checkExternalIDShared,
	},
	{
		code: "EXTERNAL_ID_INVALID", typ: Error, kinds: anyKind,
		title: "No request can have the external ID.",
		check: eachConditionValue(func(s *statement, e *conditionEntry, v value) {
			if e.is("sts:ExternalId") && e.compares("String") && e.literal(v) && !isExternalID(v.text) {
				s.c.report(v.node, v.path, "no request can have the external ID %q; want 2 to 1224 letters, digits and characters of +=,.@:/-_", clip(v.text))
			}
		}),
	},
	{
		code: "TRUST_EXTERNALID_GUESSABLE", typ: Warning, kinds: trustKind,
		title: "The external ID is easy to guess.",
		check: (*checker).checkExternalIDGuessable,
	},
	{
		code: "MFA_KEY_FOR_SERVICE_OR_FEDERATED_PRINCIPAL", typ: Error, kinds: trustKind,
		title: "MFA is asked of a service or an identity provider, which never has it.",
		check: (*checker).checkMFAOfServices,
	},
	{
		code: "TRUST_UNSATISFIABLE", typ: Warning, kinds: trustKind,
		title: "No request can satisfy the conditions of a trust statement.",
		check: (*checker).checkUnsatisfiable,
	},
	{
		code: "TRUST_SSO_ROLE_ARN_WRONG_PATH", typ: Warning, kinds: anyKind,
		title: "The ARN of an IAM Identity Center role lacks its path.",
		check: (*checker).checkSSOPath,
	},
}

// callerKeys say who calls, in a way that an outsider cannot choose.
var callerKeys = []string{
	"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalTag/",
	"aws:userid", "aws:username", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceAccount", "aws:SourceArn",
}

// limitsCallers reports whether a condition asks who calls: one that everybody but some
// satisfies does not.
func (s *statement) limitsCallers() bool {
	for e := range s.conditionsOn(callerKeys...) {
		if e.needsKey() && e.selects() {
			return true
		}
	}
	return false
}

// trustedAccount is the account that a principal names as a whole, or "".
func trustedAccount(p *principalValue) string {
	if p.element != "Principal" || p.typ != "AWS" {
		return ""
	}
	if policy.IsAccountID(p.text) {
		return p.text
	}
	if arn, err := policy.ParseARN(p.text); err == nil && arn.Service() == "iam" && arn.Resource() == "root" {
		return arn.AccountID()
	}
	return ""
}

// checkExternalIDMissing reports accounts whose every principal may assume the role (IAM
// User Guide, “Access to AWS accounts owned by third parties”). Whose account it is, a
// document does not say.
func (c *checker) checkExternalIDMissing() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.reaches(assumeRole) || s.limitsCallers() || s.asksForClaim() || s.selectsBy("sts:ExternalId") {
			continue
		}
		for _, p := range s.principals() {
			if a := trustedAccount(&p); a != "" && !s.has("aws:MultiFactorAuthPresent", "sts:SourceIdentity") {
				c.report(p.node, p.path, "account %s may let any of its principals assume the role; if it is a third party's, ask for an sts:ExternalId, if it is yours, name the role that may", a)
			}
		}
	}
}

func (c *checker) checkExternalIDShared() {
	accounts := map[string]string{} // by external ID, the first account
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for e := range s.conditionsOn("sts:ExternalId") {
			for _, p := range s.principals() {
				account := trustedBy(&p)
				if account == "" || negated(e.parts) {
					continue
				}
				for _, v := range e.values() {
					if other := accounts[v.text]; other != "" && other != account {
						c.report(v.node, v.path, "accounts %s and %s have the same external ID; give each third party its own", other, account)
						break
					}
					accounts[v.text] = account
				}
			}
		}
	}
}

// trustedBy is the account of an AWS principal, or "".
func trustedBy(p *principalValue) string {
	if a := trustedAccount(p); a != "" || p.typ != "AWS" {
		return a
	}
	arn, _ := policy.ParseARN(p.text)
	return arn.AccountID()
}

// isExternalID reports whether STS takes the text (STS API Reference, “AssumeRole”).
func isExternalID(text string) bool { return len(text) <= 1224 && externalID.MatchString(text) }

var externalID = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]{2,}$`)

func (c *checker) checkExternalIDGuessable() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for e := range s.conditionsOn("sts:ExternalId") {
			if negated(e.parts) || e.parts.Base == "Null" {
				continue
			}
			for _, v := range e.values() {
				wild := e.compares("StringLike") && strings.ContainsAny(v.text, "*?")
				if e.literal(v) && !isExternalID(v.text) {
					continue
				}
				if wild || len(v.text) < 8 || policy.IsAccountID(v.text) {
					c.report(v.node, v.path, "others can guess the external ID %q; use a long random one without wildcards", v.text)
				}
			}
		}
	}
}

// noMFA reports whether all callers of the statement are services or users of identity
// providers, whose requests never have MFA keys (IAM User Guide, “AWS global condition
// context keys”).
func (s *statement) noMFA() bool {
	n := 0
	for _, p := range s.principals() {
		if n++; p.element != "Principal" || p.typ != "Service" && p.typ != "Federated" {
			return false
		}
	}
	return n > 0
}

func (c *checker) checkMFAOfServices() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.noMFA() {
			continue
		}
		for e := range s.conditionsOn("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge") {
			if e.needsKey() && !(e.compares("Bool") && e.only("false")) {
				c.reportName(e.keyNode, e.path, "services and identity providers never send %s, so the statement matches no request; trust the IAM users or roles of people instead", e.key)
			}
		}
	}
}

// Keys that requests of a kind of caller never have.
var (
	notOfServices = []string{
		"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths",
		"aws:PrincipalTag/", "aws:username", "aws:TokenIssueTime",
	}
	notOfTokens = []string{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:username", "sts:ExternalId"}
)

// callerKinds are the kinds of callers that a trust statement lets in.
type callerKinds struct {
	services, saml, accounts bool
	hosts                    []string // of OIDC providers
}

// callers are the kinds of a statement's principals; ok is false if there may be others.
func (s *statement) callers() (kinds callerKinds, ok bool) {
	for _, p := range s.principals() {
		from := parseProvider(p.text)
		switch {
		case p.element != "Principal":
			return kinds, false
		case p.typ == "Service":
			kinds.services = true
		case p.typ == "Federated" && from.kind == oidcProvider:
			kinds.hosts = append(kinds.hosts, from.host)
		case p.typ == "Federated" && from.kind == samlProvider:
			kinds.saml = true
		case p.typ == "AWS" && !strings.ContainsAny(p.text, "*?"):
			kinds.accounts = true
		default:
			return kinds, false
		}
	}
	return kinds, len(s.principals()) > 0
}

func (c *checker) checkUnsatisfiable() {
	for _, s := range c.statements() {
		if kinds, ok := s.callers(); ok && s.effect() == "Allow" {
			s.checkSatisfiable(kinds)
		}
	}
}

// checkSatisfiable reports the first condition that no caller of the statement's kinds ever
// satisfies.
func (s *statement) checkSatisfiable(kinds callerKinds) {
	host := "" // whose claims the statement asks for
	for _, e := range s.conditions() {
		if !e.needsKey() {
			continue
		}
		of, _, isClaim := claimOf(e.key)
		switch {
		case s.neverThere(e, kinds):
			s.c.report(s.node, s.path, "nobody can assume the role through this statement: requests of its principals never have %s; remove the condition or trust other principals", e.key)
			return
		case isClaim && host != "" && !strings.EqualFold(of, host):
			s.c.report(s.node, s.path, "nobody can assume the role through this statement: no token has claims of both %s and %s; write a statement for each provider", host, of)
			return
		case isClaim:
			host = of
		}
	}
}

// keepsOut reports whether the statement asks for a key that callers of these kinds never
// have, so that it lets none of them in.
func (s *statement) keepsOut(kinds callerKinds) bool {
	return slices.ContainsFunc(s.conditions(), func(e *conditionEntry) bool { return e.needsKey() && s.neverThere(e, kinds) })
}

// lastingSAMLKeys are also in the requests of a session that began with SAML, such as one
// that assumes another role (IAM User Guide, “IAM and AWS STS condition context keys”).
var lastingSAMLKeys = []string{"saml:namequalifier", "saml:sub", "saml:sub_type"}

// neverThere reports whether no request of callers of these kinds has the condition's key.
func (s *statement) neverThere(e *conditionEntry, kinds callerKinds) bool {
	of, _, isClaim := claimOf(e.key)
	isSAML := e.service() == "saml"
	others := isClaim && !slices.ContainsFunc(kinds.hosts, func(h string) bool { return strings.EqualFold(h, of) })
	return (!kinds.services || isClaim || isSAML || s.neverOfServices(e)) &&
		(len(kinds.hosts) == 0 || others || isSAML || isOneOf(e, notOfTokens)) &&
		(!kinds.saml || isClaim || isOneOf(e, notOfTokens)) &&
		(!kinds.accounts || isSAML && !isOneOf(e, lastingSAMLKeys))
}

// neverOfServices reports whether no request of the statement's services has the key. IAM
// Roles Anywhere sets tags from the certificate (IAM Roles Anywhere User Guide, “Trust
// model”).
func (s *statement) neverOfServices(e *conditionEntry) bool {
	if e.is("aws:PrincipalTag/") && s.trusts("Service", "rolesanywhere.amazonaws.com") {
		return false
	}
	return isOneOf(e, notOfServices)
}

// asksForClaim reports whether the conditions ask for a claim of an identity provider.
func (s *statement) asksForClaim() bool {
	for _, e := range s.conditions() {
		if _, _, ok := claimOf(e.key); (ok || e.service() == "saml") && e.needsKey() {
			return true
		}
	}
	return false
}

func isOneOf(e *conditionEntry, keys []string) bool {
	for _, k := range keys {
		if e.is(k) {
			return true
		}
	}
	return false
}

// checkSSOPath: roles of permission sets have a path (IAM Identity Center User Guide,
// “Referencing permission sets in resource policies”).
func (c *checker) checkSSOPath() {
	const name = ":role/AWSReservedSSO_"
	check := func(v value) {
		if strings.HasPrefix(v.text, "arn:") && strings.Contains(v.text, name) {
			c.report(v.node, v.path, "roles of IAM Identity Center have a path, so this matches none; write …:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_…")
		}
	}
	for _, s := range c.statements() {
		for _, element := range []string{"Resource", "NotResource"} {
			for _, v := range s.values(element) {
				check(v)
			}
		}
		for _, p := range s.principals() {
			check(p.value)
		}
		for _, e := range s.conditions() {
			for _, v := range e.values() {
				check(v)
			}
		}
	}
}
