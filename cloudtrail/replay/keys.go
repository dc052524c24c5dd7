package replay

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// A keyRing collects the keys of a request: those that the policies mention, and those of
// which the evaluation would otherwise take for granted what it is usually.
type keyRing struct {
	s       *Selection
	keys    simulate.Keys
	unknown []UnknownKey
}

// wants reports whether a key is to be given. The selection need not be of all policies that
// are asked, so that what has a usual value is given in any case.
func (k *keyRing) wants(key string) bool {
	switch key {
	case "aws:RequestedRegion", "aws:SecureTransport", "aws:ViaAWSService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:AssumedRoot":
		return true
	}
	return k.s.has(family(key))
}

func (k *keyRing) set(key string, values ...string) {
	if k.wants(key) {
		k.keys = k.keys.With(key, values...)
	}
}

func (k *keyRing) absent(keys ...string) {
	for _, key := range keys {
		k.set(key)
	}
}

func (k *keyRing) open(reason string, keys ...string) {
	for _, key := range keys {
		if k.wants(key) {
			k.keys = k.keys.WithUnknown(key)
			k.unknown = append(k.unknown, UnknownKey{key, reason})
		}
	}
}

// keys gives the request what the event tells of its condition keys (IAM User Guide, “AWS
// global condition context keys”).
func (c *calls) keys(t *Tuple, r *Request, info serviceref.ActionInfo) {
	k := &keyRing{s: c.s}
	if t.Region != "" {
		k.set("aws:RequestedRegion", t.Region)
	}
	c.networkKeys(k, t)
	c.sessionKeys(k, t, r.Principal)
	c.viaKeys(k, t, r)
	switch {
	case t.TLS != "":
		k.set("aws:SecureTransport", "true")
		k.set("s3:TlsVersion", strings.TrimPrefix(t.TLS, "TLSv"))
	default:
		k.open("the event has no tlsDetails", "aws:SecureTransport", "s3:TlsVersion")
	}
	agentKey(k, t)
	if at, err := time.Parse(time.RFC3339, t.Time); err == nil {
		k.set("aws:CurrentTime", t.Time)
		k.set("aws:EpochTime", strconv.FormatInt(at.Unix(), 10))
	} else {
		k.open("the event has no eventTime", "aws:CurrentTime", "aws:EpochTime")
	}
	c.parameterKeys(k, t, r.Action, info)
	c.tagKeys(k, t, r.Action, info)
	r.Keys, r.Unknown = k.keys, k.unknown
}

// maxAgent is the length up to which CloudTrail keeps a user agent, 1 KB (CloudTrail User Guide,
// “CloudTrail record contents”).
const maxAgent = 1000

// agentKey says what the header was. CloudTrail has the name of a service or console in its place,
// cuts it off, and of S3 puts it in brackets.
func agentKey(k *keyRing, t *Tuple) {
	agent := t.UserAgent
	if body, ok := strings.CutPrefix(agent, "["); ok && strings.HasSuffix(body, "]") {
		agent = strings.TrimSuffix(body, "]")
	}
	switch {
	case agent == "":
		k.open("the event has no userAgent", "aws:UserAgent")
	case t.InvokedBy != "" || isService(agent):
		k.open("a service or the console called", "aws:UserAgent")
	case len(agent) >= maxAgent:
		k.open("it may be cut off", "aws:UserAgent")
	default:
		k.set("aws:UserAgent", agent)
	}
}

// awsInternal is what CloudTrail has in place of a service that it does not name.
const awsInternal = "AWS Internal"

// isService reports whether an address or user agent is a service.
func isService(name string) bool {
	return strings.HasPrefix(name, awsInternal) || strings.HasSuffix(name, ".amazonaws.com") || strings.HasSuffix(name, ".amazonaws.com.cn")
}

var endpointKeys = []string{"aws:SourceVpce", "aws:SourceVpc", "aws:SourceVpcArn", "aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"}

// networkKeys says where a call came from. Through a VPC endpoint aws:SourceIp is absent,
// and the address is the one in the VPC. A service that calls on with its caller's
// credentials keeps the caller's address (IAM User Guide, “AWS: Denies access to AWS based
// on the source IP”), of which the event shows nothing.
func (c *calls) networkKeys(k *keyRing, t *Tuple) {
	if !c.s.network() {
		return
	}
	address, ok := c.s.sample(t.Address)
	switch {
	case t.Endpoint != "":
		k.set("aws:SourceVpce", t.Endpoint)
		k.absent("aws:SourceIp")
		if ok {
			k.set("aws:VpcSourceIp", address.String())
		} else {
			k.open("the address is not an IP address", "aws:VpcSourceIp")
		}
		if t.EndpointAccount == "" {
			k.open("the event has no vpcEndpointAccountId", "aws:VpceAccount")
		} else {
			k.set("aws:VpceAccount", t.EndpointAccount)
		}
	case !ok || t.InvokedBy != "" || isInside(address):
		reason := "a service called"
		switch {
		case t.Address == "":
			reason = "the event has no sourceIPAddress"
		case t.InvokedBy == "" && (ok || t.Address == private):
			reason = "a private address without a VPC endpoint"
		}
		k.open(reason, append([]string{"aws:SourceIp"}, endpointKeys...)...)
	default:
		k.set("aws:SourceIp", address.String())
		k.absent(endpointKeys...)
	}
}

// inside are the ranges of addresses that no call has from the Internet: private ones (RFC 1918, RFC
// 4193), shared (RFC 6598), loopback and link-local.
var inside = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("::1/128"),
}

func isInside(a netip.Addr) bool {
	return slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Contains(a) })
}

// isPerson reports whether a session is of a role that IAM Identity Center made.
func isPerson(p policy.Principal) bool {
	return (p.Kind() == policy.RoleSession || p.Kind() == policy.Role) && strings.HasPrefix(p.Name(), ssoPrefix)
}

const ssoPrefix = "AWSReservedSSO_"

// sessionKeys says what credentials a call was made with.
func (c *calls) sessionKeys(k *keyRing, t *Tuple, p policy.Principal) {
	if t.PrincipalID != "" && p.Kind() != policy.Service && p.Kind() != policy.WebIdentity && p.Kind() != policy.Anonymous && t.PrincipalID != hidden {
		k.set("aws:userid", t.PrincipalID)
	}
	issued := t.Issued
	if t.LongTerm {
		// Long-term access keys have no session (IAM User Guide, on aws:TokenIssueTime and
		// aws:MultiFactorAuthPresent).
		k.absent("aws:TokenIssueTime")
	} else if issued != "" {
		k.set("aws:TokenIssueTime", issued)
	} else {
		k.open("the event has no creationDate", "aws:TokenIssueTime")
	}
	c.factorKeys(k, t, p)
	if p.Kind() == policy.Role || p.Kind() == policy.RoleSession {
		k.setOrAbsent("aws:SourceIdentity", t.SourceIdentity)
		k.setOrAbsent("aws:FederatedProvider", t.Federation)
	}
	switch {
	case t.AssumedRoot:
		k.set("aws:AssumedRoot", "true")
	case p.Kind() == policy.Root && !c.s.has("aws:assumedroot"):
		k.open("not asked for", "aws:AssumedRoot")
	}
}

func (k *keyRing) setOrAbsent(key, value string) {
	if value == "" {
		k.absent(key)
		return
	}
	k.set(key, value)
}

// factorKeys says whether there was a second factor. For sessions that come from a token or
// from Identity Center the key is absent, whatever mfaAuthenticated says, and for those of
// other roles false may mean that.
func (c *calls) factorKeys(k *keyRing, t *Tuple, p policy.Principal) {
	const present, age = "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"
	session := p.Kind() == policy.Role || p.Kind() == policy.RoleSession
	switch {
	case t.LongTerm, isPerson(p), session && t.Federation != "":
		k.absent(present, age)
	case t.MFA == "true":
		k.set(present, "true")
		k.open("the event does not say when", age)
	case t.MFA == "false" && p.Kind() == policy.User && t.InvokedBy != "":
		k.open("a service called, which passes on what its caller had or not", present, age)
	case t.MFA == "false" && p.Kind() == policy.User:
		k.set(present, "false")
		k.absent(age)
	case t.MFA == "false":
		k.open("mfaAuthenticated is false also where the key is absent", present)
		k.absent(age)
	default:
		k.open("the event has no mfaAuthenticated", present, age)
	}
}

// viaKeys says whether a service called with the credentials of its caller. It does so for a
// person or user; a role's session with invokedBy may also be of a service role, for which
// aws:ViaAWSService is false.
func (c *calls) viaKeys(k *keyRing, t *Tuple, r *Request) {
	p := r.Principal
	const via, chain, first, last = "aws:ViaAWSService", "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast"
	switch {
	case p.Kind() == policy.Service:
	case t.InvokedBy == "":
		k.set(via, "false")
		k.absent(chain, first, last)
	case isServiceLinked(r):
		k.set(via, "false")
		k.absent(chain, first, last)
	case !strings.HasPrefix(t.InvokedBy, awsInternal) && (p.Kind() == policy.User || isPerson(p)):
		k.set(via, "true")
		k.open("the event does not have the chain of services", chain, first, last)
	default:
		k.open("a service called: with its caller's credentials or its own role's", via, chain, first, last)
	}
}

// isServiceLinked reports whether the caller is a service-linked role (IAM User Guide,
// “Service-linked roles”), by its path or by its name, which IAM keeps for them.
func isServiceLinked(r *Request) bool {
	a := r.Principal.ARN()
	if r.Session != nil {
		a = r.Session.Spec().Role
	}
	return strings.HasPrefix(a.Resource(), "role/") && (strings.HasPrefix(a.Resource(), "role/aws-service-role/") || strings.HasPrefix(lastSegment(a.Resource()), "AWSServiceRoleFor"))
}

// parameterKeys are the service's keys that parameters have the values of.
func (c *calls) parameterKeys(k *keyRing, t *Tuple, a policy.Action, info serviceref.ActionInfo) {
	for _, p := range keyParameters(a) {
		if !c.s.has(p.key) {
			continue
		}
		if copies(t) && info.IsValid() && !info.HasKey(p.key) {
			continue // it is of the other of its two actions
		}
		value, ok := c.parameter(t, p.parameter)
		switch {
		case t.Parameters == broken:
			k.open("requestParameters are not readable", p.key)
		case value == hidden:
			k.open("hidden for security reasons", p.key)
		case ok:
			k.set(p.key, value)
		case p.key == "sts:sourceidentity" && t.Name != "AssumeRole":
			k.open("an assertion or token may have it", p.key)
		case p.always && a.Service() != "s3":
			k.absent(p.key)
		default:
			k.open("the event may leave it out", p.key)
		}
	}
}

// tagKeys are the tags that a call passes.
func (c *calls) tagKeys(k *keyRing, t *Tuple, a policy.Action, info serviceref.ActionInfo) {
	assume := strings.EqualFold(string(a), "sts:AssumeRole")
	if !info.IsValid() || !takesTags(info) || !assume && !c.s.has("aws:requesttag", "aws:tagkeys") {
		return
	}
	tags, readable := map[string]string{}, t.Parameters != broken
	for _, name := range tagParameters {
		c.each(t, func(n string, v []byte) {
			if n == name {
				readable = readTags(v, tags, false) && readable
			}
		})
	}
	names := make([]string, 0, len(tags))
	for name := range tags {
		names = append(names, name)
	}
	set := func(key string, values ...string) { k.keys = k.keys.With(key, values...) }
	switch {
	case !readable, !assume && len(tags) == 0 && !c.s.all:
		k.keys = k.keys.WithUnknown("aws:TagKeys", "aws:RequestTag/*")
		k.unknown = append(k.unknown, UnknownKey{"aws:TagKeys", "the event does not show the tags"}, UnknownKey{"aws:RequestTag/*", "the event does not show the tags"})
	case len(tags) == 0 && assume:
		set("aws:TagKeys")
	case len(tags) == 0:
		k.keys = k.keys.WithUnknown("aws:TagKeys", "aws:RequestTag/*")
		k.unknown = append(k.unknown, UnknownKey{"aws:TagKeys", "the event may leave them out"}, UnknownKey{"aws:RequestTag/*", "the event may leave them out"})
	default:
		slices.Sort(names)
		set("aws:TagKeys", names...)
		for _, name := range names {
			set("aws:RequestTag/"+name, tags[name])
		}
	}
	if assume {
		if id, ok := c.parameter(t, "sourceIdentity"); ok && id != hidden {
			set("sts:SourceIdentity", id)
		}
	}
}

// readTags collects tags in one of the forms that services write: {"team":"logs"}, or lists
// of {"key":…,"value":…}, within {"items":…} and {"tags":…} or not. It reports false for what
// is none of them.
func readTags(value jsontext.Value, into map[string]string, listed bool) bool {
	switch value[0] {
	case '[':
		ok := true
		elements(value, func(e []byte) { ok = readTags(e, into, true) && ok })
		return ok
	case '{':
		key, val, isPair, ok := "", "", false, true
		members(value, func(n string, v []byte) {
			switch {
			case listed && strings.EqualFold(n, "key") && v[0] == '"':
				key, isPair = text(v), true
			case listed && strings.EqualFold(n, "value") && v[0] == '"':
				val = text(v)
			case v[0] != '"' && (n == "items" || n == "tags" || n == "tagSet"):
				ok = readTags(v, into, listed) && ok
			case listed && n == "resourceType":
			case v[0] == '"' && text(v) != hidden && n != "":
				into[n] = text(v)
			default:
				ok = false
			}
		})
		if isPair {
			if key == hidden || val == hidden || key == "" {
				return false
			}
			into[key] = val
		}
		return ok
	}
	return false
}
