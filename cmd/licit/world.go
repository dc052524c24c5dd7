package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/examples"
	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// worldFlags say in which world a request is decided: a snapshot, policy files one by
// one, or the sample organization.
type worldFlags struct {
	snapshot        string
	identity        []string
	boundary        string
	scps, rcps      []string // one entry per level, comma separated
	resourcePolicy  string
	resourceAccount string
	sessionPolicies []string
	sessionTags     []string
	strict          bool
	stdinUsed       bool
}

func (f *worldFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	f.registerSnapshot(cmd)
	fl.StringArrayVar(&f.identity, "identity-policy", nil, "identity policy `FILE` of the principal (repeatable; - is stdin)")
	fl.StringVar(&f.boundary, "boundary", "", "permissions boundary `FILE` of the principal")
	fl.StringArrayVar(&f.scps, "scp", nil, "SCP `FILE`s of one level, comma separated; repeat for each level, root first")
	fl.StringArrayVar(&f.rcps, "rcp", nil, "RCP `FILE`s of one level, likewise")
	fl.StringVar(&f.resourcePolicy, "resource-policy", "", "policy `FILE` of the resource: bucket, queue, key, trust policy, …")
	fl.StringVar(&f.resourceAccount, "resource-account", "", "`ID` of the account that owns the resource (default: the ARN's, else the principal's)")
	fl.StringArrayVar(&f.sessionPolicies, "session-policy", nil, "session policy `FILE` (repeatable; with files or a snapshot)")
	fl.StringArrayVar(&f.sessionTags, "session-tag", nil, "session tag `KEY=VALUE` (repeatable; with files or a snapshot); there may be others, unless --strict or --context says that one is absent")
	for _, name := range []string{"identity-policy", "boundary", "session-policy", "scp", "rcp", "resource-policy"} {
		must(cmd.MarkFlagFilename(name, "json"))
	}
}

// registerSnapshot registers the flags of a world that is an organization.
func (f *worldFlags) registerSnapshot(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.snapshot, "snapshot", "", "snapshot `DIR` of an organization (org.json and the files it names)")
	must(cmd.MarkFlagDirname("snapshot"))
	cmd.Flags().BoolVar(&f.strict, "strict", false, "take every condition key that is not given as absent, as AWS's simulator does")
}

// byFile lists the flags given that describe a world file by file. Session policies and
// tags are not among them: they go with every world.
func (f *worldFlags) byFile(cmd *cobra.Command) []string {
	var out []string
	for _, name := range []string{"identity-policy", "boundary", "scp", "rcp", "resource-policy", "resource-account"} {
		if cmd.Flags().Changed(name) {
			out = append(out, "--"+name)
		}
	}
	return out
}

// A world is an environment, and how to speak of it.
type world struct{ wording.World }

// worldOf is a world that has no organization yet.
func worldOf(name, prefix string) *world {
	return &world{World: wording.World{Name: name, Prefix: prefix, GiveKey: "--context ", Strict: "--strict"}}
}

// sampleName is the sample organization that answers when nothing else was named.
const sampleName = "fintech"

// load makes the world that the flags describe.
func (f *worldFlags) load(a *app, cmd *cobra.Command) (*world, error) {
	files := f.byFile(cmd)
	opts := []simulate.Option{simulate.WithReference(a.ref)}
	if f.strict {
		opts = append(opts, simulate.WithStrictKeys())
	}
	switch {
	case cmd.Flags().Changed("snapshot") && len(files) > 0:
		return nil, usageError{cmd, fmt.Errorf("--snapshot and %s exclude each other; drop --snapshot to give all policies file by file, or %s to take them from the snapshot", strings.Join(files, ", "), strings.Join(files, ", "))}
	case len(files) > 0:
		return f.layers(a, cmd, opts)
	}
	w := worldOf("the snapshot", f.snapshot)
	var err error
	if cmd.Flags().Changed("snapshot") {
		w.Org, err = readSnapshot(f.snapshot)
	} else {
		a.note("using the embedded sample organization %q; name your own with --snapshot DIR", sampleName)
		w.Name, w.Prefix = "the sample organization", sampleName
		w.Org, err = readSample()
	}
	if err != nil {
		return nil, err
	}
	w.Env, err = simulate.Compile(w.Org, opts...)
	return w, err
}

// readSnapshot reads a snapshot directory.
func readSnapshot(dir string) (*org.Organization, error) {
	info, err := os.Stat(dir)
	switch {
	case dir == "":
		return nil, errors.New("--snapshot: empty; want the directory that holds org.json")
	case err != nil:
		return nil, fmt.Errorf("snapshot %q: %w; want the directory that holds org.json", dir, plainPathError(err))
	case !info.IsDir():
		return nil, fmt.Errorf("snapshot %q: is a file; want the directory that holds org.json, such as %q", dir, filepath.Dir(dir))
	}
	if err := unfinished(dir); err != nil {
		return nil, err
	}
	o, err := org.ReadFS(os.DirFS(dir))
	if err != nil {
		return nil, inDirectory(filepath.ToSlash(dir), err)
	}
	return o, nil
}

// unfinished is the error that a snapshot was being written into a directory, and was not
// finished: what is there, or further up, must not be taken for it.
func unfinished(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // whoever reads it says so
	}
	half := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".licit-snapshot-") })
	if half && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "org.json" }) {
		return fmt.Errorf("snapshot %q: the writing of it was interrupted; write it again", dir)
	}
	return nil
}

func readSample() (*org.Organization, error) {
	o, err := org.ReadFS(examples.Fintech())
	if err != nil {
		return nil, inDirectory(sampleName, err)
	}
	return o, nil
}

// layers makes a world of policies given file by file.
func (f *worldFlags) layers(a *app, cmd *cobra.Command, opts []simulate.Option) (*world, error) {
	var l simulate.Layers
	var errs []error
	read := func(k policy.Kind, flag, file string) *policy.Document {
		d, err := f.document(a, k, flag, file)
		if err != nil {
			errs = append(errs, err)
		}
		return d
	}
	for _, file := range f.identity {
		l.Identity = append(l.Identity, read(policy.IdentityBased, "identity-policy", file))
	}
	if cmd.Flags().Changed("boundary") {
		l.Boundary = []*policy.Document{read(policy.PermissionsBoundary, "boundary", f.boundary)}
	}
	levels := func(k policy.Kind, flag string, given []string) (out [][]*policy.Document) {
		for _, level := range given {
			var docs []*policy.Document
			for file := range strings.SplitSeq(level, ",") {
				docs = append(docs, read(k, flag, file))
			}
			out = append(out, docs)
		}
		return out
	}
	l.ServiceControl = levels(policy.ServiceControl, "scp", f.scps)
	l.ResourceControl = levels(policy.ResourceControl, "rcp", f.rcps)
	if cmd.Flags().Changed("resource-policy") {
		l.Resource = read(policy.ResourceBased, "resource-policy", f.resourcePolicy)
	}
	if l.ResourceAccount = f.resourceAccount; cmd.Flags().Changed("resource-account") && !policy.IsAccountID(f.resourceAccount) {
		errs = append(errs, usageError{cmd, fmt.Errorf("--resource-account %q: want an account ID of twelve digits", f.resourceAccount)})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	env, err := simulate.CompileLayers(l, opts...)
	w := worldOf("the given policies", "")
	w.Env = env
	return w, err
}

// document reads one policy and checks that it can be what the flag says.
func (f *worldFlags) document(a *app, k policy.Kind, flag, file string) (*policy.Document, error) {
	if file == "" {
		return nil, fmt.Errorf("--%s: empty file name; want the path of a policy document", flag)
	}
	name := file
	var r io.Reader
	switch file {
	case "-":
		if f.stdinUsed {
			return nil, fmt.Errorf("--%s -: standard input was read already; give only one document as -", flag)
		}
		f.stdinUsed = true
		name, r = "stdin", a.stdin
	default:
		in, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("--%s %q: %w", flag, file, plainPathError(err))
		}
		defer in.Close()
		r = in
	}
	src, err := io.ReadAll(io.LimitReader(r, policy.MaxSource+1))
	name = filepath.ToSlash(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--%s %q: %w", flag, file, plainPathError(err))
	case len(src) > policy.MaxSource:
		return nil, fmt.Errorf("%s:1:1: more than %d bytes; AWS stores no larger policy", name, policy.MaxSource)
	}
	d, err := policy.ParseAt(name, policy.Position{}, src)
	if err != nil {
		return nil, err
	}
	if err := d.CheckKind(k); err != nil {
		return nil, err
	}
	return d, nil
}

// session compiles what the session brings; nil if the flags say nothing about it.
func (f *worldFlags) session(a *app, cmd *cobra.Command) (*simulate.Session, error) {
	if len(f.sessionPolicies) == 0 && len(f.sessionTags) == 0 {
		return nil, nil
	}
	spec := simulate.SessionSpec{OtherTags: true} // nobody knows that these are all
	var errs []error
	for _, file := range f.sessionPolicies {
		d, err := f.document(a, policy.SessionPolicy, "session-policy", file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		spec.Policies = append(spec.Policies, d)
	}
	spec.Tags = map[string]string{}
	for _, tag := range f.sessionTags {
		k, v, ok := strings.Cut(tag, "=")
		switch given, twice := spec.Tags[k]; {
		case !ok || k == "":
			errs = append(errs, usageError{cmd, fmt.Errorf("--session-tag %q: want KEY=VALUE, such as team=payments", tag)})
		case twice:
			errs = append(errs, usageError{cmd, fmt.Errorf("--session-tag %s: given twice, as %q and %q; a tag has one value", k, given, v)})
		default:
			spec.Tags[k] = v
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return simulate.NewSession(spec)
}

// plainPathError drops the operation and the path, which the caller says better.
func plainPathError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func must(err error) {
	if err != nil {
		panic("licit: " + err.Error())
	}
}
