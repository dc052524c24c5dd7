package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// mostCrossings bounds the samples of what patterns have in common, for one action.
const mostCrossings = 64

// variables are the values of policy variables that the members of a group share, before
// and after.
func (a *Affected) variables(g *group) []func(glob.Variable) (string, bool) {
	var out []func(glob.Variable) (string, bool)
	for side, e := range []*Environment{a.before, a.after} {
		if g.callers[side] == nil {
			continue
		}
		w := &world{}
		r := Request{Principal: g.members[0], Action: "sts:GetCallerIdentity", Keys: a.scope.Keys}
		w.resolve(e, &r)
		out = append(out, w.variable)
	}
	return out
}

// crossings are patterns for what those of statements that differ have in common with the
// others: a sample of each alone may miss that. It reports whether some are left out.
func (k *asker) crossings(action int, patterns []string, touches []*touch, within string) (out []string, cut bool) {
	var changed []string
	for _, t := range touches {
		for i := range t.statements {
			s := &t.statements[i]
			if !s.actions.has(action) {
				continue
			}
			for text := range s.patterns().All() {
				if strings.Trim(text, "*") != "" && !slices.Contains(changed, text) {
					changed = append(changed, text)
				}
			}
		}
		if t.everything != "" {
			changed = append(changed, patterns...)
		}
	}
	if len(changed) == 0 {
		return nil, false
	}
	others := slices.Clone(patterns)
	if within != "" {
		others = append(others, within)
	}
	slices.Sort(changed)
	changed = slices.Compact(changed)
	known := map[string]bool{}
	for _, text := range patterns {
		known[text] = true
	}
	for _, x := range changed {
		for _, y := range others {
			if x == y || strings.Trim(x, "*") == "" || strings.Trim(y, "*") == "" {
				continue
			}
			list, ok := k.sampler.cross(x, y)
			cut = cut || !ok
			for _, text := range list {
				switch {
				case known[text]:
				case len(out) == mostCrossings:
					cut = true
				default:
					known[text] = true
					out = append(out, text)
				}
			}
		}
	}
	return out, cut
}

// A crossing is what two patterns have in common.
type crossing struct {
	list []string
	all  bool
}

// cross lists patterns for what both match. It reports false if these are too many.
func (s *sampler) cross(x, y string) ([]string, bool) {
	var out []string
	all := true
	for _, a := range s.expand(x) {
		for _, b := range s.expand(y) {
			key := [2]string{min(a, b), max(a, b)}
			c, ok := s.crossings[key]
			if !ok {
				c = crossOf(a, b)
				if s.crossings == nil {
					s.crossings = map[[2]string]crossing{}
				}
				s.crossings[key] = c
			}
			out = append(out, c.list...)
			all = all && c.all
		}
	}
	return out, all
}

// crossOf compares two patterns part by part (R-RSC-2); one that holds all of the other
// has nothing else in common with it.
func crossOf(x, y string) crossing {
	p, q := patternSpan(x), patternSpan(y)
	if p.includes(q) || q.includes(p) {
		return crossing{all: true}
	}
	common, ok := p.intersect(q)
	c := crossing{all: ok}
	for _, r := range common {
		c.list = append(c.list, literalWildcards.Replace(r.String()))
	}
	return c
}

// patternSpan is the span of a pattern without variables.
func patternSpan(text string) span {
	var out span
	parts, n := glob.SplitARN(text, 0)
	for i := n; i < len(parts); i++ {
		parts[i] = "*"
	}
	for i, part := range parts {
		p := glob.Compile(part, glob.Wildcards)
		out.parts[i] = p.Symbols(nil)
	}
	return out
}
