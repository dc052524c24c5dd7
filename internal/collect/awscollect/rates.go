package awscollect

import (
	"github.com/licit-dev/licit/internal/collect"
)

// published are the rates per second and account (Region) of the services' quota pages, or
// where they say nothing, low ones: IAM, Organizations and Identity Center count for
// whatever else works in the account, and must not be crowded out.
var published = map[string]collect.Rate{
	// Organizations User Guide, “Throttling limits”, for one account. It also refuses calls
	// while others are in progress.
	"organizations":                                     {PerSecond: 5, Burst: 8, InFlight: 2},
	"organizations:DescribeOrganization":                {PerSecond: 1, Burst: 2},
	"organizations:ListRoots":                           {PerSecond: 1, Burst: 2},
	"organizations:DescribePolicy":                      {PerSecond: 2, Burst: 2},
	"organizations:ListAWSServiceAccessForOrganization": {PerSecond: 1, Burst: 3},
	"organizations:ListDelegatedServicesForAccount":     {PerSecond: 1, Burst: 3},
	"organizations:ListAccounts":                        {PerSecond: 8, Burst: 12},
	"organizations:ListOrganizationalUnitsForParent":    {PerSecond: 5, Burst: 8},
	"organizations:ListPolicies":                        {PerSecond: 5, Burst: 8},
	"organizations:ListTargetsForPolicy":                {PerSecond: 5, Burst: 8},
	"organizations:ListDelegatedAdministrators":         {PerSecond: 5, Burst: 8},

	"iam": {PerSecond: 15, Burst: 30},
	"sts": {PerSecond: 100, Burst: 100},
	// IAM Identity Center User Guide, “Quotas”: 20 transactions per second for all of its
	// APIs together.
	"sso-admin":               {PerSecond: 20, Burst: 20},
	"identitystore":           {PerSecond: 20, Burst: 20},
	"s3":                      {PerSecond: 100, Burst: 100},
	"s3control":               {PerSecond: 10, Burst: 10},
	"sqs":                     {PerSecond: 100, Burst: 100},
	"sns":                     {PerSecond: 30, Burst: 30},
	"kms":                     {PerSecond: 30, Burst: 30}, // GetKeyPolicy; ListKeys may be called more often
	"lambda":                  {PerSecond: 15, Burst: 15}, // all but the Get requests of the data plane
	"secretsmanager":          {PerSecond: 40, Burst: 40}, // GetResourcePolicy; ListSecrets may be called more often
	"ecr":                     {PerSecond: 20, Burst: 40}, // GetRepositoryPolicy
	"cloudtrail":              {PerSecond: 10, Burst: 10}, // DescribeTrails, GetTrailStatus, GetEventSelectors
	"cloudtrail:LookupEvents": {PerSecond: 2, Burst: 2},
}

// otherwise is the rate of services that have none above.
var otherwise = collect.Rate{PerSecond: 10, Burst: 10}

// rates are the published ones, times speed if it is not 0.
func rates(speed float64) map[string]collect.Rate {
	out := make(map[string]collect.Rate, len(published))
	for service, r := range published {
		out[service] = rate(speed, r)
	}
	return out
}

func rate(speed float64, r collect.Rate) collect.Rate {
	if speed > 0 {
		r.PerSecond *= speed
	}
	return r
}
