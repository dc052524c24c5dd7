package org

import (
	"iter"

	"github.com/licit-dev/licit/policy"
)

// Documents yields every policy document of [Organization.Spec]: those of control policies, and by
// account of users, groups, roles and who may assume them, managed policies, resources and VPC
// endpoints. A document that is in several places comes for each of them.
func (o *Organization) Documents() iter.Seq[*policy.Document] {
	return func(yield func(*policy.Document) bool) {
		more := true
		visit := func(d *policy.Document) {
			if d != nil && more {
				more = yield(d)
			}
		}
		inline := func(list []InlinePolicy) {
			for i := range list {
				visit(list[i].Document)
			}
		}
		for i := range o.spec.ControlPolicies {
			visit(o.spec.ControlPolicies[i].Document)
		}
		for i := range o.spec.Accounts {
			a := &o.spec.Accounts[i]
			for j := range a.Users {
				inline(a.Users[j].Inline)
			}
			for j := range a.Groups {
				inline(a.Groups[j].Inline)
			}
			for j := range a.Roles {
				visit(a.Roles[j].Trust)
				inline(a.Roles[j].Inline)
			}
			for j := range a.Policies {
				visit(a.Policies[j].Document)
			}
			for j := range a.Resources {
				visit(a.Resources[j].Policy)
			}
			for j := range a.Endpoints {
				visit(a.Endpoints[j].Policy)
			}
		}
	}
}
