package check

import (
	"context"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// Gained lists everything that a user, role, role session or root user can do in the environment
// after and could not do before; with the environments swapped, what it loses. For one that is
// not in the environment before, that is all that it can do; for one that is not in the
// environment after, nothing: both as [NoGainedAccess] takes them.
//
// The statements of the regions are those of the principal's identity policies, permissions
// boundary, SCPs and RCPs, without values that match nothing, and those of policies of listed resources
// that changed, written for the principal alone. Within may have Allows of the boundary and of
// SCPs, and what names the resource. A Deny for everybody is one of an RCP, and matches only
// requests that RCPs reach: for resources of the principal's account, AWS managed keys
// aside, and of services and actions that they apply to. A Statement
// of everything with a Principal stands for what policies of resources allow: a user, or a role, by
// name or with everybody; where a role has a boundary, by name, or everybody and single sessions.
// Such a region has an Example only on a listed resource.
//
// Sessions of sts:GetFederationToken, whose keys differ, are beside the question.
//
// Certified says that this is proved, of all actions, resources and keys: all that the principal gains
// is in a region, on resources without a policy, on listed ones with theirs, and on all others,
// whatever their policies say, if they say the same in both environments. And all that is in a
// region is gained: on the one resource whose policy has its statements; or else, without a Principal
// in its Statement, on the resources of the principal's account that have no policy, or one that grants
// the account and denies nothing; with one, on those whose policy allows it so and denies nothing.
// What only the policy of a resource can open to the account (a key, a role that is assumed) is
// gained only where it does. Policies of VPC endpoints are beside the question; they must be the
// same in both environments. What [NoGainedAccess] must know, Certified must, too; where a boundary
// is new or gone, what that changes cannot be certified, since a resource policy may deny with
// NotPrincipal whoever has one. Errors are those of [NoGainedAccess].
func Gained(ctx context.Context, before, after *simulate.Environment, p policy.Principal) (Summary, error) {
	out, err := GainedByEach(ctx, before, after, []policy.Principal{p})
	if err != nil {
		return Summary{}, err
	}
	return out[0], nil
}

// GainedByEach is [Gained] for several principals: one Summary for each, in their order.
func GainedByEach(ctx context.Context, before, after *simulate.Environment, principals []policy.Principal, options ...Option) ([]Summary, error) {
	e, err := newEstate(before, after)
	if err != nil {
		return nil, err
	}
	settings := settingsOf(options)
	out := make([]Summary, len(principals))
	for i, p := range principals {
		settings.progress(i, len(principals))
		if err := ctx.Err(); err != nil {
			out[i].Reason = reason(err)
			continue
		}
		if out[i], err = e.gained(ctx, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *estate) gained(ctx context.Context, p policy.Principal) (Summary, error) {
	g, known, err := e.gain(ctx, p)
	if g == nil {
		return known, err
	}
	summarizer, err := g.summarizer()
	if err != nil {
		return Summary{Reason: reason(err)}, nil
	}
	return summarizer.summary(g.certify, g.example), nil
}

// gain is nil where the Summary or the error is all that there is to say.
func (e *estate) gain(ctx context.Context, p policy.Principal) (*gain, Summary, error) {
	subjects := []subject{{env: e.after, principal: p}, {env: e.before, principal: p}}
	if err := subjects[0].prepare(); err != nil {
		return nil, Summary{}, err
	}
	if subjects[0].isNobody() {
		return nil, Summary{Certified: true}, nil
	}
	if subjects[1].isNobody() {
		subjects = subjects[:1]
	}
	q, result, err := e.question(ctx, subjects)
	if q == nil {
		return nil, Summary{Reason: result.Reason}, err
	}
	q.unlisted = true
	if q.differs != "" {
		return nil, Summary{Reason: fmt.Sprintf("%s of %s is not the same, which a resource policy that is not known may ask for", q.differs, p)}, nil
	}
	if len(q.places(q.listed)) == 0 {
		return nil, Summary{Certified: true}, nil
	}
	return &gain{ctx: ctx, stackQuestion: q}, Summary{}, nil
}

// A gain is the question what one principal can do in one environment more than in another.
type gain struct {
	ctx context.Context
	*stackQuestion
	lists []sideStatements
	rcps  []int // lists that are of RCPs
	each  int   // what a proof costs
}

// maxExamplePlaces limits the listed resources on which an example of a region is looked for.
const maxExamplePlaces = 10

// example looks for a request of the region that both evaluators decide, and the environments.
func (g *gain) example(r *Region) *Counterexample {
	w, err := g.wordsOf([]Region{*r})
	if err != nil {
		return nil
	}
	places := []place{{listed: r.at}} // without one, the resources that have no policy
	if r.at == nil {
		for _, l := range g.listed[:min(len(g.listed), maxExamplePlaces)] {
			places = append(places, place{listed: l})
		}
	}
	if isGranting(&r.Statement) {
		places = places[1:]
	}
	for _, p := range places {
		one, at := g.placed(p)
		sides := one.sides
		one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			list, require, err := sides(c)
			if err != nil {
				return nil, nil, err
			}
			st, err := g.standing(c, p, at, list[0], w)
			if err != nil {
				return nil, nil, err
			}
			side, lacks := st.holds(&w.regions[0])
			return slices.Concat([]*symbolic.Side{every(list[0], side)}, list[1:], lacks), require, nil
		}
		q := &question{ctx: g.ctx, cases: []*callerCase{one}, examples: append([]*policy.Document{w.all}, g.examples()...), confirmAlso: g.confirm, explain: g.explain}
		if found := q.answer().Counterexample; found != nil {
			return found
		}
	}
	return nil
}
