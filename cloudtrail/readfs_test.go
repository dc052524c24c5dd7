package cloudtrail_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail"
)

// folder is so many log files, of so many events each, which are named by their place.
func folder(files, events int) fstest.MapFS {
	out := make(fstest.MapFS)
	for f := range files {
		var records []string
		for n := range events {
			records = append(records, record(fmt.Sprintf("%d-%d", f, n), fmt.Sprintf("%d-%d", f, n)))
		}
		out[fmt.Sprintf("AWSLogs/111122223333/CloudTrail/eu-west-3/2024/05/%02d/%05d.json.gz", 1+f*28/files, f)] = &fstest.MapFile{Data: []byte(zip(`{"Records":[` + strings.Join(records, ",") + `]}`))}
	}
	return out
}

func list(r *cloudtrail.Reader, fsys fs.FS, pattern string) (out []string) {
	for e, err := range r.ReadFS(fsys, pattern) {
		if err != nil {
			out = append(out, err.Error())
		} else {
			out = append(out, e.Name)
		}
	}
	return out
}

// Files are read at the same time, and yet come in the order of their paths.
func TestReadFSOrder(t *testing.T) {
	const files, events = 40, 600 // several batches of each
	fsys := folder(files, events)
	var want []string
	for f := range files {
		for n := range events {
			want = append(want, fmt.Sprintf("%d-%d", f, n))
		}
	}
	for _, threads := range []int{1, 4} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		var r cloudtrail.Reader
		require.Equal(t, want, list(&r, fsys, "**/*.json.gz"))
		s := r.Stats()
		require.Equal(t, []any{files, files * events, 0}, []any{s.Files, s.Events, s.Duplicates})
	}
}

// A loop that ends early leaves no goroutine and no file open, wherever it ends.
func TestReadFSBreak(t *testing.T) {
	files := folder(40, 600)
	var open atomic.Int64
	fsys := &opened{FS: files, open: func(name string) (fs.File, error) {
		f, err := files.Open(name)
		if err == nil {
			open.Add(1)
			f = closing{f, &open}
		}
		return f, err
	}}
	before := runtime.NumGoroutine()
	ended := func() {
		t.Helper()
		for range 10_000 { // a goroutine is still there shortly after the last thing that it does
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("%d goroutines, and %d before", runtime.NumGoroutine(), before)
	}
	for _, after := range []int{1, 2, 255, 600, 601, 5000} {
		n := 0
		for _, err := range cloudtrail.ReadFS(fsys, "") {
			require.NoError(t, err)
			if n++; n == after {
				break
			}
		}
		ended()
		require.Zero(t, open.Load())
	}
	func() {
		defer func() { require.Equal(t, "stop", recover()) }()
		for range cloudtrail.ReadFS(fsys, "") {
			panic("stop")
		}
	}()
	ended()
}

type closing struct {
	fs.File
	open *atomic.Int64
}

func (c closing) Close() error {
	c.open.Add(-1)
	return c.File.Close()
}

func (c closing) ReadDir(n int) ([]fs.DirEntry, error) { return c.File.(fs.ReadDirFile).ReadDir(n) }

// opened is a folder whose files it sees opened.
type opened struct {
	fs.FS
	open func(name string) (fs.File, error) // may answer with nil, nil
}

func (o *opened) Open(name string) (fs.File, error) {
	if o.open != nil {
		if f, err := o.open(name); f != nil || err != nil {
			return f, err
		}
	}
	return o.FS.Open(name)
}

// What changes while it is read is reported, and the rest is read.
func TestReadFSChanges(t *testing.T) {
	log := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(record(name, name)), ModTime: time.Unix(1, 0)}
	}
	missing := errors.New("permission denied")
	var r cloudtrail.Reader
	fsys := fstest.MapFS{"a.json": log("A"), "b.json": log("B"), "c.json": log("C"), "d.json": log("D")}
	got := list(&r, &opened{fsys, func(name string) (fs.File, error) {
		switch name {
		case "a.json":
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		case "c.json":
			return nil, missing
		}
		return nil, nil
	}}, "*.json")
	require.Equal(t, []string{"a.json: open a.json: file does not exist", "B", "c.json: permission denied", "D"}, got)
	require.Equal(t, 2, r.Stats().Files)
	require.Equal(t, map[cloudtrail.Fault]int{cloudtrail.FaultFile: 2}, r.Stats().Faults)

	grown := &opened{FS: fstest.MapFS{"a.json": log("A")}}
	reads := 0
	grown.open = func(name string) (fs.File, error) {
		f, err := grown.FS.Open(name)
		if name == "a.json" {
			if reads++; reads == 2 { // to look at it once more
				return (fstest.MapFS{"a.json": {Data: make([]byte, 1000), ModTime: time.Unix(1, 0)}}).Open(name)
			}
		}
		return f, err
	}
	got = list(new(cloudtrail.Reader), grown, "*.json")
	require.Equal(t, []string{"A", fmt.Sprintf("a.json: changed while it was read: it had %d bytes, and has 1000 now", len(record("A", "A")))}, got)

	reads = 0
	grown.open = func(name string) (fs.File, error) {
		if name == "a.json" {
			if reads++; reads == 2 {
				return nil, fs.ErrNotExist
			}
		}
		return grown.FS.Open(name)
	}
	require.Equal(t, []string{"A", "a.json: went away while it was read: file does not exist"}, list(new(cloudtrail.Reader), grown, "*.json"))

	roots := 0
	more := &opened{FS: fstest.MapFS{"a.json": log("A")}}
	more.open = func(name string) (fs.File, error) {
		if name == "." {
			if roots++; roots > 2 {
				return (fstest.MapFS{"a.json": log("A"), "b.json": log("B")}).Open(name)
			}
		}
		return nil, nil
	}
	require.Equal(t, []string{"A", "*.json: the folder changed while it was read: there were 1 files, and are 2 now"}, list(new(cloudtrail.Reader), more, "*.json"))
}

func TestReadFSPattern(t *testing.T) {
	fsys := make(fstest.MapFS)
	for _, name := range []string{"a.json", "x/a.json", "x/b.txt", "x/y/a.json", "y/a.json"} {
		fsys[name] = &fstest.MapFile{Data: []byte(record(name, name))}
	}
	for pattern, want := range map[string][]string{
		"":            {"a.json", "x/a.json", "x/b.txt", "x/y/a.json", "y/a.json"},
		"**":          {"a.json", "x/a.json", "x/b.txt", "x/y/a.json", "y/a.json"},
		"*.json":      {"a.json"},
		"a.json":      {"a.json"},
		"**/*.json":   {"a.json", "x/a.json", "x/y/a.json", "y/a.json"},
		"x/**":        {"x/a.json", "x/b.txt", "x/y/a.json"},
		"x/*.json":    {"x/a.json"},
		"?/a.json":    {"x/a.json", "y/a.json"},
		"*/**/a.json": {"x/a.json", "x/y/a.json", "y/a.json"},
		"**/y/**":     {"x/y/a.json", "y/a.json"},
		"x":           {"x: no file matches"},
		"z/*":         {"z/*: no file matches"},
		"[":           {"[: syntax error in pattern"},
		"x/[":         {"x/[: syntax error in pattern"},
	} {
		require.Equal(t, want, list(new(cloudtrail.Reader), fsys, pattern), pattern)
	}
}

func TestReadFSFaults(t *testing.T) {
	var r cloudtrail.Reader
	got := list(&r, fstest.MapFS{
		"a.json":    {Data: []byte(record("1", "A") + "\n{\n" + record("1", "A"))},
		"b.json.gz": {Data: []byte(zip(record("2", "B"))[:30])},
		"c.csv":     {Data: []byte("a,b\n")},
		"d":         {Mode: fs.ModeNamedPipe},
		"e.json":    {Data: []byte(record("3", "C"))},
		"f.json":    {},
	}, "")
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], " (")
	}
	require.Equal(t, "A", got[0])
	require.Contains(t, got[1], "a.json: byte 517: is not JSON")
	require.Equal(t, []string{
		"A", "b.json.gz: byte 0: the compressed data end too early; the file looks truncated",
		"c.csv: byte 0: is no form of CloudTrail events that is known", "d: is no regular file", "C",
	}, got[2:])
	s := r.Stats()
	require.Equal(t, []any{5, 3, 1}, []any{s.Files, s.Events, s.Duplicates})
	require.Equal(t, map[cloudtrail.Fault]int{cloudtrail.FaultSyntax: 1, cloudtrail.FaultTruncated: 1, cloudtrail.FaultForm: 1, cloudtrail.FaultFile: 1}, s.Faults)
	require.Equal(t, map[cloudtrail.Skipped]int{cloudtrail.SkippedEmpty: 1}, s.Skipped)
}

func TestReaderProgress(t *testing.T) {
	var r cloudtrail.Reader
	var last []cloudtrail.Progress
	r.Progress = func(p cloudtrail.Progress) { last = append(last, p) }
	list(&r, folder(30, 2), "")
	require.Len(t, last, 30)
	for i, p := range last {
		require.Equal(t, []any{i + 1, 30}, []any{p.Files, p.Total})
	}
	require.Equal(t, r.Stats().Bytes, last[29].Bytes)
	require.True(t, strings.HasSuffix(last[29].File, "00029.json.gz"))
}

// Files by the thousands take no more memory than some.
func TestReadFSMemory(t *testing.T) {
	many := &repeated{MapFS: fstest.MapFS{}, n: 1500, data: []byte(zip(strings.Repeat(record("1", "A")+"\n", 20)))}
	peak, events := uint64(0), 0
	for _, err := range cloudtrail.ReadFS(many, "") {
		require.NoError(t, err)
		if events++; events%10000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
	}
	require.Equal(t, 30000, events)
	require.Less(t, peak, uint64(200<<20))
}

// repeated is a folder of n files that are the same.
type repeated struct {
	fstest.MapFS
	n    int
	data []byte
}

func (r *repeated) Open(name string) (fs.File, error) {
	return (fstest.MapFS{name: {Data: r.data}}).Open(name)
}

func (r *repeated) ReadDir(string) ([]fs.DirEntry, error) {
	one, err := (fstest.MapFS{"x": {}}).ReadDir(".")
	if err != nil {
		return nil, err
	}
	out := make([]fs.DirEntry, r.n)
	for i := range out {
		out[i] = named{one[0], fmt.Sprintf("%06d", i)}
	}
	return out, nil
}

func (r *repeated) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return fs.Stat(r.MapFS, name)
	}
	return fs.Stat(fstest.MapFS{name: {Data: r.data}}, name)
}

type named struct {
	fs.DirEntry
	name string
}

func (n named) Name() string { return n.name }

// What lies beside log files for package digest is no event, and nothing wrong.
func TestReadBesideDigests(t *testing.T) {
	fsys := fstest.MapFS{
		"digest.json.gz.meta.json": {Data: []byte(`{"AcceptRanges": "bytes", "ContentLength": 10, "Metadata": {"signature": "00", "signature-algorithm": "SHA256withRSA"}}`)},
		"public-keys.json":         {Data: []byte(`{"PublicKeyList": [{"Value": "MII=", "Fingerprint": "00"}]}`)},
	}
	r := new(cloudtrail.Reader)
	for _, err := range r.ReadFS(fsys, "") {
		require.NoError(t, err)
	}
	require.Equal(t, 2, r.Stats().Skipped[cloudtrail.SkippedDigest])
}
