package org

import (
	"iter"
	"slices"

	"github.com/licit-dev/licit/policy"
)

func (c putUser) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.user.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Users, func(u User) bool { return u.ARN == c.user.ARN })
	if i < 0 {
		a.Users = append(a.Users, c.user.clone())
		return []Change{Remove(c.user.ARN)}, nil
	}
	old := a.Users[i]
	a.Users[i] = c.user.clone()
	return []Change{PutUser(old)}, nil
}

func (c putGroup) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.group.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Groups, func(g Group) bool { return g.ARN == c.group.ARN })
	if i < 0 {
		a.Groups = append(a.Groups, c.group.clone())
		return []Change{Remove(c.group.ARN)}, nil
	}
	old := a.Groups[i]
	a.Groups[i] = c.group.clone()
	return []Change{PutGroup(old)}, nil
}

func (c putRole) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.role.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Roles, func(r Role) bool { return r.ARN == c.role.ARN })
	if i < 0 {
		a.Roles = append(a.Roles, c.role.clone())
		return []Change{Remove(c.role.ARN)}, nil
	}
	old := a.Roles[i]
	a.Roles[i] = c.role.clone()
	return []Change{PutRole(old)}, nil
}

func (c putPolicy) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.account)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Policies, func(p ManagedPolicy) bool { return p.ARN == c.policy.ARN })
	if i < 0 {
		inverse := d.onlyThese(c.policy.ARN)
		a.Policies = append(a.Policies, c.policy)
		return inverse, nil
	}
	old := a.Policies[i]
	a.Policies[i] = c.policy
	return []Change{PutManagedPolicy(c.account, old)}, nil
}

func (c putResource) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.account)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Resources, func(r Resource) bool { return r.ARN == c.resource.ARN })
	if i < 0 {
		inverse := d.onlyThese(c.resource.ARN)
		a.Resources = append(a.Resources, c.resource.clone())
		return inverse, nil
	}
	old := a.Resources[i]
	a.Resources[i] = c.resource.clone()
	return []Change{PutResource(c.account, old)}, nil
}

// onlyThese returns the changes after which exactly what now has the ARN has it.
func (d *draft) onlyThese(a policy.ARN) []Change { return append([]Change{Remove(a)}, d.puts(a)...) }

// puts returns the changes that put everything with this ARN as it is now.
func (d *draft) puts(a policy.ARN) []Change {
	var out []Change
	for i := range d.spec.Accounts {
		account := &d.spec.Accounts[i]
		for _, u := range account.Users {
			if u.ARN == a {
				out = append(out, PutUser(u))
			}
		}
		for _, g := range account.Groups {
			if g.ARN == a {
				out = append(out, PutGroup(g))
			}
		}
		for _, r := range account.Roles {
			if r.ARN == a {
				out = append(out, PutRole(r))
			}
		}
		for _, p := range account.Policies {
			if p.ARN == a {
				out = append(out, PutManagedPolicy(account.ID, p))
			}
		}
		for _, r := range account.Resources {
			if r.ARN == a {
				out = append(out, PutResource(account.ID, r))
			}
		}
	}
	return out
}

func (c remove) apply(d *draft) ([]Change, error) {
	inverse := d.puts(c.arn)
	if len(inverse) == 0 {
		return nil, d.noSuch("user, group, role, managed policy or resource", c.arn.String(), d.arns())
	}
	for i := range d.spec.Accounts {
		a := &d.spec.Accounts[i]
		a.Users = slices.DeleteFunc(a.Users, func(u User) bool { return u.ARN == c.arn })
		a.Groups = slices.DeleteFunc(a.Groups, func(g Group) bool { return g.ARN == c.arn })
		a.Roles = slices.DeleteFunc(a.Roles, func(r Role) bool { return r.ARN == c.arn })
		a.Policies = slices.DeleteFunc(a.Policies, func(p ManagedPolicy) bool { return p.ARN == c.arn })
		a.Resources = slices.DeleteFunc(a.Resources, func(r Resource) bool { return r.ARN == c.arn })
	}
	return inverse, nil
}

func (d *draft) arns() iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range d.spec.Accounts {
			for _, a := range accountARNs(&d.spec.Accounts[i]) {
				if !yield(a.String()) {
					return
				}
			}
		}
	}
}

func accountARNs(a *Account) []policy.ARN {
	var out []policy.ARN
	for i := range a.Users {
		out = append(out, a.Users[i].ARN)
	}
	for i := range a.Groups {
		out = append(out, a.Groups[i].ARN)
	}
	for i := range a.Roles {
		out = append(out, a.Roles[i].ARN)
	}
	for i := range a.Policies {
		out = append(out, a.Policies[i].ARN)
	}
	for i := range a.Resources {
		out = append(out, a.Resources[i].ARN)
	}
	return out
}

func (c putEndpoint) apply(d *draft) ([]Change, error) {
	a, err := d.account(c.account)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(a.Endpoints, func(e Endpoint) bool { return e.ID == c.endpoint.ID })
	if i < 0 {
		inverse := append([]Change{RemoveEndpoint(c.endpoint.ID)}, d.endpointPuts(c.endpoint.ID)...)
		a.Endpoints = append(a.Endpoints, c.endpoint)
		return inverse, nil
	}
	old := a.Endpoints[i]
	a.Endpoints[i] = c.endpoint
	return []Change{PutEndpoint(c.account, old)}, nil
}

func (d *draft) endpointPuts(id string) []Change {
	var out []Change
	for i := range d.spec.Accounts {
		for _, e := range d.spec.Accounts[i].Endpoints {
			if e.ID == id {
				out = append(out, PutEndpoint(d.spec.Accounts[i].ID, e))
			}
		}
	}
	return out
}

func (c removeEndpoint) apply(d *draft) ([]Change, error) {
	inverse := d.endpointPuts(c.id)
	if len(inverse) == 0 {
		return nil, d.noSuch("VPC endpoint", c.id, func(yield func(string) bool) {
			for i := range d.spec.Accounts {
				for _, e := range d.spec.Accounts[i].Endpoints {
					if !yield(e.ID) {
						return
					}
				}
			}
		})
	}
	for i := range d.spec.Accounts {
		a := &d.spec.Accounts[i]
		a.Endpoints = slices.DeleteFunc(a.Endpoints, func(e Endpoint) bool { return e.ID == c.id })
	}
	return inverse, nil
}
