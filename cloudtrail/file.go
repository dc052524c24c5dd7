package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
)

// fileName is the trails' file in a snapshot.
const fileName = "trails.json"

// ReadTrailsFS reads the trails.json of a snapshot. The error joins everything that is wrong,
// each with file, line and column. If there is no such file, it is [fs.ErrNotExist].
func ReadTrailsFS(fsys fs.FS) ([]Trail, error) {
	src, err := fs.ReadFile(fsys, fileName)
	if err != nil {
		return nil, err
	}
	source := &form.Source{File: fileName, Src: src}
	var errs []error
	report := func(p *form.Problem) {
		path := p.Path
		if path != "" {
			path += ": "
		}
		errs = append(errs, fmt.Errorf("%s:%s: %s%w", p.File, p.Position, path, p.Err))
	}
	if p := source.Parse(); p != nil {
		report(p)
		return nil, errs[0]
	}
	d := &form.Decoder{Source: source, Report: report}
	var out []Trail
	seen := make(map[string]bool)
	d.Object(d.Root, nil, "an object with trails", form.Member("trails", array(d, &out, func(n *jsontree.Node, p *form.Path) Trail {
		t := trail(d, n, p)
		if !t.ARN.IsValid() || t.ARN.Service() != "cloudtrail" {
			d.Fail(n.Start, p, "%q is not the ARN of a trail; want arn:aws:cloudtrail:…:trail/…", form.Clip(t.ARN.String()))
		} else if seen[t.ARN.String()] {
			d.Fail(n.Start, p, "trail %q is listed twice; keep one", form.Clip(t.ARN.String()))
		}
		seen[t.ARN.String()] = true
		return t
	})))
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return canonical(out), nil
}

func array[T any](d *form.Decoder, to *[]T, one func(n *jsontree.Node, p *form.Path) T) form.Visit {
	return d.Array(func(n *jsontree.Node, p *form.Path) { *to = append(*to, one(n, p)) })
}

func trail(d *form.Decoder, n *jsontree.Node, p *form.Path) (t Trail) {
	d.Object(n, p, "an object, a trail",
		form.Member("arn", d.ARN(&t.ARN)),
		form.Member("homeRegion", d.Text(&t.HomeRegion)),
		form.Member("bucket", d.Text(&t.Bucket)),
		form.Member("prefix", d.Text(&t.Prefix)),
		form.Member("kmsKey", d.Text(&t.KMSKey)),
		form.Member("logGroup", d.Text(&t.LogGroup)),
		form.Member("multiRegion", d.Boolean(&t.MultiRegion)),
		form.Member("organization", d.Boolean(&t.Organization)),
		form.Member("globalServiceEvents", d.Boolean(&t.GlobalServiceEvents)),
		form.Member("logFileValidation", d.Boolean(&t.LogFileValidation)),
		form.Member("status", func(n *jsontree.Node, p *form.Path) {
			t.Status = new(Status)
			d.Object(n, p, "an object, the status of a trail",
				form.Must("logging", d.Boolean(&t.Status.Logging)),
				form.Member("started", d.Time(&t.Status.Started)),
				form.Member("stopped", d.Time(&t.Status.Stopped)),
				form.Member("delivered", d.Time(&t.Status.Delivered)),
				form.Member("deliveryError", d.Text(&t.Status.DeliveryError)))
		}),
		form.Member("selectors", func(n *jsontree.Node, p *form.Path) {
			t.Selectors = new(Selectors)
			d.Object(n, p, "an object, the events that a trail records",
				form.Member("basic", array(d, &t.Selectors.Basic, func(n *jsontree.Node, p *form.Path) EventSelector { return eventSelector(d, n, p) })),
				form.Member("advanced", array(d, &t.Selectors.Advanced, func(n *jsontree.Node, p *form.Path) AdvancedSelector { return advancedSelector(d, n, p) })))
		}),
		form.Member("storage", func(n *jsontree.Node, p *form.Path) { t.Storage = storage(d, n, p) }))
	return t
}

func storage(d *form.Decoder, n *jsontree.Node, p *form.Path) *Storage {
	s := new(Storage)
	d.Object(n, p, "an object, the bucket of a trail",
		form.Member("owner", d.Text(&s.Owner)),
		form.Member("lock", func(n *jsontree.Node, p *form.Path) {
			s.Lock = new(ObjectLock)
			d.Object(n, p, "an object, the object lock of a bucket",
				form.Must("enabled", d.Boolean(&s.Lock.Enabled)),
				form.Member("mode", d.Text(&s.Lock.Mode)),
				form.Member("days", d.Integer(&s.Lock.Days)),
				form.Member("years", d.Integer(&s.Lock.Years)))
		}))
	return s
}

func eventSelector(d *form.Decoder, n *jsontree.Node, p *form.Path) (s EventSelector) {
	d.Object(n, p, "an object, an event selector",
		form.Member("readWrite", d.Text(&s.ReadWrite)),
		form.Member("management", d.Boolean(&s.Management)),
		form.Member("dataResources", array(d, &s.DataResources, func(n *jsontree.Node, p *form.Path) (r DataResource) {
			d.Object(n, p, "an object, resources", form.Member("type", d.Text(&r.Type)), form.Member("values", d.Texts(&r.Values)))
			return r
		})),
		form.Member("excluded", d.Texts(&s.Excluded)))
	return s
}

func advancedSelector(d *form.Decoder, n *jsontree.Node, p *form.Path) (s AdvancedSelector) {
	d.Object(n, p, "an object, an advanced event selector",
		form.Member("name", d.Text(&s.Name)),
		form.Member("fields", array(d, &s.Fields, func(n *jsontree.Node, p *form.Path) (f FieldSelector) {
			d.Object(n, p, "an object, a field selector",
				form.Member("field", d.Text(&f.Field)),
				form.Member("equals", d.Texts(&f.Equals)),
				form.Member("startsWith", d.Texts(&f.StartsWith)),
				form.Member("endsWith", d.Texts(&f.EndsWith)),
				form.Member("notEquals", d.Texts(&f.NotEquals)),
				form.Member("notStartsWith", d.Texts(&f.NotStartsWith)),
				form.Member("notEndsWith", d.Texts(&f.NotEndsWith)))
			return f
		})))
	return s
}

// WriteTrails writes trails.json into the directory of a snapshot, which it makes if needed;
// without trails it removes the file of an earlier snapshot. It is written beside and renamed,
// so that an interrupted WriteTrails leaves no half-written file. The same trails give the
// same bytes, in whatever order.
func WriteTrails(dir string, trails []Trail) error {
	name := filepath.Join(dir, fileName)
	if len(trails) == 0 {
		if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	text, err := encode(canonical(trails))
	if err != nil {
		return fmt.Errorf("cloudtrail: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	staged := filepath.Join(dir, ".licit-"+fileName)
	if err = os.WriteFile(staged, text, 0o666); err == nil {
		err = os.Rename(staged, name)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(staged))
	}
	return nil
}

func encode(trails []Trail) ([]byte, error) {
	var b bytes.Buffer
	e := &form.Encoder{JSON: jsontext.NewEncoder(&b, jsontext.WithIndent("  "))}
	e.Object(func() { e.List("trails", len(trails), func(i int) { writeTrail(e, &trails[i]) }) })
	return b.Bytes(), e.Err
}

func writeTrail(e *form.Encoder, t *Trail) {
	e.Object(func() {
		e.Text("arn", t.ARN.String())
		e.Text("homeRegion", t.HomeRegion)
		e.Text("bucket", t.Bucket)
		e.Text("prefix", t.Prefix)
		e.Text("kmsKey", t.KMSKey)
		e.Text("logGroup", t.LogGroup)
		e.Flag("multiRegion", t.MultiRegion)
		e.Flag("organization", t.Organization)
		e.Flag("globalServiceEvents", t.GlobalServiceEvents)
		e.Flag("logFileValidation", t.LogFileValidation)
		if s := t.Status; s != nil {
			e.Name("status")
			e.Object(func() {
				e.Known("logging", s.Logging)
				e.Time("started", s.Started)
				e.Time("stopped", s.Stopped)
				e.Time("delivered", s.Delivered)
				e.Text("deliveryError", s.DeliveryError)
			})
		}
		if s := t.Selectors; s != nil {
			e.Name("selectors")
			e.Object(func() { writeSelectors(e, s) })
		}
		if s := t.Storage; s != nil {
			e.Name("storage")
			e.Object(func() { writeStorage(e, s) })
		}
	})
}

func writeStorage(e *form.Encoder, s *Storage) {
	e.Text("owner", s.Owner)
	if l := s.Lock; l != nil {
		e.Name("lock")
		e.Object(func() {
			e.Known("enabled", l.Enabled)
			e.Text("mode", l.Mode)
			e.Integer("days", l.Days)
			e.Integer("years", l.Years)
		})
	}
}

func writeSelectors(e *form.Encoder, s *Selectors) {
	e.List("basic", len(s.Basic), func(i int) {
		b := s.Basic[i]
		e.Object(func() {
			e.Text("readWrite", b.ReadWrite)
			e.Known("management", b.Management)
			e.List("dataResources", len(b.DataResources), func(i int) {
				e.Object(func() {
					e.Text("type", b.DataResources[i].Type)
					e.Texts("values", b.DataResources[i].Values)
				})
			})
			e.Texts("excluded", b.Excluded)
		})
	})
	e.List("advanced", len(s.Advanced), func(i int) {
		e.Object(func() {
			e.Text("name", s.Advanced[i].Name)
			e.List("fields", len(s.Advanced[i].Fields), func(j int) {
				f := s.Advanced[i].Fields[j]
				e.Object(func() {
					e.Text("field", f.Field)
					e.Texts("equals", f.Equals)
					e.Texts("startsWith", f.StartsWith)
					e.Texts("endsWith", f.EndsWith)
					e.Texts("notEquals", f.NotEquals)
					e.Texts("notStartsWith", f.NotStartsWith)
					e.Texts("notEndsWith", f.NotEndsWith)
				})
			})
		})
	})
}
