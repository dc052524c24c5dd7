package org

import (
	"time"

	"github.com/licit-dev/licit/policy"
)

// A Spec is an organization as plain data: what a snapshot file holds, what a test writes
// by hand. [New] turns it into an immutable [Organization].
type Spec struct {
	ID                string // "o-…"; empty for accounts without an organization
	ManagementAccount string // account ID; its principals and resources are exempt from SCPs and RCPs
	Root              Root
	ControlPolicies   []ControlPolicy
	Accounts          []Account
	Gaps              []Gap

	ConsolidatedBillingOnly bool                     // not all features are enabled: there are no control policies
	DelegatedAdministrators []DelegatedAdministrator // nil: not known; empty but not nil: none
	TrustedServices         []string                 // service principals with trusted access; nil: not known; empty but not nil: none
	Coverage                []Unit                   // how well AWS's state is known; empty: nobody kept record
}

// A Root is the top of the organization's tree. The zero Root stands for accounts without
// an organization.
type Root struct {
	ID          string        // "r-…"
	PolicyTypes []policy.Kind // enabled types: policy.ServiceControl, policy.ResourceControl; a type that is not enabled limits nothing
	Attached    []string      // IDs of control policies
	OUs         []OU
	Accounts    []string // IDs of the accounts directly below
}

// An OU is an organizational unit. OUs nest at most five deep below the root.
type OU struct {
	ID, Name string // ID is "ou-…"
	Attached []string
	OUs      []OU
	Accounts []string
}

// A ControlPolicy is an SCP or an RCP. Policies are attached by their ID.
type ControlPolicy struct {
	ID, Name string      // ID is "p-…"
	Kind     policy.Kind // policy.ServiceControl or policy.ResourceControl
	Document *policy.Document
}

// IDs of the two control policies that AWS manages. They may be attached without being
// listed in [Spec.ControlPolicies]. AWS attaches the second one everywhere by itself.
const (
	FullAWSAccess    = "p-FullAWSAccess"
	RCPFullAWSAccess = "p-RCPFullAWSAccess"
)

// An Account is one AWS account and what it holds.
type Account struct {
	ID, Name    string
	CanonicalID string   // canonical user ID, as CanonicalUser principals name it; empty if unknown
	Attached    []string // IDs of control policies attached to the account itself
	Users       []User
	Groups      []Group
	Roles       []Role
	Policies    []ManagedPolicy // customer managed ones, and AWS managed ones; see [Organization.EmbeddedPolicies]
	Resources   []Resource
	Endpoints   []Endpoint
	Tags        map[string]string
	// BlockPublicAccess is the account's RestrictPublicBuckets setting of S3.
	BlockPublicAccess bool

	Email          string          // of the root user; empty: not known
	State          string          // "ACTIVE", "SUSPENDED", "CLOSED", …, as Organizations says; empty: not known
	RootUser       *Credentials    // nil: not known
	PasswordPolicy *PasswordPolicy // nil: not known
	Providers      []Provider      // SAML and OIDC identity providers; nil: not known; empty but not nil: none
	Findings       []Finding       // of IAM Access Analyzer; nil: not known; empty but not nil: none
}

// A User is an IAM user.
type User struct {
	ARN      policy.ARN
	ID       string   // unique ID, "AIDA…"; empty if unknown
	Groups   []string // names of groups of the same account
	Attached []policy.ARN
	Inline   []InlinePolicy
	Boundary policy.ARN // managed policy that is the permissions boundary; zero: none
	Tags     map[string]string

	Created     time.Time     // zero: not known
	Credentials *Credentials  // nil: not known
	Accessed    *AccessReport // nil: not known
}

// A Group is an IAM group. It is never a principal; its policies are its members'.
type Group struct {
	ARN      policy.ARN
	Attached []policy.ARN
	Inline   []InlinePolicy

	Accessed *AccessReport // nil: not known
}

// A Role is an IAM role.
type Role struct {
	ARN      policy.ARN
	ID       string // unique ID, "AROA…"; empty if unknown
	Trust    *policy.Document
	Attached []policy.ARN
	Inline   []InlinePolicy
	Boundary policy.ARN // managed policy that is the permissions boundary; zero: none
	Tags     map[string]string

	Created    time.Time     // zero: not known
	MaxSession time.Duration // how long a session may last; 0: not known
	Used       Usage
	Accessed   *AccessReport // nil: not known
}

// An InlinePolicy is embedded in one user, group or role.
type InlinePolicy struct {
	Name     string
	Document *policy.Document
}

// A ManagedPolicy is attached by its ARN.
type ManagedPolicy struct {
	ARN      policy.ARN
	Document *policy.Document
}

// A Resource is a resource of the account that lists it: a bucket, queue, key, secret, ….
// Roles are listed under Roles; their trust policy is their resource policy.
type Resource struct {
	ARN    policy.ARN
	Policy *policy.Document // nil: the resource has no policy
	Tags   map[string]string
	// Owner is the account that owns an S3 object, where it is not the bucket's account.
	// Empty everywhere else.
	Owner string
	// BlockPublicAccess is a bucket's own RestrictPublicBuckets setting.
	BlockPublicAccess bool
	// ABAC says that tags of this general purpose bucket are in the request context.
	ABAC bool
	// AWSManaged says that this is an AWS managed KMS key, which RCPs do not reach.
	AWSManaged bool
}

// An Endpoint is a VPC endpoint.
type Endpoint struct {
	ID      string           // "vpce-…", the value of aws:SourceVpce
	VPC     string           // "vpc-…", the value of aws:SourceVpc; empty if unknown
	Service string           // action prefix of the service behind it, such as "s3"; empty: any
	Gateway bool             // a gateway endpoint (S3, DynamoDB); otherwise an interface endpoint
	Policy  *policy.Document // nil: the default policy, which allows everything
}

// A Gap records something that exists in AWS but is not known to the model. Decisions
// that it could change become indeterminate and name it.
type Gap struct {
	// Subject is what the gap is about: an ARN, in which * stands for any text, or the ID
	// of an account, OU, root or control policy.
	Subject string
	// What is missing: one of the Gap constants. Any other text means everything about
	// the subject.
	What string
	// Reason is why, for people: "AccessDenied: iam:GetRolePolicy".
	Reason string
}

// What a [Gap] can be about.
const (
	GapEverything       = "everything"        // nothing about the subject is known, its existence included
	GapDocument         = "document"          // the document of a managed or control policy
	GapIdentityPolicies = "identity-policies" // some inline, attached or group policies of a user, group or role, or of all in an account
	GapBoundary         = "boundary"          // the permissions boundary of a user or role
	GapResourcePolicy   = "resource-policy"   // the policy of a resource, the trust policy of a role, or those of all resources of an account
	GapControlPolicies  = "control-policies"  // what is attached to a root, OU or account
	GapTags             = "tags"              // the tags of a user, role or resource, and whether those of a bucket count (ABAC)
	GapKeyManager       = "key-manager"       // whether AWS manages a KMS key, which RCPs do not reach then
	GapUnlisted         = "unlisted"          // whether there is more than what is listed: a principal, a policy, or a resource with a policy of its own; what is listed is known
)
