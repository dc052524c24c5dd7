package org

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// maxDepth is how deep OUs nest below the root (Organizations User Guide, “Quotas for AWS
// Organizations”).
const maxDepth = 5

// Name spaces in which a name stands once.
const (
	spaceNode          = "root or OU"
	spaceTree          = "account"
	spaceAccount       = "account ID"
	spaceControlPolicy = "control policy"
	spaceARN           = "ARN"
	spaceEndpoint      = "VPC endpoint"
)

func (v *validator) managementAccount(p *path) {
	id := v.spec.ManagementAccount
	if id != "" && !policy.IsAccountID(id) {
		v.fail(p, "%q is no account ID; want 12 digits", clip(id))
		return
	}
	if id == "" || v.accounts[id] != nil || v.gaps.excuses(id) {
		return
	}
	v.dangling(p, reference{
		from: "managementAccount", kind: "account", name: id,
		want: "list it under accounts, or add a gap with this subject",
	}, maps.Keys(v.accounts))
}

func (v *validator) root(p *path) {
	r := &v.spec.Root
	if r.ID == "" {
		if len(r.PolicyTypes)+len(r.Attached)+len(r.OUs)+len(r.Accounts) > 0 {
			v.fail(p.member("id"), `missing; want the root's ID, "r-…", or no root at all for accounts without an organization`)
		}
	} else {
		v.nodeID(p.member("id"), r.ID)
	}
	v.policyTypes(p.member("policyTypes"))
	v.attached(p.member("attached"), "root "+clip(r.ID), r.Attached)
	t := tree{validator: v, above: map[string]bool{r.ID: true}, trail: []string{r.ID}}
	t.members(p, r.Accounts, r.OUs)
}

func (v *validator) policyTypes(p *path) {
	types := v.spec.Root.PolicyTypes
	for i, k := range types {
		switch {
		case k != policy.ServiceControl && k != policy.ResourceControl:
			v.fail(p.at(i), "%q is no type of control policy; want %q or %q", k, policy.ServiceControl, policy.ResourceControl)
		case slices.Contains(types[:i], k):
			v.fail(p.at(i), "%q is listed twice", k)
		}
	}
}

func (v *validator) nodeID(p *path, id string) {
	if policy.IsAccountID(id) {
		v.fail(p, `%q has the form of an account ID; want "r-…" or "ou-…"`, id)
		return
	}
	v.id(p, spaceNode, id, `an ID, "r-…" or "ou-…"`)
}

// A tree walks down the OUs.
type tree struct {
	*validator
	above map[string]bool // IDs from the root down to here
	trail []string        // the same in order
}

func (t *tree) members(p *path, accounts []string, ous []OU) {
	for i, id := range accounts {
		t.member(p.member("accounts").at(i), id)
	}
	for i := range ous {
		t.ou(p.member("ous").at(i), &ous[i])
	}
}

func (t *tree) member(p *path, id string) {
	if !policy.IsAccountID(id) {
		t.fail(p, "%q is no account ID; want 12 digits", clip(id))
		return
	}
	if first, ok := t.seen[thing{spaceTree, id}]; ok {
		t.fail(p, "account %s is in two places; the other is at %s, keep one", id, t.place(first))
		return
	}
	t.seen[thing{spaceTree, id}] = p
	if t.accounts[id] == nil && !t.gaps.excuses(id) {
		t.dangling(p, reference{
			from: "the tree", kind: "account", name: id,
			want: "list it under accounts, or add a gap with this subject",
		}, maps.Keys(t.accounts))
	}
}

func (t *tree) ou(p *path, u *OU) {
	if u.ID != "" && t.above[u.ID] {
		at := slices.Index(t.trail, u.ID)
		t.fail(p.member("id"), "OU cycle: %s is inside itself (%s)", clip(u.ID), clip(strings.Join(append(t.trail[at:len(t.trail):len(t.trail)], u.ID), " > ")))
		return
	}
	t.nodeID(p.member("id"), u.ID)
	if len(t.trail) == maxDepth+1 {
		t.fail(p, "OU %q is at depth %d below the root; want at most %d", clip(u.ID), len(t.trail), maxDepth)
	}
	if u.ID == "" && len(t.trail) > maxDepth {
		return // reported above; slices of Go can contain themselves
	}
	t.text(p.member("name"), u.Name)
	t.attached(p.member("attached"), "OU "+clip(u.ID), u.Attached)
	t.above[u.ID], t.trail = true, append(t.trail, u.ID)
	t.members(p, u.Accounts, u.OUs)
	t.trail = t.trail[:len(t.trail)-1]
	delete(t.above, u.ID)
}

// attached checks the control policies of one root, OU or account.
func (v *validator) attached(p *path, from string, ids []string) {
	first := make(map[string]int, len(ids))
	for i, id := range ids {
		if !v.once(p, first, i, id, "control policy") {
			continue
		}
		at := p.at(i)
		if v.spec.Root.ID == "" {
			v.fail(at, "%s: %q is attached, but there is no organization; want a root, or nothing attached", from, clip(id))
			continue
		}
		c, ok := v.controlPolicyByID(id)
		switch {
		case ok && !slices.Contains(v.spec.Root.PolicyTypes, c.Kind):
			if c.Kind == policy.ServiceControl || c.Kind == policy.ResourceControl {
				v.fail(at, "%s: %q is an %s, and the root does not have this policy type enabled; add %q to the root's policyTypes, or detach it", from, clip(id), c.Kind, c.Kind)
			}
		case ok:
		case !v.gaps.excuses(id):
			v.dangling(at, reference{
				from: from, kind: "control policy", name: id,
				want: "list it under controlPolicies, or add a gap with this subject",
			}, v.controlPolicyIDs())
		case len(v.spec.Root.PolicyTypes) == 0:
			v.fail(at, "%s: %q is attached, and the root has no policy type enabled; add one to its policyTypes, or detach it", from, clip(id))
		}
	}
}

func (v *validator) controlPolicyByID(id string) (ControlPolicy, bool) {
	if c := v.control[id]; c != nil {
		return *c, true
	}
	return managedControlPolicy(id)
}

func (v *validator) controlPolicyIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range v.control {
			if !yield(id) {
				return
			}
		}
		_ = yield(FullAWSAccess) && yield(RCPFullAWSAccess)
	}
}

func (v *validator) controlPolicy(p *path, c *ControlPolicy) {
	v.id(p.member("id"), spaceControlPolicy, c.ID, `an ID, "p-…"`)
	v.text(p.member("name"), c.Name)
	managed, isManaged := managedControlPolicy(c.ID)
	switch {
	case c.Kind != policy.ServiceControl && c.Kind != policy.ResourceControl:
		v.fail(p.member("kind"), "control policy %s has kind %q; want %q or %q", clip(c.ID), c.Kind, policy.ServiceControl, policy.ResourceControl)
	case isManaged && c.Kind != managed.Kind:
		v.fail(p.member("kind"), "control policy %s has kind %q; want %q, as AWS has it", c.ID, c.Kind, managed.Kind)
	case c.Document != nil:
		v.document(p.member("document"), c.Document, c.Kind)
	}
	if c.Document == nil && !v.gaps.excuses(c.ID) {
		v.fail(p.member("document"), "control policy %s: missing; want its document, or a gap with this subject", clip(c.ID))
	}
}
