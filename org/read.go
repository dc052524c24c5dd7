package org

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	gopath "path"
	"slices"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/policy"
)

// The files of a snapshot.
const (
	mainFile    = "org.json"
	accountsDir = "accounts"
	controlDir  = "control-policies"
	managedDir  = "aws-managed-policies"
)

// ReadFS reads a snapshot: org.json, and the files that it names. Wherever a policy
// document or an account stands, org.json and the account files have either the path of
// its file, relative to the snapshot and inside it, or the object itself. One document
// file is one *[policy.Document], however often it is named. An account file that
// org.json does not name, and a document file in one of the places that [Organization.WriteDir] uses that
// nothing names, are errors: what they hold would not be in force.
//
// The error is [Errors]: everything that is wrong with the files, each with file, line
// and column. If the files can be read, names that lead nowhere, and whatever else [New]
// refuses, are reported with the place where they stand.
//
// A file system from [os.Root] keeps symbolic links inside the directory; one from
// [os.DirFS] follows them.
func ReadFS(fsys fs.FS) (*Organization, error) {
	r := &reader{fsys: fsys, documents: make(map[string]*policy.Document), files: make(map[string]bool)}
	src, err := fs.ReadFile(fsys, mainFile)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; want a snapshot directory, with an org.json in it", fs.ErrNotExist)
		}
		return nil, Errors{&SpecError{File: mainFile, Err: err}}
	}
	return r.organization(&form.Source{File: mainFile, Src: src})
}

// Parse reads a whole organization from one JSON text: an org.json with all accounts and
// documents inline. The error is that of [ReadFS], without a file name.
func Parse(src []byte) (*Organization, error) { return ParseAt("", policy.Position{}, src) }

// ParseAt is [Parse] for a text that stands in a file: errors name the file, and count
// lines and columns from start, the place of the first byte of src. The zero start is
// the beginning of the file.
func ParseAt(file string, start policy.Position, src []byte) (*Organization, error) {
	r := &reader{}
	return r.organization(&form.Source{File: file, Start: start, Src: src})
}

// A reader reads a snapshot and remembers where everything stood.
type reader struct {
	fsys      fs.FS // nil: everything is inline
	documents map[string]*policy.Document
	main      *form.Source
	accounts  []*form.Source  // of account i, nil if it is inline
	files     map[string]bool // of accounts
	errs      Errors
	// incomplete says that something other than a document could not be read, so that
	// names that lead nowhere may be a consequence.
	incomplete bool
}

func (r *reader) organization(main *form.Source) (*Organization, error) {
	r.main = main
	if problem := main.Parse(); problem != nil {
		return nil, Errors{specError(problem)}
	}
	d := r.decoder(main)
	var s Spec
	d.spec(&s)
	r.unlisted()
	if !r.incomplete {
		r.errs = append(r.errs, validate(&s, r.locate)...)
	}
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b error) int { return compareErrors(a, b, main.File) })
		return nil, r.errs
	}
	return index(s), nil
}

// unlisted reports files of the snapshot that nothing names: what they hold would be
// missing from every answer. Files that the format does not own are none of its business.
func (r *reader) unlisted() {
	if r.fsys == nil || r.incomplete {
		return
	}
	err := fs.WalkDir(r.fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != "." && !ownsDir(name):
			return fs.SkipDir
		case e.IsDir() || r.files[name]:
		case gopath.Dir(name) == accountsDir && strings.HasSuffix(name, ".json"):
			r.errs = append(r.errs, &SpecError{File: name, Err: fmt.Errorf("not named in %s; add %q to its accounts, or remove the file", mainFile, name)})
		case ownsFile(name):
			if _, read := r.documents[name]; !read {
				r.errs = append(r.errs, &SpecError{File: name, Err: errors.New("nothing names this document, so it is not in force; attach it, or remove the file")})
			}
		}
		return nil
	})
	if err != nil {
		r.errs = append(r.errs, &SpecError{File: ".", Err: err})
	}
}

// locate finds what a path into the Spec leads to, or what would hold it if it is
// missing.
func (r *reader) locate(tokens []string) place {
	s := r.main
	if len(tokens) >= 2 && tokens[0] == "accounts" {
		if i, err := strconv.Atoi(tokens[1]); err == nil && i < len(r.accounts) && r.accounts[i] != nil {
			s, tokens = r.accounts[i], tokens[2:]
		}
	}
	return place{file: s.File, at: s.Locate(tokens), path: form.Pointer(tokens)}
}

// compareErrors orders errors by file, org.json first, and by place in the file.
func compareErrors(a, b error, first string) int {
	af, ao := whereIs(a)
	bf, bo := whereIs(b)
	if af != bf {
		switch first {
		case af:
			return -1
		case bf:
			return 1
		}
	}
	return cmp.Or(cmp.Compare(af, bf), cmp.Compare(ao, bo))
}

func whereIs(err error) (file string, offset int) {
	switch e := err.(type) {
	case *SpecError:
		return e.File, e.Position.Offset
	case *ReferenceError:
		return e.File, e.Position.Offset
	case *policy.ParseError:
		return e.File, e.Position.Offset
	}
	return "", 0
}
