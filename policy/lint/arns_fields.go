package lint

import (
	"iter"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/policy"
	"github.com/licit-dev/licit/policy/serviceref"
)

// regions are all that AWS has announced, of all partitions (AWS Account Management Reference
// Guide, “AWS Regions”; the partitions of AWS's SDK for Go v2 1.48.0).
var regions = []string{
	"af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
	"ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1", "eu-central-1", "eu-central-2", "eu-isoe-west-1", "eu-north-1",
	"eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "eusc-de-east-1", "il-central-1", "me-central-1",
	"me-south-1", "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-gov-east-1", "us-gov-west-1",
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

// shapes looks at the formats of the ARN's service that its resource can have, whatever
// region and account it names. ok is false if there are none.
func (c *checker) shapes(a *arnText) (region, account shape, ok bool) {
	region, account = shape{true, true}, shape{true, true}
	if !a.types || a.n < 6 || isPattern(a.service()) || len(a.text) > longestARN {
		return region, account, false
	}
	for parts := range c.formats(a.service()) {
		if glob.Meet(a.resource(), parts[5]) {
			ok = true
			region.add(parts[3])
			account.add(parts[4])
		}
	}
	return region, account, ok
}

// formats yields the parts of the ARN formats that a service declares for itself.
func (c *checker) formats(service string) iter.Seq[[6]string] {
	return func(yield func([6]string) bool) {
		for t := range c.ref.ResourceTypes(service) {
			for format := range t.ARNFormats() {
				parts, n := glob.SplitARN(format, glob.Variables)
				if n == 6 && strings.EqualFold(parts[2], service) && !yield(parts) {
					return
				}
			}
		}
	}
}

func (s *shape) add(part string) {
	s.always = s.always && part != ""
	s.never = s.never && part == ""
}

func regionNotAllowed(c *checker) {
	for a := range c.arns() {
		if a.region() == "" || glob.Everything(a.region()) || strings.Contains(a.region(), "${") {
			continue
		}
		if region, _, ok := c.shapes(a); ok && region.never {
			f := c.report(a.node, a.path, "ARNs of this resource of %s have no region, so that %q matches nothing; want nothing between the colons", a.service(), clip(a.region()))
			if c.guessNarrows(a.path) {
				f.Fix = a.with(3, "")
			}
		}
	}
}

func accountNotAllowed(c *checker) {
	for a := range c.arns() {
		if a.account() == "" || glob.Everything(a.account()) || strings.Contains(a.account(), "${") {
			continue
		}
		if _, account, ok := c.shapes(a); ok && account.never {
			f := c.report(a.node, a.path, "ARNs of this resource of %s have no account, so that %q matches nothing; want nothing between the colons", a.service(), clip(a.account()))
			if c.guessNarrows(a.path) {
				f.Fix = a.with(4, "")
			}
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

// arnResource compares the word in front of a resource, such as instance in instance/i-1,
// with those of the service's formats, if all of these begin with one. The rest of the
// formats is no proof: services have resources that the reference leaves out.
func arnResource(c *checker) {
	for a := range c.arns() {
		if !a.types || a.n < 6 || isPattern(a.service()) || strings.HasPrefix(a.resource(), "/") || slices.Contains(ownAccounts, a.account()) {
			continue
		}
		words := c.resourceWords(a.service())
		word := resourceWord(glob.Loosen(a.resource()))
		if len(words) == 0 || word == "" || strings.ContainsAny(word, "*?") || slices.Contains(words, word) {
			continue
		}
		if slices.Contains(unlistedWords, strings.ToLower(a.service())+":"+word) || c.isOfOtherService(a) {
			continue
		}
		list := words[:min(5, len(words))]
		c.report(a.node, a.path, "%s has no resource that begins like %q; %s", a.service(), clip(a.resource()),
			nearest(word, slices.Values(words), 3).question("want one such as "+strings.Join(list, ", ")))
	}
}

// unlistedWords are words of resources that exist, as AWS's managed policies have them, and
// that the Service Authorization Reference leaves out.
var unlistedWords = []string{
	"autoscaling:scalingPolicy", "cloudformation:transform", "waf-regional:changetoken", "waf:changetoken",
}

// isOfOtherService: some services declare resources whose ARNs name another one, such as
// sts the root user of iam.
func (c *checker) isOfOtherService(a *arnText) bool {
	if len(a.text) > longestARN {
		return true
	}
	for t := range c.ref.ResourceTypesOf("arn:aws:" + strings.ToLower(a.service()) + ":*:*:" + glob.Loosen(a.resource())) {
		for format := range t.ARNFormats() {
			if parts, _ := glob.SplitARN(format, glob.Variables); strings.EqualFold(parts[2], a.service()) {
				return true
			}
		}
	}
	return false
}

// resourceWord is a text up to its first separator.
func resourceWord(s string) string {
	if i := strings.IndexAny(s, "/:"); i >= 0 {
		return s[:i]
	}
	return s
}

// resourceWords are the words that the service's resources begin with, sorted; none if one
// of them begins with a variable, or is of any service.
func (c *checker) resourceWords(service string) []string {
	words, ok := c.words[service]
	if !ok {
		words = readResourceWords(c.ref, service)
		c.words[service] = words
	}
	return words
}

func readResourceWords(ref *serviceref.Reference, service string) (out []string) {
	for t := range ref.ResourceTypes(service) {
		for format := range t.ARNFormats() {
			parts, n := glob.SplitARN(format, glob.Variables)
			word := resourceWord(parts[5])
			if n < 6 || isPattern(word) || strings.Contains(parts[2], "${") {
				return nil
			}
			if strings.EqualFold(parts[2], service) && word != "" && !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	slices.Sort(out)
	return out
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
