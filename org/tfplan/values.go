package tfplan

import (
	"reflect"

	tfjson "github.com/hashicorp/terraform-json"
)

// values are the attributes of a resource on one side of a change.
type values struct {
	known     map[string]any
	unknown   any // shaped like known, with true where a value is known only after apply
	sensitive any // likewise, where a value must not be shown
	of        *instance
	planned   bool                          // after the change
	nested    bool                          // a block in a resource
	block     *tfjson.Expression            // nested: what the configuration gives the outermost block, or nil
	inner     map[string]*tfjson.Expression // nested: what it gives this block; nil if that is not known
}

// attributes is what change.before or change.after is: an object, or null.
func attributes(v any) (map[string]any, bool) {
	if v == nil {
		return nil, true
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// exists reports whether there is something on this side of the change.
func (v values) exists() bool { return v.known != nil }

// A state says what is known of an attribute.
type state uint8

const (
	absent state = iota // null, or the resource has no such attribute
	known
	unknown // known after apply, sensitive, or of another type than the provider's, in whole or in part
)

// get is the value of an attribute. One that is sensitive is unknown: what is not used
// cannot be shown.
func (v values) get(name string) (any, state) {
	if marked(member(v.unknown, name)) {
		return nil, unknown
	}
	value, ok := v.known[name]
	switch {
	case !ok || value == nil:
		return nil, absent
	case v.secret(name):
		return nil, unknown
	}
	return value, known
}

// secret reports whether an attribute must not be shown.
func (v values) secret(name string) bool {
	return marked(member(v.sensitive, name)) || v.hides(name, v.known[name])
}

func member(v any, name string) any {
	m, _ := v.(map[string]any)
	return m[name]
}

func element(v any, i int) any {
	list, _ := v.([]any)
	if i < len(list) {
		return list[i]
	}
	return nil
}

// marked reports whether true stands somewhere in v.
func marked(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		for _, e := range v {
			if marked(e) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if marked(e) {
				return true
			}
		}
	}
	return false
}

// text is an attribute that is a string. The empty string is absent, as the provider does
// not tell the two apart.
func (v values) text(name string) (string, state) {
	value, s := v.get(name)
	if s != known {
		return "", s
	}
	switch text, ok := value.(string); {
	case !ok:
		return "", unknown
	case text == "":
		return "", absent
	default:
		return text, known
	}
}

// isComputed reports whether an attribute that is unknown is so because the provider will
// choose it, and nobody gives it a value.
func (v values) isComputed(name string) bool {
	return v.known[name] == nil && !v.sets(name)
}

// isUnknown reports whether a text that somebody gives is unknown.
func (v values) isUnknown(name string) bool {
	_, st := v.text(name)
	return st == unknown && !v.isComputed(name)
}

// plain is the text of an attribute if it is known, or "".
func (v values) plain(name string) string {
	text, _ := v.text(name)
	return text
}

func (v values) flag(name string) (bool, state) {
	value, s := v.get(name)
	b, ok := value.(bool)
	if s == known && !ok {
		return false, unknown
	}
	return b, s
}

// number is a whole number.
func (v values) number(name string) (int, state) {
	value, s := v.get(name)
	n, ok := value.(float64)
	if s == known && (!ok || n != float64(int(n))) {
		return 0, unknown
	}
	return int(n), s
}

// texts is an attribute that is a list or set of strings.
func (v values) texts(name string) ([]string, state) {
	value, s := v.get(name)
	if s != known {
		return nil, s
	}
	out := stringsOf(value)
	if list, ok := value.([]any); !ok || len(list) != len(out) {
		return nil, unknown
	}
	return out, known
}

func stringsOf(value any) []string {
	list, _ := value.([]any)
	out := make([]string, 0, len(list))
	for _, e := range list {
		if text, ok := e.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// tags are the tags of a resource, those that the provider's configuration adds included.
func (v values) tags() (map[string]string, state) {
	if v.secret("tags") || v.secret("tags_all") || v.of.plan.hidesDefaultTags(v.of) {
		return nil, unknown // tags_all is not marked, whatever goes into it
	}
	value, s := v.get("tags_all")
	if s != known {
		if s == unknown && v.of.plan.hasDefaultTags(v.of) {
			return nil, unknown
		}
		value, s = v.get("tags")
	}
	m, ok := value.(map[string]any)
	switch {
	case s == known && !ok:
		return nil, unknown
	case s != known || len(m) == 0:
		return nil, s
	}
	out := make(map[string]string, len(m))
	for k, e := range m {
		text, ok := e.(string)
		if !ok && e != nil {
			return nil, unknown
		}
		if ok {
			out[k] = text
		}
	}
	return out, known
}

// blocks are the nested blocks of an attribute, each with what is known of it.
func (v values) blocks(name string) ([]values, state) {
	list, ok := v.known[name].([]any)
	if !ok {
		if marked(member(v.unknown, name)) || v.known[name] != nil {
			return nil, unknown
		}
		return nil, absent
	}
	if s, ok := member(v.sensitive, name).(bool); ok && s {
		return nil, unknown
	}
	if u, ok := member(v.unknown, name).(bool); ok && u {
		return nil, unknown
	}
	block := v.expression(name)
	if block != nil && v.of.plan.origin(v.of.scope(), block) == secretly {
		return nil, unknown
	}
	// Blocks of a set stand in another order than they are written.
	written := v.writtenBlocks(name)
	if len(written) != len(list) || len(list) > 1 && name != "statement" {
		written = make([]map[string]*tfjson.Expression, len(list))
	}
	out := make([]values, 0, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil, unknown
		}
		out = append(out, values{known: m, unknown: element(member(v.unknown, name), i), sensitive: element(member(v.sensitive, name), i), of: v.of, planned: v.planned, nested: true, block: block, inner: written[i]})
	}
	return out, known
}

// writtenBlocks are the blocks that the configuration has, in its order, those that dynamic
// blocks make apart.
func (v values) writtenBlocks(name string) []map[string]*tfjson.Expression {
	x := v.inner[name]
	if !v.nested {
		x = v.of.expression(name)
	}
	if x == nil || x.ExpressionData == nil {
		return nil
	}
	return x.NestedBlocks
}

// gives reports whether an attribute has a value that somebody gives: the configuration does,
// as far as it says, or the value is another one than before. What a provider finds is the
// same on both sides.
func (v values) gives(name string) bool {
	switch {
	case v.sets(name):
		return true
	case marked(member(v.unknown, name)):
		return false
	case v.of.updates():
		return !reflect.DeepEqual(v.known[name], v.of.before.known[name])
	}
	return v.known[name] != nil
}

// sets reports whether the configuration gives the attribute a value. Without the
// configuration, it may.
func (v values) sets(name string) bool {
	if v.of == nil || v.of.config == nil {
		return true
	}
	_, ok := v.of.config.Expressions[name]
	return ok
}
