package digest

import (
	"context"
	"crypto/sha256"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// A task is a log file to be read.
type task struct {
	log  *Log
	path string
	by   *state
	entry
}

// readLogs decides about all log files that digests of the period list.
func (v *verifier) readLogs(ctx context.Context) error {
	var tasks []task
	for _, w := range v.work {
		for _, s := range w.states {
			if s.body != nil {
				tasks = append(tasks, v.list(s)...)
				s.body.logs = nil
			}
		}
	}
	v.mu.Lock()
	v.total = v.done + len(tasks)
	v.mu.Unlock()
	queue := make(chan task)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for t := range queue {
				p := v.readLog(ctx, t)
				t.log.Verdict, t.log.Code, t.log.Reason = p.verdict, p.code, p.reason
			}
		})
	}
	for _, t := range tasks {
		if ctx.Err() != nil {
			break
		}
		queue <- t
	}
	close(queue)
	wg.Wait()
	return ctx.Err()
}

// list marks what a digest lists, and returns what is to be read of it.
func (v *verifier) list(s *state) []task {
	var tasks []task
	for i, e := range s.body.logs {
		l := &s.Logs[i]
		p, ok := v.local(s.Path, s.body, e.key)
		if !ok {
			l.Code, l.Reason = OtherBucket, "under another prefix of the bucket"
			continue
		}
		if other := v.listed[p]; other == "" {
			v.listed[p] = s.Path
		} else if s.inScope {
			v.find(Note, LogListedTwice, p, "by "+other+" and by "+s.Path)
		}
		switch {
		case !s.inScope:
		case s.Verdict == Invalid:
			l.Code, l.Reason = DigestUnproved, "the digest that lists it is invalid: "+s.Path
		default:
			tasks = append(tasks, task{l, p, s, e})
		}
	}
	return tasks
}

func (v *verifier) readLog(ctx context.Context, t task) problem {
	hash := sha256.New()
	p := v.content(ctx, t.path, maxLog, LogFormat, hash)
	if p == errMissing {
		v.advance(0)
	} else {
		t.log.Path = t.path
	}
	switch {
	case p == errMissing && t.bucket != t.by.Bucket:
		return problem{Unverified, OtherBucket, "in the bucket " + t.bucket}
	case p == errMissing:
		return problem{Missing, LogMissing, "it is not there, and listed by " + t.by.Path}
	case p != nil:
		return *p
	case !t.hashKnown:
		return problem{Unverified, AlgorithmUnknown, "its hash is not of SHA-256"}
	case string(hash.Sum(nil)) != string(t.hash[:]):
		return problem{Invalid, LogHash, "its content does not have the hash that the digest gives: " + t.by.Path}
	case t.by.Verdict != Valid:
		return problem{Unverified, DigestUnproved, "the digest that lists it is unverified: " + t.by.Path}
	}
	return problem{verdict: Valid}
}

// Names of log files have the time of delivery, by and large: that far after it, the digest that
// lists it has ended.
const listedWithin = 2 * time.Hour

// unlisted decides about the log files of the period that no digest lists.
func (v *verifier) unlisted() {
	folders := make(map[folder]bool)
	for _, w := range v.work {
		for _, s := range w.states {
			folders[w.folder(s)] = true
		}
	}
	slices.Sort(v.logs)
	for _, p := range v.logs {
		f, at, _ := logOf(p)
		if v.listed[p] != "" || !v.overlaps(at, at.Add(time.Nanosecond)) {
			continue
		}
		l := Log{Path: p, Code: LogNotCovered, Reason: "no digest lists it; no valid digests cover the two hours after " + stamp(at) + ", when it was delivered"}
		switch {
		case !folders[f]:
			l.Code, l.Reason = NoDigests, "there are no digests of "+f.account+" "+f.region+" beside it"
		case slices.ContainsFunc(v.covers[f], func(c Period) bool { return !at.Before(c.From) && !at.Add(listedWithin).After(c.To) }):
			l.Verdict, l.Code = Invalid, LogUnlisted
			l.Reason = "no digest lists it, and valid digests cover when it was delivered by its name: it was added, copied or renamed; or it is of a trail without validation, or of a backfill digest that is not here"
		}
		v.report.Unlisted = append(v.report.Unlisted, l)
	}
}

// folder is where the log files are that a digest lists.
func (w *work) folder(s *state) folder {
	path := s.Path
	if path == "" {
		path = strings.TrimPrefix(s.Key, "/")
	}
	at, _ := placeOf(path)
	return folder{at.root, w.id.organization, w.id.account, w.id.region}
}
