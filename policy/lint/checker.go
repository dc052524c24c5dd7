package lint

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A checker holds one document and collects what rules find in it.
type checker struct {
	config
	file     string
	src      []byte
	kind     policy.Kind
	root     *jsontree.Node        // nil if src is not JSON
	syntax   *jsontree.SyntaxError // why
	doc      *policy.Document      // nil if policy.Parse refuses it
	parse    policy.ParseErrors    // why
	rule     *rule                 // the one that runs
	findings []Finding
	stmts    []*statement
	lines    []int               // where each line of src begins
	words    map[string][]string // of resourceWords, by service
}

func newChecker(file string, src []byte, k policy.Kind, cfg config) *checker {
	c := &checker{config: cfg, file: file, src: src, kind: k, lines: []int{0}, words: map[string][]string{}}
	for i, b := range src {
		if b == '\n' {
			c.lines = append(c.lines, i+1)
		}
	}
	root, err := jsontree.Parse(src)
	if err != nil {
		c.syntax, _ = errors.AsType[*jsontree.SyntaxError](err)
		return c
	}
	c.root = root
	if c.doc, err = policy.Parse(src); err != nil {
		c.parse, _ = errors.AsType[policy.ParseErrors](err)
	}
	c.stmts = c.findStatements()
	return c
}

// A statement is one statement as it stands in the source.
type statement struct {
	c     *checker
	index int
	path  string // "/Statement/0"; "/Statement" for a single object
	node  *jsontree.Node
	// parsed is the statement as policy.Parse reads it, if it accepts the document.
	parsed policy.Statement
	facts
}

// facts is what many rules ask of a statement, read once.
type facts struct {
	effectName    string
	lists         [len(listElements)][]value
	principalList []principalValue
	conditionList []*conditionEntry
	arnList       []arnText
	plain         []plainAction
	allResources  bool
}

var listElements = [...]string{"Action", "NotAction", "Resource", "NotResource"}

func (s *statement) readFacts() {
	if n, ok := s.member("Effect"); ok && n.Kind == jsontree.String && (n.Text == "Allow" || n.Text == "Deny") {
		s.effectName = n.Text
	}
	for i, name := range listElements {
		if n, ok := s.member(name); ok {
			s.lists[i] = texts(n, s.path+"/"+name)
		}
	}
	s.principalList = s.readPrincipals()
	s.conditionList = s.readConditions()
	s.arnList = s.readARNs()
	s.plain = s.readPlainActions()
	s.allResources = s.namesEveryResource()
}

func (c *checker) findStatements() []*statement {
	n, ok := c.root.Member("Statement")
	if c.root.Kind != jsontree.Object || !ok {
		return nil
	}
	list, path := []*jsontree.Node{n}, func(int) string { return "/Statement" }
	if n.Kind == jsontree.Array {
		list, path = nil, func(i int) string { return fmt.Sprintf("/Statement/%d", i) }
		for i := range n.Elements {
			list = append(list, &n.Elements[i])
		}
	}
	var out []*statement
	for i, node := range list {
		if node.Kind != jsontree.Object {
			continue
		}
		s := &statement{c: c, index: i, path: path(i), node: node}
		if c.doc != nil {
			s.parsed = c.doc.Statement(i)
		}
		s.readFacts()
		out = append(out, s)
	}
	return out
}

// statements are those that are objects, in source order.
func (c *checker) statements() []*statement { return c.stmts }

// A value is one text of an element, with its place.
type value struct {
	text string
	path string
	node *jsontree.Node
}

// member is an element of the statement by name.
func (s *statement) member(name string) (*jsontree.Node, bool) { return s.node.Member(name) }

// effect is "Allow", "Deny", or "" if it is neither.
func (s *statement) effect() string { return s.effectName }

// values are the strings of an element that is a string or an array of strings; what is
// neither is passed over. An absent element has none.
func (s *statement) values(name string) []value {
	if i := slices.Index(listElements[:], name); i >= 0 {
		return s.lists[i]
	}
	if n, ok := s.member(name); ok {
		return texts(n, s.path+"/"+name)
	}
	return nil
}

func texts(n *jsontree.Node, path string) []value {
	switch n.Kind {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		return []value{{n.Text, path, n}}
	case jsontree.Array:
		out := make([]value, 0, len(n.Elements))
		for i := range n.Elements {
			e := &n.Elements[i]
			if e.Kind != jsontree.Array && e.Kind != jsontree.Object && e.Kind != jsontree.Null {
				out = append(out, value{e.Text, path + "/" + strconv.Itoa(i), e})
			}
		}
		return out
	}
	return nil
}

// A principalValue is one entry of a Principal or NotPrincipal element.
type principalValue struct {
	value
	element string // "Principal" or "NotPrincipal"
	typ     string // "AWS", "Service", "Federated", "CanonicalUser"; "*" for the bare string
}

// principals are the entries of both principal elements.
func (s *statement) principals() []principalValue { return s.principalList }

func (s *statement) readPrincipals() (out []principalValue) {
	for _, element := range []string{"Principal", "NotPrincipal"} {
		n, ok := s.member(element)
		if !ok {
			continue
		}
		path := s.path + "/" + element
		if n.Kind == jsontree.String {
			out = append(out, principalValue{value{n.Text, path, n}, element, "*"})
			continue
		}
		for i := range n.Members {
			m := &n.Members[i]
			for _, v := range texts(&m.Value, path+"/"+jsontree.Escape(m.Name)) {
				out = append(out, principalValue{v, element, m.Name})
			}
		}
	}
	return out
}

// A conditionEntry is one operator and key of a Condition element.
type conditionEntry struct {
	operator policy.Operator
	parts    policy.OperatorParts // zero if AWS has no such operator
	key      string               // as written
	path     string               // of the key's values
	opNode   *jsontree.Member     // operator and its keys
	keyNode  *jsontree.Member     // key and its values
	info     serviceref.KeyInfo   // what the service reference knows of the key
	known    bool
	list     []value
}

// values are the condition's values.
func (e *conditionEntry) values() []value { return e.list }

// conditions are every operator and key, in source order.
func (s *statement) conditions() []*conditionEntry { return s.conditionList }

func (s *statement) readConditions() (out []*conditionEntry) {
	n, ok := s.member("Condition")
	if !ok {
		return nil
	}
	for i := range n.Members {
		op := &n.Members[i]
		parts, _ := policy.Operator(op.Name).Parts()
		for j := range op.Value.Members {
			key := &op.Value.Members[j]
			e := &conditionEntry{
				operator: policy.Operator(op.Name), parts: parts, key: key.Name,
				path:   s.path + "/Condition/" + jsontree.Escape(op.Name) + "/" + jsontree.Escape(key.Name),
				opNode: op, keyNode: key,
			}
			e.info, e.known = s.c.ref.Key(key.Name)
			e.list = texts(&key.Value, e.path)
			out = append(out, e)
		}
	}
	return out
}

// report adds a finding about a value.
func (c *checker) report(n *jsontree.Node, path, format string, args ...any) *Finding {
	return c.reportSpan(n.Start, n.End, path, format, args...)
}

// reportName adds a finding about the name of a member.
func (c *checker) reportName(m *jsontree.Member, path, format string, args ...any) *Finding {
	return c.reportSpan(m.NameStart, m.NameEnd, path, format, args...)
}

// reportSpan adds a finding about a span of the source. The result may be given a fix.
func (c *checker) reportSpan(start, end int, path, format string, args ...any) *Finding {
	c.findings = append(c.findings, Finding{
		Type: c.rule.typ, Code: c.rule.code, Message: fmt.Sprintf(format, args...), Path: path, File: c.file,
		Position: c.position(start), End: c.position(end),
	})
	return &c.findings[len(c.findings)-1]
}

func (c *checker) position(offset int) policy.Position {
	at := max(0, min(offset, len(c.src)))
	line, begins := slices.BinarySearch(c.lines, at)
	if !begins {
		line--
	}
	return policy.Position{Offset: offset, Line: line + 1, Column: at - c.lines[line] + 1}
}

// guessNarrows reports whether correcting a value at this path, which matches nothing as it
// stands, can only take access away. Only then is a guess at what was meant offered as a
// fix: a corrected name in an Allow would open what nobody has had so far.
func (c *checker) guessNarrows(path string) bool {
	for _, s := range c.statements() {
		rest, ok := strings.CutPrefix(path, s.path+"/")
		if !ok {
			continue
		}
		for _, e := range s.conditions() {
			if strings.HasPrefix(path, e.path) {
				return s.guessNarrows(negated(e.parts))
			}
		}
		return (s.effect() == "Deny") != strings.HasPrefix(rest, "Not")
	}
	return false
}

// guessNarrows reports whether a condition that now holds always (or never) and then
// sometimes can only take access away.
func (s *statement) guessNarrows(holdsNow bool) bool { return (s.effect() == "Deny") != holdsNow }

// grantsNothing reports whether no statement allows anything. Only then is a guess at what a
// document means that AWS refuses offered as a fix: AWS would take the corrected one, and
// with it whatever it allows.
func (c *checker) grantsNothing() bool {
	return !slices.ContainsFunc(c.statements(), func(s *statement) bool { return s.effect() == "Allow" })
}

// replace is the fix that puts text, a JSON value, in place of a value.
func replace(n *jsontree.Node, text string) *Fix { return &Fix{Start: n.Start, End: n.End, Text: text} }
