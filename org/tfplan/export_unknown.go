package tfplan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Unknown lists what is not known of what [Export] writes, so that it may write too little: gaps
// of the tree, of control policies, of permissions boundaries and of IAM Identity Center, parts of
// AWS's state that were not read, and what a trail records. Each is for people, such as
// "control-policies of 444455556666 (AccessDenied)". The order is that of the models. It is
// empty if all is known; an Instance or Trails that are nil are not in it.
func (m Models) Unknown() []string {
	var out []string
	add := func(what, of, reason string) {
		out = append(out, what+" of "+of+" ("+cmp.Or(reason, "no reason given")+")")
	}
	s := m.Organization.Spec()
	used := boundariesOf(&s)
	for _, g := range s.Gaps {
		if guards(g, used) {
			add(cmp.Or(g.What, org.GapEverything), g.Subject, g.Reason)
		}
	}
	if m.Instance != nil {
		for _, g := range m.Instance.Spec().Gaps {
			add(cmp.Or(g.What, org.GapEverything), g.Subject, g.Reason)
		}
		for _, p := range m.Instance.Spec().PermissionSets {
			if r := p.Boundary.CustomerManaged; r.Name != "" && !lists(&s, r) {
				add("document", "policy "+r.Path+r.Name, "the boundary of permission set "+p.Name+", which no account lists")
			}
		}
	}
	for _, u := range s.Coverage {
		if u.State == org.Complete || u.State == org.Absent || !slices.Contains([]string{"organization", "organization-policies", "iam", "identity-center", "identity-store", "trails"}, u.Section) {
			continue
		}
		add(u.Section, strings.TrimSpace(u.Account+" "+u.Region), u.Reason)
	}
	for _, t := range sortedTrails(m.Trails) {
		if !t.Organization {
			continue
		}
		if t.Selectors == nil {
			add("selectors", t.ARN.String(), "not read")
		}
		if t.Status == nil {
			add("status", t.ARN.String(), "not read")
		}
	}
	return out
}

// lists reports whether an account lists a customer managed policy.
func lists(s *org.Spec, r identitycenter.PolicyReference) bool {
	return slices.ContainsFunc(s.Accounts, func(a org.Account) bool {
		return slices.ContainsFunc(a.Policies, func(p org.ManagedPolicy) bool {
			return p.ARN.AccountID() == a.ID && plainName(p.ARN) == r.Name && iamPath(p.ARN) == r.Path
		})
	})
}

// boundariesOf are the managed policies that bound users and roles.
func boundariesOf(s *org.Spec) map[policy.ARN]bool {
	used := map[policy.ARN]bool{}
	for n := range s.Accounts {
		a := &s.Accounts[n]
		for m := range a.Users {
			used[a.Users[m].Boundary] = true
		}
		for m := range a.Roles {
			used[a.Roles[m].Boundary] = true
		}
	}
	return used
}

// guards reports whether a gap may hide something that is exported.
func guards(g org.Gap, boundaries map[policy.ARN]bool) bool {
	isARN := strings.HasPrefix(g.Subject, "arn:")
	switch g.What {
	case org.GapIdentityPolicies, org.GapResourcePolicy, org.GapTags:
		return false
	case org.GapControlPolicies, org.GapBoundary:
		return true
	case org.GapDocument:
		arn, err := policy.ParseARN(g.Subject)
		return !isARN || err != nil || boundaries[arn] || strings.Contains(g.Subject, "*") && arn.Service() == "iam"
	}
	// Users and roles may have a boundary, policies may be one. The subject may be a pattern.
	part := strings.Split(g.Subject, ":")
	return !isARN || len(part) < 3 || slices.Contains([]string{"iam", "organizations"}, part[2]) || strings.Contains(part[2], "*")
}
