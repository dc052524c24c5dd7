package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// accessDocument writes accesses as the Allows of a policy, and so checks them.
func accessDocument(accesses []Access) (*policy.Document, error) {
	if len(accesses) == 0 {
		return nil, errors.New("check: no access is given; want actions, resources, or both")
	}
	var list []policy.Statement
	for _, a := range accesses {
		if len(a.Actions) == 0 && len(a.Resources) == 0 {
			return nil, fmt.Errorf("check: an access names neither actions nor resources")
		}
		s := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
		if len(a.Actions) > 0 {
			s.Action = policy.List(a.Actions...)
		}
		if len(a.Resources) > 0 {
			s.Resource = policy.List(a.Resources...)
		}
		list = append(list, s)
	}
	return policy.NewDocument(list...)
}

// apart parts accesses without resources in two: the actions that AWS documents, which are about
// the resources that it documents for them, and those that it does not, which are about all.
func apart(accesses []Access) (out []Access) {
	ref := serviceref.Embedded()
	for _, a := range accesses {
		var documented, others []string
		for _, pattern := range a.Actions {
			known := false
			for range ref.Actions(pattern) {
				known = true
				break
			}
			if known {
				documented = append(documented, pattern)
			} else {
				others = append(others, pattern)
			}
		}
		if len(a.Resources) > 0 || len(documented) == 0 || len(others) == 0 {
			out = append(out, a)
			continue
		}
		out = append(out, Access{Actions: documented}, Access{Actions: others})
	}
	return out
}

// documentedResources are for each access without resources those that AWS documents for its
// actions, "*" for none; nil where all are meant.
func documentedResources(m *symbolic.Meter, accesses []Access) ([]*symbolic.Automaton, error) {
	ref := serviceref.Embedded()
	var out []*symbolic.Automaton
	for _, a := range accesses {
		var forms []string
		if len(a.Resources) == 0 {
			for _, pattern := range a.Actions {
				for action := range ref.Actions(pattern) {
					info, _ := ref.Action(action)
					if len(slices.Collect(info.Resources())) == 0 {
						forms = append(forms, "*")
					}
					if collection, ok := ref.Collection(action); ok { // R-RSC-5
						forms = append(forms, placeholder.ReplaceAllString(collection, "*"))
					}
					for format := range ref.ARNFormats(action) {
						forms = append(forms, placeholder.ReplaceAllString(format, "*"))
					}
				}
			}
		}
		slices.Sort(forms)
		var list []symbolic.Pattern
		for _, form := range slices.Compact(forms) {
			if p, ok := (&compiler{}).arnPattern(policy.Version2008, form, false); ok {
				list = append(list, p.relaxed)
			} else {
				list = append(list, symbolic.Text(form)) // "*": no resource
			}
		}
		var of *symbolic.Automaton
		if len(list) > 0 {
			var err error
			if of, err = symbolic.Build(m, symbolic.ResourceText, [][]symbolic.Pattern{list}); err != nil {
				return nil, err
			}
		}
		out = append(out, of)
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// within narrows a case to the requests that a document's Allows match. limits are
// resources for each of them; nil: all.
func (one *callerCase) within(asked *policy.Document, limits []*symbolic.Automaton) {
	sides := one.sides
	one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
		out, require, err := sides(c)
		if err != nil {
			return out, require, err
		}
		allows, err := c.asked(asked, limits)
		if err != nil {
			return out, require, err
		}
		side := out[0]
		grant, layer := side.Grant, len(side.Layers)
		side.Layers = append(side.Layers, allows)
		side.Grant = func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(l[layer], grant(l)) }
		return out, require, nil
	}
}

// asked are the Allows of a document, with limits as in within.
func (c *compiler) asked(d *policy.Document, limits []*symbolic.Automaton) ([]symbolic.Statement, error) {
	allows, _, err := c.statements(d, policy.IdentityBased, nil)
	if err != nil {
		return nil, err
	}
	for i, of := range limits {
		if of == nil {
			continue
		}
		if err := c.use(of); err != nil {
			return nil, err
		}
		allows[i].Resource = []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}
	}
	return allows, nil
}
