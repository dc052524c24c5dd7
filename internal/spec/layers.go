package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// A verdict is what a layer says: some Deny matched; it allows, or does not apply.
type verdict struct{ denied, allowed bool }

// documents implements R-LAY-1 for a set of documents without principals.
func (e *evaluation) documents(kind policy.Kind, docs []*policy.Document) verdict {
	var v verdict
	for _, d := range docs {
		if d == nil {
			continue
		}
		for _, s := range d.Statements() {
			if !e.statementMatches(kind, d.Version(), s) {
				continue
			}
			v.denied = v.denied || s.Effect == policy.Deny
			v.allowed = v.allowed || s.Effect == policy.Allow
		}
	}
	return v
}

// identityLayer implements R-LAY-2; R-LAY-3 for services and anonymous callers; R-ROOT-1
// and R-ROOT-3 for root.
func (e *evaluation) identityLayer() verdict {
	switch {
	case !isIAMPrincipal(e.request.Principal):
		return verdict{}
	case e.request.Principal.Kind() == policy.Root:
		return verdict{allowed: true}
	}
	return e.documents(policy.IdentityBased, e.layers.Identity)
}

// boundaryLayer implements R-BND-1; an empty list is no boundary (§1).
func (e *evaluation) boundaryLayer() verdict {
	p := e.request.Principal
	if !isIAMPrincipal(p) || p.Kind() == policy.Root || len(e.layers.Boundary) == 0 {
		return verdict{allowed: true}
	}
	return e.documents(policy.PermissionsBoundary, e.layers.Boundary)
}

// sessionLayer implements R-SES-1, R-SES-2 and R-SES-3.
//
// R-ROOT-4 Choice: root has no session policy of its own (R-ROOT-1), but the task policy of
// an sts:AssumeRoot session is passed as one, and limits it.
//
// R-SES-2 Choice: an absent session policy of a federated-user session allows nothing,
// in the test of R-GRT-3 too (the same-account table says so).
func (e *evaluation) sessionLayer() verdict {
	p := e.request.Principal
	switch {
	case !isIAMPrincipal(p):
		return verdict{allowed: true}
	case len(e.layers.Session) == 0:
		return verdict{allowed: p.Kind() != policy.FederatedUser}
	}
	return e.documents(policy.SessionPolicy, e.layers.Session)
}

// levels implements R-SCP-1 and R-SCP-2 over a path; R-SCP-3: an empty level allows
// nothing, no path at all is no layer.
func (e *evaluation) levels(kind policy.Kind, path [][]*policy.Document) verdict {
	v := verdict{allowed: true}
	for _, docs := range path {
		at := e.documents(kind, docs)
		v.denied = v.denied || at.denied
		v.allowed = v.allowed && at.allowed
	}
	return v
}

// scpLayer implements R-SCP-5 and R-SCP-6; R-LAY-3.
func (e *evaluation) scpLayer() verdict {
	p := e.request.Principal
	switch {
	case !isIAMPrincipal(p), e.isManagement(p.AccountID()), isServiceLinkedRole(e.request):
		return verdict{allowed: true}
	}
	return e.levels(policy.ServiceControl, e.layers.SCPs)
}

func (e *evaluation) isManagement(account string) bool {
	return account != "" && account == e.layers.ManagementAccount
}

// rcpLayer implements R-RCP-1 to R-RCP-6.
//
// R-RCP-3 Choice: the service is that of the action: sts:AssumeRole on a role of iam is
// reached by RCPs because sts is supported.
//
// R-RCP-2 Choice: nothing in a request tells that a KMS key is AWS-managed; the layers say
// so.
//
// R-RCP-5: the Principal element is not looked at.
func (e *evaluation) rcpLayer() verdict {
	r := e.request
	account := e.account
	if r.WildcardOnly {
		account = r.Principal.AccountID() // R-RCP-6
	}
	supports, _ := supportsRCP(e.layers.Facts, r.Action.Service())
	switch {
	case !supports,
		e.isManagement(account),
		isServiceLinkedRole(r),
		isRoleAction(r.Action) && isServiceLinkedTarget(r.Resource),
		e.layers.AWSManagedKey && serviceIs(r.Action, "kms"),
		actionIs(r.Action, "kms:RetireGrant"):
		return verdict{allowed: true}
	}
	v := e.levels(policy.ResourceControl, e.layers.RCPs)
	v.allowed = true // R-RCP-1: RCPFullAWSAccess is at every level
	return v
}

func isServiceLinkedTarget(resource string) bool {
	parts, ok := splitARN(resource)
	return ok && parts[2] == "iam" && strings.HasPrefix(parts[5], "role/aws-service-role/")
}

// endpointLayer implements R-SPC-8: each endpoint must allow, and no policy is the
// default one.
func (e *evaluation) endpointLayer() verdict {
	v := verdict{allowed: true}
	for _, endpoint := range e.layers.Endpoints {
		if endpoint.Policy == nil {
			continue
		}
		allowed := false
		for _, s := range endpoint.Policy.Statements() {
			if !e.endpointMatches(endpoint.Gateway, s) ||
				!e.statementMatches(policy.VPCEndpoint, endpoint.Policy.Version(), s) {
				continue
			}
			v.denied = v.denied || s.Effect == policy.Deny
			allowed = allowed || s.Effect == policy.Allow
		}
		v.allowed = v.allowed && allowed
	}
	return v
}

// A resourceVerdict is what the resource policy says: a Deny matched, and the levels of
// the Allow statements that did (RP in §10).
type resourceVerdict struct {
	denied  bool
	granted map[level]bool
}

// resourcePolicyLayer implements R-LAY-1 with principals; R-SPC-10: Allows do not reach
// objects of another owner, Denies do; and R-ROOT-5.
func (e *evaluation) resourcePolicyLayer() resourceVerdict {
	v := resourceVerdict{granted: map[level]bool{}}
	d := e.layers.ResourcePolicy
	if d == nil {
		return v
	}
	for _, s := range d.Statements() {
		at := e.principalLevel(s)
		if at == none || !e.statementMatches(policy.ResourceBased, d.Version(), s) {
			continue
		}
		switch {
		case s.Effect == policy.Deny:
			v.denied = v.denied || !e.unlocksBucket()
		case s.Effect == policy.Allow && !e.isForeignObject():
			v.granted[at] = true
		}
	}
	return v
}
