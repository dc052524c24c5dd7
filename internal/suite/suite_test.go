package suite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/simulate"
)

// The scenarios of package simulate are case files, and all of their cases hold.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("../../simulate/testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		src, err := os.ReadFile(name)
		require.NoError(t, err)
		f, err := suite.Read(filepath.ToSlash(name), src)
		require.NoError(t, err)
		require.False(t, f.NeedsWorld(), name)
		n := 0
		for c := range f.Cases() {
			n++
			r := c.Decide(f.World)
			if !r.Pass {
				t.Error(r.Failure(r.Decision.Outcome.String()))
			}
		}
		require.Positive(t, n, name)
	}
}

// A byte order mark and line ends of Windows change nothing.
func TestWindows(t *testing.T) {
	f, err := suite.Read("t.txtar", []byte("\ufeff-- org.json --\r\n{\"accounts\": [{\"id\": \"111122223333\"}]}\r\n-- cases --\r\n\r\ndenied  *  s3:GetObject  arn:aws:s3:::logs/a  aws:UserAgent=a\r\n"))
	require.NoError(t, err)
	for c := range f.Cases() {
		require.Equal(t, 5, c.Line)
		require.Equal(t, "denied  *  s3:GetObject  arn:aws:s3:::logs/a  aws:UserAgent=a", suite.Text("denied", c.Request))
		r := c.Decide(f.World)
		require.Equal(t, simulate.Indeterminate, r.Decision.Outcome, r.Failure(""))
	}
}
