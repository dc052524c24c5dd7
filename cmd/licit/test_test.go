package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xeipuuv/gojsonschema"
	"golang.org/x/tools/txtar"
)

// outputFixtures writes the case files of the script about formats.
func outputFixtures(t *testing.T) string {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/script/test_output.txtar")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "tests/") {
			src := strings.ReplaceAll("\n"+string(f.Data), "\n>", "\n")[1:]
			require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), []byte(src), 0o666))
		}
	}
	hostile := "-- org.json --\n{\"accounts\": [{\"id\": \"111122223333\"}]}\n-- cases --\nallowed  *  s3:GetObject  \"arn:aws:s3:::logs/]]>\x1b[31m\x00<&>'\"  aws:UserAgent=\"\xef\xbf\xbe\"\n\x1b[31m]]> \x01\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hostile.txtar"), []byte(hostile), 0o666))
	return dir
}

// runTest is licit test on the paths, in a format.
func runTest(t *testing.T, format string, paths ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(append([]string{"test", "--coverage", "-o", format}, paths...), nil, &stdout, &stderr)
	require.Contains(t, []int{exitOK, exitError}, code, stderr.String())
	return stdout.Bytes()
}

// The SARIF output keeps to the schema of OASIS, whatever the cases hold.
func TestTestSARIF(t *testing.T) {
	schema, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	for _, path := range []string{outputFixtures(t), "../../examples/policytest"} {
		out := runTest(t, "sarif", path)
		result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(out))
		require.NoError(t, err, string(out))
		require.Empty(t, result.Errors(), string(out))
	}
}

// junitElements are the elements of the JUnit format that are used, with the element that
// they stand in, the attributes that they must have, and those that they may have.
var junitElements = map[string]struct {
	in, must, may string
}{
	"testsuites": {"", "", "name time tests failures errors"},
	"testsuite":  {"testsuites", "name tests failures errors", "skipped time timestamp hostname id package file"},
	"testcase":   {"testsuite", "name", "classname time group"},
	"failure":    {"testcase", "", "type message"},
	"error":      {"testcase", "", "type message"},
}

// The JUnit output is XML with the elements and attributes that readers know (Jenkins,
// junit-10.xsd), and its numbers are those of its elements.
func TestTestJUnit(t *testing.T) {
	for _, path := range []string{outputFixtures(t), "../../examples/policytest"} {
		out := runTest(t, "junit", path)
		d := xml.NewDecoder(bytes.NewReader(out))
		var stack []string
		counted, claimed := map[string]int{}, map[string]int{}
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, string(out))
			switch token := token.(type) {
			case xml.StartElement:
				name := token.Name.Local
				e, ok := junitElements[name]
				require.True(t, ok, "element %s", name)
				parent := ""
				if len(stack) > 0 {
					parent = stack[len(stack)-1]
				}
				require.Equal(t, e.in, parent, "element %s", name)
				stack = append(stack, name)
				counted[name]++
				missing := strings.Fields(e.must)
				for _, a := range token.Attr {
					require.Contains(t, strings.Fields(e.must+" "+e.may), a.Name.Local, "attribute of %s", name)
					missing = slices.DeleteFunc(missing, func(s string) bool { return s == a.Name.Local })
					if n, err := strconv.Atoi(a.Value); err == nil && name == "testsuite" {
						claimed[a.Name.Local] += n
					} else if err == nil {
						claimed["all "+a.Name.Local] += n
					}
				}
				require.Empty(t, missing, "attributes of %s", name)
			case xml.EndElement:
				stack = stack[:len(stack)-1]
			}
		}
		require.Positive(t, counted["testcase"])
		for claim, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error"} {
			require.Equal(t, counted[element], claimed[claim], claim)
			require.Equal(t, counted[element], claimed["all "+claim], claim)
		}
	}
}

// BenchmarkTest decides cases of the example, read from one file.
func BenchmarkTest(b *testing.B) {
	const cases = 10_000
	src, err := os.ReadFile("../../examples/policytest/tests/deploy.txtar")
	require.NoError(b, err)
	head, lines, _ := strings.Cut(string(src), "-- cases --\n")
	var file strings.Builder
	file.WriteString(head + "-- cases --\n")
	for n := 0; n < cases; {
		for line := range strings.Lines(lines) {
			if strings.TrimSpace(line) != "" && line[0] != '#' && n < cases {
				file.WriteString(line)
				n++
			}
		}
	}
	name := filepath.Join(b.TempDir(), "cases.txtar")
	require.NoError(b, os.WriteFile(name, []byte(file.String()), 0o666))
	for _, args := range [][]string{{}, {"--coverage"}, {"-o", "json"}} {
		b.Run(fmt.Sprintf("cases=%d%s", cases, strings.Join(args, "")), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var stdout, stderr bytes.Buffer
				code := run(append([]string{"test", "--snapshot", "../../examples/policytest", name}, args...), nil, &stdout, &stderr)
				require.Equal(b, exitOK, code, stderr.String())
			}
			b.ReportMetric(float64(cases*b.N)/b.Elapsed().Seconds(), "cases/s")
		})
	}
}
