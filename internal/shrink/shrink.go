// Package shrink finds short lists of action patterns.
//
// Most users need [Patterns].
package shrink

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// Facts are the actions that there are.
type Facts interface {
	// Actions yields what a pattern of an Action element names, sorted.
	Actions(pattern string) iter.Seq[policy.Action]
}

// Patterns lists the fewest patterns that name exactly the actions that the given ones do:
// whole services, beginnings, the patterns given, and single actions. Of patterns that do
// the same it takes the one that ends with a word. Patterns that name nothing are kept,
// unless another covers them. The result is sorted without regard to case.
func Patterns(f Facts, given []string) []string {
	known := set{}
	var patterns, unknown []string
	for _, p := range given {
		if known.add(f, p) {
			patterns = append(patterns, p)
		} else {
			unknown = append(unknown, p)
		}
	}
	out := shortest(f, patterns, known)
	for _, p := range unknown {
		if !slices.ContainsFunc(out, func(q string) bool { return strings.EqualFold(p, q) || covers(q, p) }) {
			out = append(out, p)
		}
	}
	sortPatterns(out)
	return out
}

// A set holds actions by their lower-case names.
type set map[string]policy.Action

// add adds what a pattern names and reports whether it is anything.
func (s set) add(f Facts, pattern string) bool {
	any := false
	for a := range f.Actions(pattern) {
		s[strings.ToLower(string(a))], any = a, true
	}
	return any
}

func (s set) has(a policy.Action) bool {
	_, ok := s[strings.ToLower(string(a))]
	return ok
}

func sortPatterns(list []string) {
	slices.SortFunc(list, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
}

// covers reports whether the pattern q, if it only ends in *, names all that p can.
func covers(q, p string) bool {
	head, ok := strings.CutSuffix(q, "*")
	return ok && !strings.ContainsAny(head, "*?") && len(p) >= len(head) && strings.EqualFold(p[:len(head)], head)
}

// shortest is the shortest list of patterns for the known actions, which are those that
// the given patterns name, sorted.
func shortest(f Facts, given []string, known set) []string {
	for _, p := range given {
		if strings.Trim(p, "*") == "" {
			return []string{"*"}
		}
	}
	byService := map[string][]policy.Action{}
	for _, a := range known {
		service := strings.ToLower(a.Service())
		byService[service] = append(byService[service], a)
	}
	var out []string
	for service, actions := range byService {
		var own []string
		for _, p := range given {
			prefix, _, _ := strings.Cut(p, ":")
			if strings.EqualFold(prefix, service) && strings.ContainsAny(p, "*?") {
				own = append(own, p) // single actions are among the prefixes where they help
			}
		}
		out = append(out, shortestOf(f, actions[0].Service(), own, known)...)
	}
	sortPatterns(out)
	return out
}

// shortestOf is shortest for one service.
func shortestOf(f Facts, service string, given []string, known set) []string {
	t := trie{service: service}
	for a := range f.Actions(service + ":*") {
		t.names = append(t.names, leaf{strings.ToLower(a.Name()), a.Name(), known.has(a)})
	}
	slices.SortFunc(t.names, func(a, b leaf) int { return strings.Compare(a.lower, b.lower) })
	prefixes := t.cover(t.names, 0)
	if len(given) == 0 {
		return prefixes
	}
	// What was given may do better, such as s3:*Acl.
	if greedy := greedyCover(f, slices.Concat(prefixes, given)); len(greedy) < len(prefixes) {
		return greedy
	}
	return prefixes
}

// A trie is all actions of a service, sorted.
type trie struct {
	service string
	names   []leaf
}

type leaf struct {
	lower, name string
	in          bool // to be named
}

// cover lists the fewest patterns that end in *, and single actions, for the leaves that
// are in: beginnings nest, so the shortest beginnings that only have such leaves are the
// best there can be. All leaves share their first depth bytes.
func (t *trie) cover(leaves []leaf, depth int) []string {
	n := 0
	for _, l := range leaves {
		if l.in {
			n++
		}
	}
	switch {
	case n == 0:
		return nil
	case n == len(leaves) && depth == 0:
		return []string{t.service + ":*"}
	case n == 1 && len(leaves) == 1:
		return []string{t.service + ":" + leaves[0].name}
	case n == len(leaves):
		return []string{t.service + ":" + beginning(leaves, depth) + "*"}
	}
	var out []string
	for i := 0; i < len(leaves); {
		if len(leaves[i].lower) == depth {
			if leaves[i].in {
				out = append(out, t.service+":"+leaves[i].name)
			}
			i++
			continue
		}
		j := i + 1
		for j < len(leaves) && leaves[j].lower[depth] == leaves[i].lower[depth] {
			j++
		}
		out = append(out, t.cover(leaves[i:j], depth+1)...)
		i = j
	}
	return out
}

// beginning is the part that all leaves begin with, cut after the first word that is at
// least atLeast bytes long: "Get" of GetObject and GetObjectAcl for 1, not "G".
func beginning(leaves []leaf, atLeast int) string {
	first, last := leaves[0], leaves[len(leaves)-1]
	common := 0
	for common < len(first.lower) && common < len(last.lower) && first.lower[common] == last.lower[common] {
		common++
	}
	upper := func(i int) bool { return i < len(first.name) && first.name[i] >= 'A' && first.name[i] <= 'Z' }
	for i := max(1, atLeast); i < common; i++ {
		if upper(i) && !upper(i-1) {
			return first.name[:i]
		}
	}
	return first.name[:common]
}

// greedyCover names all that the candidates do with few of them: always the one that names
// most that is not named yet, and at the end without those that the others make needless.
func greedyCover(f Facts, candidates []string) []string {
	sets := map[string]set{}
	left := set{}
	for _, c := range candidates {
		sets[c] = set{}
		sets[c].add(f, c)
		left.add(f, c)
	}
	candidates = slices.Sorted(maps.Keys(sets))
	var chosen []string
	times := map[string]int{} // how many of the chosen name an action
	for len(left) > 0 {
		best, most := "", 0
		for _, c := range candidates {
			n := 0
			for name := range sets[c] {
				if _, ok := left[name]; ok {
					n++
				}
			}
			if n > most {
				best, most = c, n
			}
		}
		chosen = append(chosen, best)
		for name := range sets[best] {
			delete(left, name)
			times[name]++
		}
	}
	return slices.DeleteFunc(chosen, func(c string) bool {
		for name := range sets[c] {
			if times[name] == 1 {
				return false
			}
		}
		for name := range sets[c] {
			times[name]--
		}
		return true
	})
}
