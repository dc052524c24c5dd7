package simtest

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/simulate"
)

// Env compiles the organization for tests: keys that are neither given nor derived are
// absent, as in case files (see [simulate.WithStrictKeys]). For a test in which they are
// unknown take [simulate.Compile]. What cannot be compiled fails the test at once.
func Env(t testing.TB, o *org.Organization) *simulate.Environment {
	t.Helper()
	if o == nil {
		t.Fatal("simtest: no organization; want what org.ReadFS or org.New returned")
	}
	e, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Allowed fails the test unless the request is allowed for certain, and says why it is
// not. Principal, action, resource and keys are written as in a case file, keys as
// "aws:SourceIp=203.0.113.7"; what a case file refuses fails the test. The environment
// decides as it was compiled: by one of [Env], keys that are not given are absent.
func Allowed(t testing.TB, e *simulate.Environment, principal, action, resource string, keys ...string) {
	t.Helper()
	expect(t, e, "allowed", principal, action, resource, keys)
}

// Denied fails the test unless the request is denied for certain, by either deny, and says
// what allows it. The arguments are those of [Allowed].
func Denied(t testing.TB, e *simulate.Environment, principal, action, resource string, keys ...string) {
	t.Helper()
	expect(t, e, suite.Denied, principal, action, resource, keys)
}

func expect[S ~string](t testing.TB, e *simulate.Environment, want S, principal, action, resource string, keys []string) {
	t.Helper()
	c := suite.NewCase(string(want), principal, action, resource, keys)
	report(t, c.Decide(suite.Asked(e)))
}

// report fails the test if the case was not met.
func report(t testing.TB, r suite.Result) {
	t.Helper()
	for _, w := range r.Warnings {
		t.Logf("warning: %s", w)
	}
	if !r.Pass {
		t.Error(strings.TrimSuffix(r.Failure(r.Decision.Outcome.String()), "\n"))
	}
}

// RunFS runs the case files of a file system, *.txtar and *.jsonl in all directories, each
// as a subtest of its name, and each case as a subtest of that. Files and directories whose
// name begins with . or _ are passed over. Cases of
// a file without an organization of its own are decided in the environment, which may be
// nil if there are none; if it holds an organization that is compiled anew, so that keys
// are strict unless a line says otherwise. A file that cannot be read, or has no case,
// fails, and so does a file system without a case file.
func RunFS(t *testing.T, fsys fs.FS, e *simulate.Environment) {
	t.Helper()
	var world *suite.World
	if e != nil {
		var err error
		if world, err = suite.WorldOf(e); err != nil {
			t.Fatal(err)
		}
	}
	names, err := suite.Find(fsys, ".")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("simtest: no case file; want *.txtar or *.jsonl in the file system")
	}
	for _, name := range names {
		t.Run(path.Clean(name), func(t *testing.T) {
			t.Helper()
			runFile(t, fsys, name, world)
		})
	}
}

func runFile(t *testing.T, fsys fs.FS, name string, world *suite.World) {
	t.Helper()
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := suite.Read(name, src)
	if err != nil {
		t.Fatal(err)
	}
	if f.World != nil {
		world = f.World
	}
	if world == nil && f.NeedsWorld() {
		t.Fatalf("%s: no section org.json, and RunFS was given no environment; want one of them", name)
	}
	for c := range f.Cases() {
		t.Run(fmt.Sprintf("line %d", c.Line), func(t *testing.T) {
			t.Helper()
			report(t, c.Decide(world))
		})
	}
}
