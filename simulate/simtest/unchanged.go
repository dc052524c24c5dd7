package simtest

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/licit-dev/licit/internal/suite"
	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/simulate"
)

// mostDeltas bounds how many requests a failure lists.
const mostDeltas = 20

// Unchanged fails the test if a request is not decided alike in both environments, and
// lists those that are not, with what decided them before and after.
//
// Alike is what the caller would notice: allowed in both, or denied for certain in both, be
// it explicitly or implicitly, by whatever layer and statement. A request that may be
// allowed and may be denied in one of them, or in both, is listed too: that it is unchanged
// is not known. No request at all fails the test.
func Unchanged(t testing.TB, before, after *simulate.Environment, requests iter.Seq[simulate.Request]) {
	t.Helper()
	n, changed := 0, 0
	var b strings.Builder
	for r := range requests {
		n++
		was, is := before.Can(r), after.Can(r)
		if was.Allowed() && is.Allowed() || was.Denied() && is.Denied() {
			continue
		}
		if changed++; changed <= mostDeltas {
			b.WriteString(delta(before, after, r, was, is))
		}
	}
	switch {
	case n == 0:
		t.Error("simtest: Unchanged was given no request, so it compared nothing")
	case changed > mostDeltas:
		fmt.Fprintf(&b, "and %d more\n", changed-mostDeltas)
		fallthrough
	case changed > 0:
		t.Errorf("%d of %d requests are not decided as before\n%s", changed, n, strings.TrimSuffix(b.String(), "\n"))
	}
}

// delta describes one request that is not decided alike.
func delta(before, after *simulate.Environment, r simulate.Request, was, is simulate.Decision) string {
	word := "not certain"
	switch {
	case was.Allowed() && is.Denied():
		word = "lost"
	case was.Denied() && is.Allowed():
		word = "gained"
	}
	return fmt.Sprintf("%s: %s\n%s%s", word, wording.Printable(suite.Text("", r)), side("before", before, r), side("after", after, r))
}

func side(name string, e *simulate.Environment, r simulate.Request) string {
	x := e.Explain(r)
	text := strings.TrimSuffix(suite.Asked(e).Answer(x, x.Decision.Outcome.String()), "\n")
	return fmt.Sprintf("  %-7s %s\n", name, strings.ReplaceAll(text, "\n", "\n          "))
}
