package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/transforms/stats"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/replay"
)

func init() {
	register.DoFn5x1[context.Context, logFile, func(string, record), func(fault), func(string, int), error](&readFn{})
	register.Function5x0(first)
	register.Function2x1(merge)
	register.Function2x2(tupleLine)
	register.Function2x2(coverageLine)
	register.Function2x2(countLine)
	register.Function1x2(faultLine)
	register.Emitter2[string, record]()
	register.Emitter1[fault]()
	register.Emitter2[string, int]()
	register.Emitter2[replay.Tuple, replay.Counts]()
	register.Emitter2[replay.Coverage, int]()
	register.Iter1[record]()
	for _, t := range []reflect.Type{reflect.TypeFor[replay.Tuple](), reflect.TypeFor[replay.Counts](), reflect.TypeFor[replay.Sample](), reflect.TypeFor[replay.Coverage]()} {
		beam.RegisterType(t)
	}
}

// reduce reduces log files to lines in a file: what each is, [line] says.
func reduce(s beam.Scope, selection *replay.Selection, files []logFile, out string) error {
	text, err := selection.MarshalText()
	if err != nil {
		return err
	}
	names := beam.Reshuffle(s, beam.CreateList(s, files))
	records, faults, skipped := beam.ParDo3(s, &readFn{Selection: string(text)}, names)
	counts, parts, again := beam.ParDo3(s, first, beam.GroupByKey(s, records))
	textio.Write(s, out, beam.Flatten(s,
		beam.ParDo(s, tupleLine, beam.CombinePerKey(s, merge, counts)),
		beam.ParDo(s, coverageLine, stats.SumPerKey(s, parts)),
		beam.ParDo(s, countLine, stats.SumPerKey(s, beam.Flatten(s, skipped, again))),
		beam.ParDo(s, faultLine, faults),
	))
	return nil
}

// A logFile is a file to read, and where it stands among all.
type logFile struct {
	Index int
	Path  string // to open it by
	Name  string // for people
}

// A record is one event, reduced, and where it was read.
type record struct {
	Tuple        replay.Tuple
	Counts       replay.Counts
	Part         replay.Coverage
	File, Number int
}

// A fault is something that could not be read.
type fault struct {
	File, Number int
	Text         string
}

// readFn reads and reduces the events of a file. It gives them by their IDs and what they say.
type readFn struct {
	Selection string

	reducer *replay.Reducer
}

func (f *readFn) Setup() error {
	s, err := replay.ParseSelection([]byte(f.Selection))
	if err != nil {
		return err
	}
	f.reducer = replay.NewReducer(s)
	return nil
}

func (f *readFn) ProcessElement(ctx context.Context, file logFile, event func(string, record), failed func(fault), skipped func(string, int)) error {
	files, err := filesystem.New(ctx, file.Path)
	if err != nil {
		return err
	}
	defer files.Close()
	in, err := files.OpenRead(ctx, file.Path)
	if err != nil {
		failed(fault{File: file.Index, Text: fmt.Sprintf("%s: %v", file.Name, err)})
		return nil
	}
	defer in.Close()
	var r cloudtrail.Reader
	n := 0
	for e, err := range r.Read(in) {
		if n++; err != nil {
			var where *cloudtrail.ReadError
			if errors.As(err, &where) {
				where.File = file.Name
			}
			failed(fault{file.Index, n, err.Error()})
			continue
		}
		// Another record under an ID that is taken is no copy: it could hide one.
		id := fmt.Sprintf("%s %x", e.ID, sha256.Sum256(e.Raw))
		if e.ID == "" {
			id = fmt.Sprintf("file %d, event %d", file.Index, n) // no other has this one
		}
		counts, part := replay.Count(e)
		event(id, record{f.reducer.Reduce(e), counts, part, file.Index, n})
	}
	for why, n := range r.Stats().Skipped {
		skipped(string(why), n)
	}
	return nil
}

// again is what copies are counted by, beside what [cloudtrail.Skipped] says.
const again = "again"

// first keeps of the copies of an event the one that a reader of all files would have met first.
func first(_ string, records func(*record) bool, tuple func(replay.Tuple, replay.Counts), part func(replay.Coverage, int), skipped func(string, int)) {
	var kept, r record
	n := 0
	for ; records(&r); n++ {
		if n == 0 || r.File < kept.File || r.File == kept.File && r.Number < kept.Number {
			kept = r
		}
	}
	tuple(kept.Tuple, kept.Counts)
	part(kept.Part, 1)
	if n > 1 {
		skipped(again, n-1)
	}
}

func merge(a, b replay.Counts) replay.Counts { return a.Merge(b) }

// A line is one of the file that the pipeline writes: as far as members are there.
type line struct {
	Tuple  *replay.Tuple    `json:",omitempty"`
	Counts *replay.Counts   `json:",omitempty"` // of Tuple
	Part   *replay.Coverage `json:",omitempty"`
	Other  string           `json:",omitempty"` // what is no event of a tuple
	Events int              `json:",omitempty"` // of Part or Other
	Fault  *fault           `json:",omitempty"`
}

func (l line) text() (string, error) {
	b, err := json.Marshal(l)
	return string(b), err
}

func tupleLine(t replay.Tuple, c replay.Counts) (string, error) {
	return line{Tuple: &t, Counts: &c}.text()
}

func coverageLine(in replay.Coverage, n int) (string, error) {
	return line{Part: &in, Events: n}.text()
}

func countLine(what string, n int) (string, error) { return line{Other: what, Events: n}.text() }

func faultLine(f fault) (string, error) { return line{Fault: &f}.text() }
