package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// chosenKeys are about callers, and whoever administers an account of AWS gives them any
// value there.
var chosenKeys = []string{"aws:PrincipalTag/", "aws:username"}

// limitsOutsiders reports whether a condition keeps out those who make their own users,
// roles and tags in an account of their own.
func (s *statement) limitsOutsiders() bool {
	for e := range s.conditionsOn(callerKeys...) {
		if e.needsKey() && e.selects() && !isOneOf(e, chosenKeys) && !slices.ContainsFunc(e.values(), e.admitsAnybody) {
			return true
		}
	}
	return false
}

// admitsAnybody reports whether callers of any account, or services on behalf of any, can
// have a value that this one matches.
func (e *conditionEntry) admitsAnybody(v value) bool {
	if !e.like() || !strings.ContainsAny(v.text, "*?") {
		return false
	}
	switch {
	case e.is("aws:PrincipalArn"):
		return anybodysARN(v.text, e.compares("Arn"))
	case e.is("aws:SourceArn"): // a resource may be named by an ID that nobody else has
		return anybodysARN(v.text, e.compares("Arn")) && anyOfType.MatchString(v.text)
	}
	fixed := v.text[:strings.IndexAny(v.text, "*?")]
	switch {
	case e.is("aws:userid"):
		return fixed == "" || fixed == "A" // an ID is not chosen, the session's name after it is
	case e.is("aws:PrincipalOrgID"), e.is("aws:PrincipalOrgPaths"), e.is("aws:SourceOrgID"), e.is("aws:SourceOrgPaths"):
		return len(fixed) <= len("o-")
	}
	return strings.Trim(v.text[len(fixed):], "*?") == "" && slices.Contains([]string{"", "vpc-", "vpce-"}, fixed)
}

var accountInARN = regexp.MustCompile(`:[0-9]{12}(:|$)`)

// anyOfType matches patterns for all resources, or all of a type.
var anyOfType = regexp.MustCompile(`(^|:)[a-z-]*[:/]?[*?]+$`)

// anybodysARN reports whether a pattern matches ARNs in every account. Buckets and the like
// have no account in their ARN, and a name that nobody else can have.
func anybodysARN(pattern string, byParts bool) bool {
	parts, n := glob.SplitARN(pattern, glob.Variables)
	switch {
	case n < 6 && byParts: // no ARN is like it
		return false
	case n < 5:
		return !accountInARN.MatchString(pattern)
	case parts[4] == "":
		return n == 6 && strings.Trim(parts[5], "*?/:") == ""
	}
	fixed := strings.Trim(parts[4], "*?")
	return strings.IndexByte("*?", parts[4][0]) >= 0 && (fixed == "" || strings.Trim(fixed, "*?0123456789") != "")
}

// namesSource reports whether a condition says on whose behalf a service may call.
func (s *statement) namesSource() bool {
	for e := range s.conditionsOn(sourceKeys...) {
		if e.selects() && !slices.ContainsFunc(e.values(), e.admitsAnybody) {
			return true
		}
	}
	return false
}
