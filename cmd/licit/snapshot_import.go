package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org/awsexport"
)

func (a *app) snapshotImportCommand() *cobra.Command {
	var out, output string
	var standalone bool
	cmd := &cobra.Command{
		Use:   "import EXPORT-DIR --out DIR",
		Short: "Make a snapshot of what the AWS CLI wrote to files",
		Long: `Import reads a directory of what the AWS CLI printed, and writes a snapshot: the
organization with its accounts, IAM Identity Center, and trails. Files are JSON (one
document, an array of pages, or one a line), also packed by gzip, and credential reports
as CSV.

Files are recognised by what is in them, or by their names: the command, and what it was
about, as in list-targets-for-policy.p-examplepolicy.json, get-bucket-policy.logs.json or
list-account-assignments.111122223333.ps-0123456789abcdef.json. Directories, or parts of
the name between dots, that are account IDs, Regions or services say whose answer it is:
111122223333/eu-west-3/list-queues.json.

What the export does not have is a gap, and so is what was cut off or refused; files in
which errors of the AWS CLI were caught count as its answer. Decisions that gaps could
change are indeterminate. Files that are not recognised are named. An import is the whole
snapshot: nothing of an earlier one in DIR stays.

Exit codes: 0 everything was read, 2 it has errors, 4 something is missing, as licit
snapshot check says it of the snapshot, or a file was not read.`,
		Example: `  licit snapshot import ./export --out ./snapshot
  licit snapshot import ./one-account --standalone --out ./snapshot`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{cmd, fmt.Errorf("%d arguments; want one, the directory with what the AWS CLI wrote", len(args))}
			}
			if out == "" {
				return usageError{cmd, errors.New("--out: missing; want the directory for the snapshot")}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(cmd, output); err != nil {
				return err
			}
			x, err := readExport(args[0], standalone)
			if err != nil {
				return err
			}
			for _, n := range x.Notes {
				a.note("%s", printable(n.String()))
			}
			if err := writeExport(x, out); err != nil {
				return err
			}
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
			if len(x.Notes) > 0 || !c.Complete {
				return status(exitPartial)
			}
			return nil
		},
	}
	registerOutput(cmd, &output)
	cmd.Flags().StringVar(&out, "out", "", "directory `DIR` for the snapshot")
	cmd.Flags().BoolVar(&standalone, "standalone", false, "the accounts are in no organization")
	must(cmd.MarkFlagDirname("out"))
	return cmd
}

// readExport reads an export directory.
func readExport(dir string, standalone bool) (*awsexport.Export, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("export %q: %w; want the directory with what the AWS CLI wrote", dir, plainPathError(err))
	case !info.IsDir():
		return nil, fmt.Errorf("export %q: is a file; want the directory with what the AWS CLI wrote", dir)
	}
	var opts []awsexport.Option
	if standalone {
		opts = append(opts, awsexport.WithoutOrganization())
	}
	x, err := awsexport.Read(os.DirFS(dir), opts...)
	if err != nil {
		return nil, inDirectory(filepath.ToSlash(dir), err)
	}
	return x, nil
}

// writeExport writes the files of a snapshot, org.json last. That of an earlier one is put out
// of the way first, so that nothing reads a part of each.
func writeExport(x *awsexport.Export, dir string) error {
	err := os.Rename(filepath.Join(dir, "org.json"), filepath.Join(dir, ".licit-snapshot-earlier"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if x.Instance != nil {
		if err := x.Instance.WriteDir(dir); err != nil {
			return err
		}
	} else if err := os.Remove(filepath.Join(dir, "identitycenter.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := cloudtrail.WriteTrails(dir, x.Trails); err != nil {
		return err
	}
	return x.Organization.WriteDir(dir)
}
