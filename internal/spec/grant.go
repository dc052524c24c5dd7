package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// granted is the grant test of §10; identity, boundary and session say whether those
// layers allow, granted holds the levels of the resource policy's Allows.
func (e *evaluation) granted(identity, boundary, session bool, granted map[level]bool) bool {
	p := e.request.Principal
	switch {
	case p.Kind() == policy.WebIdentity:
		// R-STS-3, R-GRT-1.
		//
		// §6.1 Choice: a web identity exists "only in AssumeRoleWithWebIdentity / WithSAML"
		// and what R-STS-4 adds to them; nothing else is ever granted to it.
		return isWebIdentityAction(e.request.Action) && granted[direct]
	case !isIAMPrincipal(p):
		return granted[direct] // R-GRT-1
	case p.AccountID() != e.account:
		// R-GRT-6, R-GRT-7, R-GRT-8, R-BND-2, R-KMS-4, R-STS-2.
		return len(granted) > 0 && identity && boundary && session
	case granted[direct]:
		return true // R-GRT-2
	case granted[sessionRole] || granted[sessionUser]:
		// R-GRT-3.
		//
		// R-KMS-1 Choice: "direct or the role" is R-GRT-2 and R-GRT-3 as they stand, so
		// session-user counts for keys too.
		if boundary && session {
			return true
		}
	}
	// R-GRT-4, R-GRT-5, R-KMS-1, R-STS-1.
	if e.needsAccountGrant() && !granted[account] {
		return false
	}
	return identity && boundary && session
}

// needsAccountGrant implements the flag of R-GRT-4: KMS keys (R-KMS-1; R-KMS-3: other KMS
// resources not), and roles that are assumed (R-STS-1; R-STS-5: other STS targets not).
//
// R-GRT-4 Choice: a key is told by its ARN, whatever the action and the case of its service;
// a role is flagged for the actions of R-STS-1 only, and AssumeRole* on anything that is no
// role too: an identity Allow alone never suffices for it.
func (e *evaluation) needsAccountGrant() bool {
	if isAssumeRole(e.request.Action) {
		return true
	}
	parts, ok := splitARN(e.resource)
	if !ok {
		return false
	}
	if lowerASCII(parts[2]) == "kms" && strings.HasPrefix(parts[5], "key/") {
		return true
	}
	return isRoleAction(e.request.Action) && isRoleARN(parts)
}

func isRoleARN(parts []string) bool {
	return parts[2] == "iam" && strings.HasPrefix(parts[5], "role/")
}

// isAssumeRole: the actions that R-STS-1 writes as sts:AssumeRole*.
func isAssumeRole(a policy.Action) bool {
	return serviceIs(a, "sts") && strings.HasPrefix(lowerASCII(a.Name()), "assumerole")
}

// isRoleAction: the actions for which a role's trust policy is its resource policy (R-STS-1).
func isRoleAction(a policy.Action) bool {
	return isAssumeRole(a) || actionIs(a, "sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
}

func isWebIdentityAction(a policy.Action) bool {
	return actionIs(a, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity",
		"sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext")
}

// needsNoPermission implements R-SPC-1 and R-SPC-2.
func needsNoPermission(r Request) bool {
	if actionIs(r.Action, "sts:GetCallerIdentity") {
		return isSigned(r.Principal)
	}
	kind := r.Principal.Kind()
	return actionIs(r.Action, "sts:GetSessionToken") && (kind == policy.User || kind == policy.Root)
}

// isForbiddenToSession implements R-SES-5, R-SES-6 and a part of R-STS-3. R-SES-4 is reported, not evaluated.
// §6.1 says that unsigned requests exist for "S3, SQS, SNS, … only": not for IAM, STS and KMS. STS refuses
// root users a role, and AssumeRoot ("Roles may not be assumed by root accounts"; "You cannot use root user
// credentials to make this call").
func isForbiddenToSession(r Request) bool {
	switch {
	case r.Principal.Kind() == policy.Anonymous:
		return serviceIs(r.Action, "iam") || serviceIs(r.Action, "sts") || serviceIs(r.Action, "kms")
	case r.Principal.Kind() == policy.Root && actionIs(r.Action, "sts:AssumeRole", "sts:AssumeRoot"):
		return true
	case isIAMPrincipal(r.Principal) && actionIs(r.Action, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"):
		return true // R-STS-3: the caller is a token, not a principal
	case r.Principal.Kind() == policy.FederatedUser:
		return serviceIs(r.Action, "iam") || serviceIs(r.Action, "sts")
	case isRole(r.Principal):
		return actionIs(r.Action, "sts:GetSessionToken", "sts:GetFederationToken")
	}
	return false
}

// isServiceOwned implements R-SPC-6 and R-SPC-7.
func isServiceOwned(r Request) bool {
	parts, ok := splitARN(r.Resource)
	if !ok {
		return false
	}
	switch {
	case parts[2] == "iam" && parts[4] == "aws" && strings.HasPrefix(parts[5], "policy/"):
		return actionIs(r.Action, "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy",
			"iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:TagPolicy", "iam:UntagPolicy")
	case parts[2] == "iam" && strings.HasPrefix(parts[5], "role/aws-reserved/"):
		return actionIs(r.Action, "iam:AttachRolePolicy", "iam:CreateRole", "iam:CreateServiceLinkedRole",
			"iam:DeleteRole", "iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy",
			"iam:DeleteServiceLinkedRole", "iam:DetachRolePolicy", "iam:PassRole",
			"iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole",
			"iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription")
	case parts[2] == "kms" && strings.HasPrefix(parts[5], "alias/aws/"):
		return actionIs(r.Action, "kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")
	}
	return false
}
