package org

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/licit-dev/licit/policy"
)

// Facts are what decides nothing, but an audit or a migration asks for. They are known,
// known to be absent, or not known, and these three differ: a nil pointer, a nil slice and
// the zero time are not known.

// Credentials are what a user, or the root user of an account, can sign in with (IAM User
// Guide, “Generate credential reports for your AWS account”).
type Credentials struct {
	Password *Password // nil: not known
	MFA      *MFA      // nil: not known
	// AccessKeys is nil if they are not known, and empty but not nil if there are none. Keys
	// without an ID are those that a credential report shows, which are all active ones: it
	// need not show inactive keys, so that there may be one besides.
	AccessKeys []AccessKey
	// Certificates are X.509 signing certificates: nil if they are not known, empty but not nil
	// if there are none, and otherwise those that a credential report shows, which are all
	// active ones.
	Certificates []Certificate
}

// A Password is the console password of a user.
type Password struct {
	Enabled      bool      // false: the user has none
	Changed      time.Time // zero: not known
	NextRotation time.Time // by when the password policy wants a new one; zero: no such day, or not known
	Used         Usage
}

// An MFA is whether a user has MFA devices, and which.
type MFA struct {
	Active  bool
	Devices []MFADevice // nil: not known, as with nothing but a credential report
}

// An MFADevice is a device for multi-factor authentication.
type MFADevice struct {
	// Serial is the ARN of a virtual device ("…:mfa/…") or passkey ("…:u2f/…"), or the
	// serial number of a hardware device.
	Serial  string
	Enabled time.Time // zero: not known
}

// An AccessKey is a long-term access key.
type AccessKey struct {
	ID     string // "AKIA…"; empty: not known, as with nothing but a credential report
	Active bool
	// Created is when the key was created. Of a key without an ID it is when it was created or
	// last changed, such as made inactive and active again: the key may be older. Zero: not known.
	Created time.Time
	Used    Usage
}

// A Certificate is an X.509 signing certificate.
type Certificate struct {
	Active  bool
	Created time.Time // when it was created or last changed; zero: not known
}

// A Usage is when something was last used. The zero Usage is not known.
type Usage struct {
	At      time.Time
	Never   bool   // no use since AWS keeps record of uses; At is zero then
	Region  string // empty: not known
	Service string // action prefix, such as "s3"; empty: not known
}

// IsKnown reports whether there is an answer: a time, or Never.
func (u Usage) IsKnown() bool { return u.Never || !u.At.IsZero() }

// A PasswordPolicy is what an account demands of its users' passwords (IAM User Guide, “Set
// an account password policy for IAM users”).
type PasswordPolicy struct {
	Default          bool // the account has set none, and AWS's default holds; the rest is zero then
	MinimumLength    int
	RequireSymbols   bool
	RequireNumbers   bool
	RequireUppercase bool
	RequireLowercase bool
	UsersMayChange   bool
	MaxAge           int // days; 0: passwords don't expire
	RememberLast     int // how many earlier passwords may not be used again; 0: none
	HardExpiry       bool
}

// A Provider is a SAML or OIDC identity provider of an account.
type Provider struct {
	ARN         policy.ARN
	URL         string    // of an OIDC provider
	ClientIDs   []string  // audiences of an OIDC provider
	Thumbprints []string  // of the certificates of an OIDC provider
	ValidUntil  time.Time // of the metadata of a SAML provider; zero: not known
	Created     time.Time // zero: not known
}

// A DelegatedAdministrator is a member account that administers services for the
// organization.
type DelegatedAdministrator struct {
	Account  string
	Services []string // service principals, such as "access-analyzer.amazonaws.com"; empty: not known, since there is one at least
}

// A State says how well a part of AWS's state is known. The zero State is Unknown.
type State uint8

// The states of a [Unit].
const (
	Unknown  State = iota // nobody looked
	Complete              // everything was read
	Absent                // there is nothing: the service is not used, or not set up
	Partial               // something could not be read; there is a [Gap] for it where decisions depend on it
	Skipped               // it was left out on purpose, or cannot be read: a Region that is off, a closed account
)

var stateNames = [...]string{Unknown: "unknown", Complete: "complete", Absent: "absent", Partial: "partial", Skipped: "skipped"}

// String is the state in lower case, such as "complete".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// A Unit is a part of AWS's state that is read as a whole: the coverage of a snapshot is its
// units.
type Unit struct {
	Account string // ID
	Region  string // empty: the section is global
	Section string // such as "iam", "organization", "credentials" or "s3"
	State   State
	Reason  string // why it is not Complete, for people; empty if it is
}

func (c *Credentials) clone() *Credentials {
	if c == nil {
		return nil
	}
	d := *c
	if c.Password != nil {
		p := *c.Password
		p.Changed, p.NextRotation, p.Used = utc(p.Changed), utc(p.NextRotation), p.Used.utc()
		d.Password = &p
	}
	if c.MFA != nil {
		d.MFA = &MFA{Active: c.MFA.Active, Devices: slices.Clone(c.MFA.Devices)}
		for i := range d.MFA.Devices {
			d.MFA.Devices[i].Enabled = utc(d.MFA.Devices[i].Enabled)
		}
	}
	d.AccessKeys = slices.Clone(c.AccessKeys)
	for i := range d.AccessKeys {
		d.AccessKeys[i].Created = utc(d.AccessKeys[i].Created)
		d.AccessKeys[i].Used = d.AccessKeys[i].Used.utc()
	}
	d.Certificates = slices.Clone(c.Certificates)
	for i := range d.Certificates {
		d.Certificates[i].Created = utc(d.Certificates[i].Created)
	}
	return &d
}

// utc is t as it stands in a snapshot: in UTC and without what == sees but Equal does not.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

func (u Usage) utc() Usage {
	u.At = utc(u.At)
	return u
}

func (p *PasswordPolicy) clone() *PasswordPolicy {
	if p == nil {
		return nil
	}
	q := *p
	return &q
}

func cloneProviders(list []Provider) []Provider {
	list = slices.Clone(list)
	for i := range list {
		p := &list[i]
		p.ClientIDs, p.Thumbprints = cloneStrings(p.ClientIDs), cloneStrings(p.Thumbprints)
		p.ValidUntil, p.Created = utc(p.ValidUntil), utc(p.Created)
	}
	return list
}

func cloneDelegated(list []DelegatedAdministrator) []DelegatedAdministrator {
	list = slices.Clone(list)
	for i := range list {
		list[i].Services = cloneStrings(list[i].Services)
	}
	return list
}

func compareUnits(a, b Unit) int {
	return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.Section, b.Section))
}

// canonical sorts what has no order of its own. The slots of access keys and certificates
// have none that means anything.
func (c *Credentials) canonical() {
	if c == nil {
		return
	}
	if c.MFA != nil {
		slices.SortFunc(c.MFA.Devices, func(a, b MFADevice) int { return strings.Compare(a.Serial, b.Serial) })
	}
	slices.SortStableFunc(c.AccessKeys, func(a, b AccessKey) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), a.Created.Compare(b.Created))
	})
	slices.SortStableFunc(c.Certificates, func(a, b Certificate) int { return a.Created.Compare(b.Created) })
}

func equalCredentials(a, b *Credentials) bool {
	if a == nil || b == nil {
		return a == b
	}
	return equalPointer(a.Password, b.Password) &&
		(a.MFA == nil) == (b.MFA == nil) &&
		(a.MFA == nil || a.MFA.Active == b.MFA.Active && equalKnown(a.MFA.Devices, b.MFA.Devices)) &&
		equalKnown(a.AccessKeys, b.AccessKeys) && equalKnown(a.Certificates, b.Certificates)
}

func equalPointer[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// equalKnown compares lists of which a nil one is not known.
func equalKnown[T comparable](a, b []T) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

func equalProvider(a, b Provider) bool {
	return a.ARN == b.ARN && a.URL == b.URL && a.ValidUntil == b.ValidUntil && a.Created == b.Created &&
		slices.Equal(a.ClientIDs, b.ClientIDs) && slices.Equal(a.Thumbprints, b.Thumbprints)
}

func equalDelegated(a, b DelegatedAdministrator) bool {
	return a.Account == b.Account && slices.Equal(a.Services, b.Services)
}
