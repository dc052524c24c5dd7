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
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/examples"
)

// logInput is which events a command of trail reads: those of all files of directories, and of
// files; of no path, those of the embedded sample.
type logInput struct {
	paths        []string
	since, until string
	quiet        bool

	from, to time.Time // zero: open
	outside  int       // events that were left out for it
}

func (in *logInput) register(cmd *cobra.Command) {
	in.registerPeriod(cmd)
	cmd.Flags().BoolVarP(&in.quiet, "quiet", "q", false, "no progress on standard error")
}

func (in *logInput) registerPeriod(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&in.since, "since", "", "only events at or after this `TIME` or day, UTC, such as 2024-05-01 or 2024-05-01T10:00:00Z")
	fl.StringVar(&in.until, "until", "", "only events before this `TIME` or day")
}

func (in *logInput) check(cmd *cobra.Command) (err error) {
	in.from, in.to, err = period(cmd, "since", in.since, "until", in.until)
	return err
}

// period reads the two ends of one; empty ones are zero.
func period(cmd *cobra.Command, since, from, until, to string) (start, end time.Time, err error) {
	read := func(flag, s string) time.Time {
		if s == "" || err != nil {
			return time.Time{}
		}
		for _, layout := range []string{time.DateOnly, time.RFC3339} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.UTC()
			}
		}
		err = usageError{cmd, fmt.Errorf("--%s %q: want a day such as 2024-05-01, or a time such as 2024-05-01T10:00:00Z", flag, s)}
		return time.Time{}
	}
	start, end = read(since, from), read(until, to)
	if err == nil && from != "" && to != "" && !start.Before(end) {
		err = usageError{cmd, fmt.Errorf("--%s %s is not before --%s %s", since, from, until, to)}
	}
	return start, end, err
}

// ofSnapshot wants logs and a snapshot of one organization, or neither: the sample logs are those
// of the sample organization.
func (in *logInput) ofSnapshot(cmd *cobra.Command) error {
	switch given := cmd.Flags().Changed("snapshot"); {
	case given && in.isSample():
		return usageError{cmd, errors.New("no logs; want directories or files")}
	case !given && !in.isSample():
		return usageError{cmd, errors.New("no --snapshot; want the directory of the snapshot of the organization that the logs are of")}
	}
	return nil
}

// isSample reports whether the events are those of the embedded sample.
func (in *logInput) isSample() bool { return len(in.paths) == 0 }

// name is what the events are of, for people.
func (in *logInput) name() string {
	if in.isSample() {
		return "the sample logs"
	}
	var out []string
	for _, p := range in.paths {
		out = append(out, filepath.ToSlash(p))
	}
	return strings.Join(out, ", ")
}

// noteSample says that the sample is used.
func noteSample(a *app) {
	a.note("using the embedded sample logs; name your own directory or files")
}

// collect reduces the events of the period.
func (in *logInput) collect(ctx context.Context, a *app, s *replay.Selection) (*replay.Summary, error) {
	events, done, err := in.read(a)
	if err != nil {
		return nil, err
	}
	defer done()
	return replay.Collect(ctx, s, in.within(events))
}

// read is all events. One reader reads them, so that copies are found wherever they are; done
// says what it passed over.
func (in *logInput) read(a *app) (events iter.Seq2[*cloudtrail.Event, error], done func(), err error) {
	type source struct {
		fsys    fs.FS
		pattern string
		dir     string // what errors name files in; empty: the sample
	}
	var sources []source
	if in.isSample() {
		noteSample(a)
		sources = append(sources, source{examples.Trail(), "", ""})
	}
	for _, name := range in.paths {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("%q: %w; want the directory of the log files, or one of them", name, plainPathError(err))
		case info.IsDir():
			sources = append(sources, source{os.DirFS(name), "", name})
		default:
			sources = append(sources, source{os.DirFS(filepath.Dir(name)), literalPattern.Replace(filepath.Base(name)), filepath.Dir(name)})
		}
	}
	r := new(cloudtrail.Reader)
	show, clear := fileProgress(a, in.quiet)
	r.Progress = func(p cloudtrail.Progress) { show(p.Files, p.Total, p.Bytes) }
	return func(yield func(*cloudtrail.Event, error) bool) {
			for _, s := range sources {
				for e, err := range r.ReadFS(s.fsys, s.pattern) {
					if !yield(e, inLogs(s.dir, err)) {
						return
					}
				}
			}
		}, func() {
			clear()
			noteStats(a, r.Stats())
		}, nil
}

// literalPattern makes a pattern of the name of a file.
var literalPattern = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)

// inLogs has an error name its file with the directory.
func inLogs(dir string, err error) error {
	var bad *cloudtrail.ReadError
	if dir == "" || !errors.As(err, &bad) {
		return err
	}
	named := *bad
	named.File = filepath.ToSlash(filepath.Join(dir, bad.File))
	return &named
}

// noteStats tells what a reader passed over, and what is odd about what it gave.
func noteStats(a *app, s cloudtrail.Stats) {
	for _, why := range slices.Sorted(maps.Keys(s.Skipped)) {
		if why != cloudtrail.SkippedTime {
			a.note("passed over, being no events of calls: %d of kind %s", s.Skipped[why], why)
		}
	}
	if n := s.Skipped[cloudtrail.SkippedTime]; n > 0 {
		a.note("%s with a creationDate that is no time, read without it", plural(n, "event"))
	}
	if s.Conflicts > 0 {
		a.note("%s with the eventID of another record: copies in another form, or one of both was changed; all are counted", plural(s.Conflicts, "event"))
	}
	if !s.DuplicatesExact {
		a.note("copies of events may be counted twice: some have no eventID, or are too far apart to be compared")
	}
	if s.Future > 0 {
		a.note("%s dated more than a year after today: a clock was wrong, or somebody changed them", plural(s.Future, "event"))
	}
}

// fileProgress shows how far reading is, five times a second, once it took one, where somebody may
// be waiting: on a terminal.
func fileProgress(a *app, quiet bool) (show func(files, total int, bytes int64), clear func()) {
	if quiet || !isTerminal(a.stderr) {
		return func(int, int, int64) {}, func() {}
	}
	start, shown := time.Now(), false
	next := start.Add(time.Second)
	return func(files, total int, bytes int64) {
			now := time.Now()
			if now.Before(next) {
				return
			}
			next, shown = now.Add(200*time.Millisecond), true
			fmt.Fprintf(a.stderr, "\r\x1b[K%s%d of %d files, %d MB in %s …", bar(files, total), files, total, bytes>>20, now.Sub(start).Round(time.Second))
		}, func() {
			if shown {
				fmt.Fprint(a.stderr, "\r\x1b[K")
			}
		}
}

// bar is a progress bar.
func bar(done, all int) string {
	const width = 20
	if all <= 0 {
		return ""
	}
	n := min(width, width*done/all)
	return "[" + strings.Repeat("=", n) + strings.Repeat(" ", width-n) + "] "
}

// within leaves out what is earlier or later.
func (in *logInput) within(events iter.Seq2[*cloudtrail.Event, error]) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for e, err := range events {
			if err == nil && (!in.from.IsZero() && e.Time.Before(in.from) || !in.to.IsZero() && !e.Time.Before(in.to)) {
				in.outside++
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// isEmpty reports whether a command had nothing to say anything about, and says so: what was not
// looked at has not passed.
func (in *logInput) isEmpty(a *app, calls int, what string) bool {
	if in.outside > 0 {
		a.note("%s outside of --since and --until", plural(in.outside, "event"))
	}
	if calls > 0 {
		return false
	}
	a.note("%s; nothing is known", what)
	return true
}

// unread tells on standard error what could not be read.
func unread(a *app, first []error, count int) {
	for _, err := range first {
		a.note("%s", printable(err.Error()))
	}
	if more := count - len(first); more > 0 && len(first) > 0 {
		a.note("and %s more", plural(more, "error"))
	}
}

// moment is a time as it is printed; empty if it is not known.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
