package org

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// The clone methods copy everything but the documents, which are immutable, and turn
// empty slices and maps into nil, except for facts, where nil is not known. The canonical methods also bring lists that have no
// order of their own into one.

func cloneStrings(s []string) []string { return append([]string(nil), s...) }

func cloneARNs(s []policy.ARN) []policy.ARN { return append([]policy.ARN(nil), s...) }

func cloneInline(s []InlinePolicy) []InlinePolicy { return append([]InlinePolicy(nil), s...) }

func cloneTags(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return maps.Clone(m)
}

func (s Spec) clone() Spec {
	s.Root.PolicyTypes = append([]policy.Kind(nil), s.Root.PolicyTypes...)
	s.Root.Attached = cloneStrings(s.Root.Attached)
	s.Root.OUs = cloneOUs(s.Root.OUs)
	s.Root.Accounts = cloneStrings(s.Root.Accounts)
	s.ControlPolicies = append([]ControlPolicy(nil), s.ControlPolicies...)
	s.Accounts = append([]Account(nil), s.Accounts...)
	for i := range s.Accounts {
		s.Accounts[i] = s.Accounts[i].clone()
	}
	s.Gaps = append([]Gap(nil), s.Gaps...)
	s.DelegatedAdministrators = cloneDelegated(s.DelegatedAdministrators)
	s.TrustedServices = slices.Clone(s.TrustedServices)
	s.Coverage = append([]Unit(nil), s.Coverage...)
	return s
}

func cloneOUs(list []OU) []OU {
	list = append([]OU(nil), list...)
	for i := range list {
		list[i].Attached = cloneStrings(list[i].Attached)
		list[i].OUs = cloneOUs(list[i].OUs)
		list[i].Accounts = cloneStrings(list[i].Accounts)
	}
	return list
}

func (a Account) clone() Account {
	a.Attached = cloneStrings(a.Attached)
	a.Users = append([]User(nil), a.Users...)
	for i := range a.Users {
		a.Users[i] = a.Users[i].clone()
	}
	a.Groups = append([]Group(nil), a.Groups...)
	for i := range a.Groups {
		a.Groups[i] = a.Groups[i].clone()
	}
	a.Roles = append([]Role(nil), a.Roles...)
	for i := range a.Roles {
		a.Roles[i] = a.Roles[i].clone()
	}
	a.Policies = append([]ManagedPolicy(nil), a.Policies...)
	a.Resources = append([]Resource(nil), a.Resources...)
	for i := range a.Resources {
		a.Resources[i] = a.Resources[i].clone()
	}
	a.Endpoints = append([]Endpoint(nil), a.Endpoints...)
	a.Tags = cloneTags(a.Tags)
	a.RootUser = a.RootUser.clone()
	a.PasswordPolicy = a.PasswordPolicy.clone()
	a.Providers = cloneProviders(a.Providers)
	a.Findings = cloneFindings(a.Findings)
	return a
}

func (u User) clone() User {
	u.Groups = cloneStrings(u.Groups)
	u.Attached = cloneARNs(u.Attached)
	u.Inline = cloneInline(u.Inline)
	u.Tags = cloneTags(u.Tags)
	u.Created = utc(u.Created)
	u.Credentials = u.Credentials.clone()
	u.Accessed = u.Accessed.clone()
	return u
}

func (g Group) clone() Group {
	g.Attached = cloneARNs(g.Attached)
	g.Inline = cloneInline(g.Inline)
	g.Accessed = g.Accessed.clone()
	return g
}

func (r Role) clone() Role {
	r.Attached = cloneARNs(r.Attached)
	r.Inline = cloneInline(r.Inline)
	r.Tags = cloneTags(r.Tags)
	r.Created = utc(r.Created)
	r.Used = r.Used.utc()
	r.Accessed = r.Accessed.clone()
	return r
}

func (r Resource) clone() Resource {
	r.Tags = cloneTags(r.Tags)
	return r
}

// canonical sorts s, which nobody else holds, in place.
func (s *Spec) canonical() {
	slices.Sort(s.Root.PolicyTypes)
	slices.Sort(s.Root.Attached)
	slices.Sort(s.Root.Accounts)
	canonicalOUs(s.Root.OUs)
	slices.SortFunc(s.ControlPolicies, func(a, b ControlPolicy) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(s.Accounts, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
	for i := range s.Accounts {
		s.Accounts[i].canonical()
	}
	slices.SortFunc(s.Gaps, compareGaps)
	s.Gaps = slices.Compact(s.Gaps)
	slices.SortFunc(s.DelegatedAdministrators, func(a, b DelegatedAdministrator) int { return strings.Compare(a.Account, b.Account) })
	for i := range s.DelegatedAdministrators {
		slices.Sort(s.DelegatedAdministrators[i].Services)
	}
	slices.Sort(s.TrustedServices)
	slices.SortFunc(s.Coverage, compareUnits)
}

func canonicalOUs(list []OU) {
	slices.SortFunc(list, func(a, b OU) int { return strings.Compare(a.ID, b.ID) })
	for i := range list {
		slices.Sort(list[i].Attached)
		slices.Sort(list[i].Accounts)
		canonicalOUs(list[i].OUs)
	}
}

func (a *Account) canonical() {
	slices.Sort(a.Attached)
	slices.SortFunc(a.Users, func(a, b User) int { return a.ARN.Compare(b.ARN) })
	for i := range a.Users {
		u := &a.Users[i]
		slices.Sort(u.Groups)
		u.Credentials.canonical()
		u.Accessed.canonical()
		canonicalPolicies(u.Attached, u.Inline)
	}
	slices.SortFunc(a.Groups, func(a, b Group) int { return a.ARN.Compare(b.ARN) })
	for i := range a.Groups {
		a.Groups[i].Accessed.canonical()
		canonicalPolicies(a.Groups[i].Attached, a.Groups[i].Inline)
	}
	slices.SortFunc(a.Roles, func(a, b Role) int { return a.ARN.Compare(b.ARN) })
	for i := range a.Roles {
		a.Roles[i].Accessed.canonical()
		canonicalPolicies(a.Roles[i].Attached, a.Roles[i].Inline)
	}
	slices.SortFunc(a.Policies, func(a, b ManagedPolicy) int { return a.ARN.Compare(b.ARN) })
	slices.SortFunc(a.Resources, func(a, b Resource) int { return a.ARN.Compare(b.ARN) })
	slices.SortFunc(a.Endpoints, func(a, b Endpoint) int { return cmp.Compare(a.ID, b.ID) })
	a.RootUser.canonical()
	slices.SortFunc(a.Providers, func(a, b Provider) int { return a.ARN.Compare(b.ARN) })
	slices.SortFunc(a.Findings, compareFindings)
}

func canonicalPolicies(attached []policy.ARN, inline []InlinePolicy) {
	slices.SortFunc(attached, policy.ARN.Compare)
	slices.SortFunc(inline, func(a, b InlinePolicy) int { return strings.Compare(a.Name, b.Name) })
}
