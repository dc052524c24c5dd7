package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/tfplan"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
)

// A planComparison is one run of tf diff.
type planComparison struct {
	comparison
	account, region string
	planFile        string
}

func (a *app) tfDiffCommand() *cobra.Command {
	var c planComparison
	cmd := &cobra.Command{
		Use:   "diff PLAN.json --snapshot DIR",
		Short: "Say who gains and who loses which access by a Terraform plan",
		Long: `Diff reads a Terraform plan, as terraform show -json PLAN prints it (- is standard input), and says
who gains and who loses which access by it, as licit diff does for two snapshots, which users
and groups of IAM Identity Center can sign in to more or to less, and what is to be said about
the policy documents that it writes, as licit lint does. The snapshot is
AWS as it is before the plan is applied, its IAM Identity Center included.

It reads the resources of IAM, Organizations (OUs, accounts, SCPs and RCPs), IAM Identity Center
and its identity store, and the policies of buckets, queues, topics, keys, secrets and
repositories. All other resources that the plan changes are listed, those that may change
access first.

What Terraform knows only after apply is looked up through the references of the
configuration. Whether a reference is all of an expression, or some function is made of it, only
the file says that terraform plan -out wrote: give it by --plan-file, or what depends on it is
unknown. What stays unknown makes the decisions indeterminate that depend on it, and is
listed with its address; sensitive values are taken for unknown. Names that AWS will choose
are replaced by placeholders.

The account of a resource is the one in its ARN, the one that data.aws_caller_identity or other
resources of the same provider tell, or the provider's allowed_account_ids or assume_role;
--account is for resources of which the plan says none of these.

Exit codes: 0 compared, 1 --fail-on found what it names, 2 usage or input error, 3 --fail-on
did not, but some access depends on what is not decided, 4 the plan is not complete (which plans
of Terraform before 1.8 don't tell), or changes resources that may change access and are not
modelled, 130 interrupted.`,
		Example: `  terraform plan -out plan && terraform show -json plan > plan.json
  licit tf diff plan.json --plan-file plan --snapshot ./snapshot
  licit tf diff plan.json --snapshot ./snapshot -o markdown --fail-on gained`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{cmd, errors.New("want one file, the output of terraform show -json PLAN, or -")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.runPlan(a, cmd, args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&c.world.snapshot, "snapshot", "", "snapshot `DIR` before the plan is applied (default: the embedded sample organization)")
	fl.StringVar(&c.planFile, "plan-file", "", "`FILE` that terraform plan -out wrote, and the plan was printed from")
	fl.StringVar(&c.account, "account", "", "`ID` of the account of resources of which the plan does not say in which they are")
	fl.StringVar(&c.region, "region", "", "`NAME` of the Region of resources of which the plan does not say in which they are")
	fl.StringArrayVar(&c.scope.Principals, "principal", nil, "only principals whose ARN matches this `PATTERN` (repeatable)")
	fl.StringArrayVar(&c.scope.Actions, "action", nil, "only actions of this `PATTERN`, such as s3:Get* (repeatable)")
	fl.StringArrayVar(&c.scope.Resources, "resource", nil, "only resources of this `PATTERN`; * also for actions that take none (repeatable)")
	fl.StringArrayVar(&c.context, "context", nil, "condition key of all requests: `KEY=VALUE`[,VALUE…]; KEY= says that it is absent (repeatable)")
	fl.BoolVar(&c.world.strict, "strict", false, "take every condition key that is not given as absent")
	fl.StringVar(&c.failOn, "fail-on", "", "exit 1 if there is such a `CHANGE`: "+oneOf(diffFails))
	fl.IntVar(&c.top, "top", 20, "show this `NUMBER` of lines, 0 for all")
	fl.BoolVar(&c.quiet, "quiet", false, "no progress on standard error")
	fl.StringVarP(&c.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(diffFormats))
	fl.SortFlags = false
	must(cmd.MarkFlagDirname("snapshot"))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(diffFormats, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(diffFails, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func (c *planComparison) runPlan(a *app, cmd *cobra.Command, file string) error {
	if c.account != "" && !policy.IsAccountID(c.account) {
		return usageError{cmd, fmt.Errorf("--account %q: want an account ID of twelve digits", c.account)}
	}
	if err := c.flags(cmd); err != nil {
		return err
	}
	plan, err := readPlan(a, file)
	if err != nil {
		return err
	}
	if c.planFile != "" {
		if plan, err = configured(plan, c.planFile); err != nil {
			return err
		}
	}
	v, err := c.apply(a, cmd, plan, file)
	if err != nil {
		return err
	}
	if err := c.signInExit(c.answer(a, cmd, v), v.plan.signIns); err != nil {
		return err
	}
	if v.plan.isPartial() {
		a.note("the plan may change more access than this shows: %s", v.plan.missing())
		return status(exitPartial)
	}
	return nil
}

func readPlan(a *app, name string) (*tfplan.Plan, error) {
	if name == "-" {
		p, err := tfplan.Read(a.stdin)
		if err != nil {
			return nil, fmt.Errorf("stdin: %w", err)
		}
		return p, nil
	}
	in, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", slashed(name), plainPathError(err))
	}
	defer in.Close()
	p, err := tfplan.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", slashed(name), plainPathError(err))
	}
	return p, nil
}

// configured is a plan with the configuration of its plan file.
func configured(p *tfplan.Plan, name string) (*tfplan.Plan, error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, fmt.Errorf("--plan-file %s: %w; want the file that terraform plan -out wrote", slashed(name), plainPathError(err))
	}
	defer z.Close()
	if p, err = p.WithConfiguration(z); err != nil {
		return nil, fmt.Errorf("--plan-file %s: %w", slashed(name), err)
	}
	return p, nil
}

// readInstance reads the IAM Identity Center of a snapshot; nil if it has none.
func readInstance(fsys fs.FS, dir string) (*identitycenter.Instance, error) {
	i, err := identitycenter.ReadFS(fsys)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, inDirectory(slashed(dir), err)
	}
	return i, nil
}

// apply makes both sides: the snapshot, and what the plan makes of it.
func (c *planComparison) apply(a *app, cmd *cobra.Command, plan *tfplan.Plan, file string) (*diffView, error) {
	v := &diffView{facts: a.facts}
	var err error
	if v.before, err = c.world.load(a, cmd); err != nil {
		return nil, err
	}
	fsys, dir := examples.Fintech(), sampleName
	if c.world.snapshot != "" {
		fsys, dir = os.DirFS(c.world.snapshot), c.world.snapshot
	}
	i, err := readInstance(fsys, dir)
	if err != nil {
		return nil, err
	}
	var opts []tfplan.Option
	if c.account != "" {
		opts = append(opts, tfplan.WithAccount(c.account))
	}
	if c.region != "" {
		opts = append(opts, tfplan.WithRegion(c.region))
	}
	out, err := plan.Apply(v.before.Org, i, opts...)
	if err != nil {
		return nil, inPlan(file, err)
	}
	if out.Before != v.before.Org {
		changes, err := i.Changes(v.before.Org)
		if err != nil {
			return nil, err
		}
		if v.before.Env, err = v.before.Env.Apply(changes...); err != nil {
			return nil, err
		}
		v.before.Org = v.before.Env.Organization()
	}
	env, err := v.before.Env.Apply(out.Changes...)
	if err != nil {
		return nil, err
	}
	v.after = worldOf(v.before.Name, v.before.Prefix)
	v.after.Env, v.after.Org = env, env.Organization()
	v.addresses = map[*policy.Document]string{}
	for _, d := range out.Documents {
		v.addresses[d.Document] = d.Address
	}
	v.plan = a.planView(plan, out)
	if c.planFile == "" && dependsOnReferences(out) {
		a.note("more would be known with --plan-file FILE, the file that terraform plan -out wrote")
	}
	v.plan.signIns = signInChanges(i, out.Instance)
	return v, nil
}

// dependsOnReferences reports whether the configuration may tell what is unknown of a plan.
func dependsOnReferences(out *tfplan.Outcome) bool {
	told := func(reason string) bool {
		return strings.Contains(reason, "(it depends on ") || strings.Contains(reason, "without its configuration")
	}
	return slices.ContainsFunc(out.Unknown, func(g org.Gap) bool { return told(g.Reason) }) ||
		slices.ContainsFunc(out.Skipped, func(s tfplan.Skipped) bool { return told(s.Reason) })
}

// inPlan puts the name of the plan before each line of an error.
func inPlan(file string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if _, isOrg := errors.AsType[org.Errors](err); !ok || isOrg {
		return fmt.Errorf("%s: %w", slashed(file), err)
	}
	var list []error
	for _, e := range joined.Unwrap() {
		list = append(list, fmt.Errorf("%s: %w", slashed(file), e))
	}
	return errors.Join(list...)
}

// planView holds what is to be said of a plan besides access.
func (a *app) planView(plan *tfplan.Plan, out *tfplan.Outcome) *planView {
	p := &planView{complete: plan.IsComplete(), outcome: out}
	for _, d := range out.Documents {
		for _, f := range a.linter.check(d.Document.Source(), d.Kind, d.ResourceType, asOf{}) {
			p.findings = append(p.findings, planFinding{d.Address, d.Attribute, f})
		}
	}
	return p
}

// A planFinding is a finding about a document of a plan.
type planFinding struct {
	address, attribute string
	lint.Finding
}

// A planView is what a diff says about a plan besides access.
type planView struct {
	complete bool
	outcome  *tfplan.Outcome
	findings []planFinding
	signIns  []signInChange
}

func (p *planView) skipped() (access, others []tfplan.Skipped) {
	for _, s := range p.outcome.Skipped {
		if s.Access {
			access = append(access, s)
		} else {
			others = append(others, s)
		}
	}
	return access, others
}

func (p *planView) isPartial() bool {
	access, _ := p.skipped()
	return !p.complete || len(access) > 0
}

// missing says what makes the result partial.
func (p *planView) missing() string {
	access, _ := p.skipped()
	switch {
	case len(access) == 0:
		return "it is not complete, since planning was limited to targets, or changes were deferred"
	case p.complete:
		return plural(len(access), "resource") + " may change access and are not modelled"
	}
	return "it is not complete, and " + plural(len(access), "resource") + " may change access and are not modelled"
}
