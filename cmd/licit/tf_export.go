package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org/tfplan"
)

func (a *app) tfExportCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "export --snapshot DIR",
		Short: "Write the guardrails of a snapshot as Terraform",
		Long: `Export writes what guards an organization as Terraform's HCL, for the AWS provider: OUs, SCPs and
RCPs with what they are attached to, the managed policies that are permissions boundaries,
the permission sets of IAM Identity Center with their policies, assignments and attributes, and
the organization's trails.

The root, accounts, users and groups stand in it by their IDs. The provider's configuration is
yours; a boundary of a member account wants one with the alias account_ID. FullAWSAccess and
RCPFullAWSAccess, which AWS attaches by itself, are left out, and comments say where they are
detached.

What the snapshot does not know of these stands in comments, and on standard error.

Exit codes: 0 written, 2 usage or input error, 4 written, and the snapshot does not know all of it.`,
		Example: `  licit tf export --snapshot ./snapshot > guardrails.tf`,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usageError{cmd, errors.New("want --snapshot, the directory that holds org.json")}
			}
			o, err := readSnapshot(dir)
			if err != nil {
				return err
			}
			i, err := readInstance(os.DirFS(dir), dir)
			if err != nil {
				return err
			}
			trails, err := cloudtrail.ReadTrailsFS(os.DirFS(dir))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err == nil && trails == nil {
				trails = []cloudtrail.Trail{} // known to be none
			}
			return a.export(dir, tfplan.Models{Organization: o, Instance: i, Trails: trails})
		},
	}
	cmd.Flags().StringVar(&dir, "snapshot", "", "snapshot `DIR` of an organization (org.json and the files it names)")
	must(cmd.MarkFlagDirname("snapshot"))
	return cmd
}

// export writes the models, and says what is not known of them.
func (a *app) export(dir string, m tfplan.Models) error {
	if err := tfplan.Export(a.stdout, m); err != nil {
		return fmt.Errorf("%s: %w", slashed(dir), err)
	}
	if m.Instance == nil {
		a.note("%s has no IAM Identity Center: none is written", slashed(dir))
	}
	if m.Trails == nil {
		a.note("%s has no trails: none are written", slashed(dir))
	}
	unknown := m.Unknown()
	for _, what := range unknown {
		a.note("not known: %s", plain(what))
	}
	if len(unknown) > 0 {
		return status(exitPartial)
	}
	return nil
}
