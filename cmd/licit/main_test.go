package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "update the golden files in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"licit": main, "fakelicit": fakeMain})
}

// TestScripts runs the scripts in testdata/script. Each starts in a directory that holds
// testdata/snapshot, examples/policytest, the export in examples/exports/shop and the Terraform
// plans of org/tfplan.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "repeat": repeat, "deliver": deliver},
		Setup: func(e *testscript.Env) error {
			if err := os.CopyFS(e.WorkDir+"/plans", os.DirFS("../../org/tfplan/testdata")); err != nil {
				return err
			}
			if err := os.CopyFS(e.WorkDir+"/policytest", os.DirFS("../../examples/policytest")); err != nil {
				return err
			}
			if err := os.CopyFS(e.WorkDir+"/shop", os.DirFS("../../examples/exports/shop")); err != nil {
				return err
			}
			return os.CopyFS(e.WorkDir+"/snapshot", os.DirFS("testdata/snapshot"))
		},
	})
}

// exits runs a command and checks its exit code: exits 3 licit can ….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [argument…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// repeat writes a file of hostile size: repeat file count before text after.
func repeat(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: repeat file count before text after")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	unquote := strings.NewReplacer(`\n`, "\n", `\xe9`, "\xe9").Replace
	b := []byte(unquote(args[2]))
	for range n {
		b = append(b, unquote(args[3])...)
	}
	b = append(b, unquote(args[4])...)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	var stderr writer
	require.Equal(t, exitError, run([]string{"version"}, nil, full, &stderr))
	require.Contains(t, string(stderr), "licit: standard output: ")
}

type writer []byte

func (w *writer) Write(b []byte) (int, error) {
	*w = append(*w, b...)
	return len(b), nil
}
