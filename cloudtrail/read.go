package cloudtrail

import (
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"time"
)

// Read returns the events of one log, in its order. What it is shows by its content:
//
//   - a log file that CloudTrail delivered, {"Records": […]}
//   - what LookupEvents answered, as the AWS CLI prints it, also several pages
//   - events of EventBridge, also as messages of SQS or SNS, or records of Firehose or Kinesis
//   - log events of CloudWatch Logs: what FilterLogEvents answered, data of a subscription,
//     and exports, where the time stands before the event on each line
//   - one event per line, or an array of events
//
// and each of them compressed with gzip.
//
// An error of the sequence is a [*ReadError]. It loses the record that it is about, and the
// sequence goes on; a text that does not begin as a log is given up. Of the text, no more is in
// memory than 128 KiB or a record, which is an error if it is longer than 8 MiB: CloudTrail
// writes none of more than 1 MB. Strings that are not UTF-8, which CloudTrail may cut off in the
// middle of a character, are read with U+FFFD; [Event.Raw] has them as they are.
//
// Use a [Reader] to learn what was read and skipped.
func Read(r io.Reader) iter.Seq2[*Event, error] { return new(Reader).Read(r) }

// ReadFS returns the events of the files that match a pattern, in the order of their paths,
// and in each as [Read] does. In a pattern, ** is any number of folders, and the rest is that
// of [path.Match]; the empty one matches all files.
//
// Files are read at the same time, on as many threads as GOMAXPROCS says, and what was read
// ahead of the loop is bounded. When the loop ends, no file stays open.
//
// An error of the sequence is a [*ReadError]. It loses the record or the file that it is
// about, and the sequence goes on. A pattern that is malformed or that no file matches is one.
func ReadFS(fsys fs.FS, pattern string) iter.Seq2[*Event, error] {
	return new(Reader).ReadFS(fsys, pattern)
}

// A Reader reads logs and keeps count. The zero Reader is ready; it is not for use by several
// goroutines.
type Reader struct {
	// Progress is called by ReadFS after each file, by the goroutine of the loop. It may be nil;
	// if it is not, the files are counted before they are read.
	Progress func(Progress)

	stats    Stats
	ids      ids
	horizon  time.Time // where the future begins
	accounts tally[string]
	regions  tally[string]
	days     tally[int64]
}

// A Progress is how far [Reader.ReadFS] is.
type Progress struct {
	Files int    // that are done with
	Total int    // that matched the pattern at the beginning
	Bytes int64  // Stats.Bytes
	File  string // the last one
}

// Stats are what was read.
type Stats struct {
	Files      int       // read, at least in part
	Bytes      int64     // of their texts, uncompressed
	Stored     int64     // of the files themselves
	Events     int       // given to the loop
	Duplicates int       // of them, those with [Event.Duplicate]
	Conflicts  int       // of them, those whose ID another record had before, such as one of another form
	Future     int       // of them, those that are dated more than a year after now
	First      time.Time // Event.Time of the earliest event; zero: no events
	Last       time.Time // and of the latest, but for those of the future

	// DuplicatesExact is whether each event had an ID, and was compared with all that came
	// before it. The IDs of the last 524,288 events are compared with in any case; all of
	// them, for ever, would not fit in bounded memory.
	DuplicatesExact bool

	// Of more than 65,536 accounts, Regions or days, the further ones are counted as the empty
	// account or Region, or as 1970-01-01.
	Accounts map[string]int // events by Event.Account
	Regions  map[string]int // events by Event.Region
	Days     map[string]int // events by day, "2024-05-01"

	Skipped map[Skipped]int // what is not for the loop
	Faults  map[Fault]int   // errors given to the loop
}

// Skipped is why something is no error, and yet not given to the loop.
type Skipped string

const (
	SkippedDigest     Skipped = "digest"     // a digest file, or its metadata or public key, which package digest reads
	SkippedInsight    Skipped = "insight"    // an event of CloudTrail Insights
	SkippedAggregated Skipped = "aggregated" // a summary of data events
	SkippedOther      Skipped = "other"      // an event that is not of CloudTrail, a control message
	SkippedEmpty      Skipped = "empty"      // a file without text
	SkippedTime       Skipped = "time"       // a creationDate that is no time; the event is given without it
)

// Fault is the kind of a [ReadError].
type Fault string

const (
	FaultFile      Fault = "file"      // a file could not be opened, or changed
	FaultRead      Fault = "read"      // reading stopped: a disk, or damaged gzip; what came before was read
	FaultForm      Fault = "form"      // JSON, or a text, that is no event
	FaultSyntax    Fault = "syntax"    // not JSON
	FaultTruncated Fault = "truncated" // the text ends too early
	FaultLarge     Fault = "large"     // a record that is too long
	FaultPage      Fault = "page"      // the last page of a text has a token of further ones, which are not there
	FaultType      Fault = "type"      // an event whose members are not what they should be
)

// A ReadError says what could not be read.
type ReadError struct {
	File   string // empty: of Read
	Offset int64  // in bytes of the uncompressed text, where the record begins; of what is wrapped, where its wrapper begins
	Fault  Fault
	Err    error
}

// Error says where, and what is wrong.
func (e *ReadError) Error() string {
	if e.Fault == FaultFile {
		return fmt.Sprintf("%s: %v", e.File, e.Err)
	}
	if e.File == "" {
		return fmt.Sprintf("byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("%s: byte %d: %v", e.File, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// Stats returns what was read so far, by all loops.
func (r *Reader) Stats() Stats {
	s := r.stats
	s.Accounts, s.Regions, s.Days = r.accounts.counts(), r.regions.counts(), make(map[string]int)
	for day, n := range r.days.counts() {
		s.Days[time.Unix(day*86400, 0).UTC().Format(time.DateOnly)] = n
	}
	s.Skipped, s.Faults = maps.Clone(s.Skipped), maps.Clone(s.Faults)
	s.DuplicatesExact = !r.ids.forgot
	return s
}

// Read is [Read], and counts.
func (r *Reader) Read(src io.Reader) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		d := &walker{w: &window{err: io.EOF}, scan: new(scanner), skip: func(s Skipped) { count(&r.stats.Skipped, s, 1) }}
		d.emit = func(e *Event, err *ReadError) bool { return r.give(e, err, yield) }
		stored := &counter{Reader: src}
		d.read(new(unzipper).unzip(stored))
		r.stats.Files++
		r.stats.Bytes += d.w.offset()
		r.stats.Stored += stored.n
	}
}

// A counter counts what is read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(to []byte) (int, error) {
	n, err := c.Reader.Read(to)
	c.n += int64(n)
	return n, err
}

// give counts an event or an error, and gives it to the loop.
func (r *Reader) give(e *Event, err *ReadError, yield func(*Event, error) bool) bool {
	s := &r.stats
	if err != nil {
		count(&s.Faults, err.Fault, 1)
		return yield(nil, err)
	}
	s.Events++
	switch r.ids.seen(e.ID, e.Raw) {
	case idSame:
		e.Duplicate = true
		s.Duplicates++
	case idConflict:
		s.Conflicts++
	}
	if r.horizon.IsZero() {
		r.horizon = time.Now().AddDate(1, 0, 0)
	}
	if s.First.IsZero() || e.Time.Before(s.First) {
		s.First = e.Time
	}
	if e.Time.After(r.horizon) {
		s.Future++
	} else if e.Time.After(s.Last) {
		s.Last = e.Time
	}
	r.accounts.add(e.Account)
	r.regions.add(e.Region)
	r.days.add(floorDay(e.Time.Unix()))
	return yield(e, nil)
}

func floorDay(seconds int64) int64 {
	if seconds < 0 {
		seconds -= 86399
	}
	return seconds / 86400
}

func count[K comparable](in *map[K]int, key K, n int) {
	if *in == nil {
		*in = make(map[K]int)
	}
	(*in)[key] += n
}

// maxKeys is how many accounts, Regions and days are told apart: more are made up.
const maxKeys = 1 << 16

// A tally counts by key, of which the same mostly comes again.
type tally[K comparable] struct {
	n    map[K]*int
	last K
	at   *int
}

func (t *tally[K]) add(k K) {
	if t.at == nil || k != t.last {
		if t.n == nil {
			t.n = make(map[K]*int)
		}
		t.last, t.at = k, t.n[k]
		if t.at == nil {
			if len(t.n) >= maxKeys {
				var none K
				k = none
				t.at = t.n[k]
			}
			if t.at == nil {
				t.at = new(int)
				t.n[k] = t.at
			}
		}
	}
	*t.at++
}

func (t *tally[K]) counts() map[K]int {
	out := make(map[K]int, len(t.n))
	for k, n := range t.n {
		out[k] = *n
	}
	return out
}
