package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A Requirement says when a request would be allowed, in terms of the conditions that are
// not decided because keys of the request are not known.
type Requirement struct {
	// Allowed lists alternatives: the request is allowed if every test of one of them
	// comes out as it says. An alternative without tests means always.
	Allowed []Alternative
	// Possible lists further alternatives under which the request may be allowed: that
	// depends on something which is no condition of a policy, such as a gap.
	Possible []Alternative
	// Truncated says that there were too many combinations to try them all: what is
	// missing is covered by Possible.
	Truncated bool
}

// An Alternative is a list of tests that must all come out as they say.
type Alternative []Test

// A Test is a condition of a policy, and whether it must hold or must not.
type Test struct {
	Condition policy.Condition // as a document of version 2012-10-17 writes it
	Holds     bool

	multivalued bool // the key is
}

// mostTries bounds the decisions that one Requirement takes, so that its effort does not
// grow with the number of combinations of conditions.
const mostTries = 4096

// Requires says when the request would be allowed. Nothing in the answer contradicts a
// certain decision: one that is [Allowed] has one alternative without tests, one that is
// denied has none. Tests come in the order in which the evaluation meets their conditions,
// and an alternative that allows holds no test that it can do without.
func (e *Environment) Requires(r Request) Requirement {
	var w world
	if r.valid() {
		w.resolve(e, &r)
	}
	s := search{env: e, request: &r, keys: &w, tracer: tracer{assume: &engine.Assumptions{}}, tries: mostTries}
	s.branch()
	s.out.Allowed = slices.DeleteFunc(s.out.Allowed, func(a Alternative) bool {
		unlisted := e.comesThroughUnlisted(a)
		if unlisted {
			s.out.Possible = appendAlternative(s.out.Possible, a)
		}
		return unlisted
	})
	s.out.Possible = slices.DeleteFunc(s.out.Possible, func(a Alternative) bool {
		return slices.ContainsFunc(s.out.Allowed, func(o Alternative) bool { return o.within(a) })
	})
	return s.out
}

// comesThroughUnlisted reports whether the tests say that the request comes through a VPC
// endpoint which may be one that the organization does not list, with a policy of its own.
func (e *Environment) comesThroughUnlisted(a Alternative) bool {
	if e.custom != nil {
		return false
	}
	return slices.ContainsFunc(a, func(t Test) bool {
		switch parts, _ := t.Condition.Operator.Parts(); {
		case !isEndpointKey(t.Condition.Key):
			return false
		case strings.Contains(parts.Base, "Not"), parts.Base == "Null" && t.Condition.Values.Len() == 1 && strings.EqualFold(t.Condition.Values.At(0), "true"):
			return !t.Holds // then the key is there
		case !t.Holds:
			return parts.Base == "Null"
		case strings.EqualFold(t.Condition.Key, "aws:SourceVpce") && parts.Base == "StringEquals":
			for id := range t.Condition.Values.All() {
				if e.endpoints[id] == nil {
					return true
				}
			}
			return false
		}
		return true
	})
}

func isEndpointKey(key string) bool {
	return slices.ContainsFunc(endpointKeys, func(k string) bool { return strings.EqualFold(k, key) })
}

// endpointKeys are in requests that come through a VPC endpoint only (IAM User Guide, “AWS
// global condition context keys”).
var endpointKeys = []string{
	"aws:SourceVpce", "aws:SourceVpc", "aws:SourceVpcArn", "aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
}

// A search tries the undecided conditions both ways, for as long as the decision depends
// on them.
type search struct {
	env     *Environment
	request *Request
	keys    *world // resolved, for what is known of the keys
	tracer  tracer
	tries   int
	out     Requirement
}

func (s *search) decide() Decision {
	s.tries--
	s.tracer.assume.Open = nil
	return s.env.decide(s.request, &s.tracer)
}

func (s *search) branch() {
	d, a := s.decide(), s.tracer.assume
	open := a.Open
	switch {
	case d.Denied():
	case d.Allowed():
		s.out.Allowed = s.add(s.out.Allowed)
	case open == nil || s.tries <= 0:
		s.out.Truncated = s.out.Truncated || open != nil
		s.out.Possible = appendAlternative(s.out.Possible, s.alternative(a.List))
	default:
		for _, holds := range []engine.Tri{yes, no} {
			a.List = append(a.List, *open)
			a.List[len(a.List)-1].Holds = holds
			if a.Consistent(&s.keys.view) {
				s.branch()
			}
			a.List = a.List[:len(a.List)-1]
		}
	}
}

// add adds the assumptions in force to the alternatives that allow, without those that
// the decision does not need.
func (s *search) add(list []Alternative) []Alternative {
	a := s.tracer.assume
	all := slices.Clone(a.List)
	for i := len(a.List) - 1; i >= 0 && s.tries > 0; i-- {
		was := a.List[i].Holds
		if a.List[i].Holds = maybe; !s.decide().Allowed() {
			a.List[i].Holds = was
		}
	}
	out := s.alternative(a.List)
	copy(a.List, all)
	return appendAlternative(list, out)
}

func (s *search) alternative(list []engine.Assumption) Alternative {
	var out Alternative
	for i := range list {
		if a := &list[i]; a.Holds != maybe {
			out = append(out, Test{a.Condition(), a.Holds == yes, a.Multivalued(&s.keys.view)})
		}
	}
	return out
}

// appendAlternative keeps only the least demanding. Two that differ in how one test comes
// out are one without the test.
func appendAlternative(list []Alternative, a Alternative) []Alternative {
	if slices.ContainsFunc(list, func(o Alternative) bool { return o.within(a) }) {
		return list
	}
	for i, o := range list {
		if at := o.onlyDifference(a); at >= 0 {
			return appendAlternative(slices.Delete(slices.Clone(list), i, i+1), slices.Delete(slices.Clone(o), at, at+1))
		}
	}
	return append(slices.DeleteFunc(list, func(o Alternative) bool { return a.within(o) }), a)
}

// onlyDifference is the index of the one test of a that comes out the other way in b; -1
// if the alternatives differ in anything else.
func (a Alternative) onlyDifference(b Alternative) int {
	at := -1
	for i, t := range a {
		if slices.ContainsFunc(b, t.equal) {
			continue
		}
		other := t
		other.Holds = !t.Holds
		if at >= 0 || !slices.ContainsFunc(b, other.equal) {
			return -1
		}
		at = i
	}
	if len(a) != len(b) {
		return -1
	}
	return at
}

// within reports whether all tests of a are among those of b.
func (a Alternative) within(b Alternative) bool {
	for _, t := range a {
		if !slices.ContainsFunc(b, t.equal) {
			return false
		}
	}
	return true
}

func (t Test) equal(u Test) bool {
	return t.Holds == u.Holds && t.Condition.Operator == u.Condition.Operator &&
		strings.EqualFold(t.Condition.Key, u.Condition.Key) && t.Condition.Values.Equal(u.Condition.Values)
}

// String is the condition as a policy writes it, behind "not" if it must not hold:
// "StringEquals aws:RequestedRegion [eu-west-1 eu-west-3]".
func (t Test) String() string {
	c := t.Condition
	text := fmt.Sprintf("%s %s %s", c.Operator, c.Key, slices.Collect(c.Values.All()))
	if !t.Holds {
		text = "not " + text
	}
	return text
}

// String joins the tests with "and"; "always" if there are none.
func (a Alternative) String() string {
	if len(a) == 0 {
		return "always"
	}
	texts := make([]string, len(a))
	for i, t := range a {
		texts[i] = t.String()
	}
	return strings.Join(texts, " and ")
}

// String joins the alternatives with "or"; "never" if there are none.
func (r Requirement) String() string {
	var texts []string
	for _, a := range r.Allowed {
		texts = append(texts, a.String())
	}
	for _, a := range r.Possible {
		texts = append(texts, "perhaps "+a.String())
	}
	if len(texts) == 0 {
		return "never"
	}
	return strings.Join(texts, ", or ")
}

// Conditions is the alternative as the Condition element of a statement. It reports false
// if that cannot say the same: two lists of values for one operator and key, or a test
// that must not hold and whose operator has no exact opposite.
func (a Alternative) Conditions() (policy.Conditions, bool) {
	var out policy.Conditions
	for _, t := range a {
		list, ok := []policy.Condition{t.Condition}, true
		if !t.Holds {
			list, ok = t.opposite()
		}
		if !ok {
			return policy.Conditions{}, false
		}
		for _, c := range list {
			for o := range out.All() {
				if strings.EqualFold(string(o.Operator), string(c.Operator)) && strings.EqualFold(o.Key, c.Key) {
					return policy.Conditions{}, false
				}
			}
			out = out.And(c.Operator, c.Key, slices.Collect(c.Values.All())...)
		}
	}
	return out, true
}

// opposite returns conditions that hold together exactly when the test's does not.
// Operators that may fail to read a value have none: then neither they nor their negation
// hold (R-CND-14). So it is with a multivalued key and no set operator (R-CND-7).
func (t Test) opposite() ([]policy.Condition, bool) {
	c := t.Condition
	parts, ok := c.Operator.Parts()
	if !ok {
		return nil, false
	}
	if parts.Base == "Null" {
		var values []string
		for v := range c.Values.All() {
			values = append(values, map[bool]string{true: "false", false: "true"}[strings.EqualFold(v, "true")])
		}
		if len(values) != 1 {
			return nil, false
		}
		return []policy.Condition{{Operator: "Null", Key: c.Key, Values: policy.List(values...)}}, true
	}
	if !strings.HasPrefix(parts.Base, "String") || parts.Quantifier == policy.NoQuantifier && t.multivalued {
		return nil, false
	}
	other, negated := strings.CutPrefix(parts.Base, "StringNot")
	if other = "String" + other; !negated {
		other = "StringNot" + strings.TrimPrefix(parts.Base, "String")
	}
	out := policy.Condition{Operator: policy.Operator(other), Key: c.Key, Values: c.Values}
	switch parts.Quantifier {
	case policy.ForAllValues:
		out.Operator = "ForAnyValue:" + out.Operator
	case policy.ForAnyValue:
		out.Operator = "ForAllValues:" + out.Operator
	default:
		if parts.IfExists && !negated { // it holds without the key, too
			return []policy.Condition{{Operator: "Null", Key: c.Key, Values: policy.List("false")}, out}, true
		}
	}
	return []policy.Condition{out}, true
}
