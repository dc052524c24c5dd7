package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A sourceFile is a file with policy documents in it.
type sourceFile struct {
	name    string // as the user would open it; "stdin"
	disk    string // where it is; "" for standard input
	content []byte
	changed []byte // what --fix makes of it; nil: nothing
	lines   []int  // offsets at which lines begin
}

func (f *sourceFile) set(content []byte) {
	f.content, f.lines = content, []int{0}
	for i, c := range content {
		if c == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
}

// line is the text of a line, counted from 1, without its end.
func (f *sourceFile) line(n int) []byte {
	if n < 1 || n > len(f.lines) {
		return nil
	}
	end := len(f.content)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return bytes.TrimSuffix(f.content[f.lines[n-1]:end], []byte("\r"))
}

// column is the place's column in characters, from 1.
func (f *sourceFile) column(at policy.Position) int {
	return utf8.RuneCount(f.content[at.Offset-at.Column+1:at.Offset]) + 1
}

// A target is one document that is checked.
type target struct {
	file         *sourceFile
	base         int      // where the document begins in the file
	src          []byte   // the document
	fixed        []byte   // what --fix makes of it; nil: nothing
	said         []string // a line about each fix
	kinds        []policy.Kind
	guessed      bool
	resourceType string
	config       *configFile // nil: none
}

// position is the place in the file of an offset in the document.
func (t *target) position(offset int) policy.Position {
	offset += t.base
	line := sort.SearchInts(t.file.lines, offset+1)
	return policy.Position{Offset: offset, Line: line, Column: offset - t.file.lines[line-1] + 1}
}

// A gatherer finds the documents that the arguments name.
type gatherer struct {
	l       *linting
	a       *app
	cmd     *cobra.Command
	targets []*target
	seen    map[string]bool // files, as cleaned
}

// gather reads all documents. What cannot be read is in the error, and all else in the
// targets.
func (l *linting) gather(a *app, cmd *cobra.Command, args []string) ([]*target, error) {
	g := gatherer{l: l, a: a, cmd: cmd, seen: map[string]bool{}}
	var errs []error
	for _, arg := range args {
		if err := g.argument(arg); err != nil {
			errs = append(errs, err)
		}
	}
	return g.targets, errors.Join(errs...)
}

func (g *gatherer) argument(arg string) error {
	switch arg {
	case "":
		return errors.New("empty file name; want the path of a policy document or a directory")
	case "-":
		return g.stdin()
	}
	info, err := os.Stat(arg)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", slashed(arg), plainPathError(err))
	case !info.IsDir():
		return g.single(arg)
	}
	if _, err := os.Stat(filepath.Join(arg, "org.json")); err == nil {
		return g.snapshot(arg)
	}
	return g.directory(arg)
}

func (g *gatherer) stdin() error {
	if g.seen["-"] {
		return errors.New("-: standard input was read already; give - only once")
	}
	g.seen["-"] = true
	src, err := io.ReadAll(io.LimitReader(g.a.stdin, policy.MaxSource+1))
	switch {
	case err != nil:
		return fmt.Errorf("stdin: %w", plainPathError(err))
	case len(src) > policy.MaxSource:
		return tooLarge("stdin")
	}
	g.whole("stdin", "", src)
	return nil
}

func tooLarge(name string) error {
	return fmt.Errorf("%s:1:1: more than %d bytes; AWS stores no larger policy", name, policy.MaxSource)
}

// first reports whether the file has not been read yet.
func (g *gatherer) first(name string) bool {
	name = filepath.Clean(name)
	defer func() { g.seen[name] = true }()
	return !g.seen[name]
}

func (g *gatherer) single(name string) error {
	if !g.first(name) {
		return nil
	}
	in, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%s: %w", slashed(name), plainPathError(err))
	}
	defer in.Close()
	src, err := io.ReadAll(io.LimitReader(in, policy.MaxSource+1))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", slashed(name), plainPathError(err))
	case len(src) > policy.MaxSource:
		return tooLarge(slashed(name))
	}
	g.whole(slashed(name), name, src)
	return nil
}

// whole adds a file that is one document.
func (g *gatherer) whole(name, disk string, src []byte) {
	t := &target{file: &sourceFile{name: name, disk: disk}, src: src, resourceType: g.l.resourceType}
	t.file.set(src)
	switch {
	case g.l.kind != "":
		k, err := policy.ParseKind(g.l.kind)
		must(err)
		t.kinds = []policy.Kind{k}
	case g.l.resourceType != "":
		t.kinds = []policy.Kind{policy.ResourceBased}
	default:
		t.kinds, t.guessed = []policy.Kind{guessKind(src)}, true
	}
	g.targets = append(g.targets, t)
}

// directory adds the policy documents in and below a directory. Hidden directories and
// node_modules are passed over.
func (g *gatherer) directory(dir string) error {
	found, others := 0, 0
	var errs []error
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		switch hidden := strings.HasPrefix(e.Name(), ".") && len(e.Name()) > 2; {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", slashed(name), plainPathError(err)))
			return nil
		case e.IsDir() && name != dir && (hidden || e.Name() == "node_modules"):
			return fs.SkipDir
		case e.IsDir() || hidden || !strings.EqualFold(filepath.Ext(name), ".json"):
			return nil
		}
		info, err := os.Stat(name) // a link counts as what it leads to
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", slashed(name), plainPathError(err)))
			return nil
		case !info.Mode().IsRegular() || info.Size() > policy.MaxSource:
			others++
			return nil
		}
		src, err := os.ReadFile(name)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", slashed(name), plainPathError(err)))
		case !looksLikePolicy(src):
			others++
		default:
			if found++; g.first(name) {
				g.whole(slashed(name), name, src)
			}
		}
		return nil
	})
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", slashed(dir), plainPathError(err)))
	}
	switch {
	case found == 0 && len(errs) == 0:
		errs = append(errs, fmt.Errorf("%s: no policy documents; want .json files with a Statement, or a snapshot with org.json", slashed(dir)))
	case others > 0 && !g.l.quiet:
		g.a.note("%s: %s without a Statement left out", printable(slashed(dir)), plural(others, "JSON file"))
	}
	return errors.Join(errs...)
}

// looksLikePolicy reports whether a file of a directory is meant as a policy document.
func looksLikePolicy(src []byte) bool {
	if !json.Valid(src) {
		return bytes.Contains(src, []byte(`"Statement"`))
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(src, &members) != nil {
		return false
	}
	_, ok := members["Statement"]
	return ok
}

// snapshot adds the documents of a snapshot, each with the kinds that its places give it.
func (g *gatherer) snapshot(dir string) error {
	if g.l.kind != "" || g.l.resourceType != "" {
		return usageError{g.cmd, fmt.Errorf("%s is a snapshot, which says itself what its policies are attached to; drop --kind and --resource-type", slashed(dir))}
	}
	o, err := readSnapshot(dir)
	if err != nil {
		return err
	}
	s := snapshotDocuments{dir: dir, files: map[string]*sourceFile{}, found: map[place]*target{}}
	s.collect(o.Spec())
	if s.left > 0 && !g.l.quiet {
		g.a.note("%s: %s of AWS left out", printable(slashed(dir)), strings.Replace(plural(s.left, "policy"), "policys", "policies", 1))
	}
	var targets []*target
	for _, t := range s.found {
		if g.first(filepath.Join(t.file.disk, strconv.Itoa(t.base))) {
			slices.Sort(t.kinds)
			t.kinds = slices.Compact(t.kinds)
			targets = append(targets, t)
		}
	}
	slices.SortFunc(targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.file.name, b.file.name), cmp.Compare(a.base, b.base))
	})
	g.targets = append(g.targets, targets...)
	return errors.Join(s.errs...)
}

// A place is where a document stands.
type place struct {
	file   string
	offset int
}

type snapshotDocuments struct {
	dir   string
	files map[string]*sourceFile
	found map[place]*target
	left  int // policies of AWS
	errs  []error
}

func (s *snapshotDocuments) collect(spec org.Spec) {
	for _, p := range spec.ControlPolicies {
		if strings.HasSuffix(p.ID, "FullAWSAccess") {
			s.left++
			continue
		}
		s.add(p.Document, p.Kind, "")
	}
	inline := func(list []org.InlinePolicy) {
		for _, p := range list {
			s.add(p.Document, policy.IdentityBased, "")
		}
	}
	attached, boundaries := map[policy.ARN]bool{}, map[policy.ARN]bool{}
	attach := func(list []policy.ARN, boundary policy.ARN) {
		for _, arn := range list {
			attached[arn] = true
		}
		boundaries[boundary] = true
	}
	for i := range spec.Accounts {
		a := &spec.Accounts[i]
		for j := range a.Users {
			inline(a.Users[j].Inline)
			attach(a.Users[j].Attached, a.Users[j].Boundary)
		}
		for j := range a.Groups {
			inline(a.Groups[j].Inline)
			attach(a.Groups[j].Attached, policy.ARN{})
		}
		for j := range a.Roles {
			s.add(a.Roles[j].Trust, policy.RoleTrust, "")
			inline(a.Roles[j].Inline)
			attach(a.Roles[j].Attached, a.Roles[j].Boundary)
		}
		for j := range a.Resources {
			s.add(a.Resources[j].Policy, policy.ResourceBased, resourceTypeOf(a.Resources[j].ARN))
		}
		for j := range a.Endpoints {
			s.add(a.Endpoints[j].Policy, policy.VPCEndpoint, "")
		}
	}
	ofAWS := map[policy.ARN]bool{}
	for i := range spec.Accounts {
		for _, p := range spec.Accounts[i].Policies {
			if p.ARN.AccountID() == "aws" {
				ofAWS[p.ARN] = true
				continue
			}
			if boundaries[p.ARN] {
				s.add(p.Document, policy.PermissionsBoundary, "")
			}
			if attached[p.ARN] || !boundaries[p.ARN] {
				s.add(p.Document, policy.IdentityBased, "")
			}
		}
	}
	s.left += len(ofAWS)
}

// add adds a document as a kind. One that comes from no file is AWS's.
func (s *snapshotDocuments) add(d *policy.Document, k policy.Kind, resourceType string) {
	if d == nil || d.File() == "" {
		return
	}
	at, _ := d.Position("")
	src := d.Source()
	base := at.Offset - (len(src) - len(bytes.TrimLeft(src, " \t\r\n")))
	key := place{d.File(), base}
	if t := s.found[key]; t != nil {
		t.kinds = append(t.kinds, k)
		if t.resourceType != resourceType {
			t.resourceType = "" // one file, several resources
		}
		return
	}
	f := s.file(d.File())
	if f == nil {
		return
	}
	if base < 0 || base+len(src) > len(f.content) || !bytes.Equal(f.content[base:base+len(src)], src) {
		s.errs = append(s.errs, fmt.Errorf("%s:%s: changed while it was read; try again", f.name, at))
		return
	}
	s.found[key] = &target{file: f, base: base, src: src, kinds: []policy.Kind{k}, resourceType: resourceType}
}

func (s *snapshotDocuments) file(name string) *sourceFile {
	if f, ok := s.files[name]; ok {
		return f
	}
	f := &sourceFile{name: path.Join(slashed(s.dir), name), disk: filepath.Join(s.dir, filepath.FromSlash(name))}
	content, err := os.ReadFile(f.disk)
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", f.name, plainPathError(err)))
		f = nil
	} else {
		f.set(content)
	}
	s.files[name] = f
	return f
}

// resourceTypeOf is what CloudFormation calls a resource with a policy; "" for others.
func resourceTypeOf(a policy.ARN) string {
	kind, _, _ := strings.Cut(a.Resource(), ":")
	kind, _, _ = strings.Cut(kind, "/")
	switch a.Service() {
	case "s3":
		return "AWS::S3::Bucket"
	case "sqs":
		return "AWS::SQS::Queue"
	case "sns":
		return "AWS::SNS::Topic"
	case "secretsmanager":
		return "AWS::SecretsManager::Secret"
	}
	switch a.Service() + ":" + kind {
	case "kms:key":
		return "AWS::KMS::Key"
	case "lambda:function":
		return "AWS::Lambda::Function"
	case "dynamodb:table":
		return "AWS::DynamoDB::Table"
	case "ecr:repository":
		return "AWS::ECR::Repository"
	}
	return ""
}

// guessNames are the kinds that are guessed, in sentences.
var guessNames = map[policy.Kind]string{
	policy.IdentityBased: "an identity policy",
	policy.ResourceBased: "a resource policy",
	policy.RoleTrust:     "a trust policy",
}

// guessKind says what a document is by its elements.
func guessKind(src []byte) policy.Kind {
	principal, resource, assumes, others := false, false, false, false
	for _, s := range statementsOf(src) {
		for name, v := range s {
			switch name {
			case "Principal", "NotPrincipal":
				principal = true
			case "Resource", "NotResource":
				resource = true
			case "NotAction":
				others = true
			case "Action":
				for _, action := range textsOf(v) {
					switch action = strings.ToLower(action); {
					case strings.HasPrefix(action, "sts:assumerole"):
						assumes = true
					case action != "sts:tagsession" && action != "sts:setsourceidentity": // go with it
						others = true
					}
				}
			}
		}
	}
	switch {
	case !principal:
		return policy.IdentityBased
	case assumes && !others && !resource:
		return policy.RoleTrust
	}
	return policy.ResourceBased
}

// statementsOf are the statements of a document as they are written; those that are no
// objects are nil. A document that is no JSON has none.
func statementsOf(src []byte) []map[string]any {
	var members map[string]json.RawMessage
	var list []any
	if json.Unmarshal(src, &members) != nil {
		return nil
	}
	if json.Unmarshal(members["Statement"], &list) != nil {
		var single any
		if json.Unmarshal(members["Statement"], &single) != nil {
			return nil
		}
		list = []any{single}
	}
	out := make([]map[string]any, len(list))
	for i, v := range list {
		out[i], _ = v.(map[string]any)
	}
	return out
}

// textsOf are the strings of a value that is one or a list of them.
func textsOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// sidOf is the Sid of the statement that a finding is about; "" if it has none.
func sidOf(src []byte, pointer string) string {
	rest, ok := strings.CutPrefix(pointer, "/Statement")
	if !ok {
		return ""
	}
	statements := statementsOf(src)
	index, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	i, err := strconv.Atoi(index)
	if err != nil {
		i = 0 // a single statement, not in a list
	}
	if i < 0 || i >= len(statements) || err != nil && len(statements) != 1 {
		return ""
	}
	sid, _ := statements[i]["Sid"].(string)
	return sid
}
