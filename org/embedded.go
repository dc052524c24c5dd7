package org

import (
	"iter"
	"maps"
	"slices"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// EmbeddedPolicies yields, by ARN, the managed policies of AWS that are attached or
// boundaries, that no account lists, and that no [Gap] says are not known. Their documents
// are those of [serviceref.ManagedPolicy]: the newest version as of
// [serviceref.ManagedPoliciesDate], which may not be the one that was in force. They are
// not part of [Organization.Spec] or a snapshot.
func (o *Organization) EmbeddedPolicies() iter.Seq[ManagedPolicy] { return slices.Values(o.embedded) }

// isEmbedded reports whether a is a managed policy of AWS that the module knows.
func isEmbedded(a policy.ARN) bool {
	_, ok := serviceref.ManagedPolicy(a)
	return ok
}

// indexEmbedded finds the policies of AWS that are in use and not listed.
func (o *Organization) indexEmbedded() {
	used := make(map[policy.ARN]bool)
	use := func(list ...policy.ARN) {
		for _, a := range list {
			if isAWSManaged(a) {
				used[a] = true
			}
		}
	}
	for i := range o.spec.Accounts {
		a := &o.spec.Accounts[i]
		for j := range a.Users {
			use(a.Users[j].Attached...)
			use(a.Users[j].Boundary)
		}
		for j := range a.Groups {
			use(a.Groups[j].Attached...)
		}
		for j := range a.Roles {
			use(a.Roles[j].Attached...)
			use(a.Roles[j].Boundary)
		}
	}
	known := indexGaps(o.spec.Gaps)
	for _, a := range slices.SortedFunc(maps.Keys(used), policy.ARN.Compare) {
		if _, listed := o.arns[a]; listed || known.excuses(a.String()) {
			continue
		}
		if p, ok := serviceref.ManagedPolicy(a); ok {
			o.embedded = append(o.embedded, ManagedPolicy{ARN: a, Document: p.Document()})
		}
	}
}
