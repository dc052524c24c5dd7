package collect

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/licit-dev/licit/org"
)

// A Store is the directory that units are kept in:
//
//	load.json                                      whose state it is
//	skipped.jsonl                                  what the newest load left out
//	units/<account>/<region or global>/<section>.jsonl
//
// A file is written beside and renamed, so that it is there as a whole or not at all. Only
// the user who loads can read the files.
type Store struct {
	dir    string
	create func(dir string) (file, error) // a new file of whatever name
}

// A file is what is written to before it has its name.
type file interface {
	io.WriteCloser
	Name() string
	Sync() error
}

func create(dir string) (file, error) { return os.CreateTemp(dir, "") }

const (
	ownerFile   = "load.json"
	skippedFile = "skipped.jsonl"
	temporary   = "unfinished" // directory of files that are being written
)

// Open opens the store in dir, which it makes if needed, for the state that the caller
// account sees. The error says so if dir holds what another account sees. It removes what a
// killed load was just writing: two loads must not use the same dir at a time.
func Open(dir, partition, caller string) (*Store, error) {
	if err := os.RemoveAll(filepath.Join(dir, temporary)); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, temporary), 0o700); err != nil {
		return nil, err
	}
	s := &Store{dir, create}
	if err := s.write(".gitignore", []byte("*\n")); err != nil { // names and e-mail addresses of people are in it
		return nil, err
	}
	want, err := json.Marshal(ownerJSON{partition, caller})
	if err != nil {
		return nil, err
	}
	switch have, err := os.ReadFile(filepath.Join(dir, ownerFile)); {
	case errors.Is(err, fs.ErrNotExist):
		return s, s.write(ownerFile, append(want, '\n'))
	case err != nil:
		return nil, err
	default:
		var owner ownerJSON
		if err := json.Unmarshal(have, &owner); err != nil {
			return nil, fmt.Errorf("%s: %w; want what a load wrote", filepath.Join(dir, ownerFile), err)
		}
		if owner != (ownerJSON{partition, caller}) {
			return nil, fmt.Errorf("%s: holds what account %s (%s) sees, and the credentials are of %s (%s); use another directory, or remove this one",
				dir, owner.Caller, owner.Partition, caller, partition)
		}
		return s, nil
	}
}

type ownerJSON struct {
	Partition string `json:"partition"`
	Caller    string `json:"caller"`
}

// Put writes a unit.
func (s *Store) Put(u Unit, o Outcome, r *Recorder) error {
	text, err := r.text(u, o)
	if err != nil {
		return err
	}
	return s.write(u.path(), text)
}

func (s *Store) write(name string, text []byte) (err error) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := s.create(filepath.Join(s.dir, temporary))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(text); err == nil {
		err = f.Sync() // a name must not outlive what was to be written, should the machine stop
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Get says how well the unit was read, and when. It is [fs.ErrNotExist] if it was not.
func (s *Store) Get(u Unit) (Outcome, time.Time, error) {
	f, err := os.Open(s.path(u))
	if err != nil {
		return Outcome{}, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Outcome{}, time.Time{}, err
	}
	head, err := bufio.NewReader(io.LimitReader(f, 1<<16)).ReadBytes('\n')
	if err != nil {
		return Outcome{}, time.Time{}, fmt.Errorf("%s: the first line is not whole: %w", s.path(u), err)
	}
	var l unitLine
	if err := json.Unmarshal(head, &l); err != nil {
		return Outcome{}, time.Time{}, fmt.Errorf("%s:1: %w", s.path(u), err)
	}
	state, ok := stateOf(l.Unit.State)
	if (Unit{l.Unit.Account, l.Unit.Region, l.Unit.Section}) != u || !ok {
		return Outcome{}, time.Time{}, fmt.Errorf("%s:1: not the record of %s", s.path(u), u)
	}
	return Outcome{state, l.Unit.Reason}, info.ModTime(), nil
}

// Records calls each for the records of a unit, in their order.
func (s *Store) Records(u Unit, each func(Record) error) error {
	f, err := os.Open(s.path(u))
	if err != nil {
		return err
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var r Record
		if err := d.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", s.path(u), err)
		}
		if r.Operation == "" { // the record of the unit itself
			continue
		}
		if err := each(r); err != nil {
			return err
		}
	}
}

func (s *Store) path(u Unit) string { return filepath.Join(s.dir, filepath.FromSlash(u.path())) }

// PutSkipped writes which units a load leaves out, and why. They are kept apart from those
// that were read, which a later load may want again.
func (s *Store) PutSkipped(units []org.Unit) error {
	if len(units) == 0 {
		return os.RemoveAll(filepath.Join(s.dir, skippedFile))
	}
	var b bytes.Buffer
	for _, u := range units {
		text, err := json.Marshal(unitLine{unitJSON{u.Account, u.Region, u.Section, u.State.String(), u.Reason}})
		if err != nil {
			return err
		}
		b.Write(text)
		b.WriteByte('\n')
	}
	return s.write(skippedFile, b.Bytes())
}

// FS is the store with the files of the given units alone, and what was skipped: what an
// earlier load of more accounts, Regions or sections left is not seen.
func (s *Store) FS(units []org.Unit) fs.FS {
	seen := map[string]bool{skippedFile: true}
	for _, u := range units {
		path := Unit{u.Account, u.Region, u.Section}.path()
		for i, c := range path {
			if c == '/' {
				seen[path[:i]] = true
			}
		}
		seen[path] = true
	}
	return only{os.DirFS(s.dir), seen}
}

// only is a file system with the named files and directories alone.
type only struct {
	fs.FS
	seen map[string]bool
}

// Open opens a file that is seen.
func (o only) Open(name string) (fs.File, error) {
	if name != "." && !o.seen[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return o.FS.Open(name)
}

// ReadDir lists what is seen.
func (o only) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." && !o.seen[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries, err := fs.ReadDir(o.FS, name)
	var out []fs.DirEntry
	for _, e := range entries {
		if o.seen[strings.TrimPrefix(name+"/"+e.Name(), "./")] {
			out = append(out, e)
		}
	}
	return out, err
}
