// Beam reduces CloudTrail logs with Apache Beam, for logs that one machine takes too long to
// read, and replays the result against a change:
//
//	go run . -snapshot DIR -change FILE -o tuples.csv DIR|FILE...
//
// Without directories or files it reads the sample logs. What it writes, licit trail replay
// --result reads. It reduces the logs without Beam, too, and prints the totals of both side by
// side; if they differ, it fails. -local=false leaves that out.
//
// The workers read and reduce events ([replay.Reducer.Reduce]), leave out those that came again,
// and add up those that the policies cannot tell apart ([replay.Counts.Merge]). Of what comes
// back, here becomes one [replay.Summary]. Beam compares the IDs of all events, and a
// [cloudtrail.Reader] those of the last half a million at least: of copies that are further
// apart, only Beam knows. Copies of one call in the logs of several accounts (sharedEventID) are
// one call to licit trail replay, and one in each log here.
//
// It is tested on Prism, the runner that needs no cluster, runs in this process and keeps
// everything in memory; on one machine, no Beam at all is faster. For others, such as Flink and
// Dataflow, Beam has flags (-runner, -endpoint and more, which -help lists) that are passed on;
// the logs and -work must be where all workers find them by the same names.
//
// It is a module of its own, so that nobody who uses licit inherits what Beam needs.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/simulate"
)

// A job is one run of the program.
type job struct {
	snapshot, change, output, work string
	local                          bool
	logs                           []string
}

func main() {
	var j job
	flag.StringVar(&j.snapshot, "snapshot", "../orgs/fintech", "`directory` of the snapshot of the organization")
	flag.StringVar(&j.change, "change", "../trail/everywhere.json", "JSON `file` of changes")
	flag.StringVar(&j.output, "o", "", "CSV `file` to write the tuples to")
	flag.StringVar(&j.work, "work", "", "`directory` that all workers see, for reduced.jsonl, which they write (default a temporary one)")
	flag.BoolVar(&j.local, "local", true, "reduce the logs without Beam, too, and compare")
	flag.Parse()
	beam.Init()
	j.logs = flag.Args()
	if err := j.run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "beam:", err)
		os.Exit(1)
	}
}

func (j *job) run(ctx context.Context, w io.Writer) error {
	before, after, err := worlds(j.snapshot, j.change)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "beam")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	if j.work == "" {
		j.work = temporary
	}
	if len(j.logs) == 0 {
		j.logs = []string{filepath.Join(temporary, "sample")}
		if err := writeSample(j.logs[0]); err != nil {
			return err
		}
	}
	s := replay.SelectChange(before.Organization(), after.Organization())
	var t table
	for _, by := range []struct {
		name   string
		reduce func(context.Context, *replay.Selection) (*result, error)
	}{{"Beam", j.withBeam}, {"local", j.withoutBeam}} {
		if by.name == "local" && !j.local {
			continue
		}
		start := time.Now()
		r, err := by.reduce(ctx, s)
		if err != nil {
			return err
		}
		took := time.Since(start)
		report, err := replay.DryRunSummary(ctx, before, after, r.summary)
		if err != nil {
			return err
		}
		var csv bytes.Buffer
		if err := r.summary.WriteCSV(&csv); err != nil {
			return err
		}
		t.add(by.name, r, report, csv.Bytes(), took)
	}
	if j.output != "" {
		if err := os.WriteFile(j.output, t.columns[0].csv, 0o666); err != nil {
			return err
		}
	}
	return t.write(w)
}

// worlds are the organization of a snapshot before and after a change.
func worlds(snapshot, change string) (before, after *simulate.Environment, err error) {
	o, err := org.ReadFS(os.DirFS(snapshot))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", snapshot, err)
	}
	if before, err = simulate.Compile(o); err != nil {
		return nil, nil, err
	}
	changes, err := org.ReadChanges(os.DirFS(filepath.Dir(change)), filepath.Base(change))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", filepath.Dir(change), err)
	}
	after, err = before.Apply(changes...)
	return before, after, err
}

// writeSample writes the log files of the sample to a directory, where workers find them.
func writeSample(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	return fs.WalkDir(examples.Trail(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "/CloudTrail/") {
			return err
		}
		text, err := fs.ReadFile(examples.Trail(), name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, path.Base(name)), text, 0o666)
	})
}

func (j *job) withBeam(ctx context.Context, s *replay.Selection) (*result, error) {
	files, err := list(j.logs)
	if err != nil {
		return nil, err
	}
	p, scope := beam.NewPipelineWithRoot()
	out := filepath.Join(j.work, "reduced.jsonl")
	if err := reduce(scope, s, files, out); err != nil {
		return nil, err
	}
	if err := beamx.Run(ctx, p); err != nil {
		return nil, err
	}
	return readResult(ctx, s, out)
}

// list is the files of directories, and files, in the order in which a reader reads them.
func list(paths []string) ([]logFile, error) {
	var out []logFile
	for _, root := range paths {
		root, err := filepath.Abs(root)
		if err != nil {
			return nil, err
		}
		if err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return nil
			case !d.Type().IsRegular() && d.Type()&fs.ModeSymlink == 0:
				return fmt.Errorf("%s: is no regular file", file)
			}
			name, err := filepath.Rel(root, file)
			if name == "." {
				name = filepath.Base(file)
			}
			out = append(out, logFile{len(out), file, filepath.ToSlash(name)})
			return err
		}); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no files in %q", paths)
	}
	return out, nil
}

func (j *job) withoutBeam(ctx context.Context, s *replay.Selection) (*result, error) {
	r := new(cloudtrail.Reader)
	m, err := replay.Collect(ctx, s, events(r, j.logs))
	if err != nil {
		return nil, err
	}
	return &result{m, r.Stats().Skipped}, nil
}

// events are those of all files, read without Beam.
func events(r *cloudtrail.Reader, paths []string) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for _, root := range paths {
			dir, pattern := root, ""
			if info, err := os.Stat(root); err == nil && !info.IsDir() {
				dir, pattern = filepath.Split(root)
			}
			for e, err := range r.ReadFS(os.DirFS(filepath.Clean(dir)), pattern) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}
