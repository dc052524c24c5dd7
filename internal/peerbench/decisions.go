package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/licit-dev/licit/internal/estate"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func readWorkload(root, name string) (*estate.Workload, *simulate.Environment, error) {
	w, err := estate.ReadWorkload(os.DirFS(filepath.Join(root, "simulate/testdata/workloads")), name+".json")
	if err != nil {
		return nil, nil, err
	}
	o, err := w.Organization()
	if err != nil {
		return nil, nil, err
	}
	env, err := simulate.Compile(o)
	return w, env, err
}

// decides is an engine of a question whose answer is one outcome.
func decides(name, want string, decide func() (simulate.Outcome, error)) engine {
	return engine{name, func() error {
		got, err := decide()
		if err == nil && got.String() != want {
			err = fmt.Errorf("got %s, want %s", got, want)
		}
		return err
	}, func() { decide() }}
}

// w1 is one decision over 100 statements, with peers.
func w1(root string) ([]question, error) { return peers(root, "w1", "W1", "12 services") }

// w1s3 is W1 with statements that an index by service does not tell apart. The grant, which
// comes last, is measured; the other answers are checked.
func w1s3(root string) ([]question, error) {
	questions, err := peers(root, "w1s3", "W1", "S3 only")
	if err != nil {
		return nil, err
	}
	for _, q := range questions[1:] {
		if err := q.check(); err != nil {
			return nil, err
		}
	}
	return questions[:1], nil
}

func peers(root, file, name, what string) ([]question, error) {
	w, env, err := readWorkload(root, file)
	if err != nil {
		return nil, err
	}
	list, err := statements(w)
	if err != nil {
		return nil, err
	}
	principal := w.Principal.ARN.String()
	cedarEngine, err := newCedar(principal, list)
	if err != nil {
		return nil, err
	}
	opaEngine, err := newOPA(principal, list)
	if err != nil {
		return nil, err
	}
	var out []question
	for i, r := range w.Requests {
		q := newQuery(principal, r.Action, w.Resource.ARN.String())
		licit, toCedar, toOPA := request(w, i), cedarEngine.request(q), opaEngine.input(q)
		out = append(out, question{name, fmt.Sprintf("%d statements, %s: %s", len(list), what, r.Expect), []engine{
			decides("licit", r.Expect, func() (simulate.Outcome, error) { return env.Can(licit).Outcome, nil }),
			decides("cedar-go", r.Expect, func() (simulate.Outcome, error) { return cedarEngine.decide(toCedar) }),
			decides("OPA", r.Expect, func() (simulate.Outcome, error) { return opaEngine.decide(toOPA) }),
		}})
	}
	return out, nil
}

func request(w *estate.Workload, i int) simulate.Request {
	return simulate.Request{
		Principal: policy.PrincipalFromARN(w.Principal.ARN), Action: policy.Action(w.Requests[i].Action),
		Resource: w.Resource.ARN, Keys: simulate.KeysFrom(w.Keys(i)),
	}
}

// w2 is a decision through every layer, with 15 condition keys.
func w2(root string) ([]question, error) {
	w, env, err := readWorkload(root, "w2")
	if err != nil {
		return nil, err
	}
	r, keys, want := request(w, 0), w.Keys(0), w.Requests[0].Expect
	return []question{
		{"W2", "all layers, 15 keys: " + want, []engine{
			decides("licit", want, func() (simulate.Outcome, error) { return env.Can(r).Outcome, nil }),
		}},
		{"W2", "the same, keys from a map", []engine{
			decides("licit", want, func() (simulate.Outcome, error) {
				r := r
				r.Keys = simulate.KeysFrom(keys)
				return env.Can(r).Outcome, nil
			}),
		}},
		{"W2", "the same, explained", []engine{
			decides("licit", want, func() (simulate.Outcome, error) { return env.Explain(r).Decision.Outcome, nil }),
		}},
	}, nil
}
