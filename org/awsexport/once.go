package awsexport

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/internal/jsontree"
)

// A said is what a file of the AWS CLI said of something.
type said struct{ what, place string }

// once takes down what a file of the AWS CLI says of something: another that says otherwise
// contradicts it. Of records the later counts.
func (s *state) once(r *record, v value, subject, what string) {
	if !r.plain {
		return
	}
	old, ok := s.said[subject]
	if !ok {
		s.said[subject] = said{what, v.place()}
	} else if old.what != what {
		s.fail(v, "%s is not as in %s; want files that agree", subject, old.place)
	}
}

// canonical is a value whatever its layout and the order of its members, without those that are
// left out.
func (v value) canonical(but ...string) string {
	if v.kind() == jsontree.String {
		return strings.TrimSpace(v.n.Text)
	}
	if v.kind() != jsontree.Object || len(but) == 0 {
		if v.n == nil {
			return ""
		}
		raw := jsontext.Value(v.s.Src[v.n.Start:v.n.End]).Clone()
		_ = raw.Canonicalize() // it was parsed
		return string(raw)
	}
	parts := make(map[string]string)
	for name, m := range v.members() {
		parts[name] = m.canonical()
	}
	for _, name := range but {
		delete(parts, name)
	}
	var b strings.Builder
	for _, name := range sorted(parts) {
		b.WriteString(name + "=" + parts[name] + "\n")
	}
	return b.String()
}
