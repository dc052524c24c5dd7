package identitycenter

import (
	"time"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Spec is an instance of IAM Identity Center as plain data: what a snapshot file holds,
// what a test writes by hand. [New] turns it into an immutable [Instance].
type Spec struct {
	ARN            policy.ARN // "arn:aws:sso:::instance/ssoins-…"
	Owner          string     // ID of the account that owns the instance; empty: not known
	Region         string     // home Region; empty: not known
	IdentityStore  string     // "d-…"; empty: not known
	PermissionSets []PermissionSet
	Users          []User
	Groups         []Group
	Assignments    []Assignment
	Attributes     []Attribute // for access control; none: no session tags are passed
	Gaps           []org.Gap
}

// What a Gap of an instance can be about, besides [org.GapIdentityPolicies] and
// [org.GapBoundary] of the ARN of a permission set.
const (
	GapAssignments = "assignments" // of a permission set, an account, or the instance, each by ARN or ID
	GapAttributes  = "attributes"  // for access control of the instance, by its ARN
	GapMembers     = "members"     // of a group, by ID
	GapUsers       = "users"       // users or groups of the instance, by its ARN
)

// A PermissionSet is what becomes an IAM role in each account that it is assigned in.
type PermissionSet struct {
	ARN             policy.ARN // "arn:aws:sso:::permissionSet/ssoins-…/ps-…"
	Name            string     // 1 to 32 letters, digits and any of _+=,.@-
	Description     string
	SessionDuration time.Duration // 1 to 12 hours; 0: the default, 1 hour
	RelayState      string
	Managed         []policy.ARN // managed policies of AWS
	CustomerManaged []PolicyReference
	Inline          *policy.Document // nil: none
	Boundary        Boundary
	Tags            map[string]string
}

// A PolicyReference names a customer managed policy, which each account must have.
type PolicyReference struct {
	Name string
	Path string // "/" or "/…/"; empty is "/"
}

// A Boundary is the permissions boundary of a permission set: one of the two, or none.
type Boundary struct {
	Managed         policy.ARN      // of AWS; zero: none
	CustomerManaged PolicyReference // zero: none
}

// A User is a person, as the identity store knows them.
type User struct {
	ID          string
	Name        string // user name, often an e-mail address: the name of the user's sessions
	DisplayName string
	Email       string
	Disabled    bool
}

// A Group is a group of the identity store.
type Group struct {
	ID, Name string
	Members  []string // IDs of users
}

// An Assignment gives a user or a group a permission set in an account.
type Assignment struct {
	Account       string // ID
	PermissionSet policy.ARN
	User, Group   string // the ID of one of them
}

// An Attribute passes an attribute of users on as a session tag (IAM Identity Center User
// Guide, “Attributes for access control”).
type Attribute struct {
	Key    string   // of the tag: aws:PrincipalTag/Key
	Source []string // such as "${path:userName}"; the first that a user has counts
}
