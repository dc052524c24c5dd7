package lint

import (
	"iter"
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// reportUnknownKey reports a key that its service does not have, with the one that was
// probably meant.
func reportUnknownKey(s *statement, e *conditionEntry, service string) {
	what := "service " + service + " has no condition key"
	if service == "aws" {
		what = "there is no global condition key"
	}
	near := nearestKeys(s.c.ref, service, e.key)
	f := s.c.reportName(e.keyNode, e.path, "%s %s; %s", what, clip(e.key), near.question("see the service authorization reference for its keys"))
	name, certain := near.certain()
	missing := strings.Contains(e.parts.Base, "Not") || e.parts.IfExists || e.parts.Quantifier == policy.ForAllValues
	if _, taken := e.opNode.Value.Member(name); certain && !taken && e.parts.Base != "Null" && s.guessNarrows(missing) {
		f.Fix = &Fix{Start: e.keyNode.NameStart, End: e.keyNode.NameEnd, Text: quoted(name)}
	}
}

// nearestKeys guesses among the keys of a service, "aws" for the global ones. The part
// after the slash of a key such as aws:PrincipalTag/team stays as it is.
func nearestKeys(r *serviceref.Reference, service, key string) guesses {
	near := nearest(key, keyNames(r, service, false), 3)
	family, suffix, slash := strings.Cut(key, "/")
	if !slash || suffix == "" {
		return near
	}
	families := nearest(family, keyNames(r, service, true), 3)
	if len(families.names) == 0 || families.distance > near.distance {
		return near
	}
	for i := range families.names {
		families.names[i] += "/" + suffix
	}
	return families
}

// keyNames yields the names of a service's keys: those without a variable part, or the
// fixed parts of the others.
func keyNames(r *serviceref.Reference, service string, families bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range r.Keys() {
			prefix, _, _ := strings.Cut(k.Name, ":")
			name, _, variable := strings.Cut(k.Name, "/${")
			if variable == families && strings.EqualFold(prefix, service) && !yield(name) {
				return
			}
		}
	}
}
