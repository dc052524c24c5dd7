package tfplan

import (
	"cmp"
	"slices"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A center is the instance of IAM Identity Center that is edited.
type center struct {
	spec    identitycenter.Spec
	changed bool
	begun   bool // by the plan: the snapshot has none
}

const noCenter = "the snapshot has no IAM Identity Center"

// centerOf is the instance that a resource belongs to. One that nobody knows is begun with
// what the plan says, and gaps for all else.
func (e *editor) centerOf(in *instance, v values) *center {
	arn, err := policy.ParseARN(v.plain("instance_arn"))
	store := v.plain("identity_store_id")
	switch {
	case err != nil && store == "":
		e.skip(in, true, "the plan does not tell its instance of IAM Identity Center")
		return nil
	case e.center == nil && (err != nil || !v.planned):
		e.skip(in, true, noCenter)
		return nil
	case e.center == nil:
		e.center = &center{spec: identitycenter.Spec{ARN: arn}, begun: true}
		for _, what := range []string{identitycenter.GapAssignments, identitycenter.GapAttributes, identitycenter.GapUsers} {
			e.centerGap(arn.String(), what, noCenter)
		}
	case err == nil && e.center.spec.ARN != arn, store != "" && e.center.spec.IdentityStore != "" && store != e.center.spec.IdentityStore:
		e.skip(in, true, "it is of another instance of IAM Identity Center, "+cmp.Or(v.plain("instance_arn"), store)+", than "+e.center.spec.ARN.String())
		return nil
	}
	e.center.changed = true
	return e.center
}

func (e *editor) centerGap(subject, what, reason string) {
	g := org.Gap{Subject: subject, What: what, Reason: reason}
	if !slices.Contains(e.center.spec.Gaps, g) {
		e.center.spec.Gaps = append(e.center.spec.Gaps, g)
		e.out.Unknown = append(e.out.Unknown, g)
	}
}

func (c *center) set(arn string) *identitycenter.PermissionSet {
	i := slices.IndexFunc(c.spec.PermissionSets, func(p identitycenter.PermissionSet) bool { return p.ARN.String() == arn })
	if i < 0 {
		return nil
	}
	return &c.spec.PermissionSets[i]
}

func (e *editor) putSet(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	s, ok := e.value(in, "arn")
	arn, err := policy.ParseARN(s)
	if !ok || err != nil {
		e.fail(in, "the plan does not know its ARN")
		return
	}
	p := c.set(s)
	switch {
	case p == nil:
		c.spec.PermissionSets = append(c.spec.PermissionSets, identitycenter.PermissionSet{ARN: arn})
		p = &c.spec.PermissionSets[len(c.spec.PermissionSets)-1]
		if in.updates() {
			e.centerGap(s, org.GapIdentityPolicies, in.address+": the plan updates it, and the snapshot does not have it")
		}
	case in.creates():
		e.fail(in, "the plan creates %s, which the instance has already", s)
		return
	}
	p.Name = v.plain("name")
	if p.Name == "" {
		e.fail(in, "%s; want a name that the plan knows", v.unknownReason("name"))
	}
	p.Description, p.RelayState = v.plain("description"), v.plain("relay_state")
	if d := v.plain("session_duration"); d != "" {
		if p.SessionDuration, err = identitycenter.ParseSessionDuration(d); err != nil {
			e.fail(in, "session_duration: %w", err)
		}
	}
	if tags, st := v.tags(); st != unknown {
		p.Tags = tags
	}
}

func (e *editor) removeSet(in *instance, v values) {
	c := e.centerOf(in, v)
	arn := v.plain("arn")
	switch {
	case c == nil:
	case arn == "":
		e.skip(in, true, v.unknownReason("arn"))
	default:
		c.spec.PermissionSets = slices.DeleteFunc(c.spec.PermissionSets, func(p identitycenter.PermissionSet) bool { return p.ARN.String() == arn })
	}
}

// setOf is the permission set that an attachment is about. Where nobody knows it, the
// attachment is left out with a word, also if it is taken away: the roles of the set may be
// known.
func (e *editor) setOf(in *instance, v values) *identitycenter.PermissionSet {
	c := e.centerOf(in, v)
	if c == nil {
		return nil
	}
	s, ok := e.link(v, "permission_set_arn", "arn")
	if !ok {
		e.skip(in, true, v.unknownReason("permission_set_arn"))
		return nil
	}
	p := c.set(s)
	switch {
	case p != nil:
	case c.begun:
		e.skip(in, true, noCenter)
	case v.planned:
		e.fail(in, "permission set %s is neither in the snapshot nor in the plan", s)
	default:
		e.skip(in, true, "permission set "+s+" is not in the snapshot")
	}
	return p
}

func (e *editor) putSetManaged(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	s, ok := e.link(v, "managed_policy_arn", "arn")
	if !ok {
		e.centerGap(p.ARN.String(), org.GapIdentityPolicies, v.unknownReason("managed_policy_arn"))
		return
	}
	arn, err := policy.ParseARN(s)
	if err != nil {
		e.fail(in, "managed_policy_arn: %w", err)
		return
	}
	if !slices.Contains(p.Managed, arn) {
		p.Managed = append(p.Managed, arn)
	}
}

func (e *editor) removeSetManaged(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	arn := v.plain("managed_policy_arn")
	if arn == "" {
		e.centerGap(p.ARN.String(), org.GapIdentityPolicies, v.unknownReason("managed_policy_arn"))
	}
	p.Managed = slices.DeleteFunc(p.Managed, func(a policy.ARN) bool { return a.String() == arn })
}

func (e *editor) putSetInline(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	t := e.document(v, "inline_policy", policy.IdentityBased, "AWS::SSO::PermissionSet")
	p.Inline = t.document
	if t.unknown != "" {
		e.centerGap(p.ARN.String(), org.GapIdentityPolicies, t.unknown)
	}
}

func (e *editor) removeSetInline(in *instance, v values) {
	if p := e.setOf(in, v); p != nil {
		p.Inline = nil
	}
}

// reference is the customer managed policy that an attachment names.
func (e *editor) reference(v values, attr string) (identitycenter.PolicyReference, bool) {
	blocks, st := v.blocks(attr)
	if st != known || len(blocks) != 1 {
		return identitycenter.PolicyReference{}, false
	}
	b := blocks[0]
	r := identitycenter.PolicyReference{Name: b.plain("name"), Path: cmp.Or(b.plain("path"), "/")}
	if x := v.of.expression(attr); r.Name == "" && x != nil && x.ExpressionData != nil && len(x.NestedBlocks) == 1 {
		r.Name, _ = e.followed(v, x.NestedBlocks[0]["name"], "name")
	}
	return r, r.Name != ""
}

func (e *editor) putSetCustomer(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	r, ok := e.reference(v, "customer_managed_policy_reference")
	if !ok {
		e.centerGap(p.ARN.String(), org.GapIdentityPolicies, v.unknownReason("customer_managed_policy_reference"))
		return
	}
	if !slices.Contains(p.CustomerManaged, r) {
		p.CustomerManaged = append(p.CustomerManaged, r)
	}
}

func (e *editor) removeSetCustomer(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	r, ok := e.reference(v, "customer_managed_policy_reference")
	if !ok {
		e.centerGap(p.ARN.String(), org.GapIdentityPolicies, v.unknownReason("customer_managed_policy_reference"))
	}
	p.CustomerManaged = slices.DeleteFunc(p.CustomerManaged, func(other identitycenter.PolicyReference) bool { return other == r })
}

func (e *editor) putSetBoundary(in *instance, v values) {
	p := e.setOf(in, v)
	if p == nil {
		return
	}
	p.Boundary = identitycenter.Boundary{}
	lost := func() { e.centerGap(p.ARN.String(), org.GapBoundary, v.unknownReason("permissions_boundary")) }
	blocks, st := v.blocks("permissions_boundary")
	if st != known || len(blocks) != 1 {
		lost()
		return
	}
	b := blocks[0]
	if s, ok := b.text("managed_policy_arn"); ok == known {
		arn, err := policy.ParseARN(s)
		if err != nil {
			e.fail(in, "managed_policy_arn: %w", err)
		}
		p.Boundary.Managed = arn
		return
	}
	refs, st := b.blocks("customer_managed_policy_reference")
	if st != known || len(refs) != 1 || refs[0].plain("name") == "" {
		lost()
		return
	}
	p.Boundary.CustomerManaged = identitycenter.PolicyReference{Name: refs[0].plain("name"), Path: cmp.Or(refs[0].plain("path"), "/")}
}

func (e *editor) removeSetBoundary(in *instance, v values) {
	if p := e.setOf(in, v); p != nil {
		p.Boundary = identitycenter.Boundary{}
	}
}

func (e *editor) assignment(in *instance, v values) (a identitycenter.Assignment, ok bool) {
	p := e.setOf(in, v)
	if p == nil {
		return a, false
	}
	a.PermissionSet = p.ARN
	var who string
	if a.Account, ok = e.link(v, "target_id", "id"); !ok {
		e.centerGap(p.ARN.String(), identitycenter.GapAssignments, v.unknownReason("target_id"))
		return a, false
	}
	user, want := false, "group_id"
	switch v.plain("principal_type") {
	case "GROUP":
	case "USER":
		user, want = true, "user_id"
	default:
		e.centerGap(p.ARN.String(), identitycenter.GapAssignments, v.unknownReason("principal_type"))
		return a, false
	}
	if who, ok = e.link(v, "principal_id", want); !ok {
		e.centerGap(p.ARN.String(), identitycenter.GapAssignments, v.unknownReason("principal_id"))
		return a, false
	}
	if user {
		a.User = who
	} else {
		a.Group = who
	}
	return a, true
}

func (e *editor) putAssignment(in *instance, v values) {
	if a, ok := e.assignment(in, v); ok && !slices.Contains(e.center.spec.Assignments, a) {
		e.center.spec.Assignments = append(e.center.spec.Assignments, a)
	}
}

func (e *editor) removeAssignment(in *instance, v values) {
	if a, ok := e.assignment(in, v); ok {
		e.center.spec.Assignments = slices.DeleteFunc(e.center.spec.Assignments, func(other identitycenter.Assignment) bool { return other == a })
	}
}

// The tags of sessions are no part of an organization, so that no change has them.
const tagsOfPeople = "changes the session tags of people, on which what is allowed may depend"

func (e *editor) putAttributes(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	e.skip(in, true, tagsOfPeople)
	c.spec.Attributes = nil
	lost := func() { e.centerGap(c.spec.ARN.String(), identitycenter.GapAttributes, v.unknownReason("attribute")) }
	blocks, st := v.blocks("attribute")
	if st == unknown {
		lost()
	}
	for _, b := range blocks {
		a := identitycenter.Attribute{Key: b.plain("key")}
		sources, st := b.blocks("value")
		all := st != unknown && a.Key != ""
		for _, s := range sources {
			list, st := s.texts("source")
			all = all && st != unknown
			a.Source = append(a.Source, list...)
		}
		if !all {
			lost()
			continue
		}
		c.spec.Attributes = append(c.spec.Attributes, a)
	}
}

func (e *editor) removeAttributes(in *instance, v values) {
	if c := e.centerOf(in, v); c != nil {
		c.spec.Attributes = nil
		e.skip(in, true, tagsOfPeople)
	}
}

func (e *editor) putPerson(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	id, _ := e.value(in, "user_id")
	i := slices.IndexFunc(c.spec.Users, func(u identitycenter.User) bool { return u.ID == id })
	if i < 0 {
		c.spec.Users = append(c.spec.Users, identitycenter.User{ID: id})
		i = len(c.spec.Users) - 1
	}
	u := &c.spec.Users[i]
	if u.Name = v.plain("user_name"); u.Name == "" {
		e.fail(in, "%s; want a user name that the plan knows", v.unknownReason("user_name"))
	}
	u.DisplayName = v.plain("display_name")
	emails, _ := v.blocks("emails")
	for _, b := range emails {
		if primary, _ := b.flag("primary"); primary || len(emails) == 1 {
			u.Email = b.plain("value")
		}
	}
}

func (e *editor) removePerson(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	id := v.plain("user_id")
	if id == "" {
		e.skip(in, true, v.unknownReason("user_id"))
		return
	}
	c.spec.Users = slices.DeleteFunc(c.spec.Users, func(u identitycenter.User) bool { return u.ID == id })
	for i := range c.spec.Groups {
		c.spec.Groups[i].Members = slices.DeleteFunc(c.spec.Groups[i].Members, func(m string) bool { return m == id })
	}
	// Assignments of a user or group go with it (IAM Identity Center User Guide, “Delete users”).
	c.spec.Assignments = slices.DeleteFunc(c.spec.Assignments, func(a identitycenter.Assignment) bool { return a.User == id })
}

func (c *center) group(id string) *identitycenter.Group {
	i := slices.IndexFunc(c.spec.Groups, func(g identitycenter.Group) bool { return g.ID == id })
	if i < 0 {
		return nil
	}
	return &c.spec.Groups[i]
}

func (e *editor) putPeople(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	id, _ := e.value(in, "group_id")
	g := c.group(id)
	if g == nil {
		c.spec.Groups = append(c.spec.Groups, identitycenter.Group{ID: id})
		g = c.group(id)
	}
	if g.Name = v.plain("display_name"); g.Name == "" {
		e.fail(in, "%s; want a name that the plan knows", v.unknownReason("display_name"))
	}
}

func (e *editor) removePeople(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	id := v.plain("group_id")
	if id == "" {
		e.skip(in, true, v.unknownReason("group_id"))
		return
	}
	c.spec.Groups = slices.DeleteFunc(c.spec.Groups, func(g identitycenter.Group) bool { return g.ID == id })
	c.spec.Assignments = slices.DeleteFunc(c.spec.Assignments, func(a identitycenter.Assignment) bool { return a.Group == id })
}

func (e *editor) putMembership(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	group, ok := e.link(v, "group_id", "group_id")
	member, isMember := e.link(v, "member_id", "user_id")
	switch g := c.group(group); {
	case !ok:
		e.skip(in, true, v.unknownReason("group_id"))
	case g == nil && c.begun:
		e.skip(in, true, noCenter)
	case g == nil:
		e.fail(in, "group %s is neither in the snapshot nor in the plan", group)
	case !isMember:
		e.centerGap(group, identitycenter.GapMembers, v.unknownReason("member_id"))
	case !slices.Contains(g.Members, member):
		g.Members = append(g.Members, member)
	}
}

func (e *editor) removeMembership(in *instance, v values) {
	c := e.centerOf(in, v)
	if c == nil {
		return
	}
	group, member := v.plain("group_id"), v.plain("member_id")
	g := c.group(group)
	switch {
	case group == "":
		e.skip(in, true, v.unknownReason("group_id"))
	case g != nil && member == "":
		e.centerGap(group, identitycenter.GapMembers, v.unknownReason("member_id"))
	case g != nil:
		g.Members = slices.DeleteFunc(g.Members, func(m string) bool { return m == member })
	}
}
