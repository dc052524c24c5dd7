package lint

import "github.com/licit-dev/licit/policy"

var dependentRules = []rule{
	{
		code: "ACTION_PERMISSION_ONLY_OR_DEPENDENT", typ: Suggestion, kinds: kindSet(policy.IdentityBased), parsed: true,
		title: "An action is allowed, and another one that it may need is not.",
		check: (*checker).checkDependents,
	},
}

// checkDependents reports actions whose dependent actions (Service Authorization Reference)
// no statement allows. Which of them a call needs depends on its parameters, and another
// policy may allow them, so it is advice. What the reference does not know is passed over.
func (c *checker) checkDependents() {
	allowed := map[policy.Action]bool{}
	allows := func(a policy.Action) bool {
		yes, asked := allowed[a]
		if !asked {
			yes = c.allows(string(a))
			allowed[a] = yes
		}
		return yes
	}
	for _, s := range c.statements() {
		if s.effect() != "Allow" {
			continue
		}
		for v, a := range s.plainActions() {
			dependents, _ := a.Dependents()
			var missing []string
			for d := range dependents {
				if !allows(d) {
					missing = append(missing, string(d))
				}
			}
			if len(missing) > 0 {
				c.report(v.node, v.path, "%s may need %s as well, which this document does not allow; allow it if no other policy does", v.text, firstOf(missing, 4))
			}
		}
	}
}
