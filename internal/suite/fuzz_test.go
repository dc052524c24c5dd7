package suite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/suite"
)

// FuzzRead: whatever the bytes are, a file is refused with an error that names it, or has
// cases, each with a place inside the file, that are decided without a panic; what is
// refused does not pass, and the text of a case that was read is read again as the same
// case.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"../../simulate/testdata/*.txtar", "../../examples/policytest/tests/*.txtar"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			if len(src) < 8<<10 {
				f.Add(src)
			}
		}
	}
	f.Add([]byte("-- cases --\r\n?denied\t* s3:GetObject \"arn:aws:s3:::a b\" aws:TagKeys=a,\"b,\\\"\" aws:UserAgent=\"\" # c\r\nallowed"))
	f.Add([]byte("-- cases.jsonl --\n{}\n-- cases --\n\xff"))
	f.Add([]byte("-- org.json --\n{\"accounts\": [\"a.json\"]}\n-- a.json --\n{\"id\": \"111122223333\"}\n-- cases --\ndenied arn:aws:iam::111122223333:root s3:GetObject -\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := suite.Read("fuzz.txtar", src)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.txtar:") {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if file.NeedsWorld() {
			return
		}
		n, lines := 0, strings.Count(string(src), "\n")+1
		for c := range file.Cases() {
			n++
			if c.Line < 1 || c.Line > lines || c.Column < 1 {
				t.Fatalf("case at %d:%d of %d lines", c.Line, c.Column, lines)
			}
			r := c.Decide(file.World)
			if r.Err != nil && (r.Pass || !strings.Contains(r.Failure(""), "fuzz.txtar:")) {
				t.Fatalf("refused, pass %v: %s", r.Pass, r.Failure(""))
			}
			if text := r.Failure(r.Decision.Outcome.String()); strings.ContainsAny(text, "\x1b\x00\r") {
				t.Fatalf("not printable: %q", text)
			}
			if again, err := suite.Read("fuzz.txtar", []byte("-- cases --\n"+suite.Text("denied", c.Request)+"\n")); r.Err == nil && c.ID == "" {
				if err != nil {
					t.Fatal(err)
				}
				for c2 := range again.Cases() {
					if got := suite.Text("denied", c2.Request); got != suite.Text("denied", c.Request) {
						t.Fatalf("read again as %s, was %s", got, suite.Text("denied", c.Request))
					}
				}
			}
		}
		if n == 0 {
			t.Fatal("no case and no error")
		}
	})
}
