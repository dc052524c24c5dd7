package fakeaws_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/internal/fakeaws"
)

// mirrorVariable names the folder of a mirror of Terraform providers that has
// registry.terraform.io/hashicorp/aws.
const mirrorVariable = "LICIT_TF_MIRROR"

// Terraform's AWS provider is a client that knows nothing of this server and is built with
// another version of the SDK. It must see the same organization.
func TestTerraform(t *testing.T) {
	mirror := os.Getenv(mirrorVariable)
	if mirror == "" {
		t.Skipf("%s is not set: it is the folder of a mirror of Terraform providers with hashicorp/aws", mirrorVariable)
	}
	binary, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("there is no terraform binary")
	}
	s := fakeaws.New(t, world())
	s.PageSize = 2
	s.Inject(fakeaws.Fault{Match: fakeaws.Match{Operation: "ListAccounts"}, Kind: fakeaws.EmptyPage})
	s.Config(t, management) // for the environment
	dir := t.TempDir()
	config, err := os.ReadFile(filepath.Join("testdata", "terraform", "main.tf"))
	require.NoError(t, err)
	write(t, filepath.Join(dir, "main.tf"), strings.ReplaceAll(string(config), "http://127.0.0.1:0", s.URL))
	write(t, filepath.Join(dir, "cli.tfrc"), `disable_checkpoint = true
provider_installation {
  filesystem_mirror { path = "`+mirror+`" }
}
`)
	run := func(args ...string) []byte {
		t.Helper()
		c := exec.CommandContext(t.Context(), binary, args...)
		c.Dir = dir
		c.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"), "TF_IN_AUTOMATION=1", "NO_PROXY=127.0.0.1", "HTTPS_PROXY=", "HTTP_PROXY=", "https_proxy=", "http_proxy=")
		c.Stderr = os.Stderr
		out, err := c.Output()
		require.NoError(t, err, "terraform %v: %s", args, out)
		return out
	}
	run("init", "-input=false", "-no-color")
	run("apply", "-input=false", "-no-color", "-auto-approve")
	var outputs map[string]struct{ Value any }
	require.NoError(t, json.Unmarshal(run("output", "-json"), &outputs))
	want, err := os.ReadFile(filepath.Join("testdata", "terraform", "want.json"))
	require.NoError(t, err)
	var wanted map[string]any
	require.NoError(t, json.Unmarshal(want, &wanted))
	got := make(map[string]any)
	for name, o := range outputs {
		got[name] = o.Value
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("Terraform sees another organization (-want +got):\n%s", diff)
	}
	operations := make(map[string]bool)
	for _, c := range s.Calls() {
		operations[c.Service+":"+c.Operation] = true
		if c.Code != "" && c.Operation != "GetUser" { // the provider asks who it is, and a session is no user
			t.Errorf("%+v", c)
		}
	}
	t.Logf("terraform called %d operations %d times", len(operations), len(s.Calls()))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}
