package awscollect

import (
	"github.com/licit-dev/licit/internal/collect"
)

// published are the rates per second and account (Region) of the services' quota pages, or
// where they say nothing, low ones: all count for whatever else works in the account, which
// must not be crowded out.
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

	// IAM User Guide, “IAM and AWS STS quotas”: 600 for each account and Region. Others need
	// them to sign in.
	"sts": {PerSecond: 100, Burst: 100},
	// IAM Identity Center User Guide, “Quotas”: 20 transactions per second for all of its
	// APIs together.
	"sso-admin":     {PerSecond: 20, Burst: 20},
	"identitystore": {PerSecond: 20, Burst: 20},
	// Lambda Developer Guide, “Lambda quotas”: 15 for GetPolicy, and 15 for all other requests
	// of the control plane but GetFunction together.
	"lambda":           {PerSecond: 15, Burst: 15},
	"lambda:GetPolicy": {PerSecond: 15, Burst: 15},
	// Secrets Manager User Guide, “Quotas”: 50 for all that deals with resource policies.
	"secretsmanager":                   {PerSecond: 50, Burst: 50},
	"secretsmanager:GetResourcePolicy": {PerSecond: 50, Burst: 50},
	// CloudTrail User Guide, “Quotas”: 2 for LookupEvents, and 10 for what else reads.
	"cloudtrail":              {PerSecond: 10, Burst: 10},
	"cloudtrail:LookupEvents": {PerSecond: 2, Burst: 2},

	// No quota page that is known names these operations, or a rate as low as that. They are
	// what a person with a few windows of the console would call.
	"iam":                     {PerSecond: 15, Burst: 30},
	"s3":                      {PerSecond: 20, Burst: 40},
	"s3control":               {PerSecond: 10, Burst: 10},
	"sqs":                     {PerSecond: 20, Burst: 40},
	"sns":                     {PerSecond: 20, Burst: 40},
	"sns:ListTagsForResource": {PerSecond: 10, Burst: 10},
	"kms":                     {PerSecond: 20, Burst: 40},
	"ecr":                     {PerSecond: 20, Burst: 40},
}

// otherwise is the rate of services that are not above.
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
