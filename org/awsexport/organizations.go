package awsexport

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// The sections of the coverage.
const (
	sectionOrganization  = "organization"
	sectionPolicies      = "organization-policies"
	sectionIAM           = "iam"
	sectionCredentials   = "credentials"
	sectionProviders     = "providers"
	sectionCenter        = "identity-center"
	sectionIdentityStore = "identity-store"
)

const notInUse = "AWSOrganizationsNotInUseException"

// organization is what answers of Organizations told.
type organization struct {
	id, management string
	billingOnly    bool
	seen           bool            // there is an organization
	none           map[string]bool // accounts that are in none; "": it is not said which account is
	root           string
	types          []policy.Kind
	pending        string // what is being enabled or disabled
	parents        map[string]string
	names          map[string]string // of OUs
	policies       map[string]*controlPolicy
	attached       map[string]map[string]bool // by node
	delegated      []string
	services       map[string][]string // of a delegated administrator
	trusted        []string
}

type controlPolicy struct {
	id, name string
	kind     policy.Kind
	document *policy.Document
	why      string // there is no document
}

func (o *organization) policy(id string) *controlPolicy {
	p := o.policies[id]
	if p == nil {
		p = &controlPolicy{id: id}
		o.policies[id] = p
	}
	return p
}

func (o *organization) attach(node, id string) {
	if o.attached[node] == nil {
		o.attached[node] = make(map[string]bool)
	}
	o.attached[node][id] = true
}

func organizationsOperations() []*operation {
	list := []*operation{
		{name: "DescribeOrganization", members: []string{"Organization"}, sign: []string{"Organization"}, read: readOrganization},
		{name: "ListRoots", members: []string{"Roots"}, sign: []string{"Roots"}, read: readRoots},
		{name: "ListAccounts", members: []string{"Accounts"}, sign: []string{"Accounts"}, element: "JoinedMethod", read: readAccounts},
		{name: "ListAccountsForParent", args: []string{"ParentId"}, members: []string{"Accounts"}, read: readAccounts},
		{name: "DescribeAccount", members: []string{"Account"}, sign: []string{"Account"}, subject: func(r *record) string { return r.output.get("Account").get("Id").text() }, read: readAccounts},
		{name: "ListOrganizationalUnitsForParent", args: []string{"ParentId"}, members: []string{"OrganizationalUnits"}, sign: []string{"OrganizationalUnits"}, read: readOUs},
		{name: "DescribeOrganizationalUnit", members: []string{"OrganizationalUnit"}, sign: []string{"OrganizationalUnit"}, subject: func(r *record) string { return r.output.get("OrganizationalUnit").get("Id").text() }, read: readOUs},
		{name: "ListParents", args: []string{"ChildId"}, members: []string{"Parents"}, sign: []string{"Parents"}, read: readParents},
		{name: "ListChildren", args: []string{"ParentId", "ChildType"}, members: []string{"Children"}, sign: []string{"Children"}, read: readChildren},
		{name: "ListDelegatedAdministrators", subject: func(r *record) string { return r.in(-1, "ServicePrincipal") }, members: []string{"DelegatedAdministrators"}, sign: []string{"DelegatedAdministrators"}, read: readDelegated},
		{name: "ListDelegatedServicesForAccount", args: []string{"AccountId"}, members: []string{"DelegatedServices"}, sign: []string{"DelegatedServices"}, read: readDelegatedServices},
		{name: "ListAWSServiceAccessForOrganization", members: []string{"EnabledServicePrincipals"}, sign: []string{"EnabledServicePrincipals"}, read: readTrusted},
		{name: "ListTagsForResource", args: []string{"ResourceId"}, members: []string{"Tags"}, read: readAccountTags},
		{name: "DescribeResourcePolicy", members: []string{"ResourcePolicy"}, absent: []string{"ResourcePolicyNotFoundException"}},
		{name: "ListPolicies", section: sectionPolicies, args: []string{"Filter"}, subject: filterOf(0), members: []string{"Policies"}, read: readPolicies},
		{name: "DescribePolicy", section: sectionPolicies, args: []string{"PolicyId"}, members: []string{"Policy"}, subject: policyIDOf, read: readPolicy},
		{name: "ListTargetsForPolicy", section: sectionPolicies, args: []string{"PolicyId"}, members: []string{"Targets"}, sign: []string{"Targets"}, read: readTargets},
		{name: "ListPoliciesForTarget", section: sectionPolicies, args: []string{"TargetId", "Filter"}, subject: func(r *record) string { return r.in(0, "TargetId") + " " + filterOf(1)(r) }, members: []string{"Policies"}, read: readPoliciesForTarget},
	}
	for _, op := range list {
		op.service, op.global = "organizations", true
		op.section = firstText(op.section, sectionOrganization)
	}
	return list
}

func firstText(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// filterOf tells the type of policies that were asked for: as the input says, or else those
// that came.
func filterOf(arg int) func(*record) string {
	return func(r *record) string {
		if t := r.in(arg, "Filter"); t != "" {
			return t
		}
		for p := range r.output.get("Policies").each() {
			return p.get("Type").text()
		}
		return ""
	}
}

func policyIDOf(r *record) string {
	return firstText(r.in(0, "PolicyId"), r.output.get("Policy").get("PolicySummary").get("Id").text())
}

// seenARN takes the organization's ID and management account, which all its ARNs have:
// arn:aws:organizations::111122223333:account/o-exampleorgid/444455556666.
func (s *state) seenARN(v value) {
	a, err := policy.ParseARN(v.get("Arn").text())
	if err != nil || a.Service() != "organizations" || !policy.IsAccountID(a.AccountID()) {
		return
	}
	if parts := strings.Split(a.Resource(), "/"); len(parts) > 2 {
		s.organizationIs(v, parts[1], a.AccountID())
	}
}

func (s *state) organizationIs(v value, id, management string) {
	o := &s.org
	o.seen = true
	if o.id != "" && id != "" && o.id != id {
		s.fail(v, "this is of organization %s, and other files are of %s; want one organization", id, o.id)
		return
	}
	o.id = firstText(o.id, id)
	o.management = firstText(o.management, management)
}

func readOrganization(s *state, r *record) {
	v := r.output.get("Organization")
	s.organizationIs(v, v.get("Id").text(), firstText(v.get("MasterAccountId").text(), v.get("ManagementAccountId").text()))
	s.org.billingOnly = v.get("FeatureSet").text() == "CONSOLIDATED_BILLING"
}

func readRoots(s *state, r *record) {
	for v := range r.output.get("Roots").each() {
		s.seenARN(v)
		s.once(r, v, "the root", v.canonical("Name"))
		o := &s.org
		o.root = v.get("Id").text()
		o.types = nil
		if !v.get("PolicyTypes").is() {
			o.types, o.pending = []policy.Kind{policy.ServiceControl, policy.ResourceControl}, v.place()+": there is no PolicyTypes"
		}
		for t := range v.get("PolicyTypes").each() {
			k := kindOf(t.get("Type").text())
			status := t.get("Status").text()
			if k == 0 {
				continue
			}
			o.types = append(o.types, k)
			if status != "ENABLED" {
				o.pending = t.get("Type").text() + " is " + status
			}
		}
	}
}

// kindOf is the kind of a type of policies, 0 if such policies authorize nothing.
func kindOf(typ string) policy.Kind {
	switch typ {
	case "SERVICE_CONTROL_POLICY":
		return policy.ServiceControl
	case "RESOURCE_CONTROL_POLICY":
		return policy.ResourceControl
	}
	return 0
}

func typeOf(k policy.Kind) string {
	if k == policy.ServiceControl {
		return "SERVICE_CONTROL_POLICY"
	}
	return "RESOURCE_CONTROL_POLICY"
}

func readAccounts(s *state, r *record) {
	list := slices.Collect(r.output.get("Accounts").each())
	if v := r.output.get("Account"); v.is() {
		list = append(list, v)
	}
	for _, v := range list {
		id := v.get("Id").text()
		if !policy.IsAccountID(id) {
			s.fail(v, "%q is no account ID; want 12 digits", id)
			continue
		}
		s.seenARN(v)
		a := s.account(id)
		a.listed = true
		a.Name, a.Email = v.get("Name").text(), v.get("Email").text()
		a.State = firstText(v.get("State").text(), v.get("Status").text())
		for p := range v.get("Paths").each() {
			s.path(r, p, p.text(), id)
		}
		s.parent(r, v, id, r.in(0, "ParentId"))
	}
}

// path takes the places of a node and of all that are above it, as in
// o-exampleorgid/r-ab12/ou-ab12-11111111/444455556666/.
func (s *state) path(r *record, v value, path, node string) {
	above := ""
	for part := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(part, "r-") || strings.HasPrefix(part, "ou-") {
			if part != node {
				s.parent(r, v, part, above)
			}
			above = part
		}
	}
	if above != node {
		s.parent(r, v, node, above)
	}
}

func (s *state) parent(r *record, v value, child, parent string) {
	if parent != "" && child != parent {
		s.once(r, v, "the parent of "+child, parent)
		s.org.parents[child] = parent
	}
}

func readOUs(s *state, r *record) {
	list := slices.Collect(r.output.get("OrganizationalUnits").each())
	if v := r.output.get("OrganizationalUnit"); v.is() {
		list = append(list, v)
	}
	parent := r.in(0, "ParentId")
	for _, v := range list {
		id := v.get("Id").text()
		s.seenARN(v)
		s.org.names[id] = v.get("Name").text()
		if p := v.get("Path").text(); p != "" {
			s.path(r, v, p, id)
		}
		s.parent(r, v, id, parent)
	}
}

func readParents(s *state, r *record) {
	for v := range r.output.get("Parents").each() {
		s.parent(r, v, r.in(0, "ChildId"), v.get("Id").text())
	}
}

func readChildren(s *state, r *record) {
	for v := range r.output.get("Children").each() {
		s.parent(r, v, v.get("Id").text(), r.in(0, "ParentId"))
	}
}

func readDelegated(s *state, r *record) {
	for v := range r.output.get("DelegatedAdministrators").each() {
		s.seenARN(v)
		if id := v.get("Id").text(); !slices.Contains(s.org.delegated, id) {
			s.org.delegated = append(s.org.delegated, id)
		}
	}
}

func readDelegatedServices(s *state, r *record) {
	id := r.in(0, "AccountId")
	for v := range r.output.get("DelegatedServices").each() {
		if name := v.get("ServicePrincipal").text(); !slices.Contains(s.org.services[id], name) {
			s.org.services[id] = append(s.org.services[id], name)
		}
	}
}

func readTrusted(s *state, r *record) {
	for v := range r.output.get("EnabledServicePrincipals").each() {
		if name := v.get("ServicePrincipal").text(); !slices.Contains(s.org.trusted, name) {
			s.org.trusted = append(s.org.trusted, name)
		}
	}
}

func readAccountTags(s *state, r *record) {
	if id := r.in(0, "ResourceId"); policy.IsAccountID(id) {
		a := s.account(id)
		for k, v := range r.output.get("Tags").tags() {
			if a.Tags == nil {
				a.Tags = make(map[string]string)
			}
			a.Tags[k] = v
		}
	}
}

func (s *state) summary(v value) *controlPolicy {
	s.seenARN(v)
	typ, id := v.get("Type").text(), v.get("Id").text()
	if typ == "" || id == "" {
		s.fail(v, "is no policy; want an Id and a Type")
		return nil
	}
	k := kindOf(typ)
	if k == 0 {
		return nil
	}
	p := s.org.policy(id)
	p.kind, p.name = k, v.get("Name").text()
	return p
}

func readPolicies(s *state, r *record) {
	for v := range r.output.get("Policies").each() {
		s.summary(v)
	}
}

func readPolicy(s *state, r *record) {
	v := r.output.get("Policy")
	p := s.summary(v.get("PolicySummary"))
	if p == nil {
		return
	}
	s.once(r, v, "policy "+p.id, v.get("Content").canonical())
	p.document, p.why = v.get("Content").document(p.kind)
}

func readTargets(s *state, r *record) {
	id := r.in(0, "PolicyId")
	if id == "" {
		s.note(r.at.s.File, "does not say of which policy it is; name the file list-targets-for-policy.POLICY-ID.json")
		return
	}
	for v := range r.output.get("Targets").each() {
		s.seenARN(v)
		node := v.get("TargetId").text()
		if node == "" {
			s.fail(v, "has no TargetId")
			continue
		}
		s.org.attach(node, id)
	}
}

func readPoliciesForTarget(s *state, r *record) {
	node := r.in(0, "TargetId")
	if node == "" {
		s.note(r.at.s.File, "does not say of which target it is; name the file list-policies-for-target.TARGET-ID.TYPE.json")
		return
	}
	for v := range r.output.get("Policies").each() {
		if p := s.summary(v); p != nil {
			s.org.attach(node, p.id)
		}
	}
}

// isGlobalPolicy reports whether a control policy is one of the two that AWS manages.
func isGlobalPolicy(id string) bool { return id == org.FullAWSAccess || id == org.RCPFullAWSAccess }
