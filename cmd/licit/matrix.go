package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func (a *app) matrixCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Build, query and compare the matrix of all principals and actions",
		Long: `The matrix says for every user, role and root user of an organization and every known
action what the principal may do:

  all       allowed on every resource, for certain
  possible  allowed on every resource, depending on condition keys or on gaps
  some      not on every resource, but perhaps on some
  none      denied on every resource

Every resource means those of the principal's own account that have no policy of their
own, and that no statement names. Sessions are those without session policies.`,
		Example: `  licit matrix build --snapshot ./snapshot --out estate.matrix
  licit matrix show estate.matrix --principal arn:aws:iam::111122223333:user/ana
  licit matrix show estate.matrix --action iam:CreateUser
  licit matrix diff before.matrix after.matrix --fail-on gained`,
		Args: noSubcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.matrixBuildCommand(), a.matrixShowCommand(), a.matrixDiffCommand())
	return cmd
}

func (a *app) matrixBuildCommand() *cobra.Command {
	var world worldFlags
	var out string
	cmd := &cobra.Command{
		Use:   "build --out FILE",
		Short: "Build the matrix of a snapshot and save it",
		Example: `  licit matrix build --snapshot ./snapshot --out estate.matrix
  licit matrix build --snapshot ./snapshot --context aws:RequestedRegion=eu-west-1 --out eu.matrix`,
		Args: noArguments,
	}
	var keys requestFlags
	keys.registerKeys(cmd)
	world.registerSnapshot(cmd)
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write (required)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if out == "" {
			return usageError{cmd, errors.New("--out is missing; want the file to write")}
		}
		k, err := keys.keys(cmd)
		if err != nil {
			return err
		}
		w, err := world.load(a, cmd)
		if err != nil {
			return err
		}
		a.unknownKeys(k)
		var m *simulate.Matrix
		if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
			m, err = w.Env.Matrix(ctx, simulate.MatrixOptions{Keys: k})
			return err
		}); err != nil {
			return err
		}
		if err := writeMatrix(out, m); err != nil {
			return fmt.Errorf("--out %q: %w", out, plainPathError(err))
		}
		a.unlistedPrincipals(w.Org)
		principals, actions := matrixSize(m)
		fmt.Fprintf(a.stdout, "%s: %s, %s\n", filepath.ToSlash(out), plural(principals, "principal"), plural(actions, "action"))
		return nil
	}
	return cmd
}

func matrixSize(m *simulate.Matrix) (principals, actions int) {
	for range m.Principals() {
		principals++
	}
	for range m.Actions() {
		actions++
	}
	return principals, actions
}

// writeMatrix leaves no half-written file behind.
func writeMatrix(name string, m *simulate.Matrix) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = m.WriteTo(tmp)
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), name)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}

func readMatrix(name string) (*simulate.Matrix, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("matrix %q: %w", name, plainPathError(err))
	}
	defer in.Close()
	m, err := simulate.ReadMatrix(bufio.NewReader(in))
	if err != nil {
		return nil, fmt.Errorf("matrix %q: %w; licit matrix build writes one", name, err)
	}
	return m, nil
}

func (a *app) matrixShowCommand() *cobra.Command {
	var principal, action, output string
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show what a matrix says of all principals, of one, or of one action",
		Example: `  licit matrix show estate.matrix
  licit matrix show estate.matrix --principal arn:aws:iam::111122223333:user/ana -o csv
  licit matrix show estate.matrix --action iam:CreateUser`,
		Args: oneMatrix,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutputs(cmd, output, "text", "csv"); err != nil {
				return err
			}
			if principal != "" && action != "" {
				return usageError{cmd, errors.New("--principal and --action exclude each other; licit can asks for one of both")}
			}
			m, err := readMatrix(args[0])
			if err != nil {
				return err
			}
			var t matrixTable
			switch {
			case principal != "":
				err = t.ofPrincipal(cmd, m, principal, output == "csv")
			case action != "":
				err = t.ofAction(cmd, m, action)
			default:
				t.ofAll(m)
			}
			if err != nil {
				return err
			}
			return t.write(a.stdout, output)
		},
	}
	cmd.Flags().StringVar(&principal, "principal", "", "`ARN` of one principal: its services, with -o csv its actions")
	cmd.Flags().StringVar(&action, "action", "", "one `ACTION`: the principals that may have it")
	registerOutputs(cmd, &output, "text", "csv")
	return cmd
}

func oneMatrix(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{cmd, fmt.Errorf("got %s; want one file that licit matrix build wrote", plural(len(args), "argument"))}
	}
	return nil
}

// A matrixTable is rows of texts below a head.
type matrixTable struct{ rows [][]string }

func (t *matrixTable) add(texts ...any) {
	row := make([]string, len(texts))
	for i, x := range texts {
		row[i] = fmt.Sprint(x)
	}
	t.rows = append(t.rows, row)
}

func (t *matrixTable) write(out io.Writer, output string) error {
	if output == "csv" {
		w := csv.NewWriter(out)
		return w.WriteAll(t.rows)
	}
	width := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, s := range row {
			width[i] = max(width[i], len(s))
		}
	}
	for _, row := range t.rows {
		for i, s := range row[1:] {
			fmt.Fprintf(out, "%*s  ", width[i+1], s)
		}
		if _, err := fmt.Fprintln(out, plain(row[0])); err != nil {
			return err
		}
	}
	return nil
}

// ofAll sums each principal up.
func (t *matrixTable) ofAll(m *simulate.Matrix) {
	t.add("principal", "services", "all", "possible", "some")
	for p := range m.Principals() {
		var sum simulate.Count
		counts := m.Summary(p)
		for _, c := range counts {
			sum.All += c.All
			sum.Possible += c.Possible
			sum.Some += c.Some
		}
		t.add(p, len(counts), sum.All, sum.Possible, sum.Some)
	}
}

func (t *matrixTable) ofPrincipal(cmd *cobra.Command, m *simulate.Matrix, name string, actions bool) error {
	p, err := policy.ParsePrincipal(name)
	if err != nil {
		return usageError{cmd, fmt.Errorf("--principal: %w", err)}
	}
	if _, ok := m.At(p, anyAction(m)); !ok {
		var list []string
		for q := range m.Principals() {
			list = append(list, q.String())
		}
		return usageError{cmd, fmt.Errorf("--principal %s: the matrix does not have it%s", plain(name), didYouMean(closest(name, list, 3)))}
	}
	if actions {
		t.add("action", "access", "outcome", "stage")
		for action, c := range m.All(p) {
			if c.Access() != simulate.AccessNone {
				t.add(action, c.Access(), c.Outcome, c.Stage)
			}
		}
		return nil
	}
	t.add("service", "actions", "all", "possible", "some")
	for _, c := range m.Summary(p) {
		t.add(c.Service, c.Actions, c.All, c.Possible, c.Some)
	}
	return nil
}

func anyAction(m *simulate.Matrix) policy.Action {
	for a := range m.Actions() {
		return a
	}
	return ""
}

func (t *matrixTable) ofAction(cmd *cobra.Command, m *simulate.Matrix, name string) error {
	t.add("principal", "access", "outcome", "stage")
	found := false
	for p, c := range m.Who(policy.Action(name)) {
		found = true
		if c.Access() != simulate.AccessNone {
			t.add(p, c.Access(), c.Outcome, c.Stage)
		}
	}
	if !found {
		var list []string
		for a := range m.Actions() {
			list = append(list, string(a))
		}
		return usageError{cmd, fmt.Errorf("--action %s: the matrix does not have it%s", plain(name), didYouMean(closest(name, list, 3)))}
	}
	return nil
}

func (a *app) matrixDiffCommand() *cobra.Command {
	var output, failOn string
	cmd := &cobra.Command{
		Use:   "diff BEFORE AFTER",
		Short: "Compare two matrices",
		Long: `Diff lists the principals and actions whose access differs. Gained is access that is
greater in AFTER, lost is access that is smaller.

Exit codes: 0 compared, 1 as --fail-on says, 2 usage or input error.`,
		Example: `  licit matrix diff before.matrix after.matrix --fail-on gained
  licit matrix diff before.matrix after.matrix -o csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{cmd, fmt.Errorf("got %s; want the files before and after", plural(len(args), "argument"))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutputs(cmd, output, "text", "csv"); err != nil {
				return err
			}
			switch failOn {
			case "", "gained", "lost", "any":
			default:
				return usageError{cmd, fmt.Errorf("--fail-on %q: want gained, lost or any", failOn)}
			}
			before, err := readMatrix(args[0])
			if err != nil {
				return err
			}
			after, err := readMatrix(args[1])
			if err != nil {
				return err
			}
			gained, lost, err := diffMatrices(a, before, after, output)
			if err != nil {
				return err
			}
			if failOn == "gained" && gained > 0 || failOn == "lost" && lost > 0 || failOn == "any" && gained+lost > 0 {
				return status(exitNo)
			}
			return nil
		},
	}
	registerOutputs(cmd, &output, "text", "csv")
	cmd.Flags().StringVar(&failOn, "fail-on", "", "exit 1 if access was `gained`, lost, or any of both")
	return cmd
}

// diffMatrices writes the principals with counts, or as CSV each action.
func diffMatrices(a *app, before, after *simulate.Matrix, output string) (gained, lost int, err error) {
	var t matrixTable
	if output == "csv" {
		t.add("principal", "action", "before", "after")
	} else {
		t.add("principal", "gained", "lost")
	}
	var last policy.Principal
	more, less := 0, 0
	flush := func() {
		if more+less > 0 && output != "csv" {
			t.add(last, more, less)
		}
		gained, lost, more, less = gained+more, lost+less, 0, 0
	}
	for d := range before.Diff(after) {
		was, is := d.Before.Access(), d.After.Access()
		if was == is {
			continue
		}
		if d.Principal != last {
			flush()
			last = d.Principal
		}
		if is > was {
			more++
		} else {
			less++
		}
		if output == "csv" {
			t.add(d.Principal, d.Action, was, is)
		}
	}
	flush()
	if output != "csv" && gained+lost == 0 {
		_, err = fmt.Fprintln(a.stdout, "no access was gained or lost")
		return 0, 0, err
	}
	return gained, lost, t.write(a.stdout, output)
}
