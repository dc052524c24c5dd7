package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A status is an exit code about which everything has been said already.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// A usageError is a command line that makes no sense; the help of the command says more.
type usageError struct {
	cmd *cobra.Command
	err error
}

func (e usageError) Error() string { return e.err.Error() }

func (e usageError) Unwrap() error { return e.err }

// What a hopeless file prints is bounded.
const (
	maxErrorLines = 50
	maxErrorLine  = 2000
)

// exitCode prints the error and says what the process returns.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if code, ok := errors.AsType[status](err); ok {
		return int(code)
	}
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	for i, line := range lines {
		if i == maxErrorLines {
			fmt.Fprintf(stderr, "licit: and %d more\n", len(lines)-i)
			break
		}
		fmt.Fprintf(stderr, "licit: %s\n", printable(shorten(line)))
	}
	if u, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintf(stderr, "licit: see %q\n", u.cmd.CommandPath()+" --help")
	}
	return exitError
}

// shorten leaves out the middle of a line that nobody reads, such as the JSON pointer into
// something absurdly deep: place and reason are at its ends.
func shorten(line string) string {
	if len(line) <= maxErrorLine {
		return line
	}
	const half = maxErrorLine / 4
	return strings.ToValidUTF8(line[:half], "") + " … " + strings.ToValidUTF8(line[len(line)-half:], "")
}

// inDirectory puts the directory in front of the files that the errors of a snapshot name.
func inDirectory(dir string, err error) error {
	list, ok := errors.AsType[org.Errors](err)
	if !ok {
		return err
	}
	return list.Relocate(func(file string, at policy.Position) (string, policy.Position) {
		return path.Join(dir, file), at
	})
}

// A checkedWriter remembers the first error, so that a full disk does not pass for success.
type checkedWriter struct {
	w   io.Writer
	err error
}

func (c *checkedWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	if err != nil && c.err == nil {
		c.err = err
	}
	return n, err
}
