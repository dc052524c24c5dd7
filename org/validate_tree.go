package org

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/form"
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

func (v *validator) managementAccount(p *form.Path) {
	id := v.spec.ManagementAccount
	if id != "" && !policy.IsAccountID(id) {
		v.fail(p, "%q is no account ID; want 12 digits", form.Clip(id))
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

func (v *validator) root(p *form.Path) {
	r := &v.spec.Root
	if r.ID == "" {
		if len(r.PolicyTypes)+len(r.Attached)+len(r.OUs)+len(r.Accounts) > 0 {
			v.fail(p.Member("id"), `missing; want the root's ID, "r-…", or no root at all for accounts without an organization`)
		}
	} else {
		v.nodeID(p.Member("id"), r.ID)
	}
	v.policyTypes(p.Member("policyTypes"))
	v.attached(p.Member("attached"), "root "+form.Clip(r.ID), r.Attached)
	t := tree{validator: v, above: map[string]bool{r.ID: true}, trail: []string{r.ID}}
	t.members(p, r.Accounts, r.OUs)
}

func (v *validator) policyTypes(p *form.Path) {
	types := v.spec.Root.PolicyTypes
	for i, k := range types {
		switch {
		case k != policy.ServiceControl && k != policy.ResourceControl:
			v.fail(p.At(i), "%q is no type of control policy; want %q or %q", k, policy.ServiceControl, policy.ResourceControl)
		case slices.Contains(types[:i], k):
			v.fail(p.At(i), "%q is listed twice", k)
		}
	}
}

func (v *validator) nodeID(p *form.Path, id string) {
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

func (t *tree) members(p *form.Path, accounts []string, ous []OU) {
	for i, id := range accounts {
		t.member(p.Member("accounts").At(i), id)
	}
	for i := range ous {
		t.ou(p.Member("ous").At(i), &ous[i])
	}
}

func (t *tree) member(p *form.Path, id string) {
	if !policy.IsAccountID(id) {
		t.fail(p, "%q is no account ID; want 12 digits", form.Clip(id))
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

func (t *tree) ou(p *form.Path, u *OU) {
	if u.ID != "" && t.above[u.ID] {
		at := slices.Index(t.trail, u.ID)
		t.fail(p.Member("id"), "OU cycle: %s is inside itself (%s)", form.Clip(u.ID), form.Clip(strings.Join(append(t.trail[at:len(t.trail):len(t.trail)], u.ID), " > ")))
		return
	}
	t.nodeID(p.Member("id"), u.ID)
	if len(t.trail) == maxDepth+1 {
		t.fail(p, "OU %q is at depth %d below the root; want at most %d", form.Clip(u.ID), len(t.trail), maxDepth)
	}
	if u.ID == "" && len(t.trail) > maxDepth {
		return // reported above; slices of Go can contain themselves
	}
	t.text(p.Member("name"), u.Name)
	t.attached(p.Member("attached"), "OU "+form.Clip(u.ID), u.Attached)
	t.above[u.ID], t.trail = true, append(t.trail, u.ID)
	t.members(p, u.Accounts, u.OUs)
	t.trail = t.trail[:len(t.trail)-1]
	delete(t.above, u.ID)
}

// attached checks the control policies of one root, OU or account.
func (v *validator) attached(p *form.Path, from string, ids []string) {
	first := make(map[string]int, len(ids))
	for i, id := range ids {
		if !v.once(p, first, i, id, "control policy") {
			continue
		}
		at := p.At(i)
		if v.spec.Root.ID == "" {
			v.fail(at, "%s: %q is attached, but there is no organization; want a root, or nothing attached", from, form.Clip(id))
			continue
		}
		c, ok := v.controlPolicyByID(id)
		switch {
		case ok && !slices.Contains(v.spec.Root.PolicyTypes, c.Kind):
			if c.Kind == policy.ServiceControl || c.Kind == policy.ResourceControl {
				v.fail(at, "%s: %q is an %s, and the root does not have this policy type enabled; add %q to the root's policyTypes, or detach it", from, form.Clip(id), c.Kind, c.Kind)
			}
		case ok:
		case !v.gaps.excuses(id):
			v.dangling(at, reference{
				from: from, kind: "control policy", name: id,
				want: "list it under controlPolicies, or add a gap with this subject",
			}, v.controlPolicyIDs())
		case len(v.spec.Root.PolicyTypes) == 0:
			v.fail(at, "%s: %q is attached, and the root has no policy type enabled; add one to its policyTypes, or detach it", from, form.Clip(id))
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

func (v *validator) controlPolicy(p *form.Path, c *ControlPolicy) {
	v.id(p.Member("id"), spaceControlPolicy, c.ID, `an ID, "p-…"`)
	v.text(p.Member("name"), c.Name)
	managed, isManaged := managedControlPolicy(c.ID)
	switch {
	case c.Kind != policy.ServiceControl && c.Kind != policy.ResourceControl:
		v.fail(p.Member("kind"), "control policy %s has kind %q; want %q or %q", form.Clip(c.ID), c.Kind, policy.ServiceControl, policy.ResourceControl)
	case isManaged && c.Kind != managed.Kind:
		v.fail(p.Member("kind"), "control policy %s has kind %q; want %q, as AWS has it", c.ID, c.Kind, managed.Kind)
	case c.Document != nil:
		v.document(p.Member("document"), c.Document, c.Kind)
	}
	if c.Document == nil && !v.gaps.excuses(c.ID) {
		v.fail(p.Member("document"), "control policy %s: missing; want its document, or a gap with this subject", form.Clip(c.ID))
	}
}
