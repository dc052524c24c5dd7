package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// A caller is a class of callers that Principal elements may tell apart: all of one kind, of one
// account or of all that nobody names. Which of them it is, is left to keys of the problem.
type caller struct {
	kind      policy.PrincipalKind
	partition string // "" with others: any
	account   string // "": none of others
	others    []string
	session   policy.ARN // of a role session that somebody names; zero: none of them
	sessions  []string   // that somebody names
	gateway   bool       // through a gateway endpoint
}

// The names of keys that are no condition keys; no policy can write them, since a folded name
// has no small letters.
const (
	keyID        = "principal id"
	keyCanonical = "canonical id"
	keyIssuer    = "issuing user"
	keyProvider  = "identity provider"
)

// inner is a key that stands for a part of the caller.
func (c *compiler) inner(name string) symbolic.Key {
	return c.problem.Key(name, symbolic.Single, symbolic.Untyped)
}

func texts(list ...string) *symbolic.Values {
	v := &symbolic.Values{}
	for _, s := range list {
		v.Patterns = append(v.Patterns, symbolic.Text(s))
	}
	return v
}

func notTexts(list ...string) *symbolic.Values {
	v := texts(list...)
	v.Complement = true
	return v
}

// arns is the set of ARNs that globs match, part by part.
func (c *compiler) arns(list ...string) *symbolic.Values {
	v := &symbolic.Values{}
	for _, s := range list {
		if p, ok := c.arnPattern(policy.Version2008, s, false); ok {
			v.Patterns = append(v.Patterns, p.relaxed)
		}
	}
	return v
}

// named are the accounts, as partition and ID, and the role sessions that principals name.
// Credentials are of one partition and reach none of the others (IAM User Guide, “Amazon
// Resource Names (ARNs)”); a number that is named counts as an account of each partition that
// the documents write somewhere.
func named(documents [2]*policy.Document) (accounts [][2]string, sessions []string) {
	var partitions, ids []string
	for _, d := range documents {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			for _, element := range []policy.Principals{s.Principal, s.NotPrincipal} {
				for typ, id := range element.All() {
					arn, err := policy.ParseARN(id)
					switch {
					case typ == policy.AWSPrincipal && policy.IsAccountID(id):
						ids = with(ids, id)
					case err == nil && policy.IsAccountID(arn.AccountID()):
						partitions, ids = with(partitions, arn.Partition()), with(ids, arn.AccountID())
						if policy.PrincipalFromARN(arn).Kind() == policy.RoleSession {
							sessions = with(sessions, id)
						}
					}
				}
			}
			for condition := range s.Condition.All() {
				for value := range condition.Values.All() {
					partitions = with(partitions, written(value)...)
				}
			}
		}
	}
	if len(partitions) == 0 {
		partitions = []string{"aws"}
	}
	for _, id := range ids {
		for _, p := range partitions {
			accounts = append(accounts, [2]string{p, id})
		}
	}
	return accounts, sessions
}

func with(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// written are the partitions that the text of an ARN writes, or means with a wildcard behind
// some of its name.
func written(arn string) []string {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case len(parts) < 6 || parts[1] == "" || strings.Trim(parts[1], "*") == "" || strings.Contains(parts[1], "$"):
		return nil
	case !strings.ContainsAny(parts[1], "*?"):
		if _, err := policy.ParseARN("arn:" + parts[1] + ":iam::" + exampleAccount + ":root"); err != nil {
			return nil // no caller has it
		}
		return parts[1:2]
	}
	var out []string
	pattern := glob.Compile(parts[1], glob.Wildcards)
	for _, p := range []string{"aws", "aws-cn", "aws-us-gov"} {
		if pattern.Match(p, nil) {
			out = append(out, p)
		}
	}
	return out
}

// owners are the accounts, as partition and ID, that the resources of documents name.
func owners(documents [2]*policy.Document) (accounts [][2]string) {
	for _, d := range documents {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			for _, list := range []policy.Patterns{s.Resource, s.NotResource} {
				for pattern := range list.All() {
					parts := strings.SplitN(pattern, ":", 6)
					if len(parts) < 6 || !policy.IsAccountID(parts[4]) {
						continue
					}
					pair := [2]string{parts[1], parts[4]}
					if strings.ContainsAny(pair[0], "*?$") || pair[0] == "" {
						pair[0] = "aws"
					}
					if !slices.Contains(accounts, pair) {
						accounts = append(accounts, pair)
					}
				}
			}
		}
	}
	return accounts
}

// callers are all classes of callers in front of two documents.
func callers(documents [2]*policy.Document) []caller {
	out := []caller{{kind: policy.Anonymous}, {kind: policy.Service}, {kind: policy.WebIdentity}}
	accounts, sessions := named(documents)
	for _, owner := range owners(documents) {
		if !slices.Contains(accounts, owner) {
			accounts = append(accounts, owner)
		}
	}
	var ids []string
	for _, a := range accounts {
		ids = append(ids, a[1])
	}
	for _, kind := range []policy.PrincipalKind{policy.User, policy.RoleSession, policy.Root, policy.FederatedUser} {
		for _, a := range accounts {
			out = append(out, caller{kind: kind, partition: a[0], account: a[1], sessions: sessions})
		}
		out = append(out, caller{kind: kind, others: ids, sessions: sessions})
	}
	for _, s := range sessions {
		arn := policy.MustParseARN(s)
		out = append(out, caller{kind: policy.RoleSession, partition: arn.Partition(), account: arn.AccountID(), session: arn, sessions: sessions})
	}
	return out
}

// holds is what is true of the class's condition keys, as AWS sets them (“AWS global condition
// context keys”, properties of the principal).
func (p *caller) holds(c *compiler) *symbolic.Formula {
	partition, account := p.partition, p.account
	if account == "" {
		partition, account = "*", "*"
	}
	var forms []string
	typ := ""
	switch p.kind {
	case policy.User:
		typ, forms = "User", []string{"arn:" + partition + ":iam::" + account + ":user/*"}
	case policy.RoleSession:
		typ = "AssumedRole"
		forms = []string{"arn:" + partition + ":iam::" + account + ":role/*"}
		if p.session.IsValid() {
			name := policy.PrincipalFromARN(p.session).Name()
			forms = []string{"arn:" + partition + ":iam::" + account + ":role/" + name, "arn:" + partition + ":iam::" + account + ":role/*/" + name}
		}
	case policy.Root:
		typ, forms = "Account", []string{"arn:" + partition + ":iam::" + account + ":root"}
	case policy.FederatedUser:
		typ, forms = "FederatedUser", []string{"arn:" + partition + ":sts::" + account + ":federated-user/*"}
	case policy.Anonymous:
		return symbolic.And(c.lack(), c.key("aws:PrincipalAccount").One(texts("anonymous")),
			c.key("aws:PrincipalType").One(texts("Anonymous")), c.key("aws:userid").One(texts("anonymous")))
	case policy.Service:
		return symbolic.And(c.lack(), c.key("aws:PrincipalAccount").Absent(),
			c.key("aws:PrincipalIsAWSService").One(texts("true")))
	default:
		return symbolic.And(c.lack(), c.key("aws:PrincipalAccount").Absent())
	}
	arn, id := c.key("aws:PrincipalArn"), c.key("aws:PrincipalAccount")
	for _, a := range []string{p.account, strangerAccount, exampleAccount} {
		if a != "" {
			id.Like(a)
			arn.Like("arn:aws:iam::"+a+":user/ana", "arn:aws:iam::"+a+":role/example", "arn:aws:iam::"+a+":root", "arn:aws:sts::"+a+":federated-user/ana")
		}
	}
	if p.session.IsValid() {
		name := policy.PrincipalFromARN(p.session).Name()
		arn.Like("arn:"+partition+":iam::"+account+":role/"+name, "arn:"+partition+":iam::"+account+":role/example/"+name)
	}
	all := []*symbolic.Formula{arn.One(c.arns(forms...)), c.key("aws:PrincipalType").One(texts(typ)),
		c.key("aws:PrincipalIsAWSService").One(texts("false"))}
	issuer := c.inner(keyIssuer)
	if p.account != "" {
		all = append(all, id.One(texts(p.account)), issuer.Only(c.arns("arn:"+partition+":iam::"+account+":*")))
		return symbolic.And(all...)
	}
	// Of an account that nobody names: its number stands in both keys, which are told apart
	// only by what policies say of them.
	var excluded, issuers []string
	for _, a := range p.others {
		issuers = append(issuers, "arn:*:iam::"+a+":*")
		excluded = append(excluded, strings.ReplaceAll(forms[0], "::*:", "::"+a+":"))
	}
	all = append(all, id.One(notTexts(p.others...)), issuer.Only(c.arns("arn:*:iam::*:*")))
	if len(excluded) > 0 {
		all = append(all, symbolic.Not(arn.Some(c.arns(excluded...))), symbolic.Not(issuer.Some(c.arns(issuers...))))
	}
	return symbolic.And(all...)
}

// lack holds for callers who belong to no account.
func (c *compiler) lack() *symbolic.Formula {
	return symbolic.And(c.key("aws:PrincipalArn").Absent(), c.key("aws:PrincipalOrgID").Absent(),
		c.key("aws:PrincipalOrgPaths").Absent(), c.key("aws:username").Absent())
}

// levels are the formulas under which an element matches the caller, by strength (§6.2 of the
// rules): itself, as the role or user behind it, as its account.
type levels struct{ direct, session, account *symbolic.Formula }

func (l levels) any() *symbolic.Formula { return symbolic.Or(l.direct, l.session, l.account) }

// element is a Principal element; the entries are its disjunction.
func (p *caller) element(c *compiler, e policy.Principals) levels {
	l := levels{symbolic.False(), symbolic.False(), symbolic.False()}
	var arns, ids, services, providers, canonical []string
	for typ, id := range e.All() {
		switch typ {
		case policy.AWSPrincipal:
			switch {
			case id == "*":
				l.direct = symbolic.True()
			case !isIAM(p.kind):
			case p.account != "" && (id == p.account || id == "arn:"+p.partition+":iam::"+p.account+":root"):
				if p.kind == policy.Root {
					l.direct = symbolic.True()
				} else {
					l.account = symbolic.True()
				}
			case policy.IsAccountID(id):
			case !strings.HasPrefix(id, "arn:"):
				ids = append(ids, id) // R-PRI-11
			default:
				if p.session.IsValid() && id == p.session.String() {
					l.direct = symbolic.True()
				}
				arns = append(arns, id)
			}
		case policy.ServicePrincipalType:
			services = append(services, id)
		case policy.FederatedPrincipal:
			providers = append(providers, id)
		case policy.CanonicalUserPrincipal:
			canonical = append(canonical, id)
		}
	}
	arn := c.key("aws:PrincipalArn")
	switch p.kind {
	case policy.User:
		l.direct = symbolic.Or(l.direct, listed(arn, arns), listed(c.inner(c.owned(keyID)), ids))
	case policy.FederatedUser:
		l.direct = symbolic.Or(l.direct, listed(arn, arns))
		l.session = listed(c.inner(keyIssuer), arns)
	case policy.RoleSession:
		l.session = symbolic.Or(listed(arn, arns), listed(c.inner(c.owned(keyID)), ids))
	case policy.Service:
		if len(services) > 0 {
			l.direct = symbolic.Or(l.direct, listed(c.key("aws:PrincipalServiceName"), services),
				c.key("aws:PrincipalServiceNamesList").Some(texts(services...)))
		}
	case policy.WebIdentity:
		l.direct = symbolic.Or(l.direct, listed(c.inner(keyProvider), providers))
	}
	if isIAM(p.kind) {
		l.account = symbolic.Or(l.account, listed(c.inner(c.owned(keyCanonical)), canonical))
	}
	return l
}

func listed(k symbolic.Key, list []string) *symbolic.Formula {
	if len(list) == 0 {
		return symbolic.False()
	}
	return k.One(texts(list...))
}

// exempt is R-NPR-1 for Deny: the caller's own identity is listed.
func (p *caller) exempt(c *compiler, e policy.Principals) *symbolic.Formula {
	l := p.element(c, e)
	everybody := symbolic.False()
	session := symbolic.False()
	for typ, id := range e.All() {
		if typ == policy.AWSPrincipal && id == "*" {
			everybody = symbolic.True()
		}
		if typ == policy.AWSPrincipal && p.session.IsValid() && id == p.session.String() {
			session = symbolic.True()
		}
	}
	switch p.kind {
	case policy.User:
		return symbolic.Or(everybody, l.direct)
	case policy.RoleSession:
		return symbolic.Or(everybody, symbolic.And(session, l.session))
	case policy.FederatedUser:
		return symbolic.Or(everybody, symbolic.And(l.direct, l.session))
	case policy.Root, policy.Service, policy.WebIdentity:
		return symbolic.Or(everybody, l.any())
	}
	return everybody
}

// level is the formula of each level at which a statement applies to the caller. bounded is
// true where the caller has a boundary.
func (p *caller) level(c *compiler, s policy.Statement, bounded *symbolic.Formula) levels {
	none := levels{symbolic.False(), symbolic.False(), symbolic.False()}
	switch {
	case !s.Principal.IsZero():
		return p.element(c, s.Principal)
	case s.NotPrincipal.IsZero():
		return none
	case s.Effect == policy.Deny:
		return levels{symbolic.Or(bounded, symbolic.Not(p.exempt(c, s.NotPrincipal))), symbolic.False(), symbolic.False()}
	}
	return levels{symbolic.Not(p.element(c, s.NotPrincipal).any()), symbolic.False(), symbolic.False()}
}

// endpointLevel is R-SPC-8: any level, but an Allow of a gateway endpoint knows everybody and
// the root users of accounts only.
func (p *caller) endpointLevel(c *compiler, s policy.Statement) *symbolic.Formula {
	gateway := func(e policy.Principals) *symbolic.Formula {
		for typ, id := range e.All() {
			if typ == policy.AWSPrincipal && (id == "*" || p.kind == policy.Root && p.account != "" &&
				(id == p.account || id == "arn:"+p.partition+":iam::"+p.account+":root")) {
				return symbolic.True()
			}
		}
		return symbolic.False()
	}
	switch {
	case s.Principal.IsZero() && s.NotPrincipal.IsZero():
		return symbolic.False()
	case s.Effect == policy.Allow && p.gateway && !s.Principal.IsZero():
		return gateway(s.Principal)
	case s.Effect == policy.Allow && p.gateway:
		return symbolic.Not(gateway(s.NotPrincipal))
	case !s.Principal.IsZero():
		return p.element(c, s.Principal).any()
	case s.Effect == policy.Deny:
		return symbolic.Not(p.exempt(c, s.NotPrincipal))
	}
	return symbolic.Not(p.element(c, s.NotPrincipal).any())
}

// principalCases are all callers in front of two policies that name principals.
func principalCases(k policy.Kind, documents [2]*policy.Document) []*callerCase {
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

func (p caller) inFrontOf(k policy.Kind, documents [2]*policy.Document) *callerCase {
	var free surroundings
	return &callerCase{
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
				if i == 0 && isIAM(p.kind) {
					p.ownership(b, free.same.Is())
				}
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			return sides, require, err
		},
		owned:  isIAM(p.kind),
		worlds: func(c *compiler, m *symbolic.Model) []*world { return p.worlds(k, documents, free, m) },
	}
}

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
func (p *caller) worlds(k policy.Kind, documents [2]*policy.Document, free surroundings, m *symbolic.Model) (out []*world) {
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
