package ascii_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/ascii"
)

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"s3:GetObject", "S3:getobject", 0},
		{"@[`{", "@[`{", 0},
		{"@", "`", -1}, {"[", "{", -1}, // the neighbours of the letters are no letters
		{"\u212a", "k", 1}, {"\u017f", "s", 1}, {"É", "é", -1},
		{"a\xff", "A\xff", 0},
		{"a", "B", -1}, {"B", "a", 1}, {"a", "Ab", -1},
	} {
		require.Equal(t, tt.want, ascii.Compare(tt.a, tt.b), "%q %q", tt.a, tt.b)
		require.Equal(t, -tt.want, ascii.Compare(tt.b, tt.a), "%q %q", tt.b, tt.a)
		require.Equal(t, tt.want == 0, ascii.Equal(tt.a, tt.b), "%q %q", tt.a, tt.b)
	}
}

func TestToLower(t *testing.T) {
	require.Equal(t, "ec2:run\u212aÉ\xff@[", ascii.ToLower("Ec2:RUN\u212aÉ\xff@["))
	require.Equal(t, "as it is", ascii.ToLower("as it is"))
	require.Empty(t, ascii.ToLower(""))
}
