package check

import (
	"context"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A DeadStatement is one that changes no decision.
type DeadStatement struct {
	Document *policy.Document
	Index    int // of the statement, from 0
	// By are the kinds of policies that make it dead: one, or all that do so only together.
	By   []policy.Kind
	Node string // ID of the root, OU or account that an SCP of an organization is attached to
}

// Dead lists statements without which documents that are attached to one place as policies of
// kind k do the same: Allows whose requests others allow or deny, and Denies whose requests
// others deny or, in a policy of a resource that alone can allow them, nothing allows. It is proved that
// all of them together can go, whatever else is attached to the place or bears on a
// request; of two equal statements only the second is dead. A statement that is not listed
// is needed, or its proof was not found or, in very large documents, not tried. The order is
// that of the documents and their statements; errors, and what is not compared, are those of
// [Minimize].
func Dead(ctx context.Context, k policy.Kind, documents ...*policy.Document) ([]DeadStatement, error) {
	if err := checkSet(k, documents); err != nil {
		return nil, err
	}
	left := slices.Clone(documents)
	var out []DeadStatement
	work, each := maxWork, weightOf(documents...)
	for n := len(documents) - 1; n >= 0; n-- {
		for i := documents[n].Len() - 1; i >= 0; i-- {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if !work.spend(each) {
				break
			}
			without := slices.Clone(left)
			without[n] = left[n].Remove(i)
			if interchangeable(ctx, k, left, without).Verdict == Pass {
				left = without
				out = append(out, DeadStatement{Document: documents[n], Index: i, By: []policy.Kind{k}})
			}
		}
	}
	slices.Reverse(out)
	return out, ctx.Err()
}
