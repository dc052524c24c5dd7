// Command licit answers questions about AWS authorization offline: may this principal do
// this, and why? Is this policy any good? It reads a snapshot of an organization, or policy
// documents file by file.
//
// Most users need licit can, licit explain, licit who-can, licit diff, licit check, licit lint
// and licit test; see licit help.
//
// Only licit load reaches AWS, and changes nothing there.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy/serviceref"
)

// The exit codes, the same for all commands.
const (
	exitOK            = 0 // yes, or as expected
	exitNo            = 1 // no, or an expectation failed, or findings as bad as asked
	exitError         = 2 // usage or input error
	exitIndeterminate = 3
	exitPartial       = 4 // finished with partial data
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the command without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stderr: stderr, style: styleFor(stdout), linter: rulesOfLint{serviceref.Embedded()}, facts: embeddedFacts(), ref: serviceref.Embedded(), aws: defaultConfig}
	return a.run(args, stdout)
}

// run runs the command line and says what the process returns.
func (a *app) run(args []string, stdout io.Writer) int {
	out := &checkedWriter{w: stdout}
	a.stdout = out
	root := a.command()
	root.SetArgs(append([]string{}, args...))
	root.SetIn(a.stdin)
	root.SetOut(out)
	root.SetErr(a.stderr)
	code := exitCode(a.stderr, root.Execute())
	if out.err != nil {
		fmt.Fprintf(a.stderr, "licit: standard output: %v\n", out.err)
		return exitError
	}
	return code
}

// An app is what the commands share.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	style  style
	linter linter
	facts  facts
	ref    *serviceref.Reference // what facts are of
	aws    awsConfig
}

// note prints one line for people on standard error.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.stderr, "licit: "+format+"\n", args...)
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "licit",
		Short: "AWS authorization, offline",
		Long: `licit decides AWS requests offline, as AWS would: it reads the policies of an
organization (SCPs, RCPs, identity, resource, boundary, session and endpoint policies)
from a snapshot directory or file by file, and says what is allowed, what is denied,
by which statement, and what the answer depends on.

Without a snapshot and policy files the commands use an embedded sample organization.`,
		Example: `  # in the sample organization
  licit can --principal arn:aws:iam::111122223333:role/app/payments-api --action s3:GetObject \
      --resource arn:aws:s3:::exemplia-settlements/a.csv

  # in your own
  licit can --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana \
      --action s3:GetObject --resource arn:aws:s3:::logs/app.log
  licit explain --principal arn:aws:iam::111122223333:role/app --action iam:PassRole \
      --identity-policy app.json --scp root.json --scp workloads.json
  licit permissions --principal arn:aws:iam::111122223333:role/app --snapshot ./snapshot
  licit diff --before main/snapshot --after ./snapshot
  licit eval cases.jsonl
  licit check no-new-access main/deploy.json deploy.json
  licit lint policies/
  licit test tests/
  licit snapshot check ./snapshot`,
		Args:          noSubcommand,
		SilenceUsage:  true,
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{cmd, err} })
	root.AddCommand(a.canCommand(), a.explainCommand(), a.whoCanCommand(), a.permissionsCommand(), a.whichActionsCommand(), a.whichResourcesCommand(), a.accessCommand(),
		a.matrixCommand(), a.diffCommand(), a.evalCommand(), a.testCommand(), a.checkCommand(), a.minimizeCommand(), a.lintCommand(), a.actionsCommand(), a.shrinkCommand(),
		a.snapshotCommand(), a.loadCommand(), a.tfCommand(), a.trailCommand(), a.versionCommand())
	root.InitDefaultCompletionCmd()
	root.SetHelpTemplate(root.HelpTemplate() + exitCodesHelp)
	return root
}

const exitCodesHelp = `{{if not .HasAvailableSubCommands}}{{else}}
Exit codes:
  0  yes, or as expected
  1  no, an expectation failed, a proof failed, or findings as bad as --fail-on
  2  usage or input error
  3  indeterminate: it depends on something that is not known; or neither proved nor disproved
  4  finished with partial data
{{end}}`

// noSubcommand refuses arguments of a command that only has subcommands.
func noSubcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q%s", args[0], didYouMean(cmd.SuggestionsFor(args[0])))
	return usageError{cmd, err}
}

// noArguments refuses arguments, which are most likely values of a flag that was left out.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{cmd, fmt.Errorf("unexpected argument %q; every value follows its flag", args[0])}
}
