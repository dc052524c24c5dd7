package identitycenter

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// fileName is the instance's file in a snapshot.
const fileName = "identitycenter.json"

// ReadFS reads the identitycenter.json of a snapshot. The error is [org.Errors]: everything
// that is wrong, each with file, line and column. If there is no such file, it is
// [fs.ErrNotExist].
func ReadFS(fsys fs.FS) (*Instance, error) {
	src, err := fs.ReadFile(fsys, fileName)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err
		}
		return nil, org.Errors{&org.SpecError{File: fileName, Err: err}}
	}
	return parse(&form.Source{File: fileName, Src: src})
}

// Parse reads an instance from a JSON text as in identitycenter.json. The error is that of
// [ReadFS], without a file name.
func Parse(src []byte) (*Instance, error) { return parse(&form.Source{Src: src}) }

func parse(source *form.Source) (*Instance, error) {
	var errs org.Errors
	report := func(p *form.Problem) {
		errs = append(errs, &org.SpecError{File: p.File, Position: p.Position, Path: p.Path, Err: p.Err})
	}
	if p := source.Parse(); p != nil {
		report(p)
		return nil, errs
	}
	var s Spec
	d := &decoder{Decoder: &form.Decoder{Source: source, Report: report}, document: func(err error) { errs = append(errs, err) }}
	d.spec(&s)
	if len(errs) == 0 {
		errs = validate(&s, source)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return index(s), nil
}

type decoder struct {
	*form.Decoder
	document func(error) // takes what is wrong with a policy document
}

func (d *decoder) spec(s *Spec) {
	d.Object(d.Root, nil, "an object, the instance",
		form.Member("arn", d.ARN(&s.ARN)),
		form.Member("owner", d.Text(&s.Owner)),
		form.Member("region", d.Text(&s.Region)),
		form.Member("identityStore", d.Text(&s.IdentityStore)),
		form.Member("permissionSets", list(d, &s.PermissionSets, d.permissionSet)),
		form.Member("users", list(d, &s.Users, d.user)),
		form.Member("groups", list(d, &s.Groups, d.group)),
		form.Member("assignments", list(d, &s.Assignments, d.assignment)),
		form.Member("attributes", list(d, &s.Attributes, d.attribute)),
		form.Member("gaps", list(d, &s.Gaps, d.gap)))
}

func list[T any](d *decoder, to *[]T, one func(n *jsontree.Node, p *form.Path) T) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *to = append(*to, one(n, p)) })
}

func (d *decoder) permissionSet(n *jsontree.Node, p *form.Path) (s PermissionSet) {
	d.Object(n, p, "an object, a permission set",
		form.Member("arn", d.ARN(&s.ARN)),
		form.Member("name", d.Text(&s.Name)),
		form.Member("description", d.Text(&s.Description)),
		form.Member("sessionDuration", func(n *jsontree.Node, p *form.Path) {
			var text string
			d.Text(&text)(n, p)
			var err error
			if s.SessionDuration, err = ParseSessionDuration(text); err != nil && n.Kind == jsontree.String {
				d.Fail(n.Start, p, "%w", err)
			}
		}),
		form.Member("relayState", d.Text(&s.RelayState)),
		form.Member("managed", d.ARNs(&s.Managed)),
		form.Member("customerManaged", list(d, &s.CustomerManaged, d.reference)),
		form.Member("inline", d.inline(&s.Inline)),
		form.Member("boundary", func(n *jsontree.Node, p *form.Path) {
			d.Object(n, p, "an object with managed or customerManaged",
				form.Member("managed", d.ARN(&s.Boundary.Managed)),
				form.Member("customerManaged", func(n *jsontree.Node, p *form.Path) { s.Boundary.CustomerManaged = d.reference(n, p) }))
		}),
		form.Member("tags", d.Tags(&s.Tags)))
	return s
}

func (d *decoder) reference(n *jsontree.Node, p *form.Path) (r PolicyReference) {
	d.Object(n, p, "an object, the name and path of a policy", form.Member("name", d.Text(&r.Name)), form.Member("path", d.Text(&r.Path)))
	return r
}

func (d *decoder) inline(to **policy.Document) form.Visit {
	return func(n *jsontree.Node, p *form.Path) {
		if n.Kind != jsontree.Object {
			d.Fail(n.Start, p, "is %s; want a policy document", n.Kind)
			return
		}
		doc, err := policy.ParseAt(d.File, d.Position(n.Start), d.Src[n.Start:n.End])
		if err != nil {
			for _, e := range errorList(err) {
				d.document(e)
			}
		}
		*to = doc
	}
}

func errorList(err error) []error {
	if list, ok := errors.AsType[policy.ParseErrors](err); ok {
		return list.Unwrap()
	}
	return []error{err}
}

func (d *decoder) user(n *jsontree.Node, p *form.Path) (u User) {
	d.Object(n, p, "an object, a user",
		form.Member("id", d.Text(&u.ID)), form.Member("name", d.Text(&u.Name)), form.Member("displayName", d.Text(&u.DisplayName)),
		form.Member("email", d.Text(&u.Email)), form.Member("disabled", d.Boolean(&u.Disabled)))
	return u
}

func (d *decoder) group(n *jsontree.Node, p *form.Path) (g Group) {
	d.Object(n, p, "an object, a group",
		form.Member("id", d.Text(&g.ID)), form.Member("name", d.Text(&g.Name)), form.Member("members", d.Texts(&g.Members)))
	return g
}

func (d *decoder) assignment(n *jsontree.Node, p *form.Path) (a Assignment) {
	d.Object(n, p, "an object, an assignment",
		form.Member("account", d.Text(&a.Account)), form.Member("permissionSet", d.ARN(&a.PermissionSet)),
		form.Member("user", d.Text(&a.User)), form.Member("group", d.Text(&a.Group)))
	return a
}

func (d *decoder) attribute(n *jsontree.Node, p *form.Path) (a Attribute) {
	d.Object(n, p, "an object, an attribute", form.Member("key", d.Text(&a.Key)), form.Member("source", d.Texts(&a.Source)))
	return a
}

func (d *decoder) gap(n *jsontree.Node, p *form.Path) (g org.Gap) {
	d.Object(n, p, "an object, a gap",
		form.Member("subject", d.Text(&g.Subject)), form.Member("what", d.Text(&g.What)), form.Member("reason", d.Text(&g.Reason)))
	return g
}

// JSON is the instance as [Parse] reads it: the same instance gives the same bytes.
func (i *Instance) JSON() ([]byte, error) {
	var b bytes.Buffer
	e := &encoder{&form.Encoder{JSON: jsontext.NewEncoder(&b, jsontext.WithIndent("  "), jsontext.AllowDuplicateNames(true))}}
	e.spec(&i.spec)
	if e.Err != nil {
		return nil, fmt.Errorf("identitycenter: %w", e.Err)
	}
	return b.Bytes(), nil
}

// WriteDir writes identitycenter.json into the directory of a snapshot, which it makes if
// needed. It is written beside and renamed, so that an interrupted WriteDir leaves no
// half-written file. Two must not write the same dir at a time.
func (i *Instance) WriteDir(dir string) error {
	text, err := i.JSON()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	staged := filepath.Join(dir, ".licit-"+fileName)
	if err = os.WriteFile(staged, text, 0o666); err == nil {
		err = os.Rename(staged, filepath.Join(dir, fileName))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(staged))
	}
	return nil
}

type encoder struct{ *form.Encoder }

func (e *encoder) spec(s *Spec) {
	e.Object(func() {
		e.Text("arn", s.ARN.String())
		e.Text("owner", s.Owner)
		e.Text("region", s.Region)
		e.Text("identityStore", s.IdentityStore)
		e.List("permissionSets", len(s.PermissionSets), func(i int) { e.permissionSet(&s.PermissionSets[i]) })
		e.List("users", len(s.Users), func(i int) {
			u := s.Users[i]
			e.Object(func() {
				e.Text("id", u.ID)
				e.Text("name", u.Name)
				e.Text("displayName", u.DisplayName)
				e.Text("email", u.Email)
				e.Flag("disabled", u.Disabled)
			})
		})
		e.List("groups", len(s.Groups), func(i int) {
			e.Object(func() {
				e.Text("id", s.Groups[i].ID)
				e.Text("name", s.Groups[i].Name)
				e.Texts("members", s.Groups[i].Members)
			})
		})
		e.List("assignments", len(s.Assignments), func(i int) {
			a := s.Assignments[i]
			e.Object(func() {
				e.Text("account", a.Account)
				e.Text("permissionSet", a.PermissionSet.String())
				e.Text("user", a.User)
				e.Text("group", a.Group)
			})
		})
		e.List("attributes", len(s.Attributes), func(i int) {
			e.Object(func() {
				e.Text("key", s.Attributes[i].Key)
				e.Texts("source", s.Attributes[i].Source)
			})
		})
		e.List("gaps", len(s.Gaps), func(i int) {
			g := s.Gaps[i]
			e.Object(func() {
				e.Text("subject", g.Subject)
				e.Text("what", g.What)
				e.Text("reason", g.Reason)
			})
		})
	})
}

func (e *encoder) permissionSet(s *PermissionSet) {
	e.Object(func() {
		e.Text("arn", s.ARN.String())
		e.Text("name", s.Name)
		e.Text("description", s.Description)
		e.Text("sessionDuration", FormatSessionDuration(s.SessionDuration))
		e.Text("relayState", s.RelayState)
		e.ARNs("managed", s.Managed)
		e.List("customerManaged", len(s.CustomerManaged), func(i int) { e.reference(s.CustomerManaged[i]) })
		if s.Inline != nil {
			e.Name("inline")
			if e.Err == nil {
				e.Err = e.JSON.WriteValue(jsontext.Value(slices.Clone(s.Inline.Source())))
			}
		}
		if s.Boundary != (Boundary{}) {
			e.Name("boundary")
			e.Object(func() {
				e.Text("managed", s.Boundary.Managed.String())
				if s.Boundary.CustomerManaged != (PolicyReference{}) {
					e.Name("customerManaged")
					e.reference(s.Boundary.CustomerManaged)
				}
			})
		}
		e.Tags(s.Tags)
	})
}

func (e *encoder) reference(r PolicyReference) {
	e.Object(func() {
		e.Text("name", r.Name)
		e.Text("path", r.Path)
	})
}
