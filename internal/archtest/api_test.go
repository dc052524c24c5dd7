package archtest

import (
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAPI holds what the public packages export against testdata/api, one line for each
// name.
func TestAPI(t *testing.T) {
	imp := exportData(t)
	golden := make(map[string]bool)
	for _, p := range packages(t) {
		if !p.public() {
			continue
		}
		name := filepath.Join("testdata", "api", filepath.FromSlash(p.folder())+".txt")
		golden[name] = true
		t.Run(p.folder(), func(t *testing.T) {
			pkg, err := imp.Import(p.ImportPath)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, name, api(pkg))
		})
	}
	err := filepath.WalkDir(filepath.Join("testdata", "api"), func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !golden[name] {
			t.Errorf("%s is the golden file of no public package; remove it", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func compare(t *testing.T, name string, lines []string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	want := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\n' })
	if slices.Equal(want, lines) {
		return
	}
	var diff strings.Builder
	for _, l := range want {
		if !slices.Contains(lines, l) {
			fmt.Fprintf(&diff, "- %s\n", l)
		}
	}
	for _, l := range lines {
		if !slices.Contains(want, l) {
			fmt.Fprintf(&diff, "+ %s\n", l)
		}
	}
	if diff.Len() == 0 {
		diff.WriteString(cmp.Diff(want, lines))
	}
	t.Errorf("the exported API is not that of internal/archtest/%s:\n%sIf this is meant, run: go test ./internal/archtest -run TestAPI -update\nand put the difference into the commit message.",
		filepath.ToSlash(name), &diff)
}

// exportData reads what the compiler wrote about the module's packages and all that they
// import.
func exportData(t *testing.T) types.Importer {
	t.Helper()
	pkgs, err := list("-export", "-deps", "./...")
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string, len(pkgs))
	for _, p := range pkgs {
		files[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("no export data for %s; does it compile?", path)
		}
		return os.Open(files[path])
	})
}

// api lists what a package exports, sorted.
func api(pkg *types.Package) []string {
	w := apiWriter{qualify: func(other *types.Package) string {
		if other == pkg {
			return ""
		}
		return other.Name()
	}}
	for _, name := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(name); o.Exported() {
			w.object(o)
		}
	}
	slices.Sort(w.lines)
	return w.lines
}

type apiWriter struct {
	lines   []string
	qualify types.Qualifier
}

func (w *apiWriter) add(format string, args ...any) {
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *apiWriter) typ(t types.Type) string { return types.TypeString(t, w.qualify) }

func (w *apiWriter) object(o types.Object) {
	switch o := o.(type) {
	case *types.Const:
		if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			w.add("const %s = %s", o.Name(), o.Val().ExactString())
		} else {
			w.add("const %s %s = %s", o.Name(), w.typ(o.Type()), o.Val().ExactString())
		}
	case *types.Var:
		w.add("var %s %s", o.Name(), w.typ(o.Type()))
	case *types.Func:
		w.add("func %s%s", o.Name(), w.signature(o))
	case *types.TypeName:
		w.typeName(o)
	}
}

func (w *apiWriter) signature(f *types.Func) string {
	return strings.TrimPrefix(w.typ(f.Type()), "func")
}

func (w *apiWriter) typeName(o *types.TypeName) {
	if o.IsAlias() {
		w.add("type %s = %s", o.Name(), w.typ(types.Unalias(o.Type())))
		return
	}
	named := o.Type().(*types.Named)
	kind := w.typ(named.Underlying())
	switch u := named.Underlying().(type) {
	case *types.Struct:
		kind = w.structType(o.Name(), u)
	case *types.Interface:
		kind = w.interfaceType(o.Name(), u)
	}
	w.add("type %s%s %s", o.Name(), w.typeParams(named), kind)
	for m := range named.Methods() {
		if m.Exported() {
			receiver := o.Name()
			if _, ok := m.Signature().Recv().Type().(*types.Pointer); ok {
				receiver = "*" + receiver
			}
			w.add("method (%s) %s%s", receiver, m.Name(), w.signature(m))
		}
	}
}

func (w *apiWriter) typeParams(t *types.Named) string {
	if t.TypeParams().Len() == 0 {
		return ""
	}
	var out []string
	for p := range t.TypeParams().TypeParams() {
		out = append(out, p.String()+" "+w.typ(p.Constraint()))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func (w *apiWriter) structType(name string, s *types.Struct) string {
	kind := "struct"
	for f := range s.Fields() {
		if f.Exported() {
			w.add("field %s.%s %s", name, f.Name(), w.typ(f.Type()))
		} else {
			kind = "struct, with unexported fields"
		}
	}
	if !types.Comparable(s) {
		kind += ", not comparable"
	}
	return kind
}

func (w *apiWriter) interfaceType(name string, i *types.Interface) string {
	kind := "interface"
	for m := range i.Methods() {
		if m.Exported() {
			w.add("method (%s) %s%s", name, m.Name(), w.signature(m))
		} else {
			kind = "interface, sealed"
		}
	}
	return kind
}
