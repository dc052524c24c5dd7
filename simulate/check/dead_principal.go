package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// DeadFor lists statements of the identity policies and boundary of a user, role or role session
// that change no decision about its requests, and those of the sessions of sts:GetFederationToken that
// it may start: Allows that the boundary, SCPs or Denies cancel
// whatever is asked, and Denies of what SCPs do not allow or other Denies cover. It is proved
// that all of them together can go, whatever the policies of resources are. For others who
// hold the same policy they may matter, and Allows that other Allows cover are not among them;
// see [Dead]. The order is that of the policies as the environment evaluates them.
//
// The error says that the environment has no organization, that the principal is of another
// kind, or which of its policies are not known.
func DeadFor(ctx context.Context, env *simulate.Environment, p policy.Principal) ([]DeadStatement, error) {
	f := &deadFinder{ctx: ctx, subject: subject{env: env, principal: p}, gone: map[held]bool{}, work: maxWork}
	if err := f.prepare(); err != nil {
		return nil, err
	}
	var found []held
	by := map[held][]policy.Kind{}
	// Denies first: one that cancels an Allow must stay, unless another does, too.
	for _, effect := range []policy.Effect{policy.Deny, policy.Allow} {
		for _, at := range f.statements(effect) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if kinds := f.dead(at); kinds != nil {
				by[at], f.gone[at] = kinds, true
				found = append(found, at)
			}
		}
	}
	slices.SortFunc(found, func(a, b held) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.document, b.document), cmp.Compare(a.index, b.index))
	})
	var out []DeadStatement
	for _, at := range found {
		out = append(out, DeadStatement{Document: f.documents(at.kind)[at.document], Index: at.index, By: by[at]})
	}
	return out, ctx.Err()
}

// A held is a statement of a policy that the principal holds.
type held struct {
	kind     policy.Kind
	document int
	index    int
}

// A deadFinder asks about the statements of one principal.
type deadFinder struct {
	subject
	ctx  context.Context
	gone map[held]bool // statements that others make needless
	work budget
	each int // what a proof costs
}

func (f *deadFinder) prepare() error {
	if f.env.Organization() == nil {
		return errors.New("check: an environment of bare layers has no principals; see Dead")
	}
	if err := f.subject.prepare(); err != nil {
		return err
	}
	if f.caller.kind == policy.Root {
		return fmt.Errorf("check: %s is no user, role or role session", f.principal)
	}
	if missing := f.base.Missing; len(missing) > 0 {
		return fmt.Errorf("check: policies of %s are not known: %s", f.principal, strings.Join(missing, ", "))
	}
	f.each = weightOf(slices.Concat(append(slices.Clip(f.base.Layers.ServiceControl), f.base.Layers.Identity, f.base.Layers.Boundary)...)...)
	return nil
}

func (f *deadFinder) documents(k policy.Kind) []*policy.Document {
	if k == policy.PermissionsBoundary {
		return f.base.Layers.Boundary
	}
	return f.base.Layers.Identity
}

// statements are those to ask about. An Allow of a boundary limits; that it allows too much
// is no fault.
func (f *deadFinder) statements(effect policy.Effect) (out []held) {
	for _, k := range []policy.Kind{policy.IdentityBased, policy.PermissionsBoundary} {
		if k == policy.PermissionsBoundary && effect == policy.Allow {
			continue
		}
		for n, d := range f.documents(k) {
			for i, s := range d.Statements() {
				if s.Effect == effect {
					out = append(out, held{k, n, i})
				}
			}
		}
	}
	return out
}

// dead are the kinds of policies that make the statement dead; nil: no proof was found.
func (f *deadFinder) dead(at held) []policy.Kind {
	if !f.work.spend(f.each) {
		return nil
	}
	all := []policy.Kind{policy.IdentityBased, policy.PermissionsBoundary, policy.ServiceControl}
	if !f.cancelled(at, all) {
		return nil
	}
	for _, k := range []policy.Kind{policy.ServiceControl, policy.PermissionsBoundary, policy.IdentityBased} {
		if f.cancelled(at, []policy.Kind{k}) {
			return []policy.Kind{k}
		}
	}
	return all
}

// cancelled proves that no request that the statement matches passes the policies of some
// kinds: for an Allow the SCPs, the boundary, and all Denies; for a Deny the SCPs and the
// other Denies, since a resource may grant what identity policies and boundaries do not.
func (f *deadFinder) cancelled(at held, kinds []policy.Kind) bool {
	q := &stackQuestion{subjects: []subject{f.subject}, alike: true}
	return f.cancelledFor(q, at, kinds) && (!f.mayFederate() || f.cancelledFor(q.asFederated(), at, kinds))
}

// cancelledFor proves it of requests of the principal, or of the sessions of sts:GetFederationToken that it starts.
func (f *deadFinder) cancelledFor(q *stackQuestion, at held, kinds []policy.Kind) bool {
	one := &callerCase{sides: func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
		require := q.facts([]simulate.Standing{f.base}, nil).holds(c, 0)
		if q.isFederated {
			require = symbolic.And(require, f.isFederatedBy(c))
		}
		b := newSide(c)
		b.serviceRules(q.subjects[0].caller.kind)
		must := []int{b.layer(f.statement(b, at))}
		effect := f.documents(at.kind)[at.document].Statement(at.index).Effect
		for _, k := range []policy.Kind{policy.IdentityBased, policy.PermissionsBoundary} {
			if !slices.Contains(kinds, k) {
				continue
			}
			f.denies(b, k, at)
			if k == policy.PermissionsBoundary && effect == policy.Allow && len(f.documents(k)) > 0 {
				must = append(must, b.layer(f.allows(b, k)...))
			}
		}
		if slices.Contains(kinds, policy.ServiceControl) {
			for _, level := range f.base.Layers.ServiceControl {
				must = append(must, b.documents(policy.ServiceControl, level...))
			}
		}
		b.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return all(layers, must...) }
		nothing := newSide(c)
		none := nothing.layer()
		nothing.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return layers[none] }
		return []*symbolic.Side{b.Side, nothing.Side}, require, cmp.Or(b.err, nothing.err)
	}, nonempty: true}
	ask := &question{ctx: f.ctx, cases: []*callerCase{one}, proofOnly: true}
	return ask.answer().Verdict == Pass
}

// mayFederate reports whether an identity policy of the user may allow sts:GetFederationToken, as nothing
// else does.
func (f *deadFinder) mayFederate() bool {
	if f.caller.kind != policy.User {
		return false
	}
	for _, d := range f.base.Layers.Identity {
		for _, st := range d.Statements() {
			if st.Effect == policy.Allow && mayMatch(st, "sts:GetFederationToken") {
				return true
			}
		}
	}
	return false
}

// mayMatch reports whether the statement's Action or NotAction matches an action.
func mayMatch(st policy.Statement, action string) bool {
	matches := func(list policy.Patterns) bool {
		return slices.ContainsFunc(slices.Collect(list.All()), func(text string) bool {
			p := glob.Compile(text, glob.Wildcards|glob.FoldASCII)
			return p.Match(action, nil)
		})
	}
	if st.NotAction.IsZero() {
		return matches(st.Action)
	}
	return !matches(st.NotAction)
}

// statement is a statement as if it allowed.
func (f *deadFinder) statement(b *sideBuilder, at held) symbolic.Statement {
	d := f.documents(at.kind)[at.document]
	allows, denies, err := b.statements(d, at.kind, nil)
	if b.fail(err); err != nil {
		return symbolic.Statement{}
	}
	effect := d.Statement(at.index).Effect
	n := 0
	for i, s := range d.Statements() {
		if i < at.index && s.Effect == effect {
			n++
		}
	}
	if effect == policy.Deny {
		return denies[n]
	}
	return allows[n]
}

// denies adds the Denies of a kind that count beside the statement.
func (f *deadFinder) denies(b *sideBuilder, k policy.Kind, beside held) {
	for n, d := range f.documents(k) {
		for i, s := range d.Statements() {
			if at := (held{k, n, i}); s.Effect == policy.Deny && at != beside && !f.gone[at] {
				b.Denies = append(b.Denies, f.statement(b, at))
			}
		}
	}
}

func (f *deadFinder) allows(b *sideBuilder, k policy.Kind) (out []symbolic.Statement) {
	for _, d := range f.documents(k) {
		allows, _, err := b.statements(d, k, nil)
		b.fail(err)
		out = append(out, allows...)
	}
	return out
}
