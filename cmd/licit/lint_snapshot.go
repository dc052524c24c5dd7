package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/org/orglint"
	"github.com/licit-dev/licit/policy"
)

// A snapshot is one that is checked, with its files.
type snapshot struct {
	dir   string
	org   *org.Organization
	files map[string]*sourceFile // by name in the snapshot; nil if it cannot be read
	found map[place]*target      // documents
	whole []*target              // org.json, and the files of accounts
	where map[string]span        // IDs and ARNs, as far as they are written in whole
	errs  []error
}

// A place is where a document stands.
type place struct {
	file   string
	offset int
}

// A span is where a name stands.
type span struct {
	target     *target
	start, end int
}

// snapshot adds the documents of a snapshot, each with the kinds that its places give it.
func (g *gatherer) snapshot(dir string) error {
	if g.l.kind != "" || g.l.resourceType != "" {
		return usageError{g.cmd, fmt.Errorf("%s is a snapshot, which says itself what its policies are attached to; drop --kind and --resource-type", slashed(dir))}
	}
	if !g.first(dir) {
		return nil
	}
	o, err := readSnapshot(dir)
	if err != nil {
		return err
	}
	s := &snapshot{dir: dir, org: o, files: map[string]*sourceFile{}, found: map[place]*target{}}
	s.wholeFiles()
	for _, d := range orglint.Documents(o) {
		s.add(d)
	}
	if n := leftOut(o); n > 0 && !g.l.quiet {
		g.a.note("%s: %s of AWS left out", printable(slashed(dir)), strings.Replace(plural(n, "policy"), "policys", "policies", 1))
	}
	if n := len(slices.Collect(o.Gaps())); n > 0 && !g.l.quiet {
		g.a.note("%s: %s, and what depends on that is not reported; licit snapshot check says what is missing", printable(slashed(dir)), plural(n, "gap"))
	}
	var targets []*target
	for _, t := range s.found {
		targets = append(targets, t)
	}
	slices.SortFunc(targets, func(a, b *target) int {
		return cmp.Or(cmp.Compare(a.file.name, b.file.name), cmp.Compare(a.base, b.base))
	})
	g.l.snapshots = append(g.l.snapshots, s)
	g.l.places = append(g.l.places, s.whole...)
	for _, t := range targets {
		g.add(t)
	}
	return errors.Join(s.errs...)
}

// leftOut counts the policies of AWS that a snapshot lists.
func leftOut(o *org.Organization) int {
	spec := o.Spec()
	n, managed := 0, map[policy.ARN]bool{}
	for _, p := range spec.ControlPolicies {
		if p.ID == org.FullAWSAccess || p.ID == org.RCPFullAWSAccess {
			n++
		}
	}
	for i := range spec.Accounts {
		for _, p := range spec.Accounts[i].Policies {
			if p.ARN.AccountID() == "aws" {
				managed[p.ARN] = true
			}
		}
	}
	return n + len(managed)
}

// placeOf is where a document's source begins.
func placeOf(d *policy.Document) (place, policy.Position) {
	at, _ := d.Position("")
	src := d.Source()
	return place{d.File(), at.Offset - (len(src) - len(bytes.TrimLeft(src, " \t\r\n")))}, at
}

func (s *snapshot) add(d orglint.Document) {
	key, at := placeOf(d.Document)
	src := d.Document.Source()
	f := s.file(key.file)
	switch {
	case f == nil:
	case key.offset < 0 || key.offset+len(src) > len(f.content) || !bytes.Equal(f.content[key.offset:key.offset+len(src)], src):
		s.errs = append(s.errs, fmt.Errorf("%s:%s: changed while it was read; try again", f.name, at))
	default:
		s.found[key] = &target{file: f, base: key.offset, src: src, kinds: d.Kinds, resourceType: d.ResourceType, snapshot: s}
	}
}

func (s *snapshot) file(name string) *sourceFile {
	if f, ok := s.files[name]; ok {
		return f
	}
	f := &sourceFile{name: path.Join(slashed(s.dir), name), disk: filepath.Join(s.dir, filepath.FromSlash(name)), inside: name}
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

// wholeFiles adds org.json and the files of accounts that it names.
func (s *snapshot) wholeFiles() {
	names := []string{"org.json"}
	if f := s.file("org.json"); f != nil {
		var members struct {
			Accounts []json.RawMessage `json:"accounts"`
		}
		must(json.Unmarshal(f.content, &members))
		for _, a := range members.Accounts {
			var name string
			if json.Unmarshal(a, &name) == nil {
				names = append(names, path.Clean(name))
			}
		}
	}
	slices.Sort(names[1:])
	for _, name := range names {
		if f := s.file(name); f != nil {
			s.whole = append(s.whole, &target{file: f, src: f.content, snapshot: s})
		}
	}
}

// lint gives each place of the snapshot what is found there. The snapshot is read again if
// its files have changed.
func (s *snapshot) lint(a *app, when asOf, changed bool) error {
	o := s.org
	if changed {
		var err error
		if o, err = readSnapshot(s.dir); err != nil {
			return err
		}
	}
	targets := map[place]*target{}
	for _, t := range s.found {
		targets[place{t.file.inside, t.base}] = t
	}
	s.index()
	for _, f := range a.linter.organization(o, when) {
		g := finding{Finding: f.Finding, kind: f.Kind, subject: f.Subject}
		if f.Document == nil {
			at := s.locate(f.Subject)
			if at.target == nil {
				continue // org.json cannot be read, which is an error already
			}
			g.target, g.Position.Offset, g.End.Offset = at.target, at.start, at.end
		} else {
			key, _ := placeOf(f.Document)
			if g.target = targets[key]; g.target == nil {
				continue // its file cannot be read, or has changed: an error already
			}
			g.Position.Offset -= g.target.base
			g.End.Offset -= g.target.base
		}
		g.target.given = append(g.target.given, g)
	}
	for _, t := range slices.AppendSeq(slices.Clone(s.whole), maps.Values(targets)) {
		slices.SortStableFunc(t.given, func(a, b finding) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	}
	return nil
}

var namePattern = regexp.MustCompile(`"(?:id|arn)"\s*:\s*("(?:[^"\\]|\\.)*")`)

// index finds the IDs and ARNs of what the files list. The first of each counts: what is
// listed comes before what refers to it, or stands in another file.
func (s *snapshot) index() {
	s.where = map[string]span{}
	for _, t := range s.whole {
		t.src = t.file.content
		for _, m := range namePattern.FindAllSubmatchIndex(t.src, -1) {
			name, err := strconv.Unquote(string(t.src[m[2]:m[3]]))
			if _, ok := s.where[name]; err == nil && !ok {
				s.where[name] = span{t, m[2], m[3]}
			}
		}
	}
}

// locate is where a subject is listed, or the beginning of org.json.
func (s *snapshot) locate(subject string) span {
	if at, ok := s.where[subject]; ok {
		return at
	}
	if len(s.whole) == 0 {
		return span{}
	}
	return span{s.whole[0], 0, 1}
}
