// Package check proves what a policy can ever grant.
//
// [NoNewAccess] proves that an updated policy allows nothing that the existing one did not,
// over all requests there could be: every action, known to AWS today or not, every resource,
// every caller, every value of every condition key. [Equivalent] and [AccessNotGranted] are
// its relatives.
//
// The answer has three values. [Pass] is a proof. [Fail] comes with a [Counterexample], a
// request that was decided by both evaluators of this module before it is returned.
// [Unknown] is everything else, with the reason: policies beyond a limit, or conditions that
// relate keys with each other in ways that are not decided. Limits are counts, never times,
// so an answer is the same on every machine; only a context that ends is Unknown, too.
//
// A proof is about the decisions of this module. Where AWS documents no rule, or two that contradict
// each other, it holds under the rule that this module has chosen, and does not say so: a negated operator
// without a set operator matches no key with several values; ForAnyValue with IfExists fails without the
// key; an ARN with fewer than six parts matches in resource, endpoint and service control policies only if it
// has a wildcard, in SCPs at its end, and never in RCPs; case counts in the partition and region of an ARN; a value of the
// wrong type fails negated operators, too; ArnLike does not take "*"; an empty value of a variable is an
// empty text; a star in the first five parts of an ARN stays in its part.
//
// A counterexample is of one caller, but may break other relations between keys: those of aws:CalledVia with ViaAWSService,
// MultiFactorAuthAge with MultiFactorAuthPresent, RequestTag with TagKeys, and PrincipalOrgPaths with PrincipalOrgID are not modelled.
package check

import (
	"context"
	"fmt"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A Verdict is the answer to a question about all requests.
type Verdict uint8

// The verdicts. The zero Verdict knows nothing.
const (
	Unknown Verdict = iota // neither a proof nor a counterexample was found
	Pass                   // proved
	Fail                   // disproved by a counterexample
)

var verdictNames = [...]string{"unknown", "pass", "fail"}

// String is "unknown", "pass" or "fail".
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// A Result is a verdict with what supports it. The zero Result is [Unknown] without a reason.
type Result struct {
	Verdict        Verdict
	Counterexample *Counterexample // of Fail, otherwise nil
	Reason         string          // of Unknown: what stood in the way; otherwise empty
}

// A Counterexample is a request that one side allows and the other does not.
type Counterexample struct {
	Request simulate.Request
	// Allowed is how the side decides that allows it, Refused how the other does. Where a
	// document is compared, all that it does not say is allowed; where it is what documents deny
	// that differs, another policy stands beside them that allows; see [NoNewAccess].
	Allowed, Refused *simulate.Explanation
	// Documented says that the action is in the Service Authorization Reference and that the
	// resource has a form that it gives for the action. Otherwise the policies differ only
	// in what AWS does not have, as far as is known today.
	Documented bool

	assumed bool // it needs a resource policy that is not known
}

// NoNewAccess proves that every request that is allowed with updated as a policy of kind k is
// allowed with existing in its place, too, whatever the other policies are that bear on it.
//
// Of identity policies, boundaries, session policies and SCPs that is: updated allows no
// more by itself, and denies all that existing denies. A Deny counts even if nothing in its
// document allows what it denies: other identity policies may, other SCPs of the same
// place, and in front of a boundary or session policy the policy of a resource that names
// the caller (IAM User Guide, “Permissions boundaries for IAM entities”). This is more than
// CheckNoNewAccess asks, which compares the documents alone (“Validate policies with IAM
// Access Analyzer custom policy checks”). RCPs only deny, also callers with tokens of
// identity providers. Policies that name principals are held against callers of every
// kind, with and without identity policies, boundaries and session policies that allow: to
// name a role instead of its account is new access, since a grant to the role needs no
// identity policy.
//
// The error says which document could not be in force as kind k.
func NoNewAccess(ctx context.Context, existing, updated *policy.Document, k policy.Kind) (Result, error) {
	if err := checkKind(k, existing, updated); err != nil {
		return Result{}, err
	}
	list, err := cases(k, updated, existing)
	if err != nil {
		return Result{}, err
	}
	q := &question{ctx: ctx, cases: list, examples: []*policy.Document{updated, existing}}
	return q.answer(), nil
}

// Equivalent proves that either of two documents can stand in place of the other as a policy of
// kind k: [NoNewAccess] both ways. The counterexample of Fail is allowed with one of them;
// errors are those of [NoNewAccess].
func Equivalent(ctx context.Context, a, b *policy.Document, k policy.Kind) (Result, error) {
	there, err := NoNewAccess(ctx, a, b, k)
	if err != nil || there.Verdict == Fail {
		return there, err
	}
	back, err := NoNewAccess(ctx, b, a, k)
	if err != nil || back.Verdict != Pass {
		return back, err
	}
	return there, nil
}

// An Access is what a policy must not grant: any of the actions on any of the resources, both
// with wildcards as policies write them. No actions: any action. No resources: any resource.
type Access struct {
	Actions, Resources []string
}

// AccessNotGranted proves that a document of kind k allows none of the accesses to anybody, not
// even where everything else allows (“Validate policies with IAM Access Analyzer custom
// policy checks”, CheckAccessNotGranted). What other policies allow is not asked: the policy
// of a resource may grant to a user what its boundary does not allow. What needs no permission, such as
// sts:GetCallerIdentity, no document grants. The error says what is wrong with the document or
// with an access.
func AccessNotGranted(ctx context.Context, d *policy.Document, k policy.Kind, accesses ...Access) (Result, error) {
	if err := checkKind(k, d); err != nil {
		return Result{}, err
	}
	list, err := cases(k, d, nil)
	if err != nil {
		return Result{}, err
	}
	asked, err := accessDocument(accesses)
	if err != nil {
		return Result{}, err
	}
	for _, one := range list {
		one.within(asked, nil)
	}
	q := &question{ctx: ctx, cases: list, examples: []*policy.Document{asked, d}}
	return q.answer(), nil
}
