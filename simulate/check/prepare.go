package check

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"weak"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// prepared is what a document's action and resource lists are, whatever it is compared with.
// It must not hold the document, which could not be forgotten then.
type prepared struct {
	actions []symbolic.Member   // of each statement
	of      *symbolic.Automaton // of which they are; nil: of none
	err     error
	lists   sync.Map // of resources, with version and kind → *symbolic.Automaton
}

// list is the automaton of a list of resources, nil if it was not needed yet.
func (p *prepared) list(key string) *symbolic.Automaton {
	if a, ok := p.lists.Load(key); ok {
		return a.(*symbolic.Automaton)
	}
	return nil
}

// documents holds what is prepared for as long as the document lives.
var documents sync.Map // weak.Pointer[policy.Document] → *prepared

// prepare is stopped by the meter, and counts nothing that it limits: see compiler.use.
func prepare(m *symbolic.Meter, d *policy.Document) (*prepared, error) {
	key := weak.Make(d)
	if found, ok := documents.Load(key); ok {
		p := found.(*prepared)
		return p, p.err
	}
	p := &prepared{}
	if p.build(m, d); p.err != nil && p.err != symbolic.Entangled {
		return nil, p.err // it was stopped; another time it may not be
	}
	if _, loaded := documents.LoadOrStore(key, p); !loaded {
		runtime.AddCleanup(d, func(key weak.Pointer[policy.Document]) { documents.Delete(key) }, key)
	}
	return p, p.err
}

// build makes one automaton of all action lists: equal lists are one element.
func (p *prepared) build(m *symbolic.Meter, d *policy.Document) {
	var elements [][]symbolic.Pattern
	index := map[string]int{}
	at := make([]int, d.Len())
	for i, s := range d.Statements() {
		list := s.Action
		if list.IsZero() {
			list = s.NotAction
		}
		var patterns []symbolic.Pattern
		var key strings.Builder
		all := false
		for value := range list.All() {
			value = lower(value)
			pattern, everything, ok := actionPattern(value)
			all = all || everything
			if ok && !everything {
				patterns = append(patterns, pattern)
				key.WriteString(glue(value))
			}
		}
		if all {
			at[i] = -1
			continue
		}
		e, ok := index[key.String()]
		if !ok {
			e = len(elements)
			index[key.String()] = e
			elements = append(elements, patterns)
		}
		at[i] = e
	}
	p.actions = make([]symbolic.Member, d.Len())
	if len(elements) == 0 {
		return
	}
	if p.of, p.err = symbolic.Build(m, symbolic.ActionText, elements); p.err != nil {
		return
	}
	for i, e := range at {
		if e >= 0 {
			p.actions[i] = symbolic.Member{Of: p.of, Element: e}
		}
	}
}

// glue makes one text of several, different for all that differ: the texts are those of policies,
// in which every character can stand.
func glue(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(' ')
		b.WriteString(p)
	}
	return b.String()
}

// lower makes ASCII letters small: actions are compared without regard to their case.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}
