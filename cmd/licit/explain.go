package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

func (a *app) explainCommand() *cobra.Command {
	var f questionFlags
	var all, howTo bool
	cmd := &cobra.Command{
		Use:   "explain --principal ARN --action ACTION [--resource ARN]",
		Short: "Show every step that leads to a decision",
		Long: `Explain decides a request as licit can does and shows why, layer by layer: each level of
SCPs and RCPs, the resource policy, identity policies, boundary, session and endpoint
policies, and in each the statements that match, may match, or miss, with the first
element that misses. Statements about other actions are only counted, unless --all.

With --how-to-allow it ends with the smallest changes after each of which the request is
allowed: keys of the request, statements to add, and statements that would have to except
it. All have been tried; a statement that denies is often there for a reason.

  +  the statement matches     ?  it depends on something unknown     -  it does not match` + exitHelp,
		Example: `  licit explain --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana \
      --action s3:GetObject --resource arn:aws:s3:::logs/app.log
  licit explain --identity-policy dev.json --principal arn:aws:iam::111122223333:role/dev \
      --action ec2:RunInstances --all -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, c, err := f.ask(a, cmd)
			if err != nil {
				return err
			}
			if f.output == "json" {
				err = writeJSON(a.stdout, w.callJSON(c, func(x *simulate.Explanation) answerJSON {
					out := w.answer(x, true)
					if howTo {
						out.HowToAllow = w.howTo(w.Env.HowToAllow(x.Request))
					}
					return out
				}))
			} else {
				_, err = io.WriteString(a.stdout, w.callText(c, a.style, func(x *simulate.Explanation) string {
					t := tree{w: w, style: a.style, all: all}
					t.request(x.Request)
					t.b.WriteByte('\n')
					t.explanation(x)
					if howTo {
						t.howTo(w.Env.HowToAllow(x.Request))
					}
					return t.b.String()
				}))
			}
			if err != nil {
				return err
			}
			return f.exit(a, c)
		},
	}
	f.register(a, cmd)
	cmd.Flags().BoolVar(&all, "all", false, "show the statements about other actions, too (JSON always has them)")
	cmd.Flags().BoolVar(&howTo, "how-to-allow", false, "say what would have to change for the request to be allowed")
	return cmd
}

// A tree writes an explanation as indented text.
type tree struct {
	b     strings.Builder
	w     *world
	style style
	all   bool
	last  simulate.Stage // stage of the step before
}

func (t *tree) line(indent int, format string, args ...any) {
	t.b.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(&t.b, format, args...)
	t.b.WriteByte('\n')
}

func (t *tree) explanation(x *simulate.Explanation) {
	t.last = simulate.StageNone
	for i := range x.Steps {
		t.step(x, &x.Steps[i])
	}
	if len(x.Steps) > 0 {
		t.b.WriteByte('\n')
	}
	t.b.WriteString(t.w.Answer(x, t.style.outcome(x.Decision.Outcome)))
	if len(x.Rules) > 0 {
		t.line(1, "%-12s %s", "rules", strings.Join(x.Rules, " "))
	}
	for _, also := range x.Also {
		t.b.WriteString("\nalso needed: " + plain(string(also.Request.Action)) + "\n\n")
		t.explanation(also)
	}
}

func (t *tree) request(r simulate.Request) {
	t.line(0, "%-10s %s", "principal", plain(r.Principal.String()))
	t.line(0, "%-10s %s", "action", plain(string(r.Action)))
	t.line(0, "%-10s %s", "resource", plain(resourceText(r.Resource)))
	for _, k := range sortedKeys(r.Keys) {
		t.line(0, "%-10s %s = %s", "context", plain(k.name), wording.AndList(k.values))
	}
}

// step writes one layer; the levels of SCPs and RCPs stand below one heading.
func (t *tree) step(x *simulate.Explanation, s *simulate.Step) {
	if s.Skipped != "" {
		t.line(0, "%s: does not apply: %s", wording.StageName(s.Stage), printable(s.Skipped))
		return
	}
	indent := 0
	if s.Node != "" {
		if s.Stage != t.last {
			t.line(0, "%s", wording.StageName(s.Stage))
		}
		indent = 1
		t.line(indent, "%s: %s", wording.NodeLabel(s.Node, s.NodeName), t.layerOutcome(s))
	} else {
		t.line(0, "%s: %s", wording.StageName(s.Stage), t.layerOutcome(s))
	}
	t.last = s.Stage
	t.trials(x, s, indent+1)
}

// layerOutcome is what the layer says by itself.
func (t *tree) layerOutcome(s *simulate.Step) string {
	out := t.style.layer(s.Outcome)
	switch {
	case s.Gap != "":
		out += fmt.Sprintf(" (not known: %s)", plain(s.Gap))
	case len(s.Trials()) > 0 || s.Stage == simulate.StageServiceRule || s.Stage == simulate.StageBlockPublicAccess:
	case s.Stage == simulate.StageResourceControl:
		out += " (full access, which AWS attaches everywhere)"
	default:
		out += " (no policy)"
	}
	return out
}

func (t *tree) trials(x *simulate.Explanation, s *simulate.Step, indent int) {
	folded, trials := 0, s.Trials()
	for i := range trials {
		trial := &trials[i]
		if !t.all && trial.Match == simulate.NoMatch && wording.IsActionMiss(trial) {
			folded++
			continue
		}
		t.trial(x, trial, indent)
	}
	if folded == 1 {
		t.line(indent, "- 1 statement about other actions")
	} else if folded > 1 {
		t.line(indent, "- %d statements about other actions", folded)
	}
}

// trial writes a statement, and below it why it does not match or what it depends on.
func (t *tree) trial(x *simulate.Explanation, trial *simulate.Trial, indent int) {
	mark := map[simulate.Match]string{simulate.NoMatch: "-", simulate.MayMatch: "?", simulate.Matches: "+"}[trial.Match]
	text := fmt.Sprintf("%s %-5s %s", mark, trial.Effect, t.w.StatementLabel(trial.Statement))
	if at := t.w.Place(trial.Statement); at != "" {
		text += "  " + at
	}
	if trial.Statement == x.Statement && x.Decision.Outcome != simulate.Indeterminate {
		text += "  <- decides"
	}
	t.line(indent, "%s", text)
	if h := trial.Statement.Policy.Holder; h != "" && h != x.Request.Principal.String() && trial.Statement.Policy.Kind == policy.IdentityBased {
		t.line(indent+1, "inline in %s", plain(h))
	}
	switch trial.Match {
	case simulate.NoMatch:
		t.line(indent+1, "%s", wording.MissText(trial.Miss))
	case simulate.MayMatch:
		for _, u := range trial.Unknown {
			t.line(indent+1, "depends on whether %s", wording.UnknownText(u, u.Key))
		}
	}
}
