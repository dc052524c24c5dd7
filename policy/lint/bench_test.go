package lint_test

import (
	"bytes"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// BenchmarkManagedPolicies checks all managed policies of AWS, from their text.
func BenchmarkManagedPolicies(b *testing.B) {
	var sources [][]byte
	for m := range serviceref.ManagedPolicies() {
		sources = append(sources, m.Source())
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range sources {
			lint.Source("", src, policy.IdentityBased)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(sources))/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkManyFindings checks a document of 1 MB, each line of which is wrong.
func BenchmarkManyFindings(b *testing.B) {
	src := []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Resource":"*","Action":["s3:X"`)
	src = append(src, bytes.Repeat([]byte(",\n\"s3:XYZ\""), 1<<20/10)...)
	src = append(src, "]}}"...)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		lint.Source("", src, policy.IdentityBased)
	}
}
