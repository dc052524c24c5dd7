package orglint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

var (
	trustKind       = []policy.Kind{policy.RoleTrust}
	resourceKind    = []policy.Kind{policy.ResourceBased}
	principalKinds  = []policy.Kind{policy.ResourceBased, policy.RoleTrust}
	identityKinds   = []policy.Kind{policy.IdentityBased}
	conditionsKinds = []policy.Kind{policy.IdentityBased, policy.ResourceBased, policy.RoleTrust, policy.PermissionsBoundary, policy.ServiceControl, policy.ResourceControl, policy.VPCEndpoint}
)

// principalRules are about principals, roles and accounts that documents name.
var principalRules = []rule{
	{
		code: "TRUST_FOREIGN_ACCOUNT", typ: lint.SecurityWarning, kinds: trustKind,
		title: "A role trusts an account outside the organization without an external ID or another condition on the caller.",
		check: func(w *world) {
			w.eachPrincipal(trustKind, func(p principal) {
				switch {
				case !p.assumes() || !w.isForeign(p.account):
				case p.whole:
					p.report("account %s is not of the organization %s: ask for an sts:ExternalId, and trust the one role that needs it", p.account, w.spec.ID)
				default:
					p.report("account %s is not of the organization %s: ask for an sts:ExternalId", p.account, w.spec.ID)
				}
			})
		},
	},
	{
		code: "TRUST_ROOT_OF_ORG_UNCONDITIONED", typ: lint.Warning, kinds: trustKind,
		title: "A role trusts a whole other account of the organization.",
		check: func(w *world) {
			w.eachPrincipal(trustKind, func(p principal) {
				if p.whole && p.assumes() && w.byID[p.account] != nil && !p.own() {
					p.report("the administrators of account %s decide who may assume the role; name the role that may, or add a condition on aws:PrincipalArn", w.titleOf(p.account))
				}
			})
		},
	},
	{
		code: "BREAKGLASS_NO_HUMAN_PRINCIPAL", typ: lint.Warning, kinds: trustKind,
		title: "A role for emergencies trusts services only, so that no person can assume it.",
		check: checkBreakGlass,
	},
	{
		code: "RESOURCE_FOREIGN_ACCOUNT", typ: lint.Warning, kinds: resourceKind,
		title: "A resource policy lets an account outside the organization in.",
		check: func(w *world) {
			w.eachPrincipal(resourceKind, func(p principal) {
				if p.grants(callerKeys...) && w.isForeign(p.account) {
					p.report("account %s is not of the organization %s; remove it, or suppress this with the reason why it has access", p.account, w.spec.ID)
				}
			})
		},
	},
	{
		code: "PRINCIPAL_NOT_FOUND", typ: lint.Error, kinds: principalKinds,
		title: "A principal is a role or user that does not exist.",
		check: func(w *world) {
			w.eachPrincipal(principalKinds, func(p principal) {
				if name, ok := identity(p.text); ok && w.missing(name) {
					p.report("account %s has no such %s, so this names nobody, and most services refuse to store it%s", w.titleOf(p.account), kindOf(name), w.suggest(name))
				}
			})
		},
	},
	{
		code: "CONDITION_PRINCIPAL_NOT_FOUND", typ: lint.Warning, kinds: conditionsKinds,
		title: "A condition compares the caller with a role or user that does not exist.",
		check: checkConditionPrincipals,
	},
	{
		code: "ROLE_NOT_FOUND", typ: lint.Warning, kinds: identityKinds,
		title: "A policy allows a role to be assumed or passed that does not exist.",
		check: checkRoles,
	},
}

// Conditions that say who calls, in a way that an outsider cannot choose, and for trust
// policies those by which the role's owner and the caller know each other.
var (
	callerKeys = []string{
		"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalTag/",
		"aws:userid", "aws:username", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceAccount", "aws:SourceArn",
	}
	trustConditions = append([]string{"sts:ExternalId", "aws:MultiFactorAuthPresent", "sts:SourceIdentity"}, callerKeys...)
)

// A principal is one AWS principal of a Principal element.
type principal struct {
	w         *world
	e         *entry
	kind      policy.Kind
	statement policy.Statement
	pointer   string
	text      string
	account   string // "" if it has none
	whole     bool   // it is all of the account
}

// report puts a finding at the principal. Its subject is the first holder of the document
// in another account, or else the first.
func (p principal) report(format string, args ...any) {
	subject := p.e.Subjects[0]
	if i := slices.IndexFunc(p.e.uses, func(u use) bool { return u.account != p.account }); i >= 0 {
		subject = p.e.uses[i].subject
	}
	p.w.reportAt(p.e, p.kind, subject, p.pointer, format, args...)
}

// grants reports whether the statement lets the principal in, whoever it may be: none of
// the keys says more about the caller.
func (p principal) grants(keys ...string) bool {
	return p.account != "" && p.statement.Effect == policy.Allow && !has(p.statement, keys...)
}

// assumes reports whether the statement lets the principal assume the role, whoever it may
// be.
func (p principal) assumes() bool {
	return p.grants(trustConditions...) && mayAllow(p.statement, "sts:AssumeRole")
}

// own reports whether the document belongs to the principal's account everywhere.
func (p principal) own() bool {
	return !slices.ContainsFunc(p.e.uses, func(u use) bool { return u.account != p.account })
}

// eachPrincipal calls f with the AWS principals of Principal elements.
func (w *world) eachPrincipal(kinds []policy.Kind, f func(principal)) {
	for _, e := range w.documents {
		i := slices.IndexFunc(e.Kinds, func(k policy.Kind) bool { return slices.Contains(kinds, k) })
		if i < 0 {
			continue
		}
		for j, s := range e.doc.Statements() {
			n := 0
			for typ, text := range s.Principal.All() {
				if typ == policy.AWSPrincipal {
					p := principal{w: w, e: e, kind: e.Kinds[i], statement: s, text: text, pointer: at(j, "Principal", "AWS", strconv.Itoa(n))}
					p.account, p.whole = accountOf(text)
					f(p)
					n++
				}
			}
		}
	}
}

// accountOf is the account of an AWS principal, and whether the principal is all of it.
func accountOf(text string) (id string, whole bool) {
	if policy.IsAccountID(text) {
		return text, true
	}
	a, err := policy.ParseARN(text)
	if err != nil || !policy.IsAccountID(a.AccountID()) {
		return "", false
	}
	return a.AccountID(), a.Service() == "iam" && a.Resource() == "root"
}

// identity is the role or user that a principal ARN without wildcards names: of a role
// session its role, whose path it does not have.
func identity(text string) (a policy.ARN, ok bool) {
	if strings.ContainsAny(text, "*?$") {
		return policy.ARN{}, false
	}
	a, err := policy.ParseARN(text)
	if err != nil {
		return policy.ARN{}, false
	}
	switch p := policy.PrincipalFromARN(a); p.Kind() {
	case policy.Role, policy.User, policy.RoleSession:
		return a, true
	}
	return policy.ARN{}, false
}

// kindOf is what a principal ARN names: "role" or "user".
func kindOf(a policy.ARN) string {
	if policy.PrincipalFromARN(a).Kind() == policy.User {
		return "user"
	}
	return "role"
}

// missing reports whether a role or user certainly does not exist. The ARN is one that
// identity returns.
func (w *world) missing(a policy.ARN) bool {
	if w.account(a.AccountID()) == nil || w.unknown(a.AccountID()) || w.unknown(a.String()) {
		return false
	}
	if _, ok := w.roles[a]; ok {
		return false
	}
	if _, ok := w.o.User(a); ok {
		return false
	}
	same := w.sameName(a)
	if a.Service() == "sts" {
		// The session's ARN lacks the path of its role, which a gap may name.
		pattern := "arn:" + a.Partition() + ":iam::" + a.AccountID() + ":role/" + policy.PrincipalFromARN(a).Name()
		return len(same) == 0 && !w.unknown(pattern) && !w.unknownName(a)
	}
	return true
}

// unknownName reports whether a gap is about a role of this name with some path.
func (w *world) unknownName(a policy.ARN) bool {
	suffix := "/" + policy.PrincipalFromARN(a).Name()
	for subject := range w.gaps {
		if strings.HasPrefix(subject, "arn:") && strings.HasSuffix(subject, suffix) && w.unknown(subject) {
			return true
		}
	}
	return slices.ContainsFunc(w.patterns, func(p gapPattern) bool {
		g, err := policy.ParseARN(p.Subject)
		return err == nil && (g.AccountID() == a.AccountID() || strings.Contains(g.AccountID(), "*")) && w.unknown(p.Subject)
	})
}

// sameName are the roles or users with the name, whatever their path.
func (w *world) sameName(a policy.ARN) []policy.ARN {
	return w.names[nameKey(a.AccountID(), kindOf(a)+"/"+policy.PrincipalFromARN(a).Name())]
}

// suggest is what was probably meant.
func (w *world) suggest(a policy.ARN) string {
	if same := w.sameName(a); len(same) > 0 {
		return "; want " + same[0].String() + ", with its path"
	}
	return "; create it first, or remove it here"
}

func (w *world) account(id string) *org.Account {
	i, ok := slices.BinarySearchFunc(w.spec.Accounts, id, func(a org.Account, id string) int { return strings.Compare(a.ID, id) })
	if !ok {
		return nil
	}
	return &w.spec.Accounts[i]
}

// checkConditionPrincipals: a value without wildcards that no caller has never matches.
func checkConditionPrincipals(w *world) {
	for _, e := range w.documents {
		for i, s := range e.doc.Statements() {
			for c := range s.Condition.All() {
				if !isKey(c, "aws:PrincipalArn") {
					continue
				}
				for j := range c.Values.Len() {
					a, ok := identity(c.Values.At(j))
					if !ok || a.Service() != "iam" || !w.missing(a) {
						continue
					}
					effect := "never matches"
					if isNegated(c) && s.Effect == policy.Deny {
						effect = "exempts nobody, and whoever can create it escapes the Deny"
					}
					w.reportAt(e, e.Kinds[0], e.Subjects[0], at(i, "Condition", string(c.Operator), c.Key, strconv.Itoa(j)), "account %s has no such %s, so this %s%s", w.titleOf(a.AccountID()), kindOf(a), effect, w.suggest(a))
				}
			}
		}
	}
}

func checkRoles(w *world) {
	for _, e := range w.documents {
		if !slices.Contains(e.Kinds, policy.IdentityBased) {
			continue
		}
		for i, s := range e.doc.Statements() {
			if s.Effect != policy.Allow || !slices.ContainsFunc(slices.Collect(s.Action.All()), takesRole) {
				continue
			}
			for j := range s.Resource.Len() {
				a, ok := identity(s.Resource.At(j))
				if ok && a.Service() == "iam" && kindOf(a) == "role" && w.missing(a) {
					w.reportAt(e, policy.IdentityBased, e.Subjects[0], at(i, "Resource", strconv.Itoa(j)), "account %s has no such role%s", w.titleOf(a.AccountID()), w.suggest(a))
				}
			}
		}
	}
}

func takesRole(action string) bool {
	return strings.EqualFold(action, "sts:AssumeRole") || strings.EqualFold(action, "iam:PassRole")
}

// checkBreakGlass looks at roles that are named for the breaking of glass. People reach a role
// as IAM users, through other roles or through an identity provider, never as a service.
func checkBreakGlass(w *world) {
	plain := strings.NewReplacer("-", "", "_", "", ".", "")
	for _, e := range w.documents {
		for _, u := range e.uses {
			name := u.subject[strings.LastIndexByte(u.subject, '/')+1:]
			if u.kind == policy.RoleTrust && strings.Contains(plain.Replace(strings.ToLower(name)), "breakglass") && servicesOnly(e.doc) {
				w.reportAt(e, policy.RoleTrust, u.subject, "/Statement", "%s is named for emergencies, and only services can assume it; trust the IAM users of people, or the roles that they have without the identity provider", name)
			}
		}
	}
}

// servicesOnly reports whether all principals that the document lets in are services.
func servicesOnly(d *policy.Document) bool {
	services := 0
	for _, s := range d.Statements() {
		if s.Effect != policy.Allow {
			continue
		}
		if !s.NotPrincipal.IsZero() {
			return false
		}
		for typ := range s.Principal.All() {
			if typ != policy.ServicePrincipalType {
				return false
			}
			services++
		}
	}
	return services > 0
}
