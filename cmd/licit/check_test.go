package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xeipuuv/gojsonschema"

	"github.com/licit-dev/licit/policy/serviceref"
)

// The SARIF output keeps to the schema of OASIS, whatever the answer is.
func TestCheckSARIFSchema(t *testing.T) {
	schema, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	dir := t.TempDir()
	public, narrow := filepath.Join(dir, "ä public.json"), filepath.Join(dir, "narrow.json")
	parts, whole := filepath.Join(dir, "parts.json"), filepath.Join(dir, "whole.json")
	some, all := hardPolicies()
	for name, src := range map[string]string{
		public: `{"Version": "2012-10-17", "Statement": [{"Sid": "ä", "Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}`,
		narrow: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}]}`,
		parts:  some, whole: all,
	} {
		require.NoError(t, os.WriteFile(name, []byte(src), 0o666))
	}
	const full = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
	for _, test := range []struct {
		args []string
		code int
	}{
		{[]string{"equivalent", public, public}, exitOK},
		{[]string{"no-new-access", narrow, public}, exitNo},
		{[]string{"public", public}, exitNo},
		{[]string{"not-granted", "--action", "s3:PutObject", full}, exitNo},
		{[]string{"no-new-access", "--timeout", "1ns", parts, whole}, exitIndeterminate},
	} {
		var stdout, stderr bytes.Buffer
		code := run(append([]string{"check", "-o", "sarif"}, test.args...), nil, &stdout, &stderr)
		require.Equal(t, test.code, code, stderr.String()+stdout.String())
		result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(stdout.Bytes()))
		require.NoError(t, err, stdout.String())
		require.Empty(t, result.Errors(), stdout.String())
	}
}

// hardPolicies allow what has one of two values in each of 30 tags: one policy all of it, and one
// in so many parts that it takes a long search to see whether they leave something out.
func hardPolicies() (parts, whole string) {
	var denies, allows []string
	for k := range 30 {
		denies = append(denies, fmt.Sprintf(`{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestTag/k%d": ["0", "1"]}}}`, k))
	}
	random := uint32(1)
	for range 240 {
		var tests []string
		for i := range 3 {
			random = random*1664525 + 1013904223
			tests = append(tests, fmt.Sprintf(`"aws:RequestTag/k%d": "%d"`, i*10+int(random>>16)%10, random>>31))
		}
		allows = append(allows, `{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {`+strings.Join(tests, ", ")+`}}}`)
	}
	document := func(lists ...string) string {
		return `{"Version": "2012-10-17", "Statement": [` + strings.Join(lists, ",\n") + `]}`
	}
	return document(append(allows, denies...)...), document(append(denies, `{"Effect": "Allow", "Action": "*", "Resource": "*"}`)...)
}

// What is not known is an answer in every format.
func TestCheckUnknown(t *testing.T) {
	t.Chdir(t.TempDir())
	some, all := hardPolicies()
	require.NoError(t, os.WriteFile("parts.json", []byte(some), 0o666))
	require.NoError(t, os.WriteFile("whole.json", []byte(all), 0o666))
	for output, want := range map[string]string{
		"text":   "unknown (identity policy): whether whole.json allows what parts.json does not is not known: the deadline passed\n",
		"github": "::warning file=whole.json,line=1,col=1,title=licit check NotProved::whether whole.json allows what parts.json does not is not known: the deadline passed\n",
		"json":   "\"verdict\": \"unknown\",\n  \"says\": \"whether whole.json allows what parts.json does not is not known: the deadline passed\",\n  \"reason\": \"the deadline passed\"\n",
		"sarif":  "\"level\": \"warning\"",
	} {
		var stdout, stderr strings.Builder
		args := []string{"check", "no-new-access", "--kind", "identity", "--timeout", "1ns", "-o", output, "parts.json", "whole.json"}
		require.Equal(t, exitIndeterminate, run(args, nil, &stdout, &stderr), stderr.String())
		require.Contains(t, stdout.String(), want)
	}
}

// Interrupted, check writes nothing.
func TestCheckInterrupted(t *testing.T) {
	t.Chdir(t.TempDir())
	some, all := hardPolicies()
	require.NoError(t, os.WriteFile("parts.json", []byte(some), 0o666))
	require.NoError(t, os.WriteFile("whole.json", []byte(all), 0o666))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	a := &app{stdout: &stdout, stderr: &stderr, facts: embeddedFacts(), ref: serviceref.Embedded()}
	root := a.command()
	root.SetArgs([]string{"check", "no-new-access", "--kind", "identity", "parts.json", "whole.json"})
	require.Equal(t, exitInterrupted, exitCode(&stderr, root.ExecuteContext(ctx)))
	require.Empty(t, stdout.String())
	require.Equal(t, "licit: interrupted; nothing was written\n", stderr.String())
}
