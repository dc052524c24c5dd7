package simulate

import (
	"math"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// An inquiry asks one request of many principals. What does not depend on the principal is
// found once, and what principals of one class have alike once for the class: for them the
// decision depends on nothing but what their identity policies say.
type inquiry struct {
	env      *Environment
	request  Request        // its principal changes
	base     world          // without a principal
	listed   bool           // the resource is in the model, so nothing of it depends on the principal
	reaches  []engine.Reach // of programs; 0: nothing is known
	answers  []answer       // of programs that reach ToAccount
	classes  []classStanding
	controls map[*accountEntry]*verdict
	naming   []*engine.Program // that name principals one by one
	own      result            // what the identity policies of the principal at hand say

	// at is the world of entry, without its own; nil for none.
	at    *world
	entry *principalEntry
}

// An answer is what a program says to all callers of an account.
type answer struct {
	engine.Result
	account *accountEntry
}

// A classStanding is what is known of a class of principals.
type classStanding struct {
	reach     engine.Reach // of all but identity policies; 0: nothing is known
	decisions [3][3]Decision
	decided   [3][3]bool // by what the identity policies deny and allow
}

// In the decisions of a class these stand for the statement of the identity policies.
const (
	ownAllow uint32 = math.MaxUint32 - iota
	ownDeny
)

func newInquiry(e *Environment, r Request) *inquiry {
	n := len(e.programs)
	q := &inquiry{env: e, request: r, reaches: make([]engine.Reach, n), answers: make([]answer, n), classes: make([]classStanding, e.classes), controls: map[*accountEntry]*verdict{}}
	q.reaches[0] = engine.ToAll
	q.request.Principal = policy.AnonymousPrincipal()
	q.base.resolve(e, &q.request)
	q.listed = q.base.target != nil && q.request.valid()
	q.base.reachedByRCPs()
	for _, a := range q.base.resource.list {
		q.name(a.program)
	}
	for _, ep := range e.services {
		for _, a := range ep.policy.list {
			q.name(a.program)
		}
	}
	return q
}

func (q *inquiry) name(p *engine.Program) {
	if p.Named(&q.base.view) {
		q.naming = append(q.naming, p)
	}
}

// can is Can for a user, role or root user of the organization.
func (q *inquiry) can(m *member) Decision {
	q.request.Principal = m.principal
	p := m.entry
	if m.class == nil || !q.listed || q.named(p) {
		return q.env.Can(q.request)
	}
	q.own = q.identity(m)
	c := &q.classes[m.class.number]
	if c.reach == 0 {
		c.reach = q.reachOf(q.world(p, engine.ToAlike))
	}
	if c.reach == engine.ToOne {
		w := q.world(p, engine.ToOne)
		w.control = q.control(w)
		d := w.decide(nil)
		if w.assumesRole() {
			return q.env.alongside(&q.request, w, d, nil)
		}
		return d
	}
	deny, allow, own := q.own.deny, q.own.allow, q.own
	if !c.decided[deny][allow] {
		q.own.denyAt, q.own.allowAt = ownDeny, ownAllow
		w := q.world(p, engine.ToAlike)
		w.control = q.control(w)
		c.decisions[deny][allow], c.decided[deny][allow] = w.decide(nil), true
	}
	d := c.decisions[deny][allow]
	switch d.statement {
	case ownDeny:
		d.statement = own.denyAt
	case ownAllow:
		d.statement = own.allowAt
	}
	return d
}

// named reports whether some policy names the principal itself.
func (q *inquiry) named(p *principalEntry) bool {
	if len(q.naming) == 0 {
		return false
	}
	v := &q.world(p, engine.ToOne).view
	for _, program := range q.naming {
		if program.Names(v) {
			return true
		}
	}
	return false
}

// identity is what the identity policies of the principal say. Most are attached to many
// principals, and most say nothing about the action.
func (q *inquiry) identity(m *member) result {
	var r engine.Result
	for _, at := range m.identity {
		id := at.program
		reach := q.reaches[id]
		if reach == 0 {
			reach = engine.ToAll
			if q.base.view.Concerns(q.env.mentions[id]) {
				reach = q.env.programs[id].Reach(&q.base.view)
			}
			q.reaches[id] = reach
		}
		switch reach {
		case engine.ToAll:
		case engine.ToAccount:
			a := &q.answers[id]
			if a.account != m.class.account {
				*a = answer{account: m.class.account}
				q.env.programs[id].Eval(&q.world(m.entry, engine.ToAccount).view, 0, &a.Result)
			}
			if a.Allow != no || a.Deny != no {
				r.Add(&a.Result, at.base)
			}
		default:
			q.env.programs[id].Eval(&q.world(m.entry, reach).view, at.base, &r)
		}
	}
	if !m.gap {
		return resultOf(&r)
	}
	return m.entry.identity.result(&r)
}

// world is the world of the principal, or of another one for which a program of that reach
// says the same.
func (q *inquiry) world(p *principalEntry, reach engine.Reach) *world {
	if o := q.entry; o != nil && (o == p ||
		reach <= engine.ToAccount && o.account == p.account ||
		reach <= engine.ToAlike && o.principalClass == p.principalClass) {
		return q.at
	}
	if q.at == nil {
		q.at = new(world)
	}
	w := q.at
	q.entry, *w = p, q.base
	w.who, w.hasIdentity, w.own = p, true, &q.own
	w.view.Caller = engine.Caller{}
	p.fill(&w.view.Caller)
	w.find(&q.request)
	if !q.env.strict {
		w.presence()
	}
	return w
}

// control is what the SCPs of the caller's account leave, nil if it depends on the caller.
func (q *inquiry) control(w *world) *verdict {
	if w.isManagement(w.view.Caller.Account) || w.serviceLinked() {
		return nil // they leave everything
	}
	v, ok := q.controls[w.account]
	if ok {
		return v
	}
	reach := engine.ToAll
	for i := range w.scps {
		reach = max(reach, q.reach(&w.scps[i].layer))
	}
	if reach <= engine.ToAccount {
		v = &verdict{allow: yes}
		w.serviceControl(v, nil)
	}
	q.controls[w.account] = v
	return v
}

// reachOf is the reach of everything but identity policies: all that are alike, or one.
func (q *inquiry) reachOf(w *world) engine.Reach {
	if w.assumesRole() { // other actions may be needed, too
		return engine.ToOne
	}
	out := max(engine.ToAlike, q.reach(w.boundary, w.resource))
	for _, levels := range [2][]level{w.scps, w.rcps} {
		for i := range levels {
			out = max(out, q.reach(&levels[i].layer))
		}
	}
	for _, ep := range q.env.services {
		out = max(out, q.reach(&ep.policy))
	}
	return out
}

func (q *inquiry) reach(layers ...*layer) engine.Reach {
	out := engine.ToAll
	for _, l := range layers {
		for _, a := range l.list {
			if a.program != nil {
				out = max(out, a.program.Reach(&q.base.view))
			}
		}
	}
	return out
}
