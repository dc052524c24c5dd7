package simulate

import (
	"context"
	"slices"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// An outsider is a caller that neither organization lists, with the resources to ask about.
type outsider struct {
	who     Outsider
	targets []*target
	findings
}

// outsiders lists whom the policies of resources that a change touches name on either side,
// and everybody else by kind.
func (a *Affected) outsiders() []outsider {
	index := map[Outsider]int{}
	var out []outsider
	for i := range a.listed {
		t := &a.listed[i]
		if t.touched.isZero() && a.endpoints.isZero() && a.everything == "" || !a.grantsOutside(t) {
			continue
		}
		seen := map[Outsider]bool{}
		for side, e := range []*Environment{a.before, a.after} {
			r := t.entries[side]
			if r == nil {
				continue
			}
			for _, m := range e.named(t.arn, &r.policy) {
				who := Outsider{m.principal, m.typ}
				text := m.principal.ARN().String()
				if seen[who] || a.before.principals[text] != nil || a.after.principals[text] != nil || !a.isWanted(who) {
					continue
				}
				seen[who] = true
				at, ok := index[who]
				if !ok {
					at = len(out)
					index[who] = at
					out = append(out, outsider{who: who})
				}
				out[at].targets = append(out[at].targets, t)
			}
		}
	}
	slices.SortFunc(out, func(x, y outsider) int { return compareOutsiders(x.who, y.who) })
	return out
}

// grantsOutside reports whether a resource may let anybody in by itself.
func (a *Affected) grantsOutside(t *target) bool {
	return slices.ContainsFunc(t.entries[:], func(r *resourceEntry) bool {
		return r != nil && (len(r.policy.list) > 0 || r.policy.gap != "" || r.owner != "")
	})
}

// isWanted reports whether the scope has the caller.
func (a *Affected) isWanted(who Outsider) bool {
	s := &a.scope
	if len(s.Principals)+len(s.Accounts)+len(s.Kinds) == 0 {
		return true
	}
	p := who.Principal
	text := p.String()
	if text == "" {
		text = p.Name()
	}
	return p.IsValid() && (len(s.Kinds) == 0 || slices.Contains(s.Kinds, p.Kind())) && (len(s.Accounts) == 0 || slices.Contains(s.Accounts, p.AccountID())) &&
		(len(s.Principals) == 0 || slices.ContainsFunc(s.Principals, func(pattern string) bool {
			g := glob.Compile(pattern, glob.Wildcards)
			return g.Match(text, nil)
		}))
}

// findOutsiders asks for all of them.
func (a *Affected) findOutsiders(ctx context.Context) ([]outsider, error) {
	out := a.outsiders()
	memo := samplers{}
	for i := range out {
		o := &out[i]
		var err error
		o.findings, err = a.gather(func(yield func(question) error) error { return a.askOutsider(ctx, o, memo, yield) })
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// askOutsider yields the questions for one caller.
func (a *Affected) askOutsider(ctx context.Context, o *outsider, memo samplers, yield func(question) error) error {
	caller := member{principal: o.who.Principal, typ: o.who.Type}
	world := touch{everything: a.everything}
	world.add(a.endpoints)
	base, member := a.ownSide(o.who.Principal)
	for _, t := range o.targets {
		missing := [2]bool{a.before.lacks(t, 0), a.after.lacks(t, 1)}
		k := asker{Affected: a, ctx: ctx, who: caller.principal, outside: &caller, allows: a.catalog.empty(), base: base, yield: func(q question) error {
			q.missing = missing
			return yield(q)
		}}
		for _, r := range t.entries {
			if r != nil {
				k.account = r.account.id
			}
		}
		if member {
			copy(k.allows, a.wanted)
		}
		k.sampler = memo.of(a, rootOf(t.arn.Partition(), k.account))
		k.sampler.known = nil
		k.sampleRegion()
		if err := k.outsideOf(t, &world); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// ownSide are the statements that bear on a caller of an account of the organization whom it
// does not list, such as a session of a role; member reports whether it is one.
func (a *Affected) ownSide(p policy.Principal) (out []*statementInfo, member bool) {
	k := asker{Affected: a}
	c := callerOf(p)
	for _, e := range []*Environment{a.before, a.after} {
		acct := e.accounts[c.Account]
		if acct == nil {
			continue
		}
		member = true
		out = append(out, k.infos(levelLayers(acct.scps)...)...)
		for _, entry := range e.principals {
			if entry.accountID == c.Account && (entry.name == c.Name || entry.name == c.RoleName) {
				out = append(out, k.infos(&entry.identity, entry.boundary)...)
			}
		}
	}
	out = distinct(out)
	slices.SortFunc(out, func(x, y *statementInfo) int { return x.content - y.content })
	return out, member
}

// lacks reports whether the resource does not exist: it is not listed, and no gap says that
// it might.
func (e *Environment) lacks(t *target, side int) bool {
	if t.entries[side] != nil {
		return false
	}
	account := t.entries[1-side].account.id
	return e.firstGap(org.GapUnlisted, t.arn.String(), account) == ""
}

// outsideOf asks about one resource what its policy may allow and the change may touch.
func (k *asker) outsideOf(t *target, world *touch) error {
	actions, allows := k.catalog.empty(), k.allows
	all := k.wanted
	for _, touched := range []*touch{&t.touched, world} {
		touched.actions(actions, all)
	}
	statements := slices.Clone(k.base)
	for _, r := range t.entries {
		if r == nil {
			continue
		}
		if r.policy.gap != "" || r.owner != "" {
			copy(allows, all)
		}
		own := k.infos(&r.policy)
		for _, s := range own {
			if s.Effect == policy.Allow {
				allows.add(s.actions)
			}
		}
		statements = append(statements, own...)
		statements = append(statements, k.infos(levelLayers(r.account.rcps)...)...)
	}
	for _, e := range []*Environment{k.before, k.after} {
		for _, ep := range e.services {
			statements = append(statements, k.infos(&ep.policy)...)
		}
	}
	for _, with := range []bitSet{all, t.fits, allows} {
		actions.intersect(with)
	}
	if actions.isEmpty() {
		return nil
	}
	return k.about(t, actions, distinct(statements), []*touch{&t.touched, world})
}
