package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/simulate"
)

var (
	replayFormats = []string{"text", "json", "csv", "markdown"}
	replayFails   = []string{"broken", "possible", "opened", "unsure", "any"}
)

// A trailReplay is one run of trail replay.
type trailReplay struct {
	in      logInput
	world   worldFlags
	changes []string
	result  string
	failOn  string
	output  string
	top     int
}

func (a *app) trailReplayCommand() *cobra.Command {
	var c trailReplay
	cmd := &cobra.Command{
		Use:   "replay [DIR|FILE]... --snapshot DIR --change FILE",
		Short: "Say which calls of a log a change would have broken",
		Long: `Replay asks the policies before and after a change about the calls of CloudTrail logs, and
says which of those that succeeded would be denied, and which of those that were refused
would be allowed: for certain, or perhaps, depending on what the events do not tell. The
change is a file as licit diff takes it.

Callers that SCPs do not restrict (the management account, service-linked roles, services) and
callers from outside stand apart. A call that succeeded although the policies of the snapshot
deny it is an error of the model, and is listed as unsure, never as broken.

The report begins with how far to trust it: how often the policies of the snapshot agree with
what AWS answered, and what the log covers. What is not in the report was not observed in the
days of the log; that does not make it safe.

Logs are files as CloudTrail delivers them, answers of LookupEvents, events of EventBridge,
JSON Lines and exports of CloudWatch Logs, also compressed. For logs that are too large to be
read, --result reads what Athena answered to the query of licit trail sql.

Exit codes: 0 replayed, 1 --fail-on found what it names, 2 usage or input error, 3 --fail-on
broken found nothing that is certain, but calls that perhaps break, 4 there were no calls to
replay, or some of the log could not be read, 130 interrupted.`,
		Example: `  licit trail replay ./logs --snapshot ./snapshot --change regions.json
  licit trail replay ./logs --since 2024-05-01 --change regions.json -o markdown --fail-on any
  licit trail replay --result athena.csv --snapshot ./snapshot --change regions.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(a, cmd, args) },
	}
	fl := cmd.Flags()
	c.in.register(cmd)
	c.world.registerSnapshot(cmd)
	fl.StringArrayVar(&c.changes, "change", nil, "JSON `FILE` of changes (repeatable, made in order)")
	fl.StringVar(&c.result, "result", "", "CSV `FILE` that Athena answered to the query of licit trail sql, instead of logs")
	fl.StringVar(&c.failOn, "fail-on", "", "exit 1 if there are such `CALLS`: "+oneOf(replayFails))
	fl.IntVar(&c.top, "top", 20, "show this `NUMBER` of lines of each kind, 0 for all")
	fl.StringVarP(&c.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(replayFormats))
	fl.SortFlags = false
	must(cmd.MarkFlagFilename("change", "json"))
	must(cmd.MarkFlagFilename("result", "csv"))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(replayFormats, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(replayFails, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *trailReplay) check(cmd *cobra.Command, args []string) error {
	c.in.paths = args
	switch {
	case !slices.Contains(replayFormats, c.output):
		return usageError{cmd, fmt.Errorf("--output %q: want %s", c.output, oneOf(replayFormats))}
	case c.failOn != "" && !slices.Contains(replayFails, c.failOn):
		return usageError{cmd, fmt.Errorf("--fail-on %q: want %s", c.failOn, oneOf(replayFails))}
	case c.top < 0:
		return usageError{cmd, fmt.Errorf("--top %d: want a number of lines, or 0 for all", c.top)}
	case len(c.changes) == 0:
		return usageError{cmd, errors.New("nothing to replay against; want --change with a JSON file of changes")}
	case len(args) > 0 && c.result != "":
		return usageError{cmd, errors.New("--result stands for logs; want one or the other")}
	case c.result != "" && (c.in.since != "" || c.in.until != ""):
		return usageError{cmd, errors.New("--result has the time of the query; give --since and --until to licit trail sql")}
	}
	if c.result != "" {
		if !cmd.Flags().Changed("snapshot") {
			return usageError{cmd, errors.New("no --snapshot; want that of the organization that the query was made for")}
		}
		return nil
	}
	return errors.Join(c.in.ofSnapshot(cmd), c.in.check(cmd))
}

func (c *trailReplay) run(a *app, cmd *cobra.Command, args []string) error {
	if err := c.check(cmd, args); err != nil {
		return err
	}
	before, after, err := changed(a, cmd, &c.world, c.changes)
	if err != nil {
		return err
	}
	var r *replay.Report
	if err := a.interruptible(cmd, func(ctx context.Context) error {
		m, err := c.summary(ctx, a, before, after)
		if err != nil {
			return err
		}
		r, err = replay.DryRunSummary(ctx, before, after, m)
		return err
	}); err != nil {
		return err
	}
	unread(a, r.Errors, r.Unread)
	if err := writeReplay(a, r, c.output, c.top); err != nil {
		return err
	}
	return c.exit(a, r)
}

// changed are the environments before and after the changes.
func changed(a *app, cmd *cobra.Command, w *worldFlags, files []string) (before, after *simulate.Environment, err error) {
	c := comparison{world: *w, changes: files, output: "text"}
	if err := c.check(cmd); err != nil {
		return nil, nil, err
	}
	v, err := c.load(a, cmd)
	if err != nil {
		return nil, nil, err
	}
	return v.before.Env, v.after.Env, nil
}

func (c *trailReplay) summary(ctx context.Context, a *app, before, after *simulate.Environment) (*replay.Summary, error) {
	if c.result == "" {
		return c.in.collect(ctx, a, replay.SelectOrganization(before.Organization(), after.Organization()))
	}
	f, err := os.Open(c.result)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := replay.ReadCSV(replay.SelectChange(before.Organization(), after.Organization()), f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.ToSlash(c.result), err)
	}
	return m, nil
}

// exit is what the report makes of the exit code.
func (c *trailReplay) exit(a *app, r *replay.Report) error {
	empty := c.in.isEmpty(a, r.Calls, "no calls to replay")
	certain, possible := 0, 0
	for i := range r.Broken {
		if r.Broken[i].Certain {
			certain++
		} else {
			possible++
		}
	}
	found := map[string]bool{
		"broken": certain > 0, "possible": certain+possible > 0, "opened": len(r.Opened) > 0, "unsure": len(r.Unsure) > 0,
		"any": certain+possible+len(r.Opened)+len(r.Unsure) > 0,
	}
	switch {
	case found[c.failOn]:
		return status(exitNo)
	case c.failOn == "broken" && possible > 0:
		a.note("nothing breaks for certain, but some calls perhaps do")
		return status(exitIndeterminate)
	case empty:
		return status(exitPartial)
	case r.Unread > 0:
		a.note("%s of the log could not be read; the report is about the rest", plural(r.Unread, "part"))
		return status(exitPartial)
	}
	return nil
}
