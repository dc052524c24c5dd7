package org

import (
	"maps"
	"slices"
)

// Equal reports whether both organizations are the same: the same tree, accounts,
// policies and gaps. Documents are compared with [policy.Document.Equal], so that white
// space and the file that they were read from do not matter. A nil *Organization equals
// only nil.
func (o *Organization) Equal(other *Organization) bool {
	if o == nil || other == nil || o == other {
		return o == other
	}
	a, b := &o.spec, &other.spec
	return a.ID == b.ID && a.ManagementAccount == b.ManagementAccount &&
		a.Root.ID == b.Root.ID &&
		slices.Equal(a.Root.PolicyTypes, b.Root.PolicyTypes) &&
		slices.Equal(a.Root.Attached, b.Root.Attached) &&
		slices.Equal(a.Root.Accounts, b.Root.Accounts) &&
		slices.EqualFunc(a.Root.OUs, b.Root.OUs, equalOU) &&
		slices.EqualFunc(a.ControlPolicies, b.ControlPolicies, equalControlPolicy) &&
		slices.EqualFunc(a.Accounts, b.Accounts, equalAccount) &&
		slices.Equal(a.Gaps, b.Gaps) &&
		a.ConsolidatedBillingOnly == b.ConsolidatedBillingOnly &&
		(a.DelegatedAdministrators == nil) == (b.DelegatedAdministrators == nil) &&
		slices.EqualFunc(a.DelegatedAdministrators, b.DelegatedAdministrators, equalDelegated) &&
		equalKnown(a.TrustedServices, b.TrustedServices) &&
		slices.Equal(a.Coverage, b.Coverage)
}

func equalOU(a, b OU) bool {
	return a.ID == b.ID && a.Name == b.Name &&
		slices.Equal(a.Attached, b.Attached) &&
		slices.Equal(a.Accounts, b.Accounts) &&
		slices.EqualFunc(a.OUs, b.OUs, equalOU)
}

func equalControlPolicy(a, b ControlPolicy) bool {
	return a.ID == b.ID && a.Name == b.Name && a.Kind == b.Kind && a.Document.Equal(b.Document)
}

func equalAccount(a, b Account) bool {
	return a.ID == b.ID && a.Name == b.Name && a.CanonicalID == b.CanonicalID &&
		a.BlockPublicAccess == b.BlockPublicAccess &&
		a.Email == b.Email && a.State == b.State &&
		equalCredentials(a.RootUser, b.RootUser) &&
		equalPointer(a.PasswordPolicy, b.PasswordPolicy) &&
		(a.Providers == nil) == (b.Providers == nil) &&
		slices.EqualFunc(a.Providers, b.Providers, equalProvider) &&
		(a.Findings == nil) == (b.Findings == nil) &&
		slices.EqualFunc(a.Findings, b.Findings, equalFinding) &&
		slices.Equal(a.Attached, b.Attached) &&
		maps.Equal(a.Tags, b.Tags) &&
		slices.EqualFunc(a.Users, b.Users, equalUser) &&
		slices.EqualFunc(a.Groups, b.Groups, equalGroup) &&
		slices.EqualFunc(a.Roles, b.Roles, equalRole) &&
		slices.EqualFunc(a.Policies, b.Policies, equalManagedPolicy) &&
		slices.EqualFunc(a.Resources, b.Resources, equalResource) &&
		slices.EqualFunc(a.Endpoints, b.Endpoints, equalEndpoint)
}

func equalUser(a, b User) bool {
	return a.ARN == b.ARN && a.ID == b.ID && a.Boundary == b.Boundary && a.Created == b.Created &&
		equalCredentials(a.Credentials, b.Credentials) && equalReports(a.Accessed, b.Accessed) &&
		slices.Equal(a.Groups, b.Groups) &&
		slices.Equal(a.Attached, b.Attached) &&
		slices.EqualFunc(a.Inline, b.Inline, equalInline) &&
		maps.Equal(a.Tags, b.Tags)
}

func equalGroup(a, b Group) bool {
	return a.ARN == b.ARN && equalReports(a.Accessed, b.Accessed) &&
		slices.Equal(a.Attached, b.Attached) &&
		slices.EqualFunc(a.Inline, b.Inline, equalInline)
}

func equalRole(a, b Role) bool {
	return a.ARN == b.ARN && a.ID == b.ID && a.Boundary == b.Boundary &&
		a.Created == b.Created && a.MaxSession == b.MaxSession && a.Used == b.Used && equalReports(a.Accessed, b.Accessed) &&
		a.Trust.Equal(b.Trust) &&
		slices.Equal(a.Attached, b.Attached) &&
		slices.EqualFunc(a.Inline, b.Inline, equalInline) &&
		maps.Equal(a.Tags, b.Tags)
}

func equalInline(a, b InlinePolicy) bool { return a.Name == b.Name && a.Document.Equal(b.Document) }

func equalManagedPolicy(a, b ManagedPolicy) bool {
	return a.ARN == b.ARN && a.Document.Equal(b.Document)
}

func equalResource(a, b Resource) bool {
	return a.ARN == b.ARN && a.Owner == b.Owner && a.ABAC == b.ABAC && a.AWSManaged == b.AWSManaged &&
		a.BlockPublicAccess == b.BlockPublicAccess &&
		a.Policy.Equal(b.Policy) && maps.Equal(a.Tags, b.Tags)
}

func equalEndpoint(a, b Endpoint) bool {
	return a.ID == b.ID && a.VPC == b.VPC && a.Service == b.Service && a.Gateway == b.Gateway &&
		a.Policy.Equal(b.Policy)
}
