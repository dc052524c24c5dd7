package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
)

// unlistedPrincipals says of which principals the snapshot does not know whether they exist: a
// list of all principals is not one of those.
func (a *app) unlistedPrincipals(o *org.Organization) {
	if o == nil {
		return
	}
	var found []org.Gap
	for g := range o.Gaps() {
		if mayHidePrincipals(g) {
			found = append(found, g)
		}
	}
	for _, g := range found[:min(len(found), mostAlike)] {
		reason := ""
		if g.Reason != "" {
			reason = ": " + plain(g.Reason)
		}
		a.note("there may be more users and roles, which are not listed: a gap of %s%s", plain(g.Subject), reason)
	}
	if more := len(found) - mostAlike; more > 0 {
		a.note("and %d more gaps like these; licit snapshot check lists them", more)
	}
}

// unlistedResources says that policies of resources that nothing lists may allow more.
func (a *app) unlistedResources(o *org.Organization) {
	if o == nil {
		return
	}
	var found []string
	for g := range o.Gaps() {
		if g.What == org.GapUnlisted && strings.HasPrefix(g.Subject, "arn:") && !mayHidePrincipals(g) {
			found = append(found, plain(g.Subject))
		}
	}
	if len(found) == 0 {
		return
	}
	text := strings.Join(found[:min(len(found), mostAlike)], ", ")
	if more := len(found) - mostAlike; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	a.note("resources that are not listed may have policies that allow more: %s", text)
}

func mayHidePrincipals(g org.Gap) bool {
	known := []string{org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapResourcePolicy, org.GapControlPolicies, org.GapTags, org.GapKeyManager}
	switch {
	case slices.Contains(known, g.What):
		return false
	case !strings.HasPrefix(g.Subject, "arn:"): // an account, OU or root
		return !strings.HasPrefix(g.Subject, "p-") && !strings.HasPrefix(g.Subject, "vpce-")
	}
	part := strings.SplitN(g.Subject, ":", 6)
	switch {
	case len(part) < 3 || strings.Contains(part[2], "*"):
		return true
	case part[2] != "iam":
		return false
	}
	return len(part) < 6 || !strings.HasPrefix(part[5], "policy/") && !strings.HasPrefix(part[5], "group/")
}
