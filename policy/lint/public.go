package lint

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
)

var publicRules = []rule{
	{
		code: "RESOURCE_POLICY_PUBLIC", typ: SecurityWarning, kinds: kindSet(policy.ResourceBased),
		title: "A resource policy lets everybody in.",
		check: (*checker).checkPublic,
	},
}

// checkPublic reports Allow statements for everybody whose conditions everybody satisfies,
// without the actions that a Deny withholds from outsiders. Methods of API Gateway are passed
// over: their authorizers decide as well.
func (c *checker) checkPublic() {
	for _, s := range c.statements() {
		i := slices.IndexFunc(s.principals(), func(p principalValue) bool {
			return p.element == "Principal" && p.text == "*" && (p.typ == "*" || p.typ == "AWS")
		})
		if i < 0 || s.effect() != "Allow" || slices.ContainsFunc(s.conditions(), func(e *conditionEntry) bool { return !e.open() }) {
			continue
		}
		var names []string
		for _, v := range s.values("Action") {
			if !strings.HasPrefix(v.text, "execute-api:") && !c.closes(s, v.text) {
				names = append(names, clip(v.text))
			}
		}
		if p := s.principals()[i]; len(names) > 0 {
			c.report(p.node, p.path, "this allows everybody, inside and outside of the organization: %s; name accounts or roles, or add a condition on aws:PrincipalOrgID, unless the resource is meant to be public", firstOf(names, 4))
		}
	}
}

// open reports whether outsiders satisfy the condition, or can see to it that they do.
func (e *conditionEntry) open() bool {
	switch {
	case e.harmless() || isOneOf(e, chosenKeys):
		return true
	case isOneOf(e, callerKeys) || isOneOf(e, sourceKeys):
		return (e.compares("String") || e.compares("Arn")) && !negated(e.parts) && !e.parts.IfExists && (!e.selects() || slices.ContainsFunc(e.values(), e.admitsAnybody))
	case e.is("aws:SourceIp") && e.parts.Base == "IpAddress":
		list, _ := e.ranges()
		return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Bits() == 0 })
	}
	return false
}

// closes reports whether some Deny may withhold what the statement allows with an action
// from outsiders: one for everybody, on the same resources, whose conditions are about
// callers or networks.
func (c *checker) closes(s *statement, action string) bool {
	return slices.ContainsFunc(c.statements(), func(d *statement) bool {
		if d.effect() != "Deny" || !d.reaches(action) {
			return false
		}
		everybody := slices.ContainsFunc(d.principals(), func(p principalValue) bool { return p.text == "*" || p.element == "NotPrincipal" })
		return everybody && !slices.ContainsFunc(s.values("Resource"), func(v value) bool { return !d.mayCover(v.text) }) &&
			!slices.ContainsFunc(d.conditions(), func(e *conditionEntry) bool {
				return e.service() != "aws" || e.is("aws:SecureTransport") || e.is("aws:UserAgent") || e.is("aws:Referer")
			})
	})
}

// mayCover reports whether the statement's resources include a pattern, or may do so.
func (s *statement) mayCover(resource string) bool {
	list := s.values("Resource")
	return len(list) == 0 || slices.ContainsFunc(list, func(v value) bool { return glob.ResourceIncludes(v.text, resource) || hasVariable(v.text) })
}
