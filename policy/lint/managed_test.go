package lint_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// The managed policies of AWS have no findings of type ERROR but those that stand with a
// reason in testdata/managed-policies.txt.
func TestManagedPolicies(t *testing.T) {
	want := readExceptions(t)
	got, n := map[string]bool{}, 0
	for p := range serviceref.ManagedPolicies() {
		n++
		name := p.ARN.Resource()[strings.LastIndexByte(p.ARN.Resource(), '/')+1:]
		for _, f := range lint.Source(name, p.Source(), policy.IdentityBased) {
			if f.Type != lint.Error {
				continue
			}
			if got[f.Code+" "+name] = true; !want[f.Code+" "+name] {
				t.Error(f)
			}
		}
	}
	require.Greater(t, n, 1500)
	for exception := range want {
		if !got[exception] {
			t.Errorf("testdata/managed-policies.txt: %q has no such finding any more; remove the line", exception)
		}
	}
}

func readExceptions(t *testing.T) map[string]bool {
	f, err := os.Open("testdata/managed-policies.txt")
	require.NoError(t, err)
	defer f.Close()
	out := map[string]bool{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
			out[line] = true
		}
	}
	return out
}
