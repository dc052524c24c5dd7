package policy

import (
	"iter"
	"slices"
)

// Patterns is an immutable list of Action or Resource values, wildcards and all, in
// source order. The zero Patterns means that the element is absent.
type Patterns struct {
	_      [0]func()
	values []string
	scalar bool // written as one string, not as a list
}

// List makes [Patterns]. One pattern is written as a string, several as an array. A list
// of none is not an absent element: it is the empty array, which [NewDocument] refuses.
// An absent Resource would match every resource.
func List(patterns ...string) Patterns {
	return Patterns{values: append(make([]string, 0, len(patterns)), patterns...), scalar: len(patterns) == 1}
}

// IsZero reports whether the element is absent.
func (p Patterns) IsZero() bool { return p.values == nil }

// Len is the number of patterns.
func (p Patterns) Len() int { return len(p.values) }

// At returns pattern i, counted from 0.
func (p Patterns) At(i int) string { return p.values[i] }

// All yields the patterns in source order.
func (p Patterns) All() iter.Seq[string] { return slices.Values(p.values) }

// Equal reports whether both hold the same patterns in the same order. Whether a single
// one is written as a string or as a list does not matter.
func (p Patterns) Equal(q Patterns) bool {
	return p.IsZero() == q.IsZero() && slices.Equal(p.values, q.values)
}

// A PrincipalType is a member name of a Principal element.
type PrincipalType string

// The principal types (IAM User Guide, “IAM JSON policy elements: Principal”).
const (
	AWSPrincipal           PrincipalType = "AWS"
	ServicePrincipalType   PrincipalType = "Service"
	FederatedPrincipal     PrincipalType = "Federated"
	CanonicalUserPrincipal PrincipalType = "CanonicalUser"
)

// Principals is an immutable Principal or NotPrincipal element. The zero Principals means
// that the element is absent.
type Principals struct {
	_        [0]func()
	everyone bool // the string "*"
	groups   []principalGroup
}

type principalGroup struct {
	typ PrincipalType
	ids Patterns
}

// Everyone is the element "*": all callers, anonymous ones included.
func Everyone() Principals { return Principals{everyone: true} }

// PrincipalList is an element with one type, such as {"AWS": [ids…]}.
func PrincipalList(t PrincipalType, ids ...string) Principals {
	return Principals{groups: []principalGroup{{t, List(ids...)}}}
}

// And returns p with one more type. Adding to [Everyone] leaves it as it is.
func (p Principals) And(t PrincipalType, ids ...string) Principals {
	if p.everyone {
		return p
	}
	return Principals{groups: append(slices.Clip(p.groups), principalGroup{t, List(ids...)})}
}

// IsZero reports whether the element is absent.
func (p Principals) IsZero() bool { return !p.everyone && p.groups == nil }

// IsEveryone reports whether the element is the string "*". {"AWS": "*"}, which means the
// same to AWS, is not.
func (p Principals) IsEveryone() bool { return p.everyone }

// All yields type and value of every entry in source order; [Everyone] yields "AWS", "*".
func (p Principals) All() iter.Seq2[PrincipalType, string] {
	return func(yield func(PrincipalType, string) bool) {
		if p.everyone {
			yield(AWSPrincipal, "*")
			return
		}
		for _, g := range p.groups {
			for _, id := range g.ids.values {
				if !yield(g.typ, id) {
					return
				}
			}
		}
	}
}

// Equal reports whether both list the same entries in the same order.
func (p Principals) Equal(q Principals) bool {
	return p.everyone == q.everyone && slices.EqualFunc(p.groups, q.groups, func(a, b principalGroup) bool {
		return a.typ == b.typ && a.ids.Equal(b.ids)
	})
}

// A Condition is one operator, one key, and the values that the key is compared with.
type Condition struct {
	Operator Operator
	Key      string   // as written
	Values   Patterns // JSON numbers and booleans as their text
}

// Conditions is an immutable Condition element: all conditions must hold. The zero
// Conditions means that the element is absent, which is the same as empty.
type Conditions struct {
	_    [0]func()
	list []Condition
}

// When makes Conditions of one operator, key and values.
func When(op Operator, key string, values ...string) Conditions {
	return Conditions{}.And(op, key, values...)
}

// And returns c with one more condition.
func (c Conditions) And(op Operator, key string, values ...string) Conditions {
	return Conditions{list: append(slices.Clip(c.list), Condition{op, key, List(values...)})}
}

// IsZero reports whether there is no condition.
func (c Conditions) IsZero() bool { return len(c.list) == 0 }

// Len is the number of conditions.
func (c Conditions) Len() int { return len(c.list) }

// All yields the conditions in source order.
func (c Conditions) All() iter.Seq[Condition] { return slices.Values(c.list) }

// Equal reports whether both hold the same conditions in the same order.
func (c Conditions) Equal(d Conditions) bool {
	return slices.EqualFunc(c.list, d.list, func(a, b Condition) bool {
		return a.Operator == b.Operator && a.Key == b.Key && a.Values.Equal(b.Values)
	})
}

// A Statement is one statement of a policy, with the grammar's own field names. The zero
// value of a field means that the element is absent. A Statement is a value: changing a
// copy never touches the [Document] that it came from.
type Statement struct {
	SID                     string
	Effect                  Effect
	Principal, NotPrincipal Principals
	Action, NotAction       Patterns
	Resource, NotResource   Patterns
	Condition               Conditions
}

// Equal reports whether both statements have the same elements, in the same order.
func (s Statement) Equal(t Statement) bool {
	return s.SID == t.SID && s.Effect == t.Effect &&
		s.Principal.Equal(t.Principal) && s.NotPrincipal.Equal(t.NotPrincipal) &&
		s.Action.Equal(t.Action) && s.NotAction.Equal(t.NotAction) &&
		s.Resource.Equal(t.Resource) && s.NotResource.Equal(t.NotResource) &&
		s.Condition.Equal(t.Condition)
}
