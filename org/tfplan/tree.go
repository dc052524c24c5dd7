package tfplan

import (
	"cmp"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A node is the root, an OU or an account, as control policies are attached to it.
type node struct {
	ou       bool
	name     string // of an OU
	attached []string
}

// grow takes the tree of the organization.
func (e *editor) grow() {
	r := &e.spec.Root
	if r.ID == "" {
		return
	}
	e.nodes[r.ID] = &node{attached: slices.Clone(r.Attached)}
	var below func(parent string, accounts []string, ous []org.OU)
	below = func(parent string, accounts []string, ous []org.OU) {
		for _, id := range accounts {
			e.parents[id] = parent
		}
		for i := range ous {
			u := &ous[i]
			e.nodes[u.ID], e.parents[u.ID] = &node{ou: true, name: u.Name, attached: slices.Clone(u.Attached)}, parent
			below(u.ID, u.Accounts, u.OUs)
		}
	}
	below(r.ID, r.Accounts, r.OUs)
	for i := range e.spec.Accounts {
		a := &e.spec.Accounts[i]
		e.nodes[a.ID] = &node{attached: slices.Clone(a.Attached)}
	}
}

// defaults are what AWS attaches to a new OU or account.
func (e *editor) defaults() []string {
	var out []string
	for _, k := range e.spec.Root.PolicyTypes {
		if k == policy.ResourceControl {
			out = append(out, org.RCPFullAWSAccess)
		} else {
			out = append(out, org.FullAWSAccess)
		}
	}
	return out
}

// policyTypes are the types that the plan enables or disables.
func (e *editor) policyTypes() []org.Change {
	var out []org.Change
	for _, in := range e.plan.instances {
		if in.mode != "managed" || in.typ != "aws_organizations_organization" || !in.after.exists() || !(in.creates() || in.updates()) {
			continue
		}
		list, st := in.after.texts("enabled_policy_types")
		if st == unknown {
			e.fail(in, "%s; want policy types that the plan knows", in.after.unknownReason("enabled_policy_types"))
			continue
		}
		for _, t := range []struct {
			name string
			kind policy.Kind
		}{{"SERVICE_CONTROL_POLICY", policy.ServiceControl}, {"RESOURCE_CONTROL_POLICY", policy.ResourceControl}} {
			is, was := slices.Contains(list, t.name), slices.Contains(e.spec.Root.PolicyTypes, t.kind)
			switch {
			case is && !was:
				out = append(out, org.EnablePolicyType(t.kind))
			case was && !is:
				out = append(out, org.DisablePolicyType(t.kind))
			}
		}
	}
	return out
}

func (e *editor) putOrganization(in *instance, v values) {
	if in.creates() && e.spec.ID == "" {
		e.fail(in, "the plan creates an organization, and the snapshot has none to compare with; want a snapshot that is taken after that")
	}
}

func (e *editor) removeOrganization(in *instance, _ values) {
	e.fail(in, "the plan deletes the organization, after which there is none to compare with")
}

func (e *editor) hasTree(in *instance) bool {
	if e.spec.Root.ID == "" {
		e.fail(in, "the snapshot has no organization; want that of the management account")
	}
	return e.spec.Root.ID != ""
}

func (e *editor) putOU(in *instance, v values) {
	if !e.hasTree(in) {
		return
	}
	id, _ := e.value(in, "id")
	n := e.nodes[id]
	if n == nil {
		parent, ok := e.link(v, "parent_id", "id")
		if !ok {
			e.fail(in, "%s; want a parent that the plan knows, or the plan file (--plan-file), which tells references", v.unknownReason("parent_id"))
			return
		}
		n = &node{ou: true, attached: e.defaults()}
		e.nodes[id], e.parents[id] = n, parent
	}
	n.name = v.plain("name")
}

// lacksTree says that what a plan takes away from an organization is left out, if the snapshot
// has none.
func (e *editor) lacksTree(in *instance) bool {
	if e.spec.Root.ID == "" {
		e.skip(in, true, "the snapshot has no organization")
	}
	return e.spec.Root.ID == ""
}

func (e *editor) removeOU(in *instance, v values) {
	if e.lacksTree(in) {
		return
	}
	delete(e.nodes, v.plain("id"))
	delete(e.parents, v.plain("id"))
}

// putAccount moves an account, or makes one.
func (e *editor) putAccount(in *instance, v values) {
	if !e.hasTree(in) {
		return
	}
	id, _ := e.value(in, "id")
	parent, ok := e.link(v, "parent_id", "id")
	switch {
	case ok:
		if e.o.ID() != "" && e.nodes[parent] == nil && parent != e.spec.Root.ID && !e.isNewOU(parent) {
			e.fail(in, "parent_id %s is neither in the organization nor in the plan", parent)
		}
		e.parents[id] = parent
	case v.isUnknown("parent_id"):
		e.fail(in, "%s; want a parent that the plan knows, or the plan file (--plan-file), which tells references", v.unknownReason("parent_id"))
		return
	case in.creates():
		e.parents[id] = e.spec.Root.ID
	}
	if in.creates() {
		e.newAccount(in, v, id)
		return
	}
	a := e.edited(in, id)
	if a == nil {
		return
	}
	if tags, st := v.tags(); st == unknown {
		e.unknown(id, org.GapTags, v.unknownReason("tags"))
		a.Tags, a.settings = nil, true
	} else if len(tags)+len(a.Tags) > 0 {
		a.Tags, a.settings = tags, true
	}
	if name := v.plain("name"); name != "" && name != a.Name {
		a.Name, a.settings = name, true
	}
}

// newAccount is an account with the role that AWS makes in it (Organizations User Guide,
// “Creating a member account in your organization”).
func (e *editor) newAccount(in *instance, v values, id string) {
	if _, ok := e.o.Account(id); ok {
		e.fail(in, "the plan creates account %s, which the organization has already", id)
		return
	}
	role := cmp.Or(v.plain("role_name"), "OrganizationAccountAccessRole")
	partition := e.partition(in)
	trust := policy.Must(policy.NewDocument(policy.Statement{
		Effect:    policy.Allow,
		Principal: policy.PrincipalList(policy.AWSPrincipal, "arn:"+partition+":iam::"+e.spec.ManagementAccount+":root"),
		Action:    policy.List("sts:AssumeRole"),
	}))
	arn, err := policy.ParseARN("arn:" + partition + ":iam::" + id + ":role/" + role)
	if err != nil {
		e.fail(in, "role_name: %w", err)
		return
	}
	a := e.open(org.Account{ID: id, Name: v.plain("name"), Email: v.plain("email"), Attached: e.defaults()})
	a.new = true
	var st state
	if a.Tags, st = v.tags(); st == unknown {
		e.unknown(id, org.GapTags, v.unknownReason("tags"))
	}
	admin := policy.MustParseARN("arn:" + partition + ":iam::aws:policy/AdministratorAccess")
	e.wants(in, admin)
	a.roles[lastName(arn)] = &org.Role{ARN: arn, Trust: trust, Attached: []policy.ARN{admin}}
	e.nodes[id] = &node{attached: e.defaults()}
}

func (e *editor) isNewOU(id string) bool {
	for _, in := range e.plan.instances {
		if in.typ == "aws_organizations_organizational_unit" && in.creates() && e.ids[in.address+"\x00id"] == id {
			return true
		}
	}
	return false
}

func (e *editor) removeAccount(in *instance, v values) {
	if e.lacksTree(in) {
		return
	}
	id := v.plain("id")
	if a := e.edited(in, id); a != nil {
		a.removed = true
	}
	if closes, st := v.flag("close_on_deletion"); st == unknown || !closes {
		e.skip(in, true, "the account leaves the organization, whose policies then hold for it no more: what its principals may do outside is not modelled")
	}
	delete(e.nodes, id)
	delete(e.parents, id)
}

func (e *editor) putControl(in *instance, v values) {
	kind := policy.ServiceControl
	if v.isUnknown("type") {
		e.skip(in, true, v.unknownReason("type"))
		return
	}
	switch typ := v.plain("type"); typ {
	case "", "SERVICE_CONTROL_POLICY":
	case "RESOURCE_CONTROL_POLICY":
		kind = policy.ResourceControl
	case s3Policy:
		e.skip(in, true, publicAccess)
		return
	default:
		e.skip(in, false, typ+" is no policy that decides requests")
		return
	}
	if !e.hasTree(in) {
		return
	}
	id, _ := e.value(in, "id")
	t := e.document(v, "content", kind, "")
	if t.unknown != "" {
		e.unknown(id, org.GapDocument, t.unknown)
	}
	p := org.ControlPolicy{ID: id, Name: v.plain("name"), Kind: kind, Document: t.document}
	if i := e.controlIndex(id); i >= 0 {
		e.control[i] = p
	} else {
		e.control = append(e.control, p)
	}
}

func (e *editor) controlIndex(id string) int {
	return slices.IndexFunc(e.control, func(p org.ControlPolicy) bool { return p.ID == id })
}

func (e *editor) removeControl(in *instance, v values) {
	if stays, _ := v.flag("skip_destroy"); stays {
		return // Terraform is told to leave it
	}
	if !decides(v.plain("type")) || e.lacksTree(in) {
		return
	}
	if i := e.controlIndex(v.plain("id")); i >= 0 {
		e.control = slices.Delete(e.control, i, i+1)
	}
}

// s3Policy is the type of policies that turn Block Public Access of accounts on or off (AWS
// Organizations User Guide, “Amazon S3 policies”).
const s3Policy = "S3_POLICY"

const publicAccess = "turns Block Public Access of whole accounts on or off, and is not modelled"

// managementType is the type of a policy of the plan's that is neither an SCP nor an RCP, such as
// a tag policy; "" if it is another one. The ID says so: what the configuration refers to now may
// be another policy than the one that is detached.
func (e *editor) managementType(id string) string {
	if e.management == nil {
		e.management = map[string]string{}
		for _, in := range e.plan.byAddress {
			if in.typ != "aws_organizations_policy" || in.mode != tfjson.ManagedResourceMode {
				continue
			}
			for _, v := range []values{in.before, in.after} {
				if !v.exists() || decides(v.plain("type")) {
					continue
				}
				id := v.plain("id")
				if id == "" && v.planned {
					id, _ = e.identify(in, "id")
				}
				if id != "" {
					e.management[id] = v.plain("type")
				}
			}
		}
	}
	return e.management[id]
}

// decides reports whether policies of a type of AWS Organizations decide requests. Those
// that are of no other type are SCPs.
func decides(typ string) bool {
	return typ == "" || typ == "SERVICE_CONTROL_POLICY" || typ == "RESOURCE_CONTROL_POLICY"
}

func (e *editor) attach(in *instance, v values) {
	id, isKnown := e.link(v, "policy_id", "id")
	switch e.managementType(id) {
	case "":
	case s3Policy:
		e.skip(in, true, publicAccess)
		return
	default:
		e.skip(in, false, "attaches a policy that decides no requests")
		return
	}
	if !e.hasTree(in) {
		return
	}
	target, ok := e.link(v, "target_id", "id")
	if !ok {
		e.unknown(e.spec.Root.ID, org.GapControlPolicies, v.unknownReason("target_id"))
		return
	}
	n := e.nodes[target]
	if n == nil {
		e.fail(in, "target_id %s is neither in the organization nor in the plan", target)
		return
	}
	switch {
	case !isKnown:
		e.unknown(target, org.GapControlPolicies, v.unknownReason("policy_id"))
	case e.controlIndex(id) < 0 && id != org.FullAWSAccess && id != org.RCPFullAWSAccess:
		// It may be of a type that decides nothing, such as a tag policy.
		e.unknown(target, org.GapControlPolicies, in.address+": neither the snapshot nor the plan has the policy "+id+" that it attaches")
	case !slices.Contains(n.attached, id):
		n.attached = append(n.attached, id)
	}
}

func (e *editor) detach(in *instance, v values) {
	if stays, _ := v.flag("skip_destroy"); stays {
		return // Terraform is told to leave it attached
	}
	target, id := v.plain("target_id"), v.plain("policy_id")
	typ := e.managementType(id)
	if typ == s3Policy {
		e.skip(in, true, publicAccess)
	}
	if typ != "" || e.lacksTree(in) {
		return
	}
	n := e.nodes[target]
	switch {
	case target == "":
		e.unknown(e.spec.Root.ID, org.GapControlPolicies, v.unknownReason("target_id"))
	case n != nil && id == "":
		e.unknown(target, org.GapControlPolicies, v.unknownReason("policy_id"))
	case n != nil:
		n.attached = slices.DeleteFunc(n.attached, func(other string) bool { return other == id })
	}
}
