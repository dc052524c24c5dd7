package check

import (
	"context"
	"slices"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A Guardrail is what nobody but some principals may be granted.
type Guardrail struct {
	// Accesses are what is guarded: all of them, at least one.
	Accesses []Access
	// Except are patterns of those who may have the access: of their ARN, that of the role for its
	// sessions, of the name of a service or identity provider; "*" for callers without credentials.
	Except []string
	// Most is how many principals the answer lists of each sort, the others are only counted.
	// 0: 100.
	Most int
}

// defaultMost is how many principals are listed where nobody says how many.
const defaultMost = 100

// A GuardrailResult is the answer about a guardrail. Its Result is that of all principals
// together: Fail, with the first counterexample, if one breaks the guardrail, else Unknown, with
// the first reason, if one may.
type GuardrailResult struct {
	Result
	// Breaches are a counterexample for each principal that breaks the guardrail, in the order of
	// accounts and in them of users, roles and the root user, then one for each resource on
	// which outsiders do; MoreBreaches counts those that are not listed.
	Breaches     []*Counterexample
	MoreBreaches int
	// Undecided are, in the same order, the principals of which neither is known, also since
	// the context ended, and outsiders; MoreUndecided counts those that are not listed.
	Undecided     []Undecided
	MoreUndecided int
	// Proved and Excepted count the principals of the environment that are proved to have none of
	// the accesses, and those that were not asked about.
	Proved, Excepted int
}

// An Undecided is a principal of which something was neither proved nor disproved.
type Undecided struct {
	Principal policy.Principal // zero: outsiders, and users and roles that are not listed
	Reason    string
}

// Guarded proves that a guardrail holds: that nobody is granted any of the accesses, save those
// whom it excepts. An access without resources is about those that AWS documents for its actions, and
// for actions that AWS does not document about all. It asks about every principal, whatever it finds of the others. Pass says that of
//
//   - the users, roles and root users of the environment, with all policies that bear on them, on all
//     resources;
//   - outsiders, on the resources of the environment: callers without credentials, AWS services,
//     identity providers and the principals of accounts that the environment does not list, by
//     what resource and trust policies grant whatever policies the outsiders themselves have,
//     less what RCPs and Block Public Access deny (IAM User Guide, “Cross-account policy
//     evaluation logic”).
//
// Sessions of sts:GetFederationToken count for the user or root user who may start them: Unknown
// where policies that name them, or ask for keys that differ for them, may let them do what their
// user may not. Of what is granted other than by policies, such as S3 ACLs, grants of KMS keys and
// resource shares, Pass says nothing. It takes
// accounts to have the principals and the resources with policies that the environment lists. A
// resource that may have a policy none the less makes the answer Unknown, where no RCP denies: KMS
// keys and access points that are not listed, and what is in a gap (package org, Gap); so does a
// gap that may hide users or roles whom nothing excepts. Other errors and
// reasons of Unknown are those of [NoGainedAccess].
func Guarded(ctx context.Context, env *simulate.Environment, g Guardrail, options ...Option) (GuardrailResult, error) {
	e, err := newEstate(env, env)
	if err != nil {
		return GuardrailResult{}, err
	}
	asked, err := newAsking(ctx, apart(g.Accesses))
	if err != nil {
		return GuardrailResult{}, err
	}
	if asked.err != nil {
		return GuardrailResult{Result: Result{Reason: reason(asked.err)}}, nil
	}
	var spared []glob.Pattern
	for _, p := range g.Except {
		spared = append(spared, glob.Compile(p, glob.Wildcards))
	}
	out := GuardrailResult{Result: Result{Verdict: Pass}}
	if g.Most <= 0 {
		g.Most = defaultMost
	}
	err = each(ctx, everybody(env), options, func(p policy.Principal) (Result, error) {
		if slices.ContainsFunc(spared, func(s glob.Pattern) bool { return s.Match(p.ARN().String(), nil) }) {
			out.Excepted++
			return Result{Verdict: Pass}, nil
		}
		r, err := e.granted(ctx, subject{env: env, principal: p}, asked)
		if r.Verdict == Pass {
			out.Proved++
		}
		return r, err
	}, func(p policy.Principal, r Result) (more bool) {
		out.add(p, r, g.Most)
		return true
	})
	if err != nil {
		return GuardrailResult{}, err
	}
	for _, subject := range hiddenPrincipals(env, spared) {
		out.add(policy.Principal{}, Result{Reason: mayBeMore + subject}, g.Most)
	}
	last := ""
	for _, r := range e.outside(env, g.Except).granted(ctx, asked) {
		if r.Verdict == Unknown && r.Reason == last {
			continue // one reason of many resources
		}
		last = r.Reason
		out.add(policy.Principal{}, r, g.Most)
	}
	return out, nil
}

// add counts the answer about a principal.
func (g *GuardrailResult) add(p policy.Principal, r Result, most int) {
	g.Result = g.and(r)
	switch {
	case r.Verdict == Fail && len(g.Breaches) < most:
		g.Breaches = append(g.Breaches, r.Counterexample)
	case r.Verdict == Fail:
		g.MoreBreaches++
	case r.Verdict == Unknown && len(g.Undecided) < most:
		g.Undecided = append(g.Undecided, Undecided{p, r.Reason})
	case r.Verdict == Unknown:
		g.MoreUndecided++
	}
}

// and is the answer about two principals: the first that fails, else the first that is unknown.
func (r Result) and(next Result) Result {
	if r.Verdict == Pass || r.Verdict == Unknown && next.Verdict == Fail {
		return next
	}
	return r
}

// everybody are the users, roles and root users of an environment, by account.
func everybody(env *simulate.Environment) (principals []policy.Principal) {
	for a := range env.Organization().Accounts() {
		partition := "aws"
		for _, u := range a.Users {
			partition = u.ARN.Partition()
			principals = append(principals, policy.PrincipalFromARN(u.ARN))
		}
		for _, r := range a.Roles {
			partition = r.ARN.Partition()
			principals = append(principals, policy.PrincipalFromARN(r.ARN))
		}
		principals = append(principals, policy.PrincipalFromARN(policy.MustParseARN("arn:"+partition+":iam::"+a.ID+":root")))
	}
	return principals
}

// each asks about principals one by one until answer wants no more. Of those that are left when
// the context ends, nothing is known.
func each(ctx context.Context, principals []policy.Principal, options []Option, ask func(policy.Principal) (Result, error), answer func(policy.Principal, Result) (more bool)) error {
	s := settingsOf(options)
	for i, p := range principals {
		s.progress(i, len(principals))
		var r Result
		if err := ctx.Err(); err != nil {
			r.Reason = reason(err)
		} else if r, err = ask(p); err != nil {
			return err
		}
		if !answer(p, r) {
			return nil
		}
	}
	return nil
}
