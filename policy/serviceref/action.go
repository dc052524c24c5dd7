package serviceref

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/sar"
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
func ParseLevel(s string) (Level, error) {
	for i, n := range levelNames[1:] {
		if strings.EqualFold(s, n) {
			return Level(i + 1), nil
		}
	}
	return 0, fmt.Errorf("%q is no access level; want %s", s, strings.Join(levelNames[1:], ", "))
}

// ActionInfo is what is known of one action. It is a small comparable value that refers to
// its [Reference]; the zero ActionInfo is no action, and only its IsValid may be called.
type ActionInfo struct {
	b *body
	i uint32
}

func (a ActionInfo) row() *sar.ActionRow { return &a.b.Actions[a.i] }

// IsValid reports whether a is an action.
func (a ActionInfo) IsValid() bool { return a.b != nil }

// Action is the action as AWS spells it.
func (a ActionInfo) Action() policy.Action { return policy.Action(a.row().Name) }

// Level is the action's access level.
func (a ActionInfo) Level() Level { return Level(a.row().Flags >> 2) }

// WildcardOnly reports whether the action has no resource types, so that only the
// resource "*" grants it, apart from those of [Reference.Collection].
func (a ActionInfo) WildcardOnly() bool { return a.row().Refs == 0 }

// Resources yields the resource types that the action can be allowed on, sorted by name.
// The action needs a resource of each type that is required.
func (a ActionInfo) Resources() iter.Seq[ActionResource] {
	return func(yield func(ActionResource) bool) {
		row := a.row()
		first := a.b.Services[row.Service].Types
		for list := a.b.RefLists[row.Refs]; len(list) > 0; list = list[2:] {
			if !yield(ActionResource{ResourceInfo{a.b, first + list[0]>>1}, list[0]&1 == 1, list[1]}) {
				return
			}
		}
	}
}

// Keys yields the condition keys of the action itself, those of its resource types not
// included, sorted by name without regard to case.
func (a ActionInfo) Keys() iter.Seq[KeyInfo] { return a.b.keySet(a.row().Keys) }

// HasKey reports whether a condition on the key, named in any case, can match for the
// action: it is a key of the action, of one of its resource types, or a global key that
// has nothing to do with the tags of request and resource, which any request may have.
// Keys that the reference does not know are not there.
func (a ActionInfo) HasKey(name string) bool {
	k, ok := a.b.head.find(name)
	if !ok {
		return false
	}
	if full := a.b.head.keys[k].Name; isGlobal(full) {
		return true
	}
	row, key := a.row(), uint32(k)
	if a.b.has(row.Keys, key) {
		return true
	}
	first := a.b.Services[row.Service].Types
	for list := a.b.RefLists[row.Refs]; len(list) > 0; list = list[2:] {
		if a.b.has(list[1], key) || a.b.has(a.b.Types[first+list[0]>>1].Keys, key) {
			return true
		}
	}
	return false
}

// isGlobal reports whether a key is one that services need not declare.
func isGlobal(name string) bool {
	switch {
	case len(name) < len("aws:") || !ascii.Equal(name[:len("aws:")], "aws:"):
		return false
	case ascii.Equal(name, "aws:TagKeys"), ascii.Equal(name, "aws:RequestTag/${TagKey}"), ascii.Equal(name, "aws:ResourceTag/${TagKey}"):
		return false
	}
	return true
}

func (b *body) has(set, key uint32) bool {
	_, ok := slices.BinarySearch(b.Sets[set], key)
	return ok
}

// Dependents yields further actions that a caller may need besides this one, sorted. They
// are advice, never an input of a decision. known is false for actions newer than the last
// source that had the fact: none are yielded, but there may be some.
func (a ActionInfo) Dependents() (dependents iter.Seq[policy.Action], known bool) {
	return func(yield func(policy.Action) bool) {
		for _, d := range a.b.Links[a.row().Links] {
			if !yield(policy.Action(a.b.Action(d).Name)) {
				return
			}
		}
	}, a.row().Flags&1 != 0
}

// PermissionOnly reports whether the action has no API operation of its own. It is
// advice; known is false for actions newer than the last source that had the fact.
func (a ActionInfo) PermissionOnly() (only, known bool) {
	f := a.row().Flags
	return f&2 != 0, f&1 != 0
}

// ActionResource is one resource type of an action.
type ActionResource struct {
	Type     ResourceInfo
	Required bool // the action needs a resource of this type; otherwise the type is one that it may need
	keys     uint32
}

// Keys yields the condition keys that the action has for this resource type, sorted by
// name without regard to case. Those of the type itself are in [ResourceInfo.Keys].
func (r ActionResource) Keys() iter.Seq[KeyInfo] { return r.Type.b.keySet(r.keys) }

// Action returns what is known of an action, named in any case.
func (r *Reference) Action(a policy.Action) (ActionInfo, bool) {
	b := r.body()
	colon := strings.IndexByte(string(a), ':')
	if colon < 0 {
		return ActionInfo{}, false
	}
	s, ok := b.service(string(a)[:colon])
	if !ok {
		return ActionInfo{}, false
	}
	b.Load(s)
	first, after := b.Services[s].Actions, b.Services[s].ActionsAfter
	i, ok := slices.BinarySearchFunc(b.Actions[first:after], string(a)[colon:], func(row sar.ActionRow, name string) int {
		return ascii.Compare(row.Name[colon:], name)
	})
	if !ok {
		return ActionInfo{}, false
	}
	return ActionInfo{b, first + uint32(i)}, true
}

// Actions yields the actions that a pattern of a policy's Action element names, such as
// "s3:Get*" or "*", sorted by service and then by name without regard to case. A pattern
// that matches nothing yields nothing, malformed ones included: one with a wildcard in the
// service prefix, or without a colon (IAM User Guide, “IAM JSON policy elements: Action”).
func (r *Reference) Actions(pattern string) iter.Seq[policy.Action] {
	return func(yield func(policy.Action) bool) {
		b := r.body()
		first, after, name := 0, len(b.Services), "*"
		if prefix, rest, ok := strings.Cut(pattern, ":"); ok && pattern != "*:*" {
			s, ok := b.service(prefix)
			if !ok {
				return
			}
			if !strings.ContainsAny(rest, "*?") {
				if a, ok := r.Action(policy.Action(pattern)); ok {
					yield(a.Action())
				}
				return
			}
			first, after, name = s, s+1, rest
		} else if !ok && (pattern == "" || strings.Trim(pattern, "*") != "") {
			return
		}
		p := glob.Compile(name, glob.Wildcards|glob.FoldASCII)
		for s := first; s < after; s++ {
			b.Load(s)
			colon := len(b.Services[s].Prefix)
			for i := b.Services[s].Actions; i < b.Services[s].ActionsAfter; i++ {
				full := b.Actions[i].Name
				if p.Match(full[colon+1:], nil) && !yield(policy.Action(full)) {
					return
				}
			}
		}
	}
}
