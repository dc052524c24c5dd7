package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// A CallerType sorts callers as people ask for them.
type CallerType uint8

// The types of callers.
const (
	CallerUser      CallerType = iota // an IAM user
	CallerRole                        // an IAM role, or a session of one that a policy names
	CallerSSO                         // a role of IAM Identity Center
	CallerRoot                        // the root user of an account
	CallerService                     // an AWS service by itself
	CallerFederated                   // a token of an identity provider, or a federated-user session
	CallerAnonymous                   // anybody, with no credentials
	CallerExternal                    // a principal of an account outside the organization
)

var callerTypes = [...]string{"user", "role", "sso", "root", "service", "federated", "anonymous", "external"}

// String is "user", "role", "sso", "root", "service", "federated", "anonymous" or
// "external".
func (t CallerType) String() string { return callerTypes[t] }

// ParseCallerType is the inverse of [CallerType.String].
func ParseCallerType(s string) (CallerType, error) {
	if i := slices.Index(callerTypes[:], s); i >= 0 {
		return CallerType(i), nil
	}
	return 0, fmt.Errorf("caller type %q: want %s", s, strings.Join(callerTypes[:], ", "))
}

// A Query asks who may perform an action on a resource.
type Query struct {
	Action   policy.Action
	Resource policy.ARN   // zero: the action takes no resource
	Keys     Keys         // of every caller's request
	Types    []CallerType // empty: all
	Denied   bool         // return those that are denied for certain, too
}

// A Caller is one answer to a [Query].
type Caller struct {
	// Principal is who calls. The root user of an account outside the organization stands
	// for all principals of that account, as it does in policies. The zero Principal stands
	// for all outside principals (CallerExternal), services (CallerService) or tokens
	// (CallerFederated) that the policy of the resource does not name.
	Principal policy.Principal
	Type      CallerType
	Decision  Decision
	Statement StatementRef // what decided; zero if there is none
	Requires  Requirement  // of an indeterminate decision
}

var errNoOrganization = errors.New("simulate: an environment of bare layers has no principals to enumerate")

// WhoCan lists the callers that are allowed, or may be, sorted by type and name: every
// user, role and root user of the organization, and whoever else the policy of the
// resource names. The decision is that of [Environment.Can] with the keys of the query.
//
// A caller with an account outside the organization is never allowed for certain: its own
// policies are not known. The error is that of ctx, or says that there is no organization.
func (e *Environment) WhoCan(ctx context.Context, q Query) ([]Caller, error) {
	if e.org == nil {
		return nil, errNoOrganization
	}
	ask := newInquiry(e, Request{Action: q.Action, Resource: q.Resource, Keys: q.Keys})
	var out []Caller
	i := 0
	for m := range e.callers(q, ask.base.resource) {
		if i++; i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var d Decision
		var r Request
		switch {
		case m.entry != nil:
			d = ask.can(m)
			r = ask.request
		case m.typ == CallerExternal:
			r = e.outside(q.request(m), &ask.base)
			d = e.Can(r)
		default:
			r = q.request(m)
			d = e.Can(r)
		}
		if d.Denied() && !q.Denied {
			continue
		}
		c := Caller{Principal: m.principal, Type: m.typ, Decision: d}
		c.Statement, _ = e.Statement(d)
		if d.Outcome == Indeterminate {
			c.Requires = e.Requires(r)
		}
		out = append(out, c)
	}
	return out, ctx.Err()
}

// request is what the caller asks.
func (q *Query) request(m *member) Request {
	r := Request{Principal: m.principal, Action: q.Action, Resource: q.Resource, Keys: q.Keys}
	switch {
	case m.typ == CallerExternal && (!m.principal.IsValid() || m.principal.Kind() == policy.Root):
		// One principal of many, and not the root user, who assumes no role: who it is decides
		// its keys.
		partition, account := "aws", "000000000000" // of no customer
		if m.principal.IsValid() {
			partition, account = m.principal.ARN().Partition(), m.principal.AccountID()
		} else {
			r.Keys = r.Keys.orUnknown("aws:PrincipalAccount")
		}
		r.Keys = r.Keys.orUnknown("aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalTag/*", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:userid", "aws:username")
		r.Principal = policy.PrincipalFromARN(policy.MustParseARN("arn:" + partition + ":iam::" + account + ":role/any"))
	case m.typ == CallerFederated && !m.principal.IsValid():
		r.Principal = policy.WebIdentityPrincipal("provider.example")
		r.Keys = r.Keys.orUnknown("aws:FederatedProvider")
	case m.typ == CallerService && !m.principal.IsValid():
		r.Principal = policy.ServicePrincipal("service.amazonaws.com")
		r.Keys = r.Keys.orUnknown("aws:PrincipalServiceName", "aws:PrincipalServiceNamesList")
	}
	return r
}

// outside is the request of a principal outside the organization: its own organization is
// none or another one. Where only a certain other one may be allowed, its ID stays unknown.
func (e *Environment) outside(r Request, w *world) Request {
	id := engine.NewKeyRef("aws:PrincipalOrgID")
	if val, given := r.Keys.k.Value(&id); e.org.ID() == "" || given && val.State != engine.Unknown {
		return r
	}
	none, other := r, r
	none.Keys = r.Keys.With("aws:PrincipalOrgID").With("aws:PrincipalOrgPaths")
	other.Keys = r.Keys.With("aws:PrincipalOrgID", "o-0000000000").With("aws:PrincipalOrgPaths", "o-0000000000/r-0000/ou-0000-00000000/").WithMultivalued("aws:PrincipalOrgPaths")
	for _, try := range []Request{other, none} {
		if e.Can(try).CanBe(Allowed) {
			return try
		}
	}
	for _, name := range e.otherOrganizations(w) {
		try := r
		try.Keys = r.Keys.With("aws:PrincipalOrgID", name)
		if e.Can(try).CanBe(Allowed) {
			return r
		}
	}
	return other
}

// otherOrganizations are those that the policy of the resource or its RCPs name.
func (e *Environment) otherOrganizations(w *world) []string {
	var out []string
	add := func(l *layer) {
		for _, a := range l.list {
			if a.document == nil {
				continue
			}
			for _, s := range a.document.Statements() {
				for c := range s.Condition.All() {
					if !strings.EqualFold(c.Key, "aws:PrincipalOrgID") && !strings.EqualFold(c.Key, "aws:PrincipalOrgPaths") {
						continue
					}
					for v := range c.Values.All() {
						if v, _, _ = strings.Cut(v, "/"); v != e.org.ID() && !slices.Contains(out, v) {
							out = append(out, v)
						}
					}
				}
			}
		}
	}
	add(w.resource)
	for i := range w.rcps {
		add(&w.rcps[i].layer)
	}
	return out
}

// A member is somebody who may be asked about.
type member struct {
	principal policy.Principal
	typ       CallerType
	entry     *principalEntry // users and roles of the organization
	// Those of an entry whose ARN is of the account that lists it, side by side with those
	// of others: nearly all that is asked of most.
	class    *principalClass
	identity []numbered
	gap      bool // in the identity policies
}

// callers yields all whom the query is about, in order.
func (e *Environment) callers(q Query, resource *layer) iter.Seq[*member] {
	others := e.named(q.Resource, resource)
	slices.SortFunc(others, compareMembers)
	others = slices.CompactFunc(others, func(a, b member) bool { return compareMembers(a, b) == 0 })
	return func(yield func(*member) bool) {
		give := func(m *member) bool { return len(q.Types) > 0 && !slices.Contains(q.Types, m.typ) || yield(m) }
		list := e.members()
		for i := range list {
			for len(others) > 0 && compareMembers(others[0], list[i]) <= 0 {
				first := &others[0]
				if others = others[1:]; compareMembers(*first, list[i]) < 0 && !give(first) {
					return
				}
			}
			if !give(&list[i]) {
				return
			}
		}
		for i := range others {
			if !give(&others[i]) {
				return
			}
		}
	}
}

func compareMembers(a, b member) int {
	if c := cmp.Compare(a.typ, b.typ); c != 0 {
		return c
	}
	return cmp.Or(a.principal.ARN().Compare(b.principal.ARN()), strings.Compare(a.principal.Name(), b.principal.Name()))
}

// A numbered is a policy that is attached: the number of its program, and of its first
// statement.
type numbered struct{ program, base uint32 }

// listMembers lists the principals of the organization.
func (e *Environment) listMembers() []member {
	out := make([]member, 0, len(e.principals)+len(e.accounts))
	partitions := map[string]string{}
	for text, entry := range e.principals {
		a := policy.MustParseARN(text)
		p := policy.PrincipalFromARN(a)
		partitions[a.AccountID()] = a.Partition()
		out = append(out, member{principal: p, typ: e.callerType(p), entry: entry})
	}
	for id := range e.accounts {
		out = append(out, member{principal: rootOf(cmp.Or(partitions[id], "aws"), id), typ: CallerRoot})
	}
	slices.SortFunc(out, compareMembers)
	n := 0
	for i := range out {
		if m := &out[i]; m.entry != nil {
			n += len(m.entry.identity.list)
		}
	}
	identity := make([]numbered, 0, n)
	for i := range out {
		m := &out[i]
		if m.entry == nil || !m.entry.plain() {
			continue
		}
		m.class, m.gap = m.entry.principalClass, m.entry.identity.gap != ""
		from := len(identity)
		for _, a := range m.entry.identity.list {
			identity = append(identity, numbered{a.id, a.base})
		}
		m.identity = identity[from:]
	}
	return out
}

func rootOf(partition, account string) policy.Principal {
	return policy.PrincipalFromARN(policy.MustParseARN("arn:" + partition + ":iam::" + account + ":root"))
}

func (e *Environment) callerType(p policy.Principal) CallerType {
	if id := p.AccountID(); id != "" && e.accounts[id] == nil {
		return CallerExternal
	}
	switch p.Kind() {
	case policy.User:
		return CallerUser
	case policy.Root:
		return CallerRoot
	case policy.Service:
		return CallerService
	case policy.FederatedUser, policy.WebIdentity:
		return CallerFederated
	case policy.Anonymous:
		return CallerAnonymous
	}
	if strings.HasPrefix(p.ARN().Resource(), "role/aws-reserved/sso.amazonaws.com/") || strings.HasPrefix(p.Name(), "AWSReservedSSO_") {
		return CallerSSO
	}
	return CallerRole
}

// named lists callers besides the principals of the organization: everybody, and whom the
// policy of the resource names, be it to leave them out of a Deny.
func (e *Environment) named(resource policy.ARN, l *layer) []member {
	out := []member{{principal: policy.AnonymousPrincipal(), typ: CallerAnonymous}, {typ: CallerExternal}, {typ: CallerService}, {typ: CallerFederated}}
	add := func(p policy.Principal, t CallerType) {
		if e.principals[p.ARN().String()] == nil && t != CallerRoot {
			out = append(out, member{principal: p, typ: t})
		}
	}
	for _, a := range l.list {
		for _, s := range a.document.Statements() {
			for t, id := range s.Principal.All() {
				e.name(resource, t, id, add)
			}
			for t, id := range s.NotPrincipal.All() {
				e.name(resource, t, id, add)
			}
		}
	}
	return out
}

func (e *Environment) name(resource policy.ARN, t policy.PrincipalType, id string, add func(policy.Principal, CallerType)) {
	p, err := policy.ParsePrincipal(id)
	switch {
	case t == policy.AWSPrincipal && policy.IsAccountID(id):
		p = rootOf(resource.Partition(), id)
	case t == policy.AWSPrincipal && (err != nil || p.Kind() == policy.Anonymous):
		return
	case t == policy.ServicePrincipalType:
		p = policy.ServicePrincipal(id)
	case t == policy.FederatedPrincipal && (err != nil || p.Kind() != policy.WebIdentity):
		p = policy.WebIdentityPrincipal(id)
	case t == policy.CanonicalUserPrincipal:
		return // an account of the organization, or outside it, which stands in the list
	}
	add(p, e.callerType(p))
}
