package lint

import (
	"slices"

	"github.com/licit-dev/licit/policy"
)

// A rule reports findings of one code. Its check is called once for each document; all
// that it needs is in the checker.
type rule struct {
	code   string
	typ    FindingType
	kinds  kinds
	title  string
	syntax bool // runs on text that is not JSON, too
	parsed bool // needs a document that policy.Parse accepts
	check  func(c *checker)
}

// kinds is a set of policy kinds.
type kinds uint16

func kindSet(list ...policy.Kind) (s kinds) {
	for _, k := range list {
		s |= 1 << k
	}
	return s
}

func (s kinds) has(k policy.Kind) bool { return s&(1<<k) != 0 }

func (s kinds) list() (out []policy.Kind) {
	for k := policy.IdentityBased; k <= policy.VPCEndpoint; k++ {
		if s.has(k) {
			out = append(out, k)
		}
	}
	return out
}

// Sets that many rules use.
var (
	anyKind        = kindSet(policy.IdentityBased, policy.ResourceBased, policy.RoleTrust, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControl, policy.ResourceControl, policy.VPCEndpoint)
	identityKinds  = kindSet(policy.IdentityBased, policy.PermissionsBoundary, policy.SessionPolicy)
	principalKinds = kindSet(policy.ResourceBased, policy.RoleTrust, policy.ResourceControl, policy.VPCEndpoint)
	grantKinds     = kindSet(policy.IdentityBased, policy.ResourceBased, policy.RoleTrust, policy.SessionPolicy)
)

// rules is the table of all rules. Each file of rules adds its own list.
var rules = slices.Concat(
	syntaxRules, structureRules, arnRules, actionRules, variableRules, sizeRules, conditionRules, securityRules,
	suggestionRules, principalRules, trustRules, organizationRules, riskRules, meaningRules, deadRules,
	publicRules, timeRules, negationRules, dependentRules,
)
