package form

import (
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/policy"
)

// An Encoder writes a JSON text that a [Decoder] reads.
type Encoder struct {
	JSON *jsontext.Encoder
	Err  error // the first; nothing is written after it
}

// Token writes a token.
func (e *Encoder) Token(t jsontext.Token) {
	if e.Err == nil {
		e.Err = e.JSON.WriteToken(t)
	}
}

// Name writes the name of a member.
func (e *Encoder) Name(name string) { e.Token(jsontext.String(name)) }

// Object writes an object with the members that the function writes.
func (e *Encoder) Object(members func()) {
	e.Token(jsontext.BeginObject)
	members()
	e.Token(jsontext.EndObject)
}

// List writes an array of n elements, or nothing if it is empty.
func (e *Encoder) List(name string, n int, element func(i int)) {
	if n == 0 {
		return
	}
	e.Name(name)
	e.Token(jsontext.BeginArray)
	for i := range n {
		element(i)
	}
	e.Token(jsontext.EndArray)
}

// Text writes a member, or nothing if it is empty.
func (e *Encoder) Text(name, value string) {
	if value != "" {
		e.Name(name)
		e.Token(jsontext.String(value))
	}
}

// Texts writes a member, or nothing if it is empty.
func (e *Encoder) Texts(name string, values []string) {
	e.List(name, len(values), func(i int) { e.Token(jsontext.String(values[i])) })
}

// ARNs writes a member, or nothing if it is empty.
func (e *Encoder) ARNs(name string, values []policy.ARN) {
	e.List(name, len(values), func(i int) { e.Token(jsontext.String(values[i].String())) })
}

// Flag writes a member, or nothing if it is false.
func (e *Encoder) Flag(name string, value bool) {
	if value {
		e.Name(name)
		e.Token(jsontext.True)
	}
}

// Tags writes a member, or nothing if there are no tags.
func (e *Encoder) Tags(tags map[string]string) { e.StringMap("tags", tags) }

// StringMap writes an object of strings, or nothing if it is empty.
func (e *Encoder) StringMap(name string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	e.Name(name)
	e.Object(func() {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			e.Name(k)
			e.Token(jsontext.String(m[k]))
		}
	})
}

// Time writes a member, or nothing if the time is not known.
func (e *Encoder) Time(name string, t time.Time) {
	if !t.IsZero() {
		e.Text(name, t.Format(time.RFC3339Nano))
	}
}

// Integer writes a member, or nothing if it is 0.
func (e *Encoder) Integer(name string, i int) {
	if i != 0 {
		e.Name(name)
		e.Token(jsontext.Int(int64(i)))
	}
}

// KnownList writes an array, also an empty one, or nothing if it is nil: not known.
func KnownList[T any](e *Encoder, name string, list []T, one func(T)) {
	if list == nil {
		return
	}
	e.Name(name)
	e.Token(jsontext.BeginArray)
	for _, v := range list {
		one(v)
	}
	e.Token(jsontext.EndArray)
}

// Known writes a flag that says something also when it is false.
func (e *Encoder) Known(name string, value bool) {
	e.Name(name)
	e.Token(jsontext.Bool(value))
}
