package simulate

import (
	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// An inquiry asks one request of many principals. What does not depend on the principal is
// found once: the resource, and for each account what its SCPs leave.
type inquiry struct {
	env      *Environment
	request  Request // its principal changes
	base     world   // without a principal
	listed   bool    // the resource is in the model, so nothing of it depends on the principal
	controls map[*accountEntry]*verdict
	answers  []answer // of programs that say the same to all, by number
}

type answer struct {
	engine.Result
	account *accountEntry // whose callers it is given to
}

// layer is eval for identity policies. Most of them are attached to many principals.
func (q *inquiry) layer(l *layer, v *engine.View, account *accountEntry) result {
	if len(l.each) == 0 {
		return l.eval(v)
	}
	var r engine.Result
	for i := range l.each {
		n := &l.each[i]
		if !n.program.Shared() {
			n.program.Eval(v, n.base, &r)
			continue
		}
		a := &q.answers[n.id]
		if a.account != account {
			*a = answer{account: account}
			n.program.Eval(v, 0, &a.Result)
		}
		r.Add(&a.Result, n.base)
	}
	return l.result(&r)
}

func newInquiry(e *Environment, r Request) *inquiry {
	q := &inquiry{env: e, request: r, controls: map[*accountEntry]*verdict{}, answers: make([]answer, len(e.number)+1)}
	q.request.Principal = policy.AnonymousPrincipal()
	q.base.resolve(e, &q.request)
	q.listed = q.base.target != nil && q.request.valid()
	return q
}

// can is Can for a user, role or root user of the organization.
func (q *inquiry) can(m *member) Decision {
	r := &q.request
	r.Principal = m.principal
	if !m.plain || !q.listed {
		return q.env.Can(*r)
	}
	w := q.base
	w.who, w.hasIdentity, w.inquiry = m.entry, true, q
	w.view.Caller = m.entry.caller
	w.find(r)
	if !q.env.strict {
		w.presence()
	}
	if !w.isManagement(w.view.Caller.Account) && !w.serviceLinked() {
		w.control = q.control(&w)
	}
	d := w.decide(nil)
	if w.assumesRole() {
		return q.env.alongside(r, &w, d, nil)
	}
	return d
}

// control is what the SCPs of the caller's account leave, nil if it depends on the caller.
func (q *inquiry) control(w *world) *verdict {
	v, ok := q.controls[w.account]
	if !ok {
		if w.account.sharedSCPs {
			v = &verdict{allow: yes}
			w.serviceControl(v, nil)
		}
		q.controls[w.account] = v
	}
	return v
}
