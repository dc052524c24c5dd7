package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An asking is what many principals of one environment are asked about, with what is found out
// once for all of them.
type asking struct {
	document *policy.Document      // its Allows are what is asked for
	limits   []*symbolic.Automaton // of their resources, see callerCase.within
	c        *compiler
	allows   []symbolic.Statement
	roles    []bool // whether such an Allow has an action that a role's trust policy decides
	err      error  // of the limits, which makes everything unknown
	touched  map[*listedResource]bool
	proved   map[string]bool // of callers alike, see likeness
}

func newAsking(ctx context.Context, accesses []Access) (*asking, error) {
	d, err := accessDocument(accesses)
	if err != nil {
		return nil, err
	}
	a := &asking{document: d, c: newCompiler(ctx.Err, nil), touched: map[*listedResource]bool{}, proved: map[string]bool{}}
	a.limits, a.err = documentedResources(a.c.problem.Meter(), accesses)
	return a, nil
}

// touches reports whether anything of what is asked can be on the listed resource. If not,
// the resource needs no proof, and what its policy says does not matter.
func (a *asking) touches(r *listedResource) (bool, error) {
	found, ok := a.touched[r]
	if ok {
		return found, nil
	}
	if a.allows == nil {
		allows, err := a.c.asked(a.document, a.limits)
		if err != nil {
			return false, err
		}
		of, err := member(symbolic.ActionText, roleActions)
		if err != nil {
			return false, err
		}
		roles := make([]bool, len(allows))
		for i := range allows {
			if roles[i], err = symbolic.Meet(a.c.problem.Meter(), allows[i].Action, of); err != nil {
				return false, err
			}
		}
		a.allows, a.roles = allows, roles
	}
	// Of many resources all automata together are no more than one question's.
	meter := symbolic.NewMeter(a.c.stop)
	of, err := symbolic.Build(meter, symbolic.ResourceText, [][]symbolic.Pattern{r.patterns()})
	if err != nil {
		return false, err
	}
	for i := range a.allows {
		if found || r.role && !a.roles[i] {
			continue
		}
		found = len(a.allows[i].Resource) == 0
		for _, g := range a.allows[i].Resource {
			if found {
				break
			}
			if found, err = symbolic.Meet(meter, g.Member, symbolic.Member{Of: of}); err != nil {
				return false, err
			}
		}
	}
	a.touched[r] = found
	return found, nil
}

// relevant are the listed resources that what is asked touches.
func (a *asking) relevant(list []*listedResource) (out []*listedResource, err error) {
	for _, r := range list {
		touches, err := a.touches(r)
		if err != nil {
			return nil, err
		}
		if touches {
			out = append(out, r)
		}
	}
	return out, nil
}

// likeness is a text that is the same for callers of whom the same is true as far as no policy of a
// resource names them: the same kind and account, the same policies, and the same values of all
// keys of the caller that these policies speak of.
func (s *stackQuestion) likeness() string {
	sub := &s.subjects[0]
	l := &sub.base.Layers
	var b strings.Builder
	fmt.Fprint(&b, sub.caller.kind, " ", sub.caller.partition, " ", sub.caller.account)
	add := func(name string, list []*policy.Document) {
		fmt.Fprint(&b, " ", name)
		for _, d := range list {
			fmt.Fprintf(&b, " %p", d)
		}
	}
	add("identity", l.Identity)
	add("boundary", l.Boundary)
	for _, level := range l.ServiceControl {
		add("scp", level)
	}
	for _, level := range l.ResourceControl {
		add("rcp", level)
	}
	standings := []simulate.Standing{sub.base}
	spoken := s.spokenKeys(standings)
	f := s.facts(standings, nil)
	for n, name := range f.names {
		if slices.Contains(spoken, name) {
			b.WriteString(glue(append([]string{name, fmt.Sprint(f.values[0][n].state), f.values[0][n].begins}, f.values[0][n].values...)...))
			b.WriteByte(';')
		}
	}
	return b.String()
}
