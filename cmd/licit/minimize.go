package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/check"
)

// The JSON output of minimize; it may grow members, never change one.
type minimizeJSON struct {
	Verdict   string             `json:"verdict"` // pass: proved; unknown: the documents are those given
	Reason    string             `json:"reason,omitempty"`
	Fits      bool               `json:"fits"`
	Before    int                `json:"before"` // characters
	After     int                `json:"after"`
	Steps     []string           `json:"steps"`
	Documents []*policy.Document `json:"documents"`
}

// A minimizing is one run of minimize.
type minimizing struct {
	kind, output string
	space        check.Space
	quiet        bool
	documents    []*policy.Document
	policies     []*checkedPolicy // where the documents stand
	of           policy.Kind
}

func (a *app) minimizeCommand() *cobra.Command {
	var m minimizing
	cmd := &cobra.Command{
		Use:   "minimize FILE|-…",
		Short: "Make policy documents smaller, with proof that they do the same",
		Long: `Minimize makes policy documents smaller that are attached to one place: it merges statements
that differ in one list only, drops statements and values that others make needless, drops
white space and Sids of merged statements, and divides what is left among as few documents
as it can, none larger than AWS stores. Each step is proved, and so is the result: over all
requests there could be, and whatever else is attached to the place, the documents allow
and deny what the given ones did. What is not proved is not done. Only whether S3 calls a
bucket policy public, where public access is blocked, is not compared.

Documents are printed one on a line, what was done on standard error; sarif and github report
instead that documents do not fit, that they could be smaller, or that nothing is proved. A file is a policy
document, or what the AWS CLI has printed, as licit lint takes it; - is standard input.
The ARN of a managed policy of AWS stands for its newest known version. Without --kind the
kind is guessed as licit lint does, and said on standard error.

To replace actions by wildcards that name the same ones as of today is a change that
nothing proves: see licit shrink.

Exit codes: 0 proved, and in the space; 1 proved, but larger than the space; 2 usage or
input error; 3 not proved, and the documents are printed as they are.`,
		Example: `  licit minimize --kind scp guardrails.json
  licit minimize --kind scp --max-documents 2 a.json b.json c.json
  licit minimize --kind identity --max-size 10240 role.json -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{cmd, errors.New("no file; want policy documents, or - for standard input")}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := m.checkFlags(cmd); err != nil {
				return err
			}
			if err := m.read(a, cmd, args); err != nil {
				return err
			}
			return a.interruptible(cmd, func(ctx context.Context) error { return m.run(ctx, a) })
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&m.kind, "kind", "", "`KIND` of the policies: "+oneOf(kindWords)+" (default: guessed)")
	fl.IntVar(&m.space.Documents, "max-documents", 0, "divide into at most `N` documents (default: as many as are given)")
	fl.IntVar(&m.space.Size, "max-size", 0, "size of a document in `CHARACTERS`, as AWS counts (default: what AWS stores of the kind)")
	fl.BoolVar(&m.quiet, "quiet", false, "do not say what was done")
	registerOutputs(cmd, &m.output, checkFormats...)
	fl.SortFlags = false
	must(cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindWords, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (m *minimizing) checkFlags(cmd *cobra.Command) error {
	if err := checkOutputs(cmd, m.output, checkFormats...); err != nil {
		return err
	}
	if cmd.Flags().Changed("kind") && !slices.Contains(kindWords, m.kind) {
		return usageError{cmd, fmt.Errorf("--kind %q: want %s", m.kind, oneOf(kindWords))}
	}
	for _, name := range []string{"max-documents", "max-size"} {
		if f := cmd.Flags().Lookup(name); f.Changed && (f.Value.String() == "0" || strings.HasPrefix(f.Value.String(), "-")) {
			return usageError{cmd, fmt.Errorf("--%s %s: want at least 1", name, f.Value)}
		}
	}
	return nil
}

// read reads the documents and settles their kind.
func (m *minimizing) read(a *app, cmd *cobra.Command, args []string) error {
	c := checking{givenKind: m.kind}
	if err := c.read(a, cmd, args); err != nil {
		return err
	}
	for _, p := range c.policies {
		m.documents = append(m.documents, p.doc)
	}
	m.policies, m.of = c.policies, c.kind
	return nil
}

func (m *minimizing) run(ctx context.Context, a *app) error {
	found, err := check.Minimize(ctx, m.of, m.space, m.documents...)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	out := minimizeJSON{Verdict: found.Verdict.String(), Reason: found.Reason, Fits: found.Fits, Before: found.Before,
		After: found.After, Steps: append([]string{}, found.Steps...), Documents: found.Documents}
	if found.Verdict != check.Pass {
		out.Documents, out.After = m.documents, found.Before
	}
	switch m.output {
	case "json":
		err = writeJSON(a.stdout, out)
	case "sarif":
		err = writeCheckSARIF(a.stdout, m.findings(&out))
	case "github":
		_, err = io.WriteString(a.stdout, checkCommands("minimize", "pass: the documents are as small as can be proved", m.findings(&out)))
	default:
		for _, d := range out.Documents {
			text := strings.TrimSpace(d.String())
			if _, err = fmt.Fprintln(a.stdout, text); err != nil {
				break
			}
		}
	}
	if err != nil {
		return err
	}
	return m.say(a, &out)
}

// findings are what a reader of the given documents should know.
func (m *minimizing) findings(out *minimizeJSON) []checkFinding {
	f := checkFinding{rule: notProvedRule, title: notProvedTitle, level: "warning", message: "not proved, left as it is: " + out.Reason}
	switch {
	case out.Verdict != check.Pass.String():
	case !out.Fits:
		f = checkFinding{rule: "SpaceExceeded", title: "Policy documents do not fit.", level: "error", message: m.result(out) + "; " + m.excess()}
	case len(out.Steps) > 0:
		f = checkFinding{rule: "CanBeSmaller", title: "Policy documents can be smaller and do the same.", level: "note", message: m.result(out)}
	default:
		return nil
	}
	for _, p := range m.policies {
		f.at = append(f.at, p.begins()...)
	}
	return []checkFinding{f}
}

// result is what became of documents.
func (m *minimizing) result(out *minimizeJSON) string {
	return fmt.Sprintf("%d characters in %s, from %d in %s; proved to do the same", out.After, plural(len(out.Documents), "document"), out.Before, plural(len(m.documents), "document"))
}

// excess is the space that documents do not fit into.
func (m *minimizing) excess() string {
	size := m.space.Size
	if size == 0 {
		size = check.SizeLimit(m.of)
	}
	most := m.space.Documents
	if most == 0 {
		most = len(m.documents)
	}
	return fmt.Sprintf("does not fit: want at most %s of %d characters each", plural(most, "document"), size)
}

// say tells on standard error what was done, and gives the exit code.
func (m *minimizing) say(a *app, out *minimizeJSON) error {
	if !m.quiet {
		for _, s := range out.Steps {
			a.note("%s", printable(s))
		}
	}
	switch {
	case out.Verdict != check.Pass.String():
		a.note("not proved, left as it is: %s", printable(out.Reason))
		return status(exitIndeterminate)
	case !m.quiet:
		a.note("%s", m.result(out))
	}
	if !out.Fits {
		a.note("%s", m.excess())
		return status(exitNo)
	}
	return nil
}
