package org

import (
	"fmt"

	"github.com/licit-dev/licit/policy"
)

// A Change is one edit of an organization: what a Terraform plan, a migration or a
// hand-written what-if consists of. [Organization.Apply] makes changes,
// [Organization.Invert] computes those that undo them. A Change is immutable.
type Change interface {
	// String is a sentence: "attach p-regions to ou-ab12-11111111".
	String() string
	// MarshalJSON is the change as [ReadChanges] reads it, with all documents in it:
	// {"attachControlPolicy":{"policy":"p-regions","target":"ou-ab12-11111111"}}.
	MarshalJSON() ([]byte, error)

	// apply edits d and returns the changes that undo the edit.
	apply(d *draft) (inverse []Change, err error)
}

type (
	putControlPolicy    struct{ policy ControlPolicy }
	removeControlPolicy struct{ id string }
	attach              struct{ policy, target string }
	detach              struct{ policy, target string }
	enable              struct{ kind policy.Kind }
	disable             struct{ kind policy.Kind }
	putOU               struct {
		parent string
		ou     OU
	}
	removeOU    struct{ id string }
	moveAccount struct{ account, parent string }
	putAccount  struct {
		parent  string
		account Account
	}
	removeAccount struct{ id string }
	putUser       struct{ user User }
	putGroup      struct{ group Group }
	putRole       struct{ role Role }
	putPolicy     struct {
		account string
		policy  ManagedPolicy
	}
	putResource struct {
		account  string
		resource Resource
	}
	putEndpoint struct {
		account  string
		endpoint Endpoint
	}
	remove         struct{ arn policy.ARN }
	removeEndpoint struct{ id string }
	markUnknown    struct{ gap Gap }
	markKnown      struct{ gap Gap }
)

// PutControlPolicy adds an SCP or RCP, or replaces the one with the same ID. It stays
// attached where it is.
func PutControlPolicy(p ControlPolicy) Change { return putControlPolicy{p} }

// RemoveControlPolicy removes an SCP or RCP, which must not be attached any more when
// all changes are made.
func RemoveControlPolicy(id string) Change { return removeControlPolicy{id} }

// AttachControlPolicy attaches an SCP or RCP to the root, an OU or an account, where it
// must not be attached yet.
func AttachControlPolicy(policyID, targetID string) Change { return attach{policyID, targetID} }

// DetachControlPolicy detaches an SCP or RCP from the root, an OU or an account, where it
// must be attached.
func DetachControlPolicy(policyID, targetID string) Change { return detach{policyID, targetID} }

// EnablePolicyType enables SCPs or RCPs. As AWS does, it attaches [FullAWSAccess] or
// [RCPFullAWSAccess] to the root, every OU and every account (Organizations User Guide,
// “Enabling a policy type”).
func EnablePolicyType(k policy.Kind) Change { return enable{k} }

// DisablePolicyType disables SCPs or RCPs. As AWS does, it detaches all policies of that
// type from everything (Organizations User Guide, “Disabling a policy type”).
func DisablePolicyType(k policy.Kind) Change { return disable{k} }

// PutOU adds an OU below the root or another OU, or replaces the name and attached
// policies of the OU with the same ID, which then must have that parent: AWS cannot move
// OUs. u lists no OUs and accounts; those that an existing OU has stay. AWS attaches
// [FullAWSAccess] to a new OU where SCPs are enabled; u must say so.
func PutOU(parentID string, u OU) Change {
	u.Attached = cloneStrings(u.Attached)
	return putOU{parentID, u}
}

// RemoveOU removes an OU, which must be empty.
func RemoveOU(id string) Change { return removeOU{id} }

// MoveAccount puts an account below another parent, the root or an OU.
func MoveAccount(accountID, parentID string) Change { return moveAccount{accountID, parentID} }

// PutAccount adds an account with all that it holds below the root or an OU, or replaces
// the account with the same ID and puts it there. The empty parent leaves an account
// where it is, and is the only one possible without an organization.
func PutAccount(parentID string, a Account) Change { return putAccount{parentID, a.clone()} }

// RemoveAccount removes an account with all that it holds.
func RemoveAccount(id string) Change { return removeAccount{id} }

// PutUser adds a user to the account that its ARN names, or replaces the user with the
// same ARN.
func PutUser(u User) Change { return putUser{u.clone()} }

// PutGroup adds a group to the account that its ARN names, or replaces the group with the
// same ARN.
func PutGroup(g Group) Change { return putGroup{g.clone()} }

// PutRole adds a role to the account that its ARN names, or replaces the role with the
// same ARN.
func PutRole(r Role) Change { return putRole{r.clone()} }

// PutManagedPolicy adds a managed policy to an account's list, or replaces the one with
// the same ARN there. The account is that of the policy, or any if AWS manages it.
func PutManagedPolicy(accountID string, p ManagedPolicy) Change { return putPolicy{accountID, p} }

// PutResource adds a resource to an account, or replaces the account's resource with the
// same ARN.
func PutResource(accountID string, r Resource) Change { return putResource{accountID, r.clone()} }

// PutEndpoint adds a VPC endpoint to an account, or replaces the account's endpoint with
// the same ID.
func PutEndpoint(accountID string, e Endpoint) Change { return putEndpoint{accountID, e} }

// Remove removes the user, group, role, managed policy or resource with this ARN, which
// nothing may refer to any more when all changes are made. An AWS managed policy is
// removed from all accounts that list it.
func Remove(a policy.ARN) Change { return remove{a} }

// RemoveEndpoint removes a VPC endpoint.
func RemoveEndpoint(id string) Change { return removeEndpoint{id} }

// MarkUnknown records that something exists but is not known, such as a policy that
// Terraform knows only after apply. Recording it twice changes nothing.
func MarkUnknown(g Gap) Change { return markUnknown{g} }

// MarkKnown takes back [MarkUnknown] of exactly this gap, which must be there.
func MarkKnown(g Gap) Change { return markKnown{g} }

func (c putControlPolicy) String() string {
	if c.policy.Name == "" {
		return "put control policy " + c.policy.ID
	}
	return fmt.Sprintf("put control policy %s (%s)", c.policy.ID, c.policy.Name)
}

func (c removeControlPolicy) String() string { return "remove control policy " + c.id }

func (c attach) String() string { return fmt.Sprintf("attach %s to %s", c.policy, c.target) }

func (c detach) String() string { return fmt.Sprintf("detach %s from %s", c.policy, c.target) }

func (c enable) String() string { return fmt.Sprintf("enable policy type %s", c.kind) }

func (c disable) String() string { return fmt.Sprintf("disable policy type %s", c.kind) }

func (c putOU) String() string { return fmt.Sprintf("put OU %s below %s", c.ou.ID, c.parent) }

func (c removeOU) String() string { return "remove OU " + c.id }

func (c moveAccount) String() string {
	return fmt.Sprintf("move account %s to %s", c.account, c.parent)
}

func (c putAccount) String() string {
	if c.parent == "" {
		return "put account " + c.account.ID
	}
	return fmt.Sprintf("put account %s below %s", c.account.ID, c.parent)
}

func (c removeAccount) String() string { return "remove account " + c.id }

func (c putUser) String() string { return fmt.Sprintf("put user %s", c.user.ARN) }

func (c putGroup) String() string { return fmt.Sprintf("put group %s", c.group.ARN) }

func (c putRole) String() string { return fmt.Sprintf("put role %s", c.role.ARN) }

func (c putPolicy) String() string {
	return fmt.Sprintf("put managed policy %s in account %s", c.policy.ARN, c.account)
}

func (c putResource) String() string {
	return fmt.Sprintf("put resource %s in account %s", c.resource.ARN, c.account)
}

func (c putEndpoint) String() string {
	return fmt.Sprintf("put VPC endpoint %s in account %s", c.endpoint.ID, c.account)
}

func (c remove) String() string { return fmt.Sprintf("remove %s", c.arn) }

func (c removeEndpoint) String() string { return "remove VPC endpoint " + c.id }

func (c markUnknown) String() string {
	return fmt.Sprintf("mark %s of %s as unknown", orEverything(c.gap.What), c.gap.Subject)
}

func (c markKnown) String() string {
	return fmt.Sprintf("mark %s of %s as known", orEverything(c.gap.What), c.gap.Subject)
}

func orEverything(what string) string {
	if what == "" {
		return GapEverything
	}
	return what
}
