package suite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate/casefile"
)

// The sections of a txtar file that hold cases, and the one that begins a snapshot.
const (
	casesSection = "cases"
	linesSection = "cases.jsonl"
	orgSection   = "org.json"
)

// A File is a file of cases.
type File struct {
	Name string
	// World is where the cases of a txtar file are decided that has an organization of its
	// own; nil: the file has none, and its cases need one.
	World *World
	cases []*Case
	lines []byte // JSON Lines, decoded one by one
}

// A section is a part of a file.
type section struct {
	data  []byte
	above int // lines of the file above it
	used  bool
}

// IsCaseFile reports whether the name is that of a file that [Read] reads: *.txtar or
// *.jsonl.
func IsCaseFile(name string) bool {
	ext := path.Ext(name)
	return ext == ".txtar" || ext == ".jsonl"
}

// Read reads a case file. The name says which format it has, and stands in errors. The
// error is that of a file which cannot be run at all; a line that makes no sense is a Case
// that is refused.
func Read(name string, src []byte) (*File, error) {
	f := &File{Name: name}
	switch path.Ext(name) {
	case ".jsonl":
		if len(bytes.TrimSpace(src)) == 0 {
			return nil, fmt.Errorf("%s:1:1: no case; want lines that are JSON objects with a request and what it expects", name)
		}
		f.lines = src
		return f, nil
	case ".txtar":
		return f, f.archive(src)
	}
	return nil, fmt.Errorf("%s: not a case file; want *.txtar or *.jsonl", name)
}

// archive reads a txtar file.
func (f *File) archive(src []byte) error {
	if at := invalid(src); at >= 0 {
		p := position(src, at)
		return fmt.Errorf("%s:%s: not UTF-8", f.Name, p)
	}
	a := txtar.Parse(bytes.TrimPrefix(src, []byte("\ufeff")))
	sections := make(map[string]*section)
	line := bytes.Count(a.Comment, []byte("\n"))
	var errs []error
	for _, s := range a.Files {
		line++ // the marker
		if first, ok := sections[s.Name]; ok {
			errs = append(errs, fmt.Errorf("%s:%d:1: section %q is there twice, first in line %d; keep one", f.Name, line, s.Name, first.above))
		} else {
			sections[s.Name] = &section{data: s.Data, above: line}
		}
		line += bytes.Count(s.Data, []byte("\n"))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	cases, lines := sections[casesSection], sections[linesSection]
	if cases == nil && lines == nil {
		return fmt.Errorf("%s:%d:1: no section %q; want a line \"-- %s --\" and below it lines OUTCOME PRINCIPAL ACTION RESOURCE KEY=VALUE…", f.Name, max(1, line), casesSection, casesSection)
	}
	delete(sections, casesSection)
	delete(sections, linesSection)
	if cases != nil {
		f.parse(cases)
	}
	if lines != nil {
		// The lines above are blank for the reader, so that it counts as the file does.
		f.lines = append(bytes.Repeat([]byte("\n"), lines.above), lines.data...)
	}
	if len(f.cases) == 0 && len(bytes.TrimSpace(f.lines)) == 0 {
		return fmt.Errorf("%s:%d:1: no case; want lines OUTCOME PRINCIPAL ACTION RESOURCE KEY=VALUE…", f.Name, max(1, line))
	}
	if len(sections) == 0 {
		return nil
	}
	return f.world(sections)
}

// world reads the sections that are a snapshot.
func (f *File) world(sections map[string]*section) error {
	if sections[orgSection] == nil {
		return f.unused(sections, fmt.Sprintf("want %s, %s, or a snapshot: %s and the files that it names", casesSection, linesSection, orgSection))
	}
	above := make(map[string]int, len(sections))
	archive := &txtar.Archive{}
	for name, s := range sections {
		above[name] = s.above
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: s.data})
	}
	slices.SortFunc(archive.Files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	fsys, err := txtar.FS(archive)
	if err != nil {
		return fmt.Errorf("%s: the names of its sections are no file names: %w", f.Name, err)
	}
	o, err := org.ReadFS(sectionFS{fsys, sections})
	if err != nil {
		return f.located(err, above)
	}
	if err := f.unused(sections, "nothing names it; "+orgSection+", or an account that it names, names the files that are in force"); err != nil {
		return err
	}
	f.World, err = NewWorld(o, wording.World{Name: "the org.json of the case file", Prefix: f.Name, Sections: above})
	return err
}

// unused reports the sections that nothing read.
func (f *File) unused(sections map[string]*section, why string) error {
	var names []string
	for name, s := range sections {
		if !s.used {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return sections[a].above - sections[b].above })
	var errs []error
	for _, name := range names {
		errs = append(errs, fmt.Errorf("%s:%d:1: section %q: %s", f.Name, sections[name].above, name, why))
	}
	return errors.Join(errs...)
}

// located puts the places in a section in the place of the section.
func (f *File) located(err error, above map[string]int) error {
	list, ok := errors.AsType[org.Errors](err)
	if !ok {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return list.Relocate(func(file string, at policy.Position) (string, policy.Position) {
		n, ok := above[file]
		switch {
		case !ok:
			return f.Name + ": " + file, at
		case !at.IsValid():
			return f.Name, policy.Position{Line: n, Column: 1}
		}
		return f.Name, policy.Position{Line: at.Line + n, Column: at.Column}
	})
}

// A sectionFS remembers which sections were opened.
type sectionFS struct {
	fs.FS
	sections map[string]*section
}

func (s sectionFS) Open(name string) (fs.File, error) {
	if s := s.sections[name]; s != nil {
		s.used = true
	}
	return s.FS.Open(name)
}

// NeedsWorld reports whether the file has cases without policies of their own and no
// organization to decide them in.
func (f *File) NeedsWorld() bool { return f.World == nil && len(f.cases) > 0 }

// Cases yields the cases, in order. Those of JSON Lines are read one by one.
func (f *File) Cases() iter.Seq[*Case] {
	return func(yield func(*Case) bool) {
		for _, c := range f.cases {
			if !yield(c) {
				return
			}
		}
		for c, err := range casefile.Read(bytes.NewReader(f.lines), f.Name) {
			if !yield(f.carried(c, err)) {
				return
			}
		}
	}
}

// position is the place of an offset.
func position(src []byte, offset int) policy.Position {
	before := src[:offset]
	return policy.Position{
		Offset: offset,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: offset - bytes.LastIndexByte(before, '\n'),
	}
}

// invalid is the offset of the first byte that is not UTF-8, or -1.
func invalid(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
