package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A level says how a Principal element matches the caller (§6.2); stronger is greater.
type level uint8

const (
	none level = iota
	account
	sessionUser
	sessionRole
	direct
)

// elementLevel is the strongest level of the element's entries.
func (e *evaluation) elementLevel(element policy.Principals) level {
	strongest := none
	for typ, id := range element.All() {
		strongest = max(strongest, e.entryLevel(typ, id))
	}
	return strongest
}

// entryLevel is the level of one entry. R-PRI-13: groups are never principals, and no
// branch names them.
func (e *evaluation) entryLevel(typ policy.PrincipalType, id string) level {
	p := e.request.Principal
	switch typ {
	case policy.AWSPrincipal:
		return e.awsLevel(id)
	case policy.ServicePrincipalType:
		// R-PRI-8.
		if p.Kind() == policy.Service && (id == p.Name() || e.hasServiceName(id)) {
			return direct
		}
	case policy.FederatedPrincipal:
		// R-PRI-9: only before the role is assumed.
		if p.Kind() == policy.WebIdentity && id == p.Name() {
			return direct
		}
	case policy.CanonicalUserPrincipal:
		// R-PRI-10.
		//
		// R-PRI-10 Choice: the level is account for the root user too.
		if isIAMPrincipal(p) && e.request.CanonicalID != "" && id == e.request.CanonicalID {
			return account
		}
	}
	return none
}

// hasServiceName implements the exception of R-PRI-8.
func (e *evaluation) hasServiceName(id string) bool {
	names, _ := e.lookup("aws:PrincipalServiceNamesList")
	for _, name := range names {
		if name == id {
			return true
		}
	}
	return false
}

// awsLevel is the level of an entry of type AWS.
func (e *evaluation) awsLevel(id string) level {
	// R-PRI-1: everybody, anonymous callers and services included.
	//
	// R-STS-3 Choice: everybody includes the holder of a web identity token.
	if id == "*" {
		return direct
	}
	p := e.request.Principal
	if !isIAMPrincipal(p) {
		return none
	}
	if namesAccount(id, p) {
		// R-PRI-3.
		if p.Kind() == policy.Root {
			return direct
		}
		return account
	}
	// R-PRI-2: everything else is compared as text, wildcards are ordinary characters.
	switch p.Kind() {
	case policy.User:
		// R-PRI-4, R-PRI-11.
		if id == p.ARN().String() || e.isUniqueID(id) {
			return direct
		}
	case policy.FederatedUser:
		// R-PRI-4.
		if id == p.ARN().String() {
			return direct
		}
		// R-PRI-7.
		if e.request.IssuingUser.IsValid() && id == e.request.IssuingUser.String() {
			return sessionUser
		}
	case policy.RoleSession:
		// R-PRI-4.
		if id == p.ARN().String() {
			return direct
		}
		// R-PRI-5, R-PRI-11.
		if e.namesRole(id) || e.isUniqueID(id) {
			return sessionRole
		}
	case policy.Role:
		// R-PRI-6, R-PRI-11.
		if e.namesRole(id) || e.isUniqueID(id) {
			return sessionRole
		}
	}
	return none
}

// isUniqueID implements R-PRI-11.
//
// R-PRI-11 Choice: PrincipalID is compared for users and roles only; a federated-user
// session has no AIDA… of its own.
func (e *evaluation) isUniqueID(id string) bool {
	return e.request.PrincipalID != "" && id == e.request.PrincipalID
}

// namesAccount implements the forms of R-PRI-3: account ID, or root ARN of the same partition.
func namesAccount(id string, p policy.Principal) bool {
	return id == p.AccountID() || id == "arn:"+p.ARN().Partition()+":iam::"+p.AccountID()+":root"
}

// namesRole implements R-PRI-5 and R-PRI-6: does the text name the role behind the caller?
func (e *evaluation) namesRole(id string) bool {
	p := e.request.Principal
	switch {
	case p.Kind() == policy.Role:
		return id == p.ARN().String()
	case e.request.RoleARN.IsValid():
		return id == e.request.RoleARN.String()
	}
	parts, ok := splitARN(id)
	if !ok {
		return false
	}
	return parts[0] == "arn" && parts[1] == p.ARN().Partition() && parts[2] == "iam" && parts[3] == "" &&
		parts[4] == p.AccountID() && strings.HasPrefix(parts[5], "role/") &&
		parts[5][strings.LastIndex(parts[5], "/")+1:] == p.Name()
}

// principalLevel is the level at which a statement of the resource policy applies to the
// caller; none if it does not. R-PRI-12: a statement with neither element matches nobody.
func (e *evaluation) principalLevel(s policy.Statement) level {
	switch {
	case !s.Principal.IsZero():
		return e.elementLevel(s.Principal)
	case s.NotPrincipal.IsZero():
		return none
	case s.Effect == policy.Deny && e.hasBoundary():
		return direct // R-NPR-2
	case s.Effect == policy.Deny && !e.isExempt(s.NotPrincipal):
		return direct // R-NPR-1
	case s.Effect == policy.Allow && e.elementLevel(s.NotPrincipal) == none:
		return direct // R-NPR-1, R-NPR-3
	}
	return none
}

// hasBoundary implements the words of R-NPR-2: an IAM user or role with a boundary.
//
// R-NPR-2 Choice: a federated-user session is neither a user nor a role.
func (e *evaluation) hasBoundary() bool {
	p := e.request.Principal
	return (p.Kind() == policy.User || isRole(p)) && len(e.layers.Boundary) > 0
}

// isExempt implements R-NPR-1 for Deny: the caller's own identity must be listed.
//
// R-NPR-1 Choices: the unique ID of a role stands for the role's ARN (R-PRI-11); a role
// whose session is not named cannot have its session listed and is not exempt; root's
// account may be named in any way that R-PRI-3 and R-PRI-10 know; a web identity is
// exempt if its provider is listed.
func (e *evaluation) isExempt(element policy.Principals) bool {
	p := e.request.Principal
	has := func(want func(typ policy.PrincipalType, id string) bool) bool {
		for typ, id := range element.All() {
			if want(typ, id) {
				return true
			}
		}
		return false
	}
	aws := func(want func(id string) bool) bool {
		return has(func(typ policy.PrincipalType, id string) bool {
			return typ == policy.AWSPrincipal && want(id)
		})
	}
	if aws(func(id string) bool { return id == "*" }) {
		return true
	}
	self := aws(func(id string) bool { return id == p.ARN().String() })
	switch p.Kind() {
	case policy.User:
		return self || aws(e.isUniqueID)
	case policy.RoleSession:
		return self && aws(func(id string) bool { return e.namesRole(id) || e.isUniqueID(id) })
	case policy.FederatedUser:
		issuer := e.request.IssuingUser
		return self && issuer.IsValid() && aws(func(id string) bool { return id == issuer.String() })
	case policy.Root, policy.Service, policy.WebIdentity:
		return has(func(typ policy.PrincipalType, id string) bool { return e.entryLevel(typ, id) != none })
	}
	return false
}

// endpointMatches implements R-SPC-8: as in a resource policy, at any level, except for
// what an Allow of a gateway endpoint understands.
//
// R-NPR-2 Choice: "in a resource policy" does not mean an endpoint policy.
func (e *evaluation) endpointMatches(gateway bool, s policy.Statement) bool {
	switch {
	case s.Principal.IsZero() && s.NotPrincipal.IsZero():
		return false // R-PRI-12
	case s.Effect == policy.Allow && gateway:
		return e.gatewayAllows(s)
	case !s.Principal.IsZero():
		return e.elementLevel(s.Principal) != none
	case s.Effect == policy.Deny:
		return !e.isExempt(s.NotPrincipal)
	}
	return e.elementLevel(s.NotPrincipal) == none
}

// gatewayAllows implements the gateway part of R-SPC-8: * matches all, an account form
// its root user, anything else nobody.
//
// R-SPC-8 Choice: NotPrincipal in such an Allow excludes exactly those whom the entries
// would match by this rule. CanonicalUser is no account form.
func (e *evaluation) gatewayAllows(s policy.Statement) bool {
	hit := func(element policy.Principals) bool {
		p := e.request.Principal
		for typ, id := range element.All() {
			if typ != policy.AWSPrincipal {
				continue
			}
			if id == "*" || p.Kind() == policy.Root && namesAccount(id, p) {
				return true
			}
		}
		return false
	}
	if !s.Principal.IsZero() {
		return hit(s.Principal)
	}
	return !hit(s.NotPrincipal)
}
