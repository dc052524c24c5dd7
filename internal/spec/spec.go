package spec

import (
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An Outcome is the result of a decision (R-RES-1). The zero Outcome denies.
type Outcome uint8

// The outcomes.
const (
	ImplicitDeny Outcome = iota
	ExplicitDeny
	Allowed
)

// String is the spelling of the case files: "implicitDeny", "explicitDeny" or "allowed".
func (o Outcome) String() string {
	switch o {
	case ExplicitDeny:
		return "explicitDeny"
	case Allowed:
		return "allowed"
	}
	return "implicitDeny"
}

// A Request is one question: may the principal do the action on the resource?
type Request struct {
	Principal       policy.Principal
	Action          policy.Action
	Resource        string // an ARN, or "*" or "" for none
	Context         map[string][]string
	Multivalued     []string // names of keys multivalued by type, besides those that serviceref knows
	ResourceAccount string   // R-RSC-11; empty: derived
	RoleARN         policy.ARN
	IssuingUser     policy.ARN // of a federated-user session
	PrincipalID     string     // AIDA… of the user, AROA… of the role behind the session
	CanonicalID     string     // canonical user ID of the principal's account; empty: unknown
	ObjectOwner     string     // R-SPC-10; empty: the bucket's owner
	WildcardOnly    bool       // the action has no resource types
	// SessionPolicies are those of the request's session. [FromOrg] puts them into the
	// layers; [Decide] looks at [Layers.Session] only.
	SessionPolicies []*policy.Document
}

// Layers are the policies that are in force for one request. Absent and empty differ for
// SCPs, RCPs and the resource policy.
type Layers struct {
	Identity          []*policy.Document   // user and groups, or role
	Boundary          []*policy.Document   // empty: no boundary; several: their union
	Session           []*policy.Document   // empty: no session policy
	SCPs, RCPs        [][]*policy.Document // one list per level, root first; none: no such path
	ResourcePolicy    *policy.Document     // nil: none
	Endpoints         []Endpoint
	ManagementAccount string
	BlockPublicAccess bool // RestrictPublicBuckets of the bucket or its account
	BucketABAC        bool
	AWSManagedKey     bool                  // the resource is an AWS managed KMS key
	Facts             *serviceref.Reference // of what RCPs reach; nil: the embedded ones
}

// An Endpoint is a VPC endpoint that the request passes.
type Endpoint struct {
	Gateway bool
	Policy  *policy.Document // nil: the default policy, which allows everything
}

// Decide answers one request, and with it the requests that R-STS-4 adds.
func Decide(l Layers, r Request) Outcome {
	result := decideOne(l, r)
	for _, action := range additionalActions(r) {
		more := r
		more.Action = action
		result = combine(result, decideOne(l, more))
	}
	return result
}

// Possible lists what Decide can say where R-RCP-3 leaves open whether RCPs reach the
// service: the outcome without them, and the one with them.
func Possible(l Layers, r Request) []Outcome {
	if _, known := supportsRCP(l.Facts, r.Action.Service()); known {
		return []Outcome{Decide(l, r)}
	}
	with, without := l, l
	with.Facts, without.RCPs = nil, nil
	return []Outcome{Decide(without, r), Decide(with, r)}
}

// combine implements R-RES-2 over several requests that must all be allowed.
func combine(a, b Outcome) Outcome {
	switch {
	case a == ExplicitDeny || b == ExplicitDeny:
		return ExplicitDeny
	case a == Allowed && b == Allowed:
		return Allowed
	}
	return ImplicitDeny
}

// decideOne is the decision procedure of §10, step by step.
func decideOne(l Layers, r Request) Outcome {
	// R-RES-5: a request that is no request is an error, and an error never allows.
	if r.check() != nil {
		return ImplicitDeny
	}
	// Step 0.
	if needsNoPermission(r) {
		return Allowed
	}
	// Step 1.
	e := newEvaluation(l, r)
	identity := e.identityLayer()
	boundary := e.boundaryLayer()
	session := e.sessionLayer()
	scps := e.scpLayer()
	rcps := e.rcpLayer()
	endpoints := e.endpointLayer()
	resource := e.resourcePolicyLayer()
	// Step 2, R-RES-2.
	if identity.denied || boundary.denied || session.denied || scps.denied || rcps.denied ||
		endpoints.denied || resource.denied {
		return ExplicitDeny
	}
	// Steps 3 to 5.
	if !scps.allowed || !rcps.allowed || !endpoints.allowed {
		return ImplicitDeny
	}
	// Step 6.
	if isServiceOwned(r) || isForbiddenToSession(r) {
		return ImplicitDeny
	}
	// Step 7.
	if !e.granted(identity.allowed, boundary.allowed, session.allowed, resource.granted) {
		return ImplicitDeny
	}
	// Step 8.
	if e.blockedAsPublic() {
		return ExplicitDeny
	}
	// Step 9.
	return Allowed
}

// additionalActions implements R-STS-4: session tags, a source identity and a context
// assertion need their own permission on the same role.
func additionalActions(r Request) []policy.Action {
	if !isAssumeRole(r.Action) {
		return nil
	}
	given := func(want func(name string) bool) bool {
		for name, values := range r.Context {
			if len(values) > 0 && want(name) {
				return true
			}
		}
		return false
	}
	var actions []policy.Action
	if given(func(name string) bool {
		return hasPrefixFold(name, "aws:RequestTag/") || equalKey(name, "aws:TagKeys")
	}) {
		actions = append(actions, "sts:TagSession")
	}
	if given(func(name string) bool { return equalKey(name, "sts:SourceIdentity") }) {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if given(func(name string) bool {
		return hasPrefixFold(name, "sts:RequestContext/") || equalKey(name, "sts:RequestContextProviders")
	}) {
		actions = append(actions, "sts:SetContext")
	}
	return actions
}
