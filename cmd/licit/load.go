package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/collect/awscollect"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/awsexport"
)

// awsConfig finds the credentials and the Region to load with.
type awsConfig func(context.Context) (aws.Config, error)

// defaultConfig is that of the AWS SDKs: environment, shared files, instance roles.
func defaultConfig(ctx context.Context) (aws.Config, error) {
	return config.LoadDefaultConfig(ctx, config.WithDefaultRegion("us-east-1"))
}

// recordsDir is where a load keeps what AWS answered, below the snapshot.
const recordsDir = ".load"

func (a *app) loadCommand() *cobra.Command {
	var out, progress, output string
	var o awscollect.Options
	cmd := &cobra.Command{
		Use:   "load --out DIR",
		Short: "Make a snapshot of what is in AWS now",
		Long: `Load reads an organization from AWS, and writes a snapshot: the organization with its
accounts and their IAM, credentials, identity providers and resource policies, IAM
Identity Center, and trails. It uses the credentials of the AWS SDKs (AWS_PROFILE and the
other AWS_ variables), of the management account or a delegated administrator, and
assumes --role in the other accounts; without --role it reads the caller's account alone.
It changes nothing in AWS, other than having credential reports generated, which AWS does
every four hours at most: what they say may be as old. licit load policy prints the
policies that it needs.

What cannot be read is a gap: one account's refusal never stops the others. Decisions
that gaps could change are indeterminate. Accounts that are suspended or closed are
skipped. What there may be in Regions that were not asked for is a gap, too, and so is one
that was, and does not know the credentials: it is off, or takes no session tokens of AWS
STS's global endpoint.

A load is the whole snapshot: what it leaves out, of accounts, sections or Regions, is a gap,
whatever an earlier one in DIR knew. What AWS answered is kept in DIR/.load, readable for you
alone. A load that was interrupted, or that had gaps, goes on from there: what was read
completely and is younger than --max-age is not read again. Of people, IAM Identity
Center's user names, display names and e-mail addresses are kept, and of secrets and
environment variables nothing.

Exit codes: 0 everything was read, 2 it could not start or go on, 4 something is missing.`,
		Example: `  licit load --out ./snapshot --role LicitReader
  licit load --out ./snapshot --role LicitReader --accounts 111122223333,444455556666 --regions eu-west-3
  licit load --out ./snapshot --sections organization,organization-policies
  licit load policy management --role LicitReader`,
		Args: noSubcommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(cmd, output); err != nil {
				return err
			}
			if out == "" {
				return usageError{cmd, errors.New("--out: missing; want the directory for the snapshot")}
			}
			if err := checkAssume(cmd, o.Role, o.ExternalID); err != nil {
				return usageError{cmd, err}
			}
			report, err := progressOf(progress, a.stderr)
			if err != nil {
				return usageError{cmd, err}
			}
			o.Now, o.Progress, o.Dir = time.Now(), report.event, filepath.Join(out, recordsDir)
			return a.load(cmd.Context(), o, out, output)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&out, "out", "", "directory `DIR` for the snapshot")
	fl.StringSliceVar(&o.Accounts, "accounts", nil, "read these accounts `ID,…` alone; all of the organization by default")
	fl.StringVar(&o.Role, "role", "", "assume the role `NAME` in other accounts, with its path if it has one")
	fl.StringVar(&o.ExternalID, "external-id", "", "send this external `ID` when assuming roles")
	fl.StringSliceVar(&o.Sections, "sections", nil, "read these `SECTION,…` alone: "+strings.Join(awscollect.Sections(), ", "))
	fl.StringSliceVar(&o.Regions, "regions", nil, "read these `REGION,…`; by default those that no account can turn off")
	fl.DurationVar(&o.MaxAge, "max-age", time.Hour, "don't read again what was read completely in the last `DURATION`; 0 reads everything")
	fl.StringVar(&progress, "progress", "text", "say on standard error how it goes: text, json or none")
	registerOutput(cmd, &output)
	must(cmd.MarkFlagDirname("out"))
	must(cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{"text", "json", "none"}, cobra.ShellCompDirectiveNoFileComp)))
	must(cmd.RegisterFlagCompletionFunc("sections", cobra.FixedCompletions(awscollect.Sections(), cobra.ShellCompDirectiveNoFileComp)))
	cmd.AddCommand(a.loadPolicyCommand())
	return cmd
}

func (a *app) load(ctx context.Context, o awscollect.Options, out, output string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	cfg, err := a.aws(ctx)
	if err != nil {
		return err
	}
	r, err := awscollect.Load(ctx, cfg, o)
	if errors.Is(err, context.Canceled) {
		a.note("interrupted; run it again to go on from here")
		return status(exitInterrupted)
	}
	if err != nil {
		return err
	}
	x, err := awsexport.Read(r.FS)
	if err != nil {
		return inDirectory(filepath.ToSlash(o.Dir), err)
	}
	for _, n := range x.Notes {
		a.note("%s", printable(n.String()))
	}
	if err := writeExport(x, out); err != nil {
		return err
	}
	a.missing(r.Units)
	c := contentsOf(out, x.Organization)
	if err := c.others(out); err != nil {
		return err
	}
	if output == "json" {
		err = writeJSON(a.stdout, c)
	} else {
		_, err = io.WriteString(a.stdout, c.text())
	}
	if err != nil {
		return err
	}
	if r.IsPartial() || len(x.Notes) > 0 || !c.Complete {
		return status(exitPartial)
	}
	return nil
}

// mostMissing bounds the units that are named; the snapshot's coverage has all.
const mostMissing = 20

// missing names what could not be read.
func (a *app) missing(units []org.Unit) {
	n := 0
	for _, u := range units {
		if u.State != org.Partial {
			continue
		}
		if n++; n <= mostMissing {
			a.note("%s: %s", unitName(u.Account, u.Region, u.Section), printable(u.Reason))
		}
	}
	if n > mostMissing {
		a.note("and %d more; licit snapshot check lists all", n-mostMissing)
	}
}

func unitName(account, region, section string) string {
	s := section + " of " + account
	if region != "" {
		s += " in " + region
	}
	return s
}
