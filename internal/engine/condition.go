package engine

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

type family uint8

const (
	null family = iota
	stringEquals
	stringFold
	stringLike
	numeric
	date
	boolean
	binary
	ipAddress
	arnLike
)

// order is how a numeric or date operator compares: the request value is …
type order uint8

const (
	equal order = iota
	less
	lessOrEqual
	greater
	greaterOrEqual
)

func (o order) holds(cmp int) bool {
	switch o {
	case less:
		return cmp < 0
	case lessOrEqual:
		return cmp <= 0
	case greater:
		return cmp > 0
	case greaterOrEqual:
		return cmp >= 0
	}
	return cmp == 0
}

type operator struct {
	family family
	order  order
	negate bool
}

// operators gives each base operator its meaning (§7.1).
var operators = map[string]operator{
	"StringEquals":              {family: stringEquals},
	"StringNotEquals":           {family: stringEquals, negate: true},
	"StringEqualsIgnoreCase":    {family: stringFold},
	"StringNotEqualsIgnoreCase": {family: stringFold, negate: true},
	"StringLike":                {family: stringLike},
	"StringNotLike":             {family: stringLike, negate: true},
	"NumericEquals":             {family: numeric},
	"NumericNotEquals":          {family: numeric, negate: true},
	"NumericLessThan":           {family: numeric, order: less},
	"NumericLessThanEquals":     {family: numeric, order: lessOrEqual},
	"NumericGreaterThan":        {family: numeric, order: greater},
	"NumericGreaterThanEquals":  {family: numeric, order: greaterOrEqual},
	"DateEquals":                {family: date},
	"DateNotEquals":             {family: date, negate: true},
	"DateLessThan":              {family: date, order: less},
	"DateLessThanEquals":        {family: date, order: lessOrEqual},
	"DateGreaterThan":           {family: date, order: greater},
	"DateGreaterThanEquals":     {family: date, order: greaterOrEqual},
	"Bool":                      {family: boolean},
	"BinaryEquals":              {family: binary},
	"IpAddress":                 {family: ipAddress},
	"NotIpAddress":              {family: ipAddress, negate: true},
	"ArnEquals":                 {family: arnLike}, // R-OPS-8
	"ArnLike":                   {family: arnLike},
	"ArnNotEquals":              {family: arnLike, negate: true},
	"ArnNotLike":                {family: arnLike, negate: true},
	"Null":                      {family: null},
}

type condition struct {
	operator
	written  policy.Operator
	quant    policy.Quantifier
	ifExists bool
	plain    bool // "${" begins no variable, as it does in a document of version 2012-10-17
	key      KeyRef
	values   []conditionValue
}

// A conditionValue is one value of a policy, parsed for its operator. valid is false for
// a value that the operator cannot read (R-CND-14).
type conditionValue struct {
	text   string
	valid  bool
	str    *varPattern // string operators and Bool
	arn    arnPattern
	number decimal
	time   instant
	prefix netip.Prefix
	truth  bool
}

// conditions are those of a statement, which must all hold.
type conditions struct {
	list  []*condition // in source order
	quick []*condition // those first that cost least to decide
}

// all are the conditions in source order.
func (c *conditions) all() []*condition {
	if c == nil {
		return nil
	}
	return c.list
}

func (c *compiler) conditions(list policy.Conditions) *conditions {
	if list.Len() == 0 {
		return nil
	}
	out, room := &conditions{}, make([]condition, list.Len())
	for src := range list.All() {
		parts, ok := src.Operator.Parts()
		if !ok {
			panic("engine: operator " + string(src.Operator) + " in a parsed document")
		}
		cond := &room[len(out.list)]
		*cond = condition{
			operator: operators[parts.Base], written: src.Operator, quant: parts.Quantifier,
			ifExists: parts.IfExists, plain: c.mode&glob.Variables == 0 && parts.TakesVariables(), key: NewKeyRef(src.Key), values: make([]conditionValue, 0, src.Values.Len()),
		}
		for text := range src.Values.All() {
			cond.values = append(cond.values, c.value(text, cond.family))
		}
		out.list = append(out.list, cond)
	}
	out.quick = quickest(out.list)
	return out
}

// quickest sorts conditions by family, which are numbered by what they cost: since all must
// hold, an ARN is not looked at where a text decides.
func quickest(list []*condition) []*condition {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b *condition) int { return int(a.family) - int(b.family) })
	return out
}

// value parses a value once. Where variables work is R-VAR-7.
func (c *compiler) value(text string, f family) conditionValue {
	v := conditionValue{text: text, valid: true}
	switch f {
	case stringEquals, stringFold:
		// R-OPS-1: ${*} is the character here too (IAM User Guide, “IAM policy elements:
		// Variables and tags”).
		v.str = c.pattern(text, c.mode)
	case stringLike:
		v.str = c.pattern(text, c.mode|glob.Wildcards)
	case numeric:
		v.number, v.valid = parseDecimal(text)
	case date:
		v.time, v.valid = parseInstant(text)
	case boolean:
		v.str = c.pattern(text, c.mode)
		if len(v.str.vars) == 0 {
			v.truth, v.valid = parseBool(text)
		}
	case null:
		v.truth, v.valid = parseBool(text)
	case ipAddress:
		v.prefix, v.valid = parsePrefix(text)
	case arnLike:
		parts, n := glob.SplitARN(text, c.mode)
		if v.valid = n == 6; v.valid { // R-OPS-7
			v.arn = c.arn(parts)
		}
	}
	return v
}

// eval decides one condition (§7; IAM User Guide, “IAM JSON policy elements: Condition
// operators”, “Set operators for multivalued context keys”).
func (c *condition) eval(v *View) Tri {
	out := c.evalValue(v.key(&c.key), v)
	if out == Maybe && v.Assume != nil {
		return v.Assume.settle(c)
	}
	return out
}

// evalValue decides the condition for what the request has for its key.
func (c *condition) evalValue(val Value, v *View) Tri {
	switch {
	case c.family == null: // R-CND-6: IfExists means nothing to Null.
		return c.null(val.State)
	case val.State != Known:
		return c.withoutValue(val)
	// R-CND-8: every value passes. R-CND-9: one does. R-CND-13: a single-valued key is a
	// set of one.
	case c.quant == policy.ForAllValues:
		out := Yes
		for _, s := range val.Values {
			if out = min(out, c.passes(s, v)); out == No {
				break
			}
		}
		return out
	case c.quant == policy.ForAnyValue:
		out := No
		for _, s := range val.Values {
			if out = max(out, c.passes(s, v)); out == Yes {
				break
			}
		}
		return out
	case val.Multi:
		return No // R-CND-7
	}
	return c.passes(val.Values[0], v)
}

// withoutValue is what a key gives that is absent, or whose value is not known.
func (c *condition) withoutValue(val Value) Tri {
	// What a missing key gives (R-CND-5, R-CND-8, R-CND-9, R-CND-11).
	missing := tri(c.negate || c.ifExists)
	switch c.quant {
	case policy.ForAllValues:
		missing = Yes
	case policy.ForAnyValue:
		missing = No
	}
	present := Maybe
	if c.quant == policy.NoQuantifier && val.Multi {
		present = No // R-CND-7
	}
	switch {
	case val.State == Absent, val.State == Unknown && missing == present:
		return missing
	case val.State == Present:
		return present
	}
	return Maybe
}

// null implements R-CND-12.
func (c *condition) null(s State) Tri {
	wantMissing, wantPresent := false, false
	for i := range c.values {
		if c.values[i].valid {
			wantMissing = wantMissing || c.values[i].truth
			wantPresent = wantPresent || !c.values[i].truth
		}
	}
	switch {
	case wantMissing && wantPresent:
		return Yes
	case wantMissing || wantPresent:
		if s == Unknown {
			return Maybe
		}
		return tri(wantMissing == (s == Absent))
	}
	return No
}

// A subject is a request value, parsed as the operator wants it.
type subject struct {
	text   string
	number decimal
	time   instant
	addr   netip.Addr
	truth  bool
}

// passes implements R-CND-10 for one request value: a positive operator wants it to match
// some policy value, a negated one none (R-CND-1). What cannot be read passes in neither sense
// (R-CND-14).
func (c *condition) passes(s string, v *View) Tri {
	if c.family == stringEquals || c.family == stringLike {
		return c.passesText(s, v)
	}
	sub := subject{text: s}
	if !sub.parse(c.family) {
		return No
	}
	hit := No
	for i := range c.values {
		p := &c.values[i]
		if !p.valid {
			if c.negate {
				return No
			}
			continue
		}
		m, ok := c.compare(&sub, p, v)
		if !ok {
			if c.negate {
				return No
			}
			continue
		}
		hit = max(hit, m)
		if hit == Yes && !c.negate {
			return Yes
		}
	}
	if c.negate {
		return not(hit)
	}
	return hit
}

// passesText is passes for operators that can read any text as it is.
func (c *condition) passesText(s string, v *View) Tri {
	hit := No
	for i := range c.values {
		if hit = max(hit, c.values[i].str.match(s, v)); hit == Yes {
			break
		}
	}
	if c.negate {
		return not(hit)
	}
	return hit
}

func (s *subject) parse(f family) (ok bool) {
	switch f {
	case numeric:
		s.number, ok = parseDecimal(s.text)
	case date:
		s.time, ok = parseInstant(s.text)
	case boolean:
		s.truth, ok = parseBool(s.text)
	case ipAddress:
		s.addr, ok = parseAddr(s.text)
	case arnLike:
		ok = strings.Count(s.text, ":") >= 5
	default:
		ok = true
	}
	return ok
}

// compare matches one request value with one policy value; ok is false on a type error
// that shows only now.
func (c *condition) compare(s *subject, p *conditionValue, v *View) (m Tri, ok bool) {
	switch c.family {
	case stringFold:
		return p.str.matchFold(s.text, v), true
	case numeric:
		return tri(c.order.holds(s.number.compare(&p.number))), true
	case date:
		return tri(c.order.holds(s.time.compare(p.time))), true
	case boolean:
		if len(p.str.vars) > 0 {
			return p.boolVariable(s.truth, v)
		}
		return tri(s.truth == p.truth), true
	case binary:
		return tri(equalBinary(s.text, p.text)), true
	case ipAddress:
		return tri(p.prefix.Contains(s.addr)), true
	}
	return p.arn.match(s.text, nil, v), true
}

func (p *varPattern) matchFold(s string, v *View) Tri {
	if len(p.vars) == 0 {
		return tri(p.glob.EqualFold(s, nil))
	}
	var buf [4]string
	values, state := p.resolve(v, buf[:0])
	switch state {
	case Known:
		return tri(p.glob.EqualFold(s, values))
	case Absent:
		return No
	}
	return Maybe
}

// boolVariable compares with a policy value whose text depends on variables.
func (p *conditionValue) boolVariable(truth bool, v *View) (m Tri, ok bool) {
	values, state := p.str.resolve(v, nil)
	switch state {
	case Absent:
		return No, true
	case Unknown:
		return Maybe, true
	}
	for _, want := range [2]bool{true, false} {
		word := "false"
		if want {
			word = "true"
		}
		if p.str.glob.EqualFold(word, values) {
			return tri(want == truth), true
		}
	}
	return No, false
}

// parseBool implements R-OPS-9: any other text is a type error (IAM User Guide, “IAM JSON
// policy elements: Condition operators”, Boolean).
func parseBool(s string) (truth, ok bool) {
	switch {
	case ascii.Equal(s, "true"):
		return true, true
	case ascii.Equal(s, "false"):
		return false, true
	}
	return false, false
}
