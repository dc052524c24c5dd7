package policy

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
)

// NewDocument builds a [Version2012] document of the given statements. The error is
// [ParseErrors], as if the document had been written by hand and parsed. Conditions of one
// operator are written together, where the operator first stands.
func NewDocument(statements ...Statement) (*Document, error) {
	var b bytes.Buffer
	e := jsontext.NewEncoder(&b, jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true))
	w := writer{e: e}
	w.token(jsontext.BeginObject)
	w.token(jsontext.String("Version"))
	w.token(jsontext.String(string(Version2012)))
	w.token(jsontext.String("Statement"))
	w.token(jsontext.BeginArray)
	for _, s := range statements {
		w.statement(s)
	}
	w.token(jsontext.EndArray)
	w.token(jsontext.EndObject)
	if w.err != nil {
		return nil, w.failure()
	}
	return Parse(b.Bytes())
}

// Append returns a document with the statements added at the end. All bytes that were
// there stay as they are.
func (d *Document) Append(statements ...Statement) (*Document, error) {
	if len(statements) == 0 {
		return d, nil
	}
	var added [][]byte
	for i, s := range statements {
		text, err := render(s, len(d.statements)+i)
		if err != nil {
			return nil, err
		}
		added = append(added, text)
	}
	list := bytes.Join(added, []byte(",\n    "))
	n, err := d.statementNode()
	if err != nil {
		return nil, err
	}
	switch {
	case n.Kind == jsontree.Object:
		text := append([]byte("["), d.src[n.Start:n.End]...)
		text = append(append(append(text, ",\n    "...), list...), ']')
		return d.splice(n.Start, n.End, text)
	case len(n.Elements) == 0:
		return d.splice(n.Start+1, n.Start+1, list)
	default:
		end := n.Elements[len(n.Elements)-1].End
		return d.splice(end, end, append([]byte(",\n    "), list...))
	}
}

// Replace returns a document in which s stands in place of statement i, counted from 0.
// All other bytes stay as they are. An index outside the document is an error.
func (d *Document) Replace(i int, s Statement) (*Document, error) {
	if i < 0 || i >= len(d.statements) {
		return nil, fmt.Errorf("policy: no statement %d; the document has %d", i, len(d.statements))
	}
	text, err := render(s, i)
	if err != nil {
		return nil, err
	}
	n, err := d.statementNode()
	if err != nil {
		return nil, err
	}
	if n.Kind == jsontree.Array {
		n = &n.Elements[i]
	}
	return d.splice(n.Start, n.End, text)
}

// Remove returns a document without statement i, counted from 0. All other statements
// stay byte for byte. An index outside the document returns d.
func (d *Document) Remove(i int) *Document {
	if i < 0 || i >= len(d.statements) {
		return d
	}
	n, err := d.statementNode()
	if err != nil {
		return d
	}
	start, end := n.Start, n.End
	text := []byte("[]")
	if n.Kind == jsontree.Array {
		text = nil
		switch {
		case i > 0: // with the comma before it
			start, end = n.Elements[i-1].End, n.Elements[i].End
		case len(n.Elements) > 1: // with the comma after it
			start, end = n.Elements[0].Start, n.Elements[1].Start
		default:
			start, end = n.Elements[0].Start, n.Elements[0].End
		}
	}
	out, err := d.splice(start, end, text)
	if err != nil {
		panic("policy: removing a statement broke the document: " + err.Error())
	}
	return out
}

func (d *Document) statementNode() (*jsontree.Node, error) {
	root, err := jsontree.Parse([]byte(d.src))
	if err != nil {
		return nil, err
	}
	n, ok := root.Member("Statement")
	if !ok {
		return nil, errors.New("policy: the document has no Statement")
	}
	return n, nil
}

func (d *Document) splice(start, end int, text []byte) (*Document, error) {
	src := make([]byte, 0, len(d.src)+len(text))
	src = append(append(append(src, d.src[:start]...), text...), d.src[end:]...)
	return ParseAt(d.file, d.start, src)
}

// render writes statement i of a document, its lines after the first indented.
func render(s Statement, i int) ([]byte, error) {
	var b bytes.Buffer
	w := writer{at: fmt.Sprintf("/Statement/%d", i), e: jsontext.NewEncoder(&b, jsontext.WithIndentPrefix("    "), jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true))}
	w.statement(s)
	if w.err != nil {
		return nil, w.failure()
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

type writer struct {
	at  string // JSON pointer to what e writes
	e   *jsontext.Encoder
	err error
}

// failure is the encoder's error: a text that is not UTF-8, the only thing it refuses here.
func (w *writer) failure() error {
	return ParseErrors{{Path: w.at + string(w.e.StackPointer()), Err: w.err}}
}

func (w *writer) token(t jsontext.Token) {
	if w.err == nil {
		w.err = w.e.WriteToken(t)
	}
}

func (w *writer) strings(name string, p Patterns) {
	if p.IsZero() {
		return
	}
	w.token(jsontext.String(name))
	w.values(p)
}

func (w *writer) values(p Patterns) {
	if p.scalar && len(p.values) == 1 {
		w.token(jsontext.String(p.values[0]))
		return
	}
	w.token(jsontext.BeginArray)
	for _, v := range p.values {
		w.token(jsontext.String(v))
	}
	w.token(jsontext.EndArray)
}

func (w *writer) principals(name string, p Principals) {
	if p.IsZero() {
		return
	}
	w.token(jsontext.String(name))
	if p.everyone {
		w.token(jsontext.String("*"))
		return
	}
	w.token(jsontext.BeginObject)
	for _, g := range p.groups {
		w.strings(string(g.typ), g.ids)
	}
	w.token(jsontext.EndObject)
}

func (w *writer) statement(s Statement) {
	w.token(jsontext.BeginObject)
	if s.SID != "" {
		w.token(jsontext.String("Sid"))
		w.token(jsontext.String(s.SID))
	}
	if s.Effect != 0 {
		w.token(jsontext.String("Effect"))
		w.token(jsontext.String(s.Effect.String()))
	}
	w.principals("Principal", s.Principal)
	w.principals("NotPrincipal", s.NotPrincipal)
	w.strings("Action", s.Action)
	w.strings("NotAction", s.NotAction)
	w.strings("Resource", s.Resource)
	w.strings("NotResource", s.NotResource)
	w.conditions(s.Condition)
	w.token(jsontext.EndObject)
}

// conditions groups by operator, at the operator's first place, as JSON requires.
func (w *writer) conditions(c Conditions) {
	if c.IsZero() {
		return
	}
	w.token(jsontext.String("Condition"))
	w.token(jsontext.BeginObject)
	done := map[Operator]bool{}
	for _, first := range c.list {
		if done[first.Operator] {
			continue
		}
		done[first.Operator] = true
		w.token(jsontext.String(string(first.Operator)))
		w.token(jsontext.BeginObject)
		for _, k := range c.list {
			if k.Operator == first.Operator {
				w.token(jsontext.String(k.Key))
				w.values(k.Values)
			}
		}
		w.token(jsontext.EndObject)
	}
	w.token(jsontext.EndObject)
}
