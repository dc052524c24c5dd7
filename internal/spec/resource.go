package spec

import (
	"fmt"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// A target is what an organization knows of a resource.
type target struct {
	policy            *policy.Document
	tags, bucketTags  map[string]string
	blockPublicAccess bool
	awsManagedKey     bool
}

// findResource finds the resource in the account that owns it, and writes that account
// and the owner of an S3 object into the request.
//
// R-RSC-11 Choices: an ARN without an account belongs to the account that lists it, then
// to the principal's. An account that the caller gives wins over both, and the resource is
// looked up there only. A service or anonymous caller of an unlisted resource without an
// account has no answer; without any resource it has one, and no resource account.
func findResource(s org.Spec, r *Request) (target, error) {
	named := r.Resource != "" && r.Resource != "*"
	if named {
		if _, err := policy.ParseARN(r.Resource); err != nil {
			return target{}, fmt.Errorf("spec: %w", err)
		}
	}
	r.ResourceAccount = ownerOf(s, *r)
	if r.ResourceAccount == "" && !named {
		return target{}, nil
	}
	a, err := findAccount(s, r.ResourceAccount)
	if err != nil || !named {
		return target{}, err
	}
	if bucket, isObject, ok := bucketOf(r.Resource); ok {
		return s3Target(a, bucket, isObject, r), nil
	}
	return plainTarget(a, *r), nil
}

// ownerOf implements R-RSC-11 with the organization at hand.
func ownerOf(s org.Spec, r Request) string {
	if r.ResourceAccount != "" {
		return r.ResourceAccount
	}
	parts, ok := splitARN(r.Resource)
	if ok && policy.IsAccountID(parts[4]) {
		return parts[4]
	}
	listed := r.Resource
	if bucket, _, ok := bucketOf(r.Resource); ok {
		listed = bucket
	}
	for _, a := range s.Accounts {
		for _, resource := range a.Resources {
			if resource.ARN.String() == listed {
				return a.ID
			}
		}
	}
	return unlistedOwner(r)
}

// unlistedOwner: a resource that nobody lists and whose ARN names no account may belong to
// anybody, unless the caller gives aws:ResourceAccount; R-RSC-11 takes the principal's
// account only for a request without a resource, and for what AWS owns
// (arn:aws:iam::aws:…).
func unlistedOwner(r Request) string {
	if parts, ok := splitARN(r.Resource); ok && parts[4] == "" {
		for name, values := range r.Context {
			if equalKey(name, "aws:ResourceAccount") && len(values) == 1 {
				return values[0]
			}
		}
		return ""
	}
	return r.Principal.AccountID()
}

// s3Target: the policy of an object is its bucket's; R-SPC-4: block public access of
// account or bucket; R-SPC-5: bucket tags count only with ABAC; R-SPC-10: the owner of
// the object.
//
// §13 Choice: aws:ResourceTag of an object is nothing, S3 has s3:ExistingObjectTag for
// its tags; s3:BucketTag is derived for the bucket and for its objects.
func s3Target(a org.Account, bucket string, isObject bool, r *Request) target {
	t := target{blockPublicAccess: a.BlockPublicAccess}
	for _, resource := range a.Resources {
		switch resource.ARN.String() {
		case bucket:
			t.policy = resource.Policy
			t.blockPublicAccess = t.blockPublicAccess || resource.BlockPublicAccess
			if resource.ABAC {
				t.bucketTags = resource.Tags
			}
			if resource.ABAC && !isObject {
				t.tags = resource.Tags
			}
		case r.Resource:
			if r.ObjectOwner == "" {
				r.ObjectOwner = resource.Owner
			}
		}
	}
	return t
}

// plainTarget: a resource, role or user of the account. One that is not listed has
// neither policy nor tags.
//
// R-STS-1 Choice: a trust policy is the role's resource policy for the actions of R-STS-1
// only; for iam:… on a role there is none.
func plainTarget(a org.Account, r Request) target {
	for _, resource := range a.Resources {
		if resource.ARN.String() == r.Resource {
			return target{policy: resource.Policy, tags: resource.Tags, awsManagedKey: resource.AWSManaged}
		}
	}
	for _, role := range a.Roles {
		if role.ARN.String() == r.Resource {
			t := target{tags: role.Tags}
			if isRoleAction(r.Action) {
				t.policy = role.Trust
			}
			return t
		}
	}
	for _, user := range a.Users {
		if user.ARN.String() == r.Resource {
			return target{tags: user.Tags}
		}
	}
	return target{}
}

// findEndpoint finds the endpoint that aws:SourceVpce names, in any account.
//
// R-SPC-8 Choice: an endpoint of another service is not the one that the request passes.
// FromOrg has no answer for an endpoint that is not listed.
func findEndpoint(s org.Spec, r Request) (org.Endpoint, bool) {
	id := endpointOf(r)
	for _, a := range s.Accounts {
		for _, endpoint := range a.Endpoints {
			if id != "" && endpoint.ID == id && (endpoint.Service == "" || serviceIs(r.Action, lowerASCII(endpoint.Service))) {
				return endpoint, true
			}
		}
	}
	return org.Endpoint{}, false
}

// endpointOf is the endpoint that the request says it passes, or "".
func endpointOf(r Request) string {
	for name, values := range r.Context {
		if equalKey(name, "aws:SourceVpce") && len(values) == 1 {
			return values[0]
		}
	}
	return ""
}

func listsEndpoint(s org.Spec, id string) bool {
	for _, a := range s.Accounts {
		for _, endpoint := range a.Endpoints {
			if endpoint.ID == id {
				return true
			}
		}
	}
	return false
}

// orgPath is one value of the …OrgPaths keys: it ends at the account's parent, with a slash.
func orgPath(s org.Spec, account string) (path string, ok bool) {
	nodes, ok := pathTo(s, account)
	if !ok {
		return "", false
	}
	path = s.ID + "/"
	for _, n := range nodes[:len(nodes)-1] {
		path += n.id + "/"
	}
	return path, true
}

// derivedContext implements §13 and R-CTX-4 as far as the model determines a key.
//
// §13 Choices: aws:PrincipalType has no documented value for services and web identities
// and is not derived for them, nor is aws:PrincipalServiceNamesList, whose regional names
// are not known. aws:ResourceAccount is derived for every action with a known account,
// the list of exclusions being data; for "*" that is the account of R-RSC-11.
func derivedContext(s org.Spec, r Request, who caller, what target, endpoint org.Endpoint) map[string][]string {
	keys := principalContext(s, r, who)
	set := func(name, value string) {
		if value != "" {
			keys[name] = []string{value}
		}
	}
	for tag, value := range what.tags {
		keys["aws:ResourceTag/"+tag] = []string{value}
	}
	for tag, value := range what.bucketTags {
		keys["s3:BucketTag/"+tag] = []string{value}
	}
	// §13: some actions do not have these keys, which is data.
	if lacks := serviceref.Embedded().MayLackResourceAccount(r.Action); lacks {
		r.ResourceAccount = ""
	}
	set("aws:ResourceAccount", r.ResourceAccount)
	if path, ok := orgPath(s, r.ResourceAccount); ok {
		set("aws:ResourceOrgID", s.ID)
		set("aws:ResourceOrgPaths", path)
	}
	set("aws:RequestedRegion", requestedRegion(r))
	set("aws:SecureTransport", "true")
	set("aws:ViaAWSService", "false")
	set("aws:SourceVpc", endpoint.VPC)
	if serviceIs(r.Action, "kms") {
		set("kms:CallerAccount", r.Principal.AccountID())
	}
	return keys
}

// requestedRegion is the region of the resource; §13: global services use one region, most
// of them us-east-1.
//
// §13 Choice: in the partition aws, those whose region AWS documents.
func requestedRegion(r Request) string {
	partition := r.Principal.ARN().Partition()
	if parts, ok := splitARN(r.Resource); ok {
		if parts[3] != "" {
			return parts[3]
		}
		partition = parts[1]
	}
	if partition == "aws" || partition == "" {
		return globalRegion(r.Action)
	}
	return ""
}

// principalContext is the part of §13 that depends on the caller.
func principalContext(s org.Spec, r Request, who caller) map[string][]string {
	keys := map[string][]string{}
	set := func(name, value string) {
		if value != "" {
			keys[name] = []string{value}
		}
	}
	p := r.Principal
	switch p.Kind() {
	case policy.Anonymous:
		set("aws:PrincipalAccount", "anonymous")
		set("aws:PrincipalType", "Anonymous")
		set("aws:userid", "anonymous")
		return keys
	case policy.WebIdentity:
		return keys
	case policy.Service:
		set("aws:PrincipalIsAWSService", "true")
		set("aws:PrincipalServiceName", p.Name())
		return keys
	case policy.Root:
		set("aws:PrincipalType", "Account")
		set("aws:PrincipalArn", p.ARN().String())
		set("aws:userid", p.AccountID())
	case policy.User:
		set("aws:PrincipalType", "User")
		set("aws:PrincipalArn", p.ARN().String())
		set("aws:userid", r.PrincipalID)
		set("aws:username", p.Name())
	case policy.FederatedUser:
		set("aws:PrincipalType", "FederatedUser")
		set("aws:PrincipalArn", p.ARN().String())
		set("aws:userid", p.AccountID()+":"+p.Name())
	case policy.RoleSession, policy.Role:
		set("aws:PrincipalType", "AssumedRole")
		set("aws:PrincipalArn", r.RoleARN.String())
		if r.PrincipalID != "" && p.SessionName() != "" {
			set("aws:userid", r.PrincipalID+":"+p.SessionName())
		}
	}
	set("aws:PrincipalAccount", p.AccountID())
	set("aws:PrincipalIsAWSService", "false")
	for tag, value := range who.tags {
		keys["aws:PrincipalTag/"+tag] = []string{value}
	}
	if path, ok := orgPath(s, p.AccountID()); ok {
		set("aws:PrincipalOrgID", s.ID)
		set("aws:PrincipalOrgPaths", path)
	}
	return keys
}
