package org

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A slot is a root, OU or account of a draft: what can be changed of it.
type slot struct {
	id, parent string // parent is for OUs only
	attached   *[]string
	accounts   *[]string // nil for an account
	ous        *[]OU     // nil for an account
	name       *string   // for OUs only
}

// slots yields the root, the OUs depth first, and the accounts that are listed.
func (d *draft) slots() iter.Seq[slot] {
	return func(yield func(slot) bool) {
		r := &d.spec.Root
		if r.ID != "" && !(yield(slot{id: r.ID, attached: &r.Attached, accounts: &r.Accounts, ous: &r.OUs}) && ouSlots(r.ID, r.OUs, yield)) {
			return
		}
		for i := range d.spec.Accounts {
			a := &d.spec.Accounts[i]
			if !yield(slot{id: a.ID, attached: &a.Attached}) {
				return
			}
		}
	}
}

func ouSlots(parent string, ous []OU, yield func(slot) bool) bool {
	for i := range ous {
		u := &ous[i]
		if !yield(slot{u.ID, parent, &u.Attached, &u.Accounts, &u.OUs, &u.Name}) || !ouSlots(u.ID, u.OUs, yield) {
			return false
		}
	}
	return true
}

// parents yields the root and the OUs.
func (d *draft) parents() iter.Seq[slot] {
	return func(yield func(slot) bool) {
		for s := range d.slots() {
			if s.accounts == nil || !yield(s) {
				return
			}
		}
	}
}

func ids(slots iter.Seq[slot]) iter.Seq[string] {
	return func(yield func(string) bool) {
		for s := range slots {
			if !yield(s.id) {
				return
			}
		}
	}
}

// parent is the ID of the root or OU that an account is directly below, or "".
func (d *draft) parent(account string) string {
	for s := range d.parents() {
		if slices.Contains(*s.accounts, account) {
			return s.id
		}
	}
	return ""
}

func (d *draft) target(id string) (slot, error) {
	for s := range d.slots() {
		if s.id == id {
			return s, nil
		}
	}
	if d.parent(id) != "" {
		return slot{}, fmt.Errorf("account %s is known only by a gap; put the account first", id)
	}
	return slot{}, d.noSuch("root, OU or account", id, ids(d.slots()))
}

func (d *draft) parentSlot(id string) (slot, error) {
	for s := range d.parents() {
		if s.id == id {
			return s, nil
		}
	}
	if d.spec.Root.ID == "" {
		return slot{}, errors.New("there is no organization; the accounts have no tree")
	}
	return slot{}, d.noSuch("root or OU", id, ids(d.parents()))
}

// Attaching twice, and detaching what is not attached, is an error of AWS too
// (DuplicatePolicyAttachmentException, PolicyNotAttachedException).
func (c attach) apply(d *draft) ([]Change, error) {
	t, err := d.target(c.target)
	if err != nil {
		return nil, err
	}
	if slices.Contains(*t.attached, c.policy) {
		return nil, fmt.Errorf("%s is attached to %s already", c.policy, c.target)
	}
	*t.attached = append(*t.attached, c.policy)
	return []Change{DetachControlPolicy(c.policy, c.target)}, nil
}

func (c detach) apply(d *draft) ([]Change, error) {
	t, err := d.target(c.target)
	if err != nil {
		return nil, err
	}
	i := slices.Index(*t.attached, c.policy)
	if i < 0 {
		return nil, fmt.Errorf("%s is not attached to %s%s", c.policy, c.target, attachedList(*t.attached))
	}
	*t.attached = slices.Delete(*t.attached, i, i+1)
	return []Change{AttachControlPolicy(c.policy, c.target)}, nil
}

func attachedList(attached []string) string {
	if len(attached) == 0 {
		return "; nothing is"
	}
	return "; attached: " + strings.Join(slices.Sorted(slices.Values(attached)), ", ")
}

func (c enable) apply(d *draft) ([]Change, error) {
	if err := d.policyType(c.kind); err != nil {
		return nil, err
	}
	if slices.Contains(d.spec.Root.PolicyTypes, c.kind) {
		return nil, fmt.Errorf("policy type %s is enabled already", c.kind)
	}
	inverse := []Change{DisablePolicyType(c.kind)}
	d.spec.Root.PolicyTypes = append(d.spec.Root.PolicyTypes, c.kind)
	full := fullAccess(c.kind)
	for s := range d.slots() {
		for _, id := range *s.attached {
			if d.hasKind(id, c.kind) { // attached by an earlier change
				inverse = append(inverse, AttachControlPolicy(id, s.id))
			}
		}
		if !slices.Contains(*s.attached, full) {
			*s.attached = append(*s.attached, full)
		}
	}
	return inverse, nil
}

func (c disable) apply(d *draft) ([]Change, error) {
	if err := d.policyType(c.kind); err != nil {
		return nil, err
	}
	i := slices.Index(d.spec.Root.PolicyTypes, c.kind)
	if i < 0 {
		return nil, fmt.Errorf("policy type %s is not enabled", c.kind)
	}
	inverse := []Change{EnablePolicyType(c.kind)}
	full := fullAccess(c.kind)
	for s := range d.slots() {
		var kept []string
		hadFull := false
		for _, id := range *s.attached {
			switch {
			case !d.hasKind(id, c.kind):
				kept = append(kept, id)
			case id == full:
				hadFull = true
			default:
				inverse = append(inverse, AttachControlPolicy(id, s.id))
			}
		}
		if !hadFull {
			inverse = append(inverse, DetachControlPolicy(full, s.id))
		}
		*s.attached = kept
	}
	d.spec.Root.PolicyTypes = slices.Delete(d.spec.Root.PolicyTypes, i, i+1)
	return inverse, nil
}

// hasKind reports whether a control policy is surely of kind k. Which kind one has that is
// known only by a gap is clear if just one type is enabled.
func (d *draft) hasKind(id string, k policy.Kind) bool {
	types := d.spec.Root.PolicyTypes
	known := d.policyKind(id)
	return known == k || known == 0 && len(types) == 1 && types[0] == k
}

func (d *draft) policyType(k policy.Kind) error {
	if k != policy.ServiceControl && k != policy.ResourceControl {
		return fmt.Errorf("%s is no type of control policy; want %s or %s", k, policy.ServiceControl, policy.ResourceControl)
	}
	if d.spec.Root.ID == "" {
		return errors.New("there is no organization that could have policy types")
	}
	return nil
}

func fullAccess(k policy.Kind) string {
	if k == policy.ResourceControl {
		return RCPFullAWSAccess
	}
	return FullAWSAccess
}

func (c putOU) apply(d *draft) ([]Change, error) {
	switch {
	case c.ou.ID == "":
		return nil, errors.New("the OU has no ID")
	case len(c.ou.OUs)+len(c.ou.Accounts) > 0:
		return nil, errors.New("the OU lists OUs or accounts; put each OU by itself and move the accounts")
	}
	parent, err := d.parentSlot(c.parent)
	if err != nil {
		return nil, err
	}
	for s := range d.parents() {
		if s.id != c.ou.ID {
			continue
		}
		if s.parent != c.parent {
			return nil, fmt.Errorf("OU %s is below %q; AWS cannot move OUs, remove it and put it anew", s.id, s.parent)
		}
		old := OU{ID: s.id, Name: *s.name, Attached: *s.attached}
		*s.name, *s.attached = c.ou.Name, cloneStrings(c.ou.Attached)
		return []Change{PutOU(c.parent, old)}, nil
	}
	*parent.ous = append(*parent.ous, OU{ID: c.ou.ID, Name: c.ou.Name, Attached: cloneStrings(c.ou.Attached)})
	return []Change{RemoveOU(c.ou.ID)}, nil
}

func (c removeOU) apply(d *draft) ([]Change, error) {
	s, err := d.parentSlot(c.id)
	if err != nil {
		return nil, err
	}
	if s.parent == "" {
		return nil, errors.New("it is the root; want an OU")
	}
	if n := len(*s.ous) + len(*s.accounts); n > 0 {
		return nil, fmt.Errorf("the OU is not empty: it has %d OUs and %d accounts", len(*s.ous), len(*s.accounts))
	}
	old := OU{ID: s.id, Name: *s.name, Attached: *s.attached}
	parent, err := d.parentSlot(s.parent)
	if err != nil {
		return nil, err
	}
	*parent.ous = slices.DeleteFunc(*parent.ous, func(u OU) bool { return u.ID == c.id })
	return []Change{PutOU(s.parent, old)}, nil
}

func (c moveAccount) apply(d *draft) ([]Change, error) {
	if _, err := d.parentSlot(c.parent); err != nil {
		return nil, err
	}
	old := d.parent(c.account)
	if old == c.parent {
		return nil, fmt.Errorf("account %s is below %s already", c.account, c.parent)
	}
	d.place(c.account, c.parent)
	if old == "" {
		return []Change{RemoveAccount(c.account)}, nil
	}
	return []Change{MoveAccount(c.account, old)}, nil
}

// place puts an account below a parent, and nowhere else; nowhere at all if that is "".
func (d *draft) place(account, parent string) {
	for s := range d.parents() {
		*s.accounts = slices.DeleteFunc(*s.accounts, func(id string) bool { return id == account })
		if s.id == parent {
			*s.accounts = append(*s.accounts, account)
		}
	}
}

func (c putAccount) apply(d *draft) ([]Change, error) {
	id, before := c.account.ID, d.parent(c.account.ID)
	parent := c.parent
	if parent == "" {
		parent = before
	}
	if parent != "" || d.spec.Root.ID != "" {
		if _, err := d.parentSlot(parent); err != nil {
			return nil, err
		}
		d.place(id, parent)
	}
	d.at = nil
	i := slices.IndexFunc(d.spec.Accounts, func(a Account) bool { return a.ID == id })
	if i >= 0 {
		old := d.spec.Accounts[i]
		d.spec.Accounts[i] = c.account.clone()
		return []Change{PutAccount(before, old)}, nil
	}
	d.spec.Accounts = append(d.spec.Accounts, c.account.clone())
	inverse := []Change{RemoveAccount(id)}
	if before != "" { // known only by a gap
		inverse = append(inverse, MoveAccount(id, before))
	}
	return inverse, nil
}

func (c removeAccount) apply(d *draft) ([]Change, error) {
	parent := d.parent(c.id)
	a, err := d.account(c.id)
	if err != nil && parent == "" {
		return nil, err
	}
	d.place(c.id, "")
	if a == nil { // known only by a gap
		return []Change{MoveAccount(c.id, parent)}, nil
	}
	old := *a
	d.at = nil
	d.spec.Accounts = slices.DeleteFunc(d.spec.Accounts, func(a Account) bool { return a.ID == c.id })
	return []Change{PutAccount(parent, old)}, nil
}
