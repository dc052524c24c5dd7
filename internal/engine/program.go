package engine

import (
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A Program is a compiled document. It is immutable.
type Program struct {
	index
	doc        *policy.Document
	kind       policy.Kind
	public     bool
	statements []*statement
	parts      []uint32 // of a merged program: the end of each document's statements
}

type statement struct {
	deny      bool
	notAction bool
	reach     Reach // for whom it says the same
	sid       string
	actions   policy.Patterns   // Action or NotAction, for explanations
	principal *principalElement // nil: the layer has no principals, or ignores them (R-RCP-5)
	resource  resourceElement
	condition *conditions // nil: none
}

// Options say how a document is compiled besides its kind.
type Options struct {
	Gateway bool // VPCEndpoint: the policy of a gateway endpoint (R-SPC-8)
}

// Compile makes a program of a document that has passed [policy.Document.CheckKind].
func (shared *Compiler) Compile(d *policy.Document, k policy.Kind, o Options) *Program {
	p := &Program{doc: d, kind: k, statements: make([]*statement, d.Len())}
	mode := glob.Mode(0)
	if d.Version() == policy.Version2012 { // R-DOC-3
		mode = glob.Variables
	}
	c := compiler{Compiler: shared, mode: mode}
	room := make([]statement, d.Len())
	// R-DOC-11: Sid and Id are left out (IAM User Guide, “IAM JSON policy elements: Sid”).
	for i, s := range d.Statements() {
		list := s.Action
		if !s.NotAction.IsZero() {
			list = s.NotAction
		}
		p.statements[i] = &room[i]
		room[i] = statement{
			deny:      s.Effect == policy.Deny,
			notAction: !s.NotAction.IsZero(),
			sid:       s.SID,
			actions:   list,
			principal: compilePrincipal(s, k, o),
			resource:  c.resource(s, k),
			condition: c.conditions(s.Condition),
		}
		p.statements[i].reach = p.statements[i].wanted()
	}
	p.index = c.newIndex(p.statements)
	p.public = k == policy.ResourceBased && isPublic(d)
	return p
}

// Merge makes one program of several of one kind, with the statements of all in order. It
// says what they say together; a [Tester] cannot use it.
func (c *Compiler) Merge(list []*Program) *Program {
	p := &Program{kind: list[0].kind}
	for _, other := range list {
		p.statements = append(p.statements, other.statements...)
		p.parts = append(p.parts, uint32(len(p.statements)))
	}
	p.index = c.newIndex(p.statements)
	return p
}

// Part says in which of the merged programs statement i stands, and as which of its
// statements.
func (p *Program) Part(i uint32) (program int, statement uint32) {
	before := uint32(0)
	for n, end := range p.parts {
		if i < end {
			return n, i - before
		}
		before = end
	}
	panic("engine: a statement that is in none of the merged programs")
}

// Size is about what the program's index takes, in hundreds of bytes.
func (p *Program) Size() int { return len(p.entries) }

// Len is the number of statements.
func (p *Program) Len() int { return len(p.statements) }

// SID is the Sid of statement i.
func (p *Program) SID(i int) string { return p.statements[i].sid }

// IsDeny reports whether statement i denies.
func (p *Program) IsDeny(i int) bool { return p.statements[i].deny }

// Public reports whether S3 would call the bucket policy public (R-SPC-4).
func (p *Program) Public() bool { return p.public }

// A Level says how directly a Principal element names a caller (§6.2). Higher is stronger.
type Level uint8

// The match levels.
const (
	None Level = iota
	Account
	SessionUser
	SessionRole
	Direct
	numLevels
)

// A Result is what documents say to a request. The zero Result is nothing.
type Result struct {
	Allow, Deny Tri
	// Levels says for each level whether a matching Allow statement has it as its
	// strongest; only for documents that name principals.
	Levels          [numLevels]Tri
	AllowAt, DenyAt uint32 // 1 + number of the first statement that gave Allow, Deny its value; 0: none
}

// Add adds what another document says, whose statements are numbered from base; it was
// evaluated with base 0 and names no principals.
func (r *Result) Add(o *Result, base uint32) {
	if o.Deny > r.Deny {
		r.Deny, r.DenyAt = o.Deny, base+o.DenyAt
	}
	if o.Allow > r.Allow {
		r.Allow, r.AllowAt = o.Allow, base+o.AllowAt
	}
}

// Eval adds what the document says to r (R-LAY-1): its statements are numbered from base.
// It looks at those that can still change r, and at none once a Deny matches for certain;
// then Allow and Levels are not complete. What an RCP allows it leaves out: the full-access RCP,
// which is attached everywhere, allows all the same (R-RCP-1).
func (p *Program) Eval(v *View, base uint32, r *Result) {
	if p.services&v.serviceBit != 0 && r.Deny != Yes {
		p.eval(v, base, r)
	}
}

func (p *Program) eval(v *View, base uint32, r *Result) {
	candidates := p.lookup(v)
	for i := range candidates {
		c := &candidates[i]
		if n := int(c.lead); n != 0 && n <= len(v.arn) && load(v.arn[n-8:]) != c.last {
			continue
		}
		if !c.deny && r.Allow == Yes && (!p.kind.HasPrincipal() || r.Levels[Direct] == Yes) || c.names != nil && !c.matches(v.Name) {
			continue
		}
		if !c.deny && p.kind == policy.ResourceControl || c.deny && v.NoDenies {
			continue
		}
		m := c.statement.match(v)
		switch {
		case m.value == No:
		case c.deny:
			if m.value > r.Deny {
				r.Deny, r.DenyAt = m.value, base+uint32(c.index)+1
			}
			if r.Deny == Yes {
				return
			}
		default:
			if m.value > r.Allow {
				r.Allow, r.AllowAt = m.value, base+uint32(c.index)+1
			}
			if m.level != None {
				r.Levels[m.level] = max(r.Levels[m.level], min(m.value, m.certain))
			}
			if m.possible != None {
				r.Levels[m.possible] = max(r.Levels[m.possible], Maybe)
			}
		}
	}
}

type match struct {
	value    Tri
	level    Level // strongest level that is certain
	certain  Tri   // Yes unless level is None
	possible Level // a stronger level that the caller may have, or None
}

// match implements R-RES-3 for everything but the action (IAM User Guide, “IAM JSON policy
// elements reference”). R-RES-4: no other statement is looked at.
func (s *statement) match(v *View) match {
	m := match{value: Yes, level: Direct, certain: Yes}
	if s.principal != nil {
		if m = s.principal.match(&v.Caller, v); m.value == No {
			return m
		}
	}
	if !s.resource.always {
		if m.value = min(m.value, s.resource.match(v)); m.value == No {
			return m
		}
	}
	// R-CND-1: all operators and keys must hold (IAM User Guide, “Conditions with multiple
	// context keys or values”).
	if s.condition == nil {
		return m
	}
	for _, c := range s.condition.quick {
		if m.value = min(m.value, c.eval(v)); m.value == No {
			return m
		}
	}
	return m
}

// NamesAction reports whether some Allow statement is about the action.
func (p *Program) NamesAction(a policy.Action) bool {
	var v View
	v.SetAction(a)
	for _, c := range p.lookup(&v) {
		if !c.deny && c.matches(v.Name) {
			return true
		}
	}
	return false
}
