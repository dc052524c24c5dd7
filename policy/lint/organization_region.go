package lint

import "slices"

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

// A globalService is one whose calls carry the same region wherever they come from. action
// is one of its actions, to see whether a statement reaches the service.
type globalService struct{ name, region, action string }

// globalServices have their only endpoint, or that of some of their calls, in one region
// (AWS General Reference, “Service endpoints and quotas”; Organizations User Guide, “Deny
// access to AWS based on the requested AWS Region”).
var globalServices = []globalService{
	{"account", "us-east-1", "account:GetAlternateContact"},
	{"acm (for CloudFront)", "us-east-1", "acm:RequestCertificate"},
	{"artifact", "us-east-1", "artifact:GetReport"},
	{"billing", "us-east-1", "billing:GetBillingData"},
	{"budgets", "us-east-1", "budgets:ViewBudget"},
	{"ce", "us-east-1", "ce:GetCostAndUsage"},
	{"chatbot", "us-east-2", "chatbot:DescribeSlackChannelConfigurations"},
	{"cloudfront", "us-east-1", "cloudfront:GetDistribution"},
	{"cur", "us-east-1", "cur:DescribeReportDefinitions"},
	{"ecr-public", "us-east-1", "ecr-public:DescribeRepositories"},
	{"globalaccelerator", "us-west-2", "globalaccelerator:ListAccelerators"},
	{"health", "us-east-1", "health:DescribeEvents"},
	{"iam", "us-east-1", "iam:GetRole"},
	{"networkmanager", "us-west-2", "networkmanager:DescribeGlobalNetworks"},
	{"organizations", "us-east-1", "organizations:DescribeOrganization"},
	{"route53", "us-east-1", "route53:GetHostedZone"},
	{"route53domains", "us-east-1", "route53domains:GetDomainDetail"},
	{"s3 (account level)", "us-east-1", "s3:ListAllMyBuckets"},
	{"shield", "us-east-1", "shield:DescribeProtection"},
	{"sts (global endpoint)", "us-east-1", "sts:AssumeRole"},
	{"support", "us-east-1", "support:DescribeCases"},
	{"trustedadvisor", "us-east-1", "trustedadvisor:DescribeChecks"},
	{"wafv2 (for CloudFront)", "us-east-1", "wafv2:GetWebACL"},
}

// eachRegionDeny calls f for each condition of a Deny statement for regions outside a list,
// with the global services that it denies and those that the list saves.
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
				case e.lists(g.region):
					saved = append(saved, g.name)
				default:
					broken = append(broken, g.name)
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
		return v.text == text || e.like() && globIncludes(v.text, text)
	})
}
