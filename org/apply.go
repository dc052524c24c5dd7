package org

import (
	"errors"
	"iter"
	"slices"

	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
)

// Apply returns the organization with the changes made, in order; o stays as it is. Each
// change must fit what the changes before it left: what is removed must be there. That
// all names lead somewhere is checked when all changes are made, so that a policy may be
// attached before it is put. The error is [Errors], of *[ChangeError] or as from [New].
// Documents that no change replaces stay the same pointers.
func (o *Organization) Apply(changes ...Change) (*Organization, error) {
	after, _, err := o.apply(changes)
	return after, err
}

// Invert returns the changes that undo changes: those that turn o.Apply(changes...) back
// into an organization equal to o. They undo the last change first. The error is that of
// Apply.
func (o *Organization) Invert(changes ...Change) ([]Change, error) {
	_, inverse, err := o.apply(changes)
	return inverse, err
}

func (o *Organization) apply(changes []Change) (*Organization, []Change, error) {
	if len(changes) == 0 {
		return o, nil, nil
	}
	d := &draft{spec: o.Spec()}
	var errs Errors
	var steps [][]Change
	for i, c := range changes {
		if c == nil {
			errs = append(errs, &ChangeError{Index: i, Err: errors.New("is nil; want a Change")})
			continue
		}
		undo, err := c.apply(d)
		if err != nil {
			errs = append(errs, &ChangeError{Index: i, Change: c, Err: err})
			continue
		}
		steps = append(steps, undo)
	}
	if len(errs) == 0 {
		errs = validate(&d.spec, nil)
	}
	if err := errs.or(); err != nil {
		return nil, nil, err
	}
	slices.Reverse(steps)
	return index(d.spec), slices.Concat(steps...), nil
}

// A draft is an organization that is being changed. It need not be valid.
type draft struct {
	spec Spec
	at   map[policy.ARN][]location // what accounts hold; nil: to be looked up
	gaps map[Gap]bool              // likewise
}

func (d *draft) noSuch(kind, name string, known iter.Seq[string]) error {
	return &ReferenceError{Kind: kind, Name: name, Suggestion: levenshtein.Closest(name, known), Want: "want one that the organization has"}
}

func (d *draft) account(id string) (*Account, error) {
	i, err := d.accountIndex(id)
	if err != nil {
		return nil, err
	}
	return &d.spec.Accounts[i], nil
}

func (d *draft) accountIndex(id string) (int, error) {
	i := slices.IndexFunc(d.spec.Accounts, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return 0, d.noSuch("account", id, func(yield func(string) bool) {
			for i := range d.spec.Accounts {
				if !yield(d.spec.Accounts[i].ID) {
					return
				}
			}
		})
	}
	return i, nil
}

func (c putControlPolicy) apply(d *draft) ([]Change, error) {
	i := d.controlPolicy(c.policy.ID)
	if i < 0 {
		d.spec.ControlPolicies = append(d.spec.ControlPolicies, c.policy)
		return []Change{RemoveControlPolicy(c.policy.ID)}, nil
	}
	old := d.spec.ControlPolicies[i]
	d.spec.ControlPolicies[i] = c.policy
	return []Change{PutControlPolicy(old)}, nil
}

func (c removeControlPolicy) apply(d *draft) ([]Change, error) {
	i := d.controlPolicy(c.id)
	if i < 0 {
		return nil, d.noSuch("control policy", c.id, func(yield func(string) bool) {
			for _, p := range d.spec.ControlPolicies {
				if !yield(p.ID) {
					return
				}
			}
		})
	}
	old := d.spec.ControlPolicies[i]
	d.spec.ControlPolicies = slices.Delete(d.spec.ControlPolicies, i, i+1)
	return []Change{PutControlPolicy(old)}, nil
}

func (d *draft) controlPolicy(id string) int {
	return slices.IndexFunc(d.spec.ControlPolicies, func(p ControlPolicy) bool { return p.ID == id })
}

// policyKind is the kind of a control policy, 0 if it is not known.
func (d *draft) policyKind(id string) policy.Kind {
	if i := d.controlPolicy(id); i >= 0 {
		return d.spec.ControlPolicies[i].Kind
	}
	p, _ := managedControlPolicy(id)
	return p.Kind
}

func (c markUnknown) apply(d *draft) ([]Change, error) {
	if d.gaps == nil {
		d.gaps = make(map[Gap]bool, len(d.spec.Gaps))
		for _, g := range d.spec.Gaps {
			d.gaps[g] = true
		}
	}
	if d.gaps[c.gap] {
		return nil, nil
	}
	d.spec.Gaps, d.gaps[c.gap] = append(d.spec.Gaps, c.gap), true
	return []Change{MarkKnown(c.gap)}, nil
}

func (c markKnown) apply(d *draft) ([]Change, error) {
	i := slices.Index(d.spec.Gaps, c.gap)
	if i < 0 {
		return nil, errors.New("the organization has no such gap; want one of its gaps, reason included")
	}
	d.spec.Gaps, d.gaps = slices.Delete(d.spec.Gaps, i, i+1), nil
	return []Change{MarkUnknown(c.gap)}, nil
}
