package org

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	gopath "path"
	"slices"
	"strings"
)

// stagingPrefix begins the name of the directory in which a snapshot is prepared.
const stagingPrefix = ".licit-snapshot-"

// earlierFile is the org.json of the earlier snapshot while another takes its place.
const earlierFile = stagingPrefix + "earlier"

// WriteDir writes the organization as a snapshot that [ReadFS] reads:
//
//	org.json                            tree, control policies, list of accounts, gaps
//	accounts/<id>.json                  what an account holds
//	accounts/<id>/roles/<name>/…        policy documents, likewise users, groups, policies, resources, endpoints
//	control-policies/<id>.json          SCPs and RCPs
//	aws-managed-policies/<name>.json    managed policies of AWS, which accounts share
//
// Documents that span several lines are written as they are, others indented. The same
// organization gives the same bytes.
//
// WriteDir makes dir if needed. Of an earlier snapshot in dir it removes what is not in
// the new one: .json files in the directories above, where a snapshot puts files. Files
// elsewhere stay. Everything is written beside and renamed in the end. Before the first file
// changes, the org.json of the earlier snapshot is renamed to .licit-snapshot-earlier, and
// the new one is put last: what an interrupted WriteDir leaves cannot be read as a snapshot,
// and the next one makes up for it. A caller who replaces more files than these may rename
// org.json so before. Two must not write the same dir at a time.
func (o *Organization) WriteDir(dir string) error {
	s, err := snapshotOf(o)
	if err != nil {
		return fmt.Errorf("org: %w", err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // links in dir must not lead out of it
	if err != nil {
		return err
	}
	defer root.Close()
	w := &writer{root: root, files: s.files}
	return errors.Join(w.write(), root.Close())
}

type writer struct {
	root  *os.Root
	files map[string][]byte
}

func (w *writer) write() (err error) {
	names := slices.Sorted(maps.Keys(w.files))
	names = slices.DeleteFunc(names, func(n string) bool { return n == mainFile })
	names = append(names, mainFile)
	earlier := w.exists(mainFile) || w.exists(earlierFile)
	if err := w.removeStaging(); err != nil {
		return err
	}
	staging := fmt.Sprintf("%s%d", stagingPrefix, os.Getpid())
	if err := w.root.Mkdir(staging, 0o777); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.root.RemoveAll(staging)) }()
	var changed []string
	for _, name := range names {
		if old, err := w.root.ReadFile(name); err == nil && bytes.Equal(old, w.files[name]) {
			continue
		}
		if err := w.root.WriteFile(staged(staging, len(changed)), w.files[name], 0o666); err != nil {
			return err
		}
		changed = append(changed, name)
	}
	if len(changed) > 0 && w.exists(mainFile) {
		if err := w.root.Rename(mainFile, earlierFile); err != nil {
			return err
		}
		if !slices.Contains(changed, mainFile) {
			if err := w.root.WriteFile(staged(staging, len(changed)), w.files[mainFile], 0o666); err != nil {
				return err
			}
			changed = append(changed, mainFile)
		}
	}
	for i, name := range changed {
		if err := w.root.MkdirAll(gopath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := w.root.Rename(staged(staging, i), name); err != nil {
			return err
		}
	}
	if !earlier {
		return nil
	}
	if err := w.removeStale("."); err != nil {
		return err
	}
	if err := w.root.Remove(earlierFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w *writer) exists(name string) bool {
	_, err := w.root.Lstat(name)
	return err == nil
}

func staged(dir string, i int) string { return fmt.Sprintf("%s/%d", dir, i) }

// removeStaging removes what an interrupted WriteDir left.
func (w *writer) removeStaging() error {
	entries, err := fs.ReadDir(w.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), stagingPrefix) {
			if err := w.root.RemoveAll(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeStale removes the files of an earlier snapshot that the new one does not have,
// and directories that are empty then.
func (w *writer) removeStale(dir string) error {
	entries, err := fs.ReadDir(w.root.FS(), dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := gopath.Join(dir, e.Name())
		switch {
		case e.IsDir() && ownsDir(name):
			if err := w.removeStale(name); err != nil {
				return err
			}
			if left, err := fs.ReadDir(w.root.FS(), name); err == nil && len(left) == 0 {
				if err := w.root.Remove(name); err != nil {
					return err
				}
			}
		case e.Type().IsRegular() && ownsFile(name) && !w.has(name):
			if err := w.root.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// has reports whether the new snapshot has this file. Where the file system ignores
// case, it may have kept the spelling of an earlier one.
func (w *writer) has(name string) bool {
	if _, ok := w.files[name]; ok {
		return true
	}
	for other := range w.files {
		if strings.EqualFold(other, name) {
			a, errA := w.root.Lstat(name)
			b, errB := w.root.Lstat(other)
			return errA == nil && errB == nil && os.SameFile(a, b)
		}
	}
	return false
}
