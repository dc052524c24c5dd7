package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/internal/wording"
)

// gather finds the case files that the arguments name, each once. What cannot be found is
// a file with an error.
func (t *testRun) gather(args []string) []*testFile {
	var out []*testFile
	seen := map[string]bool{}
	add := func(name string, err error) {
		if clean := filepath.Clean(name); !seen[clean] {
			seen[clean] = true
			out = append(out, &testFile{name: filepath.ToSlash(clean), err: err})
		}
	}
	for _, arg := range args {
		dir := arg
		if arg == "..." || strings.HasSuffix(filepath.ToSlash(arg), "/...") {
			dir = filepath.Dir(arg)
		}
		info, err := os.Stat(dir)
		switch {
		case arg == "":
			add("", errors.New("empty path; want a case file, or a directory that holds some"))
		case err != nil:
			add(arg, fmt.Errorf("%s: %w", filepath.ToSlash(arg), plainPathError(err)))
		case !info.IsDir() && !suite.IsCaseFile(arg):
			add(arg, fmt.Errorf("%s: not a case file; want *.txtar or *.jsonl", filepath.ToSlash(arg)))
		case !info.IsDir():
			add(arg, nil)
		default:
			names, err := suite.Find(os.DirFS(dir), ".")
			if err == nil && len(names) == 0 {
				err = errors.New("no case file in or below it; want *.txtar or *.jsonl")
			}
			if err != nil {
				add(arg, fmt.Errorf("%s: %w", filepath.ToSlash(arg), err))
			}
			for _, name := range names {
				add(filepath.Join(dir, filepath.FromSlash(name)), nil)
			}
		}
	}
	return out
}

func readCases(name string) (*suite.File, error) {
	src, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainPathError(err))
	}
	return suite.Read(name, src)
}

// world is where the cases of a file are decided that has no organization of its own.
func (t *testRun) world(f *testFile) (*suite.World, error) {
	dir := t.snapshot
	if dir == "" {
		var err error
		if dir, err = snapshotAbove(f.name); err != nil {
			return nil, err
		}
	}
	f.snapshot = filepath.ToSlash(dir)
	if w, ok := t.worlds[dir]; ok {
		if w == nil {
			return nil, fmt.Errorf("%s: the snapshot %s cannot be read, see above", f.name, f.snapshot)
		}
		return w, nil
	}
	t.worlds[dir] = nil
	o, err := readSnapshot(dir)
	if err != nil {
		return nil, err
	}
	t.worlds[dir], err = suite.NewWorld(o, wording.World{Name: "the snapshot", Prefix: f.snapshot})
	return t.worlds[dir], err
}

// snapshotAbove is the nearest directory above a file, its own included, that holds an
// org.json; one in which a snapshot was not finished is an error. It is named as the file is: relative to the working directory, unless the file
// is not.
func snapshotAbove(file string) (string, error) {
	dir := filepath.Dir(filepath.FromSlash(file))
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "org.json")); err == nil {
			return dir, nil
		}
		if err := unfinished(dir); err != nil {
			return "", fmt.Errorf("%s: %w, or name another with --snapshot DIR", file, err)
		}
		if filepath.Dir(absolute) == absolute {
			return "", fmt.Errorf("%s: in which organization? it has no section org.json, and no directory above it holds one; name a snapshot with --snapshot DIR", file)
		}
		absolute = filepath.Dir(absolute)
		dir = parent(dir)
	}
}

// parent is the directory above one that may be relative.
func parent(dir string) string {
	if dir == "." || filepath.Base(dir) == ".." {
		return filepath.Join(dir, "..")
	}
	return filepath.Dir(dir)
}
