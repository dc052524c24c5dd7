package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/cloudtrail/detect"
	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/identitycenter"
)

var (
	detectFormats  = []string{"text", "json", "csv", "markdown"}
	detectFailures = []string{"info", "low", "medium", "high", "critical", "never"}
)

// detectFlags are the flags of licit trail detect.
type detectFlags struct {
	in                                       logInput
	snapshot, config, alarms, failOn, output string
	samples, top                             int
	list                                     bool
}

func (a *app) trailDetectCommand() *cobra.Command {
	var f detectFlags
	cmd := &cobra.Command{
		Use:   "detect [DIR|FILE]...",
		Short: "Find root and break-glass use, tampering, misused keys and leavers in CloudTrail logs",
		Long: `Detect reads log files of CloudTrail and applies rules to their events; --list names the
rules, what they read and what they cannot see. The files may be as in the bucket, answers
of LookupEvents, events of EventBridge, exports of CloudWatch Logs, or one event per line.

A rule that lacks what it needs is skipped, and says what is missing. One that finds
nothing says for how many days that was not observed: what no trail records is not there.

--snapshot is an organization's, with IAM Identity Center and trails if it has them: keys
that it does not have, people who are disabled, buckets and log groups of trails.

--alarms is a directory of .json files that the AWS CLI printed for logs
describe-metric-filters, cloudwatch describe-alarms and sns list-subscriptions: whether an
alarm would have told somebody of the uses of root and break-glass principals. Folders
named as accounts and Regions say whose metric filters are in them.

--config is a JSON file; all members are optional, and * in ARNs stands for any text:

  {
    "breakGlass": ["arn:aws:iam::*:role/BreakGlass"],
    "tickets": {
      "pattern": "\\bINC-[0-9]+\\b",          in session names, source identities, and
      "tag": "ticket",                         this session tag
      "register": [{"id": "INC-7", "principal": "arn:aws:iam::111122223333:user/emergency",
                    "from": "2024-05-01T10:00:00Z", "until": "2024-05-01T12:00:00Z"}]
    },
    "networks": [{"who": ["AKIAEXAMPLE", "arn:aws:iam::*:role/deploy"], "cidrs": ["203.0.113.0/24"]}],
    "learnUntil": "2024-05-15T00:00:00Z",      where keys were used before is expected
    "pipelines": ["arn:aws:iam::*:role/deploy"],
    "leavers": [{"who": ["ana@example.com", "arn:aws:iam::111122223333:user/ana"],
                 "at": "2024-05-10T17:00:00Z"}],
    "people": {"arn:aws:iam::111122223333:user/ana": "ana@example.com"},
    "logBuckets": ["logs"]
  }

Exit codes: 0 nothing as bad as --fail-on, 1 findings at least as bad, 2 usage or input
error, 4 nothing as bad, but there were no events, or some could not be read.`,
		Example: `  licit trail detect ./logs --snapshot ./snapshot --config detect.json
  licit trail detect ./logs --since 2024-05-01 --until 2024-06-01 -o markdown
  licit trail detect ./logs --config detect.json --alarms ./alarms --fail-on critical
  licit trail detect --list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.list && len(args) > 0 {
				return usageError{cmd, fmt.Errorf("unexpected argument %q; --list takes none", args[0])}
			}
			if cmd.Flags().Changed("snapshot") && len(args) == 0 {
				return usageError{cmd, errors.New("no logs; want directories or files")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.list {
				return f.rules(a, cmd)
			}
			f.in.paths = args
			return f.run(a, cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.snapshot, "snapshot", "", "`DIR` of a snapshot")
	fl.StringVar(&f.config, "config", "", "JSON `FILE` of what the rules need to know")
	fl.StringVar(&f.alarms, "alarms", "", "`DIR` of metric filters, alarms and subscriptions, as the AWS CLI prints them")
	f.in.register(cmd)
	fl.StringVar(&f.failOn, "fail-on", "high", "exit 1 for findings of this `SEVERITY` or worse: "+oneOf(detectFailures))
	fl.IntVar(&f.samples, "samples", 3, "events that a finding names, the first `N`")
	fl.IntVar(&f.top, "top", 10, "findings of a rule that text and Markdown list; 0: all")
	fl.BoolVar(&f.list, "list", false, "print the rules, and read nothing")
	registerOutputs(cmd, &f.output, detectFormats...)
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(detectFailures, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.MarkFlagDirname("snapshot"))
	must(cmd.MarkFlagDirname("alarms"))
	must(cmd.MarkFlagFilename("config", "json"))
	fl.SortFlags = false
	return cmd
}

func (f *detectFlags) run(a *app, cmd *cobra.Command) error {
	c, failOn, err := f.check(cmd)
	if err != nil {
		return err
	}
	if err := f.read(cmd, &c); err != nil {
		return err
	}
	events, done, err := f.in.read(a)
	if err != nil {
		return err
	}
	defer done()
	var r *detect.Report
	if err := a.interruptible(cmd, func(ctx context.Context) error {
		r, err = detect.Run(until(ctx, events), c)
		return errors.Join(err, ctx.Err())
	}); err != nil {
		return err
	}
	for _, e := range r.Errors {
		a.note("%s", printable(e))
	}
	if more := r.Unreadable - len(r.Errors); more > 0 {
		a.note("and %d more records or files that could not be read", more)
	}
	v := detectView{r: r, dir: f.in.name(), top: f.top}
	if err := v.write(a, f.output); err != nil {
		return err
	}
	switch {
	case f.failOn != "never" && worst(r, failOn):
		return status(exitNo)
	case r.Events == 0 || r.Unreadable > 0 || r.Undated > 0 || r.Future > 0:
		return status(exitPartial)
	}
	return nil
}

// worst reports whether there is a finding as bad as asked.
func worst(r *detect.Report, s detect.Severity) bool {
	for _, res := range r.Results {
		for _, finding := range res.Findings {
			if finding.Severity >= s {
				return true
			}
		}
	}
	return false
}

// check reads the flags that are no files.
func (f *detectFlags) check(cmd *cobra.Command) (c detect.Config, failOn detect.Severity, err error) {
	if err := checkOutputs(cmd, f.output, detectFormats...); err != nil {
		return c, 0, err
	}
	if f.failOn != "never" {
		if failOn, err = detect.ParseSeverity(f.failOn); err != nil {
			return c, 0, usageError{cmd, fmt.Errorf("--fail-on %q: want %s", f.failOn, oneOf(detectFailures))}
		}
	}
	if f.samples < 1 || f.samples > 1000 {
		return c, 0, usageError{cmd, fmt.Errorf("--samples %d: want a number from 1 to 1000", f.samples)}
	}
	if f.top < 0 {
		return c, 0, usageError{cmd, fmt.Errorf("--top %d: want 0 or more", f.top)}
	}
	if err := f.in.check(cmd); err != nil {
		return c, 0, err
	}
	c.Since, c.Until = f.in.from, f.in.to
	return c, failOn, nil
}

// read adds what the files say to the configuration.
func (f *detectFlags) read(cmd *cobra.Command, c *detect.Config) error {
	since, until := c.Since, c.Until
	if cmd.Flags().Changed("config") {
		src, err := os.ReadFile(f.config)
		if err != nil {
			return fmt.Errorf("--config %q: %w", f.config, plainPathError(err))
		}
		if *c, err = detect.ReadConfig(filepath.ToSlash(f.config), src); err != nil {
			return err
		}
	}
	c.Since, c.Until, c.Samples = since, until, f.samples
	if cmd.Flags().Changed("snapshot") || f.in.isSample() {
		if err := f.readSnapshot(cmd, c); err != nil {
			return err
		}
	}
	if cmd.Flags().Changed("alarms") {
		info, err := os.Stat(f.alarms)
		if err == nil && !info.IsDir() {
			err = errors.New("is a file; want a directory")
		}
		if err != nil {
			return fmt.Errorf("--alarms %q: %w", f.alarms, plainPathError(err))
		}
		if c.Monitoring, err = detect.ReadMonitoringFS(os.DirFS(f.alarms)); err != nil {
			return inFolder(f.alarms, err)
		}
	}
	return nil
}

// inFolder puts the folder in front of each of some errors.
func inFolder(dir string, err error) error {
	var out []error
	for line := range strings.SplitSeq(err.Error(), "\n") {
		sep := ": "
		if strings.Contains(line, ".json:") {
			sep = "/"
		}
		out = append(out, errors.New(filepath.ToSlash(dir)+sep+line))
	}
	return errors.Join(out...)
}

// readSnapshot reads what the rules need of a snapshot; the sample logs have that of the sample
// organization.
func (f *detectFlags) readSnapshot(cmd *cobra.Command, c *detect.Config) (err error) {
	dir, fsys := sampleName, examples.Fintech()
	if cmd.Flags().Changed("snapshot") {
		dir, fsys = f.snapshot, os.DirFS(f.snapshot)
		c.Organization, err = readSnapshot(f.snapshot)
	} else {
		c.Organization, err = readSample()
	}
	if err != nil {
		return err
	}
	if c.IdentityCenter, err = identitycenter.ReadFS(fsys); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return inDirectory(filepath.ToSlash(dir), err)
	}
	if c.Trails, err = cloudtrail.ReadTrailsFS(fsys); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return inFolder(dir, err)
	}
	return nil
}

// until ends a sequence when the context does.
func until(ctx context.Context, events iter.Seq2[*cloudtrail.Event, error]) iter.Seq2[*cloudtrail.Event, error] {
	return func(yield func(*cloudtrail.Event, error) bool) {
		for e, err := range events {
			if ctx.Err() != nil || !yield(e, err) {
				return
			}
		}
	}
}

// rules prints the table of rules.
func (f *detectFlags) rules(a *app, cmd *cobra.Command) error {
	if err := checkOutputs(cmd, f.output, "text", "json"); err != nil {
		return err
	}
	var list []ruleJSON
	var b strings.Builder
	for _, r := range detect.Rules() {
		list = append(list, ruleJSON{r.Code, r.Title, r.Severity.String(), r.Reads, r.Blind})
		fmt.Fprintf(&b, "%s (%s): %s\n  reads: %s\n  cannot see: %s\n", r.Code, r.Severity, r.Title, r.Reads, r.Blind)
	}
	if f.output == "json" {
		return writeJSON(a.stdout, list)
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}
