package policy

import (
	"fmt"
	"strings"
)

// A PrincipalKind says what kind of caller a [Principal] is. The zero kind is not valid.
type PrincipalKind uint8

// The kinds of callers.
const (
	_             PrincipalKind = iota
	Anonymous                   // an unsigned request
	Root                        // the root user of an account
	User                        // an IAM user
	RoleSession                 // credentials of an assumed role; the ARN is the session's
	Role                        // a role, its session's name not given: every request of a role is a session's
	FederatedUser               // a GetFederationToken session
	Service                     // a direct call by an AWS service
	WebIdentity                 // a person with an OIDC or SAML token, before AssumeRoleWith…
)

var principalKindNames = [...]string{"unset", "anonymous", "root", "user", "role session", "role", "federated user", "service", "web identity"}

// String names the kind: "user", "role session", ….
func (k PrincipalKind) String() string {
	if int(k) < len(principalKindNames) {
		return principalKindNames[k]
	}
	return principalKindNames[0]
}

// A Principal is who makes a request. It is a small comparable value; the zero
// Principal is not valid. Principal elements of policies are [Principals].
type Principal struct {
	kind PrincipalKind
	id   ARN // without ends: the text of what has no ARN, such as a service principal
}

// AnonymousPrincipal is the caller of an unsigned request.
func AnonymousPrincipal() Principal { return Principal{kind: Anonymous, id: ARN{text: "*"}} }

// ServicePrincipal is an AWS service that calls by itself, such as "cloudtrail.amazonaws.com".
func ServicePrincipal(name string) Principal { return Principal{kind: Service, id: ARN{text: name}} }

// WebIdentityPrincipal is a person who holds a token of the named identity provider and
// has no AWS credentials yet: the caller of sts:AssumeRoleWithWebIdentity or
// sts:AssumeRoleWithSAML. The provider is written as a Federated principal element
// writes it: "cognito-identity.amazonaws.com", or the ARN of an OIDC or SAML provider.
func WebIdentityPrincipal(provider string) Principal {
	if a, err := ParseARN(provider); err == nil {
		return Principal{kind: WebIdentity, id: a}
	}
	return Principal{kind: WebIdentity, id: ARN{text: provider}}
}

// PrincipalFromARN is the principal with this ARN. An ARN that is not one of a root user,
// user, role, role session, federated-user session or identity provider gives the zero
// Principal, which is not valid.
func PrincipalFromARN(a ARN) Principal {
	resource := a.Resource()
	typ, rest, _ := strings.Cut(resource, "/")
	if a.Region() != "" || !IsAccountID(a.AccountID()) {
		return Principal{}
	}
	if a.Service() == "iam" && (typ == "saml-provider" || typ == "oidc-provider") && rest != "" {
		return Principal{kind: WebIdentity, id: a}
	}
	kind := PrincipalKind(0)
	switch a.Service() {
	case "iam":
		switch {
		case resource == "root":
			kind = Root
		case typ == "user" && lastSegment(rest) != "":
			kind = User
		case typ == "role" && lastSegment(rest) != "":
			kind = Role
		}
	case "sts":
		switch {
		case typ == "assumed-role":
			role, session, ok := strings.Cut(rest, "/")
			if ok && role != "" && session != "" && !strings.Contains(session, "/") {
				kind = RoleSession
			}
		case typ == "federated-user" && rest != "" && !strings.Contains(rest, "/"):
			kind = FederatedUser
		}
	}
	if kind == 0 {
		return Principal{}
	}
	return Principal{kind: kind, id: a}
}

// ParsePrincipal reads an ARN (see [PrincipalFromARN]), a service principal name such as
// "ec2.amazonaws.com", or "*" for an anonymous caller.
func ParsePrincipal(s string) (Principal, error) {
	if s == "*" {
		return AnonymousPrincipal(), nil
	}
	if strings.HasPrefix(s, "arn:") {
		a, err := ParseARN(s)
		if err != nil {
			return Principal{}, fmt.Errorf("principal: %w", err)
		}
		if p := PrincipalFromARN(a); p.IsValid() && !strings.ContainsAny(s, "*?") {
			return p, nil
		} else if p.IsValid() {
			return Principal{}, fmt.Errorf("principal %q: a request has one caller, without wildcards", clip(s))
		}
		return Principal{}, fmt.Errorf("principal %q: %w", clip(s), errNoPrincipal)
	}
	if isServiceName(s) {
		return ServicePrincipal(s), nil
	}
	return Principal{}, fmt.Errorf("principal %q: %w", clip(s), errNoPrincipal)
}

// isServiceName accepts the host names that AWS uses: logs.eu-west-1.amazonaws.com,
// ec2.amazonaws.com.cn, and alexa-appkit.amazon.com, which has a domain of its own.
func isServiceName(s string) bool {
	for _, domain := range [...]string{".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"} {
		if host, ok := strings.CutSuffix(s, domain); ok {
			return !strings.ContainsFunc(host, notHostCharacter) && !strings.Contains("."+host+".", "..")
		}
	}
	return false
}

func notHostCharacter(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// IsValid reports whether p is a caller at all, that is, not the zero Principal.
func (p Principal) IsValid() bool { return p.kind != 0 }

// Kind is the kind of caller.
func (p Principal) Kind() PrincipalKind { return p.kind }

// ARN is the principal's ARN; the zero ARN for services, anonymous callers and
// identity providers that have none.
func (p Principal) ARN() ARN {
	if p.id.ends == 0 {
		return ARN{}
	}
	return p.id
}

// AccountID is the account that the principal belongs to; "" for services, anonymous
// callers and web identities, which have none.
func (p Principal) AccountID() string {
	if p.kind == WebIdentity {
		return ""
	}
	return p.ARN().AccountID()
}

// Name is the friendly name: of a user or role without its path, of a role session its
// role's name, of a service the service principal, of a web identity its provider,
// "*" for an anonymous caller.
func (p Principal) Name() string {
	switch p.kind {
	case User, Role:
		return lastSegment(p.id.Resource())
	case RoleSession:
		_, rest, _ := strings.Cut(p.id.Resource(), "/")
		role, _, _ := strings.Cut(rest, "/")
		return role
	case FederatedUser:
		_, rest, _ := strings.Cut(p.id.Resource(), "/")
		return rest
	case Root:
		return "root"
	}
	return p.id.text
}

// SessionName is the name of a role session; "" for all others.
func (p Principal) SessionName() string {
	if p.kind != RoleSession {
		return ""
	}
	return lastSegment(p.id.Resource())
}

// String is the text that [ParsePrincipal] reads. Only an identity provider without an ARN
// has none: its host name alone does not say that it is one.
func (p Principal) String() string {
	return p.id.text
}

// MarshalText implements [encoding.TextMarshaler]. The zero Principal is the empty text.
func (p Principal) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler] with [ParsePrincipal]. The empty
// text is the zero Principal.
func (p *Principal) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*p = Principal{}
		return nil
	}
	v, err := ParsePrincipal(string(b))
	if err == nil {
		*p = v
	}
	return err
}
