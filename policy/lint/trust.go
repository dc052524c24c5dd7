package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

var trustKind = kindSet(policy.RoleTrust)

// trustRules are about trust policies of roles (IAM User Guide, “Access Analyzer policy
// check reference”, “How to use trust policies”).
var trustRules = slices.Concat(trustSyntaxRules, trustCallerRules, trustTokenRules, trustGitHubRules, trustGitLabRules, trustNeverRules, trustAssumableRules)

var trustSyntaxRules = []rule{
	{
		code: "ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", typ: Error, kinds: trustKind,
		title: "A trust policy has no NotPrincipal.",
		check: func(c *checker) {
			c.checkMembers([]string{"NotPrincipal"}, "a trust policy has no NotPrincipal; name the trusted principals in Principal")
		},
	},
	{
		code: "ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", typ: Error, kinds: trustKind,
		title: "A trust policy has no Resource.",
		check: func(c *checker) {
			c.checkMembers([]string{"Resource", "NotResource"}, "a trust policy has no resource: it is about the role that it belongs to; remove this element")
		},
	},
	{
		code: "ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", typ: Error, kinds: trustKind,
		title: "The Principal of a trust policy is the string \"*\".",
		check: func(c *checker) {
			for _, s := range c.statements() {
				if n, ok := s.member("Principal"); ok && n.Kind == jsontree.String && n.Text == "*" {
					c.report(n, s.path+"/Principal", `a trust policy does not take the principal "*"; name accounts, roles, services or identity providers`)
				}
			}
		},
	},
	{
		code: "INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", typ: Error, kinds: trustKind,
		title: "A Federated principal is neither a domain nor the ARN of a provider.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, p := range s.principals() {
					if p.typ == "Federated" && parseProvider(p.text).kind == noProvider {
						c.report(p.node, p.path, "%q is no identity provider; write a domain such as accounts.google.com, or the ARN of an OIDC or SAML provider", p.text)
					}
				}
			}
		},
	},
	{
		code: "MISMATCHED_ACTION_FOR_PRINCIPAL", typ: Error, kinds: trustKind,
		title: "The action is not the one with which the principal assumes a role.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				if s.effect() == "Allow" {
					s.checkAssumeActions()
				}
			}
		},
	},
	{
		code: "MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", typ: Error, kinds: trustKind,
		title: "A trust policy for IAM Roles Anywhere lacks an action.",
		check: (*checker).checkRolesAnywhere,
	},
	{
		code: "MISSING_ACTION_FOR_CONDITION_KEY", typ: Error, kinds: trustKind,
		title: "A condition key needs an action that the trust policy does not allow.",
		check: (*checker).checkSessionKeys,
	},
	{
		code: "REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY", typ: Suggestion, kinds: trustKind,
		title: "A role and one of its sessions are both trusted.",
		check: (*checker).checkRoleAndSession,
	},
}

// checkMembers reports elements that statements of the kind do not have.
func (c *checker) checkMembers(names []string, message string) {
	for _, s := range c.statements() {
		for i := range s.node.Members {
			if m := &s.node.Members[i]; slices.Contains(names, m.Name) {
				c.reportName(m, s.path+"/"+m.Name, "%s", message)
			}
		}
	}
}

// A providerKind is a kind of identity provider.
type providerKind int

const (
	noProvider providerKind = iota
	oidcProvider
	samlProvider
)

// A provider is an identity provider that a Federated principal names.
type provider struct {
	kind providerKind
	host string // of an OIDC provider, with its path: the prefix of its condition keys
}

// parseProvider reads a Federated principal: a domain such as accounts.google.com, or the
// ARN of a provider (IAM User Guide, “IAM JSON policy elements: Principal”).
func parseProvider(s string) provider {
	if strings.ContainsAny(s, "*?${} ") {
		return provider{}
	}
	if arn, err := policy.ParseARN(s); err == nil {
		kind, name, _ := strings.Cut(arn.Resource(), "/")
		switch {
		case name == "" || arn.Service() != "iam" || !policy.IsAccountID(arn.AccountID()):
		case kind == "oidc-provider":
			return provider{oidcProvider, name}
		case kind == "saml-provider":
			return provider{samlProvider, ""}
		}
		return provider{}
	}
	host, _, _ := strings.Cut(s, "/")
	if i := strings.LastIndexByte(host, '.'); i <= 0 || i == len(host)-1 || strings.ContainsAny(host, ":@_") {
		return provider{}
	}
	return provider{oidcProvider, s}
}

// Each kind of caller assumes a role with its own action (STS API Reference).
const (
	assumeRole     = "sts:AssumeRole"
	assumeWithSAML = "sts:AssumeRoleWithSAML"
	assumeWithWeb  = "sts:AssumeRoleWithWebIdentity"
)

// assumesWith is the action with which a principal assumes a role, "" if that is not known.
func (p *principalValue) assumesWith() string {
	switch p.typ {
	case "AWS", "Service":
		if p.text == "*" {
			return ""
		}
		return assumeRole
	case "Federated":
		return [...]string{"", assumeWithWeb, assumeWithSAML}[parseProvider(p.text).kind]
	}
	return ""
}

func (s *statement) checkAssumeActions() {
	var principals []principalValue
	wanted := map[string]bool{}
	for _, p := range s.principals() {
		a := p.assumesWith()
		if a == "" {
			return // everyone, or malformed
		}
		principals, wanted[a] = append(principals, p), true
	}
	if len(principals) == 0 {
		return
	}
	reported, assumes := false, false
	for _, v := range s.values("Action") {
		for _, a := range []string{assumeRole, assumeWithSAML, assumeWithWeb} {
			assumes = assumes || glob.ActionIncludes(v.text, a)
			if strings.EqualFold(v.text, a) && !wanted[a] {
				s.c.report(v.node, v.path, "none of the principals assumes a role with %s; %s does it with %s", a, principals[0].text, principals[0].assumesWith())
				reported = true
			}
		}
	}
	for _, p := range principals {
		if assumes && !reported && !s.reaches(p.assumesWith()) {
			s.c.report(p.node, p.path, "%s assumes a role with %s, which this statement does not allow", p.text, p.assumesWith())
		}
	}
}

// checkRolesAnywhere holds that the service has the three actions that it needs (IAM Roles
// Anywhere User Guide, “Trust policy”).
func (c *checker) checkRolesAnywhere() {
	const service = "rolesanywhere.amazonaws.com"
	allowed := func(action string) bool {
		for _, s := range c.statements() {
			if s.effect() == "Allow" && s.trusts("Service", service) && s.reaches(action) {
				return true
			}
		}
		return false
	}
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.trusts("Service", service) {
			continue
		}
		var missing []string
		for _, a := range []string{assumeRole, "sts:SetSourceIdentity", "sts:TagSession"} {
			if !allowed(a) {
				missing = append(missing, a)
			}
		}
		if n, ok := s.member("Action"); ok && len(missing) > 0 {
			c.report(n, s.path+"/Action", "IAM Roles Anywhere needs %s as well", strings.Join(missing, " and "))
		}
		return
	}
}

// trusts reports whether the statement's Principal has the entry.
func (s *statement) trusts(typ, text string) bool {
	for _, p := range s.principals() {
		if p.element == "Principal" && p.typ == typ && p.text == text {
			return true
		}
	}
	return false
}

// checkSessionKeys: keys of session tags and source identities are only in requests that
// the trust policy allows to set them (IAM User Guide, “Passing session tags in AWS STS”).
func (c *checker) checkSessionKeys() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for _, e := range s.conditions() {
			action := "sts:TagSession"
			switch {
			case e.is("sts:SourceIdentity"):
				action = "sts:SetSourceIdentity"
			case !e.is("aws:RequestTag/") && !e.is("aws:TagKeys") && !e.is("sts:TransitiveTagKeys"):
				continue
			}
			if e.needsKey() && !c.allows(action) {
				c.reportName(e.keyNode, e.path, "no request has %s unless the trust policy allows %s; add the action", e.key, action)
			}
		}
	}
}

// allows reports whether some Allow statement names the action.
func (c *checker) allows(action string) bool {
	for _, s := range c.statements() {
		if s.effect() == "Allow" && s.reaches(action) {
			return true
		}
	}
	return false
}

// checkRoleAndSession: a role as principal is all of its sessions (IAM User Guide, “IAM
// JSON policy elements: Principal”).
func (c *checker) checkRoleAndSession() {
	for _, s := range c.statements() {
		roles := map[string]string{}
		for _, p := range s.principals() {
			if arn, err := policy.ParseARN(p.text); err == nil {
				if name, ok := strings.CutPrefix(arn.Resource(), "role/"); ok {
					roles[arn.AccountID()+"/"+name[strings.LastIndexByte(name, '/')+1:]] = p.text
				}
			}
		}
		for _, p := range s.principals() {
			arn, err := policy.ParseARN(p.text)
			name, ok := "", false
			if err == nil {
				name, ok = strings.CutPrefix(arn.Resource(), "assumed-role/")
			}
			name, _, _ = strings.Cut(name, "/")
			if role := roles[arn.AccountID()+"/"+name]; ok && role != "" {
				c.report(p.node, p.path, "this session is one of the role %s, which is trusted already; remove it, or the role", role)
			}
		}
	}
}
