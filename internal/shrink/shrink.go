// Package shrink finds short lists of action patterns.
//
// Most users need [Find].
package shrink

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

// Facts are the actions that there are.
type Facts interface {
	// Actions yields what a pattern of an Action element names, sorted.
	Actions(pattern string) iter.Seq[policy.Action]
}

// A Result is a list of patterns that name exactly the known actions that others do.
type Result struct {
	Patterns []string // sorted without regard to case; what is unknown is among them
	Unknown  []string // of the given patterns, those that name no known action
	// Fewest reports whether no shorter list does it, of *, whole services, single actions, the
	// patterns given, and those with one star, or with one at each end.
	Fewest bool
}

// A Mode says which patterns may be used.
type Mode uint8

// The modes.
const (
	AnyCut  Mode = iota // the fewest, for machines
	AtWords             // only patterns cut between words, for readers
)

// Find finds the fewest patterns that name exactly the known actions that the given ones do.
// Of patterns that do the same it takes those that are cut between words, with few stars, and
// short. A pattern that names nothing is kept, unless another covers it.
func Find(f Facts, given []string, how Mode) Result {
	wanted := set{}
	out := Result{Fewest: true}
	var patterns []string
	for _, p := range given {
		if wanted.add(f, p) {
			patterns = append(patterns, p)
		} else {
			out.Unknown = append(out.Unknown, p)
		}
	}
	if len(wanted) > 0 && wanted.all(f) {
		out.Patterns = []string{"*"}
	} else {
		for _, prefix := range wanted.services() {
			list, fewest := newService(f, prefix, patterns, wanted, how).fewest()
			out.Patterns = append(out.Patterns, list...)
			out.Fewest = out.Fewest && fewest
		}
	}
	for _, p := range out.Unknown {
		if !slices.ContainsFunc(out.Patterns, func(q string) bool { return strings.EqualFold(p, q) || covers(q, p) }) {
			out.Patterns = append(out.Patterns, p)
		}
	}
	slices.SortFunc(out.Patterns, func(a, b string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
	})
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

// all reports whether the set holds all actions.
func (s set) all(f Facts) bool {
	for a := range f.Actions("*") {
		if !s.has(a) {
			return false
		}
	}
	return true
}

// services lists the services of the actions, sorted.
func (s set) services() []string {
	seen := map[string]bool{}
	var out []string
	for _, a := range s {
		if service := a.Service(); !seen[service] {
			seen[service] = true
			out = append(out, service)
		}
	}
	slices.Sort(out)
	return out
}

// covers reports whether the pattern q names all that p can, if p has no wildcards or q only
// ends in one.
func covers(q, p string) bool {
	if !strings.ContainsAny(p, "*?") {
		g := glob.Compile(q, glob.Wildcards|glob.FoldASCII)
		return g.Match(p, nil)
	}
	head, ok := strings.CutSuffix(q, "*")
	return ok && !strings.ContainsAny(head, "*?") && len(p) >= len(head) && strings.EqualFold(p[:len(head)], head)
}
