package engine

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// A Program is a compiled document. It is immutable.
type Program struct {
	doc        *policy.Document
	kind       policy.Kind
	statements []statement
	services   []serviceEntry // sorted by hash
	others     []candidate    // for services that no statement names
	public     bool
}

type statement struct {
	deny      bool
	principal principalElement
	actions   []actionPattern // all of Action or NotAction
	notAction bool
	resource  resourceElement
	condition []condition
}

type actionPattern struct {
	all     bool
	service string
	name    glob.Pattern
}

// A candidate is a statement that may match actions of one service, with just the names
// that it lists for that service.
type candidate struct {
	index int32
	all   bool // every action of the service
	not   bool // NotAction: names are those that do not match
	names []glob.Pattern
}

type serviceEntry struct {
	hash       uint64
	name       string
	candidates []candidate
}

// Options say how a document is compiled besides its kind.
type Options struct {
	Gateway bool // VPCEndpoint: the policy of a gateway endpoint (R-SPC-8)
}

// Compile makes a program of a document that has passed [policy.Document.CheckKind].
func Compile(d *policy.Document, k policy.Kind, o Options) *Program {
	p := &Program{doc: d, kind: k, statements: make([]statement, d.Len())}
	mode := glob.Mode(0)
	if d.Version() == policy.Version2012 { // R-DOC-3
		mode = glob.Variables
	}
	// R-DOC-11: Sid and Id are left out (IAM User Guide, “IAM JSON policy elements: Sid”).
	for i, s := range d.Statements() {
		p.statements[i] = statement{
			deny:      s.Effect == policy.Deny,
			principal: compilePrincipal(s, k, o),
			notAction: !s.NotAction.IsZero(),
			actions:   append(compileActions(s.Action), compileActions(s.NotAction)...),
			resource:  compileResource(s, k, mode),
			condition: compileConditions(s.Condition, mode),
		}
	}
	p.index()
	p.public = k == policy.ResourceBased && isPublic(d)
	return p
}

// Document is what was compiled.
func (p *Program) Document() *policy.Document { return p.doc }

// Len is the number of statements.
func (p *Program) Len() int { return len(p.statements) }

// Public reports whether S3 would call the bucket policy public (R-SPC-4).
func (p *Program) Public() bool { return p.public }

// compileActions implements R-ACT-1, R-ACT-2 and R-ACT-5: a value of nothing but stars is
// every action, one without a colon is none, and nothing is trimmed. In the name, * and ?
// are wildcards anywhere in every kind of policy (R-ACT-3), and no other character is
// (R-ACT-7; IAM User Guide, “IAM JSON policy elements: Action”).
func compileActions(list policy.Patterns) []actionPattern {
	var out []actionPattern
	for text := range list.All() {
		service, name, ok := strings.Cut(text, ":")
		switch {
		case text == "*:*" || text != "" && strings.Trim(text, "*") == "":
			out = append(out, actionPattern{all: true})
		case ok:
			out = append(out, actionPattern{service: service, name: glob.Compile(name, glob.Wildcards|glob.FoldASCII)})
		default:
			out = append(out, actionPattern{service: ""})
		}
	}
	return out
}

func (p *Program) index() {
	var names []string
	for i := range p.statements {
		for _, a := range p.statements[i].actions {
			if a.service != "" && !slices.ContainsFunc(names, func(n string) bool { return equalFoldASCII(n, a.service) }) {
				names = append(names, a.service)
			}
		}
	}
	for _, name := range names {
		p.services = append(p.services, serviceEntry{hashName(name), name, p.candidates(name)})
	}
	slices.SortFunc(p.services, func(a, b serviceEntry) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	p.others = p.candidates("")
}

// candidates lists the statements that can match an action of the service, in order.
func (p *Program) candidates(service string) []candidate {
	var out []candidate
	for i := range p.statements {
		s := &p.statements[i]
		c := candidate{index: int32(i), not: s.notAction}
		for _, a := range s.actions {
			switch {
			case a.all:
				c.all = true
			case a.service != "" && equalFoldASCII(a.service, service):
				c.names = append(c.names, a.name)
			}
		}
		if c.not && !c.all || !c.not && (c.all || len(c.names) > 0) {
			out = append(out, c)
		}
	}
	return out
}

func (p *Program) lookup(v *View) []candidate {
	if len(p.services) <= 8 {
		for i := range p.services {
			if e := &p.services[i]; e.hash == v.serviceHash && equalFoldASCII(e.name, v.Service) {
				return e.candidates
			}
		}
		return p.others
	}
	i, ok := slices.BinarySearchFunc(p.services, v.serviceHash, func(e serviceEntry, h uint64) int {
		switch {
		case e.hash < h:
			return -1
		case e.hash > h:
			return 1
		}
		return 0
	})
	if ok && equalFoldASCII(p.services[i].name, v.Service) {
		return p.services[i].candidates
	}
	return p.others
}

// matches reports whether the action is one of the candidate's (R-ACT-2, R-ACT-6).
func (c *candidate) matches(name string) bool {
	if c.all {
		return true
	}
	for i := range c.names {
		if c.names[i].Match(name, nil) {
			return !c.not
		}
	}
	return c.not
}

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

// A Result is what a document says to a request.
type Result struct {
	Allow, Deny     Tri
	AllowAt, DenyAt int32 // the first statement that gave Allow, Deny its value
	// Levels says for each level whether a matching Allow statement has it as its
	// strongest; only for documents that name principals.
	Levels [numLevels]Tri
}

// Eval matches all statements (R-LAY-1). When a Deny matches for certain it stops, and
// Allow and Levels are not complete.
func (p *Program) Eval(v *View) Result {
	r := Result{AllowAt: -1, DenyAt: -1}
	candidates := p.lookup(v)
	for i := range candidates {
		c := &candidates[i]
		if !c.matches(v.Name) {
			continue
		}
		s := &p.statements[c.index]
		if !s.deny && r.Allow == Yes && (!p.kind.HasPrincipal() || r.Levels[Direct] == Yes) {
			continue
		}
		m := s.match(v)
		switch {
		case m.value == No:
		case s.deny:
			if m.value > r.Deny {
				r.Deny, r.DenyAt = m.value, c.index
			}
			if r.Deny == Yes {
				return r
			}
		default:
			if m.value > r.Allow {
				r.Allow, r.AllowAt = m.value, c.index
			}
			r.Levels[m.level] = max(r.Levels[m.level], min(m.value, m.certain))
			r.Levels[m.possible] = max(r.Levels[m.possible], Maybe)
		}
	}
	r.Levels[None] = No
	return r
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
	m := s.principal.match(&v.Caller, v)
	if m.value == No {
		return m
	}
	if m.value = min(m.value, s.resource.match(v)); m.value == No {
		return m
	}
	// R-CND-1: all operators and keys must hold (IAM User Guide, “Conditions with multiple
	// context keys or values”).
	for i := range s.condition {
		if m.value = min(m.value, s.condition[i].eval(v)); m.value == No {
			return m
		}
	}
	return m
}

// NamesAction reports whether some Allow statement is about the action.
func (p *Program) NamesAction(service, name string) bool {
	v := View{Service: service, Name: name, serviceHash: hashName(service)}
	for _, c := range p.lookup(&v) {
		if !p.statements[c.index].deny && c.matches(name) {
			return true
		}
	}
	return false
}
