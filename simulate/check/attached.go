package check

import (
	"cmp"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// attachedCases are all requests in front of documents that name no principals, on each side
// those that are attached to one place. That they allow no more, and that they leave no
// more undenied, is together all that other policies can tell apart: what these documents
// do not allow others may, where no Deny is in the way (R-RES-2).
func attachedCases(k policy.Kind, documents [][]*policy.Document) []*callerCase {
	list := []*callerCase{identityCase(k, documents)}
	switch {
	case k == policy.ResourceControl:
		list = append(list, tokenCase(documents))
	case anyDeny(documents[1]):
		list = append(list, undeniedCase(k, documents))
	}
	return list
}

// The callers of examples.
const (
	exampleRole    = "arn:aws:iam::" + exampleAccount + ":role/example"
	exampleSession = "arn:aws:sts::" + exampleAccount + ":assumed-role/example/ana"
)

// attachedRequest is what is known of requests in front of documents of a kind.
func attachedRequest(k policy.Kind) spec.Request {
	r := spec.Request{Principal: policy.PrincipalFromARN(policy.MustParseARN(exampleUser)), ResourceAccount: exampleAccount}
	if k == policy.SessionPolicy {
		r.Principal, r.RoleARN = policy.PrincipalFromARN(policy.MustParseARN(exampleSession)), policy.MustParseARN(exampleRole)
	}
	return r
}

// undeniedCase is what documents leave undenied to what other policies allow: others at the
// same place, or, where a place has one policy only or sessions have one, the policy of a
// resource that names the caller, which needs neither boundary nor session policy to allow
// (R-GRT-2).
func undeniedCase(k policy.Kind, documents [][]*policy.Document) *callerCase {
	var worlds []*world
	for _, d := range documents {
		w := &world{caller: attachedRequest(k)}
		w.layers = spec.Layers{Identity: []*policy.Document{allowAll}, ResourcePolicy: accountGrant, BucketABAC: true}
		beside := append(append([]*policy.Document(nil), d...), allowAll)
		switch k {
		case policy.IdentityBased:
			w.layers.Identity = beside
		case policy.ServiceControl:
			w.layers.SCPs = [][]*policy.Document{beside}
		case policy.PermissionsBoundary:
			w.layers.Boundary, w.layers.ResourcePolicy = d, grantTo(exampleUser)
		case policy.SessionPolicy:
			w.layers.Session, w.layers.ResourcePolicy = d, grantTo(exampleSession)
		}
		worlds = append(worlds, w)
	}
	return &callerCase{
		worlds: func(*compiler, *symbolic.Model) []*world { return worlds }, fixed: true, anybody: k,
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			for _, list := range documents {
				b := newSide(c)
				b.documents(k, list...)
				layer := b.layer(symbolic.Statement{})
				b.serviceRules(worlds[0].caller.Principal.Kind())
				b.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return layers[layer] }
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			return sides, symbolic.True(), err
		},
	}
}

// tokenCase is somebody with a token of an identity provider who asks for a role: RCPs are all
// that bears on it besides the trust policy (R-STS-3).
func tokenCase(documents [][]*policy.Document) *callerCase {
	p := caller{kind: policy.WebIdentity}
	return &callerCase{
		kind: p.kind,
		worlds: func(_ *compiler, m *symbolic.Model) (out []*world) {
			who, _ := p.principal(func(string) string { return "" })
			for _, d := range documents[:2] {
				w := &world{caller: spec.Request{Principal: who, ResourceAccount: exampleAccount}}
				w.layers = spec.Layers{RCPs: [][]*policy.Document{d}, ResourcePolicy: everybodyGrant, BucketABAC: true}
				if d == nil {
					w.layers.RCPs, w.layers.ResourcePolicy = nil, nil
				}
				out = append(out, w)
			}
			return out
		},
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			reached := c.problem.Free()
			for _, d := range documents {
				b := newSide(c)
				b.serviceRules(p.kind)
				token := p.tokenActions(b)
				if d == nil {
					token = b.layer()
				}
				b.resourceControl([][]*policy.Document{d}, reached)
				b.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return layers[token] }
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			return sides, p.holds(c), err
		},
	}
}
