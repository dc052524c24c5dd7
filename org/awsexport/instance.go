package awsexport

import (
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// instance makes the instance of IAM Identity Center; nil if there is none in the export.
func (s *state) instance() (*identitycenter.Instance, error) {
	c := &s.center
	spec := s.instanceSpec()
	if spec == nil {
		return nil, nil
	}
	if s.speaker[sectionCenter] == "" {
		s.speaker[sectionCenter] = spec.Owner
	}
	if s.speaker[sectionIdentityStore] == "" {
		s.speaker[sectionIdentityStore] = s.speaker[sectionCenter]
	}
	gap := func(subject, what, reason string) {
		spec.Gaps = append(spec.Gaps, org.Gap{Subject: subject, What: what, Reason: reason})
		section := sectionCenter
		if what == identitycenter.GapUsers || what == identitycenter.GapMembers {
			section = sectionIdentityStore
		}
		s.problem(s.globalUnit(section), reason)
	}
	arn := spec.ARN.String()
	if reason, ok := s.known(callKey{op: "sso:ListPermissionSets"}); !ok {
		gap(arn, identitycenter.GapAssignments, "list-permission-sets: "+reason)
	}
	unnamed := make(map[policy.ARN]bool)
	for _, id := range sorted(c.sets) {
		p := c.sets[id]
		if !p.ARN.IsValid() {
			s.note(".", "permission set %s is left out: nothing tells its ARN", id)
			continue
		}
		if p.Name == "" {
			why, _ := s.known(callKey{op: "sso:DescribePermissionSet", subject: id})
			unnamed[p.ARN] = true
			gap(p.ARN.String(), org.GapEverything, "describe-permission-set: "+firstText(why, "there is no name"))
			continue
		}
		for _, call := range []string{"GetInlinePolicyForPermissionSet", "ListManagedPoliciesInPermissionSet", "ListCustomerManagedPolicyReferencesInPermissionSet"} {
			if why, ok := s.known(callKey{op: "sso:" + call, subject: id}); !ok {
				gap(p.ARN.String(), org.GapIdentityPolicies, kebab(call)+": "+why)
			}
		}
		if why := c.setWhy[id]; why != "" {
			gap(p.ARN.String(), org.GapIdentityPolicies, why)
		}
		if why, ok := s.known(callKey{op: "sso:GetPermissionsBoundaryForPermissionSet", subject: id}); !ok {
			gap(p.ARN.String(), org.GapBoundary, kebab("GetPermissionsBoundaryForPermissionSet")+": "+why)
		}
		spec.PermissionSets = append(spec.PermissionSets, *p)
	}
	s.people(spec, gap)
	s.assigned(spec, unnamed, gap)
	if reason, ok := s.known(callKey{op: "sso:DescribeInstanceAccessControlAttributeConfiguration"}); !ok {
		gap(arn, identitycenter.GapAttributes, kebab("DescribeInstanceAccessControlAttributeConfiguration")+": "+reason)
	}
	for _, key := range sorted(c.attributes) {
		spec.Attributes = append(spec.Attributes, c.attributes[key])
	}
	return identitycenter.New(*spec)
}

// instanceSpec is the instance without what is in it. Rows may be of another one than what was
// asked for.
func (s *state) instanceSpec() *identitycenter.Spec {
	c := &s.center
	if c.spec == nil {
		return nil
	}
	prefix := "permissionSet/" + setID(c.spec.ARN.Resource()) + "/"
	maps.DeleteFunc(c.sets, func(_ string, p *identitycenter.PermissionSet) bool {
		return p.ARN.IsValid() && !strings.HasPrefix(p.ARN.Resource(), prefix)
	})
	maps.DeleteFunc(c.assignments, func(a identitycenter.Assignment, _ bool) bool {
		return !strings.HasPrefix(a.PermissionSet.Resource(), prefix)
	})
	c.spec.Region = firstText(c.spec.Region, c.region)
	return c.spec
}

// people lists users, groups and who is in them.
func (s *state) people(spec *identitycenter.Spec, gap func(subject, what, reason string)) {
	c, arn := &s.center, spec.ARN.String()
	usersWhy, usersKnown := s.known(s.only("identitystore:ListUsers"))
	groupsWhy, groupsKnown := s.known(s.only("identitystore:ListGroups"))
	if !usersKnown {
		gap(arn, identitycenter.GapUsers, "list-users of the identity store: "+usersWhy)
	}
	if !groupsKnown {
		gap(arn, identitycenter.GapUsers, "list-groups of the identity store: "+groupsWhy)
	}
	for _, id := range sorted(c.users) {
		spec.Users = append(spec.Users, *c.users[id])
	}
	byUser := usersKnown
	for id := range c.users {
		if _, ok := s.known(callKey{op: "identitystore:ListGroupMembershipsForMember", subject: id}); !ok {
			byUser = false
		}
	}
	for id := range c.members {
		if c.groups[id] == nil && id != "" {
			c.groups[id] = &identitycenter.Group{ID: id}
		}
	}
	strangers := false
	for _, id := range sorted(c.groups) {
		g := c.groups[id]
		g.Members = sorted(c.members[id])
		if why, ok := s.known(callKey{op: "identitystore:ListGroupMemberships", subject: id}); !ok && !byUser {
			gap(id, identitycenter.GapMembers, "list-group-memberships: "+why)
		}
		strangers = strangers || slices.ContainsFunc(g.Members, func(u string) bool { return c.users[u] == nil })
		spec.Groups = append(spec.Groups, *g)
	}
	if strangers && usersKnown && groupsKnown {
		gap(arn, identitycenter.GapUsers, "groups have members that list-users does not have")
	}
}

// only is the one call of an operation, whatever it is about.
func (s *state) only(op string) callKey {
	for _, k := range s.callsTo(op, "") {
		return k
	}
	return callKey{op: op}
}

// assigned lists the assignments. They are known by account and permission set, or by
// principal.
func (s *state) assigned(spec *identitycenter.Spec, unnamed map[policy.ARN]bool, gap func(subject, what, reason string)) {
	c := &s.center
	strangers := false
	for a := range c.assignments {
		if unnamed[a.PermissionSet] {
			continue
		}
		strangers = strangers || a.User != "" && c.users[a.User] == nil || a.Group != "" && c.groups[a.Group] == nil
		spec.Assignments = append(spec.Assignments, a)
	}
	if strangers {
		gap(spec.ARN.String(), identitycenter.GapUsers, "there are assignments of users or groups that the identity store does not list")
	}
	if s.byPrincipal() {
		return
	}
	for _, p := range spec.PermissionSets {
		if why := s.whyUnassigned(setID(p.ARN.String())); why != "" {
			gap(p.ARN.String(), identitycenter.GapAssignments, why)
		}
	}
}

// byPrincipal reports whether the assignments of all users and groups are known.
func (s *state) byPrincipal() bool {
	for _, list := range []string{"identitystore:ListUsers", "identitystore:ListGroups"} {
		if _, ok := s.known(s.only(list)); !ok {
			return false
		}
	}
	for id := range s.center.users {
		if _, ok := s.known(callKey{op: "sso:ListAccountAssignmentsForPrincipal", subject: id}); !ok {
			return false
		}
	}
	for id := range s.center.groups {
		if _, ok := s.known(callKey{op: "sso:ListAccountAssignmentsForPrincipal", subject: id}); !ok {
			return false
		}
	}
	return len(s.center.users)+len(s.center.groups) > 0
}

// whyUnassigned says why the assignments of a permission set are not known: "" if they are, in
// each account that it is provisioned in, or else in each of the organization, if it is known
// which these are.
func (s *state) whyUnassigned(set string) string {
	accounts := sorted(s.accounts)
	if _, ok := s.known(callKey{op: "sso:ListAccountsForProvisionedPermissionSet", subject: set}); ok {
		accounts = s.center.provisioned[set]
	} else if why, ok := s.known(callKey{op: "organizations:ListAccounts"}); !ok && s.spec.Root.ID != "" {
		return "list-account-assignments: there may be other accounts: list-accounts: " + why
	}
	for _, id := range accounts {
		if why, ok := s.known(callKey{op: "sso:ListAccountAssignments", subject: id + " " + set}); !ok {
			return "list-account-assignments in account " + id + ": " + why
		}
	}
	return ""
}
