package suite

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
	"github.com/licit-dev/licit/simulate/casefile"
)

// A Result is what came of one case.
type Result struct {
	Case     *Case
	Decision simulate.Decision
	Err      error // why there is no decision: the case was refused
	Pass     bool
	Warnings []Warning

	env   *simulate.Environment
	words *wording.World
}

// A Warning is something that a case may not mean as it is written.
type Warning struct {
	Case   *Case
	Column int
	Text   string
}

// String is the text with its place in front.
func (w Warning) String() string { return w.Case.at(w.Column) + w.Text }

func (c *Case) warning(column int, format string, args ...any) Warning {
	return Warning{c, column, fmt.Sprintf(format, args...)}
}

// Decide decides the case: one of a txtar file in the world, which must not be nil, and
// one of JSON Lines by the policies that it carries.
func (c *Case) Decide(w *World) Result {
	r := Result{Case: c}
	switch {
	case c.refused != nil:
		r.Err = c.refused
		return r
	case c.carried != nil:
		return c.decideCarried()
	}
	if r.Warnings, r.Err = w.check(c); r.Err != nil {
		return r
	}
	if r.env, r.Err = w.environment(c); r.Err != nil {
		return r
	}
	r.words = &w.World
	r.Decision = r.env.Can(c.Request)
	r.Pass = c.meets(r.Decision)
	if r.Pass && r.Decision.Outcome == simulate.ImplicitDeny && !c.Request.Resource.IsValid() {
		if types := resourceTypes(c); types != "" {
			r.Warnings = append(r.Warnings, c.warning(c.columns[3], "%s is denied without a resource, and may be allowed on one; it has the resource types %s", c.Request.Action, types))
		}
	}
	return r
}

// meets reports whether the decision is what the case expects.
func (c *Case) meets(d simulate.Decision) bool {
	if c.Expect == Denied {
		return d.Denied()
	}
	return string(c.Expect) == d.Outcome.String()
}

// resourceTypes lists the resource types of the case's action; "" if it has none or the
// action is authorised without one.
func resourceTypes(c *Case) string {
	facts := serviceref.Embedded()
	info, ok := facts.Action(c.Request.Action)
	if _, collection := facts.Collection(c.Request.Action); !ok || collection || info.WildcardOnly() {
		return ""
	}
	const most = 6
	var names []string
	for r := range info.Resources() {
		if len(names) == most {
			names = append(names, "…")
			break
		}
		names = append(names, r.Type.Name())
	}
	return strings.Join(names, ", ")
}

// decideCarried decides a JSON line.
func (c *Case) decideCarried() Result {
	out := c.carried.Eval()
	r := Result{Case: c, Decision: out.Decision, Err: out.Err}
	r.Pass, _ = out.Pass()
	if r.Err == nil {
		r.Warnings = checkCarried(c)
	}
	if r.Pass && c.Expect == casefile.ExpectError {
		r.Err = nil
	}
	return r
}

// Explain decides the case again and says why; nil for one that was refused.
func (r *Result) Explain() *simulate.Explanation {
	if r.env == nil {
		if r.Err != nil || r.Case.Expect == casefile.ExpectError && r.Pass {
			return nil
		}
		var opts []simulate.Option
		words := &wording.World{Name: "the case", OwnNames: true}
		if r.Case.loose {
			words.Strict = `"strict": true`
		} else {
			opts = append(opts, simulate.WithStrictKeys())
		}
		env, err := simulate.CompileLayers(r.Case.carried.Layers(), opts...)
		if err != nil {
			return nil
		}
		r.env, r.words = env, words
	}
	return r.env.Explain(r.Case.Request)
}

// Words is how to speak of what [Result.Explain] returned.
func (r *Result) Words() *wording.World {
	w := *r.words
	w.Env = r.env
	return &w
}

// Headline says in one line what was expected and what came, and Why is the rest of the
// answer as licit can prints it, "" if there is none. The outcome is the word for it,
// coloured say. A case that was refused has neither.
func (r *Result) Headline(outcome string) (headline, why string) {
	got := outcome
	if x := r.Explain(); x != nil {
		got, why, _ = strings.Cut(r.Words().Answer(x, outcome), "\n")
	}
	return fmt.Sprintf("want %s, got %s", r.wanted(), got), why
}

func (r *Result) wanted() string {
	if r.Case.Expect == casefile.ExpectError {
		return "a line that is refused"
	}
	return string(r.Case.Expect)
}

// Failure is the whole text about a case that failed or was refused: place and reason, the
// line, and why it was decided so.
func (r *Result) Failure(outcome string) string {
	line := "    " + wording.Printable(r.Case.Text) + "\n"
	if r.Err != nil {
		return wording.Lines(r.Err.Error()) + "\n" + line
	}
	headline, why := r.Headline(outcome)
	return wording.Printable(r.Case.at(r.Case.Column)) + headline + "\n" + line + why
}
