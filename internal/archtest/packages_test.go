package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/licit-dev/licit"

var update = flag.Bool("update", false, "write the golden files")

// A pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Dir, Export      string
	GoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
	Error                              *struct{ Err string }
}

func (p *pkg) folder() string { return folder(p.ImportPath) }

// public reports whether users can import the package.
func (p *pkg) public() bool {
	return p.Name != "main" && p.folder() != "." && !strings.HasPrefix(p.folder(), "internal/")
}

// folder is the path of a package inside the module, "." for its root; packages of other
// modules keep their path.
func folder(path string) string {
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

var listed = sync.OnceValues(func() ([]*pkg, error) { return list("./...") })

// packages are those of the module, by import path, also those that do not compile: an
// arrow that closes a cycle must be named all the same.
func packages(t *testing.T) []*pkg {
	t.Helper()
	pkgs, err := listed()
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) < 5 {
		t.Fatalf("go list found %d packages, too few to be the module", len(pkgs))
	}
	return pkgs
}

// list runs go list in the root of the module.
func list(args ...string) ([]*pkg, error) {
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Name,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports,Error"}, args...)...)
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var pkgs []*pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(pkg)
		if err := d.Decode(p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
}
