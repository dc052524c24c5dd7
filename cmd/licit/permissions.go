package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

var permissionFormats = []string{"text", "json", "csv", "policy"}

// maxManagedPolicy is the quota of a managed policy in characters (IAM User Guide, “IAM and
// AWS STS quotas”).
const maxManagedPolicy = 6144

// permissionsFlags ask for what a principal may do.
type permissionsFlags struct {
	world     worldFlags
	keys      requestFlags
	actions   []string
	resources []string
	levels    []string
	output    string
}

func (a *app) permissionsCommand() *cobra.Command {
	var f permissionsFlags
	cmd := &cobra.Command{
		Use:   "permissions --principal ARN",
		Short: "List what a principal may do after all layers",
		Long: `Permissions lists what is left of a principal's policies once the permissions boundary,
session policies, every level of SCPs, RCPs and the policies of the listed resources have
had their say: actions, on resources that match a pattern, under conditions.

A row speaks about resources of the principal's account that have no policy of their own,
and about those that its pattern names. Listed resources with a policy, and narrower
patterns, stand below a row as exceptions where they differ. What depends on a gap, or on a
resource that is not listed and must have a policy, such as a KMS key, is allowed perhaps.

Rows are proved where that is possible: over all requests of documented actions that the row is
about, not only those that were tried. The others may be right all the same.

-o policy writes one identity policy that allows exactly the same as identity policies,
boundary, session policies and SCPs together. There is not always one; then it says which
two statements none can combine. RCPs and resource policies are not in it.

Exit codes: 0 something is allowed or may be, 1 nothing is, or no policy says the same,
2 usage or input error, 130 interrupted.`,
		Example: `  licit permissions --principal arn:aws:iam::111122223333:role/app/payments-api
  licit permissions --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana \
      --action 's3:*' --resource 'arn:aws:s3:::logs/*' --level write
  licit permissions --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana -o policy`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(a, cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.keys.principal, "principal", "", "whose permissions: `ARN` of a user, role, session or root user (required)")
	fl.StringArrayVar(&f.actions, "action", nil, "only actions that this `PATTERN` names, such as s3:Get* (repeatable)")
	fl.StringArrayVar(&f.resources, "resource", nil, "only rows about this `ARN` or pattern (repeatable)")
	fl.StringSliceVar(&f.levels, "level", nil, "only actions of this access `LEVEL`: "+oneOf(levelWords)+" (repeatable)")
	f.keys.registerKeys(cmd)
	f.world.register(cmd)
	registerOutputs(cmd, &f.output, permissionFormats...)
	fl.SortFlags = false
	f.world.completeQuestion(cmd)
	must(cmd.RegisterFlagCompletionFunc("level", cobra.FixedCompletions(levelWords, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// completeQuestion completes what the command has of the flags that make a question.
func (f *worldFlags) completeQuestion(cmd *cobra.Command) {
	for flag, list := range map[string]cobra.CompletionFunc{
		"principal": f.completions(principalsOf), "resource": f.completions(resourcesOf), "action": f.completions(actionsOf),
		"context": cobra.NoFileCompletions, "unknown": cobra.NoFileCompletions,
		"session-tag": cobra.NoFileCompletions, "resource-account": cobra.NoFileCompletions,
	} {
		if cmd.Flags().Lookup(flag) != nil {
			must(cmd.RegisterFlagCompletionFunc(flag, list))
		}
	}
}

// query reads the flags.
func (f *permissionsFlags) query(a *app, cmd *cobra.Command) (simulate.PermissionQuery, error) {
	q := simulate.PermissionQuery{Actions: f.actions, Resources: f.resources}
	var errs []error
	var err error
	if q.Principal, err = f.keys.who(cmd); err != nil {
		errs = append(errs, err)
	}
	for _, p := range f.actions {
		if !isActionPattern(p) {
			errs = append(errs, usageError{cmd, fmt.Errorf("--action %q: want an action or pattern such as s3:Get*", p)})
		}
	}
	for _, word := range f.levels {
		level, err := serviceref.ParseLevel(strings.ReplaceAll(word, "-", ""))
		if err != nil {
			errs = append(errs, usageError{cmd, fmt.Errorf("--level %q: want %s", word, oneOf(levelWords))})
		}
		q.Levels = append(q.Levels, level)
	}
	if q.Keys, err = f.keys.keys(cmd); err != nil {
		errs = append(errs, err)
	}
	if err := checkOutputs(cmd, f.output, permissionFormats...); err != nil {
		errs = append(errs, err)
	}
	for _, name := range []string{"action", "resource", "level", "context", "context-file", "unknown"} {
		if f.output == "policy" && cmd.Flags().Changed(name) {
			errs = append(errs, usageError{cmd, fmt.Errorf("-o policy is about everything that the principal may do; drop --%s", name)})
		}
	}
	return q, errors.Join(errs...)
}

func (f *permissionsFlags) run(a *app, cmd *cobra.Command) error {
	q, err := f.query(a, cmd)
	if err != nil {
		return err
	}
	w, err := f.world.load(a, cmd)
	if err != nil {
		return err
	}
	if q.Session, err = f.world.session(a, cmd); err != nil {
		return err
	}
	a.unknownKeys(q.Keys)
	if f.output == "policy" {
		return w.writeEquivalent(a, q)
	}
	rows, err := w.permissions(a, cmd, q)
	if err != nil {
		return err
	}
	proof := ""
	if f.output != "csv" { // which has no word of it
		if proof, err = w.certify(a, cmd, q, rows); err != nil {
			return err
		}
	}
	a.unlistedResources(w.Org)
	switch f.output {
	case "json":
		err = writeJSON(a.stdout, permissionsJSON{q.Principal.String(), a.facts.Date(), w.permissionRows(rows)})
	case "csv":
		err = w.permissionsCSV(a.stdout, rows)
	default:
		a.note("rows are about resources of account %s without a policy of their own, and those that they name; actions as of %s", q.Principal.AccountID(), a.facts.Date())
		_, err = io.WriteString(a.stdout, w.permissionsText(rows, a.style))
		if err == nil && len(rows) > 0 && w.Org != nil {
			a.note("%s", proof)
		}
	}
	if err == nil && len(rows) == 0 {
		a.note("nothing is allowed")
		return status(exitNo)
	}
	return err
}

// permissions asks, and says what the user may have meant.
func (w *world) permissions(a *app, cmd *cobra.Command, q simulate.PermissionQuery) ([]simulate.Permission, error) {
	var rows []simulate.Permission
	err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		rows, err = w.Env.EffectivePermissions(ctx, q)
		return err
	})
	if err == nil {
		return rows, nil
	}
	for _, p := range q.Actions {
		if near := closestActions(a.facts, p); strings.Contains(err.Error(), fmt.Sprintf("action %q", p)) && len(near) > 0 {
			return nil, fmt.Errorf("%w%s", err, didYouMean(near))
		}
	}
	return nil, w.nearPrincipal(err)
}

// certify proves rows, and says what of them is proved.
func (w *world) certify(a *app, cmd *cobra.Command, q simulate.PermissionQuery, rows []simulate.Permission) (says string, err error) {
	if w.Org == nil {
		return "", nil // proofs are about principals of an organization
	}
	var r check.Result
	if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		show, clear := a.countedProgress("proofs")
		r, err = check.CertifyPermissions(ctx, w.Env, q, rows, check.WithProgress(show))
		clear()
		if err != nil {
			return err
		}
		return ctx.Err()
	}); err != nil {
		return "", err
	}
	about := ""
	if slices.ContainsFunc(slices.Collect(w.Org.Accounts()), func(a org.Account) bool { return len(a.Endpoints) > 0 }) {
		about = ", by requests that come through no VPC endpoint with a policy"
	}
	if r.Verdict == check.Pass {
		return "proved: all rows, and that nothing else is allowed in account " + q.Principal.AccountID() + " and on listed resources" + about, nil
	}
	n := 0
	for i := range rows {
		if rows[i].Certified {
			n++
		}
	}
	return fmt.Sprintf("proved: %d of %s%s; not proved: %s", n, plural(len(rows), "row"), about, printable(r.Reason)), nil
}

// nearPrincipal adds which principals may have been meant by one that is not known.
func (w *world) nearPrincipal(err error) error {
	if unknown, ok := errors.AsType[*simulate.UnknownPrincipalError](err); ok && w.Org != nil {
		err = fmt.Errorf("%w%s", err, didYouMean(wording.ClosestPrincipals(w.Org, unknown.Principal)))
		if id := unknown.Principal.AccountID(); id != "" {
			if _, ok := w.Org.Account(id); !ok {
				err = fmt.Errorf("%w\nnor is its account %s%s", err, id, wording.AccountHint(w.Org, id))
			}
		}
	}
	return err
}

// writeEquivalent writes the one policy.
func (w *world) writeEquivalent(a *app, q simulate.PermissionQuery) error {
	d, err := w.Env.EquivalentPolicy(q.Principal, q.Session)
	if e, ok := errors.AsType[*simulate.InexpressibleError](err); ok {
		a.note("%s", printable(e.Error()))
		return status(exitNo)
	}
	if err != nil {
		return w.nearPrincipal(err)
	}
	a.note("RCPs, resource policies, endpoint policies and rules of the services hold besides this policy")
	if n := d.Size(policy.IdentityBased); n > maxManagedPolicy {
		a.note("the policy has %d characters; a managed policy may have %d", n, maxManagedPolicy)
	}
	if q.Session == nil {
		r, err := check.Certify(context.Background(), w.Env, q.Principal, d)
		switch {
		case err != nil:
			return err
		case r.Verdict == check.Fail:
			return fmt.Errorf("the policy is not the same: it differs in %s on %s", r.Counterexample.Request.Action, resourceText(r.Counterexample.Request.Resource))
		case r.Verdict == check.Pass:
			a.note("proved: the policy allows what identity policies, boundary and SCPs allow together")
		default:
			a.note("not proved to be the same: %s", r.Reason)
		}
	}
	_, err = fmt.Fprintf(a.stdout, "%s\n", d.Indent())
	return err
}

// The JSON output of permissions; it may grow members, never change one.
type permissionsJSON struct {
	Principal   string           `json:"principal"`
	ServiceData string           `json:"serviceData"`
	Permissions []permissionJSON `json:"permissions"`
}

type permissionJSON struct {
	Actions     []string         `json:"actions"`
	Resource    string           `json:"resource"`              // pattern; "": requests without a resource
	Depth       int              `json:"depth"`                 // of an exception: one more than the row that it is one to
	ExceptionTo string           `json:"exceptionTo,omitempty"` // that row's resource
	Decision    string           `json:"decision"`
	Stage       string           `json:"stage,omitempty"`
	Requires    *requiresJSON    `json:"requires"`
	Grants      []*statementJSON `json:"grants"`
	Limits      []*statementJSON `json:"limits"`
	Certified   bool             `json:"certified"` // proved over all requests that the row is about
}

func (w *world) permissionRows(rows []simulate.Permission) []permissionJSON {
	out := []permissionJSON{}
	refs := func(list []simulate.StatementRef) []*statementJSON {
		out := []*statementJSON{}
		for _, r := range list {
			out = append(out, w.statement(r))
		}
		return out
	}
	for i, p := range rows {
		j := permissionJSON{
			Actions: p.Actions, Resource: p.Resource, Depth: p.Depth, ExceptionTo: exceptionTo(rows, i),
			Decision: p.Decision.Outcome.String(), Requires: requires(p.Requires), Grants: refs(p.Grants), Limits: refs(p.Limits), Certified: p.Certified,
		}
		if p.Decision.Stage != simulate.StageNone {
			j.Stage = p.Decision.Stage.String()
		}
		out = append(out, j)
	}
	return out
}

// exceptionTo is the resource of the row to which row i is an exception, or "".
func exceptionTo(rows []simulate.Permission, i int) string {
	for j := i - 1; j >= 0; j-- {
		if rows[j].Depth < rows[i].Depth {
			return rows[j].Resource
		}
	}
	return ""
}

func (w *world) permissionsCSV(out io.Writer, rows []simulate.Permission) error {
	c := csv.NewWriter(out)
	err := c.Write([]string{"actions", "resource", "exceptionTo", "decision", "requires", "grants", "limits"})
	labels := func(list []simulate.StatementRef) string {
		var texts []string
		for _, r := range list {
			texts = append(texts, w.StatementLabel(r))
		}
		return strings.Join(texts, "; ")
	}
	for i, p := range rows {
		err = errors.Join(err, c.Write([]string{
			strings.Join(p.Actions, " "), p.Resource, exceptionTo(rows, i), p.Decision.Outcome.String(),
			strings.Join(requirementTexts(p.Requires), "; "), labels(p.Grants), labels(p.Limits),
		}))
	}
	c.Flush()
	return errors.Join(err, c.Error())
}
