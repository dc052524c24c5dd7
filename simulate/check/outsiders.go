package check

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// An outside is everybody who belongs to none of the accounts of an environment: callers without
// credentials, AWS services, identity providers, and the principals of all other accounts, whatever
// their own policies allow.
type outside struct {
	*estate
	env       *simulate.Environment
	except    []string // patterns of those who are not asked about
	accounts  []string // of the environment
	canonical []string // their canonical user IDs, "" for those that are not known
	// complete says that no other account is in the organization: the tree of accounts has
	// none that is not listed, unless a gap says so.
	complete bool
}

func (e *estate) outside(env *simulate.Environment, except []string) *outside {
	o := &outside{estate: e, env: env, except: except, complete: env.Organization().ID() != ""}
	for a := range env.Organization().Accounts() {
		o.accounts = append(o.accounts, a.ID)
		o.canonical = with(o.canonical, a.CanonicalID)
	}
	for g := range env.Organization().Gaps() {
		known := strings.HasPrefix(g.Subject, "arn:") || strings.HasPrefix(g.Subject, "p-") || slices.Contains(o.accounts, g.Subject)
		o.complete = o.complete && known
	}
	return o
}

// granted looks, resource by resource, for what an outsider can do of what is asked: on listed
// resources, and on those whose policy nobody knows. What else there is has no policy that could
// name an outsider.
func (o *outside) granted(ctx context.Context, asked *asking) []Result {
	var out []Result
	ask := func(p outsidePlace) {
		q := &question{ctx: ctx, cases: o.cases(p), examples: []*policy.Document{asked.document}, confirmAlso: o.confirm}
		if p.policy != everybodyGrant {
			q.examples = append(q.examples, p.policy)
		}
		for _, one := range q.cases {
			one.within(asked.document, asked.limits)
		}
		r := q.answer()
		if x := r.Counterexample; x != nil {
			if full := o.env.Explain(x.Request); full.Decision.Allowed() {
				x.Allowed = full
			} else if of := &x.Allowed.Statement.Policy; of.Document == p.policy {
				of.Name = p.request.Resource.String()
			}
		}
		out = append(out, r)
	}
	for _, r := range o.resources {
		if !r.principal && (r.unknown || r.policies[1] != nil && o.speaksOfOutsiders(r.policies[1])) {
			ask(o.at(r))
		}
	}
	for a := range o.env.Organization().Accounts() {
		ask(o.hiddenIn(a.ID))
	}
	return out
}

// speaksOfOutsiders reports whether a document may name somebody outside.
func (o *outside) speaksOfOutsiders(d *policy.Document) bool {
	for _, s := range d.Statements() {
		if !s.NotPrincipal.IsZero() {
			return true
		}
		for typ, id := range s.Principal.All() {
			account := id
			if arn, err := policy.ParseARN(id); err == nil {
				account = arn.AccountID()
			}
			if typ != policy.AWSPrincipal || !slices.Contains(o.accounts, account) {
				return true
			}
		}
	}
	return false
}

// An outsidePlace is a set of resources that have one policy.
type outsidePlace struct {
	kind      policy.Kind // of the policy: resource or trust policy
	policy    *policy.Document
	assumed   bool // the policy, or what else bears on it, is not known
	standing  simulate.Standing
	request   simulate.Request // to one of the resources
	partition string
	// on are the resources, less those of not.
	on, not  []symbolic.Pattern
	hiddenIn string // the account, if only resources count that it may hide: see [estate.mayHide]
}

func (o *outside) at(r *listedResource) outsidePlace {
	p := outsidePlace{kind: policy.ResourceBased, policy: r.policies[1], partition: r.arn.Partition(), on: r.patterns(),
		request: simulate.Request{Principal: policy.AnonymousPrincipal(), Action: r.action(), Resource: r.arn}}
	if r.role {
		p.kind = policy.RoleTrust
	}
	p.standing = o.env.Standing(p.request)
	if p.assumed = r.unknown || len(p.standing.Missing) > 0; r.unknown || p.policy == nil {
		p.policy = everybodyGrant
	}
	if r.managers[1] { // R-RCP-2: no RCP may be in force on the key
		p.standing.Layers.ResourceControl, p.assumed = nil, true
	}
	return p
}

// hiddenIn are the resources of an account that may have a policy though none is listed: see
// [estate.mayHide].
func (o *outside) hiddenIn(account string) outsidePlace {
	p := outsidePlace{kind: policy.ResourceBased, policy: everybodyGrant, assumed: true, partition: "aws"}
	for _, r := range o.resources {
		if r.owner == account {
			p.partition = r.arn.Partition()
		}
	}
	// RCPs do not reach the keys that AWS manages, whose policies name nobody outside of their account
	// (AWS KMS Developer Guide, “AWS managed keys”).
	p.request = simulate.Request{Principal: policy.AnonymousPrincipal(), Action: "kms:Decrypt",
		Resource: policy.MustParseARN("arn:" + p.partition + ":kms:us-east-1:" + account + ":key/00000000-0000-0000-0000-000000000000")}
	p.standing = o.env.Standing(p.request)
	p.standing.Owner = account
	for _, g := range o.gaps {
		if g == account || strings.ContainsAny(g, "*") || strings.Contains(g, ":role/") {
			p.standing.Layers.ResourceControl = nil // R-RCP-2: it may hide a service-linked role
		}
	}
	run := symbolic.Token{Kind: symbolic.Run}
	for _, of := range []string{account, ""} {
		p.on = append(p.on, append(symbolic.Glob("arn:"+p.partition+":*:*:"+of+":", true), run))
	}
	for _, r := range o.resources {
		if !r.role && !r.principal {
			p.not = append(p.not, r.patterns()...)
		}
	}
	p.not = append(p.not, identities()...)
	p.hiddenIn = account
	return p
}

// cases are the kinds of outsiders before the policy of a place.
func (o *outside) cases(p outsidePlace) []*callerCase {
	var out []*callerCase
	for _, who := range callers([]*policy.Document{p.policy, o.accountsIn(p)}) {
		switch {
		case who.kind == policy.Anonymous && (p.kind == policy.RoleTrust || o.spares("*")),
			slices.Contains(o.accounts, who.account),
			who.partition != "" && who.partition != p.partition,
			who.kind != policy.Service && p.standing.Layers.BlockPublicAccess && isPlainlyPublic(p):
			continue
		}
		who.others = with(slices.Clone(who.others), o.accounts...)
		out = append(out, o.before(p, who, false))
		if who.kind == policy.RoleSession {
			out = append(out, o.before(p, who, true))
		}
	}
	return out
}

func (o *outside) spares(name string) bool {
	return slices.ContainsFunc(o.except, func(p string) bool { pattern := glob.Compile(p, glob.Wildcards); return pattern.Match(name, nil) })
}

// accountIDs finds account IDs in a text: twelve digits with no further digit or letter beside them.
func accountIDs(text string) (ids []string) {
	for i := 0; i < len(text); {
		from := i
		for i < len(text) && isWord(text[i]) {
			i++
		}
		if word := text[from:i]; policy.IsAccountID(word) {
			ids = append(ids, word)
		}
		i++
	}
	return ids
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

// accountsIn names the accounts that conditions bearing on a place speak of, so that each is a
// kind of callers of its own.
func (o *outside) accountsIn(p outsidePlace) *policy.Document {
	var ids []string
	for _, d := range p.documents() {
		for _, s := range d.Statements() {
			for condition := range s.Condition.All() {
				if folded := fold(condition.Key); isCallersOwn(folded) {
					for value := range condition.Values.All() {
						ids = with(ids, accountIDs(value)...)
					}
				}
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow,
		Principal: policy.PrincipalList(policy.AWSPrincipal, ids...), Action: policy.List("*"), Resource: policy.List("*")}))
}

// documents bear on the place.
func (p *outsidePlace) documents() []*policy.Document {
	return slices.Concat(append(p.standing.Layers.ResourceControl, []*policy.Document{p.policy})...)
}

// isPlainlyPublic reports whether Block Public Access keeps everybody but services out of the
// bucket (R-SPC-4), beyond doubt: an Allow for everybody has no condition that could limit it.
func isPlainlyPublic(p outsidePlace) bool {
	if isBucket, _ := bucket(p.request.Resource); !isBucket || p.assumed {
		return false
	}
	for _, s := range p.policy.Statements() {
		everybody := false
		for typ, id := range s.Principal.All() {
			everybody = everybody || typ == policy.AWSPrincipal && id == "*"
		}
		limited := false
		for condition := range s.Condition.All() {
			limited = limited || fold(condition.Key) != "AWS:SECURETRANSPORT"
		}
		if s.Effect == policy.Allow && everybody && !limited {
			return true
		}
	}
	return false
}

// before is one kind of outsiders before the policy of a place: service-linked roles, which RCPs do
// not reach (R-RCP-2), or others.
func (o *outside) before(p outsidePlace, who caller, linked bool) *callerCase {
	var free surroundings
	l := &p.standing.Layers
	return &callerCase{
		sides: func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			free = surroundings{c.problem.Free(), c.problem.Free(), c.problem.Free(), c.problem.Free()}
			// Outsiders are in another account, their own policies allow, and no boundary denies.
			require := symbolic.And(o.facts(c, p, who), who.holds(c), free.identity.Is(), free.limits.Is(),
				symbolic.Not(free.bounded.Is()), symbolic.Not(free.same.Is()))
			b := newSide(c)
			who.side(b, p.kind, p.policy, free)
			if isLinked := c.key("aws:PrincipalArn").Some(c.arns("arn:*:iam::*:role/aws-service-role/*")); linked {
				require = symbolic.And(require, isLinked)
			} else {
				require = symbolic.And(require, symbolic.Not(isLinked))
				b.resourceControl(l.ResourceControl, c.problem.Free())
			}
			o.within(p, b)
			return []*symbolic.Side{b.Side}, require, b.err
		},
		worlds: func(_ *compiler, m *symbolic.Model) []*world {
			w := who.worlds(p.kind, []*policy.Document{p.policy, nil}, free, m)[0]
			w.caller.ResourceAccount, w.caller.ObjectOwner = p.standing.Owner, l.ObjectOwner
			w.layers.RCPs, w.layers.BucketABAC = l.ResourceControl, l.BucketABAC
			w.layers.BlockPublicAccess, w.layers.AWSManagedKey = l.BlockPublicAccess, l.AWSManagedKey
			w.assumed = p.assumed
			return []*world{w}
		},
	}
}

// within narrows a side to the place.
func (o *outside) within(p outsidePlace, b *sideBuilder) {
	among := func(not bool, list []symbolic.Pattern) symbolic.Statement {
		of, err := b.build(list)
		b.fail(err)
		return symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}, NotResource: not}
	}
	layers := []int{b.layer(among(false, p.on))}
	if p.not != nil {
		layers = append(layers, b.layer(among(true, p.not)))
	}
	if p.hiddenIn != "" {
		of, err := o.mayHide(b.compiler, p.hiddenIn)
		b.fail(err)
		layers = append(layers, b.layer(symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}}))
	}
	grant := b.Grant
	b.Grant = func(f []*symbolic.Formula) *symbolic.Formula { return symbolic.And(all(f, layers...), grant(f)) }
}

// facts hold for outsiders of a kind, and for the resources of a place. They are written before
// what holds for callers of the kind anyway, so that examples are of an account that is nobody's.
func (o *outside) facts(c *compiler, p outsidePlace, who caller) *symbolic.Formula {
	arn := c.key("aws:PrincipalArn")
	if isIAM(who.kind) && who.account == "" {
		a := o.stranger()
		c.key("aws:PrincipalAccount").Like(a)
		iam := "arn:" + p.partition + ":iam::" + a
		arn.Like(iam+":user/ana", iam+":role/example", iam+":root", iam+":role/aws-service-role/example", "arn:"+p.partition+":sts::"+a+":federated-user/ana")
	}
	var all []*symbolic.Formula
	hold := func(f *symbolic.Formula) { all = append(all, f) }
	spared := &symbolic.Values{Complement: true}
	for _, pattern := range o.except {
		spared.Patterns = append(spared.Patterns, symbolic.Glob(pattern, false))
	}
	switch {
	case isIAM(who.kind):
		hold(arn.One(spared))
		// Credentials are of one partition and reach none of the others.
		hold(arn.One(c.arns("arn:" + p.partition + ":*:*:*:*")))
		hold(symbolic.Not(c.inner(keyCanonical).Some(texts(o.canonical...))))
	case who.kind == policy.Service:
		hold(c.key("aws:PrincipalServiceName").One(p.serviceNames()))
		hold(c.key("aws:PrincipalServiceName").One(spared))
		hold(c.key("aws:PrincipalServiceNamesList").Only(spared)) // a service may have many names
	case who.kind == policy.WebIdentity:
		hold(c.inner(keyProvider).One(spared))
	}
	if id := o.env.Organization().ID(); o.complete {
		hold(symbolic.Not(c.key("aws:PrincipalOrgID").Some(texts(id))))
		hold(symbolic.Not(c.key("aws:PrincipalOrgPaths").Some(&symbolic.Values{Patterns: []symbolic.Pattern{symbolic.Glob(id+"/*", false)}})))
	}
	for _, name := range keysOf(p.documents()) {
		folded := fold(name)
		switch {
		case who.lacks(folded):
			hold(c.key(name).Absent())
		case folded == "KMS:CALLERACCOUNT" && who.account != "":
			hold(c.key(name).Only(texts(who.account)))
		case folded == "KMS:CALLERACCOUNT" && isIAM(who.kind):
			hold(c.key(name).Only(notTexts(who.others...)))
		case isResourcesOwn(folded) && p.hiddenIn == "":
			hold(o.resourceFact(c, p, name))
		}
	}
	for _, id := range o.ids(p) {
		hold(symbolic.Not(c.inner(keyID).Some(texts(id))))
		hold(symbolic.Not(c.key("aws:userid").Some(&symbolic.Values{Patterns: []symbolic.Pattern{symbolic.Text(id), symbolic.Glob(id+":*", false)}})))
	}
	return symbolic.And(all...)
}

// serviceNames are what AWS calls its services (IAM User Guide, “AWS service principals”), and what
// the policy writes.
func (p *outsidePlace) serviceNames() *symbolic.Values {
	out := &symbolic.Values{Patterns: []symbolic.Pattern{symbolic.Glob("*.amazonaws.com", false)}}
	switch {
	case p.partition == "aws-cn":
		out.Patterns = append(out.Patterns, symbolic.Glob("*.amazonaws.com.cn", false))
	case strings.HasPrefix(p.partition, "aws-iso"):
		out.Patterns = append(out.Patterns, symbolic.Glob("*.gov", false))
	}
	for _, s := range p.policy.Statements() {
		for _, element := range []policy.Principals{s.Principal, s.NotPrincipal} {
			for typ, id := range element.All() {
				if typ == policy.ServicePrincipalType {
					out.Patterns = append(out.Patterns, symbolic.Text(id))
				}
			}
		}
	}
	return out
}

// resourceFact is what the environment knows of a key of the resource.
func (o *outside) resourceFact(c *compiler, p outsidePlace, name string) *symbolic.Formula {
	key, all := c.key(name), symbolic.True()
	switch values, state := o.env.KeyRange(p.request, name); state {
	case simulate.KeyKnown:
		all = key.Only(texts(values...))
		if strings.HasPrefix(fold(name), "AWS:RESOURCEACCOUNT") || strings.HasPrefix(fold(name), "AWS:RESOURCEORG") {
			break // not every action sends it
		}
		for _, v := range values {
			all = symbolic.And(all, key.Some(texts(v)))
		}
	case simulate.KeyPresent:
		all = key.Present()
	case simulate.KeyAbsent:
		all = key.Absent()
	}
	return all
}

// serviceOnly are the keys that only AWS services send: on whose behalf they act (“AWS global
// condition context keys”).
var serviceOnly = []string{"AWS:SOURCEACCOUNT", "AWS:SOURCEARN", "AWS:SOURCEORGID", "AWS:SOURCEORGPATHS", "AWS:PRINCIPALSERVICENAME", "AWS:PRINCIPALSERVICENAMESLIST"}

// lacks reports whether requests of such callers never have a key (“AWS global condition context
// keys”).
func (p *caller) lacks(folded string) bool {
	switch p.kind {
	case policy.Service:
		return isCallersOwn(folded) && !slices.Contains(serviceOnly, folded) &&
			!slices.Contains([]string{"AWS:PRINCIPALISAWSSERVICE", "AWS:PRINCIPALTYPE", "KMS:CALLERACCOUNT"}, folded)
	case policy.Anonymous:
		return slices.Contains(serviceOnly, folded) || isCallersOwn(folded) &&
			!slices.Contains([]string{"AWS:PRINCIPALACCOUNT", "AWS:PRINCIPALTYPE", "AWS:USERID", "KMS:CALLERACCOUNT"}, folded)
	case policy.WebIdentity:
		return slices.Contains(serviceOnly, folded) || folded == "AWS:USERNAME" || strings.HasPrefix(folded, "AWS:PRINCIPAL") && folded != "AWS:PRINCIPALTYPE"
	}
	return slices.Contains(serviceOnly, folded) || folded == "AWS:USERNAME" && p.kind != policy.User
}

// ids are the unique IDs of principals of the environment that documents of the place write.
func (o *outside) ids(p outsidePlace) []string {
	var written strings.Builder
	for _, d := range p.documents() {
		written.WriteString(d.String())
	}
	var out []string
	for a := range o.env.Organization().Accounts() {
		for _, u := range a.Users {
			if u.ID != "" && strings.Contains(written.String(), u.ID) {
				out = append(out, u.ID)
			}
		}
		for _, r := range a.Roles {
			if r.ID != "" && strings.Contains(written.String(), r.ID) {
				out = append(out, r.ID)
			}
		}
	}
	return out
}

// stranger is an account for examples that is none of the environment's.
func (o *outside) stranger() string {
	for n := range 1 + len(o.accounts) {
		if a := fmt.Sprintf("%04d%04d%04d", 7777+n, 8888, 9999); !slices.Contains(o.accounts, a) {
			return a
		}
	}
	return strangerAccount
}

// confirm asks the environment, which knows nothing of the policies of other accounts. What says
// whose the caller is must be of one mind, and must not be that nobody knows whose it is.
func (o *outside) confirm(worlds []*world, requests []simulate.Request) bool {
	r, w := requests[0], worlds[0]
	for name, values := range r.Keys.All() {
		switch fold(name) {
		case "AWS:PRINCIPALACCOUNT":
			if isIAM(r.Principal.Kind()) && !slices.Equal(values, []string{r.Principal.AccountID()}) {
				return false
			}
		case "AWS:USERID":
			if slices.ContainsFunc(values, uniqueID.MatchString) {
				return false
			}
		case "KMS:CALLERACCOUNT":
			if !isIAM(r.Principal.Kind()) || !slices.Equal(values, []string{r.Principal.AccountID()}) {
				return false
			}
		}
	}
	if w.caller.PrincipalID != "" || w.caller.CanonicalID != "" && slices.Contains(o.canonical, "") {
		return false
	}
	d := o.env.Can(r)
	return d.Allowed() || d.Outcome == simulate.Indeterminate && d.CanBe(simulate.Allowed)
}

// uniqueID begins an aws:userid that is somebody's, nobody knows whose.
var uniqueID = regexp.MustCompile(`(?i)^A(ROA|IDA)[A-Z0-9]{12,}`)
