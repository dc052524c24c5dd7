package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// statementMatches implements R-RES-3 for everything but the principal.
func (e *evaluation) statementMatches(kind policy.Kind, v policy.Version, s policy.Statement) bool {
	return e.actionMatches(s) && e.resourceMatches(kind, v, s) && e.conditionsMatch(v, s)
}

// actionMatches implements Action, and R-ACT-6 for NotAction.
func (e *evaluation) actionMatches(s policy.Statement) bool {
	listed := func(list policy.Patterns) bool {
		for value := range list.All() {
			if actionValueMatches(value, e.request.Action) {
				return true
			}
		}
		return false
	}
	if !s.NotAction.IsZero() {
		return !listed(s.NotAction)
	}
	return listed(s.Action)
}

// actionValueMatches implements R-ACT-1 to R-ACT-5 and R-ACT-7. There are no variables in
// actions (R-VAR-7).
func actionValueMatches(value string, a policy.Action) bool {
	// R-ACT-4: "*:*" alone is read as "*".
	if onlyStars(value) || value == "*:*" {
		return true
	}
	service, name, ok := strings.Cut(value, ":")
	if !ok {
		return false
	}
	// Of the thousands of values in large policies most name another service.
	if !sameASCII(service, a.Service()) && strings.IndexByte(service, '*') < 0 && strings.IndexByte(service, '?') < 0 {
		return false
	}
	return globMatches(wildcardTokens(lowerASCII(service)), lowerASCII(a.Service())) &&
		globMatches(wildcardTokens(lowerASCII(name)), lowerASCII(a.Name()))
}

// resourceMatches implements Resource, and R-RSC-9 for NotResource. R-DOC-5: a statement
// with neither matches every resource.
func (e *evaluation) resourceMatches(kind policy.Kind, v policy.Version, s policy.Statement) bool {
	listed := func(list policy.Patterns) bool {
		for value := range list.All() {
			if e.resourceValueMatches(kind, v, value) {
				return true
			}
		}
		return false
	}
	switch {
	case !s.NotResource.IsZero():
		return !listed(s.NotResource)
	case !s.Resource.IsZero():
		return listed(s.Resource)
	}
	return true
}

// resourceValueMatches implements R-RSC-1 to R-RSC-4, R-RSC-8 (case-sensitive), R-RSC-10
// and R-VAR-5: a null variable anywhere in the entry and it matches no resource.
func (e *evaluation) resourceValueMatches(kind policy.Kind, v policy.Version, value string) bool {
	if onlyStars(value) {
		return true
	}
	want := segments(pieces(value, v))
	if len(want) < 6 {
		if !mayPad(kind, value) {
			return false
		}
		for len(want) < 6 {
			want = append(want, []piece{{text: "*"}})
		}
	}
	var patterns [][]token
	for _, segment := range want {
		tokens, ok := e.globTokens(segment)
		if !ok {
			return false
		}
		patterns = append(patterns, tokens)
	}
	got, ok := splitARN(e.resource)
	if !ok {
		return false
	}
	for i, pattern := range patterns {
		if !globMatches(pattern, got[i]) {
			return false
		}
	}
	return true
}

// mayPad implements R-RSC-7: whether a short ARN is padded with * segments.
//
// R-RSC-7 Choice: "contains *" and "ends in *" speak of the value as written, so that the
// * of ${*} or of a default counts.
func mayPad(kind policy.Kind, value string) bool {
	switch kind {
	case policy.IdentityBased, policy.PermissionsBoundary:
		return true
	case policy.ResourceBased, policy.VPCEndpoint:
		return strings.Contains(value, "*")
	case policy.ServiceControl:
		return strings.HasSuffix(value, "*")
	}
	return false // session policies are refused, in RCPs such a value is invalid
}
