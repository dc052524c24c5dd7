package identitycenter

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An Access is a permission set that a user may use in an account.
type Access struct {
	Account       string
	PermissionSet policy.ARN
	Direct        bool     // the user is assigned it
	Groups        []string // IDs of groups that are assigned it, and that the user is in
	// Role is the role of the permission set in the account; zero: the organization does not
	// have it, as before it is provisioned.
	Role policy.ARN
	// Principal is the session that the user gets, with the user's name; zero if Role is.
	Principal policy.Principal
}

// Access lists what a user may use, by account and permission set, and the gaps that could
// hide more. A user who is disabled may use nothing; of one whom the instance does not list
// nothing but the gaps is known. The roles are those of o, which may be
// nil. Where an account has several roles by the name of one set, each is listed: which of
// them the user gets is not known.
func (i *Instance) Access(o *org.Organization, userID string) ([]Access, []org.Gap) {
	u, ok := i.users[userID]
	if !ok {
		return nil, i.accessGaps()
	}
	if u.Disabled {
		return nil, nil
	}
	var out []Access
	for _, a := range i.spec.Assignments {
		direct, group := a.User == userID, slices.Contains(i.in[userID], a.Group)
		if !direct && !group {
			continue
		}
		n := len(out) - 1
		if n < 0 || out[n].Account != a.Account || out[n].PermissionSet != a.PermissionSet {
			out = append(out, i.access(o, u, a)...)
		}
		for n := len(out) - 1; n >= 0 && out[n].Account == a.Account && out[n].PermissionSet == a.PermissionSet; n-- {
			out[n].Direct = out[n].Direct || direct
			if group {
				out[n].Groups = append(out[n].Groups, a.Group)
			}
		}
	}
	return out, i.accessGaps()
}

// accessGaps are those that could hide access.
func (i *Instance) accessGaps() []org.Gap {
	var gaps []org.Gap
	for _, g := range i.spec.Gaps {
		if g.What != org.GapIdentityPolicies && g.What != org.GapBoundary && g.What != GapAttributes {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// access is what an assignment gives: one Access, or one for each role of the name.
func (i *Instance) access(o *org.Organization, u *User, a Assignment) []Access {
	none := []Access{{Account: a.Account, PermissionSet: a.PermissionSet}}
	if o == nil {
		return none
	}
	account, ok := o.Account(a.Account)
	if !ok {
		return none
	}
	var out []Access
	for _, role := range provisioned(&account, i.sets[a.PermissionSet]) {
		x := none[0]
		x.Role = role.ARN
		name := role.ARN.Resource()[strings.LastIndexByte(role.ARN.Resource(), '/')+1:]
		session, err := policy.ParseARN("arn:" + role.ARN.Partition() + ":sts::" + a.Account + ":assumed-role/" + name + "/" + u.Name)
		if err == nil {
			x.Principal = policy.PrincipalFromARN(session)
		}
		out = append(out, x)
	}
	if len(out) == 0 {
		return none
	}
	return out
}

// Users lists the users who may use a permission set in an account, by ID, those who are
// disabled left out.
func (i *Instance) Users(account string, set policy.ARN) []User {
	may := make(map[string]bool)
	for _, a := range i.spec.Assignments {
		if a.Account != account || a.PermissionSet != set {
			continue
		}
		may[a.User] = true
		if g := i.groups[a.Group]; g != nil {
			for _, id := range g.Members {
				may[id] = true
			}
		}
	}
	var out []User
	for _, u := range i.spec.Users {
		if may[u.ID] && !u.Disabled {
			out = append(out, u)
		}
	}
	return out
}

// PermissionSetOf returns the permission set that a role was made of, which its name tells.
func (i *Instance) PermissionSetOf(role policy.ARN) (PermissionSet, bool) {
	name := setName(role)
	for n := range i.spec.PermissionSets {
		if name != "" && i.spec.PermissionSets[n].Name == name {
			return i.spec.PermissionSets[n].clone(), true
		}
	}
	return PermissionSet{}, false
}

// SessionTags are the tags that a user's sessions carry, as far as the attributes that they
// are made of are known; unknown lists the keys of the others, by key, and is "*" where the
// attributes of the instance ([GapAttributes]), or the user, are not known. A provider of identities may pass
// on more tags than the instance tells.
func (i *Instance) SessionTags(userID string) (tags map[string]string, unknown []string) {
	u, ok := i.users[userID]
	if !ok {
		return nil, []string{"*"}
	}
	for _, a := range i.spec.Attributes {
		value, ok := attribute(u, a.Source)
		if !ok {
			unknown = append(unknown, a.Key)
			continue
		}
		if tags == nil {
			tags = make(map[string]string)
		}
		tags[a.Key] = value
	}
	if i.hasGap(GapAttributes, i.spec.ARN.String()) {
		unknown = append(unknown, "*")
	}
	return tags, unknown
}

// attribute is the value of the first source, if it is known. An empty one is not known
// rather than absent, because names and addresses are loaded only when asked for.
func attribute(u *User, sources []string) (string, bool) {
	if len(sources) == 0 {
		return "", false
	}
	var value string
	switch sources[0] {
	case "${path:userName}":
		value = u.Name
	case "${path:emails[primary eq true].value}":
		value = u.Email
	case "${path:displayName}":
		value = u.DisplayName
	}
	return value, value != ""
}
