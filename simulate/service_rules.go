package simulate

import (
	"slices"
	"strings"

	"github.com/licit-dev/licit/policy"
)

// serviceOwned reports whether a service refuses the request whatever the policies say.
func (w *world) serviceOwned(t *tracer) bool {
	v := &w.view
	if w.service == otherService {
		return false
	}
	service, named := w.service, func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, v.Name) })
	}
	switch {
	// Requests to IAM, STS and KMS are signed (IAM User Guide, “AWS Signature Version 4 for API
	// requests”).
	case v.Caller.Kind == policy.Anonymous:
		return true
	// R-ROOT-2: STS refuses root users a role, whatever trust policies say (AWS STS API Reference,
	// AssumeRole and AssumeRoot).
	case v.Caller.Kind == policy.Root && service == stsService && named("AssumeRole", "AssumeRoot"):
		return true
	case v.Caller.Account != "" && service == stsService && named("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"):
		t.rule("R-STS-3") // the caller is a token, not a principal
		return true
	case v.Caller.Kind == policy.FederatedUser && (service == iamService || service == stsService):
		t.rule("R-SES-5")
		return true
	case service == stsService && (v.Caller.Kind == policy.Role || v.Caller.Kind == policy.RoleSession) &&
		named("GetSessionToken", "GetFederationToken"):
		t.rule("R-SES-6")
		return true
	case v.NoResource:
		return false
	case service == iamService && v.Resource[2] == "iam" && v.Resource[4] == "aws" && named(awsPolicyActions...):
		t.rule("R-SPC-6")
		return strings.HasPrefix(v.Resource[5], "policy/")
	case service == iamService && v.Resource[2] == "iam" && named(reservedRoleActions...):
		if strings.HasPrefix(v.Resource[5], "role/aws-reserved/") {
			t.rule("R-SPC-6")
			return true
		}
	case service == kmsService && v.Resource[2] == "kms" && named("CreateAlias", "DeleteAlias", "UpdateAlias"):
		if strings.HasPrefix(v.Resource[5], "alias/aws/") {
			t.rule("R-SPC-7")
			return true
		}
	}
	return false
}

var awsPolicyActions = []string{
	"CreatePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion",
	"SetDefaultPolicyVersion", "TagPolicy", "UntagPolicy",
}

var reservedRoleActions = []string{
	"AttachRolePolicy", "CreateRole", "CreateServiceLinkedRole", "DeleteRole",
	"DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DeleteServiceLinkedRole", "DetachRolePolicy", "PassRole",
	"PutRolePermissionsBoundary", "PutRolePolicy", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole",
	"UpdateRoleDescription",
}
