package engine

// Holds is what statement i gives to the request, whichever action it is about.
func (p *Program) Holds(i int, v *View) Tri { return p.statements[i].match(v).value }

// Fixed reports whether Holds is the same for all callers and keys: the statement names no
// principal and has no condition.
func (p *Program) Fixed(i int) bool {
	s := p.statements[i]
	return s.principal == nil && s.condition == nil
}

// Plain reports whether the program says the same to every request for an action, whoever
// asks and whatever the resource.
func (p *Program) Plain() bool {
	for i, s := range p.statements {
		if !p.Fixed(i) || s.resource.matchAny() == Maybe {
			return false
		}
	}
	return true
}

// matchAny is match for a resource of which nothing is known.
func (el *resourceElement) matchAny() Tri {
	hit := No
	for i := range el.list {
		if el.list[i].everything {
			hit = Yes
			break
		}
		hit = Maybe
	}
	if el.not {
		return not(hit)
	}
	return hit
}

// Match is what statement i gives to the request, its action included.
func (p *Program) Match(i int, v *View) Tri {
	if p.services&v.serviceBit == 0 {
		return No
	}
	candidates := p.lookup(v)
	for j := range candidates {
		if c := &candidates[j]; int(c.index) == i && c.matches(v.Name) {
			return p.Holds(i, v)
		}
	}
	return No
}
