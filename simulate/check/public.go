package check

import (
	"context"
	"net/netip"
	"regexp"
	"strings"

	"github.com/licit-dev/licit/internal/engine"
	"github.com/licit-dev/licit/internal/glob"
	"github.com/licit-dev/licit/internal/symbolic"
	"github.com/licit-dev/licit/policy"
)

// NoPublicAccess proves that a resource policy, or with [policy.RoleTrust] a trust policy,
// allows nothing to outsiders: callers without credentials, and callers of an account that
// the policy does not name, whatever their own policies allow. Conditions count as naming
// somebody when they pin a key that outsiders cannot choose, such as aws:PrincipalOrgID,
// aws:SourceAccount or aws:SourceIp, to fixed values: texts, patterns whose account or
// organization is fixed, and networks of at least 8 bits of IPv4, less than
// half of all together, or 32 of IPv6 (Amazon S3
// User Guide, “The meaning of "public"”; IAM User Guide, “Validate policies with IAM Access
// Analyzer custom policy checks”, CheckNoPublicAccess).
//
// AWS services and identity providers are no outsiders: who is behind them is another
// question. Errors are those of [NoNewAccess].
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
	owner := text(ownerAccount)
	q := &question{ctx: ctx, examples: []*policy.Document{d},
		// The owner is somebody; that its resource is its own is no access of outsiders.
		bound: map[string]*string{fold("aws:ResourceAccount"): owner, fold("aws:ResourceOrgID"): text(ownerOrganization)}}
	for _, p := range callers(documents) {
		outsider := p.kind == policy.Anonymous || isIAM(p.kind) && p.account == ""
		if !outsider || k == policy.RoleTrust && p.kind == policy.Anonymous {
			continue
		}
		p.others = append(others, ownerAccount)
		one := p.inFrontOf(k, documents)
		sides := one.sides
		one.sides = func(c *compiler) ([]*symbolic.Side, *symbolic.Formula, error) {
			out, require, err := sides(c)
			return out, symbolic.And(require, c.unpinned(d)), err
		}
		q.cases = append(q.cases, one)
	}
	return q.answer(), nil
}

// The owner of the resource, in examples.
const (
	ownerAccount      = exampleAccount
	ownerOrganization = "o-exampleowner"
)

func text(s string) *string { return &s }

// trusting are the keys that say where a request comes from and that callers cannot choose.
var trusting = []string{
	"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceOwner",
	"aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce", "aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths",
	"aws:SourceIp", "aws:VpcSourceIp",
	"kms:CallerAccount", "lambda:EventSourceToken", "s3:DataAccessPointAccount", "s3:DataAccessPointArn",
}

// unpinned holds when no trusting key has a value that the document pins.
func (c *compiler) unpinned(d *policy.Document) *symbolic.Formula {
	trusted := map[string]bool{}
	for _, name := range trusting {
		trusted[fold(name)] = true
	}
	all := []*symbolic.Formula{symbolic.Not(c.key("aws:PrincipalOrgID").Some(texts(ownerOrganization)))}
	for _, s := range d.Statements() {
		for condition := range s.Condition.All() {
			if !trusted[fold(condition.Key)] {
				continue
			}
			if set := c.pinned(d.Version(), condition); set != nil {
				all = append(all, symbolic.Not(c.key(condition.Key).Some(set)))
			}
		}
	}
	return symbolic.And(all...)
}

// Networks that are at least this long are somebody's.
const (
	minBits4 = 8
	minBits6 = 32
)

// pinned are the condition's values that are fixed, nil for none.
func (c *compiler) pinned(v policy.Version, condition policy.Condition) *symbolic.Values {
	op, ok := condition.Operator.Parts()
	if !ok {
		return nil
	}
	set := &symbolic.Values{}
	for value := range condition.Values.All() {
		switch strings.Replace(op.Base, "Not", "", 1) {
		case "IpAddress":
			set.Family = symbolic.Addresses
			network, ok := engine.Network(value)
			least := minBits4
			if network.Addr().Is6() {
				least = minBits6
			}
			if ok && network.Bits() >= least {
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
			if p, ok := c.textPattern(value, mode(v), exactly); ok && len(p.variables) == 0 && isFixed(value) {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		case "ArnEquals", "ArnLike":
			if p, ok := c.arnPattern(v, value, false); ok && len(p.variables) == 0 && isFixed(value) {
				set.Patterns = append(set.Patterns, p.relaxed)
			}
		}
	}
	if half(set.Networks) {
		set.Networks = nil // each is somebody's, all together are anybody's
	}
	if len(set.Patterns)+len(set.Networks) == 0 {
		return nil
	}
	return set
}

// half reports whether networks have half of all IPv4 addresses.
func half(networks []netip.Prefix) bool {
	total := uint64(0)
	for _, n := range networks {
		if n.Addr().Is4() {
			total += 1 << (32 - n.Bits())
		}
	}
	return total >= 1<<31
}

// owned begins what belongs to one organization, or to one user or role by its unique ID.
var owned = regexp.MustCompile(`^(o-[a-z0-9]{10,32}/|A(ROA|IDA)[A-Z0-9]{12,}:)`)

// isFixed reports whether all that a pattern matches belongs to somebody fixed.
func isFixed(pattern string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return true
	}
	if parts := strings.SplitN(pattern, ":", 6); len(parts) == 6 && policy.IsAccountID(parts[4]) {
		return true
	}
	return owned.MatchString(pattern)
}
