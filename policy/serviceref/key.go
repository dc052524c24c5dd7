package serviceref

// KeyInfo is what is known of one condition key. The zero KeyInfo is no key.
type KeyInfo struct {
	Name        string // as AWS spells it; variable parts as ${TagKey}
	Type        KeyType
	Multivalued bool // of type ArrayOf…: conditions on it need ForAllValues or ForAnyValue
	Presence    Presence
	// Plain says of a multivalued key that policies of AWS test it without a set operator, as a
	// key of one value in requests that have one.
	Plain bool
}

// isPlain names the keys of [KeyInfo.Plain]. The EventBridge User Guide, “Using IAM policy conditions in
// Amazon EventBridge” and “Permissions for event buses”, and managed policies such as
// AWSControlTowerAccountServiceRolePolicy test them with StringEquals alone.
func isPlain(name string) bool { return name == "events:detail-type" || name == "events:source" }

// A KeyType is the type of a condition key's values, of each value if it is multivalued.
// It says which condition operators suit the key. The zero KeyType is not set.
type KeyType uint8

// The types of condition keys. A Date key such as aws:EpochTime whose value is a number
// of seconds also works with Numeric operators.
const (
	_ KeyType = iota
	String
	ARN
	Bool
	Date
	Numeric
	IPAddress
	Binary
)

var keyTypeNames = [...]string{"unset", "String", "ARN", "Bool", "Date", "Numeric", "IPAddress", "Binary"}

// String is the type's name in the Service Authorization Reference; "unset" for zero.
func (t KeyType) String() string { return name(keyTypeNames[:], int(t)) }

// A Presence says in which requests a condition key can be present at all. Apart from
// [Always], [Mostly] and [Signed] it is a limit, not a promise: outside it the key is
// absent, inside it may be.
type Presence uint8

// The classes of presence.
const (
	Conditional          Presence = iota // depends on the caller, the resource or the call
	Always                               // in every request, anonymous ones included
	Mostly                               // in requests for most actions
	Signed                               // in signed requests
	TemporaryCredentials                 // only with temporary credentials
	IAMUser                              // only for IAM users
	EC2Role                              // only with the credentials of an EC2 instance's role
	VPCEndpoint                          // only through a VPC endpoint
	ServicePrincipal                     // only when a service principal calls by itself
	ForwardAccess                        // only when a service calls with its caller's credentials
)

var presenceNames = [...]string{
	"conditional", "always", "mostly", "signed", "temporary-credentials", "iam-user",
	"ec2-role", "vpc-endpoint", "service-principal", "forward-access",
}

// String names the class: "conditional", "always", "vpc-endpoint", ….
func (p Presence) String() string { return name(presenceNames[:], int(p)) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unset"
}
