package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/licit-dev/licit/cloudtrail/replay"
)

// A table is totals side by side.
type table struct{ columns []column }

type column struct {
	name  string
	rows  []row
	csv   []byte
	took  time.Duration
	notes []error // what could not be read
}

type row struct {
	what string
	n    int
}

func (t *table) add(name string, r *result, report *replay.Report, csv []byte, took time.Duration) {
	c := column{name: name, csv: csv, took: took, notes: report.Errors}
	count := func(what string, n int) { c.rows = append(c.rows, row{what, n}) }
	sum := func(what string, list []replay.Delta, keep func(*replay.Delta) bool) {
		n := 0
		for i := range list {
			if keep(&list[i]) {
				n += list[i].Events
			}
		}
		count(what, n)
	}
	certain := func(d *replay.Delta) bool { return d.Certain }
	perhaps := func(d *replay.Delta) bool { return !d.Certain }
	all := func(*replay.Delta) bool { return true }
	count("events", report.Events)
	count("that came again, left out", report.Duplicates)
	count("parts that could not be read", report.Unread)
	for _, why := range slices.Sorted(maps.Keys(r.skipped)) {
		count("passed over: "+string(why), r.skipped[why])
	}
	count("accounts", len(report.Accounts))
	count("Regions", len(report.Regions))
	count("days", len(report.Days))
	count("kinds that policies tell apart", report.Tuples)
	count("calls that succeeded", report.Succeeded)
	count("calls refused", report.Denied)
	count("calls that failed otherwise", report.Failed)
	count("backtest: agree", report.Backtest.Agree)
	count("backtest: disagree", report.Backtest.Disagree)
	count("backtest: not decided", report.Backtest.Undecided)
	sum("would be denied for certain", report.Broken, certain)
	sum("would perhaps be denied", report.Broken, perhaps)
	sum("were refused, would be allowed", report.Opened, all)
	sum("apart: not restricted, or outside", report.Apart, all)
	sum("errors of the model", report.Unsure, all)
	t.columns = append(t.columns, c)
}

// write prints the table. The error says that the columns differ.
func (t *table) write(w io.Writer) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	cells := func(what string, cell func(c *column) any) {
		for i := range t.columns {
			fmt.Fprintf(out, "%v\t", cell(&t.columns[i]))
		}
		fmt.Fprintf(out, "  %s\n", what)
	}
	cells("", func(c *column) any { return c.name })
	same := true
	first := &t.columns[0]
	for i, r := range first.rows {
		cells(r.what, func(c *column) any {
			if i >= len(c.rows) {
				return "-"
			}
			return c.rows[i].n
		})
	}
	cells("seconds", func(c *column) any { return fmt.Sprintf("%.1f", c.took.Seconds()) })
	if err := out.Flush(); err != nil {
		return err
	}
	for _, err := range first.notes {
		fmt.Fprintln(w, "not read:", err)
	}
	for i := range t.columns {
		same = same && slices.Equal(first.rows, t.columns[i].rows) && bytes.Equal(first.csv, t.columns[i].csv)
	}
	if !same {
		return errors.New("the totals, or the tuples, of Beam are not those without it")
	}
	return nil
}
