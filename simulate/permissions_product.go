package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// An element is Action and NotAction of a statement, or Resource and NotResource: one of
// them is absent.
type productElement struct{ yes, not policy.Patterns }

// terms are what it takes to reckon with the values of an element.
type terms struct {
	everything func(string) bool
	includes   func(outer, inner string) bool
	meet       func(a, b string) bool
	// common lists the values that together match what both do; false: it cannot be told.
	common func(a, b string) ([]string, bool)
}

var actionTerms = terms{
	everything: func(a string) bool { return glob.Everything(a) || a == "*:*" },
	includes:   glob.ActionIncludes,
	meet: func(a, b string) bool { // a value without a colon is no action (R-ACT-2)
		return strings.Contains(a, ":") && strings.Contains(b, ":") && glob.ActionsMeet(a, b)
	},
	common: func(a, b string) ([]string, bool) {
		service, x, ok := strings.Cut(a, ":")
		other, y, also := strings.Cut(b, ":")
		if !ok || !also || !strings.EqualFold(service, other) {
			return nil, true // no wildcards in the prefix (R-ACT-2)
		}
		p, q := glob.Compile(x, glob.Wildcards|glob.FoldASCII), glob.Compile(y, glob.Wildcards|glob.FoldASCII)
		list, exact := p.Symbols(nil).Intersect(q.Symbols(nil))
		var out []string
		for _, s := range list {
			out = append(out, service+":"+s.Fill(func(int) string { return "*" }, '?'))
		}
		return out, exact
	},
}

var resourceTerms = terms{
	everything: glob.Everything,
	includes:   glob.ResourceIncludes,
	meet:       glob.ResourcesMeet,
	common: func(a, b string) ([]string, bool) {
		p, ok := plainSpan(a)
		q, also := plainSpan(b)
		if !ok || !also {
			return nil, !glob.ResourcesMeet(a, b)
		}
		list, exact := p.intersect(q)
		var out []string
		for _, s := range list {
			out = append(out, s.String())
		}
		return out, exact
	},
}

// plainSpan is the span of a pattern without variables.
func plainSpan(text string) (out span, ok bool) {
	parts, _ := glob.SplitARN(text, glob.Variables)
	for i, part := range parts {
		p := glob.Compile(part, glob.Wildcards|glob.Variables)
		if len(p.Variables()) > 0 {
			return out, false
		}
		out.parts[i] = p.Symbols(nil)
	}
	return out, true
}

// elements combine with their terms.
type elements struct{ terms }

// both lists elements that together match what x and y do. why says why none can.
func (t elements) both(x, y productElement) (out []productElement, why string) {
	switch {
	case !x.not.IsZero() && !y.not.IsZero():
		list := slices.Collect(x.not.All())
		for v := range y.not.All() {
			if !slices.Contains(list, v) {
				list = append(list, v)
			}
		}
		return []productElement{{not: policy.List(list...)}}, ""
	case !x.not.IsZero():
		return t.without(y.yes, x.not)
	case !y.not.IsZero():
		return t.without(x.yes, y.not)
	}
	var list []string
	for a := range x.yes.All() {
		for b := range y.yes.All() {
			common, ok := t.intersect(a, b)
			if !ok {
				return nil, fmt.Sprintf("what %s and %s have in common cannot be written", a, b)
			}
			for _, c := range common {
				if !slices.ContainsFunc(list, func(o string) bool { return t.includes(o, c) }) {
					list = append(slices.DeleteFunc(list, func(o string) bool { return t.includes(c, o) }), c)
				}
			}
		}
	}
	if len(list) == 0 {
		return nil, ""
	}
	return []productElement{{yes: policy.List(list...)}}, ""
}

func (t elements) intersect(a, b string) ([]string, bool) {
	switch {
	case t.everything(a), t.includes(a, b):
		return []string{b}, true
	case t.everything(b), t.includes(b, a):
		return []string{a}, true
	}
	return t.common(a, b)
}

// without lists what the values match and those of not do not.
func (t elements) without(yes, not policy.Patterns) (out []productElement, why string) {
	var keep []string
	for a := range yes.All() {
		if t.everything(a) {
			if !slices.ContainsFunc(slices.Collect(not.All()), t.everything) {
				out = append(out, productElement{not: not})
			}
			return out, "" // and so all others
		}
		gone := false
		for n := range not.All() {
			if t.everything(n) || t.includes(n, a) {
				gone = true
				break
			}
		}
		if gone {
			continue
		}
		for n := range not.All() {
			if t.meet(n, a) {
				return nil, fmt.Sprintf("%s without %s cannot be written", a, n)
			}
		}
		keep = append(keep, a)
	}
	if len(keep) > 0 {
		out = append(out, productElement{yes: policy.List(keep...)})
	}
	return out, ""
}
