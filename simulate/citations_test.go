package simulate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// uncited are the rules that the evaluator has no line for, and why.
var uncited = map[string]string{
	"R-SES-4": "report only: a request does not say that credentials come from GetSessionToken, they are the user's",
}

// TestCitations wants every rule of the evaluation specification to be named where the
// evaluator implements it. Ranges such as “R-X-1 to R-X-3” name their ends only.
func TestCitations(t *testing.T) {
	cited := map[string]bool{}
	for _, dir := range []string{"../policy", "../org", "../internal/glob", "../internal/engine", "."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, dir)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, id := range ruleID.FindAllString(string(src), -1) {
				cited[id] = true
				require.Contains(t, evaluationRules, id, "%s names a rule that does not exist", file)
			}
		}
	}
	var missing []string
	for _, id := range evaluationRules {
		if _, excepted := uncited[id]; !cited[id] && !excepted {
			missing = append(missing, id)
		}
	}
	require.Empty(t, missing, "rules that are cited nowhere")
	for id := range uncited {
		require.True(t, slices.Contains(evaluationRules, id) && !cited[id], "%s is no exception any more", id)
	}
}
