package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// DeadAt lists statements of the SCPs from the root down to an account, OU or root, named by its
// ID, that change nothing for the accounts there: Allows that another level does not let
// through, that an SCP denies, or that others of the level cover, and Denies of what some level
// does not allow or others deny. It is proved that all of them together can go, whatever
// other policies there are; for accounts elsewhere the same SCPs may matter. The order is by
// level from the root, within a level by policy ID.
//
// The error says that the environment has no such node, that it is the management account,
// which SCPs do not reach, or what of its SCPs is not known.
func DeadAt(ctx context.Context, env *simulate.Environment, id string) ([]DeadStatement, error) {
	f := &nodeFinder{ctx: ctx, gone: map[placed]bool{}, work: maxWork}
	if err := f.read(env, id); err != nil {
		return nil, err
	}
	var found []placed
	each := weightOf(slices.Concat(f.levels...)...)
	for _, effect := range []policy.Effect{policy.Deny, policy.Allow} {
		list := f.statements(effect)
		slices.Reverse(list) // of equal statements the first stays
		for _, at := range list {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if f.work.spend(each) && f.dead(at) {
				f.gone[at] = true
				found = append(found, at)
			}
		}
	}
	slices.SortFunc(found, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.document, b.document), cmp.Compare(a.index, b.index))
	})
	var out []DeadStatement
	for _, at := range found {
		out = append(out, DeadStatement{Document: f.levels[at.level][at.document], Index: at.index,
			By: []policy.Kind{policy.ServiceControl}, Node: f.nodes[at.level]})
	}
	return out, ctx.Err()
}

// A placed is a statement of an SCP at one level.
type placed struct{ level, document, index int }

// A nodeFinder asks about the SCPs of one node.
type nodeFinder struct {
	ctx    context.Context
	nodes  []string // from the root
	levels [][]*policy.Document
	gone   map[placed]bool
	work   budget
}

func (f *nodeFinder) read(env *simulate.Environment, id string) error {
	o := env.Organization()
	if o == nil {
		return errors.New("check: an environment of bare layers has no nodes; see Dead")
	}
	f.nodes = o.Path(id)
	switch {
	case f.nodes == nil:
		return fmt.Errorf("check: the organization has no account, OU or root %q", id)
	case id == o.ManagementAccount():
		return fmt.Errorf("check: %s is the management account, which SCPs do not reach", id)
	case !o.PolicyTypeEnabled(policy.ServiceControl):
		f.nodes = nil // SCPs limit nothing
	}
	if what := newControlGaps(o).unknown(o, id, policy.ServiceControl); what != "" {
		return fmt.Errorf("check: what SCPs say for %s is not known: %s", id, what)
	}
	f.levels = make([][]*policy.Document, len(f.nodes))
	for node, p := range o.Inherited(id, policy.ServiceControl) {
		n := slices.Index(f.nodes, node)
		f.levels[n] = append(f.levels[n], p.Document)
	}
	return nil
}

func (f *nodeFinder) statements(effect policy.Effect) (out []placed) {
	for l, level := range f.levels {
		for n, d := range level {
			for i, s := range d.Statements() {
				if s.Effect == effect {
					out = append(out, placed{l, n, i})
				}
			}
		}
	}
	return out
}

// dead proves that no request that the statement matches needs it: all levels allow it, the
// statement's own by no other statement if it is an Allow, and nothing else denies it.
func (f *nodeFinder) dead(at placed) bool {
	one := &callerCase{sides: func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
		b := newSide(c)
		b.serviceRules(policy.User)
		var own []symbolic.Statement
		allow := f.levels[at.level][at.document].Statement(at.index).Effect == policy.Allow
		for l, level := range f.levels {
			var allows []symbolic.Statement
			for n, d := range level {
				compiledAllows, compiledDenies, err := c.statements(d, policy.ServiceControl, nil)
				if b.fail(err); err != nil {
					return nil, nil, err
				}
				for i, s := range d.Statements() {
					list := &compiledAllows
					if s.Effect == policy.Deny {
						list = &compiledDenies
					}
					compiled := (*list)[0]
					*list = (*list)[1:]
					switch here := (placed{l, n, i}); {
					case here == at:
						own = append(own, compiled)
					case f.gone[here]:
					case s.Effect == policy.Deny || allow && l == at.level:
						b.Denies = append(b.Denies, compiled)
					default:
						allows = append(allows, compiled)
					}
				}
			}
			if !allow || l != at.level {
				b.layer(allows...)
			}
		}
		b.layer(own...)
		b.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return symbolic.And(layers...) }
		nothing := &symbolic.Side{Grant: func([]*symbolic.Formula) *symbolic.Formula { return symbolic.False() }}
		return []*symbolic.Side{b.Side, nothing}, symbolic.True(), b.err
	}}
	q := &question{ctx: f.ctx, cases: []*callerCase{one}, proofOnly: true}
	return q.answer().Verdict == Pass
}
