package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/simulate"
)

// A place is a part of all resources: a listed one, what is elsewhere, the rest of the holder's
// account with policies that are not known, or, the zero place, without policies. What is owned is all
// in the holder's account, as if its policies were not known.
type place struct {
	listed                     *listedResource
	elsewhere, unlisted, owned bool
}

// A stackFree is what is free where the resource's policy is not known.
type stackFree struct {
	direct, session, account, denied, same symbolic.Free
	reached                                symbolic.Free   // RCPs reach services that are not known
	rcps                                   []symbolic.Free // each of rcpsElsewhere is in force on the resource
	limited                                symbolic.Free   // the policy of a session that has one allows
}

// A placement is what the sides of a place are made of, once they are.
type placement struct {
	frees []stackFree // of each subject
	// The layers of the holder's side that the resource's policy grants: itself, the role behind
	// it; and of what needs no grant to its account.
	direct, session, ungated int
}

func (s *stackQuestion) at(p place) *callerCase {
	one, _ := s.placed(p)
	return one
}

func (s *stackQuestion) placed(p place) (*callerCase, *placement) {
	standings := make([]simulate.Standing, len(s.subjects))
	frees := make([]stackFree, len(s.subjects))
	of := &placement{frees: frees}
	return &callerCase{
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			require = symbolic.True()
			common := c.stackFree()
			for range s.rcpsElsewhere() {
				common.rcps = append(common.rcps, c.problem.Free())
			}
			for i := range s.subjects {
				sub := &s.subjects[i]
				standings[i] = sub.base
				standings[i].Owner = s.subjects[0].principal.AccountID()
				if p.listed != nil {
					standings[i] = sub.env.Standing(sub.request(p.listed.action(), p.listed.arn))
				}
			}
			facts := s.facts(standings, p.listed)
			c.facts = map[string]*string{} // those of the resource are of this place alone
			c.isOwn = func(folded string) bool {
				return facts.differ[folded] || !s.alike && isCallersOwn(folded) && !(folded == "KMS:CALLERACCOUNT" && s.oneAccount()) || p.elsewhere && s.moved && strings.HasPrefix(folded, "AWS:RESOURCEORG")
			}
			for i := range s.subjects {
				c.side = i
				sub := &s.subjects[i]
				frees[i] = common
				if p.listed != nil && s.blocked(i, standings) {
					// S3 decides whether the policy is public; that is not compared.
					standings[i].MissingResource = "Block Public Access"
				}
				missing := standings[i].MissingResource != ""
				if p.listed != nil && (missing != (standings[0].MissingResource != "") || missing && i > 0 && p.listed.facts[0] != p.listed.facts[1]) {
					frees[i] = c.stackFree()
					frees[i].reached, frees[i].rcps, frees[i].limited = common.reached, common.rcps, common.limited
				}
				if s.alike && len(sub.base.Layers.Boundary) > 0 && len(s.subjects[0].base.Layers.Boundary) == 0 {
					// R-NPR-2: a Deny with NotPrincipal denies whoever has a boundary.
					frees[i].denied = c.problem.Free()
				}
				if sub.principal.AccountID() != s.subjects[0].principal.AccountID() {
					frees[i].same = c.problem.Free()
				}
				require = symbolic.And(require, facts.holds(c, i))
				if s.isFederated {
					require = symbolic.And(require, sub.isFederatedBy(c))
				}
				if p.listed == nil && !p.elsewhere {
					require = symbolic.And(require, s.ownResources(c, i))
				}
			}
			for i := range s.subjects {
				c.side = i
				b := newSide(c)
				direct, session, ungated := s.side(b, i, p, &standings[i], frees[i])
				if i == 0 {
					of.direct, of.session, of.ungated = direct, session, ungated
				}
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
		assumed:  p.elsewhere || p.unlisted,
	}, of
}

// blocked reports whether Block Public Access may deny a subject of another account what it does
// not deny the holder (R-SPC-4).
func (s *stackQuestion) blocked(i int, standings []simulate.Standing) bool {
	denies := func(i int) bool {
		l := &standings[i].Layers
		return l.BlockPublicAccess && mayBePublic(l.Resource) && standings[i].Owner != s.subjects[i].principal.AccountID()
	}
	return denies(i) && (s.exact || !(denies(0) && standings[0].Layers.Resource.Equal(standings[i].Layers.Resource)))
}

// oneAccount reports whether all subjects are of one account.
func (s *stackQuestion) oneAccount() bool {
	return !slices.ContainsFunc(s.subjects, func(sub subject) bool { return sub.principal.AccountID() != s.subjects[0].principal.AccountID() })
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
	return stackFree{f(), f(), f(), f(), f(), f(), nil, f()}
}

// side is the grant test of one subject at a place. It returns three of its layers: see placement.
func (s *stackQuestion) side(b *sideBuilder, i int, p place, at *simulate.Standing, free stackFree) (direct, session, ungated int) {
	sub := &s.subjects[i]
	l := &at.Layers
	for _, other := range s.subjects {
		b.serviceRules(other.caller.kind)
	}
	identity := b.layer(symbolic.Statement{})
	if sub.principal.Kind() != policy.Root {
		identity = b.documents(policy.IdentityBased, l.Identity...)
	}
	limits := b.layer(symbolic.Statement{})
	bounded := symbolic.False()
	if len(l.Boundary) > 0 && sub.principal.Kind() != policy.Root {
		limits, bounded = b.documents(policy.PermissionsBoundary, l.Boundary...), symbolic.True()
	}
	var levels []int
	for _, docs := range l.ServiceControl {
		levels = append(levels, b.documents(policy.ServiceControl, docs...))
	}
	unknown := p.elsewhere || p.unlisted || p.owned || at.MissingResource != ""
	switch {
	case p.listed != nil && s.mayManage(p.listed, sub.env) && (i == 0 || s.alike && s.sameRCPs && s.mayManage(p.listed, s.subjects[0].env)):
		// R-RCP-2: no RCP may be in force on the key.
	case !p.elsewhere:
		b.resourceControl(l.ResourceControl, free.reached)
	case i > 0 && !s.sameRCPs:
		// Whose the resource is, is not known: any RCP may deny here, and none to the holder.
		b.resourceControl([][]*policy.Document{allRCPs(sub.env)}, free.reached)
	case !isLinked(at.Role, sub.principal.ARN()):
		for n, d := range s.rcpsElsewhere() {
			first := len(b.Denies)
			b.resourceControl([][]*policy.Document{{d}}, free.reached)
			for k := first; k < len(b.Denies); k++ {
				b.Denies[k].When = symbolic.And(b.Denies[k].When, free.rcps[n].Is())
			}
		}
	}
	unlocked := false
	if p.listed != nil && slices.ContainsFunc(s.subjects, func(o subject) bool { return o.caller.kind == policy.Root }) {
		b.bucketPolicies(symbolic.False())
		unlocked = sub.caller.kind == policy.Root && at.Owner == sub.principal.AccountID()
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
				b.denyUnless(denies, unlocked)
			}
			if l.ObjectOwner == "" || l.ObjectOwner == at.Owner { // R-SPC-10
				granted[n] = allows
			}
		}
	}
	if unknown {
		for n, f := range []symbolic.Free{free.direct, free.session, free.account} {
			if n == 2 || s.alike && (n == 0 || s.isFederated || sub.caller.kind == policy.RoleSession) {
				granted[n] = append(granted[n], symbolic.Statement{When: f.Is()})
			}
		}
		b.denyUnless([]symbolic.Statement{{When: free.denied.Is()}}, unlocked)
	}
	account := b.layer(granted[2]...)
	direct, session, ungated = b.layer(granted[0]...), b.layer(granted[1]...), b.noAccountGrant()
	same := symbolic.True()
	hidden := -1
	switch {
	case p.elsewhere:
		// Only what hides in the caller's account is its own.
		of, err := s.mayHide(b.compiler, sub.principal.AccountID())
		b.fail(err)
		hidden = b.layer(symbolic.Statement{Resource: []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}})
		same = free.same.Is()
	case at.Owner == "":
		same = free.same.Is()
	case at.Owner != sub.principal.AccountID():
		same = symbolic.False()
	}
	b.Grant = func(f []*symbolic.Formula) *symbolic.Formula {
		limits := f[limits]
		if s.isFederated { // R-SES-1
			limits = symbolic.And(limits, free.limited.Is())
		}
		within := symbolic.Or(f[direct], symbolic.And(f[session], limits),
			symbolic.And(symbolic.Or(f[ungated], f[account]), f[identity], limits))
		across := symbolic.And(symbolic.Or(f[direct], f[session], f[account]), f[identity], limits)
		if hidden >= 0 {
			within = symbolic.And(f[hidden], within)
		}
		return symbolic.And(all(f, levels...), symbolic.Or(symbolic.And(same, within), symbolic.And(symbolic.Not(same), across)))
	}
	return direct, session, ungated
}

// rcpsElsewhere are the RCPs in force on any account, where callers who are not one may differ before
// them. One principal of whom all is the same is denied the same by them.
func (s *stackQuestion) rcpsElsewhere() []*policy.Document {
	if s.alike || !s.sameRCPs {
		return nil
	}
	return allRCPs(s.subjects[0].env)
}

// isLinked reports whether one of the ARNs is of a service-linked role, which RCPs do not reach (R-RCP-2).
func isLinked(roles ...policy.ARN) bool {
	return slices.ContainsFunc(roles, func(a policy.ARN) bool { return strings.HasPrefix(a.Resource(), "role/aws-service-role/") })
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
		of, err := b.build(texts)
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
	hidden, err := s.mayHide(b.compiler, account)
	b.fail(err)
	among := func(of *symbolic.Automaton) []symbolic.Guarded {
		return []symbolic.Guarded{{Member: symbolic.Member{Of: of}}}
	}
	bare, err := b.build(identities())
	b.fail(err)
	switch {
	case p.listed != nil:
		on(false, p.listed.patterns())
		if p.listed.role {
			layers = append(layers, b.layer(b.on(roleActions, nil)))
		}
	case p.elsewhere:
		on(true, append(listed, identities()...))
		of, err := b.build(own)
		b.fail(err)
		layers = append(layers, b.layer(symbolic.Statement{NotResource: true, Resource: among(of)}, symbolic.Statement{Resource: among(hidden)}))
	case p.owned:
		on(false, append(own, anybodys))
	case p.unlisted:
		on(false, append(own[1:], anybodys)) // what has no resource has no resource policy
		on(true, append(listed, withoutPolicies()...))
		layers = append(layers, b.layer(symbolic.Statement{NotResource: true, Resource: among(hidden)}))
	default:
		on(false, append(own, anybodys))
		on(true, listed)
		layers = append(layers, b.layer(symbolic.Statement{NotResource: true, Resource: among(hidden)}, symbolic.Statement{Resource: among(bare)}))
	}
	grant := b.Grant
	b.Grant = func(f []*symbolic.Formula) *symbolic.Formula { return symbolic.And(all(f, layers...), grant(f)) }
}

// withoutPolicies are resources that never have a policy (Amazon EC2 Auto Scaling User Guide, “How
// Amazon EC2 Auto Scaling works with IAM”; Amazon Aurora User Guide, “How Amazon Aurora works
// with IAM”). Roles have, but all that there are are listed. Resources of EC2 may be shared by policies.
func withoutPolicies() (out []symbolic.Pattern) {
	for _, service := range []string{"autoscaling", "iam", "rds"} {
		out = append(out, append(symbolic.Glob("arn:*:"+service+":*:*:", true), symbolic.Token{Kind: symbolic.Run}))
	}
	return out
}

// identities are the resources of IAM that never have a policy of their own: all but roles.
func identities() (out []symbolic.Pattern) {
	for _, kind := range []string{"group", "instance-profile", "mfa", "oidc-provider", "policy", "saml-provider", "server-certificate", "user"} {
		out = append(out, append(symbolic.Glob("arn:*:iam:*:*:", true), symbolic.Glob(kind+"/*", false)...))
	}
	return out
}

// patterns are the ARNs that the resource's policy speaks for.
func (r *listedResource) patterns() []symbolic.Pattern {
	out := []symbolic.Pattern{symbolic.Text(r.arn.String())}
	if r.below {
		out = append(out, append(symbolic.Text(r.arn.String()+"/"), symbolic.Token{Kind: symbolic.Run}))
	}
	return out
}
