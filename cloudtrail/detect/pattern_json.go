package detect

import (
	"regexp"
	"strconv"
	"strings"
)

// An expression is a condition on a log event that is JSON, or several.
type expression interface{ match(m *matcher) Answer }

type (
	conjunction []expression
	disjunction []expression

	// A condition compares what a selector leads to.
	condition struct {
		selector selector
		operator string // "=", "!=", "<", …, "IS NULL", "IS TRUE", "IS FALSE", "EXISTS", "NOT EXISTS"
		value    literal
	}

	// A literal is what follows the operator.
	literal struct {
		text   string
		number float64 // if isNumber
		// isNumber: it had no quotes, and is a number.
		isNumber bool
		quoted   bool
		regex    *regexp.Regexp
	}
)

const (
	maxDepth     = 100
	maxWildcards = 3 // selectors with one, in a pattern
)

// jsonPattern reads { … }.
func (s *scanner) jsonPattern() (expression, *PatternError) {
	open := s.at
	s.at++
	e, err := s.disjunction()
	if err != nil {
		return nil, err
	}
	switch s.space(); {
	case s.at == len(s.text):
		return nil, s.fail(open, "a brace that nothing closes")
	case !s.take("}"):
		return nil, s.fail(s.at, "%s; want &&, || or }", s.next())
	}
	if s.space(); s.at < len(s.text) {
		return nil, s.fail(s.at, "%s behind the closing brace; want nothing", s.next())
	}
	return e, nil
}

// disjunction reads conditions: && binds closer than || (“standard order of operations”).
func (s *scanner) disjunction() (expression, *PatternError) {
	if s.depth++; s.depth > maxDepth {
		return nil, s.unsupported(s.at, "more than %d parentheses in each other", maxDepth)
	}
	defer func() { s.depth-- }()
	var list disjunction
	for {
		e, err := s.conjunction()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if s.space(); !s.take("||") {
			return list, nil
		}
	}
}

func (s *scanner) conjunction() (expression, *PatternError) {
	var list conjunction
	for {
		e, err := s.primary()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		if s.space(); !s.take("&&") {
			return list, nil
		}
	}
}

func (s *scanner) primary() (expression, *PatternError) {
	s.space()
	open := s.at
	if !s.take("(") {
		return s.condition()
	}
	e, err := s.disjunction()
	if err != nil {
		return nil, err
	}
	if s.space(); s.at == len(s.text) {
		return nil, s.fail(open, "a parenthesis that nothing closes")
	}
	if !s.take(")") {
		return nil, s.fail(s.at, "%s; want &&, || or )", s.next())
	}
	return e, nil
}

func (s *scanner) condition() (expression, *PatternError) {
	c := condition{}
	var err *PatternError
	if c.selector, err = s.selector(); err != nil {
		return nil, err
	}
	s.space()
	at := s.at
	if word := s.run(isAlphanumeric); word != "" {
		c.operator, err = s.wordOperator(at, word)
		return c, err
	}
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if s.take(op) {
			c.operator = op
			break
		}
	}
	if c.operator == "" {
		return nil, s.fail(at, "%s; want =, !=, <, >, <=, >=, IS or NOT EXISTS", s.next())
	}
	s.space()
	valueAt := s.at
	if c.value, err = s.literal(); err != nil {
		return nil, err
	}
	if ordered := c.operator != "=" && c.operator != "!="; ordered && !c.value.isNumber {
		return nil, s.fail(valueAt, "a text behind %s; want a number", c.operator)
	}
	return c, nil
}

func (s *scanner) wordOperator(at int, word string) (string, *PatternError) {
	if word == "EXISTS" {
		return word, nil // not in the guide, but the opposite of what is
	}
	s.space()
	second := s.run(isAlphanumeric)
	switch op := word + " " + second; op {
	case "IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS":
		return op, nil
	default:
		switch strings.ToUpper(op) {
		case "IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS":
			return "", s.unsupported(at, "%s in lower case", op)
		}
		return "", s.fail(at, "%q; want IS NULL, IS TRUE, IS FALSE, EXISTS or NOT EXISTS", strings.TrimSpace(op))
	}
}

// number is an integer or decimal with an optional sign and exponent.
var number = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

func (s *scanner) literal() (literal, *PatternError) {
	start := s.at
	switch {
	case s.at == len(s.text):
		return literal{}, s.fail(s.at, "the end; want a value")
	case s.text[s.at] == '"':
		t, err := s.quoted()
		return literal{text: t, quoted: true}, err
	case s.text[s.at] == '%':
		re, err := s.regex()
		return literal{regex: re}, err
	case s.text[s.at] == '\'':
		return literal{}, s.fail(s.at, "a single quotation mark; want double ones")
	}
	// Without quotes the guide has letters, digits, and an address that ends in .*
	t := s.run(func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("_.*+-", c) >= 0 })
	if t == "" || s.at < len(s.text) && strings.IndexByte(" \t\r\n)}&|", s.text[s.at]) < 0 {
		return literal{}, s.fail(s.at, "%s; want double quotation marks around a text with other than letters, digits, and _ . * -", s.next())
	}
	if !number.MatchString(t) {
		return literal{text: t}, nil
	}
	f, err := strconv.ParseFloat(t, 64)
	if err != nil {
		return literal{}, s.unsupported(start, "a number as large as %s", t)
	}
	return literal{text: t, number: f, isNumber: true}, nil
}
