package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// fuzzFile lists the packages that must have fuzz targets: those that read what others
// wrote, and those that are compared with the oracle. .ci/run reads it too.
const fuzzFile = "testdata/fuzz.txt"

func TestFuzzTargets(t *testing.T) {
	b, err := os.ReadFile(fuzzFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(b))
	if len(want) == 0 {
		t.Fatalf("%s is empty", fuzzFile)
	}
	for _, p := range packages(t) {
		targets := fuzzTargets(t, p)
		i := slices.Index(want, p.folder())
		switch {
		case i >= 0 && len(targets) == 0:
			t.Errorf("package %s has no fuzz target, and internal/archtest/%s wants one", p.folder(), fuzzFile)
		case i < 0 && len(targets) > 0:
			t.Errorf("package %s has fuzz targets (%s); add it to internal/archtest/%s", p.folder(), strings.Join(targets, ", "), fuzzFile)
		}
		if i >= 0 {
			want = slices.Delete(want, i, i+1)
		}
	}
	for _, name := range want {
		t.Errorf("internal/archtest/%s names package %s, which does not exist", fuzzFile, name)
	}
}

func fuzzTargets(t *testing.T, p *pkg) []string {
	t.Helper()
	var out []string
	for _, f := range parse(t, token.NewFileSet(), p, slices.Concat(p.TestGoFiles, p.XTestGoFiles)) {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Fuzz") {
				out = append(out, d.Name.Name)
			}
		}
	}
	return out
}
