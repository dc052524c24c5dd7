package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/policy"
)

func (a *app) loadPolicyCommand() *cobra.Command {
	var g awscollect.Grant
	kinds := []string{"management", "member", "trust"}
	cmd := &cobra.Command{
		Use:   "policy management|member|trust",
		Short: "Print the policies that licit load needs, and nothing more",
		Long: `Policy prints a policy document, made of the same table that drives licit load:

  management  for whoever loads: the organization, its own account, and sts:AssumeRole
  member      for the role that is assumed in the other accounts
  trust       the trust policy of that role; wants --collector

--sections, --role and --external-id are those of licit load.`,
		Example: `  licit load policy management --role LicitReader --organization o-exampleorgid
  licit load policy member --sections iam,s3
  licit load policy trust --collector arn:aws:iam::111122223333:role/collector --organization o-exampleorgid`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(kinds, args[0]) {
				return usageError{cmd, fmt.Errorf("want one of %s", strings.Join(kinds, ", "))}
			}
			return nil
		},
		ValidArgs: kinds,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkGrant(cmd, g, args[0]); err != nil {
				return usageError{cmd, err}
			}
			p, err := awscollect.NewPolicies(g)
			if err != nil {
				return usageError{cmd, err}
			}
			doc := map[string]*policy.Document{"management": p.Management, "member": p.Member, "trust": p.Trust}[args[0]]
			if doc == nil {
				return usageError{cmd, fmt.Errorf("--sections %s: they are not read with a %s policy", strings.Join(g.Sections, ","), args[0])}
			}
			_, err = fmt.Fprintf(a.stdout, "%s\n", bytes.TrimSpace(doc.Source()))
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&g.Sections, "sections", nil, "for these `SECTION,…` alone")
	fl.StringVar(&g.Role, "role", "LicitReader", "the role `NAME` in other accounts, with its path if it has one")
	fl.StringVar(&g.Collector, "collector", "", "the `ARN` of the role or user who loads")
	fl.StringVar(&g.Organization, "organization", "", "allow this organization `ID` alone")
	fl.StringVar(&g.ExternalID, "external-id", "", "the external `ID` that the trust policy wants")
	fl.StringVar(&g.Partition, "partition", "aws", "the `PARTITION` of the accounts")
	must(cmd.RegisterFlagCompletionFunc("sections", cobra.FixedCompletions(awscollect.Sections(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// The forms that AWS takes (API reference of AWS Organizations).
var (
	organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	partitionForm    = regexp.MustCompile(`^aws(-cn|-us-gov|-eusc|-iso(-[bef])?)?$`)
)

// checkAssume checks the flags that licit load and licit load policy share.
func checkAssume(cmd *cobra.Command, role, externalID string) error {
	for _, flag := range []struct {
		name, value string
		check       func(string) error
	}{
		{"role", role, awscollect.CheckRole}, {"external-id", externalID, awscollect.CheckExternalID},
	} {
		if flag.value == "" && !cmd.Flags().Changed(flag.name) {
			continue
		}
		if err := flag.check(flag.value); err != nil {
			return fmt.Errorf("--%s %w", flag.name, err)
		}
	}
	return nil
}

func checkGrant(cmd *cobra.Command, g awscollect.Grant, kind string) error {
	for _, name := range g.Sections {
		if !slices.Contains(awscollect.Sections(), name) {
			return fmt.Errorf("--sections %q: want some of %s", name, strings.Join(awscollect.Sections(), ", "))
		}
	}
	if err := checkAssume(cmd, g.Role, g.ExternalID); err != nil {
		return err
	}
	for _, flag := range []struct {
		name, value string
		form        *regexp.Regexp
		want        string
	}{
		{"organization", g.Organization, organizationForm, "the ID of an organization, such as o-exampleorgid"},
		{"partition", g.Partition, partitionForm, "one of aws, aws-cn, aws-us-gov, aws-eusc, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f"},
	} {
		if (flag.value != "" || cmd.Flags().Changed(flag.name)) && !flag.form.MatchString(flag.value) {
			return fmt.Errorf("--%s %q: want %s", flag.name, flag.value, flag.want)
		}
	}
	if g.Collector != "" {
		if arn, err := policy.ParseARN(g.Collector); err != nil || !policy.PrincipalFromARN(arn).IsValid() {
			return fmt.Errorf("--collector %q: want the ARN of a role or user, such as arn:aws:iam::111122223333:role/collector", g.Collector)
		}
	} else if kind == "trust" {
		return errors.New("--collector: missing; want the ARN of the role or user who loads")
	}
	return nil
}
