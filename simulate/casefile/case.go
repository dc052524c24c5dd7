package casefile

import (
	"slices"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An Expectation is what a case says about its result. The zero Expectation is none.
type Expectation string

// The expectations; the first four are outcomes.
const (
	ExpectNothing       Expectation = ""
	ExpectAllowed       Expectation = "allowed"
	ExpectExplicitDeny  Expectation = "explicitDeny"
	ExpectImplicitDeny  Expectation = "implicitDeny"
	ExpectIndeterminate Expectation = "indeterminate"
	ExpectError         Expectation = "error" // the line must be refused
)

// A Case is one line of a case file: a request and the layers that it meets. It is
// immutable. A line that was refused is a Case too, with no more than its place, its ID
// and what it expects.
type Case struct {
	id      string
	line    int
	expect  Expectation
	strict  bool
	request simulate.Request
	layers  simulate.Layers
	err     error // why the line was refused
}

// ID is the case's id, or the number of its line if it has none.
func (c *Case) ID() string { return c.id }

// Line is the case's line in the file, counted from 1.
func (c *Case) Line() int { return c.line }

// Expect is what the case says about its result.
func (c *Case) Expect() Expectation { return c.expect }

// Strict reports whether every condition key that is not given is absent. Otherwise such
// a key may be unknown.
func (c *Case) Strict() bool { return c.strict }

// Request is the request, with its session.
func (c *Case) Request() simulate.Request { return c.request }

// Layers are the policies that the request meets, except for session policies, which
// come with the request. They are a copy.
func (c *Case) Layers() simulate.Layers {
	l := c.layers
	l.Identity = clone(l.Identity)
	l.Boundary = clone(l.Boundary)
	l.ServiceControl = cloneLevels(l.ServiceControl)
	l.ResourceControl = cloneLevels(l.ResourceControl)
	l.Endpoints = clone(l.Endpoints)
	return l
}

// Eval decides the case, with the options besides the case's own. The result does not name
// rules; [Case.Explain] does. A line that was refused gives its error again.
func (c *Case) Eval(opts ...simulate.Option) Result {
	r, env := c.compile(opts)
	if env == nil {
		return r
	}
	r.Decision = env.Can(c.request)
	if ref, ok := env.Statement(r.Decision); ok {
		r.Statement = ref
	} else if r.Decision.Stage == simulate.StageSessionPolicy {
		r.Statement = env.Explain(c.request).Statement
	}
	return r
}

// Explain decides the case as [Case.Eval] does and also names the rules that the decision
// rests on.
func (c *Case) Explain(opts ...simulate.Option) Result {
	r, env := c.compile(opts)
	if env == nil {
		return r
	}
	x := env.Explain(c.request)
	r.Decision, r.Statement, r.Rules = x.Decision, x.Statement, x.Rules
	return r
}

// compile begins a result; without an environment that is all there is.
func (c *Case) compile(opts []simulate.Option) (Result, *simulate.Environment) {
	r := Result{ID: c.id, Line: c.line, Expect: c.expect, Err: c.err}
	if c.err != nil {
		return r, nil
	}
	if c.strict {
		opts = append(slices.Clip(opts), simulate.WithStrictKeys())
	}
	env, err := simulate.CompileLayers(c.layers, opts...)
	if err != nil {
		r.Err = err
		return r, nil
	}
	return r, env
}

func clone[T any](list []T) []T { return append([]T(nil), list...) }

func cloneLevels(levels [][]*policy.Document) [][]*policy.Document {
	out := clone(levels)
	for i := range out {
		out[i] = clone(out[i])
	}
	return out
}
