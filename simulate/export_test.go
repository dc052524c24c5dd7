package simulate

import "github.com/licit-dev/licit/org"

// Take makes steps, so that tests can leave some of them out.
func Take(e *Environment, r Request, steps []RemedyStep) (Request, []org.Change, *Layers, bool) {
	s := situation{base: e, request: r}
	_, ok := s.take(steps)
	return s.request, s.changes, s.layers, ok
}
