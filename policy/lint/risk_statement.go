package lint

import (
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// reaches reports whether the statement's Action or NotAction element names the action.
func (s *statement) reaches(action string) bool {
	if _, ok := s.member("NotAction"); ok {
		for _, v := range s.values("NotAction") {
			if glob.ActionIncludes(v.text, action) {
				return false
			}
		}
		return true
	}
	return s.namesAction(action)
}

// namesAction reports whether a value of the Action element matches the action.
func (s *statement) namesAction(action string) bool {
	for _, v := range s.values("Action") {
		if glob.ActionIncludes(v.text, action) {
			return true
		}
	}
	return false
}

// everyResource reports whether the statement is about all resources, or all but some.
func (s *statement) everyResource() bool { return s.allResources }

func (s *statement) namesEveryResource() bool {
	if _, ok := s.member("NotResource"); ok {
		return true
	}
	for _, v := range s.values("Resource") {
		if glob.Everything(v.text) {
			return true
		}
	}
	return false
}

// unconditional reports whether the statement has no condition.
func (s *statement) unconditional() bool { return len(s.conditionList) == 0 }

// freely reports whether ordinary requests satisfy all conditions of the statement.
func (s *statement) freely() bool {
	return !slices.ContainsFunc(s.conditions(), func(e *conditionEntry) bool { return !e.harmless() })
}

// harmless reports whether ordinary requests satisfy the condition: it asks for TLS, which
// all SDKs use, or for any value of a key that is always there.
func (e *conditionEntry) harmless() bool {
	if e.is("aws:SecureTransport") {
		return e.parts.Base == "Bool" && e.only("true")
	}
	return e.like() && !negated(e.parts) && passesAny(e) && slices.ContainsFunc(e.values(), func(v value) bool { return glob.Everything(v.text) })
}

// everyResourceOf reports whether the statement is about all resources, or all of the
// service that the action belongs to.
func (s *statement) everyResourceOf(action string) bool {
	service, _, _ := strings.Cut(action, ":")
	return s.everyResource() || slices.ContainsFunc(s.values("Resource"), func(v value) bool {
		parts, _ := glob.SplitARN(v.text, glob.Variables)
		return parts[2] == service && effectivelyStar(v.text)
	})
}

// conditionsOn yields the conditions on any of the keys, in any case. A key that ends in
// "/" stands for all keys with this prefix.
func (s *statement) conditionsOn(keys ...string) iter.Seq[*conditionEntry] {
	return func(yield func(*conditionEntry) bool) {
		for _, e := range s.conditions() {
			if slices.ContainsFunc(keys, e.is) && !yield(e) {
				return
			}
		}
	}
}

// has reports whether there is a condition on any of the keys.
func (s *statement) has(keys ...string) bool {
	for range s.conditionsOn(keys...) {
		return true
	}
	return false
}

// is reports whether the condition is on the key.
func (e *conditionEntry) is(key string) bool {
	if strings.HasSuffix(key, "/") {
		return len(e.key) > len(key) && strings.EqualFold(e.key[:len(key)], key)
	}
	return strings.EqualFold(e.key, key)
}

// needsKey reports whether the condition fails for every request without the key (IAM User
// Guide, “IAM JSON policy elements: Condition operators”).
func (e *conditionEntry) needsKey() bool {
	switch {
	case e.parts.Base == "":
		return false
	case e.parts.Base == "Null": // with a set operator it is constant
		return e.only("false") && e.parts.Quantifier == policy.NoQuantifier
	case e.parts.Quantifier.String() == "ForAnyValue":
		return true
	}
	return !e.parts.IfExists && e.parts.Quantifier.String() == "" && !negated(e.parts)
}

// selects reports whether the condition names the values that may be there: not those that
// may not, and not all of them.
func (e *conditionEntry) selects() bool {
	if e.parts.Base == "" || e.parts.Base == "Null" || negated(e.parts) {
		return false
	}
	return !e.like() || !slices.ContainsFunc(e.values(), func(v value) bool { return glob.Everything(v.text) })
}

// selectsBy reports whether a condition on one of the keys names the values that may be
// there.
func (s *statement) selectsBy(keys ...string) bool {
	for e := range s.conditionsOn(keys...) {
		if e.selects() {
			return true
		}
	}
	return false
}

// holdsWithoutKey reports whether every request without the key satisfies the condition.
func (e *conditionEntry) holdsWithoutKey() bool {
	switch {
	case e.parts.Base == "":
		return false
	case e.parts.Base == "Null":
		return e.only("true") && e.parts.Quantifier == policy.NoQuantifier
	case e.parts.Quantifier == policy.ForAnyValue:
		return false
	}
	return e.parts.IfExists || e.parts.Quantifier == policy.ForAllValues || negated(e.parts)
}

// only reports whether the condition has this value alone, in any case.
func (e *conditionEntry) only(text string) bool {
	n := 0
	for _, v := range e.values() {
		if n++; !strings.EqualFold(v.text, text) {
			return false
		}
	}
	return n > 0
}

// literal reports whether the operator compares the value as it stands.
func (e *conditionEntry) literal(v value) bool {
	return !strings.Contains(v.text, "${") && (!e.like() || !strings.ContainsAny(v.text, "*?"))
}

// compares reports whether the operator is one of a family: "String", "Arn", "Bool", ….
func (e *conditionEntry) compares(family string) bool { return strings.HasPrefix(e.parts.Base, family) }

// A plainAction is a value of the Action element that names one known action.
type plainAction struct {
	value
	info serviceref.ActionInfo
}

// plainActions yields the values of the Action element that name one known action.
func (s *statement) plainActions() iter.Seq2[value, serviceref.ActionInfo] {
	return func(yield func(value, serviceref.ActionInfo) bool) {
		for _, a := range s.plain {
			if !yield(a.value, a.info) {
				return
			}
		}
	}
}

func (s *statement) readPlainActions() (out []plainAction) {
	for _, v := range s.values("Action") {
		if strings.ContainsAny(v.text, "*?") {
			continue
		}
		if a, ok := s.c.ref.Action(policy.Action(v.text)); ok {
			out = append(out, plainAction{v, a})
		}
	}
	return out
}

// firstOf is a list for a message: the first few names, and how many more.
func firstOf(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + ", …"
}
