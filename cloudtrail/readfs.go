package cloudtrail

import (
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"
)

// ReadFS is [ReadFS], and counts.
func (r *Reader) ReadFS(fsys fs.FS, pattern string) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		report := func(name string, err error) bool {
			count(&r.stats.Faults, FaultFile)
			return yield(nil, &ReadError{File: name, Fault: FaultFile, Err: err})
		}
		if err := checkPattern(pattern); err != nil {
			report(pattern, err)
			return
		}
		any := false
		err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				if !report(name, err) {
					return fs.SkipAll
				}
				return nil
			}
			if entry.IsDir() || !match(pattern, name) {
				return nil
			}
			any = true
			f, err := fsys.Open(name)
			if err != nil {
				if !report(name, err) {
					return fs.SkipAll
				}
				return nil
			}
			defer f.Close()
			if !r.file(name, f, yield) {
				return fs.SkipAll
			}
			return nil
		})
		if err == nil && !any {
			report(pattern, errors.New("no file matches"))
		}
	}
}

func checkPattern(pattern string) error {
	_, err := path.Match(pattern, "")
	return err
}

// match is whether a path matches a pattern in which ** is any number of folders.
func match(pattern, name string) bool {
	if pattern == "" {
		return true
	}
	first, rest, more := strings.Cut(pattern, "/")
	if first == "**" {
		if !more {
			return true
		}
		for {
			if match(rest, name) {
				return true
			}
			_, after, ok := strings.Cut(name, "/")
			if !ok {
				return false
			}
			name = after
		}
	}
	folder, after, deeper := strings.Cut(name, "/")
	if ok, _ := path.Match(first, folder); !ok || more != deeper {
		return false
	}
	return !more || match(rest, after)
}
