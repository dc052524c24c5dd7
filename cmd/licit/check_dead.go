package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/check"
)

// A deadSearch is one run of check dead.
type deadSearch struct {
	checking            // of policies that are files
	world    worldFlags // of an organization
	who      requestFlags
	node     string
	in       *world
	found    []deadFinding
}

// A deadFinding is a statement that changes nothing.
type deadFinding struct {
	ref   simulate.StatementRef
	label string
	by    []policy.Kind
	at    []checkPlace // none: it stands in no file
}

func (a *app) deadCommand() *cobra.Command {
	s := deadSearch{}
	cmd := &cobra.Command{
		Use:   "dead FILE|-… | --principal ARN | --node ID",
		Short: "List statements that are proved to change no decision",
		Long: `Dead lists statements that change no decision, whatever is asked. It is proved that all of them
can go, also together. A statement that is not listed is needed, or no proof was found.

FILE…            policies that are attached to one place: statements that the others make
                 needless, whatever else is attached there
--principal ARN  of a user, role or role session of an organization: Allows of its identity
                 policies that SCPs, its boundary or Denies cancel, and Denies of what SCPs do not
                 allow or other Denies cover; for others who hold the policy they may matter
--node ID        of a root, OU or account: statements of the SCPs from the root down to it that
                 change nothing for the accounts there

A file is a policy document, or what the AWS CLI has printed, as licit lint takes it; - is
standard input. The ARN of a managed policy of AWS stands for its newest known version.
Without --kind the kind of the policies is guessed as licit lint does, and said on standard
error.

Exit codes: 0 no statement is proved to be dead, 1 some are, 2 usage or input error, 130
interrupted.`,
		Example: `  licit check dead deploy.json
  licit check dead --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana
  licit check dead --snapshot ./snapshot --node ou-ab12-11111111 -o sarif`,
		ValidArgsFunction: cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.check(cmd, args); err != nil {
				return err
			}
			return s.run(a, cmd, args)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&s.givenKind, "kind", "", "`KIND` of the files: "+oneOf(kindWords)+" (default: guessed)")
	must(cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kindWords, cobra.ShellCompDirectiveNoFileComp)))
	fl.StringVar(&s.world.snapshot, "snapshot", "", "snapshot `DIR` of an organization (default: the embedded sample organization)")
	must(cmd.MarkFlagDirname("snapshot"))
	fl.StringVar(&s.who.principal, "principal", "", "whose policies: `ARN` of a user, role or role session")
	must(cmd.RegisterFlagCompletionFunc("principal", s.world.completions(principalsOf)))
	fl.StringVar(&s.node, "node", "", "whose SCPs: `ID` of a root, OU or account")
	must(cmd.RegisterFlagCompletionFunc("node", cobra.NoFileCompletions))
	registerOutputs(cmd, &s.output, checkFormats...)
	fl.SortFlags = false
	return cmd
}

// check reports everything that is wrong with the flags.
func (s *deadSearch) check(cmd *cobra.Command, args []string) error {
	errs := []error{checkOutputs(cmd, s.output, checkFormats...)}
	usage := func(format string, args ...any) { errs = append(errs, usageError{cmd, fmt.Errorf(format, args...)}) }
	changed := cmd.Flags().Changed
	n := 0
	for _, given := range []bool{len(args) > 0, changed("principal"), changed("node")} {
		if given {
			n++
		}
	}
	switch {
	case n == 0:
		usage("nothing to look at; want policy files, --principal or --node")
	case n > 1:
		usage("policy files, --principal and --node exclude each other; want one of them")
	case len(args) > 0 && changed("snapshot"):
		usage("--snapshot goes with --principal or --node")
	case len(args) == 0 && changed("kind"):
		usage("--kind goes with policy files")
	}
	if changed("kind") && !slices.Contains(kindWords, s.givenKind) {
		usage("--kind %q: want %s", s.givenKind, oneOf(kindWords))
	}
	return errors.Join(errs...)
}

func (s *deadSearch) run(a *app, cmd *cobra.Command, args []string) error {
	search := s.inOrganization
	if len(args) > 0 {
		if err := s.read(a, cmd, args); err != nil {
			return err
		}
		search = s.inFiles
	} else {
		var err error
		if s.in, err = s.world.load(a, cmd); err != nil {
			return err
		}
		if cmd.Flags().Changed("principal") {
			principal, err := s.who.who(cmd)
			if err != nil {
				return err
			}
			search = func(ctx context.Context) error { return s.ofPrincipal(ctx, principal) }
		}
	}
	if err := a.interruptible(cmd, search); err != nil {
		return err
	}
	if err := s.write(a); err != nil {
		return err
	}
	if len(s.found) > 0 {
		return status(exitNo)
	}
	return nil
}

func (s *deadSearch) inFiles(ctx context.Context) error {
	var documents []*policy.Document
	for _, p := range s.policies {
		documents = append(documents, p.doc)
	}
	dead, err := check.Dead(ctx, s.kind, documents...)
	for _, d := range dead {
		p := s.policies[slices.Index(documents, d.Document)]
		ref := refOf(d, simulate.PolicyRef{Kind: s.kind, Name: p.name()})
		f := deadFinding{ref: ref, by: d.By, label: p.name() + " (" + wording.StatementName(ref) + ")"}
		if file, line, column, ok := p.place(ref); ok {
			f.at = []checkPlace{{file: file, line: line, column: column}}
		}
		s.found = append(s.found, f)
	}
	return err
}

// refOf names a dead statement of a policy.
func refOf(d check.DeadStatement, p simulate.PolicyRef) simulate.StatementRef {
	p.Document = d.Document
	return simulate.StatementRef{Policy: p, Index: d.Index, SID: d.Document.Statement(d.Index).SID}
}

func (s *deadSearch) ofPrincipal(ctx context.Context, p policy.Principal) error {
	dead, err := check.DeadFor(ctx, s.in.Env, p)
	if err != nil {
		return s.in.nearPrincipal(err)
	}
	policies := map[*policy.Document]simulate.PolicyRef{}
	x := s.in.Env.Explain(simulate.Request{Principal: p, Action: "s3:ListAllMyBuckets"})
	for i := range x.Steps {
		for _, t := range x.Steps[i].Trials() {
			if ref := t.Statement.Policy; ref.Kind != policy.ServiceControl {
				policies[ref.Document] = ref
			}
		}
	}
	for _, d := range dead {
		s.add(d, policies[d.Document])
	}
	return nil
}

func (s *deadSearch) inOrganization(ctx context.Context) error {
	dead, err := check.DeadAt(ctx, s.in.Env, s.node)
	for _, d := range dead {
		for node, p := range s.in.Org.Inherited(s.node, policy.ServiceControl) {
			if node == d.Node && p.Document == d.Document {
				s.add(d, simulate.PolicyRef{Kind: p.Kind, Name: p.Name, ID: p.ID, Node: node, NodeName: s.in.Org.NodeName(node)})
				break
			}
		}
	}
	return err
}

func (s *deadSearch) add(d check.DeadStatement, p simulate.PolicyRef) {
	f := deadFinding{ref: refOf(d, p), by: d.By}
	f.label = s.in.StatementLabel(f.ref)
	if p.Node != "" {
		f.label += " of " + wording.NodeLabel(p.Node, p.NodeName)
	}
	if file, at, ok := s.in.Position(f.ref); ok {
		f.at = []checkPlace{{file: file, line: at.Line, column: at.Column}}
	}
	s.found = append(s.found, f)
}

// says is the finding as a sentence.
func (s *deadSearch) says(f *deadFinding) string {
	effect := f.ref.Policy.Document.Statement(f.ref.Index).Effect
	if s.in == nil {
		return fmt.Sprintf("%s, %s, changes no decision, because of the other statements", f.label, effect)
	}
	names := map[policy.Kind]string{
		policy.IdentityBased: "identity policies", policy.PermissionsBoundary: "the permissions boundary", policy.ServiceControl: "SCPs",
	}
	var by []string
	for _, k := range f.by {
		by = append(by, names[k])
	}
	return fmt.Sprintf("%s, %s, changes no decision, because of %s", f.label, effect, wording.AndList(by))
}

func (s *deadSearch) findings() []checkFinding {
	var out []checkFinding
	for i := range s.found {
		f := &s.found[i]
		out = append(out, checkFinding{rule: "DeadStatement", title: "A statement changes no decision.", level: "warning", message: s.says(f), at: f.at})
	}
	return out
}

const noneDead = "no statement is proved to be dead"

func (s *deadSearch) write(a *app) error {
	switch s.output {
	case "json":
		return writeJSON(a.stdout, s.json())
	case "sarif":
		return writeCheckSARIF(a.stdout, s.findings())
	case "github":
		_, err := io.WriteString(a.stdout, checkCommands("check", noneDead, s.findings()))
		return err
	}
	var b strings.Builder
	for i := range s.found {
		f := &s.found[i]
		fmt.Fprintf(&b, "dead: %s\n", printable(s.says(f)))
		if len(f.at) > 0 {
			fmt.Fprintf(&b, "  at %s:%d:%d\n", printable(f.at[0].file), f.at[0].line, f.at[0].column)
		}
	}
	if len(s.found) == 0 {
		b.WriteString(noneDead + "\n")
	}
	_, err := io.WriteString(a.stdout, b.String())
	return err
}

// A deadJSON is the output of check dead. It is a public promise: it may grow members, never
// change one.
type deadJSON struct {
	ServiceData string              `json:"serviceData"`
	Check       string              `json:"check"`
	Kind        string              `json:"kind,omitempty"`     // of files
	Policies    []checkedPolicyJSON `json:"policies,omitempty"` // files, in the order of the arguments
	Principal   string              `json:"principal,omitempty"`
	Node        string              `json:"node,omitempty"`
	Dead        []deadStatementJSON `json:"dead"`
}

type deadStatementJSON struct {
	Statement *statementJSON `json:"statement"`
	By        []string       `json:"by"` // kinds of policies that make it dead
	Says      string         `json:"says"`
}

func (s *deadSearch) json() deadJSON {
	out := deadJSON{ServiceData: serviceref.Embedded().Date(), Check: "dead", Principal: s.who.principal, Node: s.node, Dead: []deadStatementJSON{}}
	if s.in == nil {
		out.Kind, out.Policies = s.kind.String(), s.policiesJSON()
	}
	for i := range s.found {
		f := &s.found[i]
		w := s.in
		if w == nil {
			w = worldOf("", "")
		}
		j := deadStatementJSON{Statement: w.statement(f.ref), Says: s.says(f)}
		if len(f.at) > 0 {
			j.Statement.File, j.Statement.Line, j.Statement.Column = f.at[0].file, f.at[0].line, f.at[0].column
		}
		for _, k := range f.by {
			j.By = append(j.By, k.String())
		}
		out.Dead = append(out.Dead, j)
	}
	return out
}
