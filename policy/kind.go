package policy

import "fmt"

// A Kind says what a policy document is attached to, and so which rules it follows.
// The zero Kind is not set.
type Kind uint8

// The kinds of policies (IAM User Guide, “Policy types”).
const (
	_                   Kind = iota
	IdentityBased            // attached to a user, group or role, or embedded in it
	ResourceBased            // attached to a resource: bucket, queue, key, …
	RoleTrust                // a role's trust policy (AssumeRolePolicyDocument)
	PermissionsBoundary      // the managed policy that limits a user or role
	SessionPolicy            // passed when a session is created
	ServiceControl           // SCP: limits the principals of an account
	ResourceControl          // RCP: limits access to the resources of an account
	VPCEndpoint              // endpoint policy
)

var kindNames = [...]string{
	IdentityBased: "identity", ResourceBased: "resource", RoleTrust: "trust",
	PermissionsBoundary: "boundary", SessionPolicy: "session",
	ServiceControl: "scp", ResourceControl: "rcp", VPCEndpoint: "endpoint",
}

// String is the short name that the command line and the file formats use:
// identity, resource, trust, boundary, session, scp, rcp, endpoint.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(kindNames) {
		return "unset"
	}
	return kindNames[k]
}

// ParseKind is the inverse of [Kind.String].
func ParseKind(s string) (Kind, error) {
	for k, name := range kindNames {
		if k > 0 && name == s {
			return Kind(k), nil
		}
	}
	return 0, fmt.Errorf("policy kind %q: want identity, resource, trust, boundary, session, scp, rcp or endpoint", s)
}

// HasPrincipal reports whether statements of this kind name principals.
func (k Kind) HasPrincipal() bool {
	switch k {
	case ResourceBased, RoleTrust, ResourceControl, VPCEndpoint:
		return true
	}
	return false
}

// An Effect is what a statement does when it matches. The zero Effect is not valid.
type Effect uint8

// The two effects.
const (
	_ Effect = iota
	Allow
	Deny
)

// String is "Allow", "Deny", or "unset" for the zero Effect.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return "unset"
}

// A Version is a version of the policy language. Only [Version2012] has policy variables.
type Version string

// The versions of the policy language. A document without a Version element has
// [Version2008] (IAM User Guide, “IAM JSON policy elements: Version”).
const (
	Version2008 Version = "2008-10-17"
	Version2012 Version = "2012-10-17"
)
