package digest_test

import (
	"bytes"
	"testing"
	"testing/fstest"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/internal/digesttest"
)

// FuzzVerify puts anything in place of a digest, of the metadata of the newest one, and of the
// public keys. Nothing panics, and nothing is proved but what was delivered.
func FuzzVerify(f *testing.F) {
	base := &sample{fs: fstest.MapFS{}, keys: newSample(f).keys, digests: map[string][]digesttest.Object{}, logs: map[string][][]digesttest.Object{}}
	trail := newTrail("eu-west-1", testKeys()[0])
	trail.Begin(day)
	base.hour(f, trail, 0)
	base.hour(f, trail, 1)
	base.newestOnly(f)
	list := base.digests["eu-west-1"]
	newest := list[1].Key + ".meta.json"
	for i, o := range list {
		f.Add(uint8(i), gunzip(f, o.Data), base.fs[newest].Data, []byte("{}"))
		f.Add(uint8(i), o.Data, []byte(`{"Metadata":{"signature":"00"}}`), []byte(`{"PublicKeyList":[]}`))
	}
	f.Add(uint8(0), []byte("{}"), []byte("{}"), []byte(awsKeys))
	f.Add(uint8(0), []byte(`{"logFiles":[{"s3Object":"../x"}]}`), []byte("{}"), []byte("[]"))
	f.Fuzz(func(t *testing.T, i uint8, content, meta, keys []byte) {
		s := base.clone()
		o := list[int(i)%len(list)]
		s.set(o.Key, content)
		s.set(newest, meta)
		r := s.verify(t)
		same := bytes.Equal(content, gunzip(t, o.Data))
		if got, err := inflate(content); err == nil && bytes.Equal(got, gunzip(t, o.Data)) {
			same = true
		}
		if !same && r.Verdict() == digest.Valid {
			t.Errorf("a digest that CloudTrail did not deliver is valid: %s", codes(r))
		}
		for _, c := range r.Chains {
			for _, d := range c.Digests {
				if !same && d.Path == o.Key && d.Verdict == digest.Valid {
					t.Errorf("valid: %s", d.Path)
				}
			}
		}
		if more, err := digest.ReadKeys(bytes.NewReader(keys)); err == nil {
			if _, err := digest.Verify(t.Context(), s.fs, more, digest.Options{}); err != nil {
				t.Error(err)
			}
		}
		_, _ = digest.ReadSignatures(bytes.NewReader(keys))
	})
}
