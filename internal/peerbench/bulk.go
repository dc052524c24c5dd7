package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/licit-dev/licit/internal/estate"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// compile compiles an organization, and says how many bytes the result retains besides it.
func compile(s org.Spec) (*simulate.Environment, int, error) {
	o, err := org.New(s)
	if err != nil {
		return nil, 0, err
	}
	before := heap()
	env, err := simulate.Compile(o)
	return env, heap() - before, err
}

func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func inRegion(name string) simulate.Keys {
	return simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {name}})
}

// w3 is who can read one object. The answer is right if Can says so of each.
func w3(string) ([]question, error) {
	env, retained, err := compile(estate.New(estate.Options{}))
	if err != nil {
		return nil, err
	}
	q := simulate.Query{Action: "s3:GetObject", Resource: policy.MustParseARN(estate.Bucket + "/a"), Keys: inRegion("eu-west-1")}
	check := func() error {
		callers, err := env.WhoCan(context.Background(), q)
		if err != nil {
			return err
		}
		for _, c := range callers {
			d := env.Can(simulate.Request{Principal: c.Principal, Action: q.Action, Resource: q.Resource, Keys: q.Keys})
			if c.Type == simulate.CallerRole && d.Outcome != c.Decision.Outcome {
				return fmt.Errorf("%s: got %s, want %s", c.Principal, c.Decision, d)
			}
		}
		if len(callers) == 0 {
			return errors.New("got nobody")
		}
		return nil
	}
	text := fmt.Sprintf("10,000 principals, %.1f MB retained: who can read an object", float64(retained)/1e6)
	return []question{{"W3", text, []engine{{"licit", check, func() { env.WhoCan(context.Background(), q) }}}}}, nil
}

// w4 is the effective actions of a role with long policies.
func w4(string) ([]question, error) {
	env, _, err := compile(estate.Auditor())
	if err != nil {
		return nil, err
	}
	role := policy.PrincipalFromARN(policy.MustParseARN(estate.AuditorRole))
	options := simulate.MatrixOptions{Principals: []policy.Principal{role}, Keys: inRegion("eu-west-1")}
	check := func() error {
		m, err := env.Matrix(context.Background(), options)
		if err != nil {
			return err
		}
		return likeCan(env, m, options.Keys, 1)
	}
	text := fmt.Sprintf("10 managed policies of AWS, %d actions: which are allowed", actions())
	return []question{{"W4", text, []engine{{"licit", check, func() { env.Matrix(context.Background(), options) }}}}}, nil
}

// w5 is what all principals can do, and the same after a change, with all cells that differ.
func w5(string) ([]question, error) {
	env, _, err := compile(estate.New(estate.Options{}))
	if err != nil {
		return nil, err
	}
	options := simulate.MatrixOptions{Keys: inRegion("eu-central-1")}
	before, err := env.Matrix(context.Background(), options)
	if err != nil {
		return nil, err
	}
	checkBefore := func() error { return likeCan(env, before, options.Keys, 500) }
	changed, err := env.Apply(estate.LogsProtected())
	if err != nil {
		return nil, err
	}
	diff := func() (*simulate.Matrix, int, error) {
		after, err := before.Update(context.Background(), changed)
		if err != nil {
			return nil, 0, err
		}
		n := 0
		for range before.Diff(after) {
			n++
		}
		return after, n, nil
	}
	checkDiff := func() error {
		after, n, err := diff()
		if err == nil && n == 0 {
			err = errors.New("nothing differs")
		}
		if err != nil {
			return err
		}
		return likeCan(changed, after, options.Keys, 500)
	}
	return []question{
		{"W5", fmt.Sprintf("10,000 principals × %d actions", actions()), []engine{
			{"licit", checkBefore, func() { env.Matrix(context.Background(), options) }},
		}},
		{"W5", "the same after the root's SCP denies more of one service, and every cell that differs", []engine{
			{"licit", checkDiff, func() { diff() }},
		}},
	}, nil
}

func actions() int { return len(slices.Collect(serviceref.Embedded().Actions("*"))) }

// likeCan fails unless the cells of every n-th principal are what Can decides.
func likeCan(env *simulate.Environment, m *simulate.Matrix, keys simulate.Keys, n int) error {
	i := 0
	for p := range m.Principals() {
		if i++; (i-1)%n != 0 {
			continue
		}
		for action, cell := range m.All(p) {
			d := env.Can(simulate.Request{Principal: p, Action: action, Keys: keys})
			if cell.Outcome != d.Outcome {
				return fmt.Errorf("%s %s: got %s, want %s", p, action, cell.Outcome, d)
			}
		}
	}
	if i == 0 {
		return errors.New("the matrix is empty")
	}
	return nil
}

// w6 is all managed policies of AWS.
func w6(string) ([]question, error) {
	var sources [][]byte
	size := 0
	for m := range serviceref.ManagedPolicies() {
		sources = append(sources, m.Source())
		size += len(m.Source())
	}
	each := func(name string, read func(src []byte) error) engine {
		all := func() error {
			for i, src := range sources {
				if err := read(src); err != nil {
					return fmt.Errorf("document %d: %w", i, err)
				}
			}
			return nil
		}
		return engine{name, all, func() { all() }}
	}
	return []question{{"W6", fmt.Sprintf("%d documents of AWS, %.1f MB: read them", len(sources), float64(size)/1e6), []engine{
		each("licit: a checked policy, with places", func(src []byte) error {
			_, err := policy.Parse(src)
			return err
		}),
		each("encoding/json: into any", func(src []byte) error {
			var v any
			return json.Unmarshal(src, &v)
		}),
		each("encoding/json: is it JSON?", func(src []byte) error {
			if !json.Valid(src) {
				return errors.New("not JSON")
			}
			return nil
		}),
	}}}, nil
}
