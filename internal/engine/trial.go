package engine

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A Trial is one statement held against one request.
type Trial struct {
	Index int
	Deny  bool
	Match Tri
	Level Level // how a matching statement names the caller
	Miss  Miss  // the first element that did not match; zero if all did
	// Unknown lists what a Maybe depends on, in source order.
	Unknown []Open
	Rules   []string // rules that settled a doubtful point
	// Unreadable lists the values of the policy that its operators cannot read; the
	// statement's action matches.
	Unreadable []Open
}

// An Open is something that a statement needs to know to be decided.
type Open struct {
	Key      string          // condition key, or "" for the principal itself
	Operator policy.Operator // of the condition, or "" for a variable in a resource
	Want     []string        // the policy's values
}

// A Miss is the first element of a statement that does not match.
type Miss struct {
	Element  string          // "Action", "NotAction", "Principal", "NotPrincipal", "Resource", "NotResource", "Condition"; "" for no miss
	Operator policy.Operator // Condition: the operator
	Key      string          // Condition: the key
	Want     []string        // the policy's values
	Got      []string        // the request's values; nil if the key is absent
	Absent   bool            // Condition: the key is not in the request
}

// Trial evaluates statement i by itself, with reasons. It allocates freely.
func (p *Program) Trial(i int, v *View) Trial {
	s := &p.statements[i]
	src := p.doc.Statement(i)
	t := Trial{Index: i, Deny: s.deny}
	if !p.actionMatches(i, v) {
		t.Miss = Miss{Element: "Action", Want: slices.Collect(src.Action.All()), Got: []string{v.Service + ":" + v.Name}}
		if s.notAction {
			t.Miss.Element, t.Miss.Want = "NotAction", slices.Collect(src.NotAction.All())
		}
		return t
	}
	for j := range s.condition {
		c := &s.condition[j]
		for i := range c.values {
			if !c.values[i].valid {
				t.Unreadable = append(t.Unreadable, Open{Key: c.key.name, Operator: c.written, Want: []string{c.values[i].text}})
			}
		}
	}
	m := s.principal.match(&v.Caller, v)
	if m.value == No {
		t.Miss = principalMiss(src, v)
		return t
	}
	if m.value == Maybe {
		t.Unknown = append(t.Unknown, Open{Want: principalMiss(src, v).Want})
	}
	t.Level = max(m.level, m.possible)
	t.Match = min(m.value, s.resource.match(v))
	if t.Match == No {
		t.Miss, t.Unknown = s.resource.miss(src, v), nil
		return t
	}
	if s.resource.match(v) == Maybe {
		for _, key := range s.resource.unknown(v) {
			t.Unknown = append(t.Unknown, Open{Key: key, Want: s.resource.miss(src, v).Want})
		}
	}
	for j := range s.condition {
		c := &s.condition[j]
		value := c.eval(v)
		t.Rules = append(t.Rules, c.rules(v)...)
		if t.Match = min(t.Match, value); t.Match == No {
			val := v.key(&c.key)
			t.Miss = Miss{Element: "Condition", Operator: c.written, Key: c.key.name, Want: c.texts(), Got: val.Values, Absent: val.State == Absent}
			t.Unknown = nil
			return t
		}
		if value == Maybe {
			for _, key := range c.unknown(v) {
				t.Unknown = append(t.Unknown, Open{Key: key, Operator: c.written, Want: c.texts()})
			}
		}
	}
	return t
}

func (p *Program) actionMatches(i int, v *View) bool {
	for _, c := range p.lookup(v) {
		if int(c.index) == i {
			return c.matches(v.Name)
		}
	}
	return false
}

func principalMiss(s policy.Statement, v *View) Miss {
	m := Miss{Element: "Principal", Got: []string{v.Caller.ARN}}
	if v.Caller.ARN == "" {
		m.Got = []string{v.Caller.Name}
	}
	list := s.Principal
	if !s.NotPrincipal.IsZero() {
		m.Element, list = "NotPrincipal", s.NotPrincipal
	}
	for _, id := range list.All() {
		m.Want = append(m.Want, id)
	}
	return m
}

func (el *resourceElement) miss(s policy.Statement, v *View) Miss {
	m := Miss{Element: "Resource", Want: slices.Collect(s.Resource.All()), Got: []string{v.ResourceText()}}
	if el.not {
		m.Element, m.Want = "NotResource", slices.Collect(s.NotResource.All())
	}
	return m
}

// ResourceText is the resource as one text, "*" if the request has none.
func (v *View) ResourceText() string {
	if v.NoResource {
		return "*"
	}
	return strings.Join(v.Resource[:], ":")
}

func (el *resourceElement) unknown(v *View) []string {
	var out []string
	for i := range el.list {
		p := &el.list[i]
		if p.match(v) != Maybe {
			continue
		}
		if v.UnknownRegion {
			out = append(out, "aws:RequestedRegion")
		}
		out = append(out, p.arnPattern.unknown(v)...)
	}
	return out
}

func (p *varPattern) unknown(v *View) []string {
	var out []string
	for i := range p.vars {
		if s := v.key(&p.vars[i]).State; s == Unknown || s == Present {
			out = append(out, p.vars[i].name)
		}
	}
	return out
}

// unknown lists the keys that an undecided condition depends on.
func (c *condition) unknown(v *View) []string {
	if s := v.key(&c.key).State; s == Unknown || s == Present {
		return []string{c.key.name}
	}
	var out []string
	for i := range c.values {
		if p := c.values[i].str; p != nil {
			out = append(out, p.unknown(v)...)
		}
		out = append(out, c.values[i].arn.unknown(v)...)
	}
	return out
}

func (c *condition) texts() []string {
	out := make([]string, len(c.values))
	for i := range c.values {
		out[i] = c.values[i].text
	}
	return out
}

// rules names the points of evaluation on which AWS's documentation leaves doubt and this
// condition rests.
func (c *condition) rules(v *View) []string {
	val := v.key(&c.key)
	var out []string
	switch {
	case c.family == null:
	case val.State == Absent && c.quant == policy.ForAnyValue && c.ifExists:
		out = append(out, "R-CND-11")
	case val.State == Known && c.quant == policy.NoQuantifier && val.Multi:
		out = append(out, "R-CND-7")
	case val.State == Known:
		for _, s := range val.Values {
			sub := subject{text: s}
			if !sub.parse(c.family) {
				out = append(out, "R-CND-14")
			}
		}
		for i := range c.values {
			switch {
			case !c.values[i].valid && c.family == arnLike:
				out = append(out, "R-OPS-7")
			case !c.values[i].valid:
				out = append(out, "R-CND-14")
			case c.family == date && len(c.values[i].text) == 4:
				out = append(out, "R-OPS-4")
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
