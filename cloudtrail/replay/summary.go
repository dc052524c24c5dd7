package replay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/cloudtrail"
)

// A Summary is a log reduced to tuples, and what the log covers. It takes memory in
// proportion to what the policies tell apart, not to the number of events.
type Summary struct {
	s      *Selection
	reduce *Reducer
	tuples map[Tuple]*seen
	days   map[Coverage]*int
	events int
	errors []error
	broken int
	twice  int
}

// A seen is how often a tuple was seen.
type seen struct {
	Counts

	// Where the last event of the tuple was counted, for the next one is mostly of the same day.
	day      time.Time // in UTC
	category string
	covered  *int // nil: no event yet
}

// Coverage is a part of a log: what one account and Region have of one day.
type Coverage struct {
	Account, Region string
	Day             string // "2026-11-26"; empty for events without a time
	Category        string // "Management", "Data", "NetworkActivity"; empty where the record, or the query, does not say
	Source          string // of data events their eventSource; otherwise empty
}

func (c Coverage) compare(d Coverage) int {
	return cmp.Or(strings.Compare(c.Account, d.Account), strings.Compare(c.Region, d.Region), strings.Compare(c.Day, d.Day), strings.Compare(c.Category, d.Category), strings.Compare(c.Source, d.Source))
}

// NewSummary returns an empty summary.
func NewSummary(s *Selection) *Summary {
	return &Summary{s: s, reduce: NewReducer(s), tuples: map[Tuple]*seen{}, days: map[Coverage]*int{}}
}

// Collect reduces all events. What could not be read is counted and left out, and so is what
// came before: events that the reader marks as duplicates, and the copies of a call (of one
// sharedEventID) in the logs of other accounts than the caller's, if its own has it, or all but
// one. The error is that of ctx.
func Collect(ctx context.Context, s *Selection, events iter.Seq2[*cloudtrail.Event, error]) (*Summary, error) {
	m := NewSummary(s)
	n := 0
	copies := copiesOfCalls{map[sharedID]struct{}{}, map[sharedID]lonely{}}
	for e, err := range events {
		if n++; n%1024 == 1 && ctx.Err() != nil {
			return m, ctx.Err()
		}
		if err != nil {
			m.Fail(err)
			continue
		}
		switch {
		case e.Duplicate:
			m.twice++
		case e.SharedID == "" || e.Identity.AccountID == "":
			m.Add(e)
		case e.Account == e.Identity.AccountID:
			copies.own[sharedIDOf(e)] = struct{}{}
			m.Add(e)
		default:
			copies.take(m, e)
		}
	}
	copies.add(m)
	return m, ctx.Err()
}

// copiesOfCalls are the copies of calls in the logs of other accounts than the caller's
// (CloudTrail User Guide, “CloudTrail record contents”, sharedEventID), until it is known
// whether the caller's own has them.
type copiesOfCalls struct {
	own   map[sharedID]struct{}
	other map[sharedID]lonely
}

// A sharedID is the beginning of the SHA-256 of a sharedEventID: a log may have very many, of which
// the texts would take several times as much memory.
type sharedID [16]byte

func sharedIDOf(e *cloudtrail.Event) sharedID {
	sum := sha256.Sum256([]byte(e.SharedID))
	return sharedID(sum[:16])
}

// lonely is what counts of an event.
type lonely struct {
	t        Tuple
	at       time.Time
	id       string
	category string
}

func (c *copiesOfCalls) take(m *Summary, e *cloudtrail.Event) {
	key := sharedIDOf(e)
	old, ok := c.other[key]
	if ok {
		m.twice++
		if old.t.Account <= e.Account {
			return
		}
	}
	t := m.reduce.Reduce(e)
	c.other[key] = lonely{t.clone(), e.Time, strings.Clone(e.ID), strings.Clone(e.Category)}
}

func (c *copiesOfCalls) add(m *Summary) {
	for shared, x := range c.other {
		if _, ok := c.own[shared]; ok {
			m.twice++
			continue
		}
		m.see(&x.t, x.at, x.id, x.category)
	}
}

// Add counts one event. It keeps no reference to it.
func (m *Summary) Add(e *cloudtrail.Event) {
	t := m.reduce.Reduce(e)
	m.see(&t, e.Time, e.ID, e.Category)
}

// see counts one event of a tuple, whose texts are not kept.
func (m *Summary) see(t *Tuple, at time.Time, id, category string) {
	m.events++
	x, ok := m.tuples[*t]
	if !ok {
		x = &seen{}
		m.tuples[t.clone()] = x
	}
	x.see(at, id)
	if at.IsZero() || at.Location() != time.UTC {
		*m.covered(coverage(t.Account, t.Region, category, t.Source, m.day(at)))++
		return
	}
	if day := at.Truncate(24 * time.Hour); x.covered == nil || !day.Equal(x.day) || category != x.category {
		x.day, x.category = day, strings.Clone(category)
		x.covered = m.covered(coverage(t.Account, t.Region, category, t.Source, m.day(at)))
	}
	*x.covered++
}

// covered is the count of a part of the log, whose texts are not kept.
func (m *Summary) covered(c Coverage) *int {
	n, ok := m.days[c]
	if !ok {
		n = new(int)
		m.days[c.clone()] = n
	}
	return n
}

func (m *Summary) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	var b [10]byte
	out := t.AppendFormat(b[:0], time.DateOnly)
	return m.reduce.intern(out)
}

// Fail counts something that could not be read, and keeps the first of the errors.
func (m *Summary) Fail(err error) {
	m.broken++
	if len(m.errors) < mostErrors {
		m.errors = append(m.errors, err)
	}
}

// mostErrors is how many errors a summary keeps; more are counted.
const mostErrors = 20

// Merge adds another summary of the same selection, which stays as it is. It is associative
// and commutative, but for which errors are kept. The two must not share events: one that both
// counted counts twice, for a summary does not remember which events it saw. So what is
// summarized in parts must be without duplicates before, by eventID, and of the copies of a call
// with one sharedEventID must have one.
func (m *Summary) Merge(o *Summary) {
	for t, c := range o.tuples {
		m.AddCounts(t, c.Counts)
	}
	for d, n := range o.days {
		*m.covered(d) += *n
	}
	m.broken += o.broken
	m.twice += o.twice
	m.errors = append(m.errors, o.errors...)
	m.errors = m.errors[:min(len(m.errors), mostErrors)]
}

// Events is the number of events counted.
func (m *Summary) Events() int { return m.events }

// Selection is what the summary was made with.
func (m *Summary) Selection() *Selection { return m.s }

// All yields the tuples and their counts, sorted by the members of the tuples.
func (m *Summary) All() iter.Seq2[Tuple, Counts] {
	return func(yield func(Tuple, Counts) bool) {
		for _, t := range slices.SortedFunc(maps.Keys(m.tuples), func(a, b Tuple) int { return a.compare(&b) }) {
			if !yield(t, m.tuples[t].Counts) {
				return
			}
		}
	}
}

// Covered yields what the log has, and how many events, sorted.
func (m *Summary) Covered() iter.Seq2[Coverage, int] {
	return func(yield func(Coverage, int) bool) {
		for _, d := range slices.SortedFunc(maps.Keys(m.days), Coverage.compare) {
			if !yield(d, *m.days[d]) {
				return
			}
		}
	}
}

// Failures are the first errors of what could not be read, and how many there were.
func (m *Summary) Failures() (first []error, count int) { return slices.Clone(m.errors), m.broken }
