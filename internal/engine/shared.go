package engine

// A Reach says to whom a program says the same about one request. Greater ones hold less.
type Reach uint8

// The reaches. Callers are alike if they are of one kind and account, and have the same
// keys, the same permissions boundary and the same classes of keys.
const (
	ToAll     Reach = 1 + iota // no statement is about the action
	ToAccount                  // all callers of an account
	ToAlike                    // all callers that are alike
	ToOne                      // one caller
)

// Reach is that of the statements that are about the action of the request. What names a
// principal by itself is left aside; see [Program.Names].
func (p *Program) Reach(v *View) Reach {
	out := ToAll
	p.about(v, func(s *statement) { out = max(out, s.reach) })
	return out
}

// Services has a bit for each service that a statement is about; see [View.Concerns].
func (p *Program) Services() uint64 { return p.services }

// Concerns reports whether the service of the action may be among services. If it is not,
// a program of these services says nothing to the request.
func (v *View) Concerns(services uint64) bool { return services&v.serviceBit != 0 }

// ReachOf is the reach of statement i, as [Program.Reach] counts it.
func (p *Program) ReachOf(i int) Reach { return p.statements[i].reach }

// about calls f for every statement that is about the action of the request.
func (p *Program) about(v *View, f func(s *statement)) {
	if p.services&v.serviceBit == 0 {
		return
	}
	for _, c := range p.lookup(v) {
		if c.matches(v.Name) {
			f(c.statement)
		}
	}
}

// Named reports whether a statement that is about the action of the request names
// principals one by one.
func (p *Program) Named(v *View) bool {
	out := false
	p.about(v, func(s *statement) {
		for i := 0; s.principal != nil && i < len(s.principal.entries); i++ {
			out = out || s.principal.entries[i].single()
		}
	})
	return out
}

// Names reports whether a statement that is about the action of the request names the
// caller of the view, or may.
func (p *Program) Names(v *View) bool {
	out := false
	p.about(v, func(s *statement) {
		for i := 0; s.principal != nil && i < len(s.principal.entries); i++ {
			if e := &s.principal.entries[i]; !out && e.single() {
				level, _ := s.principal.level(i, &v.Caller, v, !v.OpenFacts)
				out = level != None
			}
		}
	})
	return out
}

// single reports whether the entry names one principal, not all that are alike.
func (e *principalEntry) single() bool {
	return e.form == roleARN || e.form == otherARN || e.form == uniqueID
}

// wanted is the reach of what the statement asks for.
func (s *statement) wanted() Reach {
	out := ToAccount
	if s.principal != nil {
		out = ToAlike
	}
	for i := range s.resource.list {
		out = max(out, s.resource.list[i].reach())
	}
	for _, c := range s.condition.all() {
		out = max(out, c.key.reach())
		for j := range c.values {
			out = max(out, c.values[j].str.reach(), c.values[j].arn.reach())
		}
	}
	return out
}

func (a *arnPattern) reach() Reach {
	out := ToAccount
	for _, part := range a.parts {
		out = max(out, part.reach())
	}
	return out
}

func (p *varPattern) reach() Reach {
	out := ToAccount
	for i := 0; p != nil && i < len(p.vars); i++ {
		out = max(out, p.vars[i].reach())
	}
	return out
}

// reach is ToAccount for a key that has the same value and state for all callers of an
// account, ToAlike for one that has for all that are alike.
func (r *KeyRef) reach() Reach {
	switch r.derived {
	case principalARN, username, userID:
		return ToOne
	case notDerived, requestedRegion, secureTransport, viaAWSService, sourceVPC:
	default:
		return ToAlike
	}
	switch r.class {
	case ClassOther, ClassAlways, ClassResourceTag, ClassForwardAccess, ClassSourceIP, ClassResourceAccount:
		return ToAccount
	}
	return ToAlike
}
