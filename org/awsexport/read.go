package awsexport

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	gopath "path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/internal/form"
	"github.com/licit-dev/licit/org"
)

// An Export is what the files of an export say.
type Export struct {
	Organization *org.Organization
	Instance     *identitycenter.Instance // nil: none, or none is in the export
	Trails       []cloudtrail.Trail       // by ARN
	Notes        []Note                   // by file and place
}

// A Note says of a file, or of a part of it, that it was left out, and why.
type Note struct {
	File string
	Text string
}

// String is the file and the text.
func (n Note) String() string { return n.File + ": " + n.Text }

// Bounds of what is read, so that no file takes all memory.
const (
	mostBytes = 256 << 20 // of a file, unpacked
	mostValue = 64 << 20  // of one JSON value of a file
)

// Read reads all files below the root of fsys: records, what the AWS CLI printed, and
// credential reports, as the package comment says. Directories and files whose names begin
// with a dot are left out.
//
// What is missing, cut off or refused is no error: it is an [org.Gap] wherever decisions
// depend on it, and a unit of [org.Spec] Coverage that is not complete. A file of which
// nothing can be told is a Note. The error is [org.Errors]: values that AWS does not write,
// each with file, line and column, files that contradict each other, such as data of one
// account in the directory of another, and what [org.New] and [identitycenter.New] refuse.
func Read(fsys fs.FS, opts ...Option) (*Export, error) {
	s := newState()
	for _, o := range opts {
		o.apply(s)
	}
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir():
			return s.file(fsys, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.export()
}

// An Option says what the files cannot.
type Option interface{ apply(*state) }

type option func(*state)

func (o option) apply(s *state) { o(s) }

// WithoutOrganization says that the accounts belong to no organization. Without it, accounts
// of which the export has no organization may be in one, whose control policies are not
// known.
func WithoutOrganization() Option { return option(func(s *state) { s.standalone = true }) }

// file reads one file. The error is one of the file system.
func (s *state) file(fsys fs.FS, name string) error {
	base := strings.ToLower(gopath.Base(name))
	packed := strings.HasSuffix(base, ".gz")
	base = strings.TrimSuffix(base, ".gz")
	ext := gopath.Ext(base)
	if why := irregular(fsys, name); why != "" {
		s.broken(name, nil, 0, why)
		return nil
	}
	if ext != ".json" && ext != ".jsonl" && ext != ".ndjson" && ext != ".csv" {
		s.note(name, "not read: its name ends in none of .json, .jsonl and .csv")
		return nil
	}
	src, err := s.content(fsys, name, packed)
	if problem, ok := errors.AsType[*unreadable](err); ok {
		if len(src) == 0 {
			s.broken(name, nil, 0, problem.Error())
			return nil
		}
		s.note(name, "%s; what it holds up to there is read", problem)
		s.lost = append(s.lost, lost{nameOf(name).account, name + ": " + problem.Error()})
	} else if err != nil {
		return err
	}
	src = plainText(src)
	if ext == ".csv" {
		s.csvFile(name, src)
		return nil
	}
	s.json(name, src)
	return nil
}

// irregular says why a name is that of no file, "" if it is one.
func irregular(fsys fs.FS, name string) string {
	switch info, err := fs.Stat(fsys, name); {
	case errors.Is(err, fs.ErrNotExist):
		return "a link that leads nowhere"
	case err != nil:
		return "" // opening it says why
	case info.IsDir():
		return "a link to a directory, which is not followed; want the directory itself"
	case !info.Mode().IsRegular():
		return "no regular file"
	}
	return ""
}

// An unreadable is what is wrong with a file that is cut off, too long, or not packed as
// its name says. What comes before it can be used.
type unreadable struct{ text string }

func (u *unreadable) Error() string { return u.text }

func (s *state) content(fsys fs.FS, name string, packed bool) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	// Records are often packed without their name saying so.
	if magic, _ := r.Peek(2); packed || bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, &unreadable{"not packed by gzip, although its name ends in .gz"}
		}
		src, err := io.ReadAll(io.LimitReader(z, s.most+1))
		if err != nil {
			return src, &unreadable{fmt.Sprintf("cut off, or damaged: gzip: %v", err)}
		}
		return s.bounded(src)
	}
	src, err := io.ReadAll(io.LimitReader(r, s.most+1))
	if err != nil {
		return nil, err
	}
	return s.bounded(src)
}

func (s *state) bounded(src []byte) ([]byte, error) {
	if int64(len(src)) > s.most {
		return nil, &unreadable{fmt.Sprintf("more than %d MiB, unpacked; want smaller files", s.most>>20)}
	}
	return src, nil
}

// plainText is a file without its byte order mark, in UTF-8: PowerShell redirects what the AWS CLI
// prints as UTF-16.
func plainText(src []byte) []byte {
	order := binary.ByteOrder(binary.LittleEndian)
	switch {
	case bytes.HasPrefix(src, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(src, []byte{0xff, 0xfe}):
		return bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	}
	units := make([]uint16, 0, len(src)/2)
	for i := 2; i+1 < len(src); i += 2 {
		units = append(units, order.Uint16(src[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

func (s *state) note(file, format string, args ...any) {
	s.notes = append(s.notes, Note{file, fmt.Sprintf(format, args...)})
}

// mostErrors bounds the errors that are reported.
const mostErrors = 100

func (s *state) fail(v value, format string, args ...any) {
	if len(s.errs) > mostErrors {
		return
	}
	e := &org.SpecError{Err: fmt.Errorf(format, args...)}
	if v.s != nil {
		e.File = v.s.File
		if v.n != nil {
			e.Position = v.s.Position(v.n.Start)
		}
	}
	if !slices.ContainsFunc(s.errs, func(o error) bool { return o.Error() == e.Error() }) {
		s.errs = append(s.errs, e)
	}
}

// source is a JSON value of a file.
type source = form.Source
