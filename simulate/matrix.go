package simulate

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A Matrix says for every principal of an organization and every known action what the
// principal may do. It is immutable and safe for concurrent use.
//
// Each cell answers two questions. The first is that of [Environment.Can] for a request
// that names no resource ("*"), with the same outcome and stage. The second is whether
// there may be a resource of the principal's own account, without a policy of its own, on
// which the action is allowed.
type Matrix struct {
	universe   *universe
	principals []policy.Principal       // sorted
	number     map[policy.Principal]int // of principals
	rows       []row                    // of principals
	chunks     []chunk
	source     *matrixBuilder // nil for a matrix that was read
}

// A row numbers the chunks of one principal.
type row []uint32

// A Cell is what a principal may do with one action.
type Cell struct {
	Outcome Outcome // of a request that names no resource
	Stage   Stage   // what decided it
	// Possible reports whether an indeterminate outcome can turn out to be Allowed.
	Possible bool
	// Somewhere reports whether the action may be allowed on some resource of the
	// principal's account that has no policy of its own.
	Somewhere bool
}

// Access is how much a cell allows: the more, the greater.
type Access uint8

// The degrees of access.
const (
	AccessNone     Access = iota // denied on every resource
	AccessSome                   // perhaps allowed on some resource
	AccessPossible               // allowed on every resource, depending on keys or gaps
	AccessAll                    // allowed on every resource for certain
)

// String is "none", "some", "possible" or "all".
func (a Access) String() string { return [...]string{"none", "some", "possible", "all"}[a] }

// Access sums the cell up. Every resource means those of the principal's account that have
// no policy of their own, and that no statement names.
func (c Cell) Access() Access {
	switch {
	case c.Outcome == Allowed:
		return AccessAll
	case c.Possible:
		return AccessPossible
	case c.Somewhere:
		return AccessSome
	}
	return AccessNone
}

// MatrixOptions say which matrix is built. The zero MatrixOptions is all principals, with no
// keys given.
type MatrixOptions struct {
	Keys       Keys               // of every request
	Principals []policy.Principal // users, roles and root users; nil: all of the organization
}

// Matrix builds the matrix of the organization. Sessions are those of no session policies.
// The error is that of ctx, or names a principal that the organization does not have.
func (e *Environment) Matrix(ctx context.Context, o MatrixOptions) (*Matrix, error) {
	if e.org == nil {
		return nil, errNoOrganization
	}
	b := newMatrixBuilder(e, o)
	b.list(nil)
	b.chunks = make([]chunk, 0, min(len(b.principals), 4)*b.table.words/chunkWords)
	for i := range b.principals {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := b.add(i); err != nil {
			return nil, err
		}
	}
	return b.matrix(), ctx.Err()
}

// Principals yields the principals, sorted by ARN.
func (m *Matrix) Principals() iter.Seq[policy.Principal] { return slices.Values(m.principals) }

// Actions yields the actions, sorted.
func (m *Matrix) Actions() iter.Seq[policy.Action] { return slices.Values(m.universe.actions) }

// At returns the cell of a principal and an action in any case. It reports false if the
// matrix has none.
func (m *Matrix) At(p policy.Principal, a policy.Action) (Cell, bool) {
	r, ok := m.row(p)
	i, known := m.universe.index(a)
	if !ok || !known {
		return Cell{}, false
	}
	return m.cell(r, i), true
}

func (m *Matrix) row(p policy.Principal) (row, bool) {
	n, ok := m.number[p]
	if !ok {
		return nil, false
	}
	return m.rows[n], true
}

func (m *Matrix) cell(r row, i int) Cell { return m.chunks[r[i/chunkActions]].cell(i % chunkActions) }

// All yields the cells of one principal in the order of the actions.
func (m *Matrix) All(p policy.Principal) iter.Seq2[policy.Action, Cell] {
	return func(yield func(policy.Action, Cell) bool) {
		r, ok := m.row(p)
		if !ok {
			return
		}
		for i, a := range m.universe.actions {
			if !yield(a, m.cell(r, i)) {
				return
			}
		}
	}
}

// Who yields the principals and cells of one action in any case, those of principals that
// are denied everywhere included.
func (m *Matrix) Who(a policy.Action) iter.Seq2[policy.Principal, Cell] {
	return func(yield func(policy.Principal, Cell) bool) {
		i, ok := m.universe.index(a)
		if !ok {
			return
		}
		for n, p := range m.principals {
			if !yield(p, m.cell(m.rows[n], i)) {
				return
			}
		}
	}
}

// A Count counts the cells of a principal in one service.
type Count struct {
	Service             string
	Actions             int // that the service has
	All, Possible, Some int // those with this Access
}

// Summary counts the cells of a principal by service, sorted by prefix, services without
// any access left out.
func (m *Matrix) Summary(p policy.Principal) []Count {
	r, ok := m.row(p)
	if !ok {
		return nil
	}
	var out []Count
	for _, s := range m.universe.services {
		c := Count{Service: s.prefix, Actions: s.end - s.first}
		for i := s.first; i < s.end; i++ {
			switch m.cell(r, i).Access() {
			case AccessAll:
				c.All++
			case AccessPossible:
				c.Possible++
			case AccessSome:
				c.Some++
			}
		}
		if c.All+c.Possible+c.Some > 0 {
			out = append(out, c)
		}
	}
	return out
}

// A MatrixDelta is a cell that differs between two matrices.
type MatrixDelta struct {
	Principal     policy.Principal
	Action        policy.Action
	Before, After Cell // the zero Cell where a matrix does not have the principal or the action
}

// Diff yields the cells in which after differs from m, by principal and action. A cell
// that one of them lacks counts as denied everywhere.
func (m *Matrix) Diff(after *Matrix) iter.Seq[MatrixDelta] {
	return func(yield func(MatrixDelta) bool) {
		a, b := m.principals, after.principals
		for len(a) > 0 || len(b) > 0 {
			var p policy.Principal
			if len(b) == 0 || len(a) > 0 && (a[0] == b[0] || comparePrincipals(a[0], b[0]) < 0) {
				p = a[0]
			} else {
				p = b[0]
			}
			var x, y row
			if len(a) > 0 && a[0] == p {
				x, a = m.rows[len(m.principals)-len(a)], a[1:]
			}
			if len(b) > 0 && b[0] == p {
				y, b = after.rows[len(after.principals)-len(b)], b[1:]
			}
			if !m.diffRow(after, p, x, y, yield) {
				return
			}
		}
	}
}

// diffRow yields the cells of one principal; a and b are its rows, nil for none.
func (m *Matrix) diffRow(after *Matrix, p policy.Principal, a, b row, yield func(MatrixDelta) bool) bool {
	same := m.universe == after.universe
	if same && a != nil && b != nil {
		for k := range a {
			x, y := &m.chunks[a[k]], &after.chunks[b[k]]
			if *x == *y {
				continue
			}
			for i := range x.differences(y) {
				if !yield(MatrixDelta{p, m.universe.actions[k*chunkActions+i], x.cell(i), y.cell(i)}) {
					return false
				}
			}
		}
		return true
	}
	actions := m.universe.actions
	if !same {
		actions = slices.Concat(actions, after.universe.actions)
		slices.SortFunc(actions, compareActions)
		actions = slices.Compact(actions)
	}
	for _, action := range actions {
		d := MatrixDelta{Principal: p, Action: action}
		d.Before, _ = m.At(p, action)
		if d.After, _ = after.At(p, action); d.Before != d.After && !yield(d) {
			return false
		}
	}
	return true
}

// A universe is the list of actions of a matrix.
type universe struct {
	actions  []policy.Action
	services []serviceRange // sorted by prefix
	byName   map[string]int // folded
}

type serviceRange struct {
	prefix     string
	first, end int
}

func newUniverse(actions []policy.Action) *universe {
	u := &universe{actions: actions, byName: make(map[string]int, len(actions))}
	for i, a := range actions {
		u.byName[strings.ToLower(string(a))] = i
		if n := len(u.services); n == 0 || u.services[n-1].prefix != a.Service() {
			u.services = append(u.services, serviceRange{prefix: a.Service(), first: i})
		}
		u.services[len(u.services)-1].end = i + 1
	}
	return u
}

func (u *universe) index(a policy.Action) (int, bool) {
	i, ok := u.byName[strings.ToLower(string(a))]
	return i, ok
}

func (u *universe) service(prefix string) (serviceRange, bool) {
	i, ok := slices.BinarySearchFunc(u.services, strings.ToLower(prefix), func(s serviceRange, p string) int { return strings.Compare(s.prefix, p) })
	if !ok {
		return serviceRange{}, false
	}
	return u.services[i], true
}

// embeddedUniverse is the universe of the embedded service reference.
var embeddedUniverse = sync.OnceValue(func() *universe {
	actions := slices.Collect(serviceref.Embedded().Actions("*"))
	slices.SortFunc(actions, compareActions)
	return newUniverse(actions)
})
