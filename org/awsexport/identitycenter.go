package awsexport

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// center is what answers of sso-admin and identitystore told.
type center struct {
	instances   map[string]*identitycenter.Spec // by ARN
	order       []string                        // ARNs as they came
	region      string
	sets        map[string]*identitycenter.PermissionSet
	setWhy      map[string]string // what is not understood of an inline policy
	users       map[string]*identitycenter.User
	groups      map[string]*identitycenter.Group
	members     map[string]map[string]bool // of a group
	assignments map[identitycenter.Assignment]bool
	attributes  map[string]identitycenter.Attribute
	provisioned map[string][]string // accounts, by permission set

	waiting     []*record                  // what waits for all of them to be known
	instanceIDs map[string]string          // of which there are answers, and their partition
	storeIDs    map[string]bool            // identity stores of which there are answers
	holders     map[string]map[string]bool // instances and identity stores of permission sets, users and groups
	spec        *identitycenter.Spec       // the instance that counts; nil: none
}

const notFound = "ResourceNotFoundException"

func ssoOperations() []*operation {
	set := []string{"PermissionSetArn"}
	list := []*operation{
		{name: "ListInstances", subject: func(*record) string { return "" }, members: []string{"Instances"}, sign: []string{"Instances"}, element: "IdentityStoreId", read: readInstances},
		{name: "ListPermissionSets", subject: func(*record) string { return "" }, members: []string{"PermissionSets"}, sign: []string{"PermissionSets"}, read: readSets},
		{name: "DescribePermissionSet", members: []string{"PermissionSet"}, sign: []string{"PermissionSet"}, subject: func(r *record) string {
			return setID(firstText(r.in(0, "PermissionSetArn"), r.output.get("PermissionSet").get("PermissionSetArn").text()))
		}, read: readSet},
		{name: "GetInlinePolicyForPermissionSet", args: set, maybe: "InlinePolicy", read: readInline},
		{name: "ListManagedPoliciesInPermissionSet", args: set, members: []string{"AttachedManagedPolicies"}, read: readManaged},
		{name: "ListCustomerManagedPolicyReferencesInPermissionSet", args: set, members: []string{"CustomerManagedPolicyReferences"}, read: readCustomerManaged},
		{name: "GetPermissionsBoundaryForPermissionSet", args: set, maybe: "PermissionsBoundary", absent: []string{notFound}, read: readBoundary},
		{name: "ListTagsForResource", args: []string{"ResourceArn"}, members: []string{"Tags"}, read: readSetTags},
		{name: "ListAccountsForProvisionedPermissionSet", args: set, members: []string{"AccountIds"}, read: readProvisioned},
		{name: "ListAccountAssignments", args: []string{"AccountId", "PermissionSetArn"}, subject: assignmentSubject, rows: "AccountAssignments", members: []string{"AccountAssignments"}, sign: []string{"AccountAssignments"}, read: readAssignments},
		{name: "ListAccountAssignmentsForPrincipal", args: []string{"PrincipalId", "PrincipalType"}, subject: func(r *record) string { return r.in(0, "PrincipalId") }, members: []string{"AccountAssignments"}, read: readAssignments},
		{name: "DescribeInstanceAccessControlAttributeConfiguration", subject: func(*record) string { return "" }, members: []string{"InstanceAccessControlAttributeConfiguration", "Status"}, sign: []string{"InstanceAccessControlAttributeConfiguration"}, absent: []string{notFound}, read: readAttributes},
	}
	for _, op := range list {
		op.service, op.section = "sso", sectionCenter
		if op.subject == nil && len(op.args) == 1 {
			op.subject = func(r *record) string { return setID(r.in(0, op.args[0])) }
		}
	}
	store := []*operation{
		{name: "ListUsers", members: []string{"Users"}, sign: []string{"Users"}, element: "IdentityStoreId", read: readUsers},
		{name: "ListGroups", members: []string{"Groups"}, sign: []string{"Groups"}, element: "IdentityStoreId", read: readGroups},
		{name: "ListGroupMemberships", args: []string{"GroupId"}, members: []string{"GroupMemberships"}, sign: []string{"GroupMemberships"}, subject: groupOf, rows: "GroupMemberships", read: readMemberships},
		{name: "ListGroupMembershipsForMember", args: []string{"UserId"}, members: []string{"GroupMemberships"}, rows: "GroupMemberships", subject: func(r *record) string { return firstText(memberID(r.input.get("MemberId")), r.in(0, "UserId")) }, read: readMemberships},
	}
	for _, op := range store {
		op.service, op.section = "identitystore", sectionIdentityStore
	}
	list = append(list, store...)
	for _, op := range list {
		op.global = true
	}
	return list
}

// setID is the last part of the ARN of a permission set, by which files are named.
func setID(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

func readInstances(s *state, r *record) {
	for v := range r.output.get("Instances").each() {
		arn := v.get("InstanceArn").arn()
		if !arn.IsValid() {
			continue
		}
		if status := v.get("Status").text(); status != "" && status != "ACTIVE" {
			s.note(r.at.s.File, "instance %s is %s", arn, status)
		}
		if s.center.instances[arn.String()] == nil {
			s.center.order = append(s.center.order, arn.String())
		}
		s.center.instances[arn.String()] = &identitycenter.Spec{
			ARN: arn, Owner: v.get("OwnerAccountId").text(), IdentityStore: v.get("IdentityStoreId").text(),
			Region: firstText(v.get("PrimaryRegion").text(), r.region),
		}
	}
}

// set is the permission set of an ARN, or of its last part.
func (s *state) set(name string) *identitycenter.PermissionSet {
	id := setID(name)
	p := s.center.sets[id]
	if p == nil {
		p = new(identitycenter.PermissionSet)
		s.center.sets[id] = p
	}
	if a, err := policy.ParseARN(name); err == nil {
		p.ARN = a
	}
	return p
}

func readSets(s *state, r *record) {
	for _, arn := range r.output.get("PermissionSets").texts() {
		s.set(arn)
	}
	s.region(r)
}

// region takes the home Region from an answer: sso-admin is asked there.
func (s *state) region(r *record) {
	if s.center.region == "" {
		s.center.region = r.region
	}
}

func readSet(s *state, r *record) {
	v := r.output.get("PermissionSet")
	arn := v.get("PermissionSetArn")
	if arn.text() == "" {
		s.fail(v, "has no PermissionSetArn")
		return
	}
	s.once(r, v, arn.text(), v.canonical())
	p := s.set(arn.text())
	p.Name, p.Description, p.RelayState = v.get("Name").text(), v.get("Description").text(), v.get("RelayState").text()
	if d := v.get("SessionDuration"); d.is() {
		var err error
		if p.SessionDuration, err = identitycenter.ParseSessionDuration(d.text()); err != nil {
			s.fail(d, "%w", err)
		}
	}
	s.region(r)
}

// setOf is the permission set that the input or the name of the file tells; nil if neither does.
func (s *state) setOf(r *record) *identitycenter.PermissionSet {
	name := r.in(0, "PermissionSetArn")
	if name == "" {
		s.note(r.at.s.File, "does not say of which permission set it is; name the file %s.ID.json, where ID is the last part of its ARN, such as ps-0123456789abcdef", r.op.command())
		return nil
	}
	return s.set(name)
}

func readInline(s *state, r *record) {
	p := s.setOf(r)
	if p == nil {
		return
	}
	s.once(r, r.at, "the inline policy of permission set "+setID(r.in(0, "PermissionSetArn")), r.output.get("InlinePolicy").canonical())
	var why string
	if p.Inline, why = r.output.get("InlinePolicy").document(policy.IdentityBased); why != "" {
		s.center.setWhy[setID(r.in(0, "PermissionSetArn"))] = why
	}
}

func readManaged(s *state, r *record) {
	p := s.setOf(r)
	if p == nil {
		return
	}
	for v := range r.output.get("AttachedManagedPolicies").each() {
		a := v.get("Arn").arn()
		if !a.IsValid() {
			s.fail(v, "has no Arn")
		} else if !slices.Contains(p.Managed, a) {
			p.Managed = append(p.Managed, a)
		}
	}
}

func reference(v value) identitycenter.PolicyReference {
	return identitycenter.PolicyReference{Name: v.get("Name").text(), Path: firstText(v.get("Path").text(), "/")}
}

func readCustomerManaged(s *state, r *record) {
	p := s.setOf(r)
	if p == nil {
		return
	}
	for v := range r.output.get("CustomerManagedPolicyReferences").each() {
		c := reference(v)
		if c.Name == "" {
			s.fail(v, "has no Name")
		} else if !slices.Contains(p.CustomerManaged, c) {
			p.CustomerManaged = append(p.CustomerManaged, c)
		}
	}
}

func readBoundary(s *state, r *record) {
	p := s.setOf(r)
	if p == nil {
		return
	}
	b := r.output.get("PermissionsBoundary")
	s.once(r, r.at, "the permissions boundary of permission set "+setID(r.in(0, "PermissionSetArn")), b.canonical())
	p.Boundary.Managed = b.get("ManagedPolicyArn").arn()
	if c := b.get("CustomerManagedPolicyReference"); c.is() {
		p.Boundary.CustomerManaged = reference(c)
	}
	if b.is() && !p.Boundary.Managed.IsValid() && p.Boundary.CustomerManaged.Name == "" {
		s.fail(b, "has neither a ManagedPolicyArn nor a CustomerManagedPolicyReference")
	}
}

func readSetTags(s *state, r *record) {
	name := r.in(0, "ResourceArn")
	if id := setID(name); strings.HasPrefix(id, "ps-") {
		s.set(name).Tags = r.output.get("Tags").tags()
	}
}

func readProvisioned(s *state, r *record) {
	if s.setOf(r) != nil {
		id := setID(r.in(0, "PermissionSetArn"))
		s.center.provisioned[id] = append(s.center.provisioned[id], r.output.get("AccountIds").texts()...)
	}
}

func assignmentSubject(r *record) string {
	account, set := r.in(0, "AccountId"), r.in(1, "PermissionSetArn")
	if list := r.output.get("AccountAssignments"); account == "" && list.kind() == jsontree.Array {
		for v := range list.each() { // of one account and permission set, as the rows say too
			account, set = v.get("AccountId").text(), v.get("PermissionSetArn").text()
			break
		}
	}
	return account + " " + setID(set)
}

// readAssignments reads both lists of assignments. That of a principal also has those of
// the groups that it is in, and says so.
func readAssignments(s *state, r *record) {
	for v := range r.output.get("AccountAssignments").each() {
		a := identitycenter.Assignment{Account: v.get("AccountId").text(), PermissionSet: v.get("PermissionSetArn").arn()}
		if !a.PermissionSet.IsValid() || !policy.IsAccountID(a.Account) {
			s.fail(v, "is no assignment; want an AccountId and a PermissionSetArn")
			continue
		}
		s.set(a.PermissionSet.String())
		switch id := v.get("PrincipalId").text(); v.get("PrincipalType").text() {
		case "USER":
			a.User = id
		case "GROUP":
			a.Group = id
		default:
			s.fail(v, `has PrincipalType %q; want "USER" or "GROUP"`, v.get("PrincipalType").text())
			continue
		}
		s.center.assignments[a] = true
	}
}

func readAttributes(s *state, r *record) {
	// IAM Identity Center API Reference, “DescribeInstanceAccessControlAttributeConfiguration”.
	if status := r.output.get("Status").text(); status != "" && status != "ENABLED" {
		s.call(s.keyOf(r)).fail(r.at.place() + ": the configuration is " + status)
		return
	}
	if c := r.output.get("InstanceAccessControlAttributeConfiguration"); !c.get("AccessControlAttributes").is() {
		s.call(s.keyOf(r)).fail(r.at.place() + ": there is no AccessControlAttributes")
		return
	}
	for v := range r.output.get("InstanceAccessControlAttributeConfiguration").get("AccessControlAttributes").each() {
		a := identitycenter.Attribute{Key: v.get("Key").text(), Source: v.get("Value").get("Source").texts()}
		s.center.attributes[a.Key] = a
	}
}

func readUsers(s *state, r *record) {
	for v := range r.output.get("Users").each() {
		u := &identitycenter.User{ID: v.get("UserId").text(), Name: v.get("UserName").text(), DisplayName: v.get("DisplayName").text(), Disabled: v.get("UserStatus").text() == "DISABLED"}
		for e := range v.get("Emails").each() {
			if u.Email == "" || e.get("Primary").isTrue() {
				u.Email = e.get("Value").text()
			}
		}
		s.center.users[u.ID] = u
	}
}

func readGroups(s *state, r *record) {
	for v := range r.output.get("Groups").each() {
		id := v.get("GroupId").text()
		s.center.groups[id] = &identitycenter.Group{ID: id, Name: v.get("DisplayName").text()}
	}
}

// groupOf is the group whose members a page lists.
func groupOf(r *record) string {
	if id := r.in(0, "GroupId"); id != "" {
		return id
	}
	if list := r.output.get("GroupMemberships"); list.kind() == jsontree.Array {
		for v := range list.each() {
			return v.get("GroupId").text()
		}
	}
	return ""
}

// memberID is the user of a membership: the AWS CLI prints {"UserId": …}, the SDK for Go the
// same as {"Value": …}.
func memberID(v value) string { return firstOf(v.get("UserId"), v.get("Value")).text() }

func readMemberships(s *state, r *record) {
	for v := range r.output.get("GroupMemberships").each() {
		group := v.get("GroupId").text()
		if s.center.members[group] == nil {
			s.center.members[group] = make(map[string]bool)
		}
		s.center.members[group][memberID(v.get("MemberId"))] = true
	}
}
