package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// Sessions of sts:GetFederationToken have what is both in the policies of the user, or the root user, who
// starts them and in a policy of their own, and what policies of resources grant them by name. They
// have another ARN, type and ID than the user, and may have tags of their own (IAM User Guide,
// “Permissions for GetFederationToken”; AWS STS API Reference, GetFederationToken).

// federated is the caller of all such sessions of the subject.
func (s *subject) federated() caller {
	return caller{kind: policy.FederatedUser, partition: s.caller.partition, account: s.caller.account}
}

// federatedSession stands for all of them: nothing that is its own is looked at.
func (s *subject) federatedSession() policy.Principal {
	return policy.PrincipalFromARN(policy.MustParseARN("arn:" + s.caller.partition + ":sts::" + s.caller.account + ":federated-user/ana"))
}

// isFederatedOwn reports whether a part of the caller, or a condition key of it, is another for each session.
func isFederatedOwn(name string) bool {
	return name == keyID || isOneOf(name, []string{"aws:PrincipalArn", "aws:userid"}) || strings.HasPrefix(fold(name), "AWS:PRINCIPALTAG/")
}

// isFederatedBy is what is true of these sessions besides.
func (s *subject) isFederatedBy(c *compiler) *symbolic.Formula {
	of := s.federated()
	return symbolic.And(of.holds(c), c.inner(keyIssuer).One(texts(s.principal.ARN().String())))
}

// asFederated asks the question about these sessions, of which one principal starts the same in
// both environments.
func (s *stackQuestion) asFederated() *stackQuestion {
	out := *s
	out.isFederated = true
	out.subjects = slices.Clone(s.subjects)
	for i := range out.subjects {
		out.subjects[i].caller = s.subjects[i].federated()
	}
	return &out
}

// mayFederate reports whether the one principal that holds may be allowed sts:GetFederationToken.
func (s *stackQuestion) mayFederate(ctx context.Context) bool {
	holds := &s.subjects[0]
	if !s.alike || holds.caller.kind != policy.User && holds.caller.kind != policy.Root {
		return false
	}
	if len(s.gaps) > 0 {
		return true
	}
	asked, err := newAsking(ctx, []Access{{Actions: []string{"sts:GetFederationToken"}}})
	if err != nil || asked.err != nil {
		return true
	}
	alone := *s
	alone.subjects, alone.listed = s.subjects[:1], nil
	one := alone.at(place{}) // no such session has a policy as a resource has
	one.within(asked.document, asked.limits)
	q := &question{ctx: ctx, cases: []*callerCase{one}, proofOnly: true}
	return q.answer().Verdict != Pass
}

const ofFederated = "sessions of sts:GetFederationToken that %s may start are not proved to be without: policies name them, or ask for condition keys that differ for them"

// besides is the answer about the sessions too, where policies may tell them from who starts them: Pass, or
// Unknown.
func (s *stackQuestion) besides(ctx context.Context, narrow func(*stackQuestion) ([]*callerCase, error)) Result {
	if kind := s.subjects[0].caller.kind; !s.alike || kind != policy.User && kind != policy.Root {
		return Result{Verdict: Pass}
	}
	f := s.asFederated()
	if !s.kept { // else all is listed that gives them more
		f.listed = slices.Clone(s.listed)
		for _, r := range s.namingFederated(s.subjects[0].principal.AccountID()) {
			if !slices.Contains(f.listed, r) {
				f.listed = append(f.listed, r)
			}
		}
	}
	list, err := narrow(f)
	if err != nil {
		return Result{Reason: reason(err)}
	}
	if len(list) == 0 || !f.tellsFederated() || !s.mayFederate(ctx) {
		return Result{Verdict: Pass}
	}
	q := &question{ctx: ctx, cases: list, proofOnly: true}
	if r := q.answer(); r.Verdict != Pass {
		return Result{Reason: fmt.Sprintf(ofFederated, s.subjects[0].principal)}
	}
	return Result{Verdict: Pass}
}

// federatedKeys are those of the caller that a session of the user may have otherwise.
var federatedKeys = []string{
	"aws:PrincipalArn", "aws:PrincipalType", "aws:userid", "aws:username", "aws:PrincipalTag/*", "aws:MultiFactorAuthPresent",
	"aws:MultiFactorAuthAge", "aws:TokenIssueTime", "aws:SourceIdentity", "aws:FederatedProvider",
}

// tellsFederated reports whether some policy may tell the sessions from the user or root user.
func (s *stackQuestion) tellsFederated() bool {
	if s.rcpsTellFederated == nil {
		tell := asksFederated(append(allRCPs(s.before), allRCPs(s.after)...))
		s.rcpsTellFederated = &tell
	}
	account := s.subjects[0].principal.AccountID()
	return *s.rcpsTellFederated || asksFederated(s.examples()) || slices.ContainsFunc(s.listed, func(r *listedResource) bool {
		return s.before != s.after && r.changed() || r.namesFederated(account)
	})
}

// asksFederated reports whether documents speak of keys that differ for the sessions.
func asksFederated(list []*policy.Document) bool {
	return slices.ContainsFunc(keysOf(list), func(name string) bool {
		return isOneOf(name, federatedKeys) || strings.HasPrefix(fold(name), "AWS:PRINCIPALTAG/")
	})
}

// namingFederated are the resources whose policies may name sessions of an account.
func (e *estate) namingFederated(account string) []*listedResource {
	list, ok := e.federated[account]
	if !ok {
		for _, r := range e.resources {
			if r.namesFederated(account) {
				list = append(list, r)
			}
		}
		if e.federated == nil {
			e.federated = map[string][]*listedResource{}
		}
		e.federated[account] = list
	}
	return list
}

// namesFederated reports whether a statement about the resource may treat such sessions of an account
// otherwise than who starts them.
func (r *listedResource) namesFederated(account string) bool {
	for _, d := range r.policies {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			if !s.NotPrincipal.IsZero() {
				return true
			}
			for _, id := range s.Principal.All() {
				if strings.Contains(id, ":"+account+":federated-user/") {
					return true
				}
			}
		}
	}
	return false
}
