package suite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/wording"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A World is where the cases of txtar files are decided.
type World struct {
	wording.World
	strict, loose *simulate.Environment
	gaps          []string                   // their subjects
	known         map[policy.Principal]error // what checkPrincipal found, since accounts are large
	near          map[string]string          // what was found to be near an account or a resource
	names         []string                   // of resources, roles and users, once they were asked for
}

// NewWorld makes a world of an organization. The words say how to speak of it; their Org
// and Strict are set here.
func NewWorld(o *org.Organization, words wording.World) (*World, error) {
	strict, err := simulate.Compile(o, simulate.WithStrictKeys())
	if err != nil {
		return nil, err
	}
	loose, err := simulate.Compile(o)
	if err != nil {
		return nil, err
	}
	words.Org, words.Strict = o, "leave out the ? of the line"
	w := &World{World: words, strict: strict, loose: loose}
	w.index()
	return w, nil
}

// index remembers what is asked of the organization for each case.
func (w *World) index() {
	w.known, w.near = make(map[policy.Principal]error), make(map[string]string)
	for g := range w.Org.Gaps() {
		w.gaps = append(w.gaps, g.Subject)
	}
}

// WorldOf is the world of an environment. One that has an organization is compiled anew,
// so that a case is decided with strict keys unless it says otherwise. One that has none
// decides as it was compiled, and refuses cases that say otherwise.
func WorldOf(e *simulate.Environment) (*World, error) {
	if o := e.Organization(); o != nil {
		return NewWorld(o, wording.World{Name: "the organization"})
	}
	return &World{World: wording.World{Name: "the given policies"}, strict: e}, nil
}

// Asked is the world of an environment that decides as it was compiled.
func Asked(e *simulate.Environment) *World {
	w := &World{World: wording.World{Org: e.Organization(), Env: e, Name: "the organization", Strict: "simulate.WithStrictKeys"}, strict: e}
	if w.Org == nil {
		w.Name = "the given policies"
		return w
	}
	w.index()
	return w
}

// environment is the one that decides the case.
func (w *World) environment(c *Case) (*simulate.Environment, error) {
	switch {
	case !c.loose:
		return w.strict, nil
	case w.loose == nil:
		return nil, fmt.Errorf("%s? asks for keys that may be unknown, but the environment has no organization and was compiled one way; leave out the ?", c.at(c.Column))
	}
	return w.loose, nil
}

// check looks for what a case cannot mean: a principal that the organization does not
// have, an action or a key that AWS does not have. An error refuses the case.
func (w *World) check(c *Case) (warnings []Warning, err error) {
	if err := w.checkPrincipal(c); err != nil {
		return nil, err
	}
	if err := checkAction(c); err != nil {
		return nil, err
	}
	warn := func(column int, format string, args ...any) {
		warnings = append(warnings, c.warning(column, format, args...))
	}
	if near := w.nearAccount(c.Request.Principal); near != "" {
		warn(c.columns[1], "account %s is not in %s; did you mean %s?", c.Request.Principal.AccountID(), w.Name, near)
	}
	if near := w.nearResource(c.Request); near != "" {
		warn(c.columns[3], "%s is not in %s; did you mean %s?", c.Request.Resource, w.Name, near)
	}
	if strings.ContainsAny(c.Request.Resource.String(), "*?") {
		warn(c.columns[3], "the resource is taken literally: the * and ? in it stand for themselves, not for other resources")
	}
	facts := serviceref.Embedded()
	for _, k := range c.keys {
		if hint := wording.UnknownKey(serviceref.Embedded(), k.name); hint != "" {
			warn(k.column, "%s", hint)
		} else if info, known := facts.Key(k.name); known && k.values > 1 && !info.Multivalued {
			return nil, fmt.Errorf("%s%s has one value, not %d; quote a value that holds a comma: %s=\"a,b\"", c.at(k.column), k.name, k.values, k.name)
		}
	}
	return warnings, nil
}

// checkCarried is check for a JSON line, which any engine may run: what AWS does not have
// is a warning.
func checkCarried(c *Case) (warnings []Warning) {
	if hint := unknownAction(c.Request.Action); hint != "" {
		warnings = append(warnings, c.warning(1, "%s", hint))
	}
	for name := range c.Request.Keys.All() {
		if hint := wording.UnknownKey(serviceref.Embedded(), name); hint != "" {
			warnings = append(warnings, c.warning(1, "%s", hint))
		}
	}
	return warnings
}

// checkPrincipal refuses users and roles that their account does not have. Callers from
// other accounts may be meant, and so may those that a gap may hide.
func (w *World) checkPrincipal(c *Case) error {
	p := c.Request.Principal
	if w.Org == nil || p.AccountID() == "" {
		return nil
	}
	err, asked := w.known[p]
	if !asked {
		_, ours := w.Org.Account(p.AccountID())
		if ours && !w.Knows(p) && !slices.ContainsFunc(w.gaps, func(subject string) bool { return hides(subject, p) }) {
			err = fmt.Errorf("%s is not in %s%s", p, w.Name, wording.DidYouMean(wording.ClosestPrincipals(w.Org, p)))
		}
		w.known[p] = err
	}
	if err != nil {
		return fmt.Errorf("%s%w", c.at(c.columns[1]), err)
	}
	return nil
}

// hides reports whether a gap about the subject may be why a principal is not known.
func hides(subject string, p policy.Principal) bool {
	if subject == p.AccountID() || subject == p.String() {
		return true
	}
	a, err := policy.ParseARN(subject)
	return err == nil && a.AccountID() == p.AccountID() && a.Service() == "iam" && p.Kind() == policy.RoleSession && wording.LastSegment(a) == p.Name()
}

// checkAction refuses an action that AWS does not have, unless the case says that it is
// newer than what is known.
func checkAction(c *Case) error {
	hint := unknownAction(c.Request.Action)
	if hint == "" || c.newer {
		return nil
	}
	join := "; "
	if strings.HasSuffix(hint, "?") {
		join = " Or "
	}
	return fmt.Errorf("%s%s%swrite new:%s if it is newer", c.at(c.columns[2]), hint, join, c.Request.Action)
}

// unknownAction says what is wrong with an action, "" for nothing.
func unknownAction(a policy.Action) string {
	facts := serviceref.Embedded()
	if _, known := facts.Action(a); known {
		return ""
	}
	hint := fmt.Sprintf("no action %s as of %s", a, facts.Date())
	if similar, ok := facts.SimilarAction(a); ok {
		hint += wording.DidYouMean([]string{string(similar)})
	}
	return hint
}
