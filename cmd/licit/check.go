package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

var checkFormats = []string{"text", "json", "sarif", "github"}

// A checkQuestion is what one of the subcommands of check proves.
type checkQuestion struct {
	use, short, long, example string
	files                     []string // what the arguments are
	rule, title               string   // of its finding, in SARIF
	ask                       func(context.Context, *checking) (check.Result, error)
	says                      func(*checking) checkWords
}

// checkWords are the answers to a question: what is proved, what the counterexample shows,
// and what stays open.
type checkWords struct{ pass, fail, open string }

var noNewAccess = checkQuestion{
	use:   "no-new-access OLD NEW",
	short: "Prove that a new version of a policy allows nothing new",
	long: `No-new-access proves that every request that is allowed with NEW is allowed with OLD, too,
whatever the other policies are that bear on it. So a Deny counts even if nothing in OLD
allows what it denies, since other policies may: without it there is new access. (IAM Access
Analyzer's CheckNoNewAccess compares the two documents alone.)

With --all it lists everything that NEW itself allows and OLD does not, in the policies' own
words, and says whether it is proved that this is all; what only Denies keep from others
is not in that list.`,
	example: `  licit check no-new-access main/deploy.json deploy.json
  licit check no-new-access --all main/deploy.json deploy.json
  licit check no-new-access --kind scp old.json new.json -o github`,
	files: []string{"the old policy", "the new one"},
	rule:  "NewAccess", title: "The new version of a policy allows what the old one does not.",
	ask: func(ctx context.Context, c *checking) (check.Result, error) {
		return check.NoNewAccess(ctx, c.policies[0].doc, c.policies[1].doc, c.kind)
	},
	says: func(c *checking) checkWords {
		existing, updated := c.policies[0].name(), c.policies[1].name()
		w := checkWords{
			pass: updated + " allows nothing that " + existing + " does not",
			fail: updated + " allows what " + existing + " does not",
			open: "whether " + updated + " allows what " + existing + " does not",
		}
		if c.undenied() != "" {
			w.fail = updated + " does not deny what " + existing + " denies"
		}
		return w
	},
}

var equivalent = checkQuestion{
	use:   "equivalent A B",
	short: "Prove that two policies allow the same",
	long: `Equivalent proves that either policy can stand in place of the other: every request is allowed
with both or with neither, whatever the other policies are that bear on it. So a Deny counts
even if nothing in its policy allows what it denies.`,
	example: `  licit check equivalent deploy.json deploy-short.json`,
	files:   []string{"a policy", "another one"},
	rule:    "NotEquivalent", title: "Two policies that should allow the same do not.",
	ask: func(ctx context.Context, c *checking) (check.Result, error) {
		return check.Equivalent(ctx, c.policies[0].doc, c.policies[1].doc, c.kind)
	},
	says: func(c *checking) checkWords {
		both := c.policies[0].name() + " and " + c.policies[1].name() + " allow the same"
		w := checkWords{pass: both, open: "whether " + both}
		if c.allows != nil {
			w.fail = c.allows.name() + " allows what " + c.refuses.name() + " does not"
			if c.undenied() != "" {
				w.fail = c.allows.name() + " does not deny what " + c.refuses.name() + " denies"
			}
		}
		return w
	},
}

var notGranted = checkQuestion{
	use:   "not-granted FILE",
	short: "Prove that a policy does not allow certain actions or resources",
	long: `Not-granted proves that the policy allows none of the actions (--action, default: any) on any
of the resources (--resource, default: any). Both may have wildcards, and name all that the
wildcards match. What other policies allow is another question: a permissions boundary, for
one, does not limit what the policy of a resource grants a user by name. An action that AWS does not have, or a resource that none of the actions
has, is an error: a proof about it would say nothing.`,
	example: `  licit check not-granted --kind boundary --action iam:DeleteRolePermissionsBoundary boundary.json
  licit check not-granted --resource 'arn:aws:s3:::exemplia-settlements/*' deploy.json`,
	files: []string{"a policy"},
	rule:  "AccessGranted", title: "A policy allows what it must not.",
	ask: func(ctx context.Context, c *checking) (check.Result, error) {
		return check.AccessNotGranted(ctx, c.policies[0].doc, c.kind, check.Access{Actions: c.actions, Resources: c.resources})
	},
	says: func(c *checking) checkWords {
		some, anything, on := "an action", "any action", ""
		if len(c.actions) > 0 {
			some = wording.OrList(c.actions)
			anything = some
		}
		if len(c.resources) > 0 {
			on = " on " + wording.OrList(c.resources)
		}
		file := c.policies[0].name()
		return checkWords{
			pass: file + " does not allow " + anything + on,
			fail: file + " allows " + some + on,
			open: "whether " + file + " allows " + some + on,
		}
	},
}

var notPublic = checkQuestion{
	use:   "public FILE",
	short: "Prove that a resource policy allows nothing to outsiders",
	long: `Public proves that a resource policy or trust policy allows nothing to callers without
credentials, and nothing to accounts and identity providers that it does not name, whatever
the callers' own policies allow. AWS services and providers that it names are no outsiders.
Conditions count as naming somebody if they pin a key that outsiders cannot choose, such as
aws:PrincipalOrgID or aws:SourceIp, to fixed values.`,
	example: `  aws s3api get-bucket-policy --bucket logs | licit check public -`,
	files:   []string{"a resource or trust policy"},
	rule:    "PublicAccess", title: "A policy allows access to outsiders.",
	ask: func(ctx context.Context, c *checking) (check.Result, error) {
		return check.NoPublicAccess(ctx, c.policies[0].doc, c.kind)
	},
	says: func(c *checking) checkWords {
		file := c.policies[0].name()
		return checkWords{
			pass: file + " allows nothing to outsiders",
			fail: file + " allows access to outsiders",
			open: "whether " + file + " allows access to outsiders",
		}
	},
}

// A checking is one run of a check: its flags, its policies, and the answer.
type checking struct {
	*checkQuestion
	givenKind, output  string
	actions, resources []string
	all                bool
	timeout            time.Duration

	kind     policy.Kind
	policies []*checkedPolicy // in the order of the arguments
	result   check.Result
	summary  *check.Summary // of --all, unless it is proved that there is nothing
	// Of a counterexample: the policy that allows it, and the one that does not; nil: there is
	// no other policy.
	allows, refuses *checkedPolicy
}

const checkHelp = `

A proof covers all requests: every action, known to AWS today or not, every resource,
every caller, every value of every condition key. The answer is pass (proved), fail, with a
request that shows it, or unknown, with the reason.

A file is a policy document, or what the AWS CLI has printed, as licit lint takes it; - is
standard input. The ARN of a managed policy of AWS stands for its newest known version.
Without --kind the kind of the policies is guessed as licit lint does, and said on standard
error.

Exit codes: 0 pass, 1 fail, 2 usage or input error, 3 unknown.`

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Prove what a policy, or a change of one, can ever allow",
		Long:  "Check answers questions about all requests at once." + checkHelp,
		Args:  noSubcommand,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, q := range []*checkQuestion{&noNewAccess, &equivalent, &notGranted, &notPublic} {
		cmd.AddCommand(a.checkQuestionCommand(q))
	}
	cmd.AddCommand(a.guardrailCommand(), a.deadCommand())
	return cmd
}

func (a *app) checkQuestionCommand(q *checkQuestion) *cobra.Command {
	c := &checking{checkQuestion: q}
	cmd := &cobra.Command{
		Use: q.use, Short: q.short, Long: q.long + checkHelp, Example: q.example,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != len(q.files) {
				return usageError{cmd, fmt.Errorf("%s; want %s", plural(len(args), "argument"), strings.Join(q.files, " and "))}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.checkFlags(a, cmd); err != nil {
				return err
			}
			return c.run(a, cmd, args)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&c.givenKind, "kind", "", "`KIND` of the policies: "+oneOf(kindWords)+" (default: guessed)")
	must(cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindWords, cobra.ShellCompDirectiveNoFileComp)))
	if q == &notGranted {
		fl.StringSliceVar(&c.actions, "action", nil, "`ACTION` or pattern such as s3:Delete* that must not be allowed (repeatable)")
		fl.StringArrayVar(&c.resources, "resource", nil, "`ARN` or pattern on which nothing of it must be allowed (repeatable)")
		must(cmd.RegisterFlagCompletionFunc("action", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
			return a.completeAction(typed)
		}))
		must(cmd.RegisterFlagCompletionFunc("resource", cobra.NoFileCompletions))
		a.takesFacts(cmd)
	}
	if q == &noNewAccess {
		fl.BoolVar(&c.all, "all", false, "list everything that is new, and prove that it is all (text and json)")
	}
	fl.DurationVar(&c.timeout, "timeout", 0, "give up after this `TIME`, such as 30s: unknown (default: limits that count steps, not time)")
	must(cmd.RegisterFlagCompletionFunc("timeout", cobra.NoFileCompletions))
	registerOutputs(cmd, &c.output, checkFormats...)
	fl.SortFlags = false
	return cmd
}

// checkFlags reports everything that is wrong with the flags as one error.
func (c *checking) checkFlags(a *app, cmd *cobra.Command) error {
	var errs []error
	usage := func(format string, args ...any) { errs = append(errs, usageError{cmd, fmt.Errorf(format, args...)}) }
	if err := checkOutputs(cmd, c.output, checkFormats...); err != nil {
		errs = append(errs, err)
	}
	if cmd.Flags().Changed("kind") && !slices.Contains(kindWords, c.givenKind) {
		usage("--kind %q: want %s", c.givenKind, oneOf(kindWords))
	}
	if cmd.Flags().Changed("timeout") && c.timeout <= 0 {
		usage("--timeout %s: want a time above 0, such as 30s", c.timeout)
	}
	if c.all && !slices.Contains(allFormats, c.output) {
		usage("--all goes with -o %s, not %s", oneOf(allFormats), c.output)
	}
	if c.checkQuestion == &notGranted && len(c.actions)+len(c.resources) == 0 {
		usage("no access is given; want --action, --resource or both")
	}
	for _, action := range c.actions {
		if err := a.askable(action); err != nil {
			usage("--action %w", err)
		}
	}
	for _, resource := range c.resources {
		if len(errs) > 0 {
			break // what the actions are decides which resources fit
		}
		if err := c.askableOn(a, resource); err != nil {
			usage("--resource %w", err)
		}
	}
	return errors.Join(errs...)
}

// askable reports an action pattern about which a proof would say nothing.
func (a *app) askable(pattern string) error {
	if !isActionPattern(pattern) {
		return fmt.Errorf("%q: want an action or a pattern such as s3:Delete*", pattern)
	}
	for range a.facts.Actions(pattern) {
		return nil
	}
	return fmt.Errorf("%q: no action as of %s%s", pattern, a.facts.Date(), meantActions(a.facts, pattern))
}

// askableOn reports a resource pattern that none of the actions is authorised on.
func (c *checking) askableOn(a *app, pattern string) error {
	if pattern == "*" {
		return nil
	}
	if !strings.HasPrefix(pattern, "arn:") || strings.Count(pattern, ":") < 5 {
		return fmt.Errorf("%q: want an ARN or a pattern such as arn:aws:s3:::logs/*, or *", pattern)
	}
	if len(c.actions) == 0 {
		return nil
	}
	var formats []string
	for _, actions := range c.actions {
		for action := range a.ref.Actions(actions) {
			info, _ := a.ref.Action(action)
			for t := range info.Resources() {
				if t.Type.Takes(pattern) {
					return nil
				}
				formats = slices.AppendSeq(formats, t.Type.ARNFormats())
			}
		}
	}
	slices.Sort(formats)
	if formats = slices.Compact(formats); len(formats) == 0 {
		return fmt.Errorf("%q: %s is authorised on no resource but *; leave --resource out", pattern, wording.OrList(c.actions))
	}
	return fmt.Errorf("%q: %s is not authorised on it; want one such as %s", pattern, wording.OrList(c.actions), wording.OrList(formats[:min(mostStatements, len(formats))]))
}

func (c *checking) run(a *app, cmd *cobra.Command, args []string) error {
	if err := c.read(a, cmd, args); err != nil {
		return err
	}
	err := a.interruptible(cmd, func(ctx context.Context) error {
		limited := ctx
		if c.timeout > 0 {
			var stop context.CancelFunc
			limited, stop = context.WithTimeout(ctx, c.timeout)
			defer stop()
		}
		var err error
		if c.result, err = c.ask(limited, c); err != nil {
			return err
		}
		if c.all && c.result.Verdict != check.Pass {
			summary, err := check.Differences(limited, c.policies[0].doc, c.policies[1].doc, c.kind)
			if err != nil {
				return err
			}
			c.summary = &summary
		}
		if c.result.Verdict == check.Unknown || c.summary != nil && !c.summary.Certified {
			return ctx.Err() // interrupted; a timeout is an answer
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.settleSides()
	if err := c.write(a); err != nil {
		return err
	}
	switch c.result.Verdict {
	case check.Pass:
		return nil
	case check.Fail:
		return status(exitNo)
	}
	return status(exitIndeterminate)
}

// settleSides says whose counterexample it is.
func (c *checking) settleSides() {
	x := c.result.Counterexample
	switch {
	case x == nil:
	case len(c.policies) == 1:
		c.allows = c.policies[0]
	case c.checkQuestion == &equivalent && c.policies[0].decides(x.Allowed, c.policies[1], x.Refused):
		c.allows, c.refuses = c.policies[0], c.policies[1]
	default:
		c.allows, c.refuses = c.policies[1], c.policies[0]
	}
}

// decides reports that this policy took part in a decision, and the other policy in the other one.
// A policy without statements leaves no trace.
func (p *checkedPolicy) decides(x *simulate.Explanation, other *checkedPolicy, y *simulate.Explanation) bool {
	return len(p.trials(x)) > 0 || len(other.trials(y)) > 0
}

func (c *checking) write(a *app) error {
	switch c.output {
	case "json":
		j := c.json()
		var err error
		if j.Differences, err = summaryOf(c.summary); err != nil {
			return err
		}
		return writeJSON(a.stdout, j)
	case "sarif":
		return writeCheckSARIF(a.stdout, c.findings())
	case "github":
		_, err := io.WriteString(a.stdout, checkCommands("check", "pass: "+c.headline(), c.findings()))
		return err
	}
	_, err := io.WriteString(a.stdout, c.text(a.style))
	return err
}

// headline is the answer as a sentence.
func (c *checking) headline() string {
	w := c.says(c)
	switch c.result.Verdict {
	case check.Pass:
		return w.pass
	case check.Fail:
		return w.fail
	}
	return w.open + " is not known: " + c.result.Reason
}

// given are what the counterexample takes for granted besides keys, as clauses: who is behind the
// caller, what its policies that are not in question say, and whose the resource is.
func (c *checking) given() []string {
	x := c.result.Counterexample
	if other := c.undenied(); other != "" {
		return []string{other}
	}
	if c.kind != policy.ResourceBased && c.kind != policy.RoleTrust {
		return nil
	}
	var out []string
	if x.Request.Session != nil {
		session := x.Request.Session.Spec()
		if session.Role.IsValid() {
			out = append(out, "the caller's role is "+session.Role.String())
		}
		if session.PrincipalID != "" {
			out = append(out, "the caller's unique ID is "+session.PrincipalID)
		}
		if session.IssuingUser.IsValid() {
			out = append(out, "the caller was issued by "+session.IssuingUser.String())
		}
	}
	for _, s := range x.Allowed.Steps {
		allowed := s.Outcome == simulate.Allowed
		switch {
		case s.Skipped != "":
		case s.Stage == simulate.StageIdentityPolicy && x.Request.Principal.Kind() == policy.Root:
		case s.Stage == simulate.StageIdentityPolicy && allowed:
			out = append(out, "identity policies of the caller allow it")
		case s.Stage == simulate.StageIdentityPolicy:
			out = append(out, "no identity policy of the caller allows it")
		case s.Stage == simulate.StageBoundary && !allowed:
			out = append(out, "a permissions boundary of the caller does not allow it")
		case s.Stage == simulate.StageSessionPolicy && !allowed:
			out = append(out, "a session policy of the caller does not allow it")
		}
	}
	switch rules := x.Allowed.Rules; {
	case slices.Contains(rules, "R-GRT-6"):
		out = append(out, "the resource is in another account")
	case slices.ContainsFunc(rules, func(r string) bool { return r == "R-GRT-2" || r == "R-GRT-3" || r == "R-GRT-4" }):
		out = append(out, "the resource is in the caller's account")
	}
	return out
}

// undenied is what allows the request of a counterexample in which the policies differ in what
// they deny, as a clause; "" for others.
func (c *checking) undenied() string {
	x := c.result.Counterexample
	if x == nil || len(c.policies) < 2 || len(c.allows.matching(x.Allowed, policy.Allow)) > 0 {
		return ""
	}
	return map[policy.Kind]string{
		policy.IdentityBased:       "another identity policy of the caller allows it",
		policy.ServiceControl:      "another SCP of the same place allows it",
		policy.PermissionsBoundary: "the policy of the resource allows it to the caller by name",
		policy.SessionPolicy:       "the policy of the resource allows it to the session by name",
	}[c.kind]
}

// undocumented says that a counterexample is about nothing that AWS has, "" if it is.
func (c *checking) undocumented() string {
	if x := c.result.Counterexample; x == nil || x.Documented {
		return ""
	}
	return "no request that AWS documents was found that shows it: the difference may be in actions, resources or values of keys that AWS does not have as of " + serviceref.Embedded().Date()
}
