package engine

import (
	"strings"

	"github.com/licit-dev/licit/policy"
)

// limiting are the keys that keep a bucket policy from being public when they have a
// fixed value (Amazon S3 User Guide, “Blocking public access to your Amazon S3 storage”).
var limiting = map[string]bool{
	"aws:principalorgid": true, "aws:principalorgpaths": true, "aws:principalaccount": true, "aws:principalarn": true,
	"aws:userid": true, "aws:sourcevpc": true, "aws:sourcevpce": true, "aws:sourcevpcarn": true,
	"aws:vpceaccount": true, "aws:vpceorgid": true, "aws:vpceorgpaths": true, "aws:sourceip": true,
	"aws:sourcearn": true, "aws:sourceaccount": true, "aws:sourceowner": true,
	"s3:x-amz-server-side-encryption-aws-kms-key-id": true, "s3:dataaccesspointarn": true, "s3:dataaccesspointaccount": true,
	"aws:principalservicename": true, "aws:principalservicenameslist": true, "aws:principalisawsservice": true,
}

// isPublic implements the definition of R-SPC-4: some Allow statement for everyone has no
// limiting condition.
func isPublic(d *policy.Document) bool {
	for _, s := range d.Statements() {
		if s.Effect != policy.Allow || s.NotPrincipal.IsZero() && !namesEveryone(s.Principal) {
			continue
		}
		limited := false
		for c := range s.Condition.All() {
			limited = limited || isLimiting(c)
		}
		if !limited {
			return true
		}
	}
	return false
}

func namesEveryone(p policy.Principals) bool {
	for t, id := range p.All() {
		if t == policy.AWSPrincipal && id == "*" {
			return true
		}
	}
	return false
}

// isLimiting errs on the side of public: only conditions that hold for named values and
// fail for a missing key limit.
func isLimiting(c policy.Condition) bool {
	parts, _ := c.Operator.Parts()
	op := operators[parts.Base]
	key := strings.ToLower(c.Key)
	if !limiting[key] || op.negate || op.family == null || parts.IfExists || parts.Quantifier == policy.ForAllValues {
		return false
	}
	for v := range c.Values.All() {
		if !isFixed(key, op.family, v) {
			return false
		}
	}
	return true
}

func isFixed(key string, f family, value string) bool {
	switch key {
	case "aws:principalisawsservice":
		return f == boolean && strings.EqualFold(value, "true")
	case "aws:sourceip":
		if f != ipAddress {
			return false
		}
		p, ok := parsePrefix(value)
		least := 8
		if ok && !p.Addr().Is4() {
			least = 32
		}
		return ok && p.Bits() >= least
	case "s3:dataaccesspointarn": // any access point of a fixed account
		if f == boolean || f == ipAddress || f == numeric || f == date || f == binary {
			return false
		}
		a, err := policy.ParseARN(value)
		return err == nil && policy.IsAccountID(a.AccountID())
	case "aws:principalarn":
		if f != arnLike { // R-SPC-4 lists the ARN operators only
			return false
		}
		a, err := policy.ParseARN(value)
		return err == nil && policy.IsAccountID(a.AccountID())
	}
	switch f {
	case stringEquals, stringFold, stringLike, arnLike:
		return value != "" && !strings.ContainsAny(value, "*?") && !strings.Contains(value, "${")
	}
	return false
}
