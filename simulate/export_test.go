package simulate

import "github.com/licit-dev/licit/org"

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
			levels[i].all, levels[i].each = nil, nil
		}
	}
	for _, a := range e.accounts {
		split(a.scps)
		split(a.rcps)
	}
	for _, p := range e.principals {
		p.identity.all, p.identity.each = nil, nil
	}
	if p := e.layers; p != nil {
		p.identity.all, p.boundary.all = nil, nil
		split(p.account.scps)
		split(p.account.rcps)
	}
}
