package engine

import (
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A View is one request, as statements see it. It is filled by package simulate and lives
// on the stack; matching changes nothing but its scratch space.
type View struct {
	Service, Name string // the action, as given; matched without regard to case
	action        string // both
	actionHash    uint64
	serviceHash   uint64
	serviceBit    uint64

	// The resource in its six ARN parts. NoResource: the request names none, and only a
	// pattern that is nothing but stars matches.
	Resource   [6]string
	arn        string // the same as one text, or "" where there is none
	NoResource bool
	// AnyResource: nothing is known of the resource, and only a pattern that is nothing but
	// stars matches for certain.
	AnyResource bool
	// UnknownRegion says that part 3 of the resource is not known (R-RSC-5).
	UnknownRegion bool

	Caller Caller

	Given     Keys // by the caller of the library; overrides all others
	Session   Keys // session tags
	Principal Keys // derived from the principal: tags, organization
	Target    Keys // derived from the resource: tags, account, organization
	// Derive says that the keys which follow from the request itself are derived (§13).
	Derive bool
	Owner  string // account of the resource, if that is all that is known of it
	VPC    string // of the endpoint that the request came through, if known
	// Classes tells the state of a key that stands in none of these. Nil: absent.
	Classes *[NumClasses]State
	// ResourceTags, ForwardAccess and SourceIP are the states of three classes that
	// depend on more than the principal.
	ResourceTags, ForwardAccess, SourceIP State

	// OpenFacts says that what Caller does not tell (the name of a session, a unique ID, a
	// canonical ID) is unknown; otherwise it does not exist.
	OpenFacts bool
	// NoBucketTags says that the resource is a general purpose bucket without ABAC, or an
	// object in one: tags of buckets are never in the request (R-SPC-5).
	NoBucketTags bool
	// NoDenies says that no Deny of the policy that is evaluated reaches the caller (R-ROOT-5).
	NoDenies bool
	// NoMFA says that MFA was not used, so that aws:MultiFactorAuthAge is absent unless given.
	NoMFA bool

	// Assume settles conditions that are not decided; nil: nothing is assumed.
	Assume *Assumptions

	scratch [numDerived]string
}

// A Caller is the requesting principal, as Principal elements see it (§6.1).
type Caller struct {
	Kind        policy.PrincipalKind
	ARN         string // the session's own ARN for sessions
	Partition   string
	Account     string
	Role        string // role ARN with path; "" if only its name is known
	RoleName    string
	IssuingUser string // ARN of the user who made a federated-user session, or ""
	ID          string // AIDA… or AROA…, or ""
	Canonical   string // canonical user ID of the account, or ""
	Name        string // friendly name, service principal, or identity provider
	SessionName string // of a role session
	HasBoundary Tri
}

// SetAction splits the action.
func (v *View) SetAction(a policy.Action) {
	v.action = string(a)
	if i := strings.IndexByte(v.action, ':'); i >= 0 {
		v.Service, v.Name = v.action[:i], v.action[i+1:]
	}
	v.actionHash, v.serviceHash = hashFold(v.action), hashFold(v.Service)
	v.serviceBit = serviceBit(v.serviceHash)
}

// SetResource splits the ARN; the zero ARN is no resource. R-RSC-6: the caller says which,
// and an action on resources of several types is several requests (IAM User Guide, “IAM JSON
// policy elements: Condition operators”, IfExists).
func (v *View) SetResource(a policy.ARN) {
	if !a.IsValid() {
		v.NoResource = true
		return
	}
	v.arn = a.String()
	r := &v.Resource
	r[0], r[1], r[2] = "arn", a.Partition(), a.Service()
	r[3], r[4], r[5] = a.Region(), a.AccountID(), a.Resource()
}

// key returns what the request has for a key.
func (v *View) key(ref *KeyRef) Value {
	if ref.class == ClassResourceTag && v.NoBucketTags {
		return Value{Multi: ref.multi}
	}
	if val, ok := v.Given.Value(ref); ok {
		return val
	}
	if val, ok := v.Session.Value(ref); ok {
		return val
	}
	if ref.derived != notDerived && v.Derive {
		if val, ok := v.derive(ref); ok {
			return val
		}
	}
	if val, ok := v.Principal.Value(ref); ok {
		return val
	}
	if v.Target.Len() > 0 && !(ref.class == ClassResourceAccount && v.mayLackResourceAccount()) {
		if val, ok := v.Target.Value(ref); ok {
			return val
		}
	}
	if v.Classes == nil {
		return Value{Multi: ref.multi}
	}
	state := v.Classes[ref.class]
	switch ref.class {
	case ClassResourceTag:
		state = v.ResourceTags
	case ClassForwardAccess:
		state = v.ForwardAccess
	case ClassSourceIP:
		state = v.SourceIP
	case ClassMFAAge:
		if v.NoMFA {
			state = Absent
		}
	}
	return Value{State: state, Multi: ref.multi}
}

func (v *View) mayLackResourceAccount() bool {
	return serviceref.Embedded().MayLackResourceAccount(policy.Action(v.action))
}

// Key returns what the request has for a key.
func (v *View) Key(ref *KeyRef) Value { return v.key(ref) }
