package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

func (a *app) whoCanCommand() *cobra.Command {
	var f whoCanFlags
	cmd := &cobra.Command{
		Use:   "who-can --action ACTION [--resource ARN]",
		Short: "List everybody who may perform an action on a resource",
		Long: `Who-can asks for every user, role and root user of the organization, for whoever the
policy of the resource names, and for everybody else by kind: anonymous callers, AWS
services, tokens of identity providers, principals of other accounts.

Callers are grouped by what the answer depends on; --all adds those that are denied,
grouped by what blocks them. A principal of an account outside the organization is never
allowed for certain: its own policies are not known.

Exit codes: 0 answered, 2 usage or input error, 130 interrupted.`,
		Example: `  licit who-can --snapshot ./snapshot --action s3:GetObject --resource arn:aws:s3:::logs/app.log
  licit who-can --snapshot ./snapshot --action kms:Decrypt --type role,sso --all -o csv \
      --resource arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(a, cmd) },
	}
	f.register(a, cmd)
	return cmd
}

type whoCanFlags struct {
	world   worldFlags
	request requestFlags
	types   []string
	all     bool
	output  string
}

func (f *whoCanFlags) register(a *app, cmd *cobra.Command) {
	f.request.registerTarget(cmd)
	fl := cmd.Flags()
	fl.StringSliceVar(&f.types, "type", nil, "only callers of these `TYPES`: user, role, sso, root, service, federated, anonymous, external")
	fl.BoolVar(&f.all, "all", false, "list those that are denied, too, by what blocks them")
	f.world.registerSnapshot(cmd)
	registerOutputs(cmd, &f.output, "text", "json", "csv")
	fl.SortFlags = false
	f.world.completeTarget(cmd)
}

// query reads the flags.
func (f *whoCanFlags) query(cmd *cobra.Command) (simulate.Query, error) {
	r, err := f.request.target(cmd)
	if err != nil {
		return simulate.Query{}, err
	}
	q := simulate.Query{Action: r.Action, Resource: r.Resource, Keys: r.Keys, Denied: true}
	for _, name := range f.types {
		t, err := simulate.ParseCallerType(name)
		if err != nil {
			return q, usageError{cmd, fmt.Errorf("--type: %w", err)}
		}
		q.Types = append(q.Types, t)
	}
	return q, nil
}

func (f *whoCanFlags) run(a *app, cmd *cobra.Command) error {
	if err := checkOutputs(cmd, f.output, "text", "json", "csv"); err != nil {
		return err
	}
	q, err := f.query(cmd)
	if err != nil {
		return err
	}
	if err := knownAction(cmd, q.Action); err != nil {
		return err
	}
	if err := a.authorisedOn(cmd, q.Action, q.Resource); err != nil {
		return err
	}
	w, err := f.world.load(a, cmd)
	if err != nil {
		return err
	}
	a.unknownKeys(q.Keys)
	a.unlistedResource(w, q.Resource, q.Action)
	a.unlistedPrincipals(w.Org)
	var callers []simulate.Caller
	if err := a.interruptible(cmd, func(ctx context.Context) (err error) {
		callers, err = w.Env.WhoCan(ctx, q)
		return err
	}); err != nil {
		return err
	}
	switch f.output {
	case "json":
		return w.whoCanJSON(a.stdout, q, callers, f.all)
	case "csv":
		return w.whoCanCSV(a.stdout, callers, f.all)
	}
	_, err = io.WriteString(a.stdout, w.whoCanText(q, callers, f.all, a.style))
	return err
}

// knownAction refuses an action that AWS does not have: nobody could perform it, and the
// answer to the question that was meant would be another.
func knownAction(cmd *cobra.Command, action policy.Action) error {
	facts := serviceref.Embedded()
	if _, ok := facts.Action(action); ok {
		return nil
	}
	var similar []string
	if s, ok := facts.SimilarAction(action); ok {
		similar = []string{string(s)}
	}
	return usageError{cmd, fmt.Errorf("--action %s: the service reference of %s does not know it%s", action, facts.Date(), didYouMean(similar))}
}

// authorisedOn refuses a resource on which AWS does not authorise the action, whatever
// policies say, and says what it means to name none.
func (a *app) authorisedOn(cmd *cobra.Command, action policy.Action, resource policy.ARN) error {
	c := &call{facts: a.ref, parts: []*simulate.Explanation{{Request: simulate.Request{Action: action, Resource: resource}}}}
	c.needs()
	if len(c.strange) > 0 {
		return usageError{cmd, fmt.Errorf("--resource %s: is of %s, as the service data of %s has it: AWS does not authorise the action there", plain(resource.String()), c.types(plain(string(action))), a.ref.Date())}
	}
	if c.unnamed {
		a.note("%s is authorised on resources, and none is named: only statements about every resource match; give one with --resource", plain(string(action)))
	}
	return nil
}

// unknownKeys says which condition keys AWS does not have, and what they may have been
// meant to be.
func (a *app) unknownKeys(keys simulate.Keys) {
	for _, k := range sortedKeys(keys) {
		if hint := wording.UnknownKey(a.ref, k.name); hint != "" {
			a.note("%s", printable(hint))
		}
	}
}

// unlistedResource says that the snapshot does not list the resource, if that matters to one
// of the actions.
func (a *app) unlistedResource(w *world, resource policy.ARN, actions ...policy.Action) {
	if !resource.IsValid() {
		return
	}
	if strings.ContainsAny(resource.String(), "*?") {
		a.note("the resource is taken literally: the * and ? in it stand for themselves, not for other resources")
	}
	matters := func(action policy.Action) bool {
		x := w.Env.Explain(simulate.Request{Principal: policy.AnonymousPrincipal(), Action: action, Resource: resource})
		return slices.ContainsFunc(x.Depends, func(d simulate.Dependency) bool { return d.Kind == simulate.DependsOnResource })
	}
	if slices.ContainsFunc(actions, matters) {
		a.note("%s is not in %s: what its policy says is not known%s", printable(resource.String()), w.Name, didYouMean(wording.ClosestResources(w.Org, resource)))
	}
}

// callerName is the caller in words.
func callerName(c simulate.Caller) string {
	switch {
	case c.Principal.IsValid() && c.Type == simulate.CallerExternal && c.Principal.Kind() == policy.Root:
		return "any principal of account " + c.Principal.AccountID()
	case c.Principal.IsValid() && c.Type == simulate.CallerAnonymous:
		return "anybody, without credentials"
	case c.Principal.IsValid() && c.Principal.String() == "":
		return plain(c.Principal.Name())
	case c.Principal.IsValid():
		return plain(c.Principal.String())
	case c.Type == simulate.CallerService:
		return "any other AWS service"
	case c.Type == simulate.CallerFederated:
		return "a token of any other identity provider"
	}
	return "any principal of any other account outside the organization"
}

// A callerGroup is callers with one reason.
type callerGroup struct {
	reason string
	places []string // where the statement stands
	list   []simulate.Caller
}

// groups gathers callers by reason, in the order in which the reasons come.
func groups(callers []simulate.Caller, reason func(simulate.Caller) (text, place string)) []*callerGroup {
	var out []*callerGroup
	for _, c := range callers {
		text, place := reason(c)
		i := slices.IndexFunc(out, func(g *callerGroup) bool { return g.reason == text })
		if i < 0 {
			i = len(out)
			out = append(out, &callerGroup{reason: text})
		}
		g := out[i]
		g.list = append(g.list, c)
		if place != "" && !slices.Contains(g.places, place) {
			g.places = append(g.places, place)
		}
	}
	return out
}

func (w *world) whoCanText(q simulate.Query, callers []simulate.Caller, all bool, s style) string {
	var allowed, perhaps, denied []simulate.Caller
	for _, c := range callers {
		switch {
		case c.Decision.Allowed():
			allowed = append(allowed, c)
		case c.Decision.Denied():
			denied = append(denied, c)
		default:
			perhaps = append(perhaps, c)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %s: %d allowed, %d perhaps, %d denied\n", q.Action, plain(resourceText(q.Resource)), len(allowed), len(perhaps), len(denied))
	section := func(o simulate.Outcome, word string, list []simulate.Caller, reason func(simulate.Caller) (string, string)) {
		for _, g := range groups(list, reason) {
			fmt.Fprintf(&b, "\n%s %s\n", s.paint(o, word), g.reason)
			switch n := len(g.places); {
			case n == 1:
				fmt.Fprintf(&b, "  at %s\n", g.places[0])
			case n > 1:
				fmt.Fprintf(&b, "  at %s, and in %s\n", g.places[0], plural(n-1, "more place"))
			}
			for _, c := range g.list {
				fmt.Fprintf(&b, "  %-10s %s\n", c.Type, callerName(c))
			}
		}
	}
	section(simulate.Allowed, "allowed", allowed, w.why)
	section(simulate.Indeterminate, "perhaps", perhaps, w.whenAllowed)
	if all {
		section(simulate.ExplicitDeny, "denied", denied, w.why)
	}
	return b.String()
}

// why names what decided, and where it stands.
func (w *world) why(c simulate.Caller) (text, place string) {
	if c.Statement.IsZero() {
		return stageReason(c.Decision), ""
	}
	text = "by " + w.StatementLabel(c.Statement)
	if c.Decision.Outcome == simulate.Indeterminate {
		text = "since nothing allows it, or " + text
	}
	if level := wording.Level(c.Statement.Policy); level != "" {
		text += ", attached to " + level
	}
	return text, w.Place(c.Statement)
}

// stageReason says what decided where no statement did.
func stageReason(d simulate.Decision) string {
	switch {
	case d.Stage == simulate.StageIdentityPolicy && d.Allowed():
		return "as root user, which needs no identity policy"
	case d.Stage == simulate.StageServiceRule && d.Allowed():
		return "without any permission"
	case d.Stage == simulate.StageServiceRule:
		return "by a rule of the service"
	case d.Stage == simulate.StageBlockPublicAccess:
		return "by S3 Block Public Access"
	case d.Allowed():
		return "since nothing denies it"
	case d.Outcome == simulate.Indeterminate:
		return "either way, explicitly or since nothing allows it"
	case d.Stage == simulate.StageIdentityPolicy:
		return "since no identity policy allows it"
	case d.Stage == simulate.StageNone:
		return "since nothing allows it"
	}
	if single, plural := strings.CutSuffix(wording.StageName(d.Stage), "policies"); plural {
		return "since no " + single + "policy allows it"
	}
	return "since the " + wording.StageName(d.Stage) + " does not allow it"
}

// whenAllowed is what an indeterminate caller needs.
func (w *world) whenAllowed(c simulate.Caller) (text, place string) {
	var out []string
	w.RequirementLines(c.Requires, func(name, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		switch {
		case name == "":
			out = append(out, text)
		case len(out) > 0:
			out = append(out, "or if "+text)
		case name == "perhaps if":
			out = append(out, "at best if "+text)
		default:
			out = append(out, "if "+text)
		}
	})
	switch {
	case len(out) > 0:
		return strings.Join(out, "\n  "), ""
	case c.Type == simulate.CallerExternal:
		return "if the caller's own account allows it", ""
	}
	return "depending on what is not known of the " + wording.StageName(c.Decision.Stage) + " (licit explain says more)", ""
}

type whoCanJSON struct {
	Action   string       `json:"action"`
	Resource string       `json:"resource"`
	Allowed  int          `json:"allowed"`
	Perhaps  int          `json:"perhaps"`
	Denied   int          `json:"denied"`
	Callers  []callerJSON `json:"callers"`
}

type callerJSON struct {
	Type      string         `json:"type"`
	Principal string         `json:"principal,omitempty"` // absent: any other of the type
	Decision  string         `json:"decision"`
	Stage     string         `json:"stage,omitempty"`
	Statement *statementJSON `json:"statement,omitempty"`
	Requires  *requiresJSON  `json:"requires,omitempty"`
}

func principalText(c simulate.Caller) string {
	if text := c.Principal.String(); text != "" || !c.Principal.IsValid() {
		return text
	}
	return c.Principal.Name()
}

func (w *world) whoCanJSON(out io.Writer, q simulate.Query, callers []simulate.Caller, all bool) error {
	answer := whoCanJSON{Action: string(q.Action), Resource: resourceText(q.Resource), Callers: []callerJSON{}}
	for _, c := range callers {
		switch {
		case c.Decision.Allowed():
			answer.Allowed++
		case c.Decision.Denied():
			if answer.Denied++; !all {
				continue
			}
		default:
			answer.Perhaps++
		}
		j := callerJSON{Type: c.Type.String(), Principal: principalText(c), Decision: c.Decision.Outcome.String(), Statement: w.statement(c.Statement)}
		if c.Decision.Stage != simulate.StageNone {
			j.Stage = c.Decision.Stage.String()
		}
		if c.Decision.Outcome == simulate.Indeterminate {
			j.Requires = requires(c.Requires)
		}
		answer.Callers = append(answer.Callers, j)
	}
	return writeJSON(out, answer)
}

func (w *world) whoCanCSV(out io.Writer, callers []simulate.Caller, all bool) error {
	table := csv.NewWriter(out)
	table.Write([]string{"type", "principal", "decision", "stage", "policy", "sid", "file", "line", "requires"})
	for _, c := range callers {
		if c.Decision.Denied() && !all {
			continue
		}
		row := []string{c.Type.String(), principalText(c), c.Decision.Outcome.String(), c.Decision.Stage.String(), "", "", "", "", ""}
		if s := w.statement(c.Statement); s != nil {
			row[4], row[5], row[6] = s.Policy, s.SID, s.File
			if s.Line > 0 {
				row[7] = strconv.Itoa(s.Line)
			}
		}
		if c.Decision.Outcome == simulate.Indeterminate {
			row[8] = c.Requires.String()
		}
		table.Write(row)
	}
	table.Flush()
	return table.Error()
}
