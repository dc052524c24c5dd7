package collect_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/collect"
	"github.com/licit-dev/licit/org"
)

const (
	one = "111122223333"
	two = "444455556666"
)

func open(t *testing.T) (*collect.Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := collect.Open(dir, "aws", one)
	require.NoError(t, err)
	return s, dir
}

// record is a job that reads one record.
func record(account, region, section string) collect.Job {
	return collect.Job{Unit: collect.Unit{Account: account, Region: region, Section: section}, Read: func(_ context.Context, r *collect.Recorder) error {
		return r.Add(collect.Record{Service: section, Operation: "List", Account: account, Region: region, Output: json.RawMessage(`{}`)}, "")
	}}
}

func fails(account, section string, err error) collect.Job {
	return collect.Job{Unit: collect.Unit{Account: account, Section: section}, Read: func(context.Context, *collect.Recorder) error { return err }}
}

func TestRun(t *testing.T) {
	s, dir := open(t)
	denied := collect.Job{Unit: collect.Unit{Account: one, Section: "s3"}, Read: func(_ context.Context, r *collect.Recorder) error {
		for _, bucket := range []string{"logs", "orders"} {
			err := r.Add(collect.Record{Service: "s3", Operation: "GetBucketPolicy", Account: one, Input: json.RawMessage(`{"Bucket":"` + bucket + `"}`),
				Error: &collect.RecordError{Code: "AccessDenied", Message: "no"}}, "AccessDenied: s3:GetBucketPolicy")
			if err != nil {
				return err
			}
		}
		return nil
	}}
	var events []collect.Event
	units, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{
		record(two, "", "iam"), record(one, "eu-west-3", "sqs"), denied,
		fails(one, "organization", &collect.Absent{Reason: "none"}),
		fails(one, "kms", &collect.Skip{Reason: "the Region is off"}),
		fails(one, "trails", &collect.Failure{Code: "Throttling", Message: "slow down"}),
	}), collect.Options{Progress: func(e collect.Event) { events = append(events, e) }})
	require.NoError(t, err)
	want := []org.Unit{
		{Account: one, Section: "kms", State: org.Skipped, Reason: "the Region is off"},
		{Account: one, Section: "organization", State: org.Absent, Reason: "none"},
		{Account: one, Section: "s3", State: org.Partial, Reason: "AccessDenied: s3:GetBucketPolicy, and 1 more"},
		{Account: one, Section: "trails", State: org.Partial, Reason: "Throttling: slow down"},
		{Account: one, Region: "eu-west-3", Section: "sqs", State: org.Complete},
		{Account: two, Section: "iam", State: org.Complete},
	}
	require.Equal(t, want, units)
	require.Len(t, events, len(want))
	require.Equal(t, len(want), events[len(want)-1].Done)
	text, err := os.ReadFile(filepath.Join(dir, "units", one, "global", "s3.jsonl"))
	require.NoError(t, err)
	require.Equal(t, `{"unit":{"account":"111122223333","region":"","section":"s3","state":"partial","reason":"AccessDenied: s3:GetBucketPolicy, and 1 more"}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"logs"},"error":{"code":"AccessDenied","message":"no"}}
{"service":"s3","operation":"GetBucketPolicy","account":"111122223333","input":{"Bucket":"orders"},"error":{"code":"AccessDenied","message":"no"}}
`, string(text))
}

// Finished units that are young enough are not read again; partial ones are.
func TestResume(t *testing.T) {
	s, dir := open(t)
	var reads []string
	var mu sync.Mutex
	count := func(j collect.Job) collect.Job {
		read := j.Read
		j.Read = func(ctx context.Context, r *collect.Recorder) error {
			mu.Lock()
			defer mu.Unlock()
			reads = append(reads, j.Unit.Section)
			return read(ctx, r)
		}
		return j
	}
	jobs := func() []collect.Job {
		return []collect.Job{count(record(one, "", "iam")), count(record(one, "", "s3")), count(fails(one, "sqs", &collect.Failure{Code: "X"}))}
	}
	now := time.Now()
	_, err := collect.Run(t.Context(), s, slices.Values(jobs()), collect.Options{MaxAge: time.Hour, Now: now})
	require.NoError(t, err)
	slices.Sort(reads)
	require.Equal(t, []string{"iam", "s3", "sqs"}, reads)

	now = time.Now()
	old := now.Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(filepath.Join(dir, "units", one, "global", "s3.jsonl"), old, old))
	reads = nil
	reused := 0
	_, err = collect.Run(t.Context(), s, slices.Values(jobs()), collect.Options{MaxAge: time.Hour, Now: now, Progress: func(e collect.Event) {
		if e.Reused {
			reused++
		}
	}})
	require.NoError(t, err)
	slices.Sort(reads)
	require.Equal(t, []string{"s3", "sqs"}, reads)
	require.Equal(t, 1, reused)

	reads = nil
	_, err = collect.Run(t.Context(), s, slices.Values(jobs()), collect.Options{Now: now})
	require.NoError(t, err)
	require.Len(t, reads, 3, "without a MaxAge everything is read")

	// What another program wrote there is read again.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units", one, "global", "iam.jsonl"), []byte(`{"unit":{"account":"1"`), 0o600))
	reads = nil
	_, err = collect.Run(t.Context(), s, slices.Values(jobs()), collect.Options{MaxAge: time.Hour, Now: now})
	require.NoError(t, err)
	require.Contains(t, reads, "iam")
}

// What a clock that was wrong wrote is read again.
func TestResumeFromTheFuture(t *testing.T) {
	s, dir := open(t)
	now := time.Now()
	run := func() (reused int) {
		_, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{record(one, "", "iam")}), collect.Options{MaxAge: time.Hour, Now: now, Progress: func(e collect.Event) {
			if e.Reused {
				reused++
			}
		}})
		require.NoError(t, err)
		return reused
	}
	run()
	name := filepath.Join(dir, "units", one, "global", "iam.jsonl")
	for at, want := range map[time.Duration]int{time.Second: 0, 24 * time.Hour: 0, -time.Second: 1} {
		require.NoError(t, os.Chtimes(name, now.Add(at), now.Add(at)))
		require.Equal(t, want, run(), "%s", at)
	}
}

// A unit that was read with what another one told is not reused once that was read again.
func TestResumeAfter(t *testing.T) {
	s, dir := open(t)
	now := time.Now()
	people := collect.Unit{Account: one, Section: "identity-store"}
	job := record(one, "", "identity-center")
	job.After = []collect.Unit{people}
	run := func(jobs ...collect.Job) (read []string) {
		for _, j := range jobs {
			_, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{j}), collect.Options{MaxAge: time.Hour, Now: now, Progress: func(e collect.Event) {
				if !e.Reused {
					read = append(read, e.Unit.Section)
				}
			}})
			require.NoError(t, err)
		}
		return read
	}
	store := record(one, "", "identity-store")
	require.Len(t, run(store, job), 2)
	age := func(section string, age time.Duration) {
		name := filepath.Join(dir, "units", one, "global", section+".jsonl")
		require.NoError(t, os.Chtimes(name, now.Add(-age), now.Add(-age)))
	}
	age("identity-store", 20*time.Minute)
	age("identity-center", 10*time.Minute)
	require.Empty(t, run(store, job))
	age("identity-store", 5*time.Minute)
	require.Equal(t, []string{"identity-center"}, run(store, job), "the people were read since")
	age("identity-store", 2*time.Hour)
	age("identity-center", 10*time.Minute)
	require.Equal(t, []string{"identity-store", "identity-center"}, run(store, job), "the people are read again")
	age("identity-center", 10*time.Minute)
	require.NoError(t, os.Remove(filepath.Join(dir, "units", one, "global", "identity-store.jsonl")))
	require.Equal(t, []string{"identity-center"}, run(job), "nobody knows what it learnt")
}

// Only what concerns all units ends a load.
func TestRunEnds(t *testing.T) {
	t.Run("credentials", func(t *testing.T) {
		s, dir := open(t)
		bad := &collect.Fatal{Err: errors.New("the credentials have expired")}
		var jobs []collect.Job
		for i := range 100 {
			j := record(one, "", fmt.Sprintf("s%d", i))
			if i == 3 {
				j = fails(one, "s3", bad)
			}
			jobs = append(jobs, j)
		}
		units, err := collect.Run(t.Context(), s, slices.Values(jobs), collect.Options{Workers: 1})
		require.ErrorIs(t, err, bad)
		require.Len(t, units, 3)
		_, err = os.Stat(filepath.Join(dir, "units", one, "global", "s3.jsonl"))
		require.ErrorIs(t, err, fs.ErrNotExist)
	})
	t.Run("context", func(t *testing.T) {
		s, dir := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := collect.Run(ctx, s, slices.Values([]collect.Job{
			{Unit: collect.Unit{Account: one, Section: "iam"}, Read: func(ctx context.Context, r *collect.Recorder) error {
				cancel()
				return r.Add(collect.Record{Service: "iam", Operation: "List"}, "")
			}},
		}), collect.Options{})
		require.ErrorIs(t, err, context.Canceled)
		_, err = os.Stat(filepath.Join(dir, "units", one, "global", "iam.jsonl"))
		require.ErrorIs(t, err, fs.ErrNotExist, "a unit that was interrupted is not there")
	})
	t.Run("hostile names", func(t *testing.T) {
		for _, u := range []collect.Unit{
			{Account: "../../etc", Section: "iam"}, {Account: one, Region: "..", Section: "iam"}, {Account: one, Section: "../iam"}, {Section: "iam"},
		} {
			s, _ := open(t)
			_, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{{Unit: u, Read: func(context.Context, *collect.Recorder) error { return nil }}}), collect.Options{})
			require.True(t, collect.IsFatal(err), "%+v: %v", u, err)
		}
	})
}

// A disk that is full in the middle of a file ends the load; what was written before is
// whole, and with room again the next load goes on from there.
func TestStoreOnFullDisk(t *testing.T) {
	s, dir := open(t)
	now := time.Now()
	jobs := func(yield func(collect.Job) bool) {
		for _, section := range []string{"iam", "s3", "sqs"} {
			if !yield(record(one, "", section)) {
				return
			}
		}
	}
	s.Fill(400) // a unit has some two hundred bytes
	_, err := collect.Run(t.Context(), s, jobs, collect.Options{Workers: 1, MaxAge: time.Hour, Now: now})
	require.True(t, collect.IsFatal(err))
	require.ErrorIs(t, err, syscall.ENOSPC)
	left, err := os.ReadDir(filepath.Join(dir, "unfinished"))
	require.NoError(t, err)
	require.Empty(t, left)
	var reused []string
	names, err := os.ReadDir(filepath.Join(dir, "units", one, "global"))
	require.NoError(t, err)
	require.Len(t, names, 2)
	s, err = collect.Open(dir, "aws", one)
	require.NoError(t, err)
	units, err := collect.Run(t.Context(), s, jobs, collect.Options{Workers: 1, MaxAge: time.Hour, Now: time.Now(), Progress: func(e collect.Event) {
		if e.Reused {
			reused = append(reused, e.Unit.Section)
		}
	}})
	require.NoError(t, err)
	require.Len(t, units, 3)
	require.Equal(t, []string{"iam", "s3"}, reused)
}

// A store that cannot be written ends the load with the path.
func TestStoreCannotBeWritten(t *testing.T) {
	s, dir := open(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units"), nil, 0o600)) // where a directory must be
	_, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{record(one, "", "iam")}), collect.Options{})
	require.True(t, collect.IsFatal(err))
	require.ErrorContains(t, err, "units")
}

func TestOpen(t *testing.T) {
	_, dir := open(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "unfinished", "123"), []byte("half"), 0o600))
	_, err := collect.Open(dir, "aws", one)
	require.NoError(t, err)
	left, err := os.ReadDir(filepath.Join(dir, "unfinished"))
	require.NoError(t, err)
	require.Empty(t, left, "what a killed load was writing is removed")
	_, err = collect.Open(dir, "aws", two)
	require.ErrorContains(t, err, "holds what account 111122223333 (aws) sees, and the credentials are of 444455556666 (aws)")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "load.json"), []byte("{"), 0o600))
	_, err = collect.Open(dir, "aws", one)
	require.ErrorContains(t, err, "load.json")
}

// The records of a load are those of its units, whatever else the directory holds.
func TestFS(t *testing.T) {
	s, _ := open(t)
	_, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{record(one, "", "iam"), record(one, "eu-west-3", "sqs"), record(two, "", "iam")}), collect.Options{})
	require.NoError(t, err)
	units, err := collect.Run(t.Context(), s, slices.Values([]collect.Job{record(one, "", "iam")}), collect.Options{})
	require.NoError(t, err)
	require.NoError(t, s.PutSkipped([]org.Unit{{Account: two, Section: "iam", State: org.Skipped, Reason: "not asked for"}}))
	var files []string
	require.NoError(t, fs.WalkDir(s.FS(units), ".", func(name string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		if !e.IsDir() {
			files = append(files, name)
		}
		return nil
	}))
	require.Equal(t, []string{"skipped.jsonl", "units/111122223333/global/iam.jsonl"}, files)
	_, err = fs.ReadFile(s.FS(units), "units/444455556666/global/iam.jsonl")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = fs.ReadDir(s.FS(units), "units/444455556666")
	require.ErrorIs(t, err, fs.ErrNotExist)
	text, err := fs.ReadFile(s.FS(units), "skipped.jsonl")
	require.NoError(t, err)
	require.Equal(t, `{"unit":{"account":"444455556666","region":"","section":"iam","state":"skipped","reason":"not asked for"}}`+"\n", string(text))
	require.NoError(t, s.PutSkipped(nil))
	entries, err := fs.ReadDir(s.FS(units), ".")
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing skipped, no file")
}

// Records stand in the order of what they are about, however long each took.
func TestEach(t *testing.T) {
	var most, now atomic.Int64
	r := collect.NewRecorder()
	err := r.Each(t.Context(), 50, 4, func(_ context.Context, i int, part *collect.Recorder) error {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer now.Add(-1)
		time.Sleep(time.Duration(i%3) * time.Millisecond)
		return part.Add(collect.Record{Operation: fmt.Sprintf("op%02d", i)}, "")
	})
	require.NoError(t, err)
	require.LessOrEqual(t, most.Load(), int64(4))
	s, _ := open(t)
	u := collect.Unit{Account: one, Section: "iam"}
	require.NoError(t, s.Put(u, r.Outcome(), r))
	i := 0
	require.NoError(t, s.Records(u, func(rec collect.Record) error {
		require.Equal(t, fmt.Sprintf("op%02d", i), rec.Operation)
		i++
		return nil
	}))
	require.Equal(t, 50, i)

	boom := errors.New("boom")
	err = collect.NewRecorder().Each(t.Context(), 1000, 4, func(ctx context.Context, i int, _ *collect.Recorder) error {
		if i == 3 {
			return boom
		}
		<-ctx.Done()
		return ctx.Err()
	})
	require.ErrorIs(t, err, boom, "what went wrong, not the cancellation that it caused")
}

// The pages of a list whose end is not known are forgotten, the error is kept.
func TestDiscard(t *testing.T) {
	r := collect.NewRecorder()
	add := func(operation, failure string) {
		require.NoError(t, r.Add(collect.Record{Operation: operation}, failure))
	}
	add("before", "")
	mark := r.Mark()
	add("page 1", "")
	add("page 2", "")
	add("page 3", "InternalFailure: iam:ListRoles")
	r.Discard(mark)
	s, _ := open(t)
	u := collect.Unit{Account: one, Section: "iam"}
	require.NoError(t, s.Put(u, r.Outcome(), r))
	var left []string
	require.NoError(t, s.Records(u, func(rec collect.Record) error { left = append(left, rec.Operation); return nil }))
	require.Equal(t, []string{"before", "page 3"}, left)
	require.Equal(t, collect.Outcome{State: org.Partial, Reason: "InternalFailure: iam:ListRoles"}, r.Outcome())
}

// A list ends, or is found not to: whatever the length of a circle and of what leads into it.
func TestPages(t *testing.T) {
	walk := func(next func(page int) string) (pages int, err error) {
		at := 0
		for p := (collect.Pages{}); !p.Done && pages < 10_000; pages++ {
			token := next(at)
			if err := p.Next(1, &token, token != ""); err != nil {
				return pages, err
			}
			_, _ = fmt.Sscan(token, &at)
		}
		return pages, nil
	}
	for _, test := range []struct{ before, circle int }{{0, 1}, {0, 2}, {3, 5}, {100, 1}, {100, 7}, {10, 300}} {
		pages, err := walk(func(page int) string {
			if page+1 == test.before+test.circle {
				return fmt.Sprint(test.before)
			}
			return fmt.Sprint(page + 1)
		})
		require.ErrorContains(t, err, "leads back to an earlier one", "%+v", test)
		require.LessOrEqual(t, pages, 4*(test.before+test.circle)+2, "%+v", test)
	}
	pages, err := walk(func(page int) string {
		if page == 5000 {
			return ""
		}
		return fmt.Sprint(page + 1)
	})
	require.NoError(t, err)
	require.Equal(t, 5001, pages)
	var p collect.Pages
	require.ErrorContains(t, p.Next(1, nil, true), "no token of the next one")
}

func TestRecorderIsBounded(t *testing.T) {
	r := collect.NewRecorder()
	r.Spend(collect.MaxUnit - 80)
	require.NoError(t, r.Add(collect.Record{Operation: "List"}, ""))
	require.NoError(t, r.Add(collect.Record{Operation: "List", Error: &collect.RecordError{Code: "TooLarge"}}, "TooLarge"), "what is missing can be said")
	f, ok := errors.AsType[*collect.Failure](r.Add(collect.Record{Operation: "List"}, ""))
	require.True(t, ok)
	require.Equal(t, collect.CodeTooLarge, f.Code)
}

// At 80 % of the rate each account and Region has its own bucket.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := collect.NewLimits(map[string]collect.Rate{"organizations": {PerSecond: 10, Burst: 10, InFlight: 2}, "organizations:ListRoots": {PerSecond: 1, Burst: 2}}, collect.Rate{PerSecond: 1, Burst: 1})
		start := time.Now()
		for range 48 { // 8 at once, then 8 each second
			done, err := l.Wait(t.Context(), "organizations", "ListAccounts", one, "us-east-1")
			require.NoError(t, err)
			done()
		}
		require.InDelta(t, 5.0, time.Since(start).Seconds(), 0.01)
		start = time.Now()
		for _, account := range []string{one, two} {
			done, err := l.Wait(t.Context(), "iam", "ListRoles", account, "")
			require.NoError(t, err)
			done()
		}
		require.Zero(t, time.Since(start))

		start = time.Now()
		for range 3 { // an operation with a rate of its own
			done, err := l.Wait(t.Context(), "organizations", "ListRoots", one, "us-east-1")
			require.NoError(t, err)
			done()
		}
		require.InDelta(t, 2.5, time.Since(start).Seconds(), 0.01)

		time.Sleep(time.Minute)
		var held []func()
		for range 2 {
			done, err := l.Wait(t.Context(), "organizations", "ListAccounts", one, "us-east-1")
			require.NoError(t, err)
			held = append(held, done)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.Wait(ctx, "organizations", "ListRoots", one, "us-east-1")
		require.ErrorIs(t, err, context.DeadlineExceeded, "two are in flight")
		held[0]()
		_, err = l.Wait(t.Context(), "organizations", "ListAccounts", one, "us-east-1")
		require.NoError(t, err)
	})
}

func TestFailure(t *testing.T) {
	for code, want := range map[string][2]bool{ // Region off, expired
		"OptInRequired": {true, false}, "InvalidClientTokenId": {true, false}, "UnrecognizedClientException": {true, false},
		"ExpiredToken": {false, true}, "ExpiredTokenException": {false, true}, "Throttling": {}, "AccessDenied": {},
	} {
		f := &collect.Failure{Code: code}
		require.Equal(t, want, [2]bool{f.IsRegionOff(), f.IsExpired()}, code)
	}
}
