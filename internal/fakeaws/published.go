package fakeaws

// A published is a rate and a burst that AWS publishes for operations of a service.
type published struct {
	service     string
	operations  []string // each with its own bucket; none: all of the service share one
	rate, burst float64
}

// rates are those of the Organizations User Guide, “Throttling limits” (for one account), of
// the IAM Identity Center User Guide, “Quotas” (20 transactions per second for all of its
// operations), of the CloudTrail User Guide, “Quotas” (LookupEvents), of the Lambda Developer
// Guide, “Lambda quotas”, and of the Secrets Manager User Guide, “Quotas”.
var rates = []published{
	{"organizations", []string{"DescribeOrganization", "ListRoots"}, 1, 2},
	{"organizations", []string{"DescribePolicy"}, 2, 2},
	{"organizations", []string{"ListAWSServiceAccessForOrganization", "ListDelegatedServicesForAccount"}, 1, 3},
	{"organizations", []string{
		"ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListPolicies", "ListTargetsForPolicy", "ListDelegatedAdministrators",
	}, 5, 8},
	{"organizations", []string{"ListAccounts"}, 8, 12},
	{"organizations", []string{"ListTagsForResource"}, 10, 15},
	{"sso-admin", nil, 20, 20},
	{"identitystore", nil, 20, 20},
	{"cloudtrail", []string{"LookupEvents"}, 2, 2},
	{"lambda", []string{"GetPolicy", "ListFunctions"}, 15, 15},
	{"secretsmanager", []string{"GetResourcePolicy"}, 50, 50},
}

// LimitAsPublished throttles as AWS's quota pages say, where they say something.
func (s *Server) LimitAsPublished() {
	for _, p := range rates {
		if len(p.operations) == 0 {
			s.Limit(Match{Service: p.service}, p.rate, int(p.burst))
		}
		for _, operation := range p.operations {
			s.Limit(Match{Service: p.service, Operation: operation}, p.rate, int(p.burst))
		}
	}
}
