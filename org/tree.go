package org

import (
	"iter"
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A node is a root, OU or account of the tree.
type node struct {
	parent   string
	name     string
	attached []string
}

func (o *Organization) indexNode(parent, id, name string, attached, accounts []string, ous []OU) {
	o.nodes[id] = node{parent, name, attached}
	for _, a := range accounts {
		n := node{parent: id}
		if i, ok := o.accounts[a]; ok {
			n.name, n.attached = o.spec.Accounts[i].Name, o.spec.Accounts[i].Attached
		}
		o.nodes[a] = n
	}
	for i := range ous {
		u := &ous[i]
		o.indexNode(id, u.ID, u.Name, u.Attached, u.Accounts, u.OUs)
	}
}

// Path lists the IDs from the root through the OUs to the account, OU or root with this
// ID. It is nil for what is not in the tree, such as an account without an organization.
func (o *Organization) Path(id string) []string {
	var out []string
	for {
		n, ok := o.nodes[id]
		if !ok {
			return nil
		}
		out = append(out, id)
		if n.parent == "" {
			break
		}
		id = n.parent
	}
	slices.Reverse(out)
	return out
}

// NodeName is the name of an account or OU, and "Root" for the root; "" if the ID or its
// name is not known.
func (o *Organization) NodeName(id string) string {
	if i, ok := o.accounts[id]; ok {
		return o.spec.Accounts[i].Name
	}
	return o.nodes[id].name
}

// PolicyTypeEnabled reports whether the root has this type of control policy enabled. A
// type that is not enabled limits nothing (Organizations User Guide, “Enabling a policy
// type”).
func (o *Organization) PolicyTypeEnabled(k policy.Kind) bool {
	return slices.Contains(o.spec.Root.PolicyTypes, k)
}

// Inherited yields the control policies of kind k that apply to an account, OU or root:
// level by level from the root, each with the ID of the node that it is attached to, and
// within a level by policy ID. A level without policies yields nothing; callers for whom
// such a level counts compare with [Organization.Path].
//
// A policy that is known only by a [Gap] is yielded without document. If even its kind is
// not known, because both types are enabled and it is not listed, it is yielded for both
// kinds, with the zero Kind. RCPFullAWSAccess, which AWS attaches to everything, is
// yielded only where the Spec says that it is attached.
func (o *Organization) Inherited(id string, k policy.Kind) iter.Seq2[string, ControlPolicy] {
	return func(yield func(string, ControlPolicy) bool) {
		if !o.PolicyTypeEnabled(k) {
			return
		}
		for _, level := range o.Path(id) {
			for _, attached := range o.nodes[level].attached {
				p, ok := o.ControlPolicy(attached)
				if !ok {
					p = ControlPolicy{ID: attached}
					if len(o.spec.Root.PolicyTypes) == 1 {
						p.Kind = k
					}
				}
				if (p.Kind == k || p.Kind == 0) && !yield(level, p) {
					return
				}
			}
		}
	}
}

// The two control policies that AWS manages, as the Organizations User Guide shows them.
var (
	fullAWSAccess = policy.Must(policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}`)))
	rcpFullAWSAccess = policy.Must(policy.Parse([]byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": "*",
      "Action": "*",
      "Resource": "*"
    }
  ]
}`)))
)

func managedControlPolicy(id string) (ControlPolicy, bool) {
	switch id {
	case FullAWSAccess:
		return ControlPolicy{ID: id, Name: "FullAWSAccess", Kind: policy.ServiceControl, Document: fullAWSAccess}, true
	case RCPFullAWSAccess:
		return ControlPolicy{ID: id, Name: "RCPFullAWSAccess", Kind: policy.ResourceControl, Document: rcpFullAWSAccess}, true
	}
	return ControlPolicy{}, false
}
