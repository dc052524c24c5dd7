package detect

import (
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
)

func (list conjunction) match(m *matcher) Answer {
	a := Yes
	for _, e := range list {
		a = both(a, e.match(m))
	}
	return a
}

func (list disjunction) match(m *matcher) Answer {
	a := No
	for _, e := range list {
		a = either(a, e.match(m))
	}
	return a
}

func (c condition) match(m *matcher) Answer {
	var yes, no, unknown int
	if !reach(m.root, c.selector.steps, func(n *jsontree.Node) {
		switch c.one(m, n) {
		case Yes:
			yes++
		case No:
			no++
		default:
			unknown++
		}
	}) {
		return m.because("%s: a name stands twice in the log event", c.selector.text)
	}
	positive := c.operator != "!=" && c.operator != "NOT EXISTS"
	switch {
	case yes+no+unknown == 0: // a wildcard over nothing
		if positive {
			return No
		}
		return m.because("%s leads to nothing, of which AWS does not document %s", c.selector.text, c.operator)
	case positive && yes > 0, unknown == 0 && no == 0:
		return Yes
	case unknown == 0 && yes == 0:
		return No
	case unknown == 0:
		return m.because("%s leads to several values, and AWS does not document whether %s is about one or all", c.selector.text, c.operator)
	}
	return Unknown
}

// one is what the condition says of one node; nil: there is none.
func (c condition) one(m *matcher, n *jsontree.Node) Answer {
	switch c.operator {
	case "NOT EXISTS", "EXISTS":
		if n != nil && n.Kind == jsontree.Null {
			return m.because("%s is null, of which AWS does not document %s", c.selector.text, c.operator)
		}
		return answer((n != nil) == (c.operator == "EXISTS"))
	case "IS NULL":
		return answer(n != nil && n.Kind == jsontree.Null)
	case "IS TRUE", "IS FALSE":
		want := strings.ToLower(strings.TrimPrefix(c.operator, "IS "))
		if n != nil && n.Kind == jsontree.String && strings.EqualFold(n.Text, want) {
			return m.because("%s is the text %q, of which AWS does not document %s", c.selector.text, n.Text, c.operator)
		}
		return answer(n != nil && n.Kind == jsontree.Bool && n.Text == want)
	}
	if n == nil {
		if c.operator == "!=" {
			return m.because("%s is not in the log event, of which AWS does not document !=", c.selector.text)
		}
		return No
	}
	return c.compare(m, n)
}

// compare is what an operator says of a value.
func (c condition) compare(m *matcher, n *jsontree.Node) Answer {
	v := c.value
	switch n.Kind {
	case jsontree.Object, jsontree.Array:
		// “If it points to an array or object, the filter will not be applied”, neither with = nor with !=.
		// Its example { $.* = … } matches an event that has some beside the texts.
		if !c.selector.wild {
			m.composite = c.selector.text
		}
		return No
	case jsontree.Number:
		f, err := strconv.ParseFloat(n.Text, 64)
		if v.isNumber && err == nil {
			return c.numbers(f, v.number)
		}
	case jsontree.String:
		if v.isNumber && c.operator != "=" && c.operator != "!=" {
			if number.MatchString(n.Text) {
				return m.because("%s is a number written as a text, of which AWS does not document %s", c.selector.text, c.operator)
			}
			return No
		}
		return c.equality(c.texts(m, n.Text))
	}
	if v.text == "*" && !v.quoted && n.Kind == jsontree.Number {
		return c.equality(Yes) // the guide has { $.latency = * }
	}
	if c.operator == "=" && v.regex == nil && v.text != n.Text && !strings.Contains(v.text, "*") {
		return No // under no reading are they equal
	}
	return m.because("%s is %s, which is compared with %s; AWS does not document that", c.selector.text, n.Kind, c.literalKind())
}

func (c condition) literalKind() string {
	switch {
	case c.value.regex != nil:
		return "a regular expression"
	case c.value.isNumber:
		return "a number"
	}
	return "a text"
}

func (c condition) equality(equal Answer) Answer {
	if c.operator == "!=" {
		return equal.not()
	}
	return equal
}

func (c condition) numbers(a, b float64) Answer {
	switch c.operator {
	case "=":
		return answer(a == b)
	case "!=":
		return answer(a != b)
	case "<":
		return answer(a < b)
	case "<=":
		return answer(a <= b)
	case ">":
		return answer(a > b)
	}
	return answer(a >= b)
}

// texts compares a text of the log event with the literal, with regard to case.
func (c condition) texts(m *matcher, text string) Answer {
	v := c.value
	if v.regex != nil {
		return answer(v.regex.MatchString(text))
	}
	if v.isNumber && text != v.text && number.MatchString(text) {
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == v.number {
			return m.because("%s is the text %q, which is the number %s in other words", c.selector.text, text, v.text)
		}
	}
	body := v.text
	before, after := strings.HasPrefix(body, "*"), len(body) > 1 && strings.HasSuffix(body, "*")
	body = strings.TrimPrefix(body, "*")
	if after {
		body = strings.TrimSuffix(body, "*")
	}
	if strings.Contains(body, "*") {
		// An edition of the guide says that it is an asterisk there, and none that it is not.
		if text == v.text {
			return Yes
		}
		if glob(v.text, text) {
			return m.because("an asterisk in the middle of %q may stand for itself only", v.text)
		}
		return No
	}
	switch {
	case before && after:
		return answer(strings.Contains(text, body))
	case before:
		return answer(strings.HasSuffix(text, body))
	case after:
		return answer(strings.HasPrefix(text, body))
	}
	return answer(text == body)
}
