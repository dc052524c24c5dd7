package lint

import "github.com/licit-dev/licit/internal/jsontree"

// emptyArray checks that elements which are arrays hold something. policy.Parse refuses
// an empty one as AWS does; Access Analyzer calls that a suggestion.
func emptyArray(want string, elements ...string) func(c *checker, s *statement) {
	return func(c *checker, s *statement) {
		for _, e := range elements {
			if n, ok := s.member(e); ok && n.Kind == jsontree.Array && len(n.Elements) == 0 {
				c.report(n, s.path+"/"+e, "%s is empty; %s", e, want)
			}
		}
	}
}

func emptyPrincipals(c *checker, s *statement) {
	emptyArray(`name at least one principal, or write "*" for everybody`, "Principal", "NotPrincipal")(c, s)
	for _, e := range []string{"Principal", "NotPrincipal"} {
		n, ok := s.member(e)
		if !ok {
			continue
		}
		for i := range n.Members {
			m := &n.Members[i]
			if m.Value.Kind != jsontree.Array || len(m.Value.Elements) > 0 {
				continue
			}
			f := c.report(&m.Value, s.path+"/"+e+"/"+jsontree.Escape(m.Name), "%s names no principal of type %s; name one, or remove %s", e, clip(m.Name), clip(m.Name))
			if len(n.Members) > 1 {
				f.Fix = removeMember(n, i)
			}
		}
	}
}

func emptyPrincipalObject(c *checker, s *statement) {
	for _, e := range []string{"Principal", "NotPrincipal"} {
		if n, ok := s.member(e); ok && n.Kind == jsontree.Object && len(n.Members) == 0 {
			c.report(n, s.path+"/"+e, "%s is empty; want at least one of AWS, Service, Federated or CanonicalUser", e)
		}
	}
}

// emptyCondition: no condition always holds, so the element can go.
func emptyCondition(c *checker, s *statement) {
	for i := range s.node.Members {
		m := &s.node.Members[i]
		if m.Name == "Condition" && m.Value.Kind == jsontree.Object && len(m.Value.Members) == 0 {
			c.report(&m.Value, s.path+"/Condition", "Condition is empty and so always holds; remove it, or add the condition that is missing").Fix = removeMember(s.node, i)
		}
	}
}
