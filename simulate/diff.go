package simulate

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A Delta is a request that two environments answer differently.
type Delta struct {
	Request       Request
	Before, After Decision
	// BeforeRequires and AfterRequires say when the request is allowed, where both
	// decisions are [Indeterminate]; otherwise they are zero.
	BeforeRequires, AfterRequires Requirement
	// The deciding statements, each as its own environment knows it; zero if none matched.
	BeforeStatement, AfterStatement StatementRef
}

// A DeltaKind says what a difference means for access. The zero kind is no change of access.
type DeltaKind uint8

// The kinds of differences.
const (
	DeltaNone       DeltaKind = iota // denied before and after, in another way
	DeltaGained                      // allowed, or possible, where it was less so
	DeltaLost                        // denied, or only possible, where it was more so
	DeltaConditions                  // indeterminate before and after, under other conditions
)

// String is "none", "gained", "lost" or "conditions".
func (k DeltaKind) String() string {
	names := [...]string{"none", "gained", "lost", "conditions"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("DeltaKind(%d)", uint8(k))
}

// Kind says what the difference means. A request that was allowed and now depends on
// something, such as a key that nobody gave, is lost; the other way round it is gained.
func (d Delta) Kind() DeltaKind {
	before, after := degree(d.Before), degree(d.After)
	switch {
	case before < after:
		return DeltaGained
	case before > after:
		return DeltaLost
	case d.Before.Denied():
		return DeltaNone
	}
	return DeltaConditions
}

// degree is 0 for denied, 1 for perhaps, 2 for allowed.
func degree(d Decision) int {
	switch {
	case d.Allowed():
		return 2
	case d.Denied():
		return 0
	}
	return 1
}

// Diff asks both environments each request, and returns those that they answer
// differently, in the order of the requests: another [Outcome], or the same
// [Indeterminate] that turns out differently or under other conditions ([Environment.Requires]).
// Another stage or statement alone is no difference. Diff(a, b) is Diff(b, a) with before
// and after swapped.
//
// A principal or resource that only one of the two lists is one that the other does not
// know, and most decisions about it are indeterminate there. [Environment.Affected] takes
// it for one that does not exist.
//
// The error is that of ctx, with the differences found so far. [Deltas] does not collect.
func Diff(ctx context.Context, before, after *Environment, requests iter.Seq[Request]) ([]Delta, error) {
	var out []Delta
	for d, err := range Deltas(ctx, before, after, requests) {
		if err != nil {
			return out, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Deltas is [Diff] one by one, in memory that does not depend on the number of requests.
// An error is the last that it yields: that of ctx.
func Deltas(ctx context.Context, before, after *Environment, requests iter.Seq[Request]) iter.Seq2[Delta, error] {
	return func(yield func(Delta, error) bool) {
		n := 0
		for r := range requests {
			if n++; n%256 == 1 && ctx.Err() != nil {
				yield(Delta{}, ctx.Err())
				return
			}
			if d, ok := compareAnswers(before, after, r); ok && !yield(d, nil) {
				return
			}
		}
	}
}

// compareAnswers asks one request; ok is false if the answers are the same.
func compareAnswers(before, after *Environment, r Request) (d Delta, ok bool) {
	d = Delta{Request: r, Before: before.Can(r), After: after.Can(r)}
	if d.Before.Outcome == Indeterminate && d.After.Outcome == Indeterminate {
		if !d.Before.Denied() || !d.After.Denied() {
			d.BeforeRequires, d.AfterRequires = before.Requires(r), after.Requires(r)
		}
		if d.Before.possible == d.After.possible && d.BeforeRequires.equal(d.AfterRequires) {
			return Delta{}, false
		}
	} else if d.Before.Outcome == d.After.Outcome {
		return Delta{}, false
	}
	d.BeforeStatement, _ = before.Statement(d.Before)
	d.AfterStatement, _ = after.Statement(d.After)
	return d, true
}

// equal reports whether both say the same, in whatever order.
func (r Requirement) equal(o Requirement) bool { return r.canonical() == o.canonical() }

// canonical is a text that is the same for requirements that say the same.
func (r Requirement) canonical() string {
	list := make([]string, 0, len(r.Allowed)+len(r.Possible)+1)
	for _, a := range r.Allowed {
		list = append(list, "+"+a.canonical())
	}
	for _, a := range r.Possible {
		list = append(list, "?"+a.canonical())
	}
	if r.Truncated {
		list = append(list, "…")
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}

func (a Alternative) canonical() string {
	list := make([]string, 0, len(a))
	for _, t := range a {
		values := slices.Sorted(t.Condition.Values.All())
		list = append(list, fmt.Sprintf("%t %s %s %q", t.Holds, strings.ToLower(string(t.Condition.Operator)), strings.ToLower(t.Condition.Key), values))
	}
	slices.Sort(list)
	return strings.Join(list, "&")
}
