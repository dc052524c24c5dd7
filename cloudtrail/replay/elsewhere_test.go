package replay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/simulate"
)

func text(t rapid.TB, s *replay.Selection) []byte {
	t.Helper()
	b, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestElsewhere reduces each event for itself, with a selection that came as a text, and adds
// up what comes of it, in another order: the summary is that of Collect, and so is the report.
func TestElsewhere(t *testing.T) {
	before := compile(t, company(t))
	ctx := context.Background()
	rapid.Check(t, func(rt *rapid.T) {
		after := withSCP(t, before, drawPolicy(rt))
		events := drawEvents(rt)
		events[0].Category = "Data"
		for _, s := range []*replay.Selection{
			replay.SelectChange(before.Organization(), after.Organization()),
			replay.SelectOrganization(before.Organization(), after.Organization()),
			replay.SelectUsage(), replay.SelectAll(),
		} {
			whole, err := replay.Collect(ctx, s, func(yield func(*cloudtrail.Event, error) bool) {
				again := *events[0]
				again.Duplicate = true
				for _, e := range append(events, &again) {
					if !yield(e, nil) {
						return
					}
				}
				yield(nil, errors.New("unreadable"))
			})
			if err != nil {
				rt.Fatal(err)
			}
			parsed, err := replay.ParseSelection(text(rt, s))
			if err != nil {
				rt.Fatal(err)
			}
			m := elsewhere(parsed, events)
			m.AddDuplicates(1)
			m.Fail(errors.New("unreadable"))
			same(rt, before, after, whole, m)
		}
	})
}

func elsewhere(s *replay.Selection, events []*cloudtrail.Event) *replay.Summary {
	tuples, covered := map[replay.Tuple]replay.Counts{}, map[replay.Coverage]int{}
	for _, e := range slices.Backward(events) {
		t := replay.NewReducer(s).Reduce(e)
		c, in := replay.Count(e)
		tuples[t] = tuples[t].Merge(c)
		covered[in]++
	}
	m := replay.NewSummary(s)
	for t, c := range tuples {
		m.AddCounts(t, c)
	}
	for in, n := range covered {
		m.AddCoverage(in, n)
	}
	return m
}

func same(t rapid.TB, before, after *simulate.Environment, want, got *replay.Summary) {
	t.Helper()
	if diff := cmp.Diff(tuples(want), tuples(got)); diff != "" {
		t.Errorf("tuples differ:\n%s", diff)
	}
	if diff := cmp.Diff(maps.Collect(want.Covered()), maps.Collect(got.Covered())); diff != "" {
		t.Errorf("coverage differs:\n%s", diff)
	}
	var a, b strings.Builder
	if err := errors.Join(want.WriteCSV(&a), got.WriteCSV(&b)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a.String(), b.String()); diff != "" {
		t.Errorf("CSV differs:\n%s", diff)
	}
	var reports [2]*replay.Report
	for i, m := range []*replay.Summary{want, got} {
		r, err := replay.DryRunSummary(context.Background(), before, after, m)
		if err != nil {
			t.Fatal(err)
		}
		reports[i] = r
	}
	if diff := cmp.Diff(reports[0], reports[1], cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })); diff != "" {
		t.Errorf("reports differ:\n%s", diff)
	}
}

// TestSelectionText has each part of a selection once: reading and writing change nothing.
func TestSelectionText(t *testing.T) {
	want := `{"all":false,"keys":["aws:principaltag/team","aws:sourceip"],"ranges":["203.0.113.0/24","0.0.0.0/0"],"exact":true,"sessions":true,"objects":true,"buckets":["logs"],"services":["s3"]}`
	for _, w := range []string{want, strings.Replace(want, `["s3"]`, `[]`, 1), strings.Replace(want, `["s3"]`, `null`, 1)} {
		s, err := replay.ParseSelection([]byte(w))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(text(t, s)); got != w {
			t.Errorf("got %s, want %s", got, w)
		}
	}
}

func TestParseSelectionErrors(t *testing.T) {
	for _, bad := range []string{
		``, `[]`, `{"all":true} {}`, `{"keyz":[]}`, `{"keys":[1]}`, `{"ranges":["203.0.113.7/24"]}`, `{"ranges":["logs"]}`, `{"ranges":[""]}`, `{"services":"s3"}`, `{"all":`,
	} {
		if s, err := replay.ParseSelection([]byte(bad)); err == nil {
			t.Errorf("%s: got %s, want an error", bad, text(t, s))
		} else if !strings.HasPrefix(err.Error(), "not a selection: ") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func ExampleParseSelection() {
	before, after := exampleWorld()
	text, err := replay.SelectChange(before.Organization(), after.Organization()).MarshalText()
	if err != nil {
		fmt.Println(err)
	}
	s, err := replay.ParseSelection(text)
	fmt.Println(s.Keys(), err)
	// Output: [aws:requestedregion] <nil>
}

// What is reduced in parts, perhaps on many machines, becomes one summary.
func ExampleCount() {
	s := replay.Select()
	tuples, covered := map[replay.Tuple]replay.Counts{}, map[replay.Coverage]int{}
	r := replay.NewReducer(s)
	for e := range cloudtrail.Read(strings.NewReader(exampleLog)) {
		t := r.Reduce(e)
		c, in := replay.Count(e)
		tuples[t] = tuples[t].Merge(c)
		covered[in]++
	}
	m := replay.NewSummary(s)
	for t, c := range tuples {
		m.AddCounts(t, c)
	}
	for in, n := range covered {
		m.AddCoverage(in, n)
	}
	for in, n := range m.Covered() {
		fmt.Println(in.Day, in.Region, n)
	}
	fmt.Println(m.Events(), "events")
	// Output:
	// 2024-05-01 eu-west-1 1
	// 2024-05-02 us-west-2 1
	// 2 events
}
