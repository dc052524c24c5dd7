package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// isAbout reports whether a gap is about one of the kinds, or about everything.
func isAbout(g org.Gap, kinds ...string) bool {
	switch g.What {
	case org.GapDocument, org.GapIdentityPolicies, org.GapBoundary, org.GapResourcePolicy, org.GapControlPolicies, org.GapTags, org.GapKeyManager, org.GapUnlisted:
		return slices.Contains(kinds, g.What)
	}
	return true
}

// gapOf reports whether a gap of the kind, or of everything, is about one of the subjects.
func gapOf(o *org.Organization, what string, subjects ...string) bool {
	for g := range o.Gaps() {
		if !isAbout(g, what) {
			continue
		}
		pattern := glob.Compile(g.Subject, glob.Wildcards)
		if slices.ContainsFunc(subjects, func(s string) bool { return pattern.Match(s, nil) }) {
			return true
		}
	}
	return false
}

// mayHidePolicies reports whether a resource that is not listed may have a policy because of a gap.
func mayHidePolicies(g org.Gap) bool {
	if !isAbout(g, org.GapResourcePolicy, org.GapUnlisted, org.GapKeyManager) || strings.HasPrefix(g.Subject, "vpce-") || strings.HasPrefix(g.Subject, "p-") {
		return false
	}
	parts := strings.SplitN(g.Subject, ":", 6)
	if len(parts) < 6 || parts[2] != "iam" {
		return true
	}
	for _, kind := range []string{"group/", "policy/", "user/"} {
		if strings.HasPrefix(parts[5], kind) {
			return false
		}
	}
	return true
}

// hiding is a text that is the same where gaps may hide the same policies of resources that are not
// listed, and those are blocked alike; a listed resource has its own proof.
func hiding(env *simulate.Environment, listed map[string]*listedResource) string {
	var b strings.Builder
	for g := range env.Organization().Gaps() {
		if mayHidePolicies(g) && (g.What == org.GapKeyManager || listed[g.Subject] == nil && listed[g.Subject+" trust"] == nil) {
			fmt.Fprintln(&b, g.Subject, g.What)
		}
	}
	if b.Len() > 0 {
		for a := range env.Organization().Accounts() {
			fmt.Fprintln(&b, a.ID, a.BlockPublicAccess)
		}
	}
	return b.String()
}

// controlGaps are the IDs of control policies that are not known, and of what they are attached to
// where that is not.
type controlGaps map[string]bool

func newControlGaps(o *org.Organization) controlGaps {
	out := controlGaps{}
	for g := range o.Gaps() {
		if isAbout(g, org.GapControlPolicies, org.GapDocument) {
			out[g.Subject] = true
		}
	}
	return out
}

// unknown names the first control policy of a kind, or node, because of which it is not known what they
// say for an account, OU or root; "": it is.
func (c controlGaps) unknown(o *org.Organization, id string, k policy.Kind) string {
	if !o.PolicyTypeEnabled(k) {
		return ""
	}
	for _, node := range o.Path(id) {
		if c[node] {
			return node
		}
	}
	for _, p := range o.Inherited(id, k) {
		if p.Document == nil || c[p.ID] {
			return p.ID
		}
	}
	return ""
}

// holdings is a text that is the same where a principal holds the same policies, known or not.
func (s *subject) holdings() string {
	var b strings.Builder
	o, arn, account := s.env.Organization(), s.principal.ARN(), s.principal.AccountID()
	for a := range o.Accounts() {
		if a.ID != account {
			continue
		}
		for _, u := range a.Users {
			if u.ARN != arn {
				continue
			}
			fmt.Fprintln(&b, u.Attached, u.Boundary, u.Groups)
			for _, g := range a.Groups {
				if slices.Contains(u.Groups, g.ARN.Resource()[strings.LastIndexByte(g.ARN.Resource(), '/')+1:]) {
					fmt.Fprintln(&b, g.ARN, g.Attached)
				}
			}
		}
		for _, r := range a.Roles {
			if r.ARN == arn || r.ARN == s.base.Role {
				fmt.Fprintln(&b, r.Attached, r.Boundary)
			}
		}
	}
	for node, p := range o.Inherited(account, policy.ServiceControl) {
		fmt.Fprintln(&b, node, p.ID)
	}
	return b.String()
}

// tellsApart names a VPC endpoint whose policy may let one of the subjects through and not the others;
// "" if none does: it is not known, or speaks of callers other than by what all have in common.
func (s *stackQuestion) tellsApart() string {
	for _, sub := range s.subjects {
		for a := range sub.env.Organization().Accounts() {
			for _, ep := range a.Endpoints {
				if gapOf(sub.env.Organization(), org.GapResourcePolicy, ep.ID) || ep.Policy != nil && s.speaksOfCallers(ep.Policy) {
					return ep.ID
				}
			}
		}
	}
	return ""
}

func (s *stackQuestion) speaksOfCallers(d *policy.Document) bool {
	for _, st := range d.Statements() {
		if !st.NotPrincipal.IsZero() || !namesEverybody(st.Principal) {
			return true
		}
	}
	for _, name := range keysOf([]*policy.Document{d}) {
		if !isCallersOwn(fold(name)) {
			continue
		}
		var first []string
		for i, sub := range s.subjects {
			values, state := sub.env.KeyRange(sub.request("s3:ListAllMyBuckets", policy.ARN{}), name)
			if i == 0 {
				first = values
			}
			if state != simulate.KeyKnown || !slices.Equal(values, first) {
				return true
			}
		}
	}
	return false
}

func namesEverybody(p policy.Principals) bool {
	for typ, id := range p.All() {
		if typ == policy.AWSPrincipal && id == "*" {
			return true
		}
	}
	return false
}

// hiddenPrincipals are the subjects of gaps that may hide users and roles of the environment's
// accounts.
func hiddenPrincipals(env *simulate.Environment, spared []glob.Pattern) (out []string) {
	known := map[string]bool{}
	for _, p := range everybody(env) {
		known[p.ARN().String()] = true
	}
	for g := range env.Organization().Gaps() {
		arn := g.Subject
		if policy.IsAccountID(arn) {
			arn = "arn:aws:iam::" + arn + ":*"
		}
		parts := strings.SplitN(arn, ":", 6)
		switch {
		case !isAbout(g, org.GapUnlisted), known[arn], len(parts) < 3 || parts[0] != "arn",
			parts[2] != "iam" && !strings.Contains(parts[2], "*"),
			len(parts) == 6 && !mayBePrincipal(parts[5]),
			slices.ContainsFunc(spared, func(s glob.Pattern) bool { return s.Match(arn, nil) }):
			continue
		}
		out = append(out, g.Subject)
	}
	return out
}

// mayBePrincipal reports whether the end of an ARN of IAM, with wildcards, may be a user or role.
func mayBePrincipal(resource string) bool {
	kind, _, _ := strings.Cut(resource, "/")
	return strings.Contains(kind, "*") || kind == "user" || kind == "role"
}
