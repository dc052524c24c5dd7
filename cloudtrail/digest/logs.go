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
	slices.Sort(v.logs)
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
		// Of digests outside the period only those that are proved tell where a log file belongs; it
		// is verified if it is named as one of the period.
		if !s.inScope && (s.Verdict != Valid || !v.isHere(p)) {
			continue
		}
		if other := v.listed[p]; other == "" {
			v.listed[p] = s.Path
		} else if s.inScope {
			v.find(Note, LogListedTwice, p, "by "+other+" and by "+s.Path)
		}
		switch {
		case s.Verdict == Invalid:
			l.Code, l.Reason = DigestUnproved, "the digest that lists it is invalid: "+s.Path
		default:
			tasks = append(tasks, task{l, p, s, e})
		}
	}
	return tasks
}

// isHere reports whether a log file is in the copy, and of the period by its name.
func (v *verifier) isHere(p string) bool {
	_, at, ok := logOf(v.o.Prefix + p)
	if !ok || !v.overlaps(at, at.Add(time.Nanosecond)) {
		return false
	}
	_, found := slices.BinarySearch(v.logs, p)
	return found
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
			folders[w.folder(v.o.Prefix, s)] = true
		}
	}
	for _, p := range v.logs {
		f, at, _ := logOf(v.o.Prefix + p)
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
	for _, p := range v.strays {
		if v.listed[p] != "" {
			continue
		}
		f, _ := logFolder(v.o.Prefix + p)
		l := Log{Path: p, Code: NoDigests, Reason: "in a folder of log files, and not named as one; there are no valid digests of " + f.account + " " + f.region + " beside it"}
		if len(v.covers[f]) > 0 {
			l.Verdict, l.Code = Invalid, LogUnlisted
			l.Reason = "in a folder of log files, not named as one, and no digest lists it: CloudTrail did not deliver it, or it was renamed"
		}
		v.report.Unlisted = append(v.report.Unlisted, l)
	}
	// What digests outside the period list is not in the report, but for what is wrong with it.
	for _, w := range v.work {
		for _, s := range w.states {
			for _, l := range s.Logs {
				if !s.inScope && l.Code != "" && l.Path != "" {
					v.report.Unlisted = append(v.report.Unlisted, l)
				}
			}
		}
	}
	slices.SortStableFunc(v.report.Unlisted, func(a, b Log) int { return strings.Compare(a.Path, b.Path) })
}

// folder is where the log files are that a digest lists, by its key.
func (w *work) folder(prefix string, s *state) folder {
	path := prefix + s.Path
	if s.Path == "" {
		path = strings.TrimPrefix(s.Key, "/")
	}
	at, _ := placeOf(path)
	return folder{at.root, w.id.organization, w.id.account, w.id.region}
}
