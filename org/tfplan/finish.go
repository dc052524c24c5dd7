package tfplan

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// editsCenter reports whether the plan changes something of IAM Identity Center.
func (e *editor) editsCenter() bool {
	return slices.ContainsFunc(e.plan.instances, func(in *instance) bool {
		return (strings.HasPrefix(in.typ, "aws_ssoadmin_") || strings.HasPrefix(in.typ, "aws_identitystore_")) && (in.creates() || in.updates() || in.deletes())
	})
}

// begin takes the models.
func (e *editor) begin(o *org.Organization, i *identitycenter.Instance) {
	e.out.Before, e.out.Instance = o, i
	if i != nil {
		e.center = &center{spec: i.Spec()}
		if e.editsCenter() {
			changes, err := i.Changes(o)
			if err == nil {
				e.out.Before, err = o.Apply(changes...)
			}
			if err != nil {
				e.errs = append(e.errs, fmt.Errorf("before the plan: %w", err))
				return
			}
		}
	}
	e.o = e.out.Before
	e.spec = e.o.Spec()
	if e.enabled = e.policyTypes(); len(e.enabled) > 0 {
		after, err := e.o.Apply(e.enabled...)
		if err != nil {
			e.errs = append(e.errs, err)
			return
		}
		e.o, e.spec = after, after.Spec()
	}
	e.control = slices.Clone(e.spec.ControlPolicies)
	for i := range e.spec.Accounts {
		a := &e.spec.Accounts[i]
		for n := range a.Roles {
			e.foundPartition = a.Roles[n].ARN.Partition()
		}
		for n := range a.Users {
			e.foundPartition = a.Users[n].ARN.Partition()
		}
	}
	e.grow()
}

// finish turns the edits into changes, and makes them.
func (e *editor) finish() error {
	changes := slices.Concat(e.treeChanges(), e.accountChanges())
	e.dangling()
	for _, g := range e.gaps {
		changes = append(changes, org.MarkUnknown(g))
		e.out.Unknown = append(e.out.Unknown, g)
	}
	after, err := e.o.Apply(changes...)
	if err != nil {
		return err
	}
	if e.center != nil && e.center.changed {
		// Assignments of a permission set go before it can be deleted; a plan that leaves them
		// would fail.
		i, err := identitycenter.New(e.center.spec)
		if err != nil {
			return fmt.Errorf("IAM Identity Center after the plan: %w", err)
		}
		roles, err := e.provision(after, i)
		if err != nil {
			return err
		}
		if after, err = after.Apply(roles...); err != nil {
			return err
		}
		e.out.Instance, changes = i, append(changes, roles...)
	}
	e.out.Changes, e.out.After = append(e.enabled, changes...), after
	e.storage()
	e.out.sort()
	return nil
}

// provision are the changes to the roles of permission sets. What the plan leaves unknown of a
// set is not known of its roles, those that are there included.
func (e *editor) provision(o *org.Organization, i *identitycenter.Instance) ([]org.Change, error) {
	s := i.Spec()
	open := map[string][]org.Gap{}
	s.Gaps = slices.DeleteFunc(s.Gaps, func(g org.Gap) bool {
		made := slices.Contains(e.out.Unknown, g) && (g.What == org.GapIdentityPolicies || g.What == org.GapBoundary)
		if made {
			open[g.Subject] = append(open[g.Subject], g)
		}
		return made
	})
	surely, err := identitycenter.New(s)
	if err != nil {
		return nil, err
	}
	changes, err := surely.Changes(o)
	if err != nil {
		return nil, err
	}
	changes = slices.Concat(e.leftRoles(o, i), changes)
	after, err := o.Apply(changes...)
	if err != nil {
		return nil, err
	}
	for _, p := range s.PermissionSets {
		for _, g := range open[p.ARN.String()] {
			for _, r := range rolesOf(after, p.Name) {
				changes = append(changes, org.MarkUnknown(org.Gap{Subject: r.String(), What: g.What, Reason: g.Reason}))
			}
		}
	}
	return changes, nil
}

// rolesOf are the roles of a permission set.
func rolesOf(o *org.Organization, set string) []policy.ARN {
	var out []policy.ARN
	for a := range o.Accounts() {
		for i := range a.Roles {
			r := a.Roles[i].ARN
			name, ok := strings.CutPrefix(plainName(r), "AWSReservedSSO_")
			at := strings.LastIndexByte(name, '_')
			if ok && at > 0 && name[:at] == set && strings.HasPrefix(r.Resource(), "role/aws-reserved/sso.amazonaws.com/") {
				out = append(out, r)
			}
		}
	}
	return out
}

// leftRoles removes the roles of permission sets that the plan deletes.
func (e *editor) leftRoles(o *org.Organization, after *identitycenter.Instance) []org.Change {
	var out []org.Change
	gone := map[string]bool{}
	if e.out.Instance != nil {
		for _, p := range e.out.Instance.Spec().PermissionSets {
			gone[p.Name] = true
		}
	}
	for _, p := range after.Spec().PermissionSets {
		delete(gone, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		for _, r := range rolesOf(o, name) {
			out = append(out, org.Remove(r))
		}
	}
	return out
}

func (o *Outcome) sort() {
	slices.SortStableFunc(o.Documents, func(a, b Document) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Attribute, b.Attribute))
	})
	slices.SortFunc(o.Trails, func(a, b cloudtrail.Trail) int { return a.ARN.Compare(b.ARN) })
	slices.SortFunc(o.Unknown, func(a, b org.Gap) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.What, b.What), strings.Compare(a.Reason, b.Reason))
	})
	o.Unknown = slices.Compact(o.Unknown)
	slices.SortFunc(o.Placeholders, func(a, b Placeholder) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Value, b.Value))
	})
	slices.SortFunc(o.Skipped, func(a, b Skipped) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Reason, b.Reason))
	})
	o.Skipped = slices.Compact(o.Skipped)
}

// treeChanges are what differs in the tree and the control policies.
func (e *editor) treeChanges() []org.Change {
	before := editor{spec: e.spec, nodes: map[string]*node{}, parents: map[string]string{}}
	before.grow()
	detach, put, attach := e.nodeChanges(before.nodes)
	put = append(put, e.newOUs(before.nodes)...)
	var drop []org.Change
	for _, p := range e.control {
		old, ok := e.o.ControlPolicy(p.ID)
		if !ok || old.Name != p.Name || old.Kind != p.Kind || !old.Document.Equal(p.Document) {
			put = append(put, org.PutControlPolicy(p))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.accounts)) {
		switch a := e.accounts[id]; {
		case a.new:
			a.Attached = e.nodes[id].attached
			put = append(put, org.PutAccount(e.parents[id], a.Account))
		case a.removed:
			drop = append(drop, org.RemoveAccount(id))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.parents)) {
		if _, there := before.parents[id]; there && policy.IsAccountID(id) && before.parents[id] != e.parents[id] {
			put = append(put, org.MoveAccount(id, e.parents[id]))
		}
	}
	drop = append(drop, before.goneOUs(e.nodes)...)
	for _, p := range e.spec.ControlPolicies {
		if e.controlIndex(p.ID) < 0 {
			drop = append(drop, org.RemoveControlPolicy(p.ID))
		}
	}
	return slices.Concat(detach, put, attach, drop)
}

// nodeChanges are what differs in what was there before: what is attached, and names.
func (e *editor) nodeChanges(before map[string]*node) (detach, put, attach []org.Change) {
	for _, id := range slices.Sorted(maps.Keys(e.nodes)) {
		n, old := e.nodes[id], before[id]
		if old == nil {
			continue // put as a whole
		}
		if n.ou && old.name != n.name {
			put = append(put, org.PutOU(e.parents[id], org.OU{ID: id, Name: n.name, Attached: n.attached}))
			continue
		}
		for _, p := range old.attached {
			if !slices.Contains(n.attached, p) {
				detach = append(detach, org.DetachControlPolicy(p, id))
			}
		}
		for _, p := range n.attached {
			if !slices.Contains(old.attached, p) {
				attach = append(attach, org.AttachControlPolicy(p, id))
			}
		}
	}
	return detach, put, attach
}

// newOUs puts the OUs that were not there, each after its parent.
func (e *editor) newOUs(before map[string]*node) []org.Change {
	var out []org.Change
	done := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		n := e.nodes[id]
		if n == nil || !n.ou || before[id] != nil || done[id] {
			return
		}
		done[id] = true
		visit(e.parents[id])
		out = append(out, org.PutOU(e.parents[id], org.OU{ID: id, Name: n.name, Attached: n.attached}))
	}
	for _, id := range slices.Sorted(maps.Keys(e.nodes)) {
		visit(id)
	}
	return out
}

// goneOUs removes the OUs that are not there any more, each before its parent.
func (e *editor) goneOUs(after map[string]*node) []org.Change {
	depth := func(id string) (n int) {
		for id != "" {
			id, n = e.parents[id], n+1
		}
		return n
	}
	var gone []string
	for id, n := range e.nodes {
		if n.ou && after[id] == nil {
			gone = append(gone, id)
		}
	}
	slices.SortFunc(gone, func(a, b string) int { return cmp.Or(cmp.Compare(depth(b), depth(a)), strings.Compare(a, b)) })
	var out []org.Change
	for _, id := range gone {
		out = append(out, org.RemoveOU(id))
	}
	return out
}

// accountChanges are what differs in the accounts.
func (e *editor) accountChanges() []org.Change {
	var settled, put, drop []org.Change
	for _, id := range slices.Sorted(maps.Keys(e.accounts)) {
		a := e.accounts[id]
		if a.removed {
			continue
		}
		a.sort()
		if a.settings && !a.new {
			settings := a.Account
			settings.Attached = e.nodeAttached(id, settings.Attached)
			settled = append(settled, org.PutAccount("", settings)) // with all that it held
		}
		before := e.before(a)
		put = append(put, diff(before.policies, a.policies, func(p *org.ManagedPolicy) org.Change { return org.PutManagedPolicy(id, *p) })...)
		put = append(put, diff(before.groups, a.groups, func(g *org.Group) org.Change { return org.PutGroup(*g) })...)
		put = append(put, diff(before.users, a.users, func(u *org.User) org.Change { return org.PutUser(*u) })...)
		put = append(put, diff(before.roles, a.roles, func(r *org.Role) org.Change { return org.PutRole(*r) })...)
		put = append(put, diff(before.resources, a.resources, func(r *org.Resource) org.Change { return org.PutResource(id, *r) })...)
		drop = append(drop, gone(before, a)...)
	}
	return slices.Concat(settled, drop, put)
}

// sort brings what has no order into that of [org.Spec], so that equal things look equal.
func (a *account) sort() {
	inline := func(list []org.InlinePolicy) {
		slices.SortFunc(list, func(a, b org.InlinePolicy) int { return strings.Compare(a.Name, b.Name) })
	}
	for _, u := range a.users {
		slices.SortFunc(u.Attached, policy.ARN.Compare)
		slices.Sort(u.Groups)
		inline(u.Inline)
	}
	for _, g := range a.groups {
		slices.SortFunc(g.Attached, policy.ARN.Compare)
		inline(g.Inline)
	}
	for _, r := range a.roles {
		slices.SortFunc(r.Attached, policy.ARN.Compare)
		inline(r.Inline)
	}
}

func (e *editor) nodeAttached(id string, otherwise []string) []string {
	if n := e.nodes[id]; n != nil {
		return n.attached
	}
	return otherwise
}

// before is an account as it was.
func (e *editor) before(a *account) *account {
	old := editor{accounts: map[string]*account{}}
	if a.new {
		return old.open(org.Account{ID: a.ID})
	}
	was, _ := e.o.Account(a.ID)
	return old.open(was)
}

// diff puts what is new or other than before.
func diff[K comparable, T any](before, after map[K]*T, put func(*T) org.Change) []org.Change {
	type made struct {
		change org.Change
		text   string
	}
	var out []made
	for k, v := range after {
		c := put(v)
		if old, ok := before[k]; ok && same(put(old), c) {
			continue
		}
		out = append(out, made{c, c.String()})
	}
	slices.SortFunc(out, func(a, b made) int { return strings.Compare(a.text, b.text) })
	var list []org.Change
	for _, m := range out {
		list = append(list, m.change)
	}
	return list
}

func same(a, b org.Change) bool {
	x, err := a.MarshalJSON()
	y, err2 := b.MarshalJSON()
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// gone removes what an account had and has no more.
func gone(before, after *account) []org.Change {
	is, was := arns(after), arns(before)
	var out []org.Change
	for _, a := range slices.SortedFunc(maps.Keys(was), policy.ARN.Compare) {
		if !is[a] {
			out = append(out, org.Remove(a))
		}
	}
	return out
}

func arns(a *account) map[policy.ARN]bool {
	out := map[policy.ARN]bool{}
	for _, u := range a.users {
		out[u.ARN] = true
	}
	for _, g := range a.groups {
		out[g.ARN] = true
	}
	for _, r := range a.roles {
		out[r.ARN] = true
	}
	for p := range a.policies {
		out[p] = true
	}
	for r := range a.resources {
		out[r] = true
	}
	return out
}
