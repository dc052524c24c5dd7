package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A question is whether there is a request that one side allows and the other does not, for one
// of several callers.
type question struct {
	ctx   context.Context
	cases []*callerCase
	// examples are documents whose patterns counterexamples are made of.
	examples []*policy.Document
	bound    map[string]*string // variables that are known from the start
	// confirmAlso confirms what both evaluators say; nil: nothing more is asked.
	confirmAlso func([]*world, []simulate.Request) bool
	// explain says how side i decides, and which request that is for its reader; many are its keys
	// that have a list of values. nil: as its world does.
	explain func(i int, r simulate.Request, many []string) (simulate.Request, *simulate.Explanation)
	// proofOnly looks into no difference: the answer is Pass or Unknown.
	proofOnly bool
	envs      map[*world]*simulate.Environment
	filled    map[string][]string // of the examples' resources, by account
}

func (q *question) answer() Result {
	q.envs, q.filled = map[*world]*simulate.Environment{}, map[string][]string{}
	found, stuck, err := q.search(q.bound)
	switch {
	case found != nil:
		return Result{Verdict: Fail, Counterexample: found}
	case err != nil:
		return Result{Reason: reason(err)}
	case stuck == nil:
		return Result{Verdict: Pass}
	case q.proofOnly:
		return Result{Reason: stuck.reason}
	}
	for _, values := range stuck.assignments {
		for name, value := range q.bound {
			values[name] = value
		}
		if found, _, err := q.search(values); err == nil && found != nil {
			return Result{Verdict: Fail, Counterexample: found}
		}
	}
	return Result{Reason: stuck.reason}
}

func reason(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, context.DeadlineExceeded):
		return "the deadline passed"
	}
	return err.Error()
}

// blocked says why a difference that was found is not one for certain.
type blocked struct {
	reason      string
	assignments []map[string]*string // of policy variables, which may settle it
}

var errContradiction = errors.New("what is known of the caller contradicts itself")

// maxMore limits the classes that are looked at for a counterexample that AWS documents when
// there is another one.
const maxMore = 8

// search runs once over all requests of all callers, with some variables bound. Nothing at
// all found is a proof.
func (q *question) search(bound map[string]*string) (*Counterexample, *blocked, error) {
	if err := q.ctx.Err(); err != nil {
		return nil, nil, err
	}
	c := newCompiler(q.ctx.Err, bound)
	type compiled struct {
		sides   []*symbolic.Side
		require *symbolic.Formula
	}
	var list []compiled
	for _, one := range q.cases {
		sides, require, err := one.sides(c)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, compiled{sides, require})
	}
	if err := c.lemmas(); err != nil {
		return nil, nil, err
	}
	keys := c.boundKeys()
	if err := c.problem.Settle(); err != nil {
		return nil, nil, err
	}
	var stuck *blocked
	for i, one := range list {
		if q.cases[i].nonempty {
			// A contradiction in what is said of the caller would prove anything.
			if _, ok, err := c.problem.Solve(symbolic.And(one.require, keys)); err != nil {
				return nil, nil, err
			} else if !ok && len(bound) == 0 {
				return nil, nil, errContradiction
			}
		}
		var found *Counterexample
		more := maxMore
		err := c.problem.Each(one.sides[0], one.sides[1:], symbolic.And(one.require, keys), func(cell *symbolic.Cell) bool {
			if q.proofOnly {
				stuck = c.blocked(cell)
				return false
			}
			x := q.realise(c, q.cases[i], cell)
			switch {
			case x == nil:
				if stuck == nil {
					stuck = c.blocked(cell)
				}
			case x.assumed:
				if stuck == nil {
					stuck = &blocked{reason: fmt.Sprintf("%s on %s depends on a resource policy that is not known", x.Request.Action, resourceText(x.Request.Resource))}
				}
			case found == nil || x.Documented:
				found = x
			}
			if found == nil {
				return !q.cases[i].assumed
			}
			more--
			return !found.Documented && more > 0
		})
		if found != nil {
			return found, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if q.proofOnly && stuck != nil {
			break
		}
	}
	return nil, stuck, nil
}

// resourceText is "*" for no resource.
func resourceText(a policy.ARN) string { return cmp.Or(a.String(), "*") }
