package engine

// Shared reports whether the program says the same to all callers of one account, whoever
// they are: no statement names a principal, and no condition or variable is about one.
func (p *Program) Shared() bool { return p.shared }

func (p *Program) isShared() bool {
	for _, s := range p.statements {
		if !s.principal.ignore {
			return false
		}
		for i := range s.resource.list {
			for _, part := range s.resource.list[i].parts {
				if !part.shared() {
					return false
				}
			}
		}
		for i := range s.condition {
			c := &s.condition[i]
			if !c.key.shared() {
				return false
			}
			for j := range c.values {
				if !c.values[j].str.shared() {
					return false
				}
				for _, part := range c.values[j].arn.parts {
					if !part.shared() {
						return false
					}
				}
			}
		}
	}
	return true
}

func (p *varPattern) shared() bool {
	if p == nil {
		return true
	}
	for i := range p.vars {
		if !p.vars[i].shared() {
			return false
		}
	}
	return true
}

// shared reports whether a key has the same value and state for all callers of an account.
func (r *KeyRef) shared() bool {
	switch r.class {
	case ClassOther, ClassAlways, ClassResourceTag, ClassForwardAccess, ClassSourceIP, ClassResourceAccount:
	default:
		return false
	}
	switch r.derived {
	case notDerived, requestedRegion, secureTransport, viaAWSService, sourceVPC:
		return true
	}
	return false
}
