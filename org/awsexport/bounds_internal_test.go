package awsexport

import (
	"bytes"
	"compress/gzip"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// A small file that unpacks to a large one is not read to its end.
func TestBomb(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(bytes.Repeat([]byte(" "), 3<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	small := option(func(s *state) { s.most = 2 << 20 })
	x, err := Read(fstest.MapFS{
		"111122223333/get-account-authorization-details.json.gz": {Data: b.Bytes()},
		"111122223333/get-account-summary.json":                  {Data: []byte(`{"SummaryMap": {}}`)},
	}, small, WithoutOrganization())
	require.NoError(t, err)
	found := false
	for g := range x.Organization.Gaps() {
		found = found || g.Subject == "arn:aws:iam::111122223333:*" && g.Reason == "111122223333/get-account-authorization-details.json.gz: more than 2 MiB, unpacked; want smaller files"
	}
	require.True(t, found)
}
