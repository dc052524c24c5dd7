package check

import (
	"cmp"
	"errors"
	"fmt"
	"sync"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// allowAll is what stands for the other policies of a caller.
var allowAll = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)))

const (
	exampleAccount = "111122223333"
	exampleUser    = "arn:aws:iam::" + exampleAccount + ":user/ana"
)

// accountGrant lets identity policies of the account decide about its keys and roles.
var accountGrant = grantTo(exampleAccount)

// checkKind reports what keeps a document from being in force.
func checkKind(k policy.Kind, documents ...*policy.Document) error {
	for _, d := range documents {
		if d == nil {
			return errors.New("check: no document")
		}
		if err := d.CheckKind(k); err != nil {
			return err
		}
	}
	return nil
}

// cases are those of callers in front of two documents, one on each side, beside whatever other
// policies. A nil document allows nothing.
func cases(k policy.Kind, updated, existing *policy.Document) ([]*callerCase, error) {
	documents := []*policy.Document{updated, existing}
	switch k {
	case policy.IdentityBased, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControl, policy.ResourceControl:
		return agreeing(attachedCases(k, [][]*policy.Document{attached(updated), attached(existing)}), documents), nil
	}
	return casesAlone(k, documents...)
}

// casesAlone are those of callers in front of documents, one on each side, that decide alone: what
// else there is allows everything. The layers of a side are the document's Allows, by [levelsOf],
// and then others; its Denies follow those of [serviceRulesOf],
// and of bucketPolicies. Counterexamples are about the first two.
func casesAlone(k policy.Kind, documents ...*policy.Document) ([]*callerCase, error) {
	switch k {
	case policy.IdentityBased, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControl, policy.ResourceControl:
		sides := make([][]*policy.Document, len(documents))
		for i, d := range documents {
			sides[i] = attached(d)
		}
		list := []*callerCase{identityCase(k, sides)}
		if k == policy.ResourceControl {
			list = append(list, tokenCase(sides))
		}
		return agreeing(list, documents), nil
	case policy.ResourceBased, policy.RoleTrust, policy.VPCEndpoint:
		return agreeing(principalCases(k, documents), documents), nil
	}
	return nil, errKind{k, "can be compared"}
}

// agreeing are the cases with the account of a resource as its ARN has it.
func agreeing(list []*callerCase, documents []*policy.Document) []*callerCase {
	for _, one := range list {
		one.ofResourceAccount(documents)
	}
	return list
}

// errKind is the error of a kind of policy that a question does not fit.
type errKind struct {
	kind policy.Kind
	what string
}

func (e errKind) Error() string { return fmt.Sprintf("check: no policy of kind %s %s", e.kind, e.what) }

// A callerCase is one kind of caller in front of both sides.
type callerCase struct {
	sides  func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) // the first holds, the others lack; and what always is
	worlds func(c *compiler, m *symbolic.Model) []*world
	fixed  bool // worlds does not depend on the model
	// anybody is the kind of documents that name no principals: the caller of the worlds is an example.
	anybody policy.Kind
	owned   bool // worlds say whether the resource is in the caller's account
	agrees  bool // aws:ResourceAccount is the account of the resource's ARN
	// keeps are the keys that every request of the caller has and that documents speak of: a
	// counterexample without them would be none.
	keeps []string
	// nonempty says that there are such requests, so that what always is must be possible.
	nonempty bool
	kind     policy.PrincipalKind // of the caller
	assumed  bool                 // worlds assume what is not known, so that a difference is none for certain
}

// attached is a document by itself; nil: none.
func attached(d *policy.Document) []*policy.Document {
	if d == nil {
		return nil
	}
	return []*policy.Document{d}
}

// identityCase is a user whose own policies, boundary or control policies are compared: on each
// side those that are attached to one place. No documents allow nothing.
func identityCase(k policy.Kind, documents [][]*policy.Document) *callerCase {
	var worlds []*world
	for _, d := range documents[:2] {
		w := &world{caller: attachedRequest(k)}
		w.layers = spec.Layers{Identity: []*policy.Document{allowAll}, ResourcePolicy: accountGrant, BucketABAC: true}
		if len(d) == 1 {
			w.alone = decider{d[0], k}
		}
		switch {
		case d == nil:
			w.layers.Identity = nil
		case k == policy.IdentityBased:
			w.layers.Identity = d
		case k == policy.PermissionsBoundary:
			w.layers.Boundary = d
		case k == policy.SessionPolicy:
			w.layers.Session = d
		case k == policy.ServiceControl:
			w.layers.SCPs = [][]*policy.Document{d}
		case k == policy.ResourceControl:
			w.layers.RCPs = [][]*policy.Document{d}
		}
		worlds = append(worlds, w)
	}
	return &callerCase{
		worlds: func(*compiler, *symbolic.Model) []*world { return worlds }, fixed: true, anybody: k, kind: worlds[0].caller.Principal.Kind(),
		sides: func(c *compiler) (sides []*symbolic.Side, require *symbolic.Formula, err error) {
			reached := c.problem.Free()
			for _, d := range documents {
				b := newSide(c)
				b.serviceRules(worlds[0].caller.Principal.Kind())
				layer := 0
				switch {
				case d == nil:
					layer = b.layer()
				case k == policy.ResourceControl:
					// R-RCP-1: the full-access RCP is at every level, so only Denies count, and
					// only where RCPs apply.
					b.resourceControl([][]*policy.Document{d}, reached)
					layer = b.layer(symbolic.Statement{})
				default:
					layer = b.documents(k, d...)
				}
				b.Grant = func(layers []*symbolic.Formula) *symbolic.Formula { return layers[layer] }
				sides = append(sides, b.Side)
				err = cmp.Or(err, b.err)
			}
			return sides, symbolic.True(), err
		},
	}
}

// supported and unsupported are the services that RCPs reach and do not reach, as patterns of
// actions. A service that is not known may be reached.
var (
	supported   = sync.OnceValue(func() []string { return services(true) })
	unsupported = sync.OnceValue(func() []string { return services(false) })
)

// exempt is what no RCP speaks of though its service is reached (R-RCP-4).
var exempt = []string{"kms:retiregrant"}

func services(reached bool) (out []string) {
	for s := range serviceref.Embedded().Services() {
		if supports, known := serviceref.Embedded().SupportsRCP(s.Prefix); known && supports == reached {
			out = append(out, lower(s.Prefix)+":*")
		}
	}
	return out
}
