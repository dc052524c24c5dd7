package serviceref

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A Reference is an immutable set of facts as of a date.
type Reference struct {
	date        string
	rcp         []string // service prefixes, sorted
	collections []collection
	keys        []KeyInfo // sorted by name in ASCII lower case
}

// Embedded returns the facts that come with the module. It costs nothing.
func Embedded() *Reference { return &embedded }

// Date is the day, such as "2026-09-26", of the oldest source: what AWS announced later
// may be missing.
func (r *Reference) Date() string { return r.date }

// SupportsRCP reports whether resource control policies apply to the resources of a
// service, named by its prefix such as "s3" in any case. For all other services the layer
// is skipped (Organizations User Guide, “List of AWS services that support RCPs”).
func (r *Reference) SupportsRCP(service string) bool {
	_, ok := slices.BinarySearchFunc(r.rcp, service, compareFold)
	return ok
}

// Collection returns the ARN pattern that a service authorises an action against although
// the action has no resource type, such as "arn:${Partition}:s3:::*" for
// s3:ListAllMyBuckets. The placeholders are ${Partition}, ${Region} and ${Account}; a "*"
// is ordinary text of the request. The IAM list actions stand for an empty path prefix.
// Case does not matter. For all other actions ok is false, and "*" is the resource
// (AccessDenied messages name the resource; IAM User Guide, “Policy evaluation logic”).
func (r *Reference) Collection(a policy.Action) (arn string, ok bool) {
	i, ok := slices.BinarySearchFunc(r.collections, string(a), func(c collection, name string) int {
		return compareFold(c.action, name)
	})
	if !ok {
		return "", false
	}
	return r.collections[i].arn, true
}

// Key returns what is known of a condition key, named in any case. The name of a tag key
// such as "aws:PrincipalTag/team" finds the entry aws:PrincipalTag/${TagKey}.
func (r *Reference) Key(name string) (KeyInfo, bool) {
	i, ok := r.search(name)
	if ok {
		return r.keys[i], true
	}
	slash := strings.IndexByte(name, '/')
	if slash < 0 || slash == len(name)-1 {
		return KeyInfo{}, false
	}
	// "${" sorts before every key that shares the prefix, so the first is the one.
	prefix := name[:slash+1]
	i, _ = r.search(prefix)
	if i < len(r.keys) {
		k := r.keys[i]
		if len(k.Name) > len(prefix) && k.Name[len(prefix)] == '$' && compareFold(k.Name[:len(prefix)], prefix) == 0 {
			return k, true
		}
	}
	return KeyInfo{}, false
}

func (r *Reference) search(name string) (int, bool) {
	return slices.BinarySearchFunc(r.keys, name, func(k KeyInfo, name string) int {
		return compareFold(k.Name, name)
	})
}

// Keys yields all known condition keys, sorted by name without regard to case.
func (r *Reference) Keys() iter.Seq[KeyInfo] { return slices.Values(r.keys) }

// compareFold orders texts by their bytes, ASCII letters in lower case. AWS compares
// service prefixes, actions and condition keys so.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
