package serviceref

import (
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
)

// A Reference is an immutable set of facts as of a date. It is safe for concurrent use.
type Reference struct {
	head func() *head
	body func() *body
	asOf string // "" or the day of AsOf
}

// Embedded returns the facts that come with the module. It costs nothing; they are
// inflated when the first service, action or resource type is looked up.
func Embedded() *Reference { return embedded }

// Date is the day, such as "2026-09-26", of the oldest source: what AWS announced later
// may be missing.
func (r *Reference) Date() string { return r.head().Date }

// Collection returns the ARN pattern that a service authorises an action against although
// the action has no resource type, such as "arn:${Partition}:s3:::*" for
// s3:ListAllMyBuckets. The placeholders are ${Partition}, ${Region} and ${Account}; a "*"
// is ordinary text of the request. The IAM list actions stand for an empty path prefix.
// Case does not matter. For all other actions ok is false, and "*" is the resource
// (AccessDenied messages name the resource; IAM User Guide, “Policy evaluation logic”).
func (r *Reference) Collection(a policy.Action) (arn string, ok bool) {
	i, ok := slices.BinarySearchFunc(collectionTable, string(a), func(c collection, name string) int {
		return ascii.Compare(c.action, name)
	})
	if !ok {
		return "", false
	}
	return collectionTable[i].arn, true
}

// Key returns what is known of a condition key, named in any case. The name of a tag key
// such as "aws:PrincipalTag/team" finds the entry aws:PrincipalTag/${TagKey}, and so with
// all keys that have a variable part; of several the one with the longest fixed text.
func (r *Reference) Key(name string) (KeyInfo, bool) { return r.head().key(name) }

// Keys yields all known condition keys, sorted by name without regard to case.
func (r *Reference) Keys() iter.Seq[KeyInfo] { return slices.Values(r.head().keys) }

func newHead(h *sar.Head) *head {
	out := &head{Head: h, keys: make([]KeyInfo, len(h.Keys))}
	for i, k := range h.Keys {
		out.keys[i] = KeyInfo{k.Name, KeyType(k.Type), k.Multivalued, Presence(k.Presence), isPlain(k.Name)}
		if before, rest, ok := strings.Cut(k.Name, "${"); ok {
			out.variables = append(out.variables, variable{before, rest[strings.LastIndexByte(rest, '}')+1:], i})
		}
	}
	return out
}

func (h *head) key(name string) (KeyInfo, bool) {
	i, ok := h.find(name)
	if !ok {
		return KeyInfo{}, false
	}
	return h.keys[i], true
}

func (h *head) find(name string) (int, bool) {
	i, ok := slices.BinarySearchFunc(h.keys, name, func(k KeyInfo, name string) int {
		return ascii.Compare(k.Name, name)
	})
	if ok {
		return i, true
	}
	longest := 0
	for _, v := range h.variables {
		fixed := len(v.before) + len(v.after)
		if len(name) > fixed && fixed > longest && ascii.Equal(name[:len(v.before)], v.before) && ascii.Equal(name[len(name)-len(v.after):], v.after) {
			i, longest = v.key, fixed
		}
	}
	return i, longest > 0
}
