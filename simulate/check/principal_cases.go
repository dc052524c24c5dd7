package check

import (
	"cmp"
	"slices"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// principalCases are all callers in front of two policies that name principals.
func principalCases(k policy.Kind, documents []*policy.Document) []*callerCase {
	var out []*callerCase
	for _, p := range callers(documents) {
		if k == policy.RoleTrust && p.kind == policy.Anonymous {
			continue // STS takes no unsigned request but those of web identities
		}
		for _, gateway := range []bool{false, true} {
			if gateway && k != policy.VPCEndpoint {
				continue
			}
			p.gateway = gateway
			out = append(out, p.inFrontOf(k, documents))
		}
	}
	return out
}

// What else bears on the caller's requests is free: whether its identity policies allow,
// whether it has a boundary and that allows, and whether the resource is in its account.
type surroundings struct{ identity, limits, bounded, same symbolic.Free }

func (p caller) inFrontOf(k policy.Kind, documents []*policy.Document) *callerCase {
	var free surroundings
	keeps := slices.DeleteFunc(keysOf(slices.DeleteFunc(slices.Clone(documents), isNone)), func(name string) bool { return !p.always(name) })
	return &callerCase{
		keeps: keeps,
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			free = surroundings{c.problem.Free(), c.problem.Free(), c.problem.Free(), c.problem.Free()}
			require = p.holds(c)
			switch p.kind {
			case policy.User: // without a boundary nothing limits a user
				require = symbolic.And(require, symbolic.Or(free.bounded.Is(), free.limits.Is()))
			case policy.RoleSession:
			default:
				require = symbolic.And(require, symbolic.Not(free.bounded.Is()))
			}
			if !isIAM(p.kind) {
				require = symbolic.And(require, symbolic.Not(free.same.Is()))
			}
			if p.kind == policy.Root {
				require = symbolic.And(require, free.identity.Is())
			}
			for i, d := range documents {
				b := newSide(c)
				p.side(b, k, d, free)
				if isIAM(p.kind) && (i == 0 || len(documents) > 2) { // of several, each may be the side that holds
					p.ownership(b, free.same.Is())
				}
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			return sides, require, err
		},
		owned:  isIAM(p.kind),
		worlds: func(c *compiler, m *symbolic.Model) []*world { return p.worlds(k, documents[:2], free, m) },
		kind:   p.kind,
	}
}

func isNone(d *policy.Document) bool { return d == nil }

// ownership narrows a side to resources that are in the caller's account if same says so, and
// otherwise in another one, where their ARN has an account: it is that of the owner (IAM
// User Guide, “Amazon Resource Names (ARNs)”).
func (p *caller) ownership(b *sideBuilder, same *symbolic.Formula) {
	accounts, stranger := p.others, true
	if p.account != "" {
		accounts, stranger = []string{p.account}, false
	}
	if len(accounts) == 0 {
		return
	}
	var theirs []string
	for _, a := range accounts {
		theirs = append(theirs, "*:*:*:*:"+a+":*")
	}
	outside := b.on(nil, theirs)
	outside.NotResource = true
	list := []symbolic.Statement{outside}
	if stranger {
		// Of an account that nobody names: what is theirs is not the caller's.
		list[0].When = same
		list = append(list, symbolic.Statement{When: symbolic.Not(same)})
	} else {
		list[0].When = symbolic.Not(same)
		own, bare := b.on(nil, theirs), b.on(nil, []string{"*:*:*:*:????????????:*"})
		bare.NotResource = true
		own.When, bare.When = same, same
		list = append(list, own, bare)
	}
	layer, grant := b.layer(list...), b.Grant
	b.Grant = func(l []*symbolic.Formula) *symbolic.Formula { return symbolic.And(l[layer], grant(l)) }
}

// side writes the grant test for the caller's kind.
func (p *caller) side(b *sideBuilder, k policy.Kind, d *policy.Document, free surroundings) {
	b.serviceRules(p.kind)
	if k == policy.VPCEndpoint {
		p.endpointSide(b, d)
		return
	}
	identity, limits := free.identity.Is(), free.limits.Is()
	if p.kind == policy.Root && k == policy.ResourceBased {
		b.bucketPolicies(free.same.Is())
	}
	var granted [3][]symbolic.Statement
	if d != nil {
		for n := range granted {
			allows, denies, err := b.statements(d, policy.ResourceBased, func(s policy.Statement) *symbolic.Formula {
				l := p.level(b.compiler, s, free.bounded.Is())
				if s.Effect == policy.Deny {
					return l.any()
				}
				return [3]*symbolic.Formula{l.direct, l.session, l.account}[n]
			})
			b.fail(err)
			if n == 0 {
				b.Denies = append(b.Denies, denies...)
			}
			granted[n] = allows
		}
	}
	direct, session, account := b.layer(granted[0]...), b.layer(granted[1]...), b.layer(granted[2]...)
	ungated := b.noAccountGrant()
	reach := b.layer(symbolic.Statement{})
	switch {
	case k == policy.RoleTrust:
		reach = b.layer(b.on(roleActions, []string{"arn:*:iam::*:role/*"}))
	}
	token := p.tokenActions(b)
	b.Grant = func(l []*symbolic.Formula) *symbolic.Formula {
		if !isIAM(p.kind) {
			return all(l, direct, reach, token)
		}
		within := symbolic.Or(l[direct], symbolic.And(l[session], limits),
			symbolic.And(symbolic.Or(l[ungated], l[account]), identity, limits))
		across := symbolic.And(symbolic.Or(l[direct], l[session], l[account]), identity, limits)
		return symbolic.And(l[reach], symbolic.Or(symbolic.And(free.same.Is(), within), symbolic.And(symbolic.Not(free.same.Is()), across)))
	}
}

// tokenActions is the layer of what the kind of caller may ask for at all: web identities only
// for a role (R-STS-3).
func (p *caller) tokenActions(b *sideBuilder) (layer int) {
	if p.kind != policy.WebIdentity {
		return b.layer(symbolic.Statement{})
	}
	return b.layer(b.on([]string{"sts:assumerolewithsaml", "sts:assumerolewithwebidentity", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext"}, nil))
}

func (p *caller) endpointSide(b *sideBuilder, d *policy.Document) {
	layer := 0
	if d == nil {
		layer = b.layer()
	} else {
		allows, denies, err := b.statements(d, policy.VPCEndpoint, func(s policy.Statement) *symbolic.Formula {
			return p.endpointLevel(b.compiler, s)
		})
		b.fail(err)
		layer = b.layer(allows...)
		b.Denies = append(b.Denies, denies...)
	}
	token := p.tokenActions(b)
	b.Grant = func(l []*symbolic.Formula) *symbolic.Formula { return all(l, layer, token) }
}

// strangerAccount is an account that examples use for one that nobody names.
const strangerAccount = "777788889999"

// worlds are the two sides as the evaluators know them, for the caller that the model describes.
func (p *caller) worlds(k policy.Kind, documents []*policy.Document, free surroundings, m *symbolic.Model) (out []*world) {
	is := func(v symbolic.Free) bool { return m.Free[v] > 0 }
	one := func(key string) string {
		if v := m.Keys[key]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	r := spec.Request{PrincipalID: one(keyID), CanonicalID: one(keyCanonical)}
	r.Principal, r.RoleARN = p.principal(one)
	if issuer, err := policy.ParseARN(one(keyIssuer)); err == nil {
		r.IssuingUser = issuer
	}
	account := r.Principal.AccountID()
	r.ResourceAccount = account
	if !is(free.same) {
		for _, a := range []string{exampleAccount, "444455556666", "555566667777"} {
			if a != account {
				r.ResourceAccount = a
				break
			}
		}
	}
	for _, d := range documents {
		w := &world{caller: r}
		w.layers.BucketABAC = true
		if is(free.identity) || k == policy.VPCEndpoint {
			w.layers.Identity = []*policy.Document{allowAll}
		}
		if is(free.bounded) {
			w.layers.Boundary = []*policy.Document{allowAll}
			if !is(free.limits) {
				w.layers.Boundary = []*policy.Document{allowNothing}
			}
		}
		switch {
		case !isIAM(p.kind) || is(free.bounded):
		case !is(free.limits) && k != policy.VPCEndpoint:
			w.layers.Session = []*policy.Document{allowNothing}
		case p.kind == policy.FederatedUser:
			w.layers.Session = []*policy.Document{allowAll}
		}
		switch {
		case k == policy.VPCEndpoint:
			w.layers.ResourcePolicy = everybodyGrant
			if d == nil {
				d = allowNothing
			}
			w.layers.Endpoints = []spec.Endpoint{{Gateway: p.gateway, Policy: d}}
		default:
			w.layers.ResourcePolicy = d
		}
		out = append(out, w)
	}
	return out
}

// allowNothing speaks of an action that no request has.
var allowNothing = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[]}`)))

var everybodyGrant = policy.Must(policy.Parse([]byte(
	`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`)))

// principal is a caller of the class with the identity that the keys give it.
func (p *caller) principal(one func(string) string) (who policy.Principal, role policy.ARN) {
	account, partition := p.account, p.partition
	if account == "" {
		account, partition = strangerAccount, "aws"
	}
	given, _ := policy.ParseARN(one(fold("aws:PrincipalArn")))
	form := func(service, resource string) policy.ARN {
		if given.IsValid() {
			return given
		}
		return policy.MustParseARN("arn:" + partition + ":" + service + "::" + account + ":" + resource)
	}
	switch p.kind {
	case policy.Anonymous:
		return policy.AnonymousPrincipal(), role
	case policy.Service:
		if name := one(fold("aws:PrincipalServiceName")); name != "" {
			return policy.ServicePrincipal(name), role
		}
		return policy.ServicePrincipal("events.amazonaws.com"), role
	case policy.WebIdentity:
		if name := one(keyProvider); name != "" {
			return policy.WebIdentityPrincipal(name), role
		}
		return policy.WebIdentityPrincipal("accounts.google.com"), role
	case policy.Root:
		return policy.PrincipalFromARN(form("iam", "root")), role
	case policy.FederatedUser:
		return policy.PrincipalFromARN(form("sts", "federated-user/ana")), role
	case policy.RoleSession:
		role = form("iam", "role/example")
		if p.session.IsValid() {
			return policy.PrincipalFromARN(p.session), role
		}
		name := policy.PrincipalFromARN(role).Name()
		session := "ana"
		for n := 0; slices.Contains(p.sessions, sessionARN(role, name, session)); n++ {
			session += "x"
		}
		arn, err := policy.ParseARN(sessionARN(role, name, session))
		if err != nil {
			return policy.Principal{}, role
		}
		return policy.PrincipalFromARN(arn), role
	}
	return policy.PrincipalFromARN(form("iam", "user/ana")), role
}

func sessionARN(role policy.ARN, name, session string) string {
	return "arn:" + role.Partition() + ":sts::" + role.AccountID() + ":assumed-role/" + name + "/" + session
}
