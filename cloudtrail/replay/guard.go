package replay

import (
	"slices"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A guard is an RCP that accounts have after a change and did not have before.
type guard struct {
	document *policy.Document
	accounts map[string]bool
	keys     []string
	alone    *simulate.Environment // in which nothing else denies; nil: it cannot be asked alone
}

// newGuards lists the RCPs that a change adds somewhere, in no order to rely on.
func newGuards(before, after *org.Organization) []guard {
	had := map[string]*policy.Document{}
	inherited(before, func(account, at string, d *policy.Document) { had[account+" "+at] = d })
	var out []guard
	inherited(after, func(account, at string, d *policy.Document) {
		if d == nil {
			return
		}
		if old := had[account+" "+at]; old != nil && old.Equal(d) {
			return
		}
		i := slices.IndexFunc(out, func(g guard) bool { return g.document == d })
		if i < 0 {
			i = len(out)
			out = append(out, guard{document: d, accounts: map[string]bool{}, keys: Select(d).Keys(), alone: alone(d)})
		}
		out[i].accounts[account] = true
	})
	return out
}

func inherited(o *org.Organization, visit func(account, at string, d *policy.Document)) {
	for a := range o.Accounts() {
		if a.ID == o.ManagementAccount() {
			continue // its resources are exempt
		}
		for node, p := range o.Inherited(a.ID, policy.ResourceControl) {
			visit(a.ID, node+" "+p.ID, p.Document)
		}
	}
}

// alone is an environment in which only the RCP denies.
func alone(d *policy.Document) *simulate.Environment {
	all := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
	identity, err := policy.NewDocument(all)
	if err != nil {
		return nil
	}
	all.Principal = policy.Everyone()
	resource, err := policy.NewDocument(all)
	if err != nil {
		return nil
	}
	env, err := simulate.CompileLayers(simulate.Layers{Identity: []*policy.Document{identity}, Resource: resource, ResourceControl: [][]*policy.Document{{d}}})
	if err != nil {
		return nil
	}
	return env
}

// guarded is the statement of a new RCP that may deny a request on a resource of which the
// snapshot does not tell whether RCPs reach it, or whose owner it does not know: then both
// environments say the same, that they do not know. It is empty if there is none.
func (x *runner) guarded(r *Request) string {
	if len(x.guards) == 0 || isServiceLinked(r) {
		return ""
	}
	if supports, known := x.after.Reference().SupportsRCP(r.Action.Service()); known && !supports {
		return ""
	}
	owner := x.after.Standing(r.Request).Owner
	for i := range x.guards {
		g := &x.guards[i]
		if !r.Open && owner != "" && !g.accounts[owner] || !r.Open && x.spares(g, r) {
			continue
		}
		for j, s := range g.document.Statements() {
			if s.Effect == policy.Deny && concerns(s, r.Action) && reaches(s, r.types) {
				return statementName(s.SID, j, x.names[g.document])
			}
		}
	}
	return ""
}

// spares reports whether an RCP lets a request pass, whoever owns the resource.
func (x *runner) spares(g *guard, r *Request) bool {
	if g.alone == nil {
		return false
	}
	q := r.Request
	for _, key := range g.keys {
		switch values, state := x.after.Key(r.Request, key); state {
		case simulate.KeyKnown:
			q.Keys = q.Keys.With(key, values...)
		case simulate.KeyAbsent:
			q.Keys = q.Keys.With(key)
		default:
			q.Keys = q.Keys.WithUnknown(key)
		}
	}
	return g.alone.Can(q).Allowed()
}
