package detect

import (
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// A selector leads from the log event to its parts: $.users[0].id.
type selector struct {
	text  string
	steps []step
	wild  bool
}

// A step goes to a member or element, or to all of them.
type step struct {
	name  string
	index int // of an element; -1: a member
	all   bool
}

func (s *scanner) selector() (selector, *PatternError) {
	start := s.at
	if !s.take("$") {
		return selector{}, s.fail(s.at, "%s; want a selector, which begins with $.", s.next())
	}
	var sel selector
	for s.at < len(s.text) && (s.text[s.at] == '.' || s.text[s.at] == '[') {
		at := s.at
		st, err := s.step()
		if err != nil {
			return selector{}, err
		}
		if len(sel.steps) == 0 && st.index >= 0 {
			return selector{}, s.unsupported(at, "an element of the log event itself; want a property first")
		}
		if st.all {
			if sel.wild {
				return selector{}, s.fail(at, "a second * in a selector; want at most one")
			}
			if s.wildcards++; s.wildcards > maxWildcards {
				return selector{}, s.fail(at, "* in a selector too many; want at most %d in a pattern", maxWildcards)
			}
			sel.wild = true
		}
		sel.steps = append(sel.steps, st)
	}
	if len(sel.steps) == 0 {
		return selector{}, s.fail(s.at, "$ without a property; want such as $.eventName")
	}
	sel.text = s.text[start:s.at]
	return sel, nil
}

// step reads .name, .*, .['name'], ['name'], [0] or [*].
func (s *scanner) step() (step, *PatternError) {
	dot := s.take(".")
	if dot && s.take("*") {
		return step{index: -1, all: true}, nil
	}
	open := s.at
	if !s.take("[") {
		// “Property selectors are alphanumeric strings that also support '-' and '_' characters.”
		name := s.run(func(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' })
		if name == "" {
			return step{}, s.fail(s.at, "%s; want the name of a property, of letters, digits, - and _, or one in brackets: ['a.b']", s.next())
		}
		return step{name: name, index: -1}, nil
	}
	if s.at < len(s.text) && (s.text[s.at] == '\'' || s.text[s.at] == '"') {
		quote := s.text[s.at]
		s.at++
		name := s.run(func(c byte) bool { return c != quote })
		if strings.Contains(name, `\`) {
			return step{}, s.unsupported(open, "a backslash in the name of a property")
		}
		if !s.take(string(quote)) || !s.take("]") || name == "" {
			return step{}, s.fail(open, "brackets around a name are not closed; want such as ['a.b']")
		}
		return step{name: name, index: -1}, nil
	}
	if dot {
		return step{}, s.fail(s.at, "%s behind .[; want a name in quotation marks: .['a.b']", s.next())
	}
	if s.take("*") {
		if !s.take("]") {
			return step{}, s.fail(s.at, "%s behind [*; want ]", s.next())
		}
		return step{all: true}, nil
	}
	digits := s.run(func(c byte) bool { return '0' <= c && c <= '9' })
	index, err := strconv.Atoi(digits)
	if err != nil || !s.take("]") {
		return step{}, s.fail(open, "brackets without a number, * or a name; want such as [0], [*] or ['a.b']")
	}
	return step{index: index}, nil
}

// reach calls with each node that the steps lead to, and with nil where they lead to none.
// It reports false if a name stands twice in an object, which leads to nobody knows what.
func reach(n *jsontree.Node, steps []step, use func(*jsontree.Node)) bool {
	if len(steps) == 0 {
		use(n)
		return true
	}
	st, rest := steps[0], steps[1:]
	clear := true
	switch {
	case st.all && st.index < 0 && n.Kind == jsontree.Object:
		for i := range n.Members {
			clear = reach(&n.Members[i].Value, rest, use) && clear
		}
		return clear
	case st.all && st.index >= 0 && n.Kind == jsontree.Array:
		for i := range n.Elements {
			clear = reach(&n.Elements[i], rest, use) && clear
		}
		return clear
	case !st.all && st.index < 0 && n.Kind == jsontree.Object:
		var found *jsontree.Node
		for i := range n.Members {
			if n.Members[i].Name == st.name {
				if found != nil {
					return false
				}
				found = &n.Members[i].Value
			}
		}
		if found != nil {
			return reach(found, rest, use)
		}
	case !st.all && st.index >= 0 && n.Kind == jsontree.Array && st.index < len(n.Elements):
		return reach(&n.Elements[st.index], rest, use)
	}
	use(nil)
	return true
}
