package casefile_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/simulate/casefile"
)

// FuzzRead: whatever the bytes are, each line that is not blank yields one case, in
// order, that evaluates to one line of JSON; a line that is refused is never allowed.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, section := range txtar.Parse(src).Files {
			if section.Name == "cases.jsonl" {
				lines := bytes.Split(section.Data, []byte("\n"))
				f.Add(bytes.Join(lines[:min(2, len(lines))], []byte("\n")))
			}
		}
	}
	f.Add([]byte("{}\r\n\n  \n[]\n\x00"))
	f.Add([]byte(`{"request": {"principal": "*", "action": "s3:GetObject", "context": {"a": [], "A": ""}}, "endpointPolicies": [{"kind": "gateway"}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		var want []int
		for i, line := range strings.Split(string(src), "\n") {
			if strings.Trim(line, " \t\r\n") != "" {
				want = append(want, i+1)
			}
		}
		n := 0
		for c, err := range casefile.Read(bytes.NewReader(src), "fuzz") {
			if c == nil {
				t.Fatalf("no case: %v", err)
			}
			if n >= len(want) || c.Line() != want[n] {
				t.Fatalf("result %d is of line %d, want lines %v", n, c.Line(), want)
			}
			n++
			r := c.Eval()
			if out := r.AppendJSON(nil); !json.Valid(out) || bytes.ContainsRune(out, '\n') {
				t.Fatalf("not a line of JSON: %q", out)
			}
			if err != nil && (r.Err == nil || r.Decision.Allowed()) {
				t.Fatalf("refused with %v, but decided: %s", err, r.Decision)
			}
			if r.Err == nil && c.Explain().Decision != r.Decision {
				t.Fatalf("Eval and Explain differ: %s", r.AppendJSON(nil))
			}
		}
		if n != len(want) {
			t.Fatalf("%d results, want lines %v", n, want)
		}
	})
}
