package replay

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A Reducer makes tuples of events. It remembers what it looked up, and is not safe for
// concurrent use.
type Reducer struct {
	s          *Selection
	asked      asked
	ref        *serviceref.Reference
	operations map[call]*operation
	buf        []byte
	kept       []member
	interned   map[string]string
}

// asked is whether condition keys are asked for that a member of an event has the value of.
type asked struct {
	network, endpointAccount, userAgent, tls, factor, issued, time, sourceIdentity, userID, assumedRoot, provider bool
}

func (s *Selection) asked() asked {
	return asked{
		network: s.network(), endpointAccount: s.has("aws:vpceaccount"), userAgent: s.has("aws:useragent"),
		tls:    s.has("aws:securetransport", "s3:tlsversion"),
		factor: s.has("aws:multifactorauthpresent", "aws:multifactorauthage"),
		issued: s.has("aws:tokenissuetime"), time: s.has("aws:currenttime", "aws:epochtime"),
		sourceIdentity: s.has("aws:sourceidentity"), userID: s.has("aws:userid"),
		assumedRoot: s.has("aws:assumedroot"), provider: s.has("aws:federatedprovider"),
	}
}

type member struct {
	name  string
	value []byte
}

// NewReducer returns a reducer that keeps what the selection says.
func NewReducer(s *Selection) *Reducer {
	return &Reducer{s: s, asked: s.asked(), ref: serviceref.Embedded(), operations: map[call]*operation{}, interned: map[string]string{}}
}

// Reduce returns the tuple of an event. It depends on the event and the selection alone:
// not on other events, nor on their order. The texts of the tuple may share memory with
// those of the event.
func (r *Reducer) Reduce(e *cloudtrail.Event) Tuple {
	t := Tuple{Account: e.Account, Region: e.Region, Source: e.Source, Name: e.Name}
	if e.Type != "AwsApiCall" {
		t.Type = e.Type
		if t.Type == "" {
			t.Type = "none"
		}
		return t
	}
	r.caller(&t, e)
	t.ErrorCode = e.ErrorCode
	if isDenied(e.ErrorCode) {
		t.DeniedAction, t.DeniedBy = refusal(e.ErrorMessage)
	}
	t.Resources = r.resources(e)
	t.Parameters = r.parameters(e)
	r.context(&t, e)
	return t
}

// caller fills in who called. What a policy knows a session by is its role, whose ARN has
// the path only in the session's issuer (CloudTrail User Guide, “CloudTrail userIdentity
// element”).
func (r *Reducer) caller(t *Tuple, e *cloudtrail.Event) {
	id := &e.Identity
	t.Kind, t.InvokedBy, t.Person = id.Type, id.InvokedBy, id.OnBehalfOf.UserID
	if t.InvokedBy == "" && id.Type != "AWSService" && isService(e.SourceIP) {
		t.InvokedBy = awsInternal // it called, although invokedBy does not say so
	}
	t.LongTerm = strings.HasPrefix(id.AccessKey, "AKIA")
	t.AssumedRoot = id.AssumedRoot && r.asked.assumedRoot
	switch id.Type {
	case "AssumedRole":
		t.Principal = id.ARN
		if id.Issuer.Type == "Role" && id.Issuer.ARN != "" {
			t.Principal = id.Issuer.ARN
		}
		if name := id.Session(); r.s.all || r.s.sessions || strings.Contains(id.ARN, "/AWSReservedSSO_") || strings.Contains(name, "@") {
			t.Session = name
		} else if t.Principal == id.ARN {
			t.Principal = t.Principal[:max(strings.LastIndexByte(t.Principal, '/'), 0)]
		}
	case "SAMLUser", "WebIdentityUser":
		t.Provider = id.IdentityProvider
	case "FederatedUser":
		t.Principal, t.Session = id.Issuer.ARN, id.Session()
	default:
		t.Principal = id.ARN
	}
	if t.Principal == "" {
		t.Principal = id.AccountID
	}
	if r.asked.provider {
		t.Federation = id.Provider
	}
}

// context fills in what condition keys come from.
func (r *Reducer) context(t *Tuple, e *cloudtrail.Event) {
	id := &e.Identity
	if r.asked.network {
		t.Address, t.Endpoint = r.s.address(e.SourceIP), e.VPCEndpoint
	}
	if r.asked.endpointAccount {
		t.EndpointAccount = e.VPCEndpointAccount
	}
	if r.asked.userAgent {
		t.UserAgent = e.UserAgent
	}
	if r.asked.tls {
		t.TLS = e.TLSVersion
	}
	if r.asked.factor {
		t.MFA = id.MFA
		t.Federation = id.Provider
	}
	if r.asked.issued {
		t.Issued = stamp(id.SessionCreated)
	}
	if r.asked.time {
		t.Time = stamp(e.Time)
	}
	if r.asked.sourceIdentity {
		t.SourceIdentity = id.SourceIdentity
	}
	if r.asked.userID {
		t.PrincipalID = id.PrincipalID
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// resources are the ARNs of an event, cut to what the policies tell apart.
func (r *Reducer) resources(e *cloudtrail.Event) string {
	switch len(e.Resources) {
	case 0:
		return ""
	case 1:
		return r.resource(&e.Resources[0])
	}
	list := make([]string, 0, len(e.Resources))
	for i := range e.Resources {
		if a := r.resource(&e.Resources[i]); a != "" {
			list = append(list, a)
		}
	}
	slices.Sort(list)
	r.buf = r.buf[:0]
	for i, a := range slices.Compact(list) {
		if i > 0 {
			r.buf = append(r.buf, '\n')
		}
		r.buf = append(r.buf, a...)
	}
	return r.intern(r.buf)
}

func (r *Reducer) resource(x *cloudtrail.Resource) string {
	a := r.s.resource(x.ARN)
	switch {
	case strings.Contains(a, "\n"):
		return ""
	case !x.Prefix:
		return a
	case strings.HasSuffix(a, anyObject):
		return "" // the bucket, which a parameter names, says as much
	}
	return x.ARN + "*"
}

// parameters are the members of requestParameters that the requests of the call depend on.
func (r *Reducer) parameters(e *cloudtrail.Event) string {
	return r.filter(e.Source, e.Name, e.Parameters)
}

// filter keeps of requestParameters what matters, in one way of writing.
func (r *Reducer) filter(source, event string, parameters jsontext.Value) string {
	if len(parameters) == 0 || parameters[0] == 'n' {
		return ""
	}
	o := r.operation(source, event)
	if !o.any() {
		return ""
	}
	r.kept = r.kept[:0]
	if !members(parameters, func(name string, value []byte) {
		if o.keeps(name, value) && (name != "key" || o.source != "s3.amazonaws.com" || r.keepsObject(parameters)) {
			r.kept = append(r.kept, member{name, r.s.cut(o.source, name, value)})
		}
	}) {
		return broken
	}
	if len(r.kept) == 0 {
		return ""
	}
	slices.SortStableFunc(r.kept, func(a, b member) int { return strings.Compare(a.name, b.name) })
	r.buf = append(r.buf[:0], '{')
	for i, m := range r.kept {
		if i > 0 {
			r.buf = append(r.buf, ',')
		}
		r.buf = append(r.buf, '"')
		r.buf = append(append(append(r.buf, m.name...), '"', ':'), canonical(m.value)...)
	}
	r.buf = append(r.buf, '}')
	return r.intern(r.buf)
}

// cut is what a parameter matters for: of the source of a copy the bucket, where objects are
// not told apart, and of a header only that it is there.
func (s *Selection) cut(source, name string, value []byte) []byte {
	if s.all || source != "s3.amazonaws.com" || s.has("s3:"+name) || value[0] != '"' {
		return value
	}
	switch {
	case isPresence(name):
		return []byte(`""`)
	case name == copySource && !s.objects:
		path, _, version := strings.Cut(text(value), "?versionId=")
		bucket, _, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		switch {
		case !ok || strings.ContainsAny(bucket, ":\"\\"):
			return []byte(`"?"`)
		case s.buckets[bucket]:
			return value
		case version:
			return []byte(`"` + bucket + `/*?versionId="`)
		}
		return []byte(`"` + bucket + `/*"`)
	}
	return value
}

// keepsObject reports whether the object that an S3 call names makes a difference.
func (r *Reducer) keepsObject(parameters jsontext.Value) bool {
	if r.s.all || r.s.objects {
		return true
	}
	if len(r.s.buckets) == 0 {
		return false
	}
	found := false
	members(parameters, func(name string, value []byte) {
		if name == "bucketName" {
			found = r.s.buckets[text(value)]
		}
	})
	return found
}

// broken is what a tuple has for parameters that are no JSON.
const broken = "?"

// canonical writes a value in the one way that all its spellings have.
func canonical(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 && value[0] != '{' && value[0] != '[' {
		return value
	}
	v := jsontext.Value(bytes.Clone(value))
	if v.Canonicalize() != nil {
		return value
	}
	return v
}

func (r *Reducer) intern(b []byte) string {
	if s, ok := r.interned[string(b)]; ok {
		return s
	}
	if len(r.interned) > 1<<14 {
		clear(r.interned)
	}
	s := string(b)
	r.interned[s] = s
	return s
}

// text is a JSON string's text; empty for any other value.
func text(value []byte) string {
	if len(value) < 2 || value[0] != '"' {
		return ""
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value[1 : len(value)-1])
	}
	b, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(b)
}
