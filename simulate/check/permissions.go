package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// CertifyPermissions proves rows of [simulate.Environment.EffectivePermissions], and sets
// Certified of those that are proved, and of no others: of all requests that a row speaks about,
// those for which one of the alternatives of its Requires.Allowed holds are allowed, and those
// for which none does and none of Requires.Possible are not. A row that speaks about no
// request at all is not proved. q is the query that the rows answer.
//
// The requests are those of actions that AWS documents, on resources of the forms that it
// documents for them, and of other actions that policies name. The principal makes them itself,
// over TLS, in the region of the resource, and through no VPC endpoint with a policy, whether
// the environment lists it or not; tags and a source identity that it passes with
// sts:AssumeRole are requests of their own. As with the rows the resources have no policy of their own
// unless they are listed; that of a key or an access point that is not listed, or of what lies
// below a listed resource, may say anything. Nothing is proved with a session or keys in the
// query, and no row is that speaks of what the environment does not know, or of resources of
// another account that are not listed.
//
// Pass says that all rows are proved, and that the principal is allowed nothing else of such
// requests in its account and on listed resources, keys and access points aside that are not
// listed. Otherwise Unknown says why not: a row that is not certified may be right all the same.
// There is no Fail. The error says that the environment has no organization, or that the
// principal is of another kind than a user, role, role session or root user.
func CertifyPermissions(ctx context.Context, env *simulate.Environment, q simulate.PermissionQuery, rows []simulate.Permission, options ...Option) (Result, error) {
	for i := range rows {
		rows[i].Certified = false
	}
	e, err := newEstate(env, env)
	if err != nil {
		return Result{}, err
	}
	for range q.Keys.All() {
		return Result{Reason: "keys are given, and proofs are about all requests"}, nil
	}
	if q.Session != nil {
		return Result{Reason: "a session is given, and proofs are about the principal without one"}, nil
	}
	s, result, err := e.question(ctx, []subject{{env: env, principal: q.Principal}})
	if s == nil {
		return result, err
	}
	s.exact = true
	p := &rowsProof{ctx: ctx, stackQuestion: s, rows: rows, wrong: make([]string, len(rows)), work: maxWork, settings: settingsOf(options)}
	reasonOf := func(err error) (Result, error) { return Result{Reason: reason(err)}, nil }
	if err := p.compile(); err != nil {
		return reasonOf(err)
	}
	if err := p.settleAll(); err != nil {
		return reasonOf(err)
	}
	why := ""
	for i := range rows {
		if rows[i].Certified = p.wrong[i] == ""; !rows[i].Certified && why == "" {
			why = fmt.Sprintf("%s on %s: %s", rows[i].Actions[0], cmp.Or(rows[i].Resource, "no resource"), p.wrong[i])
		}
	}
	switch {
	case why != "":
		return Result{Reason: why}, nil
	case len(q.Actions)+len(q.Resources)+len(q.Levels) > 0:
		return Result{Reason: "only a part of the permissions was asked for"}, nil
	}
	if all, err := p.complete(); err != nil {
		return reasonOf(err)
	} else if !all {
		return Result{Reason: "it is not proved that nothing else is allowed"}, nil
	}
	return Result{Verdict: Pass}, nil
}

// A rowsProof compares rows with what a principal is allowed.
type rowsProof struct {
	ctx context.Context
	*stackQuestion
	rows      []simulate.Permission
	wrong     []string // why each is not proved; "": nothing speaks against it
	c         *compiler
	speaks    []symbolic.Statement // of each row, without its exceptions
	regions   []*symbolic.Formula  // of the requests of each row, where that follows
	ownedKeys []*symbolic.Formula  // what is true of the keys of resources of the account, likewise
	free      symbolic.Statement   // what always is allowed
	hidden    []symbolic.Statement // what nobody knows
	places    []rowsPlace
	known     *knownRequests
	work      budget
	done      int
	settings
}

// A rowsPlace is a part of all resources, and what is allowed there.
type rowsPlace struct {
	allowed, narrow *symbolic.Side
	require         *symbolic.Formula
	claims          []claim
	listed          bool
	policed         bool // by a policy that is listed, or by one that is not
	unlisted        bool
	foreign         string // the ARN of a listed resource of another account, or ""
}

// A claim is when a row says that it is allowed, and that it is or may be.
type claim struct{ allowed, possible *symbolic.Formula }

var errManyRows = errors.New("there are too many rows for proofs")

// settleAll finds the rows that are not proved.
func (p *rowsProof) settleAll() error {
	p.known = newKnownRequests(p.c.problem.Meter(), p.names())
	var list []int
	for i := range p.rows {
		switch row := &p.rows[i]; {
		case p.elsewhere(row):
			p.wrong[i] = "it speaks of another account"
		case row.Requires.Truncated:
			p.wrong[i] = "its conditions were not told apart"
		default:
			list = append(list, i)
		}
	}
	spoken := make([]bool, len(p.rows))
	for n := range p.places {
		at := &p.places[n]
		here := slices.DeleteFunc(slices.Clone(list), func(i int) bool {
			// Of what others have, only rows that name it speak.
			return p.wrong[i] != "" || at.foreign != "" && !strings.HasPrefix(p.rows[i].Resource, at.foreign)
		})
		p.done += len(p.rows) - len(here)
		if err := p.settle(at, here); err != nil {
			return err
		}
		for _, i := range here {
			if spoken[i] || p.wrong[i] != "" {
				continue
			}
			var err error
			if spoken[i], err = p.speaksOf(at, i); err != nil {
				return err
			}
		}
	}
	for _, i := range list {
		if !spoken[i] && p.wrong[i] == "" {
			p.wrong[i] = "it speaks of no request"
		}
	}
	return nil
}

// settle finds which of the rows are not proved in a place: half and half, where not all are.
func (p *rowsProof) settle(at *rowsPlace, list []int) error {
	if len(list) == 0 {
		return nil
	}
	if !p.work.spend(len(list)) {
		return errManyRows
	}
	side := every(at.narrow, everyLayer([][]symbolic.Statement{p.statements(list)}, nil))
	found, err := p.any(at, side, p.right(at, list))
	limit := symbolic.Limit("")
	switch {
	case err == nil && !found:
		p.done += len(list)
		p.progress(p.done, len(p.rows)*len(p.places))
		return nil
	case err != nil && (!errors.As(err, &limit) || limit == symbolic.TooLarge):
		return err
	case len(list) > 1:
		if err := p.settle(at, list[:len(list)/2]); err != nil {
			return err
		}
		return p.settle(at, list[len(list)/2:])
	}
	p.done++
	if err != nil {
		p.wrong[list[0]] = err.Error()
		return nil
	}
	p.wrong[list[0]] = "it does not follow from the policies alone"
	unknown, err := p.any(at, every(side, everyLayer([][]symbolic.Statement{p.hidden}, p.statements(p.exceptions(list[0])))))
	if unknown {
		p.wrong[list[0]] = "it may depend on what is not known of the environment"
	}
	return err
}

func (p *rowsProof) statements(list []int) (out []symbolic.Statement) {
	for _, i := range list {
		out = append(out, p.speaks[i])
	}
	return out
}

// exceptions are the rows that take something from what row i speaks about.
func (p *rowsProof) exceptions(i int) (out []int) {
	for j := i + 1; j < len(p.rows) && p.rows[j].Depth > p.rows[i].Depth; j++ {
		out = append(out, j)
	}
	return out
}

// right is the side of the requests for which none of the rows is wrong. Its Denies are a layer
// like others, since what is right is not monotone.
func (p *rowsProof) right(at *rowsPlace, list []int) *symbolic.Side {
	out := &symbolic.Side{Layers: slices.Clone(at.allowed.Layers)}
	layer := func(list []symbolic.Statement) int {
		out.Layers = append(out.Layers, list)
		return len(out.Layers) - 1
	}
	denied, free, hidden := layer(at.allowed.Denies), layer([]symbolic.Statement{p.free}), layer(p.hidden)
	of := map[int]int{}
	for _, i := range list {
		for _, j := range append(p.exceptions(i), i) {
			if _, ok := of[j]; !ok {
				of[j] = layer(p.statements([]int{j}))
			}
		}
	}
	out.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
		var wrong []*symbolic.Formula
		var is *symbolic.Formula
		decided := false
		for _, i := range list {
			speaks := f[of[i]]
			for _, j := range p.exceptions(i) {
				if speaks.IsFalse() {
					break
				}
				speaks = symbolic.And(speaks, symbolic.Not(f[of[j]]))
			}
			if speaks.IsFalse() {
				continue
			}
			if !decided {
				is = symbolic.Or(f[free], symbolic.And(at.allowed.Grant(f[:len(at.allowed.Layers)]), symbolic.Not(f[denied])))
				decided = true
			}
			wrong = append(wrong, symbolic.And(speaks, p.given(at, i), symbolic.Or(f[hidden],
				symbolic.And(at.claims[i].allowed, symbolic.Not(is)), symbolic.And(is, symbolic.Not(at.claims[i].possible)))))
		}
		return symbolic.Not(symbolic.Or(wrong...))
	}
	return out
}

// speaksOf reports whether there is a request in the place that the row speaks about.
func (p *rowsProof) speaksOf(at *rowsPlace, i int) (bool, error) {
	side := every(at.narrow, everyLayer([][]symbolic.Statement{p.statements([]int{i})}, p.statements(p.exceptions(i))))
	asked := *at
	asked.require = symbolic.And(at.require, p.given(at, i))
	return p.any(&asked, side)
}

// given is what is true of the keys of all requests of a row.
func (p *rowsProof) given(at *rowsPlace, i int) *symbolic.Formula {
	if at.listed { // its place says what is true of the resource
		return p.regions[i]
	}
	return symbolic.And(p.regions[i], p.ownedKeys[i])
}

// complete proves that nothing is allowed beside the rows.
func (p *rowsProof) complete() (bool, error) {
	var list []symbolic.Statement
	for i := range p.rows {
		if p.rows[i].Depth == 0 {
			list = append(list, p.speaks[i])
		}
	}
	rows := everyLayer([][]symbolic.Statement{list}, nil)
	for _, at := range p.places {
		if at.unlisted {
			continue
		}
		beside := everyLayer([][]symbolic.Statement{append([]symbolic.Statement{p.free}, p.hidden...)}, nil)
		for _, side := range []*symbolic.Side{at.allowed, beside} {
			if found, err := p.any(&at, every(side, at.narrow), rows); found || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// any reports whether there may be a known request that the side has and the others have not.
func (p *rowsProof) any(at *rowsPlace, side *symbolic.Side, others ...*symbolic.Side) (found bool, err error) {
	failed := p.c.problem.Each(side, others, at.require, func(cell *symbolic.Cell) bool {
		found, err = p.known.has(cell, at.policed)
		return !found && err == nil
	})
	return found, cmp.Or(err, failed)
}

// elsewhere reports whether a row is about resources of another account, but for one that is
// listed with its policy.
func (p *rowsProof) elsewhere(row *simulate.Permission) bool {
	parts := strings.SplitN(row.Resource, ":", 6)
	if len(parts) < 6 || parts[4] == "" || parts[4] == p.subjects[0].principal.AccountID() || strings.Trim(parts[4], "*") == "" {
		return false
	}
	manages := slices.ContainsFunc(row.Actions, func(a string) bool { return !strings.HasPrefix(lower(a), "sts:") })
	return !slices.ContainsFunc(p.listed, func(r *listedResource) bool {
		return r.arn.String() == row.Resource && !r.principal && !(r.role && manages)
	})
}

// names are the actions that policies name.
func (p *rowsProof) names() (out []string) {
	documents := p.documents()
	for _, r := range p.listed {
		if r.policies[1] != nil {
			documents = append(documents, r.policies[1])
		}
	}
	isASCII := func(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }
	for _, d := range documents {
		for _, st := range d.Statements() {
			for _, list := range []policy.Patterns{st.Action, st.NotAction} {
				for a := range list.All() {
					if !strings.ContainsAny(a, "*?") && strings.Contains(a, ":") && isASCII(a) {
						out = append(out, a)
					}
				}
			}
		}
	}
	return out
}
