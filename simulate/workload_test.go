package simulate_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/estate"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A workload is one of the benchmark inputs in testdata/workloads.
type workload struct{ *estate.Workload }

func readWorkload(t testing.TB, name string) workload {
	w, err := estate.ReadWorkload(os.DirFS("testdata/workloads"), name+".json")
	require.NoError(t, err)
	return workload{w}
}

func (w workload) organization(t testing.TB) *org.Organization {
	o, err := w.Organization()
	require.NoError(t, err)
	return o
}

func (w workload) compile(t testing.TB, opts ...simulate.Option) *simulate.Environment {
	env, err := simulate.Compile(w.organization(t), opts...)
	require.NoError(t, err)
	return env
}

func (w workload) request(i int) simulate.Request {
	return simulate.Request{
		Principal: policy.PrincipalFromARN(w.Principal.ARN), Action: policy.Action(w.Requests[i].Action),
		Resource: w.Resource.ARN, Keys: simulate.KeysFrom(w.Keys(i)),
	}
}

var workloads = []string{"w1", "w1s3", "w2"}

func TestWorkloads(t *testing.T) {
	for _, name := range workloads {
		w := readWorkload(t, name)
		for _, opts := range [][]simulate.Option{nil, {simulate.WithStrictKeys()}} {
			env := w.compile(t, opts...)
			for i, r := range w.Requests {
				t.Run(fmt.Sprintf("%s/%s/%d options", name, r.Name, len(opts)), func(t *testing.T) {
					x := env.Explain(w.request(i))
					require.Equal(t, r.Expect, x.Decision.Outcome.String(), "depends on %v", x.Depends)
					require.Equal(t, x.Decision, env.Can(w.request(i)))
				})
			}
		}
	}
}

func TestCanDoesNotAllocate(t *testing.T) {
	for _, name := range workloads {
		w := readWorkload(t, name)
		env := w.compile(t)
		for i := range w.Requests {
			r := w.request(i)
			require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), "%s %s", name, w.Requests[i].Name)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	w := readWorkload(t, "w2")
	env := w.compile(t)
	x := env.Explain(w.request(0))
	want := x.Steps[0].Trials()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i, r := range w.Requests {
				assert.Equal(t, r.Expect, env.Can(w.request(i)).Outcome.String())
				assert.Equal(t, env.Can(w.request(i)), env.Explain(w.request(i)).Decision)
				assert.Equal(t, want, x.Steps[0].Trials())
			}
		})
	}
	wait.Wait()
}

func TestAssumeRoleDoesNotAllocate(t *testing.T) {
	env, err := simulate.Compile(exampleOrganization())
	require.NoError(t, err)
	for _, action := range []policy.Action{"sts:AssumeRole", "kms:CreateAlias", "iam:PassRole", "STS:GETCALLERIDENTITY"} {
		r := simulate.Request{
			Principal: parsePrincipal("arn:aws:iam::111122223333:role/orders"), Action: action,
			Resource: policy.MustParseARN("arn:aws:iam::111122223333:role/orders"),
		}
		require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), action)
		r.Resource = policy.MustParseARN("arn:aws:iam::999999999999:role/not-listed")
		require.Zero(t, testing.AllocsPerRun(100, func() { env.Can(r) }), action)
	}
}

func TestAllocations(t *testing.T) {
	w := readWorkload(t, "w2")
	env := w.compile(t)
	r, m := w.request(0), w.Keys(0)
	fromMap := testing.AllocsPerRun(100, func() {
		r.Keys = simulate.KeysFrom(m)
		env.Can(r)
	})
	require.LessOrEqual(t, fromMap, 5.0, "keys from a map")
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { env.Explain(r) }), 12.0, "Explain")
}

func BenchmarkCan(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		for i := range w.Requests {
			r := w.request(i)
			b.Run(fmt.Sprintf("%s/statements=100/%s", name, w.Requests[i].Name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					env.Can(r)
				}
			})
		}
	}
}

// Keys that come as a map with every request, as a service gets them.
func BenchmarkCanFromMap(b *testing.B) {
	w := readWorkload(b, "w2")
	env := w.compile(b)
	r, m := w.request(0), w.Keys(0)
	b.Run("w2/statements=100", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Keys = simulate.KeysFrom(m)
			env.Can(r)
		}
	})
}

func BenchmarkExplain(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		r := w.request(0)
		env.Explain(r) // reads the service reference
		b.Run(name+"/statements=100", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				env.Explain(r)
			}
		})
	}
}

// Explain, and then every statement of every layer.
func BenchmarkTrials(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		env := w.compile(b)
		r := w.request(0)
		env.Explain(r)
		b.Run(name+"/statements=100", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x := env.Explain(r)
				for i := range x.Steps {
					x.Steps[i].Trials()
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, name := range workloads {
		w := readWorkload(b, name)
		o := w.organization(b)
		b.Run(name+"/statements=100", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := simulate.Compile(o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
