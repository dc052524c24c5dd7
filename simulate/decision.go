package simulate

import (
	"fmt"

	"github.com/licit-dev/licit/policy"
)

// An Outcome is the answer to a [Request].
type Outcome uint8

// The outcomes, in IAM's own words. The zero Outcome denies.
const (
	ImplicitDeny  Outcome = iota // nothing denies, but something that is required does not allow
	ExplicitDeny                 // a Deny statement matches
	Allowed                      // everything that is required allows, and nothing denies
	Indeterminate                // the answer depends on something that is not known
)

var outcomeNames = [...]string{"implicitDeny", "explicitDeny", "allowed", "indeterminate"}

// String is "implicitDeny", "explicitDeny", "allowed" or "indeterminate".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// ParseOutcome is the inverse of [Outcome.String].
func ParseOutcome(s string) (Outcome, error) {
	for o, name := range outcomeNames {
		if name == s {
			return Outcome(o), nil
		}
	}
	return 0, fmt.Errorf("outcome %q: want allowed, explicitDeny, implicitDeny or indeterminate", s)
}

// A Stage is the layer of the evaluation that decided.
type Stage uint8

// The stages, in the order in which they are explained (IAM User Guide, “Policy
// evaluation logic”).
const (
	StageNone              Stage = iota
	StageServiceRule             // a rule of the service itself, such as sts:GetCallerIdentity
	StageServiceControl          // service control policies
	StageResourceControl         // resource control policies
	StageResourcePolicy          // the policy of the resource, a trust policy included
	StageIdentityPolicy          // policies of the user, its groups, or the role
	StageBoundary                // the permissions boundary
	StageSessionPolicy           // session policies
	StageEndpointPolicy          // policies of VPC endpoints
	StageBlockPublicAccess       // S3 Block Public Access
)

var stageNames = [...]string{
	"none", "serviceRule", "serviceControl", "resourceControl", "resourcePolicy",
	"identityPolicy", "boundary", "sessionPolicy", "endpointPolicy", "blockPublicAccess",
}

// String names the stage as the file formats do: "serviceControl", "identityPolicy", ….
func (s Stage) String() string {
	if int(s) < len(stageNames) {
		return stageNames[s]
	}
	return fmt.Sprintf("Stage(%d)", uint8(s))
}

// A Decision is the answer of [Environment.Can]. It is small and comparable; the zero
// Decision is an implicit deny. Decisions of two environments are compared by Outcome and
// Stage, since the statement is known to its own environment only.
type Decision struct {
	Outcome Outcome
	Stage   Stage // the layer that decided
	// possible has a bit for each outcome that an Indeterminate may turn out to be.
	possible  uint8
	statement uint32 // 1 + number of the deciding statement; 0: none
}

// Allowed reports whether the request is allowed for certain.
func (d Decision) Allowed() bool { return d.Outcome == Allowed }

// Denied reports whether the request is not allowed for certain: an explicit or implicit
// deny, or an Indeterminate that can only turn out to be one of the two.
func (d Decision) Denied() bool { return !d.CanBe(Allowed) }

// CanBe reports whether the decision may turn out to be o once everything is known.
func (d Decision) CanBe(o Outcome) bool {
	if d.Outcome == Indeterminate {
		return d.possible&(1<<o) != 0
	}
	return d.Outcome == o
}

// String is the outcome and the stage: "explicitDeny (serviceControl)".
func (d Decision) String() string {
	if d.Stage == StageNone {
		return d.Outcome.String()
	}
	return fmt.Sprintf("%s (%s)", d.Outcome, d.Stage)
}

// A PolicyRef names a policy where it is attached.
type PolicyRef struct {
	Kind     policy.Kind
	Name     string // policy name; for a resource or trust policy the resource's ARN
	ID       string // ARN of a managed policy, ID of a control policy or endpoint; or ""
	Node     string // control policies: ID of the root, OU or account that it is attached to
	NodeName string // the node's name
	Holder   string // inline policies: ARN of the user, group or role
	Document *policy.Document
}

// A StatementRef names one statement. The zero StatementRef is none.
type StatementRef struct {
	Policy PolicyRef
	Index  int // counted from 0
	SID    string
}

// IsZero reports whether there is no statement.
func (r StatementRef) IsZero() bool { return r.Policy.Document == nil }

// Position is the place of the statement in the file of its document. It is not valid for
// a document that was not parsed from text.
func (r StatementRef) Position() policy.Position {
	if r.IsZero() {
		return policy.Position{}
	}
	p, _ := r.Policy.Document.Position(fmt.Sprintf("/Statement/%d", r.Index))
	return p
}
