package tfplan

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A holder is a user, group or role as far as policies are attached to it.
type holder struct {
	arn      policy.ARN
	attached *[]policy.ARN
	inline   *[]org.InlinePolicy
}

// holder finds a user, group or role by its name.
func (a *account) holder(kind, name string) (holder, bool) {
	name = strings.ToLower(name)
	switch kind {
	case "role":
		if r := a.roles[name]; r != nil {
			return holder{r.ARN, &r.Attached, &r.Inline}, true
		}
	case "user":
		if u := a.users[name]; u != nil {
			return holder{u.ARN, &u.Attached, &u.Inline}, true
		}
	default:
		if g := a.groups[name]; g != nil {
			return holder{g.ARN, &g.Attached, &g.Inline}, true
		}
	}
	return holder{}, false
}

// linked is the account of a resource that links others: that of what it names by its ARN, or
// by a reference to what the same configuration of the provider makes, else its own. A name is a
// name in the account of whoever uses it.
func (e *editor) linked(v values) *account {
	if a, err := policy.ParseARN(v.plain("policy_arn")); err == nil && policy.IsAccountID(a.AccountID()) {
		return e.edited(v.of, a.AccountID())
	}
	for _, attr := range []string{"role", "user", "group", "user_name"} {
		if t, ok := e.plan.follow(v.of.scope(), v.of.expression(attr)); ok && t.of.mode == "managed" && t.of.providerKey() == v.of.providerKey() {
			if s, ok := e.identify(t.of, "arn"); ok {
				if a, err := policy.ParseARN(s); err == nil {
					return e.edited(v.of, a.AccountID())
				}
			}
		}
	}
	id, err := e.account(v.of)
	if err != nil {
		e.errs = append(e.errs, err)
		return nil
	}
	return e.edited(v.of, id)
}

// held finds what an attribute of v names. What is removed may be gone with its holder. A name
// that is not known leaves a gap.
func (e *editor) held(v values, kind string) (holder, *account, bool) {
	a := e.linked(v)
	if a == nil {
		return holder{}, nil, false
	}
	name, ok := e.link(v, kind, "name")
	if !ok {
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason(kind))
		return holder{}, a, false
	}
	h, ok := a.holder(kind, name)
	if !ok && v.planned {
		e.fail(v.of, "%s %s is not in account %s, neither before the plan nor by it; want a newer snapshot", kind, name, a.ID)
	}
	return h, a, ok
}

// An inlineOf handles the inline policies of users, groups or roles.
type inlineOf string

func (k inlineOf) put(e *editor, in *instance, v values) {
	h, _, ok := e.held(v, string(k))
	if !ok {
		return
	}
	t := e.document(v, "policy", policy.IdentityBased, map[inlineOf]string{"role": "AWS::IAM::Role", "user": "AWS::IAM::User", "group": "AWS::IAM::Group"}[k])
	if t.unknown != "" {
		e.unknown(h.arn.String(), org.GapIdentityPolicies, t.unknown)
	}
	name := e.named(in, v, "name", "name_prefix")
	*h.inline = slices.DeleteFunc(*h.inline, func(p org.InlinePolicy) bool { return p.Name == name })
	if t.document != nil {
		*h.inline = append(*h.inline, org.InlinePolicy{Name: name, Document: t.document})
	}
}

func (k inlineOf) remove(e *editor, in *instance, v values) {
	h, _, ok := e.held(v, string(k))
	if !ok {
		return
	}
	name := v.plain("name")
	if name == "" {
		e.unknown(h.arn.String(), org.GapIdentityPolicies, v.unknownReason("name"))
	}
	*h.inline = slices.DeleteFunc(*h.inline, func(p org.InlinePolicy) bool { return p.Name == name })
}

// An attachedTo handles the attached policies of users, groups or roles.
type attachedTo string

func (k attachedTo) put(e *editor, _ *instance, v values) {
	if h, _, ok := e.held(v, string(k)); ok {
		e.attachTo(v, h)
	}
}

func (e *editor) attachTo(v values, h holder) {
	s, ok := e.link(v, "policy_arn", "arn")
	if !ok {
		e.unknown(h.arn.String(), org.GapIdentityPolicies, v.unknownReason("policy_arn"))
		return
	}
	p, err := policy.ParseARN(s)
	if err != nil {
		e.fail(v.of, "policy_arn: %w", err)
		return
	}
	e.wants(v.of, p)
	if !slices.Contains(*h.attached, p) {
		*h.attached = append(*h.attached, p)
	}
}

func (k attachedTo) remove(e *editor, _ *instance, v values) {
	if h, _, ok := e.held(v, string(k)); ok {
		e.detachFrom(v, h)
	}
}

func (e *editor) detachFrom(v values, h holder) {
	arn := v.plain("policy_arn")
	if arn == "" {
		e.unknown(h.arn.String(), org.GapIdentityPolicies, v.unknownReason("policy_arn"))
	}
	*h.attached = slices.DeleteFunc(*h.attached, func(a policy.ARN) bool { return a.String() == arn })
}

// putAttachments attaches a policy to what an aws_iam_policy_attachment lists. Whether others
// have it afterwards is not known: the resource is documented as exclusive, and the provider takes the policy
// away only from those that its state lists.
func (e *editor) putAttachments(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	s, ok := e.link(v, "policy_arn", "arn")
	p, err := policy.ParseARN(s)
	if !ok || err != nil {
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("policy_arn"))
		return
	}
	e.wants(v.of, p)
	had := a.with(p)
	for _, kind := range []string{"role", "user", "group"} {
		names, st := v.texts(kind + "s")
		if st == unknown {
			e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason(kind+"s"))
		}
		for _, name := range names {
			h, ok := a.holder(kind, name)
			if !ok {
				e.fail(v.of, "%s %s is not in account %s; want a newer snapshot", kind, name, a.ID)
				continue
			}
			if !slices.Contains(*h.attached, p) {
				*h.attached = append(*h.attached, p)
			}
			delete(had, h.arn)
		}
	}
	for arn := range had {
		e.unknown(arn.String(), org.GapIdentityPolicies, v.of.address+": it has "+p.String()+", which the resource is to attach to others only")
	}
}

// with are the users, groups and roles that have a policy attached.
func (a *account) with(p policy.ARN) map[policy.ARN]bool {
	out := map[policy.ARN]bool{}
	for _, u := range a.users {
		if slices.Contains(u.Attached, p) {
			out[u.ARN] = true
		}
	}
	for _, g := range a.groups {
		if slices.Contains(g.Attached, p) {
			out[g.ARN] = true
		}
	}
	for _, r := range a.roles {
		if slices.Contains(r.Attached, p) {
			out[r.ARN] = true
		}
	}
	return out
}

func (e *editor) removeAttachments(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	for _, kind := range []string{"role", "user", "group"} {
		names, st := v.texts(kind + "s")
		if st == unknown {
			e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason(kind+"s"))
		}
		for _, name := range names {
			if h, ok := a.holder(kind, name); ok {
				e.detachFrom(v, h)
			}
		}
	}
}

func (e *editor) putUserGroups(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	name, ok := e.link(v, "user", "name")
	u := a.users[strings.ToLower(name)]
	groups, st := v.texts("groups")
	switch {
	case !ok:
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("user"))
	case u == nil:
		e.fail(v.of, "user %s is not in account %s; want a newer snapshot", name, a.ID)
	case st == unknown:
		e.unknown(u.ARN.String(), org.GapIdentityPolicies, v.unknownReason("groups"))
	default:
		for _, g := range groups {
			if a.groups[strings.ToLower(g)] == nil { // groups of the plan are there already
				e.unknown("arn:"+u.ARN.Partition()+":iam::"+a.ID+":group/"+g, org.GapIdentityPolicies, v.of.address+": neither the snapshot nor the plan has the group that it names")
			}
			join(u, g)
		}
	}
}

func (e *editor) removeUserGroups(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	name := v.plain("user")
	if name == "" {
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("user"))
		return
	}
	u := a.users[strings.ToLower(name)]
	if u == nil {
		return // gone
	}
	groups, st := v.texts("groups")
	if st == unknown {
		e.unknown(u.ARN.String(), org.GapIdentityPolicies, v.unknownReason("groups"))
	}
	for _, g := range groups {
		leave(u, g)
	}
}

func join(u *org.User, group string) {
	if !slices.ContainsFunc(u.Groups, func(g string) bool { return strings.EqualFold(g, group) }) {
		u.Groups = append(u.Groups, group)
	}
}

func leave(u *org.User, group string) {
	u.Groups = slices.DeleteFunc(u.Groups, func(g string) bool { return strings.EqualFold(g, group) })
}

// putMembers makes a group have the members that an aws_iam_group_membership lists. Whether it
// keeps others is not known: the provider removes only those that its state lists.
func (e *editor) putMembers(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	group, ok := e.link(v, "group", "name")
	users, st := v.texts("users")
	switch {
	case !ok:
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("group"))
		return
	case st == unknown:
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("users"))
		return
	}
	is := func(g string) bool { return strings.EqualFold(g, group) }
	listed := map[string]bool{}
	for _, name := range users {
		listed[strings.ToLower(name)] = true
	}
	for name, u := range a.users {
		if slices.ContainsFunc(u.Groups, is) && !listed[name] {
			e.unknown(u.ARN.String(), org.GapIdentityPolicies, v.of.address+": it is in group "+group+", of which the resource is to have others only")
		}
	}
	for _, name := range users {
		if u := a.users[strings.ToLower(name)]; u != nil {
			join(u, group)
		} else {
			e.fail(v.of, "user %s is not in account %s; want a newer snapshot", name, a.ID)
		}
	}
}

func (e *editor) removeMembers(_ *instance, v values) {
	a := e.linked(v)
	if a == nil {
		return
	}
	group := v.plain("group")
	users, st := v.texts("users")
	if group == "" {
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("group"))
	}
	if st == unknown {
		e.unknown(a.ID, org.GapIdentityPolicies, v.unknownReason("users"))
	}
	for _, name := range users {
		if u := a.users[strings.ToLower(name)]; u != nil {
			leave(u, group)
		}
	}
}
