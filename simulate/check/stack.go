package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
	"github.com/licit-dev/licit/simulate"
)

// NoGainedAccess proves that principals, users, roles, role sessions or root users, can do
// nothing in the environment after that they could not do before: on the resources that the
// environments list with their policies, and on all others, whatever their policies are. No
// principals: all users, roles and root users of the environment after. It takes accounts that the
// environments list to have the users and roles that they list: what one can do that is not in the
// environment before, it gains. Of all nothing is proved where a gap of the environment after may hide some.
//
// Pass is about sessions of sts:GetFederationToken, too, that a user or root user among them may start.
// Where only these may gain, the answer is Unknown.
//
// Unknown is also the answer where a part of a principal's policies is not known, where its tags, its
// place in the organization or anything else that policies may ask for is another, and for an
// environment with other service facts than [serviceref.Embedded]. The
// counterexample is that of the first principal that has one. Proofs are about requests with any
// keys, also where an environment has [simulate.WithStrictKeys]. The error says that an
// environment has no organization.
func NoGainedAccess(ctx context.Context, before, after *simulate.Environment, principals ...policy.Principal) (Result, error) {
	return noGainedAccess(ctx, before, after, -1, principals, nil)
}

const mayBeMore = "there may be more users and roles, which are not listed: a gap of "

// NobodyGainsAccess is [NoGainedAccess] for all principals of the environment after. It proves
// at once for all what changes of policies leave everybody no more; at most most principals
// get a proof of their own, and with more of them the answer is Unknown.
func NobodyGainsAccess(ctx context.Context, before, after *simulate.Environment, most int, options ...Option) (Result, error) {
	return noGainedAccess(ctx, before, after, max(most, 0), nil, options)
}

func noGainedAccess(ctx context.Context, before, after *simulate.Environment, most int, principals []policy.Principal, options []Option) (Result, error) {
	e, err := newEstate(before, after)
	if err != nil {
		return Result{}, err
	}
	e.left = most
	out := Result{Verdict: Pass}
	if len(principals) == 0 {
		principals = everybody(after)
		if hidden := hiddenPrincipals(after, nil); len(hidden) > 0 {
			out = Result{Reason: mayBeMore + hidden[0]}
		}
	}
	err = each(ctx, principals, options, func(p policy.Principal) (Result, error) {
		holds, lacks := subject{env: after, principal: p}, subject{env: before, principal: p}
		if lacks.isNobody() {
			return e.compare(ctx, holds)
		}
		return e.compare(ctx, holds, lacks)
	}, func(_ policy.Principal, r Result) (more bool) {
		out = out.and(r)
		return r.Verdict != Fail
	})
	if err != nil {
		return Result{}, err
	}
	return out, nil
}

// NoLostAccess proves that everything that from can do in the environment before, one of the
// principals to can do after: that a person who had an IAM user keeps all access with the
// roles of its permission sets, each used by itself. What AWS says of the caller in
// condition keys is each principal's own; keys that are not known of a role hold against it, but
// aws:userid begins with the role's unique ID, and kms:CallerAccount is the same for principals of one account.
//
// What needs no permission, and what is closed to the kind of any of them, such as
// sts:GetFederationToken to roles, is no access, nor are the sessions that this gives a user;
// tags that are passed with sts:AssumeRole count as access of their own. Resource policies that are not known are taken to name neither from
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
	return e.compare(ctx, subject{env: before, principal: from}, lacks...)
}

// A subject is who acts in which environment.
type subject struct {
	env       *simulate.Environment
	principal policy.Principal
	caller    caller
	base      simulate.Standing // of a request without a resource
}

// compare looks for what holds can do and all of lacks cannot.
func (e *estate) compare(ctx context.Context, holds subject, lacks ...subject) (Result, error) {
	s, result, err := e.question(ctx, append([]subject{holds}, lacks...))
	if s == nil {
		return result, err
	}
	s.unlisted = s.alike
	list := s.cases(s.listed)
	if len(list) == 0 {
		return Result{Verdict: Pass}, nil
	}
	if e.left == 0 {
		return Result{Reason: "too many principals need a proof of their own"}, nil
	}
	e.left--
	q := &question{ctx: ctx, cases: list, examples: s.examples(), confirmAlso: s.confirm, explain: s.explain}
	r := s.sure(q.answer())
	if r.Verdict == Pass && s.differs != "" {
		return Result{Reason: fmt.Sprintf("%s of %s is not the same, which a resource policy that is not known may ask for", s.differs, holds.principal)}, nil
	}
	if r.Verdict == Pass {
		return s.besides(ctx, func(f *stackQuestion) ([]*callerCase, error) { return f.cases(f.listed), nil }), nil
	}
	return r, nil
}

// sure gives an Unknown the reason that is the subjects'.
func (s *stackQuestion) sure(r Result) Result {
	if r.Verdict == Unknown && s.guessed != "" {
		r.Reason = s.guessed
	}
	return r
}

// granted looks for what a subject can do of what is asked.
func (e *estate) granted(ctx context.Context, holds subject, asked *asking) (Result, error) {
	s, result, err := e.question(ctx, []subject{holds})
	if s == nil {
		return result, err
	}
	relevant, err := asked.relevant(s.listed)
	if err != nil {
		return Result{Reason: reason(err)}, nil
	}
	key := ""
	if len(relevant) == 0 {
		if key = s.likeness(); asked.proved[key] {
			return Result{Verdict: Pass}, nil
		}
	}
	q := &question{ctx: ctx, cases: s.cases(relevant), examples: append([]*policy.Document{asked.document}, s.examples()...), confirmAlso: s.confirm, explain: s.explain}
	for _, one := range q.cases {
		one.within(asked.document, asked.limits)
	}
	r := s.sure(q.answer())
	if r.Verdict == Pass {
		r = s.besides(ctx, func(f *stackQuestion) ([]*callerCase, error) {
			relevant, err := asked.relevant(f.listed)
			f.listed = relevant
			list := f.cases(relevant)
			for _, one := range list {
				one.within(asked.document, asked.limits)
			}
			return list, err
		})
	}
	if r.Verdict == Pass && key != "" {
		asked.proved[key] = true
	}
	return r, nil
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
	if e.hidesDiffer {
		return nil, Result{Reason: "gaps hide other policies of resources than before"}, nil
	}
	if e.unknownRCP != "" && e.before != e.after && !(e.sameRCPs && e.sameOrigin) || e.unknownRCP != "" && !s.alike {
		return nil, Result{Reason: "resource control policies are not known: " + e.unknownRCP}, nil
	}
	if id := s.tellsApart(); !s.alike && id != "" {
		return nil, Result{Reason: "the policy of a VPC endpoint speaks of callers, which is not compared: " + id}, nil
	}
	s.differs = s.difference()
	s.kept = s.keeps(ctx)
	// What is not known is the same in both environments if one was made of the other.
	alike := s.sameOrigin && s.kept && slices.Equal(subjects[0].base.Missing, subjects[1].base.Missing) && subjects[0].holdings() == subjects[1].holdings()
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

// isNobody reports whether the environment is known not to have the user or role: its account is listed
// and nothing of it is missing.
func (s *subject) isNobody() bool {
	if k := s.principal.Kind(); k != policy.User && k != policy.Role {
		return false
	}
	arn, account := s.principal.ARN(), s.principal.AccountID()
	for g := range s.env.Organization().Gaps() {
		pattern := glob.Compile(g.Subject, glob.Wildcards)
		if g.Subject == account || pattern.Match(arn.String(), nil) {
			return false
		}
	}
	listed := false
	for a := range s.env.Organization().Accounts() {
		if a.ID != account {
			continue
		}
		listed = true
		if slices.ContainsFunc(a.Users, func(u org.User) bool { return u.ARN == arn }) || slices.ContainsFunc(a.Roles, func(r org.Role) bool { return r.ARN == arn }) {
			return false
		}
	}
	return listed
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
	subjects    []subject
	alike       bool   // all are one principal
	differs     string // what AWS says otherwise of that one principal, "" if nothing
	missing     string // what is not known of a subject, "" if all is
	kept        bool   // only listed resources that changed need a look
	unlisted    bool   // resources of the account that are not listed may name the subjects
	exact       bool   // what the holder can do counts, not what it can do more
	isFederated bool   // the subjects are the sessions of sts:GetFederationToken that the one principal may start
	sessions    bool   // some policy names sessions of a role whose session is not given
	guessed     string // why a difference that was found is none for certain, "" if none was dropped
	listed      []*listedResource
}

// keeps reports whether what bears on the one principal leaves it no more in the first
// environment than in the second, but for what changed of single resources.
func (s *stackQuestion) keeps(ctx context.Context) bool {
	if !s.alike || len(s.subjects) != 2 || s.moved || s.gapsDiffer || !s.sameRCPs {
		return false
	}
	one, other := &s.subjects[0].base, &s.subjects[1].base
	return s.differs == "" && len(s.facts([]simulate.Standing{*one, *other}, nil).differ) == 0 && s.layersWithin(ctx, &one.Layers, &other.Layers)
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

// names reports whether a policy of the resource may speak of a subject, and notes whether one speaks
// of sessions of a role.
func (s *stackQuestion) names(r *listedResource) (named bool) {
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
			named = named || !sub.caller.level(c, statement, symbolic.True()).any().IsFalse()
		}
	}
	return named
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

// examples are the documents that counterexamples are made of: those of all sides, and the policies of
// listed resources.
func (s *stackQuestion) examples() []*policy.Document {
	out := s.documents()
	for _, r := range s.listed {
		for _, d := range r.policies {
			if d != nil && !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	return out
}

// places are listed resources one by one, those of the holder's account whose policies say nothing,
// those that may have a policy though they are not listed, and all others.
func (s *stackQuestion) places(listed []*listedResource) []place {
	var out []place
	if !s.kept {
		out = append(out, place{})
	}
	for _, r := range listed {
		out = append(out, place{listed: r})
	}
	if !s.kept {
		if s.unlisted {
			out = append(out, place{unlisted: true})
		}
		out = append(out, place{elsewhere: true})
	}
	return out
}

func (s *stackQuestion) cases(listed []*listedResource) []*callerCase {
	var out []*callerCase
	for _, p := range s.places(listed) {
		out = append(out, s.at(p))
	}
	return out
}
