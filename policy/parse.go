package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
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
	p := &parser{doc: &Document{src: bytes.Clone(src), file: file, start: start, version: Version2008}}
	if len(src) > MaxSource {
		p.fail(0, "", "%d bytes; want at most %d, AWS stores no larger policy", len(src), MaxSource)
		return nil, p.errs
	}
	root, err := jsontree.Parse(p.doc.src)
	if err != nil {
		if se, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
			p.fail(se.Offset, se.Pointer, "%s", se.Reason)
		} else {
			p.fail(0, "", "%s", err)
		}
		return nil, p.errs
	}
	p.document(root)
	if len(p.errs) > 0 {
		slices.SortStableFunc(p.errs, func(a, b *ParseError) int { return a.Position.Offset - b.Position.Offset })
		return nil, p.errs
	}
	return p.doc, nil
}

type parser struct {
	doc  *Document
	errs ParseErrors
}

func (p *parser) fail(offset int, path, format string, args ...any) {
	p.errs = append(p.errs, &ParseError{
		File: p.doc.file, Position: p.doc.position(offset), Path: path, Err: fmt.Errorf(format, args...),
	})
}

var (
	documentElements  = []string{"Version", "Id", "Statement"}
	statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

// members walks an object: it reports duplicates, and calls each once per known name.
func (p *parser) members(n *jsontree.Node, path string, known []string, each func(m *jsontree.Member, path string)) {
	seen := make(map[string]bool, len(n.Members))
	for i := range n.Members {
		m := &n.Members[i]
		at := path + "/" + jsontree.Escape(m.Name)
		switch {
		case seen[m.Name]:
			p.fail(m.NameStart, at, "duplicate member %q; AWS does not say which one counts, keep one", clip(m.Name))
			continue
		case known != nil && !slices.Contains(known, m.Name):
			p.fail(m.NameStart, at, "unknown element %q%s", clip(m.Name), suggest(m.Name, known))
		default:
			each(m, at)
		}
		seen[m.Name] = true
	}
}

// suggest says what a misspelt name should have been.
func suggest(name string, known []string) string {
	best, bestDistance := "", 4
	for _, k := range known {
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; want " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

// document implements R-DOC-1 to R-DOC-3 (IAM User Guide, “Grammar of the IAM JSON policy language”).
func (p *parser) document(root *jsontree.Node) {
	if root.Kind != jsontree.Object {
		p.fail(root.Start, "", "the document is %s; want an object with Version and Statement", root.Kind)
		return
	}
	found := false
	p.members(root, "", documentElements, func(m *jsontree.Member, path string) {
		v := &m.Value
		switch m.Name {
		case "Version":
			text, ok := p.text(v, path)
			if ok && text != string(Version2008) && text != string(Version2012) {
				p.fail(v.Start, path, "unknown version %q; want %q", clip(text), Version2012)
			}
			p.doc.version = Version(text)
		case "Id":
			p.doc.id, _ = p.text(v, path)
		case "Statement":
			found = true
			p.statements(v, path)
		}
	})
	if !found {
		p.fail(root.Start, "/Statement", "missing; want a statement or an array of statements")
	}
}

func (p *parser) statements(v *jsontree.Node, path string) {
	switch v.Kind {
	case jsontree.Object:
		p.doc.statements = []Statement{p.statement(v, path)}
	case jsontree.Array:
		p.doc.array = true
		p.doc.statements = make([]Statement, len(v.Elements))
		for i := range v.Elements {
			at := fmt.Sprintf("%s/%d", path, i)
			if v.Elements[i].Kind != jsontree.Object {
				p.fail(v.Elements[i].Start, at, "the statement is %s; want an object", v.Elements[i].Kind)
				continue
			}
			p.doc.statements[i] = p.statement(&v.Elements[i], at)
		}
	default:
		p.fail(v.Start, path, "is %s; want a statement or an array of statements", v.Kind)
	}
}

func (p *parser) statement(n *jsontree.Node, path string) Statement {
	var s Statement
	has := map[string]bool{}
	p.members(n, path, statementElements, func(m *jsontree.Member, path string) {
		v := &m.Value
		has[m.Name] = true
		switch m.Name {
		case "Sid":
			s.SID, _ = p.text(v, path)
		case "Effect":
			s.Effect = p.effect(v, path)
		case "Principal":
			s.Principal = p.principals(v, path)
		case "NotPrincipal":
			s.NotPrincipal = p.principals(v, path)
		case "Action":
			s.Action = p.actions(v, path)
		case "NotAction":
			s.NotAction = p.actions(v, path)
		case "Resource":
			s.Resource = p.patterns(v, path)
		case "NotResource":
			s.NotResource = p.patterns(v, path)
		case "Condition":
			s.Condition = p.conditions(v, path)
		}
	})
	if !has["Effect"] {
		p.fail(n.Start, path+"/Effect", `missing; want "Allow" or "Deny"`)
	}
	if !has["Action"] && !has["NotAction"] {
		p.fail(n.Start, path+"/Action", "missing; want Action or NotAction")
	}
	for _, name := range []string{"Action", "Resource", "Principal"} {
		if has[name] && has["Not"+name] {
			p.fail(n.Start, path+"/Not"+name, "stands beside %s; keep one of the two", name)
		}
	}
	return s
}

func (p *parser) text(v *jsontree.Node, path string) (string, bool) {
	if v.Kind != jsontree.String {
		p.fail(v.Start, path, "is %s; want a string", v.Kind)
		return "", false
	}
	return v.Text, true
}

// effect implements R-DOC-4: the two words are case-sensitive.
func (p *parser) effect(v *jsontree.Node, path string) Effect {
	text, ok := p.text(v, path)
	switch {
	case !ok:
	case text == "Allow":
		return Allow
	case text == "Deny":
		return Deny
	default:
		p.fail(v.Start, path, `unknown effect %q; want "Allow" or "Deny", in this spelling`, clip(text))
	}
	return 0
}

// patterns implements R-DOC-7: a string or a non-empty array of strings.
func (p *parser) patterns(v *jsontree.Node, path string) Patterns {
	return p.list(v, path, false)
}

func (p *parser) list(v *jsontree.Node, path string, scalars bool) Patterns {
	if v.Kind != jsontree.Array {
		text, ok := p.value(v, path, scalars)
		if !ok {
			return Patterns{}
		}
		return Patterns{values: []string{text}, scalar: true}
	}
	if len(v.Elements) == 0 {
		p.fail(v.Start, path, "is an empty array; want at least one value")
	}
	out := Patterns{values: make([]string, 0, len(v.Elements))}
	for i := range v.Elements {
		if text, ok := p.value(&v.Elements[i], fmt.Sprintf("%s/%d", path, i), scalars); ok {
			out.values = append(out.values, text)
		}
	}
	return out
}

func (p *parser) value(v *jsontree.Node, path string, scalars bool) (string, bool) {
	switch {
	case v.Kind == jsontree.String, scalars && (v.Kind == jsontree.Number || v.Kind == jsontree.Bool):
		return v.Text, true
	case scalars:
		p.fail(v.Start, path, "is %s; want a string, number or boolean, or an array of them", v.Kind)
	default:
		p.fail(v.Start, path, "is %s; want a string or an array of strings", v.Kind)
	}
	return "", false
}

// actions implements R-ACT-4: IAM refuses a wildcard in the service prefix; "*:*" is "*".
func (p *parser) actions(v *jsontree.Node, path string) Patterns {
	list := p.patterns(v, path)
	for i, text := range list.values {
		service, _, ok := strings.Cut(text, ":")
		if ok && text != "*:*" && strings.ContainsAny(service, "*?") {
			at, start := path, v.Start
			if v.Kind == jsontree.Array {
				at, start = fmt.Sprintf("%s/%d", path, i), v.Elements[i].Start
			}
			p.fail(start, at, `%q has a wildcard in the service prefix; want one service, such as "s3:*", or "*" for all`, clip(text))
		}
	}
	return list
}

// principals implements R-DOC-8.
func (p *parser) principals(v *jsontree.Node, path string) Principals {
	if v.Kind == jsontree.String {
		if v.Text != "*" {
			p.fail(v.Start, path, `is the string %q; want "*", or an object such as {"AWS": "111122223333"}`, clip(v.Text))
		}
		return Everyone()
	}
	if v.Kind != jsontree.Object {
		p.fail(v.Start, path, `is %s; want "*", or an object such as {"AWS": "111122223333"}`, v.Kind)
		return Principals{}
	}
	if len(v.Members) == 0 {
		p.fail(v.Start, path, "is an empty object; want at least one of AWS, Service, Federated or CanonicalUser")
	}
	out := Principals{groups: []principalGroup{}}
	types := []string{string(AWSPrincipal), string(ServicePrincipalType), string(FederatedPrincipal), string(CanonicalUserPrincipal)}
	p.members(v, path, types, func(m *jsontree.Member, path string) {
		out.groups = append(out.groups, principalGroup{PrincipalType(m.Name), p.patterns(&m.Value, path)})
	})
	return out
}

// conditions implements R-DOC-9.
func (p *parser) conditions(v *jsontree.Node, path string) Conditions {
	var out Conditions
	if v.Kind != jsontree.Object {
		p.fail(v.Start, path, "is %s; want an object: operator, then key, then values", v.Kind)
		return out
	}
	p.members(v, path, nil, func(op *jsontree.Member, path string) {
		if !Operator(op.Name).IsValid() {
			hint := "; see the condition operators of the IAM User Guide"
			if best := closestOperator(op.Name); best != "" {
				hint = fmt.Sprintf("; did you mean %q?", best)
			}
			p.fail(op.NameStart, path, "unknown condition operator %q%s", clip(op.Name), hint)
			return
		}
		if op.Value.Kind != jsontree.Object {
			p.fail(op.Value.Start, path, "is %s; want an object of condition keys and values", op.Value.Kind)
			return
		}
		p.members(&op.Value, path, nil, func(key *jsontree.Member, path string) {
			if key.Name == "" {
				p.fail(key.NameStart, path, "empty condition key")
			}
			out.list = append(out.list, Condition{Operator(op.Name), key.Name, p.list(&key.Value, path, true)})
		})
	})
	return out
}
