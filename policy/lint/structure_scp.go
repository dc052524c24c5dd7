package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
)

// historic is a check of SCPs as they were before 2025-09-19, when AWS Organizations gave
// them the full policy language. It runs only against facts of an earlier day.
func historic(check func(c *checker, s *statement)) func(c *checker) {
	return func(c *checker) {
		if !c.ref.SCPFullLanguage() {
			perStatement(check)(c)
		}
	}
}

func scpWildcards(c *checker, s *statement) {
	for v := range s.actions() {
		_, name, ok := strings.Cut(v.text, ":")
		if ok && strings.ContainsAny(strings.TrimRight(name, "*?"), "*?") {
			c.report(v.node, v.path, "%q has a wildcard before its end, which SCPs have had only since 2025-09-19; want wildcards at the end only", clip(v.text))
		}
	}
}

func scpAllowCondition(c *checker, s *statement) {
	if n, ok := s.member("Condition"); ok && s.effect() == "Allow" && len(n.Members) > 0 {
		c.report(n, s.path+"/Condition", "Condition stands in an Allow, which SCPs have had only since 2025-09-19; want a Deny with the opposite condition")
	}
}

func scpAllowNotAction(c *checker, s *statement) {
	if n, ok := s.member("NotAction"); ok && s.effect() == "Allow" {
		c.report(n, s.path+"/NotAction", "NotAction stands in an Allow, which SCPs have had only since 2025-09-19; want Action, or a Deny")
	}
}

func scpAllowResource(c *checker, s *statement) {
	if s.effect() != "Allow" {
		return
	}
	for _, v := range s.values("Resource") {
		if v.node.Kind == jsontree.String && !glob.Everything(v.text) {
			c.report(v.node, v.path, "an Allow is on %q, and SCPs have had that only since 2025-09-19; want \"*\", or a Deny with NotResource in its condition", clip(v.text))
		}
	}
}

func scpNotResource(c *checker, s *statement) {
	if n, ok := s.member("NotResource"); ok {
		c.report(n, s.path+"/NotResource", "NotResource stands in an SCP only since 2025-09-19; want Resource")
	}
}
