package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Counterfactual says what would have to be different for a request to be allowed.
type Counterfactual struct {
	// Explanation is that of the request as it is.
	Explanation *Explanation
	// Remedies are smallest sets of changes that each make the request [Allowed], fewest
	// steps first, then the least far-reaching. A remedy that needs another principal or
	// resource is there only if there is no other.
	Remedies []Remedy
	// Barriers are what would still deny the request if its principal had an identity-based
	// policy that allows everything; none if that would be enough, or if nobody could know.
	Barriers []Barrier
	// Unknown lists what has to be known first, if no remedy could be verified for that reason.
	Unknown []Dependency
	// Truncated says that there may be further remedies.
	Truncated bool
}

// A Remedy is a set of changes that together make the request [Allowed]. Each has been
// made and the request decided again, and without any one of them it is not Allowed.
type Remedy struct {
	Steps []RemedyStep // keys of the request first, control policies last
	// Request is the request with the keys and the session of the steps.
	Request Request
	// Changes are the steps that change an organization, for [Environment.Apply].
	Changes []org.Change
	// Layers are the changed layers of an environment of [CompileLayers]; nil if no step
	// changes them.
	Layers *Layers
}

// A RemedyKind says what a [RemedyStep] changes.
type RemedyKind uint8

// The kinds of steps.
const (
	SetKey              RemedyKind = iota // a condition key of the request has other values
	AddAllow                              // a layer gets an Allow statement
	ExceptDeny                            // a Deny statement excepts the caller
	UnblockPublicAccess                   // S3 Block Public Access no longer restricts the bucket
)

// String is "setKey", "addAllow", "exceptDeny" or "unblockPublicAccess".
func (k RemedyKind) String() string {
	return [...]string{"setKey", "addAllow", "exceptDeny", "unblockPublicAccess"}[k]
}

// A RemedyStep is one change of a [Remedy].
type RemedyStep struct {
	Kind RemedyKind

	// SetKey: the key, and values with which the remedy was verified; none says that the
	// request must not have the key.
	Key    string
	Values []string
	// SetKey: the conditions for which the key needs these values, and how they must come out.
	Tests []Test
	// SetKey: the key says who the principal or which the resource is, so that it takes
	// another one and not another call.
	Fixed bool

	Stage          Stage  // other kinds: the layer that changes
	Node, NodeName string // SCPs, RCPs: the root, OU or account; endpoint policies: the endpoint

	// AddAllow: the least statement, and whose policy gets it: the ARN of a user, role,
	// resource, or of the managed policy that is the boundary; UnblockPublicAccess: the
	// bucket. "" for session policies, control policies and bare layers.
	Statement policy.Statement
	Target    string

	// ExceptDeny: the statement that denies, and what stands in its place. The zero
	// Replacement means that no condition can tell the caller apart, so that the statement
	// would have to go.
	Deny        StatementRef
	Replacement policy.Statement
}

// A Barrier is something that denies a request whatever identity-based policies allow.
type Barrier struct {
	Stage          Stage
	Node, NodeName string       // SCPs and RCPs: the root, OU or account; endpoint policies: the endpoint
	Statement      StatementRef // the Deny statement; zero: nothing in the layer allows the request
	Action         policy.Action
}

// String is a short sentence: "set aws:RequestedRegion to [eu-west-1]", "allow s3:GetObject
// in identityPolicy of arn:aws:iam::111122223333:user/ana", "except the caller from
// OnlyEurope of regions (serviceControl)", "unblock public access".
func (s RemedyStep) String() string {
	where := s.Stage.String()
	switch {
	case s.Target != "":
		where += " of " + s.Target
	case s.Node != "":
		where += " of " + s.Node
	}
	switch s.Kind {
	case SetKey:
		text := fmt.Sprintf("set %s to %s", s.Key, s.Values)
		if len(s.Values) == 0 {
			text = fmt.Sprintf("leave out %s", s.Key)
		}
		if s.Fixed {
			text += " by another principal or resource"
		}
		return text
	case AddAllow:
		return fmt.Sprintf("allow %s in %s", strings.Join(slices.Collect(s.Statement.Action.All()), " "), where)
	case ExceptDeny:
		return fmt.Sprintf("except the caller from %s", s.Deny.text())
	}
	return "unblock public access"
}

// String joins the steps with "and".
func (r Remedy) String() string {
	texts := make([]string, len(r.Steps))
	for i, s := range r.Steps {
		texts[i] = s.String()
	}
	return strings.Join(texts, " and ")
}

// String names the statement that denies, or the layer that does not allow:
// "OnlyEurope of regions (serviceControl)", "resourcePolicy".
func (b Barrier) String() string {
	switch {
	case !b.Statement.IsZero():
		return b.Statement.text()
	case b.Node != "":
		return b.Stage.String() + " of " + b.Node
	}
	return b.Stage.String()
}

// text is the statement's Sid or number, with its policy and layer.
func (r StatementRef) text() string {
	name := cmp.Or(r.SID, fmt.Sprintf("statement %d", r.Index+1))
	stage := map[policy.Kind]Stage{
		policy.IdentityBased: StageIdentityPolicy, policy.ResourceBased: StageResourcePolicy, policy.RoleTrust: StageResourcePolicy,
		policy.PermissionsBoundary: StageBoundary, policy.SessionPolicy: StageSessionPolicy, policy.ServiceControl: StageServiceControl,
		policy.ResourceControl: StageResourceControl, policy.VPCEndpoint: StageEndpointPolicy,
	}[r.Policy.Kind]
	return fmt.Sprintf("%s of %s (%s)", name, r.Policy.Name, stage)
}

// The bounds of one Counterfactual, so that its effort does not grow with the number of
// combinations.
const (
	mostRemedies   = 8
	mostSteps      = 6
	mostSituations = 600
)

// HowToAllow says what would make the request allowed: the smallest sets of changes, each
// verified with [Environment.Can] after making it. There is none for a request that is
// allowed already, and none that a rule of the service itself refuses.
//
// Steps change keys of the request, add an Allow statement where a layer lacks one, or
// except the caller from a Deny statement. A statement that denies is often a guardrail:
// the step says that it stands in the way, not that it should be changed. Policies that AWS
// manages, those of service-linked roles, and whatever the model does not know are left as
// they are.
func (e *Environment) HowToAllow(r Request) *Counterfactual {
	c := &Counterfactual{Explanation: e.Explain(r)}
	if c.Explanation.Decision.Allowed() {
		return c
	}
	if !r.valid() {
		c.Unknown = c.Explanation.Depends
		return c
	}
	s := remedySearch{env: e.around(r), request: r}
	var w world
	w.resolve(e, &r)
	s.caller = w.identify()
	for _, s.fixed = range []bool{false, true} {
		s.run()
		for _, steps := range s.best() {
			if remedy, ok := e.verify(r, steps); ok {
				c.Remedies = append(c.Remedies, remedy)
			}
		}
		if c.Truncated = s.truncated; len(c.Remedies) > 0 {
			break
		}
	}
	if len(c.Remedies) > mostRemedies {
		c.Remedies, c.Truncated = c.Remedies[:mostRemedies], true
	}
	if len(c.Remedies) == 0 {
		c.Unknown = s.unknown
	}
	c.Barriers = s.barriers()
	return c
}

// verify makes the steps in the whole environment and decides again.
func (e *Environment) verify(r Request, steps []RemedyStep) (Remedy, bool) {
	sit := situation{base: e, request: r}
	env, ok := sit.take(steps)
	if !ok || !env.Can(sit.request).Allowed() {
		return Remedy{}, false
	}
	return Remedy{Steps: steps, Request: sit.request, Changes: sit.changes, Layers: sit.layers}, true
}

// cost orders steps by how far they reach: the request itself, then what its principal
// holds, then what others share.
func (s *RemedyStep) cost() int {
	switch s.Kind {
	case SetKey:
		if s.Fixed {
			return 9
		}
		return 0
	case UnblockPublicAccess:
		return 20
	}
	cost := map[Stage]int{
		StageSessionPolicy: 1, StageIdentityPolicy: 2, StageResourcePolicy: 3,
		StageEndpointPolicy: 4, StageBoundary: 5, StageResourceControl: 7, StageServiceControl: 8,
	}[s.Stage]
	if s.Kind == ExceptDeny {
		cost += 10
	}
	return cost
}

// identity tells the steps of one search apart.
func (s *RemedyStep) identity() string {
	d := s.Deny
	return fmt.Sprint(s.Kind, "\x00", strings.ToLower(s.Key), s.Values, len(s.Values), "\x00", s.Stage, s.Node, "\x00", s.Target, "\x00",
		slices.Collect(s.Statement.Action.All()), "\x00", d.Policy.Kind, d.Policy.ID, "\x00", d.Policy.Holder, d.Policy.Name, d.Policy.Node, d.Index)
}

func compareSteps(a, b RemedyStep) int {
	return cmp.Or(cmp.Compare(a.cost(), b.cost()), strings.Compare(a.identity(), b.identity()))
}

// compareRemedies puts fewer steps first, then those that reach less far.
func compareRemedies(a, b []RemedyStep) int {
	var costA, costB int
	for i := range a {
		costA += a[i].cost()
	}
	for i := range b {
		costB += b[i].cost()
	}
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(costA, costB), slices.CompareFunc(a, b, compareSteps))
}
