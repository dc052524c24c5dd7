package engine

import (
	"strings"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A derivedKey is a key whose value follows from the request itself.
type derivedKey uint8

const (
	notDerived derivedKey = iota
	principalARN
	principalAccount
	principalType
	isAWSService
	username
	userID
	principalServiceName
	requestedRegion
	secureTransport
	viaAWSService
	callerAccount
	sourceVPC
	resourceAccount
	numDerived
)

var derivedKeys = map[string]derivedKey{
	"aws:principalarn": principalARN, "aws:principalaccount": principalAccount, "aws:principaltype": principalType,
	"aws:principalisawsservice": isAWSService, "aws:username": username, "aws:userid": userID,
	"aws:principalservicename": principalServiceName, "aws:requestedregion": requestedRegion,
	"aws:securetransport": secureTransport, "aws:viaawsservice": viaAWSService,
	"kms:calleraccount": callerAccount, "aws:sourcevpc": sourceVPC,
	"aws:resourceaccount": resourceAccount,
}

// derive gives the keys of evaluation §13 that need nothing but the request (IAM User
// Guide, “AWS global condition context keys”). ok is false for a key that does not follow.
func (v *View) derive(ref *KeyRef) (val Value, ok bool) {
	text := v.derivedText(ref.derived)
	if text == "" {
		return val, false
	}
	// One place for each key, so that the value of one stays while another is looked up.
	v.scratch[ref.derived] = text
	return Value{State: Known, Multi: ref.multi, Values: v.scratch[ref.derived : ref.derived+1]}, true
}

func (v *View) derivedText(k derivedKey) string {
	c := &v.Caller
	switch k {
	case principalARN:
		switch c.Kind {
		case policy.Role, policy.RoleSession:
			return c.Role // the role's ARN with its path, not the session's
		case policy.User, policy.Root, policy.FederatedUser:
			return c.ARN
		}
	case principalAccount:
		if c.Kind == policy.Anonymous {
			return "anonymous"
		}
		return c.Account
	case principalType:
		switch c.Kind {
		case policy.Anonymous:
			return "Anonymous"
		case policy.Root:
			return "Account"
		case policy.User:
			return "User"
		case policy.Role, policy.RoleSession:
			return "AssumedRole"
		case policy.FederatedUser:
			return "FederatedUser"
		}
	case isAWSService:
		switch c.Kind {
		case policy.Anonymous, policy.WebIdentity:
			return ""
		case policy.Service:
			return "true"
		}
		return "false"
	case username:
		if c.Kind == policy.User {
			return c.Name
		}
	case userID:
		return c.userID()
	case principalServiceName:
		if c.Kind == policy.Service {
			return c.Name
		}
	case requestedRegion:
		switch {
		case !v.NoResource && v.Resource[3] != "":
			return v.Resource[3]
		case !v.NoResource && v.Resource[1] != "aws", v.NoResource && c.Partition != "" && c.Partition != "aws":
			return ""
		}
		region, _ := serviceref.Embedded().GlobalRegion(v.Service)
		return region
	case secureTransport:
		return "true"
	case viaAWSService:
		return "false"
	case callerAccount:
		if strings.EqualFold(v.Service, "kms") {
			return c.Account
		}
	case sourceVPC:
		return v.VPC
	case resourceAccount:
		if v.Owner != "" && !v.mayLackResourceAccount() {
			return v.Owner
		}
	}
	return ""
}

func (c *Caller) userID() string {
	switch c.Kind {
	case policy.Anonymous:
		return "anonymous"
	case policy.Root:
		return c.Account
	case policy.User:
		return c.ID
	case policy.FederatedUser:
		return c.Account + ":" + c.Name
	case policy.RoleSession:
		if c.ID != "" {
			return c.ID + ":" + c.SessionName
		}
	}
	return ""
}
