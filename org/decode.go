package org

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A decoder turns one JSON text into plain data. Paths are those of the text.
type decoder struct {
	*reader
	*source
}

// A visit reads one value.
type visit func(n *jsontree.Node, p *path)

// A field is a member that an object may have.
type field struct {
	name string
	read visit
}

// fail reports what could not be read.
func (d *decoder) fail(offset int, p *path, format string, args ...any) {
	d.incomplete = true
	d.errs = append(d.errs, &SpecError{File: d.file, Position: d.position(offset), Path: p.String(), Err: fmt.Errorf(format, args...)})
}

// object reads the members of an object; what is an example of what it is.
func (d *decoder) object(n *jsontree.Node, p *path, what string, fields ...field) {
	if n.Kind != jsontree.Object {
		d.fail(n.Start, p, "is %s; want %s", n.Kind, what)
		return
	}
	seen := make(map[string]bool, len(n.Members))
	for i := range n.Members {
		m := &n.Members[i]
		at := p.member(m.Name)
		f := slices.IndexFunc(fields, func(f field) bool { return f.name == m.Name })
		switch {
		case seen[m.Name]:
			d.fail(m.NameStart, at, "duplicate member %q; keep one", clip(m.Name))
		case f < 0:
			d.fail(m.NameStart, at, "unknown member %q%s", clip(m.Name), suggestMember(m.Name, fields))
		case m.Value.Kind == jsontree.Null:
			d.fail(m.Value.Start, at, "is null; leave the member out if there is nothing to say")
		default:
			fields[f].read(&m.Value, at)
		}
		seen[m.Name] = true
	}
}

func suggestMember(name string, fields []field) string {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.name
	}
	if best := closest(name, slices.Values(known)); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; want " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

func (d *decoder) array(each visit) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.Array {
			d.fail(n.Start, p, "is %s; want an array", n.Kind)
			return
		}
		for i := range n.Elements {
			each(&n.Elements[i], p.at(i))
		}
	}
}

func (d *decoder) text(to *string) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.String {
			d.fail(n.Start, p, "is %s; want a string", n.Kind)
			return
		}
		*to = n.Text
	}
}

func (d *decoder) texts(to *[]string) visit {
	return d.array(func(n *jsontree.Node, p *path) {
		var s string
		d.text(&s)(n, p)
		*to = append(*to, s)
	})
}

func (d *decoder) boolean(to *bool) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.Bool {
			d.fail(n.Start, p, "is %s; want true or false", n.Kind)
			return
		}
		*to = n.Text == "true"
	}
}

func (d *decoder) arn(to *policy.ARN) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.String {
			d.fail(n.Start, p, "is %s; want an ARN", n.Kind)
			return
		}
		a, err := policy.ParseARN(n.Text)
		if err != nil {
			d.fail(n.Start, p, "%w", err)
			return
		}
		*to = a
	}
}

func (d *decoder) arns(to *[]policy.ARN) visit {
	return d.array(func(n *jsontree.Node, p *path) {
		var a policy.ARN
		d.arn(&a)(n, p)
		*to = append(*to, a)
	})
}

func (d *decoder) kind(to *policy.Kind) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.String {
			d.fail(n.Start, p, `is %s; want "scp" or "rcp"`, n.Kind)
			return
		}
		k, err := policy.ParseKind(n.Text)
		if err != nil || k != policy.ServiceControl && k != policy.ResourceControl {
			d.fail(n.Start, p, `%q is no type of control policy; want "scp" or "rcp"`, clip(n.Text))
			return
		}
		*to = k
	}
}

func (d *decoder) tags(to *map[string]string) visit {
	return func(n *jsontree.Node, p *path) {
		if n.Kind != jsontree.Object {
			d.fail(n.Start, p, "is %s; want an object of tag keys and values", n.Kind)
			return
		}
		tags := make(map[string]string, len(n.Members))
		for i := range n.Members {
			m := &n.Members[i]
			if _, ok := tags[m.Name]; ok {
				d.fail(m.NameStart, p.member(m.Name), "duplicate member %q; keep one", clip(m.Name))
				continue
			}
			var value string
			d.text(&value)(&m.Value, p.member(m.Name))
			tags[m.Name] = value
		}
		*to = tags
	}
}

// broken stands for a document that could not be read, so that the rest can be checked.
var broken = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": []}`)))

// document reads a policy document, or the path of its file.
func (d *decoder) document(to **policy.Document) visit {
	return func(n *jsontree.Node, p *path) {
		switch n.Kind {
		case jsontree.Object:
			doc, err := policy.ParseAt(d.file, d.position(n.Start), d.src[n.Start:n.End])
			if err != nil {
				d.documentErrors(err)
				doc = broken
			}
			*to = doc
		case jsontree.String:
			*to = broken
			if name, ok := d.name(n, p); ok {
				*to = d.documentFile(name, n, p)
			}
		default:
			d.fail(n.Start, p, "is %s; want a policy document, or the path of its file", n.Kind)
		}
	}
}

func (d *decoder) documentFile(name string, n *jsontree.Node, p *path) *policy.Document {
	if doc, ok := d.documents[name]; ok {
		return doc
	}
	src, ok := d.readFile(name, n, p)
	if !ok {
		return broken
	}
	doc, err := policy.ParseAt(name, policy.Position{}, src)
	if err != nil {
		d.documentErrors(err)
		doc = broken
	}
	d.documents[name] = doc
	return doc
}

func (d *decoder) documentErrors(err error) {
	if list, ok := errors.AsType[policy.ParseErrors](err); ok {
		d.errs = append(d.errs, list.Unwrap()...)
		return
	}
	d.errs = append(d.errs, err)
}

// name checks the path of a file.
func (d *decoder) name(n *jsontree.Node, p *path) (string, bool) {
	switch {
	case d.fsys == nil:
		d.fail(n.Start, p, "%q is a path, and there is only this one text; want the object itself", clip(n.Text))
	case n.Text == "":
		d.fail(n.Start, p, "empty path; want the object itself, or the path of its file")
	case strings.Contains(n.Text, `\`):
		d.fail(n.Start, p, `path %q has a backslash; want "/" between its parts`, clip(n.Text))
	case !fs.ValidPath(n.Text) || n.Text == ".":
		d.fail(n.Start, p, "path %q does not lead to a file inside the snapshot; want one relative to its directory, without . and ..", clip(n.Text))
	default:
		return n.Text, true
	}
	return "", false
}

func (d *decoder) readFile(name string, n *jsontree.Node, p *path) ([]byte, bool) {
	src, err := fs.ReadFile(d.fsys, name)
	switch {
	case err == nil:
		return src, true
	case errors.Is(err, fs.ErrNotExist):
		d.fail(n.Start, p, "no file %q in the snapshot: %w", clip(name), fs.ErrNotExist)
	default:
		d.fail(n.Start, p, "file %q: %w", clip(name), err)
	}
	return nil, false
}
