package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy/serviceref"
)

// Interrupted, the commands that ask much write nothing and exit as diff does.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	changes, matrix := filepath.Join(dir, "changes.json"), filepath.Join(dir, "out.matrix")
	require.NoError(t, os.WriteFile(changes, []byte(`[{"remove": "arn:aws:iam::111122223333:user/team/ana"}]`), 0o644))
	const bruno = "arn:aws:iam::111122223333:user/bruno"
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{
		{"diff", "--change", changes},
		{"who-can", "--action", "s3:GetObject", "--resource", "arn:aws:s3:::logs/a"},
		{"matrix", "build", "--out", matrix},
		{"permissions", "--principal", bruno},
		{"which-actions", "--principal", bruno, "--resource", "arn:aws:s3:::logs"},
		{"which-resources", "--principal", bruno, "--action", "s3:ListBucket"},
	} {
		t.Run(args[0], func(t *testing.T) {
			for _, want := range []struct {
				ctx    context.Context
				code   int
				stderr string
			}{{t.Context(), exitOK, ""}, {ctx, exitInterrupted, "licit: interrupted; nothing was written\n"}} {
				require.NoError(t, os.RemoveAll(matrix))
				var stdout, stderr strings.Builder
				a := &app{stdout: &stdout, stderr: &stderr, facts: embeddedFacts(), ref: serviceref.Embedded()}
				root := a.command()
				root.SetArgs(append(args, "--snapshot", "testdata/snapshot"))
				code := exitCode(&stderr, root.ExecuteContext(want.ctx))
				require.Equal(t, want.code, code, stderr.String())
				require.Equal(t, want.code == exitOK, stdout.Len() > 0)
				if want.code == exitOK {
					continue
				}
				require.Equal(t, want.stderr, stderr.String())
				require.NoFileExists(t, matrix)
			}
		})
	}
}
