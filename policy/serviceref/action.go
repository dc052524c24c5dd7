package serviceref

import (
	"iter"

	"github.com/licit-dev/licit/policy"
)

// A Level is the access level that AWS gives an action. The zero Level is not set.
type Level uint8

// The access levels.
const (
	_ Level = iota
	LevelList
	LevelRead
	LevelWrite
	LevelTagging
	LevelPermissionsManagement
)

var levelNames = [...]string{"unset", "List", "Read", "Write", "Tagging", "PermissionsManagement"}

// String is the level's name: "List", "Read", "Write", "Tagging",
// "PermissionsManagement"; "unset" for zero.
func (l Level) String() string { return name(levelNames[:], int(l)) }

// ParseLevel is the inverse of [Level.String], in any case.
func ParseLevel(s string) (Level, error) { return 0, nil }

// ActionInfo is what is known of one action. It is a small value that refers to its
// [Reference]; the zero ActionInfo is no action, and only its IsValid may be called.
type ActionInfo struct{ i int }

// IsValid reports whether a is an action.
func (a ActionInfo) IsValid() bool { return false }

// Action is the action as AWS spells it.
func (a ActionInfo) Action() policy.Action { return "" }

// Level is the action's access level.
func (a ActionInfo) Level() Level { return 0 }

// WildcardOnly reports whether the action has no resource types, so that only the
// resource "*" grants it.
func (a ActionInfo) WildcardOnly() bool { return false }

// Resources yields the resource types that the action can be allowed on, sorted by name.
func (a ActionInfo) Resources() iter.Seq[ActionResource] { return func(func(ActionResource) bool) {} }

// Keys yields the condition keys of the action itself, those of its resource types not
// included, sorted by name without regard to case.
func (a ActionInfo) Keys() iter.Seq[KeyInfo] { return func(func(KeyInfo) bool) {} }

// HasKey reports whether a condition on the key, named in any case, can match for the
// action: it is a key of the action, of one of its resource types, or a global key that
// is not about tags.
func (a ActionInfo) HasKey(name string) bool { return false }

// Dependents yields further actions that a caller may need besides this one. They are
// advice, never an input of a decision. known is false for actions newer than the last
// source that had the fact: none are yielded, but there may be some.
func (a ActionInfo) Dependents() (dependents iter.Seq[policy.Action], known bool) {
	return func(func(policy.Action) bool) {}, false
}

// PermissionOnly reports whether the action has no API operation of its own. It is
// advice; known is false for actions newer than the last source that had the fact.
func (a ActionInfo) PermissionOnly() (only, known bool) { return false, false }

// ActionResource is one resource type of an action.
type ActionResource struct {
	Type     ResourceInfo
	Required bool // the action needs a resource of this type; otherwise one of the optional types, or none
}

// Keys yields the condition keys that the action has for this resource type, sorted by
// name without regard to case. Those of the type itself are in [ResourceInfo.Keys].
func (r ActionResource) Keys() iter.Seq[KeyInfo] { return func(func(KeyInfo) bool) {} }

// Action returns what is known of an action, named in any case.
func (r *Reference) Action(a policy.Action) (ActionInfo, bool) { return ActionInfo{}, false }

// Actions yields the actions that a pattern of a policy's Action element names, such as
// "s3:Get*" or "*", sorted by service and name without regard to case. A pattern that
// matches nothing, malformed ones included, yields nothing (IAM User Guide, “IAM JSON
// policy elements: Action”; no wildcard in the service prefix).
func (r *Reference) Actions(pattern string) iter.Seq[policy.Action] {
	return func(func(policy.Action) bool) {}
}
