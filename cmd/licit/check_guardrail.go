package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate/check"
)

// A guardrail is one run of check guardrail.
type guardrail struct {
	world                      worldFlags
	actions, resources, except []string
	timeout                    time.Duration
	output                     string
}

func (a *app) guardrailCommand() *cobra.Command {
	var g guardrail
	cmd := &cobra.Command{
		Use:   "guardrail --action ACTION…",
		Short: "Prove that nobody can do certain actions",
		Long: `Guardrail proves that nobody is allowed any of the actions (--action) on any of the resources
(--resource, default: those that AWS documents for the actions), whatever they ask for: no user,
role or root user of the organization, by identity policies, boundaries, SCPs and RCPs, resource
policies and trust policies together; and nobody outside of it, by the policies of resources that
the snapshot lists, with RCPs and Block Public Access, whatever the policies of their own accounts
allow. Outside are other accounts, AWS services, identity providers, and callers without
credentials. RCPs reach no service-linked roles, those of other accounts neither.

Those whom --except matches are left out: by the ARN of a user, of a role with its sessions, of a
root user or a SAML provider, by the name of a service or OIDC provider, such as
*.amazonaws.com, and * for callers without credentials.

A proof is about policies, and not about what else grants access: ACLs, grants of KMS keys, shares;
nor about sessions of federated users (sts:GetFederationToken) of the organization's own accounts.
It takes the accounts as the snapshot lists them. What may have a policy that is not known is not
proved: KMS keys and access points that the snapshot does not list, unless RCPs or --resource
keep them out, and what it says it does not know. The answer is unknown then.

Exit codes: 0 pass, 1 fail, with a request that somebody is allowed, 2 usage or input error,
3 unknown.`,
		Example: `  licit check guardrail --snapshot ./snapshot --action cloudtrail:StopLogging --except 'arn:aws:iam::*:role/security-*'`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := g.check(a, cmd); err != nil {
				return err
			}
			return g.run(a, cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&g.world.snapshot, "snapshot", "", "snapshot `DIR` of an organization (default: the embedded sample organization)")
	fl.StringSliceVar(&g.actions, "action", nil, "`ACTION` or pattern such as s3:Delete* that nobody may do (repeatable)")
	fl.StringArrayVar(&g.resources, "resource", nil, "`ARN` or pattern on which nobody may do it (repeatable)")
	fl.StringArrayVar(&g.except, "except", nil, "callers whose ARN or name matches this `PATTERN` may (repeatable)")
	fl.DurationVar(&g.timeout, "timeout", 0, "give up after this `TIME`, such as 30s: unknown (default: limits that count steps, not time)")
	registerOutputs(cmd, &g.output, checkFormats...)
	fl.SortFlags = false
	must(cmd.MarkFlagDirname("snapshot"))
	must(cmd.RegisterFlagCompletionFunc("action", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return a.completeAction(typed)
	}))
	for _, name := range []string{"resource", "except", "timeout"} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
	a.takesFacts(cmd)
	return cmd
}

func (g *guardrail) check(a *app, cmd *cobra.Command) error {
	errs := []error{checkOutputs(cmd, g.output, checkFormats...)}
	usage := func(format string, args ...any) { errs = append(errs, usageError{cmd, fmt.Errorf(format, args...)}) }
	if len(g.actions) == 0 {
		usage("no action is given; want --action, such as --action cloudtrail:StopLogging")
	}
	if cmd.Flags().Changed("timeout") && g.timeout <= 0 {
		usage("--timeout %s: want a time above 0, such as 30s", g.timeout)
	}
	for _, action := range g.actions {
		if err := a.askable(action); err != nil {
			usage("--action %w", err)
		}
	}
	asked := checking{actions: g.actions}
	for _, resource := range g.resources {
		if err := asked.askableOn(a, resource); err != nil && errors.Join(errs...) == nil {
			usage("--resource %w", err)
		}
	}
	return errors.Join(errs...)
}

func (g *guardrail) run(a *app, cmd *cobra.Command) error {
	w, err := g.world.load(a, cmd)
	if err != nil {
		return err
	}
	var found check.GuardrailResult
	if err := a.interruptible(cmd, func(ctx context.Context) error {
		limited := ctx
		if g.timeout > 0 {
			var stop context.CancelFunc
			limited, stop = context.WithTimeout(ctx, g.timeout)
			defer stop()
		}
		show, clear := a.countedProgress("principals")
		var err error
		found, err = check.Guarded(limited, w.Env, check.Guardrail{
			Accesses: []check.Access{{Actions: g.actions, Resources: g.resources}}, Except: g.except,
		}, check.WithProgress(show))
		clear()
		if err != nil {
			return err
		}
		return ctx.Err() // interrupted; a timeout is an answer
	}); err != nil {
		return err
	}
	switch err := g.write(a, w, &found); {
	case err != nil:
		return err
	case found.Verdict == check.Fail:
		return status(exitNo)
	case found.Verdict == check.Unknown:
		return status(exitIndeterminate)
	}
	return nil
}

func (g *guardrail) write(a *app, w *world, r *check.GuardrailResult) error {
	switch g.output {
	case "json":
		return writeJSON(a.stdout, g.json(w, r))
	case "sarif":
		return writeCheckSARIF(a.stdout, g.findings(w, r))
	case "github":
		_, err := io.WriteString(a.stdout, checkCommands("check", "pass: "+g.says(&r.Result), g.findings(w, r)))
		return err
	}
	_, err := io.WriteString(a.stdout, g.text(w, r, a.style))
	return err
}

// findings are what keeps the guardrail from being proved, for each who breaks it, or may: at the
// statement that allows, or where the organization is described.
func (g *guardrail) findings(w *world, r *check.GuardrailResult) []checkFinding {
	var out []checkFinding
	add := func(r check.Result, message string) {
		f := findingOf(&r, "GuardrailBroken", "Somebody in an organization or outside of it can do what a guardrail is to keep from everybody.")
		f.message = message
		f.at = []checkPlace{{file: path.Join(w.Prefix, "org.json"), line: 1, column: 1}}
		if x := r.Counterexample; x != nil {
			if file, at, ok := w.Position(x.Allowed.Statement); ok {
				f.at = []checkPlace{{file, at.Line, at.Column, w.StatementLabel(x.Allowed.Statement) + ", Allow"}}
			}
		}
		out = append(out, f)
	}
	for _, x := range r.Breaches {
		one := check.Result{Verdict: check.Fail, Counterexample: x}
		add(one, g.message(w, &one))
	}
	for _, u := range r.Undecided {
		add(check.Result{Reason: u.Reason}, "whether "+undecidedText(u)+" can do it is not known: "+u.Reason)
	}
	if more := r.MoreBreaches + r.MoreUndecided; more > 0 {
		add(r.Result, fmt.Sprintf("%s, and %s of others", g.says(&r.Result), plural(more, "answer")))
	}
	if len(out) == 0 && r.Verdict != check.Pass {
		add(r.Result, g.message(w, &r.Result))
	}
	return out
}

func undecidedText(u check.Undecided) string {
	if u.Principal == (policy.Principal{}) {
		return "somebody outside of the organization"
	}
	return callerText(u.Principal)
}

// message is an answer with the request that shows it, in one line.
func (g *guardrail) message(w *world, r *check.Result) string {
	x := r.Counterexample
	if x == nil {
		return g.says(r)
	}
	text := g.says(r) + " on " + plain(resourceText(x.Request.Resource))
	for _, k := range sortedKeys(x.Request.Keys) {
		text += ", " + plain(k.name) + " = " + wording.AndList(k.values)
	}
	for _, given := range given(w, x) {
		text += "; given that " + given
	}
	return text
}

// given is what a counterexample of a principal of another account takes for granted.
func given(w *world, x *check.Counterexample) []string {
	account := x.Request.Principal.AccountID()
	if account == "" {
		return nil
	}
	for a := range w.Org.Accounts() {
		if a.ID == account {
			return nil
		}
	}
	return []string{"the policies of the caller's own account allow it"}
}

// says is the answer as a sentence.
func (g *guardrail) says(r *check.Result) string {
	what := wording.OrList(g.actions)
	if len(g.resources) > 0 {
		what += " on " + wording.OrList(g.resources)
	}
	except := ""
	if len(g.except) > 0 {
		except = ", except " + wording.AndList(g.except)
	}
	switch r.Verdict {
	case check.Pass:
		return "nobody in the organization or outside of it can do " + what + except
	case check.Fail:
		return callerText(r.Counterexample.Request.Principal) + " can do " + string(r.Counterexample.Request.Action)
	}
	return "whether nobody in the organization or outside of it can do " + what + except + " is not known: " + r.Reason
}

func (g *guardrail) text(w *world, r *check.GuardrailResult, s style) string {
	var b strings.Builder
	headline := s.verdict(r.Verdict) + ": " + printable(g.says(&r.Result))
	line := func(name, text string) { fmt.Fprintf(&b, "  %-12s %s\n", name, printable(text)) }
	if x := r.Counterexample; x != nil {
		fmt.Fprintf(&b, "%s, for example\n", headline)
		line("resource", plain(resourceText(x.Request.Resource)))
		for _, k := range sortedKeys(x.Request.Keys) {
			line("context", plain(k.name)+" = "+wording.AndList(k.values))
		}
		for _, text := range given(w, x) {
			line("given", text)
		}
		b.WriteString(w.Answer(x.Allowed, s.outcome(x.Allowed.Decision.Outcome)))
	} else {
		b.WriteString(headline + "\n")
	}
	list := func(title string, lines []string, more int) {
		more += max(0, len(lines)-mostListed)
		if lines = lines[:min(len(lines), mostListed)]; len(lines) > 0 {
			fmt.Fprintf(&b, "\n%s:\n", title)
		}
		for _, text := range lines {
			fmt.Fprintf(&b, "  %s\n", printable(text))
		}
		if more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	var others, undecided []string
	for _, x := range r.Breaches[min(1, len(r.Breaches)):] {
		others = append(others, fmt.Sprintf("%s: %s on %s", callerText(x.Request.Principal), x.Request.Action, plain(resourceText(x.Request.Resource))))
	}
	for _, u := range r.Undecided {
		if r.Verdict == check.Fail || len(r.Undecided)+r.MoreUndecided > 1 {
			undecided = append(undecided, undecidedText(u)+": "+u.Reason)
		}
	}
	list("others who can", others, r.MoreBreaches)
	list("not known of", undecided, r.MoreUndecided)
	return b.String()
}

// mostListed is how many principals the text lists; the other outputs have more.
const mostListed = 20

// A guardrailJSON is the output of check guardrail. It is a public promise: it may grow
// members, never change one.
type guardrailJSON struct {
	ServiceData    string      `json:"serviceData"`
	Check          string      `json:"check"`
	Actions        []string    `json:"actions"`
	Resources      []string    `json:"resources,omitempty"`
	Except         []string    `json:"except,omitempty"`
	Verdict        string      `json:"verdict"` // pass, fail or unknown
	Says           string      `json:"says"`
	Reason         string      `json:"reason,omitempty"` // of unknown
	Documented     bool        `json:"documented,omitempty"`
	Given          []string    `json:"given,omitempty"`          // of fail: what is taken for granted of a caller of another account
	Counterexample *answerJSON `json:"counterexample,omitempty"` // of fail
	// Everybody who breaks the guardrail, the first of them as above, and those of whom it is not known;
	// the first hundred of each, and how many more there are.
	Breaches      []breachJSON    `json:"breaches"`
	MoreBreaches  int             `json:"moreBreaches,omitempty"`
	Undecided     []undecidedJSON `json:"undecided"`
	MoreUndecided int             `json:"moreUndecided,omitempty"`
	Proved        int             `json:"proved"`   // principals of the organization that can do none of it
	Excepted      int             `json:"excepted"` // and that were not asked about
}

type breachJSON struct {
	Principal string `json:"principal"`
	Action    string `json:"action"`
	Resource  string `json:"resource"`
}

type undecidedJSON struct {
	Principal string `json:"principal,omitempty"` // none: somebody outside of the organization
	Reason    string `json:"reason"`
}

func (g *guardrail) json(w *world, r *check.GuardrailResult) guardrailJSON {
	out := guardrailJSON{
		ServiceData: serviceref.Embedded().Date(), Check: "guardrail", Actions: g.actions, Resources: g.resources, Except: g.except,
		Verdict: r.Verdict.String(), Says: g.says(&r.Result), Reason: r.Reason,
		Breaches: []breachJSON{}, MoreBreaches: r.MoreBreaches, Undecided: []undecidedJSON{}, MoreUndecided: r.MoreUndecided, Proved: r.Proved, Excepted: r.Excepted,
	}
	for _, x := range r.Breaches {
		out.Breaches = append(out.Breaches, breachJSON{x.Request.Principal.String(), string(x.Request.Action), resourceText(x.Request.Resource)})
	}
	for _, u := range r.Undecided {
		j := undecidedJSON{Reason: u.Reason}
		if u.Principal != (policy.Principal{}) {
			j.Principal = u.Principal.String()
		}
		out.Undecided = append(out.Undecided, j)
	}
	if x := r.Counterexample; x != nil {
		answer := w.answer(x.Allowed, false)
		out.Counterexample, out.Documented, out.Given = &answer, x.Documented, given(w, x)
	}
	return out
}
