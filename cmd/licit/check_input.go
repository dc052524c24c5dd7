package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A checkedPolicy is a policy that is asked about.
type checkedPolicy struct {
	doc     *policy.Document
	target  *target                      // where it stands; nil: it is a managed policy of AWS
	managed serviceref.ManagedPolicyInfo // otherwise zero
}

// name is the file as the user knows it, or the ARN.
func (p *checkedPolicy) name() string {
	if p.target == nil {
		return p.managed.ARN.String()
	}
	return printable(p.target.file.name)
}

// read reads the policies and settles their kind. Everything that is wrong is in the error.
func (c *checking) read(a *app, cmd *cobra.Command, args []string) error {
	var errs []error
	for i, arg := range args {
		if arg == "-" && slices.Contains(args[:i], arg) {
			errs = append(errs, errors.New("-: standard input was read already; give - only once"))
			continue
		}
		p, err := c.readPolicy(a, cmd, arg)
		if err != nil {
			errs = append(errs, err)
		}
		c.policies = append(c.policies, p)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if err := c.settleKind(a); err != nil {
		return usageError{cmd, err}
	}
	for _, p := range c.policies {
		if err := p.relocate(p.doc.CheckKind(c.kind)); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *checking) readPolicy(a *app, cmd *cobra.Command, arg string) (*checkedPolicy, error) {
	if arn, err := policy.ParseARN(arg); err == nil {
		m, ok := serviceref.ManagedPolicy(arn)
		if !ok {
			return nil, fmt.Errorf("%s: no managed policy of AWS as of %s; want one such as arn:aws:iam::aws:policy/ReadOnlyAccess, or a file", arg, serviceref.ManagedPoliciesDate())
		}
		return &checkedPolicy{doc: m.Document(), managed: m}, nil
	}
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a directory; want the file of one policy document", slashed(arg))
	}
	l := linting{kind: c.givenKind, quiet: true}
	must(l.settleKind())
	g := gatherer{l: &l, a: a, cmd: cmd, seen: map[string]bool{}}
	if err := g.argument(arg); err != nil {
		return nil, err
	}
	p := &checkedPolicy{target: l.targets[0]}
	start := p.target.position(0)
	if p.target.inString {
		start = policy.Position{}
		a.note("%s: the document is the text of a string: its statements have the place where it begins", p.name())
	}
	var err error
	p.doc, err = policy.ParseAt(p.target.file.name, start, p.target.src)
	return p, p.relocate(err)
}

// relocate gives the errors of a document that is the text of a string the place where that
// begins.
func (p *checkedPolicy) relocate(err error) error {
	list, ok := errors.AsType[policy.ParseErrors](err)
	if !ok || p.target == nil || !p.target.inString {
		return err
	}
	out := make(policy.ParseErrors, len(list))
	for i, e := range list {
		moved := *e
		moved.Position = p.target.position(0)
		out[i] = &moved
	}
	return out
}

// settleKind finds the one kind of all policies: the one given, else that of what the AWS CLI has
// printed, else the one that they look like.
func (c *checking) settleKind(a *app) error {
	known := func(p *checkedPolicy) bool { return p.target != nil && !p.target.guessed }
	first := c.policies[0]
	for _, p := range c.policies {
		if known(p) {
			first = p
			break
		}
	}
	c.kind = first.kind()
	for _, p := range c.policies {
		switch {
		case p == first || known(p) && p.kind() == c.kind:
		case known(p) || p.kind().HasPrincipal() != c.kind.HasPrincipal() || !known(first) && p.kind() != c.kind:
			return fmt.Errorf("%s looks like %s and %s like %s; give --kind if they are of one kind", first.name(), kindPhrases[first.kind()], p.name(), kindPhrases[p.kind()])
		}
	}
	if c.checkQuestion == &notPublic && c.kind != policy.ResourceBased && c.kind != policy.RoleTrust {
		return fmt.Errorf("%s is taken as %s; only a resource or trust policy allows something to outsiders", first.name(), kindPhrases[c.kind])
	}
	for _, p := range c.policies {
		switch {
		case c.givenKind != "" || known(p):
		case known(first):
			a.note("%s: taken as %s, as %s is; --kind says otherwise", p.name(), kindPhrases[c.kind], first.name())
		default:
			a.note("%s: taken as %s; --kind says otherwise", p.name(), kindPhrases[c.kind])
		}
	}
	return nil
}

// kind is what the policy is by itself.
func (p *checkedPolicy) kind() policy.Kind {
	if p.target == nil {
		return policy.IdentityBased
	}
	return p.target.kinds[0]
}

// trials are the policy's statements as a decision tried them.
func (p *checkedPolicy) trials(x *simulate.Explanation) []simulate.Trial {
	var out []simulate.Trial
	for i := range x.Steps {
		for _, t := range x.Steps[i].Trials() {
			if t.Statement.Policy.Document == p.doc {
				out = append(out, t)
			}
		}
	}
	return out
}

// matching are the statements of an effect that match the request.
func (p *checkedPolicy) matching(x *simulate.Explanation, e policy.Effect) []simulate.Trial {
	var out []simulate.Trial
	for _, t := range p.trials(x) {
		if t.Effect == e && t.Match == simulate.Matches {
			out = append(out, t)
		}
	}
	return out
}

// near are the Allow statements about the action of a request that match none the less.
func (p *checkedPolicy) near(x *simulate.Explanation) []simulate.Trial {
	var out []simulate.Trial
	for _, t := range p.trials(x) {
		if t.Effect == policy.Allow && t.Match == simulate.NoMatch && !wording.IsActionMiss(&t) {
			out = append(out, t)
		}
	}
	return out
}

// place is where a statement of the policy stands, columns in characters; ok is false for
// a managed policy of AWS.
func (p *checkedPolicy) place(ref simulate.StatementRef) (file string, line, column int, ok bool) {
	if p.target == nil {
		return "", 0, 0, false
	}
	at := ref.Position()
	if p.target.inString {
		at = p.target.position(0)
	}
	return p.target.file.name, at.Line, p.target.file.column(at), true
}
