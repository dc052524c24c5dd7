package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

var (
	diffFormats = []string{"text", "json", "markdown", "github"}
	diffFails   = []string{"gained", "lost", "any"}
)

// A comparison is one run of diff.
type comparison struct {
	world         worldFlags
	before, after string
	changes       []string
	scope         simulate.Scope
	context       []string
	failOn        string
	output        string
	top           int
	quiet         bool
}

func (a *app) diffCommand() *cobra.Command {
	var c comparison
	cmd := &cobra.Command{
		Use:   "diff --before DIR --after DIR | --snapshot DIR --change FILE",
		Short: "Say who gains and who loses which access by a change",
		Long: `Diff compares two snapshots, or a snapshot with what changes would make of it, and says which
users, roles and root users, and which callers from outside, gain or lose which actions on
which resources, under which conditions, and by which statement.

It first finds what differs (documents, attachments, places in the tree, tags, gaps), and
asks both sides only what that can change. For a condition key that nobody gives, it says
for which values access is gained or lost; give keys with --context to narrow that.

It is an enumeration with samples: of all known actions and those that policies name, on all
resources that a snapshot lists, and on one sample for each resource pattern of the policies and
one that no pattern names. Rows that stand on a sample say so. Where the policy or
settings of a listed resource differ, so that it may let in others, the services, accounts
and tokens that its policy names and all others by kind are asked, too; with --principal or
--account only those that these name. What an account outside the organization allows its
own principals is not known, so that they are never allowed for certain; denied before and
not denied after is gained.

Unless actions, resources or keys narrow it, proofs over all requests follow (see licit check
--help). Of up to 20 principals that gain, or lose, access, all that they do is listed as regions
in the words of the policies, if it is proved to be all of it and nothing else; of others the
report says that they are only enumerated, and why; name them with --principal. Regions are about
resources of the principal's account, and those of others as far as their policies allow. Where
nothing narrows it and the enumeration finds nothing that anybody gains, or loses, the proof is
that no user, role or root user of the organization does. -o json lists every row and region; the
other formats show the most far-reaching ones.

A file of changes is a JSON list:

  [{"attachControlPolicy": {"policy": "p-regions", "target": "ou-ab12-11111111"}},
   {"putControlPolicy": {"id": "p-regions", "name": "regions", "kind": "scp", "document": "regions.json"}},
   {"moveAccount": {"account": "111122223333", "parent": "ou-ab12-22222222"}},
   {"remove": "arn:aws:iam::111122223333:role/app"}]

Others are detachControlPolicy, removeControlPolicy, enablePolicyType, disablePolicyType, putOU,
removeOU, putAccount, removeAccount, putUser, putGroup, putRole, putManagedPolicy, putResource,
putEndpoint, removeEndpoint, markUnknown and markKnown. A document is the path of a file
beside it, or the document itself.

Exit codes: 0 compared, 1 --fail-on found what it names, 2 usage or input error, 3 --fail-on
did not, but some access depends on conditions in a way that is not decided (with gained or
lost), or patterns overlap in too many ways to ask about all, 130 interrupted.`,
		Example: `  licit diff --before main/snapshot --after snapshot
  licit diff --snapshot ./snapshot --change regions.json -o markdown --fail-on lost
  licit diff --snapshot ./snapshot --change regions.json --action 's3:*' \
      --account 111122223333 --context aws:RequestedRegion=eu-central-1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(a, cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&c.before, "before", "", "snapshot `DIR` before the change")
	fl.StringVar(&c.after, "after", "", "snapshot `DIR` after the change")
	fl.StringVar(&c.world.snapshot, "snapshot", "", "snapshot `DIR` that --change applies to (default: the embedded sample organization)")
	fl.StringArrayVar(&c.changes, "change", nil, "JSON `FILE` of changes (repeatable, made in order)")
	fl.StringArrayVar(&c.scope.Principals, "principal", nil, "only principals whose ARN matches this `PATTERN` (repeatable)")
	fl.StringArrayVar(&c.scope.Accounts, "account", nil, "only principals of the account with this `ID` (repeatable)")
	fl.StringArrayVar(&c.scope.Actions, "action", nil, "only actions of this `PATTERN`, such as s3:Get* (repeatable)")
	fl.StringArrayVar(&c.scope.Resources, "resource", nil, "only resources of this `PATTERN`; * also for actions that take none (repeatable)")
	fl.StringArrayVar(&c.context, "context", nil, "condition key of all requests: `KEY=VALUE`[,VALUE…]; KEY= says that it is absent (repeatable)")
	fl.BoolVar(&c.world.strict, "strict", false, "take every condition key that is not given as absent")
	fl.StringVar(&c.failOn, "fail-on", "", "exit 1 if there is such a `CHANGE`: "+oneOf(diffFails))
	fl.IntVar(&c.top, "top", 20, "show this `NUMBER` of lines, 0 for all")
	fl.BoolVar(&c.quiet, "quiet", false, "no progress on standard error")
	fl.StringVarP(&c.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(diffFormats))
	fl.SortFlags = false
	for _, name := range []string{"before", "after", "snapshot"} {
		must(cmd.MarkFlagDirname(name))
	}
	must(cmd.MarkFlagFilename("change", "json"))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(diffFormats, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(diffFails, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *comparison) run(a *app, cmd *cobra.Command) error {
	if err := c.check(cmd); err != nil {
		return err
	}
	v, err := c.load(a, cmd)
	if err != nil {
		return err
	}
	return c.answer(a, cmd, v)
}

// answer asks both sides, and prints what differs.
func (c *comparison) answer(a *app, cmd *cobra.Command, v *diffView) error {
	affected, err := v.before.Env.Affected(v.after.Env, c.scope)
	if err != nil {
		return err
	}
	if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		if v.report, err = c.report(ctx, a, affected); err != nil {
			return err
		}
		return c.prove(ctx, a, v)
	}); err != nil {
		return err
	}
	if err := v.write(a, c.output, c.top); err != nil {
		return err
	}
	return c.exit(a, v)
}

// flags checks and reads the flags that all comparisons have.
func (c *comparison) flags(cmd *cobra.Command) (err error) {
	switch {
	case !slices.Contains(diffFormats, c.output):
		return usageError{cmd, fmt.Errorf("--output %q: want %s", c.output, oneOf(diffFormats))}
	case c.failOn != "" && !slices.Contains(diffFails, c.failOn):
		return usageError{cmd, fmt.Errorf("--fail-on %q: want %s", c.failOn, oneOf(diffFails))}
	case c.top < 0:
		return usageError{cmd, fmt.Errorf("--top %d: want a number of lines, or 0 for all", c.top)}
	}
	given := requestFlags{context: c.context}
	c.scope.Keys, err = given.keys(cmd)
	return err
}

func (c *comparison) check(cmd *cobra.Command) error {
	changed := cmd.Flags().Changed
	two := changed("before") || changed("after")
	switch {
	case two && (changed("snapshot") || changed("change")):
		return usageError{cmd, errors.New("--before and --after compare two snapshots, --snapshot and --change one with what changes make of it; want one or the other")}
	case two && !(changed("before") && changed("after")):
		return usageError{cmd, errors.New("want both --before and --after, each a snapshot directory")}
	case !two && len(c.changes) == 0:
		return usageError{cmd, errors.New("nothing to compare; want --before and --after, or --change with a JSON file of changes")}
	case slices.ContainsFunc(c.changes, func(f string) bool { return filepath.Dir(f) != filepath.Dir(c.changes[0]) }):
		return usageError{cmd, errors.New("--change: the files stand in different directories; want them in one, with their documents")}
	}
	return c.flags(cmd)
}

// load reads both sides.
func (c *comparison) load(a *app, cmd *cobra.Command) (*diffView, error) {
	v := &diffView{facts: a.facts}
	var err error
	if len(c.changes) == 0 {
		if v.before, err = c.side(c.before, "the snapshot before"); err != nil {
			return nil, err
		}
		v.after, err = c.side(c.after, "the snapshot after")
		return v, err
	}
	if v.before, err = c.world.load(a, cmd); err != nil {
		return nil, err
	}
	v.files = map[*policy.Document]string{}
	old := map[*policy.Document]bool{}
	for d := range v.before.Org.Documents() {
		old[d] = true
	}
	var changes []org.Change
	for _, name := range c.changes {
		list, err := readChanges(name)
		if err != nil {
			return nil, err
		}
		changes = append(changes, list...)
	}
	env, err := v.before.Env.Apply(changes...)
	if err != nil {
		return nil, err
	}
	v.after = worldOf(v.before.Name, v.before.Prefix)
	v.after.Env, v.after.Org = env, env.Organization()
	dir := filepath.ToSlash(filepath.Dir(c.changes[0]))
	for d := range v.after.Org.Documents() {
		if !old[d] && d.File() != "" {
			v.files[d] = path.Join(dir, d.File())
		}
	}
	return v, nil
}

func (c *comparison) side(dir, name string) (*world, error) {
	o, err := readSnapshot(dir)
	if err != nil {
		return nil, err
	}
	var opts []simulate.Option
	if c.world.strict {
		opts = append(opts, simulate.WithStrictKeys())
	}
	env, err := simulate.Compile(o, opts...)
	w := worldOf(name, filepath.ToSlash(dir))
	w.Env, w.Org = env, o
	return w, err
}

// readChanges reads a file of changes; documents are files beside it.
func readChanges(name string) ([]org.Change, error) {
	dir := filepath.Dir(name)
	changes, err := org.ReadChanges(os.DirFS(dir), filepath.Base(name))
	if err != nil {
		return nil, inDirectory(filepath.ToSlash(dir), err)
	}
	return changes, nil
}

// report asks, and shows how far it is where somebody may be waiting.
func (c *comparison) report(ctx context.Context, a *app, affected *simulate.Affected) (*simulate.Report, error) {
	if c.quiet || !isTerminal(a.stderr) {
		return affected.Report(ctx)
	}
	finished := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		start, shown := time.Now(), false
		for {
			select {
			case <-finished:
				if shown {
					fmt.Fprint(a.stderr, "\r\x1b[K")
				}
				return
			case <-tick.C:
				if time.Since(start) > time.Second {
					done, total := affected.Progress()
					fmt.Fprintf(a.stderr, "\r%d of %d groups of principals …", done, total)
					shown = true
				}
			}
		}
	}()
	report, err := affected.Report(ctx)
	close(finished)
	<-stopped
	return report, err
}

// exit is what the rows make of the exit code.
func (c *comparison) exit(a *app, v *diffView) error {
	if c.failOn == "" {
		return nil
	}
	r := v.report
	n := map[simulate.DeltaKind]int{}
	for i := range r.Rows {
		n[r.Rows[i].Kind]++
	}
	gained, lost, open := n[simulate.DeltaGained], n[simulate.DeltaLost], n[simulate.DeltaConditions]
	if disproved(v.proofs.gained) {
		gained++
	}
	if disproved(v.proofs.lost) {
		lost++
	}
	switch {
	case c.failOn == "any" && gained+lost+open > 0, c.failOn == "gained" && gained > 0, c.failOn == "lost" && lost > 0:
		return status(exitNo)
	case open > 0:
		a.note("nothing is %s for certain, but some access is under other conditions (%s)", c.failOn, plural(open, "row"))
		return status(exitIndeterminate)
	case len(r.Incomplete) > 0:
		a.note("nothing is %s as far as was asked, but patterns overlap in too many ways to ask about all", c.failOn)
		return status(exitIndeterminate)
	}
	return nil
}
