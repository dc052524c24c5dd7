package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail/replay"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A trailUsage is one run of trail usage.
type trailUsage struct {
	in         logInput
	world      worldFlags
	principals []string
	set        string
	policy     bool
	unused     bool
	failOn     string
	output     string
}

var usageFails = []string{"refused", "unused", "any"}

func (a *app) trailUsageCommand() *cobra.Command {
	var c trailUsage
	cmd := &cobra.Command{
		Use:   "usage [DIR|FILE]... --snapshot DIR",
		Short: "Say which permissions are used, and write least-privilege policies",
		Long: `Usage lists what users and roles did in CloudTrail logs: actions, on which resources, how
often and when last, and the people behind roles of IAM Identity Center.

With --policy it writes an identity policy that allows what was done, of the principals that
are named, or of a permission set with all its roles. Each request that it is shown to allow has
been decided with the document as the only identity policy. What it allows besides is listed:
objects are told apart by bucket only, and where the log does not tell the resource, it is all
resources, or all that match what is known. So is what it leaves out: actions that some calls of
an event need and of which no parameter shows that these did. With --unused it lists what the
principals may do and did not do, and after them the users and roles of the snapshot of which no
call was observed at all.

What was not observed in the days of the log may be needed all the same: the report ends with
what it cannot know.

Exit codes: 0 listed, 1 a policy does not allow all that was done, or --fail-on found what it
names, 2 usage or input error, 4 there was nothing to list, or some of the log could not be read, 130 interrupted.`,
		Example: `  licit trail usage ./logs --snapshot ./snapshot
  licit trail usage ./logs --snapshot ./snapshot --principal '*:role/app/orders' --policy
  licit trail usage ./logs --snapshot ./snapshot --permission-set Developer --policy -o json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(a, cmd, args) },
	}
	fl := cmd.Flags()
	c.in.register(cmd)
	c.world.registerSnapshot(cmd)
	fl.StringArrayVar(&c.principals, "principal", nil, "only users and roles whose ARN matches this `PATTERN`, in which * also stands for / (repeatable)")
	fl.StringVar(&c.set, "permission-set", "", "only the roles of the permission set of this `NAME`")
	fl.BoolVar(&c.policy, "policy", false, "write one policy for all that are listed")
	fl.BoolVar(&c.unused, "unused", false, "list what they may do and did not do")
	fl.StringVar(&c.failOn, "fail-on", "", "exit 1 if there is such `USE`: "+oneOf(usageFails))
	fl.StringVarP(&c.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(replayFormats))
	fl.SortFlags = false
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(usageFails, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(replayFormats, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *trailUsage) run(a *app, cmd *cobra.Command, args []string) error {
	c.in.paths = args
	switch {
	case !slices.Contains(replayFormats, c.output):
		return usageError{cmd, fmt.Errorf("--output %q: want %s", c.output, oneOf(replayFormats))}
	case c.output == "csv" && (c.policy || c.unused):
		return usageError{cmd, errors.New("--output csv has what was used; want another format for --policy and --unused")}
	case c.failOn != "" && !slices.Contains(usageFails, c.failOn):
		return usageError{cmd, fmt.Errorf("--fail-on %q: want %s", c.failOn, oneOf(usageFails))}
	case (c.failOn == "unused" || c.failOn == "any") && !c.unused:
		return usageError{cmd, fmt.Errorf("--fail-on %s without --unused, which finds what is not used", c.failOn)}
	}
	if err := errors.Join(c.in.ofSnapshot(cmd), c.in.check(cmd)); err != nil {
		return err
	}
	w, err := c.world.load(a, cmd)
	if err != nil {
		return err
	}
	var v usageView
	if err := a.interruptible(cmd, func(ctx context.Context) error {
		m, err := c.in.collect(ctx, a, replay.SelectUsage())
		if err != nil {
			return err
		}
		v.report, err = replay.UsageSummary(ctx, w.Env, m)
		if err != nil {
			return err
		}
		return c.fill(ctx, w.Env, &v)
	}); err != nil {
		return err
	}
	unread(a, v.report.Errors, v.report.Unread)
	if err := v.write(a, c.output); err != nil {
		return err
	}
	empty := c.in.isEmpty(a, len(v.report.Uses)+len(v.idle), "no calls of the users and roles that are asked for")
	switch {
	case v.policy != nil && len(v.policy.Unproved) > 0, v.fails(c.failOn):
		return status(exitNo)
	case empty, v.policy != nil && v.policy.Document == nil, v.report.Unread > 0:
		return status(exitPartial)
	}
	return nil
}

// fill narrows the uses, and makes what the flags ask for.
func (c *trailUsage) fill(ctx context.Context, env *simulate.Environment, v *usageView) (err error) {
	v.report.Uses = slices.DeleteFunc(v.report.Uses, func(u replay.Use) bool { return !c.wants(u.Principal) })
	if c.unused {
		v.unused = map[policy.ARN]unusedView{}
		for i := range v.report.Uses {
			u := &v.report.Uses[i]
			var x unusedView
			if x.patterns, x.granted, x.used, err = replay.Unused(ctx, env, u); err != nil {
				x.problem = err.Error()
				if ctx.Err() != nil {
					return err
				}
			}
			v.unused[u.Principal] = x
		}
	}
	if c.unused && len(v.report.Days) > 0 {
		for _, i := range v.report.Idle {
			if c.wants(i.Principal) {
				v.idle = append(v.idle, i)
			}
		}
	}
	if c.policy {
		v.policy, err = replay.LeastPrivilegePolicy(v.report.Uses...)
	}
	return err
}

func (c *trailUsage) wants(a policy.ARN) bool {
	if c.set != "" && replay.PermissionSet(a) != c.set {
		return false
	}
	return len(c.principals) == 0 || slices.ContainsFunc(c.principals, func(p string) bool { return like(p, a.String()) })
}

// like reports whether a text matches a pattern in which * stands for any text.
func like(pattern, text string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", ":"), strings.ReplaceAll(text, "/", ":"))
	return ok && err == nil
}

// fails reports whether there is what --fail-on names.
func (v *usageView) fails(on string) bool {
	refused := slices.ContainsFunc(v.report.Uses, func(u replay.Use) bool { return len(u.Refused) > 0 })
	unused := len(v.idle) > 0
	for _, x := range v.unused {
		unused = unused || x.granted > x.used
	}
	return map[string]bool{"refused": refused, "unused": unused, "any": refused || unused}[on]
}

type unusedView struct {
	patterns      []string
	granted, used int
	problem       string
}

// A usageView is a report as it is shown.
type usageView struct {
	report *replay.UsageReport
	policy *replay.LeastPrivilege
	unused map[policy.ARN]unusedView
	idle   []replay.Idle // that are asked for
}

func (v *usageView) write(a *app, output string) error {
	switch output {
	case "json":
		return writeJSON(a.stdout, v.json())
	case "csv":
		return printTo(a.stdout, v.csv())
	case "markdown":
		return printTo(a.stdout, v.markdown())
	}
	return printTo(a.stdout, v.text())
}

func printTo(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

func (v *usageView) text() string {
	var b strings.Builder
	if v.policy != nil {
		v.policyText(&b)
		return b.String()
	}
	line := func(form string, args ...any) { b.WriteString(printable(fmt.Sprintf(form, args...)) + "\n") }
	for _, u := range v.report.Uses {
		line("%s: %s, last %s", u.Principal, plural(u.Events, "call"), day(u.Last))
		for _, p := range u.Persons {
			line("  by %s: %s, last %s", p.Person, plural(p.Events, "call"), day(p.Last))
		}
		for _, x := range u.Actions {
			line("  %s on %s: %s, last %s%s", x.Action, onWhat(x), plural(x.Events, "call"), day(x.Last), certainty(x))
		}
		for _, x := range u.Refused {
			line("  refused: %s, %s, last %s", x.Action, plural(x.Events, "call"), day(x.Last))
		}
		for _, x := range u.Failed {
			line("  failed for another reason: %s, %s, last %s", x.Action, plural(x.Events, "call"), day(x.Last))
		}
		if x, ok := v.unused[u.Principal]; ok {
			line("  %s", x.text(v.report.Days))
		}
	}
	for i := range v.idle {
		line("%s: %s", v.idle[i].Principal, idleText(&v.idle[i], v.report.Days))
	}
	fmt.Fprintf(&b, "\n%s over %s\n", plural(v.report.Events, "event"), plural(len(v.report.Days), "day"))
	if n := v.report.Duplicates; n > 0 {
		fmt.Fprintf(&b, "left out: %s that came again\n", plural(n, "event"))
	}
	for _, s := range v.report.Skipped {
		line("not counted: %s", skippedText(s))
	}
	b.WriteString("What this does not know:\n")
	for _, s := range v.report.BlindSpots() {
		line("- %s", s)
	}
	return b.String()
}

func (x unusedView) text(days []string) string {
	if x.problem != "" {
		return "unused: not known: " + x.problem
	}
	return fmt.Sprintf("unused: %d of %s not observed in %s: %s", x.granted-x.used, plural(x.granted, "action"), plural(len(days), "day"), strings.Join(x.patterns, ", "))
}

// idleText says what the log has of a user or role without calls.
func idleText(i *replay.Idle, days []string) string {
	text := "no calls observed in " + plural(len(days), "day")
	if i.Class != replay.Member {
		text = i.Class.String() + ", " + text
	}
	if i.Unlogged {
		text += ", which have no event of its account either: the log may not be of it"
	}
	if n := i.Sessions.Events; n > 0 {
		text += fmt.Sprintf("; %s of it began, last %s, and what they did is not in the log", plural(n, "session"), day(i.Sessions.Last))
	}
	if n := i.Others.Events; n > 0 {
		text += fmt.Sprintf("; %s of it that need no permission or are not told apart, last %s", plural(n, "other call"), day(i.Others.Last))
	}
	return text
}

func (v *usageView) policyText(b *strings.Builder) {
	l := v.policy
	if l.Document == nil {
		b.WriteString("no policy: nothing was done\n")
		return
	}
	fmt.Fprintf(b, "%s\n", l.Document.Indent())
	b.WriteString("\n")
	for _, line := range v.policyNotes() {
		fmt.Fprintf(b, "%s\n", printable(line))
	}
	b.WriteString("What this does not know:\n")
	for _, s := range v.report.BlindSpots() {
		fmt.Fprintf(b, "- %s\n", printable(s))
	}
}

// policyNotes say what a policy allows and what it does not.
func (v *usageView) policyNotes() []string {
	l := v.policy
	out := []string{fmt.Sprintf("allows each of the %s that were observed in %s; %s as AWS counts them", plural(l.Proved, "request"), plural(len(v.report.Days), "day"), plural(l.Size, "character"))}
	for _, r := range l.Unproved {
		out = append(out, "does not allow by itself: "+r)
	}
	for _, x := range l.Wide {
		out = append(out, "on every resource, for the log does not tell which: "+string(x))
	}
	for _, x := range l.Patterns {
		out = append(out, "on all that match, for the log does not tell which: "+x)
	}
	for _, x := range l.Left {
		out = append(out, "left out, for it is not known that it was needed: "+string(x))
	}
	return out
}

func onWhat(x replay.ActionUse) string {
	list := slices.Concat(x.Resources, x.Patterns)
	if len(list) > 3 {
		list = append(list[:3:3], fmt.Sprintf("%d more", len(list)-3))
	}
	if x.None {
		list = append(list, "*")
	}
	if x.Open {
		list = append(list, "resources that the log does not tell")
	}
	return strings.Join(list, ", ")
}

func certainty(x replay.ActionUse) string {
	switch {
	case x.Inferred:
		return " (inferred)"
	case x.Certainty.String() == "certain":
		return ""
	}
	return " (" + x.Certainty.String() + ")"
}

func day(t time.Time) string {
	if t.IsZero() {
		return "at no known time"
	}
	return t.Format(time.DateOnly)
}

func (v *usageView) markdown() string {
	var b strings.Builder
	if v.policy != nil {
		b.WriteString("```json\n")
		if v.policy.Document != nil {
			fmt.Fprintf(&b, "%s\n", v.policy.Document.Indent())
		}
		b.WriteString("```\n\n")
		for _, line := range v.policyNotes() {
			fmt.Fprintf(&b, "- %s\n", markdownText(line))
		}
		b.WriteString("\n")
	} else {
		b.WriteString("| principal | action | resources | calls | last |\n|---|---|---|---|---|\n")
		for _, u := range v.report.Uses {
			for _, x := range u.Actions {
				fmt.Fprintf(&b, "| %s | %s%s | %s | %d | %s |\n", markdownText(u.Principal.String()), markdownText(string(x.Action)), certainty(x), markdownText(onWhat(x)), x.Events, day(x.Last))
			}
		}
		b.WriteString("\n")
		for _, u := range v.report.Uses {
			if x, ok := v.unused[u.Principal]; ok {
				fmt.Fprintf(&b, "- %s: %s\n", markdownText(u.Principal.String()), markdownText(x.text(v.report.Days)))
			}
		}
		for i := range v.idle {
			fmt.Fprintf(&b, "- %s: %s\n", markdownText(v.idle[i].Principal.String()), markdownText(idleText(&v.idle[i], v.report.Days)))
		}
		if len(v.unused)+len(v.idle) > 0 {
			b.WriteString("\n")
		}
	}
	b.WriteString("What this does not know:\n\n")
	for _, s := range v.report.BlindSpots() {
		fmt.Fprintf(&b, "- %s\n", markdownText(s))
	}
	return b.String()
}

func (v *usageView) csv() string {
	t := &table{heading: []string{"principal", "action", "certainty", "resources", "calls", "first", "last"}}
	for _, u := range v.report.Uses {
		for _, x := range u.Actions {
			t.addPrintable(u.Principal.String(), string(x.Action), x.Certainty.String(), strings.Join(slices.Concat(x.Resources, x.Patterns), " "), fmt.Sprint(x.Events), moment(x.First), moment(x.Last))
		}
	}
	return t.csv()
}
