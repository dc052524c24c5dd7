package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
)

// logInput is which events a command of trail reads: all files of directories, and files.
type logInput struct {
	paths        []string
	since, until string
	quiet        bool

	from, to time.Time // zero: open
	skipped  map[cloudtrail.Skipped]int
}

func (in *logInput) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&in.since, "since", "", "only events at or after this `TIME`, such as 2024-05-01 or 2024-05-01T10:00:00Z")
	fl.StringVar(&in.until, "until", "", "only events before this `TIME`; of a day, up to its end")
	fl.BoolVar(&in.quiet, "quiet", false, "no progress on standard error")
}

func (in *logInput) check(cmd *cobra.Command) (err error) {
	if in.from, err = readDay("since", in.since, 0); err != nil {
		return usageError{cmd, err}
	}
	if in.to, err = readDay("until", in.until, 1); err != nil {
		return usageError{cmd, err}
	}
	if !in.from.IsZero() && !in.to.IsZero() && !in.from.Before(in.to) {
		return usageError{cmd, fmt.Errorf("--since %s is not before --until %s", in.since, in.until)}
	}
	return nil
}

// readDay reads a time; a bare day stands for its beginning, or that of a later day.
func readDay(flag, s string, plus int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.AddDate(0, 0, plus), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("--%s %q: want a day such as 2024-05-01, or a time such as 2024-05-01T10:00:00Z", flag, s)
	}
	return t.UTC(), nil
}

// collect reduces all events.
func (in *logInput) collect(ctx context.Context, a *app, s *replay.Selection) (*replay.Summary, error) {
	all := replay.NewSummary(s)
	in.skipped = map[cloudtrail.Skipped]int{}
	for _, name := range in.paths {
		events, err := in.open(a, name)
		if err != nil {
			return nil, err
		}
		m, err := replay.Collect(ctx, s, in.within(events))
		if err != nil {
			return nil, err
		}
		all.Merge(m)
	}
	for _, why := range slices.Sorted(maps.Keys(in.skipped)) {
		a.note("passed over, being no events of calls: %d of kind %s", in.skipped[why], why)
	}
	return all, nil
}

// open is the events of a directory or a file.
func (in *logInput) open(a *app, name string) (iter.Seq2[*cloudtrail.Event, error], error) {
	info, err := os.Stat(name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = fmt.Errorf("%s: %w", filepath.ToSlash(name), p.Err)
		}
		return nil, err
	}
	dir, pattern := name, ""
	if !info.IsDir() {
		dir, pattern = filepath.Dir(name), filepath.Base(name)
	}
	r := &cloudtrail.Reader{}
	if !in.quiet && isTerminal(a.stderr) {
		r.Progress = showProgress(a)
	}
	events := r.ReadFS(os.DirFS(dir), pattern)
	return func(yield func(*cloudtrail.Event, error) bool) {
		defer func() {
			for why, n := range r.Stats().Skipped {
				in.skipped[why] += n
			}
			if r.Progress != nil {
				fmt.Fprint(a.stderr, "\r\x1b[K")
			}
		}()
		events(yield)
	}, nil
}

// showProgress tells how far reading is, five times a second, once it took one.
func showProgress(a *app) func(cloudtrail.Progress) {
	start := time.Now()
	next := start.Add(time.Second)
	return func(p cloudtrail.Progress) {
		now := time.Now()
		if now.Before(next) {
			return
		}
		next = now.Add(200 * time.Millisecond)
		fmt.Fprintf(a.stderr, "\r\x1b[K%d of %d files, %d MB …", p.Files, p.Total, p.Bytes>>20)
	}
}

// within leaves out what is earlier or later.
func (in *logInput) within(events iter.Seq2[*cloudtrail.Event, error]) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for e, err := range events {
			if err == nil && (!in.from.IsZero() && e.Time.Before(in.from) || !in.to.IsZero() && !e.Time.Before(in.to)) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// unread tells on standard error what could not be read.
func unread(a *app, first []error, count int) {
	for _, err := range first {
		a.note("%v", err)
	}
	if more := count - len(first); more > 0 && len(first) > 0 {
		a.note("and %s more", plural(more, "error"))
	}
}
