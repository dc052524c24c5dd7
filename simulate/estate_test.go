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

// BenchmarkMatrixUpdate is the other half of W5: the matrix and what differs in it, after
// one SCP changed.
func BenchmarkMatrixUpdate(b *testing.B) {
	o := estateOrg()
	env, err := simulate.Compile(o)
	require.NoError(b, err)
	m, err := env.Matrix(context.Background(), simulate.MatrixOptions{})
	require.NoError(b, err)
	for _, test := range []struct {
		name string
		doc  policy.Statement
	}{
		{"one-service", policy.Statement{Effect: policy.Deny, Action: policy.List("cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors"), Resource: policy.List("*")}},
		{"regions", policy.Statement{
			Effect: policy.Deny, NotAction: policy.List("iam:*", "sts:*"), Resource: policy.List("*"),
			Condition: policy.When("StringNotEquals", "aws:RequestedRegion", "eu-west-1"),
		}},
	} {
		b.Run(test.name, func(b *testing.B) {
			after, err := env.Apply(
				org.PutControlPolicy(org.ControlPolicy{ID: "p-leave0001", Name: "stay", Kind: policy.ServiceControl, Document: policy.Must(policy.NewDocument(test.doc))}))
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
