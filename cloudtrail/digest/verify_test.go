package digest_test

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/internal/digesttest"
)

func TestReport(t *testing.T) {
	s := newSample(t)
	s.set("AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/2026/03/02/insight.json.gz", nil)
	var last digest.Progress
	s.options.Progress = func(p digest.Progress) { last = p }
	r := s.verify(t)
	require.Empty(t, r.Findings)
	require.Equal(t, digest.Valid, r.Verdict())
	require.Equal(t, 1, r.Others)
	digests, logs := r.Count()
	require.Equal(t, digest.Counts{Valid: 12}, digests)
	require.Equal(t, digest.Counts{Valid: 24}, logs)
	require.Len(t, r.Chains, 2)
	c := r.Chains[0]
	require.Equal(t, "111122223333 eu-west-1, trail orders of eu-west-1", c.Name())
	require.Equal(t, []digest.Period{{From: day, To: day.Add(hours * time.Hour)}}, c.Proved)
	require.Empty(t, c.Gaps)
	require.Equal(t, s.digests["eu-west-1"][hours-1].Key, c.Digests[0].Path)
	require.Equal(t, testKeys()[0].Fingerprint(), c.Digests[0].Fingerprint)
	require.Equal(t, 38, last.Files)
	require.Equal(t, 38, last.Total)
	require.Positive(t, last.Bytes)
}

// Digests and log files outside the period are not verified, but for what they tell of those in
// it.
func TestPeriod(t *testing.T) {
	tests := []struct {
		name     string
		from, to float64 // hours; 0: not given
		edit     func(s *sample)
		want     digest.Verdict
		digests  int // of eu-west-1
		codes    string
	}{
		{"digests", 2, 4, func(*sample) {}, digest.Valid, 2, ""},
		{"parts of digests", 1.5, 3.5, func(*sample) {}, digest.Valid, 3, ""},
		{"tampering before", 2, 4, func(s *sample) { delete(s.fs, s.digests["eu-west-1"][1].Key) }, digest.Valid, 2, ""},
		{"tampering after", 2, 4, func(s *sample) { s.set(s.logs["eu-west-1"][4][0].Key, nil) }, digest.Valid, 2, ""},
		{"metadata that is of another digest, after", 2, 4, func(s *sample) {
			s.fs[s.digests["eu-west-1"][4].Key+".meta.json"] = s.fs[s.digests["eu-west-1"][5].Key+".meta.json"]
		}, digest.Valid, 2, ""},
		{"metadata that is of another digest, within", 2, 4, func(s *sample) {
			s.fs[s.digests["eu-west-1"][3].Key+".meta.json"] = s.fs[s.digests["eu-west-1"][5].Key+".meta.json"]
		}, digest.Invalid, 2, "tampering signature-metadata"},
		{"tampering within", 2, 4, func(s *sample) { s.set(s.logs["eu-west-1"][3][0].Key, nil) }, digest.Invalid, 2, "tampering log-hash"},
		// The signature of the last digest of the period is in the next one.
		{"the next digest is gone", 2, 4, func(s *sample) { delete(s.fs, s.digests["eu-west-1"][4].Key) }, digest.Unverified, 2,
			"unproved digest-unproved, unproved digest-unproved, unproved signature-unknown"},
		{"the first digest of the period is gone", 2, 4, func(s *sample) { delete(s.fs, s.digests["eu-west-1"][2].Key) }, digest.Invalid, 2,
			"tampering digest-missing, unproved log-not-covered, unproved log-not-covered"},
		{"all after the beginning", 2, 0, func(*sample) {}, digest.Valid, 4, ""},
		{"all before the end", 0, 2, func(*sample) {}, digest.Valid, 2, ""},
		{"before the first digest", -2, 4, func(*sample) {}, digest.Unverified, 4, "unproved gap, unproved gap"},
		{"after the last digest", 2, 7, func(*sample) {}, digest.Unverified, 4, "unproved gap, unproved gap"},
		{"all before the first digest", -3, -2, func(*sample) {}, digest.Unverified, 0, "unproved no-digests, note gap, note gap"},
		{"all after the last digest", 8, 9, func(*sample) {}, digest.Unverified, 0, "unproved gap, unproved gap, unproved no-digests"},
	}
	base := newSample(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := base.clone()
			test.edit(s)
			at := func(h float64) time.Time {
				if h == 0 {
					return time.Time{}
				}
				return day.Add(time.Duration(h * float64(time.Hour)))
			}
			s.options.From, s.options.To = at(test.from), at(test.to)
			r := s.verify(t)
			require.Equal(t, test.codes, codes(r))
			require.Equal(t, test.want, r.Verdict())
			require.Len(t, r.Chains[0].Digests, test.digests)
		})
	}
	_, err := digest.Verify(t.Context(), base.fs, base.keys, digest.Options{From: day, To: day})
	require.ErrorContains(t, err, "the period ends")
}

// What is not known stays unknown.
func TestUnverified(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(s *sample, newest string)
		codes string
	}{
		{"no metadata of the newest digest", func(s *sample, newest string) { delete(s.fs, newest+".meta.json") },
			"unproved digest-unproved, unproved digest-unproved, unproved signature-unknown"},
		{"metadata that is none", func(s *sample, newest string) { s.set(newest+".meta.json", []byte(`{"Metadata":{"signature":1}}`)) },
			"unproved digest-unproved, unproved digest-unproved, unproved metadata-format, unproved signature-unknown"},
		{"metadata without a signature", func(s *sample, newest string) { s.set(newest+".meta.json", []byte(`{"Metadata":{}}`)) },
			"unproved digest-unproved, unproved digest-unproved, unproved metadata-format, unproved signature-unknown"},
		{"an algorithm that is not known", func(s *sample, newest string) {
			s.set(newest+".meta.json", []byte(`{"Metadata":{"signature":"00","signature-algorithm":"SHA512withRSA"}}`))
		}, "unproved algorithm-unknown, unproved digest-unproved, unproved digest-unproved"},
		{"a name that is none of a digest's", func(s *sample, newest string) { s.set(path.Dir(newest)+"/digest.json.gz", nil) }, "unproved digest-name"},
		{"log files without digests", func(s *sample, _ string) {
			s.set("AWSLogs/444455556666/CloudTrail/eu-west-1/2026/03/02/444455556666_CloudTrail_eu-west-1_20260302T0010Z_0000000000000000.json.gz", nil)
		}, "unproved no-digests"},
		{"a log file after the last digest", func(s *sample, _ string) {
			s.set("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/02/111122223333_CloudTrail_eu-west-1_20260302T0610Z_0000000000000000.json.gz", nil)
		}, "unproved log-not-covered"},
		{"nothing", func(s *sample, _ string) { s.fs = fstest.MapFS{} }, "unproved no-digests"},
		{"log files alone", func(s *sample, _ string) {
			for name := range s.fs {
				if strings.Contains(name, "Digest") || !strings.Contains(name, "T0010Z") {
					delete(s.fs, name)
				}
			}
		}, "unproved no-digests, unproved no-digests, unproved no-digests"},
	}
	base := newSample(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := base.clone()
			test.edit(s, s.digests["eu-west-1"][hours-1].Key)
			r := s.verify(t)
			require.Equal(t, test.codes, codes(r))
			require.Equal(t, digest.Unverified, r.Verdict())
		})
	}
	t.Run("no keys of a Region", func(t *testing.T) {
		s := base.clone()
		s.keys = s.keys[1:]
		r := s.verify(t)
		digests, logs := r.Count()
		require.Equal(t, digest.Counts{Valid: hours, Unverified: hours}, digests)
		require.Equal(t, digest.Counts{Valid: 2 * hours, Unverified: 2 * hours}, logs)
		require.Equal(t, digest.Unverified, r.Verdict())
		// But digests that contradict each other are not both what CloudTrail delivered.
		s.edit(t, s.digests["eu-west-1"][2].Key, func(text string) string { return text + "\n" })
		require.Contains(t, codes(s.verify(t)), "tampering digest-hash")
	})
}

// A chain that is cut by less than endWithin, and all chains cut alike, cannot be told from a
// copy that was made earlier. This is what the package comment says, and --to is for.
func TestCutOff(t *testing.T) {
	s := newSample(t)
	s.cut(t, hours-1)
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
	s.options.To = day.Add(hours * time.Hour)
	require.Equal(t, digest.Unverified, s.verify(t).Verdict())
}

// A chain that is gone with its log files is missed only where it is expected.
func TestExpect(t *testing.T) {
	s := newSample(t)
	s.options.Expect = []string{"111122223333/eu-west-1", "111122223333/us-east-1"}
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
	for name := range s.fs {
		if strings.Contains(name, "us-east-1") {
			delete(s.fs, name)
		}
	}
	r := s.verify(t)
	require.Equal(t, "unproved chain-missing", codes(r))
	require.Equal(t, "111122223333 us-east-1", r.Findings[0].Subject)
	s.options.Expect = nil
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
	s.options.Expect = []string{"111122223333"}
	_, err := digest.Verify(t.Context(), s.fs, s.keys, s.options)
	require.ErrorContains(t, err, "want ACCOUNT/REGION")
}

// CloudTrail User Guide, “Starting digest file”: validation that was off for a while.
func TestRestart(t *testing.T) {
	s := newSample(t)
	trail := newTrail("eu-central-1", testKeys()[0])
	trail.Begin(day)
	s.hour(t, trail, 0)
	s.meta(t, s.digests["eu-central-1"][0])
	trail.Begin(day.Add(3 * time.Hour))
	for h := 3; h < hours; h++ {
		s.hour(t, trail, h)
	}
	s.newestOnly(t)
	r := s.verify(t)
	require.Equal(t, "unproved gap, unproved restart", codes(r))
	require.Equal(t, []digest.Hole{{Period: digest.Period{From: day.Add(time.Hour), To: day.Add(3 * time.Hour)}, Reason: "no digests"}}, r.Chains[0].Gaps)
	s.options.From = day.Add(3 * time.Hour)
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
}

// Digests of an organization's trail, under a prefix, and where the copy begins.
func TestPlaces(t *testing.T) {
	s := &sample{fs: fstest.MapFS{}, keys: newSample(t).keys, digests: map[string][]digesttest.Object{}, logs: map[string][][]digesttest.Object{}}
	trail := newTrail("eu-west-1", testKeys()[0])
	trail.Prefix, trail.Organization = "trail/", "o-exampleorgid"
	trail.Begin(day)
	for h := range hours {
		s.hour(t, trail, h)
	}
	s.newestOnly(t)
	require.Equal(t, "o-exampleorgid", s.verify(t).Chains[0].Organization)
	tests := []struct {
		name    string
		root    string // of the copy, in the bucket
		into    string // where the copy has it
		options digest.Options
		want    digest.Verdict
		codes   string // the last one
	}{
		{"the bucket", "", "", digest.Options{Bucket: "logs"}, digest.Valid, ""},
		{"of another name", "", "", digest.Options{Bucket: "orders"}, digest.Invalid, "unproved digest-unproved"},
		{"a part", "trail/", "", digest.Options{Prefix: "trail/"}, digest.Valid, ""},
		{"a part, not said", "trail/", "", digest.Options{}, digest.Invalid, "note location"},
		{"a part, relocated", "trail/", "copies/logs/", digest.Options{Relocated: true}, digest.Valid, ""},
		{"relocated, not said", "trail/", "copies/logs/", digest.Options{}, digest.Invalid, "note location"},
		{"another prefix", "trail/", "", digest.Options{Prefix: "logs/"}, digest.Invalid, "note location"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := s.clone()
			c.fs = fstest.MapFS{}
			for name, f := range s.fs {
				c.fs[test.into+strings.TrimPrefix(name, test.root)] = f
			}
			c.options = test.options
			r := c.verify(t)
			require.Equal(t, test.want, r.Verdict(), codes(r))
			require.True(t, strings.HasSuffix(codes(r), test.codes), codes(r))
		})
	}
	t.Run("two copies, relocated", func(t *testing.T) {
		c := s.clone()
		for name, f := range s.fs {
			c.fs["copies/"+name] = f
		}
		c.options.Relocated = true
		require.Equal(t, digest.Valid, c.verify(t).Verdict())
		delete(c.fs, "copies/"+s.logs["eu-west-1"][1][0].Key)
		require.Equal(t, "tampering log-missing", codes(c.verify(t)))
	})
}

// The trail was set to another bucket: the chain goes on where the copy has nothing.
func TestOtherBucket(t *testing.T) {
	s := newSample(t)
	s.edit(t, s.digests["eu-west-1"][0].Key, func(text string) string { return text })
	trail := newTrail("eu-west-1", testKeys()[0])
	trail.Begin(day)
	first, err := trail.Digest(day.Add(time.Hour))
	require.NoError(t, err)
	link := newSample(t)
	link.fs = fstest.MapFS{first.Key: {Data: first.Data}}
	trail.Bucket = "orders"
	second, err := trail.Digest(day.Add(2 * time.Hour))
	require.NoError(t, err)
	// The generator writes its bucket as that of the previous digest, too.
	require.Contains(t, string(gunzip(t, second.Data)), `"previousDigestS3Bucket":"orders"`)
	content := strings.Replace(string(gunzip(t, second.Data)), `"previousDigestS3Bucket":"orders"`, `"previousDigestS3Bucket":"logs"`, 1)
	second.Data = compress(t, content)
	second.Metadata["signature"], err = testKeys()[0].Sign(toSign(t, content))
	require.NoError(t, err)
	c := &sample{fs: fstest.MapFS{}, keys: s.keys}
	c.put(second)
	c.meta(t, second)
	r := c.verify(t)
	require.Equal(t, "unproved other-bucket", codes(r))
	c.put(first)
	require.Equal(t, digest.Valid, c.verify(t).Verdict())
}

// Backfill digests are a chain of their own, and signed when they are generated, which may be
// with a later key (CloudTrail User Guide, “CloudTrail digest file structure”).
// A chain that was signed for another bucket may stand in the place of one that was deleted: of a
// trail, say, that records less.
func TestChainOfAnotherBucket(t *testing.T) {
	s := newSample(t)
	for path := range s.fs {
		if strings.Contains(path, "/eu-west-1/") {
			delete(s.fs, path)
		}
	}
	trail := newTrail("eu-west-1", testKeys()[0])
	trail.Bucket = "other"
	trail.Begin(day)
	for h := range hours {
		s.hour(t, trail, h)
	}
	s.newestOnly(t)
	r := s.verify(t)
	require.Equal(t, digest.Unverified, r.Verdict(), codes(r))
	require.Equal(t, "unproved other-bucket", codes(r))
	s.options.Bucket = "logs"
	require.Equal(t, digest.Invalid, s.verify(t).Verdict())
}

func TestBackfill(t *testing.T) {
	s := newSample(t)
	key, err := digesttest.NewKey(9, day.AddDate(0, 0, 25), day.AddDate(0, 0, 50))
	require.NoError(t, err)
	list, err := digesttest.List(append(testKeys()[:2:2], key)...)
	require.NoError(t, err)
	s.keys, err = digest.ReadKeys(strings.NewReader(string(list)))
	require.NoError(t, err)
	trail := newTrail("eu-west-1", key)
	l, err := trail.Log(day.Add(30*time.Minute), "late", []byte("{}"))
	require.NoError(t, err)
	s.put(l)
	require.Equal(t, "tampering log-unlisted", codes(s.verify(t)))
	d, err := trail.Backfill(day, day.Add(time.Hour), day.AddDate(0, 0, 30))
	require.NoError(t, err)
	s.put(d)
	require.Equal(t, "unproved digest-unproved, unproved signature-unknown", codes(s.verify(t)))
	s.meta(t, d)
	r := s.verify(t)
	require.Equal(t, digest.Valid, r.Verdict(), codes(r))
	require.True(t, r.Chains[1].Backfill)
	require.Equal(t, "111122223333 eu-west-1, trail orders of eu-west-1, backfill", r.Chains[1].Name())
	delete(s.fs, l.Key)
	require.Equal(t, "tampering log-missing", codes(s.verify(t)))
	s.put(l)
	d.Metadata["backfill-generation-timestamp"] = day.Format(time.RFC3339)
	s.meta(t, d)
	require.Equal(t, digest.KeyValidity, s.verify(t).Findings[0].Code)
}

func TestListedTwice(t *testing.T) {
	s := newSample(t)
	trail := newTrail("eu-central-1", testKeys()[0])
	trail.Begin(day)
	_, err := trail.Log(day.Add(10*time.Minute), "0000000000000000", []byte("{}"))
	require.NoError(t, err)
	s.hour(t, trail, 0)
	s.newestOnly(t)
	require.Equal(t, "tampering log-hash, unproved gap, note log-listed-twice", codes(s.verify(t)))
}

func TestSignatures(t *testing.T) {
	s := newSample(t)
	s.options.Signatures = map[string]digest.Metadata{}
	for _, list := range s.digests {
		o := list[hours-1]
		delete(s.fs, o.Key+".meta.json")
		s.options.Signatures[o.Key] = digest.Metadata{Signature: o.Metadata["signature"]}
	}
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
	delete(s.fs, s.digests["us-east-1"][hours-1].Key)
	require.Contains(t, codes(s.verify(t)), "tampering digest-missing")
}

// The zero values and those that do not exist have names, too.
func TestStrings(t *testing.T) {
	require.Equal(t, "unverified valid invalid missing Verdict(9)", strings.Join([]string{digest.Unverified.String(), digest.Valid.String(), digest.Invalid.String(), digest.Missing.String(), digest.Verdict(9).String()}, " "))
	require.Equal(t, "note unproved tampering Severity(9)", strings.Join([]string{digest.Note.String(), digest.Unproved.String(), digest.Tampering.String(), digest.Severity(9).String()}, " "))
}

// A badFS is a copy that changes while it is read, or that cannot be read.
type badFS struct {
	fstest.MapFS
	path string
	what string
}

func (b badFS) Open(name string) (fs.File, error) {
	f, err := b.MapFS.Open(name)
	if name != b.path || err != nil {
		return f, err
	}
	switch b.what {
	case "denied":
		return nil, fs.ErrPermission
	case "vanishes":
		return nil, fs.ErrNotExist
	}
	return &badFile{f, b.what, 0}, nil
}

func (b badFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == b.path {
		return nil, fs.ErrPermission
	}
	return b.MapFS.ReadDir(name)
}

func (b badFS) Stat(name string) (fs.FileInfo, error) { return fs.Stat(b.MapFS, name) }

type badFile struct {
	fs.File
	what string
	read int
}

func (f *badFile) Read(b []byte) (int, error) {
	f.read++
	if f.what == "breaks" {
		return 0, errors.New("input/output error")
	}
	return f.File.Read(b)
}

func (f *badFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	if f.what == "grows" && f.read > 0 {
		return grown{info}, err
	}
	return info, err
}

type grown struct{ fs.FileInfo }

func (g grown) Size() int64 { return g.FileInfo.Size() + 1 }

func TestFileSystem(t *testing.T) {
	s := newSample(t)
	tests := []struct {
		what     string
		log, dig string // the code of a log file, and of a digest, that it happens to
	}{
		{"denied", "unproved unreadable", "unproved unreadable"},
		{"vanishes", "unproved changed-while-read", "unproved changed-while-read"},
		{"breaks", "unproved unreadable", "unproved unreadable"},
		{"grows", "unproved changed-while-read", "unproved changed-while-read"},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			r, err := digest.Verify(t.Context(), badFS{s.fs, s.logs["eu-west-1"][2][1].Key, test.what}, s.keys, digest.Options{})
			require.NoError(t, err)
			require.Equal(t, test.log, codes(r))
			r, err = digest.Verify(t.Context(), badFS{s.fs, s.digests["eu-west-1"][2].Key, test.what}, s.keys, digest.Options{})
			require.NoError(t, err)
			require.Contains(t, codes(r), test.dig)
			require.Equal(t, digest.Unverified, r.Verdict())
		})
	}
	c := s.clone()
	c.fs[s.logs["eu-west-1"][0][0].Key] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	require.Equal(t, "unproved unreadable", codes(c.verify(t)))
	r, err := digest.Verify(t.Context(), badFS{s.fs, path.Dir(s.logs["eu-west-1"][0][0].Key), "denied"}, s.keys, digest.Options{})
	require.NoError(t, err)
	require.Equal(t, "unproved unreadable", codes(r))
	_, err = digest.Verify(t.Context(), badFS{fstest.MapFS{}, ".", "denied"}, s.keys, digest.Options{})
	require.ErrorIs(t, err, fs.ErrPermission)
}

func TestCancel(t *testing.T) {
	s := newSample(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err := digest.Verify(ctx, s.fs, s.keys, digest.Options{Progress: func(digest.Progress) {
		if n++; n == 20 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, n, 30)
	_, err = digest.Verify(ctx, s.fs, s.keys, digest.Options{})
	require.ErrorIs(t, err, context.Canceled)
}
