package simulate

import (
	"encoding/binary"
	"maps"
	"slices"
	"unique"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A principalClass is what users and roles have alike that differ in name, ID and
// identity policies only. Large organizations have few of them.
type principalClass struct {
	number      int // of the class
	account     *accountEntry
	kind        policy.PrincipalKind
	accountID   string // as the ARN tells, like the partition
	partition   string
	boundary    *layer // never nil
	hasBoundary engine.Tri
	keys        engine.Keys
	tagGap      string
	linked      bool // service-linked role
	federated   bool // sessions never carry MFA keys
	tagSession  bool // the trust policy lets session tags in
}

// plain reports whether the ARNs are of the account that lists them.
func (c *principalClass) plain() bool { return c.accountID == c.account.id }

// principal is a user or role of the account without policies. Its class is its own until
// it is complete.
func (a *accountEntry) principal(arn policy.ARN, id string) *principalEntry {
	p := policy.PrincipalFromARN(arn)
	return &principalEntry{arn: arn.String(), name: p.Name(), id: id, principalClass: &principalClass{
		account: a, kind: p.Kind(), accountID: shared(p.AccountID()), partition: shared(arn.Partition()),
	}}
}

// fill sets what [callerOf] tells of the principal's ARN in a caller of whom nothing is set.
func (p *principalEntry) fill(c *engine.Caller) {
	class := p.principalClass
	c.Kind, c.Partition, c.Account = class.kind, class.partition, class.accountID
	c.ARN, c.Name = p.arn, p.name
	if class.kind == policy.Role {
		c.Role, c.RoleName = p.arn, p.name
	}
}

// shared makes equal texts one, so that comparing them reaches for no memory of their own.
func shared(s string) string { return unique.Make(s).Value() }

// An interner keeps one of all things that are alike while an environment is built.
type interner struct {
	classes    map[principalClass]*principalClass
	tagged     map[taggedKeys]engine.Keys
	users      map[userResource]*resourceEntry
	boundaries map[policy.ARN]*layer
}

type taggedKeys struct {
	base         engine.Keys
	prefix, tags string
}

type userResource struct {
	account *accountEntry
	keys    engine.Keys
	gap     bool
}

func newInterner() *interner {
	return &interner{
		classes: map[principalClass]*principalClass{}, tagged: map[taggedKeys]engine.Keys{},
		users: map[userResource]*resourceEntry{}, boundaries: map[policy.ARN]*layer{},
	}
}

// class numbers the class, unless there is one like it.
func (n *interner) class(c *principalClass) *principalClass {
	known, ok := n.classes[*c]
	if !ok {
		known = new(*c)
		known.number = len(n.classes)
		n.classes[*c] = known
	}
	return known
}

// user is a user as a resource: it has no policy.
func (n *interner) user(account *accountEntry, keys engine.Keys, tagGap bool) *resourceEntry {
	key := userResource{account, keys, tagGap}
	r, ok := n.users[key]
	if !ok {
		r = &resourceEntry{account: account, keys: keys}
		if tagGap {
			r.tags = engine.Unknown
		}
		n.users[key] = r
	}
	return r
}

// withTags is base with the tags.
func (n *interner) withTags(base engine.Keys, prefix string, tags map[string]string) engine.Keys {
	if len(tags) == 0 {
		return base
	}
	names := slices.Sorted(maps.Keys(tags))
	var text []byte
	for _, name := range names {
		for _, s := range [2]string{name, tags[name]} {
			text = append(binary.AppendUvarint(text, uint64(len(s))), s...)
		}
	}
	key := taggedKeys{base, prefix, string(text)}
	out, ok := n.tagged[key]
	if !ok {
		out = base
		for _, name := range names {
			out = out.Add(shared(prefix+name), shared(tags[name]))
		}
		n.tagged[key] = out
	}
	return out
}
