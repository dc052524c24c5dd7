package check

import (
	"cmp"
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// NoPublicAccess proves that a resource policy, or with [policy.RoleTrust] a trust policy,
// allows nothing to outsiders: callers without credentials, callers of an account that the
// policy does not name, whatever their own policies allow, and callers with a token of an
// identity provider that a trust policy does not name. Conditions count as naming somebody
// when they pin a key that outsiders cannot choose, such as aws:PrincipalOrgID,
// aws:SourceAccount or aws:SourceIp, to fixed values: texts, patterns whose account or
// organization is fixed, and networks of at least 8 bits of IPv4, less than half of all
// together, or 32 of IPv6. Of aws:userid those of role sessions do not count, as S3 has it
// (Amazon S3 User Guide, “The meaning of "public"”; IAM User Guide, “Validate policies with
// IAM Access Analyzer custom policy checks”, CheckNoPublicAccess).
//
// AWS services, and identity providers that the policy names, are no outsiders: who is behind
// them is another question. Errors are those of [NoNewAccess].
func NoPublicAccess(ctx context.Context, d *policy.Document, k policy.Kind) (Result, error) {
	if err := checkKind(k, d); err != nil {
		return Result{}, err
	}
	if k != policy.ResourceBased && k != policy.RoleTrust {
		return Result{}, errKind{k, "decides who outsiders are"}
	}
	documents := []*policy.Document{d, nil}
	accounts, _ := named(documents)
	var others []string
	for _, a := range accounts {
		others = append(others, a[1])
	}
	q := &question{ctx: ctx, examples: []*policy.Document{d}}
	for _, p := range callers(documents) {
		switch {
		case isIAM(p.kind) && p.account == "":
		case k == policy.RoleTrust && p.kind == policy.WebIdentity:
		case k == policy.ResourceBased && p.kind == policy.Anonymous:
		default:
			continue
		}
		p.others = append(others, ownerAccount)
		one := p.inFrontOf(k, documents)
		sides := one.sides
		one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			out, require, err := sides(c)
			return out, symbolic.And(require, c.unnamed(d), c.unpinned(p.kind, d)), err
		}
		q.cases = append(q.cases, one)
	}
	if words := fold(d.String()); slices.ContainsFunc(ownersVariables, func(name string) bool { return strings.Contains(words, fold(name)) }) {
		// With an owner that is known most is settled that policy variables leave open. But the policy
		// may speak of another owner, and only what holds for any is a proof.
		q.bound = map[string]*string{fold(keyResourceAccount): text(ownerAccount), fold(keyResourceOrg): text(ownerOrganization)}
		if r := q.answer(); r.Verdict == Fail {
			return r, nil
		}
		q.bound = nil
	}
	return q.answer(), nil
}

// The owner of the resource, in examples.
const (
	ownerAccount      = exampleAccount
	ownerOrganization = "o-exampleowner"
)

const keyResourceOrg = "aws:ResourceOrgID"

func text(s string) *string { return &s }

// The variables that stand for the owner of the resource, and the keys that must then be of
// somebody else; and those that stand for the caller, which the keys of the owner are compared with.
var (
	ownersVariables  = []string{keyResourceAccount, keyResourceOrg}
	callersVariables = []string{"aws:PrincipalAccount", "aws:PrincipalOrgID"}
	ownersKeys       = []string{keyResourceAccount, keyResourceOrg, "aws:ResourceOrgPaths"}
)

func isOneOf(key string, names []string) bool {
	folded := fold(key)
	return slices.ContainsFunc(names, func(name string) bool { return fold(name) == folded })
}

// trusting are the keys that say where a request comes from and that callers cannot choose.
var trusting = []string{
	"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner",
	"aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
	"aws:SourceIp",
	"kms:CallerAccount", "lambda:EventSourceToken", "s3:DataAccessPointAccount", "s3:DataAccessPointArn",
}

// unnamed holds for callers whose own identity no Principal element writes: a user by its unique
// ID, an account by its canonical ID, an identity of CloudFront, or an identity provider.
func (c *compiler) unnamed(d *policy.Document) *symbolic.Formula {
	var callers, canonical, providers []string
	for _, s := range d.Statements() {
		for _, element := range []policy.Principals{s.Principal, s.NotPrincipal} {
			for typ, id := range element.All() {
				switch typ {
				case policy.AWSPrincipal:
					callers = append(callers, id)
				case policy.CanonicalUserPrincipal:
					canonical = append(canonical, id)
				case policy.FederatedPrincipal:
					providers = append(providers, id)
				}
			}
		}
	}
	var all []*symbolic.Formula
	not := func(key symbolic.Key, list []string) {
		if len(list) > 0 {
			all = append(all, symbolic.Not(key.Some(texts(list...))))
		}
	}
	not(c.key("aws:PrincipalArn"), callers)
	not(c.inner(keyID), callers)
	not(c.inner(keyIssuer), callers)
	not(c.inner(keyCanonical), canonical)
	not(c.inner(keyProvider), providers)
	return symbolic.And(all...)
}

// isTrusting reports whether a caller of the kind cannot choose the value of a key.
func isTrusting(kind policy.PrincipalKind, key string) bool {
	folded := fold(key)
	switch kind {
	case policy.Anonymous: // who have fixed values that are nobody's
		if folded == fold("aws:userid") || folded == fold("aws:PrincipalAccount") {
			return false
		}
	case policy.WebIdentity: // what the token of one provider says
		provider, claim, _ := strings.Cut(folded, ":")
		if folded == fold("aws:FederatedProvider") || provider != "SAML" && slices.Contains(tokenClaims, claim) {
			return true
		}
	}
	return isOneOf(key, trusting)
}

// tokenClaims are what a token of one OIDC provider says of its client or of somebody: the keys
// begin with the provider (IAM User Guide, “Available keys for AWS OIDC federation”). What
// SAML says others can say, too.
var tokenClaims = []string{"AUD", "OAUD", "AZP", "APP_ID", "SUB", "ID", "USER_ID"}

// unpinned holds when no key that the caller cannot choose has a value that the document pins, and
// the caller is not of the owner's account or organization where the document asks for that.
func (c *compiler) unpinned(kind policy.PrincipalKind, d *policy.Document) *symbolic.Formula {
	all := []*symbolic.Formula{symbolic.Not(c.key("aws:PrincipalOrgID").Some(texts(ownerOrganization)))}
	anybody := half(d)
	for _, s := range d.Statements() {
		for condition := range s.Condition.All() {
			if isTrusting(kind, condition.Key) {
				if set := c.pinned(d.Version(), condition, anybody); set != nil {
					all = append(all, symbolic.Not(c.key(condition.Key).Some(set)))
				}
			}
			switch { // "anonymous" is no owner either
			case isOneOf(condition.Key, trusting):
				all = append(all, c.owner(d.Version(), condition, ownersVariables)...)
			case isOneOf(condition.Key, ownersKeys):
				all = append(all, c.owner(d.Version(), condition, callersVariables)...)
			}
		}
	}
	return symbolic.And(all...)
}

// owner are what does not hold where the caller is not of the account or organization of the owner:
// the tests of a condition whose values only wait for the variables to be fixed.
func (c *compiler) owner(v policy.Version, condition policy.Condition, variables []string) (not []*symbolic.Formula) {
	op, ok := condition.Operator.Parts()
	if !ok || op.Base == "Null" {
		return nil
	}
	every := condition.Values.Len() > 0
	for value := range condition.Values.All() {
		if !c.waits(v, value, variables, strings.HasPrefix(op.Base, "Arn")) {
			every = false
			continue
		}
		one := policy.Condition{Operator: condition.Operator, Key: condition.Key, Values: policy.List(value)}
		_, templates, _ := c.passing(v, op.Base, c.key(condition.Key), one)
		for _, t := range templates {
			not = append(not, symbolic.Not(t))
		}
	}
	if every && op.Quantifier != policy.NoQuantifier && !strings.Contains(op.Base, "Not") {
		not = append(not, symbolic.Not(c.opaque(v, condition)))
	}
	return not
}

// waits reports whether a value is fixed but for the variables, one of which it has.
func (c *compiler) waits(v policy.Version, value string, variables []string, inParts bool) bool {
	pattern := glob.Compile(value, mode(v))
	free := 0
	for _, variable := range pattern.Variables() {
		if variable.HasDefault || !isOneOf(variable.Key, variables) {
			return false
		}
		if _, known := c.bound[fold(variable.Key)]; !known {
			free++
		}
	}
	return free > 0 && isFixed(ownedBy(value), inParts)
}

// ownedBy is a pattern with the owner of the examples in place of the variables that stand for it, or
// for a caller who is the same.
func ownedBy(pattern string) string {
	for name, value := range map[string]string{
		ownersVariables[0]: ownerAccount, callersVariables[0]: ownerAccount,
		ownersVariables[1]: ownerOrganization, callersVariables[1]: ownerOrganization,
	} {
		variable := regexp.MustCompile(`(?i)` + regexp.QuoteMeta("${"+name+"}"))
		pattern = variable.ReplaceAllString(pattern, value)
	}
	return pattern
}

// Networks that are at least this long are somebody's.
const (
	minBits4 = 8
	minBits6 = 32
)

// somebodys is a network that is long enough; ok is false for others.
func somebodys(value string) (network netip.Prefix, ok bool) {
	network, ok = engine.Network(value)
	least := minBits4
	if network.Addr().Is6() {
		least = minBits6
	}
	return network, ok && network.Bits() >= least
}

// pinned are the condition's values that are fixed, nil for none. anybody says that networks of
// IPv4 are not.
func (c *compiler) pinned(v policy.Version, condition policy.Condition, anybody bool) *symbolic.Values {
	op, ok := condition.Operator.Parts()
	if !ok {
		return nil
	}
	set := &symbolic.Values{}
	for value := range condition.Values.All() {
		if fold(condition.Key) == fold("aws:userid") && (roleID.MatchString(value) || strings.ContainsAny(value, "*?")) {
			continue
		}
		switch strings.Replace(op.Base, "Not", "", 1) {
		case "IpAddress":
			set.Family = symbolic.Addresses
			if network, ok := somebodys(value); ok && !(anybody && network.Addr().Is4()) {
				set.Networks = append(set.Networks, network)
			}
		case "StringEquals":
			if p, ok := c.textPattern(value, mode(v)&^glob.Wildcards, exactly); ok && len(p.variables) == 0 {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "StringEqualsIgnoreCase":
			if p, ok := c.textPattern(value, mode(v)&^glob.Wildcards, symbolic.Fold); ok && len(p.variables) == 0 {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "StringLike":
			if p, ok := c.textPattern(value, mode(v), exactly); ok && len(p.variables) == 0 && isFixed(ownedBy(value), false) {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "ArnEquals", "ArnLike":
			if p, ok := c.arnPattern(v, value, false); ok && len(p.variables) == 0 && isFixed(ownedBy(value), true) {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		}
	}
	if len(set.Patterns)+len(set.Networks) == 0 {
		return nil
	}
	return set
}

// half reports whether the networks that a document names have half of all IPv4 addresses: each is
// somebody's, all together are anybody's.
func half(d *policy.Document) bool {
	var networks []netip.Prefix
	for _, s := range d.Statements() {
		for condition := range s.Condition.All() {
			op, ok := condition.Operator.Parts()
			if !ok || !strings.HasSuffix(op.Base, "IpAddress") || !isTrusting(policy.Anonymous, condition.Key) {
				continue
			}
			for value := range condition.Values.All() {
				if n, ok := somebodys(value); ok && n.Addr().Is4() {
					networks = append(networks, n.Masked())
				}
			}
		}
	}
	// Of networks that meet one has the other, and comes first.
	slices.SortFunc(networks, func(a, b netip.Prefix) int { return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits()) })
	total, last := uint64(0), netip.Prefix{}
	for _, n := range networks {
		if last.IsValid() && last.Contains(n.Addr()) {
			continue
		}
		total, last = total+1<<(32-n.Bits()), n
	}
	return total >= 1<<31
}

// roleID begins the aws:userid of a role's sessions.
var roleID = regexp.MustCompile(`(?i)^AROA[A-Z0-9]*:`)

// organization begins what belongs to one organization.
var organization = regexp.MustCompile(`^o-[a-z0-9]{10,32}/`)

// isFixed reports whether all that a pattern matches belongs to somebody fixed. inParts says that
// ARNs are matched part by part; otherwise wildcards before the account may take another
// account in, too.
func isFixed(pattern string, inParts bool) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return true
	}
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) == 6 && policy.IsAccountID(parts[4]) {
		return inParts || !strings.ContainsAny(strings.Join(parts[:4], ""), "*?")
	}
	return organization.MatchString(pattern)
}
