package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// riskRules are about risky permissions, after the classes of parliament and Cloudsplaining.
var riskRules = slices.Concat(riskResourceRules, riskActionRules, riskEscalationRules, riskBoundaryRules)

var identityGrants = kindSet(policy.IdentityBased, policy.SessionPolicy)

var riskResourceRules = []rule{
	{
		code: "RESOURCE_MISMATCH", typ: Warning, kinds: identityKinds, parsed: true,
		title: "No resource of the statement is of a type that the action works on.",
		check: (*checker).checkResourceTypes,
	},
	{
		code: "RESOURCE_STAR", typ: Suggestion, kinds: identityGrants, parsed: true,
		title: "Actions that could be limited to resources are allowed on all.",
		check: (*checker).checkResourceStar,
	},
	{
		code: "RESOURCE_EFFECTIVELY_STAR", typ: Suggestion, kinds: identityGrants,
		title: "An ARN matches every resource of its service.",
		check: func(c *checker) {
			for _, s := range c.statements() {
				for _, v := range s.values("Resource") {
					if s.effect() == "Allow" && effectivelyStar(v.text) {
						c.report(v.node, v.path, "%q matches all resources of the service; name those that are meant", v.text)
					}
				}
			}
		},
	},
	{
		code: "INFRASTRUCTURE_MODIFICATION", typ: Suggestion, kinds: identityGrants, parsed: true,
		title: "Actions that change resources are allowed on all of them.",
		check: func(c *checker) {
			c.checkLevel(serviceref.LevelWrite, true, "%s can change every resource; name those that are meant")
		},
	},
	{
		code: "RESOURCE_EXPOSURE", typ: SecurityWarning, kinds: identityGrants, parsed: true,
		title: "Actions that change who has access are allowed on all resources.",
		check: func(c *checker) {
			c.checkLevel(serviceref.LevelPermissionsManagement, true, "%s can open any resource to others; name the resources, or add a condition")
		},
	},
	{
		code: "PERMISSIONS_MANAGEMENT_ACTIONS", typ: Suggestion, kinds: identityGrants, parsed: true,
		title: "Actions that change who has access are allowed.",
		check: func(c *checker) {
			c.checkLevel(serviceref.LevelPermissionsManagement, false, "%s changes who has access; keep it to administrators")
		},
	},
	{
		code: "UNKNOWN_CONDITION_FOR_ACTION", typ: Warning, kinds: anyKind, parsed: true,
		title: "No action that a pattern matches has the condition key.",
		check: (*checker).checkPatternKeys,
	},
}

// checkResourceTypes reports actions without a resource that they could work on (Service
// Authorization Reference). Those of no resource type are only granted on "*".
func (c *checker) checkResourceTypes() {
	for _, s := range c.statements() {
		if s.everyResource() {
			continue
		}
		fits := map[serviceref.ResourceInfo]bool{}
		for v, a := range s.plainActions() {
			if s.namesCollection(a.Action()) {
				continue
			}
			switch {
			case a.WildcardOnly():
				c.report(v.node, v.path, `%s works on no single resource, so this statement does nothing for it; use "Resource": "*"`, a.Action())
			case !s.fitsAny(a, fits):
				c.report(v.node, v.path, "%s does not work on any of the resources here; it needs one like %s", a.Action(), likelyFormat(c.ref, a.Action()))
			}
		}
	}
}

// namesCollection reports whether the action may work on a collection that a resource of the
// statement names. All buckets, say, are a star that is part of what is asked for; other
// collections may depend on a prefix in the request.
func (s *statement) namesCollection(a policy.Action) bool {
	arn, ok := s.c.ref.Collection(a)
	all, isStar := strings.CutSuffix(arn, ":*")
	return ok && (!isStar || slices.ContainsFunc(s.values("Resource"), func(v value) bool { return glob.ResourcesMeet(v.text, all+":\x00") }))
}

// fitsAny reports whether a resource of the statement may be of a type of the action. fits
// holds the answers for types that were asked before.
func (s *statement) fitsAny(a serviceref.ActionInfo, fits map[serviceref.ResourceInfo]bool) bool {
	for r := range a.Resources() {
		fit, ok := fits[r.Type]
		if !ok {
			fit = s.fits(r.Type)
			fits[r.Type] = fit
		}
		if fit {
			return true
		}
	}
	return false
}

func (s *statement) fits(t serviceref.ResourceInfo) bool {
	for f := range t.ARNFormats() {
		for _, v := range s.values("Resource") {
			if glob.ResourcesMeet(v.text, f) {
				return true
			}
		}
	}
	return false
}

// likelyFormat is the shortest of the ARN formats of an action: that of the plain resource,
// where there are access points and the like as well.
func likelyFormat(ref *serviceref.Reference, a policy.Action) string {
	best := "*"
	for f := range ref.ARNFormats(a) {
		if best == "*" || len(f) < len(best) {
			best = f
		}
	}
	return best
}

func (c *checker) checkResourceStar() {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || !s.everyResource() || !s.unconditional() {
			continue
		}
		var names []string
		for _, a := range s.plainActions() {
			if !a.WildcardOnly() {
				names = append(names, string(a.Action()))
			}
		}
		if n, ok := s.member("Resource"); ok && len(names) > 0 {
			c.report(n, s.path+"/Resource", "%s can be limited to resources; name those that are meant", firstOf(names, 3))
		}
	}
}

// effectivelyStar reports whether the ARN has wildcards where resources have names.
func effectivelyStar(pattern string) bool {
	parts, n := glob.SplitARN(pattern, glob.Variables)
	free := func(s string) bool { return s == "" || glob.Everything(s) }
	return n == 6 && !glob.Everything(parts[2]) && free(parts[3]) && free(parts[4]) && parts[5] != "" && strings.Trim(parts[5], "*/:") == "" &&
		strings.Contains(parts[5], "*")
}

// checkLevel reports Allow statements with actions of an access level, each statement once.
// Actions that nothing can limit to a resource do not count as unlimited ones.
func (c *checker) checkLevel(level serviceref.Level, everywhere bool, message string) {
	for _, s := range c.statements() {
		if s.effect() != "Allow" || everywhere && (!s.everyResource() || !s.unconditional()) {
			continue
		}
		var names []string
		for _, a := range s.plainActions() {
			if a.Level() == level && !(everywhere && a.WildcardOnly()) {
				names = append(names, string(a.Action()))
			}
		}
		if n, ok := s.member("Action"); ok && len(names) > 0 {
			c.report(n, s.path+"/Action", message, firstOf(names, 3))
		}
	}
}

// checkPatternKeys reports condition keys that no action of a pattern such as "s3:*" has.
// Single actions are UNSUPPORTED_ACTION_FOR_CONDITION_KEY.
func (c *checker) checkPatternKeys() {
	for _, s := range c.statements() {
		for _, e := range s.conditions() {
			// Keys of the host of an identity provider are not in the reference.
			if !e.known || strings.HasPrefix(strings.ToLower(e.key), "aws:") || strings.Contains(e.key, ".") {
				continue
			}
			for _, v := range s.values("Action") {
				if strings.ContainsAny(v.text, "*?") && !glob.Everything(v.text) && c.patternLacksKey(v.text, e.key) {
					c.report(v.node, v.path, "no action like %s has the condition key %s; remove one of them", v.text, e.key)
				}
			}
		}
	}
}

func (c *checker) patternLacksKey(pattern, key string) bool {
	n := 0
	for a := range c.ref.Actions(pattern) {
		info, ok := c.ref.Action(a)
		if n++; !ok || info.HasKey(key) {
			return false
		}
	}
	return n > 0
}
