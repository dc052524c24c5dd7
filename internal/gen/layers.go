package gen

import (
	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/policy"
)

// Layers draws the layers of one request.
func Layers(t *rapid.T) spec.Layers {
	l := spec.Layers{
		Identity: documents(t, policy.IdentityBased, "identity", 0, 2),
		SCPs:     levels(t, policy.ServiceControl, "scps", true),
		RCPs:     levels(t, policy.ResourceControl, "rcps", false),
	}
	if chance(t, "allow all", 30) {
		l.Identity = append(l.Identity, allowAll)
	}
	if chance(t, "boundary", 30) {
		l.Boundary = documents(t, policy.PermissionsBoundary, "boundary", 1, 2)
	}
	if chance(t, "resource policy", 70) {
		l.ResourcePolicy = Document(t, policy.ResourceBased)
	}
	for range rapid.IntRange(0, 9).Draw(t, "endpoints") / 8 {
		e := spec.Endpoint{Gateway: chance(t, "gateway", 50)}
		if chance(t, "endpoint policy", 80) {
			e.Policy = Document(t, policy.VPCEndpoint)
		}
		l.Endpoints = append(l.Endpoints, e)
	}
	l.ManagementAccount = pick(t, "management", "", "", "", Home, Other)
	l.BlockPublicAccess = chance(t, "block public access", 30)
	l.AWSManagedKey = chance(t, "aws managed key", 10)
	l.BucketABAC = chance(t, "abac", 50)
	return l
}

var allowAll = policy.Must(policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)))

func documents(t *rapid.T, k policy.Kind, label string, least, most int) []*policy.Document {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) *policy.Document { return Document(t, k) }), least, most).Draw(t, label)
}

// levels draws a path; most levels allow everything besides what they draw.
func levels(t *rapid.T, k policy.Kind, label string, full bool) [][]*policy.Document {
	var out [][]*policy.Document
	for range rapid.IntRange(0, 3).Draw(t, label) {
		docs := documents(t, k, "level", 0, 1)
		if full && !chance(t, "no full access", 15) {
			docs = append(docs, allowAll)
		}
		out = append(out, docs)
	}
	return out
}

// Request draws a request for [Layers].
func Request(t *rapid.T) spec.Request {
	a, resource := Target(t)
	r := spec.Request{Principal: Caller(t), Action: a, Resource: resource, Context: Context(t)}
	if chance(t, "multivalued", 10) {
		r.Multivalued = []string{"aws:PrincipalTag/team"}
	}
	if chance(t, "owner", 15) {
		r.ResourceAccount = pick(t, "resource account", Home, Other)
	}
	r.WildcardOnly = resource == "*" && chance(t, "wildcard only", 50)
	if chance(t, "object owner", 10) {
		r.ObjectOwner = pick(t, "object owner", Home, Other)
	}
	if chance(t, "canonical", 40) {
		r.CanonicalID = pick(t, "canonical", "canon-home", "canon-other")
	}
	switch r.Principal.Kind() {
	case policy.RoleSession:
		if chance(t, "role ARN", 60) {
			r.RoleARN = map[string]policy.ARN{"app": policy.MustParseARN(App), "deep": policy.MustParseARN(Deep), "linked": policy.MustParseARN(Linked), "audit": policy.MustParseARN(Audit)}[r.Principal.Name()]
		}
		r.PrincipalID = pick(t, "id", "", "AROAAPP", "AROAOTHER")
	case policy.Role:
		r.PrincipalID = pick(t, "id", "", "AROAAPP")
	case policy.User:
		r.PrincipalID = pick(t, "id", "", "AIDAANA")
	case policy.FederatedUser:
		if chance(t, "issuer", 70) {
			r.IssuingUser = policy.MustParseARN(Ana)
		}
	}
	if chance(t, "session", 25) {
		r.SessionPolicies = documents(t, policy.SessionPolicy, "session policies", 1, 2)
	}
	return r
}
