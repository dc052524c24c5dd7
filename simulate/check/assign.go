package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
)

// maxAssignments limits the values of policy variables that are tried.
const maxAssignments = 16

// boundKeys says that the keys of bound variables have just those values.
func (c *compiler) boundKeys() *symbolic.Formula {
	var all []*symbolic.Formula
	for _, name := range slices.Sorted(maps.Keys(c.bound)) {
		key := c.problem.Key(name, symbolic.Either, symbolic.Untyped)
		if value := c.bound[name]; value != nil {
			all = append(all, key.One(&symbolic.Values{Patterns: []symbolic.Pattern{symbolic.Text(*value)}}))
		} else {
			all = append(all, symbolic.Not(key.Lone()))
		}
	}
	return symbolic.And(all...)
}

// blocked says why a cell's candidate was not confirmed, and which values of variables may
// settle it.
func (c *compiler) blocked(cell *symbolic.Cell) *blocked {
	b := &blocked{reason: fmt.Sprintf("no request shows the difference that was found at %s on %s", cell.Action, cell.Resource)}
	var texts []string
	names := map[string]bool{}
	for _, t := range c.templates {
		if cell.Model.Free[t.free] != 0 {
			texts = append(texts, t.text)
		}
	}
	for _, t := range c.templates {
		for i := range t.variables {
			if _, known := c.bound[t.names[i]]; !known {
				names[t.names[i]] = true
			}
		}
	}
	if len(texts) > 0 {
		slices.Sort(texts)
		b.reason = "policy variables: " + strings.Join(slices.Compact(texts), ", ")
	}
	if len(names) > 0 {
		b.assignments = c.assignments(slices.Sorted(maps.Keys(names)))
	}
	return b
}

// assignments are values of the variables to try: none, ones that nothing else names, and
// those that the policies themselves write.
func (c *compiler) assignments(names []string) []map[string]*string {
	var out []map[string]*string
	try := func(value func(i int, name string) *string) {
		if len(out) < maxAssignments {
			m := map[string]*string{}
			for i, name := range names {
				m[name] = value(i, name)
			}
			out = append(out, m)
		}
	}
	fresh := func(i int, name string) *string {
		if info := c.spelled[name]; strings.HasSuffix(strings.ToLower(info), "account") {
			return text(fmt.Sprintf("%012d", 777788889999-i))
		}
		return text(fmt.Sprintf("value%d", i+1))
	}
	written := c.values
	try(fresh)
	try(func(int, string) *string { return text("same") })
	try(func(int, string) *string { return nil })
	try(func(int, string) *string { return text("a/b:c") })
	try(func(int, string) *string { return text("") })
	for _, w := range written {
		try(func(int, string) *string { return text(w) })
	}
	for i := range names {
		try(func(j int, name string) *string {
			if i == j {
				return nil
			}
			return fresh(j, name)
		})
		for _, w := range written {
			try(func(j int, name string) *string {
				if i == j {
					return text(w)
				}
				return fresh(j, name)
			})
		}
	}
	return out
}
