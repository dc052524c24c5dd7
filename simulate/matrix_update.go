package simulate

import (
	"context"
	"maps"
	"slices"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// Update is after.Matrix with the options of m, but computes only what differs: nothing for
// principals whose policies, SCPs and RCPs say the same as before, and for those with other
// SCPs or RCPs only the actions that these are about. A matrix that was read from a file is
// built anew.
func (m *Matrix) Update(ctx context.Context, after *Environment) (*Matrix, error) {
	old := m.source
	if old == nil || after.org == nil || old.env.strict != after.strict || old.env.facts != after.facts || !sameEndpoints(old.env, after) {
		var o MatrixOptions
		if old != nil {
			o = MatrixOptions{Keys: old.keys, Principals: old.asked}
		}
		return after.Matrix(ctx, o)
	}
	b := newMatrixBuilder(after, MatrixOptions{Keys: old.keys, Principals: old.asked})
	b.chunks = slices.Clip(m.chunks)
	b.list(m)
	differ := map[[2][2]*controlState][][2]int{}
	same := map[string]bool{} // whether the controls of an account are the same
	for i, p := range b.principals {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, known := m.numberOf(p, i)
		if !known || !sameOwn(old.env, after, p) {
			if err := b.add(i); err != nil {
				return nil, err
			}
			continue
		}
		if err := b.prepare(i); err != nil {
			return nil, err
		}
		row := m.rows[n]
		b.rows[i] = row
		id := p.AccountID()
		if _, known := same[id]; !known {
			same[id] = sameControls(old.env.accounts[id], after.accounts[id])
		}
		if !same[id] {
			b.rows[i] = slices.Clone(row)
			b.again()
		}
		for _, run := range b.changed(old.states[n], b.states[i], differ) {
			if &b.rows[i][0] == &row[0] {
				b.rows[i] = slices.Clone(row)
			}
			b.look(run[0]*chunkWords, run[1]*chunkWords)
			b.fill()
		}
	}
	return b.matrix(), ctx.Err()
}

// numberOf is the number of a principal, which is i in a matrix of the same principals.
func (m *Matrix) numberOf(p policy.Principal, i int) (int, bool) {
	if i < len(m.principals) && m.principals[i] == p {
		return i, true
	}
	n, ok := m.number[p]
	return n, ok
}

// changed are the runs of chunks, from first to end, in which SCPs and RCPs leave something
// else.
func (b *matrixBuilder) changed(before, after [2]*controlState, memo map[[2][2]*controlState][][2]int) [][2]int {
	key := [2][2]*controlState{before, after}
	runs, ok := memo[key]
	if ok {
		return runs
	}
	for i := range b.table.words / chunkWords {
		from, to := i*chunkWords, (i+1)*chunkWords
		switch n := len(runs); {
		case before[0].same(after[0], from, to) && before[1].same(after[1], from, to):
		case n > 0 && runs[n-1][1] == i:
			runs[n-1][1]++
		default:
			runs = append(runs, [2]int{i, i + 1})
		}
	}
	memo[key] = runs
	return runs
}

func (c *controlState) same(o *controlState, from, to int) bool {
	equal := func(a, b bitset) bool { return slices.Equal(a[from:to], b[from:to]) }
	for k := range c.stage {
		if !equal(c.stage[k], o.stage[k]) {
			return false
		}
	}
	return equal(c.deny.yes, o.deny.yes) && equal(c.deny.may, o.deny.may) && equal(c.allow.yes, o.allow.yes) && equal(c.allow.may, o.allow.may)
}

// again asks for the actions that are authorised on a resource of their own, which SCPs may
// name: the states of SCPs and RCPs say nothing of it.
func (b *matrixBuilder) again() {
	r := b.rows[b.at]
	for _, i := range b.table.collections {
		k := i / chunkActions
		c := b.chunks[r[k]]
		cell := c.cell(i % chunkActions)
		if now := b.specialCell(i, cell.Somewhere); now != cell {
			c.set(i%chunkActions, now)
			r[k] = b.intern(&c)
		}
	}
}

// sameControls reports whether the SCPs and RCPs that bear on two accounts are the same, but
// for those of which the states of controls say everything.
func sameControls(a, b *accountEntry) bool {
	same := func(x, y []level) bool {
		return slices.EqualFunc(x, y, func(x, y level) bool { return x.gap == y.gap && slices.Equal(x.open(), y.open()) })
	}
	return same(a.scps, b.scps) && same(a.rcps, b.rcps)
}

// open are the programs that do not say the same to every request.
func (l *layer) open() []*engine.Program {
	var out []*engine.Program
	for _, a := range l.list {
		if a.program != nil && !a.program.Plain() {
			out = append(out, a.program)
		}
	}
	return out
}

func sameEndpoints(a, b *Environment) bool {
	return slices.EqualFunc(a.services, b.services, func(x, y *endpointEntry) bool {
		return x.id == y.id && x.service == y.service && sameLayer(&x.policy, &y.policy)
	}) && maps.EqualFunc(a.endpoints, b.endpoints, func(x, y *endpointEntry) bool { return x.vpc == y.vpc && x.service == y.service })
}

// sameOwn reports whether everything but SCPs and RCPs that decides about the principal is
// the same in both environments.
func sameOwn(a, b *Environment, p policy.Principal) bool {
	x, y := a.accounts[p.AccountID()], b.accounts[p.AccountID()]
	if x == nil || y == nil || x.inOrg != y.inOrg || x.canonical != y.canonical || !sameKeys(x.keys, y.keys) || !sameKeys(x.target, y.target) {
		return false
	}
	if p.Kind() == policy.Root {
		return true
	}
	arn := p.ARN().String()
	v, w := a.principals[arn], b.principals[arn]
	return v != nil && w != nil && v.account.id == w.account.id && v.id == w.id && v.hasBoundary == w.hasBoundary && v.tagGap == w.tagGap &&
		v.linked == w.linked && v.federated == w.federated && v.tagSession == w.tagSession &&
		sameLayer(&v.identity, &w.identity) && sameLayer(v.boundary, w.boundary) && sameKeys(v.keys, w.keys)
}

func sameLayer(a, b *layer) bool {
	return a.gap == b.gap && slices.EqualFunc(a.list, b.list, func(x, y *attachment) bool { return x.program == y.program })
}
