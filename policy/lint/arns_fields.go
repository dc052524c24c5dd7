package lint

import (
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// regions are all that AWS has announced (AWS Account Management Reference Guide, “AWS
// Regions”).
var regions = []string{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-isoe-west-1", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1",
	"me-south-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1",
	"us-iso-east-1", "us-iso-west-1", "us-isob-east-1", "us-isob-west-1", "us-isof-east-1", "us-isof-south-1", "us-west-1", "us-west-2",
}

func arnRegion(c *checker) {
	for a := range c.arns() {
		r := a.region()
		if a.n < 6 || r == "" || strings.Contains(r, "${") || matchesAny(r, regions) {
			continue
		}
		c.report(a.node, a.path, "there is no region %q; %s", clip(r), nearest(r, slices.Values(regions), 2).question("want one such as eu-west-1, or * for all"))
	}
}

// ownAccounts are the words that AWS's own resources have for an account.
var ownAccounts = []string{"aws", "amazon", "cloudfront", "aws-managed", "aws-marketplace", "third-party", "offering", "self"}

func arnAccount(c *checker) {
	for a := range c.arns() {
		id := a.account()
		if a.n < 6 || id == "" || policy.IsAccountID(id) || strings.Contains(id, "${") || slices.Contains(ownAccounts, id) {
			continue
		}
		if isPattern(id) && len(strings.ReplaceAll(id, "*", "")) <= 12 && strings.Trim(id, "0123456789*?") == "" {
			continue
		}
		c.report(a.node, a.path, "%q is no account ID; want twelve digits, or * for all accounts", clip(id))
	}
}

// longestARN is the length of the longest ARN of IAM's APIs; longer ones are not looked up.
const longestARN = 2048

// A shape says what the ARN formats that a resource can have say about a part.
type shape struct{ always, never bool }

// shapes looks at all formats of the ARN's service that its resource can have, whatever
// region and account it names. ok is false if the service is not known, has no resource
// types, or has none of this form.
func (c *checker) shapes(a *arnText) (region, account shape, ok bool) {
	region, account = shape{true, true}, shape{true, true}
	for format := range c.formats(a) {
		parts, _ := glob.SplitARN(format, glob.Variables)
		ok = true
		region.add(parts[3])
		account.add(parts[4])
	}
	return region, account, ok
}

func (s *shape) add(part string) {
	s.always = s.always && part != ""
	s.never = s.never && part == ""
}

// formats yields the ARN formats that a resource can have, if only its service and its
// resource part count.
func (c *checker) formats(a *arnText) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if !a.types || a.n < 6 || isPattern(a.service()) || len(a.text) > longestARN {
			return
		}
		for t := range c.ref.ResourceTypesOf("arn:aws:" + strings.ToLower(a.service()) + ":*:*:" + a.resource()) {
			for format := range t.ARNFormats() {
				parts, n := glob.SplitARN(format, glob.Variables)
				if n == 6 && strings.EqualFold(parts[2], a.service()) && !yield(format) {
					return
				}
			}
		}
	}
}

func regionNotAllowed(c *checker) {
	for a := range c.arns() {
		if a.region() == "" || isStars(a.region()) {
			continue
		}
		if region, _, ok := c.shapes(a); ok && region.never {
			c.report(a.node, a.path, "ARNs of this resource of %s have no region, so that %q matches nothing; want nothing between the colons", a.service(), clip(a.region())).Fix = a.with(3, "")
		}
	}
}

func accountNotAllowed(c *checker) {
	for a := range c.arns() {
		if a.account() == "" || isStars(a.account()) {
			continue
		}
		if _, account, ok := c.shapes(a); ok && account.never {
			c.report(a.node, a.path, "ARNs of this resource of %s have no account, so that %q matches nothing; want nothing between the colons", a.service(), clip(a.account())).Fix = a.with(4, "")
		}
	}
}

func missingRegion(c *checker) {
	for a := range c.arns() {
		if a.region() != "" {
			continue
		}
		if region, _, ok := c.shapes(a); ok && region.always {
			c.report(a.node, a.path, "ARNs of this resource of %s have a region, so that an empty one matches nothing; want the region, or * for all", a.service())
		}
	}
}

func arnResource(c *checker) {
	typed := sync.OnceValue(func() map[string]bool { return typedServices(c.ref) })
	for a := range c.arns() {
		if !a.types || a.n < 6 || isPattern(a.service()) || a.resource() == "" || len(a.text) > longestARN {
			continue
		}
		if _, _, ok := c.shapes(a); !ok && typed()[strings.ToLower(a.service())] {
			c.report(a.node, a.path, "%s has no resource whose ARN ends like %q; want one of its resource types", a.service(), clip(a.resource()))
		}
	}
}

// typedServices are the services, as ARNs name them, that have resource types. Some
// differ from the prefix of the actions.
func typedServices(ref *serviceref.Reference) map[string]bool {
	out := map[string]bool{}
	for s := range ref.Services() {
		for t := range ref.ResourceTypes(s.Prefix) {
			for format := range t.ARNFormats() {
				if parts, n := glob.SplitARN(format, glob.Variables); n == 6 {
					out[strings.ToLower(parts[2])] = true
				}
			}
		}
	}
	return out
}
