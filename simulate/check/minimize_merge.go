package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// merge makes one statement of those that differ in one list only.
func (m *minimizer) merge() {
	for _, l := range m.mergeable() {
		groups := map[string][]int{}
		var order []string
		for i := range m.statements {
			s := m.statements[i].Statement
			if l.get(&s) == nil {
				continue
			}
			key := sameBut(s, l)
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], i)
		}
		var many [][]int
		for _, key := range order {
			if len(groups[key]) > 1 {
				many = append(many, groups[key])
			}
		}
		if len(many) == 0 || m.mergeGroups(l, many) || len(many) == 1 {
			continue
		}
		for len(many) > 0 { // from the last, so that numbers before stay what they are
			last := len(many) - 1
			for i := range many {
				if many[i][0] > many[last][0] {
					last = i
				}
			}
			if m.mergeGroups(l, [][]int{many[last]}) {
				many = many[:0] // numbers have changed: the next round takes the others
				continue
			}
			many = slices.Delete(many, last, last+1)
		}
	}
}

// mergeGroups merges each group into its first statement.
func (m *minimizer) mergeGroups(l list, groups [][]int) bool {
	out := slices.Clone(m.statements)
	var steps []string
	gone := map[int]bool{}
	for _, g := range groups {
		var values, names []string
		for _, i := range g {
			s := out[i].Statement
			for _, v := range l.get(&s) {
				if !slices.ContainsFunc(values, func(w string) bool { return w == v || l.fold && lower(w) == lower(v) }) {
					values = append(values, v)
				}
			}
			names = append(names, m.statements[i].from)
			gone[i] = i != g[0]
		}
		first := &out[g[0]]
		l.set(&first.Statement, values)
		first.SID = "" // which names a part of it
		steps = append(steps, fmt.Sprintf("%s: merged, they differ in their %s only", some(names), l.name))
		first.from = strings.TrimSuffix(first.from, " with others") + " with others"
	}
	var kept []working
	for i := range out {
		if !gone[i] {
			kept = append(kept, out[i])
		}
	}
	return m.accept(kept, steps...).Verdict == Pass
}

// some are the first names of a list.
func some(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// sameBut is equal for statements that say the same apart from the list.
func sameBut(s policy.Statement, l list) string {
	l.set(&s, []string{"*"})
	var b strings.Builder
	values := func(p []string) {
		slices.Sort(p)
		fmt.Fprintf(&b, "%q;", slices.Compact(p))
	}
	fmt.Fprintf(&b, "%s;", s.Effect)
	for _, e := range [2]policy.Principals{s.Principal, s.NotPrincipal} {
		var p []string
		for typ, id := range e.All() {
			p = append(p, string(typ)+" "+id)
		}
		values(p)
	}
	for _, p := range [2]policy.Patterns{s.Action, s.NotAction} {
		list := slices.Collect(p.All())
		for i := range list {
			list[i] = lower(list[i])
		}
		values(list)
	}
	values(slices.Collect(s.Resource.All()))
	values(slices.Collect(s.NotResource.All()))
	var conditions []string
	for c := range s.Condition.All() {
		list := slices.Collect(c.Values.All())
		slices.Sort(list)
		conditions = append(conditions, fmt.Sprintf("%s %s %q", c.Operator, fold(c.Key), list))
	}
	values(conditions)
	return b.String()
}

// dropValues leaves out values that others make needless.
func (m *minimizer) dropValues() {
	lists := slices.Concat(m.mergeable(), excludedLists)
	for i := range m.statements {
		for _, l := range lists {
			m.dropCovered(i, l)
		}
	}
}

// dropCovered leaves out values of one list, the last first.
func (m *minimizer) dropCovered(i int, l list) {
	s := m.statements[i].Statement
	values := l.get(&s)
	if len(values) < 2 {
		return
	}
	try := func(rest []string, dropped ...string) bool {
		out := slices.Clone(m.statements)
		l.set(&out[i].Statement, rest)
		step := fmt.Sprintf("%s: %s dropped, the others do the same without", m.statements[i].from, some(dropped))
		return m.accept(out, step).Verdict == Pass
	}
	// What one pattern covers goes at once.
	texts := l.texts(values)
	var rest, dropped []string
	for n, v := range values {
		if coveredIn(texts, n) {
			dropped = append(dropped, v)
		} else {
			rest = append(rest, v)
		}
	}
	if len(dropped) > 0 && len(rest) > 0 && try(rest, dropped...) {
		values = rest
	}
	others, any := m.others(i, l)
	texts = l.texts(values)
	for n := len(values) - 1; n >= 0 && len(values) > 1; n-- {
		if !any && !meetsOne(texts[:n], texts[n]) && !meetsOne(texts[n+1:], texts[n]) && !meetsOne(others, texts[n]) {
			continue
		}
		if rest := slices.Delete(slices.Clone(values), n, n+1); try(rest, values[n]) {
			values, texts = rest, slices.Delete(slices.Clone(texts), n, n+1)
		}
	}
}

// texts are values as they are compared.
func (l list) texts(values []string) []string {
	if !l.fold {
		return values
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = lower(v)
	}
	return out
}

// others are the values of other statements that may cover those of statement i; any says that
// some have no such list.
func (m *minimizer) others(i int, l list) (out []string, any bool) {
	for j := range m.statements {
		if j == i || !l.rest {
			continue
		}
		values := l.get(&m.statements[j].Statement)
		any = any || values == nil
		out = append(out, l.texts(values)...)
	}
	return out, any
}

// coveredIn reports whether another pattern has all that text n has; of two that are equal,
// the first. It guesses what to try, and proofs decide.
func coveredIn(texts []string, n int) bool {
	for i, t := range texts {
		if i != n && strings.Contains(t, "*") && globCovers(t, texts[n]) && (i < n || !globCovers(texts[n], t)) {
			return true
		}
	}
	return slices.Index(texts, texts[n]) < n
}

// globCovers reports whether outer, each star standing for any text, has all that inner has.
func globCovers(outer, inner string) bool {
	o, i, star, mark := 0, 0, -1, 0
	for i < len(inner) {
		switch {
		case o < len(outer) && outer[o] == '*':
			star, mark = o, i
			o++
		case o < len(outer) && (outer[o] == inner[i] || outer[o] == '?' && inner[i] != '*'):
			o, i = o+1, i+1
		case star >= 0:
			mark++
			o, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(outer[o:], "*") == ""
}

func meetsOne(list []string, value string) bool {
	return slices.ContainsFunc(list, func(v string) bool { return meet(v, value) })
}

// meet reports whether two values may have a text in common.
func meet(a, b string) bool {
	const wild = "*?$"
	for i := range min(len(a), len(b)) {
		if strings.IndexByte(wild, a[i]) >= 0 || strings.IndexByte(wild, b[i]) >= 0 {
			break
		}
		if a[i] != b[i] {
			return false
		}
	}
	plainA, plainB := !strings.ContainsAny(a, wild), !strings.ContainsAny(b, wild)
	switch {
	case plainA && plainB:
		return a == b
	case strings.Contains(a, "$") || strings.Contains(b, "$"):
	case plainA:
		return globCovers(b, a)
	case plainB:
		return globCovers(a, b)
	}
	start := func(s string) string { return s[:strings.IndexAny(s+"*", wild)] }
	end := func(s string) string { return s[strings.LastIndexAny(s, wild+"}")+1:] }
	return (strings.HasPrefix(start(a), start(b)) || strings.HasPrefix(start(b), start(a))) &&
		(strings.HasSuffix(end(a), end(b)) || strings.HasSuffix(end(b), end(a)))
}
