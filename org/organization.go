package org

import (
	"iter"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// An Organization is a validated, indexed, immutable [Spec]: the world in which policies
// are attached. It is safe for concurrent use. What its methods return are copies, except
// for documents, which are immutable: a document that was given to [New] comes out as
// the same pointer.
type Organization struct {
	_         [0]func()
	spec      Spec // canonical
	accounts  map[string]int
	control   map[string]int
	arns      map[policy.ARN]location
	endpoints map[string]location
	nodes     map[string]node
	embedded  []ManagedPolicy // of AWS, in use and not listed; by ARN
}

// A location says where something is listed.
type location struct {
	account int // in spec.Accounts
	kind    entity
	index   int // in the account's list
}

// An entity is a kind of thing that an account lists.
type entity uint8

const (
	entityUser entity = iota + 1
	entityGroup
	entityRole
	entityPolicy
	entityResource
	entityEndpoint
)

// New validates and indexes s. It keeps no reference to s, which the caller may change
// afterwards. The error is [Errors]: all problems at once, in the order of s. A name that
// nothing has is a *[ReferenceError], unless a [Gap] of s says that what it names is not
// known.
func New(s Spec) (*Organization, error) {
	if err := validate(&s, nil).or(); err != nil {
		return nil, err
	}
	return index(s.clone()), nil
}

// Standalone makes an Organization of one account that belongs to no organization. The
// error is that of [New].
func Standalone(a Account) (*Organization, error) {
	return New(Spec{Accounts: []Account{a}})
}

// index takes a valid Spec that nobody else holds.
func index(s Spec) *Organization {
	s.canonical()
	o := &Organization{
		spec:      s,
		accounts:  make(map[string]int, len(s.Accounts)),
		control:   make(map[string]int, len(s.ControlPolicies)),
		arns:      make(map[policy.ARN]location),
		endpoints: make(map[string]location),
		nodes:     make(map[string]node),
	}
	for i, p := range s.ControlPolicies {
		o.control[p.ID] = i
	}
	for i := range s.Accounts {
		o.indexAccount(i)
	}
	if s.Root.ID != "" {
		o.indexNode("", s.Root.ID, "Root", s.Root.Attached, s.Root.Accounts, s.Root.OUs)
	}
	o.indexEmbedded()
	return o
}

func (o *Organization) indexAccount(n int) {
	a := &o.spec.Accounts[n]
	o.accounts[a.ID] = n
	add := func(arn policy.ARN, kind entity, i int) {
		if _, ok := o.arns[arn]; !ok { // an AWS managed policy may be listed by several accounts
			o.arns[arn] = location{n, kind, i}
		}
	}
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
	for i := range a.Endpoints {
		o.endpoints[a.Endpoints[i].ID] = location{n, entityEndpoint, i}
	}
}

// Spec returns the organization as plain data, a copy in canonical order: accounts,
// OUs, control policies and endpoints by ID, everything else by ARN or name.
func (o *Organization) Spec() Spec { return o.spec.clone() }

// ID is the organization's ID, "o-…"; "" for accounts without an organization.
func (o *Organization) ID() string { return o.spec.ID }

// ManagementAccount is the ID of the management account, "" if there is none. SCPs and
// RCPs do not affect its principals and resources (Organizations User Guide, “Service
// control policies”).
func (o *Organization) ManagementAccount() string { return o.spec.ManagementAccount }

// Accounts yields the accounts by ID, also those outside an organization. Accounts that
// are known only by a [Gap] are not among them.
func (o *Organization) Accounts() iter.Seq[Account] {
	return func(yield func(Account) bool) {
		for i := range o.spec.Accounts {
			if !yield(o.spec.Accounts[i].clone()) {
				return
			}
		}
	}
}

// Account returns the account with this ID.
func (o *Organization) Account(id string) (Account, bool) {
	i, ok := o.accounts[id]
	if !ok {
		return Account{}, false
	}
	return o.spec.Accounts[i].clone(), true
}

func (o *Organization) find(a policy.ARN, kind entity) (*Account, int, bool) {
	l, ok := o.arns[a]
	if !ok || l.kind != kind {
		return nil, 0, false
	}
	return &o.spec.Accounts[l.account], l.index, true
}

// User returns the user with this ARN.
func (o *Organization) User(a policy.ARN) (User, bool) {
	account, i, ok := o.find(a, entityUser)
	if !ok {
		return User{}, false
	}
	return account.Users[i].clone(), true
}

// Group returns the group with this ARN.
func (o *Organization) Group(a policy.ARN) (Group, bool) {
	account, i, ok := o.find(a, entityGroup)
	if !ok {
		return Group{}, false
	}
	return account.Groups[i].clone(), true
}

// Role returns the role with this ARN, path included.
func (o *Organization) Role(a policy.ARN) (Role, bool) {
	account, i, ok := o.find(a, entityRole)
	if !ok {
		return Role{}, false
	}
	return account.Roles[i].clone(), true
}

// ManagedPolicy returns the managed policy with this ARN. One that AWS manages is the
// same in all accounts; if no account lists it, it is one of
// [Organization.EmbeddedPolicies].
func (o *Organization) ManagedPolicy(a policy.ARN) (ManagedPolicy, bool) {
	account, i, ok := o.find(a, entityPolicy)
	if ok {
		return account.Policies[i], true
	}
	i, ok = slices.BinarySearchFunc(o.embedded, a, func(p ManagedPolicy, a policy.ARN) int { return p.ARN.Compare(a) })
	if !ok {
		return ManagedPolicy{}, false
	}
	return o.embedded[i], true
}

// Resource returns the resource with this ARN. Roles are not among the resources.
func (o *Organization) Resource(a policy.ARN) (Resource, bool) {
	account, i, ok := o.find(a, entityResource)
	if !ok {
		return Resource{}, false
	}
	return account.Resources[i].clone(), true
}

// ResourceAccount returns the ID of the account that lists a: a resource, user, group,
// role or managed policy. ARNs of S3 buckets do not name their account; this does. For an
// AWS managed policy it is the first account that lists it.
func (o *Organization) ResourceAccount(a policy.ARN) (string, bool) {
	l, ok := o.arns[a]
	if !ok {
		return "", false
	}
	return o.spec.Accounts[l.account].ID, true
}

// Endpoint returns the VPC endpoint with this ID, "vpce-…".
func (o *Organization) Endpoint(id string) (Endpoint, bool) {
	l, ok := o.endpoints[id]
	if !ok {
		return Endpoint{}, false
	}
	return o.spec.Accounts[l.account].Endpoints[l.index], true
}

// EndpointAccount returns the ID of the account that lists the VPC endpoint.
func (o *Organization) EndpointAccount(id string) (string, bool) {
	l, ok := o.endpoints[id]
	if !ok {
		return "", false
	}
	return o.spec.Accounts[l.account].ID, true
}

// ControlPolicy returns the SCP or RCP with this ID. [FullAWSAccess] and
// [RCPFullAWSAccess] are there even if the Spec does not list them.
func (o *Organization) ControlPolicy(id string) (ControlPolicy, bool) {
	if i, ok := o.control[id]; ok {
		return o.spec.ControlPolicies[i], true
	}
	return managedControlPolicy(id)
}

// Gaps yields what is not known, by subject.
func (o *Organization) Gaps() iter.Seq[Gap] { return slices.Values(slices.Clone(o.spec.Gaps)) }
