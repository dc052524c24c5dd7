package replay

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Tuple is what a [Selection] keeps of an event: calls with the same Tuple get the same
// requests. It is comparable plain data. Members that the selection drops are empty, and so
// are those that an event lacks.
type Tuple struct {
	Account string // recipientAccountId
	Region  string // awsRegion
	Source  string // eventSource
	Name    string // eventName
	Type    string // eventType; empty for AwsApiCall

	Kind       string // userIdentity.type
	Principal  string // ARN of the caller: of a role with its path, of a session only if the role's is not there; an account ID if that is all there is
	Provider   string // userIdentity.identityProvider, of SAML and web identities
	Session    string // name of the role session, of people's roles and where the policies ask for it
	Person     string // onBehalfOf.userId: the person of Identity Center
	InvokedBy  string // the service that called; AWS Internal if only the address shows that one did
	LongTerm   bool   // the access key is a long-term one
	Federation string // sessionContext.webIdFederationData.federatedProvider

	ErrorCode    string // empty: the call succeeded
	DeniedAction string // the action that the error message names
	DeniedBy     string // what the error message says of the policy: "with an explicit deny in a service control policy"

	Resources  string // ARNs, one per line, sorted; the beginning of ARNs ends in *
	Parameters string // members of requestParameters that the requests depend on, as JSON with sorted names

	Address         string // sourceIPAddress, or the range that it is in
	Endpoint        string // vpcEndpointId
	EndpointAccount string // vpcEndpointAccountId
	UserAgent       string
	TLS             string // tlsDetails.tlsVersion
	MFA             string // sessionContext.attributes.mfaAuthenticated
	Issued          string // sessionContext.attributes.creationDate
	Time            string // eventTime
	SourceIdentity  string
	PrincipalID     string
	AssumedRoot     bool
}

// columns are the members of a tuple as texts, in the order of the columns of a query.
func (t *Tuple) columns() []string {
	return []string{
		t.Account, t.Region, t.Source, t.Name, t.Type,
		t.Kind, t.Principal, t.Provider, t.Session, t.Person, t.InvokedBy, truth(t.LongTerm), t.Federation,
		t.ErrorCode, t.DeniedAction, t.DeniedBy, t.Resources, t.Parameters,
		t.Address, t.Endpoint, t.EndpointAccount, t.UserAgent, t.TLS, t.MFA, t.Issued, t.Time, t.SourceIdentity, t.PrincipalID, truth(t.AssumedRoot),
	}
}

// fields are where the texts of [Tuple.columns] go, but for those that are true or false.
func (t *Tuple) fields() map[string]*string {
	return map[string]*string{
		"account": &t.Account, "region": &t.Region, "source": &t.Source, "name": &t.Name, "type": &t.Type,
		"kind": &t.Kind, "principal": &t.Principal, "provider": &t.Provider, "session": &t.Session, "person": &t.Person,
		"invoked_by": &t.InvokedBy, "federation": &t.Federation,
		"error_code": &t.ErrorCode, "denied_action": &t.DeniedAction, "denied_by": &t.DeniedBy,
		"resources": &t.Resources, "parameters": &t.Parameters,
		"address": &t.Address, "endpoint": &t.Endpoint, "endpoint_account": &t.EndpointAccount, "user_agent": &t.UserAgent,
		"tls": &t.TLS, "mfa": &t.MFA, "issued": &t.Issued, "time": &t.Time, "source_identity": &t.SourceIdentity, "principal_id": &t.PrincipalID,
	}
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func (t *Tuple) compare(u *Tuple) int { return slices.Compare(t.columns(), u.columns()) }

// clone is a copy whose texts share no memory with an event.
func (t *Tuple) clone() Tuple {
	c := *t
	for _, p := range [...]*string{
		&c.Account, &c.Region, &c.Source, &c.Name, &c.Type, &c.Kind, &c.Principal, &c.Provider, &c.Session, &c.Person, &c.InvokedBy, &c.Federation,
		&c.ErrorCode, &c.DeniedAction, &c.DeniedBy, &c.Resources, &c.Parameters, &c.Address, &c.Endpoint, &c.EndpointAccount,
		&c.UserAgent, &c.TLS, &c.MFA, &c.Issued, &c.Time, &c.SourceIdentity, &c.PrincipalID,
	} {
		*p = strings.Clone(*p)
	}
	return c
}

// Denied reports whether the call was refused for lack of permission, and not for another
// reason (the error codes that services use for it: AccessDenied, UnauthorizedOperation and
// the like).
func (t *Tuple) Denied() bool { return isDenied(t.ErrorCode) }

// Succeeded reports whether the call succeeded.
func (t *Tuple) Succeeded() bool { return t.ErrorCode == "" }

// samples is how many events a [Counts] names.
const samples = 3

// Counts are how often something was seen, when, and in which events. The zero Counts is
// never.
type Counts struct {
	Events      int
	First, Last time.Time
	Samples     []Sample // the earliest, at most three, by time and ID
}

// A Sample is one event, to look it up by.
type Sample struct {
	Time time.Time
	ID   string // eventID
}

func (s Sample) compare(o Sample) int {
	return cmp.Or(s.Time.Compare(o.Time), strings.Compare(s.ID, o.ID))
}

// Merge returns the counts of both together. It is associative and commutative, so that
// parts of a log can be counted anywhere and in any order.
func (c Counts) Merge(o Counts) Counts {
	out := Counts{Events: c.Events + o.Events, First: c.First, Last: c.Last}
	if out.First.IsZero() || !o.First.IsZero() && o.First.Before(out.First) {
		out.First = o.First
	}
	if o.Last.After(out.Last) {
		out.Last = o.Last
	}
	out.Samples = append(slices.Clone(c.Samples), o.Samples...)
	slices.SortFunc(out.Samples, Sample.compare)
	out.Samples = out.Samples[:min(len(out.Samples), samples)]
	return out
}

// see counts one event.
func (c *Counts) see(at time.Time, id string) {
	c.Events++
	if !at.IsZero() && (c.First.IsZero() || at.Before(c.First)) {
		c.First = at
	}
	if at.After(c.Last) {
		c.Last = at
	}
	s := Sample{at, id}
	if len(c.Samples) == samples && s.compare(c.Samples[samples-1]) >= 0 {
		return
	}
	s.ID = strings.Clone(id)
	i, _ := slices.BinarySearchFunc(c.Samples, s, Sample.compare)
	c.Samples = slices.Insert(c.Samples, i, s)
	c.Samples = c.Samples[:min(len(c.Samples), samples)]
}
