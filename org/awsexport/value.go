package awsexport

import (
	"iter"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A value is a JSON value, or nothing. Members are found by their name in the API, whose
// first letter may have either case, since the SDKs write it in the case of their language;
// null is nothing.
type value struct {
	n  *jsontree.Node
	s  *source
	to *state // takes what is wrong
}

func (v value) is() bool { return v.n != nil }

// kind is that of the value, 0 if there is none.
func (v value) kind() jsontree.Kind {
	if v.n == nil {
		return 0
	}
	return v.n.Kind
}

// get is the member of an object.
func (v value) get(name string) value {
	if v.kind() != jsontree.Object {
		return value{s: v.s, to: v.to}
	}
	n, ok := v.n.Member(name)
	other, both := v.n.Member(otherCase(name))
	if ok && both && otherCase(name) != name {
		v.to.fail(v, "has both %s and %s; want one", name, otherCase(name))
	} else if !ok {
		n, ok = other, both
	}
	if !ok || n.Kind == jsontree.Null {
		return value{s: v.s, to: v.to}
	}
	return value{n, v.s, v.to}
}

func otherCase(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	if unicode.IsUpper(r) {
		return string(unicode.ToLower(r)) + name[n:]
	}
	return string(unicode.ToUpper(r)) + name[n:]
}

// want reports whether there is a value of this kind, and what is wrong if it is of another.
func (v value) want(k jsontree.Kind) bool {
	if v.n == nil {
		return false
	}
	if v.n.Kind != k {
		v.to.fail(v, "is %s; want %s", v.n.Kind, k)
		return false
	}
	return true
}

func (v value) text() string {
	if !v.want(jsontree.String) {
		return ""
	}
	return v.n.Text
}

// flag is true or false, and whether there is one.
func (v value) flag() (on, ok bool) {
	if v.kind() == jsontree.String { // attributes of SQS and SNS are texts
		return strings.EqualFold(v.n.Text, "true"), true
	}
	if !v.want(jsontree.Bool) {
		return false, false
	}
	return v.n.Text == "true", true
}

func (v value) isTrue() bool {
	on, _ := v.flag()
	return on
}

func (v value) number() int {
	if !v.want(jsontree.Number) {
		return 0
	}
	f, err := strconv.ParseFloat(v.n.Text, 64)
	if err != nil || f < 0 || f > math.MaxInt32 {
		v.to.fail(v, "is %s; want a number from 0 on", form.Clip(v.n.Text))
		return 0
	}
	return int(f)
}

// each yields the elements of an array.
func (v value) each() iter.Seq[value] {
	return func(yield func(value) bool) {
		if !v.want(jsontree.Array) {
			return
		}
		for i := range v.n.Elements {
			if !yield(value{&v.n.Elements[i], v.s, v.to}) {
				return
			}
		}
	}
}

// members yields the members of an object.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if !v.want(jsontree.Object) {
			return
		}
		for i := range v.n.Members {
			m := &v.n.Members[i]
			if m.Value.Kind != jsontree.Null && !yield(m.Name, value{&m.Value, v.s, v.to}) {
				return
			}
		}
	}
}

func (v value) texts() []string {
	var out []string
	for e := range v.each() {
		out = append(out, e.text())
	}
	return out
}

// arn is an ARN; the zero one if there is none.
func (v value) arn() policy.ARN {
	text := v.text()
	if text == "" {
		return policy.ARN{}
	}
	a, err := policy.ParseARN(text)
	if err != nil {
		v.to.fail(v, "%w", err)
	} else {
		v.to.partitionIs(v, a)
	}
	return a
}

// tags is a list of objects with Key and Value.
func (v value) tags() map[string]string {
	var out map[string]string
	for e := range v.each() {
		if out == nil {
			out = make(map[string]string)
		}
		if key := firstOf(e.get("Key"), e.get("TagKey")).text(); key != "" {
			out[key] = firstOf(e.get("Value"), e.get("TagValue")).text()
		}
	}
	return out
}

func firstOf(list ...value) value {
	for _, v := range list {
		if v.is() {
			return v
		}
	}
	return list[len(list)-1]
}

// Layouts of times: version 1 of the AWS CLI prints what the service sends, version 2 ISO 8601.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02"}

// time is a time, in ISO 8601 or as seconds since 1970; zero if there is none.
func (v value) time() time.Time {
	switch v.kind() {
	case 0:
		return time.Time{}
	case jsontree.Number:
		f, err := strconv.ParseFloat(v.n.Text, 64)
		t := time.UnixMicro(int64(math.Round(f * 1e6))).UTC()
		if err != nil || math.Abs(f) > 1e11 || !form.IsTime(t) {
			v.to.fail(v, "%s is no time; want seconds since 1970", form.Clip(v.n.Text))
			return time.Time{}
		}
		return t
	case jsontree.String:
		if v.n.Text == "" {
			return time.Time{}
		}
		if t, ok := parseTime(v.n.Text); ok {
			return t
		}
	}
	v.to.fail(v, `is no time; want one such as "2024-05-01T10:00:00Z"`)
	return time.Time{}
}

func parseTime(text string) (time.Time, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil && form.IsTime(t) {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// document is a policy document: an object, its JSON text, or that text URL-encoded as IAM
// sends it (RFC 3986: a plus sign is a plus sign). The document is nil where there is none; the
// reason says why one that is there cannot be used.
func (v value) document(k policy.Kind) (*policy.Document, string) {
	var src []byte
	at := policy.Position{}
	switch v.kind() {
	case 0:
		return nil, ""
	case jsontree.Object:
		src, at = v.s.Src[v.n.Start:v.n.End], v.s.Position(v.n.Start)
	case jsontree.String:
		text := strings.TrimSpace(v.n.Text)
		if text == "" {
			return nil, ""
		}
		if strings.HasPrefix(text, "%") {
			plain, err := url.PathUnescape(text)
			if err != nil {
				return nil, v.place() + ": the policy document is not URL-encoded as it should be: " + err.Error()
			}
			text = plain
		}
		src = []byte(text)
	default:
		return nil, v.place() + ": is " + v.n.Kind.String() + "; want a policy document"
	}
	file := ""
	if at.IsValid() {
		file = v.s.File
	}
	d, err := policy.ParseAt(file, at, src)
	if err == nil {
		err = d.CheckKind(k)
	}
	if err != nil {
		return nil, v.place() + ": the policy document is not understood: " + firstLine(err.Error())
	}
	return d, ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// place is file, line and column.
func (v value) place() string {
	if v.n == nil {
		return v.s.File
	}
	return v.s.File + ":" + v.s.Position(v.n.Start).String()
}
