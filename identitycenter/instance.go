package identitycenter

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An Instance is a validated, indexed, immutable [Spec].
type Instance struct {
	spec   Spec
	sets   map[policy.ARN]*PermissionSet
	users  map[string]*User
	groups map[string]*Group
	in     map[string][]string // group IDs by user ID
}

// New validates and indexes s. It keeps no reference to s. The error is [org.Errors]: all
// problems at once, in the order of s. A name that nothing has is an *[org.ReferenceError],
// unless a Gap says that users, groups or members are not known.
func New(s Spec) (*Instance, error) {
	if errs := validate(&s, nil); len(errs) > 0 {
		return nil, errs
	}
	return index(s), nil
}

func index(s Spec) *Instance {
	s = s.clone()
	s.canonical()
	i := &Instance{
		spec: s, sets: make(map[policy.ARN]*PermissionSet), users: make(map[string]*User),
		groups: make(map[string]*Group), in: make(map[string][]string),
	}
	for n := range s.PermissionSets {
		i.sets[s.PermissionSets[n].ARN] = &s.PermissionSets[n]
	}
	for n := range s.Users {
		i.users[s.Users[n].ID] = &s.Users[n]
	}
	for n := range s.Groups {
		g := &s.Groups[n]
		i.groups[g.ID] = g
		for _, id := range g.Members {
			i.in[id] = append(i.in[id], g.ID)
		}
	}
	return i
}

// Spec returns the instance as plain data, a copy in canonical order: by ARN, ID or name.
func (i *Instance) Spec() Spec { return i.spec.clone() }

// PermissionSet returns the permission set with this ARN.
func (i *Instance) PermissionSet(a policy.ARN) (PermissionSet, bool) {
	p, ok := i.sets[a]
	if !ok {
		return PermissionSet{}, false
	}
	return p.clone(), true
}

// User returns the user with this ID.
func (i *Instance) User(id string) (User, bool) {
	u, ok := i.users[id]
	if !ok {
		return User{}, false
	}
	return *u, true
}

// UserNamed returns the user with this user name, in any case: user names of an identity
// store are unique without case.
func (i *Instance) UserNamed(name string) (User, bool) {
	for n := range i.spec.Users {
		if strings.EqualFold(i.spec.Users[n].Name, name) {
			return i.spec.Users[n], true
		}
	}
	return User{}, false
}

// Groups yields the groups that a user is a member of, by ID.
func (i *Instance) Groups(userID string) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for _, id := range i.in[userID] {
			g := *i.groups[id]
			g.Members = slices.Clone(g.Members)
			if !yield(g) {
				return
			}
		}
	}
}

// Equal reports whether both instances are the same. Documents are compared with
// [policy.Document.Equal]. A nil *Instance equals only nil.
func (i *Instance) Equal(other *Instance) bool {
	if i == nil || other == nil || i == other {
		return i == other
	}
	a, b := &i.spec, &other.spec
	return a.ARN == b.ARN && a.Owner == b.Owner && a.Region == b.Region && a.IdentityStore == b.IdentityStore &&
		slices.EqualFunc(a.PermissionSets, b.PermissionSets, equalSet) &&
		slices.Equal(a.Users, b.Users) &&
		slices.EqualFunc(a.Groups, b.Groups, func(a, b Group) bool {
			return a.ID == b.ID && a.Name == b.Name && slices.Equal(a.Members, b.Members)
		}) &&
		slices.Equal(a.Assignments, b.Assignments) &&
		slices.EqualFunc(a.Attributes, b.Attributes, func(a, b Attribute) bool {
			return a.Key == b.Key && slices.Equal(a.Source, b.Source)
		}) &&
		slices.Equal(a.Gaps, b.Gaps)
}

func equalSet(a, b PermissionSet) bool {
	return a.ARN == b.ARN && a.Name == b.Name && a.Description == b.Description && a.SessionDuration == b.SessionDuration &&
		a.RelayState == b.RelayState && a.Boundary == b.Boundary && a.Inline.Equal(b.Inline) &&
		slices.Equal(a.Managed, b.Managed) && slices.Equal(a.CustomerManaged, b.CustomerManaged) && maps.Equal(a.Tags, b.Tags)
}

// clone copies everything but the documents, which are immutable, and turns empty slices and
// maps into nil.
func (s Spec) clone() Spec {
	s.PermissionSets = clone(s.PermissionSets)
	for n := range s.PermissionSets {
		s.PermissionSets[n] = s.PermissionSets[n].clone()
	}
	s.Users = clone(s.Users)
	s.Groups = clone(s.Groups)
	for n := range s.Groups {
		s.Groups[n].Members = clone(s.Groups[n].Members)
	}
	s.Assignments = clone(s.Assignments)
	s.Attributes = clone(s.Attributes)
	for n := range s.Attributes {
		s.Attributes[n].Source = clone(s.Attributes[n].Source)
	}
	s.Gaps = clone(s.Gaps)
	return s
}

func (p PermissionSet) clone() PermissionSet {
	p.Managed = clone(p.Managed)
	p.CustomerManaged = clone(p.CustomerManaged)
	p.Tags = maps.Clone(p.Tags)
	if len(p.Tags) == 0 {
		p.Tags = nil
	}
	return p
}

func clone[T any](s []T) []T { return append([]T(nil), s...) }

// canonical sorts s, which nobody else holds, in place, and writes defaults out.
func (s *Spec) canonical() {
	slices.SortFunc(s.PermissionSets, func(a, b PermissionSet) int { return a.ARN.Compare(b.ARN) })
	for n := range s.PermissionSets {
		p := &s.PermissionSets[n]
		if p.SessionDuration == 0 {
			p.SessionDuration = defaultSession
		}
		slices.SortFunc(p.Managed, policy.ARN.Compare)
		for m := range p.CustomerManaged {
			p.CustomerManaged[m].canonical()
		}
		if p.Boundary.CustomerManaged.Name != "" {
			p.Boundary.CustomerManaged.canonical()
		}
		slices.SortFunc(p.CustomerManaged, func(a, b PolicyReference) int {
			return strings.Compare(a.Path+a.Name, b.Path+b.Name)
		})
	}
	slices.SortFunc(s.Users, func(a, b User) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Groups, func(a, b Group) int { return strings.Compare(a.ID, b.ID) })
	for n := range s.Groups {
		slices.Sort(s.Groups[n].Members)
	}
	slices.SortFunc(s.Assignments, compareAssignments)
	slices.SortFunc(s.Attributes, func(a, b Attribute) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(s.Gaps, func(a, b org.Gap) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.What, b.What), strings.Compare(a.Reason, b.Reason))
	})
	s.Gaps = slices.Compact(s.Gaps)
}

func (r *PolicyReference) canonical() {
	if r.Path == "" {
		r.Path = "/"
	}
}

func compareAssignments(a, b Assignment) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), a.PermissionSet.Compare(b.PermissionSet),
		strings.Compare(a.Group, b.Group), strings.Compare(a.User, b.User))
}
