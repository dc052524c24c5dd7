package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/examples"
)

var update = flag.Bool("update", false, "write sample.tar.gz anew")

const sampleFile = "../sample-trail.tar.gz"

// generated is what the program writes, decompressed: how well gzip does is its own affair.
func generated(t *testing.T, s settings) map[string]string {
	out := make(map[string]string)
	require.NoError(t, s.write(func(name string, data []byte) error {
		out[name] = plain(t, name, data)
		return nil
	}))
	return out
}

func plain(t *testing.T, name string, data []byte) string {
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	return string(data)
}

// The committed sample is what the program writes.
func TestSample(t *testing.T) {
	want := generated(t, settings{seed: 1, days: 30, scale: 1, every: 24 * time.Hour})
	if *update {
		pack(t, want)
		return // what is embedded is what was there
	}
	got := make(map[string]string)
	require.NoError(t, fs.WalkDir(examples.Trail(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			var data []byte
			if data, err = fs.ReadFile(examples.Trail(), name); err == nil {
				got[name] = plain(t, name, data)
			}
		}
		return err
	}))
	same(t, want, got)
}

// same is require.Equal, whose difference of such texts takes minutes.
func same(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)))
	for name := range want {
		require.True(t, want[name] == got[name], name)
	}
}

// pack writes the sample with its texts as they are, which together get much smaller than one
// by one.
func pack(t *testing.T, files map[string]string) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	require.NoError(t, err)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}))
		_, err := io.WriteString(w, files[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	require.NoError(t, os.WriteFile(sampleFile, b.Bytes(), 0o666))
}

// Other settings give other events, the same settings the same.
func TestSettings(t *testing.T) {
	count := func(files map[string]string) (n int) {
		for _, text := range files {
			n += strings.Count(text, `"eventVersion"`)
		}
		return n
	}
	one := generated(t, settings{seed: 2, days: 2, scale: 1, every: 6 * time.Hour})
	same(t, one, generated(t, settings{seed: 2, days: 2, scale: 1, every: 6 * time.Hour}))
	require.False(t, maps.Equal(one, generated(t, settings{seed: 3, days: 2, scale: 1, every: 6 * time.Hour})))
	require.Greater(t, count(generated(t, settings{seed: 2, days: 2, scale: 4, every: 24 * time.Hour})), 2*count(one))
}
