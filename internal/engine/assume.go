package engine

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/policy"
)

// Assumptions settle conditions that are not decided, so that a caller can ask what a
// decision would be if they held. Conditions of the same text are the same question
// wherever they stand. Assumptions are not safe for concurrent use.
type Assumptions struct {
	List []Assumption
	// Open is set to the first undecided condition that was met and that List says nothing
	// about.
	Open *Assumption
}

// An Assumption says that a condition holds (Yes) or not (No); Maybe says nothing.
type Assumption struct {
	text  string
	cond  *condition
	Holds Tri
}

// settle is called for each condition that is not decided.
func (a *Assumptions) settle(c *condition) Tri {
	text := c.identity()
	for i := range a.List {
		if t := &a.List[i]; t.Holds != Maybe && t.text == text {
			return t.Holds
		}
	}
	if a.Open == nil {
		a.Open = &Assumption{text: text, cond: c, Holds: Maybe}
	}
	return Maybe
}

// identity tells conditions apart that may differ for the same request.
func (c *condition) identity() string {
	var b strings.Builder
	b.WriteString(strings.ToLower(string(c.written)))
	b.WriteByte(0)
	b.WriteString(strings.ToLower(c.key.name))
	for _, text := range c.portable() {
		b.WriteByte(0)
		b.WriteString(text)
	}
	return b.String()
}

// portable are the condition's values as a document of version 2012-10-17 writes them.
func (c *condition) portable() []string {
	out := make([]string, len(c.values))
	for i := range c.values {
		if out[i] = c.values[i].text; c.plain {
			out[i] = strings.ReplaceAll(out[i], "${", "${$}{")
		}
	}
	return out
}

// Condition is the condition as a document of version 2012-10-17 writes it.
func (a *Assumption) Condition() policy.Condition {
	return policy.Condition{Operator: a.cond.written, Key: a.cond.key.name, Values: policy.List(a.cond.portable()...)}
}

// Multivalued reports whether the condition's key is multivalued in the request.
func (a *Assumption) Multivalued(v *View) bool { return v.key(&a.cond.key).Multi }

// Consistent reports whether the request may have a value for which the key's conditions
// are all as assumed. It is false only where that is certain: a single-valued key that is
// compared with literals alone, or an age of MFA where MFA was not used.
func (a *Assumptions) Consistent(v *View) bool {
	return a.mfaConsistent(v) && !slices.ContainsFunc(a.List, func(t Assumption) bool { return t.Holds != Maybe && !a.keyConsistent(&t.cond.key, v) })
}

var mfaPresent, mfaAge = NewKeyRef("aws:MultiFactorAuthPresent"), NewKeyRef("aws:MultiFactorAuthAge")

// mfaConsistent reports whether the age of MFA may be absent, or MFA may have been used: the
// one key is sent only where the other is true (IAM User Guide, “AWS global condition
// context keys”).
func (a *Assumptions) mfaConsistent(v *View) bool {
	if !v.isOpen(&mfaAge) && !v.isOpen(&mfaPresent) {
		return true // whatever the request says of them
	}
	return a.agree(&mfaAge, Value{State: Absent}, v) || a.agree(&mfaPresent, Value{State: Known, Values: []string{"true"}}, v)
}

// isOpen reports whether a key may have different values.
func (v *View) isOpen(ref *KeyRef) bool {
	s := v.key(ref).State
	return s == Unknown || s == Present
}

// agree reports whether what is assumed about a key may be so if the request has the value.
func (a *Assumptions) agree(ref *KeyRef, val Value, v *View) bool {
	is := v.key(ref)
	switch {
	case is.State == Absent || is.State == Known && val.State == Absent:
		return val.State == is.State
	case is.State == Known:
		return len(is.Values) == 1 && ascii.Equal(is.Values[0], val.Values[0])
	}
	return !slices.ContainsFunc(a.List, func(t Assumption) bool {
		if t.Holds == Maybe || !ascii.Equal(t.cond.key.name, ref.name) {
			return false
		}
		holds := t.cond.evalValue(val, v)
		return holds != Maybe && holds != t.Holds
	})
}

func (a *Assumptions) keyConsistent(ref *KeyRef, v *View) bool {
	val := v.key(ref)
	if val.Multi || !v.isOpen(ref) {
		return true
	}
	var about []*Assumption
	tries := []Value{{State: Known, Values: []string{"\x00some other value"}}}
	if val.State == Unknown {
		tries = append(tries, Value{State: Absent})
	}
	for i := range a.List {
		t := &a.List[i]
		if t.Holds == Maybe || !ascii.Equal(t.cond.key.name, ref.name) {
			continue
		}
		if !t.cond.literal() {
			return true
		}
		about = append(about, t)
		for j := range t.cond.values {
			tries = append(tries, Value{State: Known, Values: []string{t.cond.values[j].text}})
		}
	}
	return slices.ContainsFunc(tries, func(val Value) bool {
		return !slices.ContainsFunc(about, func(t *Assumption) bool { return t.cond.evalValue(val, v) != t.Holds })
	})
}

// literal reports whether one of the condition's own values, another one, or none at all
// shows whatever the condition may give.
func (c *condition) literal() bool {
	switch c.family {
	case stringEquals, boolean, null:
	case stringLike:
		if slices.ContainsFunc(c.values, func(p conditionValue) bool { return strings.ContainsAny(p.text, "*?") }) {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(c.values, func(p conditionValue) bool { return strings.Contains(p.text, "${") })
}
