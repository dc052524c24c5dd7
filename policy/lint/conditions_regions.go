package lint

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
)

// regionKeys are the condition keys whose values are regions.
var regionKeys = []string{"aws:RequestedRegion", "cloudformation:TargetRegion", "ec2:Region", "ses:ReplicaRegion"}

func checkRegion(s *statement, e *conditionEntry, v value) {
	if !isOneOf(e, regionKeys) || !e.comparesText() || hasVariable(v.text) {
		return
	}
	mode := glob.Variables
	if strings.HasSuffix(e.parts.Base, "Like") {
		mode |= glob.Wildcards
	} else if strings.ContainsAny(v.text, "*?") {
		return
	}
	if strings.Contains(e.parts.Base, "IgnoreCase") {
		mode |= glob.FoldASCII
	}
	pattern := glob.Compile(v.text, mode)
	if slices.ContainsFunc(regions, func(r string) bool { return pattern.Match(r, nil) }) {
		return
	}
	guess := nearest(v.text, slices.Values(regions), 2)
	s.c.report(v.node, v.path, "there is no region %q; %s", clip(v.text), guess.question("regions are written as eu-west-1"))
}
