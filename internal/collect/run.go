package collect

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/licit-dev/licit/org"
)

// A Job is a unit and how to read it.
type Job struct {
	Unit Unit
	// After are units that Read learns from: if one of them was read since, the unit is not
	// reused.
	After []Unit
	// Read reads the unit. What AWS denies or does not have is a record, not an error. A
	// [Failure] makes the unit partial, [Absent] says that there is nothing, [Skip] that it
	// cannot be read, a [Fatal] ends the load.
	Read func(ctx context.Context, r *Recorder) error
}

// Absent is the error of a Read that found that there is nothing.
type Absent struct{ Reason string }

// Error is the reason.
func (a *Absent) Error() string { return a.Reason }

// Skip is the error of a Read that found that the unit cannot be read, such as in a Region
// that is off.
type Skip struct{ Reason string }

// Error is the reason.
func (s *Skip) Error() string { return s.Reason }

// Options say how to run jobs. The zero Options read everything anew, with 12 workers.
type Options struct {
	Workers int           // how many units are read at a time; 0: 12
	MaxAge  time.Duration // finished units that are younger are not read again; 0: all are, and so are those of the future
	Now     time.Time     // what MaxAge counts from
	// Progress is called after each unit, one call at a time. It may be nil.
	Progress func(Event)
}

// An Event is the end of a unit.
type Event struct {
	Unit    Unit
	Outcome Outcome
	Reused  bool // it was not read again
	Done    int  // units that ended so far, this one included
}

// DefaultWorkers is how many units are read at a time if Options do not say.
const DefaultWorkers = 12

// Run runs the jobs, and returns the units in the order of account, Region and section. It
// ends early, with what it has, if the context ends, at a [Fatal], and when the store
// cannot be written; units that were being read then are not in the store.
func Run(ctx context.Context, s *Store, jobs iter.Seq[Job], o Options) ([]org.Unit, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{store: s, options: o}
	queue := make(chan Job)
	var wait sync.WaitGroup
	workers := o.Workers
	if workers <= 0 {
		workers = DefaultWorkers
	}
	for range workers {
		wait.Go(func() {
			for job := range queue {
				if ctx.Err() != nil {
					continue
				}
				if err := r.job(ctx, job); err != nil {
					cancel(err)
				}
			}
		})
	}
	for job := range jobs {
		select {
		case queue <- job:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	wait.Wait()
	slices.SortFunc(r.units, func(a, b org.Unit) int {
		return Unit{a.Account, a.Region, a.Section}.compare(Unit{b.Account, b.Region, b.Section})
	})
	return r.units, context.Cause(ctx)
}

type run struct {
	store   *Store
	options Options

	mu    sync.Mutex
	units []org.Unit
}

func (r *run) job(ctx context.Context, job Job) error {
	u := job.Unit
	if err := u.validate(); err != nil {
		return &Fatal{err}
	}
	if o, ok := r.reusable(job); ok {
		r.done(u, o, true)
		return nil
	}
	rec := NewRecorder()
	o, err := read(ctx, job, rec)
	if err != nil {
		return err
	}
	if err := r.store.Put(u, o, rec); err != nil {
		return fatalf("%w", err)
	}
	r.done(u, o, false)
	return nil
}

// reusable is how a unit was read by an earlier load, if that is good enough. A time that is
// still to come, of a clock that was wrong, says nothing.
func (r *run) reusable(job Job) (Outcome, bool) {
	o, at, err := r.store.Get(job.Unit)
	age := r.options.Now.Sub(at)
	if err != nil || !o.IsFinished() || age < 0 || age >= r.options.MaxAge {
		return Outcome{}, false
	}
	for _, u := range job.After {
		if _, learnt, err := r.store.Get(u); err != nil || learnt.After(at) {
			return Outcome{}, false
		}
	}
	return o, true
}

// read is the outcome of a job, or what ends the whole run.
func read(ctx context.Context, job Job, rec *Recorder) (Outcome, error) {
	err := job.Read(ctx, rec)
	if ctx.Err() != nil {
		return Outcome{}, context.Cause(ctx)
	}
	if err == nil {
		return rec.Outcome(), nil
	}
	if IsFatal(err) {
		return Outcome{}, err
	}
	if a, ok := errors.AsType[*Absent](err); ok {
		return Outcome{org.Absent, a.Reason}, nil
	}
	if s, ok := errors.AsType[*Skip](err); ok {
		rec.lines = nil
		return Outcome{org.Skipped, s.Reason}, nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return Outcome{org.Partial, f.Error()}, nil
	}
	return Outcome{}, fmt.Errorf("%s: %w", job.Unit, err)
}

func (r *run) done(u Unit, o Outcome, reused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.units = append(r.units, org.Unit{Account: u.Account, Region: u.Region, Section: u.Section, State: o.State, Reason: o.Reason})
	if r.options.Progress != nil {
		r.options.Progress(Event{u, o, reused, len(r.units)})
	}
}

func isCancelled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
