package org

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	gopath "path"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/licit-dev/licit/internal/jsontree"
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
	return r.organization(&source{file: mainFile, src: src})
}

// Parse reads a whole organization from one JSON text: an org.json with all accounts and
// documents inline. The error is that of [ReadFS], without a file name.
func Parse(src []byte) (*Organization, error) { return ParseAt("", policy.Position{}, src) }

// ParseAt is [Parse] for a text that stands in a file: errors name the file, and count
// lines and columns from start, the place of the first byte of src. The zero start is
// the beginning of the file.
func ParseAt(file string, start policy.Position, src []byte) (*Organization, error) {
	r := &reader{}
	return r.organization(&source{file: file, start: start, src: src})
}

// A reader reads a snapshot and remembers where everything stood.
type reader struct {
	fsys      fs.FS // nil: everything is inline
	documents map[string]*policy.Document
	main      *source
	accounts  []*source       // of account i, nil if it is inline
	files     map[string]bool // of accounts
	errs      Errors
	// incomplete says that something other than a document could not be read, so that
	// names that lead nowhere may be a consequence.
	incomplete bool
}

// A source is one JSON text.
type source struct {
	file  string
	start policy.Position
	src   []byte
	root  *jsontree.Node
	lines []int // offsets at which lines begin
}

// parse reads the syntax tree.
func (s *source) parse() error {
	s.lines = append(s.lines, 0)
	for i, c := range s.src {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	root, err := jsontree.Parse(s.src)
	if err != nil {
		e := &SpecError{File: s.file, Position: s.position(0), Err: err}
		if syntax, ok := errors.AsType[*jsontree.SyntaxError](err); ok {
			e.Position, e.Path, e.Err = s.position(syntax.Offset), syntax.Pointer, errors.New(syntax.Reason)
		}
		return e
	}
	s.root = root
	return nil
}

func (s *source) position(offset int) policy.Position {
	line := sort.SearchInts(s.lines, offset+1)
	p := policy.Position{Offset: offset, Line: line, Column: offset - s.lines[line-1] + 1}
	if s.start.IsValid() {
		p.Offset += s.start.Offset
		p.Line += s.start.Line - 1
		if line == 1 {
			p.Column += s.start.Column - 1
		}
	}
	return p
}

func (r *reader) organization(main *source) (*Organization, error) {
	r.main = main
	if err := main.parse(); err != nil {
		return nil, Errors{err}
	}
	d := &decoder{reader: r, source: main}
	var s Spec
	d.spec(&s)
	r.unlisted()
	if !r.incomplete {
		r.errs = append(r.errs, validate(&s, r.locate)...)
	}
	if len(r.errs) > 0 {
		slices.SortStableFunc(r.errs, func(a, b error) int { return compareErrors(a, b, main.file) })
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
	n := s.root
	for i := range tokens {
		next, ok := n.Lookup(pointer(tokens[i : i+1]))
		if !ok {
			break
		}
		n = next
	}
	return place{file: s.file, at: s.position(n.Start), path: pointer(tokens)}
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
