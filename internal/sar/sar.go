// Package sar is the form of the service facts: as plain data, as the JSON form
// sar-facts/1, and as the columnar image that package serviceref embeds. The generator
// and serviceref share it, so that what one writes the other reads.
//
// It does not know the facts themselves.
package sar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
)

// Facts is everything that is known of AWS's services as of a date, as plain data.
type Facts struct {
	Date     string // "2026-09-26"
	Services []Service
	Keys     []Key // of all services, and the global ones
}

// Service is one service with what it declares.
type Service struct {
	Prefix, Name string
	RCP          bool
	FromAWS      bool // a file of AWS's service reference says it, which lacks some facts
	Actions      []Action
	Types        []Type
	Keys         []string
}

// Action is one action of a service.
type Action struct {
	Name           string // without the prefix
	Level          uint8  // index into [Levels]
	Refs           []Ref
	Keys           []string
	Dependents     []string // "iam:PassRole"
	PermissionOnly bool
	Advisory       bool // Dependents and PermissionOnly are known
}

// Ref is a resource type that an action can be allowed on.
type Ref struct {
	Type     string
	Required bool
	Keys     []string
}

// AddRef adds a resource type. The sources list a few twice: such are one, required if
// one of them is.
func (a *Action) AddRef(r Ref) {
	for i := range a.Refs {
		if o := &a.Refs[i]; ascii.Compare(o.Type, r.Type) == 0 {
			o.Required = o.Required || r.Required
			o.Keys = append(o.Keys, r.Keys...)
			return
		}
	}
	a.Refs = append(a.Refs, r)
}

// Type is one resource type of a service.
type Type struct {
	Name string
	ARNs []string
	Keys []string
}

// Key is one condition key.
type Key struct {
	Name        string
	Type        uint8 // index into [Types]
	Multivalued bool
	Presence    uint8 // index into [Presences]
}

// Levels names the access levels, 0 being none.
func Levels() []string {
	return []string{"", "List", "Read", "Write", "Tagging", "Permissions management"}
}

// Types names the types of condition keys, 0 being none.
func Types() []string {
	return []string{"", "String", "ARN", "Bool", "Date", "Numeric", "IPAddress", "Binary"}
}

// Presences names the classes of presence of condition keys.
func Presences() []string {
	return []string{
		"conditional", "always", "mostly", "signed", "temporary-credentials", "iam-user",
		"ec2-role", "vpc-endpoint", "service-principal", "forward-access",
	}
}

// ParseLevel reads an access level as AWS's pages write it, the combined forms of 2026
// included.
func ParseLevel(s string) (uint8, bool) {
	switch s {
	case "Tagging, Write":
		s = "Tagging"
	case "Permissions management, Write":
		s = "Permissions management"
	}
	i := slices.Index(Levels(), s)
	return uint8(max(i, 0)), i > 0
}

// ParseType reads a key type such as "ArrayOfString".
func ParseType(s string) (typ uint8, multivalued, ok bool) {
	s, multivalued = strings.CutPrefix(s, "ArrayOf")
	i := slices.Index(Types(), s)
	return uint8(max(i, 0)), multivalued, i > 0
}

// NormaliseKey writes the variable part of a key's name as ${TagKey} where AWS's pages
// have <key> or tag-key.
func NormaliseKey(name string) string {
	if head, ok := strings.CutSuffix(name, "/<key>"); ok {
		return head + "/${TagKey}"
	}
	if head, ok := strings.CutSuffix(name, "/tag-key"); ok {
		return head + "/${TagKey}"
	}
	return name
}

// Canonical sorts everything and reports names that stand twice. Lists of keys lose their
// duplicates.
func (f *Facts) Canonical() error {
	if err := unique("service", f.Services, func(s Service) string { return s.Prefix }); err != nil {
		return err
	}
	if err := unique("condition key", f.Keys, func(k Key) string { return k.Name }); err != nil {
		return err
	}
	for i := range f.Services {
		s := &f.Services[i]
		s.Keys = sortedSet(s.Keys)
		if err := unique(s.Prefix+": action", s.Actions, func(a Action) string { return a.Name }); err != nil {
			return err
		}
		if err := unique(s.Prefix+": resource type", s.Types, func(t Type) string { return t.Name }); err != nil {
			return err
		}
		for j := range s.Types {
			s.Types[j].Keys = sortedSet(s.Types[j].Keys)
		}
		for j := range s.Actions {
			a := &s.Actions[j]
			a.Keys, a.Dependents = sortedSet(a.Keys), sortedSet(a.Dependents)
			if err := unique(s.Prefix+":"+a.Name+": resource type", a.Refs, func(r Ref) string { return r.Type }); err != nil {
				return err
			}
			for k := range a.Refs {
				a.Refs[k].Keys = sortedSet(a.Refs[k].Keys)
			}
		}
	}
	return nil
}

func unique[T any](what string, list []T, name func(T) string) error {
	slices.SortStableFunc(list, func(a, b T) int { return ascii.Compare(name(a), name(b)) })
	for i := range list {
		switch {
		case name(list[i]) == "":
			return fmt.Errorf("%s without a name", what)
		case i > 0 && ascii.Compare(name(list[i-1]), name(list[i])) == 0:
			return fmt.Errorf("%s %q stands twice", what, name(list[i]))
		}
	}
	return nil
}

func sortedSet(list []string) []string {
	list = slices.Clone(list)
	slices.SortFunc(list, ascii.Compare)
	return slices.CompactFunc(list, func(a, b string) bool { return ascii.Compare(a, b) == 0 })
}
