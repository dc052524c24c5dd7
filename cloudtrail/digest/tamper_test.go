package digest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/internal/digesttest"
)

// A tally counts what was tried of a kind of tampering, and what was found: as tampering, as not
// proved, or not at all.
type tally struct{ tried, tampering, unproved, missed int }

func (c *tally) count(r *digest.Report) {
	c.tried++
	switch r.Verdict() {
	case digest.Invalid:
		c.tampering++
	case digest.Unverified:
		c.unproved++
	default:
		c.missed++
	}
}

// TestTamperingEverywhere changes a byte of each kind of file, and removes, swaps, replays and
// renames each file. Nothing may be missed; what is only found to be unproved is said here.
func TestTamperingEverywhere(t *testing.T) {
	base := newSample(t)
	require.Equal(t, digest.Valid, base.verify(t).Verdict(), codes(base.verify(t)))
	euDigests, euLogs := base.digests["eu-west-1"], slices.Concat(base.logs["eu-west-1"]...)
	flips := func(path string, step int, c *tally) {
		plain := gunzip(t, base.fs[path].Data)
		for i := 0; i < len(plain); i += step {
			s := base.clone()
			changed := bytes.Clone(plain)
			changed[i] ^= 1 << (i % 8)
			s.set(path, compress(t, string(changed)))
			c.count(s.verify(t))
		}
	}
	tests := []struct {
		name     string
		unproved bool // some are found as not proved only
		try      func(c *tally)
	}{
		{"a byte of a log file's content", false, func(c *tally) {
			for _, l := range euLogs {
				flips(l.Key, 17, c)
			}
		}},
		{"a byte of a log file, compressed", false, func(c *tally) {
			data := euLogs[3].Data
			want := gunzip(t, data)
			for i := range data {
				changed := bytes.Clone(data)
				changed[i] ^= 1 << (i % 8)
				s := base.clone()
				s.set(euLogs[3].Key, changed)
				if got, err := inflate(changed); err == nil && bytes.Equal(got, want) {
					require.Equal(t, digest.Valid, s.verify(t).Verdict(), "byte %d: the content is the same", i)
					continue
				}
				c.count(s.verify(t))
			}
		}},
		{"a byte of a digest that another names", false, func(c *tally) {
			for _, d := range euDigests[:hours-1] {
				flips(d.Key, 29, c)
			}
		}},
		// A changed name of the key is not known to be wrong where no other digest has the hash.
		{"a byte of the newest digest", true, func(c *tally) { flips(euDigests[hours-1].Key, 7, c) }},
		// Half a byte of hexadecimal may only change its case.
		{"a digit of the newest signature", false, func(c *tally) {
			o := euDigests[hours-1]
			signature := o.Metadata["signature"]
			for i := 0; i < len(signature); i += 5 {
				digit := "0"
				if signature[i] == '0' {
					digit = "1"
				}
				o.Metadata = map[string]string{"signature": signature[:i] + digit + signature[i+1:]}
				s := base.clone()
				s.meta(t, o)
				c.count(s.verify(t))
			}
		}},
		{"a removed log file", false, func(c *tally) {
			for _, l := range euLogs {
				s := base.clone()
				delete(s.fs, l.Key)
				c.count(s.verify(t))
			}
		}},
		{"a removed digest, metadata left", false, func(c *tally) {
			for _, d := range euDigests {
				s := base.clone()
				delete(s.fs, d.Key)
				c.count(s.verify(t))
			}
		}},
		// What the end of a chain listed is then listed by none.
		{"the newest digests removed with their metadata", true, func(c *tally) {
			for n := range hours {
				s := base.clone()
				for _, d := range euDigests[n:] {
					delete(s.fs, d.Key)
				}
				delete(s.fs, euDigests[hours-1].Key+".meta.json")
				c.count(s.verify(t))
			}
		}},
		// Other chains of the copy go on; or the period that was asked for does.
		{"the newest digests removed with metadata and log files, seen from the other chain", true, func(c *tally) {
			for n := 1; n < hours-1; n++ {
				s := base.clone()
				s.cut(t, n)
				c.count(s.verify(t))
			}
		}},
		{"the newest digests removed with metadata and log files, seen from --to", true, func(c *tally) {
			for n := 1; n < hours; n++ {
				s := base.clone()
				s.cut(t, n)
				s.options.To = day.Add(hours * time.Hour)
				c.count(s.verify(t))
			}
		}},
		{"the oldest digests removed", false, func(c *tally) {
			for n := 1; n < hours; n++ {
				s := base.clone()
				for _, d := range euDigests[:n] {
					delete(s.fs, d.Key)
				}
				c.count(s.verify(t))
			}
		}},
		{"two digests swapped", false, func(c *tally) {
			for i, a := range euDigests {
				for _, b := range euDigests[i+1:] {
					s := base.clone()
					s.swap(a.Key, b.Key)
					c.count(s.verify(t))
				}
			}
		}},
		{"a digest replayed in place of another", false, func(c *tally) {
			for _, a := range euDigests {
				for _, b := range slices.Concat(euDigests, base.digests["us-east-1"]) {
					if a.Key != b.Key {
						s := base.clone()
						s.fs[a.Key] = s.fs[b.Key]
						c.count(s.verify(t))
					}
				}
			}
		}},
		{"a digest replayed as a newer one", false, func(c *tally) {
			for _, d := range euDigests {
				s := base.clone()
				s.fs[strings.Replace(euDigests[hours-1].Key, "T060000Z", "T070000Z", 1)] = s.fs[d.Key]
				c.count(s.verify(t))
			}
		}},
		{"a digest renamed", false, func(c *tally) {
			for _, d := range euDigests {
				for _, other := range [][2]string{{"20260302T0", "20260302T1"}, {"_orders_", "_audit_"}, {"111122223333_", "444455556666_"}, {".json.gz", "_backfill.json.gz"}, {"CloudTrail-Digest_", "digest_"}} {
					s := base.clone()
					s.rename(d.Key, strings.Replace(d.Key, other[0], other[1], 1))
					c.count(s.verify(t))
				}
			}
		}},
		{"two log files swapped", false, func(c *tally) {
			for i := 1; i < len(euLogs); i++ {
				s := base.clone()
				s.swap(euLogs[0].Key, euLogs[i].Key)
				c.count(s.verify(t))
			}
		}},
		{"a log file replayed in place of another", false, func(c *tally) {
			for i := 1; i < len(euLogs); i++ {
				s := base.clone()
				s.fs[euLogs[i].Key] = s.fs[euLogs[0].Key]
				c.count(s.verify(t))
			}
		}},
		{"a log file renamed", false, func(c *tally) {
			for _, l := range euLogs {
				s := base.clone()
				s.rename(l.Key, strings.Replace(l.Key, "00000", "99999", 1))
				c.count(s.verify(t))
			}
		}},
		// A digest that lists it may come in the last two hours.
		{"a log file added", true, func(c *tally) {
			for _, l := range euLogs {
				s := base.clone()
				s.fs[strings.Replace(l.Key, "00000", "99999", 1)] = s.fs[l.Key]
				c.count(s.verify(t))
			}
		}},
		{"a file of another name added among log files", false, func(c *tally) {
			for _, name := range []string{"forged.json.gz", "forged.json", "forged", ".forged.json.gz", "111122223333_CloudTrail_eu-west-1_20260302T0210Z_x.json", "111122223333_CloudTrail_eu-west-1_20260302T0210Z.json.gz",
				"111122223333_CloudTrail_EU-west-1_20260302T0210Z_0000000000000000.json.gz", "111122223333_CloudTrail_eu-west-1_20260302T021000Z_0000000000000000.json.gz"} {
				for _, folder := range []string{path.Dir(euLogs[0].Key), "AWSLogs/111122223333/CloudTrail/eu-west-1", "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/02/more"} {
					s := base.clone()
					s.set(folder+"/"+name, euLogs[0].Data)
					c.count(s.verify(t))
				}
			}
		}},
		{"likewise, where there are no digests beside it", true, func(c *tally) {
			for _, folder := range []string{"AWSLogs/111122223333/CloudTrail", "AWSLogs/111122223333/CloudTrail/ap-south-1", "AWSLogs/444455556666/CloudTrail/eu-west-1/2026/03/02", "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1"} {
				s := base.clone()
				s.set(folder+"/forged.json", euLogs[0].Data)
				c.count(s.verify(t))
			}
		}},
		// As where no digest lists it: a digest that does may come in the two hours after.
		{"a log file added, and listed by a changed digest outside the period", true, func(c *tally) {
			for h, d := range euDigests {
				if h == 2 || h == 3 {
					continue
				}
				s := base.clone()
				s.options.From, s.options.To = day.Add(2*time.Hour), day.Add(4*time.Hour)
				s.list(t, d.Key, strings.Replace(s.logs["eu-west-1"][2][0].Key, "00000", "99999", 1), euLogs[0].Data)
				c.count(s.verify(t))
			}
		}},
		{"likewise, by a forged digest of another trail", true, func(c *tally) {
			s := base.clone()
			s.options.From, s.options.To = day.Add(2*time.Hour), day.Add(4*time.Hour)
			name := strings.Replace(euDigests[0].Key, "_orders_", "_audit_", 1)
			s.set(name, base.fs[euDigests[0].Key].Data)
			s.list(t, name, strings.Replace(s.logs["eu-west-1"][2][0].Key, "00000", "99999", 1), euLogs[0].Data)
			c.count(s.verify(t))
		}},
		{"a log file changed that a digest before the period lists", false, func(c *tally) {
			s := &sample{fs: fstest.MapFS{}, keys: base.keys, digests: map[string][]digesttest.Object{}, logs: map[string][][]digesttest.Object{}}
			trail := newTrail("eu-west-1", testKeys()[0])
			trail.Begin(day)
			late, err := trail.Log(day.Add(2*time.Hour), "late", []byte("{}"))
			require.NoError(t, err)
			s.put(late)
			for h := range hours {
				s.hour(t, trail, h)
			}
			s.newestOnly(t)
			s.options.From, s.options.To = day.Add(time.Hour), day.Add(3*time.Hour)
			require.Equal(t, digest.Valid, s.verify(t).Verdict(), codes(s.verify(t)))
			s.set(late.Key, compress(t, "[]"))
			c.count(s.verify(t))
		}},
		{"a digest's metadata of another digest", false, func(c *tally) {
			for _, list := range base.digests {
				for _, d := range list {
					for _, o := range list {
						if o.Key != d.Key {
							s := base.clone()
							o.Key = d.Key
							s.meta(t, o)
							c.count(s.verify(t))
						}
					}
				}
			}
		}},
		{"a digest re-serialised", false, func(c *tally) {
			for _, d := range euDigests {
				s := base.clone()
				s.edit(t, d.Key, func(text string) string {
					var b bytes.Buffer
					require.NoError(t, json.Indent(&b, []byte(text), "", "  "))
					return b.String()
				})
				c.count(s.verify(t))
			}
		}},
		{"a line end added", false, func(c *tally) {
			for _, o := range slices.Concat(euDigests, euLogs) {
				for _, end := range []string{"\r\n", "\n", " "} {
					s := base.clone()
					s.edit(t, o.Key, func(text string) string { return text + end })
					c.count(s.verify(t))
				}
			}
		}},
		{"a file truncated", false, func(c *tally) {
			for _, o := range slices.Concat(euDigests, euLogs) {
				for _, n := range []int{0, 1, 2, 12, len(o.Data) / 2, len(o.Data) - 8, len(o.Data) - 1} {
					s := base.clone()
					s.set(o.Key, o.Data[:n])
					c.count(s.verify(t))
				}
			}
		}},
		{"bytes after the gzip stream", false, func(c *tally) {
			for _, o := range slices.Concat(euDigests, euLogs) {
				for _, more := range [][]byte{{0}, []byte("more"), compress(t, "more")} {
					s := base.clone()
					s.set(o.Key, slices.Concat(o.Data, more))
					c.count(s.verify(t))
				}
			}
		}},
		{"a null previous digest", false, func(c *tally) {
			for _, d := range euDigests[1:] {
				s := base.clone()
				s.edit(t, d.Key, func(text string) string {
					before, rest, _ := strings.Cut(text, `"previousDigestS3Bucket"`)
					_, logs, _ := strings.Cut(rest, `"logFiles"`)
					return before + `"previousDigestS3Bucket":null,"previousDigestS3Object":null,"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles"` + logs
				})
				c.count(s.verify(t))
			}
		}},
		{"a digest and its log file forged, by a key that is not in the list", true, func(c *tally) { base.forge(t, 3, c) }},
		{"likewise, by the key of another Region", false, func(c *tally) {
			s := base.clone()
			s.keys[0].Region, s.keys[1].Region = "eu-west-1", "us-east-1"
			s.forge(t, 1, c)
		}},
		{"likewise, by an expired key", false, func(c *tally) { base.forge(t, 2, c) }},
	}
	var table strings.Builder
	var all tally
	for _, test := range tests {
		var c tally
		test.try(&c)
		fmt.Fprintf(&table, "%-82s tried %4d: tampering %4d, not proved %3d, missed %d\n", test.name, c.tried, c.tampering, c.unproved, c.missed)
		all = tally{all.tried + c.tried, all.tampering + c.tampering, all.unproved + c.unproved, all.missed + c.missed}
		if c.tried == 0 || c.missed > 0 || !test.unproved && c.unproved > 0 {
			t.Errorf("%s: %+v", test.name, c)
		}
	}
	t.Logf("tampering, tried and found:\n%s%-82s tried %4d: tampering %4d, not proved %3d, missed %d", table.String(), "all", all.tried, all.tampering, all.unproved, all.missed)
}

// cut removes all of eu-west-1 but the first hours.
func (s *sample) cut(t testing.TB, left int) {
	t.Helper()
	for h := left; h < hours; h++ {
		delete(s.fs, s.digests["eu-west-1"][h].Key)
		for _, l := range s.logs["eu-west-1"][h] {
			delete(s.fs, l.Key)
		}
	}
	delete(s.fs, s.digests["eu-west-1"][hours-1].Key+".meta.json")
	s.meta(t, s.digests["eu-west-1"][left-1])
}

// list adds a log file, and has a digest list it.
func (s *sample) list(t testing.TB, by, log string, data []byte) {
	t.Helper()
	s.set(log, data)
	s.edit(t, by, func(text string) string {
		entry := fmt.Sprintf(`{"s3Bucket":"logs","s3Object":%q,"hashValue":"%x","hashAlgorithm":"SHA-256","newestEventTime":"2026-03-02T01:00:00Z","oldestEventTime":"2026-03-02T01:00:00Z"},`, log, sha256.Sum256(gunzip(t, data)))
		return strings.Replace(text, `"logFiles":[`, `"logFiles":[`+entry, 1)
	})
}

// forge delivers the chain of eu-west-1 again, with one more log file, signed by another key.
func (s *sample) forge(t testing.TB, key int, c *tally) {
	t.Helper()
	for from := range hours {
		f := s.clone()
		f.digests, f.logs = map[string][]digesttest.Object{}, map[string][][]digesttest.Object{}
		trail := newTrail("eu-west-1", testKeys()[0])
		trail.Begin(day)
		for h := range hours {
			if h == from {
				trail.Key = testKeys()[key]
				o, err := trail.Log(day.Add(time.Duration(h)*time.Hour), "forged", []byte("{}"))
				require.NoError(t, err)
				f.put(o)
			}
			f.hour(t, trail, h)
		}
		f.newestOnly(t)
		c.count(f.verify(t))
	}
}

// Different bytes of the same content are no tampering.
func TestCompressedAgain(t *testing.T) {
	s := newSample(t)
	for path, f := range s.fs {
		if !strings.HasSuffix(path, ".gz") {
			continue
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
		require.NoError(t, err)
		z.Name, z.ModTime = "logs", day
		_, err = z.Write(gunzip(t, f.Data))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		s.set(path, b.Bytes())
	}
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
	for path, f := range s.fs {
		if strings.HasSuffix(path, ".gz") {
			s.set(path, gunzip(t, f.Data)) // some tools decompress what they download
		}
	}
	require.Equal(t, digest.Valid, s.verify(t).Verdict())
}
