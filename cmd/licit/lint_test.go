package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xeipuuv/gojsonschema"
	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// The SARIF output keeps to the schema of OASIS.
func TestSARIFSchema(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/script/lint_output.txtar")
	require.NoError(t, err)
	dir := t.TempDir()
	for _, f := range archive.Files {
		name := filepath.Join(dir, f.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, f.Data, 0o666))
	}
	schema, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	for _, args := range [][]string{
		{"policies"}, {"policies", "--kind", "scp"}, {"snapshot-of-" + t.Name()}, {"other/clean.json"}, {"--resource-type", "AWS::S3::Bucket", "policies/ä b.json"},
	} {
		for i, arg := range args {
			if strings.HasPrefix(arg, "snapshot-of-") {
				args[i] = "testdata/snapshot"
			} else if strings.Contains(arg, "/") || arg == "policies" {
				args[i] = filepath.Join(dir, arg)
			}
		}
		var stdout, stderr bytes.Buffer
		code := runFake(append([]string{"lint", "-o", "sarif"}, args...), nil, &stdout, &stderr)
		require.NotEqual(t, exitError, code, stderr.String())
		result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(stdout.Bytes()))
		require.NoError(t, err, stdout.String())
		require.Empty(t, result.Errors(), stdout.String())
	}
}

func TestGuessKind(t *testing.T) {
	for _, test := range []struct {
		name string
		src  string
		want policy.Kind
	}{
		{"identity", `{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`, policy.IdentityBased},
		{"resource", `{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}`, policy.ResourceBased},
		{"not principal", `{"Statement": {"NotPrincipal": "*", "NotAction": "sts:AssumeRole"}}`, policy.ResourceBased},
		{"trust", `{"Statement": [{"Principal": {}, "Action": ["sts:AssumeRole", "sts:TagSession"]}, {"Principal": {}, "Action": "STS:AssumeRoleWithSAML"}]}`, policy.RoleTrust},
		{"trust with a resource", `{"Statement": [{"Principal": {}, "Action": "sts:AssumeRole", "Resource": "*"}]}`, policy.ResourceBased},
		{"only tags", `{"Statement": [{"Principal": {}, "Action": "sts:TagSession"}]}`, policy.ResourceBased},
		{"more than trust", `{"Statement": [{"Principal": {}, "Action": "sts:AssumeRole"}, {"Principal": {}, "Action": "sts:*"}]}`, policy.ResourceBased},
		{"byte order mark", "\ufeff" + `{"Statement": {"Principal": {}, "Action": "sts:AssumeRole"}}`, policy.RoleTrust},
		{"no JSON", `{"Statement": `, policy.IdentityBased},
		{"odd", `{"Statement": [1, null, [], {"Principal": 1}]}`, policy.ResourceBased},
		{"odder", `[]`, policy.IdentityBased},
	} {
		require.Equal(t, test.want, guessKind([]byte(test.src)), test.name)
	}
}

func TestMatchPath(t *testing.T) {
	for _, test := range []struct {
		glob, path string
		want       bool
	}{
		{"a.json", "a.json", true},
		{"*.json", "a.json", true},
		{"*.json", "b/a.json", false},
		{"**/*.json", "a.json", true},
		{"**/*.json", "b/c/a.json", true},
		{"b/**", "b/c/a.json", true},
		{"b/**/a.json", "b/a.json", true},
		{"b/**/a.json", "c/a.json", false},
		{"b", "b/a.json", false},
		{"b/?.json", "b/a.json", true},
	} {
		require.Equal(t, test.want, matchPath(strings.Split(test.glob, "/"), strings.Split(test.path, "/")), "%s %s", test.glob, test.path)
	}
}

func TestSIDOf(t *testing.T) {
	list := []byte(`{"Statement": [{"Sid": "A"}, {"Sid": "B"}, 3, {}]}`)
	for pointer, want := range map[string]string{
		"/Statement/1": "B", "/Statement/0/Action/2": "A", "/Statement/2": "", "/Statement/3/Action": "", "/Statement/9": "", "/Statement": "", "/Version": "", "": "",
	} {
		require.Equal(t, want, sidOf(list, pointer), pointer)
	}
	single := []byte(`{"Statement": {"Sid": "A"}}`)
	require.Equal(t, "A", sidOf(single, "/Statement/Action"))
	require.Equal(t, "A", sidOf(single, "/Statement"))
	require.Empty(t, sidOf([]byte(`{`), "/Statement/0"))
}

// The mark stands below the span whatever is on the line.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		name, content string
		from, to      int
		want          string
	}{
		{"plain", "ab\ncdef\n", 4, 6, "    2 | cdef\n      |  ^^\n"},
		{"tab and umlaut", "\tä\"*\"", 3, 6, "    1 |  ä\"*\"\n      |   ^^^\n"},
		{"bad bytes", "\xff\x1b*", 2, 3, "    1 | ��*\n      |   ^\n"},
		{"empty span", "abc", 1, 1, "    1 | abc\n      |  ^\n"},
		{"at the end", "abc", 3, 3, "    1 | abc\n      |    ^\n"},
		{"several lines", "a{\n}\n", 1, 4, "    1 | a{\n      |  ^\n"},
		{"carriage return", "ab\r\ncd", 1, 2, "    1 | ab\n      |  ^\n"},
		{"empty line", "\n", 0, 1, ""},
		{"long", long + "*" + long, 300, 301, "    1 | …" + long[:39] + "*" + long[:59] + "…\n      | " + strings.Repeat(" ", 40) + "^\n"},
		{"all of a long line", long, 0, 300, "    1 | " + long[:100] + "…\n      | " + strings.Repeat("^", 101) + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := &sourceFile{}
			file.set([]byte(test.content))
			tg := &target{file: file}
			var b strings.Builder
			excerpt(&b, finding{target: tg, Finding: lint.Finding{Position: tg.position(test.from), End: tg.position(test.to)}})
			require.Equal(t, test.want, b.String())
		})
	}
}

func TestFindingStyle(t *testing.T) {
	require.Equal(t, "ERROR", style{}.finding(lint.Error))
	require.Equal(t, "\x1b[1;31mERROR\x1b[0m", style{colour: true}.finding(lint.Error))
	require.Equal(t, "\x1b[1;33mWARNING\x1b[0m", style{colour: true}.finding(lint.Warning))
}

// What shrink gives names exactly what went in, and is never longer.
func TestShrinkExact(t *testing.T) {
	checkShrink(t, fakeFacts{}, []string{"s3:", "iam:", "s3-outposts:"})
}

// The same with the service data that the command has.
func TestShrinkEmbedded(t *testing.T) {
	checkShrink(t, embeddedFacts(), []string{"s3:", "iam:", "sts:", "ec2:"})
}

func checkShrink(t *testing.T, f facts, services []string) {
	patterns := []string{}
	for _, s := range services {
		patterns = append(patterns, s+"*", s+"Get*", s+"*Acl", s+"?ut*", s+"*t*O*", s+"Nothing")
		for a := range f.Actions(s + "*") {
			patterns = append(patterns, string(a), strings.ToLower(string(a)), string(a)[:len(s)+1]+"*")
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(rapid.SampledFrom(patterns), 1, 40).Draw(t, "patterns")
		a := &app{facts: f, stderr: &bytes.Buffer{}}
		got, err := a.shrink(actionList{patterns: given}) // an error if it is not exact
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Patterns) > len(given) {
			t.Fatalf("%v is longer than %v", got.Patterns, given)
		}
		again, err := a.shrink(actionList{patterns: got.Patterns})
		if err != nil || len(again.Patterns) != len(got.Patterns) {
			t.Fatalf("%v shrinks once more to %v, %v", got.Patterns, again.Patterns, err)
		}
	})
}

// No bytes make the parser of .licit.yaml panic.
func FuzzConfig(f *testing.F) {
	f.Add([]byte("lint:\n  ignore:\n    - code: PING\n      reason: x\n"))
	f.Add([]byte("lint: &a\n  ignore: *a\n"))
	f.Add([]byte("lint:\n  ignore: [{code: [x]}, *b, {<<: {code: PING}}]\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		p := configParser{file: &configFile{name: "x"}, known: func(string) error { return nil }}
		p.parse(src)
	})
}
