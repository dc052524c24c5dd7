package engine

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

type principalElement struct {
	absent  bool // R-PRI-12: matches nobody
	not     bool
	deny    bool
	stored  bool // a resource or trust policy: R-NPR-2 applies
	gateway bool // R-SPC-8
	entries []principalEntry
}

type principalForm uint8

const (
	everyone principalForm = iota
	accountID
	roleARN
	otherARN // user, role session, federated-user session
	uniqueID
	serviceName
	federated
	canonical
)

type principalEntry struct {
	form      principalForm
	text      string
	partition string // accountID: "" when written as twelve digits
	account   string
	name      string // roleARN: last path segment
}

func compilePrincipal(s policy.Statement, k policy.Kind, o Options) *principalElement {
	if !k.HasPrincipal() || k == policy.ResourceControl {
		return nil
	}
	el := &principalElement{
		deny:   s.Effect == policy.Deny,
		stored: k == policy.ResourceBased || k == policy.RoleTrust,
	}
	list := s.Principal
	if !s.NotPrincipal.IsZero() {
		el.not, list = true, s.NotPrincipal
	}
	el.absent = list.IsZero()
	el.gateway = o.Gateway && !el.deny
	for t, id := range list.All() {
		el.entries = append(el.entries, compileEntry(t, id))
	}
	return el
}

func compileEntry(t policy.PrincipalType, id string) principalEntry {
	e := principalEntry{text: id}
	switch t {
	case policy.ServicePrincipalType:
		e.form = serviceName
	case policy.FederatedPrincipal:
		e.form = federated
	case policy.CanonicalUserPrincipal:
		e.form = canonical
	default:
		a, err := policy.ParseARN(id)
		switch {
		case id == "*":
			e.form = everyone
		case policy.IsAccountID(id):
			e.form, e.account = accountID, id
		case err != nil:
			e.form = uniqueID
		default:
			e.form, e.partition, e.account = otherARN, a.Partition(), a.AccountID()
			if a.Service() == "iam" && a.Region() == "" {
				resource := a.Resource()
				switch {
				case resource == "root":
					e.form = accountID
				case strings.HasPrefix(resource, "role/"):
					e.form, e.name = roleARN, resource[strings.LastIndexByte(resource, '/')+1:]
				}
			}
		}
	}
	return e
}

// match implements §6.2 and R-NPR-1 to R-NPR-3.
func (el *principalElement) match(c *Caller, v *View) match {
	if el == nil {
		return match{value: Yes, level: Direct, certain: Yes}
	}
	if el.absent {
		return match{}
	}
	strict := !v.OpenFacts
	if el.not {
		return match{value: el.notMatch(c, v, strict), level: Direct, certain: Yes}
	}
	var m match
	for i := range el.entries {
		level, value := el.level(i, c, v, strict)
		switch {
		case value == Yes:
			m.level = max(m.level, level)
		case value == Maybe:
			m.possible = max(m.possible, level)
		}
	}
	if m.possible <= m.level {
		m.possible = None
	}
	switch {
	case m.level != None:
		m.value, m.certain = Yes, Yes
	case m.possible != None:
		m.value = Maybe
	}
	return m
}

func (el *principalElement) notMatch(c *Caller, v *View, strict bool) Tri {
	if !el.deny {
		hit := No
		for i := range el.entries {
			if level, value := el.level(i, c, v, strict); level != None {
				hit = max(hit, value)
			}
		}
		return not(hit)
	}
	out := not(el.exempt(c, v, strict))
	// R-BND-3: a permissions boundary undoes every exemption (IAM User Guide, “IAM JSON policy
	// elements: NotPrincipal”).
	if el.stored && (c.Kind == policy.User || c.Kind == policy.Role || c.Kind == policy.RoleSession) {
		out = max(out, c.HasBoundary) // R-NPR-2
	}
	return out
}

// exempt implements R-NPR-1 for Deny: only the caller's own identity exempts it.
func (el *principalElement) exempt(c *Caller, v *View, strict bool) Tri {
	own, parent := No, No
	for i := range el.entries {
		e := &el.entries[i]
		level, value := e.level(c, v, strict)
		switch {
		case level == None:
		case e.form == everyone:
			return Yes
		case c.Kind == policy.Root, level == Direct && e.form != accountID:
			own = max(own, value)
		case level == SessionRole, level == SessionUser:
			parent = max(parent, value)
		}
	}
	switch c.Kind {
	case policy.Role, policy.RoleSession, policy.FederatedUser:
		return min(own, parent)
	}
	return own
}

func (el *principalElement) level(i int, c *Caller, v *View, strict bool) (Level, Tri) {
	if el.gateway {
		return el.entries[i].gatewayLevel(c)
	}
	return el.entries[i].level(c, v, strict)
}

// level is how the entry names the caller, and how certainly (R-PRI-1 to R-PRI-11; IAM User
// Guide, “IAM JSON policy elements: Principal”).
func (e *principalEntry) level(c *Caller, v *View, strict bool) (Level, Tri) {
	switch e.form {
	case everyone:
		return Direct, Yes
	case accountID:
		// R-PRI-3: the account is delegated to; the root user is named itself.
		if c.Account == "" || e.account != c.Account || e.partition != "" && e.partition != c.Partition {
			return None, No
		}
		if c.Kind == policy.Root {
			return Direct, Yes
		}
		return Account, Yes
	case roleARN:
		// R-PRI-5: the role of the session. R-PRI-6: a role is a session whose name is not given.
		if c.Kind != policy.Role && c.Kind != policy.RoleSession {
			return None, No
		}
		if c.Role != "" && e.text == c.Role ||
			c.Role == "" && e.name == c.RoleName && e.account == c.Account && e.partition == c.Partition {
			return SessionRole, Yes
		}
	case otherARN:
		// R-PRI-2: no partial wildcards; the text is compared whole. R-PRI-4: the caller's own
		// ARN. R-PRI-7: that of the user who made the session.
		switch {
		case e.text == c.ARN && c.Kind != policy.WebIdentity:
			return Direct, Yes
		case c.Kind == policy.FederatedUser && c.IssuingUser != "" && e.text == c.IssuingUser:
			return SessionUser, Yes
		case c.Kind == policy.Role && !strict && e.names(c):
			return Direct, Maybe // the session's name is not known
		}
	case uniqueID:
		if c.ID == "" && !strict && looksUnique(e.text) || c.ID != "" && e.text == c.ID {
			value := tri(c.ID != "")
			if value == No {
				value = Maybe
			}
			switch c.Kind {
			case policy.User:
				return Direct, value
			case policy.Role, policy.RoleSession:
				return SessionRole, value
			}
		}
	case serviceName:
		if c.Kind == policy.Service && (e.text == c.Name || v.callerAlsoNamed(e.text)) {
			return Direct, Yes
		}
	case federated:
		// R-PRI-9: the token's provider; a session that came of it is a role session.
		if c.Kind == policy.WebIdentity && e.text == c.Name {
			return Direct, Yes
		}
	case canonical:
		// R-PRI-10: a canonical user ID names the whole account.
		switch {
		case c.Account == "":
		case c.Canonical == e.text:
			return Account, Yes
		case c.Canonical == "" && !strict:
			return Account, Maybe
		}
	}
	return None, No
}

// names reports whether the entry is a session of the caller's role.
func (e *principalEntry) names(c *Caller) bool {
	a, err := policy.ParseARN(e.text)
	if err != nil {
		return false
	}
	p := policy.PrincipalFromARN(a)
	return p.Kind() == policy.RoleSession && !strings.ContainsAny(p.SessionName(), "*?") && p.Name() == c.RoleName && e.account == c.Account && e.partition == c.Partition
}

// gatewayLevel implements R-SPC-8 for the Allow statements of gateway endpoints.
func (e *principalEntry) gatewayLevel(c *Caller) (Level, Tri) {
	switch {
	case e.form == everyone:
		return Direct, Yes
	case e.form == accountID && c.Kind == policy.Root && e.account == c.Account && (e.partition == "" || e.partition == c.Partition):
		return Direct, Yes
	}
	return None, No
}

func looksUnique(s string) bool {
	return strings.HasPrefix(s, "AIDA") || strings.HasPrefix(s, "AROA")
}

var serviceNamesList = NewKeyRef("aws:PrincipalServiceNamesList")

// callerAlsoNamed reports whether the request lists name among the service's names (R-PRI-8).
func (v *View) callerAlsoNamed(name string) bool {
	val := v.key(&serviceNamesList)
	if val.State != Known {
		return false
	}
	for _, s := range val.Values {
		if s == name {
			return true
		}
	}
	return false
}
