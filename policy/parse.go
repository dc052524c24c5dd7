package policy

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

// MaxSource is the largest source that is parsed, in bytes. It is many times what AWS
// stores: the largest policies are those of S3 buckets and KMS keys, 20 and 32 kB.
const MaxSource = 1 << 20

// Parse reads one policy document. It reports all problems at once as [ParseErrors], in
// source order: bad JSON, duplicate members, unknown elements, operators and effects,
// wrong types, and elements that exclude each other or are missing. What depends on where
// the document is attached is checked by [Document.CheckKind].
func Parse(src []byte) (*Document, error) { return ParseAt("", Position{}, src) }

// ParseAt is [Parse] for a document that stands in a file: errors and
// [Document.Position] name the file, and count lines and columns from start, the place
// of the first byte of src. The zero start is the beginning of the file.
func ParseAt(file string, start Position, src []byte) (*Document, error) {
	p := &parser{doc: &Document{file: file, start: start, version: Version2008}}
	p.path = p.steps[:0]
	if len(src) > MaxSource {
		p.fail(0, "%d bytes; want at most %d, AWS stores no larger policy", len(src), MaxSource)
		return nil, p.problems(nil)
	}
	err := jsontree.Read(src, func(root *jsontree.Node, text string) {
		p.doc.src = text
		p.document(root)
	})
	if err != nil {
		if se, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
			p.fail(se.Offset, "%s", se.Reason)
			p.errs[0].Path = se.Pointer
		} else {
			p.fail(0, "%s", err)
		}
		return nil, p.problems(src)
	}
	if len(p.errs) > 0 {
		return nil, p.problems(src)
	}
	return p.doc, nil
}

// maxProblems bounds the work on hostile input; no document written by a person comes near.
const maxProblems = 1000

type parser struct {
	doc  *Document
	errs ParseErrors // Position holds only the offset in the source until problems
	path []step
	// The first of path: no place in a policy is deeper.
	steps [6]step
	// Room for the values of all lists that are not read yet, so that they stand together.
	values []string
}

// A step is one token of the JSON pointer to the place that is being read.
type step struct {
	name  string
	index int // of an element; -1 for a member
}

func (p *parser) push(name string) { p.path = append(p.path, step{name, -1}) }
func (p *parser) at(i int)         { p.path = append(p.path, step{index: i}) }
func (p *parser) pop()             { p.path = p.path[:len(p.path)-1] }

// pointer is the JSON pointer to the place that is being read. Names that no policy has
// are cut short.
func (p *parser) pointer() string {
	var b strings.Builder
	for _, s := range p.path {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(jsontree.Escape(clip(s.name)))
		}
	}
	return b.String()
}

func (p *parser) full() bool { return len(p.errs) > maxProblems }

// fail notes a problem with the value or member that p.path leads to.
func (p *parser) fail(offset int, format string, args ...any) {
	if p.full() {
		return
	}
	e := &ParseError{File: p.doc.file, Position: Position{Offset: offset}, Path: p.pointer(), Err: fmt.Errorf(format, args...)}
	if len(p.errs) == maxProblems {
		e = &ParseError{File: p.doc.file, Position: Position{Offset: math.MaxInt}, Err: fmt.Errorf("more than %d problems; the others are not listed", maxProblems)}
	}
	p.errs = append(p.errs, e)
}

// failAt is fail for the member or element below p.path.
func (p *parser) failAt(name string, offset int, format string, args ...any) {
	p.push(name)
	p.fail(offset, format, args...)
	p.pop()
}

// problems puts the errors in source order and turns their offsets into places.
func (p *parser) problems(src []byte) error {
	slices.SortStableFunc(p.errs, func(a, b *ParseError) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	p.errs.locate(src, p.doc.start)
	return p.errs
}

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
	principalTypes    = []string{string(AWSPrincipal), string(ServicePrincipalType), string(FederatedPrincipal), string(CanonicalUserPrincipal)}
)

// members walks an object: it reports duplicates (R-DOC-10; IAM User Guide, “Grammar of the
// IAM JSON policy language”, notes) and names that are not known, and calls each with the
// others, once per name. A nil known means that all names are.
func (p *parser) members(n *jsontree.Node, known []string, each func(m *jsontree.Member)) {
	duplicate := duplicates(n.Members)
	for i := range n.Members {
		m := &n.Members[i]
		p.push(m.Name)
		switch {
		case duplicate != nil && duplicate[i]:
			p.fail(m.NameStart, "duplicate member %q; AWS does not say which one counts, keep one", clip(m.Name))
		case known != nil && !slices.Contains(known, m.Name):
			if p.full() {
				break
			}
			p.fail(m.NameStart, "unknown element %q%s", clip(m.Name), suggest(m.Name, known))
		default:
			each(m)
		}
		p.pop()
	}
}

// duplicates says of each member whether its name stood before; nil if none did.
func duplicates(members []jsontree.Member) []bool {
	const few = 16 // quicker to compare than to remember
	var seen map[string]bool
	if len(members) > few {
		seen = make(map[string]bool, len(members))
	}
	var out []bool
	for i := range members {
		name := members[i].Name
		again := false
		if seen != nil {
			again = seen[name]
			seen[name] = true
		} else {
			again = slices.ContainsFunc(members[:i], func(m jsontree.Member) bool { return m.Name == name })
		}
		if again {
			if out == nil {
				out = make([]bool, len(members))
			}
			out[i] = true
		}
	}
	return out
}

// suggest says what a misspelt name should have been.
func suggest(name string, known []string) string {
	if best := closest(name, known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; want " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

// document implements R-DOC-1 to R-DOC-3 (IAM User Guide, “Grammar of the IAM JSON policy language”).
func (p *parser) document(root *jsontree.Node) {
	if root.Kind != jsontree.Object {
		p.fail(root.Start, "the document is %s; want an object with Version and Statement", root.Kind)
		return
	}
	p.members(root, documentElements, func(m *jsontree.Member) {
		v := &m.Value
		switch m.Name {
		case "Version":
			text, ok := p.text(v)
			if ok && text != string(Version2008) && text != string(Version2012) {
				p.fail(v.Start, "unknown version %q; want %q", clip(text), Version2012)
			}
			p.doc.version = Version(text)
		case "Id":
			p.doc.id, _ = p.text(v)
		case "Statement":
			p.statements(v)
		}
	})
	if _, found := root.Member("Statement"); !found {
		p.failAt("Statement", root.Start, "missing; want a statement or an array of statements")
	}
}

// statements implements R-DOC-2: an array of statements, or one (IAM User Guide, “IAM JSON
// policy elements: Statement”).
func (p *parser) statements(v *jsontree.Node) {
	switch v.Kind {
	case jsontree.Object:
		p.values = make([]string, countLists(v))
		p.doc.statements = make([]Statement, 1)
		p.statement(v, &p.doc.statements[0])
	case jsontree.Array:
		p.doc.array = true
		p.doc.statements = make([]Statement, len(v.Elements))
		count := 0
		for i := range v.Elements {
			count += countLists(&v.Elements[i])
		}
		p.values = make([]string, count)
		for i := range v.Elements {
			p.at(i)
			if n := &v.Elements[i]; n.Kind == jsontree.Object {
				p.statement(n, &p.doc.statements[i])
			} else {
				p.fail(n.Start, "the statement is %s; want an object", n.Kind)
			}
			p.pop()
		}
	default:
		p.fail(v.Start, "is %s; want a statement or an array of statements", v.Kind)
	}
}

// countLists is the most values that the lists of a statement can have.
func countLists(n *jsontree.Node) int {
	count := 0
	for i := range n.Members {
		if m := &n.Members[i]; m.Name != "Sid" && m.Name != "Effect" {
			count += countValues(&m.Value)
		}
	}
	return count
}

func countValues(n *jsontree.Node) int {
	switch n.Kind {
	case jsontree.Array:
		return len(n.Elements)
	case jsontree.Object:
		count := 0
		for i := range n.Members {
			count += countValues(&n.Members[i].Value)
		}
		return count
	}
	return 1
}

func (p *parser) statement(n *jsontree.Node, s *Statement) {
	p.members(n, statementElements, func(m *jsontree.Member) {
		v := &m.Value
		switch m.Name {
		case "Sid":
			s.SID, _ = p.text(v)
		case "Effect":
			s.Effect = p.effect(v)
		case "Principal":
			s.Principal = p.principals(v)
		case "NotPrincipal":
			s.NotPrincipal = p.principals(v)
		case "Action":
			s.Action = p.list(v, (*parser).action)
		case "NotAction":
			s.NotAction = p.list(v, (*parser).action)
		case "Resource":
			s.Resource = p.list(v, (*parser).pattern)
		case "NotResource":
			s.NotResource = p.list(v, (*parser).pattern)
		case "Condition":
			s.Condition = p.conditions(v)
		}
	})
	p.elements(n)
}

// elements implements R-DOC-4 to R-DOC-6: what a statement must have, and what excludes
// each other.
func (p *parser) elements(n *jsontree.Node) {
	if _, ok := n.Member("Effect"); !ok {
		p.failAt("Effect", n.Start, `missing; want "Allow" or "Deny"`)
	}
	has := func(name string) bool { _, ok := n.Member(name); return ok }
	if !has("Action") && !has("NotAction") {
		p.failAt("Action", n.Start, "missing; want Action or NotAction")
	}
	for _, pair := range [...][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if !has(pair[0]) || !has(pair[1]) {
			continue
		}
		for i := range n.Members {
			if m := &n.Members[i]; m.Name == pair[1] {
				p.failAt(m.Name, m.NameStart, "stands beside %s; keep one of the two", pair[0])
				break
			}
		}
	}
}

func (p *parser) text(v *jsontree.Node) (string, bool) {
	if v.Kind != jsontree.String {
		p.fail(v.Start, "is %s; want a string", v.Kind)
		return "", false
	}
	return v.Text, true
}

// effect implements R-DOC-4: the two words are case-sensitive.
func (p *parser) effect(v *jsontree.Node) Effect {
	text, ok := p.text(v)
	switch {
	case !ok:
	case text == "Allow":
		return Allow
	case text == "Deny":
		return Deny
	default:
		p.fail(v.Start, `unknown effect %q; want "Allow" or "Deny", in this spelling`, clip(text))
	}
	return 0
}

// list implements R-DOC-7: a value or a non-empty array of values, which value reads.
func (p *parser) list(v *jsontree.Node, value func(*parser, *jsontree.Node) (string, bool)) Patterns {
	if v.Kind != jsontree.Array {
		text, ok := value(p, v)
		if !ok {
			return Patterns{}
		}
		return Patterns{values: append(p.room(1), text), scalar: true}
	}
	if len(v.Elements) == 0 {
		p.fail(v.Start, "is an empty array; want at least one value")
	}
	out := Patterns{values: p.room(len(v.Elements))}
	p.at(0)
	for i := range v.Elements {
		p.path[len(p.path)-1].index = i
		if text, ok := value(p, &v.Elements[i]); ok {
			out.values = append(out.values, text)
		}
	}
	p.pop()
	return out
}

// room is an empty list for n values.
func (p *parser) room(n int) []string {
	list := p.values[:0:n]
	p.values = p.values[n:]
	return list
}

// pattern reads a value that must be a string.
func (p *parser) pattern(v *jsontree.Node) (string, bool) {
	if v.Kind != jsontree.String {
		p.fail(v.Start, "is %s; want a string or an array of strings", v.Kind)
		return "", false
	}
	return v.Text, true
}

// scalar reads a value of a condition.
func (p *parser) scalar(v *jsontree.Node) (string, bool) {
	switch v.Kind {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		return v.Text, true
	}
	p.fail(v.Start, "is %s; want a string, number or boolean, or an array of them", v.Kind)
	return "", false
}

// action implements R-ACT-4: IAM refuses a wildcard in the service prefix; "*:*" is "*".
func (p *parser) action(v *jsontree.Node) (string, bool) {
	text, ok := p.pattern(v)
	service, _, found := strings.Cut(text, ":")
	if found && text != "*:*" && (strings.IndexByte(service, '*') >= 0 || strings.IndexByte(service, '?') >= 0) {
		p.fail(v.Start, `%q has a wildcard in the service prefix; want one service, such as "s3:*", or "*" for all`, clip(text))
	}
	return text, ok
}

// principals implements R-DOC-8.
func (p *parser) principals(v *jsontree.Node) Principals {
	if v.Kind == jsontree.String {
		if v.Text != "*" {
			p.fail(v.Start, `is the string %q; want "*", or an object such as {"AWS": "111122223333"}`, clip(v.Text))
		}
		return Everyone()
	}
	if v.Kind != jsontree.Object {
		p.fail(v.Start, `is %s; want "*", or an object such as {"AWS": "111122223333"}`, v.Kind)
		return Principals{}
	}
	if len(v.Members) == 0 {
		p.fail(v.Start, "is an empty object; want at least one of AWS, Service, Federated or CanonicalUser")
	}
	out := Principals{groups: make([]principalGroup, 0, len(v.Members))}
	p.members(v, principalTypes, func(m *jsontree.Member) {
		out.groups = append(out.groups, principalGroup{PrincipalType(m.Name), p.list(&m.Value, (*parser).pattern)})
	})
	return out
}

// conditions implements R-DOC-9, and refuses what is no operator (R-CND-2).
func (p *parser) conditions(v *jsontree.Node) Conditions {
	var out Conditions
	if v.Kind != jsontree.Object {
		p.fail(v.Start, "is %s; want an object: operator, then key, then values", v.Kind)
		return out
	}
	count := 0
	for i := range v.Members {
		count += len(v.Members[i].Value.Members)
	}
	out.list = make([]Condition, 0, count)
	p.members(v, nil, func(op *jsontree.Member) {
		if !Operator(op.Name).IsValid() {
			if p.full() {
				return
			}
			hint := "; see the condition operators of the IAM User Guide"
			if best := closestOperator(op.Name); best != "" {
				hint = fmt.Sprintf("; did you mean %q?", best)
			}
			p.fail(op.NameStart, "unknown condition operator %q%s", clip(op.Name), hint)
			return
		}
		if op.Value.Kind != jsontree.Object {
			p.fail(op.Value.Start, "is %s; want an object of condition keys and values", op.Value.Kind)
			return
		}
		p.members(&op.Value, nil, func(key *jsontree.Member) {
			if key.Name == "" {
				p.fail(key.NameStart, "empty condition key")
			}
			out.list = append(out.list, Condition{Operator(op.Name), key.Name, p.list(&key.Value, (*parser).scalar)})
		})
	})
	return out
}
