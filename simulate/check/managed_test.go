package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate/check"
)

// A managedPair is two managed policies of AWS, of which the first may be within the second.
type managedPair struct {
	set              string
	inner, outer     *policy.Document
	innerID, outerID string
}

// managed are the documents of all managed policies, in the order of their ARNs.
var managed = sync.OnceValues(func() (names []string, documents map[string]*policy.Document) {
	documents = map[string]*policy.Document{}
	for p := range serviceref.ManagedPolicies() {
		name := p.ARN.String()
		names, documents[name] = append(names, name), p.Document()
	}
	return names, documents
})

// managedPairs are pairs of managed policies by set: each with itself, with its neighbour, with the
// large ones, and XReadOnly with XFull.
func managedPairs() []managedPair {
	names, documents := managed()
	var out []managedPair
	add := func(set, inner, outer string) {
		out = append(out, managedPair{set, documents[inner], documents[outer], inner, outer})
	}
	for i, name := range names {
		add("self", name, name)
		if i > 0 {
			add("neighbours", names[i-1], name)
			add("neighbours", name, names[i-1])
		}
		add("⊆ Admin", name, "arn:aws:iam::aws:policy/AdministratorAccess")
		add("⊆ PowerUser", name, "arn:aws:iam::aws:policy/PowerUserAccess")
		add("⊆ ReadOnly", name, "arn:aws:iam::aws:policy/ReadOnlyAccess")
		if full := strings.Replace(name, "ReadOnly", "Full", 1); full != name && documents[full] != nil {
			add("XReadOnly ⊆ XFull", name, full)
		}
	}
	return out
}

// versionPairs are consecutive versions of policies, NAME/VERSION.json in a directory that
// LICIT_POLICY_VERSIONS names; the versions sort by length, then by name.
func versionPairs(t testing.TB) (out []managedPair) {
	dir := os.Getenv("LICIT_POLICY_VERSIONS")
	if dir == "" {
		return nil
	}
	folders, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		files, err := filepath.Glob(filepath.Join(dir, f.Name(), "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		sort.Slice(files, func(i, j int) bool {
			return len(files[i]) < len(files[j]) || len(files[i]) == len(files[j]) && files[i] < files[j]
		})
		var before *policy.Document
		for i, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d, err := policy.Parse(src)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if before != nil {
				out = append(out, managedPair{"versions, new ⊆ old", d, before, file, files[i-1]},
					managedPair{"versions, old ⊆ new", before, d, files[i-1], file})
			}
			before = d
		}
	}
	return out
}

var began = time.Now()

// clock is the time that pairs are measured with.
var clock = func() time.Duration { return time.Since(began) }

// BenchmarkNoNewAccess asks about pairs of managed policies whose documents have been asked
// about before. With -benchtime=1594x, or as many pairs as a set has, each is asked once.
func BenchmarkNoNewAccess(b *testing.B) {
	b.Run("set=versions", func(b *testing.B) {
		if os.Getenv("LICIT_POLICY_VERSIONS") == "" {
			b.Skip("LICIT_POLICY_VERSIONS names no directory with NAME/VERSION.json: the history of policies is not measured")
		}
	})
	pairs := append(managedPairs(), versionPairs(b)...)
	var sets []string
	bySet := map[string][]managedPair{}
	for _, p := range pairs {
		if bySet[p.set] == nil {
			sets = append(sets, p.set)
		}
		bySet[p.set] = append(bySet[p.set], p)
	}
	for _, set := range sets {
		b.Run("set="+strings.ReplaceAll(set, " ", ""), func(b *testing.B) {
			list := bySet[set]
			times := make([]time.Duration, 0, len(list))
			var count [3]int
			// Prepared: each document has been asked about before.
			for _, p := range list {
				for _, d := range []*policy.Document{p.inner, p.outer} {
					if _, err := check.NoNewAccess(context.Background(), d, d, policy.IdentityBased); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				p := list[i%len(list)]
				start := clock()
				r, err := check.NoNewAccess(context.Background(), p.outer, p.inner, policy.IdentityBased)
				if err != nil {
					b.Fatal(err)
				}
				times = append(times, clock()-start)
				if i < len(list) {
					count[r.Verdict]++
				}
				i++
			}
			report(b, times, count)
			b.ReportMetric(float64(len(list)), "pairs")
		})
	}
}

// BenchmarkNoNewAccessServices asks about documents whose statements name a service each, on
// resources that differ.
func BenchmarkNoNewAccessServices(b *testing.B) {
	for _, n := range []int{500, 2000} {
		b.Run(fmt.Sprintf("statements=%d", n), func(b *testing.B) {
			document := func(bucket string) *policy.Document {
				var list []string
				for i := range n {
					list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"service%d:Get*","Resource":"arn:aws:s3:::%s%[1]d/*"}`, i, bucket))
				}
				return document(list)
			}
			existing, updated := document("orders"), document("logs")
			b.ReportAllocs()
			for b.Loop() {
				r, err := check.NoNewAccess(context.Background(), existing, updated, policy.IdentityBased)
				if err != nil || r.Verdict != check.Fail {
					b.Fatal(r.Verdict, r.Reason, err)
				}
			}
		})
	}
}

// report adds the distribution of times and the verdicts to a benchmark's result.
func report(b *testing.B, times []time.Duration, count [3]int) {
	slices.Sort(times)
	at := func(share float64) float64 {
		return float64(times[int(share*float64(len(times)-1))]) / float64(time.Millisecond)
	}
	b.ReportMetric(at(0.5), "ms-median")
	b.ReportMetric(at(0.95), "ms-p95")
	b.ReportMetric(at(0.99), "ms-p99")
	b.ReportMetric(at(1), "ms-max")
	b.ReportMetric(float64(count[check.Pass]), "pass")
	b.ReportMetric(float64(count[check.Fail]), "fail")
	b.ReportMetric(float64(count[check.Unknown]), "unknown")
}
