package gen

import (
	"strings"

	"pgregory.net/rapid"

	"github.com/licit-dev/licit/internal/spec"
	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// Organization draws an organization of three accounts: Home two OUs deep, Other below the
// first of them, and the management account below the root.
func Organization(t *rapid.T) org.Spec {
	b := builder{t: t}
	s := org.Spec{ID: "o-a1b2c3d4e5", ManagementAccount: Management}
	if chance(t, "scps", 80) {
		s.Root.PolicyTypes = append(s.Root.PolicyTypes, policy.ServiceControl)
		b.add("p-allow", policy.ServiceControl)
		b.add("p-deny", policy.ServiceControl)
	}
	if chance(t, "rcps", 60) {
		s.Root.PolicyTypes = append(s.Root.PolicyTypes, policy.ResourceControl)
		b.add("p-rcp", policy.ResourceControl)
	}
	s.ControlPolicies = b.control
	inner := org.OU{ID: "ou-b", Name: "Prod", Attached: b.attached(), Accounts: []string{Home}}
	outer := org.OU{ID: "ou-a", Name: "Workloads", Attached: b.attached(), OUs: []org.OU{inner}, Accounts: []string{Other}}
	s.Root.ID, s.Root.Attached = "r-1", b.attached()
	s.Root.OUs, s.Root.Accounts = []org.OU{outer}, []string{Management}
	s.Accounts = []org.Account{b.home(), b.other(), {ID: Management, Attached: b.attached()}}
	return s
}

type builder struct {
	t       *rapid.T
	control []org.ControlPolicy
}

func (b *builder) add(id string, k policy.Kind) {
	b.control = append(b.control, org.ControlPolicy{ID: id, Name: id, Kind: k, Document: Document(b.t, k)})
}

func (b *builder) attached() []string {
	var out []string
	for _, p := range b.control {
		if chance(b.t, p.ID, 25) {
			out = append(out, p.ID)
		}
	}
	if len(b.control) > 0 && b.control[0].Kind == policy.ServiceControl && !chance(b.t, "no full access", 8) {
		out = append(out, org.FullAWSAccess)
	}
	return out
}

func (b *builder) inline(k policy.Kind) []org.InlinePolicy {
	var out []org.InlinePolicy
	for i, d := range documents(b.t, k, "inline", 0, 2) {
		out = append(out, org.InlinePolicy{Name: string(rune('a' + i)), Document: d})
	}
	if chance(b.t, "allow all", 30) {
		out = append(out, org.InlinePolicy{Name: "all", Document: allowAll})
	}
	return out
}

func (b *builder) tags() map[string]string {
	if chance(b.t, "tags", 50) {
		return nil
	}
	return map[string]string{"team": pick(b.t, "tag", "ana", "data", "Data", "")}
}

func (b *builder) boundary(account string) policy.ARN {
	if chance(b.t, "boundary", 75) {
		return policy.ARN{}
	}
	return policy.MustParseARN("arn:aws:iam::" + account + ":policy/boundary")
}

func (b *builder) policies(account string) []org.ManagedPolicy {
	return []org.ManagedPolicy{
		{ARN: policy.MustParseARN("arn:aws:iam::" + account + ":policy/boundary"), Document: Document(b.t, policy.PermissionsBoundary)},
		{ARN: policy.MustParseARN("arn:aws:iam::" + account + ":policy/shared"), Document: Document(b.t, policy.IdentityBased)},
	}
}

func (b *builder) managed(account string) []policy.ARN {
	if chance(b.t, "managed", 50) {
		return nil
	}
	return []policy.ARN{policy.MustParseARN("arn:aws:iam::" + account + ":policy/shared")}
}

func (b *builder) role(arn, account, id string) org.Role {
	return org.Role{
		ARN: policy.MustParseARN(arn), ID: id, Trust: Document(b.t, policy.RoleTrust), Attached: b.managed(account),
		Inline: b.inline(policy.IdentityBased), Boundary: b.boundary(account), Tags: b.tags(),
	}
}

func (b *builder) user(arn, account, id string, groups ...string) org.User {
	return org.User{
		ARN: policy.MustParseARN(arn), ID: id, Groups: groups, Attached: b.managed(account),
		Inline: b.inline(policy.IdentityBased), Boundary: b.boundary(account), Tags: b.tags(),
	}
}

func (b *builder) resource(arn string, k policy.Kind) org.Resource {
	r := org.Resource{AWSManaged: strings.Contains(arn, ":kms:") && chance(b.t, "aws managed", 10), ARN: policy.MustParseARN(arn), Tags: b.tags(), ABAC: chance(b.t, "abac", 50), BlockPublicAccess: chance(b.t, "block public access", 25)}
	if chance(b.t, "policy", 75) {
		r.Policy = Document(b.t, k)
	}
	return r
}

func (b *builder) home() org.Account {
	a := org.Account{
		ID: Home, CanonicalID: "canon-home", Attached: b.attached(), Policies: b.policies(Home),
		Users:  []org.User{b.user(Ana, Home, "AIDAANA", "team")},
		Groups: []org.Group{{ARN: policy.MustParseARN("arn:aws:iam::" + Home + ":group/team"), Inline: b.inline(policy.IdentityBased)}},
		Roles:  []org.Role{b.role(App, Home, "AROAAPP"), b.role(Deep, Home, ""), b.role(Linked, Home, "AROALINKED")},
		Resources: []org.Resource{
			b.resource("arn:aws:s3:::logs", policy.ResourceBased),
			b.resource("arn:aws:sqs:eu-west-1:111122223333:orders", policy.ResourceBased),
			b.resource("arn:aws:kms:eu-west-1:111122223333:key/k1", policy.ResourceBased),
		},
		BlockPublicAccess: chance(b.t, "account blocks", 10),
	}
	if chance(b.t, "object owner", 20) {
		a.Resources = append(a.Resources, org.Resource{ARN: policy.MustParseARN("arn:aws:s3:::logs/a"), Owner: Other})
	}
	if chance(b.t, "endpoint", 30) {
		a.Endpoints = []org.Endpoint{{
			ID: "vpce-1", VPC: "vpc-1", Service: pick(b.t, "endpoint service", "", "s3", "sqs"),
			Gateway: chance(b.t, "gateway", 50), Policy: Document(b.t, policy.VPCEndpoint),
		}}
	}
	return a
}

func (b *builder) other() org.Account {
	return org.Account{
		ID: Other, CanonicalID: "canon-other", Attached: b.attached(), Policies: b.policies(Other),
		Users: []org.User{b.user(Bruno, Other, "")},
		Roles: []org.Role{b.role(Audit, Other, "AROAAUDIT")},
		Resources: []org.Resource{
			b.resource("arn:aws:s3:::orders", policy.ResourceBased),
			b.resource("arn:aws:kms:eu-west-1:444455556666:key/k2", policy.ResourceBased),
		},
	}
}

// OrgRequest draws a request for [Organization].
func OrgRequest(t *rapid.T) spec.Request {
	a, resource := Target(t)
	r := spec.Request{Principal: Caller(t), Action: a, Resource: resource, Context: Context(t)}
	for _, name := range []string{"aws:PrincipalTag/team", "aws:ResourceTag/team", "aws:username", "aws:PrincipalArn", "aws:RequestedRegion", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SecureTransport"} {
		if !chance(t, "override", 20) { // mostly what the model derives
			delete(r.Context, name)
		}
	}
	if chance(t, "endpoint", 15) {
		r.Context["aws:SourceVpce"] = []string{pick(t, "vpce", "vpce-1", "vpce-2")}
	}
	if r.Principal.Kind() == policy.FederatedUser {
		r.IssuingUser = policy.MustParseARN(Ana)
	}
	if chance(t, "session", 15) {
		r.SessionPolicies = documents(t, policy.SessionPolicy, "session policies", 1, 2)
	}
	return r
}
