package detect

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A Pattern is a filter pattern of CloudWatch Logs (CloudWatch Logs User Guide, “Filter
// pattern syntax for metric filters, subscription filters, filter log events, and Live
// Tail”). It is immutable.
type Pattern struct {
	text  string
	json  expression     // of { … }
	terms []term         // of text; all must hold
	any   []term         // of text: ?term ?term; one must hold
	regex *regexp.Regexp // of text: %…%
}

// A PatternError is why a text is not a pattern that can be matched.
type PatternError struct {
	Position    policy.Position
	Reason      string
	Unsupported bool // AWS takes it, or may, but its meaning is not modelled here
}

// Error has position and reason.
func (e *PatternError) Error() string {
	if e.Unsupported {
		return fmt.Sprintf("%s: unsupported: %s", e.Position, e.Reason)
	}
	return fmt.Sprintf("%s: %s", e.Position, e.Reason)
}

// A Match is whether a pattern matches a log event.
type Match struct {
	Answer  Answer
	Reasons []string // why the answer is [Unknown], sorted; nil otherwise
}

// maxPattern is the length of a filter pattern (CloudWatch Logs API Reference, PutMetricFilter).
const maxPattern = 1024

// ParsePattern parses the filter pattern of a metric filter: terms, { … } for log events that
// are JSON, or a regular expression. Patterns of space-delimited fields are unsupported:
// CloudTrail writes JSON. The error is a [*PatternError].
func ParsePattern(text string) (*Pattern, error) {
	s := &scanner{text: text}
	p := &Pattern{text: text}
	if len(text) > maxPattern {
		return nil, s.fail(maxPattern, "the pattern has %d bytes; want at most %d", len(text), maxPattern)
	}
	s.space()
	var err *PatternError
	switch {
	case s.at == len(text):
		return p, nil // every log event
	case text[s.at] == '{':
		p.json, err = s.jsonPattern()
	case text[s.at] == '[':
		err = s.unsupported(s.at, "a pattern of space-delimited fields, […]; log events of CloudTrail are JSON, for which the pattern is { … }")
	case text[s.at] == '%':
		p.regex, err = s.regex()
		if s.space(); err == nil && s.at < len(text) {
			err = s.unsupported(s.at, "more than a regular expression")
		}
	default:
		err = s.terms(p)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// String is the text that was parsed.
func (p *Pattern) String() string { return p.text }

// Match reports whether the pattern matches a log event, given as its text: of an event of
// CloudTrail that is the whole record. A pattern for JSON matches nothing else. The answer is
// [Unknown] where AWS does not document what matches.
func (p *Pattern) Match(message []byte) Match {
	m := &matcher{}
	var a Answer
	switch {
	case p.json != nil:
		a = No
		if err := jsontree.Read(message, func(root *jsontree.Node, _ string) {
			if root.Kind == jsontree.Object {
				m.root = root
				a = p.json.match(m)
			}
		}); err != nil {
			a = No
		}
		if a == Yes && m.composite != "" {
			// “The filter will not be applied” may be said of the condition or of the whole.
			a = Unknown
			m.because("%s is an object or array, which a condition cannot compare", m.composite)
		}
	case p.regex != nil:
		a = answer(p.regex.Match(message))
	default:
		a = m.all(p.terms, string(message))
		if len(p.any) > 0 {
			one := No
			for _, t := range p.any {
				one = either(one, m.term(t, string(message)))
			}
			a = both(a, one)
		}
	}
	if a != Unknown {
		return Match{Answer: a}
	}
	slices.Sort(m.reasons)
	return Match{Answer: a, Reasons: slices.Compact(m.reasons)}
}

// A matcher is one match in progress.
type matcher struct {
	root      *jsontree.Node
	composite string // a selector that led to an object or array in a comparison
	reasons   []string
}

func (m *matcher) because(format string, args ...any) Answer {
	m.reasons = append(m.reasons, fmt.Sprintf(format, args...))
	return Unknown
}

// A scanner reads the text of a pattern.
type scanner struct {
	text      string
	at        int
	depth     int
	regexes   int
	wildcards int // selectors with one
}

func (s *scanner) fail(offset int, format string, args ...any) *PatternError {
	line, column := jsontree.LineColumn([]byte(s.text), offset)
	return &PatternError{Position: policy.Position{Offset: offset, Line: line, Column: column}, Reason: fmt.Sprintf(format, args...)}
}

func (s *scanner) unsupported(offset int, format string, args ...any) *PatternError {
	e := s.fail(offset, format, args...)
	e.Unsupported = true
	return e
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// take skips a text, and reports whether it was there.
func (s *scanner) take(text string) bool {
	if strings.HasPrefix(s.text[s.at:], text) {
		s.at += len(text)
		return true
	}
	return false
}

// run takes characters for as long as they are of a kind.
func (s *scanner) run(is func(c byte) bool) string {
	start := s.at
	for s.at < len(s.text) && is(s.text[s.at]) {
		s.at++
	}
	return s.text[start:s.at]
}

// next names what comes, for an error.
func (s *scanner) next() string {
	word := strings.TrimLeft(s.text[s.at:], " \t\r\n")
	if word == "" {
		return "the end"
	}
	if end := strings.IndexAny(word, " \t\r\n"); end > 0 {
		word = word[:end]
	}
	if len(word) > 20 {
		word = strings.ToValidUTF8(word[:20], "") + "…"
	}
	return fmt.Sprintf("%q", word)
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// quoted reads a text in double quotes.
func (s *scanner) quoted() (string, *PatternError) {
	start := s.at
	s.at++
	var b strings.Builder
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch c {
		case '"':
			return b.String(), nil
		case '\\':
			if s.at == len(s.text) {
				return "", s.fail(start, "a quotation mark that nothing closes")
			}
			if c = s.text[s.at]; c != '"' && c != '\\' {
				return "", s.unsupported(s.at-1, `a backslash before %q; only \" and \\ are known`, c)
			}
			s.at++
		}
		b.WriteByte(c)
	}
	return "", s.fail(start, "a quotation mark that nothing closes")
}

const (
	maxRegexes   = 2    // in a pattern
	maxRegexSize = 1000 // instructions: matching takes that many steps for each byte, at most
)

// regex reads %…%. The set of characters is that of “Supported regular expressions (regex)
// syntax”: they mean the same in Go, and groups, which could differ, are not among them.
func (s *scanner) regex() (*regexp.Regexp, *PatternError) {
	start := s.at
	if s.regexes++; s.regexes > maxRegexes {
		return nil, s.fail(start, "a regular expression too many; want at most %d in a pattern", maxRegexes)
	}
	s.at++
	body := s.run(func(c byte) bool { return c != '%' })
	if s.at == len(s.text) {
		return nil, s.fail(start, "a regular expression that no %% closes")
	}
	s.at++
	if body == "" {
		return nil, s.fail(start, "an empty regular expression")
	}
	for i := range len(body) {
		if c := body[i]; !isAlphanumeric(c) && !strings.ContainsRune(`:_#=@/;,-^$?[]{}|\*+.`, rune(c)) {
			return nil, s.fail(start+1+i, "%q in a regular expression; want letters, digits and : _ # = @ / ; , - ^ $ ? [ ] { } | \\ * + .", rune(c))
		}
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if i++; i == len(body) {
			return nil, s.fail(start+i, "a backslash before nothing")
		}
		if c := body[i]; isAlphanumeric(c) && !strings.ContainsRune("dDsSwWx", rune(c)) {
			return nil, s.unsupported(start+i, `\%c in a regular expression`, c)
		}
	}
	if at := strings.Index(body, "[:"); at >= 0 {
		return nil, s.unsupported(start+1+at, "[: in a regular expression")
	}
	tree, err := syntax.Parse(body, syntax.Perl)
	if err != nil {
		return nil, s.unsupported(start, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	if prog, err := syntax.Compile(tree.Simplify()); err != nil || len(prog.Inst) > maxRegexSize {
		return nil, s.unsupported(start, "a regular expression with that many repetitions")
	}
	re, err := regexp.Compile(body)
	if err != nil {
		return nil, s.unsupported(start, "%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re, nil
}
