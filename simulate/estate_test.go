package simulate_test

import (
	"context"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/estate"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

var estateOrg = sync.OnceValue(func() *org.Organization {
	o, err := org.New(estate.New(estate.Options{}))
	if err != nil {
		panic(err)
	}
	return o
})

func inRegion(name string) simulate.Keys {
	return simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {name}})
}

// The effective actions of a role with long policies of AWS are those that Can allows.
func TestMatrixOfManagedPolicies(t *testing.T) {
	o, err := org.New(estate.Auditor())
	require.NoError(t, err)
	env, err := simulate.Compile(o)
	require.NoError(t, err)
	role := policy.PrincipalFromARN(policy.MustParseARN(estate.AuditorRole))
	m, err := env.Matrix(context.Background(), simulate.MatrixOptions{Principals: []policy.Principal{role}, Keys: inRegion("eu-west-1")})
	require.NoError(t, err)
	seen := map[simulate.Outcome]int{}
	for action, cell := range m.All(role) {
		d := env.Can(simulate.Request{Principal: role, Action: action, Keys: inRegion("eu-west-1")})
		require.Equal(t, d.Outcome, cell.Outcome, action)
		require.Equal(t, d.Stage, cell.Stage, action)
		seen[d.Outcome]++
	}
	require.Greater(t, seen[simulate.Allowed], 5000)
	require.Greater(t, seen[simulate.ImplicitDeny], 5000)
	require.NotZero(t, seen[simulate.ExplicitDeny])
	require.NotZero(t, seen[simulate.Indeterminate])
	t.Log(seen)
}

// BenchmarkWhoCan is workload W3: who can read one object, of 10,000 principals.
func BenchmarkWhoCan(b *testing.B) {
	env, err := simulate.Compile(estateOrg())
	require.NoError(b, err)
	q := simulate.Query{
		Action: "s3:GetObject", Resource: policy.MustParseARN(estate.Bucket + "/a"),
		Keys: inRegion("eu-west-1"),
	}
	b.Run("principals=10000", func(b *testing.B) {
		n := 0
		b.ReportAllocs()
		for b.Loop() {
			callers, err := env.WhoCan(context.Background(), q)
			require.NoError(b, err)
			n = len(callers)
		}
		b.ReportMetric(float64(n), "callers")
	})
}

// BenchmarkCompileEstate measures compiling the organization of W3, and what it retains.
func BenchmarkCompileEstate(b *testing.B) {
	o := estateOrg()
	b.Run("principals=10000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			env, err := simulate.Compile(o)
			require.NoError(b, err)
			runtime.KeepAlive(env)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		env, err := simulate.Compile(o)
		require.NoError(b, err)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/10_000, "B/principal")
		runtime.KeepAlive(env)
	})
}

// BenchmarkMatrix is workload W4, one role with long policies of AWS and all actions, and
// workload W5, 10,000 principals and all actions.
func BenchmarkMatrix(b *testing.B) {
	auditor, err := org.New(estate.Auditor())
	require.NoError(b, err)
	role := []policy.Principal{policy.PrincipalFromARN(policy.MustParseARN(estate.AuditorRole))}
	benchmarkMatrix(b, "managed-policies=10/principals=1", auditor, simulate.MatrixOptions{Principals: role, Keys: inRegion("eu-west-1")})
	benchmarkMatrix(b, "principals=10000", estateOrg(), simulate.MatrixOptions{})
}

func benchmarkMatrix(b *testing.B, name string, o *org.Organization, options simulate.MatrixOptions) {
	env, err := simulate.Compile(o)
	require.NoError(b, err)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := env.Matrix(context.Background(), options)
			require.NoError(b, err)
		}
	})
}

// BenchmarkMatrixUpdate is the other half of W5: the matrix after one SCP changed, and all
// cells that differ.
func BenchmarkMatrixUpdate(b *testing.B) {
	env, err := simulate.Compile(estateOrg())
	require.NoError(b, err)
	m, err := env.Matrix(context.Background(), simulate.MatrixOptions{Keys: inRegion("eu-central-1")})
	require.NoError(b, err)
	for _, test := range []struct {
		name   string
		change org.Change
	}{
		{"principals=10000/one-service", estate.LogsProtected()},
		{"principals=10000/region", estate.MoreRegions()},
	} {
		b.Run(test.name, func(b *testing.B) {
			after, err := env.Apply(test.change)
			require.NoError(b, err)
			b.ReportAllocs()
			cells := 0
			for b.Loop() {
				updated, err := m.Update(context.Background(), after)
				require.NoError(b, err)
				cells = 0
				for range m.Diff(updated) {
					cells++
				}
			}
			b.ReportMetric(float64(cells), "cells")
		})
	}
}
