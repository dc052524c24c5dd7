package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// gather lists the statements of all documents, written for the newest version of the language.
func (m *minimizer) gather() {
	sids := map[string]bool{}
	for n, d := range m.given {
		for i, s := range d.Statements() {
			w := working{rewrite(s, d.Version()), fmt.Sprintf("statement %d", i+1)}
			if s.SID != "" {
				w.from = fmt.Sprintf("%s %q", w.from, s.SID)
			}
			if len(m.given) > 1 {
				w.from += fmt.Sprintf(" of document %d", n+1)
			}
			if sids[s.SID] {
				w.SID = "" // Sids of one document differ
			}
			sids[s.SID] = true
			m.statements = append(m.statements, w)
		}
	}
}

// rewrite is the statement as a document of Version2012 says it, with single values as plain
// texts. Before, ${ was text (R-DOC-3).
func rewrite(s policy.Statement, v policy.Version) policy.Statement {
	plain := func(p policy.Patterns, takesVariables bool) policy.Patterns {
		if p.Len() == 0 {
			return p
		}
		list := slices.Collect(p.All())
		if v != policy.Version2012 && takesVariables {
			for i := range list {
				list[i] = strings.ReplaceAll(list[i], "${", "${$}{")
			}
		}
		return policy.List(list...)
	}
	s.Action, s.NotAction = relist(s.Action), relist(s.NotAction)
	s.Resource, s.NotResource = plain(s.Resource, true), plain(s.NotResource, true)
	var conditions policy.Conditions
	for c := range s.Condition.All() {
		if c.Values.Len() == 0 {
			return s // an empty list is kept as it is written
		}
		parts, _ := c.Operator.Parts()
		conditions = conditions.And(c.Operator, c.Key, slices.Collect(plain(c.Values, parts.TakesVariables()).All())...)
	}
	s.Condition = conditions
	return s
}

func relist(p policy.Patterns) policy.Patterns {
	if p.Len() == 0 {
		return p
	}
	return policy.List(slices.Collect(p.All())...)
}

// compactDocument writes statements without white space.
func compactDocument(statements []working) (*policy.Document, error) {
	list := make([]policy.Statement, len(statements))
	for i, s := range statements {
		list[i] = s.Statement
	}
	d, err := policy.NewDocument(list...)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, d.Source()); err != nil {
		return nil, err
	}
	return policy.Parse(b.Bytes())
}

// dropStatements leaves out statements that the others make needless, the last first.
func (m *minimizer) dropStatements() {
	for i := len(m.statements) - 1; i >= 0 && len(m.statements) > 1; i-- {
		rest := slices.Delete(slices.Clone(m.statements), i, i+1)
		m.accept(rest, m.statements[i].from+": dropped, the others do the same without it")
	}
}

// A list is a part of statements that has several values, in each of which the statement
// applies.
type list struct {
	name string
	get  func(s *policy.Statement) []string // nil: the statement has none
	set  func(s *policy.Statement, values []string)
	fold bool // case does not count
	rest bool // values may be covered by those of other statements
}

var actionList = list{"actions", func(s *policy.Statement) []string { return slices.Collect(s.Action.All()) },
	func(s *policy.Statement, v []string) { s.Action = policy.List(v...) }, true, true}

var resourceList = list{"resources", func(s *policy.Statement) []string { return slices.Collect(s.Resource.All()) },
	func(s *policy.Statement, v []string) { s.Resource = policy.List(v...) }, false, true}

var excludedLists = []list{
	{"actions", func(s *policy.Statement) []string { return slices.Collect(s.NotAction.All()) },
		func(s *policy.Statement, v []string) { s.NotAction = policy.List(v...) }, true, false},
	{"resources", func(s *policy.Statement) []string { return slices.Collect(s.NotResource.All()) },
		func(s *policy.Statement, v []string) { s.NotResource = policy.List(v...) }, false, false},
}

// principalList are the principals of one type, where a statement has no other.
func principalList(t policy.PrincipalType) list {
	return list{name: "principals", get: func(s *policy.Statement) (out []string) {
		for typ, id := range s.Principal.All() {
			if typ != t || s.Principal.IsEveryone() {
				return nil
			}
			out = append(out, id)
		}
		return out
	}, set: func(s *policy.Statement, v []string) { s.Principal = policy.PrincipalList(t, v...) }}
}

// conditionList are the values of one key under one operator.
func conditionList(op policy.Operator, key string) list {
	return list{name: "values of " + key, get: func(s *policy.Statement) []string {
		for c := range s.Condition.All() {
			if c.Operator == op && c.Key == key {
				return slices.Collect(c.Values.All())
			}
		}
		return nil
	}, set: func(s *policy.Statement, v []string) {
		var out policy.Conditions
		for c := range s.Condition.All() {
			if c.Operator == op && c.Key == key {
				out = out.And(op, key, v...)
			} else {
				out = out.And(c.Operator, c.Key, slices.Collect(c.Values.All())...)
			}
		}
		s.Condition = out
	}}
}

// conditionLists are those of all statements, in their order.
func (m *minimizer) conditionLists() (out []list) {
	seen := map[[2]string]bool{}
	for i := range m.statements {
		for c := range m.statements[i].Condition.All() {
			if at := [2]string{string(c.Operator), c.Key}; !seen[at] && c.Values.Len() > 0 {
				seen[at] = true
				out = append(out, conditionList(c.Operator, c.Key))
			}
		}
	}
	return out
}

// mergeable are the lists in which statements may differ that become one.
func (m *minimizer) mergeable() []list {
	out := []list{actionList, resourceList}
	for _, t := range []policy.PrincipalType{policy.AWSPrincipal, policy.ServicePrincipalType, policy.FederatedPrincipal, policy.CanonicalUserPrincipal} {
		out = append(out, principalList(t))
	}
	return append(out, m.conditionLists()...)
}
