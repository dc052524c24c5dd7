package cloudtrail

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Hidden is what CloudTrail writes in place of a value that it does not show.
const Hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"

// An Event is one record of a log (CloudTrail User Guide, “CloudTrail record contents for
// management, data, and network activity events”). Members that a record lacks are zero.
//
// What is JSON here aliases the text that the event was read from, which stays in memory for
// as long as one event of it does; [Event.Clone] lets go of it.
type Event struct {
	ID        string    // eventID; the copies in other accounts' trails have other IDs
	SharedID  string    // sharedEventID: the same in the copies of all accounts
	RequestID string    // requestID
	Time      time.Time // eventTime: when the call was completed, to the second, UTC
	Source    string    // eventSource: "s3.amazonaws.com"
	Name      string    // eventName: "GetObject"
	Region    string    // awsRegion: where the call was made
	Account   string    // recipientAccountId: whose log it is
	Type      string    // eventType: "AwsApiCall", "AwsServiceEvent", "AwsConsoleSignIn", …
	Category  string    // eventCategory: "Management", "Data", "NetworkActivity"
	ReadOnly  bool      // readOnly

	Identity  Identity
	SourceIP  string // sourceIPAddress: an address, or the service that called: "AWS Internal", "athena.amazonaws.com"
	UserAgent string // may be cut off

	ErrorCode    string // empty: the call succeeded
	ErrorMessage string

	Resources []Resource

	VPCEndpoint        string // vpcEndpointId
	VPCEndpointAccount string // vpcEndpointAccountId
	TLSVersion         string // tlsDetails.tlsVersion
	FromConsole        bool   // sessionCredentialFromConsole
	Addendum           string // addendum.reason: why the record was delivered late or anew: "DELIVERY_DELAY", …

	// Members with a structure of their own, as they were written; nil where they are null.
	Parameters jsontext.Value // requestParameters
	Response   jsontext.Value // responseElements
	Additional jsontext.Value // additionalEventData
	Service    jsontext.Value // serviceEventDetails
	Context    jsontext.Value // eventContext: tags and condition keys, where a trail is set to add them

	Raw jsontext.Value // the whole record

	Duplicate bool // the same Reader gave the same record, of the same ID, before; see Stats.DuplicatesExact
}

// A Resource is one that the call was about.
type Resource struct {
	ARN       string // may be only the beginning of ARNs, which Prefix tells
	Prefix    bool   // ARNPrefix
	AccountID string // its owner
	Type      string // "AWS::S3::Bucket"
}

// An Identity is who called (CloudTrail User Guide, “CloudTrail userIdentity element”).
type Identity struct {
	Type             string // "Root", "IAMUser", "AssumedRole", "Role", "FederatedUser", "AWSAccount", "AWSService", "SAMLUser", "WebIdentityUser", "IdentityCenterUser", "Directory", "Unknown"
	PrincipalID      string // "AIDA…", "AROA…:session"
	ARN              string // of a session: without the path of its role, which Issuer has
	AccountID        string
	AccessKey        string // accessKeyId: AKIA… of long-term credentials, ASIA… of temporary ones
	UserName         string
	InvokedBy        string // the service that called on somebody's behalf
	IdentityProvider string // of SAMLUser and WebIdentityUser
	CredentialID     string // of IdentityCenterUser

	Issuer         Issuer    // who the temporary credentials are of
	Provider       string    // sessionContext.webIdFederationData.federatedProvider
	MFA            string    // sessionContext.attributes.mfaAuthenticated: "true", "false", or empty
	SessionCreated time.Time // sessionContext.attributes.creationDate
	SourceIdentity string    // sessionContext.sourceIdentity
	EC2Role        string    // sessionContext.ec2RoleDelivery: "1.0" or "2.0", the version of the instance metadata
	AssumedRoot    bool      // sessionContext.assumedRoot: a session of AssumeRoot

	OnBehalfOf Person // the person of Identity Center for whom the call was made
}

// An Issuer is the sessionIssuer of temporary credentials.
type Issuer struct {
	Type        string // "Role", "IAMUser", "Root"
	PrincipalID string
	ARN         string // of a role: with its path
	AccountID   string
	UserName    string // name of the role or user
}

// A Person is a user of IAM Identity Center.
type Person struct {
	UserID           string
	IdentityStoreARN string
}

// Clone returns a copy that shares no memory with the text that the event was read from.
func (e *Event) Clone() *Event {
	c := *e
	c.Resources = slices.Clone(e.Resources)
	c.Raw = bytes.Clone(e.Raw)
	for _, part := range []*jsontext.Value{&c.Parameters, &c.Response, &c.Additional, &c.Service, &c.Context} {
		*part = bytes.Clone(*part)
	}
	return &c
}

// Session returns the name of the role session or federated user session, which for people
// who come through Identity Center is their user name; empty if the credentials are not of
// a session.
func (i *Identity) Session() string {
	switch i.Type {
	case "AssumedRole":
		if _, name, ok := strings.Cut(i.PrincipalID, ":"); ok {
			return name
		}
		if at := strings.LastIndexByte(i.ARN, '/'); at >= 0 {
			return i.ARN[at+1:]
		}
	case "FederatedUser":
		if _, name, ok := strings.Cut(i.ARN, ":federated-user/"); ok {
			return name
		}
	}
	return ""
}
