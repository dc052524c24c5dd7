package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// NoGainedAccess proves that principals, users, roles, role sessions or root users, can do
// nothing in the environment after that they could not do before: on the resources that the
// environments list with their policies, and on all others, whatever their policies are. No
// principals: all users, roles and root users of the environment after.
//
// Unknown is also the answer where a part of a principal's policies is not known, and for an
// environment with other service facts than [serviceref.Embedded]. The
// counterexample is that of the first principal that has one. The error says that an
// environment has no organization.
func NoGainedAccess(ctx context.Context, before, after *simulate.Environment, principals ...policy.Principal) (Result, error) {
	return noGainedAccess(ctx, before, after, -1, principals)
}

// NobodyGainsAccess is [NoGainedAccess] for all principals of the environment after. It proves
// at once for all what changes of policies leave everybody no more; at most most principals
// get a proof of their own, and with more of them the answer is Unknown.
func NobodyGainsAccess(ctx context.Context, before, after *simulate.Environment, most int) (Result, error) {
	return noGainedAccess(ctx, before, after, max(most, 0), nil)
}

func noGainedAccess(ctx context.Context, before, after *simulate.Environment, most int, principals []policy.Principal) (Result, error) {
	e, err := newEstate(before, after)
	if err != nil {
		return Result{}, err
	}
	e.left = most
	return each(principals, after, func(p policy.Principal) (Result, error) {
		return e.compare(ctx, subject{env: after, principal: p}, subject{env: before, principal: p}, nil)
	})
}

// NoLostAccess proves that everything that from can do in the environment before, one of the
// principals to can do after: that a person who had an IAM user keeps all access with the
// roles of its permission sets, each used by itself. What AWS says of the caller in
// condition keys is each principal's own; keys that are not known of a role hold against it.
//
// What needs no permission, and what is closed to the kind of any of them, such as
// sts:GetFederationToken to roles, is no access; tags that are passed with sts:AssumeRole count
// as access of their own. Resource policies that are not known are taken to name neither from
// nor to, and to treat their accounts alike; the access that known ones grant to from by name
// is lost unless they name one of to.
// Errors and Unknown are those of [NoGainedAccess].
func NoLostAccess(ctx context.Context, before, after *simulate.Environment, from policy.Principal, to ...policy.Principal) (Result, error) {
	e, err := newEstate(after, before)
	if err != nil {
		return Result{}, err
	}
	lacks := make([]subject, len(to))
	for i, p := range to {
		lacks[i] = subject{env: after, principal: p}
	}
	return e.compare(ctx, subject{env: before, principal: from}, subject{}, lacks)
}

// Guarded proves that no user, role or root user of the environment is granted any of the
// accesses, save those whose ARN matches one of the patterns except: that a guardrail holds.
// An access without resources is about those that AWS documents for its actions. Errors and
// Unknown are those of [NoGainedAccess].
func Guarded(ctx context.Context, env *simulate.Environment, except []string, accesses ...Access) (Result, error) {
	e, err := newEstate(env, env)
	if err != nil {
		return Result{}, err
	}
	asked, err := accessDocument(accesses)
	if err != nil {
		return Result{}, err
	}
	limits := documentedResources(accesses)
	var spared []glob.Pattern
	for _, p := range except {
		spared = append(spared, glob.Compile(p, glob.Wildcards))
	}
	return each(nil, env, func(p policy.Principal) (Result, error) {
		if slices.ContainsFunc(spared, func(g glob.Pattern) bool { return g.Match(p.ARN().String(), nil) }) {
			return Result{Verdict: Pass}, nil
		}
		return e.granted(ctx, subject{env: env, principal: p}, asked, limits)
	})
}

// each asks about all principals, by default those of the environment: Fail if one fails, else
// Unknown if one is.
func each(principals []policy.Principal, env *simulate.Environment, ask func(policy.Principal) (Result, error)) (Result, error) {
	if len(principals) == 0 {
		for a := range env.Organization().Accounts() {
			partition := "aws"
			for _, u := range a.Users {
				partition = u.ARN.Partition()
				principals = append(principals, policy.PrincipalFromARN(u.ARN))
			}
			for _, r := range a.Roles {
				partition = r.ARN.Partition()
				principals = append(principals, policy.PrincipalFromARN(r.ARN))
			}
			principals = append(principals, policy.PrincipalFromARN(policy.MustParseARN("arn:"+partition+":iam::"+a.ID+":root")))
		}
	}
	out := Result{Verdict: Pass}
	for _, p := range principals {
		r, err := ask(p)
		if err != nil || r.Verdict == Fail {
			return r, err
		}
		if r.Verdict == Unknown && out.Verdict == Pass {
			out = r
		}
	}
	return out, nil
}

// A subject is who acts in which environment.
type subject struct {
	env       *simulate.Environment
	principal policy.Principal
	caller    caller
	base      simulate.Standing // of a request without a resource
}

// compare looks for what holds can do and the other, or all of lacks, cannot.
func (e *estate) compare(ctx context.Context, holds, other subject, lacks []subject) (Result, error) {
	if lacks == nil {
		lacks = []subject{other}
	}
	s, result, err := e.question(ctx, append([]subject{holds}, lacks...))
	if s == nil {
		return result, err
	}
	list := s.cases()
	if len(list) == 0 {
		return Result{Verdict: Pass}, nil
	}
	if e.left == 0 {
		return Result{Reason: "too many principals need a proof of their own"}, nil
	}
	e.left--
	q := &question{ctx: ctx, cases: list, examples: s.documents(), confirmAlso: s.confirm, explain: s.explain}
	return q.answer(), nil
}

// granted looks for what a subject can do of what is asked.
func (e *estate) granted(ctx context.Context, holds subject, asked *policy.Document, limits [][]string) (Result, error) {
	s, result, err := e.question(ctx, []subject{holds})
	if s == nil {
		return result, err
	}
	q := &question{ctx: ctx, cases: s.cases(), examples: append([]*policy.Document{asked}, s.documents()...), confirmAlso: s.confirm, explain: s.explain}
	for _, one := range q.cases {
		one.within(asked, limits)
	}
	return q.answer(), nil
}

// question gathers what bears on the subjects. It is nil where the result or the error is all
// that there is to say.
func (e *estate) question(ctx context.Context, subjects []subject) (*stackQuestion, Result, error) {
	s := &stackQuestion{estate: e, subjects: subjects, alike: true}
	for i := range subjects {
		if err := subjects[i].prepare(); err != nil {
			return nil, Result{}, err
		}
		if missing := subjects[i].base.Missing; len(missing) > 0 && s.missing == "" {
			s.missing = fmt.Sprintf("policies of %s are not known: %s", subjects[i].principal, strings.Join(missing, ", "))
		}
		s.alike = s.alike && subjects[i].principal == subjects[0].principal
	}
	for _, sub := range subjects {
		if sub.env.Reference() != serviceref.Embedded() {
			return nil, Result{Reason: otherFacts}, nil
		}
	}
	if e.endpoints {
		return nil, Result{Reason: "policies of VPC endpoints differ, which are not compared"}, nil
	}
	s.kept = s.keeps(ctx)
	// What is not known is the same in both environments if one was made of the other.
	alike := s.sameOrigin && s.kept && slices.Equal(subjects[0].base.Missing, subjects[1].base.Missing)
	if s.missing != "" && !alike {
		return nil, Result{Reason: s.missing}, nil
	}
	s.find(ctx)
	if s.missing != "" && len(s.listed) > 0 {
		return nil, Result{Reason: s.missing}, nil
	}
	if s.sessions {
		return nil, Result{Reason: "a policy names sessions of the role one by one; ask for a session"}, nil
	}
	return s, Result{}, nil
}

// prepare finds what bears on all requests of the subject.
func (s *subject) prepare() error {
	s.base = s.env.Standing(s.request("s3:ListAllMyBuckets", policy.ARN{}))
	arn := s.principal.ARN()
	s.caller = caller{kind: s.principal.Kind(), partition: arn.Partition(), account: arn.AccountID()}
	switch s.caller.kind {
	case policy.User, policy.Root:
	case policy.Role:
		s.caller.kind = policy.RoleSession
	case policy.RoleSession:
		s.caller.session = arn
	default:
		return fmt.Errorf("check: %s is no user, role, role session or root user", s.principal)
	}
	return nil
}

func (s *subject) request(a policy.Action, resource policy.ARN) simulate.Request {
	return simulate.Request{Principal: s.principal, Action: a, Resource: resource}
}

// A stackQuestion compares subjects: the first holds, the others lack.
type stackQuestion struct {
	*estate
	subjects []subject
	alike    bool   // all are one principal
	missing  string // what is not known of a subject, "" if all is
	kept     bool   // only listed resources that changed need a look
	sessions bool   // some policy names sessions of a role whose session is not given
	listed   []*listedResource
}

// keeps reports whether what bears on the one principal leaves it no more in the first
// environment than in the second, but for what changed of single resources.
func (s *stackQuestion) keeps(ctx context.Context) bool {
	if !s.alike || len(s.subjects) != 2 || s.moved || s.gapsDiffer || !s.sameRCPs {
		return false
	}
	one, other := &s.subjects[0].base, &s.subjects[1].base
	return one.PrincipalID == other.PrincipalID && one.Role == other.Role && one.Layers.CanonicalID == other.Layers.CanonicalID &&
		len(s.facts([]simulate.Standing{*one, *other}, nil).differ) == 0 && s.layersWithin(ctx, &one.Layers, &other.Layers)
}

// find lists the resources whose policies name a subject, or that are not the same in both
// environments.
func (s *stackQuestion) find(ctx context.Context) {
	for _, r := range s.resources {
		changed := s.before != s.after && r.changed()
		if s.kept && (!changed || s.resourceWithin(ctx, r)) {
			continue
		}
		if s.names(r) || changed || r.unknown {
			s.listed = append(s.listed, r)
		}
	}
}

// names reports whether a policy of the resource may speak of a subject.
func (s *stackQuestion) names(r *listedResource) bool {
	for i := range s.subjects {
		sub := &s.subjects[i]
		d := r.policies[0]
		if sub.env == s.after {
			d = r.policies[1]
		}
		if d == nil || !s.mentions(d, sub.principal.AccountID()) {
			continue
		}
		c := newCompiler(nil, nil)
		c.isOwn = func(string) bool { return false }
		for _, statement := range d.Statements() {
			s.sessions = s.sessions || sub.principal.Kind() == policy.Role && namesSession(statement, sub.principal)
			if !sub.caller.level(c, statement, symbolic.True()).any().IsFalse() {
				return true
			}
		}
	}
	return false
}

// namesSession reports whether a statement names a session of the role.
func namesSession(s policy.Statement, role policy.Principal) bool {
	for _, element := range []policy.Principals{s.Principal, s.NotPrincipal} {
		for _, id := range element.All() {
			if arn, err := policy.ParseARN(id); err == nil {
				p := policy.PrincipalFromARN(arn)
				if p.Kind() == policy.RoleSession && p.AccountID() == role.AccountID() && p.Name() == role.Name() {
					return true
				}
			}
		}
	}
	return false
}

// speaksBelow: buckets, DynamoDB tables and OpenSearch domains.
func speaksBelow(a policy.ARN) bool {
	isBucket, _ := bucket(a)
	return isBucket || a.Service() == "dynamodb" && strings.HasPrefix(a.Resource(), "table/") || a.Service() == "es" && strings.HasPrefix(a.Resource(), "domain/")
}

func bucket(a policy.ARN) (bucket, object bool) {
	ok := a.Service() == "s3" && a.Region() == "" && a.AccountID() == ""
	return ok, ok && strings.Contains(a.Resource(), "/")
}

// documents are those of all sides, for examples.
func (s *stackQuestion) documents() []*policy.Document {
	var out []*policy.Document
	add := func(list ...*policy.Document) {
		for _, d := range list {
			if d != nil && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	for _, sub := range s.subjects {
		l := &sub.base.Layers
		add(l.Identity...)
		add(l.Boundary...)
		for _, level := range slices.Concat(l.ServiceControl, l.ResourceControl) {
			add(level...)
		}
	}
	return out
}

// cases are the resources that are listed one by one, those of the holder's account whose
// policies say nothing, and all others.
func (s *stackQuestion) cases() []*callerCase {
	var out []*callerCase
	if !s.kept {
		out = append(out, s.at(place{}))
	}
	for i := range s.listed {
		out = append(out, s.at(place{listed: s.listed[i]}))
	}
	if !s.kept {
		out = append(out, s.at(place{elsewhere: true}))
	}
	return out
}

// A place is a part of all resources: a listed one, what is elsewhere, or neither, the rest of
// the holder's account.
type place struct {
	listed    *listedResource
	elsewhere bool
}

// A stackFree is what is free where the resource's policy is not known.
type stackFree struct {
	direct, session, account, denied, same symbolic.Free
	reached                                symbolic.Free // RCPs reach services that are not known
}

func (s *stackQuestion) at(p place) *callerCase {
	standings := make([]simulate.Standing, len(s.subjects))
	frees := make([]stackFree, len(s.subjects))
	return &callerCase{
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			require = symbolic.True()
			common := c.stackFree()
			for i := range s.subjects {
				sub := &s.subjects[i]
				standings[i] = sub.base
				standings[i].Owner = s.subjects[0].principal.AccountID()
				if p.listed != nil {
					standings[i] = sub.env.Standing(sub.request(p.listed.action(), p.listed.arn))
				}
			}
			facts := s.facts(standings, p.listed)
			c.isOwn = func(folded string) bool {
				return facts.differ[folded] || !s.alike && isCallersOwn(folded) || p.elsewhere && s.moved && strings.HasPrefix(folded, "AWS:RESOURCEORG")
			}
			for i := range s.subjects {
				c.side = i
				sub := &s.subjects[i]
				frees[i] = common
				if p.listed != nil && s.blocked(i, standings) {
					// S3 decides whether the policy is public; that is not compared.
					standings[i].MissingResource = "Block Public Access"
				}
				if p.listed != nil && (standings[i].MissingResource != "") != (standings[0].MissingResource != "") {
					frees[i] = c.stackFree()
					frees[i].reached = common.reached
				}
				if sub.principal.AccountID() != s.subjects[0].principal.AccountID() {
					frees[i].same = c.problem.Free()
				}
				require = symbolic.And(require, facts.holds(c, i))
				if p == (place{}) {
					require = symbolic.And(require, s.ownResources(c, i))
				}
			}
			for i := range s.subjects {
				c.side = i
				b := newSide(c)
				s.side(b, i, p, &standings[i], frees[i])
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			c.side = everySide
			b := &sideBuilder{compiler: c, Side: sides[0]}
			s.within(b, p)
			return sides, require, cmp.Or(err, b.err)
		},
		worlds:   func(c *compiler, m *symbolic.Model) []*world { return s.worlds(p, standings, frees, m) },
		nonempty: true,
	}
}

// blocked reports whether Block Public Access may deny a subject of another account what it does
// not deny the holder (R-SPC-4).
func (s *stackQuestion) blocked(i int, standings []simulate.Standing) bool {
	denies := func(i int) bool {
		return standings[i].Layers.BlockPublicAccess && standings[i].Owner != s.subjects[i].principal.AccountID()
	}
	return denies(i) && !(denies(0) && standings[0].Layers.Resource.Equal(standings[i].Layers.Resource))
}

// ownResources is what is true of the resource's keys in the holder's account.
func (s *stackQuestion) ownResources(c *compiler, i int) *symbolic.Formula {
	sub := &s.subjects[i]
	holds := c.key("aws:ResourceAccount").Only(texts(s.subjects[0].principal.AccountID()))
	for _, name := range []string{"aws:ResourceOrgID", "aws:ResourceOrgPaths"} {
		request := s.subjects[0].request("s3:ListAllMyBuckets", policy.ARN{})
		if values, state := sub.env.Key(request, name); state == simulate.KeyKnown && !s.moved {
			holds = symbolic.And(holds, c.key(name).Only(texts(values...)))
		}
	}
	return holds
}

func (l *listedResource) action() policy.Action {
	switch {
	case l.role:
		return "sts:AssumeRole"
	case l.principal:
		return "iam:GetRole"
	case l.arn.Service() == "kms":
		return "kms:Decrypt"
	}
	return "s3:GetObject"
}

func (c *compiler) stackFree() stackFree {
	f := c.problem.Free
	return stackFree{f(), f(), f(), f(), f(), f()}
}

// facts are what the environments say of the callers' own keys.
type facts struct {
	names  []string // of keys
	values [][]fact // of each side, by name
	differ map[string]bool
}

type fact struct {
	state  simulate.KeyState
	values []string
}

func (f fact) equal(g fact) bool { return f.state == g.state && slices.Equal(f.values, g.values) }

func (s *stackQuestion) facts(standings []simulate.Standing, listed *listedResource) *facts {
	f := &facts{differ: map[string]bool{}}
	for _, name := range s.keys(standings) {
		if isCallersOwn(fold(name)) || listed != nil && isResourcesOwn(fold(name)) {
			f.names = append(f.names, name)
		}
	}
	// Not a condition key, but a part of the caller all the same.
	f.names = append(f.names, keyID, keyCanonical)
	for i := range s.subjects {
		sub, at := &s.subjects[i], &standings[i]
		var list []fact
		for _, name := range f.names {
			switch name {
			case keyID:
				list = append(list, given(at.PrincipalID))
			case keyCanonical:
				list = append(list, given(at.Layers.CanonicalID))
			default:
				request := sub.request("s3:ListAllMyBuckets", policy.ARN{})
				if listed != nil && isResourcesOwn(fold(name)) {
					request = sub.request(listed.action(), listed.arn)
				}
				values, state := sub.env.Key(request, name)
				list = append(list, fact{state, values})
			}
		}
		f.values = append(f.values, list)
	}
	for n, name := range f.names {
		for i := range s.subjects {
			if !f.values[i][n].equal(f.values[0][n]) {
				f.differ[problemName(name)] = true
			}
		}
	}
	if !s.alike {
		f.differ[keyID] = true
	}
	return f
}

// given is a fact that is known if there is a text.
func given(s string) fact {
	if s == "" {
		return fact{state: simulate.KeyUnknown}
	}
	return fact{simulate.KeyKnown, []string{s}}
}

func problemName(name string) string {
	if name == keyID || name == keyCanonical {
		return name
	}
	return fold(name)
}

// holds is the formula of the facts of one side. Single values are bound, so that variables
// stand for them.
func (f *facts) holds(c *compiler, side int) *symbolic.Formula {
	var all []*symbolic.Formula
	for n, name := range f.names {
		var key symbolic.Key
		if problemName(name) == name {
			key = c.inner(c.owned(name))
		} else {
			key = c.key(name)
		}
		own := c.owned(problemName(name))
		switch fact := f.values[side][n]; fact.state {
		case simulate.KeyKnown:
			all = append(all, key.Only(texts(fact.values...)))
			for _, v := range fact.values {
				all = append(all, key.Some(texts(v)))
			}
			c.facts[own] = nil // R-VAR-3: a key of many values is null
			if info, _ := serviceref.Embedded().Key(name); !info.Multivalued && len(fact.values) == 1 {
				c.facts[own] = text(fact.values[0])
			}
		case simulate.KeyAbsent:
			all = append(all, key.Absent())
			c.facts[own] = nil
		case simulate.KeyPresent:
			all = append(all, key.Present())
		}
	}
	return symbolic.And(all...)
}

// keys are the condition keys that the policies of all sides speak of, first spellings.
func (s *stackQuestion) keys(standings []simulate.Standing) []string {
	list := s.documents()
	for i := range standings {
		if d := standings[i].Layers.Resource; d != nil {
			list = append(list, d)
		}
		for _, level := range standings[i].Layers.ResourceControl {
			list = append(list, level...)
		}
	}
	seen := map[string]bool{}
	var out []string
	add := func(name string) {
		if f := fold(name); !seen[f] {
			seen[f] = true
			out = append(out, name)
		}
	}
	for _, d := range list {
		variables := func(values policy.Patterns) {
			for value := range values.All() {
				p := glob.Compile(value, mode(d.Version()))
				for _, v := range p.Variables() {
					add(v.Key)
				}
			}
		}
		for _, statement := range d.Statements() {
			variables(statement.Resource)
			variables(statement.NotResource)
			for condition := range statement.Condition.All() {
				add(condition.Key)
				variables(condition.Values)
			}
		}
	}
	add("aws:PrincipalArn")
	return out
}

// side is the grant test of one subject at a place.
func (s *stackQuestion) side(b *sideBuilder, i int, p place, at *simulate.Standing, free stackFree) {
	sub := &s.subjects[i]
	l := &at.Layers
	for _, other := range s.subjects {
		b.serviceRules(other.caller.kind)
	}
	identity := b.layer(symbolic.Statement{})
	if sub.caller.kind != policy.Root {
		identity = b.documents(policy.IdentityBased, l.Identity...)
	}
	limits := b.layer(symbolic.Statement{})
	bounded := symbolic.False()
	if len(l.Boundary) > 0 && sub.caller.kind != policy.Root {
		limits, bounded = b.documents(policy.PermissionsBoundary, l.Boundary...), symbolic.True()
	}
	var levels []int
	for _, docs := range l.ServiceControl {
		levels = append(levels, b.documents(policy.ServiceControl, docs...))
	}
	unknown := p.elsewhere || at.MissingResource != ""
	switch {
	case !p.elsewhere:
		b.resourceControl(l.ResourceControl, free.reached)
	case i > 0 && !s.sameRCPs:
		// Whose the resource is, is not known: any RCP may deny here, and none to the holder.
		b.resourceControl([][]*policy.Document{allRCPs(sub.env)}, free.reached)
	}
	var granted [3][]symbolic.Statement
	if p.listed != nil && l.Resource != nil {
		for n := range granted {
			allows, denies, err := b.statements(l.Resource, policy.ResourceBased, func(st policy.Statement) *symbolic.Formula {
				level := sub.caller.level(b.compiler, st, bounded)
				if st.Effect == policy.Deny {
					return level.any()
				}
				return [3]*symbolic.Formula{level.direct, level.session, level.account}[n]
			})
			b.fail(err)
			if n == 0 {
				b.Denies = append(b.Denies, denies...)
			}
			if l.ObjectOwner == "" || l.ObjectOwner == at.Owner { // R-SPC-10
				granted[n] = allows
			}
		}
	}
	if unknown {
		for n, f := range []symbolic.Free{free.direct, free.session, free.account} {
			if s.alike || n == 2 {
				granted[n] = append(granted[n], symbolic.Statement{When: f.Is()})
			}
		}
		b.Denies = append(b.Denies, symbolic.Statement{When: free.denied.Is()})
	}
	direct, session, account := b.layer(granted[0]...), b.layer(granted[1]...), b.layer(granted[2]...)
	ungated := b.noAccountGrant()
	same := symbolic.True()
	hidden := -1
	switch {
	case p.elsewhere:
		// Only what hides in the caller's account is its own.
		of, err := s.mayHide(sub.principal.AccountID())
		b.fail(err)
		hidden = b.layer(symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}})
		same = free.same.Is()
	case at.Owner == "":
		same = free.same.Is()
	case at.Owner != sub.principal.AccountID():
		same = symbolic.False()
	}
	b.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
		within := symbolic.Or(f[direct], symbolic.And(f[session], f[limits]),
			symbolic.And(symbolic.Or(f[ungated], f[account]), f[identity], f[limits]))
		across := symbolic.And(symbolic.Or(f[direct], f[session], f[account]), f[identity], f[limits])
		if hidden >= 0 {
			within = symbolic.And(f[hidden], within)
		}
		return symbolic.And(all(f, levels...), symbolic.Or(symbolic.And(same, within), symbolic.And(symbolic.Not(same), across)))
	}
}

// resourceControl adds the Denies of RCPs: for services that they reach (R-RCP-3), and for
// services that nobody knows if they do.
func (b *sideBuilder) resourceControl(levels [][]*policy.Document, reached symbolic.Free) {
	among := func(list []string, not bool) symbolic.Reach {
		m, err := member(symbolic.ActionText, list)
		b.fail(err)
		return symbolic.Reach{Member: m, Not: not}
	}
	always := []symbolic.Reach{among(supported(), false), among(exempt, true)}
	perhaps := []symbolic.Reach{among(supported(), true), among(unsupported(), true)}
	for _, level := range levels {
		for _, d := range level {
			_, denies, err := b.statements(d, policy.ResourceControl, nil)
			b.fail(err)
			for _, deny := range denies {
				deny.Reach = always
				b.Denies = append(b.Denies, deny)
				deny.Reach, deny.When = perhaps, symbolic.And(deny.When, reached.Is())
				b.Denies = append(b.Denies, deny)
			}
		}
	}
}

// within narrows the holder's side to a place.
func (s *stackQuestion) within(b *sideBuilder, p place) {
	var layers []int
	on := func(not bool, texts []symbolic.Pattern) {
		of, err := symbolic.Build(symbolic.ResourceText, [][]symbolic.Pattern{texts})
		b.fail(err)
		layers = append(layers, b.layer(symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}, NotResource: not}))
	}
	// The policies of listed resources, by what they speak for.
	var listed []symbolic.Pattern
	for _, r := range s.listed {
		if !r.role && !r.principal {
			listed = append(listed, r.patterns()...)
		}
	}
	account := s.subjects[0].principal.AccountID()
	for _, r := range s.resources {
		// What others have without an account in its ARN grants nothing unless it names a subject.
		if r.owner != account && r.arn.AccountID() == "" && !slices.Contains(s.listed, r) {
			listed = append(listed, r.patterns()...)
		}
	}
	run := symbolic.Token{Kind: symbolic.Run}
	own := []symbolic.Pattern{symbolic.Text("*"), append(symbolic.Glob("arn:*:*:*:"+account+":", true), run)}
	// Without an account in its ARN a resource may be the holder's, or a stranger's.
	anybodys := append(symbolic.Glob("arn:*:*:*::", true), run)
	hidden, err := s.mayHide(account)
	b.fail(err)
	among := func(of *symbolic.Automaton) []symbolic.Guarded {
		return []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}
	}
	switch {
	case p.listed != nil:
		on(false, p.listed.patterns())
		if p.listed.role {
			layers = append(layers, b.layer(b.on(roleActions, nil)))
		}
	case p.elsewhere:
		on(true, listed)
		of, err := symbolic.Build(symbolic.ResourceText, [][]symbolic.Pattern{own})
		b.fail(err)
		layers = append(layers, b.layer(symbolic.Statement{NotResource: true, Resource: among(of)}, symbolic.Statement{Resource: among(hidden)}))
	default:
		on(false, append(own, anybodys))
		on(true, listed)
		layers = append(layers, b.layer(symbolic.Statement{NotResource: true, Resource: among(hidden)}))
	}
	grant := b.Grant
	b.Grant = func(f []*symbolic.Formula) *symbolic.Formula { return symbolic.And(all(f, layers...), grant(f)) }
}

// patterns are the ARNs that the resource's policy speaks for.
func (r *listedResource) patterns() []symbolic.Pattern {
	out := []symbolic.Pattern{symbolic.Text(r.arn.String())}
	if r.below {
		out = append(out, append(symbolic.Text(r.arn.String()+"/"), symbolic.Token{Kind: symbolic.Run}))
	}
	return out
}

// worlds are the sides as the evaluators know them.
func (s *stackQuestion) worlds(p place, standings []simulate.Standing, frees []stackFree, m *symbolic.Model) []*world {
	var out []*world
	for i := range s.subjects {
		sub, at, free := &s.subjects[i], &standings[i], frees[i]
		is := func(v symbolic.Free) bool { return m.Free[v] > 0 }
		l := &at.Layers
		w := &world{
			layers: spec.Layers{
				Identity: l.Identity, Boundary: l.Boundary, SCPs: l.ServiceControl, RCPs: l.ResourceControl,
				ResourcePolicy: l.Resource, BucketABAC: true, AWSManagedKey: l.AWSManagedKey,
			},
			caller: spec.Request{Principal: sub.principal, RoleARN: at.Role, PrincipalID: at.PrincipalID, CanonicalID: l.CanonicalID,
				ResourceAccount: at.Owner, ObjectOwner: l.ObjectOwner},
		}
		if p.elsewhere || at.MissingResource != "" {
			w.assumed = true
			if p.elsewhere {
				w.layers.RCPs = nil
			}
			if p.elsewhere || at.Owner == "" {
				w.caller.ResourceAccount = sub.principal.AccountID()
				if !is(free.same) {
					w.caller.ResourceAccount = strangerAccount
				}
			}
			w.layers.ResourcePolicy = nil
			switch {
			case is(free.direct), is(free.session) && !is(free.account):
				w.layers.ResourcePolicy = everybodyGrant
			case is(free.account):
				w.layers.ResourcePolicy = grantTo(sub.principal.AccountID())
			}
		}
		out = append(out, w)
	}
	return out
}

// grantTo is a resource policy that hands all decisions to an account.
func grantTo(account string) *policy.Document {
	return policy.Must(policy.NewDocument(policy.Statement{Effect: policy.Allow,
		Principal: policy.PrincipalList(policy.AWSPrincipal, account), Action: policy.List("*"), Resource: policy.List("*")}))
}

// confirm asks the environments themselves. Where the resource's policy is assumed they may
// not know; but they may not contradict.
func (s *stackQuestion) confirm(worlds []*world, requests []simulate.Request) bool {
	for i, r := range requests {
		if !worlds[0].assumed {
			r = s.owned(r)
		}
		d := s.subjects[i].env.Can(r)
		switch {
		case i > 0 && d.Outcome == simulate.Allowed,
			i == 0 && !d.Allowed() && !(d.Outcome == simulate.Indeterminate && d.CanBe(simulate.Allowed)):
			return false
		}
	}
	return true
}

// owned says whose the resource is where its ARN does not.
func (s *stackQuestion) owned(r simulate.Request) simulate.Request {
	if _, known := s.listedOwner(r.Resource); r.Resource.IsValid() && r.Resource.AccountID() == "" && !known {
		r.Keys = r.Keys.With("aws:ResourceAccount", s.subjects[0].principal.AccountID())
	}
	return r
}

// listedOwner is the account of a resource that is listed, or that lies in a listed bucket.
func (s *stackQuestion) listedOwner(arn policy.ARN) (account string, ok bool) {
	for _, r := range s.resources {
		if r.arn == arn || r.below && strings.HasPrefix(arn.String(), r.arn.String()+"/") {
			return r.owner, true
		}
	}
	return "", false
}

// explain asks an environment, without the keys that it knows by itself.
func (s *stackQuestion) explain(i int, r simulate.Request) (simulate.Request, *simulate.Explanation) {
	sub := &s.subjects[i]
	bare := simulate.Request{Principal: sub.principal, Action: r.Action, Resource: r.Resource}
	for name, values := range r.Keys.All() {
		if known, state := sub.env.Key(bare, name); state != simulate.KeyKnown || !slices.Equal(known, values) {
			bare.Keys = bare.Keys.With(name, values...)
		}
	}
	bare = s.owned(bare)
	return bare, sub.env.Explain(bare)
}
