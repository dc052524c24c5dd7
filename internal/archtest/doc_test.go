package archtest

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestComments wants a comment for every package and every exported name, which begins
// with the name. Constants may share the comment of their group.
func TestComments(t *testing.T) {
	for _, p := range packages(t) {
		t.Run(p.folder(), func(t *testing.T) {
			fset := token.NewFileSet()
			d, err := doc.NewFromFiles(fset, parse(t, fset, p, p.GoFiles), p.ImportPath, doc.PreserveAST)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range checkComments(fset, d, p.Name == "main") {
				t.Error(problem)
			}
		})
	}
}

// TestNoGlobals wants no exported variables and no init functions.
func TestNoGlobals(t *testing.T) {
	for _, p := range packages(t) {
		fset := token.NewFileSet()
		for _, file := range parse(t, fset, p, p.GoFiles) {
			for _, decl := range file.Decls {
				switch d := decl.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" {
						t.Errorf("%s: func init; compute it where it is needed", place(fset, d.Pos()))
					}
				case *ast.GenDecl:
					for _, name := range declared(d, token.VAR) {
						if ast.IsExported(name.Name) {
							t.Errorf("%s: exported variable %s; callers could change it, return it from a function", place(fset, name.Pos()), name.Name)
						}
					}
				}
			}
		}
	}
}

func declared(d *ast.GenDecl, tok token.Token) []*ast.Ident {
	var out []*ast.Ident
	if d.Tok == tok {
		for _, s := range d.Specs {
			out = append(out, s.(*ast.ValueSpec).Names...)
		}
	}
	return out
}

func parse(t *testing.T, fset *token.FileSet, p *pkg, names []string) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func place(fset *token.FileSet, pos token.Pos) string {
	p := fset.Position(pos)
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}

func checkComments(fset *token.FileSet, p *doc.Package, isMain bool) []string {
	var out []string
	fail := func(pos token.Pos, format string, args ...any) {
		out = append(out, place(fset, pos)+": "+fmt.Sprintf(format, args...))
	}
	switch {
	case p.Doc == "":
		out = append(out, "package "+p.Name+" has no package comment")
	case !isMain && !strings.HasPrefix(p.Doc, "Package "+p.Name+" "):
		out = append(out, fmt.Sprintf("the package comment begins with %q, want %q", first(p.Doc), "Package "+p.Name))
	}
	functions := func(list []*doc.Func) {
		for _, f := range list {
			if ast.IsExported(f.Name) && !begins(f.Doc, f.Name) {
				fail(f.Decl.Pos(), "the comment of %s begins with %q, want %q", f.Name, first(f.Doc), f.Name)
			}
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, name := range s.Names {
					if ast.IsExported(name.Name) && v.Doc == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
						fail(name.Pos(), "%s has no comment, nor has its group", name.Name)
					}
				}
			}
		}
	}
	functions(p.Funcs)
	values(p.Consts)
	values(p.Vars)
	for _, t := range p.Types {
		if ast.IsExported(t.Name) {
			if !begins(t.Doc, t.Name, "A "+t.Name, "An "+t.Name, "The "+t.Name) {
				fail(t.Decl.Pos(), "the comment of %s begins with %q, want %q", t.Name, first(t.Doc), "A "+t.Name)
			}
			functions(t.Methods)
		}
		functions(t.Funcs)
		values(t.Consts)
		values(t.Vars)
	}
	return out
}

func begins(comment string, want ...string) bool {
	for _, w := range want {
		rest, ok := strings.CutPrefix(comment, w)
		if ok && strings.IndexAny(rest, " ,:.;’'\n") == 0 {
			return true
		}
	}
	return false
}

func first(comment string) string {
	words := strings.Fields(comment)
	return strings.Join(words[:min(3, len(words))], " ")
}

// exampleTypes lists the types whose methods users call as verbs: each method needs an
// example.
var exampleTypes = []string{
	"org.Organization",
	"policy.Document",
	"policy/serviceref.Reference",
	"simulate.Environment",
	"simulate.Keys",
}

// noExample says which functions and methods need none all the same, and why.
var noExample = map[string]string{
	"cloudtrail/awscloudtrail.LoadTrails":            "reaches AWS; its example is not run",
	"cloudtrail/awscloudtrail.Lookup":                "reaches AWS; its example is not run",
	"cloudtrail/awscloudtrail.Objects":               "reaches AWS; its example is not run",
	"identitycenter/awsidentitycenter.Load":          "reaches AWS; its example is not run",
	"org/awsorg.Load":                                "reaches AWS; its example is not run",
	"cloudtrail/awscloudtrail.WithAccounts":          "an option of what reaches AWS",
	"cloudtrail/awscloudtrail.WithDirectory":         "an option of what reaches AWS",
	"cloudtrail/awscloudtrail.WithExternalID":        "an option of what reaches AWS",
	"cloudtrail/awscloudtrail.WithRegions":           "an option of what reaches AWS",
	"cloudtrail/awscloudtrail.WithRole":              "an option of what reaches AWS",
	"identitycenter/awsidentitycenter.WithDirectory": "an option of what reaches AWS",
	"identitycenter/awsidentitycenter.WithRegions":   "an option of what reaches AWS",
	"org/awsorg.WithAccounts":                        "an option of what reaches AWS",
	"org/awsorg.WithDirectory":                       "an option of what reaches AWS",
	"org/awsorg.WithExternalID":                      "an option of what reaches AWS",
	"org/awsorg.WithRegions":                         "an option of what reaches AWS",
	"org/awsorg.WithRole":                            "an option of what reaches AWS",
	"examples.Fintech":                               "data that the documentation uses; it is an example",
	"examples.Shop":                                  "files that the documentation uses; ExampleRead of org/awsexport shows them",
	"examples.Trail":                                 "files that the documentation uses; examples/trail writes them",
	"org.Organization.ID":                            "a name, as given",
	"org.Organization.ManagementAccount":             "a name, as given",
	"policy.Document.File":                           "a name, as given; ExampleOrganization_WriteDir shows it",
	"policy.Document.ID":                             "an element, as written",
	"policy.Document.Len":                            "a number; ExampleParse shows it",
	"policy.Document.String":                         "what fmt calls; the examples of the edits show it",
	"policy.Document.Version":                        "an element, as written; ExampleParse shows it",
	"simulate/simtest.RunFS":                         "it runs subtests, and an example has no *testing.T; examples/policytest shows it",
	"policy/serviceref.Reference.Date":               "a date; ExampleEmbedded shows it",
}

// TestExamples wants an example with checked output for every exported function of the
// public packages, constructors included, and for the methods of exampleTypes.
func TestExamples(t *testing.T) {
	known := make(map[string]bool)
	want := func(name, example string, examples []*doc.Example) {
		checked := slices.ContainsFunc(examples, func(e *doc.Example) bool { return e.Output != "" || e.EmptyOutput })
		known[name] = true
		switch _, excused := noExample[name]; {
		case excused && checked:
			t.Errorf("%s has an example; remove it from noExample", name)
		case !excused && !checked:
			t.Errorf("%s has no example; write a func %s with an Output comment", name, example)
		}
	}
	for _, p := range packages(t) {
		if !p.public() {
			continue
		}
		fset := token.NewFileSet()
		files := parse(t, fset, p, slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles))
		d, err := doc.NewFromFiles(fset, files, p.ImportPath)
		if err != nil {
			t.Fatal(err)
		}
		functions := slices.Clone(d.Funcs)
		for _, typ := range d.Types {
			functions = append(functions, typ.Funcs...)
			name := p.folder() + "." + typ.Name
			if !slices.Contains(exampleTypes, name) {
				continue
			}
			known[name] = true
			for _, m := range typ.Methods {
				want(name+"."+m.Name, "Example"+typ.Name+"_"+m.Name, m.Examples)
			}
		}
		for _, f := range functions {
			want(p.folder()+"."+f.Name, "Example"+f.Name, f.Examples)
		}
	}
	for _, name := range slices.Concat(exampleTypes, slices.Sorted(maps.Keys(noExample))) {
		if !known[name] {
			t.Errorf("exampleTypes or noExample names %s, which does not exist", name)
		}
	}
}
