package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// around is an environment of the same answer for the request that holds little else, so
// that steps are cheap to try.
func (e *Environment) around(r Request) *Environment {
	if e.org == nil {
		return e
	}
	spec := e.org.Spec()
	for i := range spec.Accounts {
		r.reduce(&spec.Accounts[i])
	}
	withoutEmpty(&spec, r.Principal.AccountID(), r.Resource.AccountID())
	o, err := org.New(spec)
	if err != nil {
		return e
	}
	out := e.with(o)
	if out.Can(r).String() != e.Can(r).String() {
		return e
	}
	return out
}

// reduce leaves an account nothing but what the request may be about.
func (r *Request) reduce(a *org.Account) {
	text, p := r.Resource.String(), r.Principal
	near := func(a policy.ARN) bool { return a.IsValid() && strings.HasPrefix(text, a.String()) }
	var issuer policy.ARN
	if r.Session != nil {
		issuer = r.Session.spec.IssuingUser
	}
	var groups []string
	var used []policy.ARN
	a.Users = slices.DeleteFunc(a.Users, func(u org.User) bool {
		keep := u.ARN == p.ARN() || u.ARN == issuer || near(u.ARN)
		if keep {
			groups, used = append(groups, u.Groups...), append(append(used, u.Attached...), u.Boundary)
		}
		return !keep
	})
	a.Roles = slices.DeleteFunc(a.Roles, func(role org.Role) bool {
		keep := role.ARN == p.ARN() || near(role.ARN) || p.Kind() == policy.RoleSession && a.ID == p.AccountID() && lastSegment(role.ARN.Resource()) == p.Name()
		if keep {
			used = append(append(used, role.Attached...), role.Boundary)
		}
		return !keep
	})
	a.Groups = slices.DeleteFunc(a.Groups, func(g org.Group) bool {
		keep := slices.Contains(groups, lastSegment(g.ARN.Resource()))
		if keep {
			used = append(used, g.Attached...)
		}
		return !keep
	})
	a.Policies = slices.DeleteFunc(a.Policies, func(m org.ManagedPolicy) bool { return !slices.Contains(used, m.ARN) && !awsManaged(m.ARN) })
	a.Resources = slices.DeleteFunc(a.Resources, func(res org.Resource) bool { return !near(res.ARN) })
}

// withoutEmpty removes the accounts that hold nothing, but for those named.
func withoutEmpty(s *org.Spec, keep ...string) {
	gone := map[string]bool{}
	s.Accounts = slices.DeleteFunc(s.Accounts, func(a org.Account) bool {
		held := len(a.Users) + len(a.Roles) + len(a.Resources) + len(a.Endpoints)
		gone[a.ID] = held == 0 && a.ID != s.ManagementAccount && !slices.Contains(keep, a.ID)
		return gone[a.ID]
	})
	isGone := func(id string) bool { return gone[id] }
	var prune func(list []org.OU)
	prune = func(list []org.OU) {
		for i := range list {
			list[i].Accounts = slices.DeleteFunc(list[i].Accounts, isGone)
			prune(list[i].OUs)
		}
	}
	s.Root.Accounts = slices.DeleteFunc(s.Root.Accounts, isGone)
	prune(s.Root.OUs)
}
