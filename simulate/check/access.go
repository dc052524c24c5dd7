package check

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// accessDocument writes accesses as the Allows of a policy, and so checks them.
func accessDocument(accesses []Access) (*policy.Document, error) {
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

// documentedResources are for each access without resources the forms of those that AWS
// documents for its actions, "*" for none; nil where all are meant.
func documentedResources(accesses []Access) [][]string {
	ref := serviceref.Embedded()
	var out [][]string
	for _, a := range accesses {
		var forms []string
		if len(a.Resources) == 0 {
			for _, pattern := range a.Actions {
				for action := range ref.Actions(pattern) {
					info, _ := ref.Action(action)
					if len(slices.Collect(info.Resources())) == 0 {
						forms = append(forms, "*")
					}
					for format := range ref.ARNFormats(action) {
						forms = append(forms, placeholder.ReplaceAllString(format, "*"))
					}
				}
			}
		}
		slices.Sort(forms)
		out = append(out, slices.Compact(forms))
	}
	return out
}

var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// within narrows a case to the requests that a document's Allows match. limits are forms of
// resources for each of them; none: all.
func (one *callerCase) within(asked *policy.Document, limits [][]string) {
	sides := one.sides
	one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
		out, require, err := sides(c)
		if err != nil {
			return out, require, err
		}
		allows, _, err := c.statements(asked, policy.IdentityBased, nil)
		if err != nil {
			return out, require, err
		}
		for i, forms := range limits {
			if len(forms) == 0 {
				continue
			}
			var list []symbolic.Pattern
			for _, form := range forms {
				if p, ok := c.arnPattern(policy.Version2008, form, false); ok {
					list = append(list, p.relaxed)
				} else {
					list = append(list, symbolic.Text(form)) // "*": no resource
				}
			}
			of, err := symbolic.Build(symbolic.ResourceText, [][]symbolic.Pattern{list})
			if err != nil {
				return out, require, err
			}
			allows[i].Resource = []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}
		}
		side := out[0]
		grant, layer := side.Grant, len(side.Layers)
		side.Layers = append(side.Layers, allows)
		side.Grant = func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(l[layer], grant(l)) }
		return out, require, nil
	}
}
