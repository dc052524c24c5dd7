package lint

import (
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// A riskyAction is one that is only safe on named resources or with a certain key (IAM
// User Guide, “Access Analyzer policy check reference”).
type riskyAction struct {
	code     string // what the codes begin with
	typ      FindingType
	action   string
	key      string // a condition on it makes the action safe
	resource string // the last part of an ARN that only a pattern for all such resources matches
	means    string
	remedy   string
}

// The ways to name the action and the resource.
type naming uint8

const (
	byName naming = iota
	byPattern
	byExclusion
)

// riskyActionRules makes the six rules about an action.
func riskyActionRules(r riskyAction) []rule {
	shapes := []struct {
		suffix           string
		action, resource naming
		title            string
	}{
		{"_WITH_NOT_RESOURCE", byName, byExclusion, " is allowed with NotResource."},
		{"_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE", byPattern, byExclusion, " is allowed by a wildcard and with NotResource."},
		{"_WITH_NOT_ACTION_AND_NOT_RESOURCE", byExclusion, byExclusion, " is allowed by NotAction and with NotResource."},
		{"_WITH_STAR_IN_RESOURCE", byName, byPattern, " is allowed on all resources."},
		{"_WITH_STAR_IN_ACTION_AND_RESOURCE", byPattern, byPattern, " is allowed by a wildcard and on all resources."},
		{"_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION", byExclusion, byPattern, " is allowed by NotAction and on all resources."},
	}
	var out []rule
	for _, shape := range shapes {
		out = append(out, rule{
			code: r.code + shape.suffix, typ: r.typ, kinds: kindSet(policy.IdentityBased), title: r.action + shape.title,
			check: func(c *checker) {
				for _, s := range c.statements() {
					r.checkStatement(s, shape.action, shape.resource)
				}
			},
		})
	}
	return out
}

func (r *riskyAction) checkStatement(s *statement, action, resource naming) {
	if s.effect() != "Allow" || s.has(r.key) {
		return
	}
	by, ok := r.names(s, action)
	if !ok {
		return
	}
	if n, path, ok := r.unlimited(s, resource); ok {
		s.c.report(n, path, "%s, so %s; %s", by, r.means, r.remedy)
	}
}

// names says how the statement allows the action, if it names it in this way.
func (r *riskyAction) names(s *statement, how naming) (by string, ok bool) {
	if how == byExclusion {
		_, ok = s.member("NotAction")
		for _, v := range s.values("NotAction") {
			ok = ok && !r.isNamed(v.text)
		}
		return "NotAction leaves " + r.action + " allowed", ok
	}
	for _, v := range s.values("Action") {
		if r.isNamed(v.text) && strings.ContainsAny(v.text, "*?") == (how == byPattern) {
			if how == byPattern {
				return clip(v.text) + " includes " + r.action, true
			}
			return r.action + " is allowed without limits", true
		}
	}
	return "", false
}

// isNamed reports whether a pattern of an Action element matches the action.
func (r *riskyAction) isNamed(pattern string) bool {
	if !mayInclude(pattern, r.action) {
		return false
	}
	p := glob.Compile(pattern, glob.Wildcards|glob.FoldASCII)
	return p.Match(r.action, nil)
}

// unlimited finds what names all resources of the action in this way.
func (r *riskyAction) unlimited(s *statement, how naming) (n *jsontree.Node, path string, ok bool) {
	if how == byPattern {
		for _, v := range s.values("Resource") {
			if r.matches(v.text) {
				return v.node, v.path, true
			}
		}
		return nil, "", false
	}
	for _, v := range s.values("NotResource") {
		if r.matches(v.text) {
			return nil, "", false
		}
	}
	n, ok = s.member("NotResource")
	return n, s.path + "/NotResource", ok
}

// matches reports whether a pattern is one for all resources of the action, at least of
// one account.
func (r *riskyAction) matches(pattern string) bool {
	if glob.Everything(pattern) {
		return true
	}
	parts, n := glob.SplitARN(pattern, glob.Wildcards)
	if n < len(parts) {
		p := glob.Compile(pattern, glob.Wildcards)
		return p.Match("arn:aws:iam::111122223333:"+r.resource, nil)
	}
	service, resource := glob.Compile(parts[2], glob.Wildcards), glob.Compile(parts[5], glob.Wildcards)
	return service.Match("iam", nil) && resource.Match(r.resource, nil)
}
