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
	Level Level // how a statement that matches names the caller for certain
	// Possible is a stronger level at which the statement may name the caller, or None.
	Possible Level
	Miss     Miss // the first element that did not match; zero if all did
	// Unknown lists what a Maybe depends on, or whether Possible holds, in source order.
	Unknown []Open
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

// A Tester holds the statements of programs against one request, with reasons. The texts
// of all its trials stand in a few lists that it allocates.
type Tester struct {
	view       *View
	program    *Program
	candidates []candidate // those from the next statement on
	action     []string    // the request's, the same for all
	room       []string
}

// NewTester makes the tester of a request.
func NewTester(v *View) *Tester { return &Tester{view: v, action: []string{v.action}} }

// Use goes on to a program.
func (t *Tester) Use(p *Program) {
	t.program, t.candidates = p, nil
	if p.services&t.view.serviceBit != 0 {
		t.candidates = p.lookup(t.view)
	}
}

// Next is the next statement of the program whose action matches; ok is false after the
// last.
func (t *Tester) Next() (i int, ok bool) {
	for len(t.candidates) > 0 {
		c := &t.candidates[0]
		t.candidates = t.candidates[1:]
		if c.matches(t.view.Name) {
			return int(c.index), true
		}
	}
	return 0, false
}

// ActionMiss says that statement i is about other actions.
func (t *Tester) ActionMiss(i int) Miss {
	s := t.program.statements[i]
	m := Miss{Element: "Action", Want: t.keep(s.actions), Got: t.action}
	if s.notAction {
		m.Element = "NotAction"
	}
	return m
}

// keep copies the patterns: a document must not change with what is said of it.
func (t *Tester) keep(list policy.Patterns) []string {
	out := t.take(list.Len())
	for i := range out {
		out[i] = list.At(i)
	}
	return out
}

// take returns room for n texts.
func (t *Tester) take(n int) []string {
	if cap(t.room)-len(t.room) < n {
		t.room = make([]string, 0, max(n, 4*len(t.program.statements)))
	}
	from := len(t.room)
	t.room = t.room[:from+n]
	return t.room[from : from+n : from+n]
}

// Trial holds statement i, whose action matches, against the request.
func (t *Tester) Trial(i int) Trial {
	v, s := t.view, t.program.statements[i]
	out := Trial{Index: i, Deny: s.deny}
	m := match{value: Yes, level: Direct}
	if s.principal != nil {
		m = s.principal.match(&v.Caller, v)
	}
	if m.value == No {
		out.Miss = t.principalMiss(i)
		return out
	}
	if m.value == Maybe || m.possible != None {
		out.Unknown = append(out.Unknown, Open{Want: t.principalMiss(i).Want})
	}
	out.Level, out.Possible = m.level, m.possible
	resource := s.resource.match(v)
	out.Match = min(m.value, resource)
	if out.Match == No {
		out.Miss, out.Unknown = t.resourceMiss(i), nil
		return out
	}
	if resource == Maybe {
		for _, key := range s.resource.unknown(v) {
			out.Unknown = append(out.Unknown, Open{Key: key, Want: t.resourceMiss(i).Want})
		}
	}
	for _, c := range s.condition.all() {
		value := c.eval(v)
		if out.Match = min(out.Match, value); out.Match == No {
			val := v.key(&c.key)
			out.Miss = Miss{Element: "Condition", Operator: c.written, Key: c.key.name, Want: t.texts(c), Absent: val.State == Absent}
			if len(val.Values) > 0 {
				out.Miss.Got = t.take(len(val.Values))
				copy(out.Miss.Got, val.Values)
			}
			out.Unknown = nil
			return out
		}
		if value == Maybe {
			for _, key := range c.unknown(v) {
				out.Unknown = append(out.Unknown, Open{Key: key, Operator: c.written, Want: t.texts(c)})
			}
		}
	}
	return out
}

// Remarks are the values of statement i, whose action matches, that its operators cannot
// read, and the rules that settle a doubtful point for the request.
func (t *Tester) Remarks(i int) (unreadable []Open, rules []string) {
	v, s := t.view, t.program.statements[i]
	for _, c := range s.condition.all() {
		for i := range c.values {
			if !c.values[i].valid {
				unreadable = append(unreadable, Open{Key: c.key.name, Operator: c.written, Want: []string{c.values[i].text}})
			}
		}
	}
	if s.condition == nil || s.principal.match(&v.Caller, v).value == No || s.resource.match(v) == No {
		return unreadable, nil
	}
	for _, c := range s.condition.all() {
		rules = append(rules, c.rules(v)...)
		if c.eval(v) == No {
			break
		}
	}
	return unreadable, rules
}

func (t *Tester) principalMiss(i int) Miss {
	v, s := t.view, t.program.doc.Statement(i)
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

func (t *Tester) resourceMiss(i int) Miss {
	s := t.program.doc.Statement(i)
	m := Miss{Element: "Resource", Want: t.keep(s.Resource), Got: t.take(1)}
	if t.program.statements[i].resource.not {
		m.Element, m.Want = "NotResource", t.keep(s.NotResource)
	}
	m.Got[0] = t.view.ResourceText()
	return m
}

func (t *Tester) texts(c *condition) []string {
	out := t.take(len(c.values))
	for i := range c.values {
		out[i] = c.values[i].text
	}
	return out
}

// ResourceText is the resource as one text, "*" if the request has none.
func (v *View) ResourceText() string {
	switch {
	case v.NoResource:
		return "*"
	case v.arn != "":
		return v.arn
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
