package suite

import (
	"errors"
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

// Denied is what a case expects that is met by either deny. The other expectations are
// those of package casefile.
const Denied casefile.Expectation = "denied"

// A Case is a request and what is expected of it.
type Case struct {
	File         string
	Line, Column int
	ID           string // of a JSON line; "" of others
	// Text is the line as it was written; of a JSON line what it would be in a txtar file.
	Text    string
	Expect  casefile.Expectation
	Request simulate.Request

	loose   bool // keys that AWS could send and that are not given are unknown
	newer   bool // the action may be newer than the service reference
	keys    []keyPlace
	columns [4]int // of outcome, principal, action, resource
	carried *casefile.Case
	refused error
}

// A keyPlace is a condition key of a line.
type keyPlace struct {
	name   string
	values int
	column int
}

// at is "file:line:column: ", "" for a case that stands in no file.
func (c *Case) at(column int) string {
	if c.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d: ", c.File, c.Line, column)
}

// parse reads the lines of a cases section.
func (f *File) parse(s *section) {
	number := s.above
	for line := range strings.Lines(string(s.data)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		c := &Case{File: f.Name, Line: number, Column: strings.Index(line, text) + 1, Text: text}
		c.parse()
		f.cases = append(f.cases, c)
	}
}

const form = "a line is OUTCOME PRINCIPAL ACTION RESOURCE KEY=VALUE…"

// parse reads the text of a line. What is wrong with it is kept as the reason to refuse
// it.
func (c *Case) parse() {
	fields, bad := split(c.Text)
	if bad != nil {
		c.fail(c.Column+bad.offset, "%s", bad.reason)
		return
	}
	for i := range min(4, len(fields)) {
		c.columns[i] = c.Column + fields[i].offset
	}
	if why := c.expects(fields[0].text); why != "" {
		c.fail(c.columns[0], "%s", why)
	}
	if len(fields) < 4 {
		missing := [...]string{"", "principal", "action", "resource"}[len(fields)]
		c.fail(c.Column+len(c.Text), "the %s is missing; %s, with * for no resource", missing, form)
		return
	}
	c.asks(fields[1].plain(), fields[2].plain(), fields[3].plain())
	keys := make(map[string][]string)
	for _, f := range fields[4:] {
		c.key(keys, f, c.Column+f.offset)
	}
	c.Request.Keys = simulate.KeysFrom(keys)
}

// NewCase makes a case that stands in no file, of what would stand in a line.
func NewCase(outcome, principal, action, resource string, keys []string) *Case {
	c := &Case{}
	if why := c.expects(outcome); why != "" {
		c.fail(0, "%s", why)
	}
	c.asks(principal, action, resource)
	values := make(map[string][]string)
	for _, k := range keys {
		c.key(values, field{text: k}, 0)
	}
	c.Request.Keys = simulate.KeysFrom(values)
	c.Text = strings.Join(append([]string{outcome, quote(principal, ""), quote(action, ""), quote(resource, "")}, keys...), "  ")
	return c
}

// fail adds a reason to refuse the case.
func (c *Case) fail(column int, format string, args ...any) {
	c.refused = errors.Join(c.refused, fmt.Errorf("%s%w", c.at(column), fmt.Errorf(format, args...)))
}

// asks reads what is asked.
func (c *Case) asks(principal, action, resource string) {
	p, err := policy.ParsePrincipal(principal)
	switch {
	case strings.Contains(principal, ":group/"):
		c.fail(c.columns[1], "%s: a group makes no requests; name one of its members", principal)
	case err != nil:
		c.fail(c.columns[1], "%w", err)
	}
	action, c.newer = strings.CutPrefix(action, "new:")
	a, err := policy.ParseAction(action)
	if err != nil {
		c.fail(c.columns[2], "%w", err)
	}
	c.Request.Principal, c.Request.Action = p, a
	if resource == "*" || resource == "-" {
		return
	}
	if c.Request.Resource, err = policy.ParseARN(resource); err != nil {
		c.fail(c.columns[3], "%w; or * for an action that takes no resource", err)
	}
}

// key reads one condition key.
func (c *Case) key(keys map[string][]string, f field, column int) {
	name, values, err := f.key()
	if err == nil {
		err = addKey(keys, name, values)
	}
	if err != nil {
		c.fail(column, "%w", err)
		return
	}
	c.keys = append(c.keys, keyPlace{name, len(values), column})
}

func addKey(keys map[string][]string, key string, values []string) error {
	for given := range keys {
		if strings.EqualFold(given, key) {
			return fmt.Errorf("%s: given before; keep one, with all its values: %s=a,b", key, key)
		}
	}
	keys[key] = values
	return nil
}

// outcomes are the words for what is expected.
var outcomes = []casefile.Expectation{
	casefile.ExpectAllowed, Denied, casefile.ExpectExplicitDeny, casefile.ExpectImplicitDeny, casefile.ExpectIndeterminate,
}

// expects reads the first word of a line. It returns what is wrong with it, "" for nothing.
func (c *Case) expects(word string) string {
	word, c.loose = strings.CutPrefix(word, "?")
	best, least := "", 4
	for _, o := range outcomes {
		if word == string(o) {
			c.Expect = o
			return ""
		}
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(string(o))); d < least {
			best, least = string(o), d
		}
	}
	hint := "want allowed, denied, explicitDeny, implicitDeny or indeterminate; " + form
	if best != "" {
		hint = "did you mean " + best + "?"
	}
	return fmt.Sprintf("outcome %q: %s", word, hint)
}

// carried makes a case of a JSON line.
func (f *File) carried(c *casefile.Case, err error) *Case {
	out := &Case{File: f.Name, Line: c.Line(), Column: 1, ID: c.ID(), Expect: c.Expect(), carried: c, loose: !c.Strict()}
	switch {
	case err != nil:
		out.Text = "case " + c.ID()
		if c.Expect() != casefile.ExpectError {
			out.refused = err
		}
	case c.Expect() == casefile.ExpectNothing:
		out.refused = fmt.Errorf(`%sit expects nothing, so it tests nothing; give it "expect", or use licit eval to decide it`, out.at(1))
	}
	if err == nil {
		out.Request = c.Request()
		out.Text = Text(string(c.Expect()), out.Request)
		if out.loose {
			out.Text = "?" + out.Text
		}
	}
	return out
}
