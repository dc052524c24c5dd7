package cloudtrail

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"iter"
	"path"
	"runtime"
	"strings"
	"sync"
)

const (
	ahead     = 32 << 20 // bytes of text that are read before the loop asks for them
	queue     = 64       // files that are, at most
	batchText = 256 << 10
	batchSize = 256 // events
)

// ReadFS is [ReadFS], and counts.
func (r *Reader) ReadFS(fsys fs.FS, pattern string) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		report := func(err error) bool {
			count(&r.stats.Faults, FaultFile, 1)
			return yield(nil, &ReadError{File: pattern, Fault: FaultFile, Err: err})
		}
		if _, err := path.Match(pattern, ""); err != nil {
			report(err)
			return
		}
		list := &listing{fsys: fsys, pattern: pattern, seed: maphash.MakeSeed()}
		total := 0
		if r.Progress != nil {
			total, _ = list.sum()
		}
		before, ok := r.readAll(list, total, yield)
		if !ok {
			return
		}
		if before.files == 0 {
			report(errors.New("no file matches"))
			return
		}
		if files, names := list.sum(); names != before.names {
			report(fmt.Errorf("the folder changed while it was read: there were %d files, and are %d now", before.files, files))
		}
	}
}

// A listing is the files of a folder that match a pattern.
type listing struct {
	fsys    fs.FS
	pattern string
	seed    maphash.Seed
}

// walk gives the files, or what went wrong, in the order of their paths. It goes on while each
// is true.
func (l *listing) walk(each func(name string, err error) bool) {
	root := l.pattern
	if at := strings.IndexAny(root, `*?[\`); at >= 0 || root == "" {
		root = path.Dir(root[:max(at, 0)])
	}
	_ = fs.WalkDir(l.fsys, root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && errors.Is(err, fs.ErrNotExist) && name == root:
			return nil // no file matches
		case err == nil && (entry.IsDir() || !match(l.pattern, name)):
			return nil
		case err == nil && !entry.Type().IsRegular() && entry.Type()&fs.ModeSymlink == 0:
			err = errors.New("is no regular file")
		}
		if !each(name, err) {
			return fs.SkipAll
		}
		return nil
	})
}

// sum returns how many files there are, and a sum of their names that tells one listing from
// another without keeping it.
func (l *listing) sum() (files int, names uint64) {
	l.walk(func(name string, err error) bool {
		if err == nil {
			files, names = files+1, names+maphash.String(l.seed, name)
		}
		return true
	})
	return files, names
}

// match is whether a path matches a pattern in which ** is any number of folders.
func match(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	first, rest, more := strings.Cut(pattern, "/")
	if first == "**" {
		if !more {
			return true
		}
		for {
			if match(rest, name) {
				return true
			}
			_, after, ok := strings.Cut(name, "/")
			if !ok {
				return false
			}
			name = after
		}
	}
	folder, after, deeper := strings.Cut(name, "/")
	if ok, _ := path.Match(first, folder); !ok || more != deeper {
		return false
	}
	return !more || match(rest, after)
}

// A job is a file to read. Its batches are queued for the loop.
type job struct {
	index   int
	name    string
	err     error // of the listing
	batches []*batch
	done    bool // no further batches
}

// A batch is what was read of a file.
type batch struct {
	results []result
	skipped map[Skipped]int
	text    int64 // bytes of text that it is of
	stored  int64 // bytes of the file, with its last batch
}

type result struct {
	event *Event
	err   *ReadError
}

// A line is the jobs between those who read and the loop, which takes them in order.
type line struct {
	sync.Mutex
	change sync.Cond
	head   int   // index of the job that the loop is at
	held   int64 // bytes of text in batches that the loop has not done with
	closed bool
}

// put queues a batch, as soon as there is room. It is false when the loop has ended. There is
// always room for what the loop waits for.
func (l *line) put(j *job, b *batch, last bool) bool {
	l.Lock()
	defer l.Unlock()
	for !l.closed && l.held+b.text > ahead && (j.index != l.head || len(j.batches) > 0) {
		l.change.Wait()
	}
	if l.closed {
		return false
	}
	l.held += b.text
	j.batches = append(j.batches, b)
	j.done = last
	if j.index == l.head {
		l.change.Broadcast()
	}
	return true
}

// take returns the next batch of the job that the loop is at; nil if it has no more.
func (l *line) take(j *job) *batch {
	l.Lock()
	defer l.Unlock()
	l.head = j.index
	l.change.Broadcast()
	for len(j.batches) == 0 {
		if j.done {
			return nil
		}
		l.change.Wait()
	}
	b := j.batches[0]
	j.batches = j.batches[1:]
	return b
}

func (l *line) release(b *batch) {
	l.Lock()
	l.held -= b.text
	l.change.Broadcast()
	l.Unlock()
}

func (l *line) close() {
	l.Lock()
	l.closed = true
	l.change.Broadcast()
	l.Unlock()
}

// A listed is how many files there were, and the sum of their names.
type listed struct {
	files int
	names uint64
}

// readAll reads the files of a listing. It is false if the loop ended early.
func (r *Reader) readAll(list *listing, total int, yield func(*Event, error) bool) (files listed, finished bool) {
	l := new(line)
	l.change.L = l
	order, jobs, stop := make(chan *job, queue), make(chan *job), make(chan struct{})
	var running sync.WaitGroup
	var seen listed // of this goroutine once order is closed
	running.Go(func() {
		defer close(order)
		defer close(jobs)
		index := 0
		list.walk(func(name string, err error) bool {
			j := &job{index: index, name: name, err: err}
			index++
			if err == nil {
				seen.files, seen.names = seen.files+1, seen.names+maphash.String(list.seed, name)
			}
			for _, to := range []chan *job{order, jobs} {
				select {
				case to <- j:
				case <-stop:
					return false
				}
			}
			return true
		})
	})
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			w := &worker{fsys: list.fsys, line: l}
			for j := range jobs {
				w.read(j)
			}
		})
	}
	defer running.Wait()
	defer close(stop)
	defer l.close()
	done := 0
	for j := range order {
		for b := l.take(j); b != nil; b = l.take(j) {
			if !r.batch(b, yield) {
				return listed{}, false
			}
			l.release(b)
		}
		if j.err == nil {
			done++
		}
		if r.Progress != nil {
			r.Progress(Progress{Files: done, Total: total, Bytes: r.stats.Bytes, File: j.name})
		}
	}
	return seen, true
}

// batch gives a batch to the loop.
func (r *Reader) batch(b *batch, yield func(*Event, error) bool) bool {
	if b.stored >= 0 {
		r.stats.Files++
		r.stats.Stored += b.stored
	}
	r.stats.Bytes += b.text
	for s, n := range b.skipped {
		count(&r.stats.Skipped, s, n)
	}
	for i := range b.results {
		if !r.give(b.results[i].event, b.results[i].err, yield) {
			return false
		}
		b.results[i] = result{}
	}
	return true
}

// A worker reads one file after the other.
type worker struct {
	fsys fs.FS
	line *line
	unzipper
	scan scanner

	job  *job
	now  *batch
	walk *walker
	text int64 // of the file, in earlier batches
}

func (w *worker) read(j *job) {
	w.job, w.now, w.text = j, &batch{stored: -1}, 0
	w.walk = &walker{w: &window{err: io.EOF}, scan: &w.scan, file: j.name, emit: w.emit, skip: w.skip}
	if err := w.open(); err != nil {
		w.emit(nil, &ReadError{File: j.name, Fault: FaultFile, Err: err})
	}
	w.flush(true)
}

// open reads the file of the job. An error is one of the file as a whole.
func (w *worker) open() error {
	if w.job.err != nil {
		return w.job.err
	}
	f, err := w.fsys.Open(w.job.name)
	if err != nil {
		return err
	}
	defer f.Close()
	before, err := f.Stat()
	if err != nil {
		return err
	}
	w.walk.read(w.unzip(f))
	w.now.stored = before.Size()
	if w.walk.stopped {
		return nil
	}
	after, err := fs.Stat(w.fsys, w.job.name)
	if err != nil {
		return fmt.Errorf("went away while it was read: %w", err)
	}
	if after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return fmt.Errorf("changed while it was read: it had %d bytes, and has %d now", before.Size(), after.Size())
	}
	return nil
}

func (w *worker) emit(e *Event, err *ReadError) bool {
	w.now.results = append(w.now.results, result{e, err})
	if len(w.now.results) < batchSize && w.walk.w.offset()-w.text < batchText {
		return true
	}
	return w.flush(false)
}

func (w *worker) skip(s Skipped) { count(&w.now.skipped, s, 1) }

func (w *worker) flush(last bool) bool {
	b := w.now
	b.text = w.walk.w.offset() - w.text
	w.text += b.text
	w.now = &batch{stored: -1, results: make([]result, 0, batchSize/2)}
	return w.line.put(w.job, b, last)
}
