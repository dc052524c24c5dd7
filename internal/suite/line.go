package suite

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/simulate"
)

// A field is a word of a line, quoted as it was written.
type field struct {
	text   string
	offset int
}

// A splitError says where a line cannot be split.
type splitError struct {
	offset int
	reason string
}

// split splits a line into fields at white space outside quotes. A field that begins with
// # begins a comment.
func split(line string) ([]field, *splitError) {
	var out []field
	for i := 0; i < len(line); {
		switch {
		case isSpace(line[i]):
			i++
			continue
		case line[i] == '#':
			return out, nil
		}
		start := i
		for i < len(line) && !isSpace(line[i]) {
			if line[i] == '"' {
				end := endOfQuote(line, i)
				if end < 0 {
					return nil, &splitError{i, `the quote is not closed; want a second " (and \" for one inside)`}
				}
				i = end
			}
			i++
		}
		out = append(out, field{line[start:i], start})
	}
	return out, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f' }

// endOfQuote is the index of the quote that closes the one at i, or -1.
func endOfQuote(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// plain is the field without its quotes.
func (f field) plain() string { return unquote(f.text) }

// unquote takes away quotes, and the backslashes inside them.
func unquote(s string) string {
	if !strings.Contains(s, `"`) {
		return s
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
			continue
		case quoted && s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// key reads KEY=VALUE[,VALUE…]. No value at all says that the key is absent; an empty
// value is written as "".
func (f field) key() (name string, values []string, err error) {
	name, rest, ok := strings.Cut(f.text, "=")
	switch {
	case !ok:
		return "", nil, fmt.Errorf("%q: want KEY=VALUE, such as aws:SourceIp=203.0.113.7; quote values with white space: KEY=\"a b\"", f.text)
	case !strings.Contains(name, ":") || strings.Contains(name, `"`):
		return "", nil, fmt.Errorf("%q: condition keys have a prefix and no quotes, such as aws:SourceIp or s3:prefix", name)
	}
	values = []string{}
	if rest == "" {
		return name, values, nil
	}
	for start, i := 0, 0; i <= len(rest); i++ {
		switch {
		case i == len(rest) || rest[i] == ',':
			if start == i {
				return "", nil, fmt.Errorf(`%s: an empty value between commas; write "" for it`, name)
			}
			values = append(values, unquote(rest[start:i]))
			start = i + 1
		case rest[i] == '"':
			end := endOfQuote(rest, i)
			if end < 0 {
				return "", nil, fmt.Errorf(`%s: the quote is not closed; want a second " (and \" for one inside)`, name)
			}
			i = end
		}
	}
	return name, values, nil
}

// Text is the request as a line of a case; expect "" leaves the outcome out.
func Text(expect string, r simulate.Request) string {
	resource := "*"
	if r.Resource.IsValid() {
		resource = r.Resource.String()
	}
	fields := []string{quote(r.Principal.String(), ""), quote(string(r.Action), ""), quote(resource, "")}
	if expect != "" {
		fields = append([]string{expect}, fields...)
	}
	for name, values := range r.Keys.All() {
		quoted := make([]string, len(values))
		for i, v := range values {
			quoted[i] = quote(v, ",")
		}
		fields = append(fields, name+"="+strings.Join(quoted, ","))
	}
	return strings.Join(fields, "  ")
}

// quote quotes what would not be read back as one word, or holds one of the stops.
func quote(s, stops string) string {
	if s != "" && s[0] != '#' && !strings.ContainsAny(s, " \t\r\v\f\""+stops) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
