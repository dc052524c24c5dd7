package lint

import (
	"iter"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// variableRules are about policy variables (IAM User Guide, “IAM policy elements:
// Variables and tags”).
var variableRules = []rule{
	{code: "MISSING_BRACE_IN_VARIABLE", typ: Error, kinds: anyKind, title: "A policy variable is not closed.", check: missingBrace},
	{code: "MISSING_QUOTE_IN_VARIABLE", typ: Error, kinds: anyKind, title: "The default value of a policy variable stands without single quotes.", check: missingQuote},
	{code: "UNSUPPORTED_SPACE_IN_VARIABLE", typ: Error, kinds: anyKind, title: "The name of a policy variable has a space.", check: spaceInVariable},
	{code: "EMPTY_VARIABLE", typ: Error, kinds: anyKind, title: "A policy variable has no name.", check: emptyVariable},
	{code: "VARIABLE_UNSUPPORTED_IN_ELEMENT", typ: Error, kinds: anyKind, title: "Only Resource and Condition have policy variables.", check: perStatement(misplacedVariables)},
	{code: "VARIABLE_UNSUPPORTED_IN_VERSION", typ: Error, kinds: anyKind, title: "Only version 2012-10-17 has policy variables.", check: variablesInOldVersion},
}

// A variable is one ${…} of a value.
type variable struct {
	in     value
	name   string // the key, spaces included
	rest   string // the default value as written, quotes included
	comma  bool   // rest stands there
	closed bool
}

// hasVariables reports whether the document's language has variables at all.
func (c *checker) hasVariables() bool {
	n, ok := c.root.Member("Version")
	return ok && n.Text == string(policy.Version2012)
}

// variables yields those of Resource elements and condition values, ${*}, ${?} and ${$}
// not included.
func (c *checker) variables() iter.Seq[variable] {
	return func(yield func(variable) bool) {
		for _, s := range c.statements() {
			for v := range s.variableValues() {
				for _, x := range scanVariables(v) {
					if !yield(x) {
						return
					}
				}
			}
		}
	}
}

// variableValues yields the values that may have variables.
func (s *statement) variableValues() iter.Seq[value] {
	return func(yield func(value) bool) {
		for _, name := range []string{"Resource", "NotResource"} {
			for _, v := range s.values(name) {
				if strings.Contains(v.text, "${") && !yield(v) {
					return
				}
			}
		}
		for _, e := range s.conditions() {
			for _, v := range e.values() {
				if strings.Contains(v.text, "${") && !yield(v) {
					return
				}
			}
		}
	}
}

func scanVariables(v value) (out []variable) {
	for text := v.text; ; {
		_, after, found := strings.Cut(text, "${")
		if !found {
			return out
		}
		body, rest, closed := strings.Cut(after, "}")
		if i := strings.Index(body, "${"); i >= 0 { // the next one opens before this one ends
			body, rest, closed = body[:i], after[i:], false
		}
		text = rest
		if closed && (body == "*" || body == "?" || body == "$") {
			continue
		}
		x := variable{in: v, closed: closed}
		x.name, x.rest, x.comma = strings.Cut(body, ",")
		out = append(out, x)
		if !closed && rest == "" {
			return out
		}
	}
}

func missingBrace(c *checker) {
	for x := range c.variables() {
		if !x.closed && c.hasVariables() {
			c.report(x.in.node, x.in.path, "the variable that begins with \"${%s\" is not closed; want a } behind its name, or ${$} for a plain dollar sign", clip(x.name))
		}
	}
}

func missingQuote(c *checker) {
	for x := range c.variables() {
		rest := strings.TrimSpace(x.rest)
		if x.comma && x.closed && c.hasVariables() && (len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'') {
			c.report(x.in.node, x.in.path, "the default value in \"${%s,%s}\" has no pair of single quotes; want ${%s, 'text'}", clip(x.name), clip(x.rest), clip(strings.TrimSpace(x.name)))
		}
	}
}

// spaceInVariable lets tag keys have spaces, which they may, and a space before the comma
// of a default value.
func spaceInVariable(c *checker) {
	for x := range c.variables() {
		name := x.name
		if x.comma {
			name = strings.TrimRight(name, " ")
		}
		key, _, _ := strings.Cut(name, "/")
		if !x.closed || !c.hasVariables() || strings.TrimSpace(name) == "" || (!strings.Contains(key, " ") && name == strings.TrimSpace(name)) {
			continue
		}
		tag := strings.TrimRight(name[len(key):], " ")
		want := strings.ReplaceAll(key, " ", "") + tag
		f := c.report(x.in.node, x.in.path, "the variable %q has a space in its name, which no key has; want %q", clip(name), clip(want))
		if c.guessNarrows(x.in.path) {
			f.Fix = replace(x.in.node, quoted(strings.ReplaceAll(x.in.text, "${"+name, "${"+want)))
		}
	}
}

func emptyVariable(c *checker) {
	for x := range c.variables() {
		if x.closed && c.hasVariables() && strings.TrimSpace(x.name) == "" {
			c.report(x.in.node, x.in.path, "${} names no key; want one such as ${aws:username}, or ${$} for a plain dollar sign")
		}
	}
}

func misplacedVariables(c *checker, s *statement) {
	refuse := func(v value, element string) {
		if v.node.Kind == jsontree.String && strings.Contains(v.text, "${") {
			c.report(v.node, v.path, "%s has no policy variables, so that %q stands for itself; want the text without ${…}", element, clip(v.text))
		}
	}
	for _, e := range []string{"Sid", "Effect", "Action", "NotAction"} {
		for _, v := range s.values(e) {
			refuse(v, e)
		}
	}
	for _, p := range s.principals() {
		refuse(p.value, p.element)
	}
	for _, e := range s.conditions() {
		if strings.Contains(e.key, "${") {
			c.reportName(e.keyNode, e.path, "the condition key %q has no policy variables; want the key itself, and the variable among the values", clip(e.key))
		}
	}
}

// variablesInOldVersion: in the language of 2008 a variable is plain text.
func variablesInOldVersion(c *checker) {
	if c.hasVariables() {
		return
	}
	for x := range c.variables() {
		if x.closed && strings.Contains(x.name, ":") {
			c.report(x.in.node, x.in.path, "${%s} is plain text here, since the document does not have \"Version\": %q; want that version", clip(x.name), policy.Version2012)
		}
	}
}
