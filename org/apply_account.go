package org

import (
	"cmp"
	"iter"
	"slices"

	"github.com/licit-dev/licit/policy"
)

func (c putUser) apply(d *draft) ([]Change, error) {
	n, err := d.accountIndex(c.user.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	old, was := putIn(d, &d.spec.Accounts[n].Users, location{account: n, kind: entityUser}, c.user.ARN, c.user.clone())
	if !was {
		return []Change{Remove(c.user.ARN)}, nil
	}
	return []Change{PutUser(old)}, nil
}

func (c putGroup) apply(d *draft) ([]Change, error) {
	n, err := d.accountIndex(c.group.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	old, was := putIn(d, &d.spec.Accounts[n].Groups, location{account: n, kind: entityGroup}, c.group.ARN, c.group.clone())
	if !was {
		return []Change{Remove(c.group.ARN)}, nil
	}
	return []Change{PutGroup(old)}, nil
}

func (c putRole) apply(d *draft) ([]Change, error) {
	n, err := d.accountIndex(c.role.ARN.AccountID())
	if err != nil {
		return nil, err
	}
	old, was := putIn(d, &d.spec.Accounts[n].Roles, location{account: n, kind: entityRole}, c.role.ARN, c.role.clone())
	if !was {
		return []Change{Remove(c.role.ARN)}, nil
	}
	return []Change{PutRole(old)}, nil
}

func (c putPolicy) apply(d *draft) ([]Change, error) {
	n, err := d.accountIndex(c.account)
	if err != nil {
		return nil, err
	}
	inverse := d.onlyThese(c.policy.ARN)
	if old, was := putIn(d, &d.spec.Accounts[n].Policies, location{account: n, kind: entityPolicy}, c.policy.ARN, c.policy); was {
		return []Change{PutManagedPolicy(c.account, old)}, nil
	}
	return inverse, nil
}

func (c putResource) apply(d *draft) ([]Change, error) {
	n, err := d.accountIndex(c.account)
	if err != nil {
		return nil, err
	}
	inverse := d.onlyThese(c.resource.ARN)
	if old, was := putIn(d, &d.spec.Accounts[n].Resources, location{account: n, kind: entityResource}, c.resource.ARN, c.resource.clone()); was {
		return []Change{PutResource(c.account, old)}, nil
	}
	return inverse, nil
}

// locations is where the draft has what accounts list, by ARN. Who changes a list otherwise than
// by putIn and dropFrom resets it.
func (d *draft) locations() map[policy.ARN][]location {
	if d.at != nil {
		return d.at
	}
	d.at = make(map[policy.ARN][]location)
	for n := range d.spec.Accounts {
		a := &d.spec.Accounts[n]
		add := func(arn policy.ARN, kind entity, i int) { d.at[arn] = append(d.at[arn], location{n, kind, i}) }
		for i := range a.Users {
			add(a.Users[i].ARN, entityUser, i)
		}
		for i := range a.Groups {
			add(a.Groups[i].ARN, entityGroup, i)
		}
		for i := range a.Roles {
			add(a.Roles[i].ARN, entityRole, i)
		}
		for i := range a.Policies {
			add(a.Policies[i].ARN, entityPolicy, i)
		}
		for i := range a.Resources {
			add(a.Resources[i].ARN, entityResource, i)
		}
	}
	return d.at
}

// putIn puts v in place of what has the ARN, which it returns, or at the end.
func putIn[T any](d *draft, list *[]T, at location, arn policy.ARN, v T) (old T, was bool) {
	for _, l := range d.locations()[arn] {
		if l.account == at.account && l.kind == at.kind {
			old, (*list)[l.index] = (*list)[l.index], v
			return old, true
		}
	}
	at.index = len(*list)
	*list = append(*list, v)
	d.at[arn] = append(d.at[arn], at)
	return old, false
}

// dropFrom removes what is at a location; the last of the list takes its place.
func dropFrom[T any](d *draft, list *[]T, at location, arnOf func(T) policy.ARN) {
	last := len(*list) - 1
	if moved := (*list)[last]; at.index != last {
		(*list)[at.index] = moved
		others := d.at[arnOf(moved)]
		others[slices.Index(others, location{at.account, at.kind, last})].index = at.index
	}
	clear((*list)[last:])
	*list = (*list)[:last]
}

// onlyThese returns the changes after which exactly what now has the ARN has it.
func (d *draft) onlyThese(a policy.ARN) []Change { return append([]Change{Remove(a)}, d.puts(a)...) }

// puts returns the changes that put everything with this ARN as it is now.
func (d *draft) puts(a policy.ARN) []Change {
	list := slices.SortedFunc(slices.Values(d.locations()[a]), location.compare)
	var out []Change
	for _, l := range list {
		switch account := &d.spec.Accounts[l.account]; l.kind {
		case entityUser:
			out = append(out, PutUser(account.Users[l.index]))
		case entityGroup:
			out = append(out, PutGroup(account.Groups[l.index]))
		case entityRole:
			out = append(out, PutRole(account.Roles[l.index]))
		case entityPolicy:
			out = append(out, PutManagedPolicy(account.ID, account.Policies[l.index]))
		case entityResource:
			out = append(out, PutResource(account.ID, account.Resources[l.index]))
		}
	}
	return out
}

func (l location) compare(other location) int {
	return cmp.Or(cmp.Compare(l.account, other.account), cmp.Compare(l.kind, other.kind), cmp.Compare(l.index, other.index))
}

func (c remove) apply(d *draft) ([]Change, error) {
	inverse := d.puts(c.arn)
	if len(inverse) == 0 {
		return nil, d.noSuch("user, group, role, managed policy or resource", c.arn.String(), d.arns())
	}
	for _, l := range d.at[c.arn] {
		switch a := &d.spec.Accounts[l.account]; l.kind {
		case entityUser:
			dropFrom(d, &a.Users, l, func(u User) policy.ARN { return u.ARN })
		case entityGroup:
			dropFrom(d, &a.Groups, l, func(g Group) policy.ARN { return g.ARN })
		case entityRole:
			dropFrom(d, &a.Roles, l, func(r Role) policy.ARN { return r.ARN })
		case entityPolicy:
			dropFrom(d, &a.Policies, l, func(p ManagedPolicy) policy.ARN { return p.ARN })
		case entityResource:
			dropFrom(d, &a.Resources, l, func(r Resource) policy.ARN { return r.ARN })
		}
	}
	delete(d.at, c.arn)
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
