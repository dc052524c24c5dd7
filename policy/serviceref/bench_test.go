package serviceref_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/licit-dev/licit/internal/sar"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

func BenchmarkLoad(b *testing.B) {
	src, err := os.ReadFile("data/services.bin")
	if err != nil {
		b.Fatal(err)
	}
	image := string(src)
	b.Run("head", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := sar.DecodeHead(image); err != nil {
				b.Fatal(err)
			}
		}
	})
	load := func(services func(n int) int) func(b *testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h, err := sar.DecodeHead(image)
				if err != nil {
					b.Fatal(err)
				}
				body, err := h.Body()
				if err != nil {
					b.Fatal(err)
				}
				for i := range services(len(body.Services)) {
					body.Load(i)
				}
			}
		}
	}
	b.Run("service", load(func(int) int { return 1 }))
	b.Run("all", load(func(n int) int { return n }))
}

func BenchmarkAction(b *testing.B) {
	r := serviceref.Embedded()
	r.Action("ec2:DescribeInstances") // inflates its part
	b.ReportAllocs()
	for b.Loop() {
		r.Action("ec2:DescribeInstances")
	}
}

func BenchmarkKey(b *testing.B) {
	r := serviceref.Embedded()
	b.Run("name", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Key("aws:PrincipalArn")
		}
	})
	b.Run("variable", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Key("aws:PrincipalTag/team")
		}
	})
}

func BenchmarkActions(b *testing.B) {
	r := serviceref.Embedded()
	for _, pattern := range []string{"ec2:Describe*", "*"} {
		b.Run(pattern, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range r.Actions(pattern) {
				}
			}
		})
	}
}

func BenchmarkResourceTypesOf(b *testing.B) {
	r := serviceref.Embedded()
	b.ReportAllocs()
	for b.Loop() {
		for range r.ResourceTypesOf("arn:aws:s3:::logs/a") {
		}
	}
}

func BenchmarkManagedPolicy(b *testing.B) {
	arn := policy.MustParseARN("arn:aws:iam::aws:policy/ReadOnlyAccess")
	b.ReportAllocs()
	for b.Loop() {
		m, _ := serviceref.ManagedPolicy(arn)
		m.Source()
	}
}

// All managed policies of AWS, each version that is known once.
func BenchmarkParse(b *testing.B) {
	var sources [][]byte
	size := 0
	for m := range serviceref.ManagedPolicies() {
		src := m.Source()
		sources = append(sources, src)
		size += len(src)
	}
	b.Run(fmt.Sprintf("managed-policies=%d", len(sources)), func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			for _, src := range sources {
				if _, err := policy.Parse(src); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
