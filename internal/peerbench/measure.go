package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A question is one row of the workloads, with the engines that answer it; the first is
// licit.
type question struct {
	workload, text string
	engines        []engine
}

// An engine answers one question.
type engine struct {
	name string
	// check fails unless the answer is the expected one.
	check func() error
	// run answers the question once; check has seen that it can.
	run func()
}

// options say how everything is measured.
type options struct {
	count int
	cpu   bool // processor time instead of elapsed time
}

type sample struct {
	ns     float64
	allocs int64
}

// check fails unless all engines answer as expected.
func (q *question) check() error {
	for _, e := range q.engines {
		if err := e.check(); err != nil {
			return fmt.Errorf("%s, %s: %s: %w", q.workload, q.text, e.name, err)
		}
	}
	return nil
}

// measure lets the engines of a question take turns.
func (q *question) measure(o options) ([][]sample, error) {
	samples := make([][]sample, len(q.engines))
	for range o.count {
		for i, e := range q.engines {
			s, err := e.measure(o.cpu)
			if err != nil {
				return nil, err
			}
			samples[i] = append(samples[i], s)
		}
	}
	return samples, nil
}

func (e *engine) measure(cpu bool) (sample, error) {
	var used time.Duration
	var failed error
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		before, err := processorTime()
		for b.Loop() {
			e.run()
		}
		after, _ := processorTime()
		used, failed = after-before, err
	})
	if !cpu {
		used, failed = r.T, nil
	}
	return sample{float64(used.Nanoseconds()) / float64(r.N), r.AllocsPerOp()}, failed
}

// A group is questions about the same data.
type group func(root string) ([]question, error)

// run measures the groups one after the other, so that what one retains does not burden the
// garbage collector in another, and returns the table.
func run(groups []group, root string, o options) (string, error) {
	var t strings.Builder
	t.WriteString("| | question | engine | minimum | median | allocations | median ÷ licit's |\n|---|---|---|--:|--:|--:|--:|\n")
	for _, group := range groups {
		questions, err := group(root)
		if err != nil {
			return "", err
		}
		for _, q := range questions {
			if err := q.check(); err != nil {
				return "", err
			}
		}
		for _, q := range questions {
			samples, err := q.measure(o)
			if err != nil {
				return "", err
			}
			q.write(&t, samples)
		}
	}
	what := "elapsed time"
	if o.cpu {
		what = "processor time"
	}
	fmt.Fprintf(&t, "\n%s, %d CPUs, %s, %d measurements of %s for each.\n", runtime.Version(), runtime.NumCPU(), processor(), o.count, what)
	return t.String(), nil
}

func (q *question) write(t *strings.Builder, samples [][]sample) {
	licit := median(samples[0])
	for i, e := range q.engines {
		least := slices.MinFunc(samples[i], func(a, b sample) int { return cmp.Compare(a.ns, b.ns) }).ns
		ratio := "1"
		if i > 0 {
			ratio = significant(median(samples[i]) / licit)
		}
		allocs := slices.MinFunc(samples[i], func(a, b sample) int { return cmp.Compare(a.allocs, b.allocs) }).allocs
		fmt.Fprintf(t, "| %s | %s | %s | %s | %s | %d | %s |\n", q.workload, q.text, e.name, duration(least), duration(median(samples[i])), allocs, ratio)
	}
}

func median(s []sample) float64 {
	sorted := slices.SortedFunc(slices.Values(s), func(a, b sample) int { return cmp.Compare(a.ns, b.ns) })
	n := len(sorted)
	return (sorted[(n-1)/2].ns + sorted[n/2].ns) / 2
}

// duration writes nanoseconds with three digits.
func duration(ns float64) string {
	switch {
	case ns < 1e3:
		return significant(ns) + " ns"
	case ns < 1e6:
		return significant(ns/1e3) + " µs"
	case ns < 1e9:
		return significant(ns/1e6) + " ms"
	}
	return significant(ns/float64(time.Second)) + " s"
}

func significant(x float64) string {
	switch {
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
