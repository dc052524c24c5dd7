package policy_test

import (
	"os"
	"testing"

	"github.com/licit-dev/licit/policy"
)

func BenchmarkParse(b *testing.B) {
	src, err := os.ReadFile("testdata/orders.json")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}
