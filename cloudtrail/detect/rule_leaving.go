package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Leaving is how long leavers were active: from when their access was to end to their last
// event.
type Leaving struct {
	Leavers  int           // of whom that is known
	Active   int           // of them with an event after that
	P95      time.Duration // 95 % of them were active no longer; of those without an event after it, 0
	Longest  time.Duration
	Late     int // active longer than 24 hours
	Unjudged int // of whom the events do not cover the 24 hours after their access was to end
}

// maxLatency is by when access is to be gone.
const maxLatency = 24 * time.Hour

// leaving watches those who left.
type leaving struct {
	d        *detector
	t        *tally
	who      map[string]int // names, ARNs, IDs and keys, in lower case, to leavers
	index    *memo[int]     // of who; -1: of nobody who left
	last     []time.Time
	disabled map[string]bool // names of users of Identity Center
	listed   map[string]bool // nil: not known
	doubtful map[string]time.Time
	dropped  int
}

func newLeaving(r Rule, d *detector) *leaving {
	w := &leaving{d: d, t: newTally(r, d.Config), who: make(map[string]int), last: make([]time.Time, len(d.Leavers)), disabled: make(map[string]bool), doubtful: make(map[string]time.Time)}
	w.index = newMemo(func(name string) int {
		if i, ok := w.who[strings.ToLower(name)]; ok {
			return i
		}
		return -1
	})
	for i, l := range d.Leavers {
		for _, name := range l.Who {
			w.who[strings.ToLower(name)] = i
		}
	}
	if i := d.IdentityCenter; i != nil {
		if usersKnown(i) {
			w.listed = make(map[string]bool)
		}
		for _, u := range i.Spec().Users {
			if at, ok := w.who[strings.ToLower(u.Name)]; ok {
				w.who[strings.ToLower(u.ID)] = at
			}
			if u.Disabled {
				w.disabled[strings.ToLower(u.Name)] = true
			}
			if w.listed != nil {
				w.listed[strings.ToLower(u.Name)] = true
			}
		}
	}
	return w
}

// of finds the leaver that an event is of.
func (w *leaving) of(e *event) (int, bool) {
	for _, name := range [...]string{e.person, e.principal, e.Identity.OnBehalfOf.UserID, e.Identity.AccessKey} {
		if name == "" {
			continue
		}
		if i := w.index.of(name); i >= 0 {
			return i, true
		}
	}
	return 0, false
}

func (w *leaving) see(e *event) {
	i, ok := w.of(e)
	if !ok {
		w.doubt(e)
		return
	}
	l := &w.d.Leavers[i]
	if e.Time.After(w.last[i]) {
		w.last[i] = e.Time
	}
	if !e.Time.After(l.At.Add(maxLatency)) {
		return
	}
	message := fmt.Sprintf("active after %s, when access was to end, and more than 24 hours later", l.At.UTC().Format(time.RFC3339))
	if e.ErrorCode != "" {
		message = fmt.Sprintf("tried, and was refused or failed, after %s, when access was to end, and more than 24 hours later", l.At.UTC().Format(time.RFC3339))
	}
	w.t.add(e, High, cmp.Or(l.Who...), message)
}

// doubt remembers people of Identity Center who are disabled, or not there any more, and of
// whom it is not given when that was to be.
func (w *leaving) doubt(e *event) {
	if e.person == "" || !isCenterRole(e.principal) {
		return
	}
	name := strings.ToLower(e.person)
	if !w.disabled[name] && (w.listed == nil || w.listed[name]) {
		return
	}
	last, ok := w.doubtful[name]
	if !ok && len(w.doubtful) >= maxGroups {
		w.dropped++
		return
	}
	if e.Time.After(last) {
		w.doubtful[strings.Clone(name)] = e.Time
	}
}

func (w *leaving) done(r *Result) {
	w.t.report(r)
	for name, last := range w.doubtful {
		state := "is not a user of IAM Identity Center"
		if w.disabled[name] {
			state = "is disabled in IAM Identity Center"
		}
		r.note("%s %s, since when is not given; the last event is of %s", name, state, last.UTC().Format(time.RFC3339))
	}
	if w.dropped > 0 {
		r.note("%d events are of more such people than are kept", w.dropped)
	}
	if w.d.Leavers == nil {
		r.Skipped = "it is not given who left, and when (leavers)"
		return
	}
	w.d.r.Leavers = w.latency(r)
}

func (w *leaving) latency(r *Result) *Leaving {
	out := &Leaving{}
	var all []time.Duration
	for i, l := range w.d.Leavers {
		quiet := !w.last[i].After(l.At)
		if l.At.Add(maxLatency).After(w.d.r.Last) || quiet && l.At.Before(w.d.r.First) {
			out.Unjudged++
			r.note("%s: the events do not cover the 24 hours after %s", cmp.Or(l.Who...), l.At.UTC().Format(time.RFC3339))
			continue
		}
		out.Leavers++
		d := max(0, w.last[i].Sub(l.At))
		if d > 0 {
			out.Active++
		}
		if d > maxLatency {
			out.Late++
		}
		all = append(all, d)
	}
	if len(all) > 0 {
		slices.Sort(all)
		out.P95, out.Longest = all[(len(all)*95+99)/100-1], all[len(all)-1]
	}
	return out
}
