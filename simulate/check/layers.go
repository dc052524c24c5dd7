package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// layersWithin proves layer by layer that a principal can do after nothing that it could not do
// before: whatever the resource's policy is, what all layers leave is not more when each of
// them leaves no more. A change of one SCP is so proved once for all principals below it.
// False says nothing.
func (e *estate) layersWithin(ctx context.Context, after, before *simulate.Layers) bool {
	return e.layerWithin(ctx, policy.IdentityBased, after.Identity, before.Identity) &&
		e.boundaryWithin(ctx, after.Boundary, before.Boundary) &&
		e.levelsWithin(ctx, after.ServiceControl, before.ServiceControl)
}

func (e *estate) boundaryWithin(ctx context.Context, after, before []*policy.Document) bool {
	if len(before) == 0 && len(after) == 0 {
		return true
	}
	// R-NPR-2: whether there is a boundary at all matters to resource policies.
	return len(before) > 0 && len(after) > 0 && e.layerWithin(ctx, policy.PermissionsBoundary, after, before)
}

// levelsWithin pairs the levels from the root.
func (e *estate) levelsWithin(ctx context.Context, after, before [][]*policy.Document) bool {
	if len(after) != len(before) {
		return false
	}
	for i := range after {
		if !e.layerWithin(ctx, policy.ServiceControl, after[i], before[i]) {
			return false
		}
	}
	return true
}

// layerWithin proves that documents of one layer allow, and leave undenied, no more than others.
func (e *estate) layerWithin(ctx context.Context, k policy.Kind, after, before []*policy.Document) bool {
	if slices.Equal(after, before) {
		return true
	}
	var b strings.Builder
	fmt.Fprint(&b, k)
	for _, d := range after {
		fmt.Fprintf(&b, " %p", d)
	}
	b.WriteString(" in")
	for _, d := range before {
		fmt.Fprintf(&b, " %p", d)
	}
	key := b.String()
	proved, ok := e.proved[key]
	if !ok {
		proved = unionWithin(ctx, k, after, before, false) && unionWithin(ctx, k, after, before, true)
		e.proved[key] = proved
	}
	return proved
}

// unionWithin proves that the documents after allow no request that those before do not; with
// undenied, that they leave none undenied.
func unionWithin(ctx context.Context, k policy.Kind, after, before []*policy.Document, undenied bool) bool {
	c := newCompiler(ctx.Err, nil)
	var sides []*symbolic.Side
	for _, list := range [2][]*policy.Document{after, before} {
		b := newSide(c)
		layer := b.documents(k, list...)
		b.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
			if undenied {
				return symbolic.True()
			}
			return f[layer]
		}
		if b.err != nil {
			return false
		}
		sides = append(sides, b.Side)
	}
	if c.lemmas() != nil || c.problem.Settle() != nil {
		return false
	}
	proved := true
	err := c.problem.Each(sides[0], sides[1:], symbolic.True(), func(*symbolic.Cell) bool {
		proved = false
		return false
	})
	return proved && err == nil
}

// resourceWithin proves that the policy of a resource of which nothing else changed grants
// nobody more. One that is public no longer may grant more by granting less: Block Public Access
// lets in whom it names again (R-SPC-4).
func (e *estate) resourceWithin(ctx context.Context, r *listedResource) bool {
	if r.within == nil {
		proved := false
		if k := policy.ResourceBased; r.facts[0] == r.facts[1] && !r.unknown && !(r.blocks && mayBePublic(r.policies[0])) {
			if r.role {
				k = policy.RoleTrust
			}
			list, err := cases(k, r.policies[1], r.policies[0])
			q := &question{ctx: ctx, cases: list, proofOnly: true}
			proved = err == nil && q.answer().Verdict == Pass
		}
		r.within = &proved
	}
	return *r.within
}

// mayBePublic reports whether S3 may call a policy public: some Allow is for everybody.
func mayBePublic(d *policy.Document) bool {
	if d == nil {
		return false
	}
	for _, s := range d.Statements() {
		if s.Effect == policy.Allow && (!s.NotPrincipal.IsZero() || namesEverybody(s.Principal)) {
			return true
		}
	}
	return false
}
