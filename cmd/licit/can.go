package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/simulate"
)

// questionFlags are what can and explain have in common.
type questionFlags struct {
	world   worldFlags
	request requestFlags
	alone   bool // ask for the requests alone, not for the call
	expect  string
	output  string
}

func (f *questionFlags) register(a *app, cmd *cobra.Command) {
	f.request.register(cmd)
	f.world.register(cmd)
	a.takesFacts(cmd)
	cmd.Flags().BoolVar(&f.alone, "request-only", false, "decide about what is named alone, whatever other resources the call needs")
	cmd.Flags().StringVar(&f.expect, "expect", "", "exit 0 for this `OUTCOME`, else 1: allowed, denied, explicitDeny, implicitDeny, indeterminate")
	registerOutput(cmd, &f.output)
	cmd.Flags().SortFlags = false
	f.complete(a, cmd)
}

func registerOutput(cmd *cobra.Command, to *string) { registerOutputs(cmd, to, "text", "json") }

// registerOutputs registers --output; the first format is the default.
func registerOutputs(cmd *cobra.Command, to *string, formats ...string) {
	cmd.Flags().StringVarP(to, "output", "o", formats[0], "`FORMAT` of the output: "+wording.OrList(formats))
	must(cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
}

func checkOutput(cmd *cobra.Command, output string) error {
	return checkOutputs(cmd, output, "text", "json")
}

func checkOutputs(cmd *cobra.Command, output string, formats ...string) error {
	if !slices.Contains(formats, output) {
		return usageError{cmd, fmt.Errorf("--output %q: want %s", output, wording.OrList(formats))}
	}
	return nil
}

// ask reads the flags and explains the request on each resource.
func (f *questionFlags) ask(a *app, cmd *cobra.Command) (*world, *call, error) {
	if err := checkOutput(cmd, f.output); err != nil {
		return nil, nil, err
	}
	if f.expect != "" && !isExpectation(f.expect) {
		return nil, nil, usageError{cmd, fmt.Errorf("--expect %q: want allowed, denied, explicitDeny, implicitDeny or indeterminate", f.expect)}
	}
	requests, err := f.request.requests(cmd)
	if err != nil {
		return nil, nil, err
	}
	w, err := f.world.load(a, cmd)
	if err != nil {
		return nil, nil, err
	}
	session, err := f.world.session(a, cmd)
	if err != nil {
		return nil, nil, err
	}
	c := &call{facts: a.ref}
	for _, r := range requests {
		r.Session = session
		if strings.ContainsAny(r.Resource.String(), "*?") {
			a.note("the resource is taken literally: the * and ? in it stand for themselves, not for other resources")
		}
		if len(c.parts) == 0 {
			a.unknownPrincipal(w, r.Principal)
		}
		c.parts = append(c.parts, w.Env.Explain(r))
	}
	c.decide(f.alone)
	return w, c, nil
}

func isExpectation(s string) bool {
	_, err := simulate.ParseOutcome(s)
	return err == nil || s == "denied"
}

// exit is what the decision makes of the exit code.
func (f *questionFlags) exit(a *app, c *call) error {
	if f.expect != "" {
		if f.expect == c.outcome.String() || f.expect == "denied" && c.denied {
			return nil
		}
		a.note("expected %s, got %s", f.expect, c.shown)
		return status(exitNo)
	}
	switch {
	case c.outcome == simulate.Allowed:
		return nil
	case c.denied:
		return status(exitNo)
	}
	return status(exitIndeterminate)
}

func (a *app) canCommand() *cobra.Command {
	var f questionFlags
	cmd := &cobra.Command{
		Use:   "can --principal ARN --action ACTION [--resource ARN]",
		Short: "Say whether a principal may perform an action on a resource",
		Long: `Can decides one request: allowed, explicitDeny, implicitDeny or indeterminate. It names
the layer and the statement that decided, and what an indeterminate answer depends on.

The policies come from a snapshot (--snapshot), or from files (--identity-policy, --scp,
…), or else from an embedded sample organization. Session policies and tags go with all.

A condition key that is neither given nor known from the model is unknown where AWS could
send it: give it with --context, or take all such keys as absent with --strict.

AWS authorises some calls on several resources: ec2:RunInstances on an image, a subnet, a
volume and more. Give --resource for each; the call is allowed only if each is, and if no
resource type is left that the service data says the call needs. One that is not named, or a
resource of a type that the action does not have, makes an allowed call indeterminate; with
--request-only the answer is about what is named alone.` + exitHelp,
		Example: `  licit can --snapshot ./snapshot --principal arn:aws:iam::111122223333:user/ana \
      --action s3:GetObject --resource arn:aws:s3:::logs/app.log
  licit can --identity-policy dev.json --scp root.json --scp ou.json,regions.json --scp account.json \
      --principal arn:aws:iam::111122223333:role/dev --action ec2:RunInstances --request-only \
      --context aws:RequestedRegion=eu-west-1
  licit can --principal arn:aws:iam::111122223333:role/app --action s3:DeleteBucket \
      --snapshot ./snapshot --resource arn:aws:s3:::logs --expect denied
  licit can --snapshot ./snapshot --principal arn:aws:iam::111122223333:role/dev --action ec2:AttachVolume \
      --resource arn:aws:ec2:eu-west-1:111122223333:volume/vol-1 \
      --resource arn:aws:ec2:eu-west-1:111122223333:instance/i-1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, c, err := f.ask(a, cmd)
			if err != nil {
				return err
			}
			if f.output == "json" {
				err = writeJSON(a.stdout, w.callJSON(c, func(x *simulate.Explanation) answerJSON { return w.answer(x, false) }))
			} else {
				_, err = io.WriteString(a.stdout, w.callText(c, a.style, func(x *simulate.Explanation) string { return w.Answer(x, a.style.outcome(x.Decision.Outcome)) }))
			}
			if err != nil {
				return err
			}
			return f.exit(a, c)
		},
	}
	f.register(a, cmd)
	return cmd
}

const exitHelp = `

Exit codes: 0 allowed, 1 denied for certain, 2 usage or input error, 3 indeterminate.
With --expect: 0 as expected, 1 not as expected.`
