package serviceref

import (
	"iter"

	"github.com/licit-dev/licit/internal/ascii"
	"github.com/licit-dev/licit/policy"
)

// SimilarAction returns the action that a misspelt one most likely should have been: of
// the same name in a similar service, or of a similar name in the same service. ok is
// false if nothing is similar, or the action is known.
func (r *Reference) SimilarAction(a policy.Action) (similar policy.Action, ok bool) {
	if _, ok := r.Action(a); ok {
		return "", false
	}
	service, name := a.Service(), a.Name()
	if _, ok := r.Service(service); !ok {
		service, ok = r.SimilarService(service)
		if !ok {
			return "", false
		}
		if info, ok := r.Action(policy.Action(service + ":" + name)); ok {
			return info.Action(), true
		}
	}
	best, ok := closest(name, func(yield func(string) bool) {
		for known := range r.Actions(service + ":*") {
			if !yield(known.Name()) {
				return
			}
		}
	})
	if !ok {
		return "", false
	}
	info, ok := r.Action(policy.Action(service + ":" + best))
	return info.Action(), ok
}

// SimilarService returns the prefix of the service that a misspelt prefix most likely
// should have been.
func (r *Reference) SimilarService(prefix string) (similar string, ok bool) {
	return closest(prefix, func(yield func(string) bool) {
		for s := range r.Services() {
			if !yield(s.Prefix) {
				return
			}
		}
	})
}

// SimilarKey returns the name of the condition key that a misspelt one most likely should
// have been.
func (r *Reference) SimilarKey(name string) (similar string, ok bool) {
	return closest(name, func(yield func(string) bool) {
		for k := range r.Keys() {
			if !yield(k.Name) {
				return
			}
		}
	})
}

// closest is the first of the names with the least distance, which is less than four and
// than a third of the name's length.
func closest(name string, known iter.Seq[string]) (string, bool) {
	const longest, limit = 128, 4
	if name == "" || len(name) > longest {
		return "", false
	}
	best, least := "", min(limit, max(2, (len(name)+2)/3))
	for k := range known {
		if d := distance(name, k, least); d < least && d > 0 {
			best, least = k, d
		}
	}
	return best, best != ""
}

// distance is the number of bytes to insert, delete, replace or swap with their neighbour
// between a and b, in any case, or limit if that is less.
func distance(a, b string, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit || len(b) > 200 {
		return limit
	}
	var rows [3][256]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		x := ascii.Lower(a[i-1])
		for j := 1; j <= len(b); j++ {
			y := ascii.Lower(b[j-1])
			d := last[j-1]
			if x != y {
				d = 1 + min(d, last[j], row[j-1])
				if i > 1 && j > 1 && x == ascii.Lower(b[j-2]) && y == ascii.Lower(a[i-2]) {
					d = min(d, before[j-2]+1)
				}
			}
			row[j] = d
			least = min(least, d)
		}
		if least >= limit {
			return limit
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}
