package digest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/internal/digesttest"
)

var day = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// testKeys are those of eu-west-1 and of us-east-1, one that was expired, and one that is in no
// list.
var testKeys = sync.OnceValue(func() []*digesttest.Key {
	var keys []*digesttest.Key
	for seed := range uint64(4) {
		k, err := digesttest.NewKey(seed+1, day.AddDate(0, 0, -10), day.AddDate(0, 0, 20))
		if err != nil {
			panic(err)
		}
		keys = append(keys, k)
	}
	keys[2].From, keys[2].To = day.AddDate(0, 0, -40), day.AddDate(0, 0, -10)
	return keys
})

const hours = 6

// A sample is a copy of a bucket: two Regions of an account, digests of six hours, two log files
// in each hour.
type sample struct {
	fs      fstest.MapFS
	keys    []digest.PublicKey
	digests map[string][]digesttest.Object   // by Region, the oldest first
	logs    map[string][][]digesttest.Object // likewise, by hour
	options digest.Options
}

func newTrail(region string, key *digesttest.Key) *digesttest.Trail {
	return &digesttest.Trail{Bucket: "logs", Account: "111122223333", Region: region, Name: "orders", HomeRegion: "eu-west-1", Key: key}
}

func newSample(t testing.TB) *sample {
	t.Helper()
	s := &sample{fs: fstest.MapFS{}, digests: map[string][]digesttest.Object{}, logs: map[string][][]digesttest.Object{}}
	list, err := digesttest.List(testKeys()[:3]...)
	require.NoError(t, err)
	s.keys, err = digest.ReadKeys(bytes.NewReader(list))
	require.NoError(t, err)
	for i, region := range []string{"eu-west-1", "us-east-1"} {
		trail := newTrail(region, testKeys()[i])
		trail.Begin(day)
		for h := range hours {
			s.hour(t, trail, h)
		}
	}
	s.newestOnly(t)
	return s
}

// hour delivers an hour of a trail.
func (s *sample) hour(t testing.TB, trail *digesttest.Trail, h int) {
	t.Helper()
	var logs []digesttest.Object
	for i := range 2 {
		at := day.Add(time.Duration(h)*time.Hour + time.Duration(10+30*i)*time.Minute)
		content := fmt.Sprintf(`{"Records":[{"eventVersion":"1.11","eventTime":%q,"awsRegion":%q,"eventName":"GetObject","eventID":"%d-%d"}]}`, at.Format(time.RFC3339), trail.Region, h, i)
		o, err := trail.Log(at, fmt.Sprintf("%016d", 100*h+i), []byte(content))
		require.NoError(t, err)
		s.put(o)
		logs = append(logs, o)
	}
	o, err := trail.Digest(day.Add(time.Duration(h+1) * time.Hour))
	require.NoError(t, err)
	s.put(o)
	s.digests[trail.Region] = append(s.digests[trail.Region], o)
	s.logs[trail.Region] = append(s.logs[trail.Region], logs)
}

func (s *sample) put(o digesttest.Object) { s.fs[o.Key] = &fstest.MapFile{Data: o.Data} }

// meta puts the metadata of a digest beside it.
func (s *sample) meta(t testing.TB, o digesttest.Object) {
	t.Helper()
	b, err := o.HeadObject()
	require.NoError(t, err)
	s.fs[o.Key+".meta.json"] = &fstest.MapFile{Data: b}
}

func (s *sample) newestOnly(t testing.TB) {
	t.Helper()
	for _, list := range s.digests {
		s.meta(t, list[len(list)-1])
	}
}

func (s *sample) clone() *sample {
	c := *s
	c.fs = maps.Clone(s.fs)
	c.keys = slices.Clone(s.keys)
	return &c
}

func (s *sample) verify(t testing.TB) *digest.Report {
	t.Helper()
	r, err := digest.Verify(t.Context(), s.fs, s.keys, s.options)
	require.NoError(t, err)
	return r
}

func (s *sample) set(path string, data []byte) { s.fs[path] = &fstest.MapFile{Data: data} }

// edit changes the decompressed content of a file.
func (s *sample) edit(t testing.TB, path string, change func(string) string) {
	t.Helper()
	s.set(path, compress(t, change(string(gunzip(t, s.fs[path].Data)))))
}

func (s *sample) rename(from, to string) {
	s.fs[to] = s.fs[from]
	delete(s.fs, from)
}

func (s *sample) swap(a, b string) { s.fs[a], s.fs[b] = s.fs[b], s.fs[a] }

func compress(t testing.TB, content string) []byte {
	t.Helper()
	b, err := digesttest.Compress([]byte(content))
	require.NoError(t, err)
	return b
}

func gunzip(t testing.TB, b []byte) []byte {
	t.Helper()
	content, err := inflate(b)
	require.NoError(t, err)
	return content
}

func inflate(b []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func codes(r *digest.Report) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Severity.String()+" "+string(f.Code))
	}
	return strings.Join(out, ", ")
}
