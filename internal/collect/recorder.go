package collect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/licit-dev/licit/org"
)

// MaxUnit is how many bytes of records a unit may have. The largest real ones, the IAM of
// an account at its quotas, are a tenth of it.
const MaxUnit = 256 << 20

// A Record is one call and its answer.
type Record struct {
	Service   string          `json:"service"` // as the AWS CLI calls it, such as "sso-admin"
	Operation string          `json:"operation"`
	Account   string          `json:"account"` // whose state it is
	Region    string          `json:"region,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	Output    json.RawMessage `json:"output,omitempty"`
	Error     *RecordError    `json:"error,omitempty"` // nil: there is an Output
}

// A RecordError is the error that AWS answered with.
type RecordError struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
}

// A Recorder takes the records of a unit. A Recorder is not for several goroutines;
// [Recorder.Each] gives each its own.
type Recorder struct {
	lines  []line
	budget *atomic.Int64 // bytes that the unit may still have
}

type line struct {
	text    []byte
	failure string // why the unit is not complete; empty: the record takes nothing away
}

// NewRecorder returns an empty Recorder.
func NewRecorder() *Recorder {
	r := &Recorder{budget: new(atomic.Int64)}
	r.budget.Store(MaxUnit)
	return r
}

// Add keeps a record. A record with an error makes the unit partial, with failure as the
// reason; failure is empty if the error only says that there is nothing.
func (r *Recorder) Add(rec Record, failure string) error {
	text, err := json.Marshal(rec)
	if err != nil {
		return fmt.Errorf("%s:%s: %w", rec.Service, rec.Operation, err)
	}
	if r.budget.Add(-int64(len(text))) < 0 && rec.Error == nil { // what is missing must be said
		return &Failure{CodeTooLarge, fmt.Sprintf("more than %d bytes", MaxUnit)}
	}
	r.lines = append(r.lines, line{text, failure})
	return nil
}

// A Mark is a place among the records.
type Mark int

// Mark is the place after the newest record.
func (r *Recorder) Mark() Mark { return Mark(len(r.lines)) }

// Discard forgets what was recorded since the mark and had no error: the pages of a list
// whose end is not known.
func (r *Recorder) Discard(since Mark) {
	kept := slices.DeleteFunc(slices.Clone(r.lines[since:]), func(l line) bool { return l.failure == "" })
	r.lines = append(r.lines[:since], kept...)
}

// Each calls read for 0 to n-1, width at a time, and keeps the records in this order. It
// ends at the first error, which it returns.
func (r *Recorder) Each(ctx context.Context, n, width int, read func(ctx context.Context, i int, r *Recorder) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := make([]*Recorder, n)
	errs := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(n, max(width, 1)) {
		wait.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n || ctx.Err() != nil {
					return
				}
				parts[i] = &Recorder{budget: r.budget}
				if errs[i] = read(ctx, i, parts[i]); errs[i] != nil {
					cancel()
				}
			}
		})
	}
	wait.Wait()
	for _, p := range parts {
		if p != nil {
			r.lines = append(r.lines, p.lines...)
		}
	}
	return firstError(ctx, errs)
}

// firstError prefers what went wrong to the cancellation that it caused.
func firstError(ctx context.Context, errs []error) error {
	var first error
	for _, err := range errs {
		if err != nil && (first == nil || isCancelled(first) && !isCancelled(err)) {
			first = err
		}
	}
	if first == nil {
		return context.Cause(ctx)
	}
	return first
}

// Outcome says how well the unit was read, from the records.
func (r *Recorder) Outcome() Outcome {
	var first string
	n := 0
	for _, l := range r.lines {
		if l.failure == "" {
			continue
		}
		if n++; first == "" {
			first = l.failure
		}
	}
	switch n {
	case 0:
		return Outcome{State: org.Complete}
	case 1:
		return Outcome{org.Partial, first}
	}
	return Outcome{org.Partial, fmt.Sprintf("%s, and %d more", first, n-1)}
}

// text is the file of the unit: its own record, then those of the calls.
func (r *Recorder) text(u Unit, o Outcome) ([]byte, error) {
	head, err := json.Marshal(unitLine{unitJSON{u.Account, u.Region, u.Section, o.State.String(), o.Reason}})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(head)
	b.WriteByte('\n')
	for _, l := range r.lines {
		b.Write(l.text)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

type unitLine struct {
	Unit unitJSON `json:"unit"`
}

type unitJSON struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Section string `json:"section"`
	State   string `json:"state"`
	Reason  string `json:"reason"`
}
