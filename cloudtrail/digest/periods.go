package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Chains of one copy end at about the same time: digests are of an hour, and are delivered
// some minutes after it.
const endWithin = 90 * time.Minute

// periods makes the chains of the report, and says which periods they prove.
func (v *verifier) periods() {
	var newest time.Time
	for _, w := range v.work {
		for _, s := range w.states {
			if s.Verdict == Valid && !w.id.backfill && s.End.After(newest) {
				newest = s.End
			}
		}
	}
	for _, w := range v.work {
		id := w.id
		c := Chain{Organization: id.organization, Account: id.account, Region: id.region, Trail: id.trail, HomeRegion: id.home, Backfill: id.backfill}
		for _, s := range w.states {
			if s.inScope {
				c.Digests = append(c.Digests, s.Digest)
			}
		}
		if !id.backfill {
			v.cover(w)
			v.prove(w, &c, newest)
		}
		v.report.Chains = append(v.report.Chains, c)
	}
}

// cover keeps what valid digests cover, whatever became of their log files.
func (v *verifier) cover(w *work) {
	byFolder := make(map[folder][]Period)
	for _, s := range w.states {
		if s.Verdict == Valid {
			f := w.folder(v.o.Prefix, s)
			byFolder[f] = append(byFolder[f], Period{s.Start, s.End})
		}
	}
	for f, periods := range byFolder {
		v.covers[f] = append(v.covers[f], join(periods)...)
	}
}

// join sorts periods and makes one of those that touch.
func join(periods []Period) []Period {
	slices.SortFunc(periods, func(a, b Period) int { return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To)) })
	var out []Period
	for _, p := range periods {
		if n := len(out); n > 0 && !p.From.After(out[n-1].To) {
			if p.To.After(out[n-1].To) {
				out[n-1].To = p.To
			}
			continue
		}
		out = append(out, p)
	}
	return out
}

// minus returns the holes that periods, joined, leave in a period.
func (p Period) minus(periods []Period) []Period {
	var out []Period
	at := p.From
	for _, q := range periods {
		if q.From.After(at) && at.Before(p.To) {
			out = append(out, Period{at, earlier(q.From, p.To)})
		}
		if q.To.After(at) {
			at = q.To
		}
	}
	if at.Before(p.To) {
		out = append(out, Period{at, p.To})
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// prove sets what a chain proves of the period, and why it does not prove the rest.
func (v *verifier) prove(w *work, c *Chain, newest time.Time) {
	var proved, known []Period // known: a digest is there, or is said to be missing
	whole := Period{v.o.From, v.o.To}
	for i, s := range w.states {
		start := s.Start
		if s.body == nil {
			start = s.End
			if i+1 < len(w.states) && w.states[i+1].End.Before(start) {
				start = w.states[i+1].End
			}
		}
		known = append(known, Period{start, s.End})
		if v.o.From.IsZero() && s.inScope && (whole.From.IsZero() || start.Before(whole.From)) {
			whole.From = start
		}
		if v.o.To.IsZero() && s.inScope && s.End.After(whole.To) {
			whole.To = s.End
		}
		if s.Verdict == Valid && s.inScope && s.isProved() {
			proved = append(proved, Period{s.Start, s.End})
		}
	}
	if whole.From.IsZero() && len(c.Digests) == 0 {
		whole.From = whole.To
	}
	proved = join(proved)
	last := whole.To
	if v.o.To.IsZero() && newest.Sub(whole.To) > endWithin {
		whole.To = newest
	}
	for _, p := range proved {
		p.From, p.To = later(p.From, whole.From), earlier(p.To, whole.To)
		c.Proved = append(c.Proved, p)
	}
	known = join(known)
	for _, h := range whole.minus(proved) {
		c.Gaps = append(c.Gaps, Hole{h, reasonOf(w, h)})
		for _, g := range h.minus(known) {
			text := fmt.Sprintf("no digest covers %s to %s", stamp(g.From), stamp(g.To))
			if v.o.To.IsZero() && !g.From.Before(last) {
				text += ", while other chains of the copy go on: digests at the end may be missing"
			}
			v.find(v.severity(w, g), Gap, c.Name(), text)
		}
	}
}

// severity is Note for the time before a trail or its validation began.
func (v *verifier) severity(w *work, g Period) Severity {
	first := w.states[len(w.states)-1]
	if first.body != nil && first.body.previous == nil && first.Verdict == Valid && !first.inScope && !first.Start.Before(g.To) {
		return Note
	}
	return Unproved
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isProved reports whether all log files that a digest lists are valid.
func (s *state) isProved() bool {
	return !slices.ContainsFunc(s.Logs, func(l Log) bool { return l.Verdict != Valid })
}

// reasonOf says in a line why a period is not proved.
func reasonOf(w *work, h Period) string {
	var reasons []string
	add := func(reason string) {
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	for _, s := range slices.Backward(w.states) {
		if !s.End.After(h.From) || !s.Start.Before(h.To) {
			continue
		}
		switch {
		case s.Verdict != Valid:
			add("digest " + s.Verdict.String())
		case !s.isProved():
			for _, l := range s.Logs {
				if l.Verdict != Valid {
					add("log file " + l.Verdict.String())
				}
			}
		}
	}
	if len(reasons) == 0 {
		return "no digests"
	}
	return strings.Join(reasons, ", ")
}
