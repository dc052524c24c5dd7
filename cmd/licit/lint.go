package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/internal/levenshtein"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/lint"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A linter has the rules; tests bring their own.
type linter interface {
	check(src []byte, k policy.Kind, resourceType string, when asOf) []lint.Finding
	organization(o *org.Organization, when asOf) []orglint.Finding
	codes() []lint.Code
}

// rulesOfLint is package lint, and package orglint, with some service facts.
type rulesOfLint struct{ ref *serviceref.Reference }

// at is the reference as of the day of the check, if one was given.
func (r rulesOfLint) at(when asOf) *serviceref.Reference {
	if when.given {
		return r.ref.AsOf(when.now)
	}
	return r.ref
}

func (r rulesOfLint) check(src []byte, k policy.Kind, resourceType string, when asOf) []lint.Finding {
	opts := []lint.Option{lint.WithReference(r.at(when)), lint.WithDate(when.now)}
	if resourceType != "" && (k == policy.ResourceBased || k == policy.IdentityBased) {
		opts = append(opts, lint.WithResourceType(resourceType))
	}
	return lint.Source("", src, k, opts...)
}

func (r rulesOfLint) organization(o *org.Organization, when asOf) []orglint.Finding {
	return orglint.Organization(o, orglint.WithReference(r.at(when)), orglint.WithDate(when.now))
}

// codes are those of both packages, sorted; one that both have stands there once.
func (rulesOfLint) codes() []lint.Code {
	list := slices.Concat(lint.Codes(), orglint.Codes())
	slices.SortStableFunc(list, func(a, b lint.Code) int { return cmp.Compare(a.Code, b.Code) })
	return slices.CompactFunc(list, func(a, b lint.Code) bool { return a.Code == b.Code })
}

// An asOf is the time of a check: that of --as-of, and otherwise now. Only a given day
// changes what is known of AWS; a clock may be wrong.
type asOf struct {
	now   time.Time
	given bool
}

// The inline policy of a permission set is an identity policy with a size of its own.
const (
	permissionSetKind = "permission-set"
	permissionSetType = "AWS::SSO::PermissionSet"
)

// inlineTypes are the resource types that have inline identity policies.
var inlineTypes = []string{"AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", permissionSetType}

// kindWords and severityWords are the values of --kind and --fail-on.
var (
	kindWords     = []string{"identity", "resource", "trust", "boundary", "session", "scp", "rcp", "endpoint", permissionSetKind}
	severityWords = []string{"error", "security_warning", "warning", "suggestion"}
	severities    = []lint.FindingType{lint.Error, lint.SecurityWarning, lint.Warning, lint.Suggestion}
	lintFormats   = []string{"text", "json", "sarif", "github"}
)

// A linting is one run of lint: its flags, and what it found.
type linting struct {
	kind, resourceType, failOn, config, output, day string
	ignore                                          []string
	list, fix, diff, quiet                          bool
	when                                            asOf

	targets    []*target // documents
	places     []*target // documents, and the files of snapshots before their documents
	snapshots  []*snapshot
	findings   []finding // in the order of places, then of their sources
	suppressed []finding
	configs    configs
	fixes      int
}

func (a *app) lintCommand() *cobra.Command {
	var l linting
	cmd := &cobra.Command{
		Use:   "lint FILE|DIR|-…",
		Short: "Find what is wrong, risky or needless in policy documents",
		Long: `Lint checks policy documents: what AWS refuses, what never works, what allows more than is
rarely meant, and what could be simpler. Codes and types of findings are those of IAM
Access Analyzer where it has them; licit lint --list names all.

The kind of a policy decides which rules apply. Without --kind it is guessed, and said on
standard error: a Principal makes a resource policy, or a trust policy if there are only
sts:AssumeRole actions and no Resource; all else is an identity policy. In a directory that
holds a snapshot (org.json) the kind is that of the place where the document is attached,
AWS's own managed policies are left out, and the organization is checked as a whole: control
policies that lack an Allow or limit nothing, quotas, principals of strangers or that do not
exist. In any other directory all .json files that
have a Statement are checked, and snapshots below it.

A file may be what the AWS CLI has printed: of iam get-policy-version, get-role,
get-role-policy and its like, organizations describe-policy, s3api get-bucket-policy, kms
get-key-policy, sqs get-queue-attributes and others. The document in it is checked, as the
kind that it is there.

Findings are suppressed, with a reason, in the .licit.yaml nearest upward from the file:

  lint:
    ignore:
      - code: RESOURCE_STAR
        path: policies/admin.json     # optional: files, from the directory of .licit.yaml;
                                      # * and ? stay within a name, ** does not
        statement: ReadAll            # optional: Sid
        reason: break-glass role, reviewed

--fix applies the fixes that are certain, and no others; --fix --diff prints them instead.

Columns count characters, from 1, in all formats; the fixes of -o json count bytes.

Exit codes: 0 nothing as bad as --fail-on, 1 findings at least as bad, 2 usage or input
error. With --fix, what has been fixed does not count; with --diff it does.`,
		Example: `  licit lint policies/
  licit lint --kind scp --fail-on warning guardrails.json
  licit lint ./snapshot -o sarif > licit.sarif
  licit lint --fix --diff policies/deploy.json
  licit lint --list`,
		ValidArgsFunction: cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := l.checkFlags(a, cmd, args); err != nil {
				return err
			}
			if l.list {
				return a.writeCodes(l.output)
			}
			return l.run(a, cmd, args)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&l.kind, "kind", "", "`KIND` of the policies: "+oneOf(kindWords)+" (default: guessed)")
	fl.StringVar(&l.resourceType, "resource-type", "", "what the policy is attached to, a CloudFormation `TYPE` such as AWS::S3::Bucket or, with an inline policy, AWS::IAM::Role")
	fl.StringVar(&l.day, "as-of", "", "check as of this `DATE`, such as 2026-06-01 (default: today, with the newest facts)")
	fl.StringVar(&l.failOn, "fail-on", "error", "exit 1 for findings of this `TYPE` or worse: "+oneOf(severityWords))
	fl.StringArrayVar(&l.ignore, "ignore", nil, "leave out findings of this `CODE` (repeatable)")
	fl.StringVar(&l.config, "config", "", "suppressions `FILE` (default: the nearest .licit.yaml upward from each policy)")
	fl.BoolVar(&l.fix, "fix", false, "apply the fixes that are certain")
	fl.BoolVar(&l.diff, "diff", false, "with --fix: print what it would change and change nothing")
	a.takesFacts(cmd)
	fl.BoolVar(&l.list, "list", false, "list all codes with type and title")
	fl.BoolVar(&l.quiet, "quiet", false, "no guesses and no summary on standard error")
	fl.StringVarP(&l.output, "output", "o", "text", "`FORMAT` of the output: "+oneOf(lintFormats))
	fl.SortFlags = false
	fixed := func(flag string, words []string) {
		must(cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)))
	}
	fixed("kind", kindWords)
	fixed("fail-on", severityWords)
	fixed("output", lintFormats)
	must(cmd.RegisterFlagCompletionFunc("ignore", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return matching(a.codeNames(), typed), cobra.ShellCompDirectiveNoFileComp
	}))
	must(cmd.RegisterFlagCompletionFunc("resource-type", cobra.NoFileCompletions))
	must(cmd.RegisterFlagCompletionFunc("as-of", cobra.NoFileCompletions))
	must(cmd.MarkFlagFilename("config", "yaml", "yml"))
	return cmd
}

// checkFlags reports everything that is wrong with the command line as one error.
func (l *linting) checkFlags(a *app, cmd *cobra.Command, args []string) error {
	var errs []error
	usage := func(format string, args ...any) { errs = append(errs, usageError{cmd, fmt.Errorf(format, args...)}) }
	among := func(flag, value string, words []string) {
		if !slices.Contains(words, value) {
			usage("--%s %q: want %s", flag, value, oneOf(words))
		}
	}
	among("output", l.output, lintFormats)
	among("fail-on", l.failOn, severityWords)
	if cmd.Flags().Changed("kind") {
		among("kind", l.kind, kindWords)
	}
	if cmd.Flags().Changed("resource-type") && !isResourceType(l.resourceType) {
		usage("--resource-type %q: want a CloudFormation type such as AWS::S3::Bucket", l.resourceType)
	}
	if err := l.settleKind(); err != nil {
		usage("%w", err)
	}
	l.when = asOf{now: time.Now(), given: cmd.Flags().Changed("as-of")}
	if l.when.given {
		day, err := time.Parse(time.DateOnly, l.day)
		if err != nil {
			usage("--as-of %q: want a date such as 2026-06-01", l.day)
		}
		l.when.now = day
	}
	if cmd.Flags().Changed("config") && l.config == "" {
		usage("--config: empty file name; want a file such as %s", configName)
	}
	for _, code := range l.ignore {
		if err := a.checkCode(code); err != nil {
			usage("--ignore %w", err)
		}
	}
	switch {
	case l.diff && !l.fix:
		usage("--diff goes with --fix")
	case l.diff && l.output != "text":
		usage("--diff prints a diff; drop -o %s", l.output)
	case l.fix && !l.diff && slices.Contains(args, "-"):
		usage("--fix cannot change standard input; add --diff to print what it would change")
	}
	switch {
	case l.list && len(args) > 0:
		usage("unexpected argument %q; --list takes none", args[0])
	case l.list && l.output != "text" && l.output != "json":
		usage("--list -o %s: want text or json", l.output)
	case !l.list && len(args) == 0:
		usage("no file; want policy documents, directories, or - for standard input")
	}
	return errors.Join(errs...)
}

// settleKind says which kind goes with a resource type, and the other way round.
func (l *linting) settleKind() error {
	inline := slices.Contains(inlineTypes, l.resourceType)
	switch {
	case l.kind == permissionSetKind && (l.resourceType == "" || l.resourceType == permissionSetType):
		l.kind, l.resourceType = policy.IdentityBased.String(), permissionSetType
	case l.kind == "" && inline:
		l.kind = policy.IdentityBased.String()
	case l.resourceType == "" || l.kind == "" || l.kind == policy.ResourceBased.String() && !inline || l.kind == policy.IdentityBased.String() && inline:
	case inline:
		return fmt.Errorf("--resource-type %s goes with --kind identity, not %s", l.resourceType, l.kind)
	default:
		return fmt.Errorf("--resource-type %s goes with --kind resource, not %s", l.resourceType, l.kind)
	}
	return nil
}

func isResourceType(s string) bool {
	parts := strings.Split(s, "::")
	return len(parts) == 3 && parts[0] == "AWS" && parts[1] != "" && parts[2] != ""
}

func (a *app) codeNames() []string {
	var out []string
	for _, c := range a.linter.codes() {
		out = append(out, c.Code)
	}
	return out
}

// checkCode reports a code that no rule has, and which may have been meant.
func (a *app) checkCode(code string) error {
	names := a.codeNames()
	if slices.Contains(names, code) {
		return nil
	}
	return fmt.Errorf("%q: no such code%s; licit lint --list names all", code, didYouMean(closest(code, names, 3)))
}

// closest are up to n of the words that differ least from the one given, of those that
// differ little enough to have been meant.
func closest(given string, words []string, n int) []string {
	type candidate struct {
		text  string
		score int
	}
	var found []candidate
	for _, w := range words {
		if score := levenshtein.Distance(strings.ToLower(given), strings.ToLower(w)); score <= max(1, len(given)/4) {
			found = append(found, candidate{w, score})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.text, b.text))
	})
	var out []string
	for _, c := range found[:min(n, len(found))] {
		if c.score <= found[0].score+1 {
			out = append(out, c.text)
		}
	}
	return out
}

func (l *linting) run(a *app, cmd *cobra.Command, args []string) error {
	var broken error // what could not be read; everything else is checked all the same
	if broken = l.gather(a, cmd, args); len(l.places) == 0 {
		return broken
	}
	if err := l.configs.load(a, l.config, l.places); err != nil {
		return errors.Join(broken, err)
	}
	for _, t := range l.targets {
		if t.guessed && !l.quiet {
			a.note("%s: taken as %s; --kind says otherwise", printable(t.file.name), kindPhrases[t.kinds[0]])
		}
		if l.fix {
			if err := l.fixTarget(a, t); err != nil {
				broken = errors.Join(broken, err)
			}
		}
	}
	if l.fix {
		broken = errors.Join(broken, l.finishFixes(a))
	}
	for _, s := range l.snapshots {
		if err := s.lint(a, l.when, l.fixes > 0 && !l.diff); err != nil {
			return errors.Join(broken, err)
		}
	}
	for _, t := range l.places {
		l.lint(a, t)
	}
	unused := l.configs.unused(args, broken == nil, l.ignore)
	if err := l.write(a, unused); err != nil {
		return err
	}
	for _, s := range unused {
		a.note("%s: not needed any more: it suppresses nothing; remove it", printable(s.String()))
	}
	if !l.quiet {
		fmt.Fprintln(a.stderr, l.summary())
	}
	if broken != nil {
		return broken
	}
	worst := severities[slices.Index(severityWords, l.failOn)]
	if slices.ContainsFunc(l.findings, func(f finding) bool { return f.Type.AtLeast(worst) }) {
		return status(exitNo)
	}
	return nil
}

// A finding is one of package lint or orglint, with its place in the file.
type finding struct {
	lint.Finding
	target  *target
	kind    policy.Kind // 0: it is about no document
	subject string      // what it is about in a snapshot, see orglint.Finding
	reason  string      // why it is suppressed; "" if it is not
}

// check is what the rules say of a source, without what --ignore leaves out. A document
// with several kinds has each finding once.
func (l *linting) check(a *app, t *target, src []byte) []finding {
	type once struct {
		code, path, message string
		offset              int
	}
	seen := map[once]bool{}
	var out []finding
	for _, k := range t.kinds {
		for _, f := range a.linter.check(src, k, t.resourceType, l.when) {
			o := once{f.Code, f.Path, f.Message, f.Position.Offset}
			if seen[o] || slices.Contains(l.ignore, f.Code) {
				continue
			}
			seen[o] = true
			if t.inString {
				f.Fix = nil
			}
			out = append(out, finding{Finding: f, target: t, kind: k})
		}
	}
	slices.SortStableFunc(out, func(a, b finding) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	return out
}

// lint adds the findings of a document, or of a snapshot's file, to the run's.
func (l *linting) lint(a *app, t *target) {
	l.configs.reach(t)
	list := t.given
	if t.snapshot == nil {
		list = l.check(a, t, t.src)
	}
	for _, f := range list {
		if slices.Contains(l.ignore, f.Code) {
			continue
		}
		f.File = t.file.name
		f.Position, f.End = t.position(f.Position.Offset), t.position(f.End.Offset)
		if f.Fix != nil {
			f.Fix = &lint.Fix{Start: f.Fix.Start + t.base, End: f.Fix.End + t.base, Text: f.Fix.Text}
		}
		if s := l.configs.suppress(f, t.src); s != nil {
			f.reason = s.reason
			l.suppressed = append(l.suppressed, f)
			continue
		}
		l.findings = append(l.findings, f)
	}
}

func (l *linting) write(a *app, unused []*suppression) error {
	switch {
	case l.diff:
		return l.writeDiff(a.stdout)
	case l.output == "json":
		return writeJSON(a.stdout, l.json(a, unused))
	case l.output == "sarif":
		return l.writeSARIF(a)
	case l.output == "github":
		_, err := io.WriteString(a.stdout, l.workflowCommands())
		return err
	}
	_, err := io.WriteString(a.stdout, l.text(a.style))
	return err
}

// counts are the numbers of findings, in the order of severities.
func (l *linting) counts() [4]int {
	var n [4]int
	for _, f := range l.findings {
		if i := slices.Index(severities, f.Type); i >= 0 {
			n[i]++
		}
	}
	return n
}

func (l *linting) summary() string {
	var parts []string
	for i, n := range l.counts() {
		if n > 0 {
			parts = append(parts, plural(n, []string{"error", "security warning", "warning", "suggestion"}[i]))
		}
	}
	s := "nothing found"
	if len(parts) > 0 {
		s = strings.Join(parts, ", ")
	}
	if n := len(l.suppressed); n > 0 {
		s += fmt.Sprintf("; %d suppressed", n)
	}
	if n := l.fixes; n > 0 && !l.diff {
		s += fmt.Sprintf("; %d fixed", n)
	}
	documents := "1 policy"
	if n := len(l.targets); n != 1 {
		documents = fmt.Sprintf("%d policies", n)
	}
	return documents + ": " + s
}

// oneOf lists words of which one is wanted: "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func slashed(name string) string { return filepath.ToSlash(filepath.Clean(name)) }
