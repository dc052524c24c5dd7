package fakeaws

import (
	"crypto/sha256"
	"encoding/base32"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

func registerIAM(s *Server) {
	handle(s, "iam", "GetAccountAuthorizationDetails", authorizationDetails)
	handle(s, "iam", "ListRoles", listRoles)
	handle(s, "iam", "GetRole", getRole)
	handle(s, "iam", "ListSAMLProviders", listSAMLProviders)
	handle(s, "iam", "GetSAMLProvider", getSAMLProvider)
	handle(s, "iam", "ListOpenIDConnectProviders", listOIDCProviders)
	handle(s, "iam", "GetOpenIDConnectProvider", getOIDCProvider)
}

// authorizationDetails pages through users, groups, roles and policies as one list: a page
// may hold some of each.
func authorizationDetails(c *call, in *iam.GetAccountAuthorizationDetailsInput) (*iam.GetAccountAuthorizationDetailsOutput, error) {
	var all []any
	a := c.account()
	wants := func(t types.EntityType) bool { return len(in.Filter) == 0 || slices.Contains(in.Filter, t) }
	if wants(types.EntityTypeUser) {
		for _, u := range a.Users {
			all = append(all, userDetail(u))
		}
	}
	if wants(types.EntityTypeGroup) {
		for _, g := range a.Groups {
			all = append(all, groupDetail(g))
		}
	}
	if wants(types.EntityTypeRole) {
		for _, r := range a.Roles {
			all = append(all, roleDetail(r))
		}
	}
	for _, p := range a.Policies {
		kind := types.EntityTypeLocalManagedPolicy
		if p.ARN.AccountID() == "aws" {
			kind = types.EntityTypeAWSManagedPolicy
		}
		if wants(kind) {
			all = append(all, policyDetail(a, p))
		}
	}
	page, next, err := cut(c, all, in.Marker, size(in.MaxItems), 1000)
	out := &iam.GetAccountAuthorizationDetailsOutput{IsTruncated: next != nil, Marker: next}
	out.UserDetailList, out.GroupDetailList = []types.UserDetail{}, []types.GroupDetail{}
	out.RoleDetailList, out.Policies = []types.RoleDetail{}, []types.ManagedPolicyDetail{}
	for _, d := range page {
		switch d := d.(type) {
		case types.UserDetail:
			out.UserDetailList = append(out.UserDetailList, d)
		case types.GroupDetail:
			out.GroupDetailList = append(out.GroupDetailList, d)
		case types.RoleDetail:
			out.RoleDetailList = append(out.RoleDetailList, d)
		case types.ManagedPolicyDetail:
			out.Policies = append(out.Policies, d)
		}
	}
	return out, err
}

// size is what a client of IAM wants on a page: 100 if it doesn't say (IAM API Reference,
// MaxItems).
func size(maxItems *int32) *int32 {
	if maxItems == nil {
		return aws.Int32(100)
	}
	return maxItems
}

// names of an IAM ARN: its path and its last part.
func pathAndName(a policy.ARN) (path, name *string) {
	_, rest, _ := strings.Cut(a.Resource(), "/")
	rest = "/" + rest
	i := strings.LastIndexByte(rest, '/') + 1
	return aws.String(rest[:i]), aws.String(rest[i:])
}

func text(a policy.ARN) *string { return aws.String(a.String()) }

// known is nil for what is not known.
func known(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// escaped is a document as IAM returns it: percent-encoded (RFC 3986), except for what is
// unreserved there.
func escaped(d *policy.Document) *string {
	if d == nil {
		return nil
	}
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(d.Source()) {
		if strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', digits[c>>4], digits[c&15]})
	}
	return aws.String(b.String())
}

// uniqueID makes up the unique ID of something that the model has none for.
func uniqueID(prefix, of string) string {
	sum := sha256.Sum256([]byte(of))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func inline(list []org.InlinePolicy) []types.PolicyDetail {
	out := []types.PolicyDetail{}
	for _, p := range list {
		out = append(out, types.PolicyDetail{PolicyName: &p.Name, PolicyDocument: escaped(p.Document)})
	}
	return out
}

func attached(list []policy.ARN) []types.AttachedPolicy {
	out := []types.AttachedPolicy{}
	for _, a := range list {
		_, name := pathAndName(a)
		out = append(out, types.AttachedPolicy{PolicyArn: text(a), PolicyName: name})
	}
	return out
}

// boundary has the type that IAM answers with, which is not the one of its API Reference,
// PermissionsBoundaryPolicy.
func boundary(a policy.ARN) *types.AttachedPermissionsBoundary {
	if !a.IsValid() {
		return nil
	}
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: text(a), PermissionsBoundaryType: "Policy"}
}

// sorted yields a map by key.
func sorted(m map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

func iamTags(m map[string]string) []types.Tag {
	out := []types.Tag{}
	for key, value := range sorted(m) {
		out = append(out, types.Tag{Key: &key, Value: &value})
	}
	return out
}

func userDetail(u org.User) types.UserDetail {
	path, name := pathAndName(u.ARN)
	return types.UserDetail{
		Arn: text(u.ARN), Path: path, UserName: name, UserId: known(u.ID), CreateDate: date(u.Created), GroupList: append([]string{}, u.Groups...),
		AttachedManagedPolicies: attached(u.Attached), UserPolicyList: inline(u.Inline), PermissionsBoundary: boundary(u.Boundary), Tags: iamTags(u.Tags),
	}
}

func groupDetail(g org.Group) types.GroupDetail {
	path, name := pathAndName(g.ARN)
	return types.GroupDetail{
		Arn: text(g.ARN), Path: path, GroupName: name, GroupId: aws.String(uniqueID("AGPA", g.ARN.String())), CreateDate: &joined,
		AttachedManagedPolicies: attached(g.Attached), GroupPolicyList: inline(g.Inline),
	}
}

func roleDetail(r org.Role) types.RoleDetail {
	path, name := pathAndName(r.ARN)
	return types.RoleDetail{
		Arn: text(r.ARN), Path: path, RoleName: name, RoleId: known(r.ID), CreateDate: date(r.Created), AssumeRolePolicyDocument: escaped(r.Trust),
		AttachedManagedPolicies: attached(r.Attached), RolePolicyList: inline(r.Inline), PermissionsBoundary: boundary(r.Boundary),
		Tags: iamTags(r.Tags), InstanceProfileList: []types.InstanceProfile{}, RoleLastUsed: roleUsed(r.Used),
	}
}

// roleUsed is empty for a role that was not used since IAM keeps record, and absent if that
// is not known.
func roleUsed(u org.Usage) *types.RoleLastUsed {
	if !u.IsKnown() {
		return nil
	}
	return &types.RoleLastUsed{LastUsedDate: date(u.At), Region: known(u.Region)}
}

func policyDetail(a *org.Account, p org.ManagedPolicy) types.ManagedPolicyDetail {
	path, name := pathAndName(p.ARN)
	var uses, boundaries int32
	count := func(list []policy.ARN, boundary policy.ARN) {
		if slices.Contains(list, p.ARN) {
			uses++
		}
		if boundary == p.ARN {
			boundaries++
		}
	}
	for _, u := range a.Users {
		count(u.Attached, u.Boundary)
	}
	for _, g := range a.Groups {
		count(g.Attached, policy.ARN{})
	}
	for _, r := range a.Roles {
		count(r.Attached, r.Boundary)
	}
	return types.ManagedPolicyDetail{
		Arn: text(p.ARN), Path: path, PolicyName: name, PolicyId: aws.String(uniqueID("ANPA", p.ARN.String())), DefaultVersionId: aws.String("v1"),
		AttachmentCount: &uses, PermissionsBoundaryUsageCount: &boundaries, IsAttachable: true, CreateDate: &joined, UpdateDate: &joined,
		PolicyVersionList: []types.PolicyVersion{{VersionId: aws.String("v1"), IsDefaultVersion: true, CreateDate: &joined, Document: escaped(p.Document)}},
	}
}

// role is a role as GetRole returns it. ListRoles leaves out the boundary, the last use and
// the tags (IAM API Reference, ListRoles).
func role(r org.Role) types.Role {
	d := roleDetail(r)
	out := types.Role{
		Arn: d.Arn, Path: d.Path, RoleName: d.RoleName, RoleId: d.RoleId, CreateDate: d.CreateDate,
		AssumeRolePolicyDocument: d.AssumeRolePolicyDocument, PermissionsBoundary: d.PermissionsBoundary, Tags: d.Tags, RoleLastUsed: d.RoleLastUsed,
	}
	if r.MaxSession != 0 {
		out.MaxSessionDuration = aws.Int32(int32(r.MaxSession.Seconds()))
	}
	return out
}

func listRoles(c *call, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	list := []types.Role{}
	for _, r := range c.account().Roles {
		t := role(r)
		t.PermissionsBoundary, t.Tags, t.RoleLastUsed = nil, nil, nil
		if strings.HasPrefix(*t.Path, aws.ToString(in.PathPrefix)) {
			list = append(list, t)
		}
	}
	page, next, err := cut(c, list, in.Marker, size(in.MaxItems), 1000)
	return &iam.ListRolesOutput{Roles: page, IsTruncated: next != nil, Marker: next}, err
}

func getRole(c *call, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	for _, r := range c.account().Roles {
		if t := role(r); strings.EqualFold(*t.RoleName, aws.ToString(in.RoleName)) {
			return &iam.GetRoleOutput{Role: &t}, nil
		}
	}
	return nil, noSuchEntity("The role with name %s cannot be found.", aws.ToString(in.RoleName))
}

func noSuchEntity(format string, args ...any) error {
	err := invalid("NoSuchEntity", format, args...).(*failure)
	err.status = 404
	return err
}

// providers are the identity providers of a kind: "saml-provider" or "oidc-provider".
func providers(a *org.Account, kind string) []org.Provider {
	var list []org.Provider
	for _, p := range a.Providers {
		if strings.HasPrefix(p.ARN.Resource(), kind+"/") {
			list = append(list, p)
		}
	}
	return list
}

func provider(c *call, kind string, arn *string) (org.Provider, error) {
	for _, p := range providers(c.account(), kind) {
		if p.ARN.String() == aws.ToString(arn) {
			return p, nil
		}
	}
	return org.Provider{}, noSuchEntity("Provider not found for arn %s", aws.ToString(arn))
}

func listSAMLProviders(c *call, _ *iam.ListSAMLProvidersInput) (*iam.ListSAMLProvidersOutput, error) {
	out := &iam.ListSAMLProvidersOutput{SAMLProviderList: []types.SAMLProviderListEntry{}}
	for _, p := range providers(c.account(), "saml-provider") {
		out.SAMLProviderList = append(out.SAMLProviderList, types.SAMLProviderListEntry{Arn: text(p.ARN), CreateDate: date(p.Created), ValidUntil: date(p.ValidUntil)})
	}
	return out, nil
}

func getSAMLProvider(c *call, in *iam.GetSAMLProviderInput) (*iam.GetSAMLProviderOutput, error) {
	p, err := provider(c, "saml-provider", in.SAMLProviderArn)
	return &iam.GetSAMLProviderOutput{CreateDate: date(p.Created), ValidUntil: date(p.ValidUntil), Tags: []types.Tag{}}, err
}

func listOIDCProviders(c *call, _ *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersOutput, error) {
	out := &iam.ListOpenIDConnectProvidersOutput{OpenIDConnectProviderList: []types.OpenIDConnectProviderListEntry{}}
	for _, p := range providers(c.account(), "oidc-provider") {
		out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, types.OpenIDConnectProviderListEntry{Arn: text(p.ARN)})
	}
	return out, nil
}

func getOIDCProvider(c *call, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderOutput, error) {
	p, err := provider(c, "oidc-provider", in.OpenIDConnectProviderArn)
	return &iam.GetOpenIDConnectProviderOutput{
		Url: known(p.URL), ClientIDList: append([]string{}, p.ClientIDs...), ThumbprintList: append([]string{}, p.Thumbprints...),
		CreateDate: date(p.Created), Tags: []types.Tag{},
	}, err
}
