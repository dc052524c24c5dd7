package simulate

import (
	"errors"
	"fmt"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/policy"
)

// Layers are the policies that bear on a request, given one by one instead of found in an
// organization. An absent layer limits nothing; a layer that is present but empty allows
// nothing.
type Layers struct {
	Identity []*policy.Document // of the user and its groups, or of the role
	Boundary []*policy.Document // permissions boundary, a union; none: no boundary
	// ServiceControl and ResourceControl hold the SCPs of the principal's account and the
	// RCPs of the resource's account: one list for each level, root first, account last.
	// No level: the layer does not apply. An SCP level without a policy allows nothing;
	// every RCP level has the full-access RCP that AWS attaches.
	ServiceControl, ResourceControl [][]*policy.Document
	Resource                        *policy.Document // bucket, queue, key, trust, … policy; nil: none
	Endpoints                       []EndpointPolicy // of each VPC endpoint on the way
	ManagementAccount               string           // exempt from SCPs and RCPs; "": none is
	ResourceAccount                 string           // owner of the resource; "": the ARN's account, else the principal's
	ObjectOwner                     string           // owner of an S3 object; "": the bucket's owner
	CanonicalID                     string           // canonical user ID of the principal's account; "": unknown
	BlockPublicAccess               bool             // RestrictPublicBuckets is on
	BucketABAC                      bool             // tags of the bucket are in the request context
	AWSManagedKey                   bool             // the resource is an AWS managed KMS key
	WildcardOnly                    bool             // the action has no resource types: RCPs are those of the caller's account
	// GivenKeysOnly says that no condition key is derived from principal and resource:
	// only those in the request count.
	GivenKeysOnly bool
}

// An EndpointPolicy is the policy of a VPC endpoint.
type EndpointPolicy struct {
	Gateway bool             // a gateway endpoint (S3, DynamoDB)
	Policy  *policy.Document // nil: the default policy, which allows everything
}

// CompileCustom makes an environment in which any principal holds the identity policies,
// as in the SimulateCustomPolicy API: no organization, no boundary, no resource policy.
func CompileCustom(identity ...*policy.Document) (*Environment, error) {
	return CompileLayers(Layers{Identity: identity})
}

// CompileLayers makes an environment in which every request meets the same layers. The
// error joins [policy.ParseErrors] of documents that could not be in force where they are
// given.
func CompileLayers(l Layers, opts ...Option) (*Environment, error) {
	e := newEnvironment(opts)
	e.custom = &l
	e.derive = !l.GivenKeysOnly
	c := layerCompiler{env: e}
	p := &principalEntry{principalClass: &principalClass{account: &accountEntry{}, boundary: &layer{}, tagGap: "principal"}}
	p.identity.list = c.documents(policy.IdentityBased, "identityPolicies", l.Identity)
	e.merge(&p.identity)
	p.boundary.list = c.documents(policy.PermissionsBoundary, "boundary", l.Boundary)
	e.merge(p.boundary)
	if len(l.Boundary) > 0 {
		p.hasBoundary = engine.Yes
	}
	p.account.scps = c.levels(policy.ServiceControl, "scps", l.ServiceControl)
	p.account.rcps = c.levels(policy.ResourceControl, "rcps", l.ResourceControl)
	e.layers = p
	e.target = &resourceEntry{account: p.account, owner: l.ObjectOwner, blockPublic: l.BlockPublicAccess, awsManaged: l.AWSManagedKey, tags: engine.Unknown}
	if l.Resource != nil {
		e.target.policy.list = c.documents(policy.ResourceBased, "resourcePolicy", []*policy.Document{l.Resource})
	}
	for i, ep := range l.Endpoints {
		entry := &endpointEntry{id: fmt.Sprintf("endpointPolicies[%d]", i)}
		if ep.Policy != nil {
			c.gateway = ep.Gateway
			entry.policy.list = c.documents(policy.VPCEndpoint, "endpointPolicies", []*policy.Document{ep.Policy})
			entry.policy.list[0].name = entry.id
		}
		e.services = append(e.services, entry)
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	e.number, e.compiler = nil, nil
	return e, nil
}

type layerCompiler struct {
	env     *Environment
	gateway bool
	node    string // level of the SCPs or RCPs
	errs    []error
}

func (c *layerCompiler) documents(k policy.Kind, name string, docs []*policy.Document) []*attachment {
	out := make([]*attachment, 0, len(docs))
	for i, d := range docs {
		where := fmt.Sprintf("%s[%d]", name, i)
		if k == policy.ResourceBased {
			where = name
		}
		if d == nil {
			c.errs = append(c.errs, fmt.Errorf("%s: no document", where))
			continue
		}
		if err := d.CheckKind(k); err != nil {
			if d.File() == "" {
				err = fmt.Errorf("%s: %w", where, err)
			}
			c.errs = append(c.errs, err)
			continue
		}
		ref := PolicyRef{Kind: k, Name: where, Node: c.node, NodeName: c.node, Document: d}
		out = append(out, c.env.attach(ref, engine.Options{Gateway: c.gateway}))
	}
	return out
}

func (c *layerCompiler) levels(k policy.Kind, name string, levels [][]*policy.Document) []level {
	var out []level
	for i, docs := range levels {
		where := fmt.Sprintf("%s[%d]", name, i)
		l := level{node: where, name: where}
		c.node = where
		l.list = c.documents(k, where, docs)
		c.env.merge(&l.layer)
		out = append(out, l)
	}
	c.node = ""
	return out
}

func (w *world) customCaller() {
	e, c := w.env, &w.view.Caller
	w.who = e.layers
	c.Canonical = e.custom.CanonicalID
	if c.Account != "" {
		w.account, w.scps = e.layers.account, e.layers.account.scps
	}
	if w.hasIdentity {
		w.identity, w.boundary, c.HasBoundary = &e.layers.identity, e.layers.boundary, e.layers.hasBoundary
	}
}

func (w *world) customResource() {
	e := w.env
	w.target, w.resource, w.rcps = e.target, &e.target.policy, e.target.account.rcps
	if e.custom.ResourceAccount != "" {
		w.owner = e.custom.ResourceAccount
	}
	w.view.ResourceTags = engine.Unknown
}
