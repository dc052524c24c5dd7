package licit_test

import (
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A policy and a request are enough for a decision. What a condition asks for and nobody
// said makes it indeterminate.
func Example() {
	doc, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
  "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*",
  "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}}`))
	if err != nil {
		log.Fatal(err) // every mistake in the document, with line and column
	}
	env, err := simulate.CompileCustom(doc)
	if err != nil {
		log.Fatal(err)
	}
	ana := policy.PrincipalFromARN(policy.MustParseARN("arn:aws:iam::111122223333:user/ana"))
	file := policy.MustParseARN("arn:aws:s3:::logs/app.log")
	r := simulate.Request{Principal: ana, Action: "s3:GetObject", Resource: file}
	fmt.Println(env.Can(r))
	r.Keys = r.Keys.With("aws:SourceIp", "203.0.113.7")
	fmt.Println(env.Can(r))
	// Output:
	// indeterminate (identityPolicy)
	// allowed (identityPolicy)
}

// The Go code in the README is the body of Example, and its output is Example's.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```go\n")
	code, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("README.md has no block of Go code")
	}
	code, output, _ := strings.Cut(code, "// Output:\n")
	want := outdent(string(source))
	for _, part := range []string{code, output} {
		if part == "" || !strings.Contains(want, part) {
			t.Errorf("example_test.go does not contain what README.md shows:\n%s", part)
		}
	}
}

func outdent(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "\t")
	}
	return strings.Join(lines, "\n")
}
