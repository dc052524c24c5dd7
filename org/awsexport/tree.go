package awsexport

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// unknownRoot is the ID of a root of which nothing is known, not even whether there is one.
const unknownRoot = "r-unknown"

// tree makes the organization's tree.
func (s *state) tree() {
	o, spec := &s.org, &s.spec
	switch {
	case s.standalone && o.seen:
		s.note(".", "the export has an organization, although it is said that there is none; it counts")
	case s.standalone || !o.seen && s.allInNone():
		return
	case !o.seen:
		s.noOrganization()
		return
	}
	spec.ID, spec.ManagementAccount, spec.ConsolidatedBillingOnly = o.id, o.management, o.billingOnly
	root, reason := o.root, ""
	if root == "" {
		for _, parent := range o.parents {
			if strings.HasPrefix(parent, "r-") {
				root = parent
			}
		}
	}
	if o.root == "" {
		reason = s.missing("", sectionOrganization, "ListRoots")
		o.types = []policy.Kind{policy.ServiceControl, policy.ResourceControl}
	} else if o.pending != "" {
		reason = o.pending
	}
	if o.billingOnly {
		o.types, reason = nil, ""
	}
	slices.Sort(o.types)
	spec.Root = org.Root{ID: firstText(root, unknownRoot), PolicyTypes: slices.Compact(o.types)}
	for child := range o.parents {
		if policy.IsAccountID(child) {
			s.account(child)
		}
	}
	if o.management != "" {
		s.account(o.management)
	}
	below := make(map[string][]string)
	for _, child := range sorted(o.parents) {
		below[o.parents[child]] = append(below[o.parents[child]], child)
	}
	spec.Root.OUs, spec.Root.Accounts = s.under(below, spec.Root.ID)
	s.outside()
	s.controlPolicies()
	s.attachments(reason)
	s.delegations()
}

// allInNone reports whether each account says that it is in no organization: what AWS answers
// one account tells nothing of others.
func (s *state) allInNone() bool {
	none := s.org.none
	for _, u := range s.unitsOf("", sectionOrganization) {
		if u.State == org.Absent {
			none[u.Account] = true
		}
	}
	for id := range s.accounts {
		if !none[id] && (!none[""] || len(s.accounts) > 1) {
			return false
		}
	}
	return len(none) > 0
}

// noOrganization stands for an organization that the accounts may be in: nothing of it is
// known.
func (s *state) noOrganization() {
	reason := s.missing("", sectionOrganization, "DescribeOrganization") + ": the accounts may be in an organization"
	s.spec.Root = org.Root{ID: unknownRoot, PolicyTypes: []policy.Kind{policy.ServiceControl, policy.ResourceControl}, Accounts: sorted(s.accounts)}
	for _, node := range append(sorted(s.accounts), unknownRoot) {
		s.gap(node, org.GapControlPolicies, reason)
	}
}

// under lists what is below a node.
func (s *state) under(below map[string][]string, node string) (ous []org.OU, accounts []string) {
	s.placed[node] = true
	for _, child := range below[node] {
		switch {
		case s.placed[child]:
		case policy.IsAccountID(child):
			s.placed[child] = true
			accounts = append(accounts, child)
		default:
			u := org.OU{ID: child, Name: s.org.names[child]}
			u.OUs, u.Accounts = s.under(below, child)
			ous = append(ous, u)
		}
	}
	return ous, accounts
}

// inTree reports whether an account can be part of the model.
func (s *state) inTree(id string) bool {
	return s.spec.Root.ID == "" || s.spec.Root.ID == unknownRoot && !s.org.seen || s.placed[id]
}

// outside leaves out accounts and OUs whose place in the organization is not known: which
// control policies reach them, and their organization path, would be guessed.
func (s *state) outside() {
	reason, complete := s.known(callKey{op: "organizations:ListAccounts"})
	if !complete {
		s.gap(s.spec.Root.ID, org.GapUnlisted, "list-accounts: "+reason)
		s.problem(s.globalUnit(sectionOrganization), "list-accounts: "+reason)
	}
	for _, id := range sorted(s.accounts) {
		if s.placed[id] {
			continue
		}
		why := "its place in the organization is not in the export: list-parents, list-children or list-accounts-for-parent would tell it"
		if complete && !s.accounts[id].listed {
			why = "the organization does not list it"
		}
		s.gap(id, org.GapEverything, why)
		s.problem(s.globalUnit(sectionOrganization), "account "+id+": "+why)
		s.note(".", "account %s is left out: %s", id, why)
	}
	for _, id := range sorted(s.org.names) {
		if !s.placed[id] {
			s.note(".", "OU %s is left out: its place in the organization is not in the export", id)
		}
	}
}

// controlPolicies lists the SCPs and RCPs.
func (s *state) controlPolicies() {
	for _, id := range sorted(s.org.policies) {
		p := s.org.policies[id]
		if p.kind == 0 || isGlobalPolicy(id) {
			continue
		}
		s.spec.ControlPolicies = append(s.spec.ControlPolicies, org.ControlPolicy{ID: id, Name: p.name, Kind: p.kind, Document: p.document})
		if p.document != nil {
			continue
		}
		why := p.why
		if why == "" {
			why, _ = s.known(callKey{op: "organizations:DescribePolicy", subject: id})
		}
		s.gap(id, org.GapDocument, firstText(why, "there is no document"))
		s.problem(s.globalUnit(sectionPolicies), id+": "+firstText(why, "there is no document"))
	}
}

// attachments attaches the control policies. Where it is not known what is attached to a
// node, there is a gap.
func (s *state) attachments(reason string) {
	unknown := make(map[policy.Kind]string) // why it is not known where all policies of a kind are attached
	for _, k := range s.spec.Root.PolicyTypes {
		unknown[k] = s.whyUnattached(k)
	}
	kinds := make(map[string]bool)
	attached := func(node string) (ids []string) {
		for _, id := range sorted(s.org.attached[node]) {
			k := policy.ServiceControl
			switch p := s.org.policies[id]; {
			case id == org.RCPFullAWSAccess:
				k = policy.ResourceControl
			case id == org.FullAWSAccess:
			case p == nil || p.kind == 0:
				if why, ok := s.known(callKey{op: "organizations:DescribePolicy", subject: id}); ok || !strings.HasPrefix(id, "p-") {
					continue // of a type that authorizes nothing
				} else if !kinds[id] {
					kinds[id] = true
					s.gap(id, org.GapEverything, why)
				}
				if len(s.spec.Root.PolicyTypes) > 0 {
					ids = append(ids, id)
				}
				continue
			default:
				k = p.kind
			}
			if !slices.Contains(s.spec.Root.PolicyTypes, k) {
				s.note(".", "control policy %s is attached to %s, and the root does not have its type enabled: not attached", id, node)
				continue
			}
			ids = append(ids, id)
		}
		why := reason
		for _, k := range s.spec.Root.PolicyTypes {
			if unknown[k] == "" {
				continue
			}
			if _, ok := s.known(callKey{op: "organizations:ListPoliciesForTarget", subject: node + " " + typeOf(k)}); !ok {
				why = firstText(why, unknown[k])
			}
		}
		if why != "" {
			s.gap(node, org.GapControlPolicies, why)
			s.problem(s.globalUnit(sectionPolicies), why)
		}
		return ids
	}
	s.spec.Root.Attached = attached(s.spec.Root.ID)
	var walk func(list []org.OU)
	walk = func(list []org.OU) {
		for i := range list {
			list[i].Attached = attached(list[i].ID)
			walk(list[i].OUs)
		}
	}
	walk(s.spec.Root.OUs)
	for _, id := range sorted(s.accounts) {
		if s.placed[id] {
			s.accounts[id].Attached = attached(id)
		}
	}
}

// whyUnattached says why it is not known where the policies of a kind are attached: "" if it is.
func (s *state) whyUnattached(k policy.Kind) string {
	if reason, ok := s.known(callKey{op: "organizations:ListPolicies", subject: typeOf(k)}); !ok {
		return fmt.Sprintf("list-policies of type %s: %s", typeOf(k), reason)
	}
	for _, id := range sorted(s.org.policies) {
		if p := s.org.policies[id]; p.kind != k || id == org.RCPFullAWSAccess { // AWS attaches that one everywhere
			continue
		}
		if reason, ok := s.known(callKey{op: "organizations:ListTargetsForPolicy", subject: id}); !ok {
			return fmt.Sprintf("list-targets-for-policy of %s: %s", id, reason)
		}
	}
	return ""
}

// delegations lists who administers services for the organization.
func (s *state) delegations() {
	if _, ok := s.known(callKey{op: "organizations:ListDelegatedAdministrators"}); ok {
		s.spec.DelegatedAdministrators = []org.DelegatedAdministrator{}
		for _, id := range s.org.delegated {
			if reason, ok := s.known(callKey{op: "organizations:ListDelegatedServicesForAccount", subject: id}); !ok {
				s.problem(s.globalUnit(sectionOrganization), "list-delegated-services-for-account of "+id+": "+reason)
			}
			s.spec.DelegatedAdministrators = append(s.spec.DelegatedAdministrators, org.DelegatedAdministrator{Account: id, Services: s.org.services[id]})
		}
	}
	if _, ok := s.known(callKey{op: "organizations:ListAWSServiceAccessForOrganization"}); ok {
		s.spec.TrustedServices = append([]string{}, s.org.trusted...)
	}
}
