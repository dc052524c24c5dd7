package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/licit-dev/licit/policy"
)

// A sourceFile is a file with policy documents in it.
type sourceFile struct {
	name    string // as the user would open it; "stdin"
	disk    string // where it is; "" for standard input
	content []byte
	changed []byte // what --fix makes of it; nil: nothing
	lines   []int  // offsets at which lines begin
	inside  string // its name in the snapshot; "" if it is in none
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

// A target is one document that is checked, or a file of a snapshot that says what is
// attached where.
type target struct {
	file         *sourceFile
	base         int      // where the document begins in the file
	src          []byte   // the document
	inString     bool     // it is the text of a JSON string that begins at base
	fixed        []byte   // what --fix makes of it; nil: nothing
	said         []string // a line about each fix
	kinds        []policy.Kind
	guessed      bool
	resourceType string
	config       *configFile // nil: none
	snapshot     *snapshot   // nil: none
	given        []finding   // what is found in the snapshot, with offsets from base
}

// position is the place in the file of an offset in the document.
func (t *target) position(offset int) policy.Position {
	if t.inString {
		offset = 0
	}
	offset += t.base
	line := sort.SearchInts(t.file.lines, offset+1)
	return policy.Position{Offset: offset, Line: line, Column: offset - t.file.lines[line-1] + 1}
}

// A gatherer finds the documents that the arguments name.
type gatherer struct {
	l    *linting
	a    *app
	cmd  *cobra.Command
	seen map[string]bool // files and snapshots, as cleaned
}

// gather reads all documents. What cannot be read is in the error, and all else in l.
func (l *linting) gather(a *app, cmd *cobra.Command, args []string) error {
	g := gatherer{l: l, a: a, cmd: cmd, seen: map[string]bool{}}
	var errs []error
	for _, arg := range args {
		if err := g.argument(arg); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// add adds a document.
func (g *gatherer) add(t *target) {
	g.l.targets, g.l.places = append(g.l.targets, t), append(g.l.places, t)
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
	if err := unfinished(arg); err != nil {
		return err
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
	w, isWrapped := unwrap(src)
	if isWrapped {
		t.base, t.src, t.inString = w.start, w.src, w.inString
		if w.inString && !g.l.quiet {
			g.a.note("%s: the document is the text of a string: findings have the place where it begins, and --fix leaves it alone", printable(name))
		}
	}
	switch {
	case g.l.kind != "":
		k, err := policy.ParseKind(g.l.kind)
		must(err)
		t.kinds = []policy.Kind{k}
	case g.l.resourceType != "":
		t.kinds = []policy.Kind{policy.ResourceBased}
	case isWrapped:
		t.setKind(w)
	default:
		t.kinds, t.guessed = []policy.Kind{guessKind(src)}, true
	}
	g.add(t)
}

// directory adds the policy documents in and below a directory, those of snapshots as
// snapshots. Hidden directories and node_modules are passed over.
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
		case e.IsDir() && name != dir && holdsSnapshot(name):
			found++
			if err := g.snapshot(name); err != nil {
				errs = append(errs, err)
			}
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

// holdsSnapshot reports whether a directory below the one that was named is meant as a
// snapshot: other tools may have an org.json of their own.
func holdsSnapshot(dir string) bool {
	src, err := os.ReadFile(filepath.Join(dir, "org.json"))
	return err == nil && bytes.Contains(src, []byte(`"accounts"`))
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
	if _, ok := members["Statement"]; ok {
		return true
	}
	_, ok := unwrap(src)
	return ok
}
