package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
)

// mostRounds bounds how often the fixes of fixes are applied.
const mostRounds = 100

// fixTarget applies the fixes of a document, and those of what comes out, until none is
// left. It changes nothing on disk.
func (l *linting) fixTarget(a *app, t *target) error {
	src := t.src
	var said []string
	verb := "fixed"
	if l.diff {
		verb = "would fix"
	}
	for range mostRounds {
		fixes := l.applicable(a, t, src)
		if len(fixes) == 0 {
			break
		}
		next := applyFixes(src, fixes)
		if json.Valid(src) && !json.Valid(next) {
			return fmt.Errorf("%s: the fix of %s would make it no JSON, a mistake of licit; the policy stays as it is", t.file.name, fixes[0].Code)
		}
		for _, f := range fixes {
			at := positionIn(src, f.Position.Offset, t)
			said = append(said, fmt.Sprintf("%s:%s: %s %s: %s", t.file.name, at, verb, f.Code, f.Message))
		}
		src = next
	}
	if len(l.applicable(a, t, src)) > 0 {
		return fmt.Errorf("%s: fixes undo each other, a mistake of licit; the policy stays as it is", t.file.name)
	}
	if bytes.Equal(src, t.src) {
		return nil
	}
	t.fixed, t.said = src, said
	return nil
}

// positionIn is the place of an offset in what a document has become: in the file as it
// was only as long as nothing before it has changed.
func positionIn(src []byte, offset int, t *target) string {
	var f sourceFile
	f.set(slices.Concat(t.file.content[:t.base], src))
	return (&target{file: &f, base: t.base}).position(offset).String()
}

// applicable are the findings of a source that have a fix, without those that are
// suppressed, in the order of their places and none overlapping another.
func (l *linting) applicable(a *app, t *target, src []byte) []finding {
	var out []finding
	for _, f := range l.check(a, t, src) {
		if f.Fix != nil && l.configs.suppress(f, src) == nil {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b finding) int { return cmp.Compare(a.Fix.Start, b.Fix.Start) })
	end := -1
	return slices.DeleteFunc(out, func(f finding) bool {
		if f.Fix.Start < end || f.Fix.Start == end && f.Fix.Start == f.Fix.End {
			return true
		}
		end = f.Fix.End
		return false
	})
}

func applyFixes(src []byte, fixes []finding) []byte {
	var out []byte
	last := 0
	for _, f := range fixes {
		out = append(append(out, src[last:f.Fix.Start]...), f.Fix.Text...)
		last = f.Fix.End
	}
	return append(out, src[last:]...)
}

// finishFixes puts the fixed documents into their files and, without --diff, writes these.
// A file that cannot be written stays as it was, and so do its findings.
func (l *linting) finishFixes(a *app) error {
	var errs []error
	for _, f := range l.files() {
		changed, targets := []byte{}, l.targetsIn(f)
		last, any := 0, false
		bases := make([]int, len(targets))
		for i, t := range targets {
			changed = append(changed, f.content[last:t.base]...)
			bases[i] = len(changed)
			src := t.src
			if t.fixed != nil {
				src, any = t.fixed, true
			}
			changed = append(changed, src...)
			last = t.base + len(t.src)
		}
		if !any {
			continue
		}
		f.changed = append(changed, f.content[last:]...)
		if !l.diff {
			if err := replaceFile(f.disk, f.content, f.changed); err != nil {
				errs = append(errs, fmt.Errorf("%s: not changed: %w", f.name, err))
				continue
			}
			f.set(f.changed)
		}
		for i, t := range targets {
			for _, line := range t.said {
				a.note("%s", printable(line))
			}
			l.fixes += len(t.said)
			if !l.diff {
				t.base = bases[i]
				if t.fixed != nil {
					t.src = t.fixed
				}
			}
		}
	}
	return errors.Join(errs...)
}

// files are the files of all documents, each once, in their order.
func (l *linting) files() []*sourceFile {
	var out []*sourceFile
	for _, t := range l.targets {
		if !slices.Contains(out, t.file) {
			out = append(out, t.file)
		}
	}
	return out
}

// targetsIn are the documents of a file, in their order.
func (l *linting) targetsIn(f *sourceFile) []*target {
	var out []*target
	for _, t := range l.targets {
		if t.file == f {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *target) int { return cmp.Compare(a.base, b.base) })
	return out
}

// writeDiff prints what --fix would change.
func (l *linting) writeDiff(w io.Writer) error {
	for _, f := range l.files() {
		if f.changed == nil {
			continue
		}
		before, after := "a/"+f.name, "b/"+f.name
		if filepath.IsAbs(f.name) {
			before, after = f.name, f.name
		}
		d := diff.Diff(before, f.content, after, f.changed)
		_, d, _ = bytes.Cut(d, []byte("\n")) // a line for people, which patch does not need
		if _, err := w.Write(d); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a file's new content beside it and renames, so that there is never
// half a file. A link stays a link. It refuses a file that is not what was read.
func replaceFile(name string, old, content []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return plainPathError(err)
	}
	now, err := os.ReadFile(name)
	if err != nil {
		return plainPathError(err)
	}
	if !bytes.Equal(now, old) {
		return errors.New("somebody else changed it meanwhile")
	}
	info, err := os.Stat(name)
	if err != nil {
		return plainPathError(err)
	}
	if info.Mode().Perm()&0o200 == 0 {
		return errors.New("it is read-only")
	}
	beside, err := os.CreateTemp(filepath.Dir(name), ".licit-*.tmp")
	if err != nil {
		return plainPathError(err)
	}
	defer os.Remove(beside.Name()) // gone already when all went well
	_, err = beside.Write(content)
	err = errors.Join(err, beside.Chmod(info.Mode().Perm()), beside.Sync(), beside.Close())
	if err != nil {
		return err
	}
	return os.Rename(beside.Name(), name)
}
