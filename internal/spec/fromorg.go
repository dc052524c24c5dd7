package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// DecideOrg is [FromOrg] and then [Decide].
func DecideOrg(s org.Spec, r Request) (Outcome, error) {
	l, r, err := FromOrg(s, r)
	if err != nil {
		return ImplicitDeny, err
	}
	return Decide(l, r), nil
}

// FromOrg finds the layers of a request in an organization, and completes the request
// with what the organization says of its principal and resource. Whatever it would have
// to guess is an error: a principal, account or document that is not in the Spec, and any
// gap.
func FromOrg(s org.Spec, r Request) (Layers, Request, error) {
	fail := func(err error) (Layers, Request, error) { return Layers{}, r, err }
	if err := r.check(); err != nil {
		return fail(err)
	}
	if len(s.Gaps) > 0 {
		return fail(errors.New("spec: the organization has gaps"))
	}
	l := Layers{Session: r.SessionPolicies, ManagementAccount: s.ManagementAccount}
	who, err := findPrincipal(s, &r)
	if err != nil {
		return fail(err)
	}
	l.Identity, l.Boundary = who.identity, who.boundary
	what, err := findResource(s, &r)
	if err != nil {
		return fail(err)
	}
	l.ResourcePolicy, l.BlockPublicAccess, l.AWSManagedKey = what.policy, what.blockPublicAccess, what.awsManagedKey
	l.BucketABAC = true // tags are derived only with ABAC; those that the caller gives count
	if l.SCPs, err = controlPolicies(s, r.Principal.AccountID(), policy.ServiceControl); err != nil {
		return fail(err)
	}
	// R-SCP-4 and R-RCP-1: the path of the principal's account, and of the resource's.
	rcpAccount := r.ResourceAccount
	if r.WildcardOnly {
		rcpAccount = r.Principal.AccountID() // R-RCP-6
	}
	if l.RCPs, err = controlPolicies(s, rcpAccount, policy.ResourceControl); err != nil {
		return fail(err)
	}
	if id := endpointOf(r); id != "" && !listsEndpoint(s, id) {
		return fail(fmt.Errorf("spec: endpoint %q is not in the organization's data", id))
	}
	endpoint, known := findEndpoint(s, r)
	if known {
		l.Endpoints = []Endpoint{{Gateway: endpoint.Gateway, Policy: endpoint.Policy}}
	}
	r.Context = mergeContext(derivedContext(s, r, who, what, endpoint), r.Context)
	r.Multivalued = append(slices.Clone(r.Multivalued), "aws:PrincipalOrgPaths", "aws:ResourceOrgPaths")
	if err := checkNames(r.Context); err != nil {
		return fail(err)
	}
	return l, r, nil
}

// mergeContext implements the first sentence of §13: keys that the caller passes override
// derived ones. A key passed without values is absent.
func mergeContext(derived, given map[string][]string) map[string][]string {
	out := map[string][]string{}
	for name, values := range derived {
		overridden := false
		for other := range given {
			overridden = overridden || equalKey(name, other)
		}
		if !overridden {
			out[name] = values
		}
	}
	for name, values := range given {
		out[name] = values
	}
	return out
}

func findAccount(s org.Spec, id string) (org.Account, error) {
	for _, a := range s.Accounts {
		if a.ID == id {
			return a, nil
		}
	}
	return org.Account{}, fmt.Errorf("spec: account %q is not in the organization's data", id)
}

// A caller is what an organization knows of a principal.
type caller struct {
	identity, boundary []*policy.Document
	tags               map[string]string
	uniqueID           string // of the user or role
}

// findPrincipal finds the principal's policies (R-LAY-2), and completes the request with
// its role's ARN, unique ID and canonical ID where the caller gives none.
//
// R-PRI-7 Choice: a federated-user session has the policies, boundary and tags of its
// issuing user; without an issuing user that the Spec lists there is no answer.
func findPrincipal(s org.Spec, r *Request) (caller, error) {
	if !isIAMPrincipal(r.Principal) {
		return caller{}, nil // R-LAY-3
	}
	a, err := findAccount(s, r.Principal.AccountID())
	if err != nil {
		return caller{}, err
	}
	if r.CanonicalID == "" {
		r.CanonicalID = a.CanonicalID
	}
	var c caller
	switch r.Principal.Kind() {
	case policy.User:
		c, err = userCaller(a, r.Principal.ARN())
	case policy.FederatedUser:
		c, err = userCaller(a, r.IssuingUser)
		c.uniqueID = ""
	case policy.RoleSession, policy.Role:
		c, err = roleCaller(a, r)
	}
	if r.PrincipalID == "" {
		r.PrincipalID = c.uniqueID
	}
	return c, err
}

func userCaller(a org.Account, arn policy.ARN) (caller, error) {
	for _, u := range a.Users {
		if u.ARN != arn {
			continue
		}
		docs, err := attachedPolicies(a, u.Inline, u.Attached)
		if err != nil {
			return caller{}, err
		}
		for _, name := range u.Groups {
			more, err := groupPolicies(a, name)
			if err != nil {
				return caller{}, err
			}
			docs = append(docs, more...)
		}
		boundary, err := boundaryPolicies(a, u.Boundary)
		return caller{docs, boundary, u.Tags, u.ID}, err
	}
	return caller{}, fmt.Errorf("spec: user %q is not in account %s", arn, a.ID)
}

// roleCaller finds the role behind a session: by its ARN if that is known, otherwise by
// its name, which is unique in an account.
func roleCaller(a org.Account, r *Request) (caller, error) {
	if r.RoleARN.IsValid() && policy.PrincipalFromARN(r.RoleARN).Name() != r.Principal.Name() {
		return caller{}, fmt.Errorf("spec: %q is not the role of %q", r.RoleARN, r.Principal)
	}
	for _, role := range a.Roles {
		switch {
		case r.Principal.Kind() == policy.Role:
			if role.ARN != r.Principal.ARN() {
				continue
			}
		case r.RoleARN.IsValid():
			if role.ARN != r.RoleARN {
				continue
			}
		default:
			p := policy.PrincipalFromARN(role.ARN)
			if p.Name() != r.Principal.Name() || role.ARN.Partition() != r.Principal.ARN().Partition() {
				continue
			}
		}
		docs, err := attachedPolicies(a, role.Inline, role.Attached)
		if err != nil {
			return caller{}, err
		}
		boundary, err := boundaryPolicies(a, role.Boundary)
		r.RoleARN = role.ARN
		return caller{docs, boundary, role.Tags, role.ID}, err
	}
	return caller{}, fmt.Errorf("spec: the role of %q is not in account %s", r.Principal, a.ID)
}

func groupPolicies(a org.Account, name string) ([]*policy.Document, error) {
	for _, g := range a.Groups {
		resource := g.ARN.Resource()
		if resource[strings.LastIndex(resource, "/")+1:] == name {
			return attachedPolicies(a, g.Inline, g.Attached)
		}
	}
	return nil, fmt.Errorf("spec: group %q is not in account %s", name, a.ID)
}

func attachedPolicies(a org.Account, inline []org.InlinePolicy, attached []policy.ARN) ([]*policy.Document, error) {
	var docs []*policy.Document
	for _, p := range inline {
		if p.Document == nil {
			return nil, fmt.Errorf("spec: inline policy %q has no document", p.Name)
		}
		docs = append(docs, p.Document)
	}
	for _, arn := range attached {
		d, err := managedPolicy(a, arn)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

func boundaryPolicies(a org.Account, arn policy.ARN) ([]*policy.Document, error) {
	if !arn.IsValid() {
		return nil, nil
	}
	d, err := managedPolicy(a, arn)
	return []*policy.Document{d}, err
}

func managedPolicy(a org.Account, arn policy.ARN) (*policy.Document, error) {
	for _, p := range a.Policies {
		if p.ARN == arn && p.Document != nil {
			return p.Document, nil
		}
	}
	if d, ok := awsManagedPolicy(arn); ok {
		return d, nil
	}
	return nil, fmt.Errorf("spec: the document of policy %q is not in account %s", arn, a.ID)
}

// A node is one step of the path from the root to an account.
type node struct {
	id       string
	attached []string
}

// pathTo is the path of an account, itself last; ok is false outside the organization.
func pathTo(s org.Spec, account string) (path []node, ok bool) {
	root := node{s.Root.ID, s.Root.Attached}
	below, ok := pathBelow(s, account, s.Root.Accounts, s.Root.OUs)
	return append([]node{root}, below...), ok
}

func pathBelow(s org.Spec, account string, accounts []string, ous []org.OU) ([]node, bool) {
	if slices.Contains(accounts, account) {
		a, _ := findAccount(s, account)
		return []node{{account, a.Attached}}, true
	}
	for _, ou := range ous {
		if below, ok := pathBelow(s, account, ou.Accounts, ou.OUs); ok {
			return append([]node{{ou.ID, ou.Attached}}, below...), true
		}
	}
	return nil, false
}

// controlPolicies lists what is attached along the path, level by level (R-SCP-1). A type
// of policy that is not enabled, and an account outside the organization, have no path
// (R-SCP-3).
func controlPolicies(s org.Spec, account string, kind policy.Kind) ([][]*policy.Document, error) {
	path, ok := pathTo(s, account)
	if !ok || !slices.Contains(s.Root.PolicyTypes, kind) {
		return nil, nil
	}
	var levels [][]*policy.Document
	for _, n := range path {
		var docs []*policy.Document
		for _, id := range n.attached {
			p, err := controlPolicy(s, id)
			if err != nil {
				return nil, err
			}
			if p.Kind == kind {
				docs = append(docs, p.Document)
			}
		}
		levels = append(levels, docs)
	}
	return levels, nil
}

func controlPolicy(s org.Spec, id string) (org.ControlPolicy, error) {
	for _, p := range s.ControlPolicies {
		if p.ID == id && p.Document != nil {
			return p, nil
		}
	}
	everything := policy.Statement{Effect: policy.Allow, Action: policy.List("*"), Resource: policy.List("*")}
	kind := policy.ServiceControl
	switch id {
	case org.FullAWSAccess:
	case org.RCPFullAWSAccess:
		kind, everything.Principal = policy.ResourceControl, policy.Everyone()
	default:
		return org.ControlPolicy{}, fmt.Errorf("spec: the document of control policy %q is not in the organization", id)
	}
	return org.ControlPolicy{ID: id, Kind: kind, Document: policy.Must(policy.NewDocument(everything))}, nil
}
