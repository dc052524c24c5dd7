package spec

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// bucketOf tells the general purpose bucket that a request's resource is or lies in:
// arn:P:s3:::bucket or arn:P:s3:::bucket/key. Access points and the like have a region
// and an account in their ARNs.
func bucketOf(resource string) (bucket string, isObject, ok bool) {
	parts, ok := splitARN(resource)
	if !ok || parts[2] != "s3" || parts[3] != "" || parts[4] != "" {
		return "", false, false
	}
	name, _, isObject := strings.Cut(parts[5], "/")
	return strings.Join(append(parts[:5:5], name), ":"), isObject, true
}

// isForeignObject implements the condition of R-SPC-10: an object of the bucket that
// another account owns.
func (e *evaluation) isForeignObject() bool {
	_, isObject, ok := bucketOf(e.request.Resource)
	owner := e.request.ObjectOwner
	return ok && isObject && owner != "" && owner != e.account
}

// unlocksBucket implements R-ROOT-5: no bucket policy keeps the root user of the bucket's
// account from reading, replacing and deleting it (Amazon S3 API Reference,
// DeleteBucketPolicy).
//
// R-ROOT-5 Choice: the page is that of directory buckets, too, whose actions are those of
// s3express.
func (e *evaluation) unlocksBucket() bool {
	r := e.request
	if r.Principal.Kind() != policy.Root || r.Principal.AccountID() != e.account {
		return false
	}
	if _, isObject, ok := bucketOf(r.Resource); ok {
		return !isObject && actionIs(r.Action, "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
	}
	parts, ok := splitARN(r.Resource)
	return ok && parts[2] == "s3express" && strings.HasPrefix(parts[5], "bucket/") &&
		actionIs(r.Action, "s3express:GetBucketPolicy", "s3express:PutBucketPolicy", "s3express:DeleteBucketPolicy")
}

// dropBucketTags implements R-SPC-5: the tags of a general purpose bucket are in the
// context only with ABAC.
//
// R-SPC-5 Choice: the keys are taken out even if the caller gives them, of requests for
// the bucket and for objects in it; otherwise the setting would mean nothing in a case
// file.
func (e *evaluation) dropBucketTags() {
	if _, _, ok := bucketOf(e.request.Resource); !ok || e.layers.BucketABAC {
		return
	}
	for name := range e.context {
		if hasPrefixFold(name, "aws:ResourceTag/") || hasPrefixFold(name, "s3:BucketTag/") {
			delete(e.context, name)
		}
	}
}

// blockedAsPublic implements R-SPC-4 (RestrictPublicBuckets).
//
// R-SPC-4 Choice: principals of the bucket's account are those whose account is the
// resource's; the rule goes by the resource, whatever the action's service.
func (e *evaluation) blockedAsPublic() bool {
	_, _, ok := bucketOf(e.request.Resource)
	p := e.request.Principal
	if !ok || !e.layers.BlockPublicAccess || e.layers.ResourcePolicy == nil || p.Kind() == policy.Service {
		return false
	}
	if isIAMPrincipal(p) && p.AccountID() == e.account {
		return false
	}
	return isPublic(e.layers.ResourcePolicy)
}

// isPublic: some Allow has the Principal * (or NotPrincipal) and no limiting condition.
func isPublic(d *policy.Document) bool {
	for _, s := range d.Statements() {
		if s.Effect == policy.Allow && (!s.NotPrincipal.IsZero() || namesEveryone(s.Principal)) && !isLimited(s.Condition) {
			return true
		}
	}
	return false
}

// namesEveryone: one of the entries is R-PRI-1's.
func namesEveryone(element policy.Principals) bool {
	for typ, id := range element.All() {
		if typ == policy.AWSPrincipal && id == "*" {
			return true
		}
	}
	return false
}

func isLimited(conditions policy.Conditions) bool {
	for c := range conditions.All() {
		if isLimiting(c) {
			return true
		}
	}
	return false
}

// isLimiting implements the list of R-SPC-4.
//
// R-SPC-4 Choices: only operators that demand equality limit (no negated ones, no
// inequalities, not Null), without IfExists and ForAllValues, which hold for a missing
// key; the operator must be one for values of the key's type; every listed value must be
// fixed; fixed is a text without *, ? and ${, whatever the version.
func isLimiting(c policy.Condition) bool {
	op, ok := c.Operator.Parts()
	if !ok || op.IfExists || op.Quantifier == policy.ForAllValues || c.Values.Len() == 0 {
		return false
	}
	switch op.Base {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike", "Bool", "IpAddress":
	default:
		return false
	}
	for value := range c.Values.All() {
		if !limits(c.Key, op.Base, value) {
			return false
		}
	}
	return true
}

func limits(key, base, value string) bool {
	is := func(names ...string) bool {
		for _, name := range names {
			if equalKey(key, name) {
				return true
			}
		}
		return false
	}
	switch {
	case is("aws:PrincipalArn"):
		parts, ok := splitARN(value)
		return ok && (base == "ArnEquals" || base == "ArnLike") && policy.IsAccountID(parts[4])
	case is("s3:DataAccessPointArn"): // any access point of a fixed account
		parts, ok := splitARN(value)
		return ok && base != "Bool" && base != "IpAddress" && policy.IsAccountID(parts[4])
	case is("aws:SourceIp"):
		return base == "IpAddress" && isNarrow(value)
	case is("aws:PrincipalIsAWSService"):
		return base == "Bool" && lowerASCII(value) == "true"
	}
	return base != "Bool" && base != "IpAddress" && isFixed(value) && is("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount",
		"aws:userid", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn", "aws:VpceAccount",
		"aws:VpceOrgID", "aws:VpceOrgPaths", "aws:SourceArn", "aws:SourceAccount", "aws:SourceOwner",
		"s3:x-amz-server-side-encryption-aws-kms-key-id",
		"s3:DataAccessPointAccount", "aws:PrincipalServiceName", "aws:PrincipalServiceNamesList")
}

// isFixed: R-SPC-4's "fixed, non-wildcard value".
//
// R-SPC-4 Choice: the empty text is not a value that limits.
func isFixed(value string) bool {
	return value != "" && !strings.ContainsAny(value, "*?") && !strings.Contains(value, "${")
}

// isNarrow: not broader than /8 of IPv4 and /32 of IPv6.
func isNarrow(value string) bool {
	network, ok := parseNetwork(value)
	if !ok {
		return false
	}
	if network.Addr().Is4() {
		return network.Bits() >= 8
	}
	return network.Bits() >= 32
}
