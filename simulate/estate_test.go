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

// BenchmarkWhoCan is workload W3: who can read one object, of 10,000 principals.
func BenchmarkWhoCan(b *testing.B) {
	env, err := simulate.Compile(estateOrg())
	require.NoError(b, err)
	q := simulate.Query{
		Action: "s3:GetObject", Resource: policy.MustParseARN(estate.Bucket + "/a"),
		Keys: simulate.KeysFrom(map[string][]string{"aws:RequestedRegion": {"eu-west-1"}}),
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		callers, err := env.WhoCan(context.Background(), q)
		require.NoError(b, err)
		n = len(callers)
	}
	b.ReportMetric(float64(n), "callers")
}

// BenchmarkCompileEstate measures compiling the organization of W3, and what it retains.
func BenchmarkCompileEstate(b *testing.B) {
	o := estateOrg()
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
}

// BenchmarkMatrix is workload W5: 10,000 principals and all actions.
func BenchmarkMatrix(b *testing.B) {
	env, err := simulate.Compile(estateOrg())
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := env.Matrix(context.Background(), simulate.MatrixOptions{})
		require.NoError(b, err)
	}
}
