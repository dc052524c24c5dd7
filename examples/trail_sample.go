package examples

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing/fstest"
)

//go:embed sample-trail.tar.gz
var trail []byte

// Trail is a month of CloudTrail log files and digest files of the organization of [Fintech], as
// its trail delivers them to S3, with the metadata of the newest digests and, in
// public-keys.json, the keys that they are signed with. The program examples/trail writes
// them, also in other sizes. Nothing of it happened.
func Trail() fs.FS { return unpack() }

var unpack = sync.OnceValue(func() fs.FS {
	out := make(fstest.MapFS)
	z, err := gzip.NewReader(bytes.NewReader(trail))
	if err != nil {
		panic("examples: " + err.Error())
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			panic("examples: " + err.Error())
		}
		var b bytes.Buffer
		if err := copyTo(&b, r, strings.HasSuffix(h.Name, ".gz")); err != nil {
			panic("examples: " + err.Error())
		}
		out[h.Name] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o444}
	}
})

// copyTo compresses what CloudTrail compresses: together, the texts are packed as they are.
func copyTo(b *bytes.Buffer, r io.Reader, compress bool) error {
	if !compress {
		_, err := b.ReadFrom(r)
		return err
	}
	z, err := gzip.NewWriterLevel(b, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, r); err != nil {
		return err
	}
	return z.Close()
}
