package digest

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file that inflates without end is read as far as the limit, and is nothing.
func TestLimit(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(make([]byte, 4096))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Nil(t, newInflater().inflate(bytes.NewReader(b.Bytes()), 4096, LogFormat, io.Discard))
	var n bytes.Buffer
	p := newInflater().inflate(bytes.NewReader(b.Bytes()), 4095, LogFormat, &n)
	require.Equal(t, TooLarge, p.code)
	require.Equal(t, Unverified, p.verdict)
	require.Equal(t, 4096, n.Len())
}
