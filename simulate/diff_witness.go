package simulate

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// mostAssignments bounds how many combinations of key values a row is tried with,
// mostWitnesses how many examples it keeps.
const (
	mostAssignments = 512
	mostWitnesses   = 3
)

// witness looks for keys with which a row whose conditions differ is gained or lost for
// certain, among the values that the conditions name and others. A row is gained if what
// was enough before is enough after, and likewise lost; or if the values that were tried
// are all that matter, and show only one of the two.
func (m *merger) witness(r *Row, memo map[string][2][]Keys) {
	key := r.BeforeRequires.canonical() + "\x00" + r.AfterRequires.canonical()
	found, ok := memo[key]
	if !ok || !m.confirms(r, found) {
		found = m.search(r)
		memo[key] = found
	}
	r.Gained, r.Lost = found[0], found[1]
	wider, narrower := r.BeforeRequires.implies(r.AfterRequires), r.AfterRequires.implies(r.BeforeRequires)
	switch {
	case wider && !narrower && len(r.Lost) == 0:
		r.Kind = DeltaGained
	case narrower && !wider && len(r.Gained) == 0:
		r.Kind = DeltaLost
	case !exhaustive(r.BeforeRequires) || !exhaustive(r.AfterRequires):
	case len(r.Gained) > 0 && len(r.Lost) == 0:
		r.Kind = DeltaGained
	case len(r.Lost) > 0 && len(r.Gained) == 0:
		r.Kind = DeltaLost
	}
}

// try asks both sides with more keys: 1 gained, -1 lost, 0 neither for certain.
func (m *merger) try(r *Row, keys Keys) int {
	q := r.Example
	keys.k.Each(func(name string, values []string) { q.Keys = q.Keys.With(name, values...) })
	before, after := m.before.Can(q), m.after.Can(q)
	switch {
	case before.Denied() && after.Allowed():
		return 1
	case before.Allowed() && after.Denied():
		return -1
	}
	return 0
}

// exhaustive reports whether the values that are tried show whatever the requirement may
// give: it names them all.
func exhaustive(r Requirement) bool {
	return !r.Truncated && len(r.Possible) == 0 && !slices.ContainsFunc(r.Allowed, func(a Alternative) bool {
		return slices.ContainsFunc(a, func(t Test) bool {
			parts, ok := t.Condition.Operator.Parts()
			if !ok || t.multivalued || parts.IfExists || parts.Quantifier != policy.NoQuantifier {
				return true
			}
			switch parts.Base {
			case "Bool", "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
				return slices.ContainsFunc(slices.Collect(t.Condition.Values.All()), func(v string) bool { return strings.Contains(v, "${") })
			case "StringLike", "StringNotLike":
				return slices.ContainsFunc(slices.Collect(t.Condition.Values.All()), func(v string) bool { return strings.ContainsAny(v, "*?$") })
			}
			return true
		})
	})
}

// confirms asks whether what was found for another row holds for this one.
func (m *merger) confirms(r *Row, found [2][]Keys) bool {
	return !slices.ContainsFunc(found[0], func(k Keys) bool { return m.try(r, k) != 1 }) &&
		!slices.ContainsFunc(found[1], func(k Keys) bool { return m.try(r, k) != -1 })
}

// A trialKey is a key with the values to try; no value is an absent key.
type trialKey struct {
	name   string
	values [][]string
}

func (m *merger) search(r *Row) (found [2][]Keys) {
	keys := trialKeys(r.BeforeRequires, r.AfterRequires)
	total := 1
	for _, k := range keys {
		if total *= len(k.values); total > mostAssignments {
			return found // and so it stays DeltaConditions
		}
	}
	seen := map[string]bool{}
	for n := range total {
		var chosen []trialKey
		for i, rest := 0, n; i < len(keys); i++ {
			k := keys[i]
			chosen = append(chosen, trialKey{k.name, k.values[rest%len(k.values) : rest%len(k.values)+1]})
			rest /= len(k.values)
		}
		result := m.try(r, given(chosen))
		if result == 0 {
			continue
		}
		// Keys that the answer does not need are left out.
		for i := len(chosen) - 1; i >= 0; i-- {
			if fewer := slices.Delete(slices.Clone(chosen), i, i+1); m.try(r, given(fewer)) == result {
				chosen = fewer
			}
		}
		side := 0
		if result < 0 {
			side = 1
		}
		text := describeKeys(chosen)
		if !seen[text] {
			seen[text] = true
			found[side] = append(found[side], given(chosen))
		}
	}
	for side := range found {
		found[side] = chooseWitnesses(found[side])
	}
	return found
}

// chooseWitnesses keeps a few, those first that consist of values which policies name.
func chooseWitnesses(list []Keys) []Keys {
	made := func(k Keys) bool {
		for _, values := range k.All() {
			if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, sampleText) }) {
				return true
			}
		}
		return false
	}
	if named := slices.DeleteFunc(slices.Clone(list), made); len(named) > 0 {
		list = named
	}
	return list[:min(len(list), mostWitnesses)]
}

// implies reports whether what is enough for r is enough for o, as far as the texts of
// the conditions show; a Requirement that was cut off implies nothing.
func (r Requirement) implies(o Requirement) bool {
	if r.Truncated || o.Truncated {
		return false
	}
	within := func(list []Alternative, others ...[]Alternative) bool {
		return !slices.ContainsFunc(list, func(a Alternative) bool {
			return !slices.ContainsFunc(slices.Concat(others...), a.implies)
		})
	}
	return within(r.Allowed, o.Allowed) && within(r.Possible, o.Allowed, o.Possible)
}

// implies reports whether o holds whenever a does.
func (a Alternative) implies(o Alternative) bool {
	return !slices.ContainsFunc(o, func(u Test) bool {
		return !slices.ContainsFunc(a, func(t Test) bool { return t.implies(u) })
	})
}

// implies reports whether u holds whenever t does. A value more lets a condition hold for
// more requests, and for fewer if its operator is negated (R-CND-1).
func (t Test) implies(u Test) bool {
	c, d := t.Condition, u.Condition
	parts, ok := c.Operator.Parts()
	if !ok || t.Holds != u.Holds || !strings.EqualFold(string(c.Operator), string(d.Operator)) || !strings.EqualFold(c.Key, d.Key) {
		return false
	}
	few, many := slices.Collect(c.Values.All()), slices.Collect(d.Values.All())
	if t.Holds == strings.Contains(parts.Base, "Not") {
		few, many = many, few
	}
	// R-CND-7, R-CND-14: a condition may be false in both senses.
	if t.multivalued && parts.Quantifier == policy.NoQuantifier || !parses(parts.Base, c) || !parses(parts.Base, d) {
		return c.Values.Equal(d.Values)
	}
	subset := !slices.ContainsFunc(few, func(v string) bool { return !slices.Contains(many, v) })
	return subset && (parts.Base != "Null" || len(few) == len(many))
}

func given(list []trialKey) Keys {
	var out Keys
	for _, k := range list {
		out = out.With(k.name, k.values[0]...)
	}
	return out
}

func describeKeys(list []trialKey) string {
	var b strings.Builder
	for _, k := range list {
		b.WriteString(k.name + "=" + strings.Join(k.values[0], ",") + "\n")
	}
	return b.String()
}

// trialKeys are the keys of the tests, with values for which the tests come out either way.
func trialKeys(list ...Requirement) []trialKey {
	var out []trialKey
	add := func(t Test) {
		i := slices.IndexFunc(out, func(k trialKey) bool { return strings.EqualFold(k.name, t.Condition.Key) })
		if i < 0 {
			i = len(out)
			out = append(out, trialKey{name: t.Condition.Key})
		}
		for _, v := range trialValues(t.Condition) {
			if !slices.ContainsFunc(out[i].values, func(o []string) bool { return slices.Equal(o, v) }) {
				out[i].values = append(out[i].values, v)
			}
		}
	}
	for _, r := range list {
		for _, alternatives := range [][]Alternative{r.Allowed, r.Possible} {
			for _, a := range alternatives {
				for _, t := range a {
					add(t)
				}
			}
		}
	}
	return out
}

// trialValues are values of a key for which a condition holds, and others.
func trialValues(c policy.Condition) [][]string {
	parts, _ := c.Operator.Parts()
	if parts.Base == "Null" {
		return [][]string{{sampleText}, {}}
	}
	var out [][]string
	for v := range c.Values.All() {
		if net, err := netip.ParsePrefix(v); err == nil {
			v = net.Masked().Addr().String()
		}
		v, _, _ = strings.Cut(v, "${")
		out = append(out, []string{strings.NewReplacer("*", sampleText, "?", "x").Replace(v)})
	}
	switch parts.Base {
	case "Bool":
		out = append(out, []string{"true"}, []string{"false"}, []string{sampleText}) // the last is neither
	case "IpAddress", "NotIpAddress":
		out = append(out, []string{"192.0.2.1"})
	case "StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase":
		out = append(out, []string{sampleText})
	case "ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals":
		out = append(out, []string{"arn:aws:iam::000000000000:role/" + sampleText})
	}
	return out
}

// parses reports whether all values of a condition can surely be read.
func parses(base string, c policy.Condition) bool {
	switch {
	case strings.HasPrefix(base, "String"), strings.HasPrefix(base, "Arn"), base == "Bool", base == "Null":
		return true
	case base == "IpAddress" || base == "NotIpAddress":
		return !slices.ContainsFunc(slices.Collect(c.Values.All()), func(v string) bool {
			_, notPrefix := netip.ParsePrefix(v)
			_, notAddress := netip.ParseAddr(v)
			return notPrefix != nil && notAddress != nil
		})
	}
	return false
}
