package simulate

import (
	"slices"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// Take makes steps, so that tests can leave some of them out.
func Take(e *Environment, r Request, steps []RemedyStep) (Request, []org.Change, *Layers, bool) {
	s := situation{base: e, request: r}
	_, ok := s.take(steps)
	return s.request, s.changes, s.layers, ok
}

// Unmerge makes the environment decide document by document, as one does that has no room
// for merged programs.
func (e *Environment) Unmerge() {
	split := func(levels []level) {
		for i := range levels {
			levels[i].all = nil
		}
	}
	for _, a := range e.accounts {
		split(a.scps)
		split(a.rcps)
	}
	for _, p := range e.principals {
		p.identity.all = nil
	}
	if p := e.layers; p != nil {
		p.identity.all, p.boundary.all = nil, nil
		split(p.account.scps)
		split(p.account.rcps)
	}
}

// OutsideRequests are what every caller that neither organization lists may ask of the
// resources that both list, and of an object in their buckets.
func OutsideRequests(before, after *Environment, actions []policy.Action) map[Outsider][]Request {
	out := map[Outsider][]Request{}
	for text, r := range before.resources {
		other := after.resources[text]
		if other == nil {
			continue
		}
		arn := policy.MustParseARN(text)
		targets := []policy.ARN{arn}
		if bucket, object := bucketOf(arn); bucket && !object {
			targets = append(targets, policy.MustParseARN(text+"/any"))
		}
		done := map[Outsider]bool{}
		for _, m := range slices.Concat(before.named(arn, &r.policy), after.named(arn, &other.policy)) {
			o := Outsider{m.principal, m.typ}
			p := m.principal.ARN().String()
			if done[o] || before.principals[p] != nil || after.principals[p] != nil {
				continue
			}
			done[o] = true
			if id := m.principal.AccountID(); before.accounts[id] != nil || after.accounts[id] != nil {
				continue // what differs may be the caller
			}
			for _, a := range actions {
				for _, resource := range targets {
					if !takes(a, resource) {
						continue
					}
					q := Query{Action: a, Resource: resource}
					out[o] = append(out[o], q.request(&m))
				}
			}
		}
	}
	return out
}

func takes(a policy.Action, resource policy.ARN) bool {
	info, _ := serviceref.Embedded().Action(a)
	for t := range serviceref.Embedded().ResourceTypesOf(resource.String()) {
		for r := range info.Resources() {
			if r.Type == t {
				return true
			}
		}
	}
	return false
}
