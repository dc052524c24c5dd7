package lint

import (
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/jsontree"
	"github.com/licit-dev/licit/policy"
)

// arnRules are about ARNs (IAM User Guide, “Identify AWS resources with Amazon Resource
// Names”; “IAM JSON policy elements: Resource”).
var arnRules = []rule{
	{code: "INVALID_ARN_PREFIX", typ: Error, kinds: anyKind, title: "A resource does not begin with arn:.", check: perStatement(arnPrefix)},
	{code: "MISSING_ARN_FIELD", typ: Error, kinds: anyKind, title: "An ARN has fewer than six parts.", check: missingField},
	{code: "INVALID_PARTITION", typ: Error, kinds: anyKind, title: "There is no such partition.", check: arnPartition},
	{code: "INVALID_ARN_SERVICE_CASE", typ: Error, kinds: anyKind, title: "The service of an ARN has capital letters.", check: arnServiceCase},
	{code: "INVALID_SERVICE", typ: Error, kinds: anyKind, title: "There is no such service.", check: unknownServices},
	{code: "WILDCARD_IN_SERVICE_NAME", typ: Suggestion, kinds: anyKind, title: "A wildcard stands for services.", check: arnServiceWildcard},
	{code: "INVALID_ARN_REGION", typ: Error, kinds: anyKind, title: "There is no such region.", check: arnRegion},
	{code: "INVALID_ARN_ACCOUNT", typ: Error, kinds: anyKind, title: "The account of an ARN is no account ID.", check: arnAccount},
	{code: "INVALID_ARN_RESOURCE", typ: Error, kinds: anyKind, title: "The service has no resources of this form.", check: arnResource},
	{code: "ARN_REGION_NOT_ALLOWED", typ: Error, kinds: anyKind, title: "ARNs of this resource have no region.", check: regionNotAllowed},
	{code: "ARN_ACCOUNT_NOT_ALLOWED", typ: Error, kinds: anyKind, title: "ARNs of this resource have no account.", check: accountNotAllowed},
	{code: "MISSING_ARN_REGION", typ: Error, kinds: anyKind, title: "ARNs of this resource have a region.", check: missingRegion},
	{code: "UNSUPPORTED_WILDCARD_IN_PRINCIPAL", typ: Error, kinds: principalKinds, title: "A wildcard stands for a part of a principal.", check: perStatement(principalWildcard)},
	{code: "UNSUPPORTED_RESOURCE_ARN_IN_POLICY", typ: Error, kinds: kindSet(policy.ResourceBased), title: "The policy is attached to a resource of another service.", check: foreignResources},
	{code: "REDUNDANT_RESOURCE", typ: Suggestion, kinds: anyKind, title: "Another resource of the list covers this one.", check: perStatement(redundant(glob.ResourceIncludes, "Resource", "NotResource"))},
}

// An arnText is an ARN, or a pattern of ARNs, in a document.
type arnText struct {
	value
	parts [6]string
	n     int  // of parts
	types bool // of Resource or NotResource, where the service's formats count
}

func (a *arnText) partition() string { return a.parts[1] }
func (a *arnText) service() string   { return a.parts[2] }
func (a *arnText) region() string    { return a.parts[3] }
func (a *arnText) account() string   { return a.parts[4] }
func (a *arnText) resource() string  { return a.parts[5] }

// arns yields the texts that begin with arn: of Resource elements, of principals, and of
// conditions with ARN operators.
func (c *checker) arns() iter.Seq[*arnText] {
	return func(yield func(*arnText) bool) {
		for _, s := range c.statements() {
			for i := range s.arnList {
				if !yield(&s.arnList[i]) {
					return
				}
			}
		}
	}
}

func (s *statement) readARNs() (out []arnText) {
	add := func(v value, types bool) {
		if strings.HasPrefix(v.text, "arn:") {
			a := arnText{value: v, types: types}
			a.parts, a.n = glob.SplitARN(v.text, glob.Variables)
			out = append(out, a)
		}
	}
	for _, e := range []string{"Resource", "NotResource"} {
		for _, v := range s.values(e) {
			add(v, true)
		}
	}
	for _, p := range s.principals() {
		add(p.value, false)
	}
	for _, e := range s.conditions() {
		if !strings.HasPrefix(e.parts.Base, "Arn") {
			continue
		}
		for _, v := range e.values() {
			add(v, false)
		}
	}
	return out
}

// isPattern reports whether a part of an ARN stands for more than itself.
func isPattern(part string) bool {
	return strings.ContainsAny(part, "*?") || strings.Contains(part, "${")
}

// arnPrefix: a resource is an ARN or "*". API Gateway completes what begins with
// execute-api:/ (API Gateway Developer Guide, “API Gateway resource policies”).
func arnPrefix(c *checker, s *statement) {
	for _, e := range []string{"Resource", "NotResource"} {
		for _, v := range s.values(e) {
			if v.node.Kind != jsontree.String || strings.HasPrefix(v.text, "arn:") || glob.Everything(v.text) {
				continue
			}
			_, n := glob.SplitARN(v.text, glob.Variables)
			if strings.HasPrefix(v.text, "${") && n == 6 || c.kind == policy.ResourceBased && strings.HasPrefix(v.text, "execute-api:/") {
				continue
			}
			f := c.report(v.node, v.path, `%q is no ARN; want "*" or arn:partition:service:region:account:resource`, clip(v.text))
			partition, _, _ := strings.Cut(v.text, ":")
			if n == 5 && slices.Contains(partitions, partition) && c.guessNarrows(v.path) {
				f.Fix = replace(v.node, quoted("arn:"+v.text))
			}
		}
	}
}

func missingField(c *checker) {
	for a := range c.arns() {
		if a.n < 6 {
			c.report(a.node, a.path, "%q has %d of six parts; want arn:partition:service:region:account:resource, where region and account may be empty", clip(a.text), a.n)
		}
	}
}

// partitions are all that AWS has.
var partitions = []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}

func arnPartition(c *checker) {
	for a := range c.arns() {
		if a.n < 2 || strings.Contains(a.partition(), "${") || matchesAny(a.partition(), partitions) {
			continue
		}
		best := nearest(a.partition(), slices.Values(partitions), 2)
		f := c.report(a.node, a.path, "there is no partition %q; %s", clip(a.partition()), best.question("want "+strings.Join(partitions[:3], ", ")))
		if name, ok := best.certain(); ok && best.distance == 1 && c.guessNarrows(a.path) {
			f.Fix = a.with(1, name)
		}
	}
}

// matchesAny reports whether a text with wildcards matches one of the names.
func matchesAny(pattern string, names []string) bool {
	if slices.Contains(names, pattern) {
		return true
	}
	p := glob.Compile(pattern, glob.Wildcards)
	return slices.ContainsFunc(names, func(n string) bool { return p.Match(n, nil) })
}

// with is the fix that changes one part.
func (a *arnText) with(i int, part string) *Fix {
	parts := a.parts
	parts[i] = part
	return replace(a.node, quoted(strings.Join(parts[:a.n], ":")))
}

func arnServiceCase(c *checker) {
	for a := range c.arns() {
		lower := strings.ToLower(a.service())
		if lower != a.service() && !strings.Contains(a.service(), "${") {
			f := c.report(a.node, a.path, "the service %q has capital letters; want %q", clip(a.service()), clip(lower))
			if c.guessNarrows(a.path) {
				f.Fix = a.with(2, lower)
			}
		}
	}
}

func arnServiceWildcard(c *checker) {
	for a := range c.arns() {
		if a.types && strings.ContainsAny(a.service(), "*?") {
			c.report(a.node, a.path, "the service %q of the ARN is a pattern, which may match services that are not meant; want one service", clip(a.service()))
		}
	}
}

// unknownServices looks at ARNs and at the prefixes of condition keys.
func unknownServices(c *checker) {
	if !c.knowsServices() {
		return
	}
	typed := sync.OnceValue(func() map[string]bool { return typedServices(c.ref) })
	unknown := func(name string) bool {
		_, ok := c.ref.Service(name)
		return !ok && !slices.Contains(closed, strings.ToLower(name)) && !typed()[strings.ToLower(name)]
	}
	for a := range c.arns() {
		name := a.service()
		if a.n > 2 && !isPattern(name) && unknown(name) {
			c.report(a.node, a.path, "there is no service %q; %s", clip(name), c.nearestService(name).question("want the service as its ARNs name it"))
		}
	}
	for _, s := range c.statements() {
		for _, e := range s.conditions() {
			prefix, _, ok := strings.Cut(e.key, ":")
			// Keys of identity providers begin with a host name.
			if ok && !e.known && prefix != "" && !strings.ContainsAny(prefix, "./ ${") && unknown(prefix) && !c.hasKeysOf(prefix) {
				c.reportName(e.keyNode, e.path, "the condition key %q is of no known service; %s", clip(e.key), c.nearestService(prefix).question("want service:key"))
			}
		}
	}
}

// hasKeysOf reports whether some condition key has this prefix, such as saml.
func (c *checker) hasKeysOf(prefix string) bool {
	for k := range c.ref.Keys() {
		if p, _, _ := strings.Cut(k.Name, ":"); strings.EqualFold(p, prefix) {
			return true
		}
	}
	return false
}

func (c *checker) nearestService(name string) guesses {
	return nearest(name, func(yield func(string) bool) {
		for s := range c.ref.Services() {
			if !yield(s.Prefix) {
				return
			}
		}
	}, 2)
}

func principalWildcard(c *checker, s *statement) {
	for _, p := range s.principals() {
		if p.typ == "*" || p.text == "*" || !strings.ContainsAny(p.text, "*?") {
			continue
		}
		c.report(p.node, p.path, "%q has a wildcard, and a principal is matched as it stands; want \"*\" with a condition on aws:PrincipalArn, or whole names", clip(p.text))
	}
}

func foreignResources(c *checker) {
	t, ok := resourceTypes[c.resource]
	if !ok {
		return
	}
	for a := range c.arns() {
		if a.types && a.n == 6 && !isPattern(a.service()) && !slices.Contains(t, strings.ToLower(a.service())) {
			c.report(a.node, a.path, "%q is no resource of an %s, and never matches there; want an ARN of %s", clip(a.text), c.resource, strings.Join(t, " or "))
		}
	}
}
