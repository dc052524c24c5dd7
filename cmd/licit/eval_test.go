package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const evalCase = `{"id": "c%d", "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject", "resource": "arn:aws:s3:::logs/a"}, "identityPolicies": [{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}], "expect": "allowed"}` + "\n"

// A program at both ends of licit eval gets each answer before it asks again.
func TestEvalConversation(t *testing.T) {
	stdin, ask := io.Pipe()
	answers, stdout := io.Pipe()
	code := make(chan int)
	go func() {
		c := run([]string{"eval", "-"}, stdin, stdout, io.Discard)
		stdout.Close()
		code <- c
	}()
	lines := bufio.NewScanner(answers)
	for i := range 3 {
		fmt.Fprintf(ask, evalCase, i)
		require.True(t, lines.Scan())
		require.Contains(t, lines.Text(), fmt.Sprintf(`"id":"c%d","decision":"allowed"`, i))
	}
	require.NoError(t, ask.Close())
	require.False(t, lines.Scan())
	require.Equal(t, exitOK, <-code)
}

// Results come in the order of the cases, however they are batched.
func TestEvalOrder(t *testing.T) {
	const n = 2000
	var in strings.Builder
	for i := range n {
		fmt.Fprintf(&in, evalCase, i)
	}
	var out, stderr bytes.Buffer
	require.Equal(t, exitOK, run([]string{"eval", "-"}, strings.NewReader(in.String()), &out, &stderr))
	require.Equal(t, "2000 cases: 2000 passed, 0 failed, 0 refused\n", stderr.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, n)
	for i, line := range lines {
		require.Contains(t, line, fmt.Sprintf(`"id":"c%d",`, i))
	}
}

type failing struct{ n int }

func (f *failing) Read(b []byte) (int, error) {
	if f.n++; f.n == 1 {
		return copy(b, fmt.Sprintf(evalCase, 1)), nil
	}
	return 0, io.ErrUnexpectedEOF
}

// What was read before the input broke is decided, and the exit code says that it broke.
func TestEvalBrokenInput(t *testing.T) {
	var out, stderr bytes.Buffer
	require.Equal(t, exitError, run([]string{"eval", "-"}, &failing{}, &out, &stderr))
	require.Contains(t, out.String(), `"id":"c1","decision":"allowed"`)
	require.Contains(t, stderr.String(), "licit: stdin:2: unexpected EOF\n")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Output that nobody takes is an error, and ends the work.
func TestEvalBrokenOutput(t *testing.T) {
	var stderr bytes.Buffer
	in := strings.NewReader(strings.Repeat(fmt.Sprintf(evalCase, 1), 5000))
	require.Equal(t, exitError, run([]string{"eval", "-"}, in, broken{}, &stderr))
	require.Contains(t, stderr.String(), "licit: standard output: ")
}
