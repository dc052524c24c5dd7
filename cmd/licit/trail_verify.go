package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/cloudtrail/digest"
	"github.com/licit-dev/licit/examples"
)

var verifyFormats = []string{"text", "json", "csv", "markdown"}

func (a *app) trailVerifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [DIR --keys FILE]",
		Short: "Prove that log files are as CloudTrail delivered them",
		Long: `Verify validates a copy of a bucket with log files of CloudTrail offline: that the digest
files are signed by CloudTrail, that none is missing between the first and the last, and
that all log files that they list are there and unchanged.

DIR has the files under their keys, as of aws s3 sync s3://BUCKET DIR. For a copy of a
part of the bucket, --prefix is what its keys begin with, or --relocated compares keys and
paths from AWSLogs/ on only. FILE has the public keys, the output of

  aws cloudtrail list-public-keys --region REGION --start-time … --end-time …

or several of them, one after the other or each with a --keys of its own. Keys are of a
Region: --keys REGION=FILE takes them for digests of that Region only.

Each digest has the signature of the one before it. That of the newest is only in the
metadata of its object: put the output of aws s3api head-object --bucket BUCKET --key KEY
beside it, in a file named as the digest and .meta.json; or give --signatures, a CSV file
with the columns key and signature. Without it the newest digest of each chain, and what it
lists, is not proved.

--from and --to are times of delivery. Without --to it is not proved that the copy reaches
to the present: digests and log files that are cut off at its end are found only if other
chains of the copy go on, or if log files are left that no digest lists. Such log files there
are in any copy of the present: CloudTrail has not delivered their digest yet, and --to leaves
them out. Nothing is proved of the time before the first digest, nor while validation or
logging was off.

What is proved is of the chains that are in DIR, which the output lists. A Region or an account
that is gone with all its digests and log files leaves no trace: --expect ACCOUNT/REGION says
that there must be digests of it.

Exit codes: 0 all in the period is proved, of the chains that are there, 1 tampering, or files left out of the copy or added
to it, 2 usage or input error, 3 something could not be verified.`,
		Example: `  licit trail verify ./bucket --keys keys.json
  licit trail verify ./bucket --keys eu-west-1=eu.json --keys us-east-1=us.json \
      --from 2026-03-01 --to 2026-04-01 -o markdown
  licit trail verify ./logs --prefix logs/ --keys keys.json -o csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 0 && (cmd.Flags().Changed("keys") || cmd.Flags().Changed("signatures")) {
				return usageError{cmd, fmt.Errorf("%d arguments; want one, the directory of the copy", len(args))}
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(a, cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.keys, "keys", nil, "`FILE` of public keys, or REGION=FILE; may be repeated")
	fl.StringVar(&f.signatures, "signatures", "", "CSV `FILE` of signatures of digests")
	fl.StringVar(&f.from, "from", "", "`TIME` or day, UTC, from which on log files were delivered")
	fl.StringVar(&f.to, "to", "", "`TIME` or day, UTC, until which log files were delivered; that day not included")
	fl.StringArrayVar(&f.options.Expect, "expect", nil, "`ACCOUNT/REGION` that there must be digests of; may be repeated")
	fl.StringVar(&f.options.Bucket, "bucket", "", "`NAME` of the bucket that the copy is of")
	fl.StringVar(&f.options.Prefix, "prefix", "", "what keys begin with before the paths of the copy, as `logs/`")
	fl.BoolVar(&f.options.Relocated, "relocated", false, "compare keys and paths from AWSLogs/ on only")
	fl.IntVar(&f.top, "top", 20, "findings of a kind to print as text or Markdown; 0: all")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress on a terminal")
	registerOutputs(cmd, &f.output, verifyFormats...)
	fl.SortFlags = false
	return cmd
}

type verifyFlags struct {
	keys             []string
	signatures       string
	from, to, output string
	top              int
	quiet            bool
	options          digest.Options
}

func (f *verifyFlags) run(a *app, cmd *cobra.Command, args []string) error {
	if err := f.check(cmd, args); err != nil {
		return err
	}
	dir, fsys, keys, err := f.open(a, args)
	if err != nil {
		return err
	}
	if f.signatures != "" {
		if f.options.Signatures, err = verifyRead(f.signatures, digest.ReadSignatures); err != nil {
			return err
		}
	}
	var report *digest.Report
	err = a.interruptible(cmd, func(ctx context.Context) error {
		show, clear := fileProgress(a, f.quiet)
		defer clear()
		f.options.Progress = func(p digest.Progress) { show(p.Files, p.Total, p.Bytes) }
		report, err = digest.Verify(ctx, fsys, keys, f.options)
		return err
	})
	if err != nil {
		return err
	}
	if err := f.write(a, dir, report); err != nil {
		return err
	}
	switch report.Verdict() {
	case digest.Valid:
		return nil
	case digest.Invalid:
		return status(exitNo)
	}
	return status(exitIndeterminate)
}

// open is the copy with its name, and the keys.
func (f *verifyFlags) open(a *app, args []string) (name string, fsys fs.FS, keys []digest.PublicKey, err error) {
	if len(args) == 0 {
		noteSample(a)
		file, err := examples.Trail().Open("public-keys.json")
		if err != nil {
			return "", nil, nil, err
		}
		defer file.Close()
		keys, err = digest.ReadKeys(file)
		return "the sample logs", examples.Trail(), keys, err
	}
	if keys, err = f.readKeys(); err != nil {
		return "", nil, nil, err
	}
	info, err := os.Stat(args[0])
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s: not a directory", args[0])
	}
	return filepath.ToSlash(filepath.Clean(args[0])), os.DirFS(args[0]), keys, err
}

func (f *verifyFlags) check(cmd *cobra.Command, args []string) (err error) {
	if err := checkOutputs(cmd, f.output, verifyFormats...); err != nil {
		return err
	}
	if len(f.keys) == 0 && len(args) > 0 {
		return usageError{cmd, errors.New("no --keys; want the output of aws cloudtrail list-public-keys")}
	}
	if f.top < 0 {
		return usageError{cmd, fmt.Errorf("--top %d; want 0 or more", f.top)}
	}
	if f.options.Relocated && f.options.Prefix != "" {
		return usageError{cmd, errors.New("--prefix and --relocated; want one of them")}
	}
	f.options.From, f.options.To, err = period(cmd, "from", f.from, "to", f.to)
	return err
}

func (f *verifyFlags) readKeys() ([]digest.PublicKey, error) {
	var keys []digest.PublicKey
	for _, arg := range f.keys {
		region, name, ok := strings.Cut(arg, "=")
		if _, err := os.Stat(arg); err == nil || !ok {
			region, name = "", arg
		}
		list, err := verifyRead(name, digest.ReadKeys)
		if err != nil {
			return nil, err
		}
		for _, k := range list {
			k.Region = region
			keys = append(keys, k)
		}
	}
	return keys, nil
}
