package awsexport

import (
	"iter"
	"regexp"
	"strings"

	"github.com/licit-dev/licit/identitycenter"
	"github.com/licit-dev/licit/policy"
)

// An export may have answers of several instances of IAM Identity Center: that of the
// organization, and those of single accounts. One counts; what the others say of permission
// sets, people and groups must not be taken for its own.

// instanceID and storeID are how instances and identity stores are named.
var (
	instanceID = regexp.MustCompile(`^ssoins-[0-9a-zA-Z]+$`)
	storeID    = regexp.MustCompile(`^d-[0-9a-f]{10}$`)
)

// instanceIn is the ID of the instance that an ARN names, its own or that of a permission
// set; "" if it names none.
func instanceIn(arn string) string {
	a, err := policy.ParseARN(arn)
	if err != nil || a.Service() != "sso" {
		return ""
	}
	parts := strings.Split(a.Resource(), "/")
	if len(parts) < 2 || parts[0] != "instance" && parts[0] != "permissionSet" {
		return ""
	}
	return parts[1]
}

// waits reports whether an answer has to wait until it is known which instances there are.
func (r *record) waits() bool {
	return r.op.section == sectionIdentityStore || r.op.section == sectionCenter && r.op.name != "ListInstances"
}

// heard takes down which instances and identity stores an answer speaks of, and what is in them.
func (c *center) heard(r *record) {
	id := r.instanceID()
	if r.op.section == sectionIdentityStore {
		id = r.storeID()
		c.storeIDs[id] = true
	} else {
		c.instanceIDs[id] = firstText(c.instanceIDs[id], r.partition())
	}
	has := func(thing string) {
		if c.holders[thing] == nil {
			c.holders[thing] = make(map[string]bool)
		}
		c.holders[thing][id] = true
	}
	for _, list := range []string{"Users", "Groups"} {
		if r.op.section != sectionIdentityStore || r.op.members[0] != list {
			continue
		}
		for v := range r.output.get(list).each() {
			has(firstOf(v.get("UserId"), v.get("GroupId")).text())
		}
	}
	for arn := range r.sets() {
		has(setID(arn))
	}
	c.waiting = append(c.waiting, r)
}

// sets yields the ARNs of the permission sets that an answer names.
func (r *record) sets() iter.Seq[string] {
	list := func(yield func(value) bool) {
		for _, v := range []value{r.input.get("PermissionSetArn"), r.input.get("ResourceArn"), r.output.get("PermissionSet").get("PermissionSetArn")} {
			if !yield(v) {
				return
			}
		}
		switch r.op.name {
		case "ListPermissionSets":
			r.output.get("PermissionSets").each()(yield)
		case "ListAccountAssignments", "ListAccountAssignmentsForPrincipal":
			for v := range r.output.get("AccountAssignments").each() {
				if !yield(v.get("PermissionSetArn")) {
					return
				}
			}
		}
	}
	return func(yield func(string) bool) {
		if r.op.section != sectionCenter {
			return
		}
		for v := range list {
			if text := v.text(); instanceIn(text) != "" && !yield(text) {
				return
			}
		}
	}
}

// partition is that of the ARNs by which an answer names its instance.
func (r *record) partition() string {
	if a, err := policy.ParseARN(r.input.get("InstanceArn").text()); err == nil {
		return a.Partition()
	}
	for arn := range r.sets() {
		return policy.MustParseARN(arn).Partition()
	}
	return ""
}

// instanceID is the instance that an answer says it is of: by its input, by the directory that
// its file is in, or by the permission sets that it names; "" if it does not say.
func (r *record) instanceID() string {
	if id := firstText(instanceIn(r.input.get("InstanceArn").text()), r.instance); id != "" {
		return id
	}
	for arn := range r.sets() {
		return instanceIn(arn)
	}
	return ""
}

// storeID is instanceID for identity stores.
func (r *record) storeID() string {
	if id := firstText(r.input.get("IdentityStoreId").text(), r.store); id != "" {
		return id
	}
	for _, list := range []string{"Users", "Groups", "GroupMemberships"} {
		if r.op.members[0] != list {
			continue
		}
		for v := range r.output.get(list).each() {
			if id := v.get("IdentityStoreId").text(); id != "" {
				return id
			}
		}
	}
	return ""
}

// choose says which instance counts: that of the organization, or else the first.
func (s *state) choose() {
	c := &s.center
	for _, arn := range c.order {
		i := c.instances[arn]
		c.instanceIDs[setID(arn)] = i.ARN.Partition()
		c.storeIDs[i.IdentityStore] = true
		if c.spec == nil || i.Owner != "" && i.Owner == s.org.management && c.spec.Owner != i.Owner {
			c.spec = i
		}
	}
	delete(c.instanceIDs, "")
	delete(c.storeIDs, "")
	for _, id := range sorted(c.instanceIDs) {
		arn, err := policy.ParseARN("arn:" + firstText(c.instanceIDs[id], s.partition()) + ":sso:::instance/" + id)
		if err == nil && c.spec == nil {
			c.spec = &identitycenter.Spec{ARN: arn}
		}
	}
}

// readCenter reads the answers about the instance that counts. Those of which it cannot be told
// whose they are, are as if they had failed.
func (s *state) readCenter() {
	c := &s.center
	s.choose()
	if len(c.instanceIDs) > 1 {
		s.note(".", "the export has %d instances of IAM Identity Center; only %s counts", len(c.instanceIDs), c.spec.ARN)
	}
	for _, r := range c.waiting {
		switch mine, known := c.has(r); {
		case !known:
			s.call(s.keyOf(r)).fail(r.at.place() + ": does not say of which instance of IAM Identity Center it is; want it in a directory named like the instance, ssoins-…, or like its identity store, d-…")
		case mine:
			s.answer(r)
		}
	}
}

// has reports whether an answer is of the instance that counts, or its identity store, and
// whether that is known.
func (c *center) has(r *record) (mine, known bool) {
	several := len(c.instanceIDs) > 1
	id, own := r.instanceID(), ""
	if c.spec != nil {
		own = setID(c.spec.ARN.Resource())
	}
	if r.op.section == sectionIdentityStore {
		several = several || len(c.storeIDs) > 1
		id, own = r.storeID(), ""
		if c.spec != nil {
			own = c.spec.IdentityStore
		}
	}
	if !several {
		return true, true
	}
	for _, arg := range r.args {
		if in := c.holders[setID(arg)]; id == "" && len(in) == 1 {
			id = sorted(in)[0]
		}
	}
	return id == own, id != "" && own != ""
}
