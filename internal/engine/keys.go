package engine

import (
	"slices"
	"strings"
	"unicode"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A State says what is known about a condition key of a request.
type State uint8

// The states of a key.
const (
	Absent  State = iota // the key is not in the request
	Known                // present, with known values
	Unknown              // present or not, with a value that is not known
	Present              // present for certain, with a value that is not known
)

// A Value is what a request has for one key.
type Value struct {
	State  State
	Multi  bool // multivalued by type, not by number
	Values []string
}

// Keys is an immutable set of condition keys. Names are compared without regard to case
// (R-CND-3). The zero Keys is empty. Keys are == if one is a copy of the other.
type Keys struct{ set *keySet }

type keySet struct {
	list     []entry
	values   []string
	patterns []glob.Pattern // of the entries that are patterns, in order
	// first is 1 + number of the first entry, or 0, for each value of the top bits of the
	// hash; entry.next goes on. It spares most lookups a walk along the list.
	first    [16]uint32
	unsorted int // so many entries come of a map, in no order
}

type entry struct {
	hash     uint64
	name     string // as given
	from, to uint32 // where its values are
	next     uint32
	state    State
	multi    bool
	pattern  bool // the name is a pattern: only for unknown keys
}

// clone is a set with a list of its own.
func (k Keys) clone() *keySet {
	if k.set == nil {
		return &keySet{}
	}
	out := *k.set
	out.list, out.values, out.patterns = slices.Clone(out.list), slices.Clip(out.values), slices.Clip(out.patterns)
	return &out
}

// add makes an entry the last one.
func (k *keySet) add(e entry) {
	e.next = k.first[e.hash>>60]
	k.list = append(k.list, e)
	k.first[e.hash>>60] = uint32(len(k.list))
}

// give makes the values those of an entry that is not in the list yet.
func (k *keySet) give(e *entry, values []string) {
	e.from = uint32(len(k.values))
	k.values = append(k.values, values...)
	e.to = uint32(len(k.values))
}

func (k *keySet) valuesOf(e *entry) []string { return k.values[e.from:e.to:e.to] }

// hashName is hashFold, but over the name under simple case folding: names which
// strings.EqualFold calls equal have one hash.
func hashName(s string) uint64 {
	if isASCII(s) {
		return hashFold(s)
	}
	return hashFold(strings.Map(leastFold, s))
}

// leastFold is the least of the runes that simple folding makes equal.
func leastFold(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// With returns keys in which name has these values; none means that it is absent. An empty
// text is a value (R-OPS-2; IAM User Guide, “IAM JSON policy elements: Condition operators”).
func (k Keys) With(name string, values ...string) Keys {
	e := entry{hash: hashName(name), name: name, state: Known}
	if len(values) == 0 {
		e.state = Absent
	}
	return k.put(e, values)
}

// WithUnknown returns keys in which every key that the pattern names may or may not be
// present. Keys that are given by name stay as they are.
func (k Keys) WithUnknown(pattern string) Keys {
	e := entry{hash: hashName(pattern), name: pattern, state: Unknown}
	if strings.ContainsAny(pattern, "*?") {
		set := k.clone()
		e.pattern = true
		set.add(e)
		set.patterns = append(set.patterns, glob.Compile(pattern, glob.Wildcards|glob.FoldASCII))
		return Keys{set}
	}
	return k.put(e, nil)
}

// WithMultivalued returns keys in which name is multivalued by type, whatever the number
// of its values. A name that keys do not have changes nothing.
func (k Keys) WithMultivalued(name string) Keys {
	if k.find(name) == nil {
		return k
	}
	set := k.clone()
	set.find(hashName(name), name).multi = true
	return Keys{set}
}

// Add is With for a name that must be new: one that stands there in another spelling
// becomes unknown.
func (k Keys) Add(name string, values ...string) Keys {
	if k.find(name) != nil {
		return k.conflict(name)
	}
	return k.With(name, values...)
}

// conflict marks a key whose name was given twice, in two spellings (R-CTX-3).
func (k Keys) conflict(name string) Keys {
	return k.put(entry{hash: hashName(name), name: name, state: Unknown}, nil)
}

// KeysFrom makes keys of a map. A name that stands there in two spellings is unknown.
func KeysFrom(m map[string][]string) Keys {
	if len(m) == 0 {
		return Keys{}
	}
	k := &keySet{list: make([]entry, 0, len(m)), values: make([]string, 0, len(m))} // nearly always one each
	for name, values := range m {
		e := entry{hash: hashName(name), name: name, state: Known}
		if len(values) == 0 {
			e.state = Absent
		}
		if twin := k.find(e.hash, name); twin != nil { // R-CTX-3
			twin.state, twin.to, twin.name = Unknown, twin.from, max(name, twin.name)
			continue
		}
		k.give(&e, values)
		k.add(e)
	}
	k.unsorted = len(k.list)
	return Keys{k}
}

// inOrder is the list in the order given; what comes of a map, by name.
func (k Keys) inOrder() []entry {
	if k.set == nil {
		return nil
	}
	list := slices.Clone(k.set.list)
	slices.SortFunc(list[:k.set.unsorted], func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return list
}

// put adds an entry, or replaces the one of that name.
func (k Keys) put(e entry, values []string) Keys {
	set := k.clone()
	set.give(&e, values)
	if old := set.find(e.hash, e.name); old != nil {
		e.multi, e.next = old.multi, old.next
		*old = e
	} else {
		set.add(e)
	}
	return Keys{set}
}

func (e *entry) is(hash uint64, name string) bool {
	return e.hash == hash && !e.pattern && (e.name == name || strings.EqualFold(e.name, name))
}

func (k *keySet) find(hash uint64, name string) *entry {
	for n := k.first[hash>>60]; n != 0; {
		e := &k.list[n-1]
		if e.is(hash, name) {
			return e
		}
		n = e.next
	}
	return nil
}

// find is the entry of a name that keys have, or nil.
func (k Keys) find(name string) *entry {
	if k.set == nil {
		return nil
	}
	return k.set.find(hashName(name), name)
}

// Value returns the state and values of a key; ok is false if the keys do not mention it.
// It looks for the name, then for the patterns of unknown keys. A key is multivalued by its
// type, else only if it has several values (R-CND-4; IAM User Guide, “Single-valued vs.
// multivalued context keys”).
func (k Keys) Value(ref *KeyRef) (val Value, ok bool) {
	if k.set == nil {
		return Value{}, false
	}
	return k.set.lookup(ref)
}

func (k *keySet) lookup(ref *KeyRef) (Value, bool) {
	for n := k.first[ref.hash>>60]; n != 0; {
		e := &k.list[n-1]
		if e.is(ref.hash, ref.name) {
			return Value{e.state, e.multi || ref.multi || e.to-e.from > 1, k.valuesOf(e)}, true
		}
		n = e.next
	}
	for i := range k.patterns {
		if k.patterns[i].Match(ref.name, nil) {
			return Value{State: Unknown, Multi: ref.multi}, true
		}
	}
	return Value{}, false
}

// Each calls f for every known key in the order given.
func (k Keys) Each(f func(name string, values []string)) {
	for _, e := range k.inOrder() {
		if e.state == Known {
			f(e.name, k.set.valuesOf(&e))
		}
	}
}

// HasPrefix says whether a key whose name begins with prefix is present.
func (k Keys) HasPrefix(prefix string) Tri {
	out := No
	if k.set == nil {
		return out
	}
	for i := range k.set.list {
		e := &k.set.list[i]
		literal := e.name
		if e.pattern { // what stands before the first wildcard decides, to be safe
			literal = e.name[:strings.IndexAny(e.name, "*?")]
		}
		n := min(len(literal), len(prefix))
		if !e.pattern && n < len(prefix) || !ascii.Equal(literal[:n], prefix[:n]) {
			continue
		}
		switch e.state {
		case Known:
			return Yes
		case Unknown:
			out = Maybe
		}
	}
	return out
}

// EachUnknown calls f for every key, or pattern of keys, that may be present.
func (k Keys) EachUnknown(f func(name string)) {
	for _, e := range k.inOrder() {
		if e.state == Unknown {
			f(e.name)
		}
	}
}

// Has says whether a key is present; what the keys do not mention is not.
func (k Keys) Has(ref *KeyRef) Tri {
	val, ok := k.Value(ref)
	switch {
	case ok && val.State == Known:
		return Yes
	case ok && val.State == Unknown:
		return Maybe
	}
	return No
}

// Len is the number of entries.
func (k Keys) Len() int {
	if k.set == nil {
		return 0
	}
	return len(k.set.list)
}

// A Class groups keys whose presence follows from the same facts about a request
// (R-CTX-4). Package simulate knows for each kind of caller what a class's keys are when
// nobody gave them.
type Class uint8

// The classes of keys.
const (
	ClassOther            Class = iota // may be present
	ClassAlways                        // in every request
	ClassPrincipalARN                  // aws:PrincipalArn
	ClassPrincipalAccount              // aws:PrincipalAccount
	ClassIsAWSService                  // aws:PrincipalIsAWSService
	ClassUserID                        // aws:userid
	ClassUsername                      // aws:username
	ClassPrincipalTag                  // aws:PrincipalTag/…
	ClassPrincipalOrg                  // aws:PrincipalOrgID, aws:PrincipalOrgPaths
	ClassResourceTag                   // aws:ResourceTag/…, s3:BucketTag/…
	ClassServiceName                   // aws:PrincipalServiceName, …NamesList
	ClassServiceSource                 // aws:SourceAccount, aws:SourceArn, …: direct calls of services
	ClassForwardAccess                 // aws:CalledVia…
	ClassMFA                           // aws:MultiFactorAuthPresent
	ClassMFAAge                        // aws:MultiFactorAuthAge
	ClassTokenIssueTime                // aws:TokenIssueTime
	ClassRoleSession                   // attributes of role sessions: aws:SourceIdentity, ec2:SourceInstanceArn, …
	ClassFederated                     // aws:FederatedProvider
	ClassAssumedRoot                   // aws:AssumedRoot
	ClassSourceIP                      // aws:SourceIp
	ClassResourceAccount               // aws:ResourceAccount, aws:ResourceOrgID, aws:ResourceOrgPaths
	NumClasses
)

var classes = map[string]Class{
	"aws:currenttime": ClassAlways, "aws:epochtime": ClassAlways, "aws:requestedregion": ClassAlways,
	"aws:securetransport": ClassAlways, "aws:viaawsservice": ClassAlways, "aws:principaltype": ClassAlways,
	"aws:useragent":    ClassOther, // a client may leave the header out
	"aws:principalarn": ClassPrincipalARN, "aws:principalaccount": ClassPrincipalAccount, "aws:principalisawsservice": ClassIsAWSService,
	"aws:userid": ClassUserID, "aws:username": ClassUsername,
	"aws:principalorgid": ClassPrincipalOrg, "aws:principalorgpaths": ClassPrincipalOrg,
	"aws:principalservicename": ClassServiceName, "aws:principalservicenameslist": ClassServiceName,
	"aws:sourceaccount": ClassServiceSource, "aws:sourcearn": ClassServiceSource, "aws:sourceorgid": ClassServiceSource,
	"aws:sourceorgpaths": ClassServiceSource, "aws:sourceowner": ClassServiceSource,
	"aws:calledvia": ClassForwardAccess, "aws:calledviafirst": ClassForwardAccess, "aws:calledvialast": ClassForwardAccess,
	"aws:multifactorauthpresent": ClassMFA, "aws:multifactorauthage": ClassMFAAge,
	"aws:tokenissuetime": ClassTokenIssueTime, "aws:federatedprovider": ClassFederated, "aws:assumedroot": ClassAssumedRoot,
	"aws:sourceip": ClassSourceIP, "aws:resourceaccount": ClassResourceAccount,
	"aws:resourceorgid": ClassResourceAccount, "aws:resourceorgpaths": ClassResourceAccount,
	"aws:sourceidentity": ClassRoleSession, "aws:chatbotsourcearn": ClassRoleSession,
	"aws:ec2instancesourcevpc": ClassRoleSession, "aws:ec2instancesourceprivateipv4": ClassRoleSession,
	"ec2:roledelivery": ClassRoleSession, "ec2:sourceinstancearn": ClassRoleSession,
	"lambda:sourcefunctionarn": ClassRoleSession, "ssm:sourceinstancearn": ClassRoleSession,
	"codebuild:buildarn": ClassRoleSession, "codebuild:projectarn": ClassRoleSession,
	"glue:roleassumedby": ClassRoleSession, "glue:credentialissuingservice": ClassRoleSession,
	"identitystore:userid": ClassRoleSession,
}

func classOf(name string) Class {
	for prefix, c := range map[string]Class{"aws:principaltag/": ClassPrincipalTag, "aws:resourcetag/": ClassResourceTag, "s3:buckettag/": ClassResourceTag} {
		if strings.HasPrefix(name, prefix) {
			return c
		}
	}
	return classes[name]
}

// A KeyRef is the name of a condition key, resolved once.
type KeyRef struct {
	name    string // as written
	hash    uint64
	multi   bool
	class   Class
	derived derivedKey
}

// NewKeyRef resolves a name. Which types of keys are multivalued is data (R-CTX-2; IAM User
// Guide, “Single-valued vs. multivalued context keys”); of some it is not relied on.
func NewKeyRef(name string) KeyRef {
	folded := strings.ToLower(name)
	ref := KeyRef{name: name, hash: hashName(name), class: classOf(folded), derived: derivedKeys[folded]}
	if info, ok := serviceref.Embedded().Key(name); ok {
		ref.multi = info.Multivalued && !info.Plain
	}
	return ref
}
