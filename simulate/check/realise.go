package check

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// maxTries limits the requests that are decided to find one that shows a difference.
const maxTries = 200

// maxActions limits the documented actions of a class whose resources are tried.
const maxActions = 50

// A candidate is a request that may be a counterexample.
type candidate struct {
	action, resource string // "*": no resource
	keys             []contextKey
	documented       bool
}

type contextKey struct {
	side   int // that has the key for itself, or everySide
	name   string
	values []string
	many   bool
}

const everySide = -1

// realise makes a counterexample of a cell: with an action and a resource that AWS documents
// if there are such, with as few keys as will do. nil: no request shows the difference.
func (q *question) realise(c *compiler, one *callerCase, cell *symbolic.Cell) *Counterexample {
	worlds := one.worlds(c, &cell.Model)
	if !worlds[0].caller.Principal.IsValid() {
		return nil
	}
	if !one.fixed {
		defer func() {
			for _, w := range worlds {
				delete(q.envs, w)
			}
		}()
	}
	var keys []contextKey
	for name, values := range cell.Model.Keys {
		if spelled, ok := c.spelled[name]; ok {
			keys = append(keys, contextKey{sideOf(name), spelled, values, slices.Contains(cell.Model.Many, name)})
		}
	}
	slices.SortFunc(keys, func(a, b contextKey) int { return cmp.Or(strings.Compare(a.name, b.name), a.side-b.side) })
	tries := 0
	shown := func(x candidate) bool {
		tries++
		return tries <= maxTries && q.shown(worlds, x)
	}
	for x := range q.candidates(cell, cmp.Or(worlds[0].caller.ResourceAccount, exampleAccount)).all {
		if q.ctx.Err() != nil {
			return nil
		}
		if one.owned && !worlds[0].owns(x.resource) {
			continue
		}
		x.keys = keys
		if one.agrees {
			x.keys = agreeingKeys(keys, x.resource)
		}
		if !shown(x) || !byOracle(worlds, x) {
			if tries >= maxTries {
				break
			}
			continue
		}
		short := x
		for i := len(x.keys) - 1; i >= 0; i-- {
			if isOneOf(x.keys[i].name, one.keeps) {
				continue
			}
			less := short
			less.keys = slices.Delete(slices.Clone(short.keys), i, i+1)
			if shown(less) {
				short = less
			}
		}
		if len(short.keys) < len(x.keys) && byOracle(worlds, short) {
			x = short
		}
		shows := func(worlds []*world, y candidate) bool { return q.shown(worlds, y) && byOracle(worlds, y) }
		var is bool
		if worlds, x, is = c.itself(one.anybody, worlds, x, shows); !is {
			return nil
		}
		if x.documented {
			x.documented = x.isWhole()
			if timely, ok := c.timely(x, keys, func(y candidate) bool { return shows(worlds, y) }); ok {
				x = timely
			} else {
				x.documented = false
			}
		}
		return q.counterexample(worlds, x)
	}
	return nil
}

// owns reports whether the world's resources, which are in the caller's account or in others, may
// have the ARN.
func (w *world) owns(resource string) bool {
	arn, err := policy.ParseARN(resource)
	if err != nil || !policy.IsAccountID(arn.AccountID()) {
		return true
	}
	account := w.caller.Principal.AccountID()
	return (arn.AccountID() == account) == (w.caller.ResourceAccount == account)
}

// byOracle has the candidate decided by the oracle on all sides, which takes long.
func byOracle(worlds []*world, x candidate) bool {
	for i, w := range worlds {
		r := w.caller
		r.Action = policy.Action(x.action)
		if r.Resource = x.resource; r.Resource == "*" {
			r.Resource = ""
		}
		r.Context, r.Multivalued = x.context(w, i)
		if spec.Decide(w.layers, r) == spec.Allowed != (i == 0) {
			return false
		}
	}
	return true
}

// shown has the candidate decided by the engine on all sides.
func (q *question) shown(worlds []*world, x candidate) bool {
	var requests []simulate.Request
	for i, w := range worlds {
		request, ok := q.request(w, x, i)
		if !ok {
			return false
		}
		env, err := q.environment(w)
		if err != nil {
			return false
		}
		d := env.Can(request)
		if d.Allowed() != (i == 0) || d.Outcome == simulate.Indeterminate {
			return false
		}
		requests = append(requests, request)
	}
	return q.confirmAlso == nil || q.confirmAlso(worlds, requests)
}

// context is what a side's request has: the facts of its caller, and the candidate's keys.
func (x *candidate) context(w *world, side int) (keys map[string][]string, many []string) {
	keys, many = maps.Clone(w.caller.Context), slices.Clone(w.caller.Multivalued)
	if keys == nil {
		keys = map[string][]string{}
	}
	for _, k := range x.keys {
		if k.side != everySide && k.side != side {
			continue
		}
		keys[k.name] = k.values
		if k.many {
			many = append(many, k.name)
		}
	}
	return keys, many
}

// request is the candidate as users ask it.
func (q *question) request(w *world, x candidate, side int) (simulate.Request, bool) {
	r := simulate.Request{Principal: w.caller.Principal, Action: policy.Action(x.action)}
	session := simulate.SessionSpec{Role: w.caller.RoleARN, IssuingUser: w.caller.IssuingUser, PrincipalID: w.caller.PrincipalID, Policies: w.layers.Session}
	if session.Role.IsValid() || session.IssuingUser.IsValid() || session.PrincipalID != "" || session.Policies != nil {
		s, err := simulate.NewSession(session)
		if err != nil {
			return r, false
		}
		r.Session = s
	}
	if x.resource != "*" {
		arn, err := policy.ParseARN(x.resource)
		if err != nil {
			return r, false
		}
		r.Resource = arn
	}
	keys, many := x.context(w, side)
	r.Keys = simulate.KeysFrom(keys).WithMultivalued(many...)
	return r, true
}

// environment is a world for the engine, in which only given keys count.
func (q *question) environment(w *world) (*simulate.Environment, error) {
	if env, ok := q.envs[w]; ok {
		return env, nil
	}
	l := w.layers
	layers := simulate.Layers{
		Identity: l.Identity, Boundary: l.Boundary, ServiceControl: l.SCPs, ResourceControl: l.RCPs,
		Resource: l.ResourcePolicy, ManagementAccount: l.ManagementAccount, BucketABAC: l.BucketABAC,
		BlockPublicAccess: l.BlockPublicAccess, AWSManagedKey: l.AWSManagedKey,
		ResourceAccount: w.caller.ResourceAccount, ObjectOwner: w.caller.ObjectOwner, CanonicalID: w.caller.CanonicalID, GivenKeysOnly: true,
	}
	for _, e := range l.Endpoints {
		layers.Endpoints = append(layers.Endpoints, simulate.EndpointPolicy{Gateway: e.Gateway, Policy: e.Policy})
	}
	env, err := w.alone.environment(func() (*simulate.Environment, error) {
		return simulate.CompileLayers(layers, simulate.WithStrictKeys())
	})
	if err == nil {
		q.envs[w] = env
	}
	return env, err
}

func (q *question) counterexample(worlds []*world, x candidate) *Counterexample {
	out := &Counterexample{Documented: x.documented, assumed: slices.ContainsFunc(worlds, func(w *world) bool { return w.assumed })}
	explain := q.explain
	if explain == nil {
		explain = func(i int, r simulate.Request, _ []string) (simulate.Request, *simulate.Explanation) {
			return r, q.envs[worlds[i]].Explain(r)
		}
	}
	request, _ := q.request(worlds[0], x, 0)
	_, many := x.context(worlds[0], 0)
	out.Request, out.Allowed = explain(0, request, many)
	if len(worlds) > 1 {
		refused, _ := q.request(worlds[1], x, 1)
		_, many := x.context(worlds[1], 1)
		_, out.Refused = explain(1, refused, many)
	}
	return out
}
