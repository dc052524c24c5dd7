package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

func (a *app) evalCommand() *cobra.Command {
	var e evaluation
	cmd := &cobra.Command{
		Use:   "eval FILE…|-",
		Short: "Decide case files: one self-contained request per line",
		Long: `Eval decides each line of case files (JSON Lines; - is standard input). A case carries the
request and all policies that bear on it, so no organization is loaded. It prints one JSON
line per case, in input order, and a summary on standard error.

A line of input, here broken for reading, and its line of output:

  {"id": "logs-1",
   "request": {"principal": "arn:aws:iam::111122223333:user/ana", "action": "s3:GetObject",
               "resource": "arn:aws:s3:::logs/a", "context": {"aws:SourceIp": "203.0.113.7"}},
   "identityPolicies": [{"Version": "2012-10-17", "Statement": [{"Sid": "Read",
     "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}]}],
   "expect": "allowed"}

  {"id":"logs-1","decision":"allowed","stage":"identityPolicy",
   "statement":{"policy":"identityPolicies[0]","index":0,"sid":"Read","line":1},"pass":true}

Other members: boundary, sessionPolicies, scps, rcps (one list per level, root first),
resourcePolicy, endpointPolicies, managementAccount, s3, strict. A line that cannot be
evaluated is refused: it gets "error" in place of "decision", and the others go on.
It may expect that: "expect": "error".

Exit codes: 0 all as expected, 1 an expectation failed, 2 a line was refused that did not
expect it, or a file cannot be read. A failed expectation wins over a refused line, a file
that cannot be read wins over both.`,
		Example: `  licit eval cases.jsonl
  generate-cases | licit eval - --failed
  licit eval --rules scp.jsonl rcp.jsonl > results.jsonl`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{cmd, errors.New("no file; want case files, or - for standard input")}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"jsonl", "json", "ndjson"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(_ *cobra.Command, args []string) error {
			return e.run(a, args)
		},
	}
	fl := cmd.Flags()
	fl.BoolVar(&e.failed, "failed", false, "print only failed cases and refused lines")
	fl.BoolVar(&e.rules, "rules", false, "name the evaluation rules that each decision rests on (slower)")
	a.takesFacts(cmd)
	fl.BoolVar(&e.quiet, "quiet", false, "no summary and no progress on standard error")
	return cmd
}

// An evaluation is one run of eval.
type evaluation struct {
	failed, rules, quiet bool

	cases, passed, failures, refused, unchecked int
	progress                                    *progress
}

func (e *evaluation) run(a *app, files []string) error {
	// Each case is garbage when it is decided. 100,000 cases of 1 kB on two cores: a third
	// less time than with the default, in 50 MB.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	out := bufio.NewWriterSize(a.stdout, 64<<10)
	if !e.quiet && isTerminal(a.stderr) && !a.style.terminal {
		e.progress = &progress{w: a.stderr, next: time.Now().Add(time.Second)}
	}
	var broken error
	for _, name := range files {
		if err := e.file(a, out, name); err != nil {
			broken = errors.Join(broken, err)
		}
	}
	err := out.Flush()
	e.progress.clear()
	if !e.quiet {
		fmt.Fprintln(a.stderr, e.summary())
	}
	switch {
	case err != nil:
		return status(exitError) // reported by run
	case broken != nil:
		return broken
	case e.cases == 0:
		return errors.New("no case to evaluate; want files with one JSON object per line")
	case e.failures > 0:
		return status(exitNo)
	case e.refused > 0:
		return status(exitError)
	}
	return nil
}

func (e *evaluation) file(a *app, out *bufio.Writer, name string) error {
	var r io.Reader
	if name == "-" {
		name, r = "stdin", a.stdin
	} else {
		in, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, plainPathError(err))
		}
		defer in.Close()
		r = in
	}
	cases := readAhead(r, filepath.ToSlash(name))
	defer cases.stop()
	var line []byte
	for {
		batch, more := cases.next(out)
		if !more {
			return plainReadError(name, cases.err)
		}
		for _, c := range batch {
			result := e.decide(a, c)
			if !e.count(result) && e.failed {
				continue
			}
			line = append(result.AppendJSON(line[:0]), '\n')
			// Only whole lines leave the buffer, so that Ctrl-C leaves no half a line.
			if out.Available() < len(line) && out.Flush() != nil {
				return nil
			}
			if _, err := out.Write(line); err != nil {
				return nil // reported by run
			}
		}
		e.progress.show(e)
	}
}

// plainReadError drops the path that the operating system repeats.
func plainReadError(name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("%s: %w", name, e.Err)
	}
	return err
}

func (e *evaluation) decide(a *app, c *casefile.Case) casefile.Result {
	if e.rules {
		return c.Explain(simulate.WithReference(a.ref))
	}
	return c.Eval(simulate.WithReference(a.ref))
}

// count adds the result to the summary and reports whether it is a failure or a refusal.
func (e *evaluation) count(r casefile.Result) bool {
	e.cases++
	pass, checked := r.Pass()
	switch {
	case pass:
		e.passed++
		return false
	case r.Err != nil:
		// A line that expects a decision and was refused is refused, not wrong.
		e.refused++
	case checked:
		e.failures++
	default:
		e.unchecked++
		return false
	}
	return true
}

func (e *evaluation) summary() string {
	s := fmt.Sprintf("%d cases: %d passed, %d failed, %d refused", e.cases, e.passed, e.failures, e.refused)
	if e.cases == 1 {
		s = "1 case" + s[len("1 cases"):]
	}
	if e.unchecked > 0 {
		s += fmt.Sprintf(", %d without expectation", e.unchecked)
	}
	return s
}

// A progress shows how far work is that takes over a second. The nil progress shows
// nothing.
type progress struct {
	w     io.Writer
	next  time.Time
	shown bool
}

func (p *progress) show(e *evaluation) {
	if p != nil {
		p.text(fmt.Sprintf("%d cases …", e.cases))
	}
}

// text shows a line that never becomes shorter.
func (p *progress) text(s string) {
	if time.Now().Before(p.next) {
		return
	}
	p.next, p.shown = time.Now().Add(200*time.Millisecond), true
	fmt.Fprint(p.w, "\r", s)
}

func (p *progress) clear() {
	if p != nil && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
