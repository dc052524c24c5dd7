package replay

import (
	"cmp"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/licit-dev/licit/org"
	"github.com/licit-dev/licit/policy"
)

// A Selection says what of an event matters to a set of policies: the condition keys that
// they mention, the address ranges that they tell apart, and whether the object of an S3
// call makes a difference. [Selection.Reduce] keeps that and drops the rest, so that calls
// which the policies cannot tell apart become one [Tuple].
//
// A Selection is immutable.
type Selection struct {
	all      bool            // keep everything
	keys     map[string]bool // in lower case, of tag keys what stands before the slash
	names    map[string]bool // the keys in lower case
	ranges   []netip.Prefix  // longest first
	exact    bool            // addresses are kept as they are
	sessions bool            // session names of all roles are kept
	objects  bool            // objects of all buckets are kept
	buckets  map[string]bool // whose objects are kept
	services map[string]bool // whose resources are told apart; nil: all are taken to be
}

// SelectAll keeps all that [Requests] knows of an event.
func SelectAll() *Selection { return &Selection{all: true} }

// Select returns what matters to the documents; nil documents say nothing.
func Select(documents ...*policy.Document) *Selection {
	s := &Selection{keys: map[string]bool{}, names: map[string]bool{}, buckets: map[string]bool{}}
	for _, d := range documents {
		if d != nil {
			s.document(d)
		}
	}
	s.finish()
	return s
}

// SelectOrganization returns what matters to any document of the organizations, those of
// managed policies of AWS that are attached included. It is what [DryRun] selects: the
// backtest asks all policies, not only those that change.
func SelectOrganization(organizations ...*org.Organization) *Selection {
	s := &Selection{keys: map[string]bool{}, names: map[string]bool{}, buckets: map[string]bool{}}
	seen := map[*policy.Document]bool{}
	for _, o := range organizations {
		for d := range documents(o) {
			if !seen[d] {
				seen[d] = true
				s.document(d)
			}
		}
	}
	s.finish()
	return s
}

// SelectChange returns what matters to the documents that differ between two organizations:
// those that only one of them has, and those that are attached elsewhere. It is what a query
// over a log that is too large to be read asks for; the backtest then knows less. Address
// ranges and objects are told apart as all policies do.
func SelectChange(before, after *org.Organization) *Selection {
	had, has := map[*policy.Document]bool{}, map[*policy.Document]bool{}
	for d := range documents(before) {
		had[d] = true
	}
	for d := range documents(after) {
		has[d] = true
	}
	var list []*policy.Document
	for d := range documents(before) {
		if !has[d] {
			list = append(list, d)
		}
	}
	for d := range documents(after) {
		if !had[d] {
			list = append(list, d)
		}
	}
	old, now := attachments(before), attachments(after)
	for _, pair := range [][2]map[string]*policy.Document{{old, now}, {now, old}} {
		for at, d := range pair[0] {
			if _, ok := pair[1][at]; !ok {
				list = append(list, d)
			}
		}
	}
	s := Select(list...)
	s.services = resourceServices(list)
	// What is kept must not be cut finer by other policies than by those of the change: they
	// are asked, too.
	all := SelectOrganization(before, after)
	s.ranges, s.exact, s.objects, s.buckets = all.ranges, all.exact, all.objects, all.buckets
	return s
}

// resourceServices are the services whose resources documents tell apart; nil: it may be all.
func resourceServices(list []*policy.Document) map[string]bool {
	out := map[string]bool{}
	for _, d := range list {
		for _, st := range d.Statements() {
			for _, patterns := range []policy.Patterns{st.Resource, st.NotResource} {
				for p := range patterns.All() {
					service := serviceOf(p)
					switch {
					case strings.Trim(p, "*") == "":
					case service == "" || strings.ContainsAny(service, "*?$"):
						return nil
					default:
						out[service] = true
					}
				}
			}
		}
	}
	return out
}

// attachments are the documents that are attached by a name, by where and which.
func attachments(o *org.Organization) map[string]*policy.Document {
	out := map[string]*policy.Document{}
	if o == nil {
		return out
	}
	for a := range o.Accounts() {
		for _, kind := range []policy.Kind{policy.ServiceControl, policy.ResourceControl} {
			for node, p := range o.Inherited(a.ID, kind) {
				out[a.ID+" "+node+" "+p.ID] = p.Document
			}
		}
		managed := func(holder policy.ARN, list ...policy.ARN) {
			for _, arn := range list {
				if p, ok := o.ManagedPolicy(arn); ok {
					out[holder.String()+" "+arn.String()] = p.Document
				}
			}
		}
		for i := range a.Users {
			managed(a.Users[i].ARN, append(slices.Clone(a.Users[i].Attached), a.Users[i].Boundary)...)
		}
		for i := range a.Groups {
			managed(a.Groups[i].ARN, a.Groups[i].Attached...)
		}
		for i := range a.Roles {
			managed(a.Roles[i].ARN, append(slices.Clone(a.Roles[i].Attached), a.Roles[i].Boundary)...)
		}
	}
	return out
}

// documents yields every document of an organization, if there is one, those of managed policies of
// AWS that are attached included; some come more than once.
func documents(o *org.Organization) iter.Seq[*policy.Document] {
	return func(yield func(*policy.Document) bool) {
		if o == nil {
			return
		}
		for p := range o.EmbeddedPolicies() {
			if !yield(p.Document) {
				return
			}
		}
		o.Documents()(yield)
	}
}

// Keys lists the condition keys that are mentioned, in lower case and sorted. It is nil for
// [SelectAll].
func (s *Selection) Keys() []string { return slices.Sorted(maps.Keys(s.names)) }

func (s *Selection) mention(key string) {
	s.names[strings.ToLower(key)], s.keys[family(key)] = true, true
}

func (s *Selection) has(keys ...string) bool {
	if s.all {
		return true
	}
	for _, k := range keys {
		if s.keys[k] {
			return true
		}
	}
	return false
}

// network reports whether it matters where a call came from.
func (s *Selection) network() bool {
	return s.has("aws:sourceip", "aws:vpcsourceip") || s.endpoint()
}

// endpoint reports whether it matters through which VPC endpoint a call came.
func (s *Selection) endpoint() bool {
	return s.has("aws:sourcevpce", "aws:sourcevpc", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths")
}

func (s *Selection) document(d *policy.Document) {
	for _, st := range d.Statements() {
		for _, list := range []policy.Patterns{st.Resource, st.NotResource} {
			for p := range list.All() {
				s.text(p)
				s.object(p)
			}
		}
		for _, principals := range []policy.Principals{st.Principal, st.NotPrincipal} {
			for _, id := range principals.All() {
				s.sessions = s.sessions || strings.Contains(id, ":assumed-role/")
			}
		}
		for c := range st.Condition.All() {
			s.condition(c)
		}
	}
}

// tells reports whether the resources of a service are told apart.
func (s *Selection) tells(service string) bool { return s.services == nil || s.services[service] }

func (s *Selection) condition(c policy.Condition) {
	key := family(c.Key)
	s.mention(c.Key)
	s.sessions = s.sessions || key == "aws:userid"
	for v := range c.Values.All() {
		s.text(v)
		if key != "aws:sourceip" && key != "aws:vpcsourceip" {
			continue
		}
		operator, _ := c.Operator.Parts()
		if p, ok := parseRange(v); ok && (operator.Base == "IpAddress" || operator.Base == "NotIpAddress") {
			s.ranges = append(s.ranges, p)
		} else if operator.Base != "Null" {
			s.exact = true
		}
	}
}

func parseRange(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	return netip.Prefix{}, false
}

// text finds the policy variables of a text.
func (s *Selection) text(t string) {
	for {
		_, rest, ok := strings.Cut(t, "${")
		if !ok {
			return
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			return
		}
		name, _, _ = strings.Cut(name, ",")
		key := family(strings.TrimSpace(name))
		s.mention(strings.TrimSpace(name))
		s.exact = s.exact || key == "aws:sourceip" || key == "aws:vpcsourceip"
		s.sessions = s.sessions || key == "aws:userid"
		t = after
	}
}

// object sees whether a resource pattern tells the objects of a bucket apart.
func (s *Selection) object(pattern string) {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) < 6 || !strings.ContainsAny(parts[2], "*?") && parts[2] != "s3" {
		return
	}
	// A wildcard stands for / as well, so that what follows one may be in the name of an object.
	rest := parts[5]
	at := strings.IndexAny(rest, "*?$")
	bucket, key, ok := strings.Cut(rest, "/")
	switch {
	case bucket == "accesspoint" || at < 0 && !ok:
		return
	case ok && (at < 0 || at > len(bucket)):
		if strings.Trim(key, "*") != "" {
			s.buckets[bucket] = true
		}
	case rest[at] != '*':
		s.objects = true
	default:
		// logs* and logs*/* are about all objects of a bucket or none.
		if tail := strings.Trim(rest[at:], "*"); tail != "" && tail != "/" {
			s.objects = true
		}
	}
}

// family is a condition key in lower case, without the part that is a tag key or the like.
func family(key string) string {
	key, _, _ = strings.Cut(strings.ToLower(key), "/")
	return key
}

func (s *Selection) finish() {
	slices.SortFunc(s.ranges, func(a, b netip.Prefix) int {
		return cmp.Or(cmp.Compare(b.Bits(), a.Bits()), a.Addr().Compare(b.Addr()))
	})
	s.ranges = slices.Compact(s.ranges)
}

// What stands for addresses in a tuple, where the policies do not need them as they are.
const (
	otherV4 = "other IPv4"
	otherV6 = "other IPv6"
	private = "private"
)

// address is what a tuple has for a sourceIPAddress: a name of a service as it is, and of
// an address the smallest range of the policies that it is in.
func (s *Selection) address(text string) string {
	if s.all || s.exact || text == "" {
		return text
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	a = a.Unmap().WithZone("")
	if isInside(a) && !s.has("aws:vpcsourceip") {
		return private
	}
	for _, p := range s.ranges {
		if p.Contains(a) {
			return p.String()
		}
	}
	switch {
	case isInside(a):
		return private
	case a.Is4():
		return otherV4
	}
	return otherV6
}

// sample is an address that the ranges do not tell from those that the text stands for.
// It reports false if there is none.
func (s *Selection) sample(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().WithZone(""), true
	}
	within := netip.Prefix{}
	switch text {
	case otherV4:
		within = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	case otherV6:
		within = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	default:
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return netip.Addr{}, false
		}
		within = p
	}
	candidates := []netip.Addr{within.Addr()}
	if within.Bits() == 0 {
		candidates = []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	}
	for _, p := range s.ranges {
		candidates = append(candidates, last(p).Next(), p.Addr().Prev())
	}
	for _, a := range candidates {
		if a.IsValid() && a.Is4() == within.Addr().Is4() && within.Contains(a) && s.address(a.String()) == text {
			return a, true
		}
	}
	return netip.Addr{}, false
}

// last is the last address of a range.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// resource is what a tuple has for the ARN of a resource.
func (s *Selection) resource(arn string) string {
	if s.all || s.objects {
		return arn
	}
	rest, ok := strings.CutPrefix(arn, "arn:")
	if !ok {
		return arn
	}
	partition, rest, _ := strings.Cut(rest, ":")
	rest, ok = strings.CutPrefix(rest, "s3:::")
	if !ok {
		return arn
	}
	bucket, _, ok := strings.Cut(rest, "/")
	if !ok || s.buckets[bucket] {
		return arn
	}
	return arn[:len("arn:")+len(partition)+len(":s3:::")+len(bucket)] + anyObject
}

// cuts reports whether objects of the bucket of an ARN of S3 are not told apart.
func (s *Selection) cuts(arn string) bool {
	bucket, _, _ := strings.Cut(arn[strings.LastIndex(arn, ":::")+len(":::"):], "/")
	return !s.all && !s.objects && !s.buckets[bucket]
}

// anyObject follows the bucket's ARN where its objects are not told apart.
const anyObject = "/*"
