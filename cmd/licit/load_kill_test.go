package main

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A licit load that is killed, wherever it is, leaves nothing that is taken for what it is
// not; the next goes on from there and writes what one that was not killed writes.
func TestLoadKilled(t *testing.T) {
	w := shop()
	for _, name := range []string{"logs", "orders"} {
		w.Organization.Accounts[1].Resources = append(w.Organization.Accounts[1].Resources, org.Resource{
			ARN:    policy.MustParseARN("arn:aws:sqs:eu-west-3:444455556666:" + name),
			Policy: policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sqs:*","Resource":"*"}]}`))),
		})
	}
	s := fakeaws.New(t, w)
	s.Config(t, "111122223333") // nothing of AWS_ but what follows is in the environment
	licit, err := exec.LookPath("licit")
	require.NoError(t, err)
	// An address has no room for the label that S3 Control puts before the host.
	load := func(dir string) *exec.Cmd {
		cmd := exec.Command(licit, "load", "--out", dir, "--role", "LicitReader", "--regions", "eu-west-3", "--progress", "json",
			"--sections", "organization,organization-policies,iam,credentials,providers,sqs,kms,trails")
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIA111122223333", "AWS_SECRET_ACCESS_KEY=example")
		return cmd
	}
	whole := t.TempDir()
	out, err := load(whole).CombinedOutput()
	require.NoError(t, err, "%s", out)
	want := snapshotFiles(t, whole)
	require.Contains(t, want, "org.json")
	units := strings.Count(string(out), `"done":`)
	require.Greater(t, units, 10)

	for _, after := range []int{0, 1, 2, 3, 5, units - 2, units - 1, units} {
		dir := t.TempDir()
		killed := load(dir)
		stderr, err := killed.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, killed.Start())
		lines := bufio.NewScanner(stderr)
		for range after {
			require.True(t, lines.Scan())
		}
		_ = killed.Process.Kill() // it may have ended
		_ = killed.Wait()
		if _, err := org.ReadFS(os.DirFS(dir)); err == nil {
			require.Equal(t, want, snapshotFiles(t, dir), "after %d units", after)
		}
		s.Forget()
		out, err := load(dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Equal(t, want, snapshotFiles(t, dir), "after %d units", after)
		require.GreaterOrEqual(t, strings.Count(string(out), `"reused":true`), after, "what was read is not read again")
		if after == units {
			require.Len(t, s.Calls(), 1)
		}
	}
}

// snapshotFiles are the files of a snapshot, by name, without what AWS answered.
func snapshotFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == recordsDir:
			return fs.SkipDir
		case e.IsDir():
			return nil
		}
		text, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(text)
		return errors.Join(err, relErr)
	})
	require.NoError(t, err)
	return out
}
