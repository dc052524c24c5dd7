package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// Certify proves that a document, as the only identity policy, allows a user, role or role session
// exactly what its identity policies, permissions boundary and all levels of SCPs allow together,
// of resources of its own account that have no policy: what
// [simulate.Environment.EquivalentPolicy] says, with the tags and all else that the environment knows of
// the principal. The counterexample of Fail is allowed by one of
// them. Unknown is also the answer where a part of the principal's policies is not known; errors
// are those of [NoNewAccess].
func Certify(ctx context.Context, env *simulate.Environment, p policy.Principal, d *policy.Document) (Result, error) {
	if err := checkKind(policy.IdentityBased, d); err != nil {
		return Result{}, err
	}
	s := subject{env: env, principal: p}
	if err := s.prepare(); err != nil {
		return Result{}, err
	}
	if s.caller.kind == policy.Root {
		return Result{Reason: "a root user has no identity policies"}, nil
	}
	if missing := s.base.Missing; len(missing) > 0 {
		return Result{Reason: fmt.Sprintf("policies of %s are not known: %s", p, strings.Join(missing, ", "))}, nil
	}
	if env.Reference() != serviceref.Embedded() {
		return Result{Reason: otherFacts}, nil
	}
	for _, swap := range []bool{false, true} {
		one, worlds := s.beside(d, swap)
		q := &question{ctx: ctx, cases: []*callerCase{one}, examples: append([]*policy.Document{d}, s.base.Layers.Identity...)}
		q.explain = func(i int, r simulate.Request, many []string) (simulate.Request, *simulate.Explanation) {
			return s.bare(r, many), q.envs[worlds[i]].Explain(r)
		}
		if r := q.answer(); r.Verdict != Pass {
			return r, nil
		}
	}
	return Result{Verdict: Pass}, nil
}

const otherFacts = "the environment has other service facts than those of this module, which proofs are about"

// beside is the subject's layers on one side and a document on the other: what the first allows
// and the second does not, or with swap the other way round.
func (s *subject) beside(d *policy.Document, swap bool) (*callerCase, []*world) {
	l := &s.base.Layers
	account := s.principal.AccountID()
	own := spec.Layers{Identity: l.Identity, Boundary: l.Boundary, SCPs: l.ServiceControl, ResourcePolicy: grantTo(account), BucketABAC: true}
	alone := spec.Layers{Identity: []*policy.Document{d}, ResourcePolicy: grantTo(account), BucketABAC: true}
	caller := spec.Request{Principal: s.principal, RoleARN: s.base.Role, PrincipalID: s.base.PrincipalID, ResourceAccount: account}
	both := &stackQuestion{subjects: []subject{*s}, alike: true}
	known := both.facts([]simulate.Standing{s.base}, nil, d)
	caller.Context, caller.Multivalued = known.context(0)
	worlds := []*world{{layers: own, caller: caller}, {layers: alone, caller: caller}}
	if swap {
		worlds[0], worlds[1] = worlds[1], worlds[0]
	}
	return &callerCase{
		worlds: func(*compiler, *symbolic.Model) []*world { return worlds }, fixed: true,
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			c.isOwn = func(string) bool { return false }
			require = known.holds(c, 0)
			for _, w := range worlds {
				b := newSide(c)
				b.serviceRules(s.caller.kind)
				must := []int{b.documents(policy.IdentityBased, w.layers.Identity...)}
				if len(w.layers.Boundary) > 0 {
					must = append(must, b.documents(policy.PermissionsBoundary, w.layers.Boundary...))
				}
				for _, level := range w.layers.SCPs {
					must = append(must, b.documents(policy.ServiceControl, level...))
				}
				b.Grant = func(f []*symbolic.Formula) *symbolic.Formula { return all(f, must...) }
				sides = append(sides, b.Side)
				if err == nil {
					err = b.err
				}
			}
			return sides, require, err
		},
		nonempty: true,
	}, worlds
}

// bare is a request without the keys that the environment knows by itself; many have a list of values.
func (s *subject) bare(r simulate.Request, many []string) simulate.Request {
	bare := s.request(r.Action, r.Resource)
	for name, values := range r.Keys.All() {
		if known, state := s.env.Key(s.request(r.Action, r.Resource), name); state != simulate.KeyKnown || !slices.Equal(known, values) {
			bare.Keys = bare.Keys.With(name, values...)
			if slices.Contains(many, name) {
				bare.Keys = bare.Keys.WithMultivalued(name)
			}
		}
	}
	return bare
}
