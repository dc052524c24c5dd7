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

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// whichFlags are what which-actions and which-resources have in common.
type whichFlags struct {
	world    worldFlags
	request  requestFlags
	output   string
	resource string
}

// The JSON output of which-actions and which-resources; it may grow members, never change
// one.
type whichJSON struct {
	Principal   string            `json:"principal"`
	Action      string            `json:"action,omitempty"`
	Resource    string            `json:"resource,omitempty"`
	ServiceData string            `json:"serviceData"`
	Answers     []whichAnswerJSON `json:"answers"`
	Patterns    []permissionJSON  `json:"patterns,omitempty"` // which-resources: resources that are not listed
}

type whichAnswerJSON struct {
	Action    string         `json:"action,omitempty"`
	Resource  string         `json:"resource,omitempty"`
	Decision  string         `json:"decision"`
	Stage     string         `json:"stage,omitempty"`
	Statement *statementJSON `json:"statement,omitempty"`
	Requires  *requiresJSON  `json:"requires,omitempty"` // of an indeterminate decision
}

func (a *app) whichActionsCommand() *cobra.Command {
	var f whichFlags
	cmd := &cobra.Command{
		Use:   "which-actions --principal ARN [--resource ARN]",
		Short: "List the actions that a principal may perform on a resource",
		Long: `Which-actions asks for every known action that has a resource type of the resource's form;
without --resource, for every action that takes no resource. It lists those that are
allowed, and those that may be, with what that depends on.

Exit codes: 0 some action is allowed or may be, 1 none is, 2 usage or input error,
130 interrupted.`,
		Example: `  licit which-actions --principal arn:aws:iam::111122223333:role/app/payments-api \
      --resource arn:aws:s3:::exemplia-settlements`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.actions(a, cmd) },
	}
	f.register(a, cmd, "resource")
	return cmd
}

func (a *app) whichResourcesCommand() *cobra.Command {
	var f whichFlags
	cmd := &cobra.Command{
		Use:   "which-resources --principal ARN --action ACTION",
		Short: "List the resources on which a principal may perform an action",
		Long: `Which-resources asks for every listed resource that fits a resource type of the action. It
lists those on which it is allowed, and those on which it may be. Resources that are not
listed, such as S3 objects, follow as patterns, as licit permissions gives them.

Exit codes: 0 it is allowed on something or may be, 1 on nothing, 2 usage or input error,
130 interrupted.`,
		Example: `  licit which-resources --principal arn:aws:iam::111122223333:role/app/payments-api \
      --action s3:GetObject`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.resources(a, cmd) },
	}
	f.register(a, cmd, "action")
	return cmd
}

// register registers the flags; which is the one besides the principal.
func (f *whichFlags) register(a *app, cmd *cobra.Command, which string) {
	fl := cmd.Flags()
	fl.StringVar(&f.request.principal, "principal", "", "who asks: `ARN` of a user, role, session or root user (required)")
	if which == "action" {
		fl.StringVar(&f.request.action, "action", "", "the `ACTION`, such as s3:GetObject (required)")
	} else {
		fl.StringVar(&f.resource, "resource", "*", "`ARN` of the resource; * for actions that take none")
	}
	f.request.registerKeys(cmd)
	f.world.register(cmd)
	registerOutputs(cmd, &f.output, actionFormats...)
	fl.SortFlags = false
	f.world.completeQuestion(cmd)
}

// ask reads the flags.
func (f *whichFlags) ask(a *app, cmd *cobra.Command) (*world, simulate.Request, error) {
	var r simulate.Request
	var errs []error
	var err error
	if r.Principal, err = f.request.who(cmd); err != nil {
		errs = append(errs, err)
	}
	if cmd.Flags().Lookup("action") != nil {
		switch r.Action, err = policy.ParseAction(f.request.action); {
		case !cmd.Flags().Changed("action"):
			errs = append(errs, usageError{cmd, errors.New("--action is missing; want one such as s3:GetObject")})
		case err != nil:
			errs = append(errs, usageError{cmd, fmt.Errorf("--action: %w", err)})
		default:
			if err := knownAction(cmd, r.Action); err != nil {
				errs = append(errs, err)
			}
		}
	} else if f.resource != "*" {
		if r.Resource, err = policy.ParseARN(f.resource); err != nil {
			errs = append(errs, usageError{cmd, fmt.Errorf("--resource: %w; or * for actions that take no resource", err)})
		}
	}
	if r.Keys, err = f.request.keys(cmd); err != nil {
		errs = append(errs, err)
	}
	if err := checkOutputs(cmd, f.output, actionFormats...); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, r, err
	}
	w, err := f.world.load(a, cmd)
	if err != nil {
		return nil, r, err
	}
	if r.Session, err = f.world.session(a, cmd); err != nil {
		return nil, r, err
	}
	a.unknownKeys(r.Keys)
	return w, r, w.knownPrincipal(r.Principal)
}

// knownPrincipal refuses users, roles, sessions and root users that are not known: what they
// may do depends on policies that nobody has.
func (w *world) knownPrincipal(p policy.Principal) error {
	if p.AccountID() == "" || p.Kind() == policy.WebIdentity {
		return nil
	}
	_, err := w.Env.EffectivePermissions(context.Background(), simulate.PermissionQuery{Principal: p, Actions: []string{"sts:GetCallerIdentity"}})
	return w.nearPrincipal(err)
}

// actionsOn lists the actions that have a resource type of the resource's form.
func (a *app) actionsOn(resource policy.ARN) []policy.Action {
	var out []policy.Action
	for action := range a.ref.Actions(resource.Service() + ":*") {
		if info, _ := a.ref.Action(action); info.Fits(resource) {
			out = append(out, action)
		}
	}
	return out
}

func (f *whichFlags) actions(a *app, cmd *cobra.Command) error {
	w, r, err := f.ask(a, cmd)
	if err != nil {
		return err
	}
	a.unlistedResource(w, r.Resource, a.actionsOn(r.Resource)...)
	var answers []simulate.Answer
	if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		answers, err = w.Env.WhichActions(ctx, r)
		return err
	}); err != nil {
		return err
	}
	out := whichJSON{Principal: r.Principal.String(), Resource: resourceText(r.Resource), ServiceData: a.facts.Date()}
	return f.write(a, w, out, answers, nil)
}

func (f *whichFlags) resources(a *app, cmd *cobra.Command) error {
	w, r, err := f.ask(a, cmd)
	if err != nil {
		return err
	}
	var answers []simulate.Answer
	var rows []simulate.Permission
	if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		if answers, err = w.Env.WhichResources(ctx, r); err != nil {
			return err
		}
		rows, err = w.Env.EffectivePermissions(ctx, simulate.PermissionQuery{
			Principal: r.Principal, Session: r.Session, Keys: r.Keys, Actions: []string{string(r.Action)},
		})
		if _, unknown := errors.AsType[*simulate.UnknownPrincipalError](err); unknown { // a service has no rows
			return nil
		}
		return err
	}); err != nil {
		return err
	}
	// A pattern that is one listed resource says nothing new.
	rows = slices.DeleteFunc(rows, func(p simulate.Permission) bool {
		return p.Depth == 0 && slices.ContainsFunc(answers, func(x simulate.Answer) bool { return x.Request.Resource.String() == p.Resource })
	})
	out := whichJSON{Principal: r.Principal.String(), Action: string(r.Action), ServiceData: a.facts.Date()}
	return f.write(a, w, out, answers, rows)
}

func (f *whichFlags) write(a *app, w *world, out whichJSON, answers []simulate.Answer, rows []simulate.Permission) error {
	var err error
	switch f.output {
	case "json":
		out.Answers = []whichAnswerJSON{}
		for _, x := range answers {
			out.Answers = append(out.Answers, w.whichAnswer(x, out.Action != ""))
		}
		if len(rows) > 0 {
			out.Patterns = w.permissionRows(rows)
		}
		err = writeJSON(a.stdout, out)
	case "csv":
		err = w.whichCSV(a.stdout, answers, rows, out.Action != "")
	default:
		_, err = io.WriteString(a.stdout, w.whichText(answers, rows, a.style, out.Action != ""))
	}
	if err == nil && len(answers)+len(rows) == 0 {
		a.note("nothing is allowed")
		return status(exitNo)
	}
	return err
}

func (w *world) whichAnswer(x simulate.Answer, resource bool) whichAnswerJSON {
	j := whichAnswerJSON{Decision: x.Decision.Outcome.String(), Statement: w.statement(x.Statement)}
	if resource {
		j.Resource = resourceText(x.Request.Resource)
	} else {
		j.Action = string(x.Request.Action)
	}
	if x.Decision.Stage != simulate.StageNone {
		j.Stage = x.Decision.Stage.String()
	}
	if x.Decision.Outcome == simulate.Indeterminate {
		j.Requires = requires(x.Requires)
	}
	return j
}

// answered is the subject of an answer, and when it is allowed.
func answered(x simulate.Answer, resource bool) (subject string, when []string) {
	subject = string(x.Request.Action)
	if resource {
		subject = resourceText(x.Request.Resource)
	}
	if x.Decision.Allowed() {
		return subject, []string{"always"}
	}
	return subject, requirementTexts(x.Requires)
}

func (w *world) whichCSV(out io.Writer, answers []simulate.Answer, rows []simulate.Permission, resource bool) error {
	c := csv.NewWriter(out)
	row := func(subject, listed string, d simulate.Decision, when []string) error {
		fields := []string{subject, listed, d.Outcome.String(), strings.Join(when, "; ")}
		if !resource {
			fields = slices.Delete(fields, 1, 2)
		}
		return c.Write(fields)
	}
	head := []string{"action", "decision", "requires"}
	if resource {
		head = []string{"resource", "listed", "decision", "requires"}
	}
	err := c.Write(head)
	for _, x := range answers {
		subject, when := answered(x, resource)
		err = errors.Join(err, row(subject, "true", x.Decision, when))
	}
	for _, p := range rows {
		err = errors.Join(err, row(p.Resource, "false", p.Decision, requirementTexts(p.Requires)))
	}
	c.Flush()
	return errors.Join(err, c.Error())
}

// whichText lists what has the same conditions together.
func (w *world) whichText(answers []simulate.Answer, rows []simulate.Permission, s style, resource bool) string {
	b := block{label: 10}
	var order []string
	subjects := map[string][]string{}
	for _, x := range answers {
		subject, when := answered(x, resource)
		key := strings.Join(when, "\nor ")
		if subjects[key] == nil {
			order = append(order, key)
		}
		subjects[key] = append(subjects[key], subject)
	}
	for _, key := range order {
		for i, line := range strings.Split(key, "\n") {
			if i == 0 {
				line = "allowed " + line + ":"
			}
			b.put(0, "", strings.TrimSuffix(line, ":")+map[bool]string{true: ":"}[i == strings.Count(key, "\n")])
		}
		for _, subject := range subjects[key] {
			b.put(2, "", subject)
		}
	}
	if len(rows) > 0 {
		b.put(0, "", "resources that are not listed:")
		for _, p := range rows {
			on := p.Resource
			if on == "" {
				on = "no resource"
			}
			b.put(2+4*p.Depth, "", strings.Repeat("except ", min(p.Depth, 1))+on)
			w.permissionLines(&b, 4+4*p.Depth, p, s)
		}
	}
	return b.String()
}
