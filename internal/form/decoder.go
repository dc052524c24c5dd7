package form

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
)

// A Decoder turns one JSON text into plain data. Paths are those of the text.
type Decoder struct {
	*Source
	Report func(*Problem) // takes each problem
}

// A Visit reads one value.
type Visit func(n *jsontree.Node, p *Path)

// A Field is a member that an object may have.
type Field struct {
	Name string
	Read Visit
	must bool
}

// Member is the Field of a name.
func Member(name string, read Visit) Field { return Field{Name: name, Read: read} }

// Must is the Field of a name that the object must have: without it, its zero value would be
// taken for known.
func Must(name string, read Visit) Field { return Field{name, read, true} }

// Fail reports what could not be read.
func (d *Decoder) Fail(offset int, p *Path, format string, args ...any) {
	d.Report(&Problem{File: d.File, Position: d.Position(offset), Path: p.String(), Err: fmt.Errorf(format, args...)})
}

// Object reads the members of an object; what is an example of what it is.
func (d *Decoder) Object(n *jsontree.Node, p *Path, what string, fields ...Field) {
	if n.Kind != jsontree.Object {
		d.Fail(n.Start, p, "is %s; want %s", n.Kind, what)
		return
	}
	seen := make(map[string]bool, len(n.Members))
	for i := range n.Members {
		m := &n.Members[i]
		at := p.Member(m.Name)
		f := slices.IndexFunc(fields, func(f Field) bool { return f.Name == m.Name })
		switch {
		case seen[m.Name]:
			d.Fail(m.NameStart, at, "duplicate member %q; keep one", Clip(m.Name))
		case f < 0:
			d.Fail(m.NameStart, at, "unknown member %q%s", Clip(m.Name), suggestMember(m.Name, fields))
		case m.Value.Kind == jsontree.Null:
			d.Fail(m.Value.Start, at, "is null; leave the member out if there is nothing to say")
		default:
			fields[f].Read(&m.Value, at)
		}
		seen[m.Name] = true
	}
	for _, f := range fields {
		if f.must && !seen[f.Name] {
			d.Fail(n.Start, p.Member(f.Name), "missing; leave out the whole object if this is not known")
		}
	}
}

func suggestMember(name string, fields []Field) string {
	known := make([]string, len(fields))
	for i, f := range fields {
		known[i] = f.Name
	}
	if best := levenshtein.Closest(name, slices.Values(known)); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return "; want " + strings.Join(known[:len(known)-1], ", ") + " or " + known[len(known)-1]
}

// Array reads each element of an array.
func (d *Decoder) Array(each Visit) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.Array {
			d.Fail(n.Start, p, "is %s; want an array", n.Kind)
			return
		}
		for i := range n.Elements {
			each(&n.Elements[i], p.At(i))
		}
	}
}

// Text reads a string.
func (d *Decoder) Text(to *string) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.String {
			d.Fail(n.Start, p, "is %s; want a string", n.Kind)
			return
		}
		*to = n.Text
	}
}

// Texts appends an array of strings.
func (d *Decoder) Texts(to *[]string) Visit {
	return d.Array(func(n *jsontree.Node, p *Path) {
		var s string
		d.Text(&s)(n, p)
		*to = append(*to, s)
	})
}

// Boolean reads true or false.
func (d *Decoder) Boolean(to *bool) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.Bool {
			d.Fail(n.Start, p, "is %s; want true or false", n.Kind)
			return
		}
		*to = n.Text == "true"
	}
}

// ARN reads an ARN.
func (d *Decoder) ARN(to *policy.ARN) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.String {
			d.Fail(n.Start, p, "is %s; want an ARN", n.Kind)
			return
		}
		a, err := policy.ParseARN(n.Text)
		if err != nil {
			d.Fail(n.Start, p, "%w", err)
			return
		}
		*to = a
	}
}

// ARNs appends an array of ARNs.
func (d *Decoder) ARNs(to *[]policy.ARN) Visit {
	return d.Array(func(n *jsontree.Node, p *Path) {
		var a policy.ARN
		d.ARN(&a)(n, p)
		*to = append(*to, a)
	})
}

// Tags reads an object of strings.
func (d *Decoder) Tags(to *map[string]string) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.Object {
			d.Fail(n.Start, p, "is %s; want an object of tag keys and values", n.Kind)
			return
		}
		tags := make(map[string]string, len(n.Members))
		for i := range n.Members {
			m := &n.Members[i]
			if _, ok := tags[m.Name]; ok {
				d.Fail(m.NameStart, p.Member(m.Name), "duplicate member %q; keep one", Clip(m.Name))
				continue
			}
			var value string
			d.Text(&value)(&m.Value, p.Member(m.Name))
			tags[m.Name] = value
		}
		*to = tags
	}
}

// Time reads a time as in RFC 3339.
func (d *Decoder) Time(to *time.Time) Visit {
	return func(n *jsontree.Node, p *Path) {
		if n.Kind != jsontree.String {
			d.Fail(n.Start, p, `is %s; want a time such as "2024-05-01T10:00:00Z"`, n.Kind)
			return
		}
		t, err := time.Parse(time.RFC3339, n.Text)
		if err != nil || !IsTime(t) {
			d.Fail(n.Start, p, `%q is no time; want one such as "2024-05-01T10:00:00Z"`, Clip(n.Text))
			return
		}
		*to = t
	}
}

// IsTime reports whether [Encoder.Time] can write t.
func IsTime(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 && !t.IsZero() }

// Integer reads a whole number that is not negative.
func (d *Decoder) Integer(to *int) Visit {
	return func(n *jsontree.Node, p *Path) {
		i, err := strconv.Atoi(n.Text)
		if n.Kind != jsontree.Number || err != nil || i < 0 || i > math.MaxInt32 {
			d.Fail(n.Start, p, "is %s; want a whole number", n.Kind)
			return
		}
		*to = i
	}
}

// Duration reads a whole number of seconds.
func (d *Decoder) Duration(to *time.Duration) Visit {
	return func(n *jsontree.Node, p *Path) {
		var seconds int
		d.Integer(&seconds)(n, p)
		*to = time.Duration(seconds) * time.Second
	}
}

// Known is Array, which makes a list that is not nil even where the array is empty.
func Known[T any](d *Decoder, to *[]T, one func(n *jsontree.Node, p *Path) T) Visit {
	return func(n *jsontree.Node, p *Path) {
		*to = make([]T, 0, len(n.Elements))
		d.Array(func(n *jsontree.Node, p *Path) { *to = append(*to, one(n, p)) })(n, p)
	}
}
