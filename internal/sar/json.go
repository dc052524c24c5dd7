package sar

import (
	"errors"
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/jsontree"
)

// Schema is the name of the JSON form.
const Schema = "sar-facts/1"

// An Error is one thing that is wrong with facts in JSON, and where.
type Error struct {
	Line, Column int
	Pointer      string // JSON pointer
	Text         string
}

// Error is "line:column: pointer: what is wrong; what would be right".
func (e *Error) Error() string {
	return fmt.Sprintf("%d:%d: %s: %s", e.Line, e.Column, e.Pointer, e.Text)
}

// Known says what other facts declare.
type Known struct{ Action, Key func(name string) bool }

// ParseJSON reads facts in the form sar-facts/1, or a file of AWS's service reference,
// which has no date. Dependent actions that sar-facts/1 does not declare must be known, and
// so must condition keys that a file of AWS does not. The error joins an [*Error] for each
// thing that is wrong, in source order. The facts' Keys are those of the services, without
// presence.
func ParseJSON(src []byte, known Known) (*Facts, error) {
	root, err := jsontree.Parse(src)
	p := parser{src: src, known: known, facts: new(Facts), keys: make(map[string]bool)}
	if err != nil {
		var syntax *jsontree.SyntaxError
		if errors.As(err, &syntax) {
			p.fail(syntax.Pointer, syntax.Offset, "%s", syntax.Reason)
			return nil, p.errs[0]
		}
		return nil, err
	}
	if isAWS(root) {
		p.otherKey = known.Key
		p.aws(root)
	} else {
		p.root(root)
	}
	if len(p.errs) == 0 {
		p.dependents()
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return p.facts, nil
}

type parser struct {
	src   []byte
	known Known
	facts *Facts
	keys  map[string]bool
	links []link
	errs  []error
	// otherKey says which keys need no declaration; nil: none.
	otherKey func(name string) bool
}

// A link is a dependent action, whose service may stand further down.
type link struct {
	path, name string
	start      int
}

func (p *parser) fail(path string, offset int, format string, args ...any) {
	line, column := jsontree.LineColumn(p.src, offset)
	if path == "" {
		path = "/"
	}
	p.errs = append(p.errs, &Error{line, column, path, fmt.Sprintf(format, args...)})
}

// members calls f for each member of an object; a name that stands twice, in any case,
// is an error.
func (p *parser) members(path string, n *jsontree.Node, f func(path string, m *jsontree.Member)) {
	if n.Kind != jsontree.Object {
		p.fail(path, n.Start, "%s; want an object", n.Kind)
		return
	}
	seen := make(map[string]bool, len(n.Members))
	for i := range n.Members {
		m := &n.Members[i]
		at := path + "/" + jsontree.Escape(m.Name)
		if seen[ascii.ToLower(m.Name)] {
			p.fail(at, m.NameStart, "%q stands twice", m.Name)
			continue
		}
		seen[ascii.ToLower(m.Name)] = true
		if m.Name == "" {
			p.fail(at, m.NameStart, "a name is empty")
			continue
		}
		f(at, m)
	}
}

func (p *parser) text(path string, n *jsontree.Node) string {
	if n.Kind != jsontree.String {
		p.fail(path, n.Start, "%s; want a string", n.Kind)
	}
	return n.Text
}

func (p *parser) flag(path string, n *jsontree.Node) bool {
	if n.Kind != jsontree.Bool {
		p.fail(path, n.Start, "%s; want true or false", n.Kind)
	}
	return n.Text == "true"
}

func (p *parser) elements(path string, n *jsontree.Node, f func(path string, n *jsontree.Node)) {
	if n.Kind != jsontree.Array {
		p.fail(path, n.Start, "%s; want an array", n.Kind)
		return
	}
	for i := range n.Elements {
		f(fmt.Sprintf("%s/%d", path, i), &n.Elements[i])
	}
}

func (p *parser) root(n *jsontree.Node) {
	if n.Kind == jsontree.Object {
		for _, name := range []string{"schema", "asOf", "services"} {
			if _, ok := n.Member(name); !ok {
				p.fail("/", n.Start, "no %q", name)
			}
		}
	}
	p.members("", n, func(path string, m *jsontree.Member) {
		switch m.Name {
		case "schema":
			if s := p.text(path, &m.Value); s != Schema {
				p.fail(path, m.Value.Start, "%q; want %q", s, Schema)
			}
		case "asOf":
			p.facts.Date = p.text(path, &m.Value)
			if !isDay(p.facts.Date) {
				p.fail(path, m.Value.Start, "%q; want a day such as \"2026-09-26\"", p.facts.Date)
			}
		case "services":
			p.members(path, &m.Value, p.service)
		case "sources":
		default:
			p.fail(path, m.NameStart, "no such member; want schema, asOf, sources, services")
		}
	})
}

func isDay(s string) bool {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	return strings.Trim(s[:4]+s[5:7]+s[8:], "0123456789") == ""
}

func (p *parser) service(path string, m *jsontree.Member) {
	s := Service{Prefix: m.Name}
	if strings.ContainsAny(s.Prefix, ":*? ") {
		p.fail(path, m.NameStart, "%q is no service prefix", s.Prefix)
	}
	declared, types := make(map[string]bool), make(map[string]bool)
	// What actions refer to is read first, wherever it stands.
	for _, first := range []bool{true, false} {
		p.members(path, &m.Value, func(path string, m *jsontree.Member) {
			switch m.Name {
			case "keys":
				if first {
					p.members(path, &m.Value, func(path string, m *jsontree.Member) { p.key(path, m, &s, declared) })
				}
			case "name":
				if first {
					s.Name = p.text(path, &m.Value)
				}
			case "rcp":
				if first {
					s.RCP = p.flag(path, &m.Value)
				}
			case "resources":
				if !first {
					p.members(path, &m.Value, func(path string, m *jsontree.Member) { p.resource(path, m, &s, declared, types) })
				}
			case "actions":
			default:
				if first {
					p.fail(path, m.NameStart, "no such member; want name, rcp, actions, resources, keys")
				}
			}
		})
		if m.Value.Kind != jsontree.Object {
			return
		}
	}
	if actions, ok := m.Value.Member("actions"); ok {
		p.members(path+"/actions", actions, func(path string, m *jsontree.Member) { p.action(path, m, &s, declared, types) })
	}
	p.facts.Services = append(p.facts.Services, s)
}

func (p *parser) key(path string, m *jsontree.Member, s *Service, declared map[string]bool) {
	p.declareKey(path, m.Name, &m.Value, s, declared)
}

func (p *parser) declareKey(path, name string, n *jsontree.Node, s *Service, declared map[string]bool) {
	name = NormaliseKey(name)
	if declared[ascii.ToLower(name)] {
		return // two spellings of one variable
	}
	declared[ascii.ToLower(name)] = true
	s.Keys = append(s.Keys, name)
	text := p.text(path, n)
	typ, multi, ok := ParseType(text)
	if !ok {
		p.fail(path, n.Start, "%q is no type of condition keys; want String, ArrayOfString, ARN, …", text)
	}
	if !p.keys[ascii.ToLower(name)] {
		p.keys[ascii.ToLower(name)] = true
		p.facts.Keys = append(p.facts.Keys, Key{Name: name, Type: typ, Multivalued: multi})
	}
}

func (p *parser) keyList(path string, n *jsontree.Node, declared map[string]bool) (out []string) {
	p.elements(path, n, func(path string, n *jsontree.Node) {
		name := NormaliseKey(p.text(path, n))
		if !declared[ascii.ToLower(name)] && (p.otherKey == nil || !p.otherKey(name)) {
			p.fail(path, n.Start, "no condition key %q; declare it under the service's keys", name)
		}
		out = append(out, name)
	})
	return out
}

func (p *parser) resource(path string, m *jsontree.Member, s *Service, declared, types map[string]bool) {
	t := Type{Name: m.Name}
	types[ascii.ToLower(t.Name)] = true
	p.members(path, &m.Value, func(path string, m *jsontree.Member) {
		switch m.Name {
		case "arns":
			p.elements(path, &m.Value, func(path string, n *jsontree.Node) {
				t.ARNs = append(t.ARNs, p.arnFormat(path, n))
			})
		case "keys":
			t.Keys = p.keyList(path, &m.Value, declared)
		default:
			p.fail(path, m.NameStart, "no such member; want arns, keys")
		}
	})
	s.Types = append(s.Types, t)
}

func (p *parser) arnFormat(path string, n *jsontree.Node) string {
	arn := p.text(path, n)
	if strings.Count(arn, ":") < 5 {
		p.fail(path, n.Start, "%q is no ARN format; want six parts", arn)
	}
	return arn
}

func (p *parser) action(path string, m *jsontree.Member, s *Service, declared, types map[string]bool) {
	a := Action{Name: m.Name}
	p.members(path, &m.Value, func(path string, m *jsontree.Member) {
		switch m.Name {
		case "level":
			text := p.text(path, &m.Value)
			level, ok := ParseLevel(text)
			if !ok {
				p.fail(path, m.Value.Start, "%q is no access level; want List, Read, Write, Tagging, Permissions management", text)
			}
			a.Level = level
		case "keys":
			a.Keys = p.keyList(path, &m.Value, declared)
		case "dependent":
			p.dependent(path, &m.Value, &a)
		case "permissionOnly":
			a.PermissionOnly = p.flag(path, &m.Value)
			a.Advisory = true
		case "advisory":
			a.Advisory = p.flag(path, &m.Value) || a.Advisory
		case "resources":
			p.elements(path, &m.Value, func(path string, n *jsontree.Node) { p.ref(path, n, &a, declared, types) })
		case "scenarios":
		default:
			p.fail(path, m.NameStart, "no such member; want level, resources, keys, dependent, permissionOnly")
		}
	})
	if a.Level == 0 && m.Value.Kind == jsontree.Object {
		if _, ok := m.Value.Member("level"); !ok {
			p.fail(path, m.Value.Start, "no \"level\"")
		}
	}
	s.Actions = append(s.Actions, a)
}

func (p *parser) dependent(path string, n *jsontree.Node, a *Action) {
	a.Advisory = true
	p.elements(path, n, func(path string, n *jsontree.Node) {
		name := p.text(path, n)
		p.links = append(p.links, link{path, name, n.Start})
		a.Dependents = append(a.Dependents, name)
	})
}

func (p *parser) ref(path string, n *jsontree.Node, a *Action, declared, types map[string]bool) {
	var r Ref
	p.members(path, n, func(path string, m *jsontree.Member) {
		switch m.Name {
		case "type":
			r.Type = p.text(path, &m.Value)
			if !types[ascii.ToLower(r.Type)] {
				p.fail(path, m.Value.Start, "no resource type %q; declare it under the service's resources", r.Type)
			}
		case "required":
			r.Required = p.flag(path, &m.Value)
		case "keys":
			r.Keys = p.keyList(path, &m.Value, declared)
		case "dependent":
			p.dependent(path, &m.Value, a)
		default:
			p.fail(path, m.NameStart, "no such member; want type, required, keys, dependent")
		}
	})
	if r.Type == "" && n.Kind == jsontree.Object {
		p.fail(path, n.Start, "no \"type\"")
	}
	a.AddRef(r)
}

// dependents checks that dependent actions exist, in the facts or elsewhere.
func (p *parser) dependents() {
	here, services := make(map[string]bool), make(map[string]bool)
	for _, s := range p.facts.Services {
		services[ascii.ToLower(s.Prefix)] = true
		for _, a := range s.Actions {
			here[ascii.ToLower(s.Prefix+":"+a.Name)] = true
		}
	}
	for _, l := range p.links {
		prefix, _, _ := strings.Cut(ascii.ToLower(l.name), ":")
		if !here[ascii.ToLower(l.name)] && (services[prefix] || !p.known.Action(l.name)) {
			p.fail(l.path, l.start, "no action %q", l.name)
		}
	}
}

// Overlay replaces the services of f that newer declares, and adds its others. The date is
// that of the oldest of the services; newer facts without a date have that of f. What RCPs
// reached they still reach: AWS has taken no service out, and files often do not say it.
// Dependent actions that are gone are dropped.
func (f *Facts) Overlay(newer *Facts) {
	old := make(map[string]*Service)
	for i := range f.Services {
		old[ascii.ToLower(f.Services[i].Prefix)] = &f.Services[i]
	}
	replaced := make(map[string]bool)
	services := append([]Service(nil), newer.Services...)
	for i := range services {
		s := &services[i]
		replaced[ascii.ToLower(s.Prefix)] = true
		if o := old[ascii.ToLower(s.Prefix)]; o != nil {
			s.RCP = s.RCP || o.RCP
			if s.FromAWS {
				s.keep(o)
			}
		}
	}
	for _, s := range f.Services {
		if !replaced[ascii.ToLower(s.Prefix)] {
			services = append(services, s)
		}
	}
	index := make(map[string]int)
	for i, k := range f.Keys {
		index[ascii.ToLower(k.Name)] = i
	}
	for _, k := range newer.Keys {
		i, ok := index[ascii.ToLower(k.Name)]
		switch {
		case !ok:
			f.Keys = append(f.Keys, k)
		case f.Keys[i].Presence == 0 && !strings.HasPrefix(ascii.ToLower(k.Name), "aws:"):
			f.Keys[i].Type, f.Keys[i].Multivalued = k.Type, k.Multivalued
		}
	}
	if newer.Date != "" && (len(services) == len(newer.Services) || newer.Date < f.Date) {
		f.Date = newer.Date
	}
	f.Services = services
	f.prune()
}

func (f *Facts) prune() {
	here := make(map[string]bool)
	for _, s := range f.Services {
		for _, a := range s.Actions {
			here[ascii.ToLower(s.Prefix+":"+a.Name)] = true
		}
	}
	for i := range f.Services {
		for j := range f.Services[i].Actions {
			a := &f.Services[i].Actions[j]
			var kept []string
			for _, d := range a.Dependents {
				if here[ascii.ToLower(d)] {
					kept = append(kept, d)
				}
			}
			a.Dependents = kept
		}
	}
}
