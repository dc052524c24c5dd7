package simulate

import (
	"context"
	"iter"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// An Answer is a request that is allowed, or may be.
type Answer struct {
	Request   Request
	Decision  Decision
	Statement StatementRef // what decided; zero if there is none
	Requires  Requirement  // of an indeterminate decision
}

// WhichActions lists the actions that r.Principal is allowed on r.Resource, or may be,
// sorted. It asks for every action of the service reference that has a resource type of
// this form; for the zero resource, for every action that takes none. The error is that of
// ctx.
func (e *Environment) WhichActions(ctx context.Context, r Request) ([]Answer, error) {
	return e.answers(ctx, func(yield func(Request) bool) {
		for action := range actionsOn(r.Resource) {
			if r.Action = action; !yield(r) {
				return
			}
		}
	})
}

// actionsOn yields the actions that may be asked of a resource, sorted.
func actionsOn(resource policy.ARN) iter.Seq[policy.Action] {
	facts := serviceref.Embedded()
	type name struct{ service, name string }
	types := map[name]bool{}
	if resource.IsValid() {
		for t := range facts.ResourceTypesOf(resource.String()) {
			types[name{t.Service(), t.Name()}] = true
		}
	}
	return func(yield func(policy.Action) bool) {
		for action := range facts.Actions("*") {
			info, _ := facts.Action(action)
			fits := !resource.IsValid() && info.WildcardOnly()
			if resource.IsValid() && !fits {
				for t := range info.Resources() {
					fits = fits || types[name{t.Type.Service(), t.Type.Name()}]
				}
			}
			if fits && !yield(action) {
				return
			}
		}
	}
}

// WhichResources lists the resources of the organization on which r.Principal is allowed
// r.Action, or may be, sorted by ARN. It asks for those that fit a resource type of the
// action, roles and users included; for an action that is not known, for all. Resources
// that the organization does not list are not asked for. The error is that of ctx.
func (e *Environment) WhichResources(ctx context.Context, r Request) ([]Answer, error) {
	return e.answers(ctx, func(yield func(Request) bool) {
		for _, resource := range e.listed() {
			if r.Resource = resource; fits(r.Action, resource) && !yield(r) {
				return
			}
		}
	})
}

// fits reports whether the action may be asked of the resource.
func fits(action policy.Action, resource policy.ARN) bool {
	facts := serviceref.Embedded()
	info, known := facts.Action(action)
	if !known {
		return true
	}
	return info.Fits(resource)
}

// answers decides the requests and keeps those that are not denied for certain.
func (e *Environment) answers(ctx context.Context, requests iter.Seq[Request]) ([]Answer, error) {
	var out []Answer
	i := 0
	for r := range requests {
		if i++; i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d := e.Can(r)
		if d.Denied() {
			continue
		}
		a := Answer{Request: r, Decision: d}
		a.Statement, _ = e.Statement(d)
		if d.Outcome == Indeterminate {
			a.Requires = e.Requires(r)
		}
		out = append(out, a)
	}
	return out, ctx.Err()
}
