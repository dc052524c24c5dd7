package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// complete registers the completions of the question flags. Principals, resources and
// actions come from the snapshot that the command line names, or from the sample.
func (f *questionFlags) complete(a *app, cmd *cobra.Command) {
	must(cmd.RegisterFlagCompletionFunc("principal", f.world.completions(principalsOf)))
	f.world.completeTarget(cmd)
	must(cmd.RegisterFlagCompletionFunc("expect", cobra.FixedCompletions(
		[]string{"allowed", "denied", "explicitDeny", "implicitDeny", "indeterminate"}, cobra.ShellCompDirectiveNoFileComp)))
	for _, name := range []string{"session-tag", "resource-account"} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
}

// completeTarget registers the completions of what is asked for.
func (f *worldFlags) completeTarget(cmd *cobra.Command) {
	must(cmd.RegisterFlagCompletionFunc("resource", f.completions(resourcesOf)))
	must(cmd.RegisterFlagCompletionFunc("action", f.completions(actionsOf)))
	for _, name := range []string{"context", "unknown"} {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions))
	}
}

func (f *worldFlags) completions(list func(*org.Organization) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		o := f.completionWorld(cmd)
		if o == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return matching(list(o), typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completionWorld is the organization to complete from; nil if there is none that could
// be read, about which completion stays silent.
func (f *worldFlags) completionWorld(cmd *cobra.Command) *org.Organization {
	read := readSample
	switch {
	case len(f.byFile(cmd)) > 0:
		return nil
	case cmd.Flags().Changed("snapshot"):
		read = func() (*org.Organization, error) { return readSnapshot(f.snapshot) }
	}
	o, err := read()
	if err != nil {
		return nil
	}
	return o
}

// matching keeps what begins with the text typed. Case does not matter, since that of
// actions does not; what was typed stays as it is, or shells would drop the completion.
func matching(list []string, typed string) []string {
	var out []string
	for _, s := range list {
		if len(s) >= len(typed) && strings.EqualFold(s[:len(typed)], typed) {
			out = append(out, typed+s[len(typed):])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// principalsOf lists users, roles and root users.
func principalsOf(o *org.Organization) []string {
	var out []string
	for a := range o.Accounts() {
		out = append(out, "arn:"+partitionOf(&a)+":iam::"+a.ID+":root")
		for i := range a.Users {
			out = append(out, a.Users[i].ARN.String())
		}
		for i := range a.Roles {
			out = append(out, a.Roles[i].ARN.String())
		}
	}
	return out
}

// partitionOf is the partition that the ARNs of the account have.
func partitionOf(a *org.Account) string {
	switch {
	case len(a.Users) > 0:
		return a.Users[0].ARN.Partition()
	case len(a.Roles) > 0:
		return a.Roles[0].ARN.Partition()
	}
	return "aws"
}

// resourcesOf lists resources, and what IAM manages.
func resourcesOf(o *org.Organization) []string {
	out := principalsOf(o)
	for a := range o.Accounts() {
		for i := range a.Resources {
			out = append(out, a.Resources[i].ARN.String())
		}
		for i := range a.Groups {
			out = append(out, a.Groups[i].ARN.String())
		}
		for i := range a.Policies {
			out = append(out, a.Policies[i].ARN.String())
		}
	}
	return slices.DeleteFunc(out, func(s string) bool { return strings.HasSuffix(s, ":root") })
}

// actionsOf lists the actions that policies name without wildcards.
func actionsOf(o *org.Organization) []string {
	seen := map[*policy.Document]bool{}
	var out []string
	for d := range o.Documents() {
		if seen[d] {
			continue
		}
		seen[d] = true
		for _, s := range d.Statements() {
			for _, list := range []policy.Patterns{s.Action, s.NotAction} {
				for action := range list.All() {
					if !strings.ContainsAny(action, "*?") {
						out = append(out, action)
					}
				}
			}
		}
	}
	return out
}
