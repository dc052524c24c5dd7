package org

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A decoder reads one JSON text of a snapshot.
type decoder struct {
	*reader
	*form.Decoder
}

func (r *reader) decoder(s *form.Source) *decoder {
	return &decoder{reader: r, Decoder: &form.Decoder{Source: s, Report: func(p *form.Problem) {
		r.incomplete = true
		r.errs = append(r.errs, specError(p))
	}}}
}

func specError(p *form.Problem) *SpecError {
	return &SpecError{File: p.File, Position: p.Position, Path: p.Path, Err: p.Err}
}

func (d *decoder) kind(to *policy.Kind) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		if n.Kind != jsontree.String {
			d.Fail(n.Start, p, `is %s; want "scp" or "rcp"`, n.Kind)
			return
		}
		k, err := policy.ParseKind(n.Text)
		if err != nil || k != policy.ServiceControl && k != policy.ResourceControl {
			d.Fail(n.Start, p, `%q is no type of control policy; want "scp" or "rcp"`, form.Clip(n.Text))
			return
		}
		*to = k
	}
}

// broken stands for a document that could not be read, so that the rest can be checked.
var broken = policy.Must(policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": []}`)))

// document reads a policy document, or the path of its file.
func (d *decoder) document(to **policy.Document) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		switch n.Kind {
		case jsontree.Object:
			doc, err := policy.ParseAt(d.File, d.Position(n.Start), d.Src[n.Start:n.End])
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
			d.Fail(n.Start, p, "is %s; want a policy document, or the path of its file", n.Kind)
		}
	}
}

func (d *decoder) documentFile(name string, n *jsontree.Node, p *form.Path) *policy.Document {
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
func (d *decoder) name(n *jsontree.Node, p *form.Path) (string, bool) {
	switch {
	case d.fsys == nil:
		d.Fail(n.Start, p, "%q is a path, and there is only this one text; want the object itself", form.Clip(n.Text))
	case n.Text == "":
		d.Fail(n.Start, p, "empty path; want the object itself, or the path of its file")
	case strings.Contains(n.Text, `\`):
		d.Fail(n.Start, p, `path %q has a backslash; want "/" between its parts`, form.Clip(n.Text))
	case !fs.ValidPath(n.Text) || n.Text == ".":
		d.Fail(n.Start, p, "path %q does not lead to a file inside the snapshot; want one relative to its directory, without . and ..", form.Clip(n.Text))
	default:
		return n.Text, true
	}
	return "", false
}

func (d *decoder) readFile(name string, n *jsontree.Node, p *form.Path) ([]byte, bool) {
	src, err := fs.ReadFile(d.fsys, name)
	switch {
	case err == nil:
		return src, true
	case errors.Is(err, fs.ErrNotExist):
		d.Fail(n.Start, p, "no file %q in the snapshot: %w", form.Clip(name), fs.ErrNotExist)
	default:
		d.Fail(n.Start, p, "file %q: %w", form.Clip(name), err)
	}
	return nil, false
}
