package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/suite"
)

// testFormats are the values of --output.
var testFormats = []string{"text", "json", "junit", "sarif", "github"}

func (a *app) testCommand() *cobra.Command {
	t := testRun{a: a, worlds: map[string]*suite.World{}}
	cmd := &cobra.Command{
		Use:   "test PATH…",
		Short: "Run unit tests of policies: files of cases",
		Long: `Test decides the cases of files and compares each with what it expects. A failure names the
line, and the layer and statement that decided otherwise.

A case file (*.txtar) is a comment and sections. The section cases has one case in each
line; the others are a snapshot, org.json and the files that it names, which may be left out:

  The deploy role stays in the EU.
  -- cases --
  allowed       arn:aws:iam::111122223333:role/deploy  ecs:CreateCluster  *  aws:RequestedRegion=eu-west-1
  explicitDeny  arn:aws:iam::111122223333:role/deploy  ecs:CreateCluster  *  aws:RequestedRegion=us-east-1

An outcome is allowed, explicitDeny, implicitDeny, denied (either deny) or indeterminate; a
resource is an ARN, or * for none; several values of a key are separated by commas; "quotes"
hold white space and commas together; key= is a key that is absent. Keys that are not given
are absent, unless the outcome begins with ?: then those that AWS could send are unknown. A
user, role or action that does not exist is an error; new:service:Action is newer than the
service reference of this command.

JSON Lines (*.jsonl) hold cases with all their policies; licit eval --help describes them. A
line that expects nothing is refused here.

A PATH is such a file, or a directory (DIR and DIR/... are the same): all case files in and
below it, but for files and directories whose name begins with . or _. A case file without
org.json is decided in the snapshot --snapshot, or else in that of the nearest directory above
it that holds an org.json, its own included.

--coverage lists the statements that no case exercises. A statement is exercised if it matches
for certain in a case, whether or not it decides it; it counts once for each layer that its
policy stands in. Counted are the statements of all policies in the snapshots that were used,
attached or not, but for managed policies of AWS and FullAWSAccess. Cases of JSON Lines, which
carry their policies, count for nothing.

Exit codes: 0 all as expected, 1 a case failed or coverage is below --min-coverage, 2 a line
was refused or a file cannot be read. A failed case wins over a refused line, a file that
cannot be read wins over both.`,
		Example: `  licit test tests/
  licit test --snapshot ./snapshot tests/regions.txtar
  licit test -o junit tests/ > report.xml
  licit test --coverage --min-coverage 80 tests/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{cmd, errors.New("no path; want case files (*.txtar, *.jsonl) or directories that hold some")}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"txtar", "jsonl"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			return t.run(args)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&t.snapshot, "snapshot", "", "snapshot `DIR` for case files without an org.json (default: the nearest above each)")
	fl.StringVarP(&t.output, "output", "o", "text", "`FORMAT` of the output: text, json, junit, sarif or github")
	fl.StringVar(&t.pattern, "run", "", "run only cases whose FILE:LINE and text, as -v prints them, match the `REGEXP`")
	fl.BoolVarP(&t.verbose, "verbose", "v", false, "print the cases that pass, too")
	fl.BoolVar(&t.coverage, "coverage", false, "list the statements that no case exercises")
	fl.Float64Var(&t.least, "min-coverage", 0, "fail if less than this `PERCENT` of the statements is exercised; implies --coverage")
	fl.SortFlags = false
	must(cmd.MarkFlagDirname("snapshot"))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(testFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// A testRun is one run of test.
type testRun struct {
	a                         *app
	snapshot, output, pattern string
	verbose, coverage         bool
	least                     float64

	only    *regexp.Regexp          // nil: all cases
	worlds  map[string]*suite.World // by snapshot directory
	covered *suite.Coverage         // nil: not asked
	files   []*testFile
	// What came of the cases.
	cases, passed, failed, refused int
	warned                         int
	broken                         error
}

// A testFile is what came of one file.
type testFile struct {
	name                   string
	snapshot               string // in which its cases were decided; "" for its own or none
	err                    error  // why it could not be read
	results                []suite.Result
	cases, failed, refused int
}

func (t *testRun) check(cmd *cobra.Command) error {
	var err error
	switch {
	case !slices.Contains(testFormats, t.output):
		err = fmt.Errorf("--output %q: want %s", t.output, strings.Join(testFormats[:4], ", ")+" or github")
	case cmd.Flags().Changed("snapshot") && t.snapshot == "":
		err = errors.New("--snapshot: empty; want the directory that holds org.json")
	case !(t.least >= 0 && t.least <= 100):
		err = fmt.Errorf("--min-coverage %v: want a percentage from 0 to 100", t.least)
	case t.pattern != "":
		if t.only, err = regexp.Compile(t.pattern); err != nil {
			err = fmt.Errorf("--run %q: %w", t.pattern, err)
		}
	}
	if err != nil {
		return usageError{cmd, err}
	}
	if t.coverage || cmd.Flags().Changed("min-coverage") {
		t.covered = suite.NewCoverage()
	}
	return nil
}

func (t *testRun) run(args []string) error {
	for _, name := range t.gather(args) {
		t.files = append(t.files, name)
		t.file(name)
	}
	if t.cases == 0 && t.broken == nil {
		if t.only != nil {
			return fmt.Errorf("no case matches --run %q", t.pattern)
		}
		return errors.New("no case to run; want *.txtar or *.jsonl files with cases")
	}
	if t.warned > maxErrorLines {
		t.a.note("and %d more warnings", t.warned-maxErrorLines)
	}
	if err := t.write(); err != nil {
		return err
	}
	switch {
	case t.broken != nil:
		return t.broken
	case t.failed > 0:
		return status(exitNo)
	case t.refused > 0:
		return status(exitError)
	case t.covered != nil && t.least > 0:
		return t.enough()
	}
	return nil
}

// enough says whether as much is exercised as was asked for.
func (t *testRun) enough() error {
	c := t.coverageOf()
	switch {
	case c.Statements == 0:
		return errors.New("--min-coverage: no statement to exercise; cases count that are decided in an organization")
	case c.Percent < t.least:
		t.a.note("coverage is %.1f %%, less than --min-coverage %v", c.Percent, t.least)
		return status(exitNo)
	}
	return nil
}

// file runs the cases of one file.
func (t *testRun) file(out *testFile) {
	fail := func(err error) {
		out.err = err
		t.broken = errors.Join(t.broken, err)
	}
	if out.err != nil {
		fail(out.err)
		return
	}
	f, err := readCases(out.name)
	if err != nil {
		fail(err)
		return
	}
	world := f.World
	if f.NeedsWorld() {
		if world, err = t.world(out); err != nil {
			fail(err)
			return
		}
	}
	for c := range f.Cases() {
		if t.only == nil || t.only.MatchString(caseName(c)) {
			t.decide(out, c, world)
		}
	}
}

// caseName is what --run is held against.
func caseName(c *suite.Case) string { return fmt.Sprintf("%s:%d  %s", c.File, c.Line, c.Text) }

func (t *testRun) decide(f *testFile, c *suite.Case, w *suite.World) {
	r := c.Decide(w)
	if t.covered != nil {
		t.covered.Add(w, &r)
	}
	t.cases++
	f.cases++
	switch {
	case r.Pass:
		t.passed++
	case r.Err != nil:
		t.refused++
		f.refused++
	default:
		t.failed++
		f.failed++
	}
	if t.output != "github" {
		for _, w := range r.Warnings {
			if t.warned++; t.warned <= maxErrorLines {
				t.a.note("warning: %s", printable(w.String()))
			}
		}
	}
	if t.output == "text" {
		t.text(&r)
		return
	}
	f.results = append(f.results, r)
}

// write writes what is written at the end.
func (t *testRun) write() error {
	switch t.output {
	case "json":
		return t.writeJSON()
	case "junit":
		return t.writeJUnit()
	case "sarif":
		return t.writeSARIF()
	case "github":
		_, err := io.WriteString(t.a.stdout, t.workflowCommands())
		return err
	}
	return t.writeText()
}
