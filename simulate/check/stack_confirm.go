package check

import (
	"fmt"
	"strings"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

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
		if p.elsewhere || p.unlisted || at.MissingResource != "" {
			w.assumed, w.unlisted = true, p.unlisted
			if p.elsewhere {
				w.layers.RCPs = nil
				for n, d := range s.rcpsElsewhere() {
					if is(free.rcps[n]) && !isLinked(at.Role, sub.principal.ARN()) {
						w.layers.RCPs = append(w.layers.RCPs, []*policy.Document{d})
					}
				}
			}
			if p.elsewhere || at.Owner == "" {
				w.caller.ResourceAccount = sub.principal.AccountID()
				if !is(free.same) {
					w.caller.ResourceAccount = strangerAccount
				}
			}
			w.layers.ResourcePolicy = nil
			switch {
			case is(free.session) && !is(free.direct) && at.Role.IsValid():
				w.layers.ResourcePolicy = grantTo(at.Role.String())
			case is(free.direct), is(free.session) && !is(free.account):
				w.layers.ResourcePolicy = everybodyGrant
			case is(free.account):
				w.layers.ResourcePolicy = grantTo(sub.principal.AccountID())
			}
		}
		if p.listed != nil && (s.mayManage(p.listed, sub.env) || len(at.Missing) > 0) {
			w.assumed = true
		}
		out = append(out, w)
	}
	return out
}

// grantTo is a resource policy that names an account, which hands it all decisions, or a role.
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
			i == 0 && !worlds[0].unlisted && !d.Allowed() && !(d.Outcome == simulate.Indeterminate && d.CanBe(simulate.Allowed)),
			s.guesses(i, r):
			return false
		}
	}
	return true
}

// guesses reports whether the decision rests on tags of the user or role that are not known, so that nobody
// can choose them.
func (s *stackQuestion) guesses(i int, r simulate.Request) bool {
	sub := &s.subjects[i]
	arn := sub.principal.ARN()
	if sub.base.Role.IsValid() {
		arn = sub.base.Role
	}
	if !gapOf(sub.env.Organization(), org.GapTags, arn.String(), arn.AccountID()) {
		return false
	}
	asked := false
	bare := sub.request(r.Action, r.Resource)
	for _, name := range keysOf(s.examples()) {
		if !strings.HasPrefix(fold(name), "AWS:PRINCIPALTAG/") {
			continue
		}
		if _, state := sub.env.KeyRange(bare, name); state == simulate.KeyUnknown {
			asked, r.Keys = true, r.Keys.WithUnknown(name)
		}
	}
	if !asked {
		return false
	}
	if d := sub.env.Can(r); d.Outcome != simulate.Indeterminate && d.Allowed() == (i == 0) {
		return false
	}
	s.guessed = fmt.Sprintf("what was found depends on tags of %s, which are not known", sub.principal)
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
func (s *stackQuestion) explain(i int, r simulate.Request, many []string) (simulate.Request, *simulate.Explanation) {
	sub := &s.subjects[i]
	bare := s.owned(sub.bare(r, many))
	return bare, sub.env.Explain(bare)
}
