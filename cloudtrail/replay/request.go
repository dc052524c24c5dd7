package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/licit-dev/licit/cloudtrail"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

const hidden = cloudtrail.Hidden

// A Request is a request that a call was authorised as.
type Request struct {
	simulate.Request
	// Certainty says whether every such call needs the action.
	Certainty serviceref.Certainty
	// Open says that the action is authorised on a resource which the event does not tell,
	// so that Resource is zero. It is no request for the resource *.
	Open bool
	// Pattern is of a request that is Open: what is known of the ARN, as a pattern; "" if
	// nothing is.
	Pattern string
	// Inferred says that the action is not that of the event, and follows from a parameter:
	// iam:PassRole from the ARN of a role, s3:PutObjectAcl from x-amz-acl.
	Inferred bool
	// Unknown lists the condition keys that the event does not tell, although it might.
	Unknown []UnknownKey

	// shared says that the account of Resource is taken to be that of the call, for want of
	// another.
	shared bool
	// oneOf says that the call may have been about another of the resources that it names, and
	// not about this.
	oneOf bool
	// more says that the call may have been authorised on resources of other types besides,
	// which the parameters do not name.
	more bool
	// types are patterns of which a resource that is not known matches one; nil: of any.
	types []string
}

// An UnknownKey is a condition key whose value, or whether it was there at all, an event
// does not tell.
type UnknownKey struct {
	Key    string // may end in *
	Reason string
}

// Requests returns the requests that AWS authorised a call as: one for each action and each
// resource that it was about. Those whose Certainty is [serviceref.AnyOf] are alternatives.
// The requests of one event share the principal and the keys.
//
// What the event tells is given as keys, and what it cannot have had is given as absent;
// what it leaves open is unknown, and what depends on the organization (aws:PrincipalOrgID,
// tags of roles and resources) is left to be derived. The organization may be nil; it has the
// paths of users and roles that a call names without.
//
// The error is a *[NoRequestError].
func Requests(e *cloudtrail.Event, o *org.Organization) ([]Request, error) {
	s := SelectAll()
	t := NewReducer(s).Reduce(e)
	return newCalls(s, serviceref.Embedded(), o).requests(&t)
}

// calls makes requests of tuples.
type calls struct {
	s     *Selection
	ref   *serviceref.Reference
	names map[string]policy.ARN // users and roles by account, kind and name

	accounts map[string]bool // of the organization
	single   map[policy.Action]bool

	sessions map[policy.ARN]*simulate.Session
}

func newCalls(s *Selection, ref *serviceref.Reference, o *org.Organization) *calls {
	c := &calls{s: s, ref: ref, names: map[string]policy.ARN{}, accounts: map[string]bool{}, single: map[policy.Action]bool{}, sessions: map[policy.ARN]*simulate.Session{}}
	if o == nil {
		return c
	}
	for a := range o.Accounts() {
		c.accounts[a.ID] = true
		for i := range a.Users {
			c.names[a.ID+" user "+lastSegment(a.Users[i].ARN.Resource())] = a.Users[i].ARN
		}
		for i := range a.Roles {
			c.names[a.ID+" role "+lastSegment(a.Roles[i].ARN.Resource())] = a.Roles[i].ARN
		}
	}
	return c
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

// each calls visit for each parameter of a tuple.
func (c *calls) each(t *Tuple, visit func(name string, value []byte)) {
	if t.Parameters != "" && t.Parameters != broken {
		members(jsontext.Value(t.Parameters), visit)
	}
}

// parameter is the text of a parameter, and whether there is one of the name.
func (c *calls) parameter(t *Tuple, name string) (value string, ok bool) {
	c.each(t, func(n string, v []byte) {
		if n == name && string(v) != "null" {
			value, ok = text(v), true
			if v[0] != '"' {
				value = string(v)
			}
		}
	})
	return value, ok
}

func (c *calls) requests(t *Tuple) ([]Request, error) {
	if t.Type != "" {
		return nil, &NoRequestError{NotAPICall, t.Type}
	}
	has := func(name string) bool { _, ok := c.parameter(t, name); return ok }
	info := c.ref.Event(serviceref.Event{Source: t.Source, Name: t.Name, HasParameter: has})
	if info.NoAction != "" {
		return nil, &NoRequestError{NoPermission, info.NoAction}
	}
	base, err := c.principal(t)
	if err != nil {
		return nil, err
	}
	at := place{partition(t, base.Principal), t.Region, t.Account}
	var out []Request
	for _, a := range c.needs(t, info) {
		for _, r := range c.action(t, at, Request{Request: base, Certainty: a.Certainty, Inferred: a.inferred}, a.Action) {
			if !slices.ContainsFunc(out, func(q Request) bool { return q.Action == r.Action && q.Resource == r.Resource && q.Open == r.Open }) {
				out = append(out, r)
			}
		}
	}
	if len(out) == 0 {
		return nil, &NoRequestError{Malformed, "no action"}
	}
	return out, nil
}

func partition(t *Tuple, p policy.Principal) string {
	if name := p.ARN().Partition(); name != "" {
		return name
	}
	switch {
	case strings.HasPrefix(t.Region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(t.Region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// action makes the requests of one action.
func (c *calls) action(t *Tuple, at place, r Request, a policy.Action) []Request {
	r.Action = a
	info, known := c.ref.Action(a)
	c.keys(t, &r, info)
	if !known {
		r.Certainty, r.Open = serviceref.Unknown, true
		r.ownerUnknown()
		return []Request{r}
	}
	if info.WildcardOnly() {
		return append([]Request{r}, c.passed(t, r, info)...)
	}
	var out []Request
	list, open, types := c.targets(info, t, at)
	for _, x := range list {
		q := r
		if q.Resource, q.shared = x.arn, x.shared; q.shared {
			q.types = []string{inAccount(x.arn, "*")}
			q.ownerUnknown()
		}
		if x.noPath && !c.found(&q.Resource) {
			open = true
			continue
		}
		if (!x.required || x.maybe) && q.Certainty == serviceref.Certain {
			q.Certainty = serviceref.Sometimes
		}
		q.oneOf = x.oneOf
		if a == "ec2:RunInstances" && c.s.has(instanceType) && !hasKey(info, x.arn, instanceType) {
			q.Keys = q.Keys.With(instanceType) // absent
		}
		q.more = (!open || types != nil) && t.Resources == "" && r.Certainty == serviceref.Certain
		out = append(out, q)
	}
	if open {
		r.Open, r.types = true, types
		if len(types) == 1 {
			r.Pattern = types[0]
		}
		q := r
		// Nobody calls IAM about what another account has.
		if a.Service() != "iam" && !isOwn(types, r.Principal.AccountID()) {
			q.ownerUnknown()
		}
		out = append(out, q)
	}
	return append(out, c.passed(t, r, info)...)
}

// instanceType is a key of the instances of a call, and not of all else that it is authorised on
// (IAM User Guide, “IAM JSON policy elements: Condition operators”, on IfExists).
const instanceType = "ec2:instancetype"

// hasKey reports whether a request of an action on a resource has a key, as the Service
// Authorization Reference lists the keys of its type.
func hasKey(info serviceref.ActionInfo, a policy.ARN, key string) bool {
	for r := range info.Resources() {
		if !r.Type.Takes(named(a).String()) {
			continue
		}
		for k := range r.Keys() {
			if strings.EqualFold(k.Name, key) {
				return true
			}
		}
	}
	return false
}

// ownerKeys say whose a resource is. Of a request without a resource they are taken to be those
// of the caller.
var ownerKeys = []string{"aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "s3:ResourceAccount"}

// ownerUnknown says that nobody knows whose the resource is.
func (r *Request) ownerUnknown() {
	r.Keys = r.Keys.WithUnknown(ownerKeys...)
	for _, key := range ownerKeys {
		r.Unknown = append(slices.Clip(r.Unknown), UnknownKey{key, "the event does not tell whose the resource is"})
	}
}

// isOwn reports whether all resources that match the patterns are of an account.
func isOwn(patterns []string, account string) bool {
	return len(patterns) > 0 && !slices.ContainsFunc(patterns, func(p string) bool {
		parts := strings.SplitN(p, ":", 6)
		return len(parts) < 6 || parts[4] != account
	})
}

// found replaces the ARN of a user or role without its path by that in the organization,
// names being unique in an account (IAM User Guide, “IAM identifiers”). It reports false if
// the organization does not list it.
func (c *calls) found(a *policy.ARN) bool {
	kind, name, _ := strings.Cut(a.Resource(), "/")
	real, ok := c.names[a.AccountID()+" "+kind+" "+name]
	if ok {
		*a = real
	}
	return ok
}

// passed are requests for iam:PassRole on the roles that the parameters name.
func (c *calls) passed(t *Tuple, r Request, info serviceref.ActionInfo) (out []Request) {
	all, some := passesRole(info), mayPassRole(info, "role")
	c.each(t, func(name string, value []byte) {
		if !all && !(some && (value[0] != '"' || isRoleName(name))) {
			return
		}
		roles(name, value, func(a policy.ARN) {
			r.Action, r.Resource, r.Open, r.Pattern, r.Inferred, r.Certainty = "iam:PassRole", a, false, "", true, serviceref.Sometimes
			if !slices.ContainsFunc(out, func(q Request) bool { return q.Resource == a }) {
				out = append(out, r)
			}
		})
	})
	return out
}

// principal says who calls, by the kind of identity (CloudTrail User Guide, “CloudTrail
// userIdentity element”).
func (c *calls) principal(t *Tuple) (r simulate.Request, err error) {
	if strings.Contains(t.Principal, hidden) || strings.Contains(t.Session, hidden) {
		return r, &NoRequestError{CallerHidden, ""}
	}
	switch t.Kind {
	case "Root", "IAMUser", "Role":
		r.Principal = principalOf(t.Principal)
	case "AssumedRole":
		return c.session(t)
	case "FederatedUser":
		return r, &NoRequestError{SessionPolicies, ""}
	case "AWSService":
		if t.InvokedBy != "" {
			if r.Principal, err = policy.ParsePrincipal(t.InvokedBy); err != nil || r.Principal.Kind() != policy.Service {
				return r, &NoRequestError{CallerUnknown, t.InvokedBy}
			}
		}
	case "SAMLUser", "WebIdentityUser":
		provider := t.Provider
		if p, ok := c.parameter(t, "principalArn"); ok && t.Kind == "SAMLUser" {
			// AssumeRoleWithSAML names its provider, which policies name, in a parameter.
			provider = p
		}
		if provider != "" && provider != hidden {
			r.Principal = policy.WebIdentityPrincipal(provider)
		}
	case "AWSAccount":
		if strings.EqualFold(t.Principal, "ANONYMOUS_PRINCIPAL") || t.Principal == "anonymous" {
			r.Principal = policy.AnonymousPrincipal()
			break
		}
		if r.Principal = principalOf(t.Principal); !r.Principal.IsValid() {
			return r, &NoRequestError{CallerUnnamed, ""}
		}
	case "IdentityCenterUser", "Directory":
		return r, &NoRequestError{CallerWithoutIAM, t.Kind}
	default:
		return r, &NoRequestError{CallerUnknown, t.Kind}
	}
	if !r.Principal.IsValid() {
		return r, &NoRequestError{CallerUnnamed, t.Kind}
	}
	return r, nil
}

func principalOf(arn string) policy.Principal {
	a, err := policy.ParseARN(arn)
	if err != nil {
		return policy.Principal{}
	}
	return policy.PrincipalFromARN(a)
}

// session is the principal of a role's session.
func (c *calls) session(t *Tuple) (r simulate.Request, err error) {
	a, err := policy.ParseARN(t.Principal)
	if err != nil {
		return r, &NoRequestError{CallerUnnamed, t.Kind}
	}
	role := a
	if a.Service() == "sts" {
		name, ok := strings.CutPrefix(a.Resource(), "assumed-role/")
		name, _, _ = strings.Cut(name, "/")
		role, err = policy.ParseARN("arn:" + a.Partition() + ":iam::" + a.AccountID() + ":role/" + name)
		if !ok || err != nil {
			return r, &NoRequestError{Malformed, "userIdentity.arn"}
		}
		if !c.found(&role) {
			return r, &NoRequestError{RoleUnknown, role.Resource()}
		}
	}
	if r.Principal = policy.PrincipalFromARN(role); r.Principal.Kind() != policy.Role {
		return r, &NoRequestError{Malformed, "userIdentity.arn"}
	}
	if t.Session != "" {
		text := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", role.Partition(), role.AccountID(), lastSegment(role.Resource()), t.Session)
		if p := principalOf(text); p.IsValid() {
			r.Principal = p
		}
	}
	if r.Session = c.sessions[role]; r.Session == nil {
		// Tags of a session are in the event of the AssumeRole call, not in those that follow.
		if r.Session, err = simulate.NewSession(simulate.SessionSpec{OtherTags: true, Role: role}); err != nil {
			return r, &NoRequestError{Malformed, "userIdentity.sessionContext"}
		}
		c.sessions[role] = r.Session
	}
	return r, nil
}
