package check

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
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
// the documents write somewhere: in principals, or else in resources, and in conditions, which may
// well speak of one that no caller is of.
func named(documents []*policy.Document) (accounts [][2]string, sessions []string) {
	var partitions, ids, resources, conditions []string
	for _, d := range documents {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			for _, list := range []policy.Patterns{s.Resource, s.NotResource} {
				for value := range list.All() {
					resources = with(resources, written(value)...)
				}
			}
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
					conditions = with(conditions, written(value)...)
				}
			}
		}
	}
	if len(partitions) == 0 {
		partitions = resources
	}
	if len(partitions) == 0 {
		partitions = []string{"aws"}
	}
	partitions = with(partitions, conditions...)
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
func owners(documents []*policy.Document) (accounts [][2]string) {
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

// maxConditioned limits the accounts that count as named because conditions speak of them: each is
// one more class of callers of every kind.
const maxConditioned = 8

// conditioned are the first accounts beyond known that conditions on the caller's account and ARN
// write. Where callers of an account are a class, both keys have its number; of all others
// together, they are told apart.
func conditioned(documents []*policy.Document, known [][2]string) (accounts [][2]string) {
	partitions, ids := []string{}, []string{}
	for _, a := range known {
		partitions, ids = with(partitions, a[0]), with(ids, a[1])
	}
	if len(partitions) == 0 {
		partitions = []string{"aws"}
	}
	first := len(ids)
	for _, d := range documents {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			for condition := range s.Condition.All() {
				if !isOneOf(condition.Key, accountKeys) {
					continue
				}
				for value := range condition.Values.All() {
					partitions, ids = with(partitions, written(value)...), with(ids, accountIDs(value)...)
				}
			}
		}
	}
	for _, id := range ids[first:min(len(ids), first+maxConditioned)] {
		for _, p := range partitions {
			accounts = append(accounts, [2]string{p, id})
		}
	}
	return accounts
}

// accountKeys are those that have the account of the caller.
var accountKeys = []string{"aws:PrincipalAccount", "aws:PrincipalArn"}

// callers are all classes of callers in front of two documents.
func callers(documents []*policy.Document) []caller {
	out := []caller{{kind: policy.Anonymous}, {kind: policy.WebIdentity}, {kind: policy.Service}}
	accounts, sessions := named(documents)
	for _, owner := range owners(documents) {
		if !slices.Contains(accounts, owner) {
			accounts = append(accounts, owner)
		}
	}
	accounts = append(accounts, conditioned(documents, accounts)...)
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
		return symbolic.And(c.lack(), c.noService(), c.key("aws:PrincipalIsAWSService").Absent(), c.key("aws:PrincipalAccount").One(texts("anonymous")),
			c.key("aws:PrincipalType").One(texts("Anonymous")), c.key("aws:userid").One(texts("anonymous")))
	case policy.Service:
		return symbolic.And(c.lack(), c.key("aws:PrincipalAccount").Absent(),
			c.key("aws:PrincipalIsAWSService").One(texts("true")),
			symbolic.Not(c.key("aws:PrincipalType").Some(texts("User", "AssumedRole", "Account", "FederatedUser", "Anonymous"))))
	default:
		provider := c.inner(keyProvider)
		provider.Like("accounts.google.com", "graph.facebook.com", "www.amazon.com")
		return symbolic.And(provider.Lone(), c.lack(), c.noService(), c.key("aws:PrincipalIsAWSService").Absent(), c.key("aws:PrincipalAccount").Absent())
	}
	arn, id := c.key("aws:PrincipalArn"), c.key("aws:PrincipalAccount")
	for _, a := range []string{p.account, strangerAccount, exampleAccount} {
		if a != "" {
			id.Like(a)
			for _, of := range []string{"aws", "aws-cn", "aws-us-gov"} {
				iam := "arn:" + of + ":iam::" + a
				arn.Like(iam+":user/ana", iam+":role/example", iam+":root", "arn:"+of+":sts::"+a+":federated-user/ana")
			}
		}
	}
	if p.session.IsValid() {
		name := policy.PrincipalFromARN(p.session).Name()
		arn.Like("arn:"+partition+":iam::"+account+":role/"+name, "arn:"+partition+":iam::"+account+":role/example/"+name)
	}
	all := []*symbolic.Formula{arn.One(c.arns(forms...)), c.key("aws:PrincipalType").One(texts(typ)),
		c.key("aws:PrincipalIsAWSService").One(texts("false")), c.noService()}
	if name := c.key("aws:username"); p.kind == policy.User {
		all = append(all, name.Lone())
	} else {
		all = append(all, name.Absent())
	}
	issuer := c.inner(keyIssuer)
	if p.account != "" {
		all = append(all, id.One(texts(p.account)), issuer.Only(c.arns(issuing(partition, account)...)))
		return symbolic.And(all...)
	}
	// Of an account that nobody names: its number stands in both keys, which are told apart
	// only by what policies say of them.
	var excluded, issuers []string
	for _, a := range p.others {
		issuers = append(issuers, "arn:*:iam::"+a+":*")
		excluded = append(excluded, strings.ReplaceAll(forms[0], "::*:", "::"+a+":"))
	}
	all = append(all, id.One(notTexts(p.others...)), issuer.Only(c.arns(issuing("*", "*")...)))
	if len(excluded) > 0 {
		all = append(all, symbolic.Not(arn.Some(c.arns(excluded...))), symbolic.Not(issuer.Some(c.arns(issuers...))))
	}
	return symbolic.And(all...)
}

// issuing are who federated users come from: roles cannot ask for them (AWS STS API Reference,
// GetFederationToken).
func issuing(partition, account string) []string {
	iam := "arn:" + partition + ":iam::" + account
	return []string{iam + ":user/*", iam + ":root"}
}

// always reports whether every request of such callers has a key (R-CTX-4).
func (p *caller) always(name string) bool {
	switch {
	case isOneOf(name, []string{"aws:PrincipalArn", "aws:PrincipalIsAWSService"}):
		return isIAM(p.kind)
	case isOneOf(name, []string{"aws:PrincipalAccount", "aws:PrincipalType"}):
		return isIAM(p.kind) || p.kind == policy.Anonymous
	}
	return fold(name) == fold("aws:username") && p.kind == policy.User
}

// lack holds for callers who belong to no account.
func (c *compiler) lack() *symbolic.Formula {
	return symbolic.And(c.key("aws:PrincipalArn").Absent(), c.key("aws:PrincipalOrgID").Absent(),
		c.key("aws:PrincipalOrgPaths").Absent(), c.key("aws:username").Absent())
}

// noService holds for callers who are no AWS service (R-CTX-4).
func (c *compiler) noService() *symbolic.Formula {
	return symbolic.And(c.key("aws:PrincipalServiceName").Absent(), c.key("aws:PrincipalServiceNamesList").Absent())
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
