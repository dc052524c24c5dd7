package check

import (
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// A world is a caller with all policies that bear on its requests: what both evaluators need
// besides action, resource and keys.
type world struct {
	layers  spec.Layers
	caller  spec.Request
	assumed bool // a part of the layers is assumed
	// unlisted says that the resource's policy is assumed though the environments know of none.
	unlisted bool
	alone    decider // the one document that differs between questions; zero: no such
}

// A sideBuilder writes one side of a comparison.
type sideBuilder struct {
	*compiler
	*symbolic.Side
	err error
}

func newSide(c *compiler) *sideBuilder { return &sideBuilder{compiler: c, Side: &symbolic.Side{}} }

// layer adds a layer of Allows and returns its number.
func (b *sideBuilder) layer(allows ...symbolic.Statement) int {
	b.Layers = append(b.Layers, allows)
	return len(b.Layers) - 1
}

// documents adds a layer: the documents' Allows are one list, their Denies are everybody's.
func (b *sideBuilder) documents(k policy.Kind, list ...*policy.Document) (layer int) {
	var all []symbolic.Statement
	for _, d := range list {
		allows, denies, err := b.statements(d, k, nil)
		b.fail(err)
		all, b.Denies = append(all, allows...), append(b.Denies, denies...)
	}
	return b.layer(all...)
}

func (b *sideBuilder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// on is a statement of actions, in lower case, on resources; nil: all.
func (b *sideBuilder) on(actions, resources []string) (s symbolic.Statement) {
	var err error
	if actions != nil {
		s.Action, err = member(symbolic.ActionText, actions)
		b.fail(err)
	}
	if resources != nil {
		member, err := member(symbolic.ResourceText, resources)
		b.fail(err)
		s.Resource = []symbolic.Guarded{{Member: member}}
	}
	return s
}

// roleActions are those for which a role's trust policy is its resource policy (R-STS-1).
var roleActions = []string{"sts:assumerole*", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}

// noAccountGrant adds the layer of what needs no grant to the account in the resource's policy
// (R-GRT-4): everything but keys, roles that are assumed, and what assumes them.
func (b *sideBuilder) noAccountGrant() (layer int) {
	keys, roles := "*:*:kms:*:*:key/*", "*:*:iam:*:*:role/*"
	notRole := b.on(roleActions, []string{keys})
	notRole.NotAction, notRole.NotResource = true, true
	other := b.on([]string{"sts:assumerole*"}, []string{keys, roles})
	other.NotAction, other.NotResource = true, true
	return b.layer(notRole, other)
}

// isIAM: callers that belong to an account; the others have no identity policies.
func isIAM(kind policy.PrincipalKind) bool {
	switch kind {
	case policy.Root, policy.User, policy.RoleSession, policy.FederatedUser:
		return true
	}
	return false
}

// all is the formula of layers that must all allow.
func all(layers []*symbolic.Formula, must ...int) *symbolic.Formula {
	out := symbolic.True()
	for _, l := range must {
		out = symbolic.And(out, layers[l])
	}
	return out
}
