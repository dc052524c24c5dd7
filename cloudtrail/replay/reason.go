package replay

import "fmt"

// A Reason says why an event is no authorization request that could be asked. The zero
// Reason is none.
type Reason uint8

// The reasons.
const (
	_                Reason = iota
	NotAPICall              // another eventType than AwsApiCall: a service event, a sign-in, …
	NoPermission            // a call that needs no permission
	CallerUnnamed           // the copy of a call from another account, which names only the account and an ID
	CallerHidden            // the caller is hidden for security reasons
	CallerWithoutIAM        // a caller that policies of IAM do not know: a person with a bearer token, a directory user
	CallerUnknown           // userIdentity.type is Unknown, not there, or not one that CloudTrail documents
	RoleUnknown             // a session whose role neither the event nor the organization names with its path, on which depends whether it is service-linked
	SessionPolicies         // a federated user, who can do what session policies say, which are in no log
	Malformed               // members of the record contradict each other or are not what they have to be
)

// Reasons are all reasons, in the order of their values.
func Reasons() []Reason {
	return []Reason{NotAPICall, NoPermission, CallerUnnamed, CallerHidden, CallerWithoutIAM, CallerUnknown, RoleUnknown, SessionPolicies, Malformed}
}

// String is a short phrase: "not an API call".
func (r Reason) String() string {
	names := [...]string{"none", "not an API call", "needs no permission", "caller not named", "caller hidden", "caller without IAM identity", "caller unknown", "role not in the snapshot", "session policies not known", "malformed"}
	if int(r) < len(names) {
		return names[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// A NoRequestError says why an event is no request.
type NoRequestError struct {
	Reason Reason
	Detail string // what the event has: "AwsConsoleSignIn"; may be empty
}

// Error is the reason, and the detail if there is one.
func (e *NoRequestError) Error() string {
	if e.Detail == "" {
		return e.Reason.String()
	}
	return e.Reason.String() + ": " + e.Detail
}
