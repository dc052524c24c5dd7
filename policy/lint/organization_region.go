package lint

import (
	"slices"

	"github.com/licit-dev/licit/internal/glob"
)

var regionRules = []rule{
	{
		code: "SCP_REGION_BREAKS_GLOBAL", typ: Warning, kinds: serviceControl,
		title: "A Deny of other regions stops services that have one region only.",
		check: func(c *checker) {
			c.eachRegionDeny(func(e *conditionEntry, broken, _ []string) {
				if len(broken) > 0 {
					c.reportName(e.keyNode, e.path, "calls to these services carry a region that is not in the list, and are denied: %s; exempt them with NotAction", firstOf(broken, len(broken)))
				}
			})
		},
	},
	{
		code: "SCP_REGION_RELIES_ON_US_EAST_1", typ: Suggestion, kinds: serviceControl,
		title: "Global services work only because their region is in the list.",
		check: func(c *checker) {
			c.eachRegionDeny(func(e *conditionEntry, _, relying []string) {
				if len(relying) > 0 {
					c.reportName(e.keyNode, e.path, "%s work only while us-east-1 or us-west-2 is in the list; exempt global services with NotAction", firstOf(relying, 6))
				}
			})
		},
	},
}

// A globalService is one whose calls carry one of a few regions wherever they come from.
// action is one of its actions, to see whether a statement reaches the service.
type globalService struct {
	name, action string
	regions      []string
}

// globalServices have their only endpoint, or that of some of their calls, in one region,
// or in few. Origins, as of 2026-11-26:
//
//   - the endpoint tables of AWS's SDK for Go v1.55.8: account, budgets, ce, cloudfront, cur,
//     ecr-public, globalaccelerator, iam, networkmanager, organizations, route53,
//     route53domains, savingsplans, shield, waf;
//   - AWS General Reference, “Service endpoints and quotas”: chatbot, health, support,
//     trustedadvisor. Health answers in us-east-2 only while us-east-1 does not. Support also
//     has endpoints for clients in us-west-2 and eu-west-1; those of all others call us-east-1,
//     as IAM User Guide, “AWS: Denies access to AWS based on the requested Region”, says;
//   - the guides of ACM, WAF and STS: certificates and web ACLs for CloudFront are in
//     us-east-1, and so is what the global endpoint of STS stands for;
//   - Control Tower, “Deny access to AWS based on the requested AWS Region”, exempts artifact,
//     billing and the account level of S3. Their region was not found in a table; us-east-1 is
//     that of their consoles.
var globalServices = []globalService{
	{"account", "account:GetAlternateContact", usEast1},
	{"acm (for CloudFront)", "acm:RequestCertificate", usEast1},
	{"artifact", "artifact:GetReport", usEast1},
	{"billing", "billing:GetBillingData", usEast1},
	{"budgets", "budgets:ViewBudget", usEast1},
	{"ce", "ce:GetCostAndUsage", usEast1},
	{"chatbot", "chatbot:DescribeSlackChannelConfigurations", []string{"us-east-2", "us-west-2", "eu-west-1", "ap-southeast-1"}},
	{"cloudfront", "cloudfront:GetDistribution", usEast1},
	{"cur", "cur:DescribeReportDefinitions", usEast1},
	{"ecr-public", "ecr-public:DescribeRepositories", []string{"us-east-1", "us-west-2"}},
	{"globalaccelerator", "globalaccelerator:ListAccelerators", usWest2},
	{"health", "health:DescribeEvents", usEast1},
	{"iam", "iam:GetRole", usEast1},
	{"networkmanager", "networkmanager:DescribeGlobalNetworks", usWest2},
	{"organizations", "organizations:DescribeOrganization", usEast1},
	{"route53", "route53:GetHostedZone", usEast1},
	{"route53domains", "route53domains:GetDomainDetail", usEast1},
	{"s3 (account level)", "s3:ListAllMyBuckets", usEast1},
	{"savingsplans", "savingsplans:DescribeSavingsPlans", usEast1},
	{"shield", "shield:DescribeProtection", usEast1},
	{"sts (global endpoint)", "sts:AssumeRole", usEast1},
	{"support", "support:DescribeCases", usEast1},
	{"trustedadvisor", "trustedadvisor:DescribeChecks", []string{"us-east-1", "us-east-2", "us-west-2", "eu-west-1", "ap-northeast-2", "ap-southeast-2"}},
	{"waf", "waf:GetWebACL", usEast1},
	{"wafv2 (for CloudFront)", "wafv2:GetWebACL", usEast1},
}

var (
	usEast1 = []string{"us-east-1"}
	usWest2 = []string{"us-west-2"}
)

// eachRegionDeny calls f for each condition of a Deny statement for regions outside a list,
// with the global services that it denies and those of one region that the list saves.
func (c *checker) eachRegionDeny(f func(e *conditionEntry, broken, saved []string)) {
	for _, s := range c.statements() {
		// Lists of single actions are meant for these actions.
		if s.effect() != "Deny" || !s.reaches("any:thing") {
			continue
		}
		for e := range s.conditionsOn("aws:RequestedRegion") {
			if !negated(e.parts) {
				continue
			}
			var broken, saved []string
			for _, g := range globalServices {
				switch {
				case !s.reaches(g.action):
				case !slices.ContainsFunc(g.regions, e.lists):
					broken = append(broken, g.name)
				case len(g.regions) == 1:
					saved = append(saved, g.name)
				}
			}
			f(e, broken, saved)
		}
	}
}

// lists reports whether one of the condition's values is or, if the operator has
// wildcards, matches the text.
func (e *conditionEntry) lists(text string) bool {
	return slices.ContainsFunc(e.values(), func(v value) bool {
		return v.text == text || e.like() && glob.Includes(v.text, text)
	})
}
